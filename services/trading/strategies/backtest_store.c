// SPDX-License-Identifier: MIT
#include "strategies/backtest_store.h"

#include <stdio.h>
#include <string.h>

#include "money/money.h"

#define BACKTEST_COLUMNS                                                                           \
    "b.id, b.user_id, b.strategy_id, b.strategy_version, b.kind, b.parameters, b.symbols,"         \
    " b.timeframe, b.start_at, b.end_at, b.cash, b.fill_terms, b.fractional, b.benchmark,"         \
    " b.status, b.progress, b.reason, b.reason_message, b.statistics, b.created_at,"               \
    " b.started_at, b.finished_at, b.grid, b.exits_at_close"

enum { GRID_COLUMN = 22, EXITS_COLUMN = 23, RESULT_COLUMN = 24, DUE_LOOKED_AT = 1000 };

// The task is this worker's, by this attempt.
#define IS_MINE                                                                                    \
    "t.id = $1 AND t.portfolio_id = $2 AND t.kind = 'backtest' AND t.state = 'active'"             \
    " AND t.worker = $3 AND t.attempts = $4"

static const struct statement count_open = {
    "count_open_backtests",
    "SELECT count(*) FROM backtests WHERE user_id = $1 AND status IN ('queued', 'running')",
};

static const struct statement add_backtest = {
    "add_backtest",
    "INSERT INTO backtests (id, user_id, strategy_id, strategy_version, kind, parameters, symbols,"
    " timeframe, start_at, end_at, cash, fill_terms, fractional, benchmark, grid, exits_at_close, "
    "status)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 'queued')"
    " RETURNING created_at",
};

static const struct statement add_task = {
    "add_backtest_task",
    "INSERT INTO tasks (id, portfolio_id, kind, state, run_at, queued_at)"
    " VALUES ($1, $2, 'backtest', 'pending', now(), now())",
};

static const struct statement prune_backtests = {
    "prune_backtests",
    "DELETE FROM backtests WHERE user_id = $1 AND status IN ('completed', 'failed', 'canceled')"
    " AND id < (SELECT min(k.id::text)::uuid FROM (SELECT id FROM backtests WHERE user_id = $1"
    "  AND status IN ('completed', 'failed', 'canceled') ORDER BY id DESC LIMIT $2) k)",
};

static const struct statement lock_task = {
    "lock_backtest_task",
    "SELECT 1 FROM tasks WHERE id = $1 AND kind = 'backtest' FOR UPDATE",
};

static const struct statement find_backtest[] = {
    [BACKTEST_WHOLE] = {"find_backtest",
                        "SELECT " BACKTEST_COLUMNS ", b.result FROM backtests b WHERE b.id = $1"},
    [BACKTEST_IN_SHORT] = {"find_backtest_in_short",
                           "SELECT " BACKTEST_COLUMNS ", NULL FROM backtests b WHERE b.id = $1"},
    [BACKTEST_TO_CHANGE] = {"find_backtest_to_change",
                            "SELECT " BACKTEST_COLUMNS
                            ", NULL FROM backtests b WHERE b.id = $1 FOR UPDATE"},
};

static const struct statement page_backtests = {
    "page_backtests",
    "SELECT " BACKTEST_COLUMNS ", NULL FROM backtests b WHERE b.user_id = $1"
    " AND ($2::uuid IS NULL OR b.strategy_id = $2) AND ($3::uuid IS NULL OR b.id < $3)"
    " ORDER BY b.id DESC LIMIT $4",
};

static const struct statement cancel_queued = {
    "cancel_queued_backtest",
    "UPDATE backtests SET status = 'canceled', finished_at = now(), reason = $3,"
    " reason_message = $4 WHERE id = $1 AND user_id = $2 AND status = 'queued'",
};

static const struct statement end_task = {
    "end_backtest_task",
    "UPDATE tasks SET state = 'completed', finished_at = now(), error = NULL"
    " WHERE id = $1 AND portfolio_id = $2 AND kind = 'backtest' AND state <> 'completed'",
};

static const struct statement tell_to_cancel = {
    "tell_backtest_to_cancel",
    "UPDATE backtests SET is_to_cancel = true, reason = $3, reason_message = $4"
    " WHERE id = $1 AND user_id = $2",
};

