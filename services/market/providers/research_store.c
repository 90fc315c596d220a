// SPDX-License-Identifier: MIT
#include "providers/research_store.h"

#include "money/money.h"
#include "player/quote_book.h"

#include <stdlib.h>

enum {
    BAR_COLUMNS = 6,
    BARS_A_WRITE = 4000,
    DIFFERENCE_MAX = 100, // between providers: one in so many, far less than by any split
};

// Whether $1 has hardly any bars, and nobody has given it a history.
#define HAS_NO_HISTORY(limit)                                                                      \
    "((SELECT count(*) FROM (SELECT 1 FROM bars WHERE ticker = $1 AND NOT is_of_quotes"            \
    "   LIMIT " limit "::bigint) b) < " limit "::bigint"                                           \
    " AND NOT EXISTS (SELECT 1 FROM histories WHERE ticker = $1 AND bar_count > 0))"

bool research_store_needs_history(struct database *database,
                                  struct arena *arena,
                                  const char *ticker,
                                  int64_t today,
                                  int64_t last_session,
                                  bool *out_needs,
                                  struct error *error)
{
    static const struct statement look = {
        "needs_history",
        "SELECT NOT EXISTS (SELECT 1 FROM histories WHERE ticker = $1"
        "  AND greatest(asked_on, continued_on) >= DATE '1970-01-01' + $2::integer)"
        " AND (NOT EXISTS (SELECT 1 FROM bars WHERE ticker = $1 AND NOT is_of_quotes"
        "   AND day >= DATE '1970-01-01' + $3::integer) OR " HAS_NO_HISTORY("$4") ")"};
    const struct parameter values[] = {parameter_text(ticker), parameter_int(today),
                                       parameter_int(last_session),
                                       parameter_int(HISTORY_SHORT_BARS)};
    struct rows rows;

    if (!database_query(database, arena, &look, values, COUNT_OF(values), &rows, error))
        return false;
    *out_needs = rows_bool(&rows, 0, 0);
    return true;
}

struct history {
    const char *ticker;
    int64_t today;
    const char *provider;
    const struct provider_bars *bars;
    bool fits;
};

// Turns some bars into arrays, a column each, after the ticker.
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

static bool write_bars(struct transaction *transaction,
                       const struct history *history,
                       size_t from,
                       size_t count,
                       struct error *error)
{
    static const struct statement write = {
        "write_history",
        "INSERT INTO bars (ticker, day, open, high, low, close, volume)"
        " SELECT s.ticker, DATE '1970-01-01' + h.day::integer, h.open, h.high, h.low, h.close,"
        "  h.volume"
        " FROM symbols s CROSS JOIN unnest($2::bigint[], $3::numeric[], $4::numeric[],"
        "  $5::numeric[], $6::numeric[], $7::bigint[]) AS h (day, open, high, low, close, volume)"
        " WHERE s.ticker = $1 ON CONFLICT (ticker, day) DO UPDATE SET open = excluded.open,"
        "  high = excluded.high, low = excluded.low, close = excluded.close,"
        "  volume = excluded.volume, is_of_quotes = false WHERE bars.is_of_quotes"};
    struct parameter values[1 + BAR_COLUMNS] = {parameter_text(history->ticker)};

    if (!make_columns(transaction_arena(transaction), history->bars->bars + from, count,
                      values + 1))
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the bars do not fit");
    return transaction_query(transaction, &write, values, COUNT_OF(values), NULL, error);
}

static bool write_all(struct transaction *transaction,
                      const struct history *history,
                      size_t from,
                      struct error *error)
{
    size_t count = history->bars != NULL ? history->bars->count : 0;

    for (; from < count; from += BARS_A_WRITE) {
        if (!write_bars(transaction, history, from,
                        count - from < BARS_A_WRITE ? count - from : BARS_A_WRITE, error))
            return false;
    }
    return true;
}

static bool put_first(struct transaction *transaction, struct history *history, struct error *error)
{
    static const struct statement note = {
        "note_history",
        "INSERT INTO histories (ticker, asked_on, bar_count, provider, is_split_adjusted)"
        " SELECT ticker, DATE '1970-01-01' + $2::integer, $3, $4, $5 FROM symbols"
        " WHERE ticker = $1 ON CONFLICT (ticker) DO UPDATE SET asked_on = excluded.asked_on,"
        "  bar_count = excluded.bar_count, provider = excluded.provider,"
        "  is_split_adjusted = excluded.is_split_adjusted"};
    size_t count = history->bars != NULL ? history->bars->count : 0;
    const struct parameter values[] = {
        parameter_text(history->ticker),
        parameter_int(history->today),
        parameter_int((int64_t)count),
        parameter_text(history->provider),
        parameter_bool(history->bars != NULL && history->bars->is_split_adjusted),
    };

    return write_all(transaction, history, 0, error) &&
           transaction_query(transaction, &note, values, COUNT_OF(values), NULL, error);
}

