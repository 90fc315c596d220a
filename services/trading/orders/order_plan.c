// SPDX-License-Identifier: MIT
#include "orders/order_plan.h"

#include "fills/commission.h"
#include "fills/fill.h"
#include "orders/order_rules.h"

static bool plan_hold(struct order *order,
                      const struct quote *quote,
                      const struct platform_clock *clock,
                      struct error *error)
{
    struct fill_moment moment;
    bool is_current = fill_moment_now(quote, clock, &moment);

    // What was traded before the order came is not for it, but for what this quote has brought.
    order->volume_seen = is_current ? quote->volume : 0;
    if (fill_hold(order, quote, clock, &order->hold_amount))
        return true;
    error_clear(error);
    error_add_violation(error, "quantity", "is worth more than can be counted");
    return false;
}

// What an order can be filled with at once is decided when it is taken, with what that costs, and
// not looked at again.
static void
decide(struct order *order, const struct quote *quote, const struct platform_clock *clock)
{
    struct fill_offer offer;
    int64_t commission = 0;

    if (fill_decide(order, quote, clock, &offer) && fill_is_covered(order, &offer) &&
        commission_of_fill(order, offer.quantity, offer.price, &commission))
        order->decided = (struct order_decision){.quantity = offer.quantity,
                                                 .price = offer.price,
                                                 .commission = commission,
                                                 .quote_at = quote->quoted_at};
}

bool order_plan(struct order *order,
                const struct quote *quote,
                const struct platform_clock *clock,
                struct error *error)
{
    if (!order_rules_price(order, quote, clock, error) ||
        !order_rules_delay(order, quote, clock, error) || !plan_hold(order, quote, clock, error))
        return false;
    decide(order, quote, clock);
    return true;
}

bool order_plan_again(struct order *order,
                      const struct fill_terms *terms,
                      const struct quote *quote,
                      const struct platform_clock *clock,
                      struct error *error)
{
    order->terms = *terms;
    order->decided = (struct order_decision){0};
    return order_rules_schedule(order, clock, error) &&
           order_rules_delay(order, quote, clock, error) && plan_hold(order, quote, clock, error);
}

bool order_plan_replacement(struct order *order,
                            const struct quote *quote,
                            const struct platform_clock *clock,
                            struct error *error)
{
    return order_rules_delay(order, quote, clock, error) && plan_hold(order, quote, clock, error);
}
