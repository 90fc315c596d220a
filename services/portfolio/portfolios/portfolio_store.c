// SPDX-License-Identifier: MIT
#include "portfolios/portfolio_store.h"

#include <stdio.h>
#include <string.h>

#include "money/money.h"

#define PORTFOLIO_COLUMNS                                                                          \
    "id, user_id, name, description, closed_at IS NOT NULL, created_at, updated_at,"               \
    " opening_cash, reset_at, reset_seq, fill_model, slippage_bps, participation_percent,"         \
    " commission_per_order, commission_per_share, commission_bps, commission_minimum,"             \
    " commission_maximum, latency_ms, fill_settings_version, competition_id, trades_from,"         \
    " competes_until"

static const struct statement find_portfolio = {
    "find_portfolio",
    "SELECT " PORTFOLIO_COLUMNS " FROM portfolios WHERE id = $1",
};

static const struct statement find_portfolios = {
    "find_portfolios",
    "SELECT " PORTFOLIO_COLUMNS " FROM portfolios WHERE id = ANY ($1::uuid[])",
};

static const struct statement lock_portfolio = {
    "lock_portfolio",
    "SELECT " PORTFOLIO_COLUMNS " FROM portfolios WHERE id = $1 FOR UPDATE",
};

static const struct statement page_portfolios = {
    "page_portfolios",
    "SELECT " PORTFOLIO_COLUMNS " FROM portfolios WHERE user_id = $1 AND closed_at IS NULL"
    " AND ($5::uuid IS NULL OR id = $5)"
    " AND ($3::uuid IS NULL OR (created_at, id) > ($2::timestamptz, $3::uuid))"
    " ORDER BY created_at, id LIMIT $4",
};

static const struct statement insert_portfolio = {
    "insert_portfolio",
    "WITH inserted AS ("
    "INSERT INTO portfolios (id, user_id, name, description, created_at, updated_at, opening_cash,"
    " fill_model, slippage_bps, participation_percent, commission_per_order, commission_per_share,"
    " commission_bps, commission_minimum, commission_maximum, latency_ms, fill_settings_version,"
    " competition_id, trades_from, competes_until)"
    " VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,"
    " $19)"
    " ON CONFLICT (id) DO NOTHING RETURNING id, created_at)"
    // Its first snapshot is that of the first close from now on.
    " INSERT INTO snapshot_progress (portfolio_id, closed_at) SELECT id, created_at FROM inserted",
};

static const struct statement update_portfolio = {
    "update_portfolio",
    "UPDATE portfolios SET name = $2, description = $3, updated_at = $4, fill_model = $5,"
    " slippage_bps = $6, participation_percent = $7, commission_per_order = $8,"
    " commission_per_share = $9, commission_bps = $10, commission_minimum = $11,"
    " commission_maximum = $12, latency_ms = $13, fill_settings_version = $14 WHERE id = $1",
};

static const struct statement reset_portfolio = {
    "reset_portfolio",
    "UPDATE portfolios SET opening_cash = $2, reset_at = $3, reset_seq = $4,"
    " updated_at = greatest(updated_at, $3) WHERE id = $1",
};

static const struct statement lock_owner = {
    "lock_owner",
    "INSERT INTO owners (user_id, updated_at) VALUES ($1, $2)"
    " ON CONFLICT (user_id) DO UPDATE SET updated_at = excluded.updated_at",
};

static const struct statement count_portfolios = {
    "count_portfolios",
    "SELECT count(*) FROM portfolios WHERE user_id = $1 AND closed_at IS NULL",
};

static const struct statement close_portfolio = {
    "close_portfolio",
    "UPDATE portfolios SET closed_at = $2, updated_at = $2 WHERE id = $1 AND closed_at IS NULL",
};

#define BALANCE_COLUMNS                                                                            \
    "b.portfolio_id, b.account, b.asset, b.amount, b.held, b.cost_basis, b.realized_pl, b.seq,"    \
    " b.cost_basis_fifo, b.realized_pl_fifo"

