// SPDX-License-Identifier: MIT
// portfolio_view: what a portfolio's own page shows besides its figures: its positions and its
// lots.
//
// Threads: one request belongs to one thread. Memory: the request's arena.
#pragma once

#include "pages/page.h"

// Adds the open lots by symbol. Fails as ListLots does.
MUST_CHECK bool portfolio_view_add_lots(struct exchange *exchange,
                                        const char *portfolio_id,
                                        Pages__PortfolioPage *page,
                                        struct error *error);

// Adds its positions with what can be sold of each.
MUST_CHECK bool portfolio_view_add_positions(struct exchange *exchange,
                                             const Portfolio__ListPositionsResponse *list,
                                             Pages__PortfolioPage *page,
                                             struct error *error);
