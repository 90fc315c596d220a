// SPDX-License-Identifier: MIT
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "matcher/order_book.h"

#define DOLLAR INT64_C(1000000)

enum { SEEN_MAX = 64, LATE = 100000 };

// What the book has said.
struct seen {
    size_t count;
    char ids[SEEN_MAX][UUID_SIZE];
    enum fill_action actions[SEEN_MAX];
    int64_t prices[SEEN_MAX];
    int64_t quantities[SEEN_MAX];
    int64_t at; // of the last
};

static void note(void *context,
                 struct resting *order,
                 enum fill_action action,
                 const struct fill_offer *offer,
                 const struct fill_moment *moment)
{
    struct seen *seen = context;

    assert_true(seen->count < SEEN_MAX);
    seen->at = moment->at;
    memcpy(seen->ids[seen->count], order->id, UUID_SIZE);
    seen->actions[seen->count] = action;
    seen->quantities[seen->count] = offer->quantity;
    seen->prices[seen->count++] = offer->price;
}

static struct order order_number(int number, enum order_side side, enum order_type type)
{
    struct order order = {.side = side,
                          .type = type,
                          .quantity = 1,
                          .created_at = 10,
                          .starts_at = 10,
                          .expires_at = LATE,
                          .ticker = "AAPL"};

    snprintf(order.id, sizeof(order.id), "00000000-0000-7000-8000-%012d", number);
    return order;
}

static struct order limit_number(int number, enum order_side side, int64_t dollars)
{
    struct order order = order_number(number, side, ORDER_LIMIT);

    order.limit_price = dollars * DOLLAR;
    return order;
}

static struct order stop_number(int number, enum order_side side, int64_t dollars)
{
    struct order order = order_number(number, side, ORDER_STOP);

    order.stop_price = dollars * DOLLAR;
    return order;
}

static struct order trail_number(int number, enum order_side side, int64_t water, int64_t trail)
{
    struct order order = order_number(number, side, ORDER_TRAILING_STOP);

    order.trail_price = trail * DOLLAR;
    (void)fill_trail(&order, water * DOLLAR);
    return order;
}

static void add(struct order_book *book, struct order order)
{
    order_book_add(book, &order, false);
}

// Shows a quote without a spread at that time, in a regular session.
static struct seen show_at(struct order_book *book, int64_t dollars, int64_t at)
{
    const struct quote quote = {.ticker = "AAPL",
                                .price_micros = dollars * DOLLAR,
                                .bid_micros = dollars * DOLLAR,
                                .ask_micros = dollars * DOLLAR,
                                .quoted_at = at};
    const struct fill_moment moment = fill_moment_past(&quote);
    struct seen seen = {0};
    const struct order_book_watcher watcher = {note, &seen};

    order_book_show(book, order_book_lane(book, "AAPL"), &quote, &moment, &watcher);
    return seen;
}

// Shows one order alone a quote of that time.
static void show_one(struct order_book *book, const char *id, int64_t at)
{
    const struct quote quote = {
        .price_micros = 1, .bid_micros = 1, .ask_micros = 1, .quoted_at = at};
    const struct fill_moment moment = fill_moment_past(&quote);
    struct seen seen = {0};
    const struct order_book_watcher watcher = {note, &seen};

    order_book_show_one(book, order_book_find(book, id), &quote, &moment, &watcher);
    assert_int_equal(seen.count, 0);
}

static int number_of(const struct seen *seen, size_t index)
{
    int number = -1;

    assert_true(index < seen->count);
    sscanf(seen->ids[index] + 24, "%d", &number);
    return number;
}

static void a_price_reaches_the_limits_that_it_is_within(void **state)
{
    OWNED(order_book) book = order_book_new();
    struct seen seen;

    (void)state;
    for (int i = 0; i < 10; i++) {
        add(book, limit_number(i, ORDER_BUY, 90 + i));
        add(book, limit_number(100 + i, ORDER_SELL, 101 + i));
    }
    assert_int_equal(show_at(book, 100, 20).count, 0);
    seen = show_at(book, 97, 21);
    assert_int_equal(seen.count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(number_of(&seen, i), 9 - (int)i);
        assert_int_equal(seen.prices[i], 97 * DOLLAR);
    }
    seen = show_at(book, 103, 22);
    assert_int_equal(seen.count, 3);
    assert_int_equal(number_of(&seen, 0), 100);
    assert_int_equal(show_at(book, 103, 23).count, 0);
}

