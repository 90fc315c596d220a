// SPDX-License-Identifier: MIT
// One order: what became of it, and as long as it waits, putting another in its place.
#include "pages/pages.h"

#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/portfolio/v1/portfolio_methods.h"
#include "bourse/trading/v1/trading_methods.h"
#include "bourse/trading/v1/trading_rules.h"
#include "page_templates.h"
#include "pages/field_words.h"
#include "pages/page.h"
#include "pages/page_portfolios.h"

#include <string.h>

static bool add_order(struct exchange *exchange, Pages__OrderPage *page, struct error *error)
{
    Trading__GetOrderRequest get = TRADING__GET_ORDER_REQUEST__INIT;
    Trading__ListFillsRequest list = TRADING__LIST_FILLS_REQUEST__INIT;
    ProtobufCMessage *query = NULL;
    ProtobufCMessage *order = NULL;
    ProtobufCMessage *fills = NULL;

    if (!page_read_query(exchange, &pages_order_query_info, &query, error))
        return false;
    get.order_id = list.order_id = ((const Pages__OrderQuery *)query)->order_id;
    if (!page_call(exchange, "trading", &trading_method_get_order, &get.base, &order, error) ||
        !page_call(exchange, "trading", &trading_method_list_fills, &list.base, &fills, error))
        return false;
    page->order = ((Trading__GetOrderResponse *)order)->order;
    // An order that was not given a name has its id for one.
    if (page->order->client_order_id != NULL &&
        strcmp(page->order->client_order_id, page->order->id) == 0)
        page->order->client_order_id = NULL;
    if (page->order->reason_message != NULL)
        page->order->reason_message =
            field_words_say(exchange->request->arena, page->order->reason_message);
    page->n_fills = ((Trading__ListFillsResponse *)fills)->n_fills;
    page->fills = ((Trading__ListFillsResponse *)fills)->fills;
    return true;
}

// Whose it is, when that is somebody else. Its portfolio may be closed meanwhile.
static bool add_owner(struct exchange *exchange, Pages__OrderPage *page, struct error *error)
{
    Portfolio__GetPortfolioRequest request = PORTFOLIO__GET_PORTFOLIO_REQUEST__INIT;
    ProtobufCMessage *response = NULL;
    struct identity identity;

    if (!exchange_identity(exchange, &identity, error))
        return false;
    // Nobody else is shown an order of another's.
    if (identity.role != ROLE_ADMINISTRATOR)
        return true;
    request.portfolio_id = page->order->portfolio_id;
    if (!page_call(exchange, "portfolio", &portfolio_method_get_portfolio, &request.base, &response,
                   error))
        return error_is(error, REASON_PORTFOLIO_NOT_FOUND);
    return page_find_owner(exchange, ((Portfolio__GetPortfolioResponse *)response)->portfolio,
                           &page->owner, error);
}

// The fields that an order of its type has; a stop that follows is not of the user's making.
static void leave_fields(const Trading__Order *order, Pages__ReplacementForm *form)
{
    bool trails = order->type == TRADING__ORDER_TYPE__ORDER_TYPE_TRAILING_STOP;

    if (order->has_notional_micros)
        form->quantity = NULL;
    if (!order->has_limit_price_micros)
        form->limit_price = NULL;
    if (!order->has_stop_price_micros || trails || order->has_triggered_at)
        form->stop_price = NULL;
    if (!order->has_trail_price_micros)
        form->trail_price = NULL;
    if (!order->has_trail_percent_micros)
        form->trail_percent = NULL;
    if (order->time_in_force != TRADING__TIME_IN_FORCE__TIME_IN_FORCE_DAY &&
        order->time_in_force != TRADING__TIME_IN_FORCE__TIME_IN_FORCE_GTC)
        form->time_in_force = NULL;
}

// Whether it can be canceled or changed. One that is neither waiting nor final can in a moment.
static bool waits(const Trading__Order *order)
{
    return order->status == TRADING__ORDER_STATUS__ORDER_STATUS_NEW ||
           order->status == TRADING__ORDER_STATUS__ORDER_STATUS_PARTIALLY_FILLED ||
           order->status == TRADING__ORDER_STATUS__ORDER_STATUS_HELD;
}

static bool show(struct exchange *exchange, const struct error *failure, struct error *error)
{
    Pages__OrderPage page = PAGES__ORDER_PAGE__INIT;
    Pages__ReplacementForm form = PAGES__REPLACEMENT_FORM__INIT;

    if (!page_begin(exchange, PAGE_FOR_USERS, "orders", "Order", &page.frame, error) ||
        !add_order(exchange, &page, error) || !add_owner(exchange, &page, error) ||
        !page_show_form(exchange, &pages_replacement_form_info, "replace", failure, &form.base,
                        error) ||
        !page_preset_all(exchange, &pages_replacement_form_info, failure, &trading_order_info,
                         &page.order->base, &form.base, error))
        return false;
    leave_fields(page.order, &form);
    page.has_can_change = true;
    page.can_change = waits(page.order);
    page.form = page.can_change || failure != NULL ? &form : NULL;
    return page_answer(exchange, &order_page, &page.base, failure, error);
}

bool order_page_show(struct exchange *exchange, struct error *error)
{
    return exchange_refuse_parameters(exchange, "", error) && show(exchange, NULL, error);
}

// To the order that has taken the old one's place.
bool order_replace(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    const Trading__Order *order = NULL;
    struct error failure;

    if (!page_submit(exchange, "trading", &trading_method_replace_order, false, &response,
                     &failure))
        return page_fail(exchange, &failure, show, error);
    order = ((const Trading__ReplaceOrderResponse *)response)->order;
    page_say(exchange, false, "This order has taken the other one's place.");
    return page_redirect(exchange, error, "/orders/%s", order->id);
}
