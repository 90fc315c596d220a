// SPDX-License-Identifier: MIT
#include "snapshots/snapshot_store.h"

#include <stdio.h>
#include <string.h>

#include "database/columns.h"
#include "money/money.h"
#include "quotes/quotes.h"

// More than ever have to be gone back: each one is behind the earliest movement that the one before
// lacks.
enum { BASES_MAX = 16 };

static const struct statement read_progress = {
    "read_snapshot_progress",
    "SELECT g.closed_at, g.revision, g.is_ended, p.created_at, p.closed_at, p.reset_seq, p.reset_at"
    " FROM snapshot_progress g JOIN portfolios p ON p.id = g.portfolio_id"
    " WHERE g.portfolio_id = $1",
};

#define SNAPSHOT_COLUMNS                                                                           \
    "day, closed_at, begins, start_value, cash, market_value, deposits, withdrawals, traded,"      \
    " is_estimated, through_seq, movements"

static const struct statement find_snapshot = {
    "find_snapshot",
    "SELECT " SNAPSHOT_COLUMNS " FROM snapshots WHERE portfolio_id = $1 AND closed_at <= $2"
    " ORDER BY day DESC LIMIT 1",
};

static const struct statement list_positions = {
    "list_snapshot_positions",
    "SELECT ticker, quantity, price, value FROM snapshot_positions"
    " WHERE portfolio_id = $1 AND day = $2::date AND quantity <> 0 ORDER BY ticker",
};

// What was booked before the portfolio began anew happened before it, whatever its time says, and
// what was booked since, since. $2 is the last number of before, $3 the time.
#define HAPPENED                                                                                   \
    "(CASE WHEN e.seq <= $2 THEN least(j.booked_at, $3::timestamptz)"                              \
    " ELSE greatest(j.booked_at, $3::timestamptz) END)"
#define MOVEMENTS                                                                                  \
    " FROM entries e JOIN journals j ON j.portfolio_id = e.portfolio_id AND j.id = e.journal_id"   \
    " WHERE e.portfolio_id = $1 AND e.account = 'cash' AND e.asset = 'USD' AND e.seq > $4"

static const struct statement count_movements_before = {
    "count_movements_before",
    "SELECT count(*), min(" HAPPENED ")" MOVEMENTS " AND " HAPPENED " < $5",
};

static const struct statement find_first_movement = {
    "find_first_movement",
    "SELECT min(" HAPPENED ")" MOVEMENTS " AND " HAPPENED " <> $5",
};

static const struct statement group_movements = {
    "group_movements",
    "SELECT m.day, m.is_new, m.kind, m.ticker, sum(m.cash), sum(m.quantity), count(*), min(m.seq),"
    " max(m.seq) FROM (SELECT width_bucket(" HAPPENED ", $6::timestamptz[]) AS day,"
    "  e.seq > $2 AS is_new, j.kind, coalesce(j.ticker, '') AS ticker, e.amount AS cash, e.seq,"
    "  CASE WHEN j.kind IN ('sell', 'reset', 'cash_in_lieu') THEN -coalesce(j.quantity, 0)"
    "   WHEN j.kind = 'dividend' THEN 0 ELSE coalesce(j.quantity, 0) END AS quantity" MOVEMENTS
    "  AND " HAPPENED " >= $5) m"
    " GROUP BY m.day, m.is_new, m.kind, m.ticker ORDER BY m.day, m.is_new, m.kind, m.ticker",
};

static const struct statement save_progress = {
    "save_snapshot_progress",
    "UPDATE snapshot_progress SET closed_at = $3, is_ended = $4, revision = revision + 1,"
    " claimed_until = NULL"
    " WHERE portfolio_id = $1 AND revision = $2",
};

static const struct statement save_snapshots = {
    "save_snapshots",
    "INSERT INTO snapshots (portfolio_id, " SNAPSHOT_COLUMNS ")"
    " SELECT $13::uuid, n.* FROM unnest($1::date[], $2::timestamptz[], $3::boolean[], "
    "$4::numeric[],"
    " $5::numeric[], $6::numeric[], $7::numeric[], $8::numeric[], $9::numeric[], $10::boolean[],"
    " $11::bigint[], $12::bigint[]) AS n"
    " ON CONFLICT (portfolio_id, day) DO UPDATE SET closed_at = excluded.closed_at,"
    " begins = excluded.begins, start_value = excluded.start_value, cash = excluded.cash,"
    " market_value = excluded.market_value, deposits = excluded.deposits,"
    " withdrawals = excluded.withdrawals, traded = excluded.traded,"
    " is_estimated = excluded.is_estimated, through_seq = excluded.through_seq,"
    " movements = excluded.movements",
};

