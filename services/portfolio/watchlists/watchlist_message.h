// SPDX-License-Identifier: MIT
// watchlist_message: watchlists as the messages that callers get, with names and latest prices.
//
// What is kept for a repeat of a request is the list alone; names and prices are joined to it when
// it is answered, so that a repeat shows the list of then with the prices of now.
//
// Threads: any. Memory: everything lies in the arena given, or the call's.
#pragma once

#include "bourse/portfolio/v1/portfolio.pb-c.h"
#include "portfolio.h"
#include "watchlists/watchlist.h"

// The list alone: its symbols have their tickers.
MUST_CHECK bool watchlist_to_message(const struct watchlist *list,
                                     struct arena *arena,
                                     Portfolio__Watchlist **out_message,
                                     struct error *error);

// Adds to all symbols of the lists what this service's own copy of the quotes has, and their names
// with one call to market. While market cannot be asked the names are left out, and logged as that.
// The lists have at most WATCHLIST_SYMBOLS_MAX symbols together.
MUST_CHECK bool watchlist_complete(struct portfolio *portfolio,
                                   const struct call *call,
                                   Portfolio__Watchlist *const *messages,
                                   size_t count,
                                   struct error *error);