static void of_orders_with_the_same_price_the_first_to_come_is_the_first(void **state)
{
    OWNED(order_book) book = order_book_new();
    struct seen seen;

    (void)state;
    for (int i = 0; i < 20; i++)
        add(book, limit_number(i, ORDER_BUY, 90));
    seen = show_at(book, 89, 20);
    assert_int_equal(seen.count, 20);
    for (int i = 0; i < 20; i++)
        assert_int_equal(number_of(&seen, (size_t)i), i);
}

static void a_gap_through_a_stop_fills_at_the_market_and_not_at_the_stop(void **state)
{
    OWNED(order_book) book = order_book_new();
    struct seen seen;

    (void)state;
    add(book, stop_number(1, ORDER_SELL, 95));
    add(book, stop_number(2, ORDER_SELL, 80));
    assert_int_equal(show_at(book, 96, 20).count, 0);
    seen = show_at(book, 85, 21);
    assert_int_equal(seen.count, 1);
    assert_int_equal(number_of(&seen, 0), 1);
    assert_int_equal(seen.actions[0], FILL_WHOLE);
    assert_int_equal(seen.prices[0], 85 * DOLLAR);
}

static void a_stop_beyond_its_limit_waits_for_the_limit_from_then_on(void **state)
{
    OWNED(order_book) book = order_book_new();
    struct order order = stop_number(1, ORDER_BUY, 100);
    struct seen seen;

    (void)state;
    order.type = ORDER_STOP_LIMIT;
    order.limit_price = 102 * DOLLAR;
    add(book, order);
    // Within the limit, and the stop not reached.
    assert_int_equal(show_at(book, 99, 20).count, 0);
    seen = show_at(book, 110, 21);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.actions[0], FILL_TRIGGER);
    assert_int_equal(order_book_find(book, order.id)->triggered_at, 21);
    assert_int_equal(show_at(book, 105, 22).count, 0);
    // Below the stop again: the limit alone counts.
    seen = show_at(book, 98, 23);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.actions[0], FILL_WHOLE);
    assert_int_equal(seen.prices[0], 98 * DOLLAR);
}

static void a_stop_that_trails_follows_the_best_price_and_never_goes_back(void **state)
{
    OWNED(order_book) book = order_book_new();
    struct order sell = trail_number(1, ORDER_SELL, 100, 5);
    struct order buy = trail_number(2, ORDER_BUY, 100, 5);
    const struct resting *resting = NULL;
    struct seen seen;

    (void)state;
    add(book, sell);
    add(book, buy);
    resting = order_book_find(book, sell.id);
    assert_int_equal(show_at(book, 104, 20).count, 0);
    assert_int_equal(resting->stop_price, 99 * DOLLAR);
    assert_int_equal(show_at(book, 100, 21).count, 0);
    assert_int_equal(resting->high_water, 104 * DOLLAR);
    seen = show_at(book, 97, 22);
    assert_int_equal(seen.count, 1);
    assert_int_equal(number_of(&seen, 0), 1);
    assert_int_equal(order_book_find(book, buy.id)->stop_price, 102 * DOLLAR);
    seen = show_at(book, 103, 23);
    assert_int_equal(seen.count, 1);
    assert_int_equal(number_of(&seen, 0), 2);
}

static void an_order_for_the_close_takes_the_first_quote_of_its_time(void **state)
{
    OWNED(order_book) book = order_book_new();
    struct order order = order_number(1, ORDER_BUY, ORDER_MARKET);
    struct seen seen;

    (void)state;
    order.time_in_force = ORDER_CLS;
    order.starts_at = 50;
    add(book, order);
    show_one(book, order.id, 48);
    assert_int_equal(show_at(book, 100, 49).count, 0);
    seen = show_at(book, 101, 50);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.prices[0], 101 * DOLLAR);
}

static void a_quote_of_extended_hours_concerns_those_who_asked_for_it(void **state)
{
    OWNED(order_book) book = order_book_new();
    struct order regular = limit_number(1, ORDER_BUY, 100);
    struct order extended = limit_number(2, ORDER_BUY, 100);
    const struct quote quote = {.price_micros = 99 * DOLLAR,
                                .bid_micros = 99 * DOLLAR,
                                .ask_micros = 99 * DOLLAR,
                                .quoted_at = 20};
    struct fill_moment moment = fill_moment_past(&quote);
    struct seen seen = {0};
    const struct order_book_watcher watcher = {note, &seen};

    (void)state;
    extended.extended_hours = true;
    add(book, regular);
    add(book, extended);
    moment.is_regular = false;
    order_book_show(book, order_book_lane(book, "AAPL"), &quote, &moment, &watcher);
    assert_int_equal(seen.count, 1);
    assert_int_equal(number_of(&seen, 0), 2);
    assert_int_equal(show_at(book, 99, 21).count, 1);
}

