// SPDX-License-Identifier: MIT
#include "trading_store.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "database/columns.h"
#include "fill.h"
#include "money/money.h"

static const struct statement insert_orders = {
    "insert_orders",
    "INSERT INTO orders (id, portfolio_id, user_id, request_id, body_hash, client_order_id,"
    " ticker, side, type, time_in_force, quantity, hold_amount, status, created_at, updated_at,"
    " expires_at)"
    " SELECT n.id, n.portfolio_id, n.user_id, n.request_id, n.body_hash, n.client_order_id,"
    " n.ticker, n.side, 'market', 'day', n.quantity, n.hold_amount, 'pending_new', n.created_at,"
    " n.created_at, n.expires_at"
    " FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[],"
    " $7::text[], $8::text[], $9::numeric[], $10::numeric[], $11::timestamptz[],"
    " $12::timestamptz[])"
    " AS n (id, portfolio_id, user_id, request_id, body_hash, client_order_id, ticker, side,"
    " quantity, hold_amount, created_at, expires_at)"
    " ON CONFLICT DO NOTHING RETURNING id",
};

// Only for orders that were inserted just now: their ids are new.
static const struct statement insert_tasks = {
    "insert_tasks",
    "INSERT INTO tasks (id, portfolio_id, kind, state, attempts, worker, run_at, queued_at,"
    " started_at)"
    " SELECT n.id, n.portfolio_id, 'order', CASE WHEN n.leased THEN 'active' ELSE 'pending' END,"
    " CASE WHEN n.leased THEN 1 ELSE 0 END, CASE WHEN n.leased THEN $4 END,"
    " CASE WHEN n.leased THEN now() + $5::bigint * interval '1 ms' ELSE now() END, now(),"
    " CASE WHEN n.leased THEN now() END"
    " FROM unnest($1::uuid[], $2::uuid[], $3::boolean[]) AS n (id, portfolio_id, leased)"
    " WHERE EXISTS (SELECT 1 FROM orders o WHERE o.id = n.id"
    " AND o.portfolio_id = n.portfolio_id)",
};

static const struct statement save_orders = {
    "save_orders",
    "UPDATE orders o SET status = n.status, hold_amount = n.hold_amount,"
    " filled_quantity = n.filled_quantity, average_fill_price = n.average_fill_price,"
    " commission = n.commission, reason = n.reason, reason_message = n.reason_message,"
    " reason_details = n.reason_details, cancel_request_id = n.cancel_request_id,"
    " submitted_at = n.submitted_at, filled_at = n.filled_at, canceled_at = n.canceled_at,"
    " expired_at = n.expired_at, updated_at = n.updated_at"
    " FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::numeric[], $6::numeric[],"
    " $7::numeric[], $8::numeric[], $9::text[], $10::text[], $11::text[], $12::uuid[],"
    " $13::timestamptz[], $14::timestamptz[], $15::timestamptz[], $16::timestamptz[],"
    " $17::timestamptz[])"
    " AS n (id, portfolio_id, from_status, status, hold_amount, filled_quantity,"
    " average_fill_price, commission, reason, reason_message, reason_details, cancel_request_id,"
    " submitted_at, filled_at, canceled_at, expired_at, updated_at)"
    " WHERE o.id = n.id AND o.portfolio_id = n.portfolio_id AND o.status = n.from_status"
    " RETURNING o.id",
};

// A fill is there only with its order: when somebody else was first, their fill has this number.
static const struct statement insert_fills = {
    "insert_fills",
    "INSERT INTO fills (order_id, portfolio_id, number, id, ticker, side, quantity, price,"
    " commission, filled_at, quote_at, model)"
    " SELECT n.order_id, n.portfolio_id, n.number, n.id, o.ticker, o.side, n.quantity, n.price,"
    " n.commission, n.filled_at, n.quote_at, $10"
    " FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::uuid[], $5::numeric[],"
    " $6::numeric[], $7::numeric[], $8::timestamptz[], $9::timestamptz[])"
    " AS n (order_id, portfolio_id, number, id, quantity, price, commission, filled_at, quote_at)"
    " JOIN orders o ON o.id = n.order_id AND o.portfolio_id = n.portfolio_id"
    " AND o.status = 'filled'"
    " ON CONFLICT (order_id, portfolio_id, number) DO NOTHING",
};

