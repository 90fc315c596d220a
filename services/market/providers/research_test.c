// SPDX-License-Identifier: MIT
#include "providers/research.h"

#include "support/test.h"

#include <stdio.h>
#include <string.h>

// Within a session: Friday 2021-07-30 11:00 in New York.
#define NOW INT64_C(1627657200000000)
#define SECOND MICROS_PER_SECOND

enum { FINNHUB, YAHOO, ALPHA };

struct fixture {
    struct research *research;
    struct call_plan *plan;
};

static int set_up(void **state)
{
    struct fixture *f = allocate(sizeof *f);
    const struct plan_options options = {
        .providers = {{&provider_finnhub, {.per_minute = 8}},
                      {&provider_yahoo, {0}},
                      {&provider_alpha_vantage, {.per_minute = 2, .per_day = 25}}},
        .provider_count = 3,
        .refresh_us = 15 * SECOND,
        .wanted_us = 600 * SECOND,
        .age_us = 120 * SECOND,
        .leap_percent_max = 20,
    };

    f->research = research_new(&options);
    f->plan = call_plan_new(&options);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    research_free(&f->research);
    call_plan_free(&f->plan);
    release(f);
    return 0;
}

static struct research_question question_of(enum research_kind kind, const char *text)
{
    struct research_question question = {.kind = kind};

    (void)snprintf(question.text, sizeof question.text, "%s", text);
    return question;
}

static enum research_state
want(struct fixture *f, enum research_kind kind, const char *text, int64_t now)
{
    const struct research_question question = question_of(kind, text);

    return research_want(f->research, &question, now);
}

static struct research_call next(struct fixture *f, int64_t now)
{
    struct research_call call;
    int64_t wake_at = INT64_MAX;

    assert_true(research_next(f->research, f->plan, now, &call, &wake_at));
    return call;
}

static void assert_nothing(struct fixture *f, int64_t now)
{
    struct research_call call;
    int64_t wake_at = INT64_MAX;

    assert_false(research_next(f->research, f->plan, now, &call, &wake_at));
}

static void finish(struct fixture *f,
                   const struct research_call *call,
                   enum provider_outcome outcome,
                   int64_t now)
{
    const struct provider_verdict verdict = {.outcome = outcome, .problem = "so"};

    research_finish(f->research, f->plan, call, &verdict, now);
}

static void a_question_is_asked_once_however_many_ask_it(void **state)
{
    struct fixture *f = *state;
    struct research_call call;

    for (int i = 0; i < 1000; i++)
        assert_int_equal(want(f, RESEARCH_HISTORY, "AAPL", NOW), RESEARCH_UNDER_WAY);
    call = next(f, NOW);
    assert_int_equal(call.provider, FINNHUB);
    assert_int_equal(call.ask, PROVIDER_DAILY_BARS);
    assert_string_equal(call.question.text, "AAPL");
    assert_nothing(f, NOW);
    assert_int_equal(want(f, RESEARCH_HISTORY, "AAPL", NOW), RESEARCH_UNDER_WAY);
    finish(f, &call, PROVIDER_ANSWERED, NOW);
    assert_int_equal(want(f, RESEARCH_HISTORY, "AAPL", NOW), RESEARCH_ANSWERED);
    assert_nothing(f, NOW);
    // Another question about the same is another one.
    assert_int_equal(want(f, RESEARCH_SYMBOL, "AAPL", NOW), RESEARCH_UNDER_WAY);
    // What was answered is asked anew when it has been forgotten.
    assert_int_equal(want(f, RESEARCH_HISTORY, "AAPL", NOW + RESEARCH_ANSWERED_US),
                     RESEARCH_UNDER_WAY);
}