static void an_order_that_does_not_take_part_yet_is_found_by_a_later_quote(void **state)
{
    OWNED(order_book) book = order_book_new();
    struct order order = limit_number(1, ORDER_BUY, 100);

    (void)state;
    order.starts_at = 30;
    add(book, order);
    add(book, limit_number(2, ORDER_BUY, 99));
    assert_int_equal(show_at(book, 98, 20).count, 1);
    assert_int_equal(show_at(book, 98, 30).count, 1);
}

static void a_late_order_sees_what_it_has_missed_and_nothing_twice(void **state)
{
    OWNED(order_book) book = order_book_new();
    struct order late = trail_number(1, ORDER_SELL, 100, 5);
    struct lane *lane = NULL;
    struct seen seen = {0};
    const struct order_book_watcher watcher = {note, &seen};

    (void)state;
    late.looked_at = 20;
    order_book_add(book, &late, true);
    lane = order_book_lane(book, "AAPL");
    assert_int_equal(show_at(book, 90, 25).count, 0);
    assert_int_equal(order_book_late_since(lane, 1), 20);
    for (int64_t at = 15; at <= 40; at += 5) {
        // 80 at 15 and at 20 has been seen already; then it rises to 108.
        struct quote quote = {.price_micros = (at <= 20 ? 80 : 100 + at / 5) * DOLLAR,
                              .bid_micros = DOLLAR,
                              .ask_micros = DOLLAR,
                              .quoted_at = at};
        struct fill_moment moment = fill_moment_past(&quote);

        order_book_look_back(lane, &quote, &moment, &watcher);
    }
    assert_int_equal(seen.count, 0);
    order_book_settle(book, lane);
    assert_int_equal(order_book_late_since(lane, 1), INT64_MAX);
    assert_int_equal(order_book_find(book, late.id)->high_water, 108 * DOLLAR);
    assert_int_equal(show_at(book, 103, 45).count, 1);
}

static void a_removed_order_is_found_no_more(void **state)
{
    OWNED(order_book) book = order_book_new();

    (void)state;
    for (int i = 0; i < 5000; i++) {
        struct order order = i % 2 == 0 ? limit_number(i, ORDER_BUY, 50 + i % 7)
                                        : trail_number(i, ORDER_SELL, 90, 1 + i % 5);

        order_book_add(book, &order, i % 11 == 0);
        order_book_add(book, &order, false);
    }
    for (int i = 0; i < 5000; i++) {
        struct order order = order_number(i, ORDER_BUY, ORDER_MARKET);

        if (i % 1000 == 1)
            continue;
        order_book_remove(book, order.id);
        order_book_remove(book, order.id);
        assert_null(order_book_find(book, order.id));
    }
    assert_int_equal(order_book_count(book), 5);
    order_book_settle(book, order_book_lane(book, "AAPL"));
    assert_int_equal(show_at(book, 85, 20).count, 5);
}

static void what_the_database_does_not_have_any_more_is_swept_out(void **state)
{
    OWNED(order_book) book = order_book_new();
    struct order kept = limit_number(1, ORDER_BUY, 90);
    struct order gone = limit_number(2, ORDER_BUY, 90);

    (void)state;
    order_book_add(book, &kept, false)->seen = 2;
    order_book_add(book, &gone, true)->seen = 1;
    order_book_sweep(book, 2);
    assert_non_null(order_book_find(book, kept.id));
    assert_null(order_book_find(book, gone.id));
}

static void the_expired_are_named_once_and_the_earliest_first(void **state)
{
    OWNED(order_book) book = order_book_new();

    (void)state;
    for (int i = 0; i < 10; i++) {
        struct order order = limit_number(i, ORDER_BUY, 90);

        order.expires_at = 1010 - i;
        add(book, order);
    }
    for (int i = 9; i >= 6; i--) {
        const struct resting *expired = order_book_take_expired(book, 1004, 1004);

        assert_non_null(expired);
        assert_int_equal(expired->expires_at, 1010 - i);
    }
    assert_null(order_book_take_expired(book, 1004, 1004));
    assert_int_equal(order_book_count(book), 10);
    assert_int_equal(show_at(book, 80, 20).count, 6);
}

