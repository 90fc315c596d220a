// SPDX-License-Identifier: MIT
#include "support/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "performance/performance.h"
#include "performance/performance_message.h"
#include "performance/period.h"
#include "snapshots/snapshot_store.h"

#define DOLLAR INT64_C(1000000)

enum { BUDGET = 4 * 1024 * 1024, HISTORIES = 200, DAYS = 40, HELD = 3 };

static int start(void **state)
{
    *state = arena_new(BUDGET);
    return 0;
}

static int stop(void **state)
{
    struct arena *arena = *state;

    arena_free(&arena);
    return 0;
}

static struct snapshot
day_of(const char *day, int64_t start_value, int64_t deposits, int64_t withdrawals, int64_t end)
{
    struct snapshot snapshot = {.start_value = start_value * DOLLAR,
                                .deposits = deposits * DOLLAR,
                                .withdrawals = withdrawals * DOLLAR,
                                .cash = end * DOLLAR};

    snprintf(snapshot.day, DATE_SIZE, "%s", day);
    return snapshot;
}

static struct performance measure(void **state, const struct performance_input *input)
{
    struct performance performance;
    struct error error;

    assert_true(performance_measure(input, *state, &performance, &error));
    return performance;
}

static const struct performance_figure *figure(const struct performance *performance,
                                               const char *name)
{
    for (size_t i = 0; i < performance->figure_count; i++) {
        if (strcmp(performance->figures[i].name, name) == 0)
            return &performance->figures[i];
    }
    fail_msg("there is no figure %s", name);
    return NULL;
}

static void assert_value(const struct performance *performance, const char *name, double expected)
{
    struct analytics_figure found = figure(performance, name)->figure;

    if (found.reason != ANALYTICS_KNOWN || fabs(found.value - expected) > 5e-11)
        fail_msg("%s: %.14f (%s) instead of %.14f", name, found.value,
                 analytics_reason_name(found.reason), expected);
}

static void
assert_reason(const struct performance *performance, const char *name, enum analytics_reason reason)
{
    assert_int_equal(figure(performance, name)->figure.reason, reason);
}

static void two_years_are_told_of_as_one_year(void **state)
{
    const struct snapshot days[] = {day_of("2012-06-01", 100, 0, 0, 120),
                                    day_of("2013-06-01", 120, 0, 0, 144)};
    const struct performance_input input = {
        .days = days, .count = 2, .base_day = "2011-06-02", .days_per_year = 252};
    struct performance performance = measure(state, &input);

    assert_value(&performance, "time_weighted_return", 0.44);
    assert_value(&performance, "annualized_return", 0.2);
    assert_value(&performance, "money_weighted_return", 0.44);
    assert_value(&performance, "xirr", 0.2);
    assert_value(&performance, "maximum_drawdown", 0);
    assert_reason(&performance, "calmar_ratio", ANALYTICS_NO_LOSSES);
    assert_int_equal(performance.gain, 44 * DOLLAR);
}

static void the_vectors_of_payments_are_rates_of_what_a_portfolio_did(void **state)
{
    // 155 put in 878 days before the end, 84 514 and 67 255 days before.
    const struct snapshot days[] = {
        day_of("2011-08-07", 0, 155, 0, 155), day_of("2012-08-05", 155, 84, 0, 239),
        day_of("2013-04-21", 239, 67, 0, 306), day_of("2014-01-01", 306, 0, 0, 397)};
    struct snapshot last = days[3];
    struct snapshot all[] = {days[0], days[1], days[2], days[3]};
    struct performance_input input = {.days = all, .count = 4, .days_per_year = 252};
    struct performance performance;

    last.cash = 396850000;
    all[3] = last;
    performance = measure(state, &input);
    assert_value(&performance, "xirr", 0.15602019617187);
}

