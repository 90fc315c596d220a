// SPDX-License-Identifier: MIT
// strategy_kinds: the kinds of strategies as trading tells of them, for the pages of strategies.
//
// Threads: one request belongs to one thread. Memory: the request's arena.
#pragma once

#include "pages/page.h"
#include "pages/strategy_json.h"

struct strategy_kinds {
    Trading__StrategyKind **kinds;
    size_t count;
};

MUST_CHECK bool strategy_kinds_list(struct exchange *exchange,
                                    struct strategy_kinds *out_kinds,
                                    struct error *error);

// NULL for a name that none has; NULL is none.
Trading__StrategyKind *strategy_kinds_find(const struct strategy_kinds *kinds, const char *name);

// What its parameters are, in the request's arena.
MUST_CHECK bool strategy_kinds_read(struct exchange *exchange,
                                    const Trading__StrategyKind *kind,
                                    struct strategy_properties **out_properties,
                                    struct error *error);

// The strategy that the variable strategy_id of the address names. Fails with STRATEGY_NOT_FOUND.
MUST_CHECK bool strategy_kinds_get_strategy(struct exchange *exchange,
                                            const char *strategy_id,
                                            Trading__Strategy **out_strategy,
                                            struct error *error);

// The values of some parameters for people, as a list with their labels.
MUST_CHECK bool strategy_kinds_show_values(struct exchange *exchange,
                                           const char *json,
                                           Pages__ParameterView ***out_views,
                                           size_t *out_count,
                                           struct error *error);
