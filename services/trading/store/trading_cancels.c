// SPDX-License-Identifier: MIT
// trading_cancels: the part of trading_store that cancels all orders of a portfolio.
#include <stdio.h>

#include "database/columns.h"
#include "store/trading_store_private.h"

static const struct statement cancel_resting = {
    "cancel_resting",
    "UPDATE orders o SET status = 'canceled', canceled_at = $2, updated_at = $2,"
    " cancel_request_id = $3 FROM resting_orders r WHERE r.portfolio_id = $1"
    " AND o.id = r.order_id AND o.portfolio_id = r.portfolio_id"
    " AND o.status IN ('new', 'partially_filled')"
    " RETURNING o.id, o.portfolio_id, o.ticker, o.group_id",
};

// Before them, the groups of those that rest, as store_lock_groups does.
static const struct statement lock_resting_groups = {
    "lock_resting_groups",
    "SELECT id FROM orders WHERE group_id IN (SELECT o.group_id FROM resting_orders r"
    " JOIN orders o ON o.id = r.order_id AND o.portfolio_id = r.portfolio_id"
    " WHERE r.portfolio_id = $1 AND o.group_id IS NOT NULL) AND replaces IS NULL"
    " ORDER BY id FOR UPDATE",
};

// After them, the legs of the entries among them.
static const struct statement cancel_held = {
    "cancel_held",
    "UPDATE orders SET status = 'canceled', canceled_at = $3, updated_at = $3,"
    " cancel_request_id = $4 WHERE group_id = ANY ($1::uuid[]) AND portfolio_id = $2"
    " AND status = 'held' RETURNING id, portfolio_id, ticker",
};

static const struct statement cancel_tasks = {
    "cancel_tasks",
    "UPDATE tasks t SET state = 'pending', run_at = now()"
    " FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS n (id, portfolio_id, ticker)"
    " WHERE t.id = n.id AND t.portfolio_id = n.portfolio_id AND " STORE_IS_UNFINISHED,
};

// Adds the legs of the entries that have been canceled.
static bool cancel_legs(struct transaction *transaction,
                        const struct rows *entries,
                        const struct parameter *parameters,
                        struct rows *out_legs,
                        struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    struct parameter *groups = arena_allocate(arena, (entries->count + 1) * sizeof(*groups));
    struct parameter all[4] = {[1] = parameters[0], [2] = parameters[1], [3] = parameters[2]};
    size_t count = 0;

    if (groups == NULL)
        return store_out_of_budget(error);
    for (size_t i = 0; i < entries->count; i++)
        if (!rows_is_null(entries, i, 3))
            groups[count++] = parameter_text(rows_text(entries, i, 3));
    if (count == 0)
        return true;
    if (!parameter_array(arena, groups, count, &all[0]))
        return store_out_of_budget(error);
    return transaction_query(transaction, &cancel_held, all, COUNT_OF(all), out_legs, error);
}

static void add_canceled(struct columns *table, const struct rows *rows, struct store_finished *out)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct parameter row[3] = {
            parameter_text(rows_text(rows, i, 0)),
            parameter_text(rows_text(rows, i, 1)),
            parameter_text(rows_text(rows, i, 2)),
        };

        columns_add(table, row);
        snprintf(out[i].order_id, UUID_SIZE, "%s", rows_text(rows, i, 0));
        snprintf(out[i].portfolio_id, UUID_SIZE, "%s", rows_text(rows, i, 1));
    }
}

bool store_cancel_resting(struct transaction *transaction,
                          const char *portfolio_id,
                          const char *request_id,
                          int64_t at,
                          struct store_finished **out_canceled,
                          size_t *out_count,
                          struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    struct parameter parameters[] = {parameter_text(portfolio_id), parameter_time(at),
                                     parameter_text(request_id)};
    struct rows rows = {0};
    struct rows legs = {0};
    struct columns table;
    struct store_finished *canceled = NULL;

    if (!transaction_queue(transaction, &lock_resting_groups, parameters, 1, NULL, error) ||
        !transaction_query(transaction, &cancel_resting, parameters, COUNT_OF(parameters), &rows,
                           error) ||
        !cancel_legs(transaction, &rows, parameters, &legs, error) ||
        !columns_start(&table, arena, 3, rows.count + legs.count, error))
        return false;
    canceled = arena_allocate(arena, (rows.count + legs.count + 1) * sizeof(*canceled));
    if (canceled == NULL)
        return store_out_of_budget(error);
    add_canceled(&table, &rows, canceled);
    add_canceled(&table, &legs, canceled + rows.count);
    *out_canceled = canceled;
    *out_count = rows.count + legs.count;
    return columns_queue(&table, transaction, &cancel_tasks, NULL, 0, NULL, error) &&
           columns_queue(&table, transaction, &store_end_resting, NULL, 0, NULL, error);
}
