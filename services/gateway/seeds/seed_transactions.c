// SPDX-License-Identifier: MIT
// /transactions/: orders in the seeds' shape. transaction_price is the total, as it was there.
#include "seeds/seed.h"

#include "bourse/gateway/v1/seeds.pb-c.h"
#include "bourse/gateway/v1/seeds_rules.h"
#include "bourse/portfolio/v1/portfolio_client.h"
#include "bourse/portfolio/v1/portfolio_methods.h"
#include "bourse/trading/v1/trading_client.h"
#include "bourse/trading/v1/trading_methods.h"
#include "money/money.h"
#include "rest/endpoint.h"

#include <string.h>

// What the order cost, or would cost at the present price.
static bool
total_of(struct exchange *exchange, const Trading__Order *order, int64_t *out_total_micros)
{
    struct quote quote;

    if (order->has_average_fill_price_micros && order->has_filled_quantity_nanos)
        return money_multiply_half_even(order->average_fill_price_micros,
                                        order->filled_quantity_nanos, out_total_micros);
    return quotes_find(exchange->gateway->quotes, text_of(order->ticker), &quote) &&
           money_multiply_half_even(quote.price_micros, order->quantity_nanos, out_total_micros);
}

static void write_order(struct exchange *exchange, const Trading__Order *order, const char *user_id)
{
    struct strbuf *out = exchange->response->body;
    bool is_sell = order->side == TRADING__ORDER_SIDE__ORDER_SIDE_SELL;
    int64_t total = 0;
    bool has_total = total_of(exchange, order, &total);

    strbuf_append_char(out, '{');
    seed_add_text(out, "id", order->id);
    seed_add_text(out, "user", user_id);
    seed_add_text(out, "ticker", order->ticker);
    seed_add_text(out, "transaction_type", is_sell ? "SELL" : "BUY");
    seed_add_quantity(out, "transaction_volume", order->quantity_nanos);
    seed_add_money(out, "transaction_price", has_total, total);
    seed_add_time(out, "timestamp", order->has_created_at, order->created_at);
    seed_add_text(out, "status", seed_status(order->status));
    seed_end(out, '}');
}

// The id of the portfolio a user begins with is made from the user's own (UUIDv8); all others have
// UUIDv7, and are listed in the order in which they were opened.
static bool is_first(const char *portfolio_id)
{
    return strlen(portfolio_id) == UUID_SIZE - 1 && portfolio_id[14] == '8';
}

// The portfolio the user began with or, when that is closed, the oldest.
static bool find_first_portfolio(struct exchange *exchange,
                                 const char *user_id,
                                 const char **out_portfolio_id,
                                 struct error *error)
{
    Portfolio__ListPortfoliosRequest request = PORTFOLIO__LIST_PORTFOLIOS_REQUEST__INIT;
    Portfolio__ListPortfoliosResponse *response = NULL;
    struct rpc_client *portfolio = service_client(exchange->gateway->service, "portfolio");
    const char *first = NULL;
    struct call call;

    request.has_limit = true;
    request.limit = SEED_PAGE;
    request.user_id = user_id;
    if (!exchange_call(exchange, &portfolio_method_list_portfolios, &call, error) ||
        !portfolio_client_list_portfolios(portfolio, &call, &request, &response, error))
        return false;
    for (size_t i = 0; i < response->n_portfolios; i++) {
        const char *id = response->portfolios[i]->id;

        if (id != NULL && (first == NULL || (is_first(id) && !is_first(first))))
            first = id;
    }
    if (first == NULL)
        return error_set(error, REASON_PORTFOLIO_NOT_FOUND, "The user has no portfolio.");
    *out_portfolio_id = first;
    return true;
}

static bool check_fields(const Seeds__Transaction *asked, struct error *error)
{
    if (asked->user == NULL)
        return seed_missing_field(error, "user");
    if (asked->ticker == NULL)
        return seed_missing_field(error, "ticker");
    if (asked->transaction_type == NULL)
        return seed_missing_field(error, "transaction_type");
    if (!asked->has_volume_nanos)
        return seed_missing_field(error, "transaction_volume");
    return true;
}

static bool place(struct exchange *exchange,
                  const Seeds__Transaction *asked,
                  Trading__OrderSide side,
                  const char *portfolio_id,
                  const Trading__Order **out_order,
                  struct error *error)
{
    Trading__PlaceOrderRequest request = TRADING__PLACE_ORDER_REQUEST__INIT;
    Trading__PlaceOrderResponse *response = NULL;
    struct rpc_client *trading = service_client(exchange->gateway->service, "trading");
    struct call call;

    request.portfolio_id = portfolio_id;
    request.ticker = asked->ticker;
    request.has_side = true;
    request.side = side;
    request.has_quantity_nanos = true;
    request.quantity_nanos = asked->volume_nanos;
    request.has_wait = true;
    request.wait = false;
    if (!exchange_call(exchange, &trading_method_place_order, &call, error) ||
        !trading_client_place_order(trading, &call, &request, &response, error))
        return false;
    if (response->order == NULL)
        return error_set(error, REASON_INTERNAL, "trading answered without an order.");
    exchange_note(exchange, &call);
    *out_order = response->order;
    return true;
}

