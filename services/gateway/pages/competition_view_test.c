// SPDX-License-Identifier: MIT
#include "pages/competition_view.h"

#include "support/test.h"

enum { BUDGET = 64 * 1024, HOURS = 48 };

#define MICROS_PER_HOUR (INT64_C(3600) * INT64_C(1000000))

struct contest {
    struct arena *arena;
    Portfolio__Competition competition;
};

// Of two days, with room for one player more.
static int start(void **state)
{
    struct contest *contest = allocate(sizeof *contest);
    Portfolio__Competition *competition = &contest->competition;

    contest->arena = arena_new(BUDGET);
    portfolio__competition__init(competition);
    competition->starts_at = 100 * MICROS_PER_HOUR;
    competition->ends_at = competition->starts_at + HOURS * MICROS_PER_HOUR;
    competition->state = PORTFOLIO__COMPETITION_STATE__COMPETITION_STATE_RUNNING;
    competition->players = 1;
    competition->maximum_players = 2;
    *state = contest;
    return 0;
}

static int stop(void **state)
{
    struct contest *contest = *state;

    arena_free(&contest->arena);
    release(contest);
    return 0;
}

static Pages__CompetitionView *view_at(struct contest *contest, int64_t now)
{
    Pages__CompetitionView *view =
        competition_view_make(contest->arena, &contest->competition, now);

    assert_non_null(view);
    return view;
}

static void what_is_left_is_until_it_begins_and_then_until_it_ends(void **state)
{
    struct contest *contest = *state;

    assert_string_equal(view_at(contest, 99 * MICROS_PER_HOUR)->left, "2 d 1 h");
    contest->competition.state = PORTFOLIO__COMPETITION_STATE__COMPETITION_STATE_UPCOMING;
    assert_string_equal(view_at(contest, 99 * MICROS_PER_HOUR)->left, "1 h 00 min");
}

static void nothing_is_left_of_what_is_over_or_while_no_time_is_known(void **state)
{
    struct contest *contest = *state;

    assert_null(view_at(contest, contest->competition.ends_at)->left);
    assert_null(view_at(contest, 0)->left);
}

static void who_has_not_joined_can_until_it_ends(void **state)
{
    struct contest *contest = *state;

    assert_true(view_at(contest, 1)->can_join);
    contest->competition.state = PORTFOLIO__COMPETITION_STATE__COMPETITION_STATE_ENDED;
    assert_false(view_at(contest, 1)->can_join);
    contest->competition.state = PORTFOLIO__COMPETITION_STATE__COMPETITION_STATE_UPCOMING;
    contest->competition.display_name = "Ada";
    assert_false(view_at(contest, 1)->can_join);
}

static void nobody_can_join_one_that_is_full(void **state)
{
    struct contest *contest = *state;

    assert_false(view_at(contest, 1)->is_full);
    contest->competition.players = 2;
    assert_true(view_at(contest, 1)->is_full);
    assert_false(view_at(contest, 1)->can_join);
}

static const char *place_of(struct contest *contest, uint32_t rank)
{
    Portfolio__Standing standing = PORTFOLIO__STANDING__INIT;
    Pages__StandingView *view = NULL;

    standing.has_rank = rank > 0;
    standing.rank = rank;
    view = competition_view_standing(contest->arena, &contest->competition, &standing);
    assert_non_null(view);
    return view->place;
}

static void the_places_of_the_best_three_have_names_once_it_has_begun(void **state)
{
    struct contest *contest = *state;

    assert_string_equal(place_of(contest, 1), "first");
    assert_string_equal(place_of(contest, 3), "third");
    assert_null(place_of(contest, 4));
    assert_null(place_of(contest, 0));
    contest->competition.state = PORTFOLIO__COMPETITION_STATE__COMPETITION_STATE_UPCOMING;
    assert_null(place_of(contest, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_left_is_until_it_begins_and_then_until_it_ends,
                                        start, stop),
        cmocka_unit_test_setup_teardown(nothing_is_left_of_what_is_over_or_while_no_time_is_known,
                                        start, stop),
        cmocka_unit_test_setup_teardown(who_has_not_joined_can_until_it_ends, start, stop),
        cmocka_unit_test_setup_teardown(nobody_can_join_one_that_is_full, start, stop),
        cmocka_unit_test_setup_teardown(the_places_of_the_best_three_have_names_once_it_has_begun,
                                        start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
