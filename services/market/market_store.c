// SPDX-License-Identifier: MIT
#include "market_store.h"

#include "money/money.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

// Symbols

static void read_symbol(const struct rows *rows, size_t row, struct symbol *out_symbol)
{
    *out_symbol = (struct symbol){
        .ticker = rows_text(rows, row, 0),
        .name = rows_text(rows, row, 1),
        .exchange = rows_text(rows, row, 2),
        .sector = rows_text(rows, row, 3),
        .currency = rows_text(rows, row, 4),
        .is_active = strcmp(rows_text(rows, row, 5), "active") == 0,
        .is_fractionable = rows_bool(rows, row, 6),
    };
}

static struct parameter parameter_status(bool has_status, bool is_active)
{
    return has_status ? parameter_text(is_active ? "active" : "inactive") : parameter_null();
}

static bool read_symbols(const struct rows *rows,
                         struct arena *arena,
                         struct symbol **out_symbols,
                         size_t *out_count,
                         struct error *error)
{
    struct symbol *symbols = arena_allocate(arena, (rows->count + 1) * sizeof *symbols);

    if (symbols == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the symbols do not fit");
    for (size_t i = 0; i < rows->count; i++)
        read_symbol(rows, i, &symbols[i]);
    *out_symbols = symbols;
    *out_count = rows->count;
    return true;
}

bool store_read_symbols(struct database *database,
                        struct arena *arena,
                        const char *after_ticker,
                        size_t max,
                        struct symbol **out_symbols,
                        size_t *out_count,
                        struct error *error)
{
    static const struct statement read = {
        "read_symbols", "SELECT ticker, name, exchange, sector, currency, status, fractionable"
                        " FROM symbols WHERE ticker > $1 ORDER BY ticker LIMIT $2::bigint"};
    const struct parameter values[] = {parameter_text(after_ticker), parameter_int((int64_t)max)};
    struct rows rows;

    return database_query(database, arena, &read, values, COUNT_OF(values), &rows, error) &&
           read_symbols(&rows, arena, out_symbols, out_count, error);
}

bool store_find_symbols(struct database *database,
                        struct arena *arena,
                        const char *const *tickers,
                        size_t ticker_count,
                        struct symbol **out_symbols,
                        size_t *out_count,
                        struct error *error)
{
    static const struct statement find = {
        "find_symbols", "SELECT ticker, name, exchange, sector, currency, status, fractionable"
                        " FROM symbols WHERE ticker = ANY ($1::text[])"};
    struct parameter array;
    struct rows rows;

    return parameter_text_array(arena, tickers, ticker_count, &array, error) &&
           database_query(database, arena, &find, &array, 1, &rows, error) &&
           read_symbols(&rows, arena, out_symbols, out_count, error);
}

static bool read_one_symbol(const struct rows *rows,
                            const char *ticker,
                            struct symbol *out_symbol,
                            struct error *error)
{
    if (rows->count == 0) {
        (void)error_set(error, REASON_SYMBOL_NOT_FOUND, "there is no symbol %s", ticker);
        error_add_number(error, "ticker", "%s", ticker);
        return false;
    }
    read_symbol(rows, 0, out_symbol);
    return true;
}

bool store_get_symbol(struct database *database,
                      struct arena *arena,
                      const char *ticker,
                      struct symbol *out_symbol,
                      struct error *error)
{
    static const struct statement get = {
        "get_symbol", "SELECT ticker, name, exchange, sector, currency, status, fractionable"
                      " FROM symbols WHERE ticker = $1"};
    const struct parameter value = parameter_text(ticker);
    struct rows rows;

    return database_query(database, arena, &get, &value, 1, &rows, error) &&
           read_one_symbol(&rows, ticker, out_symbol, error);
}

bool store_insert_symbol(struct transaction *transaction,
                         const struct symbol *symbol,
                         struct symbol *out_symbol,
                         struct error *error)
{
    static const struct statement count = {"count_symbols", "SELECT count(*) FROM symbols"};
    static const struct statement insert = {
        "insert_symbol",
        "INSERT INTO symbols (ticker, name, exchange, sector, fractionable)"
        " VALUES ($1, $2, NULLIF($3, ''), NULLIF($4, ''), $5) ON CONFLICT DO NOTHING"
        " RETURNING ticker, name, exchange, sector, currency, status, fractionable"};
    const struct parameter values[] = {parameter_text(symbol->ticker), parameter_text(symbol->name),
                                       parameter_text(symbol->exchange),
                                       parameter_text(symbol->sector),
                                       parameter_bool(symbol->is_fractionable)};
    struct rows rows = {0}, counted = {0};

