// SPDX-License-Identifier: MIT
// trading_reads: the part of trading_store that reads.
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "store/trading_store_private.h"

#define ORDER_COLUMNS                                                                              \
    "o.id, o.portfolio_id, o.user_id, o.request_id, o.body_hash, o.client_order_id, o.ticker,"     \
    " o.side, o.quantity, o.filled_quantity, o.average_fill_price, o.hold_amount, o.commission,"   \
    " o.status, o.reason, o.reason_message, o.reason_details, o.cancel_request_id, o.created_at,"  \
    " o.submitted_at, o.filled_at, o.canceled_at, o.expired_at, o.updated_at, o.expires_at,"       \
    " o.type, o.time_in_force, o.notional, o.limit_price, o.stop_price, o.trail_price,"            \
    " o.trail_percent, o.high_water, o.extended_hours, coalesce(o.starts_at, o.created_at),"       \
    " o.triggered_at, coalesce(o.looked_at, o.created_at), o.replaces, o.replaced_by,"             \
    " o.decided_quantity, o.decided_price, o.decided_commission, o.decided_quote_at,"              \
    " o.fill_terms, o.fill_count, o.booked_count, o.filled_value, o.volume_seen,"                  \
    " o.order_class, o.group_id, o.part"

static const struct statement load_orders = {
    "load_orders",
    "SELECT " ORDER_COLUMNS " FROM orders o WHERE o.id = ANY ($1::uuid[])",
};

// A page is taken off the index before the orders are joined: pages of a million cost no sorting.
static const struct statement load_resting = {
    "load_resting",
    "SELECT " ORDER_COLUMNS " FROM (SELECT order_id, portfolio_id FROM resting_orders"
    " WHERE shard = $1 AND order_id > $2::uuid ORDER BY shard, order_id LIMIT $3) AS r"
    " JOIN orders o ON o.id = r.order_id AND o.portfolio_id = r.portfolio_id ORDER BY r.order_id",
};

static const struct statement load_resting_before = {
    "load_resting_before",
    "SELECT " ORDER_COLUMNS " FROM resting_orders r"
    " JOIN orders o ON o.id = r.order_id AND o.portfolio_id = r.portfolio_id "
    " AND o.status IN ('new', 'partially_filled')"
    " WHERE r.ticker = $1 AND o.created_at < $2 LIMIT $3",
};

// One snapshot, so that an order that comes to rest meanwhile is seen in one place or the other.
static const struct statement has_unfinished_before = {
    "has_unfinished_before",
    "SELECT ($3 AND EXISTS (SELECT 1 FROM resting_orders r"
    "  JOIN orders o ON o.id = r.order_id AND o.portfolio_id = r.portfolio_id"
    "  WHERE r.ticker = $1 AND o.created_at < $2))"
    " OR EXISTS (SELECT 1 FROM tasks t"
    "  JOIN orders o ON o.id = t.id AND o.portfolio_id = t.portfolio_id"
    "  WHERE t.state IN ('pending', 'active') AND t.run_at < 'infinity'"
    "  AND o.ticker = $1 AND o.created_at < $2)"
    " OR EXISTS (SELECT 1 FROM tasks t"
    "  JOIN orders o ON o.id = t.id AND o.portfolio_id = t.portfolio_id"
    "  WHERE t.state = 'failed' AND o.ticker = $1 AND o.created_at < $2)",
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
    " AND ($4::boolean IS NULL"
    "  OR (o.status IN ('pending_new', 'held', 'new', 'partially_filled', 'pending_replace')"
    "   OR ($10 AND o.status <> 'replaced' AND EXISTS (SELECT 1 FROM orders g"
    "    WHERE g.group_id = o.group_id"
    "    AND g.status IN ('pending_new', 'held', 'new', 'partially_filled', 'pending_replace')))) "
    "= $4)"
    " AND (NOT $10 OR o.part IS NULL"
    "  OR o.part = CASE o.order_class WHEN 'oco' THEN 'take_profit' ELSE 'entry' END)"
    " AND ($5::text IS NULL OR o.ticker = $5) AND ($6::text IS NULL OR o.side = $6)"
    " AND ($7::timestamptz IS NULL OR o.created_at >= $7)"
    " AND ($8::timestamptz IS NULL OR o.created_at < $8)"
    " ORDER BY o.id DESC LIMIT $9",
};

