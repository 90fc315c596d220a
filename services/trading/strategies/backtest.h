// SPDX-License-Identifier: MIT
// backtest: what would have come of a strategy, bar by bar.
//
// At the close of each bar the strategy decides by that bar and those before it. What it orders is
// shown to the bars that follow by fill_bar, the code that fills live orders by bars, so it is
// filled at the open of the next bar at the earliest. Cash is held, spent and booked as live: in
// whole micros, by the same functions. The same input gives the same result, to the bit.
//
// Threads: one owner; nothing is shared. Memory: the result is the caller's. No SQL, no RPC, and no
// clock but that of the bars.
#pragma once

#include "base/error.h"
#include "orders/order.h"
#include "strategy/strategy_program.h"

enum {
    BACKTEST_VERSION = 3,       // of the rules: another one may come to other results
    BACKTEST_BARS_MAX = 500000, // of all symbols together
    BACKTEST_KEPT_MAX = 1000,   // trades, orders, and dividends, that a result lists
};

// One symbol that is traded.
struct backtest_symbol {
    const char *ticker;
    struct bar_columns *series; // its numbers are made on demand
};

// A dividend, paid on what was held before it came into effect; and the splits since, by which the
// shares are counted.
struct backtest_dividend {
    size_t symbol;
    int64_t at;          // the open of its ex-date
    int64_t amount;      // of a share of then
    int64_t numerator;   // so many shares as they are counted ...
    int64_t denominator; // ... for so many of then
};

struct backtest_settings {
    const struct strategy_program *program;
    const struct backtest_symbol *symbols;
    size_t symbol_count;
    int64_t start; // bars before it are for the indicators alone
    int64_t cash;
    struct fill_terms terms; // the model is `bar` whatever is said
    bool fractional;         // parts of a share are bought
    // Stops and targets are looked at when a bar closes, and sell at the market then, as in a
    // strategy that runs (decision.h); otherwise they are orders, which are filled within a bar.
    bool exits_at_close;
    const struct backtest_dividend *dividends; // in order of time; none is after the last bar
    size_t dividend_count;
    // Told now and then how much is done, in millionths; false ends it with BACKTEST_CANCELED. NULL
    // for nobody.
    bool (*goes_on)(void *context, int64_t progress_micros);
    void *context;
};

// X(NAME, name): why an order was placed.
#define BACKTEST_CAUSES(X)                                                                         \
    X(ENTRY, "entry")                                                                              \
    X(EXIT, "exit")                                                                                \
    X(STOP_LOSS, "stop_loss")                                                                      \
    X(TRAILING_STOP, "trailing_stop")                                                              \
    X(TAKE_PROFIT, "take_profit")                                                                  \
    X(TARGET, "target") /* of a kind that sets weights */

#define BACKTEST_CAUSE_AS_ENUM(name, text) BACKTEST_##name,
enum backtest_cause { BACKTEST_CAUSES(BACKTEST_CAUSE_AS_ENUM) BACKTEST_CAUSE_COUNT };
#undef BACKTEST_CAUSE_AS_ENUM

const char *backtest_cause_name(enum backtest_cause cause);

// The cause of a name that was stored; the last one for an unknown name.
enum backtest_cause backtest_cause_of(const char *name);

// What became of an order. Times are those of bars.
struct backtest_order {
    size_t symbol;
    enum backtest_cause cause;
    enum order_side side;
    enum order_type type;
    int64_t quantity;
    int64_t price; // its limit or stop; 0 for none
    int64_t filled_quantity;
    int64_t average_price;
    int64_t commission;
    enum order_status status; // NEW for one that was open at the end
    char reason[ERROR_REASON_SIZE];
    int64_t placed_at;
    int64_t ended_at; // 0 for not yet
};

// From the first share bought until none is left.
struct backtest_trade {
    size_t symbol;
    int64_t quantity; // bought in all
    int64_t paid;     // with commission
    int64_t received; // less commission; of one that is open, with what is left at the last close
    int64_t commission;
    int64_t opened_at;
    int64_t closed_at;         // 0 while open
    int64_t bars;              // from the one that opened it to the one that closed it
    enum backtest_cause cause; // of what closed it
};

// What came of a dividend: shares of then.
struct backtest_payment {
    size_t symbol;
    int64_t at;
    int64_t amount;
    int64_t quantity;
    int64_t cash;
};

struct backtest_result {
    size_t bar_count;     // that were traded on
    size_t warm_up_count; // before those, of the symbol that has most
    // One for each time at which any symbol has a bar.
    size_t point_count;
    size_t point_capacity;
    int64_t *times;
    int64_t *equity;
    struct backtest_trade *trades; // the first ones; the open ones among them
    size_t trade_count;
    size_t trades_listed;
    struct backtest_order *orders; // the first ones
    size_t order_count;
    size_t orders_listed;
    struct backtest_payment *payments; // of dividends; the first ones
    size_t payments_listed;
    int64_t dividends;      // all that came of them
    size_t orders_refused;  // there was too little cash for them
    size_t points_invested; // at which there was a position
    int64_t commission;
    int64_t bought; // all that was paid for shares, without commission
    int64_t sold;
    // Of trades that are closed.
    size_t closed_count;
    size_t won_count;
    int64_t won; // sums of profits and of losses, both as positive numbers
    int64_t lost;
    int64_t best; // of one trade; 0 without any
    int64_t worst;
    int64_t closed_bars;
};

// Runs it. `result` is empty, or one of before, whose memory is used again. Fails with
// BACKTEST_CANCELED; INVALID_REQUEST when there are no bars to trade on, or more than
// BACKTEST_BARS_MAX; and BACKTEST_OVERFLOW when something cannot be counted.
MUST_CHECK bool backtest_run(const struct backtest_settings *settings,
                             struct rule_workspace *workspace,
                             struct backtest_result *result,
                             struct error *error);

// Gives back what a result holds.
void backtest_result_clear(struct backtest_result *result);