static const struct statement save_tasks = {
    "save_tasks",
    "UPDATE tasks t SET state = n.state,"
    " run_at = coalesce(now() + n.run_after_ms * interval '1 ms', 'infinity'), error = n.error,"
    // Work on a task that rested begins when it is taken up again.
    " started_at = CASE WHEN t.run_at = 'infinity' THEN now() ELSE t.started_at END,"
    " finished_at = CASE WHEN n.state IN ('completed', 'failed') THEN now() END"
    " FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::text[])"
    " AS n (id, portfolio_id, status, state, run_after_ms, error)"
    " WHERE t.id = n.id AND t.portfolio_id = n.portfolio_id AND t.state IN ('pending', 'active')"
    " AND EXISTS (SELECT 1 FROM orders o WHERE o.id = n.id AND o.portfolio_id = n.portfolio_id"
    " AND o.status = n.status)",
};

static const struct statement finish_tasks = {
    "finish_tasks",
    "UPDATE tasks t SET state = 'completed', finished_at = now(), error = NULL"
    " FROM unnest($1::uuid[], $2::uuid[]) AS n (id, portfolio_id)"
    " WHERE t.id = n.id AND t.portfolio_id = n.portfolio_id AND t.state IN ('pending', 'active')",
};

// A plain select of one table, as SKIP LOCKED wants it.
static const struct statement find_due_tasks = {
    "find_due_tasks",
    "SELECT id, portfolio_id, attempts FROM tasks WHERE state IN ('pending', 'active')"
    " AND run_at <= now() ORDER BY run_at LIMIT $1 FOR UPDATE SKIP LOCKED",
};

static const struct statement claim_tasks = {
    "claim_tasks",
    "UPDATE tasks t SET state = 'active', attempts = t.attempts + 1, worker = $3,"
    " run_at = now() + $4::bigint * interval '1 ms', started_at = now()"
    " FROM unnest($1::uuid[], $2::uuid[]) AS n (id, portfolio_id)"
    " WHERE t.id = n.id AND t.portfolio_id = n.portfolio_id",
};

static const struct statement list_workers = {
    "list_workers",
    "SELECT DISTINCT worker FROM tasks WHERE state IN ('pending', 'active')"
    " AND run_at < 'infinity' AND worker IS NOT NULL LIMIT $1",
};

static const struct statement end_leases = {
    "end_leases",
    "UPDATE tasks SET state = 'pending', run_at = now() WHERE state = 'active'"
    " AND run_at < 'infinity' AND worker = $1",
};

#define ORDER_COLUMNS                                                                              \
    "o.id, o.portfolio_id, o.user_id, o.request_id, o.body_hash, o.client_order_id, o.ticker,"     \
    " o.side, o.quantity, o.filled_quantity, o.average_fill_price, o.hold_amount, o.commission,"   \
    " o.status, o.reason, o.reason_message, o.reason_details, o.cancel_request_id, o.created_at,"  \
    " o.submitted_at, o.filled_at, o.canceled_at, o.expired_at, o.updated_at, o.expires_at"

static const struct statement load_orders = {
    "load_orders",
    "SELECT " ORDER_COLUMNS " FROM orders o WHERE o.id = ANY ($1::uuid[])",
};

static const struct statement load_resting = {
    "load_resting",
    "SELECT " ORDER_COLUMNS " FROM tasks t JOIN orders o ON o.id = t.id"
    " AND o.portfolio_id = t.portfolio_id"
    " WHERE t.state IN ('pending', 'active') AND t.run_at = 'infinity' AND t.id > $1::uuid"
    " AND o.status = 'new' ORDER BY t.id LIMIT $2",
};

static const struct statement find_by_request = {
    "find_by_request",
    "SELECT " ORDER_COLUMNS " FROM orders o WHERE o.portfolio_id = $1 AND o.request_id = $2",
};

static const struct statement find_requests = {
    "find_requests",
    "SELECT n.place FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY"
    " AS n (portfolio_id, request_id, place) WHERE EXISTS (SELECT 1 FROM orders o"
    " WHERE o.portfolio_id = n.portfolio_id AND o.request_id = n.request_id)",
};

