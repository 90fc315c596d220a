// SPDX-License-Identifier: MIT
// decision: what a strategy that runs orders at the close of a bar.
//
// It is backtest_decide, the code that decides in a backtest, given what the run has instead of
// what a backtest has come to; so the same bars and the same fills lead to the same orders. Stops
// and targets are looked at at closes.
//
// Threads: one owner. Memory: the caller's. No SQL, no RPC, and no clock but that of the bars.
#pragma once

#include "strategies/backtest.h"

struct decision_position {
    int64_t quantity;
    int64_t entry_price;
    int64_t high_water;
    int64_t target; // in millionths of a percent
};

// An order of before that is open.
struct decision_order {
    const char *name; // by which it is known
    size_t symbol;
    enum backtest_cause cause;
    enum order_side side;
    int64_t quantity;    // that is left
    int64_t hold_amount; // of a buy: what is held for it still
    bool is_canceled;    // out
};

// An order to be placed at the market.
struct decision_intent {
    size_t symbol;
    enum backtest_cause cause;
    enum order_side side;
    int64_t quantity;
};

enum decision_signal {
    DECISION_NONE, // the symbol has no bar at that time
    DECISION_ENTER,
    DECISION_LEAVE,
    DECISION_IN, // it is in, and was before
    DECISION_OUT,
    DECISION_TARGET, // of kinds that set weights
    DECISION_SIGNAL_COUNT
};

// As "enter"; "" for none.
const char *decision_signal_name(enum decision_signal signal);

enum { DECISION_ORDERS_MAX = 4 * STRATEGY_SYMBOLS_MAX };

struct decision {
    // Its `start` is the time of the first bar that is traded on; `cash` is not looked at.
    const struct backtest_settings *settings;
    // What the run has; afterwards, what it goes on with.
    int64_t cash;
    bool has_targets;
    int64_t period; // INT64_MIN before the first decision
    struct decision_position positions[STRATEGY_SYMBOLS_MAX];
    struct decision_order open[DECISION_ORDERS_MAX];
    size_t open_count;
    // What comes of it.
    int64_t equity;                       // at the closes
    int64_t closes[STRATEGY_SYMBOLS_MAX]; // the latest; 0 before the first
    enum decision_signal signals[STRATEGY_SYMBOLS_MAX];
    struct decision_intent intents[DECISION_ORDERS_MAX];
    size_t intent_count;
    size_t refused_count; // there was too little cash for a share
};

// Decides at the close of the bars of that time. Fails with BACKTEST_OVERFLOW.
MUST_CHECK bool decision_make(struct decision *decision,
                              int64_t at,
                              struct rule_workspace *workspace,
                              struct error *error);

// What the run is worth at the closes of that time and before, without a decision.
MUST_CHECK bool decision_value(struct decision *decision, int64_t at, struct error *error);
