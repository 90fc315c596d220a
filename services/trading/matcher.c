// SPDX-License-Identifier: MIT
#include "matcher.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bourse/market/v1/market_client.h"
#include "execution.h"
#include "fill.h"
#include "order_book.h"
#include "service/log.h"
#include "trading_store.h"

enum {
    EVENTS_MAX = 4096,
    QUOTES_MAX = 65536, // among the events
    ARENA_BUDGET = 32 * 1024 * 1024,
    LOAD_PAGE = 1000,
    HISTORY_PAGE = 1000,
    HISTORY_TIMEOUT_MS = 3000,
    TICK_MS = 250,
    RETRY_MS = 1000,
    WANT_EVERY_MS = 20 * 1000, // market forgets what nobody has wanted for a minute
    RECENT_EVERY_MS = 5 * 1000,
    ALL_EVERY_MS = 5 * 60 * 1000,
    RECENT_MS = 60 * 1000, // how far back an order that another replica placed is looked for
};

// What waits for the thread.
struct event {
    struct event *next;
    bool is_order;
    struct order order; // of an order to be added
    struct quote *quotes;
    size_t count;
    struct platform_clock clock;
    bool gap;
};

// An order whose fill or end has been decided and is to be executed.
struct match {
    char order_id[UUID_SIZE];
    enum execution_intent intent;
    int64_t price;
    int64_t quote_at;
    int64_t at;
};

struct matcher {
    struct trading *trading;
    pthread_t thread;
    bool is_started;
    pthread_mutex_t lock; // guards the events and the flags up to `changed`
    struct event *first;
    struct event *last;
    size_t event_count;
    size_t queued_quotes; // among the events
    size_t queued_orders; // among the events
    bool missed_quotes;   // the queue was full
    bool missed_orders;
    bool is_stopping;
    pthread_cond_t changed;
    atomic_size_t resting; // orders in the book, and on the way to it
    // The latest platform time that market has told of; 0 before the first. The running clock of
    // this program is ahead of it while market is silent, and what will be quoted in between is not
    // known yet.
    _Atomic int64_t heard;

    // Of the thread alone.
    struct order_book *book;
    struct arena *arena;
    struct execution *execution;
    struct match *matches;
    size_t match_count;
    size_t match_capacity;
    size_t taken_orders; // taken from the events, and not in the book yet
    bool is_behind;      // quotes were missed and have not been asked for yet
    int64_t retry_at;    // monotonic; nothing that failed is tried before
    int64_t load_recent_at;
    int64_t load_all_at;
    int64_t want_at;
};

struct matcher *matcher_new(struct trading *trading)
{
    struct matcher *matcher = allocate(sizeof(*matcher));
    pthread_condattr_t attributes;

