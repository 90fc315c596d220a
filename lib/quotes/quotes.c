// SPDX-License-Identifier: MIT
#include "quotes/quotes.h"

#include "bourse/market/v1/market.pb-c.h"
#include "bourse/market/v1/market_client.h"
#include "bourse/market/v1/market_rules.h"
#include "quotes/clock_message.h"
#include "quotes/quote_table.h"
#include "quotes/quotes_delivery.h"
#include "quotes/quotes_wanted.h"
#include "rpc/rpc_topic.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

enum {
    SILENCE_MS_MAX = 3000, // market speaks at least every second
    QUIET_MS = 1000,       // how long to wait for a word before asking by ourselves
    SNAPSHOT_TIMEOUT_MS = 2000,
    SNAPSHOT_PAGES_MAX = 40, // twice what a full table needs at 1000 a page
    MESSAGE_MEMORY = 8 * 1024 * 1024,
};

// What market last said of the platform clock, and when that was heard.
struct heard_clock {
    struct platform_clock clock;
    int64_t heard_us; // monotonic: machines need not agree on the time of day
};

struct quotes {
    struct quotes_options options;
    struct rpc_subscriber *subscriber;
    struct quotes_delivery *delivery; // NULL when nobody wants to be told
    // Made by the subscriber's thread when market first says that it fetches what is wanted.
    struct quotes_wanted *_Atomic wanted;
    atomic_bool is_simulated; // as market has last said
    struct arena *arena;      // of the subscriber's thread
    pthread_rwlock_t lock;    // guards table, clock, position and has_snapshot
    struct quote_table *table;
    struct heard_clock clock;
    struct quotes_position position; // of the last publication that is contained
    bool has_snapshot;               // and nothing has been missed since
    bool was_filled;                 // a snapshot has been applied at least once
    pthread_mutex_t moved_lock;      // with `moved`, for those who wait for a position
    pthread_cond_t moved;
    _Atomic int64_t heard_us; // when market was last heard of, monotonic
    _Atomic int64_t shown;    // the latest platform time given out: it never goes back
};

static void read_clock(const Market__Clock *clock, struct heard_clock *out_clock)
{
    clock_message_read(clock, &out_clock->clock);
    out_clock->heard_us = clock_monotonic_us();
}

// The part of the day at a time until which market has not been heard of again.
static int session_at(const struct platform_clock *heard, const struct platform_clock *clock)
{
    if (clock->is_open)
        return MARKET__SESSION__SESSION_REGULAR;
    if (clock->extended_end == 0)
        return MARKET__SESSION__SESSION_CLOSED;
    return clock->now >= heard->next_close ? MARKET__SESSION__SESSION_AFTER_HOURS : heard->session;
}

// The platform clock at a monotonic time after it was heard of. It runs on for as long as market
// may be silent and then stands still.
static struct platform_clock clock_at(const struct heard_clock *heard, int64_t monotonic_us)
{
    struct platform_clock clock = heard->clock;
    int64_t passed_us = monotonic_us - heard->heard_us;

    if (passed_us < 0)
        passed_us = 0;
    if (passed_us > SILENCE_MS_MAX * MICROS_PER_MS)
        passed_us = SILENCE_MS_MAX * MICROS_PER_MS;
    clock.now += passed_us * clock.speed_micros / 1000000;
    if (passed_us == SILENCE_MS_MAX * MICROS_PER_MS)
        clock.speed_micros = 0;
    // A market around the clock opens as it closes.
    clock.is_open = heard->clock.is_open
                        ? clock.now < clock.next_close || clock.now >= clock.next_open
                        : clock.now >= clock.next_open && clock.now < clock.next_close;
    if (clock.now >= clock.extended_end)
        clock.extended_end = 0;
    clock.session = session_at(&heard->clock, &clock);
    return clock;
}

#define WINTER (INT64_C(5 * 3600) * MICROS_PER_SECOND) // what New York is behind UTC then

