// SPDX-License-Identifier: MIT
#include "matcher/matcher.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "execution/execution.h"
#include "limits/limit_registry.h"
#include "matcher/inbox.h"
#include "matcher/watch.h"
#include "service/log.h"
#include "shards/shard_lease.h"
#include "store/trading_store.h"

enum {
    ARENA_BUDGET = 32 * 1024 * 1024,
    LOAD_PAGE = 1000,
    TICK_MS = 250,
    RETRY_MS = 1000,
    WANT_EVERY_MS = 20 * 1000, // market forgets what nobody has wanted for a minute
    ARRIVALS_EVERY_MS = 500,
    ARRIVALS_PAGE = 1000,
    ALL_EVERY_MS = 5 * 60 * 1000,
};

struct matcher {
    struct trading *trading;
    pthread_t thread;
    bool is_started;
    struct inbox *inbox;
    atomic_size_t booked; // orders in the book
    // The latest platform time that market has told of; 0 before the first. The running clock of
    // this program is ahead of it while market is silent, and what will be quoted in between is not
    // known yet.
    _Atomic int64_t heard;
    // Up to when the book has seen the quotes, with nothing left to be executed.
    _Atomic int64_t looked_at;
    atomic_bool arrivals_are_due;
    atomic_uint_fast64_t quotes_taken; // for the metrics
    atomic_uint_fast64_t triggers;

    // Of the thread alone.
    struct watch *watch;
    struct arena *arena;
    struct execution *execution;
    int64_t load_all_at; // monotonic ms, as these
    int64_t load_shards_at;
    int64_t arrivals_at;
    int64_t want_at;
    int64_t arrived_at; // platform time: what came to rest before is in the book
    bool has_heard;     // of market
};

struct matcher *matcher_new(struct trading *trading)
{
    struct matcher *matcher = allocate(sizeof(*matcher));

    matcher->trading = trading;
    matcher->inbox = inbox_new();
    matcher->watch = watch_new(trading);
    matcher->arena = arena_new(ARENA_BUDGET);
    return matcher;
}

// Orders in the book and on the way to it. The order of the two matters: what leaves the inbox is
// in the book before.
static size_t count_all(struct matcher *matcher)
{
    size_t coming = inbox_count_orders(matcher->inbox);

    return coming + atomic_load(&matcher->booked);
}

void matcher_quotes_changed(void *context,
                            const struct quote *quotes,
                            size_t count,
                            const struct platform_clock *clock,
                            bool gap)
{
    struct matcher *matcher = context;
    struct inbox_event *event = NULL;

    atomic_store(&matcher->heard, clock->now);
    event = allocate(sizeof(*event));
    // An order that comes to rest later asks for what it has missed; one that is being read from
    // the database at this moment is noticed when the event is taken.
    event->leaves_out = count > 0 && count_all(matcher) == 0;
    if (event->leaves_out)
        count = 0;
    event->count = count;
    event->clock = *clock;
    event->gap = gap;
    if (count > 0) {
        event->quotes = allocate_array(count, sizeof(*quotes));
        memcpy(event->quotes, quotes, count * sizeof(*quotes));
    }
    inbox_put(matcher->inbox, event, 1);
}

void matcher_add_all(struct matcher *matcher, const struct order *const *orders, size_t count)
{
    struct inbox_event *events = NULL;
    size_t taken = 0;

    // A test of what comes before has no matcher.
    for (size_t i = 0; i < count && matcher != NULL; i++) {
        struct inbox_event *event = NULL;

        // Whoever takes the shard reads the order.
        if (shard_lease_claim_of(matcher->trading->shards, orders[i]->ticker).epoch == 0)
            continue;
        event = allocate(sizeof(*event));
        event->next = events;
        event->is_order = true;
        event->order = *orders[i];
        event->order.client_order_id = NULL; // borrowed, and of no use here
        event->order.reason_details = NULL;
        events = event;
        taken++;
    }
    if (taken > 0)
        inbox_put(matcher->inbox, events, taken);
}

void matcher_add(struct matcher *matcher, const struct order *order)
{
    matcher_add_all(matcher, &order, 1);
}

