// SPDX-License-Identifier: MIT
// order_rate: how many orders an account, and an address, may place.
//
// A batch asks once, for all its orders together: one statement of its own before the transaction
// that inserts them. Within that transaction the counts of an address would stay locked until the
// disk has the commit, and replicas whose callers share an address would wait for each other.
//
// Threads: any. Memory: the arena given; nothing is kept.
#pragma once

#include "service/rate_limit.h"

enum { ORDER_LIMITS_MAX = 64 };

// By setting.
struct order_rate {
    struct rate_limit of_account;
    struct rate_limit of_address;
};

// An order that is to be placed.
struct limited_order {
    const char *user_id;
    const char *address;              // NULL for none: then only the account counts
    const struct rate_limit *refused; // out: the limit that refuses it; NULL: it may be placed
    int64_t wait_us;                  // out: of a refused one
};

// Takes one of the account and one of the address for each order, in their order, and for a refused
// one nothing. At most ORDER_LIMITS_MAX orders. Fails as rate_limit_take does.
MUST_CHECK bool order_rate_take(struct database *database,
                                struct arena *arena,
                                const unsigned char key[KEY_SIZE],
                                const struct order_rate *limits,
                                struct limited_order *orders,
                                size_t count,
                                struct error *error);
