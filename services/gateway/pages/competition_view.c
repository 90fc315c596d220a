// SPDX-License-Identifier: MIT
#include "pages/competition_view.h"

#include "base/strbuf.h"
#include "pages/market_state.h"

enum { LEFT_MAX = 24 };

// What is left until it begins, or until it ends; nothing of what is over, as far as is known here.
static bool add_left(struct arena *arena, Pages__CompetitionView *view, int64_t now)
{
    const Portfolio__Competition *competition = view->competition;
    OWNED(strbuf) left = strbuf_new(LEFT_MAX);
    int64_t until = competition->state == PORTFOLIO__COMPETITION_STATE__COMPETITION_STATE_UPCOMING
                        ? competition->starts_at
                        : competition->ends_at;

    if (now == 0 || until <= now)
        return true;
    market_state_print_span(until - now, left);
    view->left = arena_copy(arena, left->data, left->length);
    return view->left != NULL;
}

Pages__CompetitionView *
competition_view_make(struct arena *arena, Portfolio__Competition *competition, int64_t now)
{
    Pages__CompetitionView *view = arena_allocate(arena, sizeof *view);

    if (view == NULL)
        return NULL;
    pages__competition_view__init(view);
    view->competition = competition;
    view->has_is_full = view->has_can_join = true;
    view->is_full = competition->players >= competition->maximum_players;
    view->can_join = !view->is_full && competition->display_name == NULL &&
                     competition->state != PORTFOLIO__COMPETITION_STATE__COMPETITION_STATE_ENDED;
    return add_left(arena, view, now) ? view : NULL;
}

Pages__StandingView *competition_view_standing(struct arena *arena,
                                               const Portfolio__Competition *competition,
                                               Portfolio__Standing *standing)
{
    static const char *const places[] = {"first", "second", "third"};
    Pages__StandingView *view = arena_allocate(arena, sizeof *view);

    if (view == NULL)
        return NULL;
    pages__standing_view__init(view);
    view->standing = standing;
    if (competition->state != PORTFOLIO__COMPETITION_STATE__COMPETITION_STATE_UPCOMING &&
        standing->has_rank && standing->rank > 0 && standing->rank <= COUNT_OF(places))
        view->place = places[standing->rank - 1];
    return view;
}
