// SPDX-License-Identifier: MIT
#include "template/format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timestamp.h"
#include "message/fields.h"
#include "money/money.h"

#define MINUS "\xe2\x88\x92" // U+2212: as wide as a plus
#define UP_ARROW "\xe2\x96\xb2"
#define DOWN_ARROW "\xe2\x96\xbc"

enum takes { TAKES_ANY, TAKES_DECIMAL, TAKES_COUNT, TAKES_TIME, TAKES_DAY, TAKES_NAME };

static const struct {
    const char *name;
    enum takes takes;
} FORMATS[] = {
#define FORMAT_AS_ROW(name, text, takes) {text, TAKES_##takes},
    TEMPLATE_FORMATS(FORMAT_AS_ROW)
#undef FORMAT_AS_ROW
};

bool format_find(struct text name, enum template_format *out_format)
{
    for (size_t i = 0; i < COUNT_OF(FORMATS); i++) {
        if (text_equals(name, FORMATS[i].name)) {
            *out_format = (enum template_format)i;
            return true;
        }
    }
    return false;
}

const char *format_name(enum template_format format)
{
    return FORMATS[format].name;
}

void format_list(struct strbuf *out)
{
    for (size_t i = 0; i < COUNT_OF(FORMATS); i++) {
        strbuf_append_string(out, i > 0 ? ", " : "");
        strbuf_append_string(out, FORMATS[i].name);
    }
}

static bool is_whole_number(const struct field_info *field,
                            const ProtobufCFieldDescriptor *descriptor)
{
    switch (descriptor->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        return false;
    default:
        return field->format == FORMAT_PLAIN;
    }
}

bool format_takes(enum template_format format,
                  const struct field_info *field,
                  const ProtobufCFieldDescriptor *descriptor)
{
    switch (FORMATS[format].takes) {
    case TAKES_DECIMAL:
        return field->format == FORMAT_DECIMAL;
    case TAKES_COUNT:
        return field->format == FORMAT_DECIMAL || is_whole_number(field, descriptor);
    case TAKES_TIME:
        return field->format == FORMAT_TIME;
    case TAKES_DAY:
        return field->format == FORMAT_TIME || field->format == FORMAT_DATE;
    case TAKES_NAME:
        return descriptor->type == PROTOBUF_C_TYPE_ENUM ||
               (descriptor->type == PROTOBUF_C_TYPE_STRING && field->format == FORMAT_PLAIN);
    default:
        return descriptor->type != PROTOBUF_C_TYPE_BYTES &&
               descriptor->type != PROTOBUF_C_TYPE_MESSAGE;
    }
}

const char *format_expectation(enum template_format format)
{
    static const char *const expectations[] = {
        [TAKES_ANY] = "a single value",   [TAKES_DECIMAL] = "a decimal",
        [TAKES_COUNT] = "a number",       [TAKES_TIME] = "a time",
        [TAKES_DAY] = "a time or a date", [TAKES_NAME] = "an enum or a string",
    };

    return expectations[FORMATS[format].takes];
}

static uint64_t magnitude_of(int64_t value)
{
    return value < 0 ? (uint64_t) - (value + 1) + 1 : (uint64_t)value;
}

static uint64_t power_of_ten(int exponent)
{
    uint64_t power = 1;

    while (exponent-- > 0)
        power *= 10;
    return power;
}

// value / 10^digits, half to even.
static uint64_t round_off(uint64_t value, int digits)
{
    uint64_t unit = power_of_ten(digits);
    uint64_t whole = value / unit;
    uint64_t rest = value % unit;

    if (digits == 0)
        return value;
    if (rest > unit / 2 || (rest == unit / 2 && whole % 2 == 1))
        whole++;
    return whole;
}

static void write_grouped(uint64_t whole, struct strbuf *out)
{
    char digits[DECIMAL_SIZE];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)whole);

    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            strbuf_append_char(out, ',');
        strbuf_append_char(out, digits[i]);
    }
}

// `value` of 10^-decimals, with at least `least` of the decimals and no more zeros at the end.
static void write_decimal(uint64_t value, int decimals, int least, struct strbuf *out)
{
    uint64_t unit = power_of_ten(decimals);
    uint64_t fraction = value % unit;

    write_grouped(value / unit, out);
    while (decimals > least && fraction % 10 == 0) {
        fraction /= 10;
        decimals--;
    }
    if (decimals > 0)
        strbuf_printf(out, ".%0*llu", decimals, (unsigned long long)fraction);
}