// Each journal has a line of cash, the newest last, so those of the day are behind the last one of
// before, or behind the last time that the portfolio began anew. What was split since counts as
// what it has become, as the previous close does. It costs two lookups for each journal of the day,
// so of a day with more than DAY_JOURNALS_MAX nothing is known.
#define DAY_JOURNALS_MAX "1000"
#define JOURNALS_OF_CASH                                                                           \
    " FROM entries o JOIN journals j ON j.portfolio_id = o.portfolio_id AND j.id = o.journal_id"   \
    " WHERE o.portfolio_id = k.id AND o.account = 'cash' AND o.asset = 'USD'"
static const struct statement list_balances = {
    "list_balances",
    "WITH days AS MATERIALIZED (SELECT k.id, CASE WHEN s.seq IS NOT NULL THEN s.seq"
    "  WHEN coalesce(c.seq, 0) <= " DAY_JOURNALS_MAX " THEN 0 END AS since"
    " FROM (SELECT DISTINCT u.id FROM unnest($1::uuid[]) AS u (id)) k"
    " LEFT JOIN balances c ON c.portfolio_id = k.id AND c.asset = 'USD' AND c.account = 'cash'"
    " LEFT JOIN LATERAL (SELECT r.seq FROM (SELECT o.seq, j.booked_at, j.kind" JOURNALS_OF_CASH
    "  ORDER BY o.seq DESC LIMIT " DAY_JOURNALS_MAX ") r"
    "  WHERE r.booked_at < $2 OR r.kind = 'reset' ORDER BY r.seq DESC LIMIT 1) s ON true),"
    " trades AS MATERIALIZED (SELECT k.id, t.* FROM days k CROSS JOIN LATERAL (SELECT j.ticker,"
    "  sum(o.amount) AS cash, sum(CASE j.kind WHEN 'buy' THEN j.quantity"
    "   WHEN 'sell' THEN -j.quantity WHEN 'cash_in_lieu' THEN -j.quantity ELSE 0 END)"
    "  AS quantity" JOURNALS_OF_CASH " AND o.seq > k.since AND j.booked_at >= $2"
    "  AND j.kind IN ('buy', 'sell', 'cash_in_lieu', 'dividend', 'fee') GROUP BY j.ticker) t)"
    " SELECT " BALANCE_COLUMNS ", coalesce(t.quantity, 0), coalesce(t.cash, 0), d.since IS NOT NULL"
    " FROM balances b JOIN days d ON d.id = b.portfolio_id"
    " LEFT JOIN trades t ON t.id = b.portfolio_id AND b.asset = coalesce(t.ticker, 'USD')"
    "  AND b.account = CASE WHEN t.ticker IS NULL THEN 'cash' ELSE 'shares' END"
    " WHERE b.portfolio_id = ANY ($1::uuid[]) AND b.account IN ('cash', 'shares')"
    " ORDER BY b.portfolio_id, b.asset, b.account",
};

static const struct statement page_movements = {
    "page_movements",
    "SELECT j.id, j.kind, j.ticker, j.order_id, j.note, j.quantity, j.price, j.commission,"
    " j.realized_pl, e.amount, e.balance_after, j.booked_at, e.seq,"
    " j.realized_pl_fifo, CASE WHEN j.kind = 'opening' THEN j.cost_change END"
    " FROM entries e"
    " JOIN journals j ON j.portfolio_id = e.portfolio_id AND j.id = e.journal_id"
    " WHERE e.portfolio_id = $1 AND e.account = 'cash' AND e.asset = 'USD'"
    " AND ($2::bigint IS NULL OR e.seq < $2)"
    " AND ($3::timestamptz IS NULL OR j.booked_at >= $3)"
    " AND ($4::timestamptz IS NULL OR j.booked_at < $4)"
    " AND ($5::text IS NULL OR j.kind = $5) AND ($6::text IS NULL OR j.ticker = $6)"
    " AND e.seq > $8 ORDER BY e.seq DESC LIMIT $7",
};