// An order without a name of the client's is known by its id.
static const struct statement find_by_client_order_id = {
    "find_by_client_order_id",
    "SELECT " ORDER_COLUMNS " FROM orders o WHERE o.user_id = $1 AND o.client_order_id = $2"
    " AND ($3::uuid IS NULL OR o.portfolio_id = $3)"
    " UNION ALL SELECT " ORDER_COLUMNS " FROM orders o WHERE o.id = $4::uuid AND o.user_id = $1"
    " AND o.client_order_id IS NULL AND ($3::uuid IS NULL OR o.portfolio_id = $3) LIMIT $5",
};

static const struct statement find_meeting = {
    "find_meeting",
    "SELECT r.order_id, r.limit_price IS NULL FROM resting_orders r,"
    " (VALUES ($3::text, $4::text, $5::numeric)) AS n (side, type, meets_limit)"
    " WHERE r.portfolio_id = $1 AND r.ticker = $2 AND " STORE_MEETS(
        "n") " ORDER BY r.order_id LIMIT 1",
};

// A sale at a limit that was brought down. What has no limit was met before.
static const struct statement find_newly_met = {
    "find_newly_met",
    "SELECT order_id FROM resting_orders WHERE portfolio_id = $1 AND ticker = $2 AND side = 'buy'"
    " AND NOT trails AND limit_price >= $3 AND limit_price < $4 ORDER BY order_id LIMIT 1",
};

// The first orders of a group are locked, in the order of their ids: they are what never changes
// about it.
static const struct statement lock_groups = {
    "lock_groups",
    "SELECT id FROM orders WHERE group_id = ANY ($1::uuid[]) AND replaces IS NULL"
    " ORDER BY id FOR UPDATE",
};

// A statement of its own, so that it sees what those have done who had the lock before.
static const struct statement load_open_of_groups = {
    "load_open_of_groups",
    "SELECT " ORDER_COLUMNS " FROM orders o WHERE o.group_id = ANY ($1::uuid[])"
    " AND o.status IN ('pending_new', 'held', 'new', 'partially_filled', 'pending_replace')"
    " ORDER BY o.id",
};

static const struct statement load_groups = {
    "load_groups",
    "SELECT " ORDER_COLUMNS " FROM orders o WHERE o.group_id = ANY ($1::uuid[])"
    " AND o.status <> 'replaced' ORDER BY o.id",
};

static const struct statement list_fills = {
    "list_fills",
    "SELECT number, id, quantity, price, commission, filled_at, quote_at, model FROM fills"
    " WHERE order_id = $1 AND number > $2 ORDER BY number LIMIT $3",
};