static void write_sign(int64_t value, uint64_t shown, bool with_plus, struct strbuf *out)
{
    // What is shown as 0 has no sign.
    if (shown == 0)
        return;
    if (value < 0)
        strbuf_append_string(out, MINUS);
    else if (with_plus)
        strbuf_append_char(out, '+');
}

static void
write_rounded(int64_t value, int scale, int decimals, bool with_plus, struct strbuf *out)
{
    int kept = scale < decimals ? scale : decimals;
    uint64_t shown = round_off(magnitude_of(value), scale - kept);

    write_sign(value, shown, with_plus, out);
    write_decimal(shown, kept, kept, out);
}

void format_write_decimal(int64_t value, int scale, int least, struct strbuf *out)
{
    write_sign(value, magnitude_of(value), false, out);
    write_decimal(magnitude_of(value), scale, least, out);
}

// In units of 1024, rounded half up: 1.5 MiB.
static void write_bytes(int64_t value, int scale, struct strbuf *out)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    uint64_t bytes = round_off(magnitude_of(value), scale);
    uint64_t unit = 1;
    size_t step = 0;
    uint64_t tenths = 0;

    // What would be 1024.0 is 1 of the next unit.
    while (step + 1 < COUNT_OF(units) && bytes / unit >= 1024) {
        unit *= 1024;
        step++;
    }
    tenths = bytes / unit * 10 + (bytes % unit * 10 + unit / 2) / unit;
    if (tenths == 10240 && step + 1 < COUNT_OF(units)) {
        tenths = 10;
        step++;
    }
    write_sign(value, bytes, false, out);
    if (step == 0 || tenths % 10 == 0)
        write_grouped(step == 0 ? bytes : tenths / 10, out);
    else
        write_decimal(tenths, 1, 1, out);
    strbuf_printf(out, " %s", step == 0 && bytes == 1 ? "byte" : units[step]);
}

// Three digits and a letter: 999, 1.23K, 45.6M.
static void write_compact(int64_t value, int scale, struct strbuf *out)
{
    static const char *const letters[] = {"", "K", "M", "B", "T", "Q"};
    uint64_t whole = round_off(magnitude_of(value), scale);
    uint64_t thousandths = whole * 1000;
    size_t step = 0;
    int decimals = 0;

    write_sign(value, whole, false, out);
    if (whole < 1000 || whole > UINT64_MAX / 1000) {
        write_grouped(whole, out);
        return;
    }
    while (thousandths >= 999500 && step + 1 < COUNT_OF(letters)) {
        thousandths = round_off(thousandths, 3);
        step++;
    }
    decimals = thousandths < 9995 ? 2 : thousandths < 99950 ? 1 : 0;
    write_decimal(round_off(thousandths, 3 - decimals), decimals, decimals, out);
    strbuf_append_string(out, letters[step]);
}

static const char *month_of(const struct date *date)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

    return months[date->month - 1];
}

static void write_day(const struct date *date, struct strbuf *out)
{
    strbuf_printf(out, "%s %d, %d", month_of(date), date->day, date->year);
}

// A day as "2014-06-02"; what is none, as whoever shows a form again may have it, stays as it is.
static void write_date(const char *text, struct strbuf *out)
{
    struct date date;

    if (date_parse(text_of(text), &date))
        write_day(&date, out);
    else
        strbuf_append_string(out, text);
}

static void write_time(int64_t us, enum template_format format, struct strbuf *out)
{
    const int64_t day_us = INT64_C(86400000000);
    int64_t days = us / day_us - (us % day_us < 0);
    int64_t minutes = (us - days * day_us) / 60000000;
    struct date date = date_from_days(days);

    if (format == FORMAT_AS_DAY)
        strbuf_printf(out, "%s %d", month_of(&date), date.day);
    else if (format == FORMAT_AS_MONTH)
        strbuf_printf(out, "%s %d", month_of(&date), date.year);
    else if (format != FORMAT_AS_TIME)
        write_day(&date, out);
    if (format == FORMAT_AS_DATE_TIME)
        strbuf_append_string(out, ", ");
    if (format == FORMAT_AS_DATE_TIME || format == FORMAT_AS_TIME)
        strbuf_printf(out, "%02d:%02d UTC", (int)(minutes / 60), (int)(minutes % 60));
}

void format_write_time(int64_t us, struct strbuf *out)
{
    write_time(us, FORMAT_AS_DATE_TIME, out);
}

static const char *name_of(const struct field_info *field,
                           const ProtobufCFieldDescriptor *descriptor,
                           const void *value)
{
    size_t index = 0;

    if (descriptor->type == PROTOBUF_C_TYPE_STRING)
        return *(const char *const *)value;
    index = enum_find_number(field->enumeration, *(const int *)value);
    return index == SIZE_MAX ? "" : field->enumeration->names[index];
}