static const struct statement delete_positions = {
    "delete_snapshot_positions",
    "DELETE FROM snapshot_positions WHERE portfolio_id = $1 AND day BETWEEN $2::date AND $3::date",
};

static const struct statement save_positions = {
    "save_snapshot_positions",
    "INSERT INTO snapshot_positions (portfolio_id, day, ticker, quantity, price, value, gain)"
    " SELECT $7::uuid, n.* FROM unnest($1::date[], $2::text[], $3::numeric[], $4::numeric[],"
    " $5::numeric[], $6::numeric[]) AS n",
};

#define SNAPSHOT_RANGE                                                                             \
    "SELECT " SNAPSHOT_COLUMNS " FROM snapshots WHERE portfolio_id = $1"                           \
    " AND ($2::date IS NULL OR day >= $2::date) AND ($3::date IS NULL OR day <= $3::date)"         \
    " AND ($4::date IS NULL OR day < $4::date)"

static const struct statement list_snapshots[] = {
    {"list_snapshots", SNAPSHOT_RANGE " ORDER BY day LIMIT $5"},
    {"list_snapshots_backwards", SNAPSHOT_RANGE " ORDER BY day DESC LIMIT $5"},
};

static const struct statement list_gains = {
    "list_snapshot_gains",
    "SELECT day, ticker, quantity, gain FROM snapshot_positions WHERE portfolio_id = $1"
    " AND day BETWEEN $2::date AND $3::date ORDER BY day, ticker LIMIT $4",
};

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET,
                     "The portfolio's days need too much memory.");
}

static struct snapshot take_snapshot(const struct rows *rows, size_t row)
{
    struct snapshot snapshot = {
        .closed_at = rows_time(rows, row, 1),
        .begins = rows_bool(rows, row, 2),
        .start_value = rows_decimal(rows, row, 3, MONEY_SCALE),
        .cash = rows_decimal(rows, row, 4, MONEY_SCALE),
        .market_value = rows_decimal(rows, row, 5, MONEY_SCALE),
        .deposits = rows_decimal(rows, row, 6, MONEY_SCALE),
        .withdrawals = rows_decimal(rows, row, 7, MONEY_SCALE),
        .traded = rows_decimal(rows, row, 8, MONEY_SCALE),
        .is_estimated = rows_bool(rows, row, 9),
        .through_seq = rows_int(rows, row, 10),
        .movements = rows_int(rows, row, 11),
    };

    snprintf(snapshot.day, sizeof(snapshot.day), "%s", rows_text(rows, row, 0));
    return snapshot;
}

struct reading {
    const char *portfolio_id;
    struct snapshot_progress *progress;
    bool found;
};

// The movements numbered behind the base's that happened before its close.
static bool count_before(struct transaction *transaction,
                         const struct reading *reading,
                         struct rows *out_rows,
                         struct error *error)
{
    const struct snapshot_progress *progress = reading->progress;
    struct parameter parameters[] = {
        parameter_text(reading->portfolio_id),
        parameter_int(progress->reset_seq),
        progress->is_reset ? parameter_time(progress->reset_at) : parameter_null(),
        parameter_int(progress->base.through_seq),
        parameter_time(progress->base.closed_at),
    };

    return transaction_query(transaction, &count_movements_before, parameters, COUNT_OF(parameters),
                             out_rows, error);
}

// Finds the last snapshot that lacks no movement: one that lacks some is passed over with all that
// are behind the earliest of these.
static bool find_base(struct transaction *transaction, struct reading *reading, struct error *error)
{
    struct snapshot_progress *progress = reading->progress;
    int64_t until = progress->closed_at;

    for (int i = 0; i < BASES_MAX; i++) {
        struct parameter parameters[] = {parameter_text(reading->portfolio_id),
                                         parameter_time(until)};
        struct rows rows = {0};

        if (!transaction_query(transaction, &find_snapshot, parameters, 2, &rows, error))
            return false;
        progress->has_base = rows.count == 1;
        progress->base = progress->has_base ? take_snapshot(&rows, 0) : (struct snapshot){0};
        if (!progress->has_base)
            return true;
        if (!count_before(transaction, reading, &rows, error))
            return false;
        if (progress->base.through_seq + rows_int(&rows, 0, 0) == progress->base.movements)
            return true;
        until = rows_is_null(&rows, 0, 1) ? progress->base.closed_at - 1 : rows_time(&rows, 0, 1);
        if (until >= progress->base.closed_at)
            until = progress->base.closed_at - 1;
    }
    progress->has_base = false;
    progress->base = (struct snapshot){0};
    return true;
}

