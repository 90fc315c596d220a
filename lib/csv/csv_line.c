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

// Where the line that begins at `from` ends: at its line feed, or the end of the text.
static size_t end_of_line(struct text text, size_t from)
{
    const char *end = memchr(text.data + from, '\n', text.length - from);

    return end == NULL ? text.length : (size_t)(end - text.data);
}

// Where a quoted value that begins at `from` ends, behind its closing quote; 0 when it never does.
static size_t end_of_quoted(struct text text, size_t from)
{
    for (size_t at = from + 1; at < text.length; at++) {
        if (text.data[at] != '"')
            continue;
        if (at + 1 == text.length || text.data[at + 1] != '"')
            return at + 1;
        at++;
    }
    return 0;
}

// Where a record ends, its quotes read as csv_split_record does; 0 when one is not closed.
static size_t end_of_record(struct text text)
{
    size_t at = 0;

    for (;;) {
        while (at < text.length && is_blank(text.data[at]))
            at++;
        if (at < text.length && text.data[at] == '"') {
            at = end_of_quoted(text, at);
            if (at == 0)
                return 0;
        }
        while (at < text.length && text.data[at] != ',' && text.data[at] != '\n')
            at++;
        if (at == text.length || text.data[at] == '\n')
            return at;
        at++;
    }
}

bool csv_next_record(struct text *rest,
                     size_t record_max,
                     struct text *out_record,
                     uint32_t *out_lines)
{
    struct text within = *rest;
    size_t end = 0;

    if (rest->length == 0)
        return false;
    // What is looked through is never more than that, however many quotes are not closed.
    if (within.length > record_max)
        within.length = record_max;
    end = end_of_record(within);
    if (end == 0 || (end == within.length && end < rest->length))
        end = end_of_line(*rest, 0);
    *out_lines = 1;
    for (size_t at = end_of_line(*rest, 0); at < end; at = end_of_line(*rest, at + 1))
        ++*out_lines;
    *out_record = (struct text){rest->data, end};
    rest->data += end + (end < rest->length);
    rest->length -= end + (end < rest->length);
    if (end > 0 && out_record->data[end - 1] == '\r')
        out_record->length--;
    return true;
}

// Reads a quoted value at `*position`, which is moved behind its closing quote. Doubled quotes
// become single ones in place: the value only gets shorter.
static bool read_quoted(char *record, size_t length, size_t *position, struct text *out)
{
    size_t from = *position + 1;
    size_t to = from;

    out->data = record + from;
    while (from < length) {
        if (record[from] == '"') {
            if (from + 1 == length || record[from + 1] != '"') {
                out->length = (size_t)(record + to - out->data);
                *position = from + 1;
                return true;
            }
            from++;
        }
        record[to++] = record[from++];
    }
    return false;
}

bool csv_split_record(char *record,
                      size_t length,
                      struct csv_fields *fields,
                      char out_reason[CSV_REASON_SIZE])
{
    size_t position = 0;
    struct text value;

    fields->count = 0;
    for (;;) {
        if (fields->count == CSV_COLUMNS_MAX) {
            (void)snprintf(out_reason, CSV_REASON_SIZE, "the line has more than %d columns",
                           CSV_COLUMNS_MAX);
            return false;
        }
        while (position < length && is_blank(record[position]))
            position++;
        value = (struct text){record + position, 0};
        if (position < length && record[position] == '"') {
            if (!read_quoted(record, length, &position, &value)) {
                (void)snprintf(out_reason, CSV_REASON_SIZE, "a quote is not closed");
                return false;
            }
            while (position < length && is_blank(record[position]))
                position++;
            if (position < length && record[position] != ',') {
                (void)snprintf(out_reason, CSV_REASON_SIZE, "something follows a closing quote");
                return false;
            }
        } else {
            while (position < length && record[position] != ',')
                position++;
            value.length = (size_t)(record + position - value.data);
            value = csv_trim(value);
        }
        fields->values[fields->count++] = value;
        if (position >= length)
            return true;
        position++;
    }
}

bool csv_split(struct text line, struct csv_fields *fields, char out_reason[CSV_REASON_SIZE])
{
    if (line.length > CSV_LINE_MAX) {
        (void)snprintf(out_reason, CSV_REASON_SIZE, "the line is longer than %d bytes",
                       CSV_LINE_MAX);
        return false;
    }
    memcpy(fields->buffer, line.data, line.length);
    if (!csv_split_record(fields->buffer, line.length, fields, out_reason))
        return false;
    for (int i = 0; i < fields->count; i++)
        fields->values[i] = csv_trim(fields->values[i]);
    return true;
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
