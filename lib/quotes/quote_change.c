// SPDX-License-Identifier: MIT
#include "quote_change.h"

#include "money/money.h"

bool quote_change(const struct quote *quote, struct quote_change *out_change)
{
    struct quote_change change = {0};
    int64_t hundredths = 0; // of a percent of a percent

    if (quote->previous_close_micros <= 0 ||
        !money_subtract(quote->price_micros, quote->previous_close_micros, &change.change_micros))
        return false;
    // To 4 decimals of a percent, which is what a millionth of the ratio is.
    change.has_percent = money_scale_half_even(change.change_micros, 1000000,
                                               quote->previous_close_micros, &hundredths) &&
                         !__builtin_mul_overflow(hundredths, 100, &change.percent_micros);
    *out_change = change;
    return true;
}