static const struct statement list_open = {
    "list_open_backtests",
    "SELECT id FROM backtests WHERE user_id = $1 AND status IN ('queued', 'running') ORDER BY id",
};

static const struct statement remove_backtest = {
    "remove_backtest",
    "DELETE FROM backtests WHERE id = $1 AND user_id = $2",
};

// Users take turns: first who has the fewest that run, then whose last one began first. The longest
// that wait are looked at, as many as are the turns of hundreds of users. A user who is changing
// something at this very moment is passed over, as is who another worker takes a turn for.
static const struct statement find_due = {
    "find_due_backtest",
    "SELECT t.id, t.portfolio_id, t.attempts FROM ("
    "  SELECT id, portfolio_id, run_at FROM tasks WHERE kind = 'backtest'"
    "  AND state IN ('pending', 'active') AND run_at <= now() ORDER BY run_at LIMIT $1) d"
    " JOIN tasks t ON t.id = d.id AND t.portfolio_id = d.portfolio_id"
    " JOIN strategy_users u ON u.user_id = d.portfolio_id"
    " LEFT JOIN (SELECT portfolio_id, count(*) AS count FROM tasks WHERE kind = 'backtest'"
    "  AND state = 'active' AND run_at > now() GROUP BY portfolio_id) r"
    "  ON r.portfolio_id = d.portfolio_id"
    " WHERE t.kind = 'backtest' AND t.state IN ('pending', 'active') AND t.run_at <= now()"
    " ORDER BY coalesce(r.count, 0), u.backtest_started_at NULLS FIRST, d.run_at LIMIT 1"
    " FOR UPDATE OF u, t SKIP LOCKED",
};

static const struct statement take_turn = {
    "take_backtest_turn",
    "UPDATE strategy_users SET backtest_started_at = now() WHERE user_id = $1",
};

static const struct statement claim_task = {
    "claim_backtest_task",
    "UPDATE tasks SET state = 'active', attempts = $4, worker = $3, started_at = now(),"
    " run_at = now() + $5::bigint * interval '1 ms' WHERE id = $1 AND portfolio_id = $2",
};

static const struct statement start_backtest = {
    "start_backtest",
    "UPDATE backtests SET status = 'running', progress = 0,"
    " started_at = coalesce(started_at, now()) WHERE id = $1 AND user_id = $2"
    " AND status IN ('queued', 'running')",
};

static const struct statement note_progress = {
    "note_backtest_progress",
    "WITH renewed AS (UPDATE tasks t SET run_at = now() + $5::bigint * interval '1 ms'"
    " WHERE " IS_MINE " RETURNING t.id)"
    " UPDATE backtests b SET progress = $6 FROM renewed r WHERE b.id = r.id AND b.user_id = $2"
    " AND b.status = 'running' RETURNING b.is_to_cancel",
};

static const struct statement put_off = {
    "put_off_backtest",
    "WITH mine AS (UPDATE tasks t SET state = 'pending', run_at = now() + interval '1 second',"
    " attempts = t.attempts - $5 WHERE " IS_MINE " RETURNING t.id)"
    " UPDATE backtests b SET status = 'queued', progress = 0 FROM mine WHERE b.id = mine.id"
    " AND b.user_id = $2 AND b.status = 'running'",
};

// The task first: what is not this worker's any more is let be. It is done also when the backtest
// has failed, which is for its user to know.
static const struct statement finish_task = {
    "finish_backtest_task",
    "UPDATE tasks t SET state = 'completed', finished_at = now(), error = $5 WHERE " IS_MINE,
};

// Whoever was told that it would be canceled finds it canceled, however near to its end it was, and
// for the reason that was given then.
static const struct statement finish_backtest = {
    "finish_backtest",
    "UPDATE backtests SET status = CASE WHEN is_to_cancel THEN 'canceled' ELSE $3 END,"
    " reason = CASE WHEN is_to_cancel THEN reason ELSE $4 END,"
    " reason_message = CASE WHEN is_to_cancel THEN reason_message ELSE $5 END,"
    " statistics = CASE WHEN NOT is_to_cancel THEN $6 END,"
    " result = CASE WHEN NOT is_to_cancel THEN $7 END, finished_at = now(),"
    " progress = CASE WHEN $3 = 'completed' AND NOT is_to_cancel THEN 1000000 ELSE progress END"
    " WHERE id = $1 AND user_id = $2 AND status = 'running'",
};

