// SPDX-License-Identifier: MIT
#include "valuation/valuation.h"

#include "money/money.h"

bool valuation_percent(int64_t one, int64_t other, int64_t *out_percent)
{
    int64_t ten_thousandths = 0;

    return other > 0 && money_scale_half_even(one, 1000000, other, &ten_thousandths) &&
           !__builtin_mul_overflow(ten_thousandths, INT64_C(100), out_percent);
}

// What it is worth above what was of it when the day began, with what the trades since have
// brought. Unknown when there was something then, and not what it was worth.
static bool change_of_day(const struct holding *holding, int64_t *out_change)
{
    int64_t quantity = 0;
    int64_t before = 0;

    return money_subtract(holding->quantity, holding->day_quantity, &quantity) && quantity >= 0 &&
           (quantity == 0 || holding->previous_close > 0) &&
           money_multiply_half_even(holding->previous_close, quantity, &before) &&
           money_subtract(holding->market_value, before, out_change) &&
           money_add(*out_change, holding->day_cash, out_change);
}

static void value_holding(struct holding *holding)
{
    // Fails only for what no portfolio holds; then the price is as good as none.
    if (holding->quantity > 0 &&
        !money_divide_half_even(holding->cost_basis, holding->quantity, &holding->average_price))
        holding->average_price = 0;
    holding->has_value =
        holding->has_price &&
        money_multiply_half_even(holding->price, holding->quantity, &holding->market_value) &&
        money_subtract(holding->market_value, holding->cost_basis, &holding->unrealized_pl);
    holding->has_percent =
        holding->has_value && valuation_percent(holding->unrealized_pl, holding->cost_basis,
                                                &holding->unrealized_pl_percent);
    holding->has_day_change = holding->has_value && change_of_day(holding, &holding->day_change);
}

struct valuation
valuation_compute(struct holding *holdings, size_t count, int64_t cash, int64_t day_cash)
{
    struct valuation valuation = {
        .cash = cash, .has_value = true, .has_day_change = true, .day_change = day_cash};

    for (size_t i = 0; i < count; i++) {
        struct holding *holding = &holdings[i];

        value_holding(holding);
        valuation.has_value =
            valuation.has_value && holding->has_value &&
            money_add(valuation.market_value, holding->market_value, &valuation.market_value) &&
            money_add(valuation.unrealized_pl, holding->unrealized_pl, &valuation.unrealized_pl);
        valuation.has_day_change =
            valuation.has_day_change && holding->has_day_change &&
            money_add(valuation.day_change, holding->day_change, &valuation.day_change);
    }
    valuation.has_value =
        valuation.has_value && money_add(cash, valuation.market_value, &valuation.total_value);
    for (size_t i = 0; i < count && valuation.has_value; i++)
        holdings[i].has_weight =
            valuation_percent(holdings[i].market_value, valuation.total_value, &holdings[i].weight);
    return valuation;
}
