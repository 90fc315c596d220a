// SPDX-License-Identifier: MIT
#include "service/otlp.h"

#include <inttypes.h>
#include <string.h>

enum { STATUS_ERROR = 2 };

// Begins the attribute, whose value the caller writes with its closing braces.
static void begin_attribute(struct strbuf *out, const char *key, const char *type)
{
    if (out->data[out->length - 1] != '[')
        strbuf_append_char(out, ',');
    strbuf_printf(out, "{\"key\":\"%s\",\"value\":{\"%s\":", key, type);
}

static void write_attribute(struct strbuf *out, const char *key, struct text value)
{
    if (value.length == 0)
        return;
    begin_attribute(out, key, "stringValue");
    strbuf_append_json(out, value);
    strbuf_append_string(out, "}}");
}

// A name of two parts, of which the second begins after `separator`.
static void write_parts(struct strbuf *out,
                        const char *name,
                        char separator,
                        const char *first_key,
                        const char *second_key)
{
    const char *at = strchr(name, separator);
    size_t first = at != NULL ? (size_t)(at - name) : strlen(name);

    write_attribute(out, first_key, (struct text){name, first});
    write_attribute(out, second_key, text_of(at != NULL ? at + 1 : ""));
}

static void write_status_code(struct strbuf *out, int status)
{
    begin_attribute(out, "http.response.status_code", "intValue");
    // OTLP/JSON writes 64-bit integers as strings.
    strbuf_printf(out, "\"%d\"}}", status);
}

static void write_attributes(struct strbuf *out, const struct otlp_span *span)
{
    strbuf_append_string(out, ",\"attributes\":[");
    if (span->http_status != 0) {
        write_parts(out, span->name, ' ', "http.request.method", "http.route");
        write_status_code(out, span->http_status);
    } else {
        write_attribute(out, "rpc.system", text_of("bourse"));
        write_parts(out, span->name, '/', "rpc.service", "rpc.method");
    }
    write_attribute(out, "bourse.request_id", text_of(span->request_id));
    write_attribute(out, span->is_error ? "error.type" : "bourse.reason", text_of(span->reason));
    strbuf_append_char(out, ']');
}

static void write_span(struct strbuf *out, const struct otlp_span *span)
{
    strbuf_printf(out, "{\"traceId\":\"%s\",\"spanId\":\"%s\"", span->trace_id, span->span_id);
    if (span->parent_id[0] != '\0')
        strbuf_printf(out, ",\"parentSpanId\":\"%s\"", span->parent_id);
    if (span->tracestate[0] != '\0') {
        strbuf_append_string(out, ",\"traceState\":");
        strbuf_append_json(out, text_of(span->tracestate));
    }
    strbuf_append_string(out, ",\"name\":");
    strbuf_append_json(out, text_of(span->name));
    strbuf_printf(out,
                  ",\"kind\":%d,\"startTimeUnixNano\":\"%" PRId64
                  "000\",\"endTimeUnixNano\":\"%" PRId64 "000\"",
                  (int)span->kind, span->start_us, span->end_us);
    write_attributes(out, span);
    if (span->is_error)
        strbuf_printf(out, ",\"status\":{\"code\":%d}", STATUS_ERROR);
    strbuf_append_char(out, '}');
}

void otlp_write(const struct otlp_resource *resource,
                const struct otlp_span *spans,
                size_t count,
                struct strbuf *out)
{
    strbuf_append_string(out, "{\"resourceSpans\":[{\"resource\":{\"attributes\":[");
    write_attribute(out, "service.namespace", text_of("bourse"));
    write_attribute(out, "service.name", text_of(resource->service));
    write_attribute(out, "service.version", text_of(resource->version));
    write_attribute(out, "service.instance.id", text_of(resource->instance));
    strbuf_append_string(out, "]},\"scopeSpans\":[{\"scope\":{\"name\":\"bourse\"},\"spans\":[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            strbuf_append_char(out, ',');
        write_span(out, &spans[i]);
    }
    strbuf_append_string(out, "]}]}]}");
}