// Shares that came in from elsewhere were there before the portfolio; and who opens one before the
// clock of a replay is set has not waited through the time that it leaps over.
static bool
find_beginning(struct transaction *transaction, struct reading *reading, struct error *error)
{
    struct snapshot_progress *progress = reading->progress;
    bool is_set = progress->begins_at != QUOTES_CLOCK_UNSET;
    struct parameter parameters[] = {
        parameter_text(reading->portfolio_id),
        parameter_int(progress->reset_seq),
        progress->is_reset ? parameter_time(progress->reset_at) : parameter_null(),
        parameter_int(0),
        parameter_time(QUOTES_CLOCK_UNSET),
    };
    struct rows rows = {0};

    if (progress->has_base)
        return true;
    if (!transaction_query(transaction, &find_first_movement, parameters, COUNT_OF(parameters),
                           &rows, error))
        return false;
    if (rows_is_null(&rows, 0, 0))
        progress->begins_at = is_set ? progress->begins_at : 0;
    else if (!is_set || rows_time(&rows, 0, 0) < progress->begins_at)
        progress->begins_at = rows_time(&rows, 0, 0);
    return true;
}

static bool
read_positions(struct transaction *transaction, const struct reading *reading, struct error *error)
{
    struct snapshot *base = &reading->progress->base;
    struct parameter parameters[] = {parameter_text(reading->portfolio_id),
                                     parameter_text(base->day)};
    struct rows rows = {0};

    if (!reading->progress->has_base)
        return true;
    if (!transaction_query(transaction, &list_positions, parameters, 2, &rows, error))
        return false;
    base->positions =
        arena_allocate(transaction_arena(transaction), (rows.count + 1) * sizeof(*base->positions));
    if (base->positions == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < rows.count; i++) {
        struct snapshot_position *position = &base->positions[i];

        snprintf(position->ticker, sizeof(position->ticker), "%s", rows_text(&rows, i, 0));
        position->quantity = rows_decimal(&rows, i, 1, QUANTITY_SCALE);
        position->price = rows_decimal(&rows, i, 2, MONEY_SCALE);
        position->value = rows_decimal(&rows, i, 3, MONEY_SCALE);
    }
    base->position_count = base->position_capacity = rows.count;
    return true;
}

static bool read_work(struct transaction *transaction, void *context, struct error *error)
{
    struct reading *reading = context;
    struct snapshot_progress *progress = reading->progress;
    struct parameter id = parameter_text(reading->portfolio_id);
    struct rows rows = {0};

    if (!transaction_query(transaction, &read_progress, &id, 1, &rows, error))
        return false;
    reading->found = rows.count == 1;
    if (!reading->found)
        return true;
    *progress = (struct snapshot_progress){
        .closed_at = rows_time(&rows, 0, 0),
        .revision = rows_int(&rows, 0, 1),
        .is_ended = rows_bool(&rows, 0, 2),
        .begins_at = rows_time(&rows, 0, 3),
        .is_closed = !rows_is_null(&rows, 0, 4),
        .portfolio_closed_at = rows_time(&rows, 0, 4),
        .reset_seq = rows_int(&rows, 0, 5),
        .is_reset = !rows_is_null(&rows, 0, 6),
        .reset_at = rows_time(&rows, 0, 6),
    };
    return find_base(transaction, reading, error) && find_beginning(transaction, reading, error) &&
           read_positions(transaction, reading, error);
}

bool snapshot_store_read_progress(struct database *database,
                                  struct arena *arena,
                                  const char *portfolio_id,
                                  struct snapshot_progress *out_progress,
                                  bool *out_found,
                                  struct error *error)
{
    struct snapshot_progress progress = {0};
    struct reading reading = {.portfolio_id = portfolio_id, .progress = &progress};

    if (!database_transact(database, arena, TRANSACTION_READ_ONLY, read_work, &reading, error))
        return false;
    *out_progress = progress;
    *out_found = reading.found;
    return true;
}

static enum ledger_kind kind_of(const char *name)
{
    for (int kind = 0; kind < LEDGER_KIND_COUNT; kind++) {
        if (strcmp(ledger_kind_name((enum ledger_kind)kind), name) == 0)
            return (enum ledger_kind)kind;
    }
    return LEDGER_KIND_COUNT;
}

