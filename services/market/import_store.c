// SPDX-License-Identifier: MIT
#include "import_store.h"

#include "money/money.h"
#include "quote_book.h"

#include <stdio.h>
#include <string.h>

bool import_store_start(struct transaction *transaction,
                        const struct import_row *row,
                        struct error *error)
{
    static const struct statement start = {
        "start_import", "INSERT INTO imports (id, kind, ticker, exchange)"
                        " SELECT $1::uuid, $2::text, NULLIF($3::text, ''), NULLIF($4::text, '')"
                        " WHERE (SELECT count(*) FROM imports WHERE next_sequence > 0) < $5::bigint"
                        " AND (SELECT count(*) FROM imports) < $6::bigint"};
    const struct parameter values[] = {
        parameter_text(row->id),     parameter_text(row->is_of_symbols ? "symbols" : "bars"),
        parameter_text(row->ticker), parameter_text(row->exchange),
        parameter_int(IMPORTS_MAX),  parameter_int(IMPORTS_STARTED_MAX)};
    struct rows rows;

    if (!transaction_query(transaction, &start, values, COUNT_OF(values), &rows, error))
        return false;
    return rows.affected == 1 ||
           error_set(error, REASON_OVERLOADED,
                     "there are too many imports under way already, or left unfinished "
                     "in the last ten minutes");
}

bool import_store_lock(struct transaction *transaction,
                       const char *id,
                       struct import_row *out_row,
                       struct error *error)
{
    static const struct statement lock = {
        "lock_import", "SELECT id, ticker, header, next_sequence, next_line, rejected_count,"
                       " exchange, kind FROM imports WHERE id = $1 FOR UPDATE"};
    const struct parameter value = parameter_text(id);
    struct rows rows;

    if (!transaction_query(transaction, &lock, &value, 1, &rows, error))
        return false;
    if (rows.count == 0)
        return error_set(error, REASON_IMPORT_NOT_FOUND,
                         "there is no import %s, or it was left alone for ten minutes", id);
    *out_row = (struct import_row){
        .id = rows_text(&rows, 0, 0),
        .ticker = rows_is_null(&rows, 0, 1) ? "" : rows_text(&rows, 0, 1),
        .header = rows_text(&rows, 0, 2),
        .next_sequence = rows_int(&rows, 0, 3),
        .next_line = rows_int(&rows, 0, 4),
        .rejected_count = rows_int(&rows, 0, 5),
        .exchange = rows_is_null(&rows, 0, 6) ? "" : rows_text(&rows, 0, 6),
        .is_of_symbols = strcmp(rows_text(&rows, 0, 7), "symbols") == 0,
    };
    return true;
}

bool import_store_stage(struct transaction *transaction,
                        const struct import_row *row,
                        struct text bars,
                        struct text rejections,
                        struct error *error)
{
    static const struct statement save = {
        "save_import", "UPDATE imports SET header = $2, next_sequence = $3, next_line = $4,"
                       " rejected_count = $5, touched_at = now() WHERE id = $1"};
    const struct parameter values[] = {
        parameter_text(row->id), parameter_text(row->header), parameter_int(row->next_sequence),
        parameter_int(row->next_line), parameter_int(row->rejected_count)};

    if (bars.length > 0 &&
        !transaction_copy(transaction,
                          "COPY import_bars (import_id, line, ticker, day, open, high, low, close,"
                          " volume) FROM STDIN",
                          bars, error))
        return false;
    if (rejections.length > 0 &&
        !transaction_copy(transaction,
                          "COPY import_rejections (import_id, line, reason) FROM STDIN", rejections,
                          error))
        return false;
    return transaction_queue(transaction, &save, values, COUNT_OF(values), NULL, error);
}

static void print_price(struct strbuf *out, int64_t micros)
{
    char text[DECIMAL_SIZE];

    strbuf_append_char(out, '\t');
    strbuf_append(out, text, decimal_print(micros, MONEY_SCALE, 0, text));
}

void import_store_print_bar(struct strbuf *out, const char *id, int64_t line, const struct bar *bar)
{
    char day[DATE_SIZE];

    date_print(date_from_days(bar->day), day);
    strbuf_append_string(out, id);
    strbuf_append_char(out, '\t');
    strbuf_append_int(out, line);
    strbuf_append_char(out, '\t');
    strbuf_append_string(out, bar->ticker);
    strbuf_append_char(out, '\t');
    strbuf_append_string(out, day);
    print_price(out, bar->open_micros);
    print_price(out, bar->high_micros);
    print_price(out, bar->low_micros);
    print_price(out, bar->close_micros);
    strbuf_append_char(out, '\t');
    strbuf_append_int(out, bar->volume);
    strbuf_append_char(out, '\n');
}

