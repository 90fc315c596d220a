// SPDX-License-Identifier: MIT
// The player of live prices, over what the test brings.
#include "player/player.h"

#include "clock/exchange_calendar.h"

#include "support/wait.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

// Friday 2021-07-30, 11:00 in New York.
#define NOW INT64_C(1627657200000000)

struct stage {
    pthread_mutex_t lock;
    _Atomic int64_t real_now;
    size_t published; // quotes
    int64_t last_price;
    int64_t last_now; // of the publications' clock
};

static bool load_clock(void *context, struct clock_state *out_state, struct error *error)
{
    (void)context;
    (void)error;
    *out_state = (struct clock_state){
        .mode = CLOCK_REAL, .base_at = NOW, .as_of = NOW, .speed_micros = CLOCK_SPEED_ONE};
    return true;
}

static bool
allow_time(void *context, const struct clock_state *state, bool *out_is_same, struct error *error)
{
    (void)context;
    (void)state;
    (void)error;
    *out_is_same = true;
    return true;
}

static bool load_last_quotes(void *context,
                             const char *after_ticker,
                             struct quote *out_quotes,
                             size_t max,
                             size_t *out_count,
                             struct error *error)
{
    (void)context;
    (void)max;
    (void)error;
    *out_count = after_ticker[0] == '\0';
    out_quotes[0] = (struct quote){.ticker = "IBM",
                                   .price_micros = 100,
                                   .quoted_at = NOW - 1000,
                                   .valid_until = NOW - 1000,
                                   .source = "yahoo"};
    return true;
}

static void publish(void *context, struct text publication)
{
    struct stage *stage = context;
    Market__QuotePublication *message = market__quote_publication__unpack(
        NULL, publication.length, (const uint8_t *)publication.data);

    (void)pthread_mutex_lock(&stage->lock);
    stage->published += message->n_quotes;
    if (message->n_quotes > 0)
        stage->last_price = message->quotes[message->n_quotes - 1]->price_micros;
    // Time never goes back in what is published.
    assert_true(message->clock->now >= stage->last_now);
    stage->last_now = message->clock->now;
    (void)pthread_mutex_unlock(&stage->lock);
    market__quote_publication__free_unpacked(message, NULL);
}

static void position(void *context, uint64_t *out_epoch, uint64_t *out_sequence)
{
    (void)context;
    *out_epoch = 1;
    *out_sequence = 1;
}

static void failed(void *context, const char *message)
{
    (void)context;
    fail_msg("%s", message);
}

static int64_t now_us(void *context)
{
    return ((struct stage *)context)->real_now;
}

static struct player *play(struct stage *stage)
{
    const struct player_options options = {
        .source = {.load_clock = load_clock,
                   .allow_time = allow_time,
                   .load_last_quotes = load_last_quotes,
                   .publish = publish,
                   .position = position,
                   .failed = failed},
        .context = stage,
        .real_time = {.now_us = now_us, .context = stage},
        .is_live = true,
        .hours = HOURS_NEW_YORK,
    };
    struct player *player = NULL;
    struct error error;

    (void)pthread_mutex_init(&stage->lock, NULL);
    stage->real_now = NOW;
    assert_true(player_new(&options, &player, &error));
    assert_true_within(10000, player_is_ready(player));
    return player;
}

static void deliver(struct player *player, const char *ticker, int64_t price, int64_t quoted_at)
{
    struct quote quote = {.price_micros = price,
                          .quoted_at = quoted_at,
                          .valid_until = quoted_at + 1000,
                          .source = "yahoo"};

    (void)snprintf(quote.ticker, sizeof quote.ticker, "%s", ticker);
    player_deliver(player, &quote, 1);
}

static void the_last_prices_are_there_at_once_and_stale(void **state)
{
    struct stage stage = {0};
    struct player *player = play(&stage);
    struct quote quote;

    (void)state;
    assert_true(player_find(player, "IBM", &quote));
    assert_int_equal(quote.price_micros, 100);
    assert_int_equal(quote.valid_until, quote.quoted_at);
    assert_false(player_find(player, "KO", &quote));
    player_free(&player);
}

static void a_price_that_comes_is_published_unless_a_later_one_is_there(void **state)
{
    struct stage stage = {0};
    struct player *player = play(&stage);
    struct quote quote;

    (void)state;
    deliver(player, "IBM", 101, NOW);
    deliver(player, "KO", 50, NOW);
    assert_int_equal(stage.published, 2);
    deliver(player, "IBM", 99, NOW - 1);
    assert_int_equal(stage.published, 2);
    assert_true(player_find(player, "IBM", &quote));
    assert_int_equal(quote.price_micros, 101);
    // The same again is no news.
    deliver(player, "IBM", 101, NOW);
    assert_int_equal(stage.published, 2);
    player_free(&player);
}

static void many_at_once_are_all_published(void **state)
{
    struct stage stage = {0};
    struct player *player = play(&stage);
    struct quote *quotes = allocate_array(1001, sizeof *quotes);

    (void)state;
    for (int i = 0; i < 1001; i++) {
        quotes[i] = (struct quote){.price_micros = i + 1, .quoted_at = NOW, .source = "yahoo"};
        (void)snprintf(quotes[i].ticker, sizeof quotes[i].ticker, "T%04d", i);
    }
    player_deliver(player, quotes, 1001);
    assert_int_equal(stage.published, 1001);
    assert_int_equal(stage.last_price, 1001);
    release(quotes);
    player_free(&player);
}

static void time_goes_on_by_itself_over_the_close(void **state)
{
    struct stage stage = {0};
    struct player *player = play(&stage);
    struct clock_view view;
    struct error error;

    (void)state;
    stage.real_now = NOW + 6 * 3600 * MICROS_PER_SECOND;
    assert_true_within(10000, player_clock(player, &view, &error) && view.now >= stage.real_now);
    assert_int_equal(view.now, stage.real_now);
    assert_int_equal(view.mode, CLOCK_REAL);
    assert_false(market_hours_is_open(view.hours, view.now));
    player_free(&player);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_prices_are_there_at_once_and_stale),
        cmocka_unit_test(a_price_that_comes_is_published_unless_a_later_one_is_there),
        cmocka_unit_test(many_at_once_are_all_published),
        cmocka_unit_test(time_goes_on_by_itself_over_the_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
