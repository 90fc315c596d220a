// SPDX-License-Identifier: MIT
// simulated_days: finished days of the simulated market, kept for the next one who asks.
//
// A day's bar follows from the symbol and the seed, but to find its high and low all of its seconds
// are walked through. What is kept is only a shortcut: it may be dropped at any time.
//
// Threads: all functions may be called from any thread.
// Memory: at most 4096 blocks of 64 days, 3.6 KB each; a block that needs another's place takes it.
#pragma once

#include "simulation/simulation.h"

enum { SIMULATED_DAYS_BLOCK = 64, SIMULATED_DAYS_BLOCKS = 4096 };

struct simulated_days;

struct simulated_days *simulated_days_new(void);
void simulated_days_free(struct simulated_days **days);

// A number for what a symbol's prices are made from: another number, other prices.
uint64_t simulated_days_key(const struct simulated_symbol *symbol,
                            const struct split *splits,
                            size_t split_count);

// The bar of a day, if it is kept.
MUST_CHECK bool simulated_days_find(struct simulated_days *days,
                                    uint64_t key,
                                    int64_t day,
                                    struct timed_bar *out_bar);

// Keeps the bar of a finished day.
void simulated_days_put(struct simulated_days *days,
                        uint64_t key,
                        int64_t day,
                        const struct timed_bar *bar);