static const struct statement page_orders = {
    "page_orders",
    "SELECT " ORDER_COLUMNS " FROM orders o WHERE o.user_id = $1"
    " AND ($2::uuid IS NULL OR o.portfolio_id = $2) AND ($3::uuid IS NULL OR o.id < $3)"
    " AND ($4::boolean IS NULL OR (o.status IN ('pending_new', 'new')) = $4)"
    " AND ($5::text IS NULL OR o.ticker = $5) AND ($6::text IS NULL OR o.side = $6)"
    " AND ($7::timestamptz IS NULL OR o.created_at >= $7)"
    " AND ($8::timestamptz IS NULL OR o.created_at < $8)"
    " ORDER BY o.id DESC LIMIT $9",
};

static const struct statement list_fills = {
    "list_fills",
    "SELECT number, id, quantity, price, commission, filled_at, quote_at FROM fills"
    " WHERE order_id = $1 ORDER BY number",
};

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The batch needs too much memory.");
}

static struct parameter text_or_null(const char *text)
{
    return parameter_text(text == NULL || text[0] == '\0' ? NULL : text);
}

static struct parameter time_or_null(int64_t at)
{
    return at == 0 ? parameter_null() : parameter_time(at);
}

bool store_insert_orders(struct transaction *transaction,
                         const struct store_new_order *orders,
                         size_t count,
                         const char *worker,
                         struct rows *out_rows,
                         struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    struct parameter lease[2] = {parameter_text(worker), parameter_int(STORE_LEASE_MS)};
    struct columns table;
    struct columns tasks;

    if (!columns_start(&table, arena, 12, count, error) ||
        !columns_start(&tasks, arena, 3, count, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct order *order = orders[i].order;
        struct parameter row[12] = {
            parameter_text(order->id),
            parameter_text(order->portfolio_id),
            parameter_text(order->user_id),
            parameter_text(order->request_id),
            parameter_text(order->body_hash),
            text_or_null(order->client_order_id),
            parameter_text(order->ticker),
            parameter_text(order_side_name(order->side)),
            parameter_decimal(order->quantity, QUANTITY_SCALE),
            parameter_decimal(order->hold_amount, MONEY_SCALE),
            parameter_time(order->created_at),
            parameter_time(order->expires_at),
        };
        struct parameter task[3] = {
            parameter_text(order->id),
            parameter_text(order->portfolio_id),
            parameter_bool(orders[i].is_leased),
        };

        columns_add(&table, row);
        columns_add(&tasks, task);
    }
    return columns_queue(&table, transaction, &insert_orders, NULL, 0, out_rows, error) &&
           columns_queue(&tasks, transaction, &insert_tasks, lease, 2, NULL, error);
}

static bool has_id(const struct rows *rows, const char *id)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (strcmp(rows_text(rows, i, 0), id) == 0)
            return true;
    }
    return false;
}

void store_take_inserted(const struct rows *rows, struct store_new_order *orders, size_t count)
{
    for (size_t i = 0; i < count; i++)
        orders[i].inserted = has_id(rows, orders[i].order->id);
}

static void add_order(struct columns *table, const struct store_change *change)
{
    const struct order *order = change->order;
    struct parameter row[17] = {
        parameter_text(order->id),
        parameter_text(order->portfolio_id),
        parameter_text(order_status_name(change->from)),
        parameter_text(order_status_name(order->status)),
        parameter_decimal(order->hold_amount, MONEY_SCALE),
        parameter_decimal(order->filled_quantity, QUANTITY_SCALE),
        order->filled_quantity == 0 ? parameter_null()
                                    : parameter_decimal(order->average_fill_price, MONEY_SCALE),
        parameter_decimal(order->commission, MONEY_SCALE),
        text_or_null(order->reason),
        text_or_null(order->reason_message),
        text_or_null(order->reason_details),
        text_or_null(order->cancel_request_id),
        time_or_null(order->submitted_at),
        time_or_null(order->filled_at),
        time_or_null(order->canceled_at),
        time_or_null(order->expired_at),
        parameter_time(order->updated_at),
    };

    columns_add(table, row);
}

