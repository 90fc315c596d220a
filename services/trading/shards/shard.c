// SPDX-License-Identifier: MIT
#include "shards/shard.h"

#include "base/digest.h"

int shard_of(const char *ticker)
{
    unsigned char hash[SHA256_SIZE];

    digest_sha256(text_of(ticker), hash);
    return hash[0] % SHARD_COUNT;
}
