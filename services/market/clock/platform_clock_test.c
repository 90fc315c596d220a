// SPDX-License-Identifier: MIT
#include "clock/platform_clock.h"

#include "clock/exchange_calendar.h"

#include "support/test.h"

#include <string.h>

static int64_t at(const char *text)
{
    int64_t us = 0;

    assert_true(timestamp_parse(text_of(text), &us));
    return us;
}

// A clock that stands at 2014-06-02T12:00:00Z; real time is 2026-11-22T02:00:00Z.
static struct clock_state standing(void)
{
    return (struct clock_state){.mode = CLOCK_STEP,
                                .base_at = at("2014-06-02T12:00:00Z"),
                                .as_of = at("2026-11-22T01:00:00Z"),
                                .version = 4};
}

static int64_t real_now(void)
{
    return at("2026-11-22T02:00:00Z");
}

static struct clock_state
changed(const struct clock_state *state, struct clock_change change, int64_t real)
{
    struct clock_state next = {0};
    struct error error;

    assert_true(
        clock_state_change(state, &change, clock_state_now(state, real), real, &next, &error));
    return next;
}

static void
assert_refused(const struct clock_state *state, struct clock_change change, const char *reason)
{
    struct clock_state next;
    struct error error;

    assert_false(clock_state_change(state, &change, clock_state_now(state, real_now()), real_now(),
                                    &next, &error));
    assert_string_equal(error.reason, reason);
}

static void a_standing_clock_shows_the_same_time_until_it_is_stepped(void **state)
{
    struct clock_state clock = standing();

    (void)state;
    assert_int_equal(clock_state_now(&clock, real_now()), at("2014-06-02T12:00:00Z"));
    assert_int_equal(clock_state_due(&clock, at("2014-06-03T12:00:00Z")), INT64_MAX);
    clock = changed(
        &clock,
        (struct clock_change){.mode = CLOCK_STEP, .has_at = true, .at = at("2014-06-02T14:00:00Z")},
        real_now());
    assert_int_equal(clock_state_now(&clock, real_now()), at("2014-06-02T14:00:00Z"));
    assert_int_equal(clock.version, 5);
}

static void stepping_back_is_refused_with_both_times(void **state)
{
    struct clock_state clock = standing(), next;
    struct clock_change change = {
        .mode = CLOCK_STEP, .has_at = true, .at = at("2014-06-02T11:59:59.999999Z")};
    struct error error;

    (void)state;
    assert_false(clock_state_change(&clock, &change, clock.base_at, real_now(), &next, &error));
    assert_string_equal(error.reason, "CLOCK_CANNOT_GO_BACK");
    assert_string_equal(error.details[0].value, "2014-06-02T12:00:00Z");
    assert_string_equal(error.details[1].value, "2014-06-02T11:59:59.999999Z");
    change.at = at("2014-06-02T12:00:00Z");
    assert_true(clock_state_change(&clock, &change, clock.base_at, real_now(), &next, &error));
}

static void a_replay_runs_from_where_the_clock_was_at_its_speed(void **state)
{
    struct clock_state clock = standing();

    (void)state;
    clock = changed(
        &clock,
        (struct clock_change){.mode = CLOCK_REPLAY, .has_speed = true, .speed_micros = 60000000},
        real_now());
    assert_int_equal(clock_state_now(&clock, real_now()), at("2014-06-02T12:00:00Z"));
    assert_int_equal(clock_state_now(&clock, real_now() + 2 * MICROS_PER_SECOND),
                     at("2014-06-02T12:02:00Z"));
    assert_int_equal(clock_state_due(&clock, at("2014-06-02T12:02:00Z")),
                     real_now() + 2 * MICROS_PER_SECOND);
    assert_int_equal(clock_state_due(&clock, at("2014-06-02T12:00:00.000001Z")), real_now() + 1);
}

static void a_replay_keeps_its_speed_unless_another_is_given(void **state)
{
    struct clock_state clock = standing();

    (void)state;
    clock = changed(&clock, (struct clock_change){.mode = CLOCK_REPLAY}, real_now());
    assert_int_equal(clock.speed_micros, CLOCK_SPEED_ONE);
    clock = changed(
        &clock,
        (struct clock_change){.mode = CLOCK_REPLAY, .has_speed = true, .speed_micros = 2500000},
        real_now());
    clock = changed(&clock,
                    (struct clock_change){
                        .mode = CLOCK_REPLAY, .has_at = true, .at = at("2015-01-01T00:00:00Z")},
                    real_now());
    assert_int_equal(clock.speed_micros, 2500000);
}

