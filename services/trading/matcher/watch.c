// SPDX-License-Identifier: MIT
#include "matcher/watch.h"

#include <stdio.h>
#include <string.h>

#include "fills/fill.h"
#include "service/log.h"
#include "store/trading_store.h"

enum {
    ARENA_BUDGET = 32 * 1024 * 1024,
    HISTORY_TIMEOUT_MS = 3000,
    RETRY_MS = 1000,
    SAVE_EVERY_MS = 1000,
    SAVE_MAX = 256,    // orders at a time
    LATE_MS_MAX = 100, // of looking back for late orders, while quotes wait for the others
};

// The simulated market is quoted each second; what a clock that leaps further passes over is not
// published, and has to be asked for.
#define LEAP (INT64_C(5) * MICROS_PER_SECOND)
#define SIMULATED "simulated"

// How far a process that starts may have to look back for an order that lasts.
#define LASTING_EVERY (INT64_C(3600) * MICROS_PER_SECOND)

static int64_t now_ms(void)
{
    return clock_monotonic_us() / MICROS_PER_MS;
}

struct watch *watch_new(struct trading *trading)
{
    struct watch *watch = allocate(sizeof(*watch));

    watch->trading = trading;
    watch->book = order_book_new();
    watch->arena = arena_new(ARENA_BUDGET);
    return watch;
}

void watch_free(struct watch **watch)
{
    if (*watch == NULL)
        return;
    order_book_free(&(*watch)->book);
    arena_free(&(*watch)->arena);
    release((*watch)->matches);
    release(*watch);
    *watch = NULL;
}

struct shard_claim watch_claim(struct watch *watch, int shard)
{
    return (struct shard_claim){.shard = shard, .epoch = atomic_load(&watch->epochs[shard])};
}

struct shard_claim watch_claim_of(struct watch *watch, const char *ticker)
{
    return watch_claim(watch, shard_of(ticker));
}

void watch_add_shard(struct watch *watch, int shard, int64_t epoch)
{
    atomic_store(&watch->epochs[shard], epoch);
}

// What has been decided and not been executed comes to nothing by itself.
void watch_drop_shards(struct watch *watch, const bool is_lost[SHARD_COUNT])
{
    for (int shard = 0; shard < SHARD_COUNT; shard++)
        if (is_lost[shard])
            atomic_store(&watch->epochs[shard], 0);
    order_book_remove_shards(watch->book, is_lost);
}

static void add_match(struct watch *watch, const struct match *match)
{
    if (watch->match_count == watch->match_capacity) {
        watch->match_capacity = watch->match_capacity == 0 ? 64 : 2 * watch->match_capacity;
        watch->matches =
            reallocate_array(watch->matches, watch->match_capacity, sizeof(*watch->matches));
    }
    watch->matches[watch->match_count++] = *match;
}

// Of two exits of a group one is filled, whichever is first in the list: the one whose quote was
// first, and the stop of two that the same quote reaches.
static bool is_before(const struct match *one, const struct match *other)
{
    if (one->at != other->at || one->quote_at != other->quote_at)
        return one->at < other->at || (one->at == other->at && one->quote_at < other->quote_at);
    return one->is_stop && !other->is_stop;
}

// Puts the match in that place where it belongs beside another one of its group.
static void put_in_order(struct watch *watch, size_t place)
{
    struct match match = watch->matches[place];

    for (size_t i = 0; i < watch->match_count && match.group != 0; i++) {
        struct match other = watch->matches[i];

        if (i == place || other.group != match.group || match.intent != EXECUTE_FILL ||
            other.intent != EXECUTE_FILL ||
            (i < place ? !is_before(&match, &other) : !is_before(&other, &match)))
            continue;
        watch->matches[i] = match;
        watch->matches[place] = other;
        return;
    }
}

// An order is in the list once: one that was triggered a moment ago and is filled now is filled.
static void put_match(struct watch *watch, struct resting *order, const struct match *match)
{
    for (size_t i = 0; order->is_triggering && i < watch->match_count; i++) {
        if (strcmp(watch->matches[i].order_id, order->id) == 0) {
            watch->matches[i] = *match;
            put_in_order(watch, i);
            return;
        }
    }
    add_match(watch, match);
    put_in_order(watch, watch->match_count - 1);
}

static enum execution_intent intent_of(enum fill_action action)
{
    switch (action) {
    case FILL_PART:
    case FILL_WHOLE:
        return EXECUTE_FILL;
    case FILL_MISS:
        return EXECUTE_CANCEL;
    case FILL_NOTHING:
    case FILL_TRIGGER:
        break;
    }
    return EXECUTE_TRIGGER;
}

