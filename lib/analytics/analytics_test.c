// SPDX-License-Identifier: MIT
// The vectors were reckoned with 40 decimals, from the formulas.
#include "support/test.h"

#include <math.h>

#include "analytics.h"

#define YEAR 252.0

static const double returns[] = {.01, .10, -.04, .02, .03, .02, .01, -.10};
static const double benchmark[] = {.02, .05, -.03, .01, .02, .03, -.01, -.08};
enum { RETURNS = COUNT_OF(returns) };

static void assert_figure(struct analytics_figure figure, double expected)
{
    if (figure.reason != ANALYTICS_KNOWN)
        fail_msg("not known: %s", analytics_reason_name(figure.reason));
    // Ten digits.
    if (fabs(figure.value - expected) > 5e-11 * fmax(1, fabs(expected)))
        fail_msg("%.14f instead of %.14f", figure.value, expected);
}

static void assert_unknown(struct analytics_figure figure, enum analytics_reason reason)
{
    assert_int_equal(figure.reason, reason);
    assert_true(figure.value == 0);
}

static void a_time_weighted_return_leaves_out_what_was_deposited(void **state)
{
    const struct analytics_day days[] = {
        {177.94, 0, 0, 160.26}, {160.26, 84, 0, 264.57}, {264.57, 67, 0, 426.82}};
    double day_return = 0;

    (void)state;
    assert_int_equal(analytics_day_return(&days[0], &day_return), ANALYTICS_DAY_COUNTED);
    assert_figure(analytics_known(day_return), -0.09935933460717);
    assert_int_equal(analytics_day_return(&days[1], &day_return), ANALYTICS_DAY_COUNTED);
    assert_figure(analytics_known(day_return), 0.08314910341439);
    assert_int_equal(analytics_day_return(&days[2], &day_return), ANALYTICS_DAY_COUNTED);
    assert_figure(analytics_known(day_return), 0.28726965648279);
    assert_figure(analytics_time_weighted(days, COUNT_OF(days)), 0.25576775978877);
}

static void what_is_withdrawn_leaves_at_the_end_of_its_day(void **state)
{
    const struct analytics_day day = {100, 0, 60, 50};

    (void)state;
    assert_figure(analytics_time_weighted(&day, 1), 0.1);
}

static void cash_alone_has_a_return_of_zero_whatever_is_deposited(void **state)
{
    const struct analytics_day days[] = {
        {0, 1000, 0, 1000}, {1000, 500, 0, 1500}, {1500, 0, 1200, 300}};

    (void)state;
    assert_figure(analytics_time_weighted(days, COUNT_OF(days)), 0);
    assert_figure(analytics_simple(days, COUNT_OF(days)), 0);
}

static void sums_that_are_rounded_are_no_return(void **state)
{
    // 0.1 + 0.2 is not 0.3 in floating point.
    const struct analytics_day day = {0.1, 0.2, 0, 0.3};
    const struct analytics_day micro = {1000000, 0, 0, 1000000.000001};
    double day_return = 1;

    (void)state;
    assert_int_equal(analytics_day_return(&day, &day_return), ANALYTICS_DAY_COUNTED);
    assert_true(day_return == 0);
    assert_int_equal(analytics_day_return(&micro, &day_return), ANALYTICS_DAY_COUNTED);
    assert_true(day_return > 0);
}

static void withdrawing_everything_and_depositing_again_goes_on_with_a_new_part(void **state)
{
    const struct analytics_day days[] = {
        {100, 0, 110, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}, {0, 1000, 0, 1200}};
    double day_return = 7;

    (void)state;
    assert_int_equal(analytics_day_return(&days[1], &day_return), ANALYTICS_DAY_EMPTY);
    assert_true(day_return == 7);
    assert_figure(analytics_time_weighted(days, COUNT_OF(days)), 0.32);
    assert_figure(analytics_time_weighted(&days[1], 2), 0);
}

static void no_return_is_defined_where_the_worth_is_zero_or_below(void **state)
{
    const struct analytics_day lost[] = {{100, 0, 0, 0}, {0, 50, 0, 50}};
    const struct analytics_day owed[] = {{100, 0, 0, 120}, {120, 0, 0, -5}};
    const struct analytics_day given[] = {{0, 0, 0, 5}};
    const struct analytics_day begun_below[] = {{-5, 3, 0, 10}};

    (void)state;
    assert_unknown(analytics_time_weighted(lost, 2), ANALYTICS_EQUITY_NOT_POSITIVE);
    assert_unknown(analytics_time_weighted(owed, 2), ANALYTICS_EQUITY_NOT_POSITIVE);
    assert_unknown(analytics_time_weighted(given, 1), ANALYTICS_EQUITY_NOT_POSITIVE);
    assert_unknown(analytics_time_weighted(begun_below, 1), ANALYTICS_EQUITY_NOT_POSITIVE);
}

