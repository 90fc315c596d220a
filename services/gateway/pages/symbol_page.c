// SPDX-License-Identifier: MIT
// A symbol: its price, chart and day; and for who has logged in the ticket, and what is theirs of
// it.
#include "pages/pages.h"

#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/portfolio/v1/portfolio_methods.h"
#include "bourse/trading/v1/trading_methods.h"
#include "bourse/trading/v1/trading_rules.h"
#include "money/money.h"
#include "page_templates.h"
#include "pages/candle_chart.h"
#include "pages/chart.h"
#include "pages/chart_levels.h"
#include "pages/estimate.h"
#include "pages/order_outcome.h"
#include "pages/page.h"
#include "pages/page_portfolios.h"
#include "pages/page_quotes.h"

#include <string.h>

enum { OPEN_SHOWN = 20, ENDED_SHOWN = 8, FILLS_SHOWN = 200 };

// What a form has asked for, on the page that answers it or that its sender has come back to.
struct answer {
    const struct form *typed;                    // into the ticket; NULL for nothing
    const struct error *failure;                 // of the order
    const Trading__PlaceOrderRequest *estimated; // whose cost is told
};

static bool add_symbol(struct exchange *exchange,
                       const char *ticker,
                       Pages__SymbolPage *page,
                       struct error *error)
{
    if (!page_quotes_get_symbol(exchange, ticker, &page->symbol, error))
        return false;
    page->quote = page_quotes_find(exchange, ticker);
    page->frame->title =
        arena_printf(exchange->request->arena, "%s, %s", ticker, page->symbol->name);
    return page->frame->title != NULL || page_out_of_memory(error);
}

// The position; none is no failure.
static bool add_position(struct exchange *exchange, Pages__SymbolPage *page, struct error *error)
{
    Portfolio__GetPositionRequest request = PORTFOLIO__GET_POSITION_REQUEST__INIT;
    ProtobufCMessage *response = NULL;

    request.portfolio_id = page->portfolio->id;
    request.ticker = page->symbol->ticker;
    if (!page_call(exchange, "portfolio", &portfolio_method_get_position, &request.base, &response,
                   error))
        return error_is(error, REASON_POSITION_NOT_FOUND);
    page->position = ((Portfolio__GetPositionResponse *)response)->position;
    page->sellable_nanos = page->position->available_nanos;
    page->has_sellable_nanos = page->sellable_nanos > 0;
    page->held_nanos = page->position->quantity_nanos - page->position->available_nanos;
    page->has_held_nanos = page->held_nanos > 0;
    return true;
}

// One that ends between two questions is in both answers.
static bool has_order(const Pages__SymbolPage *page, const char *id)
{
    for (size_t i = 0; i < page->n_orders; i++)
        if (strcmp(page->orders[i]->id, id) == 0)
            return true;
    return false;
}

static bool add_orders_of(struct exchange *exchange,
                          Trading__OrderGroup status,
                          uint32_t limit,
                          Pages__SymbolPage *page,
                          struct error *error)
{
    Trading__ListOrdersRequest request = TRADING__LIST_ORDERS_REQUEST__INIT;
    Trading__ListOrdersResponse *response = NULL;

    request.portfolio_id = page->portfolio->id;
    request.ticker = page->symbol->ticker;
    request.has_status = true;
    request.status = status;
    request.has_limit = true;
    request.limit = limit;
    if (!page_list_orders(exchange, &request, &response, error))
        return false;
    for (size_t i = 0; i < response->n_orders; i++)
        if (!has_order(page, response->orders[i]->id))
            page->orders[page->n_orders++] = response->orders[i];
    return true;
}

// Those that wait, however old they are, on the chart too; then those that have ended last.
static bool add_orders(struct exchange *exchange, Pages__SymbolPage *page, struct error *error)
{
    struct arena *arena = exchange->request->arena;

    page->orders = arena_allocate(arena, (OPEN_SHOWN + ENDED_SHOWN) * sizeof *page->orders);
    if (page->orders == NULL)
        return page_out_of_memory(error);
    if (!add_orders_of(exchange, TRADING__ORDER_GROUP__ORDER_GROUP_OPEN, OPEN_SHOWN, page, error))
        return false;
    if (!chart_levels_add(arena, page->orders, page->n_orders, page->position, page->chart))
        return page_out_of_memory(error);
    return add_orders_of(exchange, TRADING__ORDER_GROUP__ORDER_GROUP_CLOSED, ENDED_SHOWN, page,
                         error);
}

