// SPDX-License-Identifier: MIT
#include "store/trading_store.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/checksum.h"
#include "database/columns.h"
#include "money/money.h"
#include "store/trading_store_private.h"

enum { GATES = 1024 }; // rows of resting_gates

// How long the arrays are says little about the best plan, and planning each time costs as much as
// what a small batch writes.
static const struct statement plan_once = {
    "plan_once",
    "SET LOCAL plan_cache_mode = force_generic_plan",
};

enum { INSERT_WIDTH = 34 };

// Whether an order may be placed: by what has changed since it was checked ($38 is the revision of
// all orders of the statement), and by those that rest. A leg is there with the order that it is
// placed with, whatever changes between the two statements.
#define IS_PLACEABLE                                                                               \
    "(n.after_id IS NULL OR EXISTS (SELECT 1 FROM orders a WHERE a.id = n.after_id"                \
    " AND a.portfolio_id = n.portfolio_id))"                                                       \
    " AND (n.after_id IS NOT NULL AND n.replaces IS NULL"                                          \
    " OR (" STORE_LIMITS_ARE_KNOWN(                                                                \
        "n",                                                                                       \
        "$38::bigint") " AND NOT EXISTS (SELECT 1 FROM splits s WHERE s.ticker = n.ticker"         \
                       " AND s.effective_at > n.created_at)))"                                     \
                       " AND NOT EXISTS (SELECT 1 FROM resting_orders r WHERE n.after_id IS NULL"  \
                       " AND r.portfolio_id = n.portfolio_id"                                      \
                       " AND r.ticker = n.ticker AND " STORE_MEETS("n") ")"

// With their tasks: of those that were inserted, leased but for the ones named; of a leg one that
// waits for ever. And with their places among those that rest, which a leg has once it is active.
static const struct statement insert_orders = {
    "insert_orders",
    "WITH inserted AS (INSERT INTO orders (id, portfolio_id, user_id, request_id, body_hash,"
    " client_order_id, ticker, side, quantity, hold_amount, status, created_at, updated_at,"
    " expires_at, type, time_in_force, notional, limit_price, stop_price, trail_price,"
    " trail_percent, high_water, extended_hours, starts_at, replaces, decided_quantity,"
    " decided_price, decided_commission, decided_quote_at, fill_terms, volume_seen, order_class,"
    " group_id, part)"
    " SELECT n.id, n.portfolio_id, n.user_id, n.request_id, n.body_hash, n.client_order_id,"
    " n.ticker, n.side, n.quantity, n.hold_amount,"
    " CASE WHEN n.after_id IS NULL THEN 'pending_new' ELSE 'held' END, n.created_at, n.created_at,"
    " n.expires_at, n.type, n.time_in_force, n.notional, n.limit_price, n.stop_price,"
    " n.trail_price, n.trail_percent, n.high_water, n.extended_hours, n.starts_at, n.replaces,"
    " n.decided_quantity, n.decided_price, n.decided_commission, n.decided_quote_at,"
    " n.fill_terms, n.volume_seen, n.order_class, n.group_id, n.part"
    " FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[],"
    " $7::text[], $8::text[], $9::numeric[], $10::numeric[], $11::timestamptz[],"
    " $12::timestamptz[], $13::text[], $14::text[], $15::numeric[], $16::numeric[],"
    " $17::numeric[], $18::numeric[], $19::numeric[], $20::numeric[], $21::boolean[],"
    " $22::timestamptz[], $23::uuid[], $24::numeric[], $25::numeric[], $26::numeric[],"
    " $27::timestamptz[], $28::text[], $29::bigint[], $30::text[], $31::uuid[], $32::text[],"
    " $33::numeric[], $34::uuid[])"
    " AS n (id, portfolio_id, user_id, request_id, body_hash, client_order_id, ticker, side,"
    " quantity, hold_amount, created_at, expires_at, type, time_in_force, notional, limit_price,"
    " stop_price, trail_price, trail_percent, high_water, extended_hours, starts_at, replaces,"
    " decided_quantity, decided_price, decided_commission, decided_quote_at, fill_terms,"
    " volume_seen, order_class, group_id, part, meets_limit, after_id)"
    " WHERE " IS_PLACEABLE " ON CONFLICT DO NOTHING"
    " RETURNING id, portfolio_id, ticker, side, limit_price, type, time_in_force,"
    " quantity, decided_quantity, status),"
    " queued AS (INSERT INTO tasks (id, portfolio_id, kind, state, attempts, worker, run_at,"
    " queued_at, started_at)"
    " SELECT i.id, i.portfolio_id, 'order', CASE WHEN i.leased THEN 'active' ELSE 'pending' END,"
    " CASE WHEN i.leased THEN 1 ELSE 0 END, CASE WHEN i.leased THEN $35::text END,"
    " CASE WHEN i.leased THEN now() + $36::bigint * interval '1 ms'"
    " WHEN i.status = 'held' THEN 'infinity' ELSE now() END, now(),"
    " CASE WHEN i.leased THEN now() END"
    " FROM (SELECT id, portfolio_id, status, id <> ALL ($37::uuid[]) AS leased"
    " FROM inserted) AS i),"
    " rested AS (INSERT INTO resting_orders (portfolio_id, ticker, order_id, side, limit_price,"
    " trails)"
    " SELECT i.portfolio_id, i.ticker, i.id, i.side, i.limit_price, i.type = 'trailing_stop'"
    " FROM inserted i WHERE coalesce(i.decided_quantity, 0) < i.quantity"
    " AND i.time_in_force NOT IN ('ioc', 'fok') AND i.status <> 'held')"
    " SELECT id FROM inserted",
};

