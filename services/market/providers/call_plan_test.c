// SPDX-License-Identifier: MIT
#include "providers/call_plan.h"

#include "base/timestamp.h"

#include "support/test.h"

#include <stdio.h>
#include <string.h>

// Within a session: Friday 2021-07-30 11:00 in New York.
#define NOW INT64_C(1627657200000000)
#define SECOND MICROS_PER_SECOND

enum { YAHOO, STOOQ, TWELVE };

static struct call_plan *new_plan(int64_t yahoo_a_minute)
{
    const struct plan_options options = {
        .providers = {{&provider_yahoo, {.per_minute = yahoo_a_minute}},
                      {&provider_stooq, {0}},
                      {&provider_twelve_data, {.per_minute = 8}}},
        .provider_count = 3,
        .refresh_us = 15 * SECOND,
        .wanted_us = 600 * SECOND,
        .age_us = 120 * SECOND,
        .leap_percent_max = 20,
    };

    return call_plan_new(&options);
}

static struct plan_call next(struct call_plan *plan, int64_t now)
{
    struct plan_call call;
    int64_t wake_at;

    assert_true(call_plan_next(plan, now, &call, &wake_at));
    return call;
}

static void assert_nothing(struct call_plan *plan, int64_t now, int64_t wake_at)
{
    struct plan_call call;
    int64_t wakes_at = 0;

    assert_false(call_plan_next(plan, now, &call, &wakes_at));
    assert_int_equal(wakes_at, wake_at);
}

// Ends a call with one outcome for all; an answer is a price. Gives how many quotes came of it.
static size_t finish(struct call_plan *plan,
                     const struct plan_call *call,
                     enum provider_outcome outcome,
                     int64_t price_micros,
                     int64_t now)
{
    struct provider_answer answers[PROVIDER_BATCH_MAX] = {0};
    struct provider_verdict verdict = {.outcome = outcome};
    struct quote quotes[PROVIDER_BATCH_MAX];
    size_t count;

    for (size_t i = 0; i < call->ticker_count; i++) {
        answers[i].outcome = outcome;
        answers[i].quote.price_micros = price_micros;
        answers[i].quote.quoted_at = now;
    }
    count = call_plan_finish(plan, call, &verdict, answers, now, quotes);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(quotes[i].price_micros, price_micros);
        assert_int_equal(quotes[i].valid_until, now + 120 * SECOND);
        assert_non_null(quotes[i].source);
    }
    return count;
}

static void a_thousand_who_want_one_symbol_are_one_call(void **state)
{
    OWNED(call_plan) plan = new_plan(60);
    struct plan_call call;

    (void)state;
    for (int i = 0; i < 1000; i++)
        call_plan_want(plan, "AAPL", NOW);
    call = next(plan, NOW);
    assert_int_equal(call.provider, YAHOO);
    assert_int_equal(call.ticker_count, 1);
    for (int i = 0; i < 1000; i++)
        call_plan_want(plan, "AAPL", NOW);
    assert_nothing(plan, NOW, INT64_MAX);
    assert_int_equal(finish(plan, &call, PROVIDER_ANSWERED, 100000000, NOW), 1);
    for (int i = 0; i < 1000; i++)
        call_plan_want(plan, "AAPL", NOW + 1);
    assert_nothing(plan, NOW + 1, NOW + 15 * SECOND);
    (void)next(plan, NOW + 15 * SECOND);
}

static void a_symbol_nobody_wants_any_longer_is_not_asked_for(void **state)
{
    OWNED(call_plan) plan = new_plan(60);
    struct plan_call call;

    (void)state;
    call_plan_want(plan, "AAPL", NOW);
    call = next(plan, NOW);
    (void)finish(plan, &call, PROVIDER_ANSWERED, 100000000, NOW);
    assert_int_equal(call_plan_wanted(plan, NOW + 600 * SECOND - 1), 1);
    assert_int_equal(call_plan_wanted(plan, NOW + 600 * SECOND), 0);
    assert_nothing(plan, NOW + 600 * SECOND, INT64_MAX);
}

static void the_symbol_longest_without_news_comes_first(void **state)
{
    OWNED(call_plan) plan = new_plan(60);
    struct plan_call call;

    (void)state;
    call_plan_want(plan, "A", NOW);
    call = next(plan, NOW);
    (void)finish(plan, &call, PROVIDER_ANSWERED, 100000000, NOW);
    call_plan_want(plan, "B", NOW + SECOND);
    call = next(plan, NOW + SECOND);
    (void)finish(plan, &call, PROVIDER_ANSWERED, 100000000, NOW + SECOND);
    call_plan_want(plan, "C", NOW + 20 * SECOND);
    assert_string_equal(next(plan, NOW + 20 * SECOND).tickers[0], "C");
    assert_string_equal(next(plan, NOW + 20 * SECOND).tickers[0], "A");
    assert_string_equal(next(plan, NOW + 20 * SECOND).tickers[0], "B");
}

