// SPDX-License-Identifier: MIT
#include "pages/page_portfolios.h"

#include "bourse/auth/v1/auth_methods.h"
#include "bourse/portfolio/v1/portfolio_methods.h"
#include "bourse/trading/v1/trading_methods.h"
#include "money/money.h"

#include <string.h>

enum { LIMIT = 500 };

static bool add_choices(struct arena *arena, struct page_portfolios *portfolios)
{
    portfolios->choices =
        arena_allocate(arena, (portfolios->count + 1) * sizeof(Pages__PortfolioChoice *));
    if (portfolios->choices == NULL)
        return false;
    for (size_t i = 0; i < portfolios->count; i++) {
        Pages__PortfolioChoice *choice = arena_allocate(arena, sizeof *choice);

        if (choice == NULL)
            return false;
        pages__portfolio_choice__init(choice);
        choice->id = portfolios->portfolios[i]->id;
        choice->name = portfolios->portfolios[i]->name;
        choice->has_is_chosen = true;
        choice->is_chosen = portfolios->portfolios[i] == portfolios->chosen;
        portfolios->choices[i] = choice;
    }
    portfolios->choice_count = portfolios->count > 1 ? portfolios->count : 0;
    return true;
}

// Without an id the oldest one, before those that were opened for a competition.
static Portfolio__Portfolio *choose(const struct page_portfolios *portfolios,
                                    const char *portfolio_id)
{
    Portfolio__Portfolio **all = portfolios->portfolios;

    for (size_t i = 0; i < portfolios->count; i++)
        if (portfolio_id == NULL ? all[i]->competition_id == NULL
                                 : strcmp(all[i]->id, portfolio_id) == 0)
            return all[i];
    return portfolio_id == NULL && portfolios->count > 0 ? all[0] : NULL;
}

bool page_portfolios_find(struct exchange *exchange,
                          const char *portfolio_id,
                          struct page_portfolios *out_portfolios,
                          struct error *error)
{
    Portfolio__ListPortfoliosRequest request = PORTFOLIO__LIST_PORTFOLIOS_REQUEST__INIT;
    const Portfolio__ListPortfoliosResponse *list = NULL;
    struct page_portfolios found = {.portfolios = NULL};
    ProtobufCMessage *response = NULL;

    request.has_limit = true;
    request.limit = LIMIT;
    if (!page_call(exchange, "portfolio", &portfolio_method_list_portfolios, &request.base,
                   &response, error))
        return false;
    list = (const Portfolio__ListPortfoliosResponse *)response;
    found.portfolios = list->portfolios;
    found.count = list->n_portfolios;
    found.chosen = choose(&found, portfolio_id);
    if (portfolio_id != NULL && found.chosen == NULL)
        return error_set(error, REASON_PORTFOLIO_NOT_FOUND, "There is no such portfolio.");
    if (!add_choices(exchange->request->arena, &found))
        return page_out_of_memory(error);
    *out_portfolios = found;
    return true;
}

// In percent of what the portfolio was worth before.
static void add_percent(const Portfolio__Portfolio *portfolio, Pages__PortfolioSummary *summary)
{
    int64_t before = 0;

    if (!portfolio->has_total_value_micros || !portfolio->has_day_change_micros ||
        !money_subtract(portfolio->total_value_micros, portfolio->day_change_micros, &before) ||
        before <= 0)
        return;
    summary->has_day_change_percent_micros =
        money_scale_half_even(portfolio->day_change_micros, 100 * MICROS_PER_UNIT, before,
                              &summary->day_change_percent_micros);
}

bool page_portfolios_summarize(struct exchange *exchange,
                               Portfolio__Portfolio *portfolio,
                               Pages__PortfolioSummary **out_summary,
                               struct error *error)
{
    Pages__PortfolioSummary *summary = arena_allocate(exchange->request->arena, sizeof *summary);

    if (summary == NULL)
        return page_out_of_memory(error);
    pages__portfolio_summary__init(summary);
    summary->portfolio = portfolio;
    add_percent(portfolio, summary);
    *out_summary = summary;
    return true;
}

bool page_find_owner(struct exchange *exchange,
                     const Portfolio__Portfolio *portfolio,
                     Auth__User **out_owner,
                     struct error *error)
{
    Auth__GetUserRequest request = AUTH__GET_USER_REQUEST__INIT;
    ProtobufCMessage *response = NULL;
    struct identity identity;

