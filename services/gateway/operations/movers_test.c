// SPDX-License-Identifier: MIT
#include "operations/movers.h"

#include "support/test.h"

#include <stdio.h>
#include <string.h>

enum { QUOTES = 120 };

static struct quote make_quote(const char *ticker, int64_t price, int64_t previous, int64_t volume)
{
    struct quote quote = {.price_micros = price * 1000000,
                          .previous_close_micros = previous * 1000000,
                          .volume = volume};

    (void)snprintf(quote.ticker, sizeof quote.ticker, "%s", ticker);
    return quote;
}

static void gainers_and_losers_are_by_percent_and_the_most_active_by_volume(void **state)
{
    // Changes of +10, -5, +20, 0 and -50 percent.
    const struct quote quotes[] = {make_quote("A", 110, 100, 5), make_quote("B", 95, 100, 9),
                                   make_quote("C", 12, 10, 7), make_quote("D", 10, 10, 8),
                                   make_quote("E", 1, 2, 0)};
    struct movers movers;

    (void)state;
    movers_find(quotes, COUNT_OF(quotes), &movers);
    assert_int_equal(movers.gainers.count, 2);
    assert_string_equal(movers.gainers.quotes[0].ticker, "C");
    assert_string_equal(movers.gainers.quotes[1].ticker, "A");
    assert_int_equal(movers.losers.count, 2);
    assert_string_equal(movers.losers.quotes[0].ticker, "E");
    assert_string_equal(movers.losers.quotes[1].ticker, "B");
    assert_int_equal(movers.most_active.count, 4);
    assert_string_equal(movers.most_active.quotes[0].ticker, "B");
    assert_string_equal(movers.most_active.quotes[1].ticker, "D");
}

static void a_quote_that_is_stale_or_has_no_previous_close_is_left_out(void **state)
{
    struct quote quotes[] = {make_quote("STALE", 20, 10, 5), make_quote("NEW", 20, 0, 5)};
    struct movers movers;

    (void)state;
    quotes[0].stale = true;
    movers_find(quotes, COUNT_OF(quotes), &movers);
    assert_int_equal(movers.gainers.count, 0);
    assert_int_equal(movers.most_active.count, 0);
}

static void each_list_has_the_fifty_best_and_equals_in_order_of_tickers(void **state)
{
    struct quote *quotes = allocate_array(QUOTES, sizeof *quotes);
    struct movers movers;

    (void)state;
    // 40 each of +1, +2 and +3 percent, the tickers backwards.
    for (int i = 0; i < QUOTES; i++) {
        char ticker[16];

        (void)snprintf(ticker, sizeof ticker, "T%03d", QUOTES - i);
        quotes[i] = make_quote(ticker, 101 + i % 3, 100, 1000 + i);
    }
    movers_find(quotes, QUOTES, &movers);
    assert_int_equal(movers.gainers.count, MOVERS_MAX);
    assert_int_equal(movers.losers.count, 0);
    for (size_t i = 1; i < MOVERS_MAX; i++) {
        const struct quote *one = &movers.gainers.quotes[i - 1], *next = &movers.gainers.quotes[i];

        assert_true(
            one->price_micros > next->price_micros ||
            (one->price_micros == next->price_micros && strcmp(one->ticker, next->ticker) < 0));
        assert_true(movers.most_active.quotes[i - 1].volume ==
                    movers.most_active.quotes[i].volume + 1);
    }
    assert_int_equal(movers.gainers.quotes[39].price_micros, 103000000);
    assert_int_equal(movers.gainers.quotes[40].price_micros, 102000000);
    release(quotes);
}

struct source {
    int64_t now_us;
    int calls;
    bool fails;
};

static int64_t source_now(void *context)
{
    return ((struct source *)context)->now_us;
}

static bool source_find(void *context, struct movers *out_movers, struct error *error)
{
    struct source *source = context;

    source->calls++;
    out_movers->as_of = source->calls;
    return !source->fails || error_set(error, REASON_UNAVAILABLE, "There are no prices yet.");
}

static void they_are_found_once_a_second_or_when_somebody_changed_the_quotes(void **state)
{
    struct source source = {.now_us = 5 * MICROS_PER_SECOND};
    const struct movers_options options = {
        .clock = {.now_us = source_now, .context = &source},
        .find = source_find,
        .context = &source,
    };
    OWNED(movers_cache) cache = movers_cache_new(&options);
    struct movers movers;
    struct error error;

    (void)state;
    assert_true(movers_cache_get(cache, &movers, &error));
    source.now_us += MICROS_PER_SECOND - 1;
    assert_true(movers_cache_get(cache, &movers, &error));
    assert_int_equal(movers.as_of, 1);
    source.now_us++;
    assert_true(movers_cache_get(cache, &movers, &error));
    assert_int_equal(movers.as_of, 2);
    movers_cache_forget(cache);
    assert_true(movers_cache_get(cache, &movers, &error));
    assert_int_equal(movers.as_of, 3);
}

static void a_failure_is_not_kept(void **state)
{
    struct source source = {.now_us = 1, .fails = true};
    const struct movers_options options = {
        .clock = {.now_us = source_now, .context = &source},
        .find = source_find,
        .context = &source,
    };
    OWNED(movers_cache) cache = movers_cache_new(&options);
    struct movers movers;
    struct error error;

    (void)state;
    assert_false(movers_cache_get(cache, &movers, &error));
    source.fails = false;
    assert_true(movers_cache_get(cache, &movers, &error));
    assert_int_equal(source.calls, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gainers_and_losers_are_by_percent_and_the_most_active_by_volume),
        cmocka_unit_test(a_quote_that_is_stale_or_has_no_previous_close_is_left_out),
        cmocka_unit_test(each_list_has_the_fifty_best_and_equals_in_order_of_tickers),
        cmocka_unit_test(they_are_found_once_a_second_or_when_somebody_changed_the_quotes),
        cmocka_unit_test(a_failure_is_not_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
