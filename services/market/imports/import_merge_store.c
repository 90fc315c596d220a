// SPDX-License-Identifier: MIT
#include "imports/import_merge_store.h"

#include "imports/import_merge_sql.h"
#include "player/quote_book.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    PIECES_EACH = 8,             // read at a time
    SLICE_BLOCKS = 2048,         // of the ordered rows, merged by one statement: some 200,000 rows
    TEXT_MAX = 64 * 1024 * 1024, // of those pieces: one of bars is half a megabyte at most
    TID_SIZE = 32,
};

bool import_merge_store_next(struct database *database,
                             struct arena *arena,
                             struct import_claim *out_claim,
                             bool *out_is_there,
                             struct error *error)
{
    static const struct statement next = {
        "next_import",
        "SELECT id, kind, row_count, rejected_count, COALESCE(actor_id::text, ''),"
        " COALESCE(actor, ''), COALESCE(client_address, ''), request_id, timeframe FROM imports"
        " WHERE state = 'merging' ORDER BY touched_at LIMIT 1"};
    struct import_claim claim = {.id = ""};
    struct rows rows;

    if (!database_query(database, arena, &next, NULL, 0, &rows, error))
        return false;
    *out_is_there = rows.count == 1;
    if (rows.count == 0)
        return true;
    (void)snprintf(claim.id, sizeof claim.id, "%s", rows_text(&rows, 0, 0));
    claim.is_of_symbols = strcmp(rows_text(&rows, 0, 1), "symbols") == 0;
    claim.row_count = rows_int(&rows, 0, 2);
    claim.rejected_count = rows_int(&rows, 0, 3);
    (void)snprintf(claim.user_id, sizeof claim.user_id, "%s", rows_text(&rows, 0, 4));
    (void)snprintf(claim.username, sizeof claim.username, "%s", rows_text(&rows, 0, 5));
    (void)snprintf(claim.client_address, sizeof claim.client_address, "%s", rows_text(&rows, 0, 6));
    (void)snprintf(claim.request_id, sizeof claim.request_id, "%s", rows_text(&rows, 0, 7));
    claim.is_of_minutes = !rows_is_null(&rows, 0, 8) && strcmp(rows_text(&rows, 0, 8), "1Min") == 0;
    *out_claim = claim;
    return true;
}

static bool refuse_canceled(const struct import_claim *claim, struct error *error)
{
    return error_set(error, REASON_IMPORT_CANCELED, "the import %s was canceled", claim->id);
}

// Says how far it has come, and learns whether it shall go on. Each statement sees what was
// committed when it begins.
static bool report(struct transaction *transaction,
                   const struct import_claim *claim,
                   const struct import_watch *watch,
                   int64_t merged,
                   struct error *error)
{
    static const struct statement look = {
        "import_is_merging", "SELECT 1 FROM imports WHERE id = $1 AND state = 'merging'"};
    const struct parameter id = parameter_text(claim->id);
    struct rows rows;

    if (!watch->progressed(watch->context, merged))
        return error_set(error, REASON_UNAVAILABLE, "the service is stopping");
    return transaction_query(transaction, &look, &id, 1, &rows, error) &&
           (rows.count == 1 || refuse_canceled(claim, error));
}

bool import_merge_store_load(struct transaction *transaction,
                             const struct import_claim *claim,
                             const char *copy_sql,
                             const struct import_watch *watch,
                             struct error *error)
{
    static const struct statement read = {
        "read_import_pieces", "SELECT at, rows FROM import_pieces WHERE import_id = $1 AND at > $2"
                              " ORDER BY at LIMIT $3::bigint"};
    OWNED(strbuf) text = strbuf_new(TEXT_MAX);
    int64_t position = -1;
    struct rows rows;

    do {
        const struct parameter values[] = {parameter_text(claim->id), parameter_int(position),
                                           parameter_int(PIECES_EACH)};

        arena_reset(transaction_arena(transaction));
        strbuf_reset(text);
        if (!report(transaction, claim, watch, 0, error) ||
            !transaction_query(transaction, &read, values, COUNT_OF(values), &rows, error))
            return false;
        for (size_t i = 0; i < rows.count; i++) {
            position = rows_int(&rows, i, 0);
            strbuf_append_string(text, rows_text(&rows, i, 1));
        }
        if (text->overflowed)
            return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the pieces do not fit");
        // Together: a COPY of its own for each would be three times as many round trips.
        if (rows.count > 0 && !transaction_copy(transaction, copy_sql, strbuf_text(text), error))
            return false;
    } while (rows.count == PIECES_EACH);
    return true;
}

// Puts all rows in the order of the key, with the line in which each key is first.
static bool put_in_order(struct transaction *transaction,
                         const struct import_merge_sql *sql,
                         struct error *error)
{
    // Compiling a statement takes longer than it saves in a slice.
    static const struct statement remember = {
        "import_sort_memory",
        "SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true)"};
    static const struct statement drop = {"import_drop_rows", "DROP TABLE import_rows"};
    static const struct statement list = {"import_list_tickers",
                                          "CREATE TEMPORARY TABLE import_tickers ON COMMIT DROP AS"
                                          " SELECT ticker FROM import_ordered GROUP BY ticker"};

