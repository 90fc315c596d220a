// SPDX-License-Identifier: MIT
#include "matcher/order_book_private.h"

#include <stdio.h>
#include <string.h>

#include "base/checksum.h"
#include "matcher/shelves.h"

enum { BUCKETS_FIRST = 1024 };

static uint64_t hash_of(const char *string)
{
    uint64_t hash = checksum_add(CHECKSUM_START, text_of(string));

    return hash ^ (hash >> 32);
}

struct order_book *order_book_new(void)
{
    struct order_book *book = allocate(sizeof(*book));

    book->bucket_count = BUCKETS_FIRST;
    book->buckets = allocate_array(book->bucket_count, sizeof(*book->buckets));
    return book;
}

void order_book_free(struct order_book **book)
{
    if (*book == NULL)
        return;
    for (size_t i = 0; i < (*book)->bucket_count; i++) {
        struct resting *next = NULL;

        for (struct resting *order = (*book)->buckets[i]; order != NULL; order = next) {
            next = order->next_of_id;
            release(order->terms);
            release(order);
        }
    }
    for (size_t i = 0; i < TICKER_BUCKETS; i++) {
        struct lane *next = NULL;

        for (struct lane *lane = (*book)->lanes[i]; lane != NULL; lane = next) {
            next = lane->next;
            release(lane->shelves);
            release(lane);
        }
    }
    release((*book)->buckets);
    release(*book);
    *book = NULL;
}

size_t order_book_count(const struct order_book *book)
{
    return book->count;
}

static struct resting **bucket_of(const struct order_book *book, const char *order_id)
{
    return &book->buckets[hash_of(order_id) & (book->bucket_count - 1)];
}

struct resting *order_book_find(const struct order_book *book, const char *order_id)
{
    struct resting *order = *bucket_of(book, order_id);

    while (order != NULL && strcmp(order->id, order_id) != 0)
        order = order->next_of_id;
    return order;
}

static void grow(struct order_book *book)
{
    struct resting **old = book->buckets;
    size_t old_count = book->bucket_count;

    book->bucket_count *= 2;
    book->buckets = allocate_array(book->bucket_count, sizeof(*book->buckets));
    for (size_t i = 0; i < old_count; i++) {
        struct resting *next = NULL;

        for (struct resting *order = old[i]; order != NULL; order = next) {
            struct resting **bucket = bucket_of(book, order->id);

            next = order->next_of_id;
            order->next_of_id = *bucket;
            *bucket = order;
        }
    }
    release(old);
}

struct lane *order_book_lane(const struct order_book *book, const char *ticker)
{
    struct lane *lane = book->lanes[hash_of(ticker) & (TICKER_BUCKETS - 1)];

    while (lane != NULL && strcmp(lane->ticker, ticker) != 0)
        lane = lane->next;
    return lane;
}

static struct lane *make_lane(struct order_book *book, const char *ticker)
{
    struct lane **bucket = &book->lanes[hash_of(ticker) & (TICKER_BUCKETS - 1)];
    struct lane *lane = order_book_lane(book, ticker);

    if (lane != NULL)
        return lane;
    lane = allocate(sizeof(*lane));
    snprintf(lane->ticker, sizeof(lane->ticker), "%s", ticker);
    lane->shard = shard_of(ticker);
    lane->shelves = allocate(sizeof(*lane->shelves));
    lane->next = *bucket;
    *bucket = lane;
    return lane;
}

// What the rules in fill.h look at, of a resting order.
static void view_of(const struct resting *resting, struct order *out_order)
{
    static const struct order empty;

    *out_order = empty;
    out_order->side = (enum order_side)resting->side;
    out_order->type = (enum order_type)resting->type;
    out_order->time_in_force = (enum order_time_in_force)resting->time_in_force;
    out_order->extended_hours = resting->extended_hours;
    out_order->limit_price = resting->limit_price;
    out_order->stop_price = resting->stop_price;
    out_order->trail_price = resting->trail_price;
    out_order->trail_percent = resting->trail_percent;
    out_order->high_water = resting->high_water;
    out_order->starts_at = resting->starts_at;
    out_order->expires_at = resting->expires_at;
    out_order->triggered_at = resting->triggered_at;
    out_order->looked_at = resting->looked_at;
    if (resting->terms == NULL) {
        out_order->quantity = 1; // whatever it is, all of it
        return;
    }
    out_order->terms = resting->terms->terms;
    out_order->quantity = resting->terms->quantity;
    if (order_goes_by_bars(out_order))
        return;
    out_order->volume_seen = resting->terms->volume_seen;
    out_order->looked_at = resting->terms->volume_at;
}

