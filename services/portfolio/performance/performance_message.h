// SPDX-License-Identifier: MIT
// performance_message: a performance as the answer to who asks for it.
//
// Memory: the message lies in the arena given, and refers to nothing outside of it.
#pragma once

#include "bourse/portfolio/v1/portfolio.pb-c.h"
#include "performance/performance.h"

// Writes a ratio as the wire has it; false when it is too large for that.
MUST_CHECK bool performance_to_parts(double value, int64_t *out_parts);

// `has_present` says that the last day is still running.
MUST_CHECK bool performance_to_message(const struct performance_input *input,
                                       const struct performance *performance,
                                       bool has_present,
                                       struct arena *arena,
                                       Portfolio__GetPerformanceResponse *response,
                                       struct error *error);
