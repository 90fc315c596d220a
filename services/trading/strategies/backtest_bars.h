// SPDX-License-Identifier: MIT
// backtest_bars: the bars of a symbol, asked of market page by page.
//
// Adjusted for splits, as a strategy is to see them. A bar that may still change is left out.
// Threads: any. Memory: the series is the caller's.
#pragma once

#include "strategy/bar_columns.h"
#include "trading.h"

struct backtest_bars_request {
    const char *ticker;
    const char *timeframe; // "1Day" ...
    int64_t start;
    int64_t end;    // 0 for the platform's present
    size_t warm_up; // bars before `start` that are wanted, as far as there are
    size_t most;    // bars in all
    // Told after each page; false ends it with BACKTEST_CANCELED.
    bool (*goes_on)(void *context);
    void *context;
    // Whether a history that lacks days which somebody may have is refused. While they are being
    // fetched it always is.
    bool must_be_complete;
    int64_t *as_of; // gets the platform's present of the last page; NULL for nobody
};

// Fails as market does (SYMBOL_NOT_FOUND, BEING_FETCHED), with HISTORY_INCOMPLETE, with
// INVALID_REQUEST when there are more than `most`, with INTERNAL when they are not one after the
// other, and with BACKTEST_CANCELED.
MUST_CHECK bool backtest_bars_fetch(struct trading *trading,
                                    const struct backtest_bars_request *request,
                                    struct bar_columns *series,
                                    struct error *error);
