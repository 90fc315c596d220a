// SPDX-License-Identifier: MIT
// queue: finishes what nobody is working on: orders placed without waiting, and those whose worker
// died, lost portfolio or the database.
//
// A thread claims tasks whose time has come (FOR UPDATE SKIP LOCKED, with a lease) and hands their
// orders to an execution. It also writes down tasks that have been finished.
#pragma once

#include "trading.h"

// Starts the thread. The caller owns it.
struct queue *queue_new(struct trading *trading);

// Looks for tasks now rather than within half a second.
void queue_wake(struct queue *queue);

// Ends after the present batch.
void queue_free(struct queue **queue);
