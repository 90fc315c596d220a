// SPDX-License-Identifier: MIT
// shard_plan: which shards a replica should take or give up, as it finds them.
//
// Every replica that lives has its share: all of them alike, or one more than others. Who sees the
// same comes to the same shares, so none has to be asked. Pure: no SQL, no clock.
#pragma once

#include "base/uuid.h"
#include "shards/shard.h"

enum { SHARD_REPLICAS_MAX = 256 };

struct shard_row {
    char owner[UUID_SIZE]; // empty for nobody
    int64_t epoch;
};

struct shard_replica {
    char id[UUID_SIZE];
    bool is_alive;
};

// What is in the database at one moment.
struct shard_picture {
    struct shard_row rows[SHARD_COUNT];
    struct shard_replica replicas[SHARD_REPLICAS_MAX];
    size_t replica_count;
};

struct shard_plan {
    int take[SHARD_COUNT];
    size_t take_count;
    int give_up[SHARD_COUNT];
    size_t give_up_count;
    size_t alive; // replicas, this one included
};

// What the replica `id` should do. It counts as alive whatever the picture says.
void shard_plan_make(const struct shard_picture *picture,
                     const char *id,
                     struct shard_plan *out_plan);