void matcher_remove(struct matcher *matcher, const char *order_id)
{
    struct inbox_event *event = NULL;

    if (matcher == NULL)
        return;
    event = allocate(sizeof(*event));
    event->is_removal = true;
    memcpy(event->order.id, order_id, UUID_SIZE);
    // One that does not fit is found to be gone when all orders are loaded the next time.
    inbox_put(matcher->inbox, event, 1);
}

void matcher_load_again(struct matcher *matcher)
{
    if (matcher != NULL)
        inbox_miss_orders(matcher->inbox);
}

void matcher_shards_changed(void *context)
{
    struct matcher *matcher = context;

    inbox_wake(matcher->inbox);
}

bool matcher_has(struct matcher *matcher, const char *ticker)
{
    return watch_claim_of(matcher->watch, ticker).epoch != 0;
}

void matcher_look_for_arrivals(struct matcher *matcher, const char *ticker)
{
    // What is read when a shard is taken has them all.
    if (!matcher_has(matcher, ticker))
        return;
    atomic_store(&matcher->arrivals_are_due, true);
    inbox_wake(matcher->inbox);
}

void matcher_forget(struct matcher *matcher, const char *ticker, const char *order_id)
{
    if (matcher_has(matcher, ticker))
        matcher_remove(matcher, order_id);
}

int64_t matcher_looked_at(struct matcher *matcher)
{
    return atomic_load(&matcher->looked_at);
}

struct matcher_numbers matcher_count(struct matcher *matcher)
{
    return (struct matcher_numbers){
        .resting = count_all(matcher),
        .quotes = atomic_load(&matcher->quotes_taken),
        .triggers = atomic_load(&matcher->triggers),
    };
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

static void want_price(void *context, struct lane *lane)
{
    struct matcher *matcher = context;

    quotes_want(matcher->trading->quotes, lane->ticker);
}

// A market of live prices fetches those that are wanted, and an order that rests looks at none.
static void want_prices(struct matcher *matcher)
{
    if (now_ms() < matcher->want_at)
        return;
    matcher->want_at = now_ms() + WANT_EVERY_MS;
    order_book_each_lane(matcher->watch->book, want_price, matcher);
}

static void count_booked(struct matcher *matcher)
{
    atomic_store(&matcher->booked, order_book_count(matcher->watch->book));
}

static const struct match *find_match(const struct match *matches, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(matches[i].order_id, id) == 0)
            return &matches[i];
    }
    return NULL;
}

static struct order *find_order(struct order *orders, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(orders[i].id, id) == 0)
            return &orders[i];
    }
    return NULL;
}

// A triggered order waits on, and so does one of which a part was filled, once that is booked; all
// others leave the book, those too that somebody else has ended.
static void end_match(struct matcher *matcher,
                      const struct match *match,
                      const struct execution_item *items,
                      size_t item_count)
{
    struct resting *order = order_book_find(matcher->watch->book, match->order_id);

    for (size_t i = 0; i < item_count && match->intent == EXECUTE_TRIGGER; i++) {
        if (items[i].is_saved && strcmp(items[i].order->id, match->order_id) == 0) {
            if (order != NULL)
                order->is_triggering = false;
            return;
        }
    }
    order_book_remove(matcher->watch->book, match->order_id);
    for (size_t i = 0; i < item_count; i++) {
        if (strcmp(items[i].order->id, match->order_id) == 0 && !items[i].is_lost &&
            order_rests(items[i].order) && order_is_booked(items[i].order))
            watch_take_order(matcher->watch, items[i].order);
    }
}

// Of an order that is filled plainly the book does not know how much it is.
static struct fill_offer offer_of(const struct match *match, const struct order *order)
{
    struct fill_offer offer = match->offer;

    if (offer.quantity == 0 || offer.quantity > order_remaining(order))
        offer.quantity = order_remaining(order);
    return offer;
}