bool quotes_same_session(int64_t one, int64_t other)
{
    return one / MICROS_PER_DAY == other / MICROS_PER_DAY ||
           (one - WINTER) / MICROS_PER_DAY == (other - WINTER) / MICROS_PER_DAY;
}

// What was traded in the session before a quote that takes the place of `old`, which is NULL when
// there was none.
static int64_t volume_before(const struct quote *old, const struct quote *quote)
{
    if (old == NULL)
        return 0;
    if (old->quoted_at >= quote->quoted_at)
        return old->volume_before;
    return quotes_same_session(old->quoted_at, quote->quoted_at) && old->volume <= quote->volume
               ? old->volume
               : 0;
}

static void read_quote(const Market__Quote *quote, struct quote *out_quote)
{
    *out_quote = (struct quote){
        .price_micros = quote->price_micros,
        .bid_micros = quote->bid_micros,
        .ask_micros = quote->ask_micros,
        .open_micros = quote->open_micros,
        .high_micros = quote->high_micros,
        .low_micros = quote->low_micros,
        .previous_close_micros = quote->previous_close_micros,
        .volume = quote->volume,
        .quoted_at = quote->quoted_at,
        .valid_until = quote->valid_until,
        .stale = quote->stale,
    };
    (void)snprintf(out_quote->ticker, sizeof out_quote->ticker, "%s",
                   quote->ticker == NULL ? "" : quote->ticker);
    (void)snprintf(out_quote->source, sizeof out_quote->source, "%s",
                   quote->source == NULL ? "" : quote->source);
}

static void tell_moved(struct quotes *quotes)
{
    (void)pthread_mutex_lock(&quotes->moved_lock);
    (void)pthread_cond_broadcast(&quotes->moved);
    (void)pthread_mutex_unlock(&quotes->moved_lock);
}

// Asks for one page of the snapshot, which lies in the arena of the subscriber's thread.
static bool ask_page(struct quotes *quotes,
                     struct arena *arena,
                     const char *after_ticker,
                     int64_t timeout_ms,
                     Market__GetQuoteSnapshotResponse **out_page,
                     struct error *error)
{
    struct call call = call_start(arena, timeout_ms);
    Market__GetQuoteSnapshotRequest request = MARKET__GET_QUOTE_SNAPSHOT_REQUEST__INIT;

    request.after_ticker = after_ticker;
    return market_client_get_quote_snapshot(quotes->options.market, &call, &request, out_page,
                                            error);
}

// Where market has its prices from.
struct market_kind {
    bool is_on_demand;
    bool is_simulated;
};

// Reads all pages into `table`. The position is the least of the pages': publications after it are
// applied again, which changes nothing that a page knew better.
static bool read_snapshot(struct quotes *quotes,
                          struct quote_table *table,
                          struct heard_clock *out_clock,
                          struct quotes_position *out_position,
                          struct market_kind *out_kind,
                          struct error *error)
{
    Market__GetQuoteSnapshotResponse *page = NULL;
    char after[16] = "";
    struct quote quote;

    for (int count = 0; count < SNAPSHOT_PAGES_MAX; count++) {
        arena_reset(quotes->arena);
        if (!ask_page(quotes, quotes->arena, after, SNAPSHOT_TIMEOUT_MS, &page, error))
            return false;
        if (page->clock == NULL || (page->more && page->n_quotes == 0))
            return error_set(error, REASON_UNAVAILABLE, "market sent an incomplete snapshot");
        if (count > 0 && page->epoch != out_position->epoch)
            return error_set(error, REASON_UNAVAILABLE, "market was started anew meanwhile");
        if (count == 0)
            *out_position = (struct quotes_position){page->epoch, page->sequence};
        for (size_t i = 0; i < page->n_quotes; i++) {
            read_quote(page->quotes[i], &quote);
            quote.volume_before = quote.volume;
            (void)quote_table_put(table, &quote);
        }
        read_clock(page->clock, out_clock);
        *out_kind = (struct market_kind){page->on_demand, page->simulated};
        if (!page->more)
            return true;
        (void)snprintf(after, sizeof after, "%s", quote.ticker);
    }
    return error_set(error, REASON_UNAVAILABLE, "market sent more pages than there can be quotes");
}