static struct snapshot_group take_group(const struct rows *rows, size_t row)
{
    struct snapshot_group group = {
        .day = (size_t)rows_int(rows, row, 0),
        .is_new = rows_bool(rows, row, 1),
        .movement = {.kind = kind_of(rows_text(rows, row, 2)),
                     .cash = rows_decimal(rows, row, 4, MONEY_SCALE),
                     .quantity = rows_decimal(rows, row, 5, QUANTITY_SCALE)},
        .count = rows_int(rows, row, 6),
        .first_seq = rows_int(rows, row, 7),
        .last_seq = rows_int(rows, row, 8),
    };

    snprintf(group.movement.ticker, sizeof(group.movement.ticker), "%s", rows_text(rows, row, 3));
    return group;
}

bool snapshot_store_group_movements(struct database *database,
                                    struct arena *arena,
                                    const char *portfolio_id,
                                    const struct snapshot_progress *progress,
                                    const int64_t *closes,
                                    size_t count,
                                    struct snapshot_group **out_groups,
                                    size_t *out_count,
                                    struct error *error)
{
    struct parameter parameters[6] = {
        parameter_text(portfolio_id),
        parameter_int(progress->reset_seq),
        progress->is_reset ? parameter_time(progress->reset_at) : parameter_null(),
        parameter_int(progress->base.through_seq),
        parameter_time(progress->has_base ? progress->base.closed_at : 0),
    };
    struct parameter *times = arena_allocate(arena, (count + 1) * sizeof(*times));
    struct snapshot_group *groups = NULL;
    struct rows rows = {0};

    if (times == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < count; i++)
        times[i] = parameter_time(closes[i]);
    if (!parameter_array(arena, times, count, &parameters[5]))
        return out_of_budget(error);
    if (!database_query(database, arena, &group_movements, parameters, COUNT_OF(parameters), &rows,
                        error))
        return false;
    groups = arena_allocate(arena, (rows.count + 1) * sizeof(*groups));
    if (groups == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < rows.count; i++)
        groups[i] = take_group(&rows, i);
    *out_groups = groups;
    *out_count = rows.count;
    return true;
}

struct saving {
    const char *portfolio_id;
    const struct snapshot_progress *progress;
    const struct snapshot *snapshots;
    size_t count;
    bool is_ended;
    bool saved;
};

static bool
save_days(struct transaction *transaction, const struct saving *saving, struct error *error)
{
    struct parameter id = parameter_text(saving->portfolio_id);
    struct columns columns;

    if (!columns_start(&columns, transaction_arena(transaction), 12, saving->count, error))
        return false;
    for (size_t i = 0; i < saving->count; i++) {
        const struct snapshot *snapshot = &saving->snapshots[i];
        struct parameter row[12] = {
            parameter_text(snapshot->day),
            parameter_time(snapshot->closed_at),
            parameter_bool(snapshot->begins),
            parameter_decimal(snapshot->start_value, MONEY_SCALE),
            parameter_decimal(snapshot->cash, MONEY_SCALE),
            parameter_decimal(snapshot->market_value, MONEY_SCALE),
            parameter_decimal(snapshot->deposits, MONEY_SCALE),
            parameter_decimal(snapshot->withdrawals, MONEY_SCALE),
            parameter_decimal(snapshot->traded, MONEY_SCALE),
            parameter_bool(snapshot->is_estimated),
            parameter_int(snapshot->through_seq),
            parameter_int(snapshot->movements),
        };

        columns_add(&columns, row);
    }
    return columns_queue(&columns, transaction, &save_snapshots, &id, 1, NULL, error);
}

static bool save_all_positions(struct transaction *transaction,
                               const struct saving *saving,
                               struct error *error)
{
    struct parameter days[] = {
        parameter_text(saving->portfolio_id),
        parameter_text(saving->snapshots[0].day),
        parameter_text(saving->snapshots[saving->count - 1].day),
    };
    struct columns columns;
    size_t rows = 0;

