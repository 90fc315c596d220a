// SPDX-License-Identifier: MIT
#include "market.h"

#include "exchange_calendar.h"
#include "import_store.h"
#include "market_store.h"
#include "providers/provider_store.h"
#include "rpc/rpc_topic.h"
#include "universe_store.h"

#include <string.h>

enum {
    PLAYER_MEMORY = 16 * 1024 * 1024,
    PRUNER_MEMORY = 1024 * 1024,
    PRUNE_PERIOD_MS = 60 * 1000,
    REFRESH_LIMIT_MS = 60 * 1000, // that the end of an import waits for the player
};

#define TOPIC "quotes"

// What the player reads: on its own thread, so the arena needs no lock.

// A market of now begins with the universe's symbols, and a live one has real time whatever there
// was before.
static bool prepare(struct market *market, struct error *error)
{
    int64_t now = clock_now_us(&market->real_time);

    if (!universe_store_prepare(market->database, market->player_arena, now, error))
        return false;
    symbol_catalogue_changed(market->catalogue);
    return !market->is_live ||
           provider_store_set_clock(market->database, market->player_arena, now, error);
}

static bool load_clock(void *context, struct clock_state *out_state, struct error *error)
{
    struct market *market = context;

    arena_reset(market->player_arena);
    if ((market->is_simulated || market->is_live) && !market->is_prepared &&
        !prepare(market, error))
        return false;
    market->is_prepared = true;
    return store_get_clock(market->database, market->player_arena, out_state, error);
}

static bool
allow_time(void *context, const struct clock_state *state, bool *out_is_same, struct error *error)
{
    struct market *market = context;

    arena_reset(market->player_arena);
    return store_allow_time(market->database, market->player_arena, state, out_is_same, error);
}

static bool load_bars(void *context,
                      int64_t after_day,
                      const char *after_ticker,
                      int64_t until_day,
                      struct bar *out_bars,
                      size_t max,
                      size_t *out_count,
                      struct error *error)
{
    struct market *market = context;

    arena_reset(market->player_arena);
    return store_bars_after(market->database, market->player_arena, after_day, after_ticker,
                            until_day, out_bars, max, out_count, error);
}

static bool load_latest(void *context,
                        const struct latest_query *query,
                        struct latest_bar *out_bars,
                        size_t max,
                        size_t *out_count,
                        struct error *error)
{
    struct market *market = context;

    arena_reset(market->player_arena);
    return store_latest_bars(market->database, market->player_arena, query, out_bars, max,
                             out_count, error);
}

static bool load_symbols(void *context,
                         const char *after_ticker,
                         struct simulated_symbol *out_symbols,
                         size_t max,
                         size_t *out_count,
                         struct error *error)
{
    struct market *market = context;
    const struct universe_query query = {.after_ticker = after_ticker, .limit = max};

    arena_reset(market->player_arena);
    return universe_store_list(market->database, market->player_arena, &query, out_symbols,
                               out_count, error);
}

static bool load_last_quotes(void *context,
                             const char *after_ticker,
                             struct quote *out_quotes,
                             size_t max,
                             size_t *out_count,
                             struct error *error)
{
    struct market *market = context;

    arena_reset(market->player_arena);
    return provider_store_get_quotes(market->database, market->player_arena, after_ticker,
                                     out_quotes, max, out_count, error);
}

static void publish(void *context, struct text publication)
{
    struct market *market = context;

    (void)rpc_publish(market->publisher, TOPIC, publication);
    metric_add(market->publications, 1, NULL, NULL);
}

static void position(void *context, uint64_t *out_epoch, uint64_t *out_sequence)
{
    struct market *market = context;

    rpc_publisher_position(market->publisher, TOPIC, out_epoch, out_sequence);
}

static void player_failed(void *context, const char *message)
{
    (void)context;
    if (message[0] != '\0')
        log_write(LOG_WARNING, "clock_stands_still", "reason", message, NULL);
    else
        log_write(LOG_INFO, "clock_goes_on", NULL);
}

static bool prune(void *context)
{
    struct market *market = context;
    bool has_more;

    arena_reset(market->pruner_arena);
    has_more = import_store_prune(market->database, market->pruner_arena);
    arena_reset(market->pruner_arena);
    return idempotency_prune(market->database, market->pruner_arena) || has_more;
}

static void merged(void *context, const char (*tickers)[TICKER_SIZE], size_t count)
{
    static const char all[1][TICKER_SIZE] = {""};
    struct market *market = context;
    int64_t until_us = clock_now_us(&market->real_time) + REFRESH_LIMIT_MS * MICROS_PER_MS;

    symbol_catalogue_changed(market->catalogue);
    if (tickers != NULL)
        player_refresh(market->player, tickers, count, until_us);
    else if (market->is_simulated) // a list of symbols: all are looked at anew
        player_refresh(market->player, all, 1, until_us);
}

static bool
start_live(struct market *market, const struct market_options *options, struct error *error)
{
    struct live_options live = {.database = options->database, .player = market->player};

    if (options->live == NULL)
        return true;
    live.fetcher = *options->live;
    live.fetcher.metrics = options->metrics;
    live.fetcher.real_time = market->real_time;
    return live_new(&live, &market->live, error);
}

bool market_new(const struct market_options *options,
                struct market **out_market,
                struct error *error)
{
    struct market *market = allocate(sizeof *market);
    const struct player_options player = {
        .source = {.load_clock = load_clock,
                   .allow_time = allow_time,
                   .load_bars = load_bars,
                   .load_latest = load_latest,
                   .load_symbols = load_symbols,
                   .load_last_quotes = load_last_quotes,
                   .publish = publish,
                   .position = position,
                   .failed = player_failed},
        .context = market,
        .real_time = clock_real(),
        .spread_basis_points = options->spread_basis_points,
        .is_simulated = options->is_simulated,
        .is_live = options->live != NULL,
        .seed = options->simulation.seed,
        .hours = options->simulation.hours,
    };

    market->database = options->database;
    market->real_time = player.real_time;
    market->spread_basis_points = options->spread_basis_points;
    market->catalogue = symbol_catalogue_new(options->database);
    market->is_simulated = options->is_simulated;
    market->is_live = player.is_live;
    market->simulation = options->simulation;
    market->player_arena = arena_new(PLAYER_MEMORY);
    market->pruner_arena = arena_new(PRUNER_MEMORY);
    market->publications =
        metrics_counter(options->metrics, "market_publications_total",
                        "Publications of quotes and of the platform clock.", NULL, NULL);
    if (!rpc_publisher_new(options->listen, &options->key, &market->publisher, error) ||
        !player_new(&player, &market->player, error) || !start_live(market, options, error)) {
        market_free(&market);
        return false;
    }
    market->merger = import_merger_new(&(struct import_merger_options){
        .database = options->database, .merged = merged, .context = market});
    market->pruner = worker_new("prune", PRUNE_PERIOD_MS, prune, market);
    *out_market = market;
    return true;
}

void market_free(struct market **market)
{
    struct market *old = *market;

    if (old == NULL)
        return;
    worker_free(&old->pruner);
    import_merger_free(&old->merger);
    live_free(&old->live);
    player_free(&old->player);
    symbol_catalogue_free(&old->catalogue);
    rpc_publisher_free(&old->publisher);
    arena_free(&old->player_arena);
    arena_free(&old->pruner_arena);
    release(old);
    *market = NULL;
}

int64_t market_today(const struct market *market)
{
    return exchange_calendar_day(clock_now_us(&market->real_time));
}
