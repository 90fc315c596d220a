// SPDX-License-Identifier: MIT
// strategy_kind: the kinds of strategies there are, with the parameters and the rules of each.
//
// A kind that decides about each symbol by itself is a pair of rules of the language that users
// write in, with its parameters put in; the others are a table of target weights. So there is one
// engine, and everybody can read what a kind does.
//
// Threads, memory: constant tables.
#pragma once

#include "strategy/rule.h"

// X(NAME, name)
#define STRATEGY_KINDS(X)                                                                          \
    X(BUY_AND_HOLD, "buy_and_hold")                                                                \
    X(SMA_CROSS, "sma_cross")                                                                      \
    X(EMA_CROSS, "ema_cross")                                                                      \
    X(MACD, "macd")                                                                                \
    X(RSI_REVERSION, "rsi_reversion")                                                              \
    X(BOLLINGER, "bollinger")                                                                      \
    X(DONCHIAN, "donchian")                                                                        \
    X(RULE, "rule")                                                                                \
    X(MOMENTUM, "momentum")                                                                        \
    X(REBALANCE, "rebalance")                                                                      \
    X(REGULAR_PURCHASE, "regular_purchase")

#define STRATEGY_KIND_AS_ENUM(name, text) STRATEGY_##name,
enum strategy_kind { STRATEGY_KINDS(STRATEGY_KIND_AS_ENUM) STRATEGY_KIND_COUNT };
#undef STRATEGY_KIND_AS_ENUM

// X(NAME, name, STRATEGY_TYPE)
#define STRATEGY_PARAMETERS(X)                                                                     \
    X(FAST, "fast", WHOLE)                                                                         \
    X(SLOW, "slow", WHOLE)                                                                         \
    X(SIGNAL, "signal", WHOLE)                                                                     \
    X(PERIOD, "period", WHOLE)                                                                     \
    X(LOW, "low", DECIMAL)                                                                         \
    X(HIGH, "high", DECIMAL)                                                                       \
    X(DEVIATIONS, "deviations", DECIMAL)                                                           \
    X(ENTRY_PERIOD, "entry_period", WHOLE)                                                         \
    X(EXIT_PERIOD, "exit_period", WHOLE)                                                           \
    X(ENTER, "enter", RULE_TEXT)                                                                   \
    X(EXIT, "exit", RULE_TEXT)                                                                     \
    X(LOOKBACK, "lookback", WHOLE)                                                                 \
    X(TOP_N, "top_n", WHOLE)                                                                       \
    X(WEIGHTS, "weights", WEIGHTS)                                                                 \
    X(BAND_PERCENT, "band_percent", DECIMAL)                                                       \
    X(AMOUNT, "amount", DECIMAL)                                                                   \
    X(FREQUENCY, "frequency", FREQUENCY)                                                           \
    X(SIZING, "sizing", SIZING)                                                                    \
    X(SIZE, "size", DECIMAL)                                                                       \
    X(STOP_LOSS_PERCENT, "stop_loss_percent", DECIMAL)                                             \
    X(TRAILING_STOP_PERCENT, "trailing_stop_percent", DECIMAL)                                     \
    X(TAKE_PROFIT_PERCENT, "take_profit_percent", DECIMAL)

#define STRATEGY_PARAMETER_AS_ENUM(name, text, type) STRATEGY_PARAMETER_##name,
enum strategy_parameter_id {
    STRATEGY_PARAMETERS(STRATEGY_PARAMETER_AS_ENUM) STRATEGY_PARAMETER_COUNT
};
#undef STRATEGY_PARAMETER_AS_ENUM

enum strategy_type {
    STRATEGY_WHOLE,     // a whole number
    STRATEGY_DECIMAL,   // in millionths
    STRATEGY_RULE_TEXT, // true or false at each bar
    STRATEGY_WEIGHTS,   // a percentage of each symbol named
    STRATEGY_FREQUENCY, // one of STRATEGY_FREQUENCIES
    STRATEGY_SIZING,    // one of STRATEGY_SIZINGS
};

// X(NAME, name)
#define STRATEGY_FREQUENCIES(X)                                                                    \
    X(BAR, "bar")                                                                                  \
    X(DAILY, "daily")                                                                              \
    X(WEEKLY, "weekly")                                                                            \
    X(MONTHLY, "monthly")                                                                          \
    X(QUARTERLY, "quarterly")                                                                      \
    X(YEARLY, "yearly")
#define STRATEGY_SIZINGS(X)                                                                        \
    X(PERCENT_OF_EQUITY, "percent_of_equity")                                                      \
    X(CASH, "cash")                                                                                \
    X(SHARES, "shares")

#define STRATEGY_FREQUENCY_AS_ENUM(name, text) STRATEGY_EVERY_##name,
enum strategy_frequency {
    STRATEGY_FREQUENCIES(STRATEGY_FREQUENCY_AS_ENUM) STRATEGY_FREQUENCY_COUNT
};
#undef STRATEGY_FREQUENCY_AS_ENUM
#define STRATEGY_SIZING_AS_ENUM(name, text) STRATEGY_SIZE_BY_##name,
enum strategy_sizing { STRATEGY_SIZINGS(STRATEGY_SIZING_AS_ENUM) STRATEGY_SIZING_COUNT };
#undef STRATEGY_SIZING_AS_ENUM

// A parameter as one kind has it. Numbers are in the unit of the type.
struct strategy_parameter {
    enum strategy_parameter_id id;
    bool required; // there is no `unless_said`
    int64_t unless_said;
    int64_t minimum;
    int64_t maximum;
    const char *description;
};

// Of two parameters of a kind the one must be less than the other.
struct strategy_order {
    enum strategy_parameter_id less;
    enum strategy_parameter_id more;
    bool is_there;
};

struct strategy_kind_info {
    const char *title;
    const char *description;
    const struct strategy_parameter *parameters;
    size_t parameter_count;
    // Rules with "{fast}" where a parameter goes. Without `exit` a strategy leaves when `enter` is
    // false. A kind that sets target weights has none, or a number by which symbols are ranked.
    const char *enter;
    const char *exit;
    const char *score;
    struct strategy_order order;
};

// Those that every kind with an `enter` has beside its own.
extern const struct strategy_parameter strategy_common_parameters[];
extern const size_t strategy_common_parameter_count;

const struct strategy_kind_info *strategy_kind_info(enum strategy_kind kind);
const char *strategy_kind_name(enum strategy_kind kind);
MUST_CHECK bool strategy_kind_find(struct text name, enum strategy_kind *out_kind);

// Whether it decides about each symbol by itself, by `enter` and `exit`.
bool strategy_kind_has_signals(enum strategy_kind kind);

// The kind's parameters, its own first; NULL behind the last.
const struct strategy_parameter *strategy_kind_parameter(enum strategy_kind kind, size_t index);

const char *strategy_parameter_name(enum strategy_parameter_id id);
enum strategy_type strategy_parameter_type(enum strategy_parameter_id id);

// The names that a parameter of type FREQUENCY or SIZING may have; of others there are none.
const char *const *strategy_choices(enum strategy_type type, size_t *out_count);
