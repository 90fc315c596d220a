// SPDX-License-Identifier: MIT
// estimate: what an order would cost or bring, and what would be left, at the latest prices.
//
// It decides nothing: what is held for an order, and whether it is filled, is trading's and
// portfolio's to say. Threads: a pure function. Memory: the caller's arena.
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "bourse/gateway/v1/pages.pb-c.h"

// `page` has the quote, the portfolio and perhaps a position. There is no estimate for an order
// without a quantity or a price. Fails with OUT_OF_MEMORY_BUDGET.
MUST_CHECK bool estimate_make(struct arena *arena,
                              const Trading__PlaceOrderRequest *order,
                              const Pages__SymbolPage *page,
                              Pages__Estimate **out_estimate,
                              struct error *error);
