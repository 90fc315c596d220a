// SPDX-License-Identifier: MIT
// history_looker: keeps looking how near the standby is that a service reads history from, says in
// the log when it begins and ceases to be used, and counts in metrics who answered.
//
// Threads: one of its own. Memory: borrows the history and the metrics, which must outlive it; the
// metrics must not be shown any more when it is freed.
#pragma once

#include "database/history.h"
#include "service/metrics.h"

struct history_looker;

// Looks from now on. The caller owns it.
struct history_looker *history_looker_new(struct history *history, struct metrics *metrics);
void history_looker_free(struct history_looker **looker);