    return transaction_queue(transaction, &remember, NULL, 0, NULL, error) &&
           transaction_queue(transaction, &sql->order, NULL, 0, NULL, error) &&
           transaction_queue(transaction, &drop, NULL, 0, NULL, error) &&
           transaction_queue(transaction, &list, NULL, 0, NULL, error) &&
           transaction_flush(transaction, error);
}

// What is known before the first bar is written.
struct preparation {
    struct rows counts;  // of rows, and of those that are doubled
    struct rows tickers; // how many
    struct rows added, symbol_count;
    struct rows locked; // the tickers
    struct rows
        layout;       // blocks of ordered rows; whether there are earlier bars; and days of minutes
    struct rows kept; // rows of days that are made of their minutes
};

static bool queue_doubles(struct transaction *transaction,
                          const struct import_merge_sql *sql,
                          const struct import_claim *claim,
                          struct preparation *out_preparation,
                          struct error *error)
{
    static const struct statement count = {
        "import_count_rows",
        "SELECT count(*), count(*) FILTER (WHERE line <> first_line) FROM import_ordered"};
    static const struct statement count_tickers = {"import_count_tickers",
                                                   "SELECT count(*) FROM import_tickers"};
    const struct parameter values[] = {parameter_text(claim->id),
                                       parameter_int(IMPORT_REJECTIONS_MAX)};

    return transaction_queue(transaction, &sql->reject_doubled, values, COUNT_OF(values), NULL,
                             error) &&
           transaction_queue(transaction, &count, NULL, 0, &out_preparation->counts, error) &&
           transaction_queue(transaction, &count_tickers, NULL, 0, &out_preparation->tickers,
                             error) &&
           transaction_flush(transaction, error);
}

static bool add_symbols(struct transaction *transaction,
                        const struct import_merge_sql *sql,
                        struct preparation *out_preparation,
                        struct error *error)
{
    static const struct statement add = {
        "import_symbols", "INSERT INTO symbols (ticker, name) SELECT ticker, ticker"
                          " FROM import_tickers ORDER BY ticker ON CONFLICT DO NOTHING"};
    static const struct statement count = {"count_symbols", "SELECT count(*) FROM symbols"};
    // They must not be removed meanwhile; that is all.
    static const struct statement lock = {
        "import_lock_symbols",
        "SELECT ticker FROM symbols WHERE ticker IN"
        " (SELECT ticker FROM import_tickers) ORDER BY ticker FOR KEY SHARE"};
    // Each slice looks its bars up by their key: nothing is known of the tables' sizes while they
    // grow, and any other way could mean to go through all bars for every slice.
    static const struct statement plan = {"import_plan_by_key",
                                          "SELECT set_config('enable_hashjoin', 'off', true),"
                                          " set_config('enable_mergejoin', 'off', true),"
                                          " set_config('enable_seqscan', 'off', true),"
                                          " set_config('enable_bitmapscan', 'off', true)"};

    if ((uint64_t)rows_int(&out_preparation->tickers, 0, 0) > QUOTE_BOOK_MAX)
        return error_set(error, REASON_LIMIT_EXCEEDED, "there can be %d symbols at most",
                         QUOTE_BOOK_MAX);
    if (!transaction_queue(transaction, &add, NULL, 0, &out_preparation->added, error) ||
        !transaction_queue(transaction, &count, NULL, 0, &out_preparation->symbol_count, error) ||
        !transaction_queue(transaction, &lock, NULL, 0, &out_preparation->locked, error) ||
        !transaction_queue(transaction, &sql->look, NULL, 0, &out_preparation->layout, error) ||
        !transaction_queue(transaction, &plan, NULL, 0, NULL, error) ||
        !transaction_flush(transaction, error))
        return false;
    return out_preparation->added.affected == 0 ||
           rows_int(&out_preparation->symbol_count, 0, 0) <= QUOTE_BOOK_MAX ||
           error_set(error, REASON_LIMIT_EXCEEDED, "there can be %d symbols at most",
                     QUOTE_BOOK_MAX);
}

// Rejects the rows of days that are made of their minutes, which stay as they are.
static bool reject_kept(struct transaction *transaction,
                        const struct import_claim *claim,
                        struct preparation *preparation,
                        int64_t *out_count,
                        struct error *error)
{
    static const struct statement reject = {
        "import_reject_kept", "WITH kept AS (SELECT r.line, r.ticker, r.day FROM import_ordered r"
                              "  JOIN bars b ON b.ticker = r.ticker AND b.day = r.day"
                              "  WHERE r.line = r.first_line AND b.is_of_minutes),"
                              " told AS (INSERT INTO import_rejections SELECT $1, line,"
                              "   format('%s %s is made of its imported minutes', ticker, day)"
                              "  FROM kept ORDER BY line LIMIT $2::bigint)"
                              " SELECT count(*) FROM kept"};
    const struct parameter values[] = {parameter_text(claim->id),
                                       parameter_int(IMPORT_REJECTIONS_MAX)};

