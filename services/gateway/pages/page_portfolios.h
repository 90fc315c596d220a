// SPDX-License-Identifier: MIT
// page_portfolios: which of the user's portfolios a page is about, and what else many pages show.
//
// Threads: one request belongs to one thread. Memory: the request's arena.
#pragma once

#include "pages/page.h"

struct page_portfolios {
    Portfolio__Portfolio **portfolios; // all, the oldest first
    size_t count;
    Pages__PortfolioChoice **choices; // the same to choose from; none when there is one only
    size_t choice_count;
    Portfolio__Portfolio *chosen; // NULL while the user has none
};

// Lists them and chooses the one with that id; when it is NULL the oldest one, before those that
// were opened for a competition. Fails with PORTFOLIO_NOT_FOUND, and as ListPortfolios does.
MUST_CHECK bool page_portfolios_find(struct exchange *exchange,
                                     const char *portfolio_id,
                                     struct page_portfolios *out_portfolios,
                                     struct error *error);

// The portfolio with what people want to know besides.
MUST_CHECK bool page_portfolios_summarize(struct exchange *exchange,
                                          Portfolio__Portfolio *portfolio,
                                          Pages__PortfolioSummary **out_summary,
                                          struct error *error);

// Whose portfolio it is when it is not that of who looks at it, who is an administrator then; NULL
// for one's own. Fails as GetUser does.
MUST_CHECK bool page_find_owner(struct exchange *exchange,
                                const Portfolio__Portfolio *portfolio,
                                Auth__User **out_owner,
                                struct error *error);

// Whether the rules of a competition hold in the portfolio at the time that the page shows.
bool page_is_competing(const Pages__Frame *frame, const Portfolio__Portfolio *portfolio);

// Orders as `request` filters them.
MUST_CHECK bool page_list_orders(struct exchange *exchange,
                                 const Trading__ListOrdersRequest *request,
                                 Trading__ListOrdersResponse **out_response,
                                 struct error *error);

// What halts trading in the portfolio: its own halt, its owner's, the platform's.
MUST_CHECK bool page_get_halt(struct exchange *exchange,
                              const char *portfolio_id,
                              Trading__GetTradingHaltResponse **out_response,
                              struct error *error);

// What limits orders in the portfolio: its own limits, the ceilings, what is in force of both.
MUST_CHECK bool page_get_portfolio_limits(struct exchange *exchange,
                                          const char *portfolio_id,
                                          Trading__PortfolioLimits **out_limits,
                                          struct error *error);
bool page_limits_anything(const Trading__LimitsInForce *limits);

// The limits in force in the portfolio; NULL when there are none.
MUST_CHECK bool page_get_limits(struct exchange *exchange,
                                const char *portfolio_id,
                                Trading__LimitsInForce **out_limits,
                                struct error *error);

// All of the user's watchlists, and the default one among them.
MUST_CHECK bool page_list_watchlists(struct exchange *exchange,
                                     Portfolio__ListWatchlistsResponse **out_response,
                                     Portfolio__Watchlist **out_default,
                                     struct error *error);
// One of them. Fails as GetWatchlist does.
MUST_CHECK bool page_get_watchlist(struct exchange *exchange,
                                   const char *id,
                                   Portfolio__Watchlist **out_watchlist,
                                   struct error *error);
bool page_watchlist_has(const Portfolio__Watchlist *watchlist, const char *ticker);