// Of two orders that pass the same gate the later statement begins when the earlier is committed.
static const struct statement lock_gates = {
    "lock_resting_gates",
    "SELECT id FROM resting_gates WHERE id = ANY ($1::integer[]) ORDER BY id FOR NO KEY UPDATE",
};

// Fills orders as was decided when they were taken, and ends their tasks, for they are booked.
static const struct statement fill_decided = {
    "fill_decided",
    "WITH filled AS (UPDATE orders o SET status = 'filled', filled_quantity = o.decided_quantity,"
    " average_fill_price = o.decided_price, commission = o.decided_commission,"
    " filled_value = o.decided_price * o.decided_quantity, fill_count = 1, booked_count = 1,"
    " submitted_at = o.created_at, filled_at = o.created_at, updated_at = o.created_at"
    " FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS n (id, portfolio_id, fill_id)"
    " WHERE o.id = n.id AND o.portfolio_id = n.portfolio_id AND o.status = 'pending_new'"
    " RETURNING o.id, o.portfolio_id, n.fill_id, o.ticker, o.side, o.decided_quantity,"
    " o.decided_price, o.decided_commission, o.created_at, o.decided_quote_at),"
    " noted AS (INSERT INTO fills (order_id, portfolio_id, number, id, ticker, side, quantity,"
    " price, commission, filled_at, quote_at, model)"
    " SELECT f.id, f.portfolio_id, 1, f.fill_id, f.ticker, f.side, f.decided_quantity,"
    " f.decided_price, f.decided_commission, f.created_at, f.decided_quote_at, $4 FROM filled f),"
    " done AS (UPDATE tasks t SET state = 'completed', finished_at = now(), error = NULL"
    " FROM filled f WHERE t.id = f.id AND t.portfolio_id = f.portfolio_id AND " STORE_IS_UNFINISHED
    ")"
    " SELECT id FROM filled",
};

static const struct statement save_orders = {
    "save_orders",
    "UPDATE orders o SET status = n.status, hold_amount = n.hold_amount,"
    " filled_quantity = n.filled_quantity, average_fill_price = n.average_fill_price,"
    " commission = n.commission, reason = n.reason, reason_message = n.reason_message,"
    " reason_details = n.reason_details, cancel_request_id = n.cancel_request_id,"
    " submitted_at = n.submitted_at, filled_at = n.filled_at, canceled_at = n.canceled_at,"
    " expired_at = n.expired_at, updated_at = n.updated_at, triggered_at = n.triggered_at,"
    " high_water = n.high_water, stop_price = n.stop_price, looked_at = n.looked_at,"
    " fill_count = n.fill_count, booked_count = n.booked_count, filled_value = n.filled_value,"
    " volume_seen = n.volume_seen, quantity = n.quantity"
    " FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::numeric[], $6::numeric[],"
    " $7::numeric[], $8::numeric[], $9::text[], $10::text[], $11::text[], $12::uuid[],"
    " $13::timestamptz[], $14::timestamptz[], $15::timestamptz[], $16::timestamptz[],"
    " $17::timestamptz[], $18::timestamptz[], $19::numeric[], $20::numeric[],"
    " $21::timestamptz[], $22::integer[], $23::integer[], $24::numeric[], $25::bigint[],"
    " $26::integer[], $27::numeric[])"
    " AS n (id, portfolio_id, from_status, status, hold_amount, filled_quantity,"
    " average_fill_price, commission, reason, reason_message, reason_details, cancel_request_id,"
    " submitted_at, filled_at, canceled_at, expired_at, updated_at, triggered_at, high_water,"
    " stop_price, looked_at, fill_count, booked_count, filled_value, volume_seen,"
    " from_fill_count, quantity)"
    " WHERE o.id = n.id AND o.portfolio_id = n.portfolio_id AND o.status = n.from_status"
    " AND o.fill_count = n.from_fill_count"
    " RETURNING o.id",
};