static void
add_fill(struct columns *table, const struct order *order, const struct order_fill *fill)
{
    struct parameter row[9] = {
        parameter_text(order->id),
        parameter_text(order->portfolio_id),
        parameter_int(fill->number),
        parameter_text(fill->id),
        parameter_decimal(fill->quantity, QUANTITY_SCALE),
        parameter_decimal(fill->price, MONEY_SCALE),
        parameter_decimal(fill->commission, MONEY_SCALE),
        parameter_time(fill->filled_at),
        parameter_time(fill->quote_at),
    };

    columns_add(table, row);
}

static void add_task(struct columns *table, const struct store_change *change)
{
    static const char *const states[] = {
        [STORE_TASK_PENDING] = "pending",
        [STORE_TASK_ACTIVE] = "active",
        [STORE_TASK_COMPLETED] = "completed",
        [STORE_TASK_FAILED] = "failed",
    };
    struct parameter row[6] = {
        parameter_text(change->order->id),
        parameter_text(change->order->portfolio_id),
        parameter_text(order_status_name(change->order->status)),
        parameter_text(states[change->task]),
        change->run_after_ms == STORE_NEVER ? parameter_null()
                                            : parameter_int(change->run_after_ms),
        parameter_text(change->task_error),
    };

    columns_add(table, row);
}

