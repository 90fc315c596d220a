// SPDX-License-Identifier: MIT
#include "providers/token_bucket.h"

#include <assert.h>

struct token_bucket token_bucket_of(int64_t count, int64_t window_us)
{
    struct token_bucket bucket = {0};

    if (count == 0)
        return bucket;
    bucket.burst = count >= 8 ? count / 4 : 1;
    bucket.interval_us = (window_us + count - bucket.burst) / (count - bucket.burst + 1);
    return bucket;
}

// When the bucket is full, not before `now` and not later than an empty one would be.
static int64_t full_at(const struct token_bucket *bucket, int64_t now)
{
    int64_t latest = now + bucket->burst * bucket->interval_us;

    if (bucket->used_until < now)
        return now;
    return bucket->used_until < latest ? bucket->used_until : latest;
}

int64_t token_bucket_available(const struct token_bucket *bucket, int64_t now)
{
    int64_t missing_us = full_at(bucket, now) - now;

    if (bucket->burst == 0)
        return INT64_MAX;
    return (bucket->burst * bucket->interval_us - missing_us) / bucket->interval_us;
}

int64_t token_bucket_ready_at(const struct token_bucket *bucket, int64_t now)
{
    int64_t ready_at = full_at(bucket, now) - (bucket->burst - 1) * bucket->interval_us;

    return bucket->burst == 0 || ready_at < now ? now : ready_at;
}

void token_bucket_take(struct token_bucket *bucket, int64_t count, int64_t now)
{
    assert(count <= token_bucket_available(bucket, now));
    if (bucket->burst > 0)
        bucket->used_until = full_at(bucket, now) + count * bucket->interval_us;
}

void token_bucket_resume(struct token_bucket *bucket, int64_t used_until, int64_t now)
{
    bucket->used_until = used_until;
    bucket->used_until = full_at(bucket, now);
}
