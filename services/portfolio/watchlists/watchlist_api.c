// SPDX-License-Identifier: MIT
// watchlist_api: watchlists read, made, changed and deleted.
//
// They are in no portfolio, so an API key for one portfolio sees none.
#include "bourse/portfolio/v1/portfolio_methods.h"
#include "bourse/portfolio/v1/portfolio_server.h"

#include <stdio.h>
#include <string.h>

#include "portfolios/plain_name.h"
#include "portfolios/portfolio_page_token.h"
#include "service/owned_change.h"
#include "service/ownership.h"
#include "watchlists/catalogue.h"
#include "watchlists/watchlist_message.h"
#include "watchlists/watchlist_store.h"

enum { PAGE_DEFAULT = 50, CATALOGUE_TIMEOUT_MS = 3000 };

static const char default_name[] = "My watchlist";

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

static bool check_seen(const struct call *call,
                       const char *id,
                       const struct watchlist *list,
                       bool found,
                       struct error *error)
{
    if (found && ownership_may_see(&call->identity, list->user_id, NULL))
        return true;
    return error_set(error, REASON_WATCHLIST_NOT_FOUND, "There is no watchlist %s.", id);
}

// Reading.

// What a handler that reads needs within its transaction.
struct reading {
    struct call *call;
    const char *id; // of one list
    struct watchlist list;
    struct watchlist_page page; // or of many
    struct watchlist *lists;
    size_t count;
    bool has_more;
};

static bool read_one_work(struct transaction *transaction, void *context, struct error *error)
{
    struct reading *reading = context;
    bool found = false;

    return store_find_watchlist(transaction, reading->id, &reading->list, &found, error) &&
           check_seen(reading->call, reading->id, &reading->list, found, error);
}

static bool read_one(struct portfolio *portfolio,
                     struct call *call,
                     const char *id,
                     struct watchlist *out_list,
                     struct error *error)
{
    struct reading reading = {.call = call, .id = id};

    if (!database_transact(portfolio->database, call->arena, TRANSACTION_READ_ONLY, read_one_work,
                           &reading, error))
        return false;
    *out_list = reading.list;
    return true;
}

bool portfolio_api_get_watchlist(struct portfolio *portfolio,
                                 struct call *call,
                                 const Portfolio__GetWatchlistRequest *request,
                                 Portfolio__GetWatchlistResponse *response,
                                 struct error *error)
{
    struct watchlist list;

    return read_one(portfolio, call, request->watchlist_id, &list, error) &&
           watchlist_to_message(&list, call->arena, &response->watchlist, error) &&
           watchlist_complete(portfolio, call, &response->watchlist, 1, error);
}

// A page ends before the list that would bring it above what one list may have, so that every page
// fits into an answer.
static bool read_page_work(struct transaction *transaction, void *context, struct error *error)
{
    struct reading *reading = context;
    size_t count = 0;
    size_t taken = 0;
    size_t symbols = 0;

    if (!store_page_watchlists(transaction, &reading->page, &reading->lists, &count, error))
        return false;
    while (taken < count && taken + 1 < reading->page.limit &&
           (taken == 0 || symbols + reading->lists[taken].count <= WATCHLIST_SYMBOLS_MAX))
        symbols += reading->lists[taken++].count;
    reading->count = taken;
    reading->has_more = taken < count;
    return store_read_watchlist_symbols(transaction, reading->lists, taken, error);
}

struct opening {
    const char *user_id;
    int64_t now;
};

static bool open_work(struct transaction *transaction, void *context, struct error *error)
{
    const struct opening *opening = context;

    return store_open_watchlists(transaction, opening->user_id, default_name, opening->now, error);
}

// Reads a page. Whoever looks for the first time is given the default list: so users have one who
// were there before there were watchlists, and administrators, and registering waits for nothing.
static bool read_page(struct portfolio *portfolio, struct reading *reading, struct error *error)
{
    struct call *call = reading->call;
    struct opening opening = {.user_id = reading->page.user_id};

    if (!database_transact(portfolio->database, call->arena, TRANSACTION_READ_ONLY, read_page_work,
                           reading, error))
        return false;
    if (reading->count > 0 || reading->page.after_id != NULL ||
        strcmp(opening.user_id, call->identity.user_id) != 0)
        return true;
    return portfolio_now(portfolio, &opening.now, error) &&
           database_transact(portfolio->database, call->arena, 0, open_work, &opening, error) &&
           database_transact(portfolio->database, call->arena, TRANSACTION_READ_ONLY,
                             read_page_work, reading, error);
}

