// SPDX-License-Identifier: MIT
// A position, closed in one step: what can be sold of it is, at market.
#include "pages/pages.h"

#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/trading/v1/trading_methods.h"
#include "pages/field_words.h"
#include "pages/order_outcome.h"
#include "pages/page.h"

static bool go_back(struct exchange *exchange, struct error *error)
{
    const char *portfolio_id = NULL;
    const char *portfolio = NULL;

    if (!exchange_variable(exchange, "portfolio_id", &portfolio_id, error))
        return false;
    portfolio = arena_printf(exchange->request->arena, "/portfolio/%s", portfolio_id);
    if (portfolio == NULL)
        return page_out_of_memory(error);
    return page_redirect(exchange, error, "%s",
                         page_next(exchange, form_find(exchange->form, FORM_NEXT), portfolio));
}

// The question is on more than one page, and has nothing in it to correct: the page that it was
// asked on says why nothing has come of it.
static bool say_refusal(struct exchange *exchange, const struct error *failure, struct error *error)
{
    page_say(exchange, true, "%s", field_words_say(exchange->request->arena, failure->message));
    return go_back(exchange, error);
}

// Sells as many as the question has said that it would. What has been sold meanwhile is not there
// any more, and trading says so; the same form once more is the same order, whatever is left.
bool position_close(struct exchange *exchange, struct error *error)
{
    Trading__PlaceOrderRequest request = TRADING__PLACE_ORDER_REQUEST__INIT;
    const Pages__PositionCloseForm *form = NULL;
    ProtobufCMessage *message = NULL;
    ProtobufCMessage *response = NULL;
    struct error failure;

    if (!page_read_form(exchange, &pages_position_close_form_info, false, &message, &failure))
        return page_fail(exchange, &failure, say_refusal, error);
    form = (const Pages__PositionCloseForm *)message;
    request.portfolio_id = form->portfolio_id;
    request.ticker = form->ticker;
    request.has_side = true;
    request.side = TRADING__ORDER_SIDE__ORDER_SIDE_SELL;
    request.has_type = true;
    request.type = TRADING__ORDER_TYPE__ORDER_TYPE_MARKET;
    request.has_quantity_nanos = true;
    request.quantity_nanos = form->quantity_nanos;
    if (!page_call(exchange, "trading", &trading_method_place_order, &request.base, &response,
                   &failure))
        return page_fail(exchange, &failure, say_refusal, error);
    order_outcome_say(exchange, ((const Trading__PlaceOrderResponse *)response)->order);
    return go_back(exchange, error);
}
