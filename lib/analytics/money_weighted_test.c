// SPDX-License-Identifier: MIT
#include "support/test.h"

#include <math.h>

#include "analytics.h"

#define YEAR 365.0

static void assert_rate(struct analytics_figure figure, double expected)
{
    if (figure.reason != ANALYTICS_KNOWN)
        fail_msg("not known: %s", analytics_reason_name(figure.reason));
    if (fabs(figure.value - expected) > 5e-11 * fmax(1, fabs(expected)))
        fail_msg("%.14f instead of %.14f", figure.value, expected);
}

static void payments_grow_to_what_they_are_worth(void **state)
{
    const struct analytics_flow one[] = {{878, 155}};
    const struct analytics_flow three[] = {{878, 155}, {514, 84}, {255, 67}};
    const struct analytics_flow shuffled[] = {{255, 67}, {878, 155}, {514, 84}};

    (void)state;
    assert_rate(analytics_money_weighted(one, 1, 190.06, YEAR), 0.08846768683143);
    assert_rate(analytics_money_weighted(three, 3, 396.85, YEAR), 0.15602019617187);
    assert_rate(analytics_money_weighted(shuffled, 3, 396.85, YEAR), 0.15602019617187);
}

static void what_is_taken_out_counts_against_what_is_put_in(void **state)
{
    // 100 at 10 % a year, 55 taken out after the first.
    const struct analytics_flow flows[] = {{730, 100}, {365, -55}};

    (void)state;
    assert_rate(analytics_money_weighted(flows, 2, 60.5, YEAR), 0.10);
}

static void the_rate_is_that_of_the_unit(void **state)
{
    const struct analytics_flow flows[] = {{10, 100}};

    (void)state;
    assert_rate(analytics_money_weighted(flows, 1, 105, 10), 0.05);
    assert_rate(analytics_money_weighted(flows, 1, 105, 5), sqrt(1.05) - 1);
}

static void losses_are_rates_below_zero(void **state)
{
    const struct analytics_flow flows[] = {{365, 100}};

    (void)state;
    assert_rate(analytics_money_weighted(flows, 1, 1, YEAR), -0.99);
    assert_rate(analytics_money_weighted(flows, 1, 100, YEAR), 0);
    assert_rate(analytics_money_weighted(flows, 1, 90000, YEAR), 899);
}

static void everything_may_have_been_taken_out_before_the_end(void **state)
{
    const struct analytics_flow flows[] = {{730, 100}, {365, -110}};

    (void)state;
    assert_rate(analytics_money_weighted(flows, 2, 0, YEAR), 0.10);
}

static void no_rate_makes_something_of_nothing_or_nothing_of_something(void **state)
{
    const struct analytics_flow lost[] = {{365, 100}};
    const struct analytics_flow taken[] = {{365, -100}};
    const struct analytics_flow at_the_end[] = {{0, 100}};
    const struct analytics_flow nothing[] = {{365, 0}};

    (void)state;
    assert_int_equal(analytics_money_weighted(lost, 1, 0, YEAR).reason, ANALYTICS_NO_SOLUTION);
    // More than a thousandfold, and less than a ten-thousandth.
    assert_int_equal(analytics_money_weighted(lost, 1, 200000, YEAR).reason, ANALYTICS_NO_SOLUTION);
    assert_int_equal(analytics_money_weighted(lost, 1, 0.001, YEAR).reason, ANALYTICS_NO_SOLUTION);
    assert_int_equal(analytics_money_weighted(taken, 1, 50, YEAR).reason, ANALYTICS_NO_SOLUTION);
    assert_int_equal(analytics_money_weighted(at_the_end, 1, 100, YEAR).reason,
                     ANALYTICS_NO_SOLUTION);
    assert_int_equal(analytics_money_weighted(lost, 1, 100, 0).reason, ANALYTICS_NO_SOLUTION);
    assert_int_equal(analytics_money_weighted(nothing, 1, 0, YEAR).reason,
                     ANALYTICS_NOTHING_INVESTED);
    assert_int_equal(analytics_money_weighted(NULL, 0, 0, YEAR).reason, ANALYTICS_NOTHING_INVESTED);
}

static void payments_that_two_rates_explain_have_none(void **state)
{
    // -100 + 230 / (1 + i) - 132 / (1 + i)^2: 10 % and 20 %.
    const struct analytics_flow flows[] = {{730, 100}, {365, -230}, {0, 132}};

    (void)state;
    assert_int_equal(analytics_money_weighted(flows, 3, 0, YEAR).reason, ANALYTICS_MANY_SOLUTIONS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(payments_grow_to_what_they_are_worth),
        cmocka_unit_test(what_is_taken_out_counts_against_what_is_put_in),
        cmocka_unit_test(the_rate_is_that_of_the_unit),
        cmocka_unit_test(losses_are_rates_below_zero),
        cmocka_unit_test(everything_may_have_been_taken_out_before_the_end),
        cmocka_unit_test(no_rate_makes_something_of_nothing_or_nothing_of_something),
        cmocka_unit_test(payments_that_two_rates_explain_have_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
