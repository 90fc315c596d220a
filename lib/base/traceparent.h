// SPDX-License-Identifier: MIT
// traceparent: W3C trace context, which says in whose trace and span something happens.
//
//     00-<32 hexadecimal digits: the trace>-<16: the span>-<2: 01 when it is sampled>
//
// What is made here has version 00 and, of the flags, only "sampled". Of a later version the part
// that is known is read, as the recommendation asks.
//
// Threads: any. A span costs one atomic addition and no system call.
#pragma once

#include "base/base.h"

enum {
    TRACEPARENT_SIZE = 56, // with its end
    TRACE_ID_SIZE = 33,
    SPAN_ID_SIZE = 17,
};

// NULL is not valid, nor is an id of zeros.
bool traceparent_is_valid(const char *traceparent);

// The first span of a new trace.
void traceparent_begin(bool is_sampled, char out_traceparent[TRACEPARENT_SIZE]);

// A new span of the same trace, sampled when `parent` is. A parent that is not valid is none: the
// span is the first of a trace that is not sampled.
void traceparent_descend(const char *parent, char out_traceparent[TRACEPARENT_SIZE]);

bool traceparent_is_sampled(const char *traceparent);

// The ids in it; "" when it is not valid.
void traceparent_trace_id(const char *traceparent, char out_id[TRACE_ID_SIZE]);
void traceparent_span_id(const char *traceparent, char out_id[SPAN_ID_SIZE]);
