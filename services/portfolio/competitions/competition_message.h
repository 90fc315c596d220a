// SPDX-License-Identifier: MIT
// competition_message: competitions and standings as messages, as their reader may see them.
//
// Memory: messages lie in the arena given and borrow the competition's texts.
#pragma once

#include "bourse/portfolio/v1/portfolio.pb-c.h"
#include "competitions/competition.h"
#include "competitions/standings.h"
#include "rpc/rpc.h"

// Fails with OUT_OF_MEMORY_BUDGET.
MUST_CHECK bool competition_to_message(const struct competition *competition,
                                       const struct call *call,
                                       int64_t now,
                                       Portfolio__Competition **out_message,
                                       struct error *error);

// Whose it is and in which portfolio is told to that user and to administrators.
MUST_CHECK bool standing_to_message(const struct standing *standing,
                                    const struct call *call,
                                    Portfolio__Standing **out_message,
                                    struct error *error);
