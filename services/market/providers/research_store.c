// SPDX-License-Identifier: MIT
#include "providers/research_store.h"

#include "player/quote_book.h"

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