static bool fill_page(struct portfolio *portfolio,
                      const struct reading *reading,
                      Portfolio__ListWatchlistsResponse *response,
                      struct error *error)
{
    struct arena *arena = reading->call->arena;
    size_t count = reading->count;

    response->watchlists = arena_allocate(arena, (count + 1) * sizeof(*response->watchlists));
    if (response->watchlists == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < count; i++) {
        if (!watchlist_to_message(&reading->lists[i], arena, &response->watchlists[i], error))
            return false;
    }
    response->n_watchlists = count;
    if (reading->has_more) {
        const struct watchlist *last = &reading->lists[count - 1];

        response->next_page_token = portfolio_page_token_write(arena, last->created_at, last->id);
        if (response->next_page_token == NULL)
            return out_of_budget(error);
    }
    return watchlist_complete(portfolio, reading->call, response->watchlists, count, error);
}

bool portfolio_api_list_watchlists(struct portfolio *portfolio,
                                   struct call *call,
                                   const Portfolio__ListWatchlistsRequest *request,
                                   Portfolio__ListWatchlistsResponse *response,
                                   struct error *error)
{
    size_t limit = request->has_limit ? request->limit : PAGE_DEFAULT;
    struct reading reading = {.call = call};
    struct watchlist_page *page = &reading.page;

    // One more than is shown tells whether there are more.
    page->limit = (limit < WATCHLISTS_MAX ? limit : WATCHLISTS_MAX) + 1;
    if (!ownership_choose_user(&call->identity, request->user_id, &page->user_id, error) ||
        !portfolio_page_token_read(request->page_token, &page->after_created_at, &page->after_id,
                                   error))
        return false;
    if (!ownership_may_see(&call->identity, page->user_id, NULL))
        return true;
    return read_page(portfolio, &reading, error) && fill_page(portfolio, &reading, response, error);
}

// Symbols.

// All of them have to be in market's catalogue, except what is in the list already: a symbol may
// have been taken out of the catalogue since.
static bool check_known(struct portfolio *portfolio,
                        const struct call *call,
                        const struct watchlist *present,
                        const char *const *tickers,
                        size_t count,
                        struct error *error)
{
    const char *unknown[WATCHLIST_SYMBOLS_MAX];
    struct catalogue catalogue = {0};
    size_t unknown_count = 0;

    for (size_t i = 0; i < count && unknown_count < COUNT_OF(unknown); i++) {
        if (!watchlist_has(present, tickers[i]))
            unknown[unknown_count++] = tickers[i];
    }
    if (unknown_count == 0)
        return true;
    if (!catalogue_ask(portfolio, call, unknown, unknown_count, CATALOGUE_TIMEOUT_MS, &catalogue,
                       error))
        return false;
    for (size_t i = 0; i < unknown_count; i++) {
        if (catalogue_find(&catalogue, unknown[i]) != NULL)
            continue;
        error_set(error, REASON_SYMBOL_NOT_FOUND, "There is no symbol %s.", unknown[i]);
        error_add_number(error, "ticker", "%s", unknown[i]);
        return false;
    }
    return true;
}

// Changing.

// What a handler that writes needs within its transaction.
struct change {
    struct owned_change base;
    struct portfolio *portfolio;
    Portfolio__Watchlist **message; // of the response; NULL when it has none
    const char *id;                 // of the list that is changed; NULL for a new one
    bool (*apply)(struct transaction *transaction, struct change *change, struct error *error);
    int64_t now;
    struct watchlist list; // as it is after the change
};

static bool lock(struct transaction *transaction, struct change *change, struct error *error)
{
    bool found = false;

    return store_lock_watchlist(transaction, change->id, &change->list, &found, error) &&
           check_seen(change->base.call, change->id, &change->list, found, error);
}

static bool
change_work(struct transaction *transaction, struct owned_change *base, struct error *error)
{
    struct change *change = (struct change *)base;

    if ((change->id != NULL && !lock(transaction, change, error)) ||
        !change->apply(transaction, change, error))
        return false;
    base->subject = change->list.id;
    base->user_id = change->list.user_id;
    return change->message == NULL ||
           watchlist_to_message(&change->list, base->call->arena, change->message, error);
}