bool seed_create_transaction(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *message = NULL;
    const Seeds__Transaction *asked = NULL;
    const Auth__User *user = NULL;
    const Trading__Order *order = NULL;
    const char *portfolio_id = NULL;
    Trading__OrderSide side = TRADING__ORDER_SIDE__ORDER_SIDE_UNSPECIFIED;
    bool is_other = false;

    if (!seed_read_body(exchange, &seeds_transaction_info, &message, error))
        return false;
    asked = (const Seeds__Transaction *)message;
    if (!check_fields(asked, error) || !seed_read_side(asked->transaction_type, &side, error) ||
        !seed_find_user(exchange, asked->user, &user, error) ||
        !seed_is_for_other(exchange, user, &is_other, error) ||
        !find_first_portfolio(exchange, is_other ? user->id : NULL, &portfolio_id, error) ||
        !place(exchange, asked, side, portfolio_id, &order, error))
        return false;
    exchange->response->status = 201;
    write_order(exchange, order, user->id);
    return true;
}

struct period {
    bool has_start;
    bool has_end;
    int64_t start;
    int64_t end;
};

static bool list(struct exchange *exchange, const struct period *period, struct error *error)
{
    Trading__ListOrdersRequest request = TRADING__LIST_ORDERS_REQUEST__INIT;
    Trading__ListOrdersResponse *response = NULL;
    struct rpc_client *trading = service_client(exchange->gateway->service, "trading");
    struct strbuf *out = exchange->response->body;
    const char *name = NULL;
    const Auth__User *user = NULL;
    bool is_other = false;
    struct call call;

    if (!exchange_variable(exchange, "user_id", &name, error) ||
        !seed_find_user(exchange, name, &user, error) ||
        !seed_is_for_other(exchange, user, &is_other, error))
        return false;
    request.user_id = is_other ? user->id : NULL;
    request.has_status = true;
    request.status = TRADING__ORDER_GROUP__ORDER_GROUP_ALL;
    request.has_start = period->has_start;
    request.start = period->start;
    request.has_end = period->has_end;
    request.end = period->end;
    request.has_limit = true;
    request.limit = SEED_PAGE;
    strbuf_append_char(out, '[');
    for (size_t pages = 0; pages < SEED_PAGES_MAX; pages++) {
        if (!exchange_call(exchange, &trading_method_list_orders, &call, error) ||
            !trading_client_list_orders(trading, &call, &request, &response, error))
            return false;
        for (size_t i = 0; i < response->n_orders; i++) {
            write_order(exchange, response->orders[i], user->id);
            strbuf_append_char(out, ',');
        }
        request.page_token = response->next_page_token;
        if (request.page_token == NULL || request.page_token[0] == '\0')
            break;
    }
    seed_end(out, ']');
    return true;
}

static bool read_period(struct exchange *exchange,
                        const char *start,
                        const char *end,
                        struct period *out,
                        struct error *error)
{
    struct arena *arena = exchange->request->arena;

    out->has_start = start[0] != '\0';
    out->has_end = end[0] != '\0';
    if ((out->has_start && !seed_read_time(arena, start, &out->start)) ||
        (out->has_end && !seed_read_time(arena, end, &out->end)))
        return error_set(error, REASON_MALFORMED_REQUEST, "Invalid date format. Use ISO 8601.");
    return true;
}

bool seed_list_transactions(struct exchange *exchange, struct error *error)
{
    struct period period = {.has_start = false};
    const char *start = NULL;
    const char *end = NULL;

    return exchange_parameter(exchange, "start_timestamp", &start, error) &&
           exchange_parameter(exchange, "end_timestamp", &end, error) &&
           read_period(exchange, start, end, &period, error) && list(exchange, &period, error);
}

bool seed_transactions_by_date(struct exchange *exchange, struct error *error)
{
    const char *start = NULL;
    const char *end = NULL;

    if (!exchange_parameter(exchange, "start_timestamp", &start, error) ||
        !exchange_parameter(exchange, "end_timestamp", &end, error))
        return false;
    if (start[0] == '\0' || end[0] == '\0')
        return error_set(error, REASON_MALFORMED_REQUEST,
                         "Both start_timestamp and end_timestamp are required. Use ISO 8601 "
                         "format.");
    return seed_list_transactions(exchange, error);
}

bool seed_transactions_between(struct exchange *exchange, struct error *error)
{
    struct period period = {.has_start = false};
    const char *start = NULL;
    const char *end = NULL;

    return exchange_variable(exchange, "start", &start, error) &&
           exchange_variable(exchange, "end", &end, error) &&
           read_period(exchange, start, end, &period, error) && list(exchange, &period, error);
}