// What is reached while trading is halted leaves the book; when trading goes on it is taken up
// again.
static bool is_halted(struct matcher *matcher, const struct order *order)
{
    struct error error;

    return limit_registry_is_halted(matcher->trading->limit_registry, order->portfolio_id,
                                    order->user_id, &error);
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
    bool is_any_lost = false;
    struct error error;
    struct error missed;

    error_set(&missed, REASON_NOT_FILLED_AT_ONCE,
              "It could not be filled at once within the order's prices.");
    arena_reset(matcher->arena);
    for (size_t i = 0; i < count; i++)
        ids[i] = matches[i].order_id;
    if (!store_load_orders(matcher->trading->database, matcher->arena, ids, count, &orders,
                           &order_count, &error)) {
        memcpy(kept, matches, count * sizeof(*matches));
        return count;
    }
    // In the order of the matches: of two exits of a group the first one is filled.
    for (size_t i = 0; i < count; i++) {
        const struct match *match = &matches[i];
        struct order *order = find_order(orders, order_count, match->order_id);
        struct shard_claim claim = {0};

        // One with a part that is not booked is with whoever books it.
        if (order == NULL || !order_rests(order) || !order_is_booked(order))
            continue;
        claim = watch_claim_of(matcher->watch, order->ticker);
        if (claim.epoch == 0 || (match->intent != EXECUTE_EXPIRE && is_halted(matcher, order)))
            continue;
        items[item_count++] = (struct execution_item){
            .order = order,
            .intent = match->intent,
            .offer = offer_of(match, order),
            .quote_at = match->quote_at,
            .at = match->at,
            .high_water = match->high_water,
            .stop_price = match->stop_price,
            .triggered_at = match->triggered_at,
            .looked_at = match->looked_at,
            .volume_seen = match->volume_seen,
            .cancel_reason = match->is_missed ? &missed : NULL,
            .attempts = 1,
            .claim = claim,
        };
    }
    atomic_fetch_add_explicit(&matcher->triggers, item_count, memory_order_relaxed);
    execution_run(matcher->execution, items, item_count);
    for (size_t i = 0; i < item_count; i++) {
        is_any_lost = is_any_lost || items[i].is_lost;
        // An exit may wait for a part of the other one to be booked; if it has lost to more than
        // that, the next look finds that it rests no longer.
        if (!items[i].is_saved && (!items[i].is_lost || order_is_exit(items[i].order)))
            kept[kept_count++] = *find_match(matches, count, items[i].order->id);
    }
    for (size_t i = 0; i < count; i++) {
        if (find_match(kept, kept_count, matches[i].order_id) == NULL)
            end_match(matcher, &matches[i], items, item_count);
    }
    // Somebody else was faster: by a cancel, or because the shard is his.
    if (is_any_lost)
        shard_lease_look(matcher->trading->shards);
    return kept_count;
}

static void execute_all(struct matcher *matcher)
{
    size_t kept_count = 0;
    size_t done = 0;

    if (matcher->watch->match_count == 0 || now_ms() < matcher->watch->retry_at)
        return;
    while (done < matcher->watch->match_count) {
        // While these are executed, orders that rest on may bring further matches.
        struct match batch[EXECUTION_MAX];
        struct match kept[EXECUTION_MAX];
        size_t count = matcher->watch->match_count - done;
        size_t again = 0;

        if (count > EXECUTION_MAX)
            count = EXECUTION_MAX;
        memcpy(batch, &matcher->watch->matches[done], count * sizeof(*batch));
        again = execute(matcher, batch, count, kept);
        memcpy(&matcher->watch->matches[kept_count], kept, again * sizeof(*kept));
        kept_count += again;
        done += count;
    }
    matcher->watch->match_count = kept_count;
    if (kept_count > 0)
        matcher->watch->retry_at = now_ms() + RETRY_MS;
}

// Nothing may be filled before it is known where trading is halted.
static bool knows_halts(struct matcher *matcher)
{
    struct limit_registry *registry = matcher->trading->limit_registry;
    struct error error;

    return limit_registry_revision(registry) >= 0 ||
           limit_registry_follow(registry, matcher->trading->database, &error);
}

// Takes an order that rests. It is not shown what was quoted while trading was halted.
static void take_loaded(struct matcher *matcher, struct order *order)
{
    int64_t blind_until =
        limit_registry_blind_until(matcher->trading->limit_registry, order->portfolio_id,
                                   order->user_id, atomic_load(&matcher->heard));

    if (order->looked_at < blind_until)
        order->looked_at = blind_until;
    watch_take_loaded(matcher->watch, order);
}