static void many_symbols_keep_to_the_budget(void **state)
{
    OWNED(call_plan) plan = new_plan(60);
    struct plan_call call;
    int64_t wake_at = 0;
    char ticker[TICKER_SIZE];
    int calls = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(ticker, sizeof ticker, "S%d", i);
        call_plan_want(plan, ticker, NOW);
    }
    for (int64_t now = NOW; now < NOW + 60 * SECOND; now = wake_at) {
        while (call_plan_next(plan, now, &call, &wake_at)) {
            // Waiting for the next token is better than asking a slower provider.
            assert_int_equal(call.provider, YAHOO);
            (void)finish(plan, &call, PROVIDER_ANSWERED, 100000000, now);
            calls++;
        }
        assert_true(wake_at > now);
    }
    assert_int_equal(calls, 60);
}

static void a_provider_without_budget_for_long_is_passed_over(void **state)
{
    OWNED(call_plan) plan = new_plan(1);
    struct plan_call call;

    (void)state;
    call_plan_want(plan, "A", NOW);
    call_plan_want(plan, "B", NOW);
    call_plan_want(plan, "C", NOW);
    assert_int_equal(next(plan, NOW).provider, YAHOO);
    call = next(plan, NOW);
    assert_int_equal(call.provider, STOOQ);
    assert_int_equal(call.ticker_count, 2); // in one batch
}

static void a_batch_costs_no_more_than_there_is(void **state)
{
    OWNED(call_plan) plan = new_plan(60);
    struct plan_state shown;
    struct plan_call call;

    (void)state;
    for (char ticker[] = "A"; ticker[0] <= 'F'; ticker[0]++)
        call_plan_want(plan, ticker, NOW);
    // The first two do not work.
    for (int i = 0; i < BREAKER_FAILURES + 1; i++) {
        call = next(plan, NOW);
        (void)finish(plan, &call, PROVIDER_UNAVAILABLE, 0, NOW);
    }
    for (call = next(plan, NOW); call.provider != TWELVE; call = next(plan, NOW))
        (void)finish(plan, &call, PROVIDER_UNAVAILABLE, 0, NOW);
    assert_int_equal(call.ticker_count, 2);
    call_plan_state(plan, TWELVE, NOW, &shown);
    assert_int_equal(shown.minute_left, 0);
}

static void what_a_provider_does_not_know_is_asked_of_the_next_and_not_again(void **state)
{
    OWNED(call_plan) plan = new_plan(60);
    struct plan_call call;
    int64_t later = NOW + 60 * SECOND;

    (void)state;
    call_plan_want(plan, "A", NOW);
    for (size_t i = 0; i < 3; i++) {
        call = next(plan, NOW);
        assert_int_equal(call.provider, i);
        (void)finish(plan, &call, PROVIDER_UNKNOWN_SYMBOL, 0, NOW);
    }
    call_plan_want(plan, "A", later);
    assert_nothing(plan, later, NOW + PLAN_UNKNOWN_US);
    call_plan_want(plan, "A", NOW + PLAN_UNKNOWN_US);
    assert_int_equal(next(plan, NOW + PLAN_UNKNOWN_US).provider, YAHOO);
}

static void a_provider_that_fails_is_passed_over_and_then_left_alone(void **state)
{
    OWNED(call_plan) plan = new_plan(0);
    struct plan_state shown;
    struct plan_call call;
    char ticker[] = "A";

    (void)state;
    for (int i = 0; i < BREAKER_FAILURES; i++, ticker[0]++) {
        call_plan_want(plan, ticker, NOW);
        call = next(plan, NOW);
        assert_int_equal(call.provider, YAHOO);
        (void)finish(plan, &call, PROVIDER_MALFORMED, 0, NOW);
        call = next(plan, NOW);
        assert_int_equal(call.provider, STOOQ);
        (void)finish(plan, &call, PROVIDER_ANSWERED, 100000000, NOW);
    }
    call_plan_state(plan, YAHOO, NOW, &shown);
    assert_int_equal(shown.state, BREAKER_OPEN);
    call_plan_want(plan, ticker, NOW);
    assert_int_equal(next(plan, NOW).provider, STOOQ);
    // Half-open: one call goes there, the others do not wait for it.
    call_plan_want(plan, "X", NOW + 10 * SECOND);
    call_plan_want(plan, "Y", NOW + 10 * SECOND);
    assert_int_equal(next(plan, NOW + 10 * SECOND).provider, YAHOO);
    assert_int_equal(next(plan, NOW + 10 * SECOND).provider, STOOQ);
}

