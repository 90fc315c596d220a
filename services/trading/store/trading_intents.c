// SPDX-License-Identifier: MIT
#include "store/trading_intents.h"

#include "base/checksum.h"
#include "database/columns.h"
#include "money/money.h"
#include "store/trading_store_private.h"
#include "store/trading_tasks.h"

enum { GATES = 1024 }; // rows of resting_gates

enum { INSERT_WIDTH = 35 };

// Whether an order may be placed: by what has changed since it was checked ($39 is the revision of
// all orders of the statement), and by those that rest. A leg is there with the order that it is
// placed with, whatever changes between the two statements.
#define IS_PLACEABLE                                                                               \
    "(n.after_id IS NULL OR EXISTS (SELECT 1 FROM orders a WHERE a.id = n.after_id"                \
    " AND a.portfolio_id = n.portfolio_id))"                                                       \
    " AND (n.after_id IS NOT NULL AND n.replaces IS NULL"                                          \
    " OR (" STORE_LIMITS_ARE_KNOWN(                                                                \
        "n",                                                                                       \
        "$39::bigint") " AND NOT EXISTS (SELECT 1 FROM splits s WHERE s.ticker = n.ticker"         \
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
    " group_id, part, triggered_at)"
    " SELECT n.id, n.portfolio_id, n.user_id, n.request_id, n.body_hash, n.client_order_id,"
    " n.ticker, n.side, n.quantity, n.hold_amount,"
    " CASE WHEN n.after_id IS NULL THEN 'pending_new' ELSE 'held' END, n.created_at, n.created_at,"
    " n.expires_at, n.type, n.time_in_force, n.notional, n.limit_price, n.stop_price,"
    " n.trail_price, n.trail_percent, n.high_water, n.extended_hours, n.starts_at, n.replaces,"
    " n.decided_quantity, n.decided_price, n.decided_commission, n.decided_quote_at,"
    " n.fill_terms, n.volume_seen, n.order_class, n.group_id, n.part, n.triggered_at"
    " FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[],"
    " $7::text[], $8::text[], $9::numeric[], $10::numeric[], $11::timestamptz[],"
    " $12::timestamptz[], $13::text[], $14::text[], $15::numeric[], $16::numeric[],"
    " $17::numeric[], $18::numeric[], $19::numeric[], $20::numeric[], $21::boolean[],"
    " $22::timestamptz[], $23::uuid[], $24::numeric[], $25::numeric[], $26::numeric[],"
    " $27::timestamptz[], $28::text[], $29::bigint[], $30::text[], $31::uuid[], $32::text[],"
    " $33::numeric[], $34::uuid[], $35::timestamptz[])"
    " AS n (id, portfolio_id, user_id, request_id, body_hash, client_order_id, ticker, side,"
    " quantity, hold_amount, created_at, expires_at, type, time_in_force, notional, limit_price,"
    " stop_price, trail_price, trail_percent, high_water, extended_hours, starts_at, replaces,"
    " decided_quantity, decided_price, decided_commission, decided_quote_at, fill_terms,"
    " volume_seen, order_class, group_id, part, meets_limit, after_id, triggered_at)"
    " WHERE " IS_PLACEABLE " ON CONFLICT DO NOTHING"
    " RETURNING id, portfolio_id, ticker, side, limit_price, type, time_in_force,"
    " quantity, decided_quantity, status),"
    " queued AS (INSERT INTO tasks (id, portfolio_id, kind, state, attempts, worker, run_at,"
    " queued_at, started_at)"
    " SELECT i.id, i.portfolio_id, 'order', CASE WHEN i.leased THEN 'active' ELSE 'pending' END,"
    " CASE WHEN i.leased THEN 1 ELSE 0 END, CASE WHEN i.leased THEN $36::text END,"
    " CASE WHEN i.leased THEN now() + $37::bigint * interval '1 ms'"
    " WHEN i.status = 'held' THEN 'infinity' ELSE now() END, now(),"
    " CASE WHEN i.leased THEN now() END"
    " FROM (SELECT id, portfolio_id, status, id <> ALL ($38::uuid[]) AS leased"
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
            store_text_or_null(order->client_order_id),
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
            store_text_or_null(order->replaces),
            decided->quantity == 0 ? parameter_null()
                                   : parameter_decimal(decided->quantity, QUANTITY_SCALE),
            store_price_or_null(decided->price),
            decided->quantity == 0 ? parameter_null()
                                   : parameter_decimal(decided->commission, MONEY_SCALE),
            store_time_or_null(decided->quote_at),
            store_terms_or_null(arena, order),
            store_volume_or_null(order),
            parameter_text(order_class_name(order->order_class)),
            store_text_or_null(order->group_id),
            parameter_text(order_is_in_group(order) ? order_part_name(order->part) : NULL),
            store_price_or_null(order_meets_limit(order)),
            parameter_text(orders[i].after_id),
            store_time_or_null(order->triggered_at),
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
           transaction_queue(transaction, &store_plan_once, NULL, 0, NULL, error) &&
           columns_queue(&table, transaction, &insert_orders, more, 4, out_rows, error);
}

void store_take_inserted(const struct rows *rows, struct store_new_order *orders, size_t count)
{
    for (size_t i = 0; i < count; i++)
        orders[i].inserted = store_has_id(rows, orders[i].order->id);
}