static void what_is_forgotten_is_asked_anew_and_what_is_under_way_is_not(void **state)
{
    const struct research_question question = question_of(RESEARCH_HISTORY, "AAPL");
    struct fixture *f = *state;
    struct research_call call;

    research_forget(f->research, &question); // of which nothing is known
    assert_int_equal(want(f, RESEARCH_HISTORY, "AAPL", NOW), RESEARCH_UNDER_WAY);
    call = next(f, NOW);
    research_forget(f->research, &question);
    assert_int_equal(want(f, RESEARCH_HISTORY, "AAPL", NOW), RESEARCH_UNDER_WAY);
    assert_nothing(f, NOW);
    finish(f, &call, PROVIDER_ANSWERED, NOW);
    assert_int_equal(want(f, RESEARCH_HISTORY, "AAPL", NOW), RESEARCH_ANSWERED);
    research_forget(f->research, &question);
    assert_int_equal(want(f, RESEARCH_HISTORY, "AAPL", NOW), RESEARCH_UNDER_WAY);
    assert_string_equal(next(f, NOW).question.text, "AAPL");
}

static void a_history_is_another_question_on_the_next_day(void **state)
{
    struct research_question question = question_of(RESEARCH_HISTORY, "AAPL");
    struct fixture *f = *state;
    struct research_call call;

    question.day = 100;
    assert_int_equal(research_want(f->research, &question, NOW), RESEARCH_UNDER_WAY);
    call = next(f, NOW);
    assert_int_equal(call.question.day, 100);
    finish(f, &call, PROVIDER_ANSWERED, NOW);
    assert_int_equal(research_want(f->research, &question, NOW), RESEARCH_ANSWERED);
    question.day = 101;
    assert_int_equal(research_want(f->research, &question, NOW), RESEARCH_UNDER_WAY);
}

static void the_next_provider_is_asked_and_that_nobody_knows_is_remembered(void **state)
{
    struct fixture *f = *state;
    struct research_call call;

    assert_int_equal(want(f, RESEARCH_SYMBOL, "NOPE", NOW), RESEARCH_UNDER_WAY);
    call = next(f, NOW);
    assert_int_equal(call.ask, PROVIDER_SEARCH);
    finish(f, &call, PROVIDER_UNKNOWN_SYMBOL, NOW);
    call = next(f, NOW);
    assert_int_equal(call.provider, YAHOO);
    assert_int_equal(call.ask, PROVIDER_QUOTES); // it has nothing better
    finish(f, &call, PROVIDER_UNKNOWN_SYMBOL, NOW);
    call = next(f, NOW);
    assert_int_equal(call.provider, ALPHA);
    assert_int_equal(call.ask, PROVIDER_OVERVIEW);
    finish(f, &call, PROVIDER_UNKNOWN_SYMBOL, NOW);
    assert_int_equal(want(f, RESEARCH_SYMBOL, "NOPE", NOW + RESEARCH_UNKNOWN_US - 1),
                     RESEARCH_UNKNOWN);
    assert_int_equal(want(f, RESEARCH_SYMBOL, "NOPE", NOW + RESEARCH_UNKNOWN_US),
                     RESEARCH_UNDER_WAY);
}

static void one_that_fails_leaves_it_open_and_is_asked_again_soon(void **state)
{
    struct fixture *f = *state;
    struct research_call call;

    assert_int_equal(want(f, RESEARCH_WORDS, "apple", NOW), RESEARCH_UNDER_WAY);
    call = next(f, NOW);
    assert_int_equal(call.provider, FINNHUB);
    finish(f, &call, PROVIDER_UNAVAILABLE, NOW);
    call = next(f, NOW);
    assert_int_equal(call.provider, ALPHA); // Yahoo does not search
    finish(f, &call, PROVIDER_UNKNOWN_SYMBOL, NOW);
    assert_int_equal(want(f, RESEARCH_WORDS, "apple", NOW), RESEARCH_FAILED);
    assert_int_equal(want(f, RESEARCH_WORDS, "apple", NOW + RESEARCH_FAILED_US),
                     RESEARCH_UNDER_WAY);
}

