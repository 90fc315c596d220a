// SPDX-License-Identifier: MIT
// The first page: what Bourse is, and the market at this moment.
#include "pages/pages.h"

#include "page_templates.h"
#include "pages/page.h"
#include "pages/page_quotes.h"

enum { MOVERS_SHOWN = 5 };

bool home_page_show(struct exchange *exchange, struct error *error)
{
    Pages__HomePage page = PAGES__HOME_PAGE__INIT;

    if (!page_begin(exchange, PAGE_FOR_ALL, "home", "Paper trading", &page.frame, error) ||
        !page_quotes_movers(exchange, MOVERS_SHOWN, &page.movers, error))
        return false;
    return page_answer(exchange, &home_page, &page.base, NULL, error);
}
