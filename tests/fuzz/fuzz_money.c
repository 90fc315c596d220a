// SPDX-License-Identifier: MIT
// fuzz_money: decimals are read as a reading by hand has it, digit by digit and without numbers;
// what is printed reads back; and products and quotients are as near as they can be.
#include "fuzz.h"

#include "base/strbuf.h"
#include "money/money.h"

enum { DIGITS_MAX = 20, EXPONENT_DIGITS_MAX = 2 };

__extension__ typedef __int128 wide;

static struct text cut_digits(struct text *rest)
{
    struct text digits = {rest->data, 0};

    while (digits.length < rest->length && rest->data[digits.length] >= '0' &&
           rest->data[digits.length] <= '9')
        digits.length++;
    rest->data += digits.length;
    rest->length -= digits.length;
    return digits;
}

static bool cut_char(struct text *rest, char character)
{
    if (rest->length == 0 || rest->data[0] != character)
        return false;
    rest->data++;
    rest->length--;
    return true;
}

// The digits of a number, and how many of them stand before the point.
struct number {
    bool is_negative;
    struct text integer;
    struct text fraction;
};

static bool read_number(struct text *rest, struct number *out_number)
{
    out_number->is_negative = cut_char(rest, '-');
    out_number->integer = cut_digits(rest);
    out_number->fraction = (struct text){"", 0};
    if (out_number->integer.length == 0)
        return false;
    if (!cut_char(rest, '.'))
        return true;
    out_number->fraction = cut_digits(rest);
    return out_number->fraction.length > 0;
}

// What must come of a number at that scale: by text, so that nothing can overflow. `out_digits` are
// those of the value, without zeros in front.
static enum decimal_problem
expect(const struct number *number, int scale, char out_digits[DIGITS_MAX])
{
    static const char limits[2][DIGITS_MAX] = {"9223372036854775807", "9223372036854775808"};
    size_t places = number->integer.length + (size_t)scale;
    size_t length = 0;
    bool is_too_fine = false;

    for (size_t i = 0; i < number->integer.length + number->fraction.length || i < places; i++) {
        char digit = '0';

        if (i < number->integer.length)
            digit = number->integer.data[i];
        else if (i - number->integer.length < number->fraction.length)
            digit = number->fraction.data[i - number->integer.length];
        if (i >= places)
            is_too_fine = is_too_fine || digit != '0';
        else if (length > 0 || digit != '0') {
            if (length == DIGITS_MAX - 1)
                return DECIMAL_TOO_LARGE;
            out_digits[length++] = digit;
        }
    }
    out_digits[length] = '\0';
    if (length == DIGITS_MAX - 1 && strcmp(out_digits, limits[number->is_negative]) > 0)
        return DECIMAL_TOO_LARGE;
    return is_too_fine ? DECIMAL_TOO_FINE : DECIMAL_FINE;
}

static void check_printed(int64_t value, int scale)
{
    char printed[DECIMAL_SIZE];
    int64_t again = 0;

    for (int least = 0; least <= scale; least += 2) {
        size_t length = decimal_print(value, scale, least, printed);

        MUST(length == strlen(printed) && length < DECIMAL_SIZE);
        MUST(decimal_parse(text_of(printed), scale, &again) == DECIMAL_FINE && again == value);
    }
}

static void check_value(int64_t value, bool is_negative, const char *digits)
{
    char expected[DIGITS_MAX + 1];
    char printed[DECIMAL_SIZE];

    snprintf(expected, sizeof expected, "%s%s", is_negative && digits[0] != '\0' ? "-" : "",
             digits[0] != '\0' ? digits : "0");
    decimal_print(value, 0, 0, printed);
    MUST(strcmp(printed, expected) == 0);
}

static void check_decimal(struct text text, int scale)
{
    struct number number;
    struct text rest = text;
    bool is_number = read_number(&rest, &number) && rest.length == 0;
    char digits[DIGITS_MAX] = "";
    enum decimal_problem expected =
        is_number ? expect(&number, scale, digits) : DECIMAL_NOT_A_NUMBER;
    int64_t value = INT64_C(-4711);
    int64_t from_json = INT64_C(-4711);

    MUST(decimal_parse(text, scale, &value) == expected);
    MUST(expected == DECIMAL_FINE || value == INT64_C(-4711));
    if (is_number)
        MUST(decimal_parse_json(text, scale, &from_json) == expected && from_json == value);
    if (expected != DECIMAL_FINE)
        return;
    check_value(value, number.is_negative, digits);
    check_printed(value, scale);
}

