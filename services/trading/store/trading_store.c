// SPDX-License-Identifier: MIT
#include "store/trading_store.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "database/columns.h"
#include "money/money.h"
#include "store/trading_store_private.h"

// How long the arrays are says little about the best plan, and planning each time costs as much as
// what a small batch writes.
const struct statement store_plan_once = {
    "plan_once",
    "SET LOCAL plan_cache_mode = force_generic_plan",
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

static struct parameter value_or_null(struct arena *arena, const struct order *order)
{
    char value[PRODUCT_SUM_SIZE];

    if (order->fill_count == 0)
        return parameter_null();
    product_sum_print(&order->filled_value, value);
    return parameter_text(arena_copy_string(arena, value));
}

bool store_has_id(const struct rows *rows, const char *id)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (strcmp(rows_text(rows, i, 0), id) == 0)
            return true;
    }
    return false;
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
        store_text_or_null(order->reason),
        store_text_or_null(order->reason_message),
        store_text_or_null(order->reason_details),
        store_text_or_null(order->cancel_request_id),
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
    return transaction_queue(transaction, &store_plan_once, NULL, 0, NULL, error) &&
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
            store_has_id(is_filled_as_decided(&changes[i]) ? &saved->decided : &saved->others,
                         changes[i].order->id);
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