static void write_label(const char *name, struct strbuf *out)
{
    for (size_t i = 0; name[i] != '\0'; i++) {
        char character = name[i] == '_' ? ' ' : name[i];

        if (i == 0 && character >= 'a' && character <= 'z')
            character = (char)(character - 'a' + 'A');
        strbuf_append_char(out, character);
    }
}

static int64_t whole_number(const ProtobufCFieldDescriptor *descriptor, const void *value)
{
    uint64_t number = 0;

    switch (descriptor->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return *(const int32_t *)value;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return *(const uint32_t *)value;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        number = *(const uint64_t *)value;
        return number > INT64_MAX ? INT64_MAX : (int64_t)number;
    default:
        return *(const int64_t *)value;
    }
}

static void write_plain(const struct field_info *field,
                        const ProtobufCFieldDescriptor *descriptor,
                        const void *value,
                        struct strbuf *out)
{
    char text[DECIMAL_SIZE + TIMESTAMP_SIZE];

    if (descriptor->type == PROTOBUF_C_TYPE_STRING || descriptor->type == PROTOBUF_C_TYPE_ENUM) {
        strbuf_append_string(out, name_of(field, descriptor, value));
    } else if (descriptor->type == PROTOBUF_C_TYPE_BOOL) {
        strbuf_append_string(out, *(const protobuf_c_boolean *)value ? "true" : "false");
    } else if (field->format == FORMAT_DECIMAL) {
        (void)decimal_print(*(const int64_t *)value, field->scale, field->least_decimals, text);
        strbuf_append_string(out, text);
    } else if (field->format == FORMAT_TIME) {
        timestamp_print(*(const int64_t *)value, text);
        strbuf_append_string(out, text);
    } else {
        strbuf_append_int(out, whole_number(descriptor, value));
    }
}

static void write_decimal_as(enum template_format format,
                             const struct field_info *field,
                             int64_t value,
                             struct strbuf *out)
{
    int scale = field->scale;

    switch (format) {
    case FORMAT_AS_MONEY:
        write_rounded(value, scale, 2, false, out);
        break;
    case FORMAT_AS_SIGNED:
        write_rounded(value, scale, 2, true, out);
        break;
    case FORMAT_AS_PRICE:
        format_write_decimal(value, scale, scale < 2 ? scale : 2, out);
        break;
    case FORMAT_AS_QUANTITY:
        format_write_decimal(value, scale, 0, out);
        break;
    case FORMAT_AS_PERCENT:
    case FORMAT_AS_SHARE:
        write_rounded(value, scale, 2, format == FORMAT_AS_PERCENT, out);
        strbuf_append_char(out, '%');
        break;
    case FORMAT_AS_DIRECTION:
        strbuf_append_string(out, value > 0 ? "up" : value < 0 ? "down" : "flat");
        break;
    default:
        strbuf_append_string(out, value > 0 ? UP_ARROW : value < 0 ? DOWN_ARROW : "");
    }
}

void format_write(enum template_format format,
                  const struct field_info *field,
                  const ProtobufCFieldDescriptor *descriptor,
                  const void *value,
                  struct strbuf *out)
{
    bool is_decimal = field->format == FORMAT_DECIMAL;

    switch (format) {
    case FORMAT_AS_PLAIN:
        write_plain(field, descriptor, value, out);
        break;
    case FORMAT_AS_COMPACT:
        write_compact(whole_number(descriptor, value), is_decimal ? field->scale : 0, out);
        break;
    case FORMAT_AS_COUNT:
        write_rounded(whole_number(descriptor, value), is_decimal ? field->scale : 0, 0, false,
                      out);
        break;
    case FORMAT_AS_BYTES:
        write_bytes(whole_number(descriptor, value), is_decimal ? field->scale : 0, out);
        break;
    case FORMAT_AS_DATE:
        if (field->format == FORMAT_DATE)
            write_date(*(const char *const *)value, out);
        else
            write_time(*(const int64_t *)value, format, out);
        break;
    case FORMAT_AS_DAY:
    case FORMAT_AS_MONTH:
    case FORMAT_AS_DATE_TIME:
    case FORMAT_AS_TIME:
        write_time(*(const int64_t *)value, format, out);
        break;
    case FORMAT_AS_LABEL:
        write_label(name_of(field, descriptor, value), out);
        break;
    default:
        write_decimal_as(format, field, *(const int64_t *)value, out);
    }
}
