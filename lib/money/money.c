// SPDX-License-Identifier: MIT
#include "money/money.h"

#include <assert.h>

// Products of two int64 need 128 bits; both compilers have them, ISO C has no name for them.
__extension__ typedef __int128 wide;

enum {
    // Far beyond any exponent that leaves a number in range, and far from overflowing a sum.
    EXPONENT_MAX = 1000000000,
    SCALE_MAX = 18,
};

// A decimal number taken apart: its digits with the point left out, and where the point was.
struct decimal {
    bool negative;
    struct text integer;
    struct text fraction;
    int64_t exponent;
};

static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

static struct text take_digits(struct text *rest)
{
    struct text digits = {rest->data, 0};

    while (digits.length < rest->length && is_digit(rest->data[digits.length]))
        digits.length++;
    rest->data += digits.length;
    rest->length -= digits.length;
    return digits;
}

static bool take(struct text *rest, char character)
{
    if (rest->length == 0 || rest->data[0] != character)
        return false;
    rest->data++;
    rest->length--;
    return true;
}

// Reads what follows the "e": a sign and digits. An exponent too large to matter is cut.
static bool take_exponent(struct text *rest, int64_t *out_exponent)
{
    bool negative = take(rest, '-');
    struct text digits;
    int64_t exponent = 0;

    if (!negative)
        (void)take(rest, '+');
    digits = take_digits(rest);
    if (digits.length == 0)
        return false;
    for (size_t i = 0; i < digits.length; i++)
        if (exponent < EXPONENT_MAX)
            exponent = exponent * 10 + (digits.data[i] - '0');
    *out_exponent = negative ? -exponent : exponent;
    return true;
}

static bool split(struct text text, bool exponent_allowed, struct decimal *out)
{
    struct text rest = text;

    *out = (struct decimal){0};
    out->negative = take(&rest, '-');
    out->integer = take_digits(&rest);
    if (out->integer.length == 0)
        return false;
    if (take(&rest, '.')) {
        out->fraction = take_digits(&rest);
        if (out->fraction.length == 0)
            return false;
    }
    if (exponent_allowed && (take(&rest, 'e') || take(&rest, 'E')))
        if (!take_exponent(&rest, &out->exponent))
            return false;
    return rest.length == 0;
}

// Adds a digit below the ones in `*value`, which is kept negative because that side of an int64
// reaches one further.
static bool push_digit(int64_t *value, int digit)
{
    return !__builtin_mul_overflow(*value, 10, value) &&
           !__builtin_sub_overflow(*value, digit, value);
}

static enum decimal_problem assemble(const struct decimal *decimal, int scale, int64_t *out_value)
{
    size_t count = decimal->integer.length + decimal->fraction.length;
    // The power of ten that the first digit counts, in units of the result.
    int64_t weight = (int64_t)decimal->integer.length - 1 + decimal->exponent + scale;
    bool too_fine = false;
    int64_t value = 0;

    for (size_t i = 0; i < count; i++, weight--) {
        int digit = i < decimal->integer.length
                        ? decimal->integer.data[i] - '0'
                        : decimal->fraction.data[i - decimal->integer.length] - '0';

        if (weight >= 0 && !push_digit(&value, digit))
            return DECIMAL_TOO_LARGE;
        if (weight < 0 && digit != 0)
            too_fine = true;
    }
    // The digits may end above the last place of the result, as in 1e3.
    for (; weight >= 0 && value != 0; weight--)
        if (!push_digit(&value, 0))
            return DECIMAL_TOO_LARGE;
    if (!decimal->negative && __builtin_sub_overflow(0, value, &value))
        return DECIMAL_TOO_LARGE;
    if (too_fine)
        return DECIMAL_TOO_FINE;
    *out_value = value;
    return DECIMAL_FINE;
}

static enum decimal_problem
parse(struct text text, int scale, bool exponent_allowed, int64_t *out_value)
{
    struct decimal decimal;

    assert(scale >= 0 && scale <= SCALE_MAX);
    if (!split(text, exponent_allowed, &decimal))
        return DECIMAL_NOT_A_NUMBER;
    return assemble(&decimal, scale, out_value);
}

