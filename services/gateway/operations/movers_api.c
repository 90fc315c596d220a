// SPDX-License-Identifier: MIT
// GET /api/v1/movers, from the gateway's own copy of the quotes.
#include "rest/endpoint.h"

#include "base/timestamp.h"
#include "bourse/market/v1/market.pb-c.h"
#include "bourse/market/v1/market_rules.h"
#include "operations/movers.h"
#include "rest/rest.h"

enum { MOVERS_DEFAULT = 10 };

static bool find(void *context, struct movers *out_movers, struct error *error)
{
    struct gateway *gateway = context;
    struct platform_clock clock;
    struct quote *quotes = NULL;
    size_t count = 0;

    if (!quotes_copy_all(gateway->quotes, &quotes, &count, &clock))
        return error_set(error, REASON_UNAVAILABLE, "There are no prices yet.");
    movers_find(quotes, count, out_movers);
    out_movers->as_of = clock.now;
    release(quotes);
    return true;
}

// The machine's time that does not jump.
static int64_t now_us(void *context)
{
    (void)context;
    return clock_monotonic_us();
}

struct movers_cache *movers_new(struct gateway *gateway)
{
    const struct movers_options options = {
        .clock = {.now_us = now_us}, .find = find, .context = gateway};

    return movers_cache_new(&options);
}

static bool read_limit(struct exchange *exchange, size_t *out_limit, struct error *error)
{
    const struct rest_input input = {
        .info = &market_get_movers_request_info,
        .arena = exchange->request->arena,
        .match = exchange->match,
        .query = exchange->request->query,
    };
    const Market__GetMoversRequest *request;
    ProtobufCMessage *message = NULL;

    if (!rest_read_message(&input, &message, error))
        return false;
    request = (const Market__GetMoversRequest *)message;
    *out_limit = request->has_limit ? request->limit : MOVERS_DEFAULT;
    return true;
}

static void
write_list(const char *name, const struct movers_list *list, size_t limit, struct strbuf *out)
{
    strbuf_append_char(out, '"');
    strbuf_append_string(out, name);
    strbuf_append_string(out, "\":[");
    for (size_t i = 0; i < list->count && i < limit; i++) {
        if (i > 0)
            strbuf_append_char(out, ',');
        quotes_write(&list->quotes[i], out);
    }
    strbuf_append_string(out, "],");
}

bool movers_get(struct exchange *exchange, struct error *error)
{
    struct movers *movers = arena_allocate(exchange->request->arena, sizeof *movers);
    struct strbuf *out = exchange->response->body;
    char as_of[TIMESTAMP_SIZE];
    size_t limit;

    if (movers == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "There is no room for the movers.");
    if (!read_limit(exchange, &limit, error) ||
        !movers_cache_get(exchange->gateway->movers, movers, error))
        return false;
    exchange->response->policy = HTTP_PUBLIC;
    timestamp_print(movers->as_of, as_of);
    strbuf_append_char(out, '{');
    write_list("gainers", &movers->gainers, limit, out);
    write_list("losers", &movers->losers, limit, out);
    write_list("most_active", &movers->most_active, limit, out);
    strbuf_append_string(out, "\"as_of\":\"");
    strbuf_append_string(out, as_of);
    strbuf_append_string(out, "\"}");
    return true;
}
