// SPDX-License-Identifier: MIT
#include "imports/price_csv.h"

#include "clock/exchange_calendar.h"
#include "imports/price_time.h"
#include "money/money.h"

#include <stdio.h>
#include <string.h>

static const char *const COLUMN_NAMES[CSV_COLUMN_COUNT] = {"date", "time",  "open",   "high",
                                                           "low",  "close", "volume", "symbol"};

void price_csv_start(struct price_csv *csv, const char *ticker, int64_t now)
{
    *csv = (struct price_csv){.now = now};
    (void)snprintf(csv->ticker, sizeof csv->ticker, "%s", ticker);
}

// The first of some columns that is there; -2 when it is twice.
static int find_first(const struct csv_fields *fields, const char *const *names, size_t count)
{
    int found = -1;

    for (size_t i = 0; i < count && found == -1; i++)
        found = csv_find_column(fields, names[i]);
    return found;
}

static int
find_column(const struct price_csv *csv, const struct csv_fields *fields, enum csv_column column)
{
    static const char *const dates[] = {"datetime", "timestamp", "date", "time"};
    static const char *const tickers[] = {"symbol", "ticker", "name"};

    if (column == CSV_DATE)
        return find_first(fields, dates, COUNT_OF(dates));
    if (column == CSV_TICKER)
        return find_first(fields, tickers, COUNT_OF(tickers));
    // A time of day beside the date, and only there.
    if (column == CSV_TIME && csv->columns[CSV_DATE] != csv_find_column(fields, "date"))
        return -1;
    return csv_find_column(fields, COLUMN_NAMES[column]);
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
        csv->columns[column] = find_column(csv, &fields, (enum csv_column)column);
        if (csv->columns[column] >= 0 || (column == CSV_TIME && csv->columns[column] == -1))
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

// What the file is of, unless it is known, is what its first date that can be read is.
static bool
take_time(struct price_csv *csv, const struct price_time *time, char out_reason[BAR_REASON_SIZE])
{
    if (csv->frame == PRICES_UNKNOWN)
        csv->frame = time->is_date ? PRICES_OF_DAYS : PRICES_OF_MINUTES;
    if (csv->frame == PRICES_OF_MINUTES && !time->is_date)
        return price_time_check_minute(time, csv->now, out_reason);
    if (csv->frame == PRICES_OF_DAYS && (time->is_date || csv->is_frame_given))
        return true;
    (void)snprintf(out_reason, BAR_REASON_SIZE,
                   csv->frame == PRICES_OF_DAYS
                       ? "the date has a time of day, and the file is of days"
                       : "the date has no time of day, and the file is of minutes");
    return false;
}

static bool read_date(struct price_csv *csv,
                      const struct csv_fields *fields,
                      struct bar *bar,
                      char out_reason[BAR_REASON_SIZE])
{
    const int *columns = csv->columns;
    const struct text none = {"", 0};
    struct price_time time;

    if (!price_time_read(fields->values[columns[CSV_DATE]],
                         columns[CSV_TIME] >= 0 ? fields->values[columns[CSV_TIME]] : none, &time,
                         out_reason) ||
        !take_time(csv, &time, out_reason))
        return false;
    bar->day = time.day;
    bar->at = csv->frame == PRICES_OF_MINUTES ? time.at : 0;
    return true;
}

static bool read_row(struct price_csv *csv,
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
    return read_date(csv, fields, bar, out_reason) &&
           read_number(values[columns[CSV_OPEN]], "open", MONEY_SCALE, &bar->open_micros,
                       out_reason) &&
           read_number(values[columns[CSV_HIGH]], "high", MONEY_SCALE, &bar->high_micros,
                       out_reason) &&
           read_number(values[columns[CSV_LOW]], "low", MONEY_SCALE, &bar->low_micros,
                       out_reason) &&
           read_number(values[columns[CSV_CLOSE]], "close", MONEY_SCALE, &bar->close_micros,
                       out_reason) &&
           read_number(values[columns[CSV_VOLUME]], "volume", 0, &bar->volume, out_reason) &&
           bar_check(bar, exchange_calendar_day(csv->now), out_reason);
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
