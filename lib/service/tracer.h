// SPDX-License-Identifier: MIT
// tracer: keeps the spans that are sampled and hands them to a collector over OTLP/HTTP.
//
// Spans wait in memory, TRACER_SPANS_MAX at most; more are dropped and counted. A thread takes all
// that wait once a second, or when half of the room is taken, and posts them; while the collector
// does not take them they are posted again a few times and then dropped and counted, and what comes
// meanwhile waits or is dropped. Whoever notes a span copies it under a lock that is never held
// over anything slower than that.
//
// A NULL tracer samples nothing and notes nothing: tracing is off.
//
// Threads: any may note; one of its own. Memory: what is noted is copied.
#pragma once

#include "base/error.h"
#include "service/metrics.h"
#include "service/otlp.h"

enum { TRACER_SPANS_MAX = 1024, TRACER_TRIES_MAX = 5, TRACER_STOP_MS = 1000 };

struct tracer_options {
    const char *endpoint; // "http://collector:4318"; the path /v1/traces is added
    const char *service;
    const char *version;
    int64_t percent; // of the traces that begin here, how many are sampled; 0 to 100
    struct metrics *metrics;
};

struct tracer;

// The caller owns it. Fails with INVALID_SETTING when the endpoint is no address of a collector.
MUST_CHECK bool
tracer_new(const struct tracer_options *options, struct tracer **out_tracer, struct error *error);

// Posts what waits, for TRACER_STOP_MS at most.
void tracer_free(struct tracer **tracer);

// Whether a trace that begins now is to be sampled.
bool tracer_samples(struct tracer *tracer);

// What has just ended.
struct span {
    const char *traceparent; // its own
    const char *parent;      // the traceparent of what it happened in; when not valid, of nothing
    const char *tracestate;  // NULL for none
    enum span_kind kind;
    const char *name;
    int64_t micros; // it took
    const char *request_id;
    const char *reason; // "" when done
    bool is_error;
    int http_status; // of an HTTP request; 0 for none
};

// Keeps a span, unless it is not sampled.
void tracer_note(struct tracer *tracer, const struct span *span);