    for (size_t i = 0; i < saving->count; i++)
        rows += saving->snapshots[i].position_count;
    if (!transaction_queue(transaction, &delete_positions, days, COUNT_OF(days), NULL, error) ||
        !columns_start(&columns, transaction_arena(transaction), 6, rows, error))
        return false;
    for (size_t i = 0; i < saving->count; i++) {
        const struct snapshot *snapshot = &saving->snapshots[i];

        for (size_t j = 0; j < snapshot->position_count; j++) {
            const struct snapshot_position *position = &snapshot->positions[j];
            struct parameter row[6] = {
                parameter_text(snapshot->day),
                parameter_text(position->ticker),
                parameter_decimal(position->quantity, QUANTITY_SCALE),
                parameter_decimal(position->price, MONEY_SCALE),
                parameter_decimal(position->value, MONEY_SCALE),
                parameter_decimal(position->gain, MONEY_SCALE),
            };

            columns_add(&columns, row);
        }
    }
    return columns_queue(&columns, transaction, &save_positions, &days[0], 1, NULL, error);
}

static bool save_work(struct transaction *transaction, void *context, struct error *error)
{
    struct saving *saving = context;
    int64_t closed_at = saving->count == 0 ? saving->progress->closed_at
                                           : saving->snapshots[saving->count - 1].closed_at;
    struct parameter parameters[] = {
        parameter_text(saving->portfolio_id),
        parameter_int(saving->progress->revision),
        parameter_time(closed_at),
        parameter_bool(saving->is_ended),
    };
    struct rows rows = {0};

    if (!transaction_query(transaction, &save_progress, parameters, COUNT_OF(parameters), &rows,
                           error))
        return false;
    saving->saved = rows.affected == 1;
    if (!saving->saved || saving->count == 0)
        return true;
    return save_days(transaction, saving, error) && save_all_positions(transaction, saving, error);
}

bool snapshot_store_save(struct database *database,
                         struct arena *arena,
                         const char *portfolio_id,
                         const struct snapshot_progress *progress,
                         const struct snapshot *snapshots,
                         size_t count,
                         bool is_ended,
                         bool *out_saved,
                         struct error *error)
{
    struct saving saving = {portfolio_id, progress, snapshots, count, is_ended, false};

    if (!database_transact(database, arena, 0, save_work, &saving, error))
        return false;
    *out_saved = saving.saved;
    return true;
}

// Whoever writes days counts the revision up, in the same transaction.
static struct history_need need_of(const struct snapshot_range *range)
{
    static const struct statement read_revision = {
        "read_snapshot_revision", "SELECT revision FROM snapshot_progress WHERE portfolio_id = $1"};

    return (struct history_need){.mark = &read_revision,
                                 .mark_of = parameter_text(range->portfolio_id),
                                 .mark_min = range->revision};
}

bool snapshot_store_list(struct history *history,
                         struct arena *arena,
                         const struct snapshot_range *range,
                         struct snapshot **out_snapshots,
                         size_t *out_count,
                         struct error *error)
{
    struct parameter parameters[] = {
        parameter_text(range->portfolio_id),  parameter_text(range->first),
        parameter_text(range->last),          parameter_text(range->before),
        parameter_int((int64_t)range->limit),
    };
    struct history_need need = need_of(range);
    struct snapshot *snapshots = NULL;
    struct rows rows = {0};

    if (!history_query(history, &need, arena, &list_snapshots[range->is_backwards], parameters,
                       COUNT_OF(parameters), &rows, error))
        return false;
    snapshots = arena_allocate(arena, (rows.count + 1) * sizeof(*snapshots));
    if (snapshots == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < rows.count; i++)
        snapshots[range->is_backwards ? rows.count - 1 - i : i] = take_snapshot(&rows, i);
    *out_snapshots = snapshots;
    *out_count = rows.count;
    return true;
}

bool snapshot_store_list_gains(struct history *history,
                               struct arena *arena,
                               const struct snapshot_range *range,
                               struct snapshot_gain **out_gains,
                               size_t *out_count,
                               struct error *error)
{
    struct parameter parameters[] = {
        parameter_text(range->portfolio_id),
        parameter_text(range->first),
        parameter_text(range->last),
        parameter_int((int64_t)range->limit),
    };
    struct history_need need = need_of(range);
    struct snapshot_gain *gains = NULL;
    struct rows rows = {0};

    if (!history_query(history, &need, arena, &list_gains, parameters, COUNT_OF(parameters), &rows,
                       error))
        return false;
    gains = arena_allocate(arena, (rows.count + 1) * sizeof(*gains));
    if (gains == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < rows.count; i++)
        gains[i] = (struct snapshot_gain){
            .day = rows_text(&rows, i, 0),
            .ticker = rows_text(&rows, i, 1),
            .quantity = rows_decimal(&rows, i, 2, QUANTITY_SCALE),
            .gain = rows_decimal(&rows, i, 3, MONEY_SCALE),
        };
    *out_gains = gains;
    *out_count = rows.count;
    return true;
}