static void a_lost_portfolio_has_no_figures_of_returns_and_says_why(void **state)
{
    const struct snapshot days[] = {day_of("2014-01-02", 0, 100, 0, 100),
                                    day_of("2014-01-03", 100, 0, 0, 0),
                                    day_of("2014-01-06", 0, 50, 0, 60)};
    const struct snapshot_gain gains[] = {{"2014-01-03", "LOST", 0, -100 * DOLLAR}};
    const struct performance_input input = {
        .days = days, .count = 3, .days_per_year = 252, .gains = gains, .gain_count = 1};
    struct performance performance = measure(state, &input);

    assert_reason(&performance, "time_weighted_return", ANALYTICS_EQUITY_NOT_POSITIVE);
    assert_reason(&performance, "volatility", ANALYTICS_EQUITY_NOT_POSITIVE);
    assert_reason(&performance, "maximum_drawdown", ANALYTICS_EQUITY_NOT_POSITIVE);
    assert_value(&performance, "simple_return", -90.0 / 150.0);
    assert_true(performance.days[0].has_growth);
    assert_false(performance.days[1].has_growth);
    assert_false(performance.days[2].has_growth);
    assert_false(performance.has_drawdown);
    assert_int_equal(performance.month_count, 0);
    assert_int_equal(performance.contribution_count, 1);
    assert_false(performance.contributions[0].has_contribution);
}

static void one_day_has_a_return_and_nothing_that_takes_two(void **state)
{
    const struct snapshot day = day_of("2014-01-03", 100, 0, 0, 110);
    const struct performance_input input = {
        .days = &day, .count = 1, .base_day = "2014-01-02", .days_per_year = 252};
    struct performance performance = measure(state, &input);

    assert_value(&performance, "time_weighted_return", 0.1);
    assert_value(&performance, "money_weighted_return", 0.1);
    assert_value(&performance, "best_day", 0.1);
    assert_string_equal(figure(&performance, "best_day")->date, "2014-01-03");
    assert_reason(&performance, "annualized_return", ANALYTICS_SHORTER_THAN_A_YEAR);
    assert_reason(&performance, "xirr", ANALYTICS_SHORTER_THAN_A_YEAR);
    assert_reason(&performance, "volatility", ANALYTICS_TOO_FEW_DAYS);
    assert_reason(&performance, "sharpe_ratio", ANALYTICS_TOO_FEW_DAYS);
    assert_reason(&performance, "win_rate", ANALYTICS_NO_TRADES);
    assert_reason(&performance, "benchmark_return", ANALYTICS_NO_BENCHMARK);
    assert_reason(&performance, "beta", ANALYTICS_NO_BENCHMARK);
}

static void an_empty_portfolio_has_a_return_of_zero_and_nothing_else(void **state)
{
    const struct snapshot days[] = {day_of("2014-01-02", 0, 0, 0, 0),
                                    day_of("2014-01-03", 0, 0, 0, 0)};
    const struct performance_input input = {.days = days, .count = 2, .days_per_year = 252};
    struct performance performance = measure(state, &input);

    assert_value(&performance, "time_weighted_return", 0);
    assert_reason(&performance, "simple_return", ANALYTICS_NOTHING_INVESTED);
    assert_reason(&performance, "money_weighted_return", ANALYTICS_NOTHING_INVESTED);
    assert_reason(&performance, "volatility", ANALYTICS_TOO_FEW_DAYS);
    assert_reason(&performance, "maximum_drawdown", ANALYTICS_TOO_FEW_DAYS);
    assert_reason(&performance, "turnover", ANALYTICS_NOTHING_INVESTED);
    assert_value(&performance, "exposure", 0);
    assert_false(performance.days[0].has_return);
}

static void months_hold_the_days_of_a_month(void **state)
{
    const struct snapshot days[] = {
        day_of("2013-12-30", 100, 0, 0, 110), day_of("2013-12-31", 110, 0, 0, 121),
        day_of("2014-01-02", 121, 0, 0, 121), day_of("2014-03-03", 121, 0, 0, 242)};
    const struct performance_input input = {
        .days = days, .count = 4, .base_day = "2013-12-27", .days_per_year = 252};
    struct performance performance = measure(state, &input);

    assert_int_equal(performance.month_count, 3);
    assert_int_equal(performance.months[0].year, 2013);
    assert_int_equal(performance.months[0].month, 12);
    assert_true(fabs(performance.months[0].month_return - 0.21) < 1e-12);
    assert_int_equal(performance.months[1].year, 2014);
    assert_int_equal(performance.months[1].month, 1);
    assert_true(performance.months[1].month_return == 0);
    assert_int_equal(performance.months[2].month, 3);
    assert_true(fabs(performance.months[2].month_return - 1) < 1e-12);
}