// The first of the days that come after all that are there. They are taken when the last day that
// is there has its price, but for the splits since that are known: else there was one that is not,
// by which those that are there were not divided.
static bool find_next(struct transaction *transaction,
                      struct history *history,
                      size_t *out_from,
                      struct error *error)
{
    static const struct statement look = {
        "last_of_history",
        "SELECT b.day - DATE '1970-01-01', round(b.close * s.ratio, 6),"
        "  COALESCE(s.day, b.day + 1) - DATE '1970-01-01'"
        " FROM (SELECT day, close FROM bars WHERE ticker = $1 AND NOT is_of_quotes"
        "  AND day <= DATE '1970-01-01' + $2::integer ORDER BY day DESC LIMIT 1) b"
        " CROSS JOIN LATERAL (SELECT max(ex_date) AS day,"
        "   COALESCE(exp(sum(ln(denominator::numeric / numerator))), 1) AS ratio"
        "  FROM corporate_actions WHERE ticker = $1 AND kind = 'split' AND $4::boolean"
        "  AND ex_date > b.day AND ex_date <= DATE '1970-01-01' + $3::integer) s"};
    const struct provider_bars *bars = history->bars;
    const struct parameter values[] = {
        parameter_text(history->ticker), parameter_int(bars->bars[bars->count - 1].day),
        parameter_int(history->today), parameter_bool(bars->is_split_adjusted)};
    int64_t close_micros, difference_micros;
    size_t at = bars->count;
    struct rows rows;

    if (!transaction_query(transaction, &look, values, COUNT_OF(values), &rows, error))
        return false;
    history->fits = false;
    *out_from = bars->count;
    while (rows.count > 0 && at > 0 && bars->bars[at - 1].day > rows_int(&rows, 0, 0))
        at--;
    if (rows.count == 0 || at == 0 || bars->bars[at - 1].day != rows_int(&rows, 0, 0))
        return true;
    close_micros = rows_decimal(&rows, 0, 1, MONEY_SCALE);
    difference_micros = bars->bars[at - 1].close_micros - close_micros;
    if (llabs(difference_micros) > close_micros / DIFFERENCE_MAX)
        return true;
    while (at < bars->count && bars->bars[at].day < rows_int(&rows, 0, 2))
        at++;
    history->fits = true;
    *out_from = at;
    return true;
}

static bool put_next(struct transaction *transaction, struct history *history, struct error *error)
{
    static const struct statement note = {
        "note_continued",
        "INSERT INTO histories (ticker, asked_on, bar_count, is_split_adjusted, continued_on)"
        " SELECT ticker, DATE '1970-01-01' + $2::integer, 0, false,"
        "  DATE '1970-01-01' + $2::integer FROM symbols WHERE ticker = $1"
        " ON CONFLICT (ticker) DO UPDATE SET continued_on = excluded.continued_on"};
    const struct parameter values[] = {parameter_text(history->ticker),
                                       parameter_int(history->today)};
    bool is_there = history->bars != NULL && history->bars->count > 0;
    size_t from = 0;

    return (!is_there || find_next(transaction, history, &from, error)) &&
           write_all(transaction, history, from, error) &&
           transaction_query(transaction, &note, values, COUNT_OF(values), NULL, error);
}

static bool put_history(struct transaction *transaction, void *context, struct error *error)
{
    static const struct statement look = {"has_no_history", "SELECT " HAS_NO_HISTORY("$2")};
    struct history *history = context;
    const struct parameter values[] = {parameter_text(history->ticker),
                                       parameter_int(HISTORY_SHORT_BARS)};
    struct rows rows;

    history->fits = true;
    return transaction_query(transaction, &look, values, COUNT_OF(values), &rows, error) &&
           (rows_bool(&rows, 0, 0) ? put_first : put_next)(transaction, history, error);
}

bool research_store_put_history(struct database *database,
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

struct found {
    const struct provider_symbol *symbols;
    size_t count, added;
};

static bool add_symbols(struct transaction *transaction, void *context, struct error *error)
{
    static const struct statement add = {
        "add_found_symbol",
        "INSERT INTO symbols (ticker, name, exchange, sector)"
        " SELECT $1, left(COALESCE(NULLIF($2::text, ''), $1), 200), NULLIF(left($3::text, 32), ''),"
        "  NULLIF(left($4::text, 64), '')"
        " WHERE (SELECT count(*) FROM symbols) < $5::bigint ON CONFLICT DO NOTHING"};
    struct found *found = context;

    found->added = 0;
    for (size_t i = 0; i < found->count; i++) {
        const struct provider_symbol *symbol = &found->symbols[i];
        const struct parameter values[] = {
            parameter_text(symbol->ticker), parameter_text(symbol->name),
            parameter_text(symbol->exchange), parameter_text(symbol->sector),
            parameter_int(QUOTE_BOOK_MAX)};
        struct rows rows;

        if (!transaction_query(transaction, &add, values, COUNT_OF(values), &rows, error))
            return false;
        found->added += (size_t)rows.affected;
    }
    return true;
}

bool research_store_add_symbols(struct database *database,
                                struct arena *arena,
                                const struct provider_symbol *symbols,
                                size_t count,
                                size_t *out_added,
                                struct error *error)
{
    struct found found = {symbols, count, 0};

    if (!database_transact(database, arena, 0, add_symbols, &found, error))
        return false;
    *out_added = found.added;
    return true;
}