static void a_late_order_does_not_expire_before_it_has_looked(void **state)
{
    OWNED(order_book) book = order_book_new();
    struct order order = limit_number(1, ORDER_BUY, 90);

    (void)state;
    order.expires_at = 50;
    order_book_add(book, &order, true);
    assert_null(order_book_take_expired(book, 60, 60));
    order_book_settle(book, order_book_lane(book, "AAPL"));
    assert_non_null(order_book_take_expired(book, 60, 60));
}

static void only_what_a_restart_could_not_find_soon_is_to_be_saved(void **state)
{
    OWNED(order_book) book = order_book_new();
    struct order trailing = trail_number(1, ORDER_SELL, 100, 5);
    struct order lasting = limit_number(2, ORDER_BUY, 50);
    struct order of_the_day = limit_number(3, ORDER_BUY, 50);
    struct resting *unsaved[4];

    (void)state;
    lasting.time_in_force = ORDER_GTC;
    add(book, trailing);
    add(book, lasting);
    add(book, of_the_day);
    assert_int_equal(order_book_take_unsaved(book, 1000, 3600, unsaved, 4), 0);
    (void)show_at(book, 101, 20);
    assert_int_equal(order_book_take_unsaved(book, 1000, 3600, unsaved, 4), 1);
    assert_string_equal(unsaved[0]->id, trailing.id);
    assert_int_equal(order_book_take_unsaved(book, 1000, 3600, unsaved, 4), 0);
    assert_int_equal(order_book_take_unsaved(book, 5000, 3600, unsaved, 4), 1);
    assert_string_equal(unsaved[0]->id, lasting.id);
    assert_int_equal(order_book_take_unsaved(book, 5000, 3600, unsaved, 4), 0);
    order_book_keep_unsaved(book, unsaved[0]);
    assert_int_equal(order_book_take_unsaved(book, 5001, 3600, unsaved, 4), 1);
}

#define SHARE INT64_C(1000000000)
#define MINUTE (INT64_C(60) * MICROS_PER_SECOND)
#define DAY (1440 * MINUTE)

static struct quote quote_of(const char *source, int64_t at, int64_t dollars, int64_t volume)
{
    struct quote quote = {.ticker = "AAPL",
                          .price_micros = dollars * DOLLAR,
                          .bid_micros = dollars * DOLLAR,
                          .ask_micros = dollars * DOLLAR,
                          .volume = volume,
                          .quoted_at = at};

    snprintf(quote.source, sizeof(quote.source), "%s", source);
    return quote;
}

static void
show_of(struct order_book *book, const struct order_book_watcher *watcher, struct quote quote)
{
    struct fill_moment moment = fill_moment_past(&quote);

    order_book_show(book, order_book_lane(book, "AAPL"), &quote, &moment, watcher);
}

// The shares of the volume that a quote and those after it bring, of one that is reached now and
// then.
static void an_order_takes_its_share_of_what_was_traded_while_it_was_reached(void **state)
{
    OWNED(order_book) book = order_book_new();
    struct seen seen = {0};
    const struct order_book_watcher watcher = {note, &seen};
    struct order order = limit_number(1, ORDER_BUY, 100);

    (void)state;
    order.quantity = 100 * SHARE;
    order.expires_at = DAY;
    order.terms.participation_percent_hundredths = 1000;
    order.volume_seen = 500;
    order.looked_at = MINUTE;
    order_book_add(book, &order, false);
    // Beyond its limit 1000 are traded, then 40 and 5 within it, and 15 more.
    show_of(book, &watcher, quote_of("simulated", 2 * MINUTE, 101, 1500));
    assert_int_equal(seen.count, 0);
    show_of(book, &watcher, quote_of("simulated", 3 * MINUTE, 100, 1505));
    assert_int_equal(seen.count, 0);
    show_of(book, &watcher, quote_of("simulated", 4 * MINUTE, 100, 1520));
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.actions[0], FILL_PART);
    assert_int_equal(seen.quantities[0], 2 * SHARE);
    // It is not on its shelf before that is booked.
    show_of(book, &watcher, quote_of("simulated", 5 * MINUTE, 100, 1900));
    assert_int_equal(seen.count, 1);
}