// Some days whose gains are those of three holdings.
struct history {
    struct snapshot days[DAYS];
    struct snapshot_gain gains[DAYS * HELD];
};

static void make_history(struct history *history, struct random_source *random)
{
    static const char *const tickers[HELD] = {"AAA", "BBB", "CCC"};
    int64_t value = 0;

    for (int i = 0; i < DAYS; i++) {
        struct snapshot *day = &history->days[i];
        int64_t gained = 0;

        *day = (struct snapshot){.start_value = value};
        date_print(date_from_days(16000 + i), day->day);
        if (i == 0 || random_below(random, 5) == 0)
            day->deposits = (int64_t)random_below(random, 100000000000);
        for (int j = 0; j < HELD; j++) {
            int64_t gain =
                (value + day->deposits) / 40 / 1000 * ((int64_t)random_below(random, 2001) - 1000);

            history->gains[i * HELD + j] = (struct snapshot_gain){day->day, tickers[j], 0, gain};
            gained += gain;
        }
        value += day->deposits + gained;
        if (random_below(random, 6) == 0)
            day->withdrawals = (int64_t)random_below(random, (uint64_t)value + 1);
        value -= day->withdrawals;
        day->cash = value;
    }
}

static double growth_of(void **state, const struct history *history, size_t first, size_t count)
{
    const struct performance_input input = {
        .days = &history->days[first], .count = count, .days_per_year = 252};
    struct performance performance = measure(state, &input);

    return 1 + figure(&performance, "time_weighted_return")->figure.value;
}

static void contributions_sum_to_the_return_of_any_history(void **state)
{
    uint64_t seed = 20140601;
    struct random_source random = random_seeded(&seed);
    struct history *history = allocate(sizeof(*history));

    for (int i = 0; i < HISTORIES; i++) {
        struct performance_input input = {.days = history->days,
                                          .count = DAYS,
                                          .days_per_year = 252,
                                          .gains = history->gains,
                                          .gain_count = DAYS * HELD};
        struct performance performance;
        double sum = 0;
        int64_t gains = 0;

        make_history(history, &random);
        performance = measure(state, &input);
        for (size_t j = 0; j < performance.contribution_count; j++) {
            sum += performance.contributions[j].contribution;
            gains += performance.contributions[j].gain;
        }
        assert_int_equal(performance.contribution_count, HELD);
        assert_int_equal(gains, performance.gain);
        assert_value(&performance, "time_weighted_return", sum);
        arena_reset(*state);
    }
    release(history);
}

static void a_period_that_is_split_anywhere_multiplies_to_the_whole(void **state)
{
    uint64_t seed = 7;
    struct random_source random = random_seeded(&seed);
    struct history *history = allocate(sizeof(*history));

    for (int i = 0; i < HISTORIES; i++) {
        size_t split = 1 + random_below(&random, DAYS - 1);
        double whole = 0;
        double parts = 0;

        make_history(history, &random);
        whole = growth_of(state, history, 0, DAYS);
        parts =
            growth_of(state, history, 0, split) * growth_of(state, history, split, DAYS - split);
        if (fabs(parts - whole) > 1e-10 * whole)
            fail_msg("%.14f and %.14f", parts, whole);
        arena_reset(*state);
    }
    release(history);
}

static void money_that_is_put_in_and_earns_as_the_rest_changes_no_return(void **state)
{
    uint64_t seed = 11;
    struct random_source random = random_seeded(&seed);
    struct history *one = allocate(sizeof(*one));
    struct history *other = allocate(sizeof(*other));

    for (int i = 0; i < HISTORIES; i++) {
        struct performance_input input = {.days = one->days, .count = DAYS, .days_per_year = 252};
        struct performance expected;
        struct performance found;
        size_t day = random_below(&random, DAYS);

        make_history(one, &random);
        *other = *one;
        // Doubled by a deposit at the beginning of a day, and everything behind it with it.
        for (size_t j = day; j < DAYS; j++) {
            other->days[j].cash *= 2;
            other->days[j].deposits *= 2;
            other->days[j].withdrawals *= 2;
            if (j > day)
                other->days[j].start_value *= 2;
        }
        other->days[day].deposits += one->days[day].start_value;
        expected = measure(state, &input);
        input.days = other->days;
        found = measure(state, &input);
        for (size_t j = 0; j < DAYS; j++) {
            assert_int_equal(found.days[j].has_return, expected.days[j].has_return);
            assert_true(fabs(found.days[j].day_return - expected.days[j].day_return) < 1e-13);
        }
        arena_reset(*state);
    }
    release(one);
    release(other);
}