    *out_owner = NULL;
    if (!exchange_identity(exchange, &identity, error))
        return false;
    if (strcmp(portfolio->user_id, identity.user_id) == 0)
        return true;
    request.user = portfolio->user_id;
    if (!page_call(exchange, "auth", &auth_method_get_user, &request.base, &response, error))
        return false;
    *out_owner = ((Auth__GetUserResponse *)response)->user;
    return true;
}

bool page_is_competing(const Pages__Frame *frame, const Portfolio__Portfolio *portfolio)
{
    return portfolio->has_competes_until && page_now(frame) < portfolio->competes_until;
}

bool page_list_orders(struct exchange *exchange,
                      const Trading__ListOrdersRequest *request,
                      Trading__ListOrdersResponse **out_response,
                      struct error *error)
{
    ProtobufCMessage *response = NULL;

    if (!page_call(exchange, "trading", &trading_method_list_orders, &request->base, &response,
                   error))
        return false;
    *out_response = (Trading__ListOrdersResponse *)response;
    return true;
}

bool page_get_halt(struct exchange *exchange,
                   const char *portfolio_id,
                   Trading__GetTradingHaltResponse **out_response,
                   struct error *error)
{
    Trading__GetTradingHaltRequest request = TRADING__GET_TRADING_HALT_REQUEST__INIT;
    ProtobufCMessage *response = NULL;

    request.portfolio_id = portfolio_id;
    if (!page_call(exchange, "trading", &trading_method_get_trading_halt, &request.base, &response,
                   error))
        return false;
    *out_response = (Trading__GetTradingHaltResponse *)response;
    return true;
}

bool page_limits_anything(const Trading__LimitsInForce *limits)
{
    return limits->has_max_order_value_micros || limits->has_max_position_percent_micros ||
           limits->has_max_orders_per_day || limits->has_max_daily_loss_micros ||
           limits->symbols_are_restricted || limits->n_forbidden_symbols > 0;
}

bool page_get_portfolio_limits(struct exchange *exchange,
                               const char *portfolio_id,
                               Trading__PortfolioLimits **out_limits,
                               struct error *error)
{
    Trading__GetPortfolioLimitsRequest request = TRADING__GET_PORTFOLIO_LIMITS_REQUEST__INIT;
    ProtobufCMessage *response = NULL;

    request.portfolio_id = portfolio_id;
    if (!page_call(exchange, "trading", &trading_method_get_portfolio_limits, &request.base,
                   &response, error))
        return false;
    *out_limits = ((Trading__GetPortfolioLimitsResponse *)response)->limits;
    return true;
}

bool page_get_limits(struct exchange *exchange,
                     const char *portfolio_id,
                     Trading__LimitsInForce **out_limits,
                     struct error *error)
{
    Trading__PortfolioLimits *limits = NULL;

    if (!page_get_portfolio_limits(exchange, portfolio_id, &limits, error))
        return false;
    *out_limits = page_limits_anything(limits->in_force) ? limits->in_force : NULL;
    return true;
}

bool page_list_watchlists(struct exchange *exchange,
                          Portfolio__ListWatchlistsResponse **out_response,
                          Portfolio__Watchlist **out_default,
                          struct error *error)
{
    Portfolio__ListWatchlistsRequest request = PORTFOLIO__LIST_WATCHLISTS_REQUEST__INIT;
    ProtobufCMessage *response = NULL;

    request.has_limit = true;
    request.limit = LIMIT;
    if (!page_call(exchange, "portfolio", &portfolio_method_list_watchlists, &request.base,
                   &response, error))
        return false;
    *out_response = (Portfolio__ListWatchlistsResponse *)response;
    *out_default = NULL;
    for (size_t i = 0; i < (*out_response)->n_watchlists; i++)
        if ((*out_response)->watchlists[i]->is_default)
            *out_default = (*out_response)->watchlists[i];
    return true;
}

bool page_get_watchlist(struct exchange *exchange,
                        const char *id,
                        Portfolio__Watchlist **out_watchlist,
                        struct error *error)
{
    Portfolio__GetWatchlistRequest request = PORTFOLIO__GET_WATCHLIST_REQUEST__INIT;
    ProtobufCMessage *response = NULL;

    request.watchlist_id = id;
    if (!page_call(exchange, "portfolio", &portfolio_method_get_watchlist, &request.base, &response,
                   error))
        return false;
    *out_watchlist = ((Portfolio__GetWatchlistResponse *)response)->watchlist;
    return true;
}

bool page_watchlist_has(const Portfolio__Watchlist *watchlist, const char *ticker)
{
    for (size_t i = 0; i < watchlist->n_symbols; i++)
        if (strcmp(watchlist->symbols[i]->ticker, ticker) == 0)
            return true;
    return false;
}
