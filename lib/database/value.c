// SPDX-License-Identifier: MIT
// value: parameters into PostgreSQL's text forms, and its texts back into values.
#include "base/strbuf.h"
#include "base/timestamp.h"
#include "database/database.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCALE_MAX = 18, ARRAY_BYTES_MAX = 16 * 1024 * 1024 };

struct parameter parameter_null(void)
{
    return (struct parameter){0};
}

struct parameter parameter_text(const char *text)
{
    return (struct parameter){.text = text};
}

struct parameter parameter_int(int64_t value)
{
    struct parameter parameter = {.is_inline = true};

    snprintf(parameter.inline_text, sizeof parameter.inline_text, "%" PRId64, value);
    return parameter;
}

struct parameter parameter_bool(bool value)
{
    return (struct parameter){.is_inline = true, .inline_text = {value ? 't' : 'f'}};
}

struct parameter parameter_decimal(int64_t value, int scale)
{
    struct parameter parameter = {.is_inline = true};
    // The smallest int64_t has no positive counterpart but in the unsigned type.
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    uint64_t unit = 1;

    assert(scale >= 0 && scale <= SCALE_MAX);
    for (int i = 0; i < scale; i++)
        unit *= 10;
    if (scale == 0)
        return parameter_int(value);
    snprintf(parameter.inline_text, sizeof parameter.inline_text, "%s%" PRIu64 ".%0*" PRIu64,
             value < 0 ? "-" : "", magnitude / unit, scale, magnitude % unit);
    return parameter;
}

struct parameter parameter_time(int64_t us)
{
    struct parameter parameter = {.is_inline = true};

    _Static_assert(sizeof parameter.inline_text >= TIMESTAMP_SIZE, "a time must fit");
    timestamp_print(us, parameter.inline_text);
    return parameter;
}

static void append_element(struct strbuf *literal, const struct parameter *value)
{
    const char *text = value->is_inline ? value->inline_text : value->text;

    if (text == NULL) {
        strbuf_append_string(literal, "NULL");
        return;
    }
    strbuf_append_char(literal, '"');
    while (*text != '\0') {
        size_t plain = strcspn(text, "\"\\");
        strbuf_append(literal, text, plain);
        text += plain;
        if (*text == '\0')
            break;
        strbuf_append_char(literal, '\\');
        strbuf_append_char(literal, *text++);
    }
    strbuf_append_char(literal, '"');
}

bool parameter_array(struct arena *arena,
                     const struct parameter *values,
                     size_t count,
                     struct parameter *out_array)
{
    OWNED(strbuf) literal = strbuf_new(ARRAY_BYTES_MAX);
    char *text = NULL;

    strbuf_append_char(literal, '{');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            strbuf_append_char(literal, ',');
        append_element(literal, &values[i]);
    }
    strbuf_append_char(literal, '}');
    if (!literal->overflowed)
        text = arena_copy(arena, literal->data, literal->length);
    *out_array = parameter_text(text);
    return text != NULL;
}

bool parameter_text_array(struct arena *arena,
                          const char *const *texts,
                          size_t count,
                          struct parameter *out_array,
                          struct error *error)
{
    struct parameter *values = arena_allocate(arena, (count + 1) * sizeof(*values));

    for (size_t i = 0; values != NULL && i < count; i++)
        values[i] = parameter_text(texts[i]);
    return (values != NULL && parameter_array(arena, values, count, out_array)) ||
           error_set(error, REASON_OUT_OF_MEMORY_BUDGET,
                     "A list of %zu texts for the database needs too much memory.", count);
}

const char *rows_text(const struct rows *rows, size_t row, size_t column)
{
    assert(row < rows->count && column < rows->columns);
    return rows->values[row * rows->columns + column];
}

bool rows_is_null(const struct rows *rows, size_t row, size_t column)
{
    return rows_text(rows, row, column) == NULL;
}

// A value of another kind than the code expects is a wrong query or a wrong schema. Going on with a
// wrong amount would be worse than dying, in release builds too.
static _Noreturn void wrong_value(const char *text, const char *wanted)
{
    fprintf(stderr, "the database gave \"%s\" where %s was expected\n", text, wanted);
    abort();
}

int64_t rows_int(const struct rows *rows, size_t row, size_t column)
{
    const char *text = rows_text(rows, row, column);
    char *end = NULL;
    long long value = 0;

    if (text == NULL)
        return 0;
    value = strtoll(text, &end, 10);
    if (end == text || *end != '\0')
        wrong_value(text, "an integer");
    return value;
}

bool rows_bool(const struct rows *rows, size_t row, size_t column)
{
    const char *text = rows_text(rows, row, column);

    return text != NULL && text[0] == 't';
}

// Reads digits with at most `scale` significant decimals; false for anything else.
static bool read_decimal(const char *text, int scale, int64_t *out_value)
{
    bool negative = *text == '-';
    bool decimals = false;
    int64_t value = 0;
    int left = scale;

    for (const char *at = text + (negative ? 1 : 0); *at != '\0'; at++) {
        if (*at == '.' && !decimals) {
            decimals = true;
            continue;
        }
        if (*at < '0' || *at > '9')
            return false;
        if (decimals && left == 0) {
            if (*at != '0')
                return false;
            continue;
        }
        // Built up below zero, where there is room for the smallest int64_t.
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, *at - '0', &value))
            return false;
        if (decimals)
            left--;
    }
    for (; left > 0; left--)
        if (__builtin_mul_overflow(value, 10, &value))
            return false;
    if (!negative && __builtin_sub_overflow(0, value, &value))
        return false;
    *out_value = value;
    return true;
}

int64_t rows_decimal(const struct rows *rows, size_t row, size_t column, int scale)
{
    const char *text = rows_text(rows, row, column);
    int64_t value = 0;

    if (text == NULL)
        return 0;
    if (!read_decimal(text, scale, &value))
        wrong_value(text, "a number of that scale");
    return value;
}

// PostgreSQL writes "2014-06-02 13:30:00.5+00" for a session in UTC.
int64_t rows_time(const struct rows *rows, size_t row, size_t column)
{
    const char *text = rows_text(rows, row, column);
    char utc[TIMESTAMP_SIZE + 4];
    size_t length = 0;
    int64_t us = 0;

    if (text == NULL)
        return 0;
    length = strlen(text);
    if (length < 4 || length > TIMESTAMP_SIZE || strcmp(text + length - 3, "+00") != 0)
        wrong_value(text, "a time in UTC");
    snprintf(utc, sizeof utc, "%.*sZ", (int)(length - 3), text);
    if (!timestamp_parse(text_of(utc), &us))
        wrong_value(text, "a time");
    return us;
}
