// SPDX-License-Identifier: MIT
// rate_limit: so many of something in a period, for each account or address, over all replicas.
//
// The generic cell rate algorithm (ITU-T I.371, virtual scheduling) on rows of PostgreSQL. A bucket
// holds `burst` tokens and gets `tokens` of them back in each period, evenly. All of that is in one
// time: when the bucket is full again, if nobody asks any more. The table is in the service's own
// schema:
//
//     CREATE UNLOGGED TABLE rate_limits (
//         key text PRIMARY KEY, full_at timestamptz NOT NULL, cost_us bigint NOT NULL,
//         burst bigint NOT NULL, granted bigint NOT NULL) WITH (fillfactor = 50);
//
// UNLOGGED, so that asking waits for no disk: one round trip. A crash of PostgreSQL itself empties
// the table, and all buckets are full then; a service may die as it likes. All time is the
// database's, so that replicas whose clocks differ agree. A key is a keyed hash: who reads the
// table learns no address.
//
// Threads: any. Memory: the arena given; nothing is kept.
#pragma once

#include "base/digest.h"
#include "database/database.h"

enum { RATE_KEY_SIZE = 25, RATE_PLACE_SIZE = 64 };

struct rate_limit {
    const char *what; // "orders of one account": in the sentence, and part of the keys
    int64_t tokens;   // so many in each period; 0: no limit
    int64_t period_us;
    int64_t burst; // so many at once, at least 1
};

bool rate_limit_is_on(const struct rate_limit *limit);

// Microseconds from `now` until there is a token; 0: there is one. `full_at` is 0 for a bucket that
// has no row. Pure.
int64_t rate_limit_wait_us(const struct rate_limit *limit, int64_t full_at, int64_t now);

// Where an address is, as far as limits go: of IPv6 its /64, for that is what one household or
// machine is given; IPv4 written as IPv6 is IPv4. What is no address is taken as it stands, NULL as
// "".
void rate_limit_place(const char *address, char out_place[RATE_PLACE_SIZE]);

void rate_limit_key(const unsigned char key[KEY_SIZE],
                    const char *what,
                    const char *subject,
                    char out_key[RATE_KEY_SIZE]);

// What one subject wants of one limit. A negative number gives tokens back.
struct rate_claim {
    const struct rate_limit *limit;
    char key[RATE_KEY_SIZE];
    int64_t wanted;
    int64_t granted; // out
    int64_t wait_us; // out: until one more would be granted; 0: at once
};

struct rate_claim rate_claim_of(const unsigned char key[KEY_SIZE],
                                const struct rate_limit *limit,
                                const char *subject,
                                int64_t wanted);

// Takes what each claim wants, or as much of it as there is. The keys must differ; rows are locked
// in their order, so that two who take never wait for each other in a circle. Does nothing when
// there are no claims. Whatever fails, only tokens can have been lost: never OUTCOME_UNKNOWN.
MUST_CHECK bool rate_limit_take(struct database *database,
                                struct arena *arena,
                                struct rate_claim *claims,
                                size_t count,
                                struct error *error);

// The same within a transaction, whose other statements may follow in the same round trip. The rows
// stay locked until its end. `out_rows` may be NULL; after the flush rate_limit_read fills the
// claims from it.
MUST_CHECK bool rate_limit_queue(struct transaction *transaction,
                                 const struct rate_claim *claims,
                                 size_t count,
                                 struct rows *out_rows,
                                 struct error *error);
void rate_limit_read(const struct rows *rows, struct rate_claim *claims, size_t count);

// Fills `error` with TOO_MANY_REQUESTS, the limit, its numbers and how long to wait; false.
bool rate_limit_refuse(const struct rate_limit *limit, int64_t wait_us, struct error *error);

// Whole seconds to wait, at least one.
int64_t rate_limit_seconds(int64_t wait_us);

// Deletes rows of full buckets, some at a time; for a worker. True when there may be more.
bool rate_limit_prune(struct database *database, struct arena *arena);
