// SPDX-License-Identifier: MIT
// simulation_math: the random numbers and the exponential of the simulated market, in integers.
//
// Nothing here is a double and nothing is called from libm, so the results are the same with every
// compiler, optimization and processor. Numbers are fixed point: "Q16" has 16 binary places.
//
// Random words are counter-based: word number n of a key is SplitMix64's n-th output from that seed
// (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014), which needs none of
// the words before it. Normal variates are sums of uniform ones, standardized. Four do for one step
// of many: a path converges to the same law with any increments of the right mean and variance
// (Kloeden and Platten, Numerical Solution of SDEs, 14.1). Twelve are for a step that stands alone.
//
// Threads: pure functions.
#pragma once

#include "base/base.h"

#include <assert.h>

// Steps of the exponential's table.
enum { EXPONENT_TABLE_SIZE = 256 };

#define SIMULATION_GOLDEN UINT64_C(0x9e3779b97f4a7c15)
#define NORMAL_ONE INT64_C(65536) // a standard deviation of a variate, Q16

// The 128 bits of a product; an extension that gcc and clang have on every 64-bit machine.
__extension__ typedef unsigned __int128 simulation_wide;

static inline uint64_t simulation_mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

static inline uint64_t simulation_word(uint64_t key, uint64_t number)
{
    return simulation_mix(key + (number + 1) * SIMULATION_GOLDEN);
}

// The sum of the word's four 16-bit parts.
static inline int64_t simulation_sum(uint64_t word)
{
    uint64_t pairs =
        (word & UINT64_C(0x0000ffff0000ffff)) + ((word >> 16) & UINT64_C(0x0000ffff0000ffff));

    return (int64_t)((pairs & UINT64_C(0xffffffff)) + (pairs >> 32));
}

// A variate of four uniform ones, Q16. Their sum deviates by 65536 / sqrt(3), and 113512 / 65536 is
// sqrt(3).
static inline int64_t simulation_normal_quick(uint64_t key, uint64_t number)
{
    return (simulation_sum(simulation_word(key, number)) - 2 * 65535) * 113512 / 65536;
}

// A variate of twelve uniform ones, Q16, from three words. Their sum deviates by 65536.
static inline int64_t simulation_normal(uint64_t key, uint64_t number)
{
    return simulation_sum(simulation_word(key, number)) +
           simulation_sum(simulation_word(key, number + 1)) +
           simulation_sum(simulation_word(key, number + 2)) - 6 * INT64_C(65535);
}

// Fills in 2^(i/256) as Q62.
static inline void simulation_make_exponents(uint64_t out_table[EXPONENT_TABLE_SIZE])
{
    const uint64_t root = UINT64_C(4624189567668517720); // 2^(1/256)

    out_table[0] = UINT64_C(1) << 62;
    for (size_t i = 1; i < EXPONENT_TABLE_SIZE; i++)
        out_table[i] = (uint64_t)(((simulation_wide)out_table[i - 1] * root) >> 62);
}

// value * 2^exponent, rounded down, with the exponent as Q32; at most `max`. It never falls as the
// exponent grows: within a step of the table every term of the series grows with the rest, and
// everything is rounded down, to below the next step.
static inline int64_t simulation_scale(const uint64_t table[EXPONENT_TABLE_SIZE],
                                       int64_t value,
                                       int64_t exponent,
                                       int64_t max)
{
    const uint64_t ln2 = UINT64_C(190530846196); // Q38
    uint64_t places = (uint64_t)exponent & UINT64_C(0xffffffff);
    int64_t whole = (exponent - (int64_t)places) / (INT64_C(1) << 32);
    uint64_t y = ((places & 0xffffff) * ln2) >> 8; // Q62, below 2^-8
    uint64_t y2 = (uint64_t)(((simulation_wide)y * y) >> 62);
    uint64_t y3 = (uint64_t)(((simulation_wide)y2 * y) >> 62);
    uint64_t series = (UINT64_C(1) << 62) + y + y2 / 2 + y3 / 6;
    simulation_wide product = ((simulation_wide)table[places >> 24] * series) >> 62;

    assert(value >= 0);
    if (whole < -60)
        return 0;
    if (whole > 50)
        return max;
    product *= (uint64_t)value;
    product = whole <= 0 ? product >> (62 - whole) : product >> 62 << whole;
    return product > (simulation_wide)max ? max : (int64_t)product;
}

// The square root, rounded down.
static inline uint64_t simulation_root(uint64_t value)
{
    uint64_t root = 0;

    for (uint64_t bit = UINT64_C(1) << 31; bit > 0; bit >>= 1) {
        if ((root | bit) * (root | bit) <= value)
            root |= bit;
    }
    return root;
}
