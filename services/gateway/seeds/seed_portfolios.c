// SPDX-License-Identifier: MIT
// /api/portfolios/: portfolios, what is in them, and buying and selling by symbol.
#include "seeds/seed.h"

#include "bourse/gateway/v1/seeds.pb-c.h"
#include "bourse/gateway/v1/seeds_rules.h"
#include "bourse/portfolio/v1/portfolio_client.h"
#include "bourse/portfolio/v1/portfolio_methods.h"
#include "bourse/trading/v1/trading_client.h"
#include "bourse/trading/v1/trading_methods.h"
#include "money/money.h"

#include <stdio.h>

static struct rpc_client *portfolio_of(struct exchange *exchange)
{
    return service_client(exchange->gateway->service, "portfolio");
}

static void write_portfolio(const Portfolio__Portfolio *portfolio, struct strbuf *out)
{
    strbuf_append_char(out, '{');
    seed_add_text(out, "id", portfolio->id);
    seed_add_text(out, "name", portfolio->name);
    seed_add_text(out, "description", portfolio->description != NULL ? portfolio->description : "");
    seed_add_money(out, "cash_balance", portfolio->has_cash_balance_micros,
                   portfolio->cash_balance_micros);
    seed_add_time(out, "created_at", portfolio->has_created_at, portfolio->created_at);
    seed_add_time(out, "updated_at", portfolio->has_updated_at, portfolio->updated_at);
    seed_end(out, '}');
}

static bool answer_portfolio(struct exchange *exchange,
                             const Portfolio__Portfolio *portfolio,
                             struct error *error)
{
    if (portfolio == NULL)
        return error_set(error, REASON_INTERNAL, "portfolio answered without a portfolio.");
    write_portfolio(portfolio, exchange->response->body);
    return true;
}

bool seed_list_portfolios(struct exchange *exchange, struct error *error)
{
    Portfolio__ListPortfoliosRequest request = PORTFOLIO__LIST_PORTFOLIOS_REQUEST__INIT;
    Portfolio__ListPortfoliosResponse *response = NULL;
    struct strbuf *out = exchange->response->body;
    struct call call;

    request.has_limit = true;
    request.limit = SEED_PAGE;
    strbuf_append_char(out, '[');
    for (size_t pages = 0; pages < SEED_PAGES_MAX; pages++) {
        if (!exchange_call(exchange, &portfolio_method_list_portfolios, &call, error) ||
            !portfolio_client_list_portfolios(portfolio_of(exchange), &call, &request, &response,
                                              error))
            return false;
        for (size_t i = 0; i < response->n_portfolios; i++) {
            write_portfolio(response->portfolios[i], out);
            strbuf_append_char(out, ',');
        }
        request.page_token = response->next_page_token;
        if (request.page_token == NULL || request.page_token[0] == '\0')
            break;
    }
    seed_end(out, ']');
    return true;
}

bool seed_create_portfolio(struct exchange *exchange, struct error *error)
{
    Portfolio__CreatePortfolioRequest request = PORTFOLIO__CREATE_PORTFOLIO_REQUEST__INIT;
    Portfolio__CreatePortfolioResponse *response = NULL;
    ProtobufCMessage *message = NULL;
    const Seeds__Portfolio *asked = NULL;
    struct call call;

    if (!exchange_call(exchange, &portfolio_method_create_portfolio, &call, error) ||
        !seed_read_body(exchange, &seeds_portfolio_info, &message, error))
        return false;
    asked = (const Seeds__Portfolio *)message;
    if (asked->name == NULL)
        return seed_missing_field(error, "name");
    request.name = asked->name;
    request.description = asked->description;
    request.has_cash_balance_micros = asked->has_cash_balance_micros;
    request.cash_balance_micros = asked->cash_balance_micros;
    if (!portfolio_client_create_portfolio(portfolio_of(exchange), &call, &request, &response,
                                           error))
        return false;
    exchange_note(exchange, &call);
    exchange->response->status = 201;
    return answer_portfolio(exchange, response->portfolio, error);
}

static bool get_portfolio(struct exchange *exchange,
                          const Portfolio__Portfolio **out_portfolio,
                          struct error *error)
{
    Portfolio__GetPortfolioRequest request = PORTFOLIO__GET_PORTFOLIO_REQUEST__INIT;
    Portfolio__GetPortfolioResponse *response = NULL;
    struct call call;