    matcher->trading = trading;
    pthread_mutex_init(&matcher->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&matcher->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    matcher->book = order_book_new();
    matcher->arena = arena_new(ARENA_BUDGET);
    return matcher;
}

static void event_free(struct event *event)
{
    release(event->quotes);
    release(event);
}

// Hands an event to the thread; false, and the event freed, when too many wait.
static bool push(struct matcher *matcher, struct event *event)
{
    bool fits = false;

    pthread_mutex_lock(&matcher->lock);
    // One publication fits whatever its size.
    fits = matcher->event_count < EVENTS_MAX && matcher->queued_quotes < QUOTES_MAX &&
           !matcher->is_stopping;
    if (fits) {
        if (matcher->last == NULL)
            matcher->first = event;
        else
            matcher->last->next = event;
        matcher->last = event;
        matcher->event_count++;
        matcher->queued_quotes += event->count;
        if (event->is_order) {
            matcher->queued_orders++;
            atomic_fetch_add(&matcher->resting, 1);
        }
    } else if (event->is_order) {
        matcher->missed_orders = true;
    } else {
        matcher->missed_quotes = true;
    }
    pthread_cond_signal(&matcher->changed);
    pthread_mutex_unlock(&matcher->lock);
    if (!fits)
        event_free(event);
    return fits;
}

void matcher_quotes_changed(void *context,
                            const struct quote *quotes,
                            size_t count,
                            const struct platform_clock *clock,
                            bool gap)
{
    struct matcher *matcher = context;
    struct event *event = NULL;

    atomic_store(&matcher->heard, clock->now);
    // An order that comes to rest later is tried at the latest quote first, so nothing is missed.
    if (atomic_load(&matcher->resting) == 0)
        return;
    event = allocate(sizeof(*event));
    event->count = count;
    event->clock = *clock;
    event->gap = gap;
    if (count > 0) {
        event->quotes = allocate_array(count, sizeof(*quotes));
        memcpy(event->quotes, quotes, count * sizeof(*quotes));
    }
    push(matcher, event);
}

void matcher_add(struct matcher *matcher, const struct order *order)
{
    struct event *event = NULL;

    // A test of what comes before has no matcher.
    if (matcher == NULL)
        return;
    event = allocate(sizeof(*event));
    event->is_order = true;
    event->order = *order;
    event->order.client_order_id = NULL; // borrowed, and of no use here
    event->order.reason_details = NULL;
    push(matcher, event);
}

size_t matcher_count(struct matcher *matcher)
{
    return atomic_load(&matcher->resting);
}

// The time up to which market's quotes are known or can be asked for; false before the first.
static bool heard_time(struct matcher *matcher, int64_t *out_time)
{
    *out_time = atomic_load(&matcher->heard);
    return *out_time > 0;
}

static int64_t now_ms(void)
{
    return clock_monotonic_us() / MICROS_PER_MS;
}

static void add_match(struct matcher *matcher, struct resting *order, const struct match *match)
{
    if (matcher->match_count == matcher->match_capacity) {
        matcher->match_capacity = matcher->match_capacity == 0 ? 64 : 2 * matcher->match_capacity;
        matcher->matches =
            reallocate_array(matcher->matches, matcher->match_capacity, sizeof(*matcher->matches));
    }
    matcher->matches[matcher->match_count] = *match;
    memcpy(matcher->matches[matcher->match_count].order_id, order->id, UUID_SIZE);
    matcher->match_count++;
    order->is_matched = true;
}

// What the fill rules look at, of a resting order.
static void view_of(const struct resting *resting, struct order *out_order)
{
    memcpy(out_order->ticker, resting->ticker, sizeof(out_order->ticker));
    out_order->side = resting->side;
    out_order->quantity = resting->quantity;
    out_order->created_at = resting->created_at;
    out_order->expires_at = resting->expires_at;
}

// Tries all orders of a ticker at one quote, as of `clock`.
static void match_ticker(struct matcher *matcher,
                         struct resting *first,
                         const struct quote *quote,
                         const struct platform_clock *clock)
{
    static const struct order empty;
    struct order view = empty;

    for (struct resting *order = first; order != NULL; order = order->next_of_ticker) {
        struct match match = {
            .intent = EXECUTE_FILL, .quote_at = quote->quoted_at, .at = clock->now};

        view_of(order, &view);
        if (!order->is_matched && fill_decide(&view, quote, clock, &match.price))
            add_match(matcher, order, &match);
    }
}

static void match_latest(struct matcher *matcher, struct resting *first)
{
    struct platform_clock clock;
    struct quote quote;

    if (quotes_clock(matcher->trading->quotes, &clock) &&
        quotes_get(matcher->trading->quotes, first->ticker, &quote))
        match_ticker(matcher, first, &quote, &clock);
}

static void match_past(struct matcher *matcher, struct resting *first, const Market__Quote *message)
{
    static const struct order empty;
    struct order view = empty;
    struct quote quote = {
        .price_micros = message->price_micros,
        .bid_micros = message->bid_micros,
        .ask_micros = message->ask_micros,
        .quoted_at = message->quoted_at,
    };

    snprintf(quote.ticker, sizeof(quote.ticker), "%s", first->ticker);
    for (struct resting *order = first; order != NULL; order = order->next_of_ticker) {
        struct match match = {
            .intent = EXECUTE_FILL, .quote_at = quote.quoted_at, .at = quote.quoted_at};

        view_of(order, &view);
        if (!order->is_matched && quote.quoted_at > order->looked_at &&
            fill_decide_past(&view, &quote, &match.price))
            add_match(matcher, order, &match);
    }
}

// One ticker's quotes since its orders were last looked at.
struct catching_up {
    struct matcher *matcher;
    int64_t until;
    bool failed;
};

static bool ask_history(struct catching_up *run,
                        const char *ticker,
                        int64_t after,
                        Market__ListQuoteHistoryResponse **out_response)
{
    Market__ListQuoteHistoryRequest request = MARKET__LIST_QUOTE_HISTORY_REQUEST__INIT;
    struct call call;
    struct error error;

    arena_reset(run->matcher->arena);
    call = call_start(run->matcher->arena, HISTORY_TIMEOUT_MS);
    request.ticker = ticker;
    request.has_after = true;
    request.after = after;
    request.has_until = true;
    request.until = run->until;
    request.has_limit = true;
    request.limit = HISTORY_PAGE;
    if (market_client_list_quote_history(run->matcher->trading->market_client, &call, &request,
                                         out_response, &error))
        return true;
    log_write(LOG_WARNING, "quote_history_missing", "ticker", ticker, "reason", error.reason, NULL);
    return false;
}

static void catch_up_ticker(void *context, struct resting *first)
{
    struct catching_up *run = context;
    int64_t after = INT64_MAX;
    Market__ListQuoteHistoryResponse *response = NULL;

    for (struct resting *order = first; order != NULL; order = order->next_of_ticker) {
        if (!order->is_matched && order->looked_at < after)
            after = order->looked_at;
    }
    if (run->failed || after >= run->until)
        return;
    do {
        if (!ask_history(run, first->ticker, after, &response)) {
            run->failed = true;
            return;
        }
        for (size_t i = 0; i < response->n_quotes; i++) {
            match_past(run->matcher, first, response->quotes[i]);
            after = response->quotes[i]->quoted_at;
        }
    } while (response->n_quotes == HISTORY_PAGE);
    for (struct resting *order = first; order != NULL; order = order->next_of_ticker)
        order->looked_at = order->looked_at > run->until ? order->looked_at : run->until;
}

static void match_latest_of(void *context, struct resting *first)
{
    match_latest(context, first);
}

// Looks at all quotes that were missed, up to `until`, and at the latest ones. On failure the
// matcher stays behind: nothing newer may fill an order before.
static void catch_up(struct matcher *matcher, int64_t until)
{
    struct catching_up run = {.matcher = matcher, .until = until};

    order_book_each_ticker(matcher->book, catch_up_ticker, &run);
    matcher->is_behind = run.failed;
    if (run.failed)
        matcher->retry_at = now_ms() + RETRY_MS;
    else
        order_book_each_ticker(matcher->book, match_latest_of, matcher);
}

static void take_order(struct matcher *matcher, const struct order *order)
{
    struct resting *resting = NULL;
    struct resting *next = NULL;
    struct quote quote;

    if (order_book_find(matcher->book, order->id) != NULL)
        return;
    resting = order_book_add(matcher->book, order);
    if (!quotes_get(matcher->trading->quotes, resting->ticker, &quote))
        return;
    // A quote younger than the order need not be the first one since.
    if (quote.quoted_at > resting->created_at)
        matcher->is_behind = true;
    if (matcher->is_behind)
        return;
    // This order alone: those behind it have been tried.
    next = resting->next_of_ticker;
    resting->next_of_ticker = NULL;
    match_latest(matcher, resting);
    resting->next_of_ticker = next;
}

static void take_quotes(struct matcher *matcher, struct event *event)
{
    struct platform_clock clock = event->clock;

    // On real time a quote is as good as it is now; on a clock that jumps, as it was then.
    if (clock.mode == MARKET__CLOCK_MODE__CLOCK_MODE_REAL &&
        !quotes_clock(matcher->trading->quotes, &clock))
        return;
    if (event->gap)
        catch_up(matcher, event->clock.now);
    if (matcher->is_behind)
        return;
    for (size_t i = 0; i < event->count; i++) {
        struct resting *first = order_book_first(matcher->book, event->quotes[i].ticker);

        if (first != NULL)
            match_ticker(matcher, first, &event->quotes[i], &clock);
    }
}

static void match_expired(void *context, struct resting *order)
{
    struct matcher *matcher = context;
    struct match match = {.intent = EXECUTE_EXPIRE};

    // Only once every quote of its day has been looked at.
    if (order->looked_at >= order->expires_at)
        add_match(matcher, order, &match);
}

static void expire(struct matcher *matcher)
{
    int64_t now = 0;

    if (!heard_time(matcher, &now) || now < order_book_next_expiry(matcher->book) ||
        now_ms() < matcher->retry_at)
        return;
    catch_up(matcher, now);
    if (!matcher->is_behind)
        order_book_each_expired(matcher->book, now, match_expired, matcher);
}

static void want_price(void *context, struct resting *first)
{
    struct matcher *matcher = context;

    quotes_want(matcher->trading->quotes, first->ticker);
}

// A market of live prices fetches those that are wanted, and an order that rests looks at none.
static void want_prices(struct matcher *matcher)
{
    if (now_ms() < matcher->want_at)
        return;
    matcher->want_at = now_ms() + WANT_EVERY_MS;
    order_book_each_ticker(matcher->book, want_price, matcher);
}

static void count_resting(struct matcher *matcher)
{
    pthread_mutex_lock(&matcher->lock);
    atomic_store(&matcher->resting,
                 order_book_count(matcher->book) + matcher->taken_orders + matcher->queued_orders);
    pthread_mutex_unlock(&matcher->lock);
}

static const struct match *find_match(const struct match *matches, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(matches[i].order_id, id) == 0)
            return &matches[i];
    }
    return NULL;
}