static void a_plan_that_does_not_include_it_says_nothing_of_prices(void **state)
{
    struct fixture *f = *state;
    struct research_call call;
    struct plan_state plan;

    assert_int_equal(want(f, RESEARCH_HISTORY, "AAPL", NOW), RESEARCH_UNDER_WAY);
    call = next(f, NOW);
    finish(f, &call, PROVIDER_KEY_REFUSED, NOW);
    call_plan_state(f->plan, FINNHUB, NOW, &plan);
    assert_int_equal(plan.blocked_until, 0);
    assert_int_equal(next(f, NOW).provider, YAHOO);
}

static void research_has_a_quarter_of_a_budget_and_waits_no_longer_than_it_may(void **state)
{
    struct fixture *f = *state;
    struct plan_state plan;
    size_t asked = 0;

    for (int i = 0; i < 20; i++) {
        char words[8];
        struct research_call call;
        int64_t wake_at = INT64_MAX;

        (void)snprintf(words, sizeof words, "word%d", i);
        (void)want(f, RESEARCH_WORDS, words, NOW);
        if (research_next(f->research, f->plan, NOW, &call, &wake_at)) {
            finish(f, &call, PROVIDER_ANSWERED, NOW);
            asked++;
        }
    }
    // Of 8 and of 2 a minute a quarter, and of that at once what a bucket of so few gives.
    assert_true(asked >= 2 && asked <= 3);
    call_plan_state(f->plan, FINNHUB, NOW, &plan);
    assert_true(plan.minute_left >= 1);
    assert_int_equal(want(f, RESEARCH_WORDS, "word19", NOW), RESEARCH_FAILED);
}

static void questions_have_a_limit_and_old_outcomes_give_way(void **state)
{
    struct fixture *f = *state;
    char ticker[TICKER_SIZE];
    struct research_call call;

    (void)want(f, RESEARCH_HISTORY, "OLD", NOW);
    call = next(f, NOW);
    finish(f, &call, PROVIDER_ANSWERED, NOW);
    for (int i = 0; i < RESEARCH_MAX; i++) {
        (void)snprintf(ticker, sizeof ticker, "T%d", i);
        assert_int_equal(want(f, RESEARCH_HISTORY, ticker, NOW), RESEARCH_UNDER_WAY);
    }
    assert_int_equal(want(f, RESEARCH_HISTORY, "MORE", NOW), RESEARCH_FAILED);
    assert_int_equal(want(f, RESEARCH_HISTORY, "T0", NOW), RESEARCH_UNDER_WAY);
}

static void a_call_that_was_not_made_frees_its_provider(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < PLAN_CALLS_A_PROVIDER + 1; i++) {
        struct research_call call;
        char ticker[TICKER_SIZE];

        (void)snprintf(ticker, sizeof ticker, "T%d", i);
        (void)want(f, RESEARCH_HISTORY, ticker, NOW + i * 60 * SECOND);
        call = next(f, NOW + i * 60 * SECOND);
        assert_int_equal(call.provider, FINNHUB);
        research_cancel(f->research, f->plan, &call, NOW + i * 60 * SECOND);
        assert_int_equal(want(f, RESEARCH_HISTORY, ticker, NOW + i * 60 * SECOND), RESEARCH_FAILED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_question_is_asked_once_however_many_ask_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            what_is_forgotten_is_asked_anew_and_what_is_under_way_is_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_history_is_another_question_on_the_next_day, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            the_next_provider_is_asked_and_that_nobody_knows_is_remembered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_fails_leaves_it_open_and_is_asked_again_soon,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_plan_that_does_not_include_it_says_nothing_of_prices,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            research_has_a_quarter_of_a_budget_and_waits_no_longer_than_it_may, set_up, tear_down),
        cmocka_unit_test_setup_teardown(questions_have_a_limit_and_old_outcomes_give_way, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_call_that_was_not_made_frees_its_provider, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