    if (!exchange_variable(exchange, "id", &request.portfolio_id, error) ||
        !exchange_call(exchange, &portfolio_method_get_portfolio, &call, error))
        return false;
    if (!uuid_is_valid(request.portfolio_id))
        return error_set(error, REASON_PORTFOLIO_NOT_FOUND, "There is no such portfolio.");
    if (!portfolio_client_get_portfolio(portfolio_of(exchange), &call, &request, &response, error))
        return false;
    if (response->portfolio == NULL)
        return error_set(error, REASON_INTERNAL, "portfolio answered without a portfolio.");
    *out_portfolio = response->portfolio;
    return true;
}

bool seed_get_portfolio(struct exchange *exchange, struct error *error)
{
    const Portfolio__Portfolio *portfolio = NULL;

    if (!get_portfolio(exchange, &portfolio, error))
        return false;
    write_portfolio(portfolio, exchange->response->body);
    return true;
}

bool seed_update_portfolio(struct exchange *exchange, struct error *error)
{
    Portfolio__UpdatePortfolioRequest request = PORTFOLIO__UPDATE_PORTFOLIO_REQUEST__INIT;
    Portfolio__UpdatePortfolioResponse *response = NULL;
    ProtobufCMessage *message = NULL;
    const Seeds__Portfolio *asked = NULL;
    struct call call;

    if (!exchange_variable(exchange, "id", &request.portfolio_id, error) ||
        !exchange_call(exchange, &portfolio_method_update_portfolio, &call, error) ||
        !seed_read_body(exchange, &seeds_portfolio_info, &message, error))
        return false;
    asked = (const Seeds__Portfolio *)message;
    // Cash only changes by deposits, withdrawals and trades.
    if (asked->has_cash_balance_micros) {
        error_clear(error);
        error_add_violation(error, "cash_balance", "cannot be set; deposit or withdraw instead");
        return false;
    }
    request.name = asked->name;
    request.description = asked->description;
    return portfolio_client_update_portfolio(portfolio_of(exchange), &call, &request, &response,
                                             error) &&
           answer_portfolio(exchange, response->portfolio, error);
}

bool seed_delete_portfolio(struct exchange *exchange, struct error *error)
{
    Portfolio__DeletePortfolioRequest request = PORTFOLIO__DELETE_PORTFOLIO_REQUEST__INIT;
    Portfolio__DeletePortfolioResponse *response = NULL;
    struct call call;

    exchange->response->status = 204;
    return exchange_variable(exchange, "id", &request.portfolio_id, error) &&
           exchange_call(exchange, &portfolio_method_delete_portfolio, &call, error) &&
           portfolio_client_delete_portfolio(portfolio_of(exchange), &call, &request, &response,
                                             error);
}

static bool count_positions(struct exchange *exchange,
                            const char *portfolio_id,
                            int64_t *out_count,
                            struct error *error)
{
    Portfolio__ListPositionsRequest request = PORTFOLIO__LIST_POSITIONS_REQUEST__INIT;
    Portfolio__ListPositionsResponse *response = NULL;
    struct call call;
    int64_t count = 0;

    request.portfolio_id = portfolio_id;
    request.has_limit = true;
    request.limit = SEED_PAGE;
    for (size_t pages = 0; pages < SEED_PAGES_MAX; pages++) {
        if (!exchange_call(exchange, &portfolio_method_list_positions, &call, error) ||
            !portfolio_client_list_positions(portfolio_of(exchange), &call, &request, &response,
                                             error))
            return false;
        count += (int64_t)response->n_positions;
        request.page_token = response->next_page_token;
        if (request.page_token == NULL || request.page_token[0] == '\0')
            break;
    }
    *out_count = count;
    return true;
}

