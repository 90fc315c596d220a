// SPDX-License-Identifier: MIT
#include "player/replay.h"

#include "clock/exchange_calendar.h"

#include "support/test.h"

static int64_t day_of(const char *text)
{
    struct date date;

    assert_true(date_parse(text_of(text), &date));
    return date_to_days(date);
}

static int64_t at(const char *text)
{
    int64_t us = 0;

    assert_true(timestamp_parse(text_of(text), &us));
    return us;
}

static void assert_time(int64_t us, const char *expected)
{
    char text[TIMESTAMP_SIZE];

    timestamp_print(us, text);
    assert_string_equal(text, expected);
}

// AAPL on 2014-06-02: the high is nearer to the open than the low.
static struct bar apple(void)
{
    return (struct bar){.ticker = "AAPL",
                        .day = day_of("2014-06-02"),
                        .open_micros = 90565712,
                        .high_micros = 90690002,
                        .low_micros = 88928574,
                        .close_micros = 89807144,
                        .volume = 92337703};
}

static void a_bar_is_its_open_then_its_extremes_then_its_close(void **state)
{
    struct bar bar = apple();
    static const int64_t prices[PHASE_COUNT] = {90565712, 90690002, 88928574, 89807144};
    static const char *const times[PHASE_COUNT] = {"2014-06-02T13:30:00Z", "2014-06-02T15:00:00Z",
                                                   "2014-06-02T18:00:00Z", "2014-06-02T19:59:00Z"};

    (void)state;
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
        struct quote quote = replay_quote(&bar, (enum replay_phase)phase, 90428574, 0);

        assert_string_equal(quote.ticker, "AAPL");
        assert_int_equal(quote.price_micros, prices[phase]);
        assert_int_equal(quote.bid_micros, prices[phase]);
        assert_int_equal(quote.ask_micros, prices[phase]);
        assert_int_equal(quote.previous_close_micros, 90428574);
        assert_time(quote.quoted_at, times[phase]);
        assert_time(quote.valid_until, "2014-06-03T13:30:00Z");
    }
}

static void high_low_and_volume_are_those_of_the_day_so_far(void **state)
{
    struct bar bar = apple();
    static const int64_t highs[PHASE_COUNT] = {90565712, 90690002, 90690002, 90690002};
    static const int64_t lows[PHASE_COUNT] = {90565712, 90565712, 88928574, 88928574};
    static const int64_t volumes[PHASE_COUNT] = {23084425, 46168850, 69253275, 92337703};

    (void)state;
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
        struct quote quote = replay_quote(&bar, (enum replay_phase)phase, 0, 0);

        assert_int_equal(quote.open_micros, 90565712);
        assert_int_equal(quote.high_micros, highs[phase]);
        assert_int_equal(quote.low_micros, lows[phase]);
        assert_int_equal(quote.volume, volumes[phase]);
    }
}

static void the_nearer_extreme_comes_first_and_the_low_when_both_are(void **state)
{
    struct bar bar = {.ticker = "T",
                      .day = day_of("2014-06-02"),
                      .open_micros = 100,
                      .high_micros = 110,
                      .low_micros = 90,
                      .close_micros = 105};

    (void)state;
    assert_int_equal(replay_quote(&bar, PHASE_FIRST_EXTREME, 0, 0).price_micros, 90);
    bar.high_micros = 109;
    assert_int_equal(replay_quote(&bar, PHASE_FIRST_EXTREME, 0, 0).price_micros, 109);
    assert_int_equal(replay_quote(&bar, PHASE_SECOND_EXTREME, 0, 0).price_micros, 90);
    bar.low_micros = 92;
    assert_int_equal(replay_quote(&bar, PHASE_FIRST_EXTREME, 0, 0).price_micros, 92);
}

static void a_half_day_has_all_four_before_its_close(void **state)
{
    int64_t day = day_of("2014-11-28");
    int64_t before_1993 = day_of("1992-11-27");

    (void)state;
    assert_time(replay_due_at(day, PHASE_OPEN), "2014-11-28T14:30:00Z");
    assert_time(replay_due_at(day, PHASE_FIRST_EXTREME), "2014-11-28T16:00:00Z");
    assert_time(replay_due_at(day, PHASE_SECOND_EXTREME), "2014-11-28T17:00:00Z");
    assert_time(replay_due_at(day, PHASE_CLOSE), "2014-11-28T17:59:00Z");
    assert_time(replay_due_at(before_1993, PHASE_SECOND_EXTREME), "1992-11-27T18:00:00Z");
    assert_time(replay_due_at(before_1993, PHASE_CLOSE), "1992-11-27T18:59:00Z");
}

