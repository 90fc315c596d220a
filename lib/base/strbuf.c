// SPDX-License-Identifier: MIT
#include "base/strbuf.h"

#include "base/utf8.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_CAPACITY = 256 };

struct strbuf *strbuf_new(size_t maximum)
{
    struct strbuf *buffer = allocate(sizeof *buffer);

    buffer->maximum = maximum;
    buffer->capacity = FIRST_CAPACITY;
    buffer->data = allocate(FIRST_CAPACITY);
    return buffer;
}

void strbuf_free(struct strbuf **buffer)
{
    if (*buffer == NULL)
        return;
    release((*buffer)->data);
    release(*buffer);
    *buffer = NULL;
}

// Makes room for `length` more bytes and the terminator, or as many as the maximum allows.
static size_t reserve(struct strbuf *buffer, size_t length)
{
    if (length > buffer->maximum - buffer->length) {
        buffer->overflowed = true;
        length = buffer->maximum - buffer->length;
    }
    if (buffer->length + length + 1 > buffer->capacity) {
        while (buffer->capacity < buffer->length + length + 1)
            buffer->capacity *= 2;
        buffer->data = reallocate_array(buffer->data, buffer->capacity, 1);
    }
    return length;
}

void strbuf_append(struct strbuf *buffer, const void *data, size_t length)
{
    length = reserve(buffer, length);
    if (length > 0)
        memcpy(buffer->data + buffer->length, data, length);
    buffer->length += length;
    buffer->data[buffer->length] = '\0';
}

void strbuf_append_string(struct strbuf *buffer, const char *string)
{
    strbuf_append(buffer, string, strlen(string));
}

void strbuf_append_text(struct strbuf *buffer, struct text text)
{
    strbuf_append(buffer, text.data, text.length);
}

void strbuf_append_char(struct strbuf *buffer, char character)
{
    strbuf_append(buffer, &character, 1);
}

void strbuf_append_int(struct strbuf *buffer, int64_t value)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        digits[--at] = '-';
    strbuf_append(buffer, digits + at, sizeof digits - at);
}

void strbuf_printf(struct strbuf *buffer, const char *format, ...)
{
    va_list arguments;
    va_list again;
    int length = 0;

    va_start(arguments, format);
    va_copy(again, arguments);
    length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length > 0) {
        size_t fits = reserve(buffer, (size_t)length);
        vsnprintf(buffer->data + buffer->length, fits + 1, format, again);
        buffer->length += fits;
    }
    va_end(again);
}

void strbuf_append_json(struct strbuf *buffer, struct text text)
{
    size_t plain = 0;
    size_t at = 0;

    strbuf_append_char(buffer, '"');
    while (at < text.length) {
        unsigned char byte = (unsigned char)text.data[at];
        size_t size = utf8_sequence_length(text.data + at, text.length - at);

        if (size > 0 && byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7f) {
            at += size;
            continue;
        }
        strbuf_append(buffer, text.data + plain, at - plain);
        if (size == 0)
            strbuf_append_string(buffer, "\xef\xbf\xbd");
        else if (byte == '"' || byte == '\\')
            strbuf_append(buffer, (char[]){'\\', (char)byte}, 2);
        else if (byte == '\n')
            strbuf_append_string(buffer, "\\n");
        else
            strbuf_printf(buffer, "\\u%04x", byte);
        at++;
        plain = at;
    }
    strbuf_append(buffer, text.data + plain, at - plain);
    strbuf_append_char(buffer, '"');
}

void strbuf_reset(struct strbuf *buffer)
{
    strbuf_truncate(buffer, 0);
    buffer->overflowed = false;
}

void strbuf_truncate(struct strbuf *buffer, size_t length)
{
    assert(length <= buffer->length);
    buffer->length = length;
    buffer->data[length] = '\0';
}

struct text strbuf_text(const struct strbuf *buffer)
{
    return (struct text){buffer->data, buffer->length};
}
