// SPDX-License-Identifier: MIT
// backtest_private: the state of a backtest that is under way, for its parts.
#pragma once

#include "fills/fill_bar.h"
#include "strategies/backtest.h"

enum {
    BACKTEST_ORDERS_MAX = 4, // open at a time for a symbol: one at the market, or its exits
};

struct backtest_open_order {
    struct order order;
    enum backtest_cause cause;
    int64_t spent; // of what is held for it
    size_t record; // in the result; SIZE_MAX for one that is not listed
};

// What is held of a symbol, and what is to be done with it.
struct backtest_position {
    size_t first; // the bar from which on it is traded
    size_t next;  // the bar that comes next
    uint8_t *signals;
    double *scores;
    int64_t quantity;
    int64_t close; // the latest
    size_t opened; // the bar of the first fill
    struct backtest_trade trade;
    struct backtest_open_order open[BACKTEST_ORDERS_MAX];
    size_t open_count;
    int64_t target;      // of a kind that sets weights, in millionths of a percent
    int64_t entry_price; // these two since its entry was filled, for exits at a close
    int64_t high_water;
};

struct backtest {
    const struct backtest_settings *settings;
    const struct strategy_parameters *parameters;
    struct backtest_result *result;
    struct backtest_position positions[STRATEGY_SYMBOLS_MAX];
    size_t open_count; // orders, of all symbols
    int64_t cash;      // what is held for orders included
    int64_t held;
    bool has_targets; // they are set and not reached: buys follow when the sales are filled
    int64_t period;   // the day, week, month ... that decisions have been made for
    struct error *error;
};

// What is placed.
struct backtest_intent {
    enum backtest_cause cause;
    enum order_side side;
    enum order_type type;
    int64_t quantity;
    int64_t limit_price;
    int64_t stop_price;
    int64_t trail_percent;
    int64_t high_water; // of one that trails: where it begins
};

// Places an order that is filled in a bar that begins after `at`. A buy is made as small as the
// cash that is free wants it; with none of it there is no order. False when a sum cannot be
// counted.
MUST_CHECK bool backtest_place(struct backtest *backtest,
                               size_t symbol,
                               const struct backtest_intent *intent,
                               int64_t at);

// Shows the orders of the symbols that have a bar at that time the bar: sales first, all at the
// open, and then the whole of it.
MUST_CHECK bool backtest_fill(struct backtest *backtest, int64_t at);

// Cancels the open orders of a symbol.
void backtest_cancel(struct backtest *backtest, size_t symbol, const char *reason, int64_t at);

// Computes the signals or scores of all bars. They belong to the backtest until backtest_forget.
void backtest_compute(struct backtest *backtest, struct rule_workspace *workspace);
void backtest_forget(struct backtest *backtest);

// Takes the closes of the bars of that time, and says how many there are.
size_t backtest_take_closes(struct backtest *backtest, int64_t at);

// Decides at the close of the bars of that time.
MUST_CHECK bool backtest_decide(struct backtest *backtest, int64_t at);

// Quantity times price.
MUST_CHECK bool backtest_value(int64_t quantity, int64_t price, int64_t *out_value);

// Cash and all positions at their latest closes.
MUST_CHECK bool backtest_equity(struct backtest *backtest, int64_t *out_equity);

// The price so many millionths of a percent away from another one, as prices of orders are.
MUST_CHECK bool backtest_price_away(int64_t price, int64_t percent, int64_t *out_price);

// So many shares as may be bought: whole ones unless parts are.
int64_t backtest_whole(const struct backtest *backtest, int64_t quantity);

static inline bool backtest_has_bar(const struct backtest *backtest, size_t symbol, int64_t at)
{
    const struct bar_columns *series = backtest->settings->symbols[symbol].series;
    size_t next = backtest->positions[symbol].next;

    return next < series->count && series->times[next] == at;
}

// Whether the strategy enters at the bar: it is in, and was not at the bar before.
static inline bool backtest_enters(const struct backtest_position *position, size_t bar)
{
    uint8_t signal = position->signals[bar];

    return (signal & STRATEGY_IS_IN) != 0 && (signal & STRATEGY_LEAVES) == 0 &&
           (bar == position->first || (position->signals[bar - 1] & STRATEGY_IS_IN) == 0);
}

bool backtest_overflow(struct backtest *backtest, const char *what);
