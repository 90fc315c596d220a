// SPDX-License-Identifier: MIT
// run_step: brings one run up to date: its fills, its bars, its decisions and its orders.
//
// Each step reads the run, decides, and writes what it has come to in one transaction that holds
// the run's shard; then it carries out what was written. A death anywhere leaves what was written,
// and the next step, whoever's it is, goes on from there.
//
// Threads: one user at a time. Memory: an arena that is kept from step to step.
#pragma once

#include "trading.h"

struct run_step;

struct run_step *run_step_new(struct trading *trading);
void run_step_free(struct run_step **step);

// Takes what has become of the run's orders into its account, and places or cancels what is to be.
// True when nothing is left to be done at once.
MUST_CHECK bool run_step_settle(struct run_step *step, const char *run_id, struct error *error);

// Decides about the bars that have ended until `boundary`. While orders of before may still be
// filled in them it is not time for that yet, unless `is_late`. False without an error for that,
// when it is to be tried again, and when there are more bars than one look takes in: the next goes
// on.
MUST_CHECK bool run_step_decide(
    struct run_step *step, const char *run_id, int64_t boundary, bool is_late, struct error *error);
