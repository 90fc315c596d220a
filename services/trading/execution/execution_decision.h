// SPDX-License-Identifier: MIT
// execution_decision: what is to become of an order and of its task, once portfolio has answered.
//
// Changes the order in memory and says what is to be written; writes nothing itself.
#pragma once

#include "execution/execution_private.h"

// Fills `change` for one item, whose order is changed. False when there is nothing to save, or it
// cannot be; the order may have been changed all the same.
MUST_CHECK bool execution_decide(struct execution *execution,
                                 struct execution_item *item,
                                 const struct platform_clock *clock,
                                 struct store_change *change);

// The order's task waits for ever: the order rests.
void execution_rest(struct store_change *change);

// The task is tried again later; one that fails time and again for a reason of its own is left to
// people.
void execution_try_later(const struct execution_item *item, struct store_change *change);