void import_store_print_rejection(struct strbuf *out,
                                  const char *id,
                                  int64_t line,
                                  const char *reason)
{
    strbuf_append_string(out, id);
    strbuf_append_char(out, '\t');
    strbuf_append_int(out, line);
    strbuf_append_char(out, '\t');
    // A reason has no control characters; the backslash is COPY's only other special one.
    for (; *reason != '\0'; reason++) {
        if (*reason == '\\')
            strbuf_append_char(out, '\\');
        strbuf_append_char(out, *reason);
    }
    strbuf_append_char(out, '\n');
}

// What the first round trip does: rejects doubled days, adds symbols and locks them all.
struct preparation {
    struct rows doubled, added, symbol_count, tickers;
};

static bool prepare(struct transaction *transaction,
                    const struct parameter *id,
                    struct preparation *out_preparation,
                    struct error *error)
{
    static const struct statement double_days = {
        "import_doubled",
        "WITH numbered AS (SELECT line, day, ticker,"
        "   first_value(line) OVER (PARTITION BY ticker, day ORDER BY line) AS first_line"
        "  FROM import_bars WHERE import_id = $1),"
        " removed AS (DELETE FROM import_bars b USING numbered n"
        "  WHERE b.import_id = $1 AND b.line = n.line AND n.line <> n.first_line"
        "  RETURNING n.line, n.day, n.ticker, n.first_line),"
        " told AS (INSERT INTO import_rejections SELECT $1, line,"
        "   format('%s %s is there already in line %s', ticker, day, first_line)"
        "  FROM removed ORDER BY line LIMIT $2::bigint)"
        " SELECT count(*) FROM removed"};
    static const struct statement add = {
        "import_symbols", "INSERT INTO symbols (ticker, name)"
                          " SELECT DISTINCT ticker, ticker FROM import_bars WHERE import_id = $1"
                          " ORDER BY ticker ON CONFLICT DO NOTHING"};
    static const struct statement count = {"count_symbols", "SELECT count(*) FROM symbols"};
    // Whoever writes bars of a symbol holds its row, so that new and changed ones can be told
    // apart.
    static const struct statement lock = {"import_lock_symbols",
                                          "SELECT ticker FROM symbols WHERE ticker IN"
                                          " (SELECT ticker FROM import_bars WHERE import_id = $1)"
                                          " ORDER BY ticker FOR UPDATE"};
    const struct parameter doubled_values[] = {*id, parameter_int(IMPORT_REJECTIONS_MAX)};

    return transaction_queue(transaction, &double_days, doubled_values, 2,
                             &out_preparation->doubled, error) &&
           transaction_queue(transaction, &add, id, 1, &out_preparation->added, error) &&
           transaction_queue(transaction, &count, NULL, 0, &out_preparation->symbol_count, error) &&
           transaction_queue(transaction, &lock, id, 1, &out_preparation->tickers, error) &&
           transaction_flush(transaction, error);
}

struct effect {
    struct rows updated, inserted, rejections;
};

static bool apply(struct transaction *transaction,
                  const struct parameter *id,
                  struct effect *out_effect,
                  struct error *error)
{
    static const struct statement update = {
        "import_update",
        "UPDATE bars b SET open = i.open, high = i.high, low = i.low, close = i.close,"
        " volume = i.volume FROM import_bars i"
        " WHERE i.import_id = $1 AND b.ticker = i.ticker AND b.day = i.day"};
    static const struct statement insert = {
        "import_insert", "INSERT INTO bars SELECT ticker, day, open, high, low, close, volume"
                         " FROM import_bars WHERE import_id = $1 ON CONFLICT DO NOTHING"};
    static const struct statement rejections = {
        "import_rejections", "SELECT line, reason FROM import_rejections WHERE import_id = $1"
                             " ORDER BY line LIMIT $2::bigint"};
    static const struct statement remove_bars = {"import_remove_bars",
                                                 "DELETE FROM import_bars WHERE import_id = $1"};
    static const struct statement remove_rejections = {
        "import_remove_rejections", "DELETE FROM import_rejections WHERE import_id = $1"};
    static const struct statement remove = {"import_remove", "DELETE FROM imports WHERE id = $1"};
    const struct parameter rejection_values[] = {*id, parameter_int(IMPORT_REJECTIONS_MAX)};

    return transaction_queue(transaction, &update, id, 1, &out_effect->updated, error) &&
           transaction_queue(transaction, &insert, id, 1, &out_effect->inserted, error) &&
           transaction_queue(transaction, &rejections, rejection_values, 2, &out_effect->rejections,
                             error) &&
           transaction_queue(transaction, &remove_bars, id, 1, NULL, error) &&
           transaction_queue(transaction, &remove_rejections, id, 1, NULL, error) &&
           transaction_queue(transaction, &remove, id, 1, NULL, error) &&
           transaction_flush(transaction, error);
}

static bool read_tickers(struct arena *arena,
                         const struct rows *rows,
                         struct import_result *result,
                         struct error *error)
{
    char(*tickers)[TICKER_SIZE] = arena_allocate(arena, (rows->count + 1) * TICKER_SIZE);