static void the_fastest_and_the_slowest_replay_do_not_overflow(void **state)
{
    struct clock_state clock = {
        .mode = CLOCK_REPLAY, .base_at = CALENDAR_START_AT, .speed_micros = INT64_C(100000000000)};

    (void)state;
    assert_int_equal(clock_state_now(&clock, INT64_MAX), CALENDAR_END_AT - 1);
    assert_int_equal(clock_state_now(&clock, MICROS_PER_SECOND),
                     CALENDAR_START_AT + 100000 * MICROS_PER_SECOND);
    clock.speed_micros = 1000;
    assert_true(clock_state_due(&clock, CALENDAR_END_AT) > CALENDAR_END_AT);
    assert_int_equal(clock_state_now(&clock, clock_state_due(&clock, CALENDAR_END_AT - 1)),
                     CALENDAR_END_AT - 1);
}

static void going_to_real_time_is_going_forward(void **state)
{
    struct clock_state clock = standing();

    (void)state;
    clock = changed(&clock, (struct clock_change){.mode = CLOCK_REAL}, real_now());
    assert_int_equal(clock_state_now(&clock, real_now() + 5), real_now() + 5);
    assert_refused(
        &clock,
        (struct clock_change){.mode = CLOCK_STEP, .has_at = true, .at = at("2014-06-02T12:00:00Z")},
        "CLOCK_CANNOT_GO_BACK");
    clock = standing();
    clock.base_at = at("2040-01-01T00:00:00Z");
    assert_refused(&clock, (struct clock_change){.mode = CLOCK_REAL}, "CLOCK_CANNOT_GO_BACK");
}

static void what_a_mode_has_no_use_for_is_refused(void **state)
{
    struct clock_state clock = standing();

    (void)state;
    assert_refused(&clock,
                   (struct clock_change){.mode = CLOCK_REAL, .has_at = true, .at = real_now()},
                   "INVALID_REQUEST");
    assert_refused(&clock,
                   (struct clock_change){.mode = CLOCK_STEP, .has_speed = true, .speed_micros = 1},
                   "INVALID_REQUEST");
    assert_refused(&clock,
                   (struct clock_change){.mode = CLOCK_STEP, .has_at = true, .at = CALENDAR_END_AT},
                   "INVALID_REQUEST");
}

static void after_a_restart_a_replay_goes_on_but_leaps_over_nothing(void **state)
{
    struct clock_state clock = standing(), resumed;

    (void)state;
    clock = changed(&clock, (struct clock_change){.mode = CLOCK_REPLAY}, real_now());
    clock.shown_until = clock.base_at + 3 * MICROS_PER_SECOND;
    // Back at once: it is where it would be.
    resumed = clock_state_resume(&clock, real_now() + MICROS_PER_SECOND);
    assert_int_equal(clock_state_now(&resumed, real_now() + MICROS_PER_SECOND),
                     clock.base_at + MICROS_PER_SECOND);
    // Back after an hour: no later than what may have been seen.
    resumed = clock_state_resume(&clock, real_now() + 3600 * MICROS_PER_SECOND);
    assert_int_equal(clock_state_now(&resumed, real_now() + 3600 * MICROS_PER_SECOND),
                     clock.shown_until);
    resumed =
        clock_state_resume(&(struct clock_state){.mode = CLOCK_STEP, .base_at = 7}, real_now());
    assert_int_equal(resumed.base_at, 7);
}

static void a_replay_asks_in_time_for_more_time_to_show(void **state)
{
    struct clock_state clock = standing();
    int64_t until = 0;

    (void)state;
    assert_false(clock_state_needs_more(&clock, real_now(), &until));
    clock = changed(&clock, (struct clock_change){.mode = CLOCK_REPLAY}, real_now());
    assert_true(clock_state_needs_more(&clock, real_now(), &until));
    assert_int_equal(until, clock.base_at + 3 * MICROS_PER_SECOND);
    clock.shown_until = until;
    assert_false(clock_state_needs_more(&clock, real_now() + MICROS_PER_SECOND, &until));
    assert_true(clock_state_needs_more(&clock, real_now() + MICROS_PER_SECOND + 1, &until));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_standing_clock_shows_the_same_time_until_it_is_stepped),
        cmocka_unit_test(stepping_back_is_refused_with_both_times),
        cmocka_unit_test(a_replay_runs_from_where_the_clock_was_at_its_speed),
        cmocka_unit_test(a_replay_keeps_its_speed_unless_another_is_given),
        cmocka_unit_test(the_fastest_and_the_slowest_replay_do_not_overflow),
        cmocka_unit_test(going_to_real_time_is_going_forward),
        cmocka_unit_test(what_a_mode_has_no_use_for_is_refused),
        cmocka_unit_test(after_a_restart_a_replay_goes_on_but_leaps_over_nothing),
        cmocka_unit_test(a_replay_asks_in_time_for_more_time_to_show),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