static size_t collect_wanted(void *source, char (*out_tickers)[16], size_t max)
{
    struct quotes *quotes = source;
    size_t count;

    (void)pthread_rwlock_rdlock(&quotes->lock);
    count = quote_table_take_marked(quotes->table, out_tickers, max);
    (void)pthread_rwlock_unlock(&quotes->lock);
    return count;
}

// From here on market is told what is looked at; when there can be no thread the next snapshot
// makes another attempt.
static void tell_wanted(struct quotes *quotes)
{
    const struct quotes_wanted_options options = {
        .market = quotes->options.market, .collect = collect_wanted, .source = quotes};

    if (atomic_load(&quotes->wanted) == NULL)
        atomic_store(&quotes->wanted, quotes_wanted_new(&options));
}

// Replaces the whole copy by what market has now. False when market cannot be asked: the next
// publication, or a second of silence, makes another attempt.
static bool take_snapshot(struct quotes *quotes)
{
    struct quote_table *table = quote_table_new();
    struct quote_table *old = NULL;
    struct heard_clock clock = {0};
    struct quotes_position position = {0};
    struct market_kind kind = {0};
    struct error error;

    if (!read_snapshot(quotes, table, &clock, &position, &kind, &error)) {
        quote_table_free(&table);
        return false;
    }
    (void)pthread_rwlock_wrlock(&quotes->lock);
    old = quotes->table;
    if (position.epoch != quotes->position.epoch)
        atomic_store(&quotes->shown, INT64_MIN);
    quotes->table = table;
    quotes->clock = clock;
    quotes->position = position;
    quotes->has_snapshot = true;
    quotes->was_filled = true;
    (void)pthread_rwlock_unlock(&quotes->lock);
    quote_table_free(&old);
    atomic_store(&quotes->heard_us, clock_monotonic_us());
    if (quotes->delivery != NULL)
        quotes_delivery_put_all(quotes->delivery);
    atomic_store(&quotes->is_simulated, kind.is_simulated);
    if (kind.is_on_demand)
        tell_wanted(quotes);
    tell_moved(quotes);
    return true;
}

// Applies the publication that follows the state of the copy.
static void apply(struct quotes *quotes, struct text body, struct quotes_position position)
{
    ProtobufCMessage *message = NULL;
    const Market__QuotePublication *publication;
    struct quote *changed;
    struct platform_clock clock;
    struct heard_clock heard;
    struct error error;

    arena_reset(quotes->arena);
    if (!message_unpack(&market_quote_publication_info, quotes->arena, body, &message, &error)) {
        (void)pthread_rwlock_wrlock(&quotes->lock);
        quotes->has_snapshot = false;
        (void)pthread_rwlock_unlock(&quotes->lock);
        return;
    }
    publication = (const Market__QuotePublication *)message;
    changed = allocate_array(publication->n_quotes + 1, sizeof *changed);
    for (size_t i = 0; i < publication->n_quotes; i++)
        read_quote(publication->quotes[i], &changed[i]);
    (void)pthread_rwlock_wrlock(&quotes->lock);
    for (size_t i = 0; i < publication->n_quotes; i++) {
        changed[i].volume_before =
            volume_before(quote_table_find(quotes->table, changed[i].ticker), &changed[i]);
        (void)quote_table_put(quotes->table, &changed[i]);
    }
    if (publication->clock != NULL)
        read_clock(publication->clock, &quotes->clock);
    quotes->position = position;
    heard = quotes->clock;
    (void)pthread_rwlock_unlock(&quotes->lock);
    clock = clock_at(&heard, heard.heard_us);
    if (quotes->delivery != NULL)
        quotes_delivery_put(quotes->delivery, changed, publication->n_quotes, &clock, position);
    release(changed);
    tell_moved(quotes);
}