static void an_order_that_takes_its_time_is_reached_by_no_quote_of_before(void **state)
{
    OWNED(order_book) book = order_book_new();
    struct seen seen = {0};
    const struct order_book_watcher watcher = {note, &seen};
    struct order order = limit_number(1, ORDER_BUY, 90);

    (void)state;
    order.expires_at = DAY;
    order.time_in_force = ORDER_IOC;
    order.terms.latency_ms = 250;
    order.starts_at = MINUTE + 250 * MICROS_PER_MS;
    order_book_add(book, &order, false);
    show_of(book, &watcher, quote_of("simulated", MINUTE + 249 * MICROS_PER_MS, 90, 0));
    assert_int_equal(seen.count, 0);
    // The first that it meets ends it, whatever its price.
    show_of(book, &watcher, quote_of("simulated", MINUTE + 250 * MICROS_PER_MS, 91, 0));
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.actions[0], FILL_MISS);
}

static struct order bar_number(struct order order)
{
    order.terms.model = FILL_MODEL_BAR;
    order.created_at = order.looked_at = DAY + 600 * MINUTE;
    order.starts_at = 2 * DAY + 570 * MINUTE;
    order.expires_at = 2 * DAY + 960 * MINUTE;
    return order;
}

static void show_day(struct order_book *book, const struct order_book_watcher *watcher, int64_t day)
{
    show_of(book, watcher, quote_of("replay", day + 570 * MINUTE, 100, 250));
    show_of(book, watcher, quote_of("replay", day + 660 * MINUTE, 110, 500));
    show_of(book, watcher, quote_of("replay", day + 840 * MINUTE, 90, 750));
    show_of(book, watcher, quote_of("replay", day + 959 * MINUTE, 105, 1000));
}

// The day goes to 110 first and to 90 then; both are of one bar.
static void of_a_stop_and_a_target_in_one_bar_the_stop_is_the_first(void **state)
{
    OWNED(order_book) book = order_book_new();
    struct seen seen = {0};
    const struct order_book_watcher watcher = {note, &seen};
    struct platform_clock clock = {
        .now = 2 * DAY + 959 * MINUTE, .is_open = true, .next_close = 2 * DAY + 960 * MINUTE};

    (void)state;
    add(book, bar_number(limit_number(1, ORDER_SELL, 108)));
    add(book, bar_number(stop_number(2, ORDER_SELL, 95)));
    add(book, bar_number(order_number(3, ORDER_BUY, ORDER_MARKET)));
    // Of the day on which they were placed nothing fills them.
    show_of(book, &watcher, quote_of("replay", DAY + 840 * MINUTE, 120, 750));
    show_day(book, &watcher, 2 * DAY);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.prices[0], 100 * DOLLAR);
    order_book_end_bars(book, &clock, &watcher);
    assert_int_equal(seen.count, 1);
    assert_null(order_book_take_expired(book, 2 * DAY + 960 * MINUTE, 0));
    clock.now = 2 * DAY + 960 * MINUTE;
    clock.is_open = false;
    order_book_end_bars(book, &clock, &watcher);
    assert_int_equal(seen.count, 3);
    assert_string_equal(seen.ids[1], "00000000-0000-7000-8000-000000000002");
    assert_int_equal(seen.prices[1], 95 * DOLLAR);
    assert_int_equal(seen.prices[2], 108 * DOLLAR);
    // The bar is over for good.
    order_book_end_bars(book, &clock, &watcher);
    assert_int_equal(seen.count, 3);
}

// Whoever looks back comes to the same as who was there.
static void late_orders_see_bars_whole(void **state)
{
    OWNED(order_book) book = order_book_new();
    struct seen seen = {0};
    const struct order_book_watcher watcher = {note, &seen};
    struct order stop = bar_number(stop_number(2, ORDER_SELL, 95));
    struct order limit = bar_number(limit_number(1, ORDER_BUY, 92));
    struct lane *lane = NULL;
    static const int64_t prices[] = {100, 110, 90, 105};
    static const int64_t minutes[] = {570, 660, 840, 959};

    (void)state;
    // It looked last in the middle of the bar.
    stop.looked_at = 2 * DAY + 700 * MINUTE;
    limit.expires_at = INT64_MAX;
    order_book_add(book, &stop, true);
    order_book_add(book, &limit, true);
    lane = order_book_lane(book, "AAPL");
    assert_int_equal(order_book_late_since(lane, DAY), DAY - 1);
    for (int i = 0; i < 4; i++) {
        struct quote quote = quote_of("replay", 2 * DAY + minutes[i] * MINUTE, prices[i], 250);
        struct fill_moment moment = fill_moment_past(&quote);

        order_book_look_back(lane, &quote, &moment, &watcher);
    }
    assert_int_equal(seen.count, 0);
    order_book_settle(book, lane);
    show_day(book, &watcher, 3 * DAY);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.prices[0], 95 * DOLLAR);
    assert_int_equal(seen.prices[1], 92 * DOLLAR);
}

