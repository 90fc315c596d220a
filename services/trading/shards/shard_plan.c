// SPDX-License-Identifier: MIT
#include "shards/shard_plan.h"

#include <string.h>

static bool is_alive(const struct shard_picture *picture, const char *id)
{
    for (size_t i = 0; i < picture->replica_count; i++)
        if (picture->replicas[i].is_alive && strcmp(picture->replicas[i].id, id) == 0)
            return true;
    return false;
}

// How many others live, and how many of them come before this one.
static size_t rank(const struct shard_picture *picture, const char *id, size_t *out_others)
{
    size_t before = 0;

    *out_others = 0;
    for (size_t i = 0; i < picture->replica_count; i++) {
        const struct shard_replica *replica = &picture->replicas[i];

        if (!replica->is_alive || strcmp(replica->id, id) == 0)
            continue;
        (*out_others)++;
        if (strcmp(replica->id, id) < 0)
            before++;
    }
    return before;
}

void shard_plan_make(const struct shard_picture *picture,
                     const char *id,
                     struct shard_plan *out_plan)
{
    size_t others = 0;
    size_t before = rank(picture, id, &others);
    size_t alive = others + 1;
    size_t share = SHARD_COUNT / alive + (before < SHARD_COUNT % alive ? 1 : 0);
    size_t mine = 0;

    *out_plan = (struct shard_plan){.alive = alive};
    for (int shard = 0; shard < SHARD_COUNT; shard++) {
        if (strcmp(picture->rows[shard].owner, id) != 0)
            continue;
        mine++;
        if (mine > share)
            out_plan->give_up[out_plan->give_up_count++] = shard;
    }
    // Each begins at another place, so that two that take at the same moment seldom want the same.
    for (size_t i = 0; i < SHARD_COUNT && mine + out_plan->take_count < share; i++) {
        int shard = (int)((i + before * SHARD_COUNT / alive) % SHARD_COUNT);
        const char *owner = picture->rows[shard].owner;

        if (strcmp(owner, id) != 0 && !is_alive(picture, owner))
            out_plan->take[out_plan->take_count++] = shard;
    }
}