// The state is written by the subscriber's thread only, which is the one that asks here.
static bool follows(const struct quotes *quotes, struct quotes_position next)
{
    return quotes->has_snapshot && quotes->position.epoch == next.epoch &&
           quotes->position.sequence + 1 == next.sequence;
}

static bool contains(const struct quotes *quotes, struct quotes_position position)
{
    return quotes->has_snapshot && quotes->position.epoch == position.epoch &&
           quotes->position.sequence >= position.sequence;
}

// Publications are counted here, so the subscriber's own notion of a gap is not needed: the first
// one it sees need not be one for a copy that has a snapshot.
static void receive(void *context, struct text body, uint64_t epoch, uint64_t sequence, bool gap)
{
    struct quotes *quotes = context;
    struct quotes_position position = {epoch, sequence};

    (void)gap;
    atomic_store(&quotes->heard_us, clock_monotonic_us());
    if (!contains(quotes, position) && !follows(quotes, position)) {
        (void)pthread_rwlock_wrlock(&quotes->lock);
        quotes->has_snapshot = false;
        (void)pthread_rwlock_unlock(&quotes->lock);
        if (!take_snapshot(quotes))
            return;
    }
    if (follows(quotes, position))
        apply(quotes, body, position);
}

static void become_quiet(void *context)
{
    struct quotes *quotes = context;

    if (!quotes->has_snapshot)
        (void)take_snapshot(quotes);
}

static void copy_all(void *source, struct quotes_state *out_state)
{
    struct quotes *quotes = source;

    (void)pthread_rwlock_rdlock(&quotes->lock);
    out_state->count = quote_table_count(quotes->table);
    out_state->quotes = allocate_array(out_state->count + 1, sizeof *out_state->quotes);
    quote_table_copy(quotes->table, out_state->quotes);
    out_state->clock = clock_at(&quotes->clock, quotes->clock.heard_us);
    out_state->position = quotes->position;
    (void)pthread_rwlock_unlock(&quotes->lock);
    for (size_t i = 0; i < out_state->count; i++)
        out_state->quotes[i].stale |= out_state->clock.now >= out_state->quotes[i].valid_until;
}

static bool start_threads(struct quotes *quotes, struct error *error)
{
    const struct quotes_delivery_options delivery = {.changed = quotes->options.changed,
                                                     .context = quotes->options.context,
                                                     .copy_all = copy_all,
                                                     .source = quotes};
    const struct rpc_subscriber_options subscriber = {.addresses = quotes->options.market_addresses,
                                                      .topic = "quotes",
                                                      .key = quotes->options.key,
                                                      .receive = receive,
                                                      .quiet = become_quiet,
                                                      .quiet_ms = QUIET_MS,
                                                      .context = quotes};

    if (quotes->options.changed != NULL) {
        quotes->delivery = quotes_delivery_new(&delivery);
        if (quotes->delivery == NULL)
            return error_set(error, REASON_INTERNAL, "no thread can be started");
    }
    return rpc_subscriber_new(&subscriber, &quotes->subscriber, error);
}

bool quotes_new(const struct quotes_options *options,
                struct quotes **out_quotes,
                struct error *error)
{
    struct quotes *quotes = allocate(sizeof *quotes);
    pthread_condattr_t monotonic;