bool order_book_goes_by_bars(const struct resting *order)
{
    return order->terms != NULL && order->terms->terms.model == FILL_MODEL_BAR &&
           order->time_in_force != ORDER_OPG && order->time_in_force != ORDER_CLS;
}

// An order on a shelf is touched by the quotes that reach it alone: what was traded with others
// before is not for it.
static void catch_up_volume(struct resting *order)
{
    if (order->terms == NULL || order->lane->volume_at <= order->terms->volume_at)
        return;
    order->terms->volume_seen = order->lane->volume;
    order->terms->volume_at = order->lane->volume_at;
}

int64_t order_book_volume_seen(const struct resting *order, int64_t looked_at)
{
    const struct resting_terms *terms = order->terms;
    const struct lane *lane = order->lane;
    bool is_older = lane->volume_at > terms->volume_at;

    if (!quotes_same_session(is_older ? lane->volume_at : terms->volume_at, looked_at))
        return 0;
    return is_older ? lane->volume : terms->volume_seen;
}

static void note_bars(struct order_book *book, struct lane *lane)
{
    if (lane->has_bars)
        return;
    lane->has_bars = true;
    lane->next_with_bars = book->with_bars;
    book->with_bars = lane;
}

static void shelve(struct order_book *book, struct resting *order)
{
    shelves_put(order, &book->next_number);
    if (order_book_goes_by_bars(order))
        note_bars(book, order->lane);
}

// Puts an order where it belongs when it comes.
static void place(struct order_book *book, struct resting *order)
{
    shelves_put_new(order, &book->next_number);
    if (!order->is_waiting && order_book_goes_by_bars(order))
        note_bars(book, order->lane);
}

// NULL for an order that is filled plainly: most are.
static struct resting_terms *terms_of(const struct order *order)
{
    struct resting_terms *terms = NULL;

    if (fill_terms_are_plain(&order->terms))
        return NULL;
    terms = allocate(sizeof(*terms));
    terms->terms = order->terms;
    terms->quantity = order_remaining(order);
    terms->volume_seen = order->volume_seen;
    terms->volume_at = order->looked_at > order->created_at ? order->looked_at : order->created_at;
    return terms;
}

struct resting *order_book_add(struct order_book *book, const struct order *order, bool is_late)
{
    struct resting *resting = order_book_find(book, order->id);
    struct resting **bucket = NULL;

    if (resting != NULL)
        return resting;
    if (book->count >= book->bucket_count)
        grow(book);
    resting = allocate(sizeof(*resting));
    memcpy(resting->id, order->id, sizeof(resting->id));
    resting->side = (unsigned char)order->side;
    resting->type = (unsigned char)order->type;
    resting->time_in_force = (unsigned char)order->time_in_force;
    resting->extended_hours = order->extended_hours;
    resting->is_exit = order_is_exit(order);
    resting->group = order->group_id[0] == '\0' ? 0 : hash_of(order->group_id);
    resting->limit_price = order->limit_price;
    resting->stop_price = order->stop_price;
    resting->trail_price = order->trail_price;
    resting->trail_percent = order->trail_percent;
    resting->high_water = order->high_water;
    resting->starts_at = order->starts_at;
    if (resting->is_exit && order->submitted_at > order->starts_at)
        resting->starts_at = order->submitted_at;
    resting->expires_at = order->expires_at;
    resting->triggered_at = order->triggered_at;
    resting->terms = terms_of(order);
    resting->looked_at = resting->saved_at =
        order->looked_at > order->created_at ? order->looked_at : order->created_at;
    bucket = bucket_of(book, order->id);
    resting->next_of_id = *bucket;
    *bucket = resting;
    order_book_list_unsaved(book, resting, false);
    resting->lane = make_lane(book, order->ticker);
    resting->lane->count++;
    heap_put(&book->expiries, &resting->expiry, resting->expires_at, book->next_number++);
    book->count++;
    resting->is_late = is_late;
    if (is_late) {
        resting->next_late = resting->lane->late;
        resting->lane->late = resting;
    } else {
        place(book, resting);
    }
    return resting;
}

static void remove_late(struct resting *order)
{
    struct resting **at = &order->lane->late;

    while (*at != order)
        at = &(*at)->next_late;
    *at = order->next_late;
}