static const struct statement last_movement = {
    "last_movement",
    "SELECT seq FROM balances WHERE portfolio_id = $1 AND account = 'cash' AND asset = 'USD'",
};

static const struct statement read_opened_lots = {
    "read_opened_lots",
    "SELECT k.place - 1, l.quantity, l.cost, l.opened_at"
    " FROM unnest($2::uuid[], $3::text[]) WITH ORDINALITY AS k (journal_id, ticker, place)"
    " JOIN LATERAL (SELECT o.* FROM lots o WHERE o.portfolio_id = $1 AND o.ticker = k.ticker"
    "  AND o.journal_id = k.journal_id AND NOT o.carried ORDER BY o.series, o.quantity_after"
    "  LIMIT $4) l ON true ORDER BY k.place, l.quantity_after LIMIT $5",
};

static const struct statement sum_cash = {
    "sum_cash",
    "SELECT coalesce(sum(b.amount), 0) FROM portfolios p JOIN balances b ON b.portfolio_id = p.id"
    " AND b.asset = 'USD' AND b.account = 'cash' WHERE p.user_id = $1 AND p.closed_at IS NULL",
};

// Columns 10 to 19 of PORTFOLIO_COLUMNS.
static struct fill_settings take_settings(const struct rows *rows, size_t row)
{
    struct fill_settings settings = {
        .slippage_bps_hundredths = rows_decimal(rows, row, 11, FILL_SETTINGS_SCALE),
        .participation_percent_hundredths = rows_decimal(rows, row, 12, FILL_SETTINGS_SCALE),
        .commission_per_order = rows_decimal(rows, row, 13, MONEY_SCALE),
        .commission_per_share = rows_decimal(rows, row, 14, MONEY_SCALE),
        .commission_bps_hundredths = rows_decimal(rows, row, 15, FILL_SETTINGS_SCALE),
        .commission_minimum = rows_decimal(rows, row, 16, MONEY_SCALE),
        .commission_maximum = rows_decimal(rows, row, 17, MONEY_SCALE),
        .latency_ms = rows_int(rows, row, 18),
        .version = rows_int(rows, row, 19),
    };

    settings.model = fill_model_find(rows_text(rows, row, 10));
    return settings;
}

enum {
    SETTING_COUNT = 10,
    PAGE_LOTS_MAX = 2000, // of all openings in a page of movements
};

static void settings_parameters(const struct fill_settings *settings,
                                struct parameter out_values[SETTING_COUNT])
{
    const struct parameter values[SETTING_COUNT] = {
        parameter_text(fill_model_name(settings->model)),
        parameter_decimal(settings->slippage_bps_hundredths, FILL_SETTINGS_SCALE),
        parameter_decimal(settings->participation_percent_hundredths, FILL_SETTINGS_SCALE),
        parameter_decimal(settings->commission_per_order, MONEY_SCALE),
        parameter_decimal(settings->commission_per_share, MONEY_SCALE),
        parameter_decimal(settings->commission_bps_hundredths, FILL_SETTINGS_SCALE),
        parameter_decimal(settings->commission_minimum, MONEY_SCALE),
        parameter_decimal(settings->commission_maximum, MONEY_SCALE),
        parameter_int(settings->latency_ms),
        parameter_int(settings->version),
    };

    memcpy(out_values, values, sizeof(values));
}

static struct portfolio_record take_record(const struct rows *rows, size_t row)
{
    struct portfolio_record record = {
        .name = rows_text(rows, row, 2),
        .description = rows_text(rows, row, 3),
        .is_closed = rows_bool(rows, row, 4),
        .created_at = rows_time(rows, row, 5),
        .updated_at = rows_time(rows, row, 6),
        .opening_cash = rows_decimal(rows, row, 7, MONEY_SCALE),
        .is_reset = !rows_is_null(rows, row, 8),
        .reset_at = rows_time(rows, row, 8),
        .reset_seq = rows_int(rows, row, 9),
        .fill_settings = take_settings(rows, row),
    };

