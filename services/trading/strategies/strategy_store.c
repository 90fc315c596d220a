// SPDX-License-Identifier: MIT
#include "strategies/strategy_store.h"

#define STRATEGY_COLUMNS                                                                           \
    "s.id, s.user_id, s.name, s.description, s.kind, s.parameters, s.symbols, s.timeframe,"        \
    " s.version, s.created_at, s.updated_at"

static const struct statement lock_user = {
    "lock_strategy_user",
    "INSERT INTO strategy_users (user_id) VALUES ($1)"
    " ON CONFLICT (user_id) DO UPDATE SET user_id = excluded.user_id",
};

static const struct statement add_strategy = {
    "add_strategy",
    "INSERT INTO strategies (id, user_id, name, description, kind, parameters, symbols, timeframe,"
    " version, created_at, updated_at)"
    " SELECT $1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $9"
    " WHERE (SELECT count(*) FROM strategies c WHERE c.user_id = $2) < $10",
};

static const struct statement find_strategy[] = {
    {"find_strategy", "SELECT " STRATEGY_COLUMNS " FROM strategies s WHERE s.id = $1"},
    {"find_strategy_to_change",
     "SELECT " STRATEGY_COLUMNS " FROM strategies s WHERE s.id = $1 FOR UPDATE"},
};

static const struct statement save_strategy = {
    "save_strategy",
    "UPDATE strategies SET name = $3, description = $4, kind = $5, parameters = $6, symbols = $7,"
    " timeframe = $8, version = $9, updated_at = $10 WHERE id = $1 AND user_id = $2",
};

static const struct statement end_tasks = {
    "end_backtest_tasks",
    "UPDATE tasks t SET state = 'completed', finished_at = now(), error = NULL"
    " FROM backtests b WHERE b.strategy_id = $1 AND b.user_id = $2 AND t.id = b.id"
    " AND t.portfolio_id = b.user_id AND t.state <> 'completed'",
};

static const struct statement delete_backtests = {
    "delete_backtests_of_strategy",
    "DELETE FROM backtests WHERE strategy_id = $1 AND user_id = $2",
};

static const struct statement delete_strategy = {
    "delete_strategy",
    "DELETE FROM strategies WHERE id = $1 AND user_id = $2",
};

static const struct statement page_strategies = {
    "page_strategies",
    "SELECT " STRATEGY_COLUMNS " FROM strategies s WHERE s.user_id = $1"
    " AND ($2::uuid IS NULL OR s.id > $2) ORDER BY s.id LIMIT $3",
};

bool strategy_store_lock_user(struct transaction *transaction,
                              const char *user_id,
                              struct error *error)
{
    const struct parameter user = parameter_text(user_id);
    struct rows rows = {0};

    return transaction_query(transaction, &lock_user, &user, 1, &rows, error);
}

bool strategy_store_add(struct transaction *transaction,
                        const struct strategy_record *record,
                        struct error *error)
{
    const struct parameter parameters[] = {
        parameter_text(record->id),         parameter_text(record->user_id),
        parameter_text(record->name),       parameter_text(record->description),
        parameter_text(record->kind),       parameter_text(record->parameters),
        parameter_text(record->symbols),    parameter_text(record->timeframe),
        parameter_time(record->created_at), parameter_int(STRATEGIES_MAX),
    };
    struct rows rows = {0};

    if (!transaction_query(transaction, &add_strategy, parameters, COUNT_OF(parameters), &rows,
                           error))
        return false;
    if (rows.affected == 1)
        return true;
    error_fill(error, REASON_TOO_MANY_STRATEGIES, "There are %d strategies already.",
               STRATEGIES_MAX);
    error_add_number(error, "maximum", "%d", STRATEGIES_MAX);
    return false;
}

static struct strategy_record read_record(const struct rows *rows, size_t row)
{
    const struct strategy_record record = {
        .id = rows_text(rows, row, 0),
        .user_id = rows_text(rows, row, 1),
        .name = rows_text(rows, row, 2),
        .description = rows_text(rows, row, 3),
        .kind = rows_text(rows, row, 4),
        .parameters = rows_text(rows, row, 5),
        .symbols = rows_text(rows, row, 6),
        .timeframe = rows_text(rows, row, 7),
        .version = rows_int(rows, row, 8),
        .created_at = rows_time(rows, row, 9),
        .updated_at = rows_time(rows, row, 10),
    };

    return record;
}

bool strategy_store_find(struct transaction *transaction,
                         const char *id,
                         bool locks,
                         struct strategy_record *out_record,
                         bool *out_found,
                         struct error *error)
{
    const struct parameter parameter = parameter_text(id);
    struct rows rows = {0};

    if (!transaction_query(transaction, &find_strategy[locks ? 1 : 0], &parameter, 1, &rows, error))
        return false;
    *out_found = rows.count > 0;
    if (*out_found)
        *out_record = read_record(&rows, 0);
    return true;
}

bool strategy_store_save(struct transaction *transaction,
                         const struct strategy_record *record,
                         struct error *error)
{
    const struct parameter parameters[] = {
        parameter_text(record->id),      parameter_text(record->user_id),
        parameter_text(record->name),    parameter_text(record->description),
        parameter_text(record->kind),    parameter_text(record->parameters),
        parameter_text(record->symbols), parameter_text(record->timeframe),
        parameter_int(record->version),  parameter_time(record->updated_at),
    };

    return transaction_queue(transaction, &save_strategy, parameters, COUNT_OF(parameters), NULL,
                             error);
}

bool strategy_store_delete(struct transaction *transaction,
                           const struct strategy_record *record,
                           struct error *error)
{
    const struct parameter parameters[] = {
        parameter_text(record->id),
        parameter_text(record->user_id),
    };

    return transaction_queue(transaction, &end_tasks, parameters, 2, NULL, error) &&
           transaction_queue(transaction, &delete_backtests, parameters, 2, NULL, error) &&
           transaction_queue(transaction, &delete_strategy, parameters, 2, NULL, error);
}

bool strategy_store_page(struct transaction *transaction,
                         const char *user_id,
                         const char *after_id,
                         size_t limit,
                         struct strategy_record **out_records,
                         size_t *out_count,
                         struct error *error)
{
    const struct parameter parameters[] = {
        parameter_text(user_id),
        parameter_text(after_id),
        parameter_int((int64_t)limit),
    };
    struct rows rows = {0};

    if (!transaction_query(transaction, &page_strategies, parameters, COUNT_OF(parameters), &rows,
                           error))
        return false;
    *out_records =
        arena_allocate(transaction_arena(transaction), (rows.count + 1) * sizeof **out_records);
    if (*out_records == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET,
                         "The strategies need too much memory.");
    for (size_t i = 0; i < rows.count; i++)
        (*out_records)[i] = read_record(&rows, i);
    *out_count = rows.count;
    return true;
}