// What was bought and sold in the chart's time, and the marks for it.
static bool add_fills(struct exchange *exchange, Pages__SymbolPage *page, struct error *error)
{
    Portfolio__ListTransactionsRequest request = PORTFOLIO__LIST_TRANSACTIONS_REQUEST__INIT;
    const Portfolio__ListTransactionsResponse *list = NULL;
    struct arena *arena = exchange->request->arena;
    ProtobufCMessage *response = NULL;

    request.portfolio_id = page->portfolio->id;
    request.ticker = page->symbol->ticker;
    request.has_start = page->chart->has_start;
    request.start = page->chart->start;
    request.has_limit = true;
    request.limit = FILLS_SHOWN;
    if (!page_call(exchange, "portfolio", &portfolio_method_list_transactions, &request.base,
                   &response, error))
        return false;
    list = (const Portfolio__ListTransactionsResponse *)response;
    page->fills = arena_allocate(arena, (list->n_transactions + 1) * sizeof *page->fills);
    if (page->fills == NULL)
        return page_out_of_memory(error);
    for (size_t i = 0; i < list->n_transactions; i++)
        if (list->transactions[i]->type == PORTFOLIO__TRANSACTION_TYPE__TRANSACTION_TYPE_BUY ||
            list->transactions[i]->type == PORTFOLIO__TRANSACTION_TYPE__TRANSACTION_TYPE_SELL)
            page->fills[page->n_fills++] = list->transactions[i];
    return candle_chart_mark_fills(arena, page->fills, page->n_fills, page->chart) ||
           page_out_of_memory(error);
}

static bool add_watched(struct exchange *exchange, Pages__SymbolPage *page, struct error *error)
{
    Portfolio__ListWatchlistsResponse *lists = NULL;
    Portfolio__Watchlist *list = NULL;

    if (!page_list_watchlists(exchange, &lists, &list, error))
        return false;
    page->has_is_watched = list != NULL;
    page->watchlist_id = list != NULL ? list->id : NULL;
    page->is_watched = list != NULL && page_watchlist_has(list, page->symbol->ticker);
    return true;
}

static bool has_ticker(const char *const *tickers, size_t count, const char *ticker)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(tickers[i], ticker) == 0)
            return true;
    return false;
}

static bool forbids(const Trading__LimitsInForce *limits, const char *ticker)
{
    return has_ticker(limits->forbidden_symbols, limits->n_forbidden_symbols, ticker) ||
           (limits->symbols_are_restricted &&
            !has_ticker(limits->allowed_symbols, limits->n_allowed_symbols, ticker));
}

static void add_affordable(Pages__SymbolPage *page)
{
    const Trading__LimitsInForce *limits = page->limits;
    int64_t cash = page->portfolio->buying_power_micros;

    page->has_is_forbidden = true;
    page->is_forbidden = limits != NULL && forbids(limits, page->symbol->ticker);
    if (limits != NULL && limits->has_max_order_value_micros &&
        limits->max_order_value_micros < cash)
        cash = limits->max_order_value_micros;
    if (page->is_forbidden || page->quote == NULL || page->quote->ask_micros <= 0 || cash <= 0)
        return;
    page->has_affordable_nanos =
        money_divide_down(cash, page->quote->ask_micros, &page->affordable_nanos);
    // Whole shares: nobody wants to read nine decimals.
    page->affordable_nanos -= page->affordable_nanos % NANOS_PER_UNIT;
}

// What belongs to the user.
static bool add_own(struct exchange *exchange,
                    const char *portfolio_id,
                    Pages__SymbolPage *page,
                    struct error *error)
{
    struct page_portfolios portfolios;

    // First of all: by the cash in it a page finds out that it is behind.
    if (!page_portfolios_find(exchange, portfolio_id, &portfolios, error) ||
        !add_watched(exchange, page, error))
        return false;
    page->n_choices = portfolios.choice_count;
    page->choices = portfolios.choices;
    page->portfolio = portfolios.chosen;
    if (page->portfolio == NULL)
        return true;
    if (!page_get_limits(exchange, page->portfolio->id, &page->limits, error))
        return false;
    add_affordable(page);
    return add_position(exchange, page, error) && add_orders(exchange, page, error) &&
           add_fills(exchange, page, error) &&
           page_get_halt(exchange, page->portfolio->id, &page->halt, error);
}

static bool add_ticket(struct exchange *exchange,
                       const Pages__SymbolQuery *query,
                       const struct answer *answer,
                       Pages__SymbolPage *page,
                       struct error *error)
{
    struct arena *arena = exchange->request->arena;
    const struct form_view view = {&pages_order_form_info, "order", answer->typed, answer->failure};
    bool is_sell = query->has_side && query->side == TRADING__ORDER_SIDE__ORDER_SIDE_SELL;