// Completes an answer that has a list.
static bool complete(const struct change *change, struct error *error)
{
    if (change->message == NULL)
        return true;
    if (*change->message == NULL)
        return error_set(error, REASON_INTERNAL, "The stored reply has no watchlist.");
    return watchlist_complete(change->portfolio, change->base.call, change->message, 1, error);
}

static bool make_change(struct change *change, struct error *error)
{
    struct portfolio *portfolio = change->portfolio;

    change->base.apply = change_work;
    return portfolio_now(portfolio, &change->now, error) &&
           owned_change_make(portfolio->database, &change->base, error) && complete(change, error);
}

// The same for a change that brings symbols, which market is asked about before: not while others
// wait for the lock. A repeat is answered from what is stored, whatever became of them since.
static bool make_change_with_symbols(struct change *change,
                                     const char *const *tickers,
                                     size_t count,
                                     struct error *error)
{
    struct portfolio *portfolio = change->portfolio;
    struct call *call = change->base.call;
    struct watchlist present = {0};
    bool replayed = false;

    if (!idempotency_find(portfolio->database, call, change->base.method, change->base.response,
                          &replayed, error))
        return false;
    if (replayed)
        return complete(change, error);
    if (change->id != NULL && !read_one(portfolio, call, change->id, &present, error))
        return false;
    return check_known(portfolio, call, &present, tickers, count, error) &&
           make_change(change, error);
}

static bool
create_apply(struct transaction *transaction, struct change *change, struct error *error)
{
    const Portfolio__CreateWatchlistRequest *request =
        (const Portfolio__CreateWatchlistRequest *)change->base.request;
    struct watchlist *list = &change->list;
    const char *user_id = NULL;
    size_t count = 0;

    *list = (struct watchlist){
        .name = request->name,
        .created_at = change->now,
        .updated_at = change->now,
        .tickers = request->symbols,
        .count = request->n_symbols,
    };
    if (!ownership_choose_user(&change->base.call->identity, request->user_id, &user_id, error))
        return false;
    // The default one is the older of the two.
    if (!store_open_watchlists(transaction, user_id, default_name, change->now, error))
        return false;
    snprintf(list->id, sizeof(list->id), "%s", uuid_new().string);
    snprintf(list->user_id, sizeof(list->user_id), "%s", user_id);
    return store_count_watchlists(transaction, user_id, &count, error) &&
           watchlist_check_count(count, error) && store_insert_watchlist(transaction, list, error);
}

bool portfolio_api_create_watchlist(struct portfolio *portfolio,
                                    struct call *call,
                                    const Portfolio__CreateWatchlistRequest *request,
                                    Portfolio__CreateWatchlistResponse *response,
                                    struct error *error)
{
    struct change change = {
        .portfolio = portfolio,
        .base = {.call = call,
                 .method = &portfolio_method_create_watchlist,
                 .request = &request->base,
                 .response = &response->base,
                 .action = "watchlist.create"},
        .message = &response->watchlist,
        .apply = create_apply,
    };

    if (call->identity.portfolio_id[0] != '\0')
        return error_set(error, REASON_INSUFFICIENT_SCOPE,
                         "This API key is for one portfolio, and watchlists are in none.");
    return plain_name_check("name", request->name, error) &&
           watchlist_check_symbols(request->symbols, request->n_symbols, error) &&
           make_change_with_symbols(&change, request->symbols, request->n_symbols, error);
}

static bool is_replacing(const Portfolio__UpdateWatchlistRequest *request)
{
    return request->symbols_given || request->n_symbols > 0;
}

static bool check_default(const Portfolio__UpdateWatchlistRequest *request,
                          const struct watchlist *list,
                          struct error *error)
{
    if (!request->has_is_default || request->is_default || !list->is_default)
        return true;
    error_clear(error);
    error_add_violation(error, "is_default",
                        "must not be false for the default one: make another one the default");
    return false;
}

static bool
update_apply(struct transaction *transaction, struct change *change, struct error *error)
{
    const Portfolio__UpdateWatchlistRequest *request =
        (const Portfolio__UpdateWatchlistRequest *)change->base.request;
    struct watchlist *list = &change->list;

    if (!check_default(request, list, error))
        return false;
    list->name = request->name == NULL ? list->name : request->name;
    list->updated_at = change->now;
    if (!store_update_watchlist(transaction, list, error))
        return false;
    if (is_replacing(request)) {
        list->tickers = request->symbols;
        list->count = request->n_symbols;
        if (!store_replace_watchlist_symbols(transaction, list, error))
            return false;
    }
    if (!request->is_default || list->is_default)
        return true;
    list->is_default = true;
    return store_set_default_watchlist(transaction, list, error);
}