static const struct {
    const char *name;
    bool has_ended;
} statuses[] = {
#define BACKTEST_STATUS_AS_ROW(name, text, has_ended) {text, has_ended},
    BACKTEST_STATUSES(BACKTEST_STATUS_AS_ROW)
#undef BACKTEST_STATUS_AS_ROW
};

bool backtest_status_has_ended(enum backtest_status status)
{
    return statuses[status].has_ended;
}

static bool
refuse_another(struct transaction *transaction, const char *user_id, struct error *error)
{
    const struct parameter user = parameter_text(user_id);
    struct rows rows = {0};

    if (!transaction_query(transaction, &count_open, &user, 1, &rows, error))
        return false;
    if (rows_int(&rows, 0, 0) < BACKTESTS_OPEN_MAX)
        return true;
    error_fill(error, REASON_TOO_MANY_BACKTESTS, "%d backtests wait or run already.",
               BACKTESTS_OPEN_MAX);
    error_add_number(error, "maximum", "%d", BACKTESTS_OPEN_MAX);
    return false;
}

bool backtest_store_add(struct transaction *transaction,
                        struct backtest_record *record,
                        struct error *error)
{
    char terms[FILL_TERMS_SIZE];
    const struct parameter parameters[] = {
        parameter_text(record->id),
        parameter_text(record->user_id),
        parameter_text(record->strategy_id),
        parameter_int(record->strategy_version),
        parameter_text(record->kind),
        parameter_text(record->parameters),
        parameter_text(record->symbols),
        parameter_text(record->timeframe),
        parameter_time(record->start_at),
        record->end_at == 0 ? parameter_null() : parameter_time(record->end_at),
        parameter_decimal(record->cash, MONEY_SCALE),
        fill_terms_are_plain(&record->terms) ? parameter_null() : parameter_text(terms),
        parameter_bool(record->fractional),
        parameter_text(record->benchmark),
        parameter_text(record->grid),
        parameter_bool(record->exits_at_close),
    };
    const struct parameter kept[] = {
        parameter_text(record->user_id),
        parameter_int(BACKTESTS_KEPT_MAX),
    };
    struct rows rows = {0};

    fill_terms_print(&record->terms, terms);
    if (!refuse_another(transaction, record->user_id, error) ||
        !transaction_query(transaction, &add_backtest, parameters, COUNT_OF(parameters), &rows,
                           error) ||
        !transaction_queue(transaction, &add_task, parameters, 2, NULL, error) ||
        !transaction_queue(transaction, &prune_backtests, kept, COUNT_OF(kept), NULL, error))
        return false;
    record->status = BACKTEST_IS_QUEUED;
    record->created_at = rows_time(&rows, 0, 0);
    return true;
}

static enum backtest_status status_of(const char *name)
{
    size_t status = 0;

    // The column's CHECK has no other names.
    while (status + 1 < BACKTEST_STATUS_COUNT && strcmp(statuses[status].name, name) != 0)
        status++;
    return (enum backtest_status)status;
}

static bool read_record(const struct rows *rows,
                        size_t row,
                        struct backtest_record *out_record,
                        struct error *error)
{
    struct backtest_record record = {
        .id = rows_text(rows, row, 0),
        .user_id = rows_text(rows, row, 1),
        .strategy_id = rows_text(rows, row, 2),
        .strategy_version = rows_int(rows, row, 3),
        .kind = rows_text(rows, row, 4),
        .parameters = rows_text(rows, row, 5),
        .symbols = rows_text(rows, row, 6),
        .timeframe = rows_text(rows, row, 7),
        .start_at = rows_time(rows, row, 8),
        .end_at = rows_is_null(rows, row, 9) ? 0 : rows_time(rows, row, 9),
        .cash = rows_decimal(rows, row, 10, MONEY_SCALE),
        .fractional = rows_bool(rows, row, 12),
        .benchmark = rows_text(rows, row, 13),
        .status = status_of(rows_text(rows, row, 14)),
        .progress_micros = rows_int(rows, row, 15),
        .reason = rows_text(rows, row, 16),
        .reason_message = rows_text(rows, row, 17),
        .statistics = rows_text(rows, row, 18),
        .created_at = rows_time(rows, row, 19),
        .started_at = rows_is_null(rows, row, 20) ? 0 : rows_time(rows, row, 20),
        .finished_at = rows_is_null(rows, row, 21) ? 0 : rows_time(rows, row, 21),
        .grid = rows_text(rows, row, GRID_COLUMN),
        .exits_at_close = rows_bool(rows, row, EXITS_COLUMN),
        .result = rows_text(rows, row, RESULT_COLUMN),
    };
    const char *terms = rows_text(rows, row, 11);

