// SPDX-License-Identifier: MIT
// backtest_queue: runs the backtests that wait, one at a time in each process.
//
// A thread of its own claims a task (FOR UPDATE SKIP LOCKED, with a lease), fetches the bars from
// market, runs the backtest and writes what came of it, all of which is repeated from the start by
// whoever finds the lease run out. It renews its lease once a second while it works, says how far
// it is, and hears then that it is to stop.
#pragma once

#include "trading.h"

struct backtest_queue;

// Starts the thread. The caller owns it.
struct backtest_queue *backtest_queue_new(struct trading *trading);

// Looks for work now rather than within half a second.
void backtest_queue_wake(struct backtest_queue *queue);

// Stops at once: what was being run waits for the next process.
void backtest_queue_free(struct backtest_queue **queue);
