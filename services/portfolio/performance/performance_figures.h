// SPDX-License-Identifier: MIT
// performance_figures: the figures of a period, each with its definition.
#pragma once

#include "performance/performance.h"

// Adds all figures to what has been measured. False when the arena's budget is spent.
MUST_CHECK bool performance_add_figures(const struct performance_input *input,
                                        const struct analytics_day *days,
                                        struct arena *arena,
                                        struct performance *performance);