enum decimal_problem decimal_parse(struct text text, int scale, int64_t *out_value)
{
    return parse(text, scale, false, out_value);
}

enum decimal_problem decimal_parse_json(struct text text, int scale, int64_t *out_value)
{
    return parse(text, scale, true, out_value);
}

size_t decimal_print(int64_t value, int scale, int least, char out[DECIMAL_SIZE])
{
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    char reversed[DECIMAL_SIZE];
    size_t count = 0;
    size_t length = 0;
    int decimals = scale;

    assert(scale >= 0 && scale <= SCALE_MAX && least >= 0 && least <= scale);
    for (; decimals > least && rest % 10 == 0; decimals--)
        rest /= 10;
    for (int i = 0; i < decimals; i++, rest /= 10)
        reversed[count++] = (char)('0' + rest % 10);
    if (decimals > 0)
        reversed[count++] = '.';
    do {
        reversed[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        reversed[count++] = '-';
    while (count > 0)
        out[length++] = reversed[--count];
    out[length] = '\0';
    return length;
}

static bool narrow(wide value, int64_t *out_value)
{
    if (value > INT64_MAX || value < INT64_MIN)
        return false;
    *out_value = (int64_t)value;
    return true;
}

// numerator / denominator, rounded half to even. `denominator` is not 0, and both are far enough
// from the limits of 128 bits to be negated and doubled.
static wide quotient_half_even(wide numerator, wide denominator)
{
    wide quotient = 0;
    wide twice_rest = 0;

    if (denominator < 0) {
        numerator = -numerator;
        denominator = -denominator;
    }
    quotient = numerator / denominator;
    twice_rest = numerator % denominator * 2;
    if (twice_rest < 0)
        twice_rest = -twice_rest;
    if (twice_rest > denominator || (twice_rest == denominator && quotient % 2 != 0))
        quotient += numerator < 0 ? -1 : 1;
    return quotient;
}

bool money_multiply_half_even(int64_t price_micros, int64_t quantity_nanos, int64_t *out_micros)
{
    return narrow(quotient_half_even((wide)price_micros * quantity_nanos, NANOS_PER_UNIT),
                  out_micros);
}

bool money_multiply_up(int64_t price_micros, int64_t quantity_nanos, int64_t *out_micros)
{
    wide product = (wide)price_micros * quantity_nanos;
    wide quotient = product / NANOS_PER_UNIT;

    // Division cuts towards zero, which is up already for what is negative.
    if (product % NANOS_PER_UNIT > 0)
        quotient++;
    return narrow(quotient, out_micros);
}

bool money_divide_half_even(int64_t amount_micros,
                            int64_t quantity_nanos,
                            int64_t *out_price_micros)
{
    assert(quantity_nanos != 0);
    return narrow(quotient_half_even((wide)amount_micros * NANOS_PER_UNIT, quantity_nanos),
                  out_price_micros);
}

bool money_divide_down(int64_t amount_micros, int64_t price_micros, int64_t *out_quantity_nanos)
{
    assert(amount_micros >= 0 && price_micros > 0);
    return narrow((wide)amount_micros * NANOS_PER_UNIT / price_micros, out_quantity_nanos);
}

bool money_scale_half_even(int64_t value,
                           int64_t numerator,
                           int64_t denominator,
                           int64_t *out_value)
{
    assert(denominator > 0);
    return narrow(quotient_half_even((wide)value * numerator, denominator), out_value);
}

bool money_scale_down(int64_t value, int64_t numerator, int64_t denominator, int64_t *out_value)
{
    assert(denominator > 0);
    return narrow((wide)value * numerator / denominator, out_value);
}

bool money_add(int64_t one, int64_t other, int64_t *out_sum)
{
    int64_t sum = 0;

    if (__builtin_add_overflow(one, other, &sum))
        return false;
    *out_sum = sum;
    return true;
}

bool money_subtract(int64_t one, int64_t other, int64_t *out_difference)
{
    int64_t difference = 0;

    if (__builtin_sub_overflow(one, other, &difference))
        return false;
    *out_difference = difference;
    return true;
}