// Loads the orders that rest in a shard. False when the database could not be asked.
static bool load(struct matcher *matcher, int shard)
{
    char after[UUID_SIZE] = "00000000-0000-0000-0000-000000000000";
    size_t count = 0;

    if (!knows_halts(matcher))
        return false;
    do {
        struct order *orders = NULL;
        struct error error;

        arena_reset(matcher->arena);
        if (!store_load_resting(matcher->trading->database, matcher->arena, shard, after, LOAD_PAGE,
                                &orders, &count, &error))
            return false;
        for (size_t i = 0; i < count; i++) {
            // One with a part that is not booked is with whoever books it.
            if (order_rests(&orders[i]) && order_is_booked(&orders[i]))
                take_loaded(matcher, &orders[i]);
            memcpy(after, orders[i].id, UUID_SIZE);
        }
    } while (count == LOAD_PAGE);
    return true;
}

// Lets the orders of shards go that are lost, and takes in those of the new ones. One that was lost
// and has come back since, in another epoch, is both.
static void take_shards(struct matcher *matcher)
{
    struct watch *watch = matcher->watch;
    bool is_lost[SHARD_COUNT] = {false};
    bool is_any_lost = false;
    int64_t epochs[SHARD_COUNT];
    int64_t heard = 0;

    // From now on shards are taken, so they are at once.
    if (!matcher->has_heard && heard_time(matcher, &heard)) {
        matcher->has_heard = true;
        shard_lease_look(matcher->trading->shards);
    }
    for (int shard = 0; shard < SHARD_COUNT; shard++) {
        epochs[shard] = shard_lease_claim(matcher->trading->shards, shard).epoch;
        is_lost[shard] = watch_claim(watch, shard).epoch != 0 &&
                         watch_claim(watch, shard).epoch != epochs[shard];
        is_any_lost = is_any_lost || is_lost[shard];
    }
    if (is_any_lost)
        watch_drop_shards(watch, is_lost);
    for (int shard = 0; shard < SHARD_COUNT && now_ms() >= matcher->load_shards_at; shard++) {
        if (epochs[shard] == 0 || watch_claim(watch, shard).epoch != 0)
            continue;
        // Its orders may have missed what the others have seen.
        atomic_store(&matcher->looked_at, 0);
        if (load(matcher, shard))
            watch_add_shard(watch, shard, epochs[shard]);
        else
            matcher->load_shards_at = now_ms() + RETRY_MS;
    }
    count_booked(matcher);
}

// Of a group one exit may have been read and the other one not: what they have missed is looked at
// once all are there.
static void wait_for_all(struct matcher *matcher)
{
    matcher->load_all_at = matcher->watch->retry_at = now_ms() + RETRY_MS;
}

static void load_what_is_due(struct matcher *matcher, bool missed_orders)
{
    struct watch *watch = matcher->watch;
    int64_t now = now_ms();

    if (!missed_orders && now < matcher->load_all_at)
        return;
    watch->round++;
    for (int shard = 0; shard < SHARD_COUNT; shard++) {
        if (watch_claim(watch, shard).epoch != 0 && !load(matcher, shard)) {
            wait_for_all(matcher);
            return;
        }
    }
    matcher->load_all_at = now + ALL_EVERY_MS;
    // What others have ended meanwhile.
    order_book_sweep(watch->book, watch->round);
}

// Takes a page of the orders that others have let rest in the shards of this book. False when the
// database could not be asked; what was taken by then is among those that rest.
static bool take_arrivals_page(struct matcher *matcher,
                               const struct shard_claim *claims,
                               size_t claim_count,
                               size_t *out_count)
{
    struct database *database = matcher->trading->database;
    const char **ids = NULL;
    struct order *orders = NULL;
    size_t count = 0;
    bool has = false;
    struct error error;

    *out_count = 0;
    arena_reset(matcher->arena);
    if (!shard_store_has_arrivals(database, matcher->arena, claims, claim_count, &has, &error))
        return false;
    if (!has)
        return true;
    if (!shard_store_take_arrivals(database, matcher->arena, claims, claim_count, ARRIVALS_PAGE,
                                   &ids, out_count, &error) ||
        !store_load_orders(database, matcher->arena, ids, *out_count, &orders, &count, &error)) {
        matcher->load_all_at = 0;
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        // A shard that was lost a moment ago is the next one's to read.
        if (order_rests(&orders[i]) && order_is_booked(&orders[i]) &&
            matcher_has(matcher, orders[i].ticker))
            take_loaded(matcher, &orders[i]);
    }
    return true;
}

