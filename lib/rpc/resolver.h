// SPDX-License-Identifier: MIT
// resolver: a thread that asks for the addresses behind names, again every few seconds.
//
// The system's resolver may block for many seconds, so nobody else may wait for it.
#pragma once

#include "rpc/address.h"

struct resolver;

// Starts asking. The caller owns it.
MUST_CHECK bool
resolver_new(const struct address_list *names, struct resolver **out_resolver, struct error *error);

// True when there is an answer that was not taken yet. `out_is_complete` is false when some name
// could not be resolved; what is missing from the set then says nothing.
bool resolver_take(struct resolver *resolver, struct address_set *out_set, bool *out_is_complete);

// Ends the thread. When the system's resolver holds it, it ends and frees itself later.
void resolver_free(struct resolver **resolver);
