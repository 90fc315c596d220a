// SPDX-License-Identifier: MIT
// otlp: spans as OTLP/JSON, the form in which OpenTelemetry's collectors take them over HTTP.
//
// Threads: pure functions. Memory: a span is a value.
#pragma once

#include "base/strbuf.h"
#include "base/traceparent.h"
#include "base/tracestate.h"
#include "base/uuid.h"

enum { OTLP_NAME_SIZE = 128, OTLP_REASON_SIZE = 64 };

// The numbers are OTLP's.
enum span_kind { SPAN_SERVER = 2, SPAN_CLIENT = 3 };

struct otlp_span {
    char trace_id[TRACE_ID_SIZE];
    char span_id[SPAN_ID_SIZE];
    char parent_id[SPAN_ID_SIZE]; // empty for the first of a trace
    char tracestate[TRACESTATE_SIZE];
    enum span_kind kind;
    char name[OTLP_NAME_SIZE]; // a method as "package.Service/Method", a route as "GET /path"
    int64_t start_us;          // since 1970
    int64_t end_us;
    char request_id[UUID_SIZE];
    char reason[OTLP_REASON_SIZE]; // why it failed; empty when it is done
    bool is_error;                 // that it failed is somebody's fault
    int http_status;               // of a route; 0 for none
};

// Whose spans they are.
struct otlp_resource {
    const char *service; // "trading"
    const char *version;
    const char *instance; // names one process of all
};

// Appends one ExportTraceServiceRequest.
void otlp_write(const struct otlp_resource *resource,
                const struct otlp_span *spans,
                size_t count,
                struct strbuf *out);
