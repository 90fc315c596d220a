// SPDX-License-Identifier: MIT
#include "imports/symbol_import_store.h"

#include "player/quote_book.h"

// No value has a control character; the backslash is COPY's only other special one.
static void print_text(struct strbuf *out, struct text text)
{
    strbuf_append_char(out, '\t');
    if (text.length == 0)
        strbuf_append_string(out, "\\N");
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == '\\')
            strbuf_append_char(out, '\\');
        strbuf_append_char(out, text.data[i]);
    }
}

void symbol_import_store_print(struct strbuf *out,
                               const struct import_row *row,
                               int64_t line,
                               const struct symbol_line *symbol)
{
    strbuf_append_int(out, line);
    print_text(out, text_of(symbol->ticker));
    print_text(out, symbol->name);
    print_text(out, symbol->exchange.length > 0 ? symbol->exchange : text_of(row->exchange));
    print_text(out, symbol->sector);
    strbuf_append_char(out, '\n');
}

struct effect {
    struct rows doubled, inserted, updated, symbol_count;
};

static bool apply(struct transaction *transaction,
                  const struct import_claim *claim,
                  struct effect *out_effect,
                  struct error *error)
{
    static const struct statement double_tickers = {
        "symbol_import_doubled",
        "WITH numbered AS (SELECT line, ticker,"
        "   first_value(line) OVER (PARTITION BY ticker ORDER BY line) AS first_line"
        "  FROM import_symbol_rows),"
        " removed AS (DELETE FROM import_symbol_rows s USING numbered n"
        "  WHERE s.line = n.line AND n.line <> n.first_line"
        "  RETURNING n.line, n.ticker, n.first_line),"
        " told AS (INSERT INTO import_rejections SELECT $1, line,"
        "   format('%s is there already in line %s', ticker, first_line)"
        "  FROM removed ORDER BY line LIMIT $2::bigint)"
        " SELECT count(*) FROM removed"};
    // In order, so that two imports of the same symbols do not wait for each other.
    static const struct statement lock = {"symbol_import_lock",
                                          "SELECT ticker FROM symbols WHERE ticker IN"
                                          " (SELECT ticker FROM import_symbol_rows)"
                                          " ORDER BY ticker FOR UPDATE"};
    static const struct statement insert = {"symbol_import_insert",
                                            "INSERT INTO symbols (ticker, name)"
                                            " SELECT ticker, name FROM import_symbol_rows"
                                            " ORDER BY ticker ON CONFLICT DO NOTHING"};
    // The new ones too: all that is not inserted is updated, whoever may have added it meanwhile.
    static const struct statement update = {
        "symbol_import_update",
        "UPDATE symbols s SET name = i.name, exchange = COALESCE(i.exchange, s.exchange),"
        " sector = COALESCE(i.sector, s.sector), updated_at = now()"
        " FROM import_symbol_rows i WHERE s.ticker = i.ticker"};
    static const struct statement count = {"count_symbols", "SELECT count(*) FROM symbols"};
    const struct parameter doubled_values[] = {parameter_text(claim->id),
                                               parameter_int(IMPORT_REJECTIONS_MAX)};

    return transaction_queue(transaction, &double_tickers, doubled_values, 2, &out_effect->doubled,
                             error) &&
           transaction_queue(transaction, &lock, NULL, 0, NULL, error) &&
           transaction_queue(transaction, &insert, NULL, 0, &out_effect->inserted, error) &&
           transaction_queue(transaction, &update, NULL, 0, &out_effect->updated, error) &&
           transaction_queue(transaction, &count, NULL, 0, &out_effect->symbol_count, error) &&
           transaction_flush(transaction, error);
}

bool symbol_import_store_merge(struct transaction *transaction,
                               const struct import_claim *claim,
                               const struct import_watch *watch,
                               struct import_result *out_result,
                               struct error *error)
{
    static const struct statement create = {
        "symbol_import_create_rows",
        "CREATE TEMPORARY TABLE import_symbol_rows (line bigint, ticker text COLLATE \"C\","
        " name text, exchange text, sector text) ON COMMIT DROP"};
    struct effect effect = {0};

    if (!transaction_query(transaction, &create, NULL, 0, NULL, error) ||
        !import_merge_store_load(transaction, claim, "COPY import_symbol_rows FROM STDIN", watch,
                                 error) ||
        !apply(transaction, claim, &effect, error))
        return false;
    if (effect.inserted.affected > 0 && rows_int(&effect.symbol_count, 0, 0) > QUOTE_BOOK_MAX)
        return error_set(error, REASON_LIMIT_EXCEEDED, "there can be %d symbols at most",
                         QUOTE_BOOK_MAX);
    if (effect.updated.affected + rows_int(&effect.doubled, 0, 0) != claim->row_count)
        return error_set(error, REASON_INTERNAL, "of %lld rows %lld were kept",
                         (long long)claim->row_count,
                         (long long)(effect.updated.affected + rows_int(&effect.doubled, 0, 0)));
    *out_result = (struct import_result){
        .imported = (uint64_t)effect.inserted.affected,
        .updated = (uint64_t)(effect.updated.affected - effect.inserted.affected),
        .rejected_count = (uint64_t)(claim->rejected_count + rows_int(&effect.doubled, 0, 0)),
    };
    return true;
}