    if (!fill_terms_parse(terms == NULL ? "" : terms, &record.terms))
        return error_set(error, REASON_INTERNAL, "The stored costs of a backtest cannot be read.");
    *out_record = record;
    return true;
}

bool backtest_store_find(struct transaction *transaction,
                         const char *id,
                         enum backtest_reading reading,
                         struct backtest_record *out_record,
                         bool *out_found,
                         struct error *error)
{
    const struct parameter parameter = parameter_text(id);
    struct rows rows = {0};

    if (reading == BACKTEST_TO_CHANGE &&
        !transaction_queue(transaction, &lock_task, &parameter, 1, NULL, error))
        return false;
    if (!transaction_query(transaction, &find_backtest[reading], &parameter, 1, &rows, error))
        return false;
    *out_found = rows.count > 0;
    return rows.count == 0 || read_record(&rows, 0, out_record, error);
}

bool backtest_store_page(struct transaction *transaction,
                         const char *user_id,
                         const char *strategy_id,
                         const char *before_id,
                         size_t limit,
                         struct backtest_record **out_records,
                         size_t *out_count,
                         struct error *error)
{
    const struct parameter parameters[] = {
        parameter_text(user_id),
        parameter_text(strategy_id),
        parameter_text(before_id),
        parameter_int((int64_t)limit),
    };
    struct backtest_record *records = NULL;
    struct rows rows = {0};

    if (!transaction_query(transaction, &page_backtests, parameters, COUNT_OF(parameters), &rows,
                           error))
        return false;
    records = arena_allocate(transaction_arena(transaction), (rows.count + 1) * sizeof(*records));
    if (records == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The backtests need too much memory.");
    for (size_t i = 0; i < rows.count; i++)
        if (!read_record(&rows, i, &records[i], error))
            return false;
    *out_records = records;
    *out_count = rows.count;
    return true;
}

bool backtest_store_cancel(struct transaction *transaction,
                           const struct backtest_record *record,
                           const struct error *reason,
                           struct error *error)
{
    char message[ERROR_MESSAGE_SIZE] = "";
    const struct parameter parameters[] = {
        parameter_text(record->id),
        parameter_text(record->user_id),
        parameter_text(reason == NULL ? NULL : reason->reason),
        parameter_text(reason == NULL ? NULL : message),
    };

    if (reason != NULL)
        error_print(reason, message);
    if (record->status == BACKTEST_IS_RUNNING)
        return transaction_queue(transaction, &tell_to_cancel, parameters, 4, NULL, error);
    return transaction_queue(transaction, &cancel_queued, parameters, 4, NULL, error) &&
           transaction_queue(transaction, &end_task, parameters, 2, NULL, error);
}

bool backtest_store_cancel_all(struct transaction *transaction,
                               const char *user_id,
                               const struct error *reason,
                               struct rows *out_ids,
                               struct error *error)
{
    const struct parameter user = parameter_text(user_id);
    struct rows ids = {0};

    if (!transaction_query(transaction, &list_open, &user, 1, &ids, error))
        return false;
    for (size_t i = 0; i < ids.count; i++) {
        struct backtest_record record;
        bool found = false;

        // One that has ended meanwhile is let be.
        if (!backtest_store_find(transaction, rows_text(&ids, i, 0), BACKTEST_TO_CHANGE, &record,
                                 &found, error) ||
            (found && !backtest_status_has_ended(record.status) &&
             !backtest_store_cancel(transaction, &record, reason, error)))
            return false;
    }
    *out_ids = ids;
    return true;
}

bool backtest_store_remove(struct transaction *transaction,
                           const struct backtest_record *record,
                           struct error *error)
{
    const struct parameter parameters[] = {
        parameter_text(record->id),
        parameter_text(record->user_id),
    };

