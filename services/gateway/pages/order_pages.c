// SPDX-License-Identifier: MIT
// Orders: those that are open and all, filtered; and cancelling.
#include "pages/pages.h"

#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/trading/v1/trading_methods.h"
#include "page_templates.h"
#include "pages/page.h"
#include "pages/page_portfolios.h"

enum { ORDERS_SHOWN = 50 };

static void set_request(const Pages__OrdersQuery *query, Trading__ListOrdersRequest *request)
{
    request->has_status = query->has_status;
    request->status = query->status;
    request->portfolio_id = query->portfolio;
    request->ticker = query->ticker;
    request->has_side = query->has_side;
    request->side = query->side;
    request->page_token = query->page_token;
    request->has_limit = true;
    request->limit = ORDERS_SHOWN;
}

bool orders_page_show(struct exchange *exchange, struct error *error)
{
    Pages__OrdersPage page = PAGES__ORDERS_PAGE__INIT;
    Trading__ListOrdersRequest request = TRADING__LIST_ORDERS_REQUEST__INIT;
    struct page_portfolios portfolios;
    ProtobufCMessage *query = NULL;

    if (!page_begin(exchange, PAGE_FOR_USERS, "orders", "Orders", &page.frame, error) ||
        !page_read_query(exchange, &pages_orders_query_info, &query, error))
        return false;
    page.query = (Pages__OrdersQuery *)query;
    if (!page.query->has_status) {
        page.query->has_status = true;
        page.query->status = TRADING__ORDER_GROUP__ORDER_GROUP_OPEN;
    }
    if (!page_portfolios_find(exchange, page.query->portfolio, &portfolios, error))
        return false;
    page.n_choices = portfolios.choice_count;
    page.choices = portfolios.choices;
    page.portfolio = portfolios.chosen;
    if (portfolios.chosen != NULL) {
        page.query->portfolio = portfolios.chosen->id;
        if (!page_get_halt(exchange, portfolios.chosen->id, &page.halt, error))
            return false;
    }
    set_request(page.query, &request);
    if (!page_list_orders(exchange, &request, &page.list, error))
        return false;
    page.has_can_cancel = true;
    page.can_cancel =
        page.list->n_orders > 0 && page.query->status == TRADING__ORDER_GROUP__ORDER_GROUP_OPEN;
    return page_answer(exchange, &orders_page, &page.base, NULL, error);
}

static bool go_back(struct exchange *exchange, struct error *error)
{
    return page_redirect(exchange, error, "%s",
                         page_next(exchange, form_find(exchange->form, FORM_NEXT), "/orders"));
}

// An order that was filled a moment ago is no fault of who wanted to cancel it.
bool order_cancel(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;

    if (page_submit(exchange, "trading", &trading_method_cancel_order, false, &response, error))
        page_say(exchange, false, "The order was canceled.");
    else if (error_is(error, REASON_ORDER_NOT_OPEN) || error_is(error, REASON_ORDER_NOT_READY))
        page_say(exchange, true, "%s", error->message);
    else
        return false;
    return go_back(exchange, error);
}

bool orders_cancel(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    const Trading__CancelOrdersResponse *answer = NULL;

    if (!page_submit(exchange, "trading", &trading_method_cancel_orders, false, &response, error))
        return false;
    answer = (const Trading__CancelOrdersResponse *)response;
    if (answer->still_open > 0)
        page_say(exchange, true,
                 "Canceled: %u. Not canceled, as they are being filled or replaced at this moment: "
                 "%u.",
                 answer->canceled, answer->still_open);
    else
        page_say(exchange, false,
                 answer->canceled == 1 ? "%u order was canceled." : "%u orders were canceled.",
                 answer->canceled);
    return go_back(exchange, error);
}
