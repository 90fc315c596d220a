// SPDX-License-Identifier: MIT
#include "csv_line.h"

#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

bool csv_next_line(struct text *rest, struct text *out_line)
{
    const char *end;

    if (rest->length == 0)
        return false;
    end = memchr(rest->data, '\n', rest->length);
    out_line->data = rest->data;
    out_line->length = end == NULL ? rest->length : (size_t)(end - rest->data);
    rest->data += out_line->length + (end == NULL ? 0 : 1);
    rest->length -= out_line->length + (end == NULL ? 0 : 1);
    if (out_line->length > 0 && out_line->data[out_line->length - 1] == '\r')
        out_line->length--;
    return true;
}

const char *csv_show(struct text value, char out[CSV_SHOWN_SIZE])
{
    size_t length = 0;

    for (size_t i = 0; i < value.length && length < CSV_SHOWN_SIZE - 4;) {
        size_t size = utf8_sequence_length(value.data + i, value.length - i);

        if (size == 0 || (size == 1 && (unsigned char)value.data[i] < ' ') ||
            value.data[i] == 0x7f) {
            out[length++] = '?';
            i++;
            continue;
        }
        if (length + size > CSV_SHOWN_SIZE - 4)
            break;
        memcpy(out + length, value.data + i, size);
        length += size;
        i += size;
    }
    out[length] = '\0';
    if (length < value.length && length >= CSV_SHOWN_SIZE - 8)
        memcpy(out + length, "...", 4);
    return out;
}

static bool is_blank(char character)
{
    return character == ' ' || character == '\t';
}

struct text csv_trim(struct text text)
{
    while (text.length > 0 && is_blank(text.data[0])) {
        text.data++;
        text.length--;
    }
    while (text.length > 0 && is_blank(text.data[text.length - 1]))
        text.length--;
    return text;
}

// Reads a quoted value at `*position`, which is moved behind its closing quote. Doubled quotes
// become single ones in place: the value only gets shorter.
static bool
read_quoted(struct csv_fields *fields, size_t length, size_t *position, struct text *out)
{
    size_t from = *position + 1;
    size_t to = from;

    out->data = fields->buffer + from;
    while (from < length) {
        if (fields->buffer[from] == '"') {
            if (from + 1 == length || fields->buffer[from + 1] != '"') {
                out->length = (size_t)(fields->buffer + to - out->data);
                *position = from + 1;
                return true;
            }
            from++;
        }
        fields->buffer[to++] = fields->buffer[from++];
    }
    return false;
}

bool csv_split(struct text line, struct csv_fields *fields, char out_reason[CSV_REASON_SIZE])
{
    size_t position = 0;
    struct text value;

    if (line.length > CSV_LINE_MAX) {
        (void)snprintf(out_reason, CSV_REASON_SIZE, "the line is longer than %d bytes",
                       CSV_LINE_MAX);
        return false;
    }
    memcpy(fields->buffer, line.data, line.length);
    fields->count = 0;
    for (;;) {
        if (fields->count == CSV_COLUMNS_MAX) {
            (void)snprintf(out_reason, CSV_REASON_SIZE, "the line has more than %d columns",
                           CSV_COLUMNS_MAX);
            return false;
        }
        while (position < line.length && is_blank(fields->buffer[position]))
            position++;
        value = (struct text){fields->buffer + position, 0};
        if (position < line.length && fields->buffer[position] == '"') {
            if (!read_quoted(fields, line.length, &position, &value)) {
                (void)snprintf(out_reason, CSV_REASON_SIZE, "a quote is not closed");
                return false;
            }
            while (position < line.length && is_blank(fields->buffer[position]))
                position++;
            if (position < line.length && fields->buffer[position] != ',') {
                (void)snprintf(out_reason, CSV_REASON_SIZE, "something follows a closing quote");
                return false;
            }
        } else {
            while (position < line.length && fields->buffer[position] != ',')
                position++;
            value.length = (size_t)(fields->buffer + position - value.data);
        }
        fields->values[fields->count++] = csv_trim(value);
        if (position >= line.length)
            return true;
        position++;
    }
}

bool csv_equals_ignoring_case(struct text text, const char *lower)
{
    for (size_t i = 0; i < text.length; i++, lower++) {
        char character = text.data[i];

        if (character >= 'A' && character <= 'Z')
            character = (char)(character - 'A' + 'a');
        // A NUL in the text must not pass for the end of the name.
        if (*lower == '\0' || character != *lower)
            return false;
    }
    return *lower == '\0';
}

int csv_find_column(const struct csv_fields *fields, const char *name)
{
    int found = -1;

    for (int i = 0; i < fields->count; i++) {
        if (csv_equals_ignoring_case(fields->values[i], name))
            found = found == -1 ? i : -2;
    }
    return found;
}

enum csv_outcome
csv_read_header(struct text line, struct csv_fields *fields, char out_reason[CSV_REASON_SIZE])
{
    if (line.length >= 3 && memcmp(line.data, "\xef\xbb\xbf", 3) == 0) {
        line.data += 3;
        line.length -= 3;
    }
    if (csv_trim(line).length == 0)
        return CSV_NOTHING;
    // It is kept as text while the rest of the file arrives.
    if (!utf8_is_valid(line.data, line.length)) {
        (void)snprintf(out_reason, CSV_REASON_SIZE, "the header is not UTF-8 text");
        return CSV_NO_HEADER;
    }
    return csv_split(line, fields, out_reason) ? CSV_ROW : CSV_NO_HEADER;
}
