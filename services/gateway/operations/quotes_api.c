// SPDX-License-Identifier: MIT
// Quotes from the gateway's own copy: no call, and nothing allocated beyond the answer.
#include "rest/endpoint.h"

#include "bourse/market/v1/market.pb-c.h"
#include "bourse/market/v1/market_client.h"
#include "bourse/market/v1/market_methods.h"
#include "bourse/market/v1/market_rules.h"
#include "quotes/quote_change.h"
#include "rest/url.h"

#include <string.h>

enum { SYMBOLS_MAX = 500, TICKER_SIZE = 16, CATCH_UP_MS = 2000 };

// Upper case, as tickers are kept; false when it cannot be one.
static bool read_ticker(struct text text, char out[TICKER_SIZE])
{
    if (text.length == 0 || text.length >= TICKER_SIZE)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];

        out[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    out[text.length] = '\0';
    return true;
}

bool quotes_find(struct quotes *quotes, struct text name, struct quote *out_quote)
{
    char ticker[TICKER_SIZE];

    return read_ticker(name, ticker) && quotes_get(quotes, ticker, out_quote);
}

bool quotes_check_known(struct quotes *quotes, struct error *error)
{
    struct platform_clock clock;

    return quotes_clock(quotes, &clock) ||
           error_set(error, REASON_PRICE_UNAVAILABLE,
                     "No price is known yet: market has not answered since this gateway started.");
}

bool quotes_refuse_ticker(struct quotes *quotes, struct text name, struct error *error)
{
    if (!quotes_check_known(quotes, error))
        return false;
    error_set(error, REASON_QUOTE_NOT_FOUND, "There is no price for %.32s.", name.data);
    error_add_number(error, "ticker", "%.32s", name.data);
    return false;
}

static void set_change(const struct quote *quote, Market__Quote *out)
{
    struct quote_change change;

    if (!quote_change(quote, &change))
        return;
    out->has_previous_close_micros = true;
    out->previous_close_micros = quote->previous_close_micros;
    out->has_change_micros = true;
    out->change_micros = change.change_micros;
    out->has_change_percent_micros = change.has_percent;
    out->change_percent_micros = change.percent_micros;
}

void quotes_fill(const struct quote *quote, Market__Quote *message)
{
    market__quote__init(message);
    message->ticker = quote->ticker;
    message->has_price_micros = true;
    message->price_micros = quote->price_micros;
    message->has_bid_micros = true;
    message->bid_micros = quote->bid_micros;
    message->has_ask_micros = true;
    message->ask_micros = quote->ask_micros;
    message->has_open_micros = quote->open_micros > 0;
    message->open_micros = quote->open_micros;
    message->has_high_micros = quote->high_micros > 0;
    message->high_micros = quote->high_micros;
    message->has_low_micros = quote->low_micros > 0;
    message->low_micros = quote->low_micros;
    set_change(quote, message);
    message->has_volume = true;
    message->volume = quote->volume;
    message->has_quoted_at = true;
    message->quoted_at = quote->quoted_at;
    message->source = quote->source;
    message->has_stale = true;
    message->stale = quote->stale;
    message->has_valid_until = true;
    message->valid_until = quote->valid_until;
}

void quotes_write(const struct quote *quote, struct strbuf *out)
{
    Market__Quote message;

    quotes_fill(quote, &message);
    message_to_json(&market_quote_info, &message.base, out);
}

// The first price of a symbol, when prices are fetched for those that are looked at.
static bool
fetch(struct exchange *exchange, struct text name, struct quote *out_quote, struct error *error)
{
    struct rpc_client *market = service_client(exchange->gateway->service, "market");
    Market__FetchQuoteRequest request = MARKET__FETCH_QUOTE_REQUEST__INIT;
    Market__FetchQuoteResponse *response = NULL;
    char ticker[TICKER_SIZE];
    struct call call;

    if (!quotes_is_on_demand(exchange->gateway->quotes) || !read_ticker(name, ticker) ||
        ticker[strspn(ticker, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")] != '\0')
        return quotes_refuse_ticker(exchange->gateway->quotes, name, error);
    request.ticker = ticker;
    if (!exchange_call(exchange, &market_method_fetch_quote, &call, error) ||
        !market_client_fetch_quote(market, &call, &request, &response, error))
        return false;
    // The copy gets it by itself, and says then how old it is.
    return quotes_find(exchange->gateway->quotes, name, out_quote) ||
           error_set(error, REASON_BEING_FETCHED, "The price of %s is on its way.", ticker);
}

bool quotes_get_one(struct exchange *exchange, struct error *error)
{
    struct quote quote;
    struct text name;

    if (!exchange_refuse_parameters(exchange, "", error) ||
        !url_decode(exchange->request->arena, exchange->match->variables[0].value, false, &name,
                    error))
        return false;
    if (!quotes_find(exchange->gateway->quotes, name, &quote) &&
        !fetch(exchange, name, &quote, error))
        return false;
    exchange->response->policy = HTTP_PUBLIC;
    quotes_write(&quote, exchange->response->body);
    return true;
}

static bool list_symbols(struct exchange *exchange,
                         struct text symbols,
                         struct strbuf *out,
                         struct error *error)
{
    size_t count = 0;
    bool first = true;

    while (symbols.length > 0) {
        const char *comma = memchr(symbols.data, ',', symbols.length);
        struct text name = {symbols.data,
                            comma != NULL ? (size_t)(comma - symbols.data) : symbols.length};
        size_t taken = name.length + (comma != NULL);
        struct quote quote;

        symbols.data += taken;
        symbols.length -= taken;
        if (++count > SYMBOLS_MAX) {
            error_clear(error);
            error_add_violation(error, "symbols", "names more than %d symbols", SYMBOLS_MAX);
            return false;
        }
        if (!quotes_find(exchange->gateway->quotes, name, &quote))
            continue;
        if (!first)
            strbuf_append_char(out, ',');
        quotes_write(&quote, out);
        first = false;
    }
    return true;
}

bool quotes_list(struct exchange *exchange, struct error *error)
{
    const char *symbols = NULL;
    struct strbuf *out = exchange->response->body;

    if (!exchange_refuse_parameters(exchange, "symbols", error) ||
        !exchange_parameter(exchange, "symbols", &symbols, error))
        return false;
    if (symbols[0] == '\0') {
        error_clear(error);
        error_add_violation(error, "symbols", "is required: tickers, separated by commas");
        return false;
    }
    if (!quotes_check_known(exchange->gateway->quotes, error))
        return false;
    exchange->response->policy = HTTP_PUBLIC;
    strbuf_append_string(out, "{\"quotes\":[");
    if (!list_symbols(exchange, text_of(symbols), out, error))
        return false;
    strbuf_append_string(out, "]}");
    return true;
}

void quotes_catch_up(struct gateway *gateway)
{
    struct error error;

    // The change itself is done and answered as done; the copy comes by itself a moment later.
    if (!quotes_synchronize(gateway->quotes, CATCH_UP_MS, &error))
        log_write(LOG_WARNING, "quotes_late", "reason", error.reason, "message", error.message,
                  NULL);
}