static void a_limit_or_a_refused_key_blocks_the_provider_alone(void **state)
{
    OWNED(call_plan) plan = new_plan(60);
    OWNED(call_plan) other = new_plan(60);
    struct provider_answer answer = {.outcome = PROVIDER_RATE_LIMITED};
    struct provider_verdict verdict = {.outcome = PROVIDER_RATE_LIMITED, .blocked_us = 7 * SECOND};
    struct quote quotes[PROVIDER_BATCH_MAX];
    struct plan_state shown;
    struct plan_call call;

    (void)state;
    call_plan_want(plan, "A", NOW);
    call = next(plan, NOW);
    (void)call_plan_finish(plan, &call, &verdict, &answer, NOW, quotes);
    call_plan_state(plan, YAHOO, NOW, &shown);
    assert_int_equal(shown.blocked_until, NOW + 7 * SECOND);
    assert_int_equal(shown.state, BREAKER_CLOSED);
    assert_int_equal(next(plan, NOW).provider, STOOQ);
    // It is known after a restart.
    call_plan_resume(other, &shown, NOW + SECOND);
    call_plan_want(other, "A", NOW + SECOND);
    assert_int_equal(next(other, NOW + SECOND).provider, STOOQ);
    // A key is another one after a restart, perhaps.
    shown.is_key_refused = true;
    shown.blocked_until = NOW + PLAN_KEY_REFUSED_US;
    call_plan_resume(other, &shown, NOW + 10 * SECOND);
    call_plan_want(other, "B", NOW + 10 * SECOND);
    assert_int_equal(next(other, NOW + 10 * SECOND).provider, YAHOO);
}

static void a_budget_that_is_spent_is_spent_after_a_restart(void **state)
{
    OWNED(call_plan) plan = new_plan(4);
    OWNED(call_plan) other = new_plan(4);
    struct plan_state shown;

    (void)state;
    call_plan_want(plan, "A", NOW);
    (void)next(plan, NOW);
    call_plan_state(plan, YAHOO, NOW, &shown);
    assert_int_equal(shown.minute_left, 0);
    call_plan_resume(other, &shown, NOW);
    call_plan_state(other, YAHOO, NOW, &shown);
    assert_int_equal(shown.minute_left, 0);
}

static void a_price_that_leaps_has_to_come_twice(void **state)
{
    OWNED(call_plan) plan = new_plan(60);
    struct plan_call call;

    (void)state;
    call_plan_want(plan, "A", NOW);
    call = next(plan, NOW);
    assert_int_equal(finish(plan, &call, PROVIDER_ANSWERED, 100000000, NOW), 1);
    call = next(plan, NOW + 15 * SECOND);
    assert_int_equal(finish(plan, &call, PROVIDER_ANSWERED, 50000000, NOW + 15 * SECOND), 0);
    // Another one that is not beside it confirms nothing.
    call = next(plan, NOW + 17 * SECOND);
    assert_int_equal(finish(plan, &call, PROVIDER_ANSWERED, 200000000, NOW + 17 * SECOND), 0);
    call = next(plan, NOW + 19 * SECOND);
    assert_int_equal(finish(plan, &call, PROVIDER_ANSWERED, 199000000, NOW + 19 * SECOND), 1);
}

static void an_older_price_never_replaces_a_newer_one(void **state)
{
    OWNED(call_plan) plan = new_plan(60);
    struct provider_answer answer = {
        .outcome = PROVIDER_ANSWERED,
        .quote = {.price_micros = 101000000, .quoted_at = NOW - 900 * SECOND}};
    struct provider_verdict verdict = {.outcome = PROVIDER_ANSWERED};
    struct quote quotes[PROVIDER_BATCH_MAX];
    struct quote known = {.ticker = "A", .price_micros = 100000000, .quoted_at = NOW - SECOND};
    struct plan_call call;

    (void)state;
    call_plan_know(plan, &known);
    call_plan_want(plan, "A", NOW);
    call = next(plan, NOW);
    assert_int_equal(call_plan_finish(plan, &call, &verdict, &answer, NOW, quotes), 0);
}

