// SPDX-License-Identifier: MIT
// snapshot_schedule: the thread that takes snapshots of all portfolios when a session has closed,
// and measures what those with shares are worth while one is open.
//
// What is due follows from the tables and the platform's clock, so a restart forgets nothing, days
// on which nobody was there are filled, and any number of replicas may do it.
//
// Threads: its own.
#pragma once

#include "portfolio.h"

struct snapshot_schedule;

// `portfolio` is borrowed, and must outlive it.
struct snapshot_schedule *snapshot_schedule_new(struct portfolio *portfolio);
void snapshot_schedule_free(struct snapshot_schedule **schedule);