static void no_days_have_no_return(void **state)
{
    (void)state;
    assert_unknown(analytics_time_weighted(NULL, 0), ANALYTICS_TOO_FEW_DAYS);
    assert_unknown(analytics_simple(NULL, 0), ANALYTICS_TOO_FEW_DAYS);
}

static void a_simple_return_is_the_gain_in_parts_of_what_was_put_in(void **state)
{
    const struct analytics_day days[] = {{100, 50, 0, 160}, {160, 0, 30, 145}};
    const struct analytics_day nothing = {0, 0, 0, 0};

    (void)state;
    assert_figure(analytics_simple(days, 2), 25.0 / 150.0);
    assert_unknown(analytics_simple(&nothing, 1), ANALYTICS_NOTHING_INVESTED);
}

static void less_than_a_year_is_not_made_a_whole_one(void **state)
{
    (void)state;
    assert_unknown(analytics_annualize(analytics_known(0.5), 364), ANALYTICS_SHORTER_THAN_A_YEAR);
    assert_figure(analytics_annualize(analytics_known(0.5), 365), 0.5);
    assert_figure(analytics_annualize(analytics_known(0.5), 730), 0.22474487139159);
    assert_unknown(analytics_annualize(analytics_unknown(ANALYTICS_TOO_FEW_DAYS), 730),
                   ANALYTICS_TOO_FEW_DAYS);
}

static void returns_of_a_week_vary_as_the_formulas_say(void **state)
{
    (void)state;
    assert_figure(analytics_volatility(returns, RETURNS, YEAR), 0.91364653997046);
    assert_figure(analytics_sharpe(returns, RETURNS, 0, YEAR), 1.72386139617069);
    assert_figure(analytics_sortino(returns, RETURNS, 0, YEAR), 2.60553125167369);
}

static void a_riskless_rate_is_taken_from_the_mean(void **state)
{
    double riskless = 0.001;
    double expected = (0.00625 - riskless) / (0.91364653997046 / sqrt(YEAR)) * sqrt(YEAR);

    (void)state;
    assert_figure(analytics_sharpe(returns, RETURNS, riskless, YEAR), expected);
}

static void one_day_does_not_vary(void **state)
{
    (void)state;
    assert_unknown(analytics_volatility(returns, 1, YEAR), ANALYTICS_TOO_FEW_DAYS);
    assert_unknown(analytics_sharpe(returns, 1, 0, YEAR), ANALYTICS_TOO_FEW_DAYS);
    assert_unknown(analytics_sortino(returns, 1, 0, YEAR), ANALYTICS_TOO_FEW_DAYS);
    assert_unknown(analytics_beta(returns, benchmark, 1), ANALYTICS_TOO_FEW_DAYS);
    assert_unknown(analytics_alpha(returns, benchmark, 1, 0, YEAR), ANALYTICS_TOO_FEW_DAYS);
    assert_unknown(analytics_correlation(returns, benchmark, 1), ANALYTICS_TOO_FEW_DAYS);
    assert_unknown(analytics_tracking_error(returns, benchmark, 1, YEAR), ANALYTICS_TOO_FEW_DAYS);
}

static void returns_that_are_all_the_same_have_no_sharpe(void **state)
{
    // Whose mean is not exactly one of them, so that rounding alone makes a deviation.
    static const double same[] = {.1, .1, .1};
    static const double none[] = {0, 0, 0};

    (void)state;
    assert_figure(analytics_volatility(same, COUNT_OF(same), YEAR), 0);
    assert_unknown(analytics_sharpe(same, COUNT_OF(same), 0, YEAR), ANALYTICS_NO_VARIANCE);
    assert_unknown(analytics_sharpe(none, COUNT_OF(none), 0, YEAR), ANALYTICS_NO_VARIANCE);
    assert_unknown(analytics_beta(returns, same, COUNT_OF(same)), ANALYTICS_NO_VARIANCE);
    assert_unknown(analytics_alpha(returns, same, COUNT_OF(same), 0, YEAR), ANALYTICS_NO_VARIANCE);
    assert_unknown(analytics_correlation(same, returns, COUNT_OF(same)), ANALYTICS_NO_VARIANCE);
}

static void without_a_loss_there_is_no_sortino(void **state)
{
    (void)state;
    assert_unknown(analytics_sortino(returns, 2, 0, YEAR), ANALYTICS_NO_LOSSES);
}

