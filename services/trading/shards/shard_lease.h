// SPDX-License-Identifier: MIT
// shard_lease: which shards this replica has, and keeping them.
//
// A thread renews the replica's lease on life many times before it ends, gives up what is above its
// share, and takes what is nobody's or belongs to a replica whose lease has ended. A process of
// this machine that is dead is not waited for. With each change of hands the shard's epoch grows.
//
// What this process believes is good for a start only: it may have been frozen past its lease. So
// whatever is decided about an order in a shard's name holds the shard in the same transaction, in
// the epoch in which it was taken (shard_store_hold), and comes to nothing when that is over.
//
// Threads: one of its own; any thread may ask.
#pragma once

#include "shards/shard_store.h"
#include "trading.h"

struct shard_lease;

struct shard_lease_options {
    int64_t lease_ms;
    // Called when a shard was taken or lost, from the lease's own thread.
    void (*changed)(void *context);
    void *context;
};

// Starts the thread. It takes nothing before market has been heard of. The caller owns it.
struct shard_lease *shard_lease_new(struct trading *trading,
                                    const struct shard_lease_options *options);

// The shard as this replica believes to have it; with epoch 0 when it has it not. Of a NULL lease
// nobody has anything.
struct shard_claim shard_lease_claim(struct shard_lease *lease, int shard);
struct shard_claim shard_lease_claim_of(struct shard_lease *lease, const char *ticker);

// Looks now whose the shards are: something was refused.
void shard_lease_look(struct shard_lease *lease);

// How many shards it has, and how many it has taken since it started.
size_t shard_lease_count(struct shard_lease *lease);
uint64_t shard_lease_taken(struct shard_lease *lease);

// Ends the thread and gives everything up, so that others have it at once.
void shard_lease_leave(struct shard_lease *lease);

// Leaves unless that has been done.
void shard_lease_free(struct shard_lease **lease);
