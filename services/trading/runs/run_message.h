// SPDX-License-Identifier: MIT
// run_message: strategies that run, and their decisions, as the API shows them.
//
// Memory: messages lie in the arena given and borrow the texts of what they are made of.
#pragma once

#include "bourse/trading/v1/trading.pb-c.h"

#include "runs/run_store.h"

MUST_CHECK bool run_to_message(const struct run *run,
                               struct arena *arena,
                               Trading__StrategyRun **out_message,
                               struct error *error);

// With what it holds and its open orders.
MUST_CHECK bool run_to_whole_message(const struct run *run,
                                     struct arena *arena,
                                     Trading__StrategyRun **out_message,
                                     struct error *error);

MUST_CHECK bool run_decision_to_message(const struct run_decision *decision,
                                        struct arena *arena,
                                        Trading__StrategyDecision **out_message,
                                        struct error *error);
