// SPDX-License-Identifier: MIT
// placing: the batch handler of PlaceOrder.
//
// A batch is validated, its intents are committed in one transaction, and then the execution takes
// the orders on. An order whose intent is committed is never lost: what goes wrong from there on is
// finished by the queue, and the caller is answered with the order as it stands.
//
// Threads: the RPC server runs one batch at a time, so there is one of these.
#pragma once

#include "trading.h"

struct placing *placing_new(struct trading *trading);
void placing_free(struct placing **placing);
