// SPDX-License-Identifier: MIT
// Watchlists: one of them with its prices; adding, removing, making, renaming and deleting.
#include "pages/pages.h"

#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/portfolio/v1/portfolio_methods.h"
#include "page_templates.h"
#include "pages/page.h"
#include "pages/page_portfolios.h"

#include <string.h>

// Which of the three forms on the page has failed, and why.
struct failures {
    const struct error *add;
    const struct error *create;
    const struct error *rename;
};

static bool choose(const Portfolio__ListWatchlistsResponse *lists,
                   const char *id,
                   Portfolio__Watchlist **out_chosen,
                   struct error *error)
{
    for (size_t i = 0; i < lists->n_watchlists; i++) {
        if (strcmp(lists->watchlists[i]->id, id) == 0) {
            *out_chosen = lists->watchlists[i];
            return true;
        }
    }
    return error_set(error, REASON_WATCHLIST_NOT_FOUND, "There is no such watchlist.");
}

static bool add_links(struct exchange *exchange,
                      const Portfolio__ListWatchlistsResponse *lists,
                      Pages__WatchlistsPage *page)
{
    struct arena *arena = exchange->request->arena;

    page->lists = arena_allocate(arena, (lists->n_watchlists + 1) * sizeof(Pages__Choice *));
    if (page->lists == NULL)
        return false;
    for (size_t i = 0; i < lists->n_watchlists; i++) {
        Pages__Choice *choice = arena_allocate(arena, sizeof *choice);

        if (choice == NULL)
            return false;
        pages__choice__init(choice);
        choice->value = lists->watchlists[i]->id;
        choice->label = lists->watchlists[i]->name;
        choice->has_is_chosen = true;
        choice->is_chosen = lists->watchlists[i] == page->watchlist;
        page->lists[page->n_lists++] = choice;
    }
    return true;
}

static bool add_lists(struct exchange *exchange, Pages__WatchlistsPage *page, struct error *error)
{
    Portfolio__ListWatchlistsResponse *lists = NULL;
    const char *id = "";

    if (!exchange_variable(exchange, "watchlist_id", &id, error) ||
        !page_list_watchlists(exchange, &lists, &page->watchlist, error))
        return false;
    if (id[0] != '\0' && !choose(lists, id, &page->watchlist, error))
        return false;
    return add_links(exchange, lists, page) || page_out_of_memory(error);
}

static bool show(struct exchange *exchange, const struct failures *failures, struct error *error)
{
    Pages__WatchlistsPage page = PAGES__WATCHLISTS_PAGE__INIT;
    Pages__AddSymbolForm add = PAGES__ADD_SYMBOL_FORM__INIT;
    Pages__WatchlistForm create = PAGES__WATCHLIST_FORM__INIT;
    Pages__WatchlistForm rename = PAGES__WATCHLIST_FORM__INIT;
    const struct error *failure = failures->add != NULL      ? failures->add
                                  : failures->create != NULL ? failures->create
                                                             : failures->rename;

    if (!page_begin(exchange, PAGE_FOR_USERS, "watchlists", "Watchlists", &page.frame, error) ||
        !add_lists(exchange, &page, error) ||
        !page_show_form(exchange, &pages_add_symbol_form_info, "add", failures->add, &add.base,
                        error) ||
        !page_show_form(exchange, &pages_watchlist_form_info, "create", failures->create,
                        &create.base, error) ||
        !page_show_form(exchange, &pages_watchlist_form_info, "rename", failures->rename,
                        &rename.base, error))
        return false;
    if (failures->rename == NULL && page.watchlist != NULL)
        rename.name->value = page.watchlist->name;
    page.add = &add;
    page.create = &create;
    page.rename = &rename;
    return page_answer(exchange, &watchlists_page, &page.base, failure, error);
}

bool watchlists_page_show(struct exchange *exchange, struct error *error)
{
    return exchange_refuse_parameters(exchange, "", error) &&
           show(exchange, &(struct failures){.add = NULL}, error);
}

static bool show_add(struct exchange *exchange, const struct error *failure, struct error *error)
{
    return show(exchange, &(struct failures){.add = failure}, error);
}

static bool show_create(struct exchange *exchange, const struct error *failure, struct error *error)
{
    return show(exchange, &(struct failures){.create = failure}, error);
}

static bool show_rename(struct exchange *exchange, const struct error *failure, struct error *error)
{
    return show(exchange, &(struct failures){.rename = failure}, error);
}

// To the page that the form was on, or to the list.
static bool go_back(struct exchange *exchange, struct error *error)
{
    const char *next = page_next(exchange, form_find(exchange->form, FORM_NEXT), NULL);
    const char *id = NULL;

    if (next != NULL)
        return page_redirect(exchange, error, "%s", next);
    return exchange_variable(exchange, "watchlist_id", &id, error) &&
           page_redirect(exchange, error, "/watchlists/%s", id);
}

bool watchlist_symbol_add(struct exchange *exchange, struct error *error)
{
    const Portfolio__AddWatchlistSymbolRequest *request = NULL;
    ProtobufCMessage *message = NULL;
    ProtobufCMessage *response = NULL;
    struct error failure;
    Portfolio__Watchlist *list = NULL;
    bool was_listed = false;

    if (!page_read_form(exchange, portfolio_method_add_watchlist_symbol.request, false, &message,
                        &failure))
        return page_fail(exchange, &failure, show_add, error);
    request = (const Portfolio__AddWatchlistSymbolRequest *)message;
    if (!page_get_watchlist(exchange, request->watchlist_id, &list, &failure))
        return page_fail(exchange, &failure, show_add, error);
    // For the sentence: adding it again changes nothing.
    was_listed = page_watchlist_has(list, request->ticker);
    if (!page_call(exchange, "portfolio", &portfolio_method_add_watchlist_symbol, message,
                   &response, &failure))
        return page_fail(exchange, &failure, show_add, error);
    page_say(exchange, false, was_listed ? "%s is on the list already." : "%s is on the list now.",
             request->ticker);
    return go_back(exchange, error);
}

bool watchlist_symbol_remove(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    const char *ticker = NULL;

    if (!exchange_variable(exchange, "ticker", &ticker, error) ||
        !page_submit(exchange, "portfolio", &portfolio_method_remove_watchlist_symbol, false,
                     &response, error))
        return false;
    page_say(exchange, false, "%s is not on the list any more.", ticker);
    return go_back(exchange, error);
}

bool watchlist_create(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    const Portfolio__Watchlist *list = NULL;
    struct error failure;

    if (!page_submit(exchange, "portfolio", &portfolio_method_create_watchlist, false, &response,
                     &failure))
        return page_fail(exchange, &failure, show_create, error);
    list = ((const Portfolio__CreateWatchlistResponse *)response)->watchlist;
    page_say(exchange, false, "The list %s is there. Add some symbols.", list->name);
    return page_redirect(exchange, error, "/watchlists/%s", list->id);
}

bool watchlist_update(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    struct error failure;

    if (!page_submit(exchange, "portfolio", &portfolio_method_update_watchlist, false, &response,
                     &failure))
        return page_fail(exchange, &failure, show_rename, error);
    page_say(exchange, false, "The list was changed.");
    return go_back(exchange, error);
}

bool watchlist_delete(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    struct error failure;

    if (!page_submit(exchange, "portfolio", &portfolio_method_delete_watchlist, false, &response,
                     &failure))
        return page_fail(exchange, &failure, show_rename, error);
    page_say(exchange, false, "The list was deleted.");
    return page_redirect(exchange, error, "/watchlists");
}