// A fill is there only with its order: when somebody else was first, their fill has this number.
static const struct statement insert_fills = {
    "insert_fills",
    "INSERT INTO fills (order_id, portfolio_id, number, id, ticker, side, quantity, price,"
    " commission, filled_at, quote_at, model)"
    " SELECT n.order_id, n.portfolio_id, n.number, n.id, o.ticker, o.side, n.quantity, n.price,"
    " n.commission, n.filled_at, n.quote_at, n.model"
    " FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::uuid[], $5::numeric[],"
    " $6::numeric[], $7::numeric[], $8::timestamptz[], $9::timestamptz[], $10::text[])"
    " AS n (order_id, portfolio_id, number, id, quantity, price, commission, filled_at, quote_at,"
    " model)"
    " JOIN orders o ON o.id = n.order_id AND o.portfolio_id = n.portfolio_id"
    " AND o.fill_count = n.number"
    " ON CONFLICT (order_id, portfolio_id, number) DO NOTHING",
};

static const struct statement save_tasks = {
    "save_tasks",
    "UPDATE tasks t SET state = n.state,"
    " run_at = coalesce(now() + n.run_after_ms * interval '1 ms', 'infinity'), error = n.error,"
    // Work on a task that rested begins when it is taken up again.
    " started_at = CASE WHEN t.run_at = 'infinity' THEN now() ELSE t.started_at END,"
    " finished_at = CASE WHEN n.state IN ('completed', 'failed') THEN now() END"
    " FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::text[],"
    " $7::integer[]) AS n (id, portfolio_id, status, state, run_after_ms, error, fill_count)"
    " WHERE t.id = n.id AND t.portfolio_id = n.portfolio_id AND " STORE_IS_UNFINISHED
    " AND EXISTS (SELECT 1 FROM orders o WHERE o.id = n.id AND o.portfolio_id = n.portfolio_id"
    " AND o.status = n.status AND o.fill_count = n.fill_count"
    // An order rests once every part of it is booked.
    " AND (n.run_after_ms IS NOT NULL OR o.booked_count = o.fill_count))",
};

static const struct statement rest_orders = {
    "rest_orders",
    "INSERT INTO resting_orders (portfolio_id, ticker, order_id, side, limit_price, trails)"
    " SELECT o.portfolio_id, o.ticker, o.id, o.side, o.limit_price, o.type = 'trailing_stop'"
    " FROM unnest($1::uuid[], $2::uuid[]) AS n (id, portfolio_id)"
    " JOIN orders o ON o.id = n.id AND o.portfolio_id = n.portfolio_id"
    " AND o.status IN ('new', 'partially_filled')"
    " ON CONFLICT DO NOTHING",
};

// Those that have ended; one that is being replaced rests until it is.
const struct statement store_end_resting = {
    "end_resting",
    "DELETE FROM resting_orders r USING unnest($1::uuid[], $2::uuid[], $3::text[])"
    " AS n (id, portfolio_id, ticker)"
    " WHERE r.portfolio_id = n.portfolio_id AND r.ticker = n.ticker AND r.order_id = n.id"
    " AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = n.id"
    " AND o.portfolio_id = n.portfolio_id"
    " AND o.status IN ('new', 'partially_filled', 'pending_replace'))",
};

