// SPDX-License-Identifier: MIT
#include "base/random.h"

#include <sodium.h>
#include <string.h>

static void system_fill(void *context, void *bytes, size_t length)
{
    (void)context;
    randombytes_buf(bytes, length);
}

struct random_source random_system(void)
{
    return (struct random_source){system_fill, NULL};
}

// SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
static void seeded_fill(void *context, void *bytes, size_t length)
{
    uint64_t *state = context;
    char *out = bytes;

    while (length > 0) {
        size_t part = length < 8 ? length : 8;
        uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        z ^= z >> 31;
        memcpy(out, &z, part);
        out += part;
        length -= part;
    }
}

struct random_source random_seeded(uint64_t *state)
{
    return (struct random_source){seeded_fill, state};
}

void random_fill(const struct random_source *source, void *bytes, size_t length)
{
    source->fill(source->context, bytes, length);
}

uint64_t random_below(const struct random_source *source, uint64_t bound)
{
    // Numbers from the incomplete last round of `bound` would favour the small ones.
    uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
    uint64_t number = 0;

    do {
        random_fill(source, &number, sizeof number);
    } while (number >= limit);
    return number % bound;
}
