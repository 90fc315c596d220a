// SPDX-License-Identifier: MIT
// resting_cancel: the platform cancels what rests in a portfolio, of a user or everywhere.
//
// Threads: those of the execution. Memory: nothing is kept.
#pragma once

#include "execution/execution.h"
#include "limits/limit_store.h"

#define RESTING_CANCEL_FIRST "00000000-0000-0000-0000-000000000000"

// Cancels up to LIMIT_STORE_ORDERS of the halt's subject after `last_id`, which becomes that of the
// last of them; the orders keep the reason. What is on its way at this moment is left out, and so
// is what somebody else changes meanwhile. False when there are no more, or the database cannot be
// asked.
MUST_CHECK bool resting_cancel(struct trading *trading,
                               struct execution *execution,
                               const struct halt_record *halt,
                               const struct error *reason,
                               char last_id[UUID_SIZE]);