// Executes up to a batch of matches from `matches` on. Those that have to be tried again are put
// into `kept`; returns how many.
static size_t
execute(struct matcher *matcher, const struct match *matches, size_t count, struct match *kept)
{
    struct execution_item items[EXECUTION_MAX];
    const char *ids[EXECUTION_MAX];
    struct order *orders = NULL;
    size_t order_count = 0;
    size_t item_count = 0;
    size_t kept_count = 0;
    struct error error;

    arena_reset(matcher->arena);
    for (size_t i = 0; i < count; i++)
        ids[i] = matches[i].order_id;
    if (!store_load_orders(matcher->trading->database, matcher->arena, ids, count, &orders,
                           &order_count, &error)) {
        memcpy(kept, matches, count * sizeof(*matches));
        return count;
    }
    for (size_t i = 0; i < order_count; i++) {
        const struct match *match = find_match(matches, count, orders[i].id);

        if (match == NULL || orders[i].status != ORDER_NEW)
            continue;
        items[item_count++] = (struct execution_item){
            .order = &orders[i],
            .intent = match->intent,
            .price = match->price,
            .quote_at = match->quote_at,
            .at = match->at,
            .attempts = 1,
        };
    }
    execution_run(matcher->execution, items, item_count);
    for (size_t i = 0; i < item_count; i++) {
        if (!items[i].is_saved && !items[i].is_lost)
            kept[kept_count++] = *find_match(matches, count, items[i].order->id);
    }
    for (size_t i = 0; i < count; i++) {
        if (find_match(kept, kept_count, matches[i].order_id) == NULL)
            order_book_remove(matcher->book, matches[i].order_id);
    }
    return kept_count;
}