// What becomes of an order as its replacement is taken or refused. Only whoever has decided about
// the replacement decides about it.
static const struct statement end_replaced = {
    "end_replaced",
    "UPDATE orders o SET updated_at = n.at,"
    " status = CASE WHEN n.status = 'new' AND o.fill_count > 0 THEN 'partially_filled'"
    " ELSE n.status END,"
    " replaced_by = CASE WHEN n.status = 'replaced' THEN n.replacement END"
    " FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::text[],"
    " $6::timestamptz[]) AS n (id, portfolio_id, status, replacement, replacement_status, at)"
    " WHERE o.id = n.id AND o.portfolio_id = n.portfolio_id AND o.status = 'pending_replace'"
    " AND EXISTS (SELECT 1 FROM orders r WHERE r.id = n.replacement"
    " AND r.portfolio_id = n.portfolio_id AND r.status = n.replacement_status)",
};

// A leg is replaced at once: what it holds is held for the next one, too.
static const struct statement replace_leg = {
    "replace_leg",
    "UPDATE orders SET status = 'replaced', replaced_by = $3, updated_at = $4"
    " WHERE id = $1 AND portfolio_id = $2 AND status = $5 RETURNING id",
};

static const struct statement end_replaced_tasks = {
    "end_replaced_tasks",
    "UPDATE tasks t SET state = 'completed', finished_at = now(), error = NULL"
    " FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS n (id, portfolio_id, ticker)"
    " WHERE t.id = n.id AND t.portfolio_id = n.portfolio_id AND " STORE_IS_UNFINISHED
    " AND EXISTS (SELECT 1 FROM orders o WHERE o.id = n.id AND o.portfolio_id = n.portfolio_id"
    " AND o.status = 'replaced')",
};

static const struct statement finish_tasks = {
    "finish_tasks",
    "UPDATE tasks t SET state = 'completed', finished_at = now(), error = NULL"
    " FROM unnest($1::uuid[], $2::uuid[]) AS n (id, portfolio_id)"
    " WHERE t.id = n.id AND t.portfolio_id = n.portfolio_id AND " STORE_IS_UNFINISHED,
};

