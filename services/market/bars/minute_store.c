// SPDX-License-Identifier: MIT
#include "bars/minute_store.h"

#include "clock/exchange_calendar.h"
#include "market_store.h"
#include "money/money.h"

#include <assert.h>
#include <stdio.h>

enum { COLUMNS = 7 };

static void fill_row(const struct minute_bar *minute, struct parameter row[COLUMNS])
{
    row[0] = parameter_text(minute->ticker);
    row[1] = parameter_time(minute->bar.at);
    row[2] = parameter_decimal(minute->bar.open_micros, MONEY_SCALE);
    row[3] = parameter_decimal(minute->bar.high_micros, MONEY_SCALE);
    row[4] = parameter_decimal(minute->bar.low_micros, MONEY_SCALE);
    row[5] = parameter_decimal(minute->bar.close_micros, MONEY_SCALE);
    row[6] = parameter_int(minute->bar.volume);
}

// Turns the rows into arrays, a column each.
static bool make_columns(struct arena *arena,
                         const struct minute_bar *minutes,
                         size_t count,
                         struct parameter out_columns[COLUMNS])
{
    struct parameter *values = arena_allocate(arena, COLUMNS * count * sizeof *values);
    struct parameter row[COLUMNS];

    if (values == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        fill_row(&minutes[i], row);
        for (size_t column = 0; column < COLUMNS; column++)
            values[column * count + i] = row[column];
    }
    for (size_t column = 0; column < COLUMNS; column++) {
        if (!parameter_array(arena, values + column * count, count, &out_columns[column]))
            return false;
    }
    return true;
}

bool minute_store_write(struct database *database,
                        struct arena *arena,
                        const struct minute_bar *minutes,
                        size_t count,
                        struct error *error)
{
    static const struct statement write = {
        "write_minutes",
        "INSERT INTO minute_bars SELECT m.* FROM unnest($1::text[], $2::timestamptz[],"
        "  $3::numeric[], $4::numeric[], $5::numeric[], $6::numeric[], $7::bigint[])"
        "  AS m (ticker, at, open, high, low, close, volume)"
        " WHERE EXISTS (SELECT 1 FROM symbols s WHERE s.ticker = m.ticker)"
        " ON CONFLICT (ticker, at) DO UPDATE SET open = excluded.open, high = excluded.high,"
        "  low = excluded.low, close = excluded.close, volume = excluded.volume"};
    struct parameter columns[COLUMNS];
    struct rows rows;

    assert(count <= MINUTES_A_WRITE);
    if (!make_columns(arena, minutes, count, columns))
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the minutes do not fit");
    return database_query(database, arena, &write, columns, COLUMNS, &rows, error);
}

bool minute_store_list(struct history *history,
                       struct arena *arena,
                       const struct minute_query *query,
                       struct timed_bar *out_bars,
                       size_t *out_count,
                       struct error *error)
{
    static const struct statement ascending = {
        "list_minutes", "SELECT at, open, high, low, close, volume FROM minute_bars"
                        " WHERE ticker = $1 AND at >= $2 AND at < $3 AND is_imported >= $5"
                        " ORDER BY at LIMIT $4::bigint"};
    static const struct statement descending = {
        "list_minutes_back", "SELECT at, open, high, low, close, volume FROM minute_bars"
                             " WHERE ticker = $1 AND at >= $2 AND at < $3 AND is_imported >= $5"
                             " ORDER BY at DESC LIMIT $4::bigint"};
    const struct parameter values[] = {
        parameter_text(query->ticker), parameter_time(query->from), parameter_time(query->until),
        parameter_int((int64_t)query->limit), parameter_bool(query->is_of_imports)};
    struct rows rows;

