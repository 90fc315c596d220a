// SPDX-License-Identifier: MIT
#include "providers/live.h"

#include "clock/exchange_calendar.h"
#include "providers/history_store.h"
#include "providers/provider_store.h"
#include "providers/research_store.h"
#include "service/log.h"
#include "symbols/symbol_catalogue.h"

#include <string.h>

enum {
    MEMORY = 24 * 1024 * 1024, // the longest history
    FOUND_MAX = 10,            // symbols that are added of one search
    PENDING_MAX = PLAN_SYMBOLS_MAX,
    PAGE_QUOTES = 500,
};

#define KEPT_EVERY_US (3 * MICROS_PER_SECOND)

struct live {
    struct live_options options;
    struct fetcher *fetcher;
    struct metric *left, *open, *wanted, *session;

    // Of the fetcher's thread alone, and of live_free when that has ended.
    struct arena *arena;
    struct quote *pending; // to be kept, one a symbol
    size_t pending_count;
    int64_t kept_at;
    bool is_failing; // to keep them
};

// Gives the plan what is known: budgets that are spent, and the last prices, which a leap is
// measured against.
static bool prepare(void *context, struct fetcher_memory *out_memory, struct error *error)
{
    struct live *live = context;
    char after[TICKER_SIZE] = "";
    size_t count = PAGE_QUOTES;

    if (!player_is_ready(live->options.player))
        return error_set(error, REASON_UNAVAILABLE, "the prices have not been read yet");
    arena_reset(live->arena);
    if (!provider_store_get_states(live->options.database, live->arena, out_memory->states,
                                   &out_memory->state_count, error))
        return false;
    while (count == PAGE_QUOTES && out_memory->quote_count + PAGE_QUOTES <= PLAN_SYMBOLS_MAX) {
        struct quote *page = out_memory->quotes + out_memory->quote_count;

        arena_reset(live->arena);
        if (!provider_store_get_quotes(live->options.database, live->arena, after, page,
                                       PAGE_QUOTES, &count, error))
            return false;
        if (count > 0)
            memcpy(after, page[count - 1].ticker, sizeof after);
        out_memory->quote_count += count;
    }
    return true;
}

static bool save(void *context, const struct plan_state *state, struct error *error)
{
    struct live *live = context;

    arena_reset(live->arena);
    return provider_store_put_state(live->options.database, live->arena, state, error);
}

// Remembers a quote to be kept, in place of an earlier one of its symbol.
static void remember(struct live *live, const struct quote *quote)
{
    size_t at = 0;

    while (at < live->pending_count && strcmp(live->pending[at].ticker, quote->ticker) != 0)
        at++;
    if (at == PENDING_MAX)
        return; // so many at once that have not been kept: the database is away
    live->pending[at] = *quote;
    if (at == live->pending_count)
        live->pending_count++;
}

static void deliver(void *context, const struct quote *quotes, size_t count)
{
    struct live *live = context;

    player_deliver(live->options.player, quotes, count);
    for (size_t i = 0; i < count; i++)
        remember(live, &quotes[i]);
}

static void changed(void *context, const char *provider, const char *outcome, const char *problem)
{
    (void)context;
    if (problem[0] == '\0')
        log_write(LOG_INFO, "provider_works", "provider", provider, NULL);
    else
        log_write(LOG_WARNING, "provider_fails", "provider", provider, "outcome", outcome,
                  "problem", problem, NULL);
}

static bool
find_history(struct live *live, const struct fetcher_finding *finding, struct error *error)
{
    bool is_there = finding->provider != NULL;
    int64_t today = exchange_calendar_day(clock_now_us(&live->options.fetcher.real_time));
    bool fits = false;

    if (!history_store_put(live->options.database, live->arena, finding->question->text, today,
                           finding->provider, is_there ? &finding->bars : NULL, &fits, error))
        return false;
    if (!fits)
        log_write(LOG_WARNING, "history_does_not_fit", "ticker", finding->question->text,
                  "provider", finding->provider, NULL);
    else if (is_there)
        log_write(LOG_INFO, "history_fetched", "ticker", finding->question->text, "provider",
                  finding->provider, NULL);
    return true;
}

// Those that are listed in the US: elsewhere an exchange follows a dot. What has one in the US is
// found by its ticker.
static size_t keep_domestic(const struct fetcher_finding *finding, struct provider_symbol *out)
{
    const struct provider_symbols *found = &finding->symbols;
    size_t count = 0;

    for (size_t i = 0; i < found->count && count < FOUND_MAX; i++) {
        if (finding->question->kind == RESEARCH_SYMBOL ||
            strchr(found->symbols[i].ticker, '.') == NULL)
            out[count++] = found->symbols[i];
    }
    return count;
}

