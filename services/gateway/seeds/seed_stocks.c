// SPDX-License-Identifier: MIT
// /stocks/: daily prices in the seeds' shape.
#include "seeds/seed.h"

#include "base/timestamp.h"
#include "bourse/gateway/v1/seeds.pb-c.h"
#include "bourse/gateway/v1/seeds_rules.h"
#include "bourse/market/v1/market_client.h"
#include "bourse/market/v1/market_methods.h"
#include "money/money.h"
#include "rest/endpoint.h"

// Symbols of a list without a quote for which the last bar is asked for one by one.
enum { BARS_ASKED_MAX = 50 };

static struct rpc_client *market_of(struct exchange *exchange)
{
    return service_client(exchange->gateway->service, "market");
}

static void write_bar(const char *ticker, const Market__Bar *bar, struct strbuf *out)
{
    strbuf_append_char(out, '{');
    seed_add_text(out, "ticker", ticker);
    seed_add_money(out, "open_price", bar->has_open_micros, bar->open_micros);
    seed_add_money(out, "close_price", bar->has_close_micros, bar->close_micros);
    seed_add_money(out, "high", bar->has_high_micros, bar->high_micros);
    seed_add_money(out, "low", bar->has_low_micros, bar->low_micros);
    seed_add_int(out, "volume", bar->volume);
    seed_add_time(out, "timestamp", bar->has_time, bar->time);
    seed_end(out, '}');
}

// The day so far, as the quote tells it.
static void write_quote(const struct quote *quote, struct strbuf *out)
{
    Market__Bar bar = MARKET__BAR__INIT;

    bar.has_open_micros = bar.has_close_micros = bar.has_high_micros = bar.has_low_micros = true;
    bar.open_micros = quote->open_micros;
    bar.close_micros = quote->price_micros;
    bar.high_micros = quote->high_micros;
    bar.low_micros = quote->low_micros;
    bar.volume = quote->volume;
    bar.has_time = true;
    bar.time = quote->quoted_at;
    write_bar(quote->ticker, &bar, out);
}

// Writes the last stored bar, or one without prices when there is none. Fails with
// SYMBOL_NOT_FOUND.
static bool write_last_bar(struct exchange *exchange, const char *ticker, struct error *error)
{
    Market__ListBarsRequest request = MARKET__LIST_BARS_REQUEST__INIT;
    Market__ListBarsResponse *response = NULL;
    Market__Bar none = MARKET__BAR__INIT;
    struct call call;

    request.ticker = ticker;
    request.has_limit = true;
    request.limit = 1;
    request.has_sort = true;
    request.sort = MARKET__SORT__SORT_DESC;
    if (!exchange_call(exchange, &market_method_list_bars, &call, error) ||
        !market_client_list_bars(market_of(exchange), &call, &request, &response, error))
        return false;
    write_bar(response->ticker != NULL ? response->ticker : ticker,
              response->n_bars > 0 ? response->bars[0] : &none, exchange->response->body);
    return true;
}

static bool write_symbols(struct exchange *exchange,
                          const Market__ListSymbolsResponse *page,
                          size_t *bars_asked,
                          struct error *error)
{
    struct strbuf *out = exchange->response->body;

    for (size_t i = 0; i < page->n_symbols; i++) {
        const char *ticker = page->symbols[i]->ticker != NULL ? page->symbols[i]->ticker : "";
        Market__Bar none = MARKET__BAR__INIT;
        struct quote quote;

        if (quotes_get(exchange->gateway->quotes, ticker, &quote))
            write_quote(&quote, out);
        else if (++*bars_asked > BARS_ASKED_MAX)
            write_bar(ticker, &none, out);
        else if (!write_last_bar(exchange, ticker, error))
            return false;
        strbuf_append_char(out, ',');
    }
    return true;
}

static bool list(struct exchange *exchange, const char *search, struct error *error)
{
    Market__ListSymbolsRequest request = MARKET__LIST_SYMBOLS_REQUEST__INIT;
    Market__ListSymbolsResponse *response = NULL;
    size_t bars_asked = 0;
    struct call call;

    request.q = search[0] != '\0' ? search : NULL;
    request.has_limit = true;
    request.limit = SEED_PAGE;
    exchange->response->policy = HTTP_PUBLIC;
    strbuf_append_char(exchange->response->body, '[');
    for (size_t pages = 0; pages < SEED_PAGES_MAX; pages++) {
        if (!exchange_call(exchange, &market_method_list_symbols, &call, error) ||
            !market_client_list_symbols(market_of(exchange), &call, &request, &response, error) ||
            !write_symbols(exchange, response, &bars_asked, error))
            return false;
        request.page_token = response->next_page_token;
        if (request.page_token == NULL || request.page_token[0] == '\0')
            break;
    }
    seed_end(exchange->response->body, ']');
    return true;
}

