// SPDX-License-Identifier: MIT
#include "bars/bar_builder.h"

#include "base/clock.h"
#include "base/timestamp.h"
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#define MINUTE (60 * MICROS_PER_SECOND)

static int64_t at(const char *text)
{
    int64_t time = 0;

    assert_true(timestamp_parse(text_of(text), &time));
    return time;
}

// The day's volume is in thousands of shares.
static void add(struct bar_builder *builder,
                const char *ticker,
                const char *time,
                int64_t price,
                int64_t volume)
{
    struct quote quote = {.price_micros = price, .volume = volume, .quoted_at = at(time)};

    (void)snprintf(quote.ticker, sizeof quote.ticker, "%s", ticker);
    bar_builder_add(builder, &quote, quote.quoted_at);
}

static struct timed_bar present_of(const struct bar_builder *builder, const char *ticker)
{
    struct timed_bar present, before;

    assert_true(bar_builder_find(builder, ticker, &present, &before));
    return present;
}

static void
a_minute_has_first_highest_lowest_and_last_price_and_the_difference_of_volumes(void **state)
{
    OWNED(bar_builder) builder = bar_builder_new();
    struct timed_bar bar;

    (void)state;
    add(builder, "IBM", "2014-06-02T13:29:58Z", 99, 1000);
    add(builder, "IBM", "2014-06-02T13:30:00Z", 100, 1010);
    add(builder, "IBM", "2014-06-02T13:30:20Z", 90, 1020);
    add(builder, "IBM", "2014-06-02T13:30:40Z", 130, 1030);
    add(builder, "IBM", "2014-06-02T13:30:59.999999Z", 110, 1045);
    bar = present_of(builder, "IBM");
    assert_int_equal(bar.at, at("2014-06-02T13:30:00Z"));
    assert_int_equal(bar.open_micros, 100);
    assert_int_equal(bar.high_micros, 130);
    assert_int_equal(bar.low_micros, 90);
    assert_int_equal(bar.close_micros, 110);
    assert_int_equal(bar.volume, 45); // since the quote before the minute
}

static void a_new_day_counts_its_volume_from_nothing(void **state)
{
    OWNED(bar_builder) builder = bar_builder_new();

    (void)state;
    add(builder, "IBM", "2014-06-02T19:59:00Z", 100, 5000);
    assert_int_equal(present_of(builder, "IBM").volume, 0); // nobody knows since when
    add(builder, "IBM", "2014-06-03T13:30:00Z", 100, 40);
    assert_int_equal(present_of(builder, "IBM").volume, 40);
}

static void a_quote_of_an_earlier_minute_changes_nothing_but_the_next_volume(void **state)
{
    OWNED(bar_builder) builder = bar_builder_new();
    struct timed_bar bar;

    (void)state;
    add(builder, "IBM", "2014-06-02T13:30:00Z", 100, 10);
    add(builder, "IBM", "2014-06-02T13:31:00Z", 101, 20);
    add(builder, "IBM", "2014-06-02T13:30:59Z", 500, 15);
    bar = present_of(builder, "IBM");
    assert_int_equal(bar.high_micros, 101);
    add(builder, "IBM", "2014-06-02T13:31:01Z", 101, 33);
    assert_int_equal(present_of(builder, "IBM").volume, 23);
}

static void a_day_whose_volume_is_corrected_downwards_has_no_negative_minute(void **state)
{
    OWNED(bar_builder) builder = bar_builder_new();

    (void)state;
    add(builder, "IBM", "2014-06-02T13:30:00Z", 100, 10);
    add(builder, "IBM", "2014-06-02T13:31:00Z", 100, 20);
    add(builder, "IBM", "2014-06-02T13:31:30Z", 100, 5);
    assert_int_equal(present_of(builder, "IBM").volume, 10);
}

static void ended_minutes_wait_until_they_are_stored_and_none_waits_twice(void **state)
{
    OWNED(bar_builder) builder = bar_builder_new();
    struct minute_bar ended[4];

    (void)state;
    add(builder, "IBM", "2014-06-02T13:30:10Z", 100, 10);
    add(builder, "KO", "2014-06-02T13:30:30Z", 40, 5);
    assert_int_equal(bar_builder_end(builder, at("2014-06-02T13:30:59Z")), 0);
    assert_int_equal(bar_builder_ended(builder, ended, 4), 0);
    add(builder, "KO", "2014-06-02T13:31:00Z", 41, 6); // the next minute ends the one before
    assert_int_equal(bar_builder_end(builder, at("2014-06-02T13:31:00Z")), 0);
    assert_int_equal(bar_builder_ended(builder, ended, 4), 2);
    assert_string_equal(ended[0].ticker, "KO");
    assert_string_equal(ended[1].ticker, "IBM");
    assert_int_equal(ended[1].bar.at, at("2014-06-02T13:30:00Z"));
    add(builder, "IBM", "2014-06-02T13:30:59Z", 900, 11); // too late for its minute
    assert_int_equal(present_of(builder, "IBM").high_micros, 100);
    bar_builder_stored(builder, 2);
    assert_int_equal(bar_builder_end(builder, at("2014-06-02T13:31:30Z")), 0);
    assert_int_equal(bar_builder_ended(builder, ended, 4), 0);
    assert_int_equal(bar_builder_end(builder, at("2014-06-02T13:32:00Z")), 0);
    assert_int_equal(bar_builder_ended(builder, ended, 4), 1);
    assert_int_equal(ended[0].bar.close_micros, 41);
}