static void execute_all(struct matcher *matcher)
{
    size_t kept_count = 0;
    size_t done = 0;

    if (matcher->match_count == 0 || now_ms() < matcher->retry_at)
        return;
    while (done < matcher->match_count) {
        struct match kept[EXECUTION_MAX];
        size_t count = matcher->match_count - done;
        size_t again = 0;

        if (count > EXECUTION_MAX)
            count = EXECUTION_MAX;
        again = execute(matcher, &matcher->matches[done], count, kept);
        memcpy(&matcher->matches[kept_count], kept, again * sizeof(*kept));
        kept_count += again;
        done += count;
    }
    matcher->match_count = kept_count;
    if (kept_count > 0)
        matcher->retry_at = now_ms() + RETRY_MS;
}

// The smallest id that a UUIDv7 made `RECENT_MS` ago could have.
static void recent_id(char out_id[UUID_SIZE])
{
    struct clock real = clock_real();
    uint64_t ms = (uint64_t)(clock_now_us(&real) / MICROS_PER_MS) - RECENT_MS;

    snprintf(out_id, UUID_SIZE, "%08x-%04x-7000-8000-000000000000", (unsigned)(ms >> 16),
             (unsigned)(ms & 0xffff));
}

// Loads orders that rest, from that id on. False when the database could not be asked.
static bool load(struct matcher *matcher, const char *first_id)
{
    char after[UUID_SIZE];
    size_t count = 0;

    snprintf(after, sizeof(after), "%s", first_id);
    do {
        struct order *orders = NULL;
        struct error error;

        arena_reset(matcher->arena);
        if (!store_load_resting(matcher->trading->database, matcher->arena, after, LOAD_PAGE,
                                &orders, &count, &error))
            return false;
        for (size_t i = 0; i < count; i++) {
            // One that this program has not known may have missed quotes.
            if (order_book_find(matcher->book, orders[i].id) == NULL)
                matcher->is_behind = true;
            order_book_add(matcher->book, &orders[i]);
            memcpy(after, orders[i].id, UUID_SIZE);
        }
    } while (count == LOAD_PAGE);
    count_resting(matcher);
    return true;
}