    if (!transaction_queue(transaction, &insert, values, COUNT_OF(values), &rows, error) ||
        !transaction_queue(transaction, &count, NULL, 0, &counted, error) ||
        !transaction_flush(transaction, error))
        return false;
    if (rows.count == 0) {
        (void)error_set(error, REASON_SYMBOL_EXISTS, "%s is there already", symbol->ticker);
        error_add_number(error, "ticker", "%s", symbol->ticker);
        return false;
    }
    if (rows_int(&counted, 0, 0) > QUOTE_BOOK_MAX)
        return error_set(error, REASON_LIMIT_EXCEEDED, "there can be %d symbols at most",
                         QUOTE_BOOK_MAX);
    read_symbol(&rows, 0, out_symbol);
    return true;
}

bool store_update_symbol(struct transaction *transaction,
                         const struct symbol_change *change,
                         struct symbol *out_symbol,
                         struct error *error)
{
    static const struct statement update = {
        "update_symbol",
        "UPDATE symbols SET name = COALESCE($2, name),"
        " exchange = NULLIF(COALESCE($3, exchange), ''), sector = NULLIF(COALESCE($4, sector), ''),"
        " status = COALESCE($5, status), fractionable = COALESCE($6::boolean, fractionable),"
        " updated_at = now()"
        " WHERE ticker = $1"
        " RETURNING ticker, name, exchange, sector, currency, status, fractionable"};
    const struct parameter values[] = {
        parameter_text(change->ticker),
        parameter_text(change->name),
        parameter_text(change->exchange),
        parameter_text(change->sector),
        parameter_status(change->has_status, change->is_active),
        change->has_fractionable ? parameter_bool(change->is_fractionable) : parameter_null(),
    };
    struct rows rows;

    return transaction_query(transaction, &update, values, COUNT_OF(values), &rows, error) &&
           read_one_symbol(&rows, change->ticker, out_symbol, error);
}

bool store_delete_symbol(struct transaction *transaction, const char *ticker, struct error *error)
{
    static const struct statement lock = {"lock_symbol",
                                          "SELECT 1 FROM symbols WHERE ticker = $1 FOR UPDATE"};
    static const struct statement remove = {
        "delete_symbol", "DELETE FROM symbols WHERE ticker = $1"
                         " AND NOT EXISTS (SELECT 1 FROM bars WHERE ticker = $1)"
                         " AND NOT EXISTS (SELECT 1 FROM minute_bars WHERE ticker = $1)"
                         " AND NOT EXISTS (SELECT 1 FROM corporate_actions WHERE ticker = $1)"};
    static const struct statement retire = {
        "retire_symbol",
        "UPDATE symbols SET status = 'inactive', updated_at = now() WHERE ticker = $1"};
    const struct parameter value = parameter_text(ticker);
    struct rows locked = {0}, removed = {0}, retired = {0};

    if (!transaction_queue(transaction, &lock, &value, 1, &locked, error) ||
        !transaction_queue(transaction, &remove, &value, 1, &removed, error) ||
        !transaction_queue(transaction, &retire, &value, 1, &retired, error) ||
        !transaction_flush(transaction, error))
        return false;
    if (removed.affected + retired.affected > 0)
        return true;
    (void)error_set(error, REASON_SYMBOL_NOT_FOUND, "there is no symbol %s", ticker);
    error_add_number(error, "ticker", "%s", ticker);
    return false;
}

const struct history_need store_bars_need = {.own_writes = true};

// Bars. Columns: ticker, day, open, high, low, close, volume, whether it is of minutes and of
// quotes[, previous close and day].

#define BAR_COLUMNS                                                                                \
    "b.ticker, b.day - DATE '1970-01-01', b.open, b.high, b.low, b.close, b.volume,"               \
    " b.is_of_minutes, b.is_of_quotes"

static void read_bar(const struct rows *rows, size_t row, struct bar *out_bar)
{
    *out_bar = (struct bar){
        .day = rows_int(rows, row, 1),
        .open_micros = rows_decimal(rows, row, 2, MONEY_SCALE),
        .high_micros = rows_decimal(rows, row, 3, MONEY_SCALE),
        .low_micros = rows_decimal(rows, row, 4, MONEY_SCALE),
        .close_micros = rows_decimal(rows, row, 5, MONEY_SCALE),
        .volume = rows_int(rows, row, 6),
        .is_of_minutes = rows_bool(rows, row, 7),
        .is_of_quotes = rows_bool(rows, row, 8),
    };
    (void)snprintf(out_bar->ticker, sizeof out_bar->ticker, "%s", rows_text(rows, row, 0));
}

static void read_latest(const struct rows *rows, size_t row, struct latest_bar *out_bar)
{
    read_bar(rows, row, &out_bar->bar);
    out_bar->previous_close_micros =
        rows_is_null(rows, row, 9) ? 0 : rows_decimal(rows, row, 9, MONEY_SCALE);
    out_bar->previous_day = rows_int(rows, row, 10);
}

bool store_list_bars(struct history *history,
                     struct arena *arena,
                     const struct bar_query *query,
                     struct bar **out_bars,
                     size_t *out_count,
                     struct error *error)
{
    static const struct statement ascending = {
        "list_bars", "SELECT " BAR_COLUMNS " FROM bars b WHERE b.ticker = $1"
                     " AND b.day BETWEEN DATE '1970-01-01' + $2::integer"
                     " AND DATE '1970-01-01' + $3::integer ORDER BY b.day LIMIT $4::bigint"};
    static const struct statement descending = {
        "list_bars_back", "SELECT " BAR_COLUMNS " FROM bars b WHERE b.ticker = $1"
                          " AND b.day BETWEEN DATE '1970-01-01' + $2::integer"
                          " AND DATE '1970-01-01' + $3::integer"
                          " ORDER BY b.day DESC LIMIT $4::bigint"};
    const struct parameter values[] = {
        parameter_text(query->ticker), parameter_int(query->first_day),
        parameter_int(query->last_day), parameter_int((int64_t)query->limit)};
    struct rows rows;

