// SPDX-License-Identifier: MIT
// shard_store: the SQL of shards: whose they are, and what arrives for their owners.
//
// All times are the database's. Memory: what is read lies in the arena of the transaction.
#pragma once

#include "database/database.h"
#include "orders/order.h"
#include "shards/shard_plan.h"

// A shard as somebody has it: in the epoch in which it became his.
struct shard_claim {
    int shard;
    int64_t epoch; // 0 for somebody who has it not
};

// Notes that the replica lives, for `lease_ms` from now on.
MUST_CHECK bool shard_store_renew(struct transaction *transaction,
                                  const char *id,
                                  const char *worker,
                                  int64_t lease_ms,
                                  struct error *error);

// Reads whose each shard is, and which replicas live: those too whose time is over, with
// `is_alive` false. `out_workers` (room for SHARD_REPLICAS_MAX) gets their hosts and processes.
// Fails with RESOURCE_EXHAUSTED when there are more than SHARD_REPLICAS_MAX.
MUST_CHECK bool shard_store_read(struct transaction *transaction,
                                 struct shard_picture *out_picture,
                                 const char **out_workers,
                                 struct error *error);

// Makes shards the replica's, each in a new epoch, unless they have changed hands since they were
// read, or are held at this moment: those that it got are in `out_claims` (room for `count`).
MUST_CHECK bool shard_store_take(struct transaction *transaction,
                                 const char *id,
                                 const struct shard_picture *picture,
                                 const int *shards,
                                 size_t count,
                                 struct shard_claim *out_claims,
                                 size_t *out_count,
                                 struct error *error);

// Makes those of the shards nobody's that are the replica's.
MUST_CHECK bool shard_store_give_up(struct transaction *transaction,
                                    const char *id,
                                    const int *shards,
                                    size_t count,
                                    struct error *error);

// Makes all that is the replica's nobody's, and forgets the replica.
MUST_CHECK bool
shard_store_leave(struct transaction *transaction, const char *id, struct error *error);

// Which of the claims are good still, and keeps them so until the transaction ends: nobody can take
// the shard meanwhile. At most SHARD_COUNT, of different shards.
MUST_CHECK bool shard_store_hold(struct transaction *transaction,
                                 const struct shard_claim *claims,
                                 size_t count,
                                 bool *out_is_good,
                                 struct error *error);

// An order that comes to rest in a transaction, by the hands of somebody with that claim.
struct shard_arrival {
    const char *order_id;
    const char *portfolio_id;
    struct shard_claim claim;
};

// Notes those whose claim is not good for the owners of their shards. Like shard_store_hold it
// keeps the good ones good, so that whoever takes the shard next finds the order among those that
// rest.
MUST_CHECK bool shard_store_announce(struct transaction *transaction,
                                     const struct shard_arrival *arrivals,
                                     size_t count,
                                     struct error *error);

// Whether anything has arrived for one of these shards.
MUST_CHECK bool shard_store_has_arrivals(struct database *database,
                                         struct arena *arena,
                                         const struct shard_claim *claims,
                                         size_t count,
                                         bool *out_has,
                                         struct error *error);

// Takes up to `limit` of what has arrived for those of the claims that are good: the orders' ids.
MUST_CHECK bool shard_store_take_arrivals(struct database *database,
                                          struct arena *arena,
                                          const struct shard_claim *claims,
                                          size_t count,
                                          size_t limit,
                                          const char ***out_ids,
                                          size_t *out_count,
                                          struct error *error);