static void too_many_symbols_push_out_those_wanted_longest_ago(void **state)
{
    OWNED(call_plan) plan = new_plan(60);
    char ticker[TICKER_SIZE];

    (void)state;
    call_plan_want(plan, "OLD", NOW);
    for (int i = 0; i < PLAN_SYMBOLS_MAX; i++) {
        (void)snprintf(ticker, sizeof ticker, "S%d", i);
        call_plan_want(plan, ticker, NOW + 1);
    }
    assert_int_equal(call_plan_wanted(plan, NOW + 1), PLAN_SYMBOLS_MAX);
    assert_string_not_equal(next(plan, NOW + 1).tickers[0], "OLD");
}

static void a_call_that_was_not_made_is_made_a_second_later(void **state)
{
    OWNED(call_plan) plan = new_plan(60);
    struct plan_call call;

    (void)state;
    call_plan_want(plan, "A", NOW);
    call = next(plan, NOW);
    call_plan_cancel(plan, &call, NOW);
    assert_nothing(plan, NOW, NOW + SECOND);
    (void)next(plan, NOW + SECOND);
}

static void what_can_be_hoped_for_a_price_follows_from_who_can_be_asked(void **state)
{
    struct call_plan *plan = new_plan(8);
    struct plan_call call;

    (void)state;
    call_plan_want(plan, "NOPE", NOW);
    assert_int_equal(call_plan_hope(plan, "NOPE", NOW), PLAN_HOPE);
    for (int i = 0; i < 3; i++) {
        call = next(plan, NOW);
        assert_int_equal(call_plan_hope(plan, "NOPE", NOW), PLAN_HOPE);
        (void)finish(plan, &call, PROVIDER_UNKNOWN_SYMBOL, 0, NOW);
    }
    assert_int_equal(call_plan_hope(plan, "NOPE", NOW), PLAN_NOBODY_KNOWS);
    call_plan_want(plan, "AAPL", NOW);
    for (int i = 0; i < 3; i++) {
        call = next(plan, NOW);
        (void)finish(plan, &call, PROVIDER_RATE_LIMITED, 0, NOW);
    }
    assert_int_equal(call_plan_hope(plan, "AAPL", NOW), PLAN_NOBODY_TELLS);
    assert_int_equal(call_plan_hope(plan, "AAPL", NOW + PLAN_LIMITED_US), PLAN_HOPE);
    call_plan_free(&plan);
}

static void a_question_takes_of_the_same_budget_as_prices_do(void **state)
{
    struct call_plan *plan = new_plan(8);
    int64_t ready_at = 0;

    (void)state;
    assert_true(call_plan_take(plan, YAHOO, NOW, &ready_at));
    call_plan_give_up(plan, YAHOO);
    assert_true(call_plan_take(plan, YAHOO, NOW, &ready_at));
    call_plan_give_up(plan, YAHOO);
    assert_false(call_plan_take(plan, YAHOO, NOW, &ready_at));
    assert_true(ready_at > NOW);
    // And no more calls are under way than may be, whoever makes them.
    for (int i = 0; i < PLAN_CALLS_A_PROVIDER; i++)
        assert_true(call_plan_take(plan, STOOQ, NOW, &ready_at));
    assert_false(call_plan_take(plan, STOOQ, NOW, &ready_at));
    call_plan_free(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_who_want_one_symbol_are_one_call),
        cmocka_unit_test(a_symbol_nobody_wants_any_longer_is_not_asked_for),
        cmocka_unit_test(the_symbol_longest_without_news_comes_first),
        cmocka_unit_test(many_symbols_keep_to_the_budget),
        cmocka_unit_test(a_provider_without_budget_for_long_is_passed_over),
        cmocka_unit_test(a_batch_costs_no_more_than_there_is),
        cmocka_unit_test(what_a_provider_does_not_know_is_asked_of_the_next_and_not_again),
        cmocka_unit_test(a_provider_that_fails_is_passed_over_and_then_left_alone),
        cmocka_unit_test(a_limit_or_a_refused_key_blocks_the_provider_alone),
        cmocka_unit_test(a_budget_that_is_spent_is_spent_after_a_restart),
        cmocka_unit_test(a_price_that_leaps_has_to_come_twice),
        cmocka_unit_test(an_older_price_never_replaces_a_newer_one),
        cmocka_unit_test(too_many_symbols_push_out_those_wanted_longest_ago),
        cmocka_unit_test(a_call_that_was_not_made_is_made_a_second_later),
        cmocka_unit_test(what_can_be_hoped_for_a_price_follows_from_who_can_be_asked),
        cmocka_unit_test(a_question_takes_of_the_same_budget_as_prices_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