static void assert_first(Portfolio__PerformancePeriod asked, const char *today, const char *first)
{
    Portfolio__GetPerformanceRequest request = PORTFOLIO__GET_PERFORMANCE_REQUEST__INIT;
    struct period period;
    struct error error;

    request.has_period = true;
    request.period = asked;
    assert_true(period_read(&request, today, &period, &error));
    assert_string_equal(period.first, first);
    assert_string_equal(period.last, "");
}

static void a_period_ends_with_the_last_day(void **state)
{
    (void)state;
    assert_first(PORTFOLIO__PERFORMANCE_PERIOD__PERFORMANCE_PERIOD_1D, "2014-03-31", "2014-03-31");
    assert_first(PORTFOLIO__PERFORMANCE_PERIOD__PERFORMANCE_PERIOD_1W, "2014-03-03", "2014-02-25");
    assert_first(PORTFOLIO__PERFORMANCE_PERIOD__PERFORMANCE_PERIOD_1M, "2014-03-31", "2014-03-01");
    assert_first(PORTFOLIO__PERFORMANCE_PERIOD__PERFORMANCE_PERIOD_1M, "2014-01-15", "2013-12-16");
    assert_first(PORTFOLIO__PERFORMANCE_PERIOD__PERFORMANCE_PERIOD_3M, "2014-02-10", "2013-11-11");
    assert_first(PORTFOLIO__PERFORMANCE_PERIOD__PERFORMANCE_PERIOD_YTD, "2014-03-31", "2014-01-01");
    assert_first(PORTFOLIO__PERFORMANCE_PERIOD__PERFORMANCE_PERIOD_1Y, "2016-02-29", "2015-03-01");
    assert_first(PORTFOLIO__PERFORMANCE_PERIOD__PERFORMANCE_PERIOD_ALL, "2014-03-31", "");
}

static void what_is_too_large_for_the_wire_is_not_told(void **state)
{
    int64_t parts = 7;

    (void)state;
    assert_true(performance_to_parts(0.12345678905, &parts));
    assert_int_equal(parts, 1234567890);
    assert_true(performance_to_parts(-9e8, &parts));
    assert_false(performance_to_parts(9.1e8, &parts));
    assert_false(performance_to_parts(NAN, &parts));
    assert_int_equal(parts, INT64_C(-9000000000000000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(two_years_are_told_of_as_one_year, start, stop),
        cmocka_unit_test_setup_teardown(the_vectors_of_payments_are_rates_of_what_a_portfolio_did,
                                        start, stop),
        cmocka_unit_test_setup_teardown(a_lost_portfolio_has_no_figures_of_returns_and_says_why,
                                        start, stop),
        cmocka_unit_test_setup_teardown(one_day_has_a_return_and_nothing_that_takes_two, start,
                                        stop),
        cmocka_unit_test_setup_teardown(an_empty_portfolio_has_a_return_of_zero_and_nothing_else,
                                        start, stop),
        cmocka_unit_test_setup_teardown(months_hold_the_days_of_a_month, start, stop),
        cmocka_unit_test_setup_teardown(contributions_sum_to_the_return_of_any_history, start,
                                        stop),
        cmocka_unit_test_setup_teardown(a_period_that_is_split_anywhere_multiplies_to_the_whole,
                                        start, stop),
        cmocka_unit_test_setup_teardown(
            money_that_is_put_in_and_earns_as_the_rest_changes_no_return, start, stop),
        cmocka_unit_test(a_period_ends_with_the_last_day),
        cmocka_unit_test(what_is_too_large_for_the_wire_is_not_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
