// SPDX-License-Identifier: MIT
// Competitions: all of them; and making one, for administrators.
#include "pages/pages.h"

#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/portfolio/v1/portfolio_methods.h"
#include "page_templates.h"
#include "pages/competition_view.h"
#include "pages/page.h"

enum { COMPETITIONS_SHOWN = 100 };

// As they are shown.
static const Portfolio__CompetitionState states[] = {
    PORTFOLIO__COMPETITION_STATE__COMPETITION_STATE_RUNNING,
    PORTFOLIO__COMPETITION_STATE__COMPETITION_STATE_UPCOMING,
    PORTFOLIO__COMPETITION_STATE__COMPETITION_STATE_ENDED,
};

// Those of the list that are in that state; NULL when there is no room.
static Pages__CompetitionGroup *make_group(struct arena *arena,
                                           const Portfolio__ListCompetitionsResponse *list,
                                           Portfolio__CompetitionState state,
                                           int64_t now)
{
    Pages__CompetitionGroup *group = arena_allocate(arena, sizeof *group);

    if (group == NULL)
        return NULL;
    pages__competition_group__init(group);
    group->has_state = true;
    group->state = state;
    group->competitions =
        arena_allocate(arena, (list->n_competitions + 1) * sizeof *group->competitions);
    for (size_t i = 0; group->competitions != NULL && i < list->n_competitions; i++) {
        Pages__CompetitionView *view = NULL;

        if (list->competitions[i]->state != state)
            continue;
        view = competition_view_make(arena, list->competitions[i], now);
        if (view == NULL)
            return NULL;
        group->competitions[group->n_competitions++] = view;
    }
    return group->competitions != NULL ? group : NULL;
}

static bool add_groups(struct arena *arena,
                       const Portfolio__ListCompetitionsResponse *list,
                       Pages__CompetitionsPage *page)
{
    page->groups = arena_allocate(arena, COUNT_OF(states) * sizeof *page->groups);
    for (size_t i = 0; page->groups != NULL && i < COUNT_OF(states); i++) {
        Pages__CompetitionGroup *group = make_group(arena, list, states[i], page_now(page->frame));

        if (group == NULL)
            return false;
        if (group->n_competitions > 0)
            page->groups[page->n_groups++] = group;
    }
    return page->groups != NULL;
}

static bool add_list(struct exchange *exchange, Pages__CompetitionsPage *page, struct error *error)
{
    Portfolio__ListCompetitionsRequest request = PORTFOLIO__LIST_COMPETITIONS_REQUEST__INIT;
    const Portfolio__ListCompetitionsResponse *list = NULL;
    ProtobufCMessage *response = NULL;
    ProtobufCMessage *query = NULL;

    if (!page_read_query(exchange, &pages_competitions_query_info, &query, error))
        return false;
    request.has_limit = true;
    request.limit = COMPETITIONS_SHOWN;
    request.page_token = ((const Pages__CompetitionsQuery *)query)->page_token;
    if (!page_call(exchange, "portfolio", &portfolio_method_list_competitions, &request.base,
                   &response, error))
        return false;
    list = (const Portfolio__ListCompetitionsResponse *)response;
    page->next_page_token = list->next_page_token;
    return add_groups(exchange->request->arena, list, page) || page_out_of_memory(error);
}

static bool show(struct exchange *exchange, const struct error *failure, struct error *error)
{
    Pages__CompetitionsPage page = PAGES__COMPETITIONS_PAGE__INIT;
    Pages__CompetitionForm form = PAGES__COMPETITION_FORM__INIT;

    if (!page_begin(exchange, PAGE_FOR_USERS, "competitions", "Competitions", &page.frame, error) ||
        !add_list(exchange, &page, error) ||
        !page_show_form(exchange, &pages_competition_form_info, "new", failure, &form.base, error))
        return false;
    page.form = &form;
    return page_answer(exchange, &competitions_page, &page.base, failure, error);
}

bool competitions_page_show(struct exchange *exchange, struct error *error)
{
    return show(exchange, NULL, error);
}

bool competition_create(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    const Portfolio__Competition *competition = NULL;
    struct error failure;

    if (!page_submit(exchange, "portfolio", &portfolio_method_create_competition, false, &response,
                     &failure))
        return page_fail(exchange, &failure, show, error);
    competition = ((const Portfolio__CreateCompetitionResponse *)response)->competition;
    page_say(exchange, false, "The competition %s is there. Everybody can join it now.",
             competition->name);
    return page_redirect(exchange, error, "/competitions/%s", competition->id);
}