// A plain select of one table, as SKIP LOCKED wants it.
static const struct statement find_due_tasks = {
    "find_due_tasks",
    "SELECT id, portfolio_id, attempts FROM tasks WHERE state IN ('pending', 'active')"
    " AND kind = 'order' AND run_at <= now() ORDER BY run_at LIMIT $1 FOR UPDATE SKIP LOCKED",
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

// Of several that have looked the last word is of the one that has looked furthest.
static const struct statement save_progress = {
    "save_progress",
    "UPDATE orders o SET high_water = n.high_water, stop_price = n.stop_price,"
    " looked_at = n.looked_at, volume_seen = n.volume_seen"
    " FROM unnest($1::uuid[], $2::numeric[], $3::numeric[], $4::timestamptz[], $5::bigint[])"
    " AS n (id, high_water, stop_price, looked_at, volume_seen)"
    " WHERE o.id = n.id AND o.status IN ('new', 'partially_filled')"
    " AND coalesce(o.looked_at, o.created_at) < n.looked_at",
};

static const struct statement note_split = {
    "note_split",
    "INSERT INTO splits (ticker, effective_at) VALUES ($1, $2) ON CONFLICT (ticker)"
    " DO UPDATE SET effective_at = excluded.effective_at"
    " WHERE splits.effective_at < excluded.effective_at",
};

static struct parameter text_or_null(const char *text)
{
    return parameter_text(text == NULL || text[0] == '\0' ? NULL : text);
}

static int64_t gate_of(const struct order *order)
{
    uint64_t hash = checksum_add(CHECKSUM_START, text_of(order->portfolio_id));

    hash = checksum_add(hash, text_of(order->ticker));
    hash ^= hash >> 32;
    return (int64_t)(hash % GATES);
}

// Whether it is compared with the orders that rest: by the statement that inserts it, or, when it
// takes the place of an exit, by store_find_newly_met.
static bool is_compared(const struct store_new_order *order)
{
    return order->after_id == NULL || order->order->replaces[0] != '\0';
}

// Queues the locks of the gates that the orders have to pass.
static bool pass_gates(struct transaction *transaction,
                       const struct store_new_order *orders,
                       size_t count,
                       struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    struct parameter *gates = arena_allocate(arena, (count + 1) * sizeof(*gates));
    struct parameter array;
    size_t gate_count = 0;

    for (size_t i = 0; gates != NULL && i < count; i++)
        if (!orders[i].is_left_out && is_compared(&orders[i]) && order_is_to_rest(orders[i].order))
            gates[gate_count++] = parameter_int(gate_of(orders[i].order));
    if (gates == NULL || !parameter_array(arena, gates, gate_count, &array))
        return store_out_of_budget(error);
    return gate_count == 0 || transaction_queue(transaction, &lock_gates, &array, 1, NULL, error);
}

static struct parameter value_or_null(struct arena *arena, const struct order *order)
{
    char value[PRODUCT_SUM_SIZE];

    if (order->fill_count == 0)
        return parameter_null();
    product_sum_print(&order->filled_value, value);
    return parameter_text(arena_copy_string(arena, value));
}

bool store_insert_orders(struct transaction *transaction,
                         const struct store_new_order *orders,
                         size_t count,
                         const char *worker,
                         struct rows *out_rows,
                         struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    struct parameter *unleased = arena_allocate(arena, (count + 1) * sizeof(*unleased));
    size_t unleased_count = 0;
    struct parameter more[4] = {[0] = parameter_text(worker),
                                [1] = parameter_int(STORE_LEASE_MS),
                                [3] = parameter_int(count == 0 ? 0 : orders[0].limits_revision)};
    struct columns table;

    if (unleased == NULL)
        return store_out_of_budget(error);
    if (!columns_start(&table, arena, INSERT_WIDTH, count, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct order *order = orders[i].order;
        const struct order_decision *decided = &order->decided;
        struct parameter row[INSERT_WIDTH] = {
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
            parameter_text(order_type_name(order->type)),
            parameter_text(order_time_in_force_name(order->time_in_force)),
            store_price_or_null(order->notional),
            store_price_or_null(order->limit_price),
            store_price_or_null(order->stop_price),
            store_price_or_null(order->trail_price),
            store_price_or_null(order->trail_percent),
            store_price_or_null(order->high_water),
            parameter_bool(order->extended_hours),
            store_time_or_null(order->starts_at),
            text_or_null(order->replaces),
            decided->quantity == 0 ? parameter_null()
                                   : parameter_decimal(decided->quantity, QUANTITY_SCALE),
            store_price_or_null(decided->price),
            decided->quantity == 0 ? parameter_null()
                                   : parameter_decimal(decided->commission, MONEY_SCALE),
            store_time_or_null(decided->quote_at),
            store_terms_or_null(arena, order),
            store_volume_or_null(order),
            parameter_text(order_class_name(order->order_class)),
            text_or_null(order->group_id),
            parameter_text(order_is_in_group(order) ? order_part_name(order->part) : NULL),
            store_price_or_null(order_meets_limit(order)),
            parameter_text(orders[i].after_id),
        };

        if (orders[i].is_left_out)
            continue;
        if (!orders[i].is_leased)
            unleased[unleased_count++] = parameter_text(order->id);
        columns_add(&table, row);
    }
    return pass_gates(transaction, orders, count, error) &&
           (parameter_array(arena, unleased, unleased_count, &more[2]) ||
            store_out_of_budget(error)) &&
           transaction_queue(transaction, &plan_once, NULL, 0, NULL, error) &&
           columns_queue(&table, transaction, &insert_orders, more, 4, out_rows, error);
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

static void add_order(struct columns *table, struct arena *arena, const struct store_change *change)
{
    const struct order *order = change->order;
    struct parameter row[27] = {
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
        store_time_or_null(order->submitted_at),
        store_time_or_null(order->filled_at),
        store_time_or_null(order->canceled_at),
        store_time_or_null(order->expired_at),
        parameter_time(order->updated_at),
        store_time_or_null(order->triggered_at),
        store_price_or_null(order->high_water),
        store_price_or_null(order->stop_price),
        store_time_or_null(order->looked_at),
        parameter_int(order->fill_count),
        parameter_int(order->booked_count),
        value_or_null(arena, order),
        store_volume_or_null(order),
        parameter_int(order->fill_count - (change->fill == NULL ? 0 : 1)),
        parameter_decimal(order->quantity, QUANTITY_SCALE),
    };

    columns_add(table, row);
}

static void
add_decided(struct columns *table, const struct order *order, const struct order_fill *fill)
{
    struct parameter row[3] = {
        parameter_text(order->id),
        parameter_text(order->portfolio_id),
        parameter_text(fill->id),
    };

    columns_add(table, row);
}

static void
add_fill(struct columns *table, const struct order *order, const struct order_fill *fill)
{
    struct parameter row[10] = {
        parameter_text(order->id),
        parameter_text(order->portfolio_id),
        parameter_int(fill->number),
        parameter_text(fill->id),
        parameter_decimal(fill->quantity, QUANTITY_SCALE),
        parameter_decimal(fill->price, MONEY_SCALE),
        parameter_decimal(fill->commission, MONEY_SCALE),
        parameter_time(fill->filled_at),
        parameter_time(fill->quote_at),
        parameter_text(fill_model_name(fill->model)),
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
    struct parameter row[7] = {
        parameter_text(change->order->id),
        parameter_text(change->order->portfolio_id),
        parameter_text(order_status_name(change->order->status)),
        parameter_text(states[change->task]),
        change->run_after_ms == STORE_NEVER ? parameter_null()
                                            : parameter_int(change->run_after_ms),
        parameter_text(change->task_error),
        parameter_int(change->order->fill_count),
    };

    columns_add(table, row);
}

static void add_key(struct columns *table, const struct order *order)
{
    struct parameter row[3] = {
        parameter_text(order->id),
        parameter_text(order->portfolio_id),
        parameter_text(order->ticker),
    };

    columns_add(table, row);
}

static void add_rest(struct columns *table, const struct order *order)
{
    struct parameter row[2] = {parameter_text(order->id), parameter_text(order->portfolio_id)};

    columns_add(table, row);
}

// An order that takes another one's place has been taken or refused.
static void add_replaced(struct columns *replaced, struct columns *keys, const struct order *order)
{
    bool is_refused = order->status == ORDER_REJECTED;
    struct parameter row[6] = {
        parameter_text(order->replaces),
        parameter_text(order->portfolio_id),
        parameter_text(order_status_name(is_refused ? ORDER_NEW : ORDER_REPLACED)),
        parameter_text(order->id),
        parameter_text(order_status_name(order->status)),
        parameter_time(order->updated_at),
    };
    struct parameter key[3] = {
        parameter_text(order->replaces),
        parameter_text(order->portfolio_id),
        parameter_text(order->ticker),
    };

    columns_add(replaced, row);
    columns_add(keys, key);
}

// What a batch of changes writes, by table.
struct changed_rows {
    struct arena *arena;
    struct columns decided; // orders that are filled as was decided, with fills and tasks
    struct columns orders;
    struct columns fills;
    struct columns tasks;
    struct columns resting;
    struct columns ended; // orders that rest no more
    struct columns replaced;
    struct columns replaced_keys;
};

static bool
start_changed(struct changed_rows *rows, struct arena *arena, size_t count, struct error *error)
{
    rows->arena = arena;
    return columns_start(&rows->decided, arena, 3, count, error) &&
           columns_start(&rows->orders, arena, 27, count, error) &&
           columns_start(&rows->fills, arena, 10, count, error) &&
           columns_start(&rows->tasks, arena, 7, count, error) &&
           columns_start(&rows->resting, arena, 2, count, error) &&
           columns_start(&rows->ended, arena, 3, count, error) &&
           columns_start(&rows->replaced, arena, 6, count, error) &&
           columns_start(&rows->replaced_keys, arena, 3, count, error);
}

static bool is_filled_as_decided(const struct store_change *change)
{
    return change->changes_order && change->from == ORDER_PENDING_NEW &&
           change->order->status == ORDER_FILLED && change->order->decided.quantity > 0 &&
           change->task == STORE_TASK_COMPLETED;
}

static void add_change(struct changed_rows *rows, const struct store_change *change)
{
    const struct order *order = change->order;

    if (change->is_dropped)
        return;
    if (is_filled_as_decided(change)) {
        add_decided(&rows->decided, order, change->fill);
        return;
    }
    if (change->task != STORE_TASK_UNCHANGED)
        add_task(&rows->tasks, change);
    if (!change->changes_order)
        return;
    add_order(&rows->orders, rows->arena, change);
    if (change->fill != NULL)
        add_fill(&rows->fills, order, change->fill);
    if ((change->from == ORDER_PENDING_NEW || change->from == ORDER_HELD) && order_rests(order))
        add_rest(&rows->resting, order);
    if (!order_status_is_open(order->status))
        add_key(&rows->ended, order);
    if (change->from == ORDER_PENDING_NEW && order->replaces[0] != '\0')
        add_replaced(&rows->replaced, &rows->replaced_keys, order);
}

bool store_save_changes(struct transaction *transaction,
                        const struct store_change *changes,
                        size_t count,
                        struct store_saved *out_saved,
                        struct error *error)
{
    // What is filled when it is taken is filled at a quote.
    struct parameter model = parameter_text(fill_model_name(FILL_MODEL_QUOTE));
    struct changed_rows rows;

    if (!start_changed(&rows, transaction_arena(transaction), count, error))
        return false;
    for (size_t i = 0; i < count; i++)
        add_change(&rows, &changes[i]);
    // A statement without rows is not sent.
    return transaction_queue(transaction, &plan_once, NULL, 0, NULL, error) &&
           columns_queue(&rows.decided, transaction, &fill_decided, &model, 1, &out_saved->decided,
                         error) &&
           columns_queue(&rows.orders, transaction, &save_orders, NULL, 0, &out_saved->others,
                         error) &&
           columns_queue(&rows.fills, transaction, &insert_fills, NULL, 0, NULL, error) &&
           columns_queue(&rows.tasks, transaction, &save_tasks, NULL, 0, NULL, error) &&
           columns_queue(&rows.resting, transaction, &rest_orders, NULL, 0, NULL, error) &&
           columns_queue(&rows.ended, transaction, &store_end_resting, NULL, 0, NULL, error) &&
           columns_queue(&rows.replaced, transaction, &end_replaced, NULL, 0, NULL, error) &&
           columns_queue(&rows.replaced_keys, transaction, &end_replaced_tasks, NULL, 0, NULL,
                         error) &&
           columns_queue(&rows.replaced_keys, transaction, &store_end_resting, NULL, 0, NULL,
                         error);
}

bool store_replace_leg(struct transaction *transaction,
                       const struct order *order,
                       enum order_status from,
                       struct rows *out_rows,
                       struct error *error)
{
    struct parameter parameters[] = {
        parameter_text(order->replaces),
        parameter_text(order->portfolio_id),
        parameter_text(order->id),
        parameter_time(order->created_at),
        parameter_text(order_status_name(from)),
    };
    struct parameter key[3] = {parameter_text(order->replaces), parameter_text(order->portfolio_id),
                               parameter_text(order->ticker)};
    struct columns keys;

    if (!columns_start(&keys, transaction_arena(transaction), 3, 1, error))
        return false;
    columns_add(&keys, key);
    return transaction_queue(transaction, &replace_leg, parameters, COUNT_OF(parameters), out_rows,
                             error) &&
           columns_queue(&keys, transaction, &end_replaced_tasks, NULL, 0, NULL, error) &&
           columns_queue(&keys, transaction, &store_end_resting, NULL, 0, NULL, error);
}

void store_take_saved(const struct store_saved *saved, struct store_change *changes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        changes[i].saved =
            changes[i].changes_order && !changes[i].is_dropped &&
            has_id(is_filled_as_decided(&changes[i]) ? &saved->decided : &saved->others,
                   changes[i].order->id);
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
        return store_out_of_budget(error);
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

bool store_save_progress(struct transaction *transaction,
                         const struct store_progress *progress,
                         size_t count,
                         struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    struct parameter *values = arena_allocate(arena, 5 * (count + 1) * sizeof(*values));
    struct parameter arrays[5];

    if (count == 0)
        return true;
    if (values == NULL)
        return store_out_of_budget(error);
    for (size_t i = 0; i < count; i++) {
        values[i] = parameter_text(progress[i].order_id);
        values[count + i] = store_price_or_null(progress[i].high_water);
        values[2 * count + i] = store_price_or_null(progress[i].stop_price);
        values[3 * count + i] = parameter_time(progress[i].looked_at);
        values[4 * count + i] =
            progress[i].has_volume_seen ? parameter_int(progress[i].volume_seen) : parameter_null();
    }
    for (size_t i = 0; i < COUNT_OF(arrays); i++) {
        if (!parameter_array(arena, values + i * count, count, &arrays[i]))
            return store_out_of_budget(error);
    }
    return transaction_queue(transaction, &save_progress, arrays, COUNT_OF(arrays), NULL, error);
}

bool store_note_split(struct database *database,
                      struct arena *arena,
                      const char *ticker,
                      int64_t effective_at,
                      struct error *error)
{
    struct parameter parameters[] = {parameter_text(ticker), parameter_time(effective_at)};
    struct rows rows = {0};

    return database_query(database, arena, &note_split, parameters, COUNT_OF(parameters), &rows,
                          error);
}
