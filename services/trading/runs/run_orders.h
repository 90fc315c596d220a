// SPDX-License-Identifier: MIT
// run_orders: carries out what a run has decided: cancels and places its orders as their user
// would, by the same operations, with all their limits, halts and holds.
//
// An order's name and the request that places it follow from the run, the bar and the symbol
// (run_order_name); so whoever carries a decision out, and however often, places one order.
//
// Threads: one user of an arena at a time.
#pragma once

#include "runs/run.h"
#include "trading.h"

// A call of the user of a run, for PlaceOrder and CancelOrder within this process.
struct call run_call(const struct run *run, struct arena *arena);

// Cancels those that are to be canceled, and places those that are to be placed, unless it is too
// late for them. What came of each is written down. True when nothing is left to be done; what
// cannot be reached now is tried again later. `out_stop` is filled when the run is to stop for it,
// and otherwise empty.
MUST_CHECK bool run_orders_carry_out(struct trading *trading,
                                     const struct run *run,
                                     struct arena *arena,
                                     struct error *out_stop);
