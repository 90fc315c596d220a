// SPDX-License-Identifier: MIT
#include "simulation/universe_store.h"

#include "market_store.h"
#include "money/money.h"

#include <assert.h>

// Adds all entries in one statement. They are few: when they would not fit with the symbols there
// are, none is added.
static bool add_universe(struct transaction *transaction, struct arena *arena, struct error *error)
{
    static const struct statement add = {
        "add_universe",
        "INSERT INTO symbols (ticker, name, exchange, sector)"
        " SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])"
        " WHERE (SELECT count(*) FROM symbols) <= $5::bigint ON CONFLICT DO NOTHING"};
    struct parameter columns[4][UNIVERSE_MAX], values[5];
    const struct universe_entry *entries;
    size_t count = universe_entries(&entries);
    struct rows rows;

    assert(count <= UNIVERSE_MAX);
    for (size_t i = 0; i < count; i++) {
        columns[0][i] = parameter_text(entries[i].ticker);
        columns[1][i] = parameter_text(entries[i].name);
        columns[2][i] = parameter_text(entries[i].exchange);
        columns[3][i] = parameter_text(entries[i].sector);
    }
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        if (!parameter_array(arena, columns[i], count, &values[i]))
            return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the symbols do not fit");
    }
    values[4] = parameter_int(QUOTE_BOOK_MAX - (int64_t)count);
    return transaction_query(transaction, &add, values, COUNT_OF(values), &rows, error);
}

static bool prepare(struct transaction *transaction, void *context, struct error *error)
{
    static const struct statement lock = {"lock_first_clock",
                                          "SELECT 1 FROM clock WHERE version = 0 FOR UPDATE"};
    const int64_t *real_now = context;
    const struct clock_state state = {.mode = CLOCK_REAL,
                                      .base_at = *real_now,
                                      .as_of = *real_now,
                                      .speed_micros = CLOCK_SPEED_ONE,
                                      .shown_until = *real_now,
                                      .version = 1};
    struct rows rows;

    if (!transaction_query(transaction, &lock, NULL, 0, &rows, error))
        return false;
    return rows.count == 0 || (store_change_clock(transaction, 0, &state, error) &&
                               add_universe(transaction, transaction_arena(transaction), error));
}

bool universe_store_prepare(struct database *database,
                            struct arena *arena,
                            int64_t real_now,
                            struct error *error)
{
    return database_transact(database, arena, 0, prepare, &real_now, error);
}

bool universe_store_list(struct database *database,
                         struct arena *arena,
                         const struct universe_query *query,
                         struct simulated_symbol *out_symbols,
                         size_t *out_count,
                         struct error *error)
{
    static const struct statement list = {
        "simulated_symbols", "SELECT s.ticker, s.sector, b.close FROM symbols s"
                             " LEFT JOIN LATERAL (SELECT close FROM bars WHERE ticker = s.ticker"
                             "  ORDER BY day DESC LIMIT 1) b ON true"
                             " WHERE s.ticker > $1::text AND ($2::text IS NULL OR s.ticker = $2)"
                             " ORDER BY s.ticker LIMIT $3::bigint"};
    const struct parameter values[] = {
        parameter_text(query->after_ticker == NULL ? "" : query->after_ticker),
        parameter_text(query->ticker), parameter_int((int64_t)query->limit)};
    struct rows rows;

    if (!database_query(database, arena, &list, values, COUNT_OF(values), &rows, error))
        return false;
    assert(rows.count <= query->limit);
    for (size_t i = 0; i < rows.count; i++)
        out_symbols[i] = universe_simulate(
            rows_text(&rows, i, 0), rows_text(&rows, i, 1),
            rows_is_null(&rows, i, 2) ? 0 : rows_decimal(&rows, i, 2, MONEY_SCALE));
    *out_count = rows.count;
    return true;
}
