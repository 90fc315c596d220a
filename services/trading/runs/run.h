// SPDX-License-Identifier: MIT
// run: a strategy that trades in a portfolio, and the account it has there.
//
// It begins with its cash and has what its own orders have made of it; what else is in the
// portfolio is none of its business. Pure functions: no SQL, no RPC, no clock.
// Memory: texts are borrowed from whoever read the run.
#pragma once

#include "base/uuid.h"
#include "strategies/decision.h"

enum {
    RUNS_OF_USER_MAX = 10, // that run at a time
    RUNS_OF_PORTFOLIO_MAX = 5,
    RUNS_KEPT_MAX = 50,        // of one user that are stopped; the oldest go
    RUN_DECISIONS_MAX = 2000,  // kept of a run
    RUN_MISSED_MAX = 100,      // bars of one look that are listed as missed; all are counted
    RUN_WINDOW_MAX = 10000,    // bars that indicators know beside their warm-up ...
    RUN_WINDOW_KEPT = 5000,    // ... and what is left of them when there are more
    RUN_NAME_SIZE = 128,       // of an order
    RUN_INDICATORS_MAX = 2048, // bytes
};

struct run_position {
    int64_t quantity;
    int64_t entry_price; // average, without commission
    int64_t high_water;  // since the entry
    int64_t close;
    int64_t target;
};

// An order of a run that has not been settled.
struct run_order {
    int64_t bar_at;
    size_t symbol;
    char name[RUN_NAME_SIZE]; // its client_order_id
    enum backtest_cause cause;
    enum order_side side;
    int64_t quantity;
    int64_t decision; // its number
    bool is_placed;
    bool is_to_cancel;
    int64_t fills; // so many are in the account
    // What the table of orders has of it.
    const char *order_id; // NULL for nothing yet
    enum order_status status;
    int64_t filled_quantity;
    int64_t average_price;
    int64_t hold_amount;
    const char *reason; // NULL for none, as the next two
    const char *reason_message;
    const char *reason_details; // see error_details_print
    bool is_settled;            // it has ended, and all of it is in the account
};

struct run {
    const char *id;
    const char *user_id;
    const char *strategy_id;
    int64_t strategy_version;
    const char *portfolio_id;
    int shard;
    const char *kind;
    const char *parameters;
    const char *symbols;
    const char *timeframe;
    bool fractional;
    int64_t initial_cash;
    int64_t max_daily_loss; // 0 for none
    bool is_stopped;
    const char *reason; // NULL for none
    const char *reason_message;
    int64_t started_at;
    int64_t stopped_at; // 0 for not
    int64_t looked_at;
    int64_t window_at;
    int64_t first_bar_at; // 0 for none yet
    int64_t last_bar_at;
    int64_t cash;
    int64_t equity;
    int64_t day;
    int64_t day_equity;
    int64_t period; // INT64_MIN for none
    bool has_targets;
    int64_t bars_decided;
    int64_t bars_missed;
    int64_t order_count;
    int64_t decision_count;
    int64_t events;            // the number of the latest
    int64_t events_kept_after; // those up to here may be gone
    bool has_changed;          // since it was found
    const char **tickers;      // of the symbols
    size_t symbol_count;
    struct run_position positions[STRATEGY_SYMBOLS_MAX]; // by symbol
    struct run_order orders[DECISION_ORDERS_MAX];
    size_t open_count;
};

// The name of the order that a run places of a symbol at the close of a bar: the same whoever
// decides it, and however often.
void run_order_name(const char *run_id,
                    int64_t bar_at,
                    const char *ticker,
                    char out[RUN_NAME_SIZE]);

// The request that places the order of that name.
struct uuid run_order_request(const char *name);

// One fill of an order of the run, after those that it knows.
struct run_fill {
    int64_t quantity;
    int64_t price;
    int64_t commission;
};

// Takes a fill into the account. Fails with BACKTEST_OVERFLOW.
MUST_CHECK bool run_take_fill(struct run *run,
                              struct run_order *order,
                              const struct run_fill *fill,
                              struct error *error);

// The day of UTC that the time is in, as trading limits have it of a market that never closes;
// sessions lie within one.
int64_t run_day_of(int64_t at);

// Notes what the run is worth at the close of a bar. The first bar of a day counts from what it was
// worth at the last one of the day before.
void run_take_equity(struct run *run, int64_t bar_at, int64_t equity);

// What it has lost since the day began; negative for a gain.
int64_t run_daily_loss(const struct run *run);

// Whether it has lost so much today that it buys nothing more.
bool run_may_not_buy(const struct run *run);

// Gives the decision what the run has, and takes back what it goes on with.
void run_give(const struct run *run, struct decision *decision);
void run_take(struct run *run, const struct decision *decision);

// From where on indicators are to know the bars of a series, when there are more than they may
// know: the present beginning of the window unless it has too many bars.
int64_t run_window(const struct run *run, const struct bar_columns *series);
