// SPDX-License-Identifier: MIT
#include "simulation/simulation.h"

#include "bars/bar_series.h"
#include "clock/exchange_calendar.h"
#include "support/test.h"

#include <string.h>

static const struct simulated_symbol apple = {.ticker = "AAPL",
                                              .sector = "Technology",
                                              .price_micros = 200000000,
                                              .volatility_basis_points = 2500};

static const struct simulation_options new_york = {.seed = 1, .hours = HOURS_NEW_YORK},
                                       around_the_clock = {.seed = 1,
                                                           .hours = HOURS_AROUND_THE_CLOCK};

static int64_t at(const char *text)
{
    int64_t time = 0;

    assert_true(timestamp_parse(text_of(text), &time));
    return time;
}

static int64_t day_of(const char *text)
{
    struct date date;

    assert_true(date_parse(text_of(text), &date));
    return date_to_days(date);
}

static size_t list_minutes(const struct simulation_options *options,
                           const char *day,
                           int64_t until,
                           struct timed_bar out_minutes[SIMULATED_MINUTES_MAX])
{
    OWNED(simulation) simulation = simulation_new(options, &apple, 1);

    return simulation_list_minutes(simulation, day_of(day), until, out_minutes);
}

static bool list_day(const struct simulation_options *options,
                     const char *day,
                     int64_t until,
                     struct timed_bar *out_bar)
{
    OWNED(simulation) simulation = simulation_new(options, &apple, 1);

    return simulation_list_day(simulation, day_of(day), until, out_bar);
}

static void assert_same(const struct timed_bar *one, const struct timed_bar *other)
{
    assert_int_equal(one->at, other->at);
    assert_int_equal(one->open_micros, other->open_micros);
    assert_int_equal(one->high_micros, other->high_micros);
    assert_int_equal(one->low_micros, other->low_micros);
    assert_int_equal(one->close_micros, other->close_micros);
    assert_int_equal(one->volume, other->volume);
}

// Makes the minutes of a session from its quotes, second by second, without the walk.
static size_t build_minutes(const struct simulation_options *options,
                            int64_t open_at,
                            int64_t last_at,
                            struct timed_bar *out_minutes)
{
    OWNED(simulation) simulation = simulation_new(options, &apple, 1);
    int64_t volume_before = 0;
    size_t count = 0;

    for (int64_t now = open_at; now <= last_at; now += MICROS_PER_SECOND) {
        const struct quote *quote;
        int64_t price, minute = (now - open_at) / (60 * MICROS_PER_SECOND);
        struct timed_bar *bar;

        simulation_move(simulation, now);
        quote = simulation_quote(simulation, 0);
        price = quote->price_micros;
        if ((size_t)minute == count) {
            volume_before = count > 0 ? out_minutes[count - 1].volume + volume_before : 0;
            out_minutes[count++] = (struct timed_bar){
                .at = now, .open_micros = price, .high_micros = price, .low_micros = price};
        }
        bar = &out_minutes[count - 1];
        bar->high_micros = price > bar->high_micros ? price : bar->high_micros;
        bar->low_micros = price < bar->low_micros ? price : bar->low_micros;
        bar->close_micros = price;
        bar->volume = quote->volume - volume_before;
    }
    return count;
}

static void minutes_are_what_was_quoted_second_by_second(void **state)
{
    static struct timed_bar walked[SIMULATED_MINUTES_MAX], built[SIMULATED_MINUTES_MAX];
    size_t count = list_minutes(&new_york, "2026-03-03", INT64_MAX, walked);

    (void)state;
    assert_int_equal(count, 390);
    assert_int_equal(
        build_minutes(&new_york, at("2026-03-03T14:30:00Z"), at("2026-03-03T20:59:59Z"), built),
        390);
    for (size_t i = 0; i + 1 < count; i++)
        assert_same(&walked[i], &built[i]);
    // The last minute has the close too.
    assert_int_equal(walked[389].at, at("2026-03-03T20:59:00Z"));
    assert_int_equal(walked[389].open_micros, built[389].open_micros);
    assert_int_equal(walked[389].volume, built[389].volume);
}

static void minutes_add_up_to_their_day(void **state)
{
    static const struct {
        const struct simulation_options *options;
        const char *day;
        size_t minutes;
    } days[] = {{&new_york, "2026-03-09", 390}, // the first of daylight saving
                {&new_york, "2026-11-02", 390}, // the first after it
                {&new_york, "2026-11-27", 210}, // a half day
                {&around_the_clock, "2026-03-08", 1440},
                {&around_the_clock, "2028-02-29", 1440}};
    static struct timed_bar minutes[SIMULATED_MINUTES_MAX];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(days); i++) {
        struct timed_bar whole, day;
        struct bar_series series = {
            .timeframe = TIMEFRAME_DAY, .hours = days[i].options->hours, .bars = &whole, .max = 1};
        size_t count = list_minutes(days[i].options, days[i].day, INT64_MAX, minutes);

        assert_int_equal(count, days[i].minutes);
        for (size_t minute = 0; minute < count; minute++)
            assert_true(bar_series_add(&series, &minutes[minute]));
        assert_true(list_day(days[i].options, days[i].day, INT64_MAX, &day));
        assert_same(&whole, &day);
    }
    assert_int_equal(list_minutes(&new_york, "2026-07-04", INT64_MAX, minutes), 0);
}

