// SPDX-License-Identifier: MIT
#include "pages/estimate.h"

#include "money/money.h"

static bool is_buy(const Trading__PlaceOrderRequest *order)
{
    return order->side == TRADING__ORDER_SIDE__ORDER_SIDE_BUY;
}

// The limit, the stop, or what the market asks or bids; 0 when there is none.
static int64_t price_of(const Trading__PlaceOrderRequest *order, const Market__Quote *quote)
{
    if (order->has_limit_price_micros)
        return order->limit_price_micros;
    if (order->has_stop_price_micros)
        return order->stop_price_micros;
    if (quote == NULL)
        return 0;
    return is_buy(order) ? quote->ask_micros : quote->bid_micros;
}

static void add_rest(const Pages__SymbolPage *page, bool buys, Pages__Estimate *estimate)
{
    int64_t cash = page->portfolio->buying_power_micros;
    int64_t shares = page->position != NULL ? page->position->available_nanos : 0;

    if (buys)
        estimate->has_cash_left_micros =
            money_subtract(cash, estimate->amount_micros, &estimate->cash_left_micros);
    else
        estimate->has_shares_left_nanos =
            money_subtract(shares, estimate->quantity_nanos, &estimate->shares_left_nanos);
    estimate->has_is_too_much = true;
    estimate->is_too_much = estimate->cash_left_micros < 0 || estimate->shares_left_nanos < 0;
}

bool estimate_make(struct arena *arena,
                   const Trading__PlaceOrderRequest *order,
                   const Pages__SymbolPage *page,
                   Pages__Estimate **out_estimate,
                   struct error *error)
{
    int64_t price = price_of(order, page->quote);
    Pages__Estimate *estimate = arena_allocate(arena, sizeof *estimate);

    if (estimate == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "There is no room for the page.");
    pages__estimate__init(estimate);
    *out_estimate = NULL;
    if (!order->has_quantity_nanos || price <= 0 ||
        !(is_buy(order)
              ? money_multiply_up(price, order->quantity_nanos, &estimate->amount_micros)
              : money_multiply_half_even(price, order->quantity_nanos, &estimate->amount_micros)))
        return true;
    estimate->has_side = true;
    estimate->side = order->side;
    estimate->has_quantity_nanos = true;
    estimate->quantity_nanos = order->quantity_nanos;
    estimate->has_price_micros = true;
    estimate->price_micros = price;
    estimate->has_amount_micros = true;
    add_rest(page, is_buy(order), estimate);
    *out_estimate = estimate;
    return true;
}
