// SPDX-License-Identifier: MIT
// trading_cancels: the part of trading_store that cancels all orders of a portfolio.
#include <stdio.h>

#include "database/columns.h"
#include "store/trading_store_private.h"

// Of whose entries the fill is not booked yet, by tasks that are on their way: few, whoever's they
// are.
#define FILLED_ENTRIES(portfolio)                                                                  \
    "SELECT e.group_id FROM tasks t"                                                               \
    " JOIN orders e ON e.id = t.id AND e.portfolio_id = t.portfolio_id"                            \
    " WHERE t.portfolio_id = " portfolio " AND t.state IN ('pending', 'active')"                   \
    " AND t.run_at < 'infinity' AND e.part = 'entry' AND e.status = 'filled'"

// What the exits of a group have sold is taken from what they share before that is given back. So
// one of them does that for all: the one with a fill that is not booked, if there is one. Where
// each has one they are left until one is booked, as with a single cancel.
static const struct statement cancel_resting = {
    "cancel_resting",
    "WITH canceled AS (UPDATE orders o SET status = 'canceled', canceled_at = $2, updated_at = $2,"
    " cancel_request_id = $3 FROM resting_orders r WHERE r.portfolio_id = $1"
    " AND o.id = r.order_id AND o.portfolio_id = r.portfolio_id"
    " AND (o.status IN ('new', 'partially_filled') OR (o.status = 'pending_new'"
    " AND o.decided_quantity IS NULL AND o.replaces IS NULL))"
    " AND (o.group_id IS NULL OR (SELECT count(*) FROM orders u WHERE u.group_id = o.group_id"
    " AND u.status = 'partially_filled' AND u.booked_count < u.fill_count) < 2)"
    " RETURNING o.id, o.portfolio_id, o.ticker, o.group_id, o.booked_count < o.fill_count AS sold)"
    " SELECT c.id, c.portfolio_id, c.ticker, c.group_id, c.group_id IS NULL"
    " OR row_number() OVER (PARTITION BY c.group_id ORDER BY c.sold DESC, c.id) = 1"
    " FROM canceled c",
};

// Before them, the groups of those that rest and of entries that are filled, as store_lock_groups
// does.
static const struct statement lock_resting_groups = {
    "lock_resting_groups",
    "SELECT id FROM orders WHERE group_id IN (SELECT o.group_id FROM resting_orders r"
    " JOIN orders o ON o.id = r.order_id AND o.portfolio_id = r.portfolio_id"
    " WHERE r.portfolio_id = $1 AND o.group_id IS NOT NULL"
    " UNION " FILLED_ENTRIES("$1") ") AND replaces IS NULL"
                                   " ORDER BY id FOR UPDATE",
};

// After them, the legs of the entries among them, and of those that are filled: what those have
// bought is free then.
static const struct statement cancel_held = {
    "cancel_held",
    "UPDATE orders SET status = 'canceled', canceled_at = $3, updated_at = $3,"
    " cancel_request_id = $4 WHERE group_id IN (SELECT unnest($1::uuid[])"
    " UNION " FILLED_ENTRIES(
        "$2") ") AND portfolio_id = $2"
              " AND status = 'held' RETURNING id, portfolio_id, ticker, group_id, true",
};

// What is open still: as it is being filled or replaced, whose replacement is not counted with it.
static const struct statement count_open = {
    "count_open",
    "WITH busy AS (SELECT o.group_id FROM orders o WHERE o.portfolio_id = $1 AND o.id IN"
    " (SELECT r.order_id FROM resting_orders r WHERE r.portfolio_id = $1"
    " UNION SELECT t.id FROM tasks t WHERE t.portfolio_id = $1"
    " AND t.state IN ('pending', 'active') AND t.run_at < 'infinity')"
    " AND (o.status IN ('new', 'partially_filled', 'pending_replace')"
    " OR (o.status = 'pending_new' AND o.replaces IS NULL)))"
    " SELECT (SELECT count(*) FROM busy) + (SELECT count(*) FROM orders h"
    " WHERE h.group_id IN (SELECT b.group_id FROM busy b WHERE b.group_id IS NOT NULL)"
    " AND h.portfolio_id = $1 AND h.status = 'held')",
};

static const struct statement cancel_tasks = {
    "cancel_tasks",
    "UPDATE tasks t SET state = CASE WHEN n.gives_back THEN 'pending' ELSE 'completed' END,"
    " run_at = now(), finished_at = CASE WHEN NOT n.gives_back THEN now() END"
    " FROM unnest($1::uuid[], $2::uuid[], $3::boolean[]) AS n (id, portfolio_id, gives_back)"
    " WHERE t.id = n.id AND t.portfolio_id = n.portfolio_id AND " STORE_IS_UNFINISHED,
};

// Adds the legs of the entries that have been canceled, and of those that are filled.
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
                          struct store_canceled *out_canceled,
                          struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    struct parameter parameters[] = {parameter_text(portfolio_id), parameter_time(at),
                                     parameter_text(request_id)};
    struct rows rows = {0};
    struct rows legs = {0};
    struct rows open = {0};
    struct canceled_rows table;
    struct store_finished *canceled = NULL;

    if (!transaction_queue(transaction, &lock_resting_groups, parameters, 1, NULL, error) ||
        !transaction_query(transaction, &cancel_resting, parameters, COUNT_OF(parameters), &rows,
                           error) ||
        !cancel_legs(transaction, &rows, parameters, &legs, error) ||
        !transaction_query(transaction, &count_open, parameters, 1, &open, error) ||
        !columns_start(&table.tasks, arena, 3, rows.count + legs.count, error) ||
        !columns_start(&table.keys, arena, 3, rows.count + legs.count, error))
        return false;
    canceled = arena_allocate(arena, (rows.count + legs.count + 1) * sizeof(*canceled));
    if (canceled == NULL)
        return store_out_of_budget(error);
    add_canceled(&table, &rows, canceled);
    add_canceled(&table, &legs, canceled + rows.count);
    *out_canceled = (struct store_canceled){.orders = canceled,
                                            .count = rows.count + legs.count,
                                            .still_open = (size_t)rows_int(&open, 0, 0)};
    return columns_queue(&table.tasks, transaction, &cancel_tasks, NULL, 0, NULL, error) &&
           columns_queue(&table.keys, transaction, &store_end_resting, NULL, 0, NULL, error);
}