    snprintf(record.id, sizeof(record.id), "%s", rows_text(rows, row, 0));
    snprintf(record.user_id, sizeof(record.user_id), "%s", rows_text(rows, row, 1));
    if (!rows_is_null(rows, row, 20)) {
        snprintf(record.competition_id, UUID_SIZE, "%s", rows_text(rows, row, 20));
        record.trades_from = rows_time(rows, row, 21);
        record.competes_until = rows_time(rows, row, 22);
    }
    return record;
}

bool store_find_portfolio(struct database *database,
                          struct arena *arena,
                          const char *id,
                          struct portfolio_record *out_record,
                          bool *out_found,
                          struct error *error)
{
    struct parameter parameter = parameter_text(id);
    struct rows rows = {0};

    if (!database_query(database, arena, &find_portfolio, &parameter, 1, &rows, error))
        return false;
    *out_found = rows.count == 1;
    if (*out_found)
        *out_record = take_record(&rows, 0);
    return true;
}

bool store_lock_portfolio(struct transaction *transaction,
                          const char *id,
                          struct portfolio_record *out_record,
                          bool *out_found,
                          struct error *error)
{
    struct parameter parameter = parameter_text(id);
    struct rows rows = {0};

    if (!transaction_query(transaction, &lock_portfolio, &parameter, 1, &rows, error))
        return false;
    *out_found = rows.count == 1;
    if (*out_found)
        *out_record = take_record(&rows, 0);
    return true;
}

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

static bool take_records(const struct rows *rows,
                         struct arena *arena,
                         struct portfolio_record **out_records,
                         size_t *out_count,
                         struct error *error)
{
    struct portfolio_record *records = arena_allocate(arena, (rows->count + 1) * sizeof(*records));

    if (records == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < rows->count; i++)
        records[i] = take_record(rows, i);
    *out_records = records;
    *out_count = rows->count;
    return true;
}

bool store_page_portfolios(struct database *database,
                           struct arena *arena,
                           const struct portfolio_page *page,
                           struct portfolio_record **out_records,
                           size_t *out_count,
                           struct error *error)
{
    struct parameter parameters[] = {
        parameter_text(page->user_id),  parameter_time(page->after_created_at),
        parameter_text(page->after_id), parameter_int((int64_t)page->limit),
        parameter_text(page->only_id),
    };
    struct rows rows = {0};

    return database_query(database, arena, &page_portfolios, parameters, COUNT_OF(parameters),
                          &rows, error) &&
           take_records(&rows, arena, out_records, out_count, error);
}

bool store_insert_portfolio(struct transaction *transaction,
                            const struct portfolio_record *record,
                            bool *out_inserted,
                            struct error *error)
{
    struct parameter parameters[6 + SETTING_COUNT + 3] = {
        parameter_text(record->id),         parameter_text(record->user_id),
        parameter_text(record->name),       parameter_text(record->description),
        parameter_time(record->created_at), parameter_decimal(record->opening_cash, MONEY_SCALE),
    };
    struct parameter *competing = parameters + 6 + SETTING_COUNT;
    bool competes = record->competition_id[0] != '\0';
    struct rows rows = {0};

    settings_parameters(&record->fill_settings, parameters + 6);
    competing[0] = competes ? parameter_text(record->competition_id) : parameter_null();
    competing[1] = competes ? parameter_time(record->trades_from) : parameter_null();
    competing[2] = competes ? parameter_time(record->competes_until) : parameter_null();
    if (!transaction_query(transaction, &insert_portfolio, parameters, COUNT_OF(parameters), &rows,
                           error))
        return false;
    *out_inserted = rows.affected == 1;
    return true;
}

bool store_update_portfolio(struct transaction *transaction,
                            const struct portfolio_record *record,
                            struct error *error)
{
    struct parameter parameters[4 + SETTING_COUNT] = {
        parameter_text(record->id),
        parameter_text(record->name),
        parameter_text(record->description),
        parameter_time(record->updated_at),
    };

    settings_parameters(&record->fill_settings, parameters + 4);
    return transaction_queue(transaction, &update_portfolio, parameters, COUNT_OF(parameters), NULL,
                             error);
}

