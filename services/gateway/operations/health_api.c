// SPDX-License-Identifier: MIT
// GET /healthz: whether a request sent here now can be answered, and who is away meanwhile.
#include "rest/endpoint.h"

#include <string.h>

enum { REASONS_MAX = 4096 };

// Appends sentences that end in "; " as an array of strings.
static void write_sentences(struct text sentences, struct strbuf *out)
{
    bool first = true;

    strbuf_append_char(out, '[');
    while (sentences.length > 0) {
        const char *end = memchr(sentences.data, ';', sentences.length);
        size_t length = end != NULL ? (size_t)(end - sentences.data) : sentences.length;
        size_t taken = length;

        if (!first)
            strbuf_append_char(out, ',');
        strbuf_append_json(out, (struct text){sentences.data, length});
        first = false;
        while (taken < sentences.length && strchr("; ", sentences.data[taken]) != NULL)
            taken++;
        sentences.data += taken;
        sentences.length -= taken;
    }
    strbuf_append_char(out, ']');
}

bool health_answer(struct exchange *exchange, struct error *error)
{
    OWNED(strbuf) reasons = strbuf_new(REASONS_MAX);
    OWNED(strbuf) notes = strbuf_new(REASONS_MAX);
    struct http_response *response = exchange->response;

    (void)error;
    service_check(exchange->gateway->service, reasons, notes);
    response->status = reasons->length == 0 ? 200 : 503;
    if (response->status == 503)
        http_response_header(response, "Retry-After", "1");
    strbuf_append_string(response->body, reasons->length == 0 ? "{\"status\":\"ready\""
                                                              : "{\"status\":\"not ready\"");
    strbuf_append_string(response->body, ",\"reasons\":");
    write_sentences(strbuf_text(reasons), response->body);
    strbuf_append_string(response->body, ",\"degraded\":");
    write_sentences(strbuf_text(notes), response->body);
    strbuf_append_char(response->body, '}');
    return true;
}
