// SPDX-License-Identifier: MIT
// finished: tasks whose work is done and whose row does not say so yet.
//
// Nobody has to wait for that row: whoever writes next takes these along in the same transaction.
// Should the process die before, the lease runs out and the work is repeated without effect; so it
// is no loss either when the list is full.
//
// Threads: any.
#pragma once

#include "store/trading_tasks.h"

struct finished;

struct finished *finished_new(void);
void finished_free(struct finished **finished);

void finished_add(struct finished *finished, const struct store_finished *task);

// Moves up to `capacity` tasks out; returns how many.
size_t finished_take(struct finished *finished, struct store_finished *out_tasks, size_t capacity);
