// SPDX-License-Identifier: MIT
// money: decimals as scaled integers, and the few operations on them that trading needs.
//
// Money and prices are int64 millionths ("micros"), quantities are int64 billionths of a share
// ("nanos"). Products are formed in 128 bits and rounded once, half to even, by functions that say
// so. No floating point and no locale. Threads: pure functions.
#pragma once

#include "base/base.h"

#define MONEY_SCALE 6    // decimals of money and prices
#define QUANTITY_SCALE 9 // decimals of quantities
#define MICROS_PER_UNIT INT64_C(1000000)
#define NANOS_PER_UNIT INT64_C(1000000000)

enum { DECIMAL_SIZE = 32 }; // room for any int64 with sign, point and terminator

enum decimal_problem {
    DECIMAL_FINE,
    DECIMAL_NOT_A_NUMBER, // anything but [-]digits[.digits], no exponent, no blanks, no leading +
    DECIMAL_TOO_FINE,     // a digit other than 0 after `scale` decimals
    DECIMAL_TOO_LARGE,    // does not fit an int64 at that scale
};

// Reads a decimal such as "95.108574" exactly, as that many 10^-scale. `scale` is 0 to 18.
// Leaves `out_value` alone unless the answer is DECIMAL_FINE.
MUST_CHECK enum decimal_problem decimal_parse(struct text text, int scale, int64_t *out_value);

// As decimal_parse, and takes an exponent too ("1e3"), as JSON numbers may have. Exact or refused.
MUST_CHECK enum decimal_problem decimal_parse_json(struct text text, int scale, int64_t *out_value);

// Writes all digits needed and no more than needed, but at least `least` decimals (0 to scale):
// decimal_print(12500000, 6, 2, out) is "12.50". Returns the length.
size_t decimal_print(int64_t value, int scale, int least, char out[DECIMAL_SIZE]);

// price * quantity, rounded half to even to a micro. False when it does not fit.
MUST_CHECK bool
money_multiply_half_even(int64_t price_micros, int64_t quantity_nanos, int64_t *out_micros);

// The smallest amount of micros that is not less than price * quantity: what must be held for it.
MUST_CHECK bool
money_multiply_up(int64_t price_micros, int64_t quantity_nanos, int64_t *out_micros);

// amount / quantity as a price, rounded half to even. `quantity_nanos` is not 0.
MUST_CHECK bool
money_divide_half_even(int64_t amount_micros, int64_t quantity_nanos, int64_t *out_price_micros);

// The largest quantity that costs no more than `amount` at that price, which is more than 0: what
// an amount buys.
MUST_CHECK bool
money_divide_down(int64_t amount_micros, int64_t price_micros, int64_t *out_quantity_nanos);

// value * numerator / denominator, rounded half to even; `denominator` > 0.
MUST_CHECK bool
money_scale_half_even(int64_t value, int64_t numerator, int64_t denominator, int64_t *out_value);

// value * numerator / denominator, rounded towards 0; `denominator` > 0.
MUST_CHECK bool
money_scale_down(int64_t value, int64_t numerator, int64_t denominator, int64_t *out_value);

MUST_CHECK bool money_add(int64_t one, int64_t other, int64_t *out_sum);
MUST_CHECK bool money_subtract(int64_t one, int64_t other, int64_t *out_difference);