static void matched(void *context,
                    struct resting *order,
                    enum fill_action action,
                    const struct fill_offer *offer,
                    const struct fill_moment *moment)
{
    struct watch *watch = context;
    struct match match = {.intent = intent_of(action),
                          .group = order->group,
                          .is_stop = order->stop_price > 0,
                          .is_missed = action == FILL_MISS,
                          .offer = *offer,
                          .quote_at = moment->quoted_at,
                          .at = moment->at,
                          .high_water = order->high_water,
                          .stop_price = order->stop_price,
                          .triggered_at = order->triggered_at,
                          .looked_at = moment->quoted_at};

    // The bar has been seen to its end.
    if (order_book_goes_by_bars(order) && order->looked_at > match.looked_at)
        match.looked_at = order->looked_at;
    if (order->terms != NULL)
        match.volume_seen = order->terms->volume_seen;
    else
        match.offer.quantity = 0;
    memcpy(match.order_id, order->id, UUID_SIZE);
    put_match(watch, order, &match);
    order->is_triggering = action == FILL_TRIGGER;
}

// Shows all orders of a ticker the quote of this moment. One that is younger than what has been
// looked at is on its way here, maybe behind others: it comes in its turn.
static void show_latest(struct watch *watch, struct lane *lane)
{
    const struct order_book_watcher watcher = {matched, watch};
    struct platform_clock clock;
    struct fill_moment moment;
    struct quote quote;

    if (quotes_clock(watch->trading->quotes, &clock) &&
        quotes_get(watch->trading->quotes, lane->ticker, &quote) &&
        quote.quoted_at <= watch->looked_at && fill_moment_now(&quote, &clock, &moment))
        order_book_show(watch->book, lane, &quote, &moment, &watcher);
}

static struct quote past_quote(const char *ticker, const Market__Quote *message)
{
    struct quote quote = {
        .price_micros = message->price_micros,
        .bid_micros = message->bid_micros,
        .ask_micros = message->ask_micros,
        .volume = message->volume,
        .quoted_at = message->quoted_at,
    };

    snprintf(quote.source, sizeof(quote.source), "%s",
             message->source == NULL ? "" : message->source);
    snprintf(quote.ticker, sizeof(quote.ticker), "%s", ticker);
    return quote;
}

// A ticker's quotes since its orders were last looked at.
struct catching_up {
    struct watch *watch;
    int64_t until;
    int64_t ends_at; // monotonic ms, of looking for late orders
    bool failed;
    bool has_more;
};

bool watch_ask_history(struct trading *trading,
                       struct arena *arena,
                       const struct watch_question *question,
                       Market__ListQuoteHistoryResponse **out_response)
{
    Market__ListQuoteHistoryRequest request = MARKET__LIST_QUOTE_HISTORY_REQUEST__INIT;
    struct call call = call_start(arena, HISTORY_TIMEOUT_MS);
    struct error error;

    request.ticker = question->ticker;
    request.has_after = true;
    request.after = question->after;
    request.has_until = true;
    request.until = question->until;
    request.has_limit = true;
    request.limit = WATCH_HISTORY_PAGE;
    if (market_client_list_quote_history(trading->market_client, &call, &request, out_response,
                                         &error))
        return true;
    log_write(LOG_WARNING, "quote_history_missing", "ticker", question->ticker, "reason",
              error.reason, NULL);
    return false;
}

// Shows the quotes of that time to the late orders of a ticker, or to those on its shelves.
static bool
show_past(struct watch *watch, struct lane *lane, bool to_late, int64_t after, int64_t until)
{
    const struct order_book_watcher watcher = {matched, watch};
    Market__ListQuoteHistoryResponse *response = NULL;

    if (after >= until)
        return true;
    do {
        struct watch_question question = {lane->ticker, after, until};

        arena_reset(watch->arena);
        if (!watch_ask_history(watch->trading, watch->arena, &question, &response))
            return false;
        for (size_t i = 0; i < response->n_quotes; i++) {
            struct quote quote = past_quote(lane->ticker, response->quotes[i]);
            struct fill_moment moment = fill_moment_past(&quote);

            if (to_late)
                order_book_look_back(lane, &quote, &moment, &watcher);
            else
                order_book_show(watch->book, lane, &quote, &moment, &watcher);
            after = quote.quoted_at;
        }
    } while (response->n_quotes == WATCH_HISTORY_PAGE);
    return true;
}

static int64_t bar_length(struct watch *watch, const struct lane *lane)
{
    struct quote quote = {0};

    // Without a quote there is nothing to look back at.
    (void)!quotes_get(watch->trading->quotes, lane->ticker, &quote);
    return fill_bar_length(quote.source);
}

