// SPDX-License-Identifier: MIT
// fan: many calls of one operation at once, so that they travel and are booked together.
//
// Threads: one user at a time; the replies come on threads of the client.
// Memory: one arena a call, kept from use to use.
#pragma once

#include "rpc/rpc_client.h"

enum { FAN_MAX = 64 };

struct fan;

struct fan *fan_new(struct rpc_client *client, int64_t timeout_ms);
void fan_free(struct fan **fan);

// Makes `count` (at most FAN_MAX) calls and waits for all outcomes. out_errors[i] is empty for a
// call that was done. Each goes on in the trace of its caller, which may be NULL.
void fan_call(struct fan *fan,
              const struct rpc_method *method,
              const ProtobufCMessage *const *requests,
              const struct call *const *callers,
              size_t count,
              struct error *out_errors);
