// SPDX-License-Identifier: MIT
// placing: the batch handler of PlaceOrder.
//
// A batch is validated, its intents are committed in one transaction, and then the execution takes
// the orders on. An order whose intent is committed is never lost: what goes wrong from there on is
// finished by the queue, and the caller is answered with the order as it stands.
//
// Threads: the RPC server runs a few batches at a time, so that one is decided about while the one
// before it is with portfolio. Each takes its memory and its execution from the pool.
#pragma once

#include "trading.h"

struct placing_pool;

struct placing_pool *placing_pool_new(struct trading *trading);
void placing_pool_free(struct placing_pool **pool);