    return transaction_queue(transaction, &end_task, parameters, 2, NULL, error) &&
           transaction_queue(transaction, &remove_backtest, parameters, 2, NULL, error);
}

bool backtest_store_claim(struct transaction *transaction,
                          const char *worker,
                          struct backtest_claim *out_claim,
                          bool *out_found,
                          struct error *error)
{
    const struct parameter looked_at = parameter_int(DUE_LOOKED_AT);
    struct backtest_claim claim = {0};
    struct rows rows = {0};

    if (!transaction_query(transaction, &find_due, &looked_at, 1, &rows, error))
        return false;
    *out_found = rows.count > 0;
    if (rows.count == 0)
        return true;
    snprintf(claim.id, sizeof(claim.id), "%s", rows_text(&rows, 0, 0));
    snprintf(claim.user_id, sizeof(claim.user_id), "%s", rows_text(&rows, 0, 1));
    snprintf(claim.worker, sizeof(claim.worker), "%s", worker);
    claim.attempts = rows_int(&rows, 0, 2) + 1;
    {
        const struct parameter parameters[] = {
            parameter_text(claim.id),         parameter_text(claim.user_id),
            parameter_text(claim.worker),     parameter_int(claim.attempts),
            parameter_int(BACKTEST_LEASE_MS),
        };

        *out_claim = claim;
        return transaction_queue(transaction, &claim_task, parameters, 5, NULL, error) &&
               transaction_queue(transaction, &take_turn, parameters + 1, 1, NULL, error) &&
               transaction_queue(transaction, &start_backtest, parameters, 2, NULL, error) &&
               transaction_flush(transaction, error);
    }
}

bool backtest_store_progress(struct database *database,
                             struct arena *arena,
                             const struct backtest_claim *claim,
                             int64_t progress_micros,
                             bool *out_goes_on,
                             struct error *error)
{
    const struct parameter parameters[] = {
        parameter_text(claim->id),        parameter_text(claim->user_id),
        parameter_text(claim->worker),    parameter_int(claim->attempts),
        parameter_int(BACKTEST_LEASE_MS), parameter_int(progress_micros),
    };
    struct rows rows = {0};

    if (!database_query(database, arena, &note_progress, parameters, COUNT_OF(parameters), &rows,
                        error))
        return false;
    *out_goes_on = rows.count == 1 && !rows_bool(&rows, 0, 0);
    return true;
}

bool backtest_store_finish(struct transaction *transaction,
                           const struct backtest_claim *claim,
                           const struct backtest_end *end,
                           struct error *error)
{
    const struct parameter task[] = {
        parameter_text(claim->id),           parameter_text(claim->user_id),
        parameter_text(claim->worker),       parameter_int(claim->attempts),
        parameter_text(end->reason_message),
    };
    const struct parameter backtest[] = {
        parameter_text(claim->id),
        parameter_text(claim->user_id),
        parameter_text(statuses[end->status].name),
        parameter_text(end->reason),
        parameter_text(end->reason_message),
        parameter_text(end->statistics),
        parameter_text(end->result),
    };
    struct rows rows = {0};

    if (!transaction_query(transaction, &finish_task, task, COUNT_OF(task), &rows, error))
        return false;
    return rows.affected == 0 || transaction_queue(transaction, &finish_backtest, backtest,
                                                   COUNT_OF(backtest), NULL, error);
}

bool backtest_store_put_off(struct database *database,
                            struct arena *arena,
                            const struct backtest_claim *claim,
                            bool counted,
                            struct error *error)
{
    const struct parameter parameters[] = {
        parameter_text(claim->id),      parameter_text(claim->user_id),
        parameter_text(claim->worker),  parameter_int(claim->attempts),
        parameter_int(counted ? 0 : 1),
    };
    struct rows rows = {0};

    return database_query(database, arena, &put_off, parameters, COUNT_OF(parameters), &rows,
                          error);
}