// The change is that of the day, and its percentage that of the value before it.
bool seed_summarize_portfolio(struct exchange *exchange, struct error *error)
{
    struct strbuf *out = exchange->response->body;
    const Portfolio__Portfolio *portfolio = NULL;
    int64_t positions = 0;
    int64_t before = 0;
    int64_t percent = 0;
    bool has_percent = false;

    if (!get_portfolio(exchange, &portfolio, error) ||
        !count_positions(exchange, portfolio->id, &positions, error))
        return false;
    has_percent =
        portfolio->has_total_value_micros && portfolio->has_day_change_micros &&
        money_subtract(portfolio->total_value_micros, portfolio->day_change_micros, &before) &&
        before > 0 &&
        money_scale_half_even(portfolio->day_change_micros, 100 * MICROS_PER_UNIT, before,
                              &percent);
    strbuf_append_char(out, '{');
    seed_add_text(out, "id", portfolio->id);
    seed_add_text(out, "name", portfolio->name);
    seed_add_money(out, "cash_balance", portfolio->has_cash_balance_micros,
                   portfolio->cash_balance_micros);
    seed_add_money(out, "total_stock_value", portfolio->has_market_value_micros,
                   portfolio->market_value_micros);
    seed_add_money(out, "total_value", portfolio->has_total_value_micros,
                   portfolio->total_value_micros);
    seed_add_money(out, "change", portfolio->has_day_change_micros, portfolio->day_change_micros);
    seed_add_money(out, "percent_change", has_percent, percent);
    seed_add_int(out, "position_count", positions);
    seed_end(out, '}');
    return true;
}

// What it was worth each day: at the close of those before, and now.
bool seed_perform_portfolio(struct exchange *exchange, struct error *error)
{
    Portfolio__GetPerformanceRequest request = PORTFOLIO__GET_PERFORMANCE_REQUEST__INIT;
    Portfolio__GetPerformanceResponse *response = NULL;
    struct strbuf *out = exchange->response->body;
    struct call call;

    if (!exchange_variable(exchange, "id", &request.portfolio_id, error) ||
        !exchange_call(exchange, &portfolio_method_get_performance, &call, error))
        return false;
    if (!uuid_is_valid(request.portfolio_id))
        return error_set(error, REASON_PORTFOLIO_NOT_FOUND, "There is no such portfolio.");
    if (!portfolio_client_get_performance(portfolio_of(exchange), &call, &request, &response,
                                          error))
        return false;
    // This shape has no room to say that days are missing.
    if (!response->is_complete)
        return error_set(error, REASON_UNAVAILABLE,
                         "The portfolio's days are being filled. Try again soon.");
    strbuf_append_char(out, '[');
    for (size_t i = 0; i < response->n_series; i++) {
        const Portfolio__PerformanceDay *day = response->series[i];

        strbuf_append_char(out, '{');
        seed_add_text(out, "date", day->date);
        seed_add_money(out, "value", day->has_equity_micros, day->equity_micros);
        seed_end(out, '}');
        strbuf_append_char(out, ',');
    }
    seed_end(out, ']');
    return true;
}

static const char *type_name(Portfolio__TransactionType type)
{
    switch (type) {
    case PORTFOLIO__TRANSACTION_TYPE__TRANSACTION_TYPE_BUY:
        return "buy";
    case PORTFOLIO__TRANSACTION_TYPE__TRANSACTION_TYPE_SELL:
        return "sell";
    case PORTFOLIO__TRANSACTION_TYPE__TRANSACTION_TYPE_DEPOSIT:
        return "deposit";
    case PORTFOLIO__TRANSACTION_TYPE__TRANSACTION_TYPE_WITHDRAWAL:
        return "withdraw";
    default:
        return "other";
    }
}

static void write_transaction(const Portfolio__Transaction *transaction, struct strbuf *out)
{
    int64_t quantity = transaction->quantity_nanos;
    bool has_amount = transaction->has_cash_change_micros;
    int64_t amount = transaction->cash_change_micros;

    // Sizes without a sign, as the type says the direction.
    strbuf_append_char(out, '{');
    seed_add_text(out, "id", transaction->id);
    seed_add_text(out, "portfolio", transaction->portfolio_id);
    seed_add_text(out, "stock_symbol", transaction->ticker);
    seed_add_text(out, "transaction_type", type_name(transaction->type));
    seed_add_quantity(out, "quantity", quantity < 0 ? -quantity : quantity);
    seed_add_money(out, "price", transaction->has_price_micros, transaction->price_micros);
    seed_add_money(out, "amount", has_amount, amount < 0 ? -amount : amount);
    seed_add_time(out, "transaction_date", transaction->has_booked_at, transaction->booked_at);
    seed_add_text(out, "notes", transaction->note != NULL ? transaction->note : "");
    seed_end(out, '}');
}

