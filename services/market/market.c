// SPDX-License-Identifier: MIT
#include "market.h"

#include "bars/bar_series.h"
#include "bars/minute_store.h"
#include "clock/exchange_calendar.h"
#include "imports/import_store.h"
#include "market_store.h"
#include "providers/provider_store.h"
#include "rpc/rpc_topic.h"
#include "simulation/universe_store.h"

#include <string.h>

enum {
    PLAYER_MEMORY = 16 * 1024 * 1024,
    PRUNER_MEMORY = 1024 * 1024,
    PRUNE_PERIOD_MS = 60 * 1000,
    DAYS_MADE_MAX = 30,           // how far back sessions are looked at after a start
    REFRESH_LIMIT_MS = 60 * 1000, // that the end of an import waits for the player
    MINUTE_MEMORY = 8 * 1024 * 1024,
    MINUTE_PERIOD_MS = 1000,
};

#define TOPIC "quotes"
// Providers may be a quarter of an hour late, so the last minutes of a session come after its end.
#define DAY_SETTLED_US (30 * 60 * MICROS_PER_SECOND)

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
    return split_table_refresh(market->splits, error) &&
           store_bars_after(market->database, market->player_arena, after_day, after_ticker,
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
    if (!split_table_refresh(market->splits, error) ||
        !store_latest_bars(market->database, market->player_arena, query, out_bars, max, out_count,
                           error))
        return false;
    for (size_t i = 0; i < *out_count; i++)
        market_adjust_previous_close(market, &out_bars[i]);
    return true;
}

static bool load_minutes(void *context,
                         const struct minutes_query *query,
                         struct bar *out_minutes,
                         size_t max,
                         size_t *out_count,
                         struct error *error)
{
    struct market *market = context;

    arena_reset(market->player_arena);
    return minute_store_after(market->database, market->player_arena, query, out_minutes, max,
                              out_count, error);
}

static bool load_so_far(void *context,
                        const struct latest_bar *bars,
                        size_t count,
                        int64_t until_at,
                        struct minutes_so_far *out_minutes,
                        size_t *out_count,
                        struct error *error)
{
    struct market *market = context;