// Brings all orders of a ticker to have seen the quotes up to `until`.
static bool catch_up_lane(struct watch *watch, struct lane *lane, int64_t until)
{
    int64_t shown = lane->looked_at > watch->looked_at ? lane->looked_at : watch->looked_at;

    // Before the first look nothing is on the shelves.
    if (shown == 0)
        shown = until;
    if (!show_past(watch, lane, true, order_book_late_since(lane, bar_length(watch, lane)), shown))
        return false;
    order_book_settle(watch->book, lane);
    if (!show_past(watch, lane, false, shown, until))
        return false;
    lane->looked_at = shown > until ? shown : until;
    return true;
}

static void catch_up_visited(void *context, struct lane *lane)
{
    struct catching_up *run = context;

    run->failed = run->failed || !catch_up_lane(run->watch, lane, run->until);
}

static void show_latest_visited(void *context, struct lane *lane)
{
    show_latest(context, lane);
}

void watch_catch_up(struct watch *watch, int64_t until)
{
    struct catching_up run = {.watch = watch, .until = until};

    order_book_each_lane(watch->book, catch_up_visited, &run);
    watch->is_behind = run.failed;
    if (run.failed) {
        watch->retry_at = now_ms() + RETRY_MS;
        return;
    }
    watch->has_late = false;
    if (watch->looked_at < until)
        watch->looked_at = until;
    order_book_each_lane(watch->book, show_latest_visited, watch);
}

static void catch_up_late_visited(void *context, struct lane *lane)
{
    struct catching_up *run = context;

    if (run->failed || lane->late == NULL)
        return;
    if (now_ms() >= run->ends_at) {
        run->has_more = true;
        return;
    }
    run->failed = !catch_up_lane(run->watch, lane, run->until);
    if (!run->failed)
        show_latest(run->watch, lane);
}

void watch_catch_up_late(struct watch *watch)
{
    struct catching_up run = {
        .watch = watch, .until = watch->looked_at, .ends_at = now_ms() + LATE_MS_MAX};

    watch->is_interrupted = false;
    if (!watch->has_late || watch->is_behind || now_ms() < watch->retry_at)
        return;
    order_book_each_lane(watch->book, catch_up_late_visited, &run);
    watch->has_late = run.failed || run.has_more;
    watch->is_interrupted = run.has_more && !run.failed;
    if (run.failed)
        watch->retry_at = now_ms() + RETRY_MS;
}

void watch_take_order(struct watch *watch, const struct order *order)
{
    const struct order_book_watcher watcher = {matched, watch};
    struct resting *resting = NULL;
    struct platform_clock clock;
    struct fill_moment moment;
    struct quote quote;
    bool has_quote = quotes_get(watch->trading->quotes, order->ticker, &quote);
    // A quote younger than what the order has seen need not be the first one since. An exit that
    // has become active has seen those before the one that its entry was filled at.
    int64_t since = order->created_at > order->looked_at ? order->created_at : order->looked_at;
    bool is_late =
        watch->is_behind || watch->looked_at == 0 ||
        (has_quote && quote.quoted_at > (order_is_exit(order) ? order->looked_at + 1 : since));

    if (order_book_find(watch->book, order->id) != NULL)
        return;
    resting = order_book_add(watch->book, order, is_late);
    resting->seen = watch->round;
    watch->is_behind = watch->is_behind || watch->looked_at == 0;
    watch->has_late = watch->has_late || is_late;
    if (!is_late && has_quote && quotes_clock(watch->trading->quotes, &clock) &&
        fill_moment_now(&quote, &clock, &moment))
        order_book_show_one(watch->book, resting, &quote, &moment, &watcher);
}

static void catch_up_simulated(void *context, struct lane *lane)
{
    struct catching_up *run = context;
    struct quote quote;

    if (!run->failed && quotes_get(run->watch->trading->quotes, lane->ticker, &quote) &&
        strcmp(quote.source, SIMULATED) == 0)
        run->failed = !catch_up_lane(run->watch, lane, run->until);
}

// Looks at what a clock that has leapt has passed over without publishing it.
static void leap(struct watch *watch, int64_t until)
{
    struct catching_up run = {.watch = watch, .until = until};

    order_book_each_lane(watch->book, catch_up_simulated, &run);
    watch->is_behind = run.failed;
    if (run.failed)
        watch->retry_at = now_ms() + RETRY_MS;
}

static void show_quotes(struct watch *watch,
                        const struct quote *quotes,
                        size_t count,
                        const struct platform_clock *clock)
{
    const struct order_book_watcher watcher = {matched, watch};

    for (size_t i = 0; i < count; i++) {
        struct lane *lane = order_book_lane(watch->book, quotes[i].ticker);
        struct fill_moment moment;

        if (lane != NULL && lane->count > 0 && fill_moment_now(&quotes[i], clock, &moment))
            order_book_show(watch->book, lane, &quotes[i], &moment, &watcher);
    }
}

