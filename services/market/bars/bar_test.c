// SPDX-License-Identifier: MIT
#include "bars/bar.h"

#include "support/test.h"

static int64_t day_of(const char *text)
{
    struct date date;

    assert_true(date_parse(text_of(text), &date));
    return date_to_days(date);
}

static struct bar good_bar(void)
{
    return (struct bar){.ticker = "AAPL",
                        .day = day_of("2014-06-02"),
                        .open_micros = 90565712,
                        .high_micros = 90690002,
                        .low_micros = 88928574,
                        .close_micros = 89807144,
                        .volume = 92337700};
}

static void assert_refused(const struct bar *bar, const char *expected)
{
    char reason[BAR_REASON_SIZE] = "";

    assert_false(bar_check(bar, day_of("2026-11-22"), reason));
    assert_string_equal(reason, expected);
}

static void a_real_bar_is_taken(void **state)
{
    struct bar bar = good_bar();
    char reason[BAR_REASON_SIZE] = "";

    (void)state;
    assert_true(bar_check(&bar, day_of("2026-11-22"), reason));
    bar.volume = 0;
    bar.high_micros = bar.low_micros = bar.close_micros = bar.open_micros;
    assert_true(bar_check(&bar, day_of("2014-06-02"), reason));
}

static void the_high_is_the_highest_and_the_low_the_lowest(void **state)
{
    struct bar bar = good_bar();

    (void)state;
    bar.high_micros = 88000000;
    assert_refused(&bar, "high 88 is below low 88.928574");
    bar.high_micros = 90565711;
    assert_refused(&bar, "high 90.565711 is below open 90.565712");
    bar = good_bar();
    bar.close_micros = 90690003;
    assert_refused(&bar, "high 90.690002 is below close 90.690003");
    bar = good_bar();
    bar.open_micros = 88928573;
    assert_refused(&bar, "low 88.928574 is above open 88.928573");
    bar = good_bar();
    bar.close_micros = 88900000;
    assert_refused(&bar, "low 88.928574 is above close 88.9");
}

static void prices_and_volumes_are_within_their_limits(void **state)
{
    struct bar bar = good_bar();

    (void)state;
    bar.low_micros = 0;
    assert_refused(&bar, "low 0 is not above 0 and at most 1000000000");
    bar = good_bar();
    bar.high_micros = PRICE_MICROS_MAX + 1;
    assert_refused(&bar, "high 1000000000.000001 is not above 0 and at most 1000000000");
    bar = good_bar();
    bar.volume = -1;
    assert_refused(&bar, "volume -1 is negative");
    bar.volume = BAR_VOLUME_MAX + 1;
    assert_refused(&bar, "volume 1000000000000001 is above 1000000000000000");
}

static void the_day_is_from_1990_until_today(void **state)
{
    struct bar bar = good_bar();

    (void)state;
    bar.day = day_of("2031-01-01");
    assert_refused(&bar, "2031-01-01 is in the future");
    bar.day = day_of("1989-12-29");
    assert_refused(&bar, "1989-12-29 is before 1990-01-01");
}

static void a_ticker_is_upper_case_and_of_few_characters(void **state)
{
    char ticker[TICKER_SIZE] = "";

    (void)state;
    assert_true(bar_read_ticker(text_of("brk-a"), ticker));
    assert_string_equal(ticker, "BRK-A");
    assert_false(bar_read_ticker(text_of(""), ticker));
    assert_false(bar_read_ticker(text_of("-A"), ticker));
    assert_false(bar_read_ticker(text_of("A B"), ticker));
    assert_false(bar_read_ticker(text_of("ABCDEFGHIJKLMNOP"), ticker));
    assert_false(bar_read_ticker((struct text){"A\0B", 3}, ticker));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_real_bar_is_taken),
        cmocka_unit_test(the_high_is_the_highest_and_the_low_the_lowest),
        cmocka_unit_test(prices_and_volumes_are_within_their_limits),
        cmocka_unit_test(the_day_is_from_1990_until_today),
        cmocka_unit_test(a_ticker_is_upper_case_and_of_few_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