static void prices_that_come_late_have_their_minutes_end_as_much_later(void **state)
{
    OWNED(bar_builder) builder = bar_builder_new();
    struct quote quote = {.ticker = "IBM", .price_micros = 100};
    struct minute_bar ended;

    (void)state;
    quote.quoted_at = at("2014-06-02T13:30:05Z");
    bar_builder_add(builder, &quote, at("2014-06-02T13:45:05Z"));
    assert_int_equal(bar_builder_end(builder, at("2014-06-02T13:45:59Z")), 0);
    quote.quoted_at = at("2014-06-02T13:30:58Z");
    quote.price_micros = 120;
    bar_builder_add(builder, &quote, at("2014-06-02T13:45:59Z"));
    assert_int_equal(bar_builder_end(builder, at("2014-06-02T13:45:59Z")), 0);
    assert_int_equal(bar_builder_ended(builder, &ended, 1), 0);
    assert_int_equal(bar_builder_end(builder, at("2014-06-02T13:46:00Z")), 0);
    assert_int_equal(bar_builder_ended(builder, &ended, 1), 1);
    assert_int_equal(ended.bar.close_micros, 120);
}

static void what_waits_and_the_present_minute_are_listed_in_order(void **state)
{
    OWNED(bar_builder) builder = bar_builder_new();
    struct timed_bar bars[3];
    char time[32];

    (void)state;
    for (int minute = 0; minute < 5; minute++) {
        (void)snprintf(time, sizeof time, "2014-06-02T13:3%d:00Z", minute);
        add(builder, "IBM", time, 100 + minute, minute);
        add(builder, "KO", time, 40, 1);
    }
    assert_int_equal(bar_builder_list(builder, "IBM", bars, 3), 3); // the last ones
    for (int i = 0; i < 3; i++)
        assert_int_equal(bars[i].open_micros, 102 + i);
    assert_int_equal(bar_builder_list(builder, "X", bars, 3), 0);
}

static void no_more_minutes_wait_than_may_and_the_oldest_are_counted_as_lost(void **state)
{
    OWNED(bar_builder) builder = bar_builder_new();
    struct quote quote = {.ticker = "IBM", .price_micros = 100};
    struct minute_bar first;
    int64_t begin = at("2014-06-02T13:30:00Z");

    (void)state;
    for (int64_t minute = 0; minute < BAR_BUILDER_ENDED_MAX + 3; minute++) {
        quote.quoted_at = begin + minute * MINUTE;
        bar_builder_add(builder, &quote, quote.quoted_at);
    }
    assert_int_equal(bar_builder_end(builder, INT64_MAX / 2), 3);
    assert_int_equal(bar_builder_ended(builder, &first, 1), 1);
    assert_int_equal(first.bar.at, begin + 3 * MINUTE);
    assert_int_equal(bar_builder_end(builder, INT64_MAX / 2), 0);
}

static void minutes_that_are_put_are_shown_and_never_stored(void **state)
{
    OWNED(bar_builder) builder = bar_builder_new();
    const struct timed_bar none = {.at = INT64_MIN}, bar = {.at = MINUTE, .open_micros = 5};
    struct timed_bar present, before, list[2];
    struct minute_bar ended;

    (void)state;
    assert_false(bar_builder_find(builder, "IBM", &present, &before));
    bar_builder_put(builder, "IBM", &bar, &none);
    assert_true(bar_builder_find(builder, "IBM", &present, &before));
    assert_int_equal(present.open_micros, 5);
    assert_int_equal(before.at, INT64_MIN);
    assert_int_equal(bar_builder_end(builder, 10 * MINUTE), 0);
    assert_int_equal(bar_builder_ended(builder, &ended, 1), 0);
    assert_int_equal(bar_builder_list(builder, "IBM", list, 2), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_minute_has_first_highest_lowest_and_last_price_and_the_difference_of_volumes),
        cmocka_unit_test(a_new_day_counts_its_volume_from_nothing),
        cmocka_unit_test(a_quote_of_an_earlier_minute_changes_nothing_but_the_next_volume),
        cmocka_unit_test(a_day_whose_volume_is_corrected_downwards_has_no_negative_minute),
        cmocka_unit_test(ended_minutes_wait_until_they_are_stored_and_none_waits_twice),
        cmocka_unit_test(prices_that_come_late_have_their_minutes_end_as_much_later),
        cmocka_unit_test(what_waits_and_the_present_minute_are_listed_in_order),
        cmocka_unit_test(no_more_minutes_wait_than_may_and_the_oldest_are_counted_as_lost),
        cmocka_unit_test(minutes_that_are_put_are_shown_and_never_stored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