    if (!history_query(history, &store_bars_need, arena,
                       query->is_descending ? &descending : &ascending, values, COUNT_OF(values),
                       &rows, error))
        return false;
    *out_bars = arena_allocate(arena, (rows.count + 1) * sizeof **out_bars);
    if (*out_bars == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the bars do not fit");
    for (size_t i = 0; i < rows.count; i++)
        read_bar(&rows, i, &(*out_bars)[i]);
    *out_count = rows.count;
    return true;
}

bool store_list_bars_with_previous(struct database *database,
                                   struct arena *arena,
                                   const struct bar_query *query,
                                   struct latest_bar **out_bars,
                                   size_t *out_count,
                                   struct error *error)
{
    static const struct statement list = {
        "list_bars_with_previous",
        "SELECT " BAR_COLUMNS ", p.close, p.day - DATE '1970-01-01' FROM bars b"
        " LEFT JOIN LATERAL (SELECT close, day FROM bars WHERE ticker = b.ticker AND day < b.day"
        "  ORDER BY day DESC LIMIT 1) p ON true WHERE b.ticker = $1"
        " AND b.day BETWEEN DATE '1970-01-01' + $2::integer AND DATE '1970-01-01' + $3::integer"
        " ORDER BY b.day LIMIT $4::bigint"};
    const struct parameter values[] = {
        parameter_text(query->ticker), parameter_int(query->first_day),
        parameter_int(query->last_day), parameter_int((int64_t)query->limit)};
    struct rows rows;

    if (!database_query(database, arena, &list, values, COUNT_OF(values), &rows, error))
        return false;
    *out_bars = arena_allocate(arena, (rows.count + 1) * sizeof **out_bars);
    if (*out_bars == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the bars do not fit");
    for (size_t i = 0; i < rows.count; i++)
        read_latest(&rows, i, &(*out_bars)[i]);
    *out_count = rows.count;
    return true;
}

bool store_put_bar(struct transaction *transaction,
                   const struct bar *bar,
                   bool *out_was_there,
                   struct error *error)
{
    static const struct statement add = {
        "add_symbol", "INSERT INTO symbols (ticker, name) VALUES ($1, $1) ON CONFLICT DO NOTHING"};
    // Whoever sets a bar of a symbol holds its row, so that new and changed ones can be told
    // apart. An import holds it less firmly, and neither waits for the other.
    static const struct statement lock = {
        "lock_symbol_of_bar", "SELECT 1 FROM symbols WHERE ticker = $1 FOR NO KEY UPDATE"};
    static const struct statement update = {
        "update_bar", "UPDATE bars SET open = $3, high = $4, low = $5, close = $6, volume = $7,"
                      " is_of_quotes = false, adjusted_through = NULL WHERE ticker = $1 AND day = "
                      "DATE '1970-01-01' + $2::integer"
                      " AND NOT is_of_minutes"};
    static const struct statement insert = {
        "insert_bar", "INSERT INTO bars VALUES ($1, DATE '1970-01-01' + $2::integer, $3, $4, $5,"
                      " $6, $7) ON CONFLICT DO NOTHING"};
    static const struct statement count = {"count_symbols", "SELECT count(*) FROM symbols"};
    const struct parameter values[] = {
        parameter_text(bar->ticker),
        parameter_int(bar->day),
        parameter_decimal(bar->open_micros, MONEY_SCALE),
        parameter_decimal(bar->high_micros, MONEY_SCALE),
        parameter_decimal(bar->low_micros, MONEY_SCALE),
        parameter_decimal(bar->close_micros, MONEY_SCALE),
        parameter_int(bar->volume),
    };
    struct rows added = {0}, counted = {0}, updated = {0}, inserted = {0};