void order_book_remove(struct order_book *book, const char *order_id)
{
    struct resting **at = bucket_of(book, order_id);
    struct resting *order = NULL;

    while (*at != NULL && strcmp((*at)->id, order_id) != 0)
        at = &(*at)->next_of_id;
    order = *at;
    if (order == NULL)
        return;
    *at = order->next_of_id;
    if (order->is_late)
        remove_late(order);
    shelves_remove(order);
    heap_remove(&book->expiries, &order->expiry);
    order_book_unlist_unsaved(book, order);
    order->lane->count--;
    release(order->terms);
    release(order);
    book->count--;
}

// What an order is shown: a quote at a moment, or a bar.
struct shown {
    const struct quote *quote;
    const struct fill_moment *moment;
    const struct fill_bar *bar; // NULL for a quote
};

// Keeps what the order has come to by being shown something.
static void take_view(struct resting *order, const struct order *view, const struct shown *shown)
{
    order->high_water = view->high_water;
    order->stop_price = view->stop_price;
    if (shown->bar != NULL) {
        int64_t end = shown->bar->start + shown->bar->length - 1;

        // One that is shown bars of before, as others of its ticker look back further, has seen
        // what it has.
        if (shown->bar->is_over && order->looked_at < end)
            order->looked_at = end;
    } else if (order->terms != NULL) {
        order->terms->volume_seen = view->volume_seen;
        if (order->terms->volume_at < shown->quote->quoted_at)
            order->terms->volume_at = shown->quote->quoted_at;
    }
}

// Shows the quote or the bar to one order that is on no shelf. True when that has changed it; then
// it is matched, or waits for something else than before.
static bool
show(struct resting *order, const struct shown *shown, const struct order_book_watcher *watcher)
{
    struct order view;
    struct fill_offer offer = {0};
    int64_t high_water = order->high_water;
    enum fill_action action = FILL_NOTHING;

    view_of(order, &view);
    action = shown->bar != NULL ? fill_bar_watch(&view, shown->bar, &offer)
                                : fill_watch(&view, shown->quote, shown->moment, &offer);
    take_view(order, &view, shown);
    if (action != FILL_NOTHING && shelves_has_stop(order))
        order->triggered_at = shown->moment->at;
    if (action != FILL_NOTHING && action != FILL_TRIGGER)
        order->is_matched = true;
    if (action != FILL_NOTHING)
        watcher->matched(watcher->context, order, action, &offer, shown->moment);
    return action != FILL_NOTHING || order->high_water != high_water;
}

// Shows the quote or the bar to an order that it has reached.
static void show_reached(struct order_book *book,
                         struct resting *order,
                         const struct shown *shown,
                         const struct order_book_watcher *watcher)
{
    int64_t high_water = order->high_water;
    bool has_changed = false;

    shelves_remove(order);
    if (shown->bar == NULL)
        catch_up_volume(order);
    has_changed = show(order, shown, watcher);
    if (order->high_water != high_water)
        order_book_list_unsaved(book, order, true);
    // All that go by bars are looked at with each, so they are put aside whatever has become of
    // them.
    if (!has_changed || (shown->bar != NULL && !order->is_matched)) {
        order->next_late = book->aside;
        book->aside = order;
        return;
    }
    order->is_waiting = false;
    if (!order->is_matched)
        shelve(book, order);
}

static struct resting *resting_of_expiry(struct heap_node *expiry)
{
    return (struct resting *)(void *)((char *)expiry - offsetof(struct resting, expiry));
}

// Orders for the first or the last quote take part from the first one on that begins then.
static void wake_timed(struct order_book *book, struct lane *lane, int64_t quoted_at)
{
    struct resting *order = NULL;

    while ((order = shelves_next_timed(lane->shelves, quoted_at)) != NULL) {
        shelves_remove(order);
        order->is_waiting = false;
        shelve(book, order);
    }
}

static void put_aside_back(struct order_book *book)
{
    struct resting *next = NULL;

    for (struct resting *order = book->aside; order != NULL; order = next) {
        next = order->next_late;
        order->next_late = NULL;
        if (order->is_waiting)
            place(book, order);
        else
            shelve(book, order);
    }
    book->aside = NULL;
}