static void a_quote_holds_until_the_next_session_opens(void **state)
{
    struct bar bar = apple();

    (void)state;
    bar.day = day_of("2014-07-03"); // a Thursday before a long weekend
    assert_time(replay_quote(&bar, PHASE_CLOSE, 0, 0).valid_until, "2014-07-07T13:30:00Z");
    bar.day = day_of("2014-06-07"); // a Saturday
    assert_time(replay_quote(&bar, PHASE_OPEN, 0, 0).valid_until, "2014-06-09T13:30:00Z");
    assert_time(replay_quote(&bar, PHASE_OPEN, 0, 0).quoted_at, "2014-06-07T13:30:00Z");
}

static void the_phase_of_a_moment_is_the_last_one_due(void **state)
{
    int64_t day = day_of("2014-06-02");
    enum replay_phase phase;

    (void)state;
    assert_false(replay_phase_at(day, at("2014-06-02T13:29:59.999999Z"), &phase));
    assert_true(replay_phase_at(day, at("2014-06-02T13:30:00Z"), &phase));
    assert_int_equal(phase, PHASE_OPEN);
    assert_true(replay_phase_at(day, at("2014-06-02T17:59:59Z"), &phase));
    assert_int_equal(phase, PHASE_FIRST_EXTREME);
    assert_true(replay_phase_at(day, at("2014-09-02T00:00:00Z"), &phase));
    assert_int_equal(phase, PHASE_CLOSE);
}

static void the_next_event_is_a_quote_or_the_close(void **state)
{
    (void)state;
    assert_time(replay_next_event(at("2014-06-02T00:00:00Z")), "2014-06-02T13:30:00Z");
    assert_time(replay_next_event(at("2014-06-02T13:30:00Z")), "2014-06-02T15:00:00Z");
    assert_time(replay_next_event(at("2014-06-02T19:59:00Z")), "2014-06-02T20:00:00Z");
    assert_time(replay_next_event(at("2014-06-02T20:00:00Z")), "2014-06-03T13:30:00Z");
    assert_time(replay_next_event(at("2014-06-06T20:00:00Z")), "2014-06-07T13:30:00Z");
}

static void bid_and_ask_lie_half_a_spread_around_the_price(void **state)
{
    struct bar bar = apple();
    struct quote quote = replay_quote(&bar, PHASE_OPEN, 0, 10);

    (void)state;
    // 10 basis points of 90.565712 are 0.090565712; half of that is 0.045282856.
    assert_int_equal(quote.bid_micros, 90565712 - 45283);
    assert_int_equal(quote.ask_micros, 90565712 + 45283);
    bar.open_micros = bar.low_micros = bar.high_micros = bar.close_micros = 1;
    quote = replay_quote(&bar, PHASE_OPEN, 0, 1000);
    assert_int_equal(quote.bid_micros, 1);
}

static void the_change_is_since_the_previous_close_and_rounded_half_to_even(void **state)
{
    struct quote quote = {.price_micros = 89807144, .previous_close_micros = 90428574};
    int64_t change = 0, percent = 0;

    (void)state;
    assert_true(replay_change(&quote, &change, &percent));
    assert_int_equal(change, -621430);
    assert_int_equal(percent, -687200); // -0.6872 %
    quote = (struct quote){.price_micros = 200001, .previous_close_micros = 200000};
    assert_true(replay_change(&quote, &change, &percent));
    assert_int_equal(percent, 500);
    quote = (struct quote){.price_micros = 2000001, .previous_close_micros = 2000000};
    assert_true(replay_change(&quote, &change, &percent));
    assert_int_equal(percent, 0); // half a ten-thousandth goes to the even 0
    quote.previous_close_micros = 0;
    assert_false(replay_change(&quote, &change, &percent));
}

static void the_minutes_of_a_bar_are_its_quotes_and_add_up_to_it(void **state)
{
    struct bar bar = apple();
    struct timed_bar minutes[PHASE_COUNT];
    int64_t volume = 0;

    (void)state;
    replay_minutes(&bar, minutes);
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
        struct quote quote = replay_quote(&bar, (enum replay_phase)phase, 0, 0);

        assert_int_equal(minutes[phase].at, quote.quoted_at);
        assert_int_equal(minutes[phase].open_micros, quote.price_micros);
        assert_int_equal(minutes[phase].close_micros, quote.price_micros);
        volume += minutes[phase].volume;
        assert_int_equal(volume, quote.volume);
    }
    assert_int_equal(volume, bar.volume);
}

