// SPDX-License-Identifier: MIT
#include "fills/commission.h"

#include "money/money.h"

static int64_t within(const struct fill_terms *terms, int64_t commission)
{
    if (commission < terms->commission_minimum)
        return terms->commission_minimum;
    if (terms->commission_maximum > 0 && commission > terms->commission_maximum)
        return terms->commission_maximum;
    return commission;
}

bool commission_due(const struct fill_terms *terms,
                    int64_t quantity,
                    const struct product_sum *value,
                    int64_t *out_commission)
{
    int64_t of_shares = 0;
    int64_t of_value = 0;
    int64_t sum = 0;

    if (quantity == 0) {
        *out_commission = 0;
        return true;
    }
    if (!money_multiply_half_even(terms->commission_per_share, quantity, &of_shares) ||
        !product_sum_scale_half_even(value, terms->commission_bps_hundredths, FILL_TERMS_WHOLE_BPS,
                                     &of_value) ||
        !money_add(terms->commission_per_order, of_shares, &sum) || !money_add(sum, of_value, &sum))
        return false;
    *out_commission = within(terms, sum);
    return true;
}

bool commission_of_fill(const struct order *order,
                        int64_t quantity,
                        int64_t price,
                        int64_t *out_commission)
{
    struct product_sum value = order->filled_value;
    int64_t due = 0;
    int64_t gross = 0;

    if (!product_sum_add(&value, price, quantity) ||
        !commission_due(&order->terms, order->filled_quantity + quantity, &value, &due) ||
        !money_multiply_half_even(price, quantity, &gross))
        return false;
    due = due > order->commission ? due - order->commission : 0;
    *out_commission = order->side == ORDER_SELL && due > gross ? gross : due;
    return true;
}