static void show_to_waters(struct order_book *book,
                           struct lane *lane,
                           const struct shown *shown,
                           const struct order_book_watcher *watcher)
{
    struct resting *order = NULL;

    if (shown->quote->price_micros <= 0)
        return;
    while ((order = shelves_next_moved(lane->shelves, shown->quote->price_micros)) != NULL)
        show_reached(book, order, shown, watcher);
}

static struct fill_moment moment_of(const struct fill_bar *bar)
{
    struct fill_moment moment = {.is_regular = true, .is_extended = true};

    moment.at = moment.quoted_at = bar->is_over ? bar->last_at : bar->opened_at;
    return moment;
}

static void
show_bar(struct order_book *book, struct lane *lane, const struct order_book_watcher *watcher)
{
    const struct fill_moment moment = moment_of(&lane->bar);
    const struct shown shown = {.moment = &moment, .bar = &lane->bar};
    struct resting *order = NULL;

    while ((order = shelves_next_of_bars(lane->shelves)) != NULL)
        show_reached(book, order, &shown, watcher);
    put_aside_back(book);
}

static void
end_bar(struct order_book *book, struct lane *lane, const struct order_book_watcher *watcher)
{
    if (lane->bar.start == 0 || lane->bar.is_over)
        return;
    lane->bar.is_over = true;
    show_bar(book, lane, watcher);
}

// Takes a quote of a regular session into the bar, or ends it and begins the next.
static void show_to_bars(struct order_book *book,
                         struct lane *lane,
                         const struct quote *quote,
                         const struct order_book_watcher *watcher)
{
    bool begins = lane->bar.start == 0 || fill_bar_ends_with(&lane->bar, quote);

    if (quote->quoted_at < lane->bar.last_at || quote->price_micros <= 0)
        return;
    if (begins)
        end_bar(book, lane, watcher);
    fill_bar_take(&lane->bar, quote);
    if (begins)
        show_bar(book, lane, watcher);
}

void order_book_end_bars(struct order_book *book,
                         const struct platform_clock *clock,
                         const struct order_book_watcher *watcher)
{
    struct lane **at = &book->with_bars;

    while (*at != NULL) {
        struct lane *lane = *at;

        if (shelves_next_of_bars(lane->shelves) == NULL) {
            *at = lane->next_with_bars;
            lane->has_bars = false;
            continue;
        }
        if (fill_bar_has_ended(&lane->bar, clock))
            end_bar(book, lane, watcher);
        at = &lane->next_with_bars;
    }
}

void order_book_show(struct order_book *book,
                     struct lane *lane,
                     const struct quote *quote,
                     const struct fill_moment *moment,
                     const struct order_book_watcher *watcher)
{
    const struct shown shown = {.quote = quote, .moment = moment};
    int first = moment->is_regular ? SHELF_REGULAR : SHELF_EXTENDED;
    struct resting *order = NULL;

    wake_timed(book, lane, quote->quoted_at);
    if (moment->is_regular) {
        show_to_bars(book, lane, quote, watcher);
        show_to_waters(book, lane, &shown, watcher);
    }
    for (int hours = first; hours < SHELF_HOURS_COUNT; hours++)
        for (int shelf = 0; shelf < SHELF_COUNT; shelf++)
            while ((order = shelves_next_reached(lane->shelves, (enum shelf_hours)hours,
                                                 (enum shelf)shelf, quote)) != NULL)
                show_reached(book, order, &shown, watcher);
    put_aside_back(book);
    lane->volume = quote->volume;
    lane->volume_at = quote->quoted_at;
}

void order_book_show_one(struct order_book *book,
                         struct resting *order,
                         const struct quote *quote,
                         const struct fill_moment *moment,
                         const struct order_book_watcher *watcher)
{
    const struct shown shown = {.quote = quote, .moment = moment};

    if (order->is_late || order->is_matched || order_book_goes_by_bars(order))
        return;
    show_reached(book, order, &shown, watcher);
    put_aside_back(book);
}

// Shows a bar to the late orders that go by them, those with a stop first.
static void look_back_at_bar(struct lane *lane, const struct order_book_watcher *watcher)
{
    const struct fill_moment moment = moment_of(&lane->late_bar);
    const struct shown shown = {.moment = &moment, .bar = &lane->late_bar};

    for (int pass = 0; pass < 2; pass++) {
        for (struct resting *order = lane->late; order != NULL; order = order->next_late) {
            if (order_book_goes_by_bars(order) && !order->is_matched &&
                shelves_has_stop(order) == (pass == 0))
                (void)show(order, &shown, watcher);
        }
    }
}