bool store_reset_portfolio(struct transaction *transaction,
                           const struct portfolio_record *record,
                           struct error *error)
{
    struct parameter parameters[] = {
        parameter_text(record->id),
        parameter_decimal(record->opening_cash, MONEY_SCALE),
        parameter_time(record->reset_at),
        parameter_int(record->reset_seq),
    };

    return transaction_queue(transaction, &reset_portfolio, parameters, COUNT_OF(parameters), NULL,
                             error);
}

bool store_count_portfolios(struct transaction *transaction,
                            const char *user_id,
                            int64_t now,
                            int64_t *out_count,
                            struct error *error)
{
    struct parameter parameters[] = {parameter_text(user_id), parameter_time(now)};
    struct rows rows = {0};

    if (!transaction_queue(transaction, &lock_owner, parameters, 2, NULL, error) ||
        !transaction_queue(transaction, &count_portfolios, parameters, 1, &rows, error) ||
        !transaction_flush(transaction, error))
        return false;
    *out_count = rows_int(&rows, 0, 0);
    return true;
}

bool store_close_portfolio(struct transaction *transaction,
                           const char *id,
                           int64_t closed_at,
                           struct error *error)
{
    struct parameter parameters[] = {parameter_text(id), parameter_time(closed_at)};

    return transaction_queue(transaction, &close_portfolio, parameters, 2, NULL, error);
}

static bool take_balances(const struct rows *rows,
                          struct arena *arena,
                          int64_t day,
                          struct balance_record **out_records,
                          size_t *out_count,
                          struct error *error)
{
    struct balance_record *records = arena_allocate(arena, (rows->count + 1) * sizeof(*records));

    if (records == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < rows->count; i++) {
        struct balance_record *record = &records[i];
        struct ledger_balance *balance = &record->balance;
        bool is_cash = strcmp(rows_text(rows, i, 1), "cash") == 0;
        int scale = is_cash ? MONEY_SCALE : QUANTITY_SCALE;

        snprintf(record->portfolio_id, UUID_SIZE, "%s", rows_text(rows, i, 0));
        snprintf(balance->asset, sizeof(balance->asset), "%s", rows_text(rows, i, 2));
        balance->account = is_cash ? LEDGER_CASH : LEDGER_SHARES;
        balance->amount = rows_decimal(rows, i, 3, scale);
        balance->held = rows_decimal(rows, i, 4, scale);
        balance->cost_basis = rows_decimal(rows, i, 5, MONEY_SCALE);
        balance->realized_pl = rows_decimal(rows, i, 6, MONEY_SCALE);
        balance->seq = rows_int(rows, i, 7);
        balance->cost_basis_fifo = rows_decimal(rows, i, 8, MONEY_SCALE);
        balance->realized_pl_fifo = rows_decimal(rows, i, 9, MONEY_SCALE);
        record->day = day;
        record->day_quantity = rows_decimal(rows, i, 10, QUANTITY_SCALE);
        record->day_cash = rows_decimal(rows, i, 11, MONEY_SCALE);
        record->is_day_known = rows_bool(rows, i, 12);
    }
    *out_records = records;
    *out_count = rows->count;
    return true;
}

