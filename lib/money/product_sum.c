// SPDX-License-Identifier: MIT
#include "money/product_sum.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "money/money.h"

__extension__ typedef __int128 wide;

static bool narrow(wide value, int64_t *out_value)
{
    if (value > INT64_MAX)
        return false;
    *out_value = (int64_t)value;
    return true;
}

static wide whole_of(const struct product_sum *sum)
{
    return (wide)sum->micros * NANOS_PER_UNIT + sum->rest;
}

// Both are far enough from the limits of 128 bits for the rest to be doubled.
static wide quotient_half_even(wide numerator, wide denominator)
{
    wide quotient = numerator / denominator;
    wide twice_rest = numerator % denominator * 2;

    if (twice_rest > denominator || (twice_rest == denominator && quotient % 2 != 0))
        quotient++;
    return quotient;
}

bool product_sum_add(struct product_sum *sum, int64_t price_micros, int64_t quantity_nanos)
{
    wide whole = whole_of(sum) + (wide)price_micros * quantity_nanos;
    int64_t micros = 0;

    assert(price_micros >= 0 && quantity_nanos >= 0);
    if (!narrow(whole / NANOS_PER_UNIT, &micros))
        return false;
    sum->micros = micros;
    sum->rest = (int64_t)(whole % NANOS_PER_UNIT);
    return true;
}

bool product_sum_up(const struct product_sum *sum, int64_t *out_micros)
{
    return narrow((wide)sum->micros + (sum->rest > 0 ? 1 : 0), out_micros);
}

bool product_sum_divide_half_even(const struct product_sum *sum,
                                  int64_t quantity_nanos,
                                  int64_t *out_price_micros)
{
    assert(quantity_nanos > 0);
    return narrow(quotient_half_even(whole_of(sum), quantity_nanos), out_price_micros);
}

bool product_sum_scale_half_even(const struct product_sum *sum,
                                 int64_t numerator,
                                 int64_t denominator,
                                 int64_t *out_micros)
{
    assert(numerator >= 0 && numerator <= INT64_C(1) << 31);
    assert(denominator > 0 && denominator <= INT64_C(1) << 31);
    return narrow(quotient_half_even(whole_of(sum) * numerator, (wide)denominator * NANOS_PER_UNIT),
                  out_micros);
}

void product_sum_print(const struct product_sum *sum, char out[PRODUCT_SUM_SIZE])
{
    snprintf(out, PRODUCT_SUM_SIZE, "%" PRId64 ".%06" PRId64 "%09" PRId64,
             sum->micros / MICROS_PER_UNIT, sum->micros % MICROS_PER_UNIT, sum->rest);
}

bool product_sum_parse(const char *text, struct product_sum *out_sum)
{
    struct product_sum sum = {0};
    const char *point = strchr(text, '.');
    struct text head = {text, 0};

    if (point == NULL || text[0] == '-' || strlen(point + 1) != PRODUCT_SUM_SCALE)
        return false;
    head.length = (size_t)(point - text) + 1 + MONEY_SCALE;
    if (decimal_parse(head, MONEY_SCALE, &sum.micros) != DECIMAL_FINE ||
        decimal_parse(text_of(point + 1 + MONEY_SCALE), 0, &sum.rest) != DECIMAL_FINE ||
        sum.rest < 0)
        return false;
    *out_sum = sum;
    return true;
}
