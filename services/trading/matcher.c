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
    RECENT_EVERY_MS = 5 * 1000,
    ALL_EVERY_MS = 5 * 60 * 1000,
    RECENT_MS = 60 * 1000, // how far back an order that another replica placed is looked for
    SAVE_EVERY_MS = 1000,
    SAVE_MAX = 256, // orders at a time
};

// The simulated market is quoted each second; what a clock that leaps further passes over is not
// published, and has to be asked for.
#define LEAP (INT64_C(5) * MICROS_PER_SECOND)
#define SIMULATED "simulated"

// How far a process that starts may have to look back for an order that lasts.
#define LASTING_EVERY (INT64_C(3600) * MICROS_PER_SECOND)

// What waits for the thread.
struct event {
    struct event *next;
    bool is_order;      // to be added
    bool is_removal;    // of the order with that id
    struct order order; // of these two
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
    int64_t high_water; // these as the quotes have made them
    int64_t stop_price;
    int64_t triggered_at;
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
    int64_t looked_at;   // all quotes up to this time have been shown to the book; 0 for none
    bool is_behind;      // quotes were missed and have not been asked for yet
    bool has_late;       // some orders have missed quotes that the others have seen
    uint32_t round;      // of loading all orders
    int64_t save_at;     // monotonic
    int64_t retry_at;    // monotonic; nothing that failed is tried before
    int64_t load_recent_at;
    int64_t load_all_at;
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
    // An order that comes to rest later asks for what it has missed.
    if (atomic_load(&matcher->resting) == 0)
        count = 0;
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

void matcher_remove(struct matcher *matcher, const char *order_id)
{
    struct event *event = NULL;

    if (matcher == NULL)
        return;
    event = allocate(sizeof(*event));
    event->is_removal = true;
    memcpy(event->order.id, order_id, UUID_SIZE);
    // One that does not fit is found to be gone when all orders are loaded the next time.
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

static void add_match(struct matcher *matcher, const struct match *match)
{
    if (matcher->match_count == matcher->match_capacity) {
        matcher->match_capacity = matcher->match_capacity == 0 ? 64 : 2 * matcher->match_capacity;
        matcher->matches =
            reallocate_array(matcher->matches, matcher->match_capacity, sizeof(*matcher->matches));
    }
    matcher->matches[matcher->match_count++] = *match;
}

// An order is in the list once: one that was triggered a moment ago and is filled now is filled.
static void put_match(struct matcher *matcher, struct resting *order, const struct match *match)
{
    for (size_t i = 0; order->is_triggering && i < matcher->match_count; i++) {
        if (strcmp(matcher->matches[i].order_id, order->id) == 0) {
            matcher->matches[i] = *match;
            return;
        }
    }
    add_match(matcher, match);
}

static void matched(void *context,
                    struct resting *order,
                    enum fill_action action,
                    int64_t price,
                    const struct fill_moment *moment)
{
    struct matcher *matcher = context;
    struct match match = {.intent = action == FILL_WHOLE ? EXECUTE_FILL : EXECUTE_TRIGGER,
                          .price = price,
                          .quote_at = moment->quoted_at,
                          .at = moment->at,
                          .high_water = order->high_water,
                          .stop_price = order->stop_price,
                          .triggered_at = order->triggered_at};

    memcpy(match.order_id, order->id, UUID_SIZE);
    put_match(matcher, order, &match);
    order->is_triggering = action == FILL_TRIGGER;
}

// Shows all orders of a ticker the quote of this moment.
static void show_latest(struct matcher *matcher, struct lane *lane)
{
    const struct order_book_watcher watcher = {matched, matcher};
    struct platform_clock clock;
    struct fill_moment moment;
    struct quote quote;

    if (quotes_clock(matcher->trading->quotes, &clock) &&
        quotes_get(matcher->trading->quotes, lane->ticker, &quote) &&
        fill_moment_now(&quote, &clock, &moment))
        order_book_show(matcher->book, lane, &quote, &moment, &watcher);
}

static struct quote past_quote(const char *ticker, const Market__Quote *message)
{
    struct quote quote = {
        .price_micros = message->price_micros,
        .bid_micros = message->bid_micros,
        .ask_micros = message->ask_micros,
        .quoted_at = message->quoted_at,
    };

    snprintf(quote.ticker, sizeof(quote.ticker), "%s", ticker);
    return quote;
}

// A ticker's quotes since its orders were last looked at.
struct catching_up {
    struct matcher *matcher;
    int64_t until;
    bool failed;
};

static bool ask_history(struct matcher *matcher,
                        const char *ticker,
                        int64_t after,
                        int64_t until,
                        Market__ListQuoteHistoryResponse **out_response)
{
    Market__ListQuoteHistoryRequest request = MARKET__LIST_QUOTE_HISTORY_REQUEST__INIT;
    struct call call;
    struct error error;

    arena_reset(matcher->arena);
    call = call_start(matcher->arena, HISTORY_TIMEOUT_MS);
    request.ticker = ticker;
    request.has_after = true;
    request.after = after;
    request.has_until = true;
    request.until = until;
    request.has_limit = true;
    request.limit = HISTORY_PAGE;
    if (market_client_list_quote_history(matcher->trading->market_client, &call, &request,
                                         out_response, &error))
        return true;
    log_write(LOG_WARNING, "quote_history_missing", "ticker", ticker, "reason", error.reason, NULL);
    return false;
}

// Shows the quotes of that time to the late orders of a ticker, or to those on its shelves.
static bool
show_past(struct matcher *matcher, struct lane *lane, bool to_late, int64_t after, int64_t until)
{
    const struct order_book_watcher watcher = {matched, matcher};
    Market__ListQuoteHistoryResponse *response = NULL;

    if (after >= until)
        return true;
    do {
        if (!ask_history(matcher, lane->ticker, after, until, &response))
            return false;
        for (size_t i = 0; i < response->n_quotes; i++) {
            struct quote quote = past_quote(lane->ticker, response->quotes[i]);
            struct fill_moment moment = fill_moment_past(&quote);

            if (to_late)
                order_book_look_back(lane, &quote, &moment, &watcher);
            else
                order_book_show(matcher->book, lane, &quote, &moment, &watcher);
            after = quote.quoted_at;
        }
    } while (response->n_quotes == HISTORY_PAGE);
    return true;
}

// Brings all orders of a ticker to have seen the quotes up to `until`.
static bool catch_up_lane(struct matcher *matcher, struct lane *lane, int64_t until)
{
    int64_t shown = lane->looked_at > matcher->looked_at ? lane->looked_at : matcher->looked_at;

    // Before the first look nothing is on the shelves.
    if (shown == 0)
        shown = until;
    if (!show_past(matcher, lane, true, order_book_late_since(lane), shown))
        return false;
    order_book_settle(matcher->book, lane);
    if (!show_past(matcher, lane, false, shown, until))
        return false;
    lane->looked_at = shown > until ? shown : until;
    return true;
}

static void catch_up_visited(void *context, struct lane *lane)
{
    struct catching_up *run = context;

    run->failed = run->failed || !catch_up_lane(run->matcher, lane, run->until);
}

static void show_latest_visited(void *context, struct lane *lane)
{
    show_latest(context, lane);
}

// Looks at all quotes that were missed, up to `until`, and at the latest ones. On failure the
// matcher stays behind: nothing newer may fill an order before.
static void catch_up(struct matcher *matcher, int64_t until)
{
    struct catching_up run = {.matcher = matcher, .until = until};

    order_book_each_lane(matcher->book, catch_up_visited, &run);
    matcher->is_behind = run.failed;
    if (run.failed) {
        matcher->retry_at = now_ms() + RETRY_MS;
        return;
    }
    matcher->has_late = false;
    if (matcher->looked_at < until)
        matcher->looked_at = until;
    order_book_each_lane(matcher->book, show_latest_visited, matcher);
}

static void catch_up_late_visited(void *context, struct lane *lane)
{
    struct catching_up *run = context;

    if (run->failed || lane->late == NULL)
        return;
    run->failed = !catch_up_lane(run->matcher, lane, run->until);
    if (!run->failed)
        show_latest(run->matcher, lane);
}

// Lets the late orders see what the others have seen already.
static void catch_up_late(struct matcher *matcher)
{
    struct catching_up run = {.matcher = matcher, .until = matcher->looked_at};

    if (!matcher->has_late || matcher->is_behind || now_ms() < matcher->retry_at)
        return;
    order_book_each_lane(matcher->book, catch_up_late_visited, &run);
    matcher->has_late = run.failed;
    if (run.failed)
        matcher->retry_at = now_ms() + RETRY_MS;
}

static void take_order(struct matcher *matcher, const struct order *order)
{
    const struct order_book_watcher watcher = {matched, matcher};
    struct resting *resting = NULL;
    struct platform_clock clock;
    struct fill_moment moment;
    struct quote quote;
    bool has_quote = quotes_get(matcher->trading->quotes, order->ticker, &quote);
    // A quote younger than the order need not be the first one since.
    bool is_late = matcher->is_behind || matcher->looked_at == 0 ||
                   (has_quote && quote.quoted_at > order->created_at);

    if (order_book_find(matcher->book, order->id) != NULL)
        return;
    resting = order_book_add(matcher->book, order, is_late);
    resting->seen = matcher->round;
    matcher->is_behind = matcher->is_behind || matcher->looked_at == 0;
    matcher->has_late = matcher->has_late || is_late;
    if (!is_late && has_quote && quotes_clock(matcher->trading->quotes, &clock) &&
        fill_moment_now(&quote, &clock, &moment))
        order_book_show_one(matcher->book, resting, &quote, &moment, &watcher);
}

static void catch_up_simulated(void *context, struct lane *lane)
{
    struct catching_up *run = context;
    struct quote quote;

    if (!run->failed && quotes_get(run->matcher->trading->quotes, lane->ticker, &quote) &&
        strcmp(quote.source, SIMULATED) == 0)
        run->failed = !catch_up_lane(run->matcher, lane, run->until);
}

// Looks at what a clock that has leapt has passed over without publishing it.
static void leap(struct matcher *matcher, int64_t until)
{
    struct catching_up run = {.matcher = matcher, .until = until};

    order_book_each_lane(matcher->book, catch_up_simulated, &run);
    matcher->is_behind = run.failed;
    if (run.failed)
        matcher->retry_at = now_ms() + RETRY_MS;
}

static void
show_quotes(struct matcher *matcher, const struct event *event, const struct platform_clock *clock)
{
    const struct order_book_watcher watcher = {matched, matcher};

    for (size_t i = 0; i < event->count; i++) {
        struct lane *lane = order_book_lane(matcher->book, event->quotes[i].ticker);
        struct fill_moment moment;

        if (lane != NULL && lane->count > 0 && fill_moment_now(&event->quotes[i], clock, &moment))
            order_book_show(matcher->book, lane, &event->quotes[i], &moment, &watcher);
    }
}

static void take_quotes(struct matcher *matcher, struct event *event)
{
    struct platform_clock clock = event->clock;

    if (event->gap)
        catch_up(matcher, event->clock.now);
    // What has been asked for meanwhile is not looked at again.
    if (matcher->is_behind || event->clock.now < matcher->looked_at)
        return;
    if (matcher->looked_at > 0 && event->clock.now - matcher->looked_at > LEAP)
        leap(matcher, event->clock.now);
    if (matcher->is_behind)
        return;
    // On real time a quote is as good as it is now; on a clock that jumps, as it was then.
    if (clock.mode != MARKET__CLOCK_MODE__CLOCK_MODE_REAL ||
        quotes_clock(matcher->trading->quotes, &clock))
        show_quotes(matcher, event, &clock);
    matcher->looked_at = event->clock.now;
}

// Ends what has seen every quote of its time. That is told by what has been looked at: the running
// clock of this program is ahead of it.
static void expire(struct matcher *matcher)
{
    struct resting *order = NULL;

    while (!matcher->is_behind && !matcher->has_late &&
           (order = order_book_take_expired(matcher->book, matcher->looked_at)) != NULL) {
        struct match match = {.intent = EXECUTE_EXPIRE};

        memcpy(match.order_id, order->id, UUID_SIZE);
        put_match(matcher, order, &match);
    }
}

// Writes how far the orders have looked that would have to look back far otherwise.
static void save_progress(struct matcher *matcher)
{
    struct resting *orders[SAVE_MAX];
    struct store_progress progress[SAVE_MAX];
    struct error error;
    size_t count = 0;

    if (matcher->is_behind || now_ms() < matcher->save_at)
        return;
    matcher->save_at = now_ms() + SAVE_EVERY_MS;
    count =
        order_book_take_unsaved(matcher->book, matcher->looked_at, LASTING_EVERY, orders, SAVE_MAX);
    for (size_t i = 0; i < count; i++) {
        progress[i] = (struct store_progress){.high_water = orders[i]->high_water,
                                              .stop_price = orders[i]->stop_price,
                                              .looked_at = matcher->looked_at};
        memcpy(progress[i].order_id, orders[i]->id, UUID_SIZE);
    }
    if (count == 0)
        return;
    arena_reset(matcher->arena);
    if (store_save_progress(matcher->trading->database, matcher->arena, progress, count, &error))
        return;
    for (size_t i = 0; i < count; i++)
        order_book_keep_unsaved(matcher->book, orders[i]);
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

// A triggered order waits on; all others leave the book, those too that somebody else has ended.
static void end_match(struct matcher *matcher,
                      const struct match *match,
                      const struct execution_item *items,
                      size_t item_count)
{
    struct resting *order = order_book_find(matcher->book, match->order_id);

    for (size_t i = 0; i < item_count && match->intent == EXECUTE_TRIGGER; i++) {
        if (items[i].is_saved && strcmp(items[i].order->id, match->order_id) == 0) {
            if (order != NULL)
                order->is_triggering = false;
            return;
        }
    }
    order_book_remove(matcher->book, match->order_id);
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
            .high_water = match->high_water,
            .stop_price = match->stop_price,
            .triggered_at = match->triggered_at,
            .looked_at = match->quote_at,
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
            end_match(matcher, &matches[i], items, item_count);
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

// An order that this program has not known may have missed quotes.
static void take_loaded(struct matcher *matcher, const struct order *order)
{
    struct resting *resting = order_book_find(matcher->book, order->id);

    if (resting == NULL) {
        resting = order_book_add(matcher->book, order, true);
        matcher->has_late = true;
        matcher->is_behind = matcher->is_behind || matcher->looked_at == 0;
    }
    resting->seen = matcher->round;
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
            take_loaded(matcher, &orders[i]);
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
    else
        matcher->round++;
    if (!load(matcher, first)) {
        matcher->load_all_at = all ? now + RETRY_MS : matcher->load_all_at;
        matcher->load_recent_at = now + RETRY_MS;
        return;
    }
    matcher->load_recent_at = now + RECENT_EVERY_MS;
    if (!all)
        return;
    matcher->load_all_at = now + ALL_EVERY_MS;
    // What others have ended meanwhile.
    order_book_sweep(matcher->book, matcher->round);
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

static void remove_order(struct matcher *matcher, const char *order_id)
{
    const struct resting *order = order_book_find(matcher->book, order_id);

    // A matched one is removed when what was decided turns out to be too late.
    if (order != NULL && !order->is_matched && !order->is_triggering)
        order_book_remove(matcher->book, order_id);
}

static void handle_events(struct matcher *matcher, struct event *events)
{
    struct event *next = NULL;

    for (struct event *event = events; event != NULL; event = next) {
        next = event->next;
        if (event->is_order)
            take_order(matcher, &event->order);
        else if (event->is_removal)
            remove_order(matcher, event->order.id);
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
        catch_up_late(matcher);
        expire(matcher);
        execute_all(matcher);
        save_progress(matcher);
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
