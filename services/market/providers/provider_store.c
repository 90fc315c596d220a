// SPDX-License-Identifier: MIT
#include "providers/provider_store.h"

#include "database/columns.h"
#include "money/money.h"

#include <assert.h>
#include <stdio.h>

bool provider_store_set_clock(struct database *database,
                              struct arena *arena,
                              int64_t real_now,
                              struct error *error)
{
    static const struct statement set = {
        "set_live_clock",
        "UPDATE clock SET mode = 'real', base_at = $1, as_of = $1, speed = 1, shown_until = $1,"
        " version = version + 1"
        " WHERE mode <> 'real' AND base_at <= $1 AND shown_until <= $1"};
    static const struct statement look = {"look_at_live_clock", "SELECT mode, base_at FROM clock"};
    const struct parameter now = parameter_time(real_now);
    char at[TIMESTAMP_SIZE];
    struct rows rows;

    if (!database_query(database, arena, &set, &now, 1, &rows, error) ||
        !database_query(database, arena, &look, NULL, 0, &rows, error))
        return false;
    if (rows.count != 1)
        return error_set(error, REASON_INTERNAL, "the clock has no row");
    if (text_equals(text_of(rows_text(&rows, 0, 0)), "real"))
        return true;
    timestamp_print(rows_time(&rows, 0, 1), at);
    return error_set(error, REASON_INVALID_SETTING,
                     "the clock of this data folder has shown %s, which is to come; live prices "
                     "need real time, so start with another folder",
                     at);
}

bool provider_store_get_states(struct database *database,
                               struct arena *arena,
                               struct plan_state out_states[PROVIDER_COUNT],
                               size_t *out_count,
                               struct error *error)
{
    static const struct statement get = {
        "provider_states",
        "SELECT provider, minute_used_until, day_used_until, blocked_until FROM provider_states"};
    struct rows rows;
    size_t count = 0;

    if (!database_query(database, arena, &get, NULL, 0, &rows, error))
        return false;
    for (size_t i = 0; i < rows.count && count < PROVIDER_COUNT; i++) {
        const struct provider *provider = provider_find(text_of(rows_text(&rows, i, 0)));

        // One that this build no longer has.
        if (provider == NULL)
            continue;
        out_states[count++] = (struct plan_state){.name = provider->name,
                                                  .minute_used_until = rows_time(&rows, i, 1),
                                                  .day_used_until = rows_time(&rows, i, 2),
                                                  .blocked_until = rows_time(&rows, i, 3)};
    }
    *out_count = count;
    return true;
}

bool provider_store_put_state(struct database *database,
                              struct arena *arena,
                              const struct plan_state *state,
                              struct error *error)
{
    static const struct statement put = {
        "put_provider_state",
        "INSERT INTO provider_states"
        " (provider, minute_used_until, day_used_until, blocked_until) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (provider) DO UPDATE SET minute_used_until = $2, day_used_until = $3,"
        " blocked_until = $4, updated_at = now()"};
    const struct parameter values[] = {
        parameter_text(state->name), parameter_time(state->minute_used_until),
        parameter_time(state->day_used_until),
        parameter_time(state->is_key_refused ? 0 : state->blocked_until)};
    struct rows rows;

    return database_query(database, arena, &put, values, COUNT_OF(values), &rows, error);
}

bool provider_store_get_quotes(struct database *database,
                               struct arena *arena,
                               const char *after_ticker,
                               struct quote *out_quotes,
                               size_t max,
                               size_t *out_count,
                               struct error *error)
{
    static const struct statement get = {
        "last_quotes", "SELECT q.ticker, q.price, q.open, q.high, q.low, q.previous_close,"
                       " q.volume, q.quoted_at, q.source"
                       " FROM last_quotes q JOIN symbols s ON s.ticker = q.ticker"
                       " WHERE q.ticker > $1::text ORDER BY q.ticker LIMIT $2::bigint"};
    const struct parameter values[] = {parameter_text(after_ticker), parameter_int((int64_t)max)};
    struct rows rows;

    if (!database_query(database, arena, &get, values, COUNT_OF(values), &rows, error))
        return false;
    assert(rows.count <= max);
    for (size_t i = 0; i < rows.count; i++) {
        const struct provider *provider = provider_find(text_of(rows_text(&rows, i, 8)));
        struct quote *quote = &out_quotes[i];

        *quote = (struct quote){
            .price_micros = rows_decimal(&rows, i, 1, MONEY_SCALE),
            .open_micros = rows_decimal(&rows, i, 2, MONEY_SCALE),
            .high_micros = rows_decimal(&rows, i, 3, MONEY_SCALE),
            .low_micros = rows_decimal(&rows, i, 4, MONEY_SCALE),
            .previous_close_micros = rows_decimal(&rows, i, 5, MONEY_SCALE),
            .volume = rows_int(&rows, i, 6),
            .quoted_at = rows_time(&rows, i, 7),
            .source = provider != NULL ? provider->name : "unknown",
        };
        (void)snprintf(quote->ticker, sizeof quote->ticker, "%s", rows_text(&rows, i, 0));
        quote->bid_micros = quote->price_micros;
        quote->ask_micros = quote->price_micros;
        // Until somebody has said it again, it is what the price was.
        quote->valid_until = quote->quoted_at;
    }
    *out_count = rows.count;
    return true;
}

struct quotes_to_put {
    const struct quote *quotes;
    size_t count;
};

static void add_quote(struct columns *columns, const struct quote *quote)
{
    const struct parameter row[] = {parameter_text(quote->ticker),
                                    parameter_decimal(quote->price_micros, MONEY_SCALE),
                                    parameter_decimal(quote->open_micros, MONEY_SCALE),
                                    parameter_decimal(quote->high_micros, MONEY_SCALE),
                                    parameter_decimal(quote->low_micros, MONEY_SCALE),
                                    parameter_decimal(quote->previous_close_micros, MONEY_SCALE),
                                    parameter_int(quote->volume),
                                    parameter_time(quote->quoted_at),
                                    parameter_text(quote->source)};

    columns_add(columns, row);
}

static bool put_quotes(struct transaction *transaction, void *context, struct error *error)
{
    static const struct statement put = {
        "put_last_quotes",
        "INSERT INTO last_quotes SELECT * FROM unnest($1::text[], $2::numeric[], $3::numeric[],"
        " $4::numeric[], $5::numeric[], $6::numeric[], $7::bigint[], $8::timestamptz[],"
        " $9::text[])"
        " ON CONFLICT (ticker) DO UPDATE SET price = excluded.price, open = excluded.open,"
        " high = excluded.high, low = excluded.low, previous_close = excluded.previous_close,"
        " volume = excluded.volume, quoted_at = excluded.quoted_at, source = excluded.source"
        " WHERE excluded.quoted_at >= last_quotes.quoted_at"};
    const struct quotes_to_put *work = context;
    struct columns columns;
    struct rows rows;

    if (!columns_start(&columns, transaction_arena(transaction), 9, work->count, error))
        return false;
    for (size_t i = 0; i < work->count; i++)
        add_quote(&columns, &work->quotes[i]);
    return columns_queue(&columns, transaction, &put, NULL, 0, &rows, error);
}

bool provider_store_put_quotes(struct database *database,
                               struct arena *arena,
                               const struct quote *quotes,
                               size_t count,
                               struct error *error)
{
    struct quotes_to_put work = {quotes, count};

    return database_transact(database, arena, 0, put_quotes, &work, error);
}