static void a_minute_is_quoted_within_itself_and_adds_to_its_day(void **state)
{
    static const int64_t prices[PHASE_COUNT] = {100, 90, 110, 105};
    static const int64_t highs[PHASE_COUNT] = {108, 108, 110, 110};
    static const int64_t lows[PHASE_COUNT] = {95, 90, 90, 90};
    static const int64_t volumes[PHASE_COUNT] = {502, 504, 506, 511};
    static const char *const times[PHASE_COUNT] = {"2014-06-02T14:00:00Z", "2014-06-02T14:00:20Z",
                                                   "2014-06-02T14:00:40Z", "2014-06-02T14:00:59Z"};
    const struct bar minute = {.ticker = "T",
                               .day = day_of("2014-06-02"),
                               .at = replay_due_at(day_of("2014-06-02"), PHASE_OPEN) +
                                     30 * 60 * MICROS_PER_SECOND,
                               .open_micros = 100,
                               .high_micros = 110,
                               .low_micros = 90,
                               .close_micros = 105,
                               .volume = 11};
    struct quote quote = {.open_micros = 99, .high_micros = 108, .low_micros = 95, .volume = 500};
    struct quote first = replay_minute_quote(NULL, &minute, PHASE_OPEN, 0, 0);

    (void)state;
    assert_int_equal(first.open_micros, 100);
    assert_int_equal(first.high_micros, 100);
    assert_int_equal(first.volume, 2);
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
        quote = replay_minute_quote(&quote, &minute, (enum replay_phase)phase, 98, 0);
        assert_int_equal(quote.price_micros, prices[phase]);
        assert_int_equal(quote.open_micros, 99);
        assert_int_equal(quote.high_micros, highs[phase]);
        assert_int_equal(quote.low_micros, lows[phase]);
        assert_int_equal(quote.volume, volumes[phase]);
        assert_int_equal(quote.previous_close_micros, 98);
        assert_time(quote.quoted_at, times[phase]);
        assert_time(quote.valid_until, "2014-06-03T13:30:00Z");
    }
    quote.volume = BAR_VOLUME_MAX - 1;
    quote = replay_minute_quote(&quote, &minute, PHASE_CLOSE, 98, 0);
    assert_int_equal(quote.volume, BAR_VOLUME_MAX);
}

static void with_minutes_the_next_event_is_one_of_a_minute_while_there_is_a_session(void **state)
{
    static const char *const events[][2] = {
        {"2014-06-02T13:29:59Z", "2014-06-02T13:30:00Z"},
        {"2014-06-02T13:30:00Z", "2014-06-02T13:30:20Z"},
        {"2014-06-02T13:30:20Z", "2014-06-02T13:30:40Z"},
        {"2014-06-02T13:30:58Z", "2014-06-02T13:30:59Z"},
        {"2014-06-02T13:30:59Z", "2014-06-02T13:31:00Z"},
        {"2014-06-02T19:59:59Z", "2014-06-02T20:00:00Z"},
        {"2014-06-02T20:00:00Z", "2014-06-03T13:30:00Z"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(events); i++) {
        int64_t at = 0;

        assert_true(timestamp_parse(text_of(events[i][0]), &at));
        assert_time(replay_next_minute_event(at), events[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bar_is_its_open_then_its_extremes_then_its_close),
        cmocka_unit_test(high_low_and_volume_are_those_of_the_day_so_far),
        cmocka_unit_test(the_nearer_extreme_comes_first_and_the_low_when_both_are),
        cmocka_unit_test(a_half_day_has_all_four_before_its_close),
        cmocka_unit_test(a_quote_holds_until_the_next_session_opens),
        cmocka_unit_test(the_phase_of_a_moment_is_the_last_one_due),
        cmocka_unit_test(the_next_event_is_a_quote_or_the_close),
        cmocka_unit_test(bid_and_ask_lie_half_a_spread_around_the_price),
        cmocka_unit_test(the_minutes_of_a_bar_are_its_quotes_and_add_up_to_it),
        cmocka_unit_test(a_minute_is_quoted_within_itself_and_adds_to_its_day),
        cmocka_unit_test(with_minutes_the_next_event_is_one_of_a_minute_while_there_is_a_session),
        cmocka_unit_test(the_change_is_since_the_previous_close_and_rounded_half_to_even),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