static void look_back_by_bars(struct lane *lane,
                              const struct quote *quote,
                              const struct order_book_watcher *watcher)
{
    bool begins = lane->late_bar.start == 0 || fill_bar_ends_with(&lane->late_bar, quote);

    if (begins && lane->late_bar.start > 0) {
        lane->late_bar.is_over = true;
        look_back_at_bar(lane, watcher);
    }
    fill_bar_take(&lane->late_bar, quote);
    if (begins)
        look_back_at_bar(lane, watcher);
}

void order_book_look_back(struct lane *lane,
                          const struct quote *quote,
                          const struct fill_moment *moment,
                          const struct order_book_watcher *watcher)
{
    struct fill_moment seen = *moment;
    const struct shown shown = {.quote = quote, .moment = &seen};

    look_back_by_bars(lane, quote, watcher);
    for (struct resting *order = lane->late; order != NULL; order = order->next_late) {
        if (order->is_matched || quote->quoted_at <= order->looked_at ||
            order_book_goes_by_bars(order))
            continue;
        // The quote that the entry was filled at may have begun before that.
        seen.at = order->is_exit && moment->at < order->starts_at ? order->starts_at : moment->at;
        (void)show(order, &shown, watcher);
        order->looked_at = quote->quoted_at;
    }
}

int64_t order_book_late_since(struct lane *lane, int64_t bar_length)
{
    int64_t since = INT64_MAX;

    lane->late_bar = (struct fill_bar){0};
    for (struct resting *order = lane->late; order != NULL; order = order->next_late) {
        // Bars are seen whole.
        if (order_book_goes_by_bars(order))
            order->looked_at = fill_bar_before(order->looked_at, bar_length);
        if (!order->is_matched && order->looked_at < since)
            since = order->looked_at;
    }
    return since;
}

void order_book_settle(struct order_book *book, struct lane *lane)
{
    struct resting *next = NULL;

    for (struct resting *order = lane->late; order != NULL; order = next) {
        next = order->next_late;
        order->next_late = NULL;
        order->is_late = false;
        if (order->is_matched)
            continue;
        place(book, order);
        if (order->type == ORDER_TRAILING_STOP)
            order_book_list_unsaved(book, order, true);
    }
    lane->late = NULL;
    // The shelves go on with the bar that the late ones have seen, where they have seen less of it.
    if (lane->late_bar.start > 0 && (lane->bar.start < lane->late_bar.start ||
                                     (lane->bar.start == lane->late_bar.start &&
                                      lane->bar.opened_at > lane->late_bar.opened_at)))
        lane->bar = lane->late_bar;
}

void order_book_each_lane(const struct order_book *book,
                          void (*visit)(void *context, struct lane *lane),
                          void *context)
{
    for (size_t i = 0; i < TICKER_BUCKETS; i++) {
        for (struct lane *lane = book->lanes[i]; lane != NULL; lane = lane->next) {
            if (lane->count > 0)
                visit(context, lane);
        }
    }
}

struct resting *order_book_take_expired(struct order_book *book, int64_t now, int64_t bars_ended_at)
{
    while (book->expiries.least != NULL && book->expiries.least->key <= now) {
        struct resting *order = resting_of_expiry(book->expiries.least);

        // A late one has to see the quotes it has missed first: it comes back by being late no
        // more.
        if (order->is_late || (order_book_goes_by_bars(order) && order->expires_at > bars_ended_at))
            return NULL;
        heap_remove(&book->expiries, &order->expiry);
        if (order->is_matched)
            continue;
        shelves_remove(order);
        order->is_matched = true;
        return order;
    }
    return NULL;
}

void order_book_sweep(struct order_book *book, uint32_t round)
{
    for (size_t i = 0; i < book->bucket_count; i++) {
        struct resting *next = NULL;

        for (struct resting *order = book->buckets[i]; order != NULL; order = next) {
            next = order->next_of_id;
            if (order->seen != round && !order->is_matched)
                order_book_remove(book, order->id);
        }
    }
}

void order_book_remove_shards(struct order_book *book, const bool is_meant[SHARD_COUNT])
{
    for (size_t i = 0; i < book->bucket_count; i++) {
        struct resting *next = NULL;

        for (struct resting *order = book->buckets[i]; order != NULL; order = next) {
            next = order->next_of_id;
            if (is_meant[order->lane->shard])
                order_book_remove(book, order->id);
        }
    }
}