    *out_count = 0;
    if (claim->is_of_minutes || !rows_bool(&preparation->layout, 0, 2))
        return true;
    if (!transaction_query(transaction, &reject, values, COUNT_OF(values), &preparation->kept,
                           error))
        return false;
    *out_count = rows_int(&preparation->kept, 0, 0);
    return true;
}

// Merges the rows that lie in some blocks of the ordered ones. Where there were no bars of these
// symbols, whoever adds one meanwhile is in the way of all of it, which is begun anew then.
static bool merge_slice(struct transaction *transaction,
                        const struct import_merge_sql *sql,
                        int64_t from_block,
                        bool has_earlier,
                        uint64_t *imported,
                        struct error *error)
{
    char from[TID_SIZE], until[TID_SIZE];
    struct parameter values[2];
    struct rows inserted = {0};

    (void)snprintf(from, sizeof from, "(%" PRId64 ",0)", from_block);
    (void)snprintf(until, sizeof until, "(%" PRId64 ",0)", from_block + SLICE_BLOCKS);
    values[0] = parameter_text(from);
    values[1] = parameter_text(until);
    if ((has_earlier &&
         !transaction_queue(transaction, &sql->update, values, COUNT_OF(values), NULL, error)) ||
        !transaction_query(transaction, has_earlier ? &sql->insert : &sql->insert_all, values,
                           COUNT_OF(values), &inserted, error))
        return false;
    *imported += (uint64_t)inserted.affected;
    return true;
}

static bool merge_rows(struct transaction *transaction,
                       const struct import_claim *claim,
                       const struct import_merge_sql *sql,
                       const struct preparation *preparation,
                       const struct import_watch *watch,
                       uint64_t *out_imported,
                       struct error *error)
{
    int64_t rows = rows_int(&preparation->counts, 0, 0);
    int64_t blocks = rows_int(&preparation->layout, 0, 0);
    bool has_earlier = rows_bool(&preparation->layout, 0, 1);
    uint64_t imported = 0;

    for (int64_t block = 0; block < blocks; block += SLICE_BLOCKS) {
        if (!report(transaction, claim, watch, rows * block / blocks, error) ||
            !merge_slice(transaction, sql, block, has_earlier, &imported, error))
            return false;
    }
    *out_imported = imported;
    return sql->make_days.sql == NULL ||
           transaction_query(transaction, &sql->make_days, NULL, 0, NULL, error);
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

bool import_merge_store_bars(struct transaction *transaction,
                             const struct import_claim *claim,
                             const struct import_watch *watch,
                             struct import_result *out_result,
                             struct error *error)
{
    const struct import_merge_sql *sql =
        claim->is_of_minutes ? &import_merge_sql_minutes : &import_merge_sql_days;
    struct preparation preparation = {0};
    struct import_result result = {0};
    int64_t rows, left_out, kept;

    if (!transaction_query(transaction, &sql->create, NULL, 0, NULL, error) ||
        !import_merge_store_load(transaction, claim, "COPY import_rows FROM STDIN", watch, error) ||
        !put_in_order(transaction, sql, error) ||
        !queue_doubles(transaction, sql, claim, &preparation, error))
        return false;
    rows = rows_int(&preparation.counts, 0, 0);
    if (rows != claim->row_count)
        return error_set(error, REASON_INTERNAL, "of %lld rows %lld were kept",
                         (long long)claim->row_count, (long long)rows);
    if (!add_symbols(transaction, sql, &preparation, error) ||
        !reject_kept(transaction, claim, &preparation, &kept, error) ||
        !merge_rows(transaction, claim, sql, &preparation, watch, &result.imported, error))
        return false;
    left_out = rows_int(&preparation.counts, 0, 1) + kept;
    result.updated = (uint64_t)(rows - left_out) - result.imported;
    result.rejected_count = (uint64_t)(claim->rejected_count + left_out);
    if (!read_tickers(transaction_arena(transaction), &preparation.locked, &result, error))
        return false;
    *out_result = result;
    return true;
}

bool import_merge_store_finish(struct transaction *transaction,
                               const struct import_claim *claim,
                               const struct import_result *result,
                               struct error *error)
{
    static const struct statement finish = {
        "finish_import",
        "UPDATE imports SET state = 'done', imported_count = $2, updated_count = $3,"
        " rejected_count = $4, finished_at = clock_timestamp() WHERE id = $1 AND state = "
        "'merging'"};
    static const struct statement remove = {"import_remove_pieces",
                                            "DELETE FROM import_pieces WHERE import_id = $1"};
    const struct parameter values[] = {
        parameter_text(claim->id), parameter_int((int64_t)result->imported),
        parameter_int((int64_t)result->updated), parameter_int((int64_t)result->rejected_count)};

    struct rows rows = {0};

    // Who cancels it and who ends it wait for each other at its row.
    return transaction_query(transaction, &finish, values, COUNT_OF(values), &rows, error) &&
           (rows.affected == 1 || refuse_canceled(claim, error)) &&
           transaction_queue(transaction, &remove, values, 1, NULL, error);
}