static void
a_days_close_is_the_previous_close_of_the_next_and_its_rest_what_was_quoted(void **state)
{
    const struct simulation_options *const both[] = {&new_york, &around_the_clock};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(both); i++) {
        OWNED(simulation) simulation = simulation_new(both[i], &apple, 1);
        const struct quote *quote;
        struct timed_bar day;

        assert_true(list_day(both[i], "2026-03-03", INT64_MAX, &day));
        simulation_move(simulation, at("2026-03-04T00:00:00Z") - 1);
        quote = simulation_quote(simulation, 0);
        assert_int_equal(quote->open_micros, day.open_micros);
        assert_int_equal(quote->volume, day.volume);
        if (both[i]->hours == HOURS_NEW_YORK) {
            assert_int_equal(quote->high_micros, day.high_micros);
            assert_int_equal(quote->low_micros, day.low_micros);
        }
        simulation_move(simulation, at("2026-03-04T20:00:00Z"));
        assert_int_equal(simulation_quote(simulation, 0)->previous_close_micros, day.close_micros);
    }
}

static void a_running_day_is_what_is_quoted_at_that_second(void **state)
{
    static struct timed_bar minutes[SIMULATED_MINUTES_MAX];
    OWNED(simulation) simulation = simulation_new(&around_the_clock, &apple, 1);
    int64_t now = at("2026-03-03T17:45:12.5Z");
    struct timed_bar day, present, before;
    const struct quote *quote;
    size_t count = list_minutes(&around_the_clock, "2026-03-03", now, minutes);

    (void)state;
    simulation_move(simulation, now);
    quote = simulation_quote(simulation, 0);
    assert_true(list_day(&around_the_clock, "2026-03-03", now, &day));
    assert_int_equal(day.high_micros, quote->high_micros);
    assert_int_equal(day.low_micros, quote->low_micros);
    assert_int_equal(day.close_micros, quote->price_micros);
    assert_int_equal(day.volume, quote->volume);
    // The present minute too, though time has leapt there.
    simulation_minutes(simulation, 0, &present, &before);
    assert_int_equal(count, 17 * 60 + 46);
    assert_same(&present, &minutes[count - 1]);
    assert_same(&before, &minutes[count - 2]);
    assert_false(list_day(&around_the_clock, "2026-03-04", now, &day));
}

static void the_last_minute_of_a_day_is_whole_when_the_next_begins_at_once(void **state)
{
    static struct timed_bar minutes[SIMULATED_MINUTES_MAX];
    OWNED(simulation) simulation = simulation_new(&around_the_clock, &apple, 1);
    int64_t midnight = at("2026-03-04T00:00:00Z");
    struct timed_bar present, before;

    (void)state;
    assert_int_equal(list_minutes(&around_the_clock, "2026-03-03", INT64_MAX, minutes), 1440);
    for (int64_t now = midnight - 70 * MICROS_PER_SECOND; now <= midnight; now += MICROS_PER_SECOND)
        simulation_move(simulation, now);
    simulation_minutes(simulation, 0, &present, &before);
    assert_int_equal(present.at, midnight);
    assert_same(&before, &minutes[1439]);
}

static void a_minute_that_time_has_leapt_out_of_is_not_shown_as_whole(void **state)
{
    OWNED(simulation) simulation = simulation_new(&around_the_clock, &apple, 1);
    struct timed_bar present, before;

    (void)state;
    simulation_minutes(simulation, 0, &present, &before);
    assert_int_equal(present.at, INT64_MIN);
    simulation_move(simulation, at("2026-03-03T12:00:30Z"));
    simulation_move(simulation, at("2026-03-05T00:00:10Z"));
    simulation_minutes(simulation, 0, &present, &before);
    assert_int_equal(present.at, at("2026-03-05T00:00:00Z"));
    assert_int_equal(before.at, INT64_MIN);
}

static void a_split_divides_the_price_from_its_ex_date_on_and_leaves_the_past(void **state)
{
    const struct split split = {
        .ticker = "AAPL", .day = day_of("2026-03-04"), .numerator = 4, .denominator = 1};
    struct simulation_options options = new_york;
    OWNED(simulation) simulation = NULL;
    struct timed_bar plain, before, after;
    const struct quote *quote;

    (void)state;
    options.splits = &split;
    options.split_count = 1;
    assert_true(list_day(&new_york, "2026-03-03", INT64_MAX, &plain));
    assert_true(list_day(&options, "2026-03-03", INT64_MAX, &before));
    assert_same(&plain, &before);
    assert_true(list_day(&new_york, "2026-03-04", INT64_MAX, &plain));
    assert_true(list_day(&options, "2026-03-04", INT64_MAX, &after));
    // Both are rounded to cents.
    assert_in_range(after.close_micros, plain.close_micros / 4 - 10000,
                    plain.close_micros / 4 + 10000);
    assert_in_range(after.volume, plain.volume * 4 - 10, plain.volume * 4 + 10);
    simulation = simulation_new(&options, &apple, 1);
    simulation_move(simulation, at("2026-03-04T15:00:00Z"));
    quote = simulation_quote(simulation, 0);
    assert_int_equal(quote->previous_close_micros, before.close_micros / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(minutes_are_what_was_quoted_second_by_second),
        cmocka_unit_test(minutes_add_up_to_their_day),
        cmocka_unit_test(
            a_days_close_is_the_previous_close_of_the_next_and_its_rest_what_was_quoted),
        cmocka_unit_test(a_running_day_is_what_is_quoted_at_that_second),
        cmocka_unit_test(the_last_minute_of_a_day_is_whole_when_the_next_begins_at_once),
        cmocka_unit_test(a_minute_that_time_has_leapt_out_of_is_not_shown_as_whole),
        cmocka_unit_test(a_split_divides_the_price_from_its_ex_date_on_and_leaves_the_past),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