    arena_reset(market->player_arena);
    return minute_store_so_far(market->database, market->player_arena, bars, count, until_at,
                               out_minutes, out_count, error);
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
    return split_table_refresh(market->splits, error) &&
           universe_store_list(market->database, market->player_arena, &query, out_symbols,
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

static size_t copy_splits(void *context, struct split **out_splits)
{
    struct market *market = context;

    return split_table_copy(market->splits, NULL, out_splits);
}

static bool load_splits(void *context, struct error *error)
{
    struct market *market = context;

    return split_table_refresh(market->splits, error);
}

static int64_t halted_from(void *context, const char *ticker)
{
    struct market *market = context;

    return split_table_halted_from(market->splits, ticker, market_bar_hours(market));
}

static int64_t adjust_close(
    void *context, const char *ticker, int64_t day, int64_t until_day, int64_t close_micros)
{
    struct market *market = context;
    struct split_ratio ratio = split_table_ratio(market->splits, ticker, day, until_day);

    return split_ratio_price(&ratio, close_micros);
}

void market_adjust_previous_close(struct market *market, struct latest_bar *latest)
{
    if (latest->previous_close_micros > 0)
        latest->previous_close_micros =
            adjust_close(market, latest->bar.ticker, latest->previous_day, latest->bar.day,
                         latest->previous_close_micros);
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

static bool prune_minutes(struct market *market)
{
    struct clock_view clock;
    struct error error;

    return player_clock(market->player, &clock, &error) &&
           minute_store_prune(market->database, market->pruner_arena,
                              clock.now - market->minute_bar_days * MICROS_PER_DAY);
}

// What cannot be written waits in memory for the next time.
static bool write_minutes(void *context)
{
    struct market *market = context;
    struct error error;
    size_t lost = 0;
    size_t count = player_ended_minutes(market->player, market->ended, MINUTES_A_WRITE, &lost);

    metric_add(market->minutes_lost, (int64_t)lost, NULL, NULL);
    arena_reset(market->minute_arena);
    if (count == 0)
        return false;
    if (!minute_store_write(market->database, market->minute_arena, market->ended, count, &error)) {
        log_write(LOG_WARNING, "minutes_not_stored", "reason", error.message, NULL);
        return false;
    }
    player_stored_minutes(market->player, count);
    return count == MINUTES_A_WRITE;
}

// Daily bars of the sessions that are over, of the minutes that were stored in them: also of those
// that ended while this program did not run.
static void make_days(struct market *market)
{
    struct clock_view clock;
    struct error error;
    int64_t last;

    if (!market->stores_minutes || !player_clock(market->player, &clock, &error))
        return;
    last = exchange_calendar_day(clock.now - DAY_SETTLED_US);
    if (market->made_day < last - DAYS_MADE_MAX)
        market->made_day = last - DAYS_MADE_MAX;
    for (int64_t day = market->made_day + 1; day <= last; day++) {
        int close_minute = exchange_calendar_close_minute(day);
        int64_t from = exchange_calendar_at(day, CALENDAR_OPEN_MINUTE);
        int64_t until = exchange_calendar_at(day, close_minute);

        if (close_minute > 0 && until > clock.now - DAY_SETTLED_US)
            return;
        arena_reset(market->pruner_arena);
        if (close_minute > 0 && !minute_store_make_day(market->database, market->pruner_arena, day,
                                                       from, until, &error)) {
            log_write(LOG_WARNING, "daily_bars_not_made", "reason", error.message, NULL);
            return;
        }
        market->made_day = day;
    }
}

static bool prune(void *context)
{
    struct market *market = context;
    bool has_more;

    make_days(market);
    arena_reset(market->pruner_arena);
    has_more = import_store_prune(market->database, market->pruner_arena);
    arena_reset(market->pruner_arena);
    has_more = prune_minutes(market) || has_more;
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
    struct live_options live = {
        .database = options->database, .player = market->player, .catalogue = market->catalogue};

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
                   .load_minutes = load_minutes,
                   .load_so_far = load_so_far,
                   .load_symbols = load_symbols,
                   .load_last_quotes = load_last_quotes,
                   .copy_splits = copy_splits,
                   .load_splits = load_splits,
                   .halted_from = halted_from,
                   .adjust_close = adjust_close,
                   .publish = publish,
                   .position = position,
                   .failed = player_failed},
        .context = market,
        .real_time = clock_real(),
        .spread_basis_points = options->spread_basis_points,
        .is_simulated = options->is_simulated,
        .is_live = options->live != NULL,
        .stores_minutes = options->stores_minutes,
        .seed = options->simulation.seed,
        .hours = options->simulation.hours,
    };

    market->database = options->database;
    market->history = options->history;
    market->real_time = player.real_time;
    market->spread_basis_points = options->spread_basis_points;
    market->catalogue = symbol_catalogue_new(options->database);
    market->splits = split_table_new(options->database);
    market->simulated_days = simulated_days_new();
    market->is_simulated = options->is_simulated;
    market->is_live = player.is_live;
    market->stores_minutes = options->stores_minutes;
    market->minute_bar_days = options->minute_bar_days;
    market->simulation = options->simulation;
    market->player_arena = arena_new(PLAYER_MEMORY);
    market->pruner_arena = arena_new(PRUNER_MEMORY);
    market->minutes_lost = metrics_counter(
        options->metrics, "market_bars_lost_total",
        "Bars of minutes for which there was no room while they could not be stored.", NULL, NULL);
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
    if (options->stores_minutes) {
        market->minute_arena = arena_new(MINUTE_MEMORY);
        market->ended = allocate_array(MINUTES_A_WRITE, sizeof *market->ended);
        market->minute_writer = worker_new("minutes", MINUTE_PERIOD_MS, write_minutes, market);
    }
    *out_market = market;
    return true;
}

void market_free(struct market **market)
{
    struct market *old = *market;

    if (old == NULL)
        return;
    worker_free(&old->pruner);
    worker_free(&old->minute_writer);
    import_merger_free(&old->merger);
    live_free(&old->live);
    player_free(&old->player);
    split_table_free(&old->splits);
    simulated_days_free(&old->simulated_days);
    arena_free(&old->minute_arena);
    release(old->ended);
    symbol_catalogue_free(&old->catalogue);
    rpc_publisher_free(&old->publisher);
    arena_free(&old->player_arena);
    arena_free(&old->pruner_arena);
    release(old);
    *market = NULL;
}

struct bar market_bar_of_minute(const struct bar *day, const struct timed_bar *minute)
{
    struct bar bar = {.day = day->day,
                      .at = minute->at,
                      .open_micros = minute->open_micros,
                      .high_micros = minute->high_micros,
                      .low_micros = minute->low_micros,
                      .close_micros = minute->close_micros,
                      .volume = minute->volume};

    memcpy(bar.ticker, day->ticker, sizeof bar.ticker);
    return bar;
}

int64_t market_today(const struct market *market)
{
    return exchange_calendar_day(clock_now_us(&market->real_time));
}

enum market_hours market_bar_hours(const struct market *market)
{
    return market->is_simulated ? market->simulation.hours : HOURS_NEW_YORK;
}

int64_t market_effective_day(const struct market *market, int64_t now)
{
    enum market_hours hours = market_bar_hours(market);
    int64_t day = bar_day(hours, now);

    return bar_day_start(hours, day) <= now ? day : day - 1;
}
