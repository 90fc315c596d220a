// SPDX-License-Identifier: MIT
// backtest_queue: runs the backtests that wait, as many at a time as there are workers.
//
// Each worker is a thread of its own, which gives way to those of trading. It claims a task (FOR
// UPDATE SKIP LOCKED, with a lease), fetches the bars from market, runs the backtest and writes
// what came of it, all of which is repeated from the start by whoever finds the lease run out. It
// renews its lease once a second while it works, says how far it is, and hears then that it is to
// stop.
#pragma once

#include "trading.h"

enum { BACKTEST_WORKERS_MAX = 16 };

struct backtest_queue;

// Starts so many threads, BACKTEST_WORKERS_MAX at most. The caller owns them.
struct backtest_queue *backtest_queue_new(struct trading *trading, size_t workers);

// Looks for work now rather than within half a second.
void backtest_queue_wake(struct backtest_queue *queue);

// Stops them at once: what was being run waits for the next process.
void backtest_queue_free(struct backtest_queue **queue);