static bool
id_array(struct arena *arena, const char *const *ids, size_t count, struct parameter *out_array)
{
    struct parameter *all = arena_allocate(arena, (count + 1) * sizeof(*all));

    if (all == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        all[i] = parameter_text(ids[i]);
    return parameter_array(arena, all, count, out_array);
}

bool store_list_balances(struct database *database,
                         struct arena *arena,
                         const char *const *portfolio_ids,
                         size_t count,
                         int64_t day,
                         struct balance_record **out_records,
                         size_t *out_count,
                         struct error *error)
{
    struct parameter parameters[2] = {{0}, parameter_time(day)};
    struct rows rows = {0};

    if (!id_array(arena, portfolio_ids, count, &parameters[0]))
        return out_of_budget(error);
    return database_query(database, arena, &list_balances, parameters, 2, &rows, error) &&
           take_balances(&rows, arena, day, out_records, out_count, error);
}

struct gathering {
    struct parameter ids_and_day[2];
    struct rows records;
    struct rows balances;
};

static bool gather(struct transaction *transaction, void *context, struct error *error)
{
    struct gathering *gathering = context;

    return transaction_queue(transaction, &find_portfolios, gathering->ids_and_day, 1,
                             &gathering->records, error) &&
           transaction_queue(transaction, &list_balances, gathering->ids_and_day, 2,
                             &gathering->balances, error);
}

bool store_gather_portfolios(struct database *database,
                             struct arena *arena,
                             const char *const *ids,
                             size_t count,
                             int64_t day,
                             struct portfolio_record **out_records,
                             size_t *out_count,
                             struct balance_record **out_balances,
                             size_t *out_balance_count,
                             struct error *error)
{
    struct gathering gathering = {.ids_and_day = {{0}, parameter_time(day)}};

    if (!id_array(arena, ids, count, &gathering.ids_and_day[0]))
        return out_of_budget(error);
    return database_transact(database, arena, TRANSACTION_READ_ONLY, gather, &gathering, error) &&
           take_records(&gathering.records, arena, out_records, out_count, error) &&
           take_balances(&gathering.balances, arena, day, out_balances, out_balance_count, error);
}

bool store_read_balances(struct transaction *transaction,
                         const char *portfolio_id,
                         int64_t day,
                         struct balance_record **out_records,
                         size_t *out_count,
                         struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    struct parameter id = parameter_text(portfolio_id);
    struct parameter parameters[2] = {{0}, parameter_time(day)};
    struct rows rows = {0};

    if (!parameter_array(arena, &id, 1, &parameters[0]))
        return out_of_budget(error);
    return transaction_query(transaction, &list_balances, parameters, 2, &rows, error) &&
           take_balances(&rows, arena, day, out_records, out_count, error);
}

static struct movement_record take_movement(const struct rows *rows, size_t row)
{
    return (struct movement_record){
        .id = rows_text(rows, row, 0),
        .kind = rows_text(rows, row, 1),
        .ticker = rows_text(rows, row, 2),
        .order_id = rows_text(rows, row, 3),
        .note = rows_text(rows, row, 4),
        .quantity = rows_decimal(rows, row, 5, QUANTITY_SCALE),
        .price = rows_decimal(rows, row, 6, MONEY_SCALE),
        .commission = rows_decimal(rows, row, 7, MONEY_SCALE),
        .has_realized_pl = !rows_is_null(rows, row, 8),
        .realized_pl = rows_decimal(rows, row, 8, MONEY_SCALE),
        .cash_change = rows_decimal(rows, row, 9, MONEY_SCALE),
        .cash_after = rows_decimal(rows, row, 10, MONEY_SCALE),
        .booked_at = rows_time(rows, row, 11),
        .seq = rows_int(rows, row, 12),
        .realized_pl_fifo = rows_decimal(rows, row, 13, MONEY_SCALE),
        .has_cost = !rows_is_null(rows, row, 14),
        .cost = rows_decimal(rows, row, 14, MONEY_SCALE),
    };
}

bool store_page_movements(struct history *history,
                          struct arena *arena,
                          const struct movement_filter *filter,
                          struct movement_record **out_records,
                          size_t *out_count,
                          struct error *error)
{
    struct parameter parameters[] = {
        parameter_text(filter->portfolio_id),
        filter->before_seq > 0 ? parameter_int(filter->before_seq) : parameter_null(),
        filter->has_start ? parameter_time(filter->start) : parameter_null(),
        filter->has_end ? parameter_time(filter->end) : parameter_null(),
        parameter_text(filter->kind),
        parameter_text(filter->ticker),
        parameter_int((int64_t)filter->limit),
        parameter_int(filter->after_seq),
    };
    // Movements are numbered without a gap, in the order in which they were committed.
    const struct history_need need = {.mark = &last_movement,
                                      .mark_of = parameter_text(filter->portfolio_id),
                                      .mark_min = filter->before_seq - 1};
    struct rows rows = {0};
    struct movement_record *records = NULL;

    if (!history_query(history, filter->before_seq > 0 ? &need : NULL, arena, &page_movements,
                       parameters, COUNT_OF(parameters), &rows, error))
        return false;
    records = arena_allocate(arena, (rows.count + 1) * sizeof(*records));
    if (records == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < rows.count; i++)
        records[i] = take_movement(&rows, i);
    *out_records = records;
    *out_count = rows.count;
    return true;
}

// Which of the records are openings of shares, and their keys.
struct openings {
    size_t *places;
    struct parameter *ids;
    struct parameter *tickers;
    size_t count;
};

static bool find_openings(struct arena *arena,
                          const struct movement_record *records,
                          size_t count,
                          struct openings *out_openings)
{
    struct openings openings = {
        .places = arena_allocate(arena, (count + 1) * sizeof(*openings.places)),
        .ids = arena_allocate(arena, (count + 1) * sizeof(*openings.ids)),
        .tickers = arena_allocate(arena, (count + 1) * sizeof(*openings.tickers)),
    };

    if (openings.places == NULL || openings.ids == NULL || openings.tickers == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!records[i].has_cost)
            continue;
        openings.places[openings.count] = i;
        openings.ids[openings.count] = parameter_text(records[i].id);
        openings.tickers[openings.count++] = parameter_text(records[i].ticker);
    }
    *out_openings = openings;
    return true;
}