bool store_save_changes(struct transaction *transaction,
                        const struct store_change *changes,
                        size_t count,
                        struct rows *out_rows,
                        struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    struct parameter model = parameter_text(FILL_MODEL);
    struct columns orders;
    struct columns fills;
    struct columns tasks;

    if (!columns_start(&orders, arena, 17, count, error) ||
        !columns_start(&fills, arena, 9, count, error) ||
        !columns_start(&tasks, arena, 6, count, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (changes[i].changes_order)
            add_order(&orders, &changes[i]);
        if (changes[i].changes_order && changes[i].fill != NULL)
            add_fill(&fills, changes[i].order, changes[i].fill);
        if (changes[i].task != STORE_TASK_UNCHANGED)
            add_task(&tasks, &changes[i]);
    }
    return columns_queue(&orders, transaction, &save_orders, NULL, 0, out_rows, error) &&
           columns_queue(&fills, transaction, &insert_fills, &model, 1, NULL, error) &&
           columns_queue(&tasks, transaction, &save_tasks, NULL, 0, NULL, error);
}

void store_take_saved(const struct rows *rows, struct store_change *changes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        changes[i].saved = changes[i].changes_order && has_id(rows, changes[i].order->id);
}

bool store_finish_tasks(struct transaction *transaction,
                        const struct store_finished *finished,
                        size_t count,
                        struct error *error)
{
    struct columns table;

    if (!columns_start(&table, transaction_arena(transaction), 2, count, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct parameter row[2] = {
            parameter_text(finished[i].order_id),
            parameter_text(finished[i].portfolio_id),
        };

        columns_add(&table, row);
    }
    return columns_queue(&table, transaction, &finish_tasks, NULL, 0, NULL, error);
}

bool store_claim_tasks(struct transaction *transaction,
                       const char *worker,
                       size_t limit,
                       struct store_task **out_tasks,
                       size_t *out_count,
                       struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    struct parameter most = parameter_int((int64_t)limit);
    struct parameter lease[2] = {parameter_text(worker), parameter_int(STORE_LEASE_MS)};
    struct rows due = {0};
    struct columns table;
    struct store_task *tasks = NULL;

    if (!transaction_query(transaction, &find_due_tasks, &most, 1, &due, error) ||
        !columns_start(&table, arena, 2, due.count, error))
        return false;
    tasks = arena_allocate(arena, (due.count + 1) * sizeof(*tasks));
    if (tasks == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < due.count; i++) {
        struct parameter row[2] = {
            parameter_text(rows_text(&due, i, 0)),
            parameter_text(rows_text(&due, i, 1)),
        };

        columns_add(&table, row);
        snprintf(tasks[i].order_id, UUID_SIZE, "%s", rows_text(&due, i, 0));
        tasks[i].attempts = rows_int(&due, i, 2) + 1;
    }
    *out_tasks = tasks;
    *out_count = due.count;
    return columns_queue(&table, transaction, &claim_tasks, lease, 2, NULL, error);
}

bool store_list_workers(struct database *database,
                        struct arena *arena,
                        const char **out_workers,
                        size_t *out_count,
                        struct error *error)
{
    struct parameter most = parameter_int(STORE_WORKERS_MAX);
    struct rows rows = {0};

    if (!database_query(database, arena, &list_workers, &most, 1, &rows, error))
        return false;
    for (size_t i = 0; i < rows.count; i++)
        out_workers[i] = rows_text(&rows, i, 0);
    *out_count = rows.count;
    return true;
}

bool store_end_leases(struct database *database,
                      struct arena *arena,
                      const char *worker,
                      struct error *error)
{
    struct parameter parameter = parameter_text(worker);
    struct rows rows = {0};

    return database_query(database, arena, &end_leases, &parameter, 1, &rows, error);
}

static void copy(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text == NULL ? "" : text);
}

static void take_order(const struct rows *rows, size_t row, struct order *out_order)
{
    struct order order = {
        .client_order_id = rows_text(rows, row, 5),
        .side = strcmp(rows_text(rows, row, 7), "sell") == 0 ? ORDER_SELL : ORDER_BUY,
        .quantity = rows_decimal(rows, row, 8, QUANTITY_SCALE),
        .filled_quantity = rows_decimal(rows, row, 9, QUANTITY_SCALE),
        .average_fill_price = rows_decimal(rows, row, 10, MONEY_SCALE),
        .hold_amount = rows_decimal(rows, row, 11, MONEY_SCALE),
        .commission = rows_decimal(rows, row, 12, MONEY_SCALE),
        .reason_details = rows_text(rows, row, 16),
        .created_at = rows_time(rows, row, 18),
        .submitted_at = rows_time(rows, row, 19),
        .filled_at = rows_time(rows, row, 20),
        .canceled_at = rows_time(rows, row, 21),
        .expired_at = rows_time(rows, row, 22),
        .updated_at = rows_time(rows, row, 23),
        .expires_at = rows_time(rows, row, 24),
    };

    copy(order.id, sizeof(order.id), rows_text(rows, row, 0));
    copy(order.portfolio_id, sizeof(order.portfolio_id), rows_text(rows, row, 1));
    copy(order.user_id, sizeof(order.user_id), rows_text(rows, row, 2));
    copy(order.request_id, sizeof(order.request_id), rows_text(rows, row, 3));
    copy(order.body_hash, sizeof(order.body_hash), rows_text(rows, row, 4));
    copy(order.ticker, sizeof(order.ticker), rows_text(rows, row, 6));
    // A status this program does not know would be of a newer one; it is final as far as this one
    // is concerned.
    if (!order_status_find(rows_text(rows, row, 13), &order.status))
        order.status = ORDER_REJECTED;
    copy(order.reason, sizeof(order.reason), rows_text(rows, row, 14));
    copy(order.reason_message, sizeof(order.reason_message), rows_text(rows, row, 15));
    copy(order.cancel_request_id, sizeof(order.cancel_request_id), rows_text(rows, row, 17));
    *out_order = order;
}

static bool take_orders(const struct rows *rows,
                        struct arena *arena,
                        struct order **out_orders,
                        size_t *out_count,
                        struct error *error)
{
    struct order *orders = arena_allocate(arena, (rows->count + 1) * sizeof(*orders));

    if (orders == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < rows->count; i++)
        take_order(rows, i, &orders[i]);
    *out_orders = orders;
    *out_count = rows->count;
    return true;
}

bool store_load_orders(struct database *database,
                       struct arena *arena,
                       const char *const *ids,
                       size_t count,
                       struct order **out_orders,
                       size_t *out_count,
                       struct error *error)
{
    struct parameter *values = arena_allocate(arena, (count + 1) * sizeof(*values));
    struct parameter array;
    struct rows rows = {0};

    if (values == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < count; i++)
        values[i] = parameter_text(ids[i]);
    if (!parameter_array(arena, values, count, &array))
        return out_of_budget(error);
    return database_query(database, arena, &load_orders, &array, 1, &rows, error) &&
           take_orders(&rows, arena, out_orders, out_count, error);
}

bool store_load_resting(struct database *database,
                        struct arena *arena,
                        const char *after_id,
                        size_t limit,
                        struct order **out_orders,
                        size_t *out_count,
                        struct error *error)
{
    struct parameter parameters[2] = {parameter_text(after_id), parameter_int((int64_t)limit)};
    struct rows rows = {0};

    return database_query(database, arena, &load_resting, parameters, 2, &rows, error) &&
           take_orders(&rows, arena, out_orders, out_count, error);
}

bool store_find_by_request(struct database *database,
                           struct arena *arena,
                           const char *portfolio_id,
                           const char *request_id,
                           struct order *out_order,
                           bool *out_found,
                           struct error *error)
{
    struct parameter parameters[2] = {parameter_text(portfolio_id), parameter_text(request_id)};
    struct rows rows = {0};

    if (!database_query(database, arena, &find_by_request, parameters, 2, &rows, error))
        return false;
    *out_found = rows.count == 1;
    if (*out_found)
        take_order(&rows, 0, out_order);
    return true;
}

bool store_find_requests(struct database *database,
                         struct arena *arena,
                         const struct order *const *orders,
                         size_t count,
                         bool *out_found,
                         struct error *error)
{
    struct parameter portfolios[STORE_BATCH_MAX];
    struct parameter requests[STORE_BATCH_MAX];
    struct parameter parameters[2];
    struct rows rows = {0};

    assert(count <= STORE_BATCH_MAX);
    for (size_t i = 0; i < count; i++) {
        portfolios[i] = parameter_text(orders[i]->portfolio_id);
        requests[i] = parameter_text(orders[i]->request_id);
    }
    if (!parameter_array(arena, portfolios, count, &parameters[0]) ||
        !parameter_array(arena, requests, count, &parameters[1]))
        return out_of_budget(error);
    if (!database_query(database, arena, &find_requests, parameters, 2, &rows, error))
        return false;
    memset(out_found, 0, count * sizeof *out_found);
    for (size_t i = 0; i < rows.count; i++)
        out_found[rows_int(&rows, i, 0) - 1] = true;
    return true;
}

bool store_page_orders(struct database *database,
                       struct arena *arena,
                       const struct store_filter *filter,
                       struct order **out_orders,
                       size_t *out_count,
                       struct error *error)
{
    struct parameter parameters[] = {
        parameter_text(filter->user_id),
        parameter_text(filter->portfolio_id),
        parameter_text(filter->before_id),
        filter->group == STORE_ALL ? parameter_null() : parameter_bool(filter->group == STORE_OPEN),
        parameter_text(filter->ticker),
        parameter_text(filter->side),
        filter->has_start ? parameter_time(filter->start) : parameter_null(),
        filter->has_end ? parameter_time(filter->end) : parameter_null(),
        parameter_int((int64_t)filter->limit),
    };
    struct rows rows = {0};

    return database_query(database, arena, &page_orders, parameters, COUNT_OF(parameters), &rows,
                          error) &&
           take_orders(&rows, arena, out_orders, out_count, error);
}

bool store_list_fills(struct database *database,
                      struct arena *arena,
                      const char *order_id,
                      struct order_fill **out_fills,
                      size_t *out_count,
                      struct error *error)
{
    struct parameter parameter = parameter_text(order_id);
    struct rows rows = {0};
    struct order_fill *fills = NULL;

    if (!database_query(database, arena, &list_fills, &parameter, 1, &rows, error))
        return false;
    fills = arena_allocate(arena, (rows.count + 1) * sizeof(*fills));
    if (fills == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < rows.count; i++) {
        fills[i].number = (int)rows_int(&rows, i, 0);
        copy(fills[i].id, sizeof(fills[i].id), rows_text(&rows, i, 1));
        fills[i].quantity = rows_decimal(&rows, i, 2, QUANTITY_SCALE);
        fills[i].price = rows_decimal(&rows, i, 3, MONEY_SCALE);
        fills[i].commission = rows_decimal(&rows, i, 4, MONEY_SCALE);
        fills[i].filled_at = rows_time(&rows, i, 5);
        fills[i].quote_at = rows_time(&rows, i, 6);
    }
    *out_fills = fills;
    *out_count = rows.count;
    return true;
}