// Of several events of one order the latest. There is one row at least, so that who has missed
// nothing learns where they stand, all of one moment.
static const struct statement page_events = {
    "page_order_events",
    "SELECT " ORDER_COLUMNS ", e.sequence, s.number, s.kept_after FROM order_sequences s"
    " LEFT JOIN (SELECT order_id, max(sequence) AS sequence FROM order_events"
    " WHERE portfolio_id = $1 AND sequence > $2 GROUP BY order_id"
    " ORDER BY max(sequence) LIMIT $3) AS e ON true"
    " LEFT JOIN orders o ON o.id = e.order_id AND o.portfolio_id = s.portfolio_id"
    " WHERE s.portfolio_id = $1 ORDER BY e.sequence",
};
enum { EVENT_SEQUENCE = 51, EVENT_NUMBER, EVENT_KEPT_AFTER }; // columns, after those of the order

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
        .notional = rows_decimal(rows, row, 27, MONEY_SCALE),
        .limit_price = rows_decimal(rows, row, 28, MONEY_SCALE),
        .stop_price = rows_decimal(rows, row, 29, MONEY_SCALE),
        .trail_price = rows_decimal(rows, row, 30, MONEY_SCALE),
        .trail_percent = rows_decimal(rows, row, 31, MONEY_SCALE),
        .high_water = rows_decimal(rows, row, 32, MONEY_SCALE),
        .extended_hours = rows_bool(rows, row, 33),
        .starts_at = rows_time(rows, row, 34),
        .triggered_at = rows_time(rows, row, 35),
        .looked_at = rows_time(rows, row, 36),
        .decided = {.quantity = rows_decimal(rows, row, 39, QUANTITY_SCALE),
                    .price = rows_decimal(rows, row, 40, MONEY_SCALE),
                    .commission = rows_decimal(rows, row, 41, MONEY_SCALE),
                    .quote_at = rows_time(rows, row, 42)},
        .fill_count = (int)rows_int(rows, row, 44),
        .booked_count = (int)rows_int(rows, row, 45),
        .volume_seen = rows_int(rows, row, 47),
    };

    copy(order.id, sizeof(order.id), rows_text(rows, row, 0));
    copy(order.portfolio_id, sizeof(order.portfolio_id), rows_text(rows, row, 1));
    copy(order.user_id, sizeof(order.user_id), rows_text(rows, row, 2));
    copy(order.request_id, sizeof(order.request_id), rows_text(rows, row, 3));
    copy(order.body_hash, sizeof(order.body_hash), rows_text(rows, row, 4));
    copy(order.ticker, sizeof(order.ticker), rows_text(rows, row, 6));
    // What this program does not know would be of a newer one; the order is final as far as this
    // one is concerned.
    if (!order_status_find(rows_text(rows, row, 13), &order.status))
        order.status = ORDER_REJECTED;
    if (!order_type_find(rows_text(rows, row, 25), &order.type) ||
        !order_time_in_force_find(rows_text(rows, row, 26), &order.time_in_force))
        order.status = ORDER_REJECTED;
    if ((!rows_is_null(rows, row, 43) &&
         !fill_terms_parse(rows_text(rows, row, 43), &order.terms)) ||
        (!rows_is_null(rows, row, 46) &&
         !product_sum_parse(rows_text(rows, row, 46), &order.filled_value)))
        order.status = ORDER_REJECTED;
    if (!order_class_find(rows_text(rows, row, 48), &order.order_class) ||
        (order_is_in_group(&order) && !order_part_find(rows_text(rows, row, 50), &order.part)))
        order.status = ORDER_REJECTED;
    copy(order.group_id, sizeof(order.group_id), rows_text(rows, row, 49));
    copy(order.reason, sizeof(order.reason), rows_text(rows, row, 14));
    copy(order.reason_message, sizeof(order.reason_message), rows_text(rows, row, 15));
    copy(order.cancel_request_id, sizeof(order.cancel_request_id), rows_text(rows, row, 17));
    copy(order.replaces, sizeof(order.replaces), rows_text(rows, row, 37));
    copy(order.replaced_by, sizeof(order.replaced_by), rows_text(rows, row, 38));
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
        return store_out_of_budget(error);
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
    struct parameter array;
    struct rows rows = {0};

    return parameter_text_array(arena, ids, count, &array, error) &&
           database_query(database, arena, &load_orders, &array, 1, &rows, error) &&
           take_orders(&rows, arena, out_orders, out_count, error);
}

bool store_lock_groups(struct transaction *transaction,
                       const char *const *group_ids,
                       size_t count,
                       struct order **out_orders,
                       size_t *out_count,
                       struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    struct parameter array;
    struct rows rows = {0};

    return parameter_text_array(arena, group_ids, count, &array, error) &&
           transaction_queue(transaction, &lock_groups, &array, 1, NULL, error) &&
           transaction_queue(transaction, &load_open_of_groups, &array, 1, &rows, error) &&
           transaction_flush(transaction, error) &&
           take_orders(&rows, arena, out_orders, out_count, error);
}