void watch_take_quotes(struct watch *watch,
                       const struct quote *quotes,
                       size_t count,
                       const struct platform_clock *heard,
                       bool gap)
{
    const struct order_book_watcher watcher = {matched, watch};
    struct platform_clock clock = *heard;

    if (gap)
        watch_catch_up(watch, heard->now);
    // What has been asked for meanwhile is not looked at again.
    if (watch->is_behind || heard->now < watch->looked_at)
        return;
    if (watch->looked_at > 0 && heard->now - watch->looked_at > LEAP)
        leap(watch, heard->now);
    if (watch->is_behind)
        return;
    // On real time a quote is as good as it is now; on a clock that jumps, as it was then.
    if (clock.mode != MARKET__CLOCK_MODE__CLOCK_MODE_REAL ||
        quotes_clock(watch->trading->quotes, &clock))
        show_quotes(watch, quotes, count, &clock);
    watch->looked_at = heard->now;
    order_book_end_bars(watch->book, heard, &watcher);
    watch->bars_ended_at = heard->now;
}

void watch_expire(struct watch *watch)
{
    struct resting *order = NULL;

    while (!watch->is_behind && !watch->has_late &&
           (order = order_book_take_expired(watch->book, watch->looked_at, watch->bars_ended_at)) !=
               NULL) {
        struct match match = {.intent = EXECUTE_EXPIRE, .group = order->group};

        memcpy(match.order_id, order->id, UUID_SIZE);
        put_match(watch, order, &match);
    }
}

// What is to be written of the orders' progress, and in whose name.
struct saving {
    struct resting *orders[SAVE_MAX];
    struct store_progress progress[SAVE_MAX];
    struct shard_claim claims[SHARD_COUNT];
    size_t claim_count;
    size_t count;
};

static void list_claims(struct watch *watch, struct saving *saving)
{
    bool is_listed[SHARD_COUNT] = {false};

    saving->claim_count = 0;
    for (size_t i = 0; i < saving->count; i++) {
        int shard = saving->orders[i]->lane->shard;

        if (!is_listed[shard])
            saving->claims[saving->claim_count++] = watch_claim(watch, shard);
        is_listed[shard] = true;
    }
}

static bool save_work(struct transaction *transaction, void *context, struct error *error)
{
    const struct saving *saving = context;
    struct store_progress progress[SAVE_MAX];
    bool good[SHARD_COUNT];
    bool is_good[SHARD_COUNT] = {false};
    size_t count = 0;

    if (!shard_store_hold(transaction, saving->claims, saving->claim_count, good, error))
        return false;
    for (size_t i = 0; i < saving->claim_count; i++)
        is_good[saving->claims[i].shard] = good[i];
    // Of another one's orders he knows more.
    for (size_t i = 0; i < saving->count; i++)
        if (is_good[saving->orders[i]->lane->shard])
            progress[count++] = saving->progress[i];
    return store_save_progress(transaction, progress, count, error);
}

void watch_save_progress(struct watch *watch)
{
    struct saving saving = {0};
    struct error error;

    if (watch->is_behind || now_ms() < watch->save_at)
        return;
    watch->save_at = now_ms() + SAVE_EVERY_MS;
    saving.count = order_book_take_unsaved(watch->book, watch->looked_at, LASTING_EVERY,
                                           saving.orders, SAVE_MAX);
    for (size_t i = 0; i < saving.count; i++) {
        const struct resting *order = saving.orders[i];

        saving.progress[i] = (struct store_progress){.high_water = order->high_water,
                                                     .stop_price = order->stop_price,
                                                     .looked_at = watch->looked_at};
        if (order->terms != NULL) {
            saving.progress[i].has_volume_seen = true;
            saving.progress[i].volume_seen = order_book_volume_seen(order, watch->looked_at);
        }
        memcpy(saving.progress[i].order_id, order->id, UUID_SIZE);
    }
    if (saving.count == 0)
        return;
    list_claims(watch, &saving);
    arena_reset(watch->arena);
    if (database_transact(watch->trading->database, watch->arena, 0, save_work, &saving, &error))
        return;
    for (size_t i = 0; i < saving.count; i++)
        order_book_keep_unsaved(watch->book, saving.orders[i]);
}

void watch_take_loaded(struct watch *watch, const struct order *order)
{
    struct resting *resting = order_book_find(watch->book, order->id);

    if (resting == NULL) {
        resting = order_book_add(watch->book, order, true);
        watch->has_late = true;
        watch->is_behind = watch->is_behind || watch->looked_at == 0;
    }
    resting->seen = watch->round;
}

void watch_remove_order(struct watch *watch, const char *order_id)
{
    const struct resting *order = order_book_find(watch->book, order_id);

    // A matched one is removed when what was decided turns out to be too late.
    if (order != NULL && !order->is_matched && !order->is_triggering)
        order_book_remove(watch->book, order_id);
}
