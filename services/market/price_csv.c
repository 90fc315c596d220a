// SPDX-License-Identifier: MIT
#include "price_csv.h"

#include "base/utf8.h"
#include "money/money.h"

#include <stdio.h>
#include <string.h>

enum { SHOWN_SIZE = 48 }; // of a value repeated in a reason

static const char *const COLUMN_NAMES[CSV_COLUMN_COUNT] = {"date",  "open",   "high",  "low",
                                                           "close", "volume", "symbol"};

struct fields {
    char buffer[CSV_LINE_MAX + 1]; // unquoted values lie here
    struct text values[CSV_COLUMNS_MAX];
    int count;
};

void price_csv_start(struct price_csv *csv, const char *ticker, int64_t today)
{
    *csv = (struct price_csv){.today = today};
    (void)snprintf(csv->ticker, sizeof csv->ticker, "%s", ticker);
}

bool price_csv_next_line(struct text *rest, struct text *out_line)
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

// A value as it may be shown to a person: cut, and without what is not plain text.
static const char *show(struct text value, char out[SHOWN_SIZE])
{
    size_t length = 0;

    for (size_t i = 0; i < value.length && length < SHOWN_SIZE - 4;) {
        size_t size = utf8_sequence_length(value.data + i, value.length - i);

        if (size == 0 || (size == 1 && (unsigned char)value.data[i] < ' ') ||
            value.data[i] == 0x7f) {
            out[length++] = '?';
            i++;
            continue;
        }
        if (length + size > SHOWN_SIZE - 4)
            break;
        memcpy(out + length, value.data + i, size);
        length += size;
        i += size;
    }
    out[length] = '\0';
    if (length < value.length && length >= SHOWN_SIZE - 8)
        memcpy(out + length, "...", 4);
    return out;
}

static bool is_blank(char character)
{
    return character == ' ' || character == '\t';
}

static struct text trim(struct text text)
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
static bool read_quoted(struct fields *fields, size_t length, size_t *position, struct text *out)
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

static bool split(struct text line, struct fields *fields, char out_reason[BAR_REASON_SIZE])
{
    size_t position = 0;
    struct text value;

    if (line.length > CSV_LINE_MAX) {
        (void)snprintf(out_reason, BAR_REASON_SIZE, "the line is longer than %d bytes",
                       CSV_LINE_MAX);
        return false;
    }
    memcpy(fields->buffer, line.data, line.length);
    fields->count = 0;
    for (;;) {
        if (fields->count == CSV_COLUMNS_MAX) {
            (void)snprintf(out_reason, BAR_REASON_SIZE, "the line has more than %d columns",
                           CSV_COLUMNS_MAX);
            return false;
        }
        while (position < line.length && is_blank(fields->buffer[position]))
            position++;
        value = (struct text){fields->buffer + position, 0};
        if (position < line.length && fields->buffer[position] == '"') {
            if (!read_quoted(fields, line.length, &position, &value)) {
                (void)snprintf(out_reason, BAR_REASON_SIZE, "a quote is not closed");
                return false;
            }
            while (position < line.length && is_blank(fields->buffer[position]))
                position++;
            if (position < line.length && fields->buffer[position] != ',') {
                (void)snprintf(out_reason, BAR_REASON_SIZE, "something follows a closing quote");
                return false;
            }
        } else {
            while (position < line.length && fields->buffer[position] != ',')
                position++;
            value.length = (size_t)(fields->buffer + position - value.data);
        }
        fields->values[fields->count++] = trim(value);
        if (position >= line.length)
            return true;
        position++;
    }
}

static bool equals_ignoring_case(struct text text, const char *lower)
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

// Where a column of that name is; -1 when it is not there, -2 when it is there twice.
static int find_column(const struct fields *fields, const char *name)
{
    int found = -1;

    for (int i = 0; i < fields->count; i++) {
        if (equals_ignoring_case(fields->values[i], name))
            found = found == -1 ? i : -2;
    }
    return found;
}

static int find_ticker_column(const struct fields *fields)
{
    static const char *const names[] = {"symbol", "ticker", "name"};
    int found = -1;

    for (size_t i = 0; i < COUNT_OF(names) && found == -1; i++)
        found = find_column(fields, names[i]);
    return found;
}