    quotes->options = *options;
    quotes->arena = arena_new(MESSAGE_MEMORY);
    quotes->table = quote_table_new();
    atomic_init(&quotes->heard_us, 0);
    atomic_init(&quotes->shown, INT64_MIN);
    atomic_init(&quotes->wanted, NULL);
    (void)pthread_rwlock_init(&quotes->lock, NULL);
    (void)pthread_mutex_init(&quotes->moved_lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&quotes->moved, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    if (!start_threads(quotes, error)) {
        quotes_free(&quotes);
        return false;
    }
    *out_quotes = quotes;
    return true;
}

void quotes_free(struct quotes **quotes)
{
    struct quotes *old = *quotes;
    struct quotes_wanted *wanted;

    if (old == NULL)
        return;
    rpc_subscriber_free(&old->subscriber);
    wanted = atomic_load(&old->wanted);
    quotes_wanted_free(&wanted);
    quotes_delivery_free(&old->delivery);
    quote_table_free(&old->table);
    arena_free(&old->arena);
    (void)pthread_cond_destroy(&old->moved);
    (void)pthread_mutex_destroy(&old->moved_lock);
    (void)pthread_rwlock_destroy(&old->lock);
    release(old);
    *quotes = NULL;
}

static bool is_heard(struct quotes *quotes, int64_t monotonic_us)
{
    return monotonic_us - atomic_load(&quotes->heard_us) <= SILENCE_MS_MAX * MICROS_PER_MS;
}

// The clock at this moment, never earlier than one given out before. The lock is held.
static struct platform_clock clock_now(struct quotes *quotes, int64_t monotonic_us)
{
    struct platform_clock clock = clock_at(&quotes->clock, monotonic_us);
    int64_t shown = atomic_load(&quotes->shown);

    while (clock.now > shown && !atomic_compare_exchange_weak(&quotes->shown, &shown, clock.now))
        continue;
    if (shown > clock.now)
        clock.now = shown;
    return clock;
}

bool quotes_get(struct quotes *quotes, const char *ticker, struct quote *out_quote)
{
    int64_t monotonic_us = clock_monotonic_us();
    struct quotes_wanted *wanted = atomic_load_explicit(&quotes->wanted, memory_order_acquire);
    const struct quote *quote;
    bool is_current;
    int64_t now = 0;

    (void)pthread_rwlock_rdlock(&quotes->lock);
    quote = quote_table_find(quotes->table, ticker);
    if (quote != NULL) {
        *out_quote = *quote;
        now = clock_now(quotes, monotonic_us).now;
        if (wanted != NULL)
            quote_table_mark(quotes->table, quote);
    }
    is_current = quotes->has_snapshot && is_heard(quotes, monotonic_us);
    (void)pthread_rwlock_unlock(&quotes->lock);
    if (quote == NULL && wanted != NULL)
        quotes_wanted_note_missing(wanted, ticker);
    if (quote == NULL)
        return false;
    out_quote->stale = out_quote->stale || !is_current || now >= out_quote->valid_until;
    return true;
}

bool quotes_is_on_demand(struct quotes *quotes)
{
    return atomic_load_explicit(&quotes->wanted, memory_order_acquire) != NULL;
}

bool quotes_is_simulated(struct quotes *quotes)
{
    return atomic_load_explicit(&quotes->is_simulated, memory_order_acquire);
}

void quotes_want(struct quotes *quotes, const char *ticker)
{
    struct quotes_wanted *wanted = atomic_load_explicit(&quotes->wanted, memory_order_acquire);
    const struct quote *quote;

    if (wanted == NULL)
        return;
    (void)pthread_rwlock_rdlock(&quotes->lock);
    quote = quote_table_find(quotes->table, ticker);
    if (quote != NULL)
        quote_table_mark(quotes->table, quote);
    (void)pthread_rwlock_unlock(&quotes->lock);
    if (quote == NULL)
        quotes_wanted_note_missing(wanted, ticker);
}

bool quotes_copy_all(struct quotes *quotes,
                     struct quote **out_quotes,
                     size_t *out_count,
                     struct platform_clock *out_clock)
{
    int64_t monotonic_us = clock_monotonic_us();
    struct platform_clock clock = {0};
    struct quote *copy = NULL;
    size_t count = 0;
    bool was_filled, is_current;

