// SPDX-License-Identifier: MIT
// GET /healthz: whether a request sent here now can be answered.
#include "endpoint.h"

#include <string.h>

enum { REASONS_MAX = 1024 };

static const char *const peers[] = {"auth", "market", "portfolio", "trading"};

void health_check(struct gateway *gateway, struct strbuf *out_reasons)
{
    if (atomic_load(&gateway->draining))
        strbuf_append_string(out_reasons, "gateway: is being stopped; ");
    for (size_t i = 0; i < COUNT_OF(peers); i++)
        if (!rpc_client_is_ready(service_client(gateway->service, peers[i])))
            strbuf_printf(out_reasons, "%s: does not answer; ", peers[i]);
    if (!quotes_is_ready(gateway->quotes))
        strbuf_append_string(out_reasons, "market: no quotes yet; ");
}

static void write_reasons(struct text reasons, struct strbuf *out)
{
    bool first = true;

    while (reasons.length > 0) {
        const char *end = memchr(reasons.data, ';', reasons.length);
        size_t length = end != NULL ? (size_t)(end - reasons.data) : reasons.length;
        size_t taken = length;

        if (!first)
            strbuf_append_char(out, ',');
        strbuf_append_json(out, (struct text){reasons.data, length});
        first = false;
        while (taken < reasons.length && strchr("; ", reasons.data[taken]) != NULL)
            taken++;
        reasons.data += taken;
        reasons.length -= taken;
    }
}

bool health_answer(struct exchange *exchange, struct error *error)
{
    OWNED(strbuf) reasons = strbuf_new(REASONS_MAX);
    struct http_response *response = exchange->response;

    (void)error;
    health_check(exchange->gateway, reasons);
    response->status = reasons->length == 0 ? 200 : 503;
    if (response->status == 503)
        http_response_header(response, "Retry-After", "1");
    strbuf_append_string(response->body, reasons->length == 0 ? "{\"status\":\"ready\""
                                                              : "{\"status\":\"not ready\"");
    strbuf_append_string(response->body, ",\"reasons\":[");
    write_reasons(strbuf_text(reasons), response->body);
    strbuf_append_string(response->body, "]}");
    return true;
}
