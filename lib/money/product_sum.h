// SPDX-License-Identifier: MIT
// product_sum: a sum of products of prices and quantities, to the last digit.
//
// What was filled in parts is worth such a sum; its average price is rounded once. The sum is at
// least 0 and below 2^63 micros. Pure functions.
#pragma once

#include "base/base.h"

enum { PRODUCT_SUM_SCALE = 15, PRODUCT_SUM_SIZE = 48 };

struct product_sum {
    int64_t micros;
    int64_t rest; // billionths of a micro beside them
};

// Adds price * quantity, both 0 or more. False, and nothing added, when the sum does not fit.
MUST_CHECK bool
product_sum_add(struct product_sum *sum, int64_t price_micros, int64_t quantity_nanos);

// The sum in whole micros.
MUST_CHECK bool product_sum_up(const struct product_sum *sum, int64_t *out_micros);

// sum / quantity as a price, rounded half to even. `quantity_nanos` is more than 0.
MUST_CHECK bool product_sum_divide_half_even(const struct product_sum *sum,
                                             int64_t quantity_nanos,
                                             int64_t *out_price_micros);

// sum * numerator / denominator in micros, rounded half to even; numerator is 0 or more, and the
// denominator more than 0. Both are at most 2^31.
MUST_CHECK bool product_sum_scale_half_even(const struct product_sum *sum,
                                            int64_t numerator,
                                            int64_t denominator,
                                            int64_t *out_micros);

// As a decimal with 15 decimals, and back. False for anything that product_sum_print does not
// write.
void product_sum_print(const struct product_sum *sum, char out[PRODUCT_SUM_SIZE]);
MUST_CHECK bool product_sum_parse(const char *text, struct product_sum *out_sum);