    (void)pthread_rwlock_rdlock(&quotes->lock);
    was_filled = quotes->was_filled;
    if (was_filled) {
        count = quote_table_count(quotes->table);
        copy = allocate_array(count + 1, sizeof *copy);
        quote_table_copy(quotes->table, copy);
        clock = clock_now(quotes, monotonic_us);
    }
    is_current = quotes->has_snapshot && is_heard(quotes, monotonic_us);
    (void)pthread_rwlock_unlock(&quotes->lock);
    if (!was_filled)
        return false;
    for (size_t i = 0; i < count; i++)
        copy[i].stale = copy[i].stale || !is_current || clock.now >= copy[i].valid_until;
    *out_quotes = copy;
    *out_count = count;
    *out_clock = clock;
    return true;
}

bool quotes_clock(struct quotes *quotes, struct platform_clock *out_clock)
{
    int64_t monotonic_us = clock_monotonic_us();
    bool was_filled;

    (void)pthread_rwlock_rdlock(&quotes->lock);
    was_filled = quotes->was_filled;
    if (was_filled)
        *out_clock = clock_now(quotes, monotonic_us);
    (void)pthread_rwlock_unlock(&quotes->lock);
    return was_filled;
}

static int64_t platform_now_us(void *context)
{
    struct platform_clock clock;

    return quotes_clock(context, &clock) ? clock.now : 0;
}

struct clock quotes_time(struct quotes *quotes)
{
    return (struct clock){.now_us = platform_now_us, .context = quotes};
}

static bool is_applied(struct quotes *quotes, struct quotes_position position)
{
    bool is_there;

    (void)pthread_rwlock_rdlock(&quotes->lock);
    is_there = contains(quotes, position);
    (void)pthread_rwlock_unlock(&quotes->lock);
    return is_there;
}

static bool wait_applied(struct quotes *quotes, struct quotes_position position, int64_t until_us)
{
    struct timespec until = {.tv_sec = (time_t)(until_us / MICROS_PER_SECOND),
                             .tv_nsec = (long)(until_us % MICROS_PER_SECOND) * 1000};
    bool is_there = false;
    int result = 0;

    (void)pthread_mutex_lock(&quotes->moved_lock);
    while (!is_there && result != ETIMEDOUT) {
        is_there = is_applied(quotes, position);
        if (!is_there)
            result = pthread_cond_timedwait(&quotes->moved, &quotes->moved_lock, &until);
    }
    (void)pthread_mutex_unlock(&quotes->moved_lock);
    return is_there;
}

bool quotes_synchronize(struct quotes *quotes, int64_t timeout_ms, struct error *error)
{
    int64_t until_us = clock_monotonic_us() + timeout_ms * MICROS_PER_MS;
    OWNED(arena) arena = arena_new(MESSAGE_MEMORY);
    Market__GetQuoteSnapshotResponse *page = NULL;
    struct quotes_position position;

    // No ticker comes after this one, so the page has no quotes, only the position.
    if (!ask_page(quotes, arena, "~", timeout_ms, &page, error))
        return false;
    position = (struct quotes_position){page->epoch, page->sequence};
    if (!wait_applied(quotes, position, until_us) ||
        (quotes->delivery != NULL && !quotes_delivery_wait(quotes->delivery, position, until_us)))
        return error_set(error, REASON_UNAVAILABLE,
                         "the prices have not caught up with the market within %lld ms",
                         (long long)timeout_ms);
    return true;
}

bool quotes_is_ready(struct quotes *quotes)
{
    bool has_snapshot;

    (void)pthread_rwlock_rdlock(&quotes->lock);
    has_snapshot = quotes->has_snapshot;
    (void)pthread_rwlock_unlock(&quotes->lock);
    return has_snapshot && is_heard(quotes, clock_monotonic_us());
}