static bool take_opened_lots(const struct rows *rows,
                             const struct openings *openings,
                             struct arena *arena,
                             struct movement_record *records,
                             size_t *count)
{
    struct ledger_opened_lot *lots = arena_allocate(arena, (rows->count + 1) * sizeof(*lots));

    for (size_t i = 0; lots != NULL && i < rows->count; i++) {
        size_t place = openings->places[rows_int(rows, i, 0)];

        // The last one that is begun may not be all there.
        if (i == PAGE_LOTS_MAX) {
            *count = place;
            break;
        }
        lots[i] = (struct ledger_opened_lot){
            .quantity = rows_decimal(rows, i, 1, QUANTITY_SCALE),
            .cost = rows_decimal(rows, i, 2, MONEY_SCALE),
            .opened_at = rows_time(rows, i, 3),
        };
        if (records[place].lot_count++ == 0)
            records[place].lots = &lots[i];
    }
    return lots != NULL;
}

bool store_read_opened_lots(struct database *database,
                            struct arena *arena,
                            const char *portfolio_id,
                            struct movement_record *records,
                            size_t *count,
                            struct error *error)
{
    struct parameter parameters[5] = {parameter_text(portfolio_id),
                                      {0},
                                      {0},
                                      parameter_int(LEDGER_OPENED_LOTS_MAX),
                                      parameter_int(PAGE_LOTS_MAX + 1)};
    struct openings openings;
    struct rows rows = {0};

    if (!find_openings(arena, records, *count, &openings))
        return out_of_budget(error);
    if (openings.count == 0)
        return true;
    if (!parameter_array(arena, openings.ids, openings.count, &parameters[1]) ||
        !parameter_array(arena, openings.tickers, openings.count, &parameters[2]))
        return out_of_budget(error);
    if (!database_query(database, arena, &read_opened_lots, parameters, COUNT_OF(parameters), &rows,
                        error))
        return false;
    return take_opened_lots(&rows, &openings, arena, records, count) || out_of_budget(error);
}

bool store_sum_cash(struct database *database,
                    struct arena *arena,
                    const char *user_id,
                    int64_t *out_cash,
                    struct error *error)
{
    struct parameter parameter = parameter_text(user_id);
    struct rows rows = {0};

    if (!database_query(database, arena, &sum_cash, &parameter, 1, &rows, error))
        return false;
    *out_cash = rows_decimal(&rows, 0, 0, MONEY_SCALE);
    return true;
}