    if (tickers == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the symbols do not fit");
    for (size_t i = 0; i < rows->count; i++)
        (void)snprintf(tickers[i], TICKER_SIZE, "%s", rows_text(rows, i, 0));
    result->tickers = (const char(*)[TICKER_SIZE])tickers;
    result->ticker_count = rows->count;
    return true;
}

static bool read_rejections(struct arena *arena,
                            const struct rows *rows,
                            struct import_result *result,
                            struct error *error)
{
    result->rejections = arena_allocate(arena, (rows->count + 1) * sizeof *result->rejections);
    if (result->rejections == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the rejected lines do not fit");
    for (size_t i = 0; i < rows->count; i++)
        result->rejections[i] =
            (struct import_rejection){(uint64_t)rows_int(rows, i, 0), rows_text(rows, i, 1)};
    result->rejection_count = rows->count;
    return true;
}

bool import_store_finish(struct transaction *transaction,
                         const struct import_row *row,
                         struct import_result *out_result,
                         struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    const struct parameter id = parameter_text(row->id);
    struct preparation preparation = {0};
    struct effect effect = {0};
    struct import_result result = {0};

    if (!prepare(transaction, &id, &preparation, error))
        return false;
    if (preparation.added.affected > 0 &&
        rows_int(&preparation.symbol_count, 0, 0) > QUOTE_BOOK_MAX)
        return error_set(error, REASON_LIMIT_EXCEEDED, "there can be %d symbols at most",
                         QUOTE_BOOK_MAX);
    if (!apply(transaction, &id, &effect, error) ||
        !read_tickers(arena, &preparation.tickers, &result, error) ||
        !read_rejections(arena, &effect.rejections, &result, error))
        return false;
    result.imported = (uint64_t)effect.inserted.affected;
    result.updated = (uint64_t)effect.updated.affected;
    result.rejected_count = (uint64_t)(row->rejected_count + rows_int(&preparation.doubled, 0, 0));
    *out_result = result;
    return true;
}

bool import_store_close(struct transaction *transaction,
                        const struct import_row *row,
                        struct import_result *result,
                        struct error *error)
{
    static const struct statement rejections = {
        "import_rejections", "SELECT line, reason FROM import_rejections WHERE import_id = $1"
                             " ORDER BY line LIMIT $2::bigint"};
    static const struct statement remove_rejections = {
        "import_remove_rejections", "DELETE FROM import_rejections WHERE import_id = $1"};
    static const struct statement remove = {"import_remove", "DELETE FROM imports WHERE id = $1"};
    const struct parameter values[] = {parameter_text(row->id),
                                       parameter_int(IMPORT_REJECTIONS_MAX)};
    struct rows rows = {0};

    return transaction_queue(transaction, &rejections, values, 2, &rows, error) &&
           transaction_queue(transaction, &remove_rejections, values, 1, NULL, error) &&
           transaction_queue(transaction, &remove, values, 1, NULL, error) &&
           transaction_flush(transaction, error) &&
           read_rejections(transaction_arena(transaction), &rows, result, error);
}

static bool prune(struct transaction *transaction, void *context, struct error *error)
{
    static const struct statement find = {
        "import_abandoned",
        "SELECT id FROM imports WHERE touched_at < now() - interval '10 minutes'"
        " ORDER BY touched_at LIMIT 1 FOR UPDATE SKIP LOCKED"};
    static const struct statement remove_bars = {"import_remove_bars",
                                                 "DELETE FROM import_bars WHERE import_id = $1"};
    static const struct statement remove_symbols = {
        "import_remove_symbols", "DELETE FROM import_symbols WHERE import_id = $1"};
    static const struct statement remove_rejections = {
        "import_remove_rejections", "DELETE FROM import_rejections WHERE import_id = $1"};
    static const struct statement remove = {"import_remove", "DELETE FROM imports WHERE id = $1"};
    bool *was_one = context;
    struct parameter id;
    struct rows rows;

    *was_one = false;
    if (!transaction_query(transaction, &find, NULL, 0, &rows, error))
        return false;
    if (rows.count == 0)
        return true;
    *was_one = true;
    id = parameter_text(rows_text(&rows, 0, 0));
    return transaction_queue(transaction, &remove_bars, &id, 1, NULL, error) &&
           transaction_queue(transaction, &remove_symbols, &id, 1, NULL, error) &&
           transaction_queue(transaction, &remove_rejections, &id, 1, NULL, error) &&
           transaction_queue(transaction, &remove, &id, 1, NULL, error);
}

bool import_store_prune(struct database *database, struct arena *arena)
{
    bool was_one = false;
    struct error error;

    // A failure is as good as nothing to do: it is tried again in a minute.
    return database_transact(database, arena, TRANSACTION_LONG, prune, &was_one, &error) && was_one;
}