static void load_what_is_due(struct matcher *matcher, bool missed_orders)
{
    int64_t now = now_ms();
    char first[UUID_SIZE] = "00000000-0000-0000-0000-000000000000";
    bool all = missed_orders || now >= matcher->load_all_at;

    if (!all && now < matcher->load_recent_at)
        return;
    if (!all)
        recent_id(first);
    if (!load(matcher, first)) {
        matcher->load_all_at = all ? now + RETRY_MS : matcher->load_all_at;
        matcher->load_recent_at = now + RETRY_MS;
        return;
    }
    matcher->load_recent_at = now + RECENT_EVERY_MS;
    if (all)
        matcher->load_all_at = now + ALL_EVERY_MS;
}

// Takes all events that wait, or waits for the first one, at most a tick.
static struct event *take_events(struct matcher *matcher, bool *out_quotes, bool *out_orders)
{
    struct timespec until;
    struct event *events = NULL;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += TICK_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&matcher->lock);
    // Any wake will do: the loop around looks at everything there is.
    if (matcher->first == NULL && !matcher->is_stopping)
        pthread_cond_timedwait(&matcher->changed, &matcher->lock, &until);
    events = matcher->first;
    matcher->first = matcher->last = NULL;
    matcher->taken_orders = matcher->queued_orders;
    matcher->event_count = 0;
    matcher->queued_quotes = 0;
    matcher->queued_orders = 0;
    *out_quotes = matcher->missed_quotes;
    *out_orders = matcher->missed_orders;
    matcher->missed_quotes = matcher->missed_orders = false;
    pthread_mutex_unlock(&matcher->lock);
    return events;
}

static bool is_stopping(struct matcher *matcher)
{
    bool stopping = false;

    pthread_mutex_lock(&matcher->lock);
    stopping = matcher->is_stopping;
    pthread_mutex_unlock(&matcher->lock);
    return stopping;
}

static void handle_events(struct matcher *matcher, struct event *events)
{
    struct event *next = NULL;

    for (struct event *event = events; event != NULL; event = next) {
        next = event->next;
        if (event->is_order)
            take_order(matcher, &event->order);
        else
            take_quotes(matcher, event);
        event_free(event);
    }
    matcher->taken_orders = 0;
}

static void *run(void *context)
{
    struct matcher *matcher = context;

    while (!is_stopping(matcher)) {
        int64_t heard = 0;
        bool missed_quotes = false;
        bool missed_orders = false;
        struct event *events = take_events(matcher, &missed_quotes, &missed_orders);

        load_what_is_due(matcher, missed_orders);
        if (missed_quotes)
            matcher->is_behind = true;
        if (matcher->is_behind && now_ms() >= matcher->retry_at && heard_time(matcher, &heard))
            catch_up(matcher, heard);
        handle_events(matcher, events);
        expire(matcher);
        execute_all(matcher);
        want_prices(matcher);
        count_resting(matcher);
    }
    return NULL;
}

bool matcher_start(struct matcher *matcher, struct error *error)
{
    matcher->execution = execution_new(matcher->trading);
    if (pthread_create(&matcher->thread, NULL, run, matcher) != 0)
        return error_set(error, REASON_INTERNAL, "The matcher's thread cannot be started.");
    matcher->is_started = true;
    return true;
}

void matcher_stop(struct matcher *matcher)
{
    pthread_mutex_lock(&matcher->lock);
    matcher->is_stopping = true;
    pthread_cond_signal(&matcher->changed);
    pthread_mutex_unlock(&matcher->lock);
    if (matcher->is_started)
        pthread_join(matcher->thread, NULL);
    matcher->is_started = false;
}

void matcher_free(struct matcher **matcher)
{
    if (*matcher == NULL)
        return;
    matcher_stop(*matcher);
    for (struct event *event = (*matcher)->first; event != NULL;) {
        struct event *next = event->next;

        event_free(event);
        event = next;
    }
    order_book_free(&(*matcher)->book);
    execution_free(&(*matcher)->execution);
    arena_free(&(*matcher)->arena);
    release((*matcher)->matches);
    pthread_cond_destroy(&(*matcher)->changed);
    pthread_mutex_destroy(&(*matcher)->lock);
    release(*matcher);
    *matcher = NULL;
}
