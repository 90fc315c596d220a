// SPDX-License-Identifier: MIT
// competition_view: competitions and who stands where in them, as pages show them.
//
// Threads: pure functions. Memory: the arena's; NULL when its budget is spent.
#pragma once

#include "base/arena.h"
#include "bourse/gateway/v1/pages.pb-c.h"

// A competition at the platform's time `now`, which is 0 where it is not known.
Pages__CompetitionView *
competition_view_make(struct arena *arena, Portfolio__Competition *competition, int64_t now);

// Who stands there. Once it has begun, the places of the best three have names.
Pages__StandingView *competition_view_standing(struct arena *arena,
                                               const Portfolio__Competition *competition,
                                               Portfolio__Standing *standing);