static enum csv_outcome
read_header(struct price_csv *csv, struct text line, char out_reason[BAR_REASON_SIZE])
{
    struct fields fields;

    if (line.length >= 3 && memcmp(line.data, "\xef\xbb\xbf", 3) == 0) {
        line.data += 3;
        line.length -= 3;
    }
    if (trim(line).length == 0)
        return CSV_NOTHING;
    // It is kept as text while the rest of the file arrives.
    if (!utf8_is_valid(line.data, line.length)) {
        (void)snprintf(out_reason, BAR_REASON_SIZE, "the header is not UTF-8 text");
        return CSV_NO_HEADER;
    }
    if (!split(line, &fields, out_reason))
        return CSV_NO_HEADER;
    for (int column = CSV_DATE; column < CSV_COLUMN_COUNT; column++) {
        if (column == CSV_TICKER && csv->ticker[0] != '\0') {
            csv->columns[column] = -1;
            continue;
        }
        csv->columns[column] = column == CSV_TICKER ? find_ticker_column(&fields)
                                                    : find_column(&fields, COLUMN_NAMES[column]);
        if (csv->columns[column] >= 0)
            continue;
        (void)snprintf(out_reason, BAR_REASON_SIZE, "the header %s column %s%s",
                       csv->columns[column] == -1 ? "has no" : "has more than one",
                       COLUMN_NAMES[column],
                       column == CSV_TICKER ? ", ticker or name, and no ticker is given" : "");
        return CSV_NO_HEADER;
    }
    csv->column_count = fields.count;
    csv->has_header = true;
    return CSV_NOTHING;
}

// Reads the number of one column. `unit` is what a number too fine breaks.
static bool read_number(struct text value,
                        const char *name,
                        int scale,
                        int64_t *out_number,
                        char out_reason[BAR_REASON_SIZE])
{
    char shown[SHOWN_SIZE];

    if (value.length == 0 || equals_ignoring_case(value, "null")) {
        (void)snprintf(out_reason, BAR_REASON_SIZE, "%s is %s", name,
                       value.length == 0 ? "empty" : "null");
        return false;
    }
    switch (decimal_parse(value, scale, out_number)) {
    case DECIMAL_FINE:
        return true;
    case DECIMAL_TOO_FINE:
        if (scale > 0)
            (void)snprintf(out_reason, BAR_REASON_SIZE, "%s %s has more than %d decimals", name,
                           show(value, shown), scale);
        else
            (void)snprintf(out_reason, BAR_REASON_SIZE, "%s %s is not a whole number", name,
                           show(value, shown));
        return false;
    case DECIMAL_TOO_LARGE:
        (void)snprintf(out_reason, BAR_REASON_SIZE, "%s %s is too large", name, show(value, shown));
        return false;
    case DECIMAL_NOT_A_NUMBER:
        break;
    }
    (void)snprintf(out_reason, BAR_REASON_SIZE, "%s %s is not a number", name, show(value, shown));
    return false;
}

static bool read_date(struct text value, int64_t *out_day, char out_reason[BAR_REASON_SIZE])
{
    struct date date;
    char shown[SHOWN_SIZE];

    if (date_parse(value, &date)) {
        *out_day = date_to_days(date);
        return true;
    }
    if (value.length == 0)
        (void)snprintf(out_reason, BAR_REASON_SIZE, "date is empty");
    else
        (void)snprintf(out_reason, BAR_REASON_SIZE, "%s is not a date", show(value, shown));
    return false;
}

static bool read_row(const struct price_csv *csv,
                     const struct fields *fields,
                     struct bar *bar,
                     char out_reason[BAR_REASON_SIZE])
{
    const struct text *values = fields->values;
    const int *columns = csv->columns;
    char shown[SHOWN_SIZE];

    if (fields->count != csv->column_count) {
        (void)snprintf(out_reason, BAR_REASON_SIZE, "the header has %d columns and the line %d",
                       csv->column_count, fields->count);
        return false;
    }
    memcpy(bar->ticker, csv->ticker, sizeof bar->ticker);
    if (columns[CSV_TICKER] >= 0 && !bar_read_ticker(values[columns[CSV_TICKER]], bar->ticker)) {
        (void)snprintf(out_reason, BAR_REASON_SIZE, "symbol \"%s\" is not a ticker",
                       show(values[columns[CSV_TICKER]], shown));
        return false;
    }
    return read_date(values[columns[CSV_DATE]], &bar->day, out_reason) &&
           read_number(values[columns[CSV_OPEN]], "open", MONEY_SCALE, &bar->open_micros,
                       out_reason) &&
           read_number(values[columns[CSV_HIGH]], "high", MONEY_SCALE, &bar->high_micros,
                       out_reason) &&
           read_number(values[columns[CSV_LOW]], "low", MONEY_SCALE, &bar->low_micros,
                       out_reason) &&
           read_number(values[columns[CSV_CLOSE]], "close", MONEY_SCALE, &bar->close_micros,
                       out_reason) &&
           read_number(values[columns[CSV_VOLUME]], "volume", 0, &bar->volume, out_reason) &&
           bar_check(bar, csv->today, out_reason);
}

enum csv_outcome price_csv_read(struct price_csv *csv,
                                struct text line,
                                struct bar *out_bar,
                                char out_reason[BAR_REASON_SIZE])
{
    struct fields fields;
    struct bar bar = {0};

    if (!csv->has_header)
        return read_header(csv, line, out_reason);
    if (trim(line).length == 0)
        return CSV_NOTHING;
    if (!split(line, &fields, out_reason) || !read_row(csv, &fields, &bar, out_reason))
        return CSV_REJECTED;
    *out_bar = bar;
    return CSV_BAR;
}