bool seed_list_portfolio_transactions(struct exchange *exchange, struct error *error)
{
    Portfolio__ListTransactionsRequest request = PORTFOLIO__LIST_TRANSACTIONS_REQUEST__INIT;
    Portfolio__ListTransactionsResponse *response = NULL;
    struct strbuf *out = exchange->response->body;
    struct call call;

    if (!exchange_variable(exchange, "id", &request.portfolio_id, error))
        return false;
    request.has_limit = true;
    request.limit = SEED_PAGE;
    strbuf_append_char(out, '[');
    for (size_t pages = 0; pages < SEED_PAGES_MAX; pages++) {
        if (!exchange_call(exchange, &portfolio_method_list_transactions, &call, error) ||
            !portfolio_client_list_transactions(portfolio_of(exchange), &call, &request, &response,
                                                error))
            return false;
        for (size_t i = 0; i < response->n_transactions; i++) {
            write_transaction(response->transactions[i], out);
            strbuf_append_char(out, ',');
        }
        request.page_token = response->next_page_token;
        if (request.page_token == NULL || request.page_token[0] == '\0')
            break;
    }
    seed_end(out, ']');
    return true;
}

static bool check_fields(const Seeds__PortfolioTransaction *asked, struct error *error)
{
    if (asked->stock_symbol == NULL)
        return seed_missing_field(error, "stock_symbol");
    if (!asked->has_quantity_nanos)
        return seed_missing_field(error, "quantity");
    if (asked->transaction_type == NULL)
        return seed_missing_field(error, "transaction_type");
    return true;
}

static void write_receipt(const Trading__Order *order, bool is_sell, struct strbuf *out)
{
    char quantity[DECIMAL_SIZE];
    char message[128];

    decimal_print(order->quantity_nanos, QUANTITY_SCALE, 0, quantity);
    snprintf(message, sizeof message, "%s %s %s %s",
             order->status == TRADING__ORDER_STATUS__ORDER_STATUS_FILLED ? "Done:" : "Accepted:",
             is_sell ? "sold" : "bought", quantity, order->ticker != NULL ? order->ticker : "");
    strbuf_append_string(out, "{\"success\":true,");
    seed_add_text(out, "message", message);
    seed_add_text(out, "transaction_id", order->id);
    seed_add_text(out, "status", seed_status(order->status));
    seed_end(out, '}');
}

bool seed_create_portfolio_transaction(struct exchange *exchange, struct error *error)
{
    Trading__PlaceOrderRequest request = TRADING__PLACE_ORDER_REQUEST__INIT;
    Trading__PlaceOrderResponse *response = NULL;
    struct rpc_client *trading = service_client(exchange->gateway->service, "trading");
    ProtobufCMessage *message = NULL;
    const Seeds__PortfolioTransaction *asked = NULL;
    struct call call;

    if (!exchange_variable(exchange, "id", &request.portfolio_id, error) ||
        !exchange_call(exchange, &trading_method_place_order, &call, error) ||
        !seed_read_body(exchange, &seeds_portfolio_transaction_info, &message, error))
        return false;
    asked = (const Seeds__PortfolioTransaction *)message;
    if (!check_fields(asked, error) ||
        !seed_read_side(asked->transaction_type, &request.side, error))
        return false;
    request.ticker = asked->stock_symbol;
    request.has_side = true;
    request.has_quantity_nanos = true;
    request.quantity_nanos = asked->quantity_nanos;
    if (!trading_client_place_order(trading, &call, &request, &response, error))
        return false;
    if (response->order == NULL)
        return error_set(error, REASON_INTERNAL, "trading answered without an order.");
    exchange_note(exchange, &call);
    exchange->response->status = 201;
    write_receipt(response->order, request.side == TRADING__ORDER_SIDE__ORDER_SIDE_SELL,
                  exchange->response->body);
    return true;
}

bool seed_refuse_position(struct exchange *exchange, struct error *error)
{
    (void)exchange;
    return error_set(error, REASON_MALFORMED_REQUEST,
                     "Positions cannot be created directly. Place a buy order instead.");
}
