// SPDX-License-Identifier: MIT
// service_states: whether the services answer, as this gateway knows without asking them.
//
// Threads: any. Memory: the request's arena.
#pragma once

#include "bourse/gateway/v1/pages.pb-c.h"
#include "rest/exchange.h"

// Says for each what is wrong with it, and whether nothing is with any. NULL when the arena's
// budget is spent.
Pages__ServiceState **
service_states_make(struct exchange *exchange, size_t *out_count, protobuf_c_boolean *out_is_ready);