    if (!transaction_queue(transaction, &add, values, 1, &added, error) ||
        !transaction_queue(transaction, &lock, values, 1, NULL, error) ||
        !transaction_queue(transaction, &update, values, COUNT_OF(values), &updated, error) ||
        !transaction_queue(transaction, &insert, values, COUNT_OF(values), &inserted, error) ||
        !transaction_queue(transaction, &count, NULL, 0, &counted, error) ||
        !transaction_flush(transaction, error))
        return false;
    if (added.affected > 0 && rows_int(&counted, 0, 0) > QUOTE_BOOK_MAX)
        return error_set(error, REASON_LIMIT_EXCEEDED, "there can be %d symbols at most",
                         QUOTE_BOOK_MAX);
    if (updated.affected + inserted.affected == 0) {
        error_clear(error);
        error_add_violation(error, "date", "is a day that is made of its imported minutes");
        return false;
    }
    *out_was_there = updated.affected > 0;
    return true;
}

bool store_bars_after(struct database *database,
                      struct arena *arena,
                      int64_t after_day,
                      const char *after_ticker,
                      int64_t until_day,
                      struct bar *out_bars,
                      size_t max,
                      size_t *out_count,
                      struct error *error)
{
    static const struct statement list = {
        "bars_after", "SELECT " BAR_COLUMNS " FROM bars b"
                      " WHERE (b.day, b.ticker) > (DATE '1970-01-01' + $1::integer, $2::text)"
                      " AND b.day <= DATE '1970-01-01' + $3::integer"
                      " ORDER BY b.day, b.ticker LIMIT $4::bigint"};
    const struct parameter values[] = {parameter_int(after_day), parameter_text(after_ticker),
                                       parameter_int(until_day), parameter_int((int64_t)max)};
    struct rows rows;

    if (!database_query(database, arena, &list, values, COUNT_OF(values), &rows, error))
        return false;
    assert(rows.count <= max);
    for (size_t i = 0; i < rows.count; i++)
        read_bar(&rows, i, &out_bars[i]);
    *out_count = rows.count;
    return true;
}

static bool tickers_parameter(struct arena *arena,
                              const struct latest_query *query,
                              struct parameter *out_parameter,
                              struct error *error)
{
    struct parameter *tickers;

    *out_parameter = parameter_null();
    if (query->ticker_count == 0)
        return true;
    tickers = arena_allocate(arena, query->ticker_count * sizeof *tickers);
    for (size_t i = 0; tickers != NULL && i < query->ticker_count; i++)
        tickers[i] = parameter_text(query->tickers[i]);
    return (tickers != NULL &&
            parameter_array(arena, tickers, query->ticker_count, out_parameter)) ||
           error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the tickers do not fit");
}

bool store_latest_bars(struct database *database,
                       struct arena *arena,
                       const struct latest_query *query,
                       struct latest_bar *out_bars,
                       size_t max,
                       size_t *out_count,
                       struct error *error)
{
    static const struct statement list = {
        "latest_bars",
        "SELECT " BAR_COLUMNS ", p.close, p.day - DATE '1970-01-01' FROM symbols s"
        " CROSS JOIN LATERAL (SELECT * FROM bars WHERE ticker = s.ticker"
        "  AND day <= DATE '1970-01-01' + $1::integer AND (NOT is_of_minutes"
        "   OR day < DATE '1970-01-01' + $1::integer"
        "   OR EXISTS (SELECT 1 FROM minute_bars m WHERE m.ticker = s.ticker AND m.is_imported"
        "    AND m.at >= day::timestamp AT TIME ZONE 'UTC' AND m.at <= $5))"
        "  ORDER BY day DESC LIMIT 1) b"
        " LEFT JOIN LATERAL (SELECT close, day FROM bars WHERE ticker = s.ticker AND day < b.day"
        "  ORDER BY day DESC LIMIT 1) p ON true"
        " WHERE s.ticker > $2::text AND ($3::text[] IS NULL OR s.ticker = ANY ($3::text[]))"
        " ORDER BY s.ticker LIMIT $4::bigint"};
    struct parameter values[] = {parameter_int(query->until_day),
                                 parameter_text(query->after_ticker), parameter_null(),
                                 parameter_int((int64_t)max), parameter_time(query->until_at)};
    struct rows rows;

    if (!tickers_parameter(arena, query, &values[2], error) ||
        !database_query(database, arena, &list, values, COUNT_OF(values), &rows, error))
        return false;
    assert(rows.count <= max);
    for (size_t i = 0; i < rows.count; i++)
        read_latest(&rows, i, &out_bars[i]);
    *out_count = rows.count;
    return true;
}