    if (!history_query(history, &store_bars_need, arena,
                       query->is_descending ? &descending : &ascending, values, COUNT_OF(values),
                       &rows, error))
        return false;
    assert(rows.count <= query->limit);
    for (size_t i = 0; i < rows.count; i++)
        out_bars[i] = (struct timed_bar){.at = rows_time(&rows, i, 0),
                                         .open_micros = rows_decimal(&rows, i, 1, MONEY_SCALE),
                                         .high_micros = rows_decimal(&rows, i, 2, MONEY_SCALE),
                                         .low_micros = rows_decimal(&rows, i, 3, MONEY_SCALE),
                                         .close_micros = rows_decimal(&rows, i, 4, MONEY_SCALE),
                                         .volume = rows_int(&rows, i, 5)};
    *out_count = rows.count;
    return true;
}

// Reads a minute from seven columns that begin with the ticker.
static void read_minute(const struct rows *rows, size_t row, struct bar *out_minute)
{
    *out_minute = (struct bar){
        .at = rows_time(rows, row, 1),
        .day = exchange_calendar_day(rows_time(rows, row, 1)),
        .open_micros = rows_decimal(rows, row, 2, MONEY_SCALE),
        .high_micros = rows_decimal(rows, row, 3, MONEY_SCALE),
        .low_micros = rows_decimal(rows, row, 4, MONEY_SCALE),
        .close_micros = rows_decimal(rows, row, 5, MONEY_SCALE),
        .volume = rows_int(rows, row, 6),
    };
    (void)snprintf(out_minute->ticker, sizeof out_minute->ticker, "%s", rows_text(rows, row, 0));
}

bool minute_store_after(struct database *database,
                        struct arena *arena,
                        const struct minutes_query *query,
                        struct bar *out_minutes,
                        size_t max,
                        size_t *out_count,
                        struct error *error)
{
    static const struct statement list = {
        "minutes_after", "SELECT ticker, at, open, high, low, close, volume FROM minute_bars"
                         " WHERE is_imported AND (at, ticker) > ($1::timestamptz, $2::text)"
                         " AND at <= $3 ORDER BY at, ticker LIMIT $4::bigint"};
    const struct parameter values[] = {
        parameter_time(query->after_at), parameter_text(query->after_ticker),
        parameter_time(query->until_at), parameter_int((int64_t)max)};
    struct rows rows;

    if (!database_query(database, arena, &list, values, COUNT_OF(values), &rows, error))
        return false;
    assert(rows.count <= max);
    for (size_t i = 0; i < rows.count; i++)
        read_minute(&rows, i, &out_minutes[i]);
    *out_count = rows.count;
    return true;
}

// The tickers and days of those bars that are made of minutes, as two arrays; `out_count` of them.
static bool make_days(struct arena *arena,
                      const struct latest_bar *bars,
                      size_t count,
                      struct parameter out_arrays[2],
                      size_t *out_count)
{
    struct parameter *tickers = arena_allocate(arena, (count + 1) * sizeof *tickers);
    struct parameter *days = arena_allocate(arena, (count + 1) * sizeof *days);
    size_t made = 0;

    if (tickers == NULL || days == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!bars[i].bar.is_of_minutes)
            continue;
        tickers[made] = parameter_text(bars[i].bar.ticker);
        days[made++] = parameter_int(bars[i].bar.day);
    }
    *out_count = made;
    return parameter_array(arena, tickers, made, &out_arrays[0]) &&
           parameter_array(arena, days, made, &out_arrays[1]);
}