static void the_deepest_fall_has_a_peak_a_trough_and_a_recovery(void **state)
{
    struct analytics_drawdown fall = analytics_maximum_drawdown(returns, RETURNS);

    (void)state;
    assert_figure(analytics_known(fall.depth), -0.1);
    assert_int_equal(fall.peak, 7);
    assert_int_equal(fall.trough, 8);
    assert_false(fall.is_recovered);
    fall = analytics_maximum_drawdown(returns, 7);
    assert_figure(analytics_known(fall.depth), -0.04);
    assert_int_equal(fall.peak, 2);
    assert_int_equal(fall.trough, 3);
    assert_true(fall.is_recovered);
    assert_int_equal(fall.recovery, 5);
}

static void a_fall_may_begin_with_the_first_day_and_none_is_none(void **state)
{
    static const double falling[] = {-.5, .5, .5};
    struct analytics_drawdown fall = analytics_maximum_drawdown(falling, 3);

    (void)state;
    assert_figure(analytics_known(fall.depth), -0.5);
    assert_int_equal(fall.peak, 0);
    assert_int_equal(fall.trough, 1);
    assert_true(fall.is_recovered);
    assert_int_equal(fall.recovery, 3);
    fall = analytics_maximum_drawdown(returns, 2);
    assert_true(fall.depth == 0);
    assert_unknown(analytics_calmar(analytics_known(0.3), fall.depth), ANALYTICS_NO_LOSSES);
    assert_figure(analytics_calmar(analytics_known(0.3), -0.1), 3);
    assert_unknown(analytics_calmar(analytics_unknown(ANALYTICS_SHORTER_THAN_A_YEAR), -0.1),
                   ANALYTICS_SHORTER_THAN_A_YEAR);
}

static void returns_go_with_a_benchmark_as_the_formulas_say(void **state)
{
    (void)state;
    assert_figure(analytics_beta(returns, benchmark, RETURNS), 1.33796791443850);
    assert_figure(analytics_alpha(returns, benchmark, RETURNS, 0, YEAR), 2.16106168799237);
    assert_figure(analytics_correlation(returns, benchmark, RETURNS), 0.94990362994321);
    assert_figure(analytics_tracking_error(returns, benchmark, RETURNS, YEAR), 0.36);
    assert_figure(analytics_beta(returns, returns, RETURNS), 1);
    assert_figure(analytics_alpha(returns, returns, RETURNS, 0, YEAR), 0);
    assert_figure(analytics_correlation(returns, returns, RETURNS), 1);
}

static void the_best_and_the_worst_day_are_the_first_of_their_kind(void **state)
{
    size_t index = 99;

    (void)state;
    assert_figure(analytics_best(returns, RETURNS, &index), 0.10);
    assert_int_equal(index, 1);
    assert_figure(analytics_worst(returns, RETURNS, &index), -0.10);
    assert_int_equal(index, 7);
    assert_figure(analytics_best(&returns[3], 4, &index), 0.03);
    assert_unknown(analytics_best(returns, 0, &index), ANALYTICS_TOO_FEW_DAYS);
}

static void sales_win_or_lose(void **state)
{
    static const double profits[] = {10, -5, 0, 20};

    (void)state;
    assert_figure(analytics_win_rate(profits, 4), 0.5);
    assert_figure(analytics_profit_factor(profits, 4), 6);
    assert_unknown(analytics_win_rate(profits, 0), ANALYTICS_NO_TRADES);
    assert_unknown(analytics_profit_factor(profits, 0), ANALYTICS_NO_TRADES);
    assert_unknown(analytics_profit_factor(profits, 1), ANALYTICS_NO_LOSSES);
    assert_figure(analytics_profit_factor(&profits[1], 1), 0);
}

static void turnover_counts_half_of_what_is_traded(void **state)
{
    (void)state;
    assert_figure(analytics_turnover(3000, 1000), 1.5);
    assert_unknown(analytics_turnover(3000, 0), ANALYTICS_NOTHING_INVESTED);
}

static void concentration_is_one_when_one_is_all_and_falls_with_more(void **state)
{
    static const double weights[] = {50, 50, 0, 0};

    (void)state;
    assert_figure(analytics_concentration(weights, 1), 1);
    assert_figure(analytics_concentration(weights, 4), 0.5);
    assert_unknown(analytics_concentration(&weights[2], 2), ANALYTICS_NOTHING_INVESTED);
}

static void the_returns_one_after_the_other_are_a_total(void **state)
{
    (void)state;
    assert_figure(analytics_total(returns, RETURNS), 0.0389310917101568);
    assert_unknown(analytics_total(returns, 0), ANALYTICS_TOO_FEW_DAYS);
}

