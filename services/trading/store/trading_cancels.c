// SPDX-License-Identifier: MIT
// trading_cancels: the part of trading_store that cancels all orders of a portfolio.
#include <stdio.h>

#include "database/columns.h"
#include "store/trading_store_private.h"

// What the exits of a group have sold is taken from what they share before that is given back. So
// one of them does that for all: the one with a fill that is not booked, if there is one. Where
// each has one they are left until one is booked, as with a single cancel.
static const struct statement cancel_resting = {
    "cancel_resting",
    "WITH canceled AS (UPDATE orders o SET status = 'canceled', canceled_at = $2, updated_at = $2,"
    " cancel_request_id = $3 FROM resting_orders r WHERE r.portfolio_id = $1"
    " AND o.id = r.order_id AND o.portfolio_id = r.portfolio_id"
    " AND o.status IN ('new', 'partially_filled')"
    " AND (o.group_id IS NULL OR (SELECT count(*) FROM orders u WHERE u.group_id = o.group_id"
    " AND u.status = 'partially_filled' AND u.booked_count < u.fill_count) < 2)"
    " RETURNING o.id, o.portfolio_id, o.ticker, o.group_id, o.booked_count < o.fill_count AS sold)"
    " SELECT c.id, c.portfolio_id, c.ticker, c.group_id, c.group_id IS NULL"
    " OR row_number() OVER (PARTITION BY c.group_id ORDER BY c.sold DESC, c.id) = 1"
    " FROM canceled c",
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
    " AND status = 'held' RETURNING id, portfolio_id, ticker, group_id, true",
};

static const struct statement cancel_tasks = {
    "cancel_tasks",
    "UPDATE tasks t SET state = CASE WHEN n.gives_back THEN 'pending' ELSE 'completed' END,"
    " run_at = now(), finished_at = CASE WHEN NOT n.gives_back THEN now() END"
    " FROM unnest($1::uuid[], $2::uuid[], $3::boolean[]) AS n (id, portfolio_id, gives_back)"
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

// What is written of the orders that have been canceled.
struct canceled_rows {
    struct columns tasks;
    struct columns keys;
};

static void
add_canceled(struct canceled_rows *table, const struct rows *rows, struct store_finished *out)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct parameter id = parameter_text(rows_text(rows, i, 0));
        struct parameter portfolio_id = parameter_text(rows_text(rows, i, 1));
        struct parameter task[3] = {id, portfolio_id, parameter_bool(rows_bool(rows, i, 4))};
        struct parameter key[3] = {id, portfolio_id, parameter_text(rows_text(rows, i, 2))};

        columns_add(&table->tasks, task);
        columns_add(&table->keys, key);
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
    struct canceled_rows table;
    struct store_finished *canceled = NULL;

    if (!transaction_queue(transaction, &lock_resting_groups, parameters, 1, NULL, error) ||
        !transaction_query(transaction, &cancel_resting, parameters, COUNT_OF(parameters), &rows,
                           error) ||
        !cancel_legs(transaction, &rows, parameters, &legs, error) ||
        !columns_start(&table.tasks, arena, 3, rows.count + legs.count, error) ||
        !columns_start(&table.keys, arena, 3, rows.count + legs.count, error))
        return false;
    canceled = arena_allocate(arena, (rows.count + legs.count + 1) * sizeof(*canceled));
    if (canceled == NULL)
        return store_out_of_budget(error);
    add_canceled(&table, &rows, canceled);
    add_canceled(&table, &legs, canceled + rows.count);
    *out_canceled = canceled;
    *out_count = rows.count + legs.count;
    return columns_queue(&table.tasks, transaction, &cancel_tasks, NULL, 0, NULL, error) &&
           columns_queue(&table.keys, transaction, &store_end_resting, NULL, 0, NULL, error);
}