static bool
find_symbols(struct live *live, const struct fetcher_finding *finding, struct error *error)
{
    struct provider_symbol symbols[FOUND_MAX];
    size_t count = keep_domestic(finding, symbols), added = 0;

    if (!research_store_add_symbols(live->options.database, live->arena, symbols, count, &added,
                                    error))
        return false;
    if (added == 0)
        return true;
    symbol_catalogue_changed(live->options.catalogue);
    log_write(LOG_INFO, "symbols_found", "asked", finding->question->text, "provider",
              finding->provider, NULL);
    return true;
}

static bool find(void *context, const struct fetcher_finding *finding, struct error *error)
{
    struct live *live = context;

    arena_reset(live->arena);
    if (finding->question->kind == RESEARCH_HISTORY)
        return find_history(live, finding, error);
    return finding->provider == NULL || find_symbols(live, finding, error);
}

// Writes what waits; what cannot be written waits for the next time.
static void keep(struct live *live)
{
    struct error error;
    bool is_kept;

    if (live->pending_count == 0)
        return;
    arena_reset(live->arena);
    is_kept = provider_store_put_quotes(live->options.database, live->arena, live->pending,
                                        live->pending_count, &error);
    if (is_kept)
        live->pending_count = 0;
    if (is_kept == live->is_failing)
        log_write(is_kept ? LOG_INFO : LOG_WARNING,
                  is_kept ? "last_prices_are_kept" : "last_prices_not_kept", "message",
                  is_kept ? "" : error.message, NULL);
    live->is_failing = !is_kept;
}

static void turn(void *context, int64_t now)
{
    struct live *live = context;

    // A clock that was set back must not keep it from being done.
    if (now >= live->kept_at && now < live->kept_at + KEPT_EVERY_US)
        return;
    live->kept_at = now;
    keep(live);
}

static void set_gauges(void *context)
{
    struct live *live = context;
    struct plan_state states[PROVIDER_COUNT];
    size_t count = fetcher_states(live->fetcher, states);

    metric_set(live->wanted, (int64_t)fetcher_wanted(live->fetcher), NULL, NULL);
    metric_set(live->session,
               exchange_calendar_is_open(clock_now_us(&live->options.fetcher.real_time)), NULL,
               NULL);
    for (size_t i = 0; i < count; i++) {
        metric_set(live->open, states[i].state != BREAKER_CLOSED, states[i].name, NULL);
        if (states[i].minute_left != INT64_MAX)
            metric_set(live->left, states[i].minute_left, states[i].name, "minute");
        if (states[i].day_left != INT64_MAX)
            metric_set(live->left, states[i].day_left, states[i].name, "day");
    }
}

bool live_new(const struct live_options *options, struct live **out_live, struct error *error)
{
    struct live *live = allocate(sizeof *live);
    struct fetcher_options fetcher = options->fetcher;

    live->options = *options;
    live->arena = arena_new(MEMORY);
    live->pending = allocate_array(PENDING_MAX, sizeof *live->pending);
    live->left = metrics_gauge(fetcher.metrics, "market_provider_calls_left",
                               "Calls that may be made at once, of the budget of a minute or day.",
                               "provider", "budget");
    live->open = metrics_gauge(fetcher.metrics, "market_provider_breaker_open",
                               "1 while a provider that failed is left alone or tried again.",
                               "provider", NULL);
    live->wanted = metrics_gauge(fetcher.metrics, "market_wanted_symbols",
                                 "Symbols that somebody looked at lately.", NULL, NULL);
    live->session = metrics_gauge(fetcher.metrics, "market_session_open",
                                  "1 while the exchange of the live prices is open.", NULL, NULL);
    fetcher.context = live;
    fetcher.sink = (struct fetcher_sink){.prepare = prepare,
                                         .save = save,
                                         .find = find,
                                         .deliver = deliver,
                                         .changed = changed,
                                         .turn = turn};
    if (!fetcher_new(&fetcher, &live->fetcher, error)) {
        live_free(&live);
        return false;
    }
    metrics_on_scrape(fetcher.metrics, set_gauges, live);
    *out_live = live;
    return true;
}

void live_free(struct live **live)
{
    struct live *old = *live;

    if (old == NULL)
        return;
    fetcher_free(&old->fetcher);
    keep(old);
    arena_free(&old->arena);
    release(old->pending);
    release(old);
    *live = NULL;
}

struct fetcher *live_fetcher(struct live *live)
{
    return live->fetcher;
}