static void the_value_at_risk_is_a_percentile_and_the_shortfall_the_mean_up_to_it(void **state)
{
    double sorted[21];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sorted); i++)
        sorted[i] = ((double)i - 10) / 100;
    // The 5th percentile of 21 is the second of them, and of 20 lies between the first two.
    assert_figure(analytics_value_at_risk(sorted, 21, 0.05), -0.09);
    assert_figure(analytics_expected_shortfall(sorted, 21, 0.05), -0.095);
    assert_figure(analytics_value_at_risk(sorted, 20, 0.05), -0.0905);
    assert_figure(analytics_expected_shortfall(sorted, 20, 0.05), -0.1);
    assert_unknown(analytics_value_at_risk(sorted, 19, 0.05), ANALYTICS_TOO_FEW_DAYS);
    assert_unknown(analytics_expected_shortfall(sorted, 0, 0.05), ANALYTICS_TOO_FEW_DAYS);
    assert_figure(analytics_value_at_risk(sorted, 1, 1), -0.1);
}

static void what_is_not_finite_is_not_known(void **state)
{
    (void)state;
    assert_unknown(analytics_known(INFINITY), ANALYTICS_OUT_OF_RANGE);
    assert_unknown(analytics_known(NAN), ANALYTICS_OUT_OF_RANGE);
    assert_string_equal(analytics_reason_name(ANALYTICS_NO_TRADES), "NO_TRADES");
    assert_string_equal(analytics_reason_sentence(ANALYTICS_NO_TRADES), "Nothing was sold.");
    assert_null(analytics_reason_name(ANALYTICS_KNOWN));
}

static void a_walk_forward_keeps_part_of_its_gain(void **state)
{
    // 30 % in 60 days before, 5 % in 20 days after: 0.5 % a day, and 0.25 %.
    static const struct analytics_window windows[] = {{0.2, 30, 0.08, 10}, {0.1, 30, -0.03, 10}};
    static const struct analytics_window lost[] = {{-0.1, 30, 0.2, 10}};
    struct analytics_figure figure = analytics_walk_forward(windows, 2);

    (void)state;
    assert_int_equal(figure.reason, ANALYTICS_KNOWN);
    assert_true(fabs(figure.value - 0.5) < 1e-10);
    assert_int_equal(analytics_walk_forward(lost, 1).reason, ANALYTICS_NO_GAIN);
    assert_int_equal(analytics_walk_forward(NULL, 0).reason, ANALYTICS_NO_GAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_weighted_return_leaves_out_what_was_deposited),
        cmocka_unit_test(what_is_withdrawn_leaves_at_the_end_of_its_day),
        cmocka_unit_test(cash_alone_has_a_return_of_zero_whatever_is_deposited),
        cmocka_unit_test(sums_that_are_rounded_are_no_return),
        cmocka_unit_test(withdrawing_everything_and_depositing_again_goes_on_with_a_new_part),
        cmocka_unit_test(no_return_is_defined_where_the_worth_is_zero_or_below),
        cmocka_unit_test(no_days_have_no_return),
        cmocka_unit_test(a_simple_return_is_the_gain_in_parts_of_what_was_put_in),
        cmocka_unit_test(less_than_a_year_is_not_made_a_whole_one),
        cmocka_unit_test(returns_of_a_week_vary_as_the_formulas_say),
        cmocka_unit_test(a_riskless_rate_is_taken_from_the_mean),
        cmocka_unit_test(one_day_does_not_vary),
        cmocka_unit_test(returns_that_are_all_the_same_have_no_sharpe),
        cmocka_unit_test(without_a_loss_there_is_no_sortino),
        cmocka_unit_test(the_deepest_fall_has_a_peak_a_trough_and_a_recovery),
        cmocka_unit_test(a_fall_may_begin_with_the_first_day_and_none_is_none),
        cmocka_unit_test(returns_go_with_a_benchmark_as_the_formulas_say),
        cmocka_unit_test(the_best_and_the_worst_day_are_the_first_of_their_kind),
        cmocka_unit_test(sales_win_or_lose),
        cmocka_unit_test(turnover_counts_half_of_what_is_traded),
        cmocka_unit_test(concentration_is_one_when_one_is_all_and_falls_with_more),
        cmocka_unit_test(the_returns_one_after_the_other_are_a_total),
        cmocka_unit_test(the_value_at_risk_is_a_percentile_and_the_shortfall_the_mean_up_to_it),
        cmocka_unit_test(what_is_not_finite_is_not_known),
        cmocka_unit_test(a_walk_forward_keeps_part_of_its_gain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