bool store_load_groups(struct database *database,
                       struct arena *arena,
                       const char *const *group_ids,
                       size_t count,
                       struct order **out_orders,
                       size_t *out_count,
                       struct error *error)
{
    struct parameter array;
    struct rows rows = {0};

    return parameter_text_array(arena, group_ids, count, &array, error) &&
           database_query(database, arena, &load_groups, &array, 1, &rows, error) &&
           take_orders(&rows, arena, out_orders, out_count, error);
}

bool store_load_resting(struct database *database,
                        struct arena *arena,
                        int shard,
                        const char *after_id,
                        size_t limit,
                        struct order **out_orders,
                        size_t *out_count,
                        struct error *error)
{
    struct parameter parameters[3] = {parameter_int(shard), parameter_text(after_id),
                                      parameter_int((int64_t)limit)};
    struct rows rows = {0};

    return database_query(database, arena, &load_resting, parameters, 3, &rows, error) &&
           take_orders(&rows, arena, out_orders, out_count, error);
}

bool store_load_resting_before(struct database *database,
                               struct arena *arena,
                               const char *ticker,
                               int64_t before_at,
                               size_t limit,
                               struct order **out_orders,
                               size_t *out_count,
                               struct error *error)
{
    struct parameter parameters[3] = {parameter_text(ticker), parameter_time(before_at),
                                      parameter_int((int64_t)limit)};
    struct rows rows = {0};

    return database_query(database, arena, &load_resting_before, parameters, 3, &rows, error) &&
           take_orders(&rows, arena, out_orders, out_count, error);
}

bool store_has_unfinished_before(struct database *database,
                                 struct arena *arena,
                                 const char *ticker,
                                 int64_t before_at,
                                 bool resting_too,
                                 bool *out_has,
                                 struct error *error)
{
    struct parameter parameters[3] = {parameter_text(ticker), parameter_time(before_at),
                                      parameter_bool(resting_too)};
    struct rows rows = {0};

    if (!database_query(database, arena, &has_unfinished_before, parameters, 3, &rows, error))
        return false;
    *out_has = rows_bool(&rows, 0, 0);
    return true;
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
        return store_out_of_budget(error);
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
        parameter_bool(filter->is_nested),
    };
    struct rows rows = {0};

    return database_query(database, arena, &page_orders, parameters, COUNT_OF(parameters), &rows,
                          error) &&
           take_orders(&rows, arena, out_orders, out_count, error);
}

bool store_find_by_client_order_id(struct database *database,
                                   struct arena *arena,
                                   const struct store_filter *filter,
                                   struct order **out_orders,
                                   size_t *out_count,
                                   struct error *error)
{
    const char *name = filter->client_order_id;
    struct parameter parameters[] = {
        parameter_text(filter->user_id),       parameter_text(name),
        parameter_text(filter->portfolio_id),  parameter_text(uuid_is_valid(name) ? name : NULL),
        parameter_int((int64_t)filter->limit),
    };
    struct rows rows = {0};

    return database_query(database, arena, &find_by_client_order_id, parameters,
                          COUNT_OF(parameters), &rows, error) &&
           take_orders(&rows, arena, out_orders, out_count, error);
}

bool store_page_events(struct database *database,
                       struct arena *arena,
                       const struct store_event_page *page,
                       struct store_events *out_events,
                       struct error *error)
{
    struct parameter parameters[3] = {parameter_text(page->portfolio_id),
                                      page->has_after ? parameter_int(page->after)
                                                      : parameter_null(),
                                      parameter_int((int64_t)page->limit)};
    struct store_events events = {0};
    struct rows rows = {0};