static void an_exit_that_becomes_active_is_shown_the_quote_of_its_entry_as_of_then(void **state)
{
    OWNED(order_book) book = order_book_new();
    struct order exit = stop_number(1, ORDER_SELL, 91);
    const struct quote quote = {.price_micros = 90 * DOLLAR,
                                .bid_micros = 90 * DOLLAR,
                                .ask_micros = 90 * DOLLAR,
                                .quoted_at = 30};
    const struct fill_moment moment = fill_moment_past(&quote);
    struct seen seen = {0};
    const struct order_book_watcher watcher = {note, &seen};

    (void)state;
    // The quote began at 30; it filled the entry at 40, and is the first one that the exit sees.
    exit.order_class = ORDER_CLASS_BRACKET;
    exit.part = ORDER_PART_STOP_LOSS;
    exit.submitted_at = 40;
    exit.looked_at = 29;
    order_book_add(book, &exit, true);
    order_book_look_back(order_book_lane(book, "AAPL"), &quote, &moment, &watcher);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.at, 40);
}

// One that has seen a day whole, beside one that looks back to the day before it.
static void a_late_order_sees_no_bar_twice_though_others_look_back_further(void **state)
{
    OWNED(order_book) book = order_book_new();
    struct seen seen = {0};
    const struct order_book_watcher watcher = {note, &seen};
    struct order far = bar_number(stop_number(2, ORDER_SELL, 10));
    struct order near = bar_number(order_number(1, ORDER_BUY, ORDER_MARKET));
    struct lane *lane = NULL;

    (void)state;
    near.terms.participation_percent_hundredths = 100;
    near.quantity = 100 * SHARE;
    near.expires_at = far.expires_at = INT64_MAX;
    near.looked_at = 3 * DAY - 1;
    order_book_add(book, &far, true);
    order_book_add(book, &near, true);
    lane = order_book_lane(book, "AAPL");
    (void)order_book_late_since(lane, DAY);
    for (int day = 1; day <= 3; day++) {
        struct quote quote = quote_of("replay", day * DAY + 840 * MINUTE, 100, 1000);
        struct fill_moment moment = fill_moment_past(&quote);

        order_book_look_back(lane, &quote, &moment, &watcher);
    }
    assert_int_equal(seen.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_price_reaches_the_limits_that_it_is_within),
        cmocka_unit_test(of_orders_with_the_same_price_the_first_to_come_is_the_first),
        cmocka_unit_test(a_gap_through_a_stop_fills_at_the_market_and_not_at_the_stop),
        cmocka_unit_test(a_stop_beyond_its_limit_waits_for_the_limit_from_then_on),
        cmocka_unit_test(a_stop_that_trails_follows_the_best_price_and_never_goes_back),
        cmocka_unit_test(an_order_for_the_close_takes_the_first_quote_of_its_time),
        cmocka_unit_test(a_quote_of_extended_hours_concerns_those_who_asked_for_it),
        cmocka_unit_test(an_order_that_does_not_take_part_yet_is_found_by_a_later_quote),
        cmocka_unit_test(a_late_order_sees_what_it_has_missed_and_nothing_twice),
        cmocka_unit_test(a_removed_order_is_found_no_more),
        cmocka_unit_test(what_the_database_does_not_have_any_more_is_swept_out),
        cmocka_unit_test(the_expired_are_named_once_and_the_earliest_first),
        cmocka_unit_test(a_late_order_does_not_expire_before_it_has_looked),
        cmocka_unit_test(only_what_a_restart_could_not_find_soon_is_to_be_saved),
        cmocka_unit_test(an_order_takes_its_share_of_what_was_traded_while_it_was_reached),
        cmocka_unit_test(an_order_that_takes_its_time_is_reached_by_no_quote_of_before),
        cmocka_unit_test(of_a_stop_and_a_target_in_one_bar_the_stop_is_the_first),
        cmocka_unit_test(late_orders_see_bars_whole),
        cmocka_unit_test(an_exit_that_becomes_active_is_shown_the_quote_of_its_entry_as_of_then),
        cmocka_unit_test(a_late_order_sees_no_bar_twice_though_others_look_back_further),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