    page->form = arena_allocate(arena, sizeof *page->form);
    if (page->form == NULL)
        return page_out_of_memory(error);
    pages__order_form__init(page->form);
    if (!form_show(&view, arena, &page->form->base, error))
        return false;
    page_preset(page->form->side, is_sell ? "sell" : "buy");
    page_preset(page->form->type, "market");
    page_preset(page->form->time_in_force, "day");
    page->has_is_typed = true;
    page->is_typed = exchange->form == NULL && answer->typed != NULL;
    page->has_is_reviewed = true;
    page->is_reviewed = answer->estimated != NULL;
    if (answer->estimated == NULL || page->portfolio == NULL)
        return true;
    return estimate_make(arena, answer->estimated, page, &page->estimate, error);
}

static bool show(struct exchange *exchange,
                 const Pages__SymbolQuery *query,
                 const struct answer *answer,
                 struct error *error)
{
    enum page_reader reader = exchange->form != NULL ? PAGE_FOR_USERS : PAGE_FOR_ALL;
    Pages__SymbolPage page = PAGES__SYMBOL_PAGE__INIT;

    if (!page_begin(exchange, reader, "symbol", query->ticker, &page.frame, error) ||
        !add_symbol(exchange, query->ticker, &page, error) ||
        !chart_make(exchange, query, &page.chart, error))
        return false;
    if (page.quote != NULL &&
        !candle_chart_mark_price(exchange->request->arena, page.quote->price_micros, page.chart))
        return page_out_of_memory(error);
    if (page.frame->username != NULL && (!add_own(exchange, query->portfolio, &page, error) ||
                                         !add_ticket(exchange, query, answer, &page, error)))
        return false;
    return page_answer(exchange, &symbol_page, &page.base, answer->failure, error);
}

bool symbol_page_show(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *message = NULL;
    const Pages__SymbolQuery *query = NULL;
    struct answer answer = {.typed = NULL};

    if (!page_read_query(exchange, &pages_symbol_query_info, &message, error))
        return false;
    query = (const Pages__SymbolQuery *)message;
    if (query->typed != NULL &&
        !form_parse_fields(exchange->request->arena, text_of(query->typed), &answer.typed, error))
        return false;
    return show(exchange, query, &answer, error);
}

// The page again, after a form: of the portfolio that was chosen in it.
static bool show_after(struct exchange *exchange, const struct answer *answer, struct error *error)
{
    ProtobufCMessage *message = NULL;
    Pages__SymbolQuery *query = NULL;
    const char *portfolio_id = form_find(exchange->form, "portfolio_id");

    if (!page_read_query(exchange, &pages_symbol_query_info, &message, error))
        return false;
    query = (Pages__SymbolQuery *)message;
    if (portfolio_id != NULL && uuid_is_valid(portfolio_id))
        query->portfolio = portfolio_id;
    return show(exchange, query, answer, error);
}

static bool
show_failure(struct exchange *exchange, const struct error *failure, struct error *error)
{
    return show_after(exchange, &(struct answer){.typed = exchange->form, .failure = failure},
                      error);
}

// A buy with one or both of them is the entry of what sells it again; a sale with both is these.
static void set_class(Trading__PlaceOrderRequest *request)
{
    if (request->take_profit == NULL && request->stop_loss == NULL)
        return;
    request->has_order_class = true;
    if (request->side == TRADING__ORDER_SIDE__ORDER_SIDE_SELL) {
        request->order_class = TRADING__ORDER_CLASS__ORDER_CLASS_OCO;
        request->has_type = false;
    } else if (request->take_profit != NULL && request->stop_loss != NULL) {
        request->order_class = TRADING__ORDER_CLASS__ORDER_CLASS_BRACKET;
    } else {
        request->order_class = TRADING__ORDER_CLASS__ORDER_CLASS_OTO;
    }
}

bool symbol_order_place(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *request = NULL;
    ProtobufCMessage *response = NULL;
    const Trading__Order *order = NULL;
    struct error failure;

    if (!page_read_form(exchange, &trading_place_order_request_info, false, &request, &failure))
        return page_fail(exchange, &failure, show_failure, error);
    set_class((Trading__PlaceOrderRequest *)request);
    if (!page_call(exchange, "trading", &trading_method_place_order, request, &response, &failure))
        return page_fail(exchange, &failure, show_failure, error);
    order = ((const Trading__PlaceOrderResponse *)response)->order;
    order_outcome_say(exchange, order);
    return page_redirect(exchange, error, "/symbols/%s?portfolio=%s", order->ticker,
                         order->portfolio_id);
}

// Tells what the order would cost, and places nothing.
bool symbol_order_review(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *request = NULL;
    struct error failure;

    if (!page_read_form(exchange, &trading_place_order_request_info, false, &request, &failure))
        return page_fail(exchange, &failure, show_failure, error);
    return show_after(exchange,
                      &(struct answer){.typed = exchange->form,
                                       .estimated = (const Trading__PlaceOrderRequest *)request},
                      error);
}
