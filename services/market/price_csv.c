// SPDX-License-Identifier: MIT
#include "price_csv.h"

#include "money/money.h"

#include <stdio.h>
#include <string.h>

static const char *const COLUMN_NAMES[CSV_COLUMN_COUNT] = {"date",  "open",   "high",  "low",
                                                           "close", "volume", "symbol"};

void price_csv_start(struct price_csv *csv, const char *ticker, int64_t today)
{
    *csv = (struct price_csv){.today = today};
    (void)snprintf(csv->ticker, sizeof csv->ticker, "%s", ticker);
}

static int find_ticker_column(const struct csv_fields *fields)
{
    static const char *const names[] = {"symbol", "ticker", "name"};
    int found = -1;

    for (size_t i = 0; i < COUNT_OF(names) && found == -1; i++)
        found = csv_find_column(fields, names[i]);
    return found;
}

static enum csv_outcome
read_header(struct price_csv *csv, struct text line, char out_reason[BAR_REASON_SIZE])
{
    struct csv_fields fields;
    enum csv_outcome outcome = csv_read_header(line, &fields, out_reason);

    if (outcome != CSV_ROW)
        return outcome;
    for (int column = CSV_DATE; column < CSV_COLUMN_COUNT; column++) {
        if (column == CSV_TICKER && csv->ticker[0] != '\0') {
            csv->columns[column] = -1;
            continue;
        }
        csv->columns[column] = column == CSV_TICKER
                                   ? find_ticker_column(&fields)
                                   : csv_find_column(&fields, COLUMN_NAMES[column]);
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
    char shown[CSV_SHOWN_SIZE];

    if (value.length == 0 || csv_equals_ignoring_case(value, "null")) {
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
                           csv_show(value, shown), scale);
        else
            (void)snprintf(out_reason, BAR_REASON_SIZE, "%s %s is not a whole number", name,
                           csv_show(value, shown));
        return false;
    case DECIMAL_TOO_LARGE:
        (void)snprintf(out_reason, BAR_REASON_SIZE, "%s %s is too large", name,
                       csv_show(value, shown));
        return false;
    case DECIMAL_NOT_A_NUMBER:
        break;
    }
    (void)snprintf(out_reason, BAR_REASON_SIZE, "%s %s is not a number", name,
                   csv_show(value, shown));
    return false;
}

static bool read_date(struct text value, int64_t *out_day, char out_reason[BAR_REASON_SIZE])
{
    struct date date;
    char shown[CSV_SHOWN_SIZE];

    if (date_parse(value, &date)) {
        *out_day = date_to_days(date);
        return true;
    }
    if (value.length == 0)
        (void)snprintf(out_reason, BAR_REASON_SIZE, "date is empty");
    else
        (void)snprintf(out_reason, BAR_REASON_SIZE, "%s is not a date", csv_show(value, shown));
    return false;
}

static bool read_row(const struct price_csv *csv,
                     const struct csv_fields *fields,
                     struct bar *bar,
                     char out_reason[BAR_REASON_SIZE])
{
    const struct text *values = fields->values;
    const int *columns = csv->columns;
    char shown[CSV_SHOWN_SIZE];

    if (fields->count != csv->column_count) {
        (void)snprintf(out_reason, BAR_REASON_SIZE, "the header has %d columns and the line %d",
                       csv->column_count, fields->count);
        return false;
    }
    memcpy(bar->ticker, csv->ticker, sizeof bar->ticker);
    if (columns[CSV_TICKER] >= 0 && !bar_read_ticker(values[columns[CSV_TICKER]], bar->ticker)) {
        (void)snprintf(out_reason, BAR_REASON_SIZE, "symbol \"%s\" is not a ticker",
                       csv_show(values[columns[CSV_TICKER]], shown));
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
    struct csv_fields fields;
    struct bar bar = {0};

    if (!csv->has_header)
        return read_header(csv, line, out_reason);
    if (csv_trim(line).length == 0)
        return CSV_NOTHING;
    if (!csv_split(line, &fields, out_reason) || !read_row(csv, &fields, &bar, out_reason))
        return CSV_REJECTED;
    *out_bar = bar;
    return CSV_ROW;
}
