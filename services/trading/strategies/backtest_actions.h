// SPDX-License-Identifier: MIT
// backtest_actions: the dividends of the symbols of a backtest, from what market knows of them.
//
// All that are in effect, whether they were entered in time or later: a backtest is about what was,
// not about who had it booked. Threads: one owner. Memory: the list is the caller's.
#pragma once

#include "bourse/market/v1/market.pb-c.h"

#include "strategies/backtest.h"
#include "trading.h"

enum { BACKTEST_DIVIDENDS_MAX = 20000 }; // of all symbols together

struct backtest_dividends {
    struct backtest_dividend *list;
    size_t count;
    size_t capacity;
};

void backtest_dividends_clear(struct backtest_dividends *dividends);

// Takes the dividends among a symbol's splits and dividends, which are in order of days, that come
// into effect from `start` to `end` (0 for the present); a split that follows is put into the
// dividends from `first` on, which are of that symbol. Fails with INVALID_REQUEST when there are
// more than BACKTEST_DIVIDENDS_MAX.
MUST_CHECK bool backtest_dividends_take(struct backtest_dividends *dividends,
                                        size_t first,
                                        size_t symbol,
                                        const Market__CorporateAction *action,
                                        int64_t start,
                                        int64_t end,
                                        struct error *error);

// Asks market for those of a symbol. Fails as market does, and as above.
MUST_CHECK bool backtest_actions_fetch(struct trading *trading,
                                       const char *ticker,
                                       size_t symbol,
                                       int64_t start,
                                       int64_t end,
                                       struct backtest_dividends *dividends,
                                       struct error *error);

// Puts them in order of time.
void backtest_dividends_sort(struct backtest_dividends *dividends);

// How many of a list in order of time come into effect in a series of bars whose last is at that
// time: until its open, or within the week or month that it stands for.
size_t backtest_dividends_until(const struct backtest_dividend *dividends,
                                size_t count,
                                const char *timeframe,
                                int64_t last);