static void take_arrivals(struct matcher *matcher)
{
    struct shard_claim claims[SHARD_COUNT];
    size_t claim_count = 0;
    size_t count = 0;
    int64_t heard = 0;
    bool is_due = atomic_exchange(&matcher->arrivals_are_due, false);

    if ((!is_due && now_ms() < matcher->arrivals_at) || !heard_time(matcher, &heard))
        return;
    matcher->arrivals_at = now_ms() + ARRIVALS_EVERY_MS;
    for (int shard = 0; shard < SHARD_COUNT; shard++)
        if (watch_claim(matcher->watch, shard).epoch != 0)
            claims[claim_count++] = watch_claim(matcher->watch, shard);
    if (claim_count == 0)
        return;
    do {
        if (!take_arrivals_page(matcher, claims, claim_count, &count))
            return;
    } while (count == ARRIVALS_PAGE);
    matcher->arrived_at = heard;
    count_booked(matcher);
}

static void take_quotes(struct matcher *matcher, const struct inbox_event *event)
{
    bool gap = event->gap || (event->leaves_out && order_book_count(matcher->watch->book) > 0);

    atomic_fetch_add_explicit(&matcher->quotes_taken, event->count, memory_order_relaxed);
    watch_take_quotes(matcher->watch, event->quotes, event->count, &event->clock, gap);
}

static void handle_events(struct matcher *matcher, struct inbox_event *events)
{
    struct inbox_event *next = NULL;

    for (struct inbox_event *event = events; event != NULL; event = next) {
        next = event->next;
        if (event->is_order) {
            // The next owner of a shard that was lost meanwhile reads it.
            if (matcher_has(matcher, event->order.ticker))
                watch_take_order(matcher->watch, &event->order);
        } else if (event->is_removal)
            watch_remove_order(matcher->watch, event->order.id);
        else
            take_quotes(matcher, event);
        inbox_event_free(event);
    }
    count_booked(matcher);
    inbox_settle(matcher->inbox);
}

static void note_looked_at(struct matcher *matcher)
{
    const struct watch *watch = matcher->watch;
    int64_t at = watch->looked_at < matcher->arrived_at ? watch->looked_at : matcher->arrived_at;

    // What was executed may have made other orders active.
    if (!watch->is_behind && !watch->has_late && watch->match_count == 0 &&
        !inbox_has_orders(matcher->inbox))
        atomic_store(&matcher->looked_at, at);
}

static void *run(void *context)
{
    struct matcher *matcher = context;

    while (!inbox_is_stopped(matcher->inbox)) {
        int64_t heard = 0;
        struct inbox_missed missed;
        struct inbox_event *events =
            inbox_take(matcher->inbox, matcher->watch->is_interrupted ? 0 : TICK_MS, &missed);

        take_shards(matcher);
        load_what_is_due(matcher, missed.orders);
        take_arrivals(matcher);
        if (missed.quotes)
            matcher->watch->is_behind = true;
        if (matcher->watch->is_behind && now_ms() >= matcher->watch->retry_at &&
            heard_time(matcher, &heard))
            watch_catch_up(matcher->watch, heard);
        handle_events(matcher, events);
        watch_catch_up_late(matcher->watch);
        watch_expire(matcher->watch);
        execute_all(matcher);
        note_looked_at(matcher);
        watch_save_progress(matcher->watch);
        want_prices(matcher);
        count_booked(matcher);
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
    inbox_stop(matcher->inbox);
    if (matcher->is_started)
        pthread_join(matcher->thread, NULL);
    matcher->is_started = false;
}

void matcher_free(struct matcher **matcher)
{
    if (*matcher == NULL)
        return;
    matcher_stop(*matcher);
    inbox_free(&(*matcher)->inbox);
    watch_free(&(*matcher)->watch);
    execution_free(&(*matcher)->execution);
    arena_free(&(*matcher)->arena);
    release(*matcher);
    *matcher = NULL;
}
