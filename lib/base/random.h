// SPDX-License-Identifier: MIT
// random: a source of random bytes that a test can replace by a seeded one.
#pragma once

#include "base/base.h"

struct random_source {
    void (*fill)(void *context, void *bytes, size_t length);
    void *context;
};

// The kernel's generator, fit for keys and tokens.
struct random_source random_system(void);

// A repeatable sequence from `*state` (SplitMix64), for simulations and tests; never for secrets.
struct random_source random_seeded(uint64_t *state);

void random_fill(const struct random_source *source, void *bytes, size_t length);

// An evenly distributed number from 0 to `bound` - 1; `bound` is at least 1.
uint64_t random_below(const struct random_source *source, uint64_t bound);
