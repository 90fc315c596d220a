// SPDX-License-Identifier: MIT
// One competition: who stands where, joining it, and what administrators may do with it.
#include "pages/pages.h"

#include "base/strbuf.h"
#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/portfolio/v1/portfolio_methods.h"
#include "bourse/portfolio/v1/portfolio_rules.h"
#include "page_templates.h"
#include "pages/competition_view.h"
#include "pages/page.h"
#include "rest/table_api.h"
#include "template/format.h"

enum { STANDINGS_SHOWN = 50, TIME_SIZE_MAX = 48 };

// Which of the forms on the page has failed, and why.
struct failures {
    const struct error *join;
    const struct error *edit;
};

static bool add_rows(struct arena *arena, Pages__CompetitionPage *page)
{
    Portfolio__ListStandingsResponse *list = page->list;

    page->rows = arena_allocate(arena, (list->n_standings + 1) * sizeof *page->rows);
    if (page->rows == NULL)
        return false;
    for (size_t i = 0; i < list->n_standings; i++) {
        page->rows[i] = competition_view_standing(arena, list->competition, list->standings[i]);
        if (page->rows[i] == NULL)
            return false;
        page->n_rows++;
    }
    if (list->own != NULL)
        page->own = competition_view_standing(arena, list->competition, list->own);
    page->view = competition_view_make(arena, list->competition, page_now(page->frame));
    return page->view != NULL && (list->own == NULL || page->own != NULL);
}

static bool
add_standings(struct exchange *exchange, Pages__CompetitionPage *page, struct error *error)
{
    Portfolio__ListStandingsRequest request = PORTFOLIO__LIST_STANDINGS_REQUEST__INIT;
    const Pages__CompetitionQuery *asked = NULL;
    ProtobufCMessage *response = NULL;
    ProtobufCMessage *query = NULL;

    if (!page_read_query(exchange, &pages_competition_query_info, &query, error))
        return false;
    asked = (const Pages__CompetitionQuery *)query;
    request.competition_id = asked->competition_id;
    request.page_token = asked->page_token;
    request.has_limit = true;
    request.limit = STANDINGS_SHOWN;
    if (!page_call(exchange, "portfolio", &portfolio_method_list_standings, &request.base,
                   &response, error))
        return false;
    page->list = (Portfolio__ListStandingsResponse *)response;
    page->frame->title = page->list->competition->name;
    page->has_is_renewed = page->has_is_first_page = page->has_has_other_pages = true;
    page->is_first_page = asked->page_token == NULL;
    page->has_other_pages = !page->is_first_page || page->list->next_page_token != NULL;
    page->is_renewed = !page->list->is_final;
    return add_rows(exchange->request->arena, page) || page_out_of_memory(error);
}

static bool show(struct exchange *exchange, const struct failures *failures, struct error *error)
{
    Pages__CompetitionPage page = PAGES__COMPETITION_PAGE__INIT;
    Pages__JoinForm join = PAGES__JOIN_FORM__INIT;
    Pages__CompetitionForm edit = PAGES__COMPETITION_FORM__INIT;
    const struct error *failure = failures->join != NULL ? failures->join : failures->edit;

    if (!page_begin(exchange, PAGE_FOR_USERS, "competitions", "Competition", &page.frame, error) ||
        !add_standings(exchange, &page, error) ||
        !page_show_form(exchange, &pages_join_form_info, "join", failures->join, &join.base,
                        error) ||
        !page_show_form(exchange, &pages_competition_form_info, "edit", failures->edit, &edit.base,
                        error) ||
        !page_preset_all(exchange, &pages_competition_form_info, failures->edit,
                         &portfolio_competition_info, &page.list->competition->base, &edit.base,
                         error))
        return false;
    page_preset(join.display_name, page.frame->username);
    page.join = &join;
    page.edit = &edit;
    return page_answer(exchange, &competition_page, &page.base, failure, error);
}

bool competition_page_show(struct exchange *exchange, struct error *error)
{
    return show(exchange, &(struct failures){.join = NULL}, error);
}

static bool show_join(struct exchange *exchange, const struct error *failure, struct error *error)
{
    return show(exchange, &(struct failures){.join = failure}, error);
}

static bool show_edit(struct exchange *exchange, const struct error *failure, struct error *error)
{
    return show(exchange, &(struct failures){.edit = failure}, error);
}

static void say_joined(struct exchange *exchange, const Portfolio__Competition *competition)
{
    bool is_upcoming =
        competition->state == PORTFOLIO__COMPETITION_STATE__COMPETITION_STATE_UPCOMING;
    OWNED(strbuf) time = strbuf_new(TIME_SIZE_MAX);

    format_write_time(is_upcoming ? competition->starts_at : competition->ends_at, time);
    page_say(exchange, false, "You take part in %s as %s. It %s %s.", competition->name,
             competition->display_name, is_upcoming ? "begins" : "ends", time->data);
}

bool competition_join(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    const Portfolio__Competition *competition = NULL;
    struct error failure;

    if (!page_submit(exchange, "portfolio", &portfolio_method_join_competition, false, &response,
                     &failure))
        return page_fail(exchange, &failure, show_join, error);
    competition = ((const Portfolio__JoinCompetitionResponse *)response)->competition;
    say_joined(exchange, competition);
    return page_redirect(exchange, error, "/competitions/%s", competition->id);
}

bool competition_update(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    const char *id = NULL;
    struct error failure;

    if (!page_submit(exchange, "portfolio", &portfolio_method_update_competition, true, &response,
                     &failure))
        return page_fail(exchange, &failure, show_edit, error);
    page_say(exchange, false, "The competition was changed.");
    return exchange_variable(exchange, "competition_id", &id, error) &&
           page_redirect(exchange, error, "/competitions/%s", id);
}

bool competition_delete(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    struct error failure;

    if (!page_submit(exchange, "portfolio", &portfolio_method_delete_competition, false, &response,
                     &failure))
        return page_fail(exchange, &failure, show_edit, error);
    page_say(exchange, false,
             "The competition was deleted. The portfolios stay with those who took part.");
    return page_redirect(exchange, error, "/competitions");
}

bool standings_export(struct exchange *exchange, struct error *error)
{
    Portfolio__ListStandingsRequest request = PORTFOLIO__LIST_STANDINGS_REQUEST__INIT;

    return exchange_refuse_parameters(exchange, "", error) &&
           exchange_variable(exchange, "competition_id", &request.competition_id, error) &&
           table_write(exchange, &portfolio_method_list_standings, &request.base, error);
}