bool portfolio_api_update_watchlist(struct portfolio *portfolio,
                                    struct call *call,
                                    const Portfolio__UpdateWatchlistRequest *request,
                                    Portfolio__UpdateWatchlistResponse *response,
                                    struct error *error)
{
    struct change change = {
        .portfolio = portfolio,
        .base = {.call = call,
                 .method = &portfolio_method_update_watchlist,
                 .request = &request->base,
                 .response = &response->base,
                 .action = "watchlist.update"},
        .message = &response->watchlist,
        .id = request->watchlist_id,
        .apply = update_apply,
    };

    if (request->name != NULL && !plain_name_check("name", request->name, error))
        return false;
    if (!is_replacing(request))
        return make_change(&change, error);
    return watchlist_check_symbols(request->symbols, request->n_symbols, error) &&
           make_change_with_symbols(&change, request->symbols, request->n_symbols, error);
}

static bool
delete_apply(struct transaction *transaction, struct change *change, struct error *error)
{
    return watchlist_check_delete(&change->list, error) &&
           store_delete_watchlist(transaction, &change->list, error);
}

bool portfolio_api_delete_watchlist(struct portfolio *portfolio,
                                    struct call *call,
                                    const Portfolio__DeleteWatchlistRequest *request,
                                    Portfolio__DeleteWatchlistResponse *response,
                                    struct error *error)
{
    struct change change = {
        .portfolio = portfolio,
        .base = {.call = call,
                 .method = &portfolio_method_delete_watchlist,
                 .request = &request->base,
                 .response = &response->base,
                 .action = "watchlist.delete"},
        .id = request->watchlist_id,
        .apply = delete_apply,
    };

    return make_change(&change, error);
}

static bool add_apply(struct transaction *transaction, struct change *change, struct error *error)
{
    const Portfolio__AddWatchlistSymbolRequest *request =
        (const Portfolio__AddWatchlistSymbolRequest *)change->base.request;
    struct watchlist *list = &change->list;
    bool added = false;

    if (!watchlist_add(list, request->ticker, &added, error))
        return false;
    if (!added)
        return true;
    list->updated_at = change->now;
    return store_append_watchlist_symbol(transaction, list, request->ticker, error) &&
           store_update_watchlist(transaction, list, error);
}

bool portfolio_api_add_watchlist_symbol(struct portfolio *portfolio,
                                        struct call *call,
                                        const Portfolio__AddWatchlistSymbolRequest *request,
                                        Portfolio__AddWatchlistSymbolResponse *response,
                                        struct error *error)
{
    struct change change = {
        .portfolio = portfolio,
        .base = {.call = call,
                 .method = &portfolio_method_add_watchlist_symbol,
                 .request = &request->base,
                 .response = &response->base,
                 .action = "watchlist.add"},
        .message = &response->watchlist,
        .id = request->watchlist_id,
        .apply = add_apply,
    };

    return make_change_with_symbols(&change, &request->ticker, 1, error);
}

static bool
remove_apply(struct transaction *transaction, struct change *change, struct error *error)
{
    const Portfolio__RemoveWatchlistSymbolRequest *request =
        (const Portfolio__RemoveWatchlistSymbolRequest *)change->base.request;
    struct watchlist *list = &change->list;

    list->updated_at = change->now;
    return watchlist_remove(list, request->ticker, error) &&
           store_remove_watchlist_symbol(transaction, list, request->ticker, error) &&
           store_update_watchlist(transaction, list, error);
}

bool portfolio_api_remove_watchlist_symbol(struct portfolio *portfolio,
                                           struct call *call,
                                           const Portfolio__RemoveWatchlistSymbolRequest *request,
                                           Portfolio__RemoveWatchlistSymbolResponse *response,
                                           struct error *error)
{
    struct change change = {
        .portfolio = portfolio,
        .base = {.call = call,
                 .method = &portfolio_method_remove_watchlist_symbol,
                 .request = &request->base,
                 .response = &response->base,
                 .action = "watchlist.remove"},
        .id = request->watchlist_id,
        .apply = remove_apply,
    };

    return make_change(&change, error);
}