// Writes a number with a small exponent without it, by moving the point.
static void expand(const struct number *number, int exponent, struct strbuf *out)
{
    struct text parts[] = {number->integer, number->fraction};
    int before_point = (int)number->integer.length + exponent;
    int place = 0;

    if (number->is_negative)
        strbuf_append_char(out, '-');
    if (before_point <= 0)
        strbuf_append_string(out, "0.");
    for (int i = before_point; i < 0; i++)
        strbuf_append_char(out, '0');
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        for (size_t j = 0; j < parts[i].length; j++, place++) {
            if (place == before_point && place > 0)
                strbuf_append_char(out, '.');
            strbuf_append_char(out, parts[i].data[j]);
        }
    for (; place < before_point; place++)
        strbuf_append_char(out, '0');
}

static void check_exponent(struct text text, int scale)
{
    OWNED(strbuf) expanded = strbuf_new(2 * text.length + 256);
    struct text rest = text;
    struct text digits;
    struct number number;
    bool is_negative = false;
    int exponent = 0;
    int64_t value = 0;
    int64_t expected = 0;

    if (!read_number(&rest, &number) || (!cut_char(&rest, 'e') && !cut_char(&rest, 'E')))
        return;
    is_negative = cut_char(&rest, '-');
    if (!is_negative)
        (void)cut_char(&rest, '+');
    digits = cut_digits(&rest);
    MUST(decimal_parse(text, scale, &value) == DECIMAL_NOT_A_NUMBER);
    if (digits.length == 0 || rest.length > 0) {
        MUST(decimal_parse_json(text, scale, &value) == DECIMAL_NOT_A_NUMBER);
        return;
    }
    MUST(decimal_parse_json(text, scale, &value) != DECIMAL_NOT_A_NUMBER);
    if (digits.length > EXPONENT_DIGITS_MAX)
        return;
    for (size_t i = 0; i < digits.length; i++)
        exponent = exponent * 10 + (digits.data[i] - '0');
    expand(&number, is_negative ? -exponent : exponent, expanded);
    MUST(decimal_parse_json(text, scale, &value) ==
         decimal_parse(strbuf_text(expanded), scale, &expected));
    MUST(value == expected);
}

static wide size_of(wide value)
{
    return value < 0 ? -value : value;
}

// True when `quotient` is the whole number nearest to numerator / denominator, the even one of two.
static bool is_half_even(wide numerator, wide denominator, wide quotient)
{
    wide twice_off = size_of(numerator - quotient * denominator) * 2;

    return twice_off < size_of(denominator) ||
           (twice_off == size_of(denominator) && quotient % 2 == 0);
}

static void check_arithmetic(int64_t one, int64_t other, int64_t third)
{
    wide product = (wide)one * other;
    int64_t result = 0;

    if (money_multiply_half_even(one, other, &result))
        MUST(is_half_even(product, NANOS_PER_UNIT, result));
    else
        MUST(size_of(product) / NANOS_PER_UNIT >= INT64_MAX);
    if (money_multiply_up(one, other, &result))
        MUST((wide)result * NANOS_PER_UNIT >= product &&
             ((wide)result - 1) * NANOS_PER_UNIT < product);
    else
        MUST(size_of(product) / NANOS_PER_UNIT >= INT64_MAX);
    if (other != 0 && money_divide_half_even(one, other, &result))
        MUST(is_half_even((wide)one * NANOS_PER_UNIT, other, result));
    if (third > 0 && money_scale_half_even(one, other, third, &result))
        MUST(is_half_even(product, third, result));
    if (money_add(one, other, &result))
        MUST(result == (wide)one + other);
    else
        MUST((wide)one + other > INT64_MAX || (wide)one + other < INT64_MIN);
    if (money_subtract(one, other, &result))
        MUST(result == (wide)one - other);
    else
        MUST((wide)one - other > INT64_MAX || (wide)one - other < INT64_MIN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int scales[] = {0, MONEY_SCALE, QUANTITY_SCALE, 18};
    struct text text = {(const char *)data, size};
    int64_t numbers[3];

    for (size_t i = 0; i < COUNT_OF(scales); i++) {
        check_decimal(text, scales[i]);
        check_exponent(text, scales[i]);
    }
    if (size >= sizeof numbers) {
        memcpy(numbers, data, sizeof numbers);
        check_arithmetic(numbers[0], numbers[1], numbers[2]);
    }
    return 0;
}
