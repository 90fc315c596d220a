// SPDX-License-Identifier: MIT
#include "imports/symbol_csv.h"

#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

enum { NAMES_MAX = 5 };

static const struct {
    const char *names[NAMES_MAX]; // that the column may have, the first that is there counts
    int length_max;               // characters
    bool is_required;
} COLUMNS[SYMBOL_COLUMN_COUNT] = {
    {{"symbol", "ticker"}, TICKER_SIZE - 1, true},
    {{"security name", "security", "company name", "company", "name"}, SYMBOL_NAME_MAX, true},
    {{"exchange", "listing exchange"}, SYMBOL_EXCHANGE_MAX, false},
    {{"sector", "gics sector"}, SYMBOL_SECTOR_MAX, false},
};

void symbol_csv_start(struct symbol_csv *csv)
{
    csv->has_header = false;
    csv->column_count = 0;
    csv->fields.count = 0;
}

// As csv_find_column.
static int find_column(const struct csv_fields *fields, enum symbol_column column)
{
    int found = -1;

    for (size_t i = 0; i < NAMES_MAX && COLUMNS[column].names[i] != NULL && found == -1; i++)
        found = csv_find_column(fields, COLUMNS[column].names[i]);
    return found;
}

static enum csv_outcome
read_header(struct symbol_csv *csv, struct text line, char out_reason[CSV_REASON_SIZE])
{
    static const char *const wanted[] = {"symbol or ticker", "name, security or company",
                                         "exchange", "sector"};
    enum csv_outcome outcome = csv_read_header(line, &csv->fields, out_reason);

    if (outcome != CSV_ROW)
        return outcome;
    for (int column = SYMBOL_TICKER; column < SYMBOL_COLUMN_COUNT; column++) {
        int found = find_column(&csv->fields, (enum symbol_column)column);

        csv->columns[column] = found;
        if (found >= 0 || (found == -1 && !COLUMNS[column].is_required))
            continue;
        (void)snprintf(out_reason, CSV_REASON_SIZE, "the header %s column %s",
                       found == -1 ? "has no" : "has more than one", wanted[column]);
        return CSV_NO_HEADER;
    }
    csv->column_count = csv->fields.count;
    csv->has_header = true;
    return CSV_NOTHING;
}

static bool has_control(struct text value)
{
    for (size_t i = 0; i < value.length; i++) {
        if ((unsigned char)value.data[i] < ' ' || value.data[i] == 0x7f)
            return true;
    }
    return false;
}

// Makes a name that is too long one of 197 characters and three dots.
static void shorten(struct csv_fields *fields, struct text *name)
{
    char *start = fields->buffer + (name->data - fields->buffer);
    size_t at = 0;

    for (int i = 0; i < SYMBOL_NAME_MAX - 3; i++)
        at += utf8_sequence_length(start + at, name->length - at);
    memcpy(start + at, "...", 3);
    name->length = at + 3;
}

// Reads the text of one column; one that is not there is empty.
static bool read_text(struct symbol_csv *csv,
                      enum symbol_column column,
                      struct text *out_text,
                      char out_reason[CSV_REASON_SIZE])
{
    const char *name = COLUMNS[column].names[0];
    int at = csv->columns[column];
    size_t length;

    *out_text = at < 0 ? text_of("") : csv->fields.values[at];
    if (column == SYMBOL_NAME)
        name = "name";
    if (out_text->length == 0 && COLUMNS[column].is_required) {
        (void)snprintf(out_reason, CSV_REASON_SIZE, "%s is empty", name);
        return false;
    }
    if (!utf8_is_valid(out_text->data, out_text->length) || has_control(*out_text)) {
        (void)snprintf(out_reason, CSV_REASON_SIZE, "%s is not plain UTF-8 text", name);
        return false;
    }
    length = utf8_count(out_text->data, out_text->length);
    if (column == SYMBOL_NAME && length > SYMBOL_NAME_MAX) {
        shorten(&csv->fields, out_text);
        return true;
    }
    if (length > (size_t)COLUMNS[column].length_max) {
        (void)snprintf(out_reason, CSV_REASON_SIZE, "%s has %zu characters; %d are the most", name,
                       length, COLUMNS[column].length_max);
        return false;
    }
    return true;
}

// A line of commas alone, or that with which Nasdaq's own list ends.
static bool says_nothing(const struct csv_fields *fields)
{
    static const char trailer[] = "File Creation Time";
    struct text ticker = fields->values[0];
    size_t length = 0;

    for (int i = 0; i < fields->count; i++)
        length += fields->values[i].length;
    if (length == 0)
        return true;
    return ticker.length >= sizeof trailer - 1 &&
           memcmp(ticker.data, trailer, sizeof trailer - 1) == 0;
}

enum csv_outcome symbol_csv_read(struct symbol_csv *csv,
                                 struct text line,
                                 struct symbol_line *out_symbol,
                                 char out_reason[CSV_REASON_SIZE])
{
    struct symbol_line symbol;
    struct text ticker;
    char shown[CSV_SHOWN_SIZE];

    if (!csv->has_header)
        return read_header(csv, line, out_reason);
    if (csv_trim(line).length == 0)
        return CSV_NOTHING;
    if (!csv_split(line, &csv->fields, out_reason))
        return CSV_REJECTED;
    if (says_nothing(&csv->fields))
        return CSV_NOTHING;
    if (csv->fields.count != csv->column_count) {
        (void)snprintf(out_reason, CSV_REASON_SIZE, "the header has %d columns and the line %d",
                       csv->column_count, csv->fields.count);
        return CSV_REJECTED;
    }
    ticker = csv->fields.values[csv->columns[SYMBOL_TICKER]];
    if (!bar_read_ticker(ticker, symbol.ticker)) {
        (void)snprintf(out_reason, CSV_REASON_SIZE, "symbol \"%s\" is not a ticker",
                       csv_show(ticker, shown));
        return CSV_REJECTED;
    }
    if (!read_text(csv, SYMBOL_NAME, &symbol.name, out_reason) ||
        !read_text(csv, SYMBOL_EXCHANGE, &symbol.exchange, out_reason) ||
        !read_text(csv, SYMBOL_SECTOR, &symbol.sector, out_reason))
        return CSV_REJECTED;
    *out_symbol = symbol;
    return CSV_ROW;
}

static bool is_used(const struct symbol_csv *csv, int at)
{
    for (int column = SYMBOL_TICKER; column < SYMBOL_COLUMN_COUNT; column++) {
        if (csv->columns[column] == at)
            return true;
    }
    return false;
}

bool symbol_csv_list_ignored(struct arena *arena,
                             const char *header,
                             const char ***out_names,
                             size_t *out_count)
{
    struct symbol_csv csv;
    char reason[CSV_REASON_SIZE];
    char shown[CSV_SHOWN_SIZE];
    const char **names = arena_allocate(arena, CSV_COLUMNS_MAX * sizeof *names);
    size_t count = 0;

    symbol_csv_start(&csv);
    if (names == NULL)
        return false;
    if (read_header(&csv, text_of(header), reason) == CSV_NOTHING) {
        for (int i = 0; i < csv.column_count; i++) {
            if (is_used(&csv, i))
                continue;
            names[count] = arena_copy_string(arena, csv_show(csv.fields.values[i], shown));
            if (names[count++] == NULL)
                return false;
        }
    }
    *out_names = names;
    *out_count = count;
    return true;
}
