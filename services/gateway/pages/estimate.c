// SPDX-License-Identifier: MIT
#include "pages/estimate.h"

#include "money/money.h"

static bool is_buy(const Trading__PlaceOrderRequest *order)
{
    return order->side == TRADING__ORDER_SIDE__ORDER_SIDE_BUY;
}

// What the market asks or bids for it; 0 when there is none.
static int64_t market_price_of(const Trading__PlaceOrderRequest *order, const Market__Quote *quote)
{
    if (quote == NULL)
        return 0;
    return is_buy(order) ? quote->ask_micros : quote->bid_micros;
}

// An order whose limit the market is within is filled at the market's price.
static bool is_within_limit(const Trading__PlaceOrderRequest *order, int64_t market_price)
{
    return !order->has_stop_price_micros && market_price > 0 &&
           (is_buy(order) ? market_price < order->limit_price_micros
                          : market_price > order->limit_price_micros);
}

// 0 when there is none.
static int64_t price_of(const Trading__PlaceOrderRequest *order, int64_t market_price)
{
    if (order->has_limit_price_micros)
        return is_within_limit(order, market_price) ? market_price : order->limit_price_micros;
    return order->has_stop_price_micros ? order->stop_price_micros : market_price;
}

static bool multiply(const Trading__PlaceOrderRequest *order, int64_t price, int64_t *out_amount)
{
    return is_buy(order) ? money_multiply_up(price, order->quantity_nanos, out_amount)
                         : money_multiply_half_even(price, order->quantity_nanos, out_amount);
}

// A purchase must be paid for at its limit, too.
static void add_cash(const Pages__SymbolPage *page, Pages__Estimate *estimate)
{
    int64_t cash = page->portfolio->buying_power_micros;
    int64_t most =
        estimate->has_limit_amount_micros ? estimate->limit_amount_micros : estimate->amount_micros;

    if (most > cash)
        estimate->has_cash_missing_micros =
            money_subtract(most, cash, &estimate->cash_missing_micros);
    else
        estimate->has_cash_left_micros =
            money_subtract(cash, estimate->amount_micros, &estimate->cash_left_micros);
}

static void add_shares(const Pages__SymbolPage *page, Pages__Estimate *estimate)
{
    int64_t shares = page->position != NULL ? page->position->available_nanos : 0;
    int64_t quantity = estimate->quantity_nanos;

    if (quantity > shares)
        estimate->has_shares_missing_nanos =
            money_subtract(quantity, shares, &estimate->shares_missing_nanos);
    else
        estimate->has_shares_left_nanos =
            money_subtract(shares, quantity, &estimate->shares_left_nanos);
}

bool estimate_make(struct arena *arena,
                   const Trading__PlaceOrderRequest *order,
                   const Pages__SymbolPage *page,
                   Pages__Estimate **out_estimate,
                   struct error *error)
{
    int64_t market_price = market_price_of(order, page->quote);
    int64_t price = price_of(order, market_price);
    Pages__Estimate *estimate = arena_allocate(arena, sizeof *estimate);

    if (estimate == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "There is no room for the page.");
    pages__estimate__init(estimate);
    *out_estimate = NULL;
    if (!order->has_quantity_nanos || price <= 0 ||
        !multiply(order, price, &estimate->amount_micros))
        return true;
    estimate->has_limit_amount_micros =
        order->has_limit_price_micros && price != order->limit_price_micros &&
        multiply(order, order->limit_price_micros, &estimate->limit_amount_micros);
    estimate->has_side = true;
    estimate->side = order->side;
    estimate->has_quantity_nanos = true;
    estimate->quantity_nanos = order->quantity_nanos;
    estimate->has_price_micros = true;
    estimate->price_micros = price;
    estimate->has_amount_micros = true;
    if (is_buy(order))
        add_cash(page, estimate);
    else
        add_shares(page, estimate);
    estimate->has_is_too_much = true;
    estimate->is_too_much = estimate->has_cash_missing_micros || estimate->has_shares_missing_nanos;
    *out_estimate = estimate;
    return true;
}