bool seed_list_stocks(struct exchange *exchange, struct error *error)
{
    const char *search = NULL;

    return exchange_parameter(exchange, "search", &search, error) && list(exchange, search, error);
}

bool seed_search_stocks(struct exchange *exchange, struct error *error)
{
    const char *search = NULL;

    if (!exchange_parameter(exchange, "q", &search, error))
        return false;
    if (search[0] == '\0')
        return error_set(error, REASON_MALFORMED_REQUEST, "Query parameter \"q\" is required");
    return list(exchange, search, error);
}

bool seed_get_stock(struct exchange *exchange, struct error *error)
{
    const char *ticker = NULL;

    exchange->response->policy = HTTP_PUBLIC;
    return exchange_variable(exchange, "ticker", &ticker, error) &&
           write_last_bar(exchange, ticker, error);
}

static void fill_day(struct exchange *exchange, const Seeds__Stock *asked, char out[DATE_SIZE])
{
    struct clock real = clock_real();
    struct platform_clock platform;
    int64_t at = clock_now_us(&real);

    if (quotes_clock(exchange->gateway->quotes, &platform))
        at = platform.now;
    if (asked->has_timestamp)
        at = asked->timestamp;
    // Days before 1970 round down too.
    at -= (at % MICROS_PER_DAY + MICROS_PER_DAY) % MICROS_PER_DAY;
    date_print(date_from_days(at / MICROS_PER_DAY), out);
}

bool seed_create_stock(struct exchange *exchange, struct error *error)
{
    Market__PutBarRequest request = MARKET__PUT_BAR_REQUEST__INIT;
    Market__PutBarResponse *response = NULL;
    ProtobufCMessage *message = NULL;
    const Seeds__Stock *asked = NULL;
    char day[DATE_SIZE];
    struct call call;

    if (!exchange_call(exchange, &market_method_put_bar, &call, error) ||
        !seed_read_body(exchange, &seeds_stock_info, &message, error))
        return false;
    asked = (const Seeds__Stock *)message;
    fill_day(exchange, asked, day);
    request.ticker = asked->ticker;
    request.date = day;
    request.has_open_micros = request.has_high_micros = request.has_low_micros = true;
    request.has_close_micros = request.has_volume = true;
    request.open_micros = asked->open_micros;
    request.high_micros = asked->high_micros;
    request.low_micros = asked->low_micros;
    request.close_micros = asked->close_micros;
    request.volume = asked->volume;
    if (!market_client_put_bar(market_of(exchange), &call, &request, &response, error))
        return false;
    if (response->bar == NULL)
        return error_set(error, REASON_INTERNAL, "market answered without a bar.");
    exchange_note(exchange, &call);
    exchange->response->status = response->has_updated && response->updated ? 200 : 201;
    write_bar(asked->ticker, response->bar, exchange->response->body);
    return true;
}

static bool refuse_price(struct exchange *exchange, const char *ticker, struct error *error)
{
    Market__GetSymbolRequest request = MARKET__GET_SYMBOL_REQUEST__INIT;
    Market__GetSymbolResponse *response = NULL;
    struct call call;

    request.ticker = ticker;
    if (!exchange_call(exchange, &market_method_get_symbol, &call, error) ||
        !market_client_get_symbol(market_of(exchange), &call, &request, &response, error))
        return false;
    return error_set(error, REASON_PRICE_UNAVAILABLE, "Price not available");
}

bool seed_get_price(struct exchange *exchange, struct error *error)
{
    struct strbuf *out = exchange->response->body;
    const char *ticker = NULL;
    struct quote quote;
    int64_t change = 0;
    int64_t percent = 0;
    bool has_change = false;

    if (!exchange_variable(exchange, "ticker", &ticker, error))
        return false;
    if (!quotes_find(exchange->gateway->quotes, text_of(ticker), &quote))
        return refuse_price(exchange, ticker, error);
    has_change =
        quote.previous_close_micros > 0 &&
        money_subtract(quote.price_micros, quote.previous_close_micros, &change) &&
        money_scale_half_even(change, 100 * MICROS_PER_UNIT, quote.previous_close_micros, &percent);
    exchange->response->policy = HTTP_PUBLIC;
    strbuf_append_char(out, '{');
    seed_add_money(out, "price", true, quote.price_micros);
    seed_add_money(out, "change", has_change, change);
    seed_add_money(out, "change_percent", has_change, percent);
    seed_add_time(out, "updated_at", true, quote.quoted_at);
    seed_end(out, '}');
    return true;
}