    if (!database_query(database, arena, &page_events, parameters, 3, &rows, error))
        return false;
    events.orders = arena_allocate(arena, (rows.count + 1) * sizeof(*events.orders));
    events.sequences = arena_allocate(arena, (rows.count + 1) * sizeof(*events.sequences));
    if (events.orders == NULL || events.sequences == NULL)
        return store_out_of_budget(error);
    for (size_t i = 0; i < rows.count; i++) {
        events.latest = rows_int(&rows, i, EVENT_NUMBER);
        events.kept_after = rows_int(&rows, i, EVENT_KEPT_AFTER);
        events.is_full = i + 1 == page->limit && !rows_is_null(&rows, i, EVENT_SEQUENCE);
        // One whose order was refused as it was written is an event of nothing.
        if (rows_is_null(&rows, i, 0))
            continue;
        events.sequences[events.count] = rows_int(&rows, i, EVENT_SEQUENCE);
        take_order(&rows, i, &events.orders[events.count++]);
    }
    events.next_after =
        events.is_full ? rows_int(&rows, rows.count - 1, EVENT_SEQUENCE) : events.latest;
    *out_events = events;
    return true;
}

bool store_find_meeting(struct database *database,
                        struct arena *arena,
                        const struct order *order,
                        char out_order_id[UUID_SIZE],
                        bool *out_has_limit,
                        struct error *error)
{
    struct parameter parameters[] = {
        parameter_text(order->portfolio_id),           parameter_text(order->ticker),
        parameter_text(order_side_name(order->side)),  parameter_text(order_type_name(order->type)),
        store_price_or_null(order_meets_limit(order)),
    };
    struct rows rows = {0};

    if (!database_query(database, arena, &find_meeting, parameters, COUNT_OF(parameters), &rows,
                        error))
        return false;
    copy(out_order_id, UUID_SIZE, rows.count == 0 ? NULL : rows_text(&rows, 0, 0));
    *out_has_limit = rows.count > 0 && !rows_bool(&rows, 0, 1);
    return true;
}

bool store_find_newly_met(struct transaction *transaction,
                          const struct order *exit,
                          int64_t old_limit,
                          struct rows *out_rows,
                          struct error *error)
{
    struct parameter parameters[] = {
        parameter_text(exit->portfolio_id),
        parameter_text(exit->ticker),
        parameter_decimal(exit->limit_price, MONEY_SCALE),
        parameter_decimal(old_limit, MONEY_SCALE),
    };

    return transaction_queue(transaction, &find_newly_met, parameters, COUNT_OF(parameters),
                             out_rows, error);
}

bool store_list_fills(struct database *database,
                      struct arena *arena,
                      const struct store_fill_page *page,
                      struct order_fill **out_fills,
                      size_t *out_count,
                      struct error *error)
{
    struct parameter parameters[] = {parameter_text(page->order_id), parameter_int(page->after),
                                     parameter_int((int64_t)page->limit)};
    struct rows rows = {0};
    struct order_fill *fills = NULL;

    if (!database_query(database, arena, &list_fills, parameters, COUNT_OF(parameters), &rows,
                        error))
        return false;
    fills = arena_allocate(arena, (rows.count + 1) * sizeof(*fills));
    if (fills == NULL)
        return store_out_of_budget(error);
    for (size_t i = 0; i < rows.count; i++) {
        fills[i] = (struct order_fill){
            .number = (int)rows_int(&rows, i, 0),
            .quantity = rows_decimal(&rows, i, 2, QUANTITY_SCALE),
            .price = rows_decimal(&rows, i, 3, MONEY_SCALE),
            .commission = rows_decimal(&rows, i, 4, MONEY_SCALE),
            .filled_at = rows_time(&rows, i, 5),
            .quote_at = rows_time(&rows, i, 6),
        };
        copy(fills[i].id, sizeof(fills[i].id), rows_text(&rows, i, 1));
        if (!fill_model_find(text_of(rows_text(&rows, i, 7)), &fills[i].model))
            return error_set(error, REASON_INTERNAL, "Fill %s has an unknown model.", fills[i].id);
    }
    *out_fills = fills;
    *out_count = rows.count;
    return true;
}
