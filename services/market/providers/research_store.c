// SPDX-License-Identifier: MIT
#include "providers/research_store.h"

#include "money/money.h"
#include "player/quote_book.h"

enum { BAR_COLUMNS = 6, BARS_A_WRITE = 4000 };

bool research_store_needs_history(struct database *database,
                                  struct arena *arena,
                                  const char *ticker,
                                  int64_t today,
                                  bool *out_needs,
                                  struct error *error)
{
    static const struct statement look = {
        "needs_history",
        "SELECT (SELECT count(*) FROM (SELECT 1 FROM bars WHERE ticker = $1 LIMIT $3::bigint) b)"
        "  < $3::bigint AND NOT EXISTS (SELECT 1 FROM histories WHERE ticker = $1"
        "  AND (bar_count > 0 OR asked_on = DATE '1970-01-01' + $2::integer))"};
    const struct parameter values[] = {parameter_text(ticker), parameter_int(today),
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
        " WHERE s.ticker = $1 ON CONFLICT (ticker, day) DO NOTHING"};
    struct parameter values[1 + BAR_COLUMNS] = {parameter_text(history->ticker)};

    if (!make_columns(transaction_arena(transaction), history->bars->bars + from, count,
                      values + 1))
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the bars do not fit");
    return transaction_query(transaction, &write, values, COUNT_OF(values), NULL, error);
}

static bool put_history(struct transaction *transaction, void *context, struct error *error)
{
    static const struct statement note = {
        "note_history",
        "INSERT INTO histories (ticker, asked_on, bar_count, provider, is_split_adjusted)"
        " SELECT ticker, DATE '1970-01-01' + $2::integer, $3, $4, $5 FROM symbols"
        " WHERE ticker = $1 ON CONFLICT (ticker) DO UPDATE SET asked_on = excluded.asked_on,"
        "  bar_count = excluded.bar_count, provider = excluded.provider,"
        "  is_split_adjusted = excluded.is_split_adjusted"};
    const struct history *history = context;
    size_t count = history->bars != NULL ? history->bars->count : 0;
    const struct parameter values[] = {
        parameter_text(history->ticker),
        parameter_int(history->today),
        parameter_int((int64_t)count),
        parameter_text(history->provider),
        parameter_bool(history->bars != NULL && history->bars->is_split_adjusted),
    };

    for (size_t from = 0; from < count; from += BARS_A_WRITE) {
        if (!write_bars(transaction, history, from,
                        count - from < BARS_A_WRITE ? count - from : BARS_A_WRITE, error))
            return false;
    }
    return transaction_query(transaction, &note, values, COUNT_OF(values), NULL, error);
}

bool research_store_put_history(struct database *database,
                                struct arena *arena,
                                const char *ticker,
                                int64_t today,
                                const char *provider,
                                const struct provider_bars *bars,
                                struct error *error)
{
    struct history history = {ticker, today, provider, bars};

    return database_transact(database, arena, 0, put_history, &history, error);
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