bool minute_store_so_far(struct database *database,
                         struct arena *arena,
                         const struct latest_bar *bars,
                         size_t count,
                         int64_t until_at,
                         struct minutes_so_far *out_minutes,
                         size_t *out_count,
                         struct error *error)
{
    // A session is within one day of UTC, whose date it has.
    static const struct statement list = {
        "minutes_so_far",
        "SELECT d.ticker, l.at, l.open, l.high, l.low, l.close, l.volume,"
        "  e.open, e.high, e.low, e.volume"
        " FROM (SELECT ticker, to_timestamp(day * 86400) AS midnight"
        "  FROM unnest($1::text[], $2::bigint[]) AS u (ticker, day)) d"
        " CROSS JOIN LATERAL (SELECT * FROM minute_bars m WHERE m.ticker = d.ticker"
        "  AND m.is_imported AND m.at >= d.midnight AND m.at < d.midnight + interval '24 hours'"
        "  AND m.at <= $3 ORDER BY m.at DESC LIMIT 1) l"
        " CROSS JOIN LATERAL (SELECT (array_agg(m.open ORDER BY m.at))[1] AS open,"
        "   max(m.high) AS high, min(m.low) AS low,"
        "   least(sum(m.volume), 1000000000000000)::bigint AS volume"
        "  FROM minute_bars m WHERE m.ticker = d.ticker AND m.is_imported"
        "  AND m.at >= d.midnight AND m.at < l.at) e"
        " ORDER BY d.ticker COLLATE \"C\""};
    struct parameter values[3] = {parameter_null(), parameter_null(), parameter_time(until_at)};
    size_t made = 0;
    struct rows rows;

    *out_count = 0;
    if (!make_days(arena, bars, count, values, &made))
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the minutes do not fit");
    if (made == 0)
        return true;
    if (!database_query(database, arena, &list, values, COUNT_OF(values), &rows, error))
        return false;
    assert(rows.count <= count);
    for (size_t i = 0; i < rows.count; i++) {
        read_minute(&rows, i, &out_minutes[i].last);
        out_minutes[i].has_earlier = !rows_is_null(&rows, i, 7);
        if (!out_minutes[i].has_earlier)
            continue;
        out_minutes[i].earlier = (struct quote){
            .open_micros = rows_decimal(&rows, i, 7, MONEY_SCALE),
            .high_micros = rows_decimal(&rows, i, 8, MONEY_SCALE),
            .low_micros = rows_decimal(&rows, i, 9, MONEY_SCALE),
            .volume = rows_int(&rows, i, 10),
        };
    }
    *out_count = rows.count;
    return true;
}

bool minute_store_make_day(struct database *database,
                           struct arena *arena,
                           int64_t day,
                           int64_t from,
                           int64_t until,
                           struct error *error)
{
    // Symbol by symbol, as the key of the minutes has it.
    static const struct statement make = {
        "make_day",
        "INSERT INTO bars (ticker, day, open, high, low, close, volume, is_of_quotes)"
        " SELECT s.ticker, $1::date, d.open, d.high, d.low, d.close, d.volume, true"
        " FROM symbols s CROSS JOIN LATERAL"
        " (SELECT (array_agg(m.open ORDER BY m.at))[1] AS open, max(m.high) AS high,"
        "   min(m.low) AS low, (array_agg(m.close ORDER BY m.at DESC))[1] AS close,"
        "   least(sum(m.volume), 1000000000000000)::bigint AS volume"
        "  FROM minute_bars m WHERE m.ticker = s.ticker AND m.at >= $2 AND m.at < $3) AS d"
        " WHERE d.open IS NOT NULL ON CONFLICT (ticker, day) DO UPDATE SET open = excluded.open,"
        "  high = excluded.high, low = excluded.low, close = excluded.close,"
        "  volume = excluded.volume WHERE bars.is_of_minutes"};
    char date[DATE_SIZE];
    struct parameter values[3] = {parameter_null(), parameter_time(from), parameter_time(until)};
    struct rows rows;

    date_print(date_from_days(day), date);
    values[0] = parameter_text(date);
    return database_query(database, arena, &make, values, COUNT_OF(values), &rows, error);
}

bool minute_store_prune(struct database *database, struct arena *arena, int64_t before)
{
    static const struct statement prune = {
        "prune_minutes", "DELETE FROM minute_bars WHERE (ticker, at) IN"
                         " (SELECT ticker, at FROM minute_bars WHERE at < $1 AND NOT is_imported"
                         "  ORDER BY at LIMIT $2)"};
    const struct parameter values[] = {parameter_time(before), parameter_int(MINUTES_A_PRUNE)};
    struct error error;
    struct rows rows;

    return database_query(database, arena, &prune, values, COUNT_OF(values), &rows, &error) &&
           rows.affected == MINUTES_A_PRUNE;
}
