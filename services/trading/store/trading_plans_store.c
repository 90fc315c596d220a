// SPDX-License-Identifier: MIT
// trading_plans_store: the part of trading_store for orders that are planned anew.
#include "database/columns.h"
#include "store/trading_store_private.h"

// The legs that wait for such an order go by the same terms, on the same day.
static const struct statement save_plans = {
    "save_plans",
    "WITH planned AS (UPDATE orders o SET fill_terms = n.fill_terms, hold_amount = n.hold_amount,"
    " starts_at = n.starts_at, expires_at = n.expires_at, volume_seen = n.volume_seen,"
    " decided_quantity = NULL, decided_price = NULL, decided_commission = NULL,"
    " decided_quote_at = NULL"
    " FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::numeric[], $5::timestamptz[],"
    " $6::timestamptz[], $7::bigint[])"
    " AS n (id, portfolio_id, fill_terms, hold_amount, starts_at, expires_at, volume_seen)"
    " WHERE o.id = n.id AND o.portfolio_id = n.portfolio_id AND o.status = 'pending_new'"
    " RETURNING o.id, o.portfolio_id, o.group_id, o.fill_terms, o.expires_at)"
    " UPDATE orders l SET fill_terms = p.fill_terms, expires_at = p.expires_at FROM planned p"
    " WHERE l.group_id = p.group_id AND l.portfolio_id = p.portfolio_id AND l.id <> p.id"
    " AND l.status = 'held' RETURNING l.id, l.portfolio_id",
};

bool store_save_plans(struct transaction *transaction,
                      const struct order *const *orders,
                      size_t count,
                      struct rows *out_legs,
                      struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    struct columns table;

    if (!columns_start(&table, arena, 7, count, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct order *order = orders[i];
        struct parameter row[7] = {
            parameter_text(order->id),
            parameter_text(order->portfolio_id),
            store_terms_or_null(arena, order),
            parameter_decimal(order->hold_amount, MONEY_SCALE),
            store_time_or_null(order->starts_at),
            parameter_time(order->expires_at),
            store_volume_or_null(order),
        };

        columns_add(&table, row);
    }
    return columns_queue(&table, transaction, &save_plans, NULL, 0, out_legs, error);
}
