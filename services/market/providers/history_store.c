// SPDX-License-Identifier: MIT
#include "providers/history_store.h"

#include "clock/exchange_calendar.h"
#include "money/money.h"
#include "providers/history_fit.h"

#include <stdio.h>
#include <string.h>

enum {
    BAR_COLUMNS = 6,
    BARS_A_WRITE = 4000,
};

// Whether $1 has hardly any bars, and nobody has given it a history.
#define HAS_NO_HISTORY(limit)                                                                      \
    "((SELECT count(*) FROM (SELECT 1 FROM bars WHERE ticker = $1 AND NOT is_of_quotes"            \
    "   LIMIT " limit "::bigint) b) < " limit "::bigint"                                           \
    " AND NOT EXISTS (SELECT 1 FROM histories WHERE ticker = $1 AND bar_count > 0))"

static int64_t later(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

static int64_t earlier(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

// The first session from `from` to `until` of which there is no bar; after `until` when there is
// none.
static bool find_gap(struct database *database,
                     struct arena *arena,
                     const char *ticker,
                     int64_t from,
                     int64_t until,
                     int64_t *out_day,
                     struct error *error)
{
    static const struct statement list = {
        "days_of_history",
        "SELECT day - DATE '1970-01-01' FROM bars WHERE ticker = $1 AND NOT is_of_quotes"
        " AND day BETWEEN DATE '1970-01-01' + $2::integer AND DATE '1970-01-01' + $3::integer"
        " ORDER BY day"};
    const struct parameter values[] = {parameter_text(ticker), parameter_int(from),
                                       parameter_int(until)};
    struct rows rows = {0};
    size_t row = 0;

    if (from <= until &&
        !database_query(database, arena, &list, values, COUNT_OF(values), &rows, error))
        return false;
    for (; from <= until; from++) {
        bool is_there = row < rows.count && rows_int(&rows, row, 0) == from;

        if (is_there)
            row++;
        else if (exchange_calendar_is_session(from))
            break;
    }
    *out_day = from;
    return true;
}

// Columns: asked today, does not fit, settled through, first and last day, hardly any.
static bool read_state(struct database *database,
                       struct arena *arena,
                       const char *ticker,
                       int64_t today,
                       struct rows *out_rows,
                       struct error *error)
{
    static const struct statement look = {
        "look_at_history",
        "SELECT COALESCE(greatest(h.asked_on, h.continued_on) >= DATE '1970-01-01' + $2::integer,"
        "  false), COALESCE(h.does_not_fit, false), h.settled_through - DATE '1970-01-01',"
        " f.day - DATE '1970-01-01', l.day - DATE '1970-01-01', " HAS_NO_HISTORY(
            "$3") " FROM (SELECT 1) one LEFT JOIN histories h ON h.ticker = $1"
                  " LEFT JOIN LATERAL (SELECT day FROM bars WHERE ticker = $1 AND NOT is_of_quotes"
                  "  ORDER BY day LIMIT 1) f ON true"
                  " LEFT JOIN LATERAL (SELECT day FROM bars WHERE ticker = $1 AND NOT is_of_quotes"
                  "  ORDER BY day DESC LIMIT 1) l ON true"};
    const struct parameter values[] = {parameter_text(ticker), parameter_int(today),
                                       parameter_int(HISTORY_SHORT_BARS)};

    return database_query(database, arena, &look, values, COUNT_OF(values), out_rows, error);
}

bool history_store_look(struct database *database,
                        struct arena *arena,
                        const char *ticker,
                        int64_t today,
                        int64_t last_session,
                        struct history_standing *out_standing,
                        struct error *error)
{
    struct history_standing standing = {0};
    int64_t settled, first, last, until, gap;
    bool is_short, does_not_fit;
    struct rows rows;

    if (!read_state(database, arena, ticker, today, &rows, error))
        return false;
    standing.is_asked = rows_bool(&rows, 0, 0);
    standing.has_days = !rows_is_null(&rows, 0, 3);
    does_not_fit = rows_bool(&rows, 0, 1);
    settled = rows_int(&rows, 0, 2);
    first = rows_int(&rows, 0, 3);
    last = rows_int(&rows, 0, 4);
    is_short = rows_bool(&rows, 0, 5);
    until = standing.has_days ? earlier(last, last_session) : -1;
    if (!find_gap(database, arena, ticker,
                  later(later(first, settled + 1), last_session - HISTORY_GAP_DAYS_MAX), until,
                  &gap, error))
        return false;
    standing.is_missing = is_short || !standing.has_days || last < last_session || gap <= until;
    standing.is_complete = !standing.is_missing || (standing.is_asked && !does_not_fit);
    standing.has_through = standing.has_days && !is_short;
    standing.complete_through =
        gap <= until
            ? exchange_calendar_day(exchange_calendar_previous_close(exchange_calendar_at(gap, 0)))
            : until;
    *out_standing = standing;
    return true;
}

struct history {
    const char *ticker;
    int64_t today;
    const char *provider;
    const struct provider_bars *bars;
    bool fits;
};

// The days of a history that are to be written.
struct days {
    struct provider_bar *bars;
    size_t count;
    struct parameter adjusted_through;
};

// Turns some bars into arrays, a column each.
static bool make_columns(struct arena *arena,
                         const struct provider_bar *bars,
                         size_t count,
                         struct parameter out_columns[BAR_COLUMNS])
{
    struct parameter *values = arena_allocate(arena, BAR_COLUMNS * count * sizeof *values);

    if (values == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        values[i] = parameter_int(bars[i].day);
        values[count + i] = parameter_decimal(bars[i].open_micros, MONEY_SCALE);
        values[2 * count + i] = parameter_decimal(bars[i].high_micros, MONEY_SCALE);
        values[3 * count + i] = parameter_decimal(bars[i].low_micros, MONEY_SCALE);
        values[4 * count + i] = parameter_decimal(bars[i].close_micros, MONEY_SCALE);
        values[5 * count + i] = parameter_int(bars[i].volume);
    }
    for (size_t column = 0; column < BAR_COLUMNS; column++) {
        if (!parameter_array(arena, values + column * count, count, &out_columns[column]))
            return false;
    }
    return true;
}

static bool write_some(struct transaction *transaction,
                       const struct history *history,
                       const struct days *days,
                       size_t from,
                       size_t count,
                       struct error *error)
{
    static const struct statement write = {
        "write_history",
        "INSERT INTO bars (ticker, day, open, high, low, close, volume, adjusted_through)"
        " SELECT $1, DATE '1970-01-01' + h.day::integer, h.open, h.high, h.low, h.close,"
        "  h.volume, DATE '1970-01-01' + $2::integer"
        " FROM unnest($3::bigint[], $4::numeric[], $5::numeric[], $6::numeric[], $7::numeric[],"
        "  $8::bigint[]) AS h (day, open, high, low, close, volume)"
        " ON CONFLICT (ticker, day) DO UPDATE SET open = excluded.open, high = excluded.high,"
        "  low = excluded.low, close = excluded.close, volume = excluded.volume,"
        "  is_of_quotes = false, adjusted_through = excluded.adjusted_through"
        " WHERE bars.is_of_quotes"};
    struct parameter values[2 + BAR_COLUMNS] = {parameter_text(history->ticker),
                                                days->adjusted_through};

    if (!make_columns(transaction_arena(transaction), days->bars + from, count, values + 2))
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the bars do not fit");
    return transaction_query(transaction, &write, values, COUNT_OF(values), NULL, error);
}

static bool write_days(struct transaction *transaction,
                       const struct history *history,
                       const struct days *days,
                       struct error *error)
{
    for (size_t from = 0; from < days->count; from += BARS_A_WRITE) {
        size_t left = days->count - from;

        if (!write_some(transaction, history, days, from, left < BARS_A_WRITE ? left : BARS_A_WRITE,
                        error))
            return false;
    }
    return true;
}

// A copy, as what came must stay as it is for another attempt.
static bool copy_days(struct transaction *transaction,
                      const struct history *history,
                      struct days *out_days,
                      struct error *error)
{
    size_t count = history->bars != NULL ? history->bars->count : 0;
    struct provider_bar *bars =
        arena_allocate(transaction_arena(transaction), (count + 1) * sizeof *bars);

    if (bars == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the bars do not fit");
    if (count > 0)
        memcpy(bars, history->bars->bars, count * sizeof *bars);
    *out_days = (struct days){bars, count, parameter_null()};
    return true;
}

static bool put_first(struct transaction *transaction,
                      struct history *history,
                      const struct history_fit_options *known,
                      struct days *days,
                      struct error *error)
{
    static const struct statement note = {
        "note_history",
        "INSERT INTO histories (ticker, asked_on, bar_count, provider, is_split_adjusted,"
        "  settled_through) VALUES ($1, DATE '1970-01-01' + $2::integer, $3, $4, $5,"
        "  DATE '1970-01-01' + $6::integer)"
        " ON CONFLICT (ticker) DO UPDATE SET asked_on = excluded.asked_on,"
        "  bar_count = excluded.bar_count, provider = excluded.provider,"
        "  is_split_adjusted = excluded.is_split_adjusted,"
        "  settled_through = excluded.settled_through"};
    const struct parameter values[] = {
        parameter_text(history->ticker),     parameter_int(history->today),
        parameter_int((int64_t)days->count), parameter_text(history->provider),
        parameter_bool(known->is_adjusted),  parameter_int(history->today - HISTORY_SETTLED_DAYS),
    };

    if (known->is_adjusted) {
        history_put_back(days->bars, days->count, known->splits, known->split_count,
                         history->today);
        days->adjusted_through = parameter_int(history->today);
    }
    return write_days(transaction, history, days, error) &&
           transaction_query(transaction, &note, values, COUNT_OF(values), NULL, error);
}

// The days that are there, of those that the provider's go over.
static bool read_known(struct transaction *transaction,
                       const struct history *history,
                       const struct days *days,
                       struct history_fit_options *out_known,
                       struct error *error)
{
    static const struct statement list = {
        "closes_of_history",
        "SELECT day - DATE '1970-01-01', close FROM bars WHERE ticker = $1 AND NOT is_of_quotes"
        " AND day >= DATE '1970-01-01' + $2::integer ORDER BY day"};
    const struct parameter values[] = {parameter_text(history->ticker),
                                       parameter_int(days->bars[0].day)};
    struct known_day *known;
    struct rows rows;

    if (!transaction_query(transaction, &list, values, COUNT_OF(values), &rows, error))
        return false;
    known = arena_allocate(transaction_arena(transaction), (rows.count + 1) * sizeof *known);
    if (known == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the days do not fit");
    for (size_t i = 0; i < rows.count; i++)
        known[i] =
            (struct known_day){rows_int(&rows, i, 0), rows_decimal(&rows, i, 1, MONEY_SCALE)};
    out_known->known = known;
    out_known->known_count = rows.count;
    return true;
}

static bool put_next(struct transaction *transaction,
                     struct history *history,
                     struct history_fit_options *known,
                     struct days *days,
                     struct error *error)
{
    static const struct statement note = {
        "note_continued",
        "INSERT INTO histories (ticker, asked_on, bar_count, is_split_adjusted, continued_on,"
        "  settled_through, does_not_fit) VALUES ($1, DATE '1970-01-01' + $2::integer, 0, false,"
        "  DATE '1970-01-01' + $2::integer, DATE '1970-01-01' + $3::integer,"
        "  COALESCE($4::boolean, false))"
        " ON CONFLICT (ticker) DO UPDATE SET continued_on = excluded.continued_on,"
        "  settled_through = excluded.settled_through,"
        "  does_not_fit = COALESCE($4::boolean, histories.does_not_fit)"};
    struct parameter values[] = {parameter_text(history->ticker), parameter_int(history->today),
                                 parameter_int(history->today - HISTORY_SETTLED_DAYS),
                                 parameter_null()};
    struct history_fit fit;

    if (days->count > 0) {
        if (!read_known(transaction, history, days, known, error))
            return false;
        history_fit(known, days->bars, &days->count, &fit);
        if (known->is_adjusted)
            days->adjusted_through = parameter_int(fit.adjusted_through);
        history->fits = fit.fits;
        values[3] = parameter_bool(!fit.continues);
    }
    return write_days(transaction, history, days, error) &&
           transaction_query(transaction, &note, values, COUNT_OF(values), NULL, error);
}

static bool read_splits(struct transaction *transaction,
                        const struct rows *rows,
                        struct history_fit_options *known,
                        struct error *error)
{
    struct split *splits =
        arena_allocate(transaction_arena(transaction), (rows->count + 1) * sizeof *splits);

    if (splits == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the splits do not fit");
    for (size_t i = 0; i < rows->count; i++)
        splits[i] = (struct split){.day = rows_int(rows, i, 0),
                                   .numerator = rows_int(rows, i, 1),
                                   .denominator = rows_int(rows, i, 2)};
    known->splits = splits;
    known->split_count = rows->count;
    return true;
}

static bool put_history(struct transaction *transaction, void *context, struct error *error)
{
    // Whoever enters a split holds the symbol's row: they see these days, or are seen here.
    static const struct statement lock = {"hold_symbol_of_history",
                                          "SELECT 1 FROM symbols WHERE ticker = $1 FOR KEY SHARE"};
    static const struct statement look = {"has_no_history", "SELECT " HAS_NO_HISTORY("$2")};
    static const struct statement list = {
        "splits_of_history", "SELECT ex_date - DATE '1970-01-01', numerator, denominator"
                             " FROM corporate_actions WHERE ticker = $1 AND kind = 'split'"
                             " ORDER BY ex_date"};
    struct history *history = context;
    const struct parameter values[] = {parameter_text(history->ticker),
                                       parameter_int(HISTORY_SHORT_BARS)};
    struct history_fit_options known = {.today = history->today,
                                        .is_adjusted = history->bars != NULL &&
                                                       history->bars->is_split_adjusted};
    struct rows locked, rows, splits;
    struct days days;

    history->fits = true;
    if (!transaction_queue(transaction, &lock, values, 1, &locked, error) ||
        !transaction_queue(transaction, &look, values, COUNT_OF(values), &rows, error) ||
        !transaction_queue(transaction, &list, values, 1, &splits, error) ||
        !transaction_flush(transaction, error))
        return false;
    return locked.count == 0 ||
           (read_splits(transaction, &splits, &known, error) &&
            copy_days(transaction, history, &days, error) &&
            (rows_bool(&rows, 0, 0) ? put_first(transaction, history, &known, &days, error)
                                    : put_next(transaction, history, &known, &days, error)));
}

bool history_store_put(struct database *database,
                       struct arena *arena,
                       const char *ticker,
                       int64_t today,
                       const char *provider,
                       const struct provider_bars *bars,
                       bool *out_fits,
                       struct error *error)
{
    struct history history = {ticker, today, provider, bars, true};

    if (!database_transact(database, arena, 0, put_history, &history, error))
        return false;
    *out_fits = history.fits;
    return true;
}
