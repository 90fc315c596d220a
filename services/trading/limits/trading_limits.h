// SPDX-License-Identifier: MIT
// trading_limits: how large, how many and of what the orders of a portfolio may be.
//
// A portfolio has limits of its own, or the platform's defaults until its owner has set some; and
// there are ceilings that administrators set for all. Of each limit the stricter of the two is in
// force, and of symbols both lists. They are checked when an order is placed or replaced. Order
// value and orders a day meet buys and sells alike; what is about risk (symbols, position, loss)
// never meets a sell: one must be able to get out.
//
// Money is in micros, percents in millionths. Pure: no SQL, no RPC, no clock.
#pragma once

#include "base/arena.h"
#include "orders/order.h"
#include "quotes/quotes.h"

enum {
    TRADING_LIMITS_SYMBOLS_MAX = 100,
    TRADING_LIMITS_LIST_SIZE = TRADING_LIMITS_SYMBOLS_MAX * ORDER_TICKER_SIZE + 2,
};

// X(NAME, name, decimals, least decimals)
#define LIMIT_KINDS(X)                                                                             \
    X(ORDER_VALUE, "max_order_value", 6, 2)                                                        \
    X(POSITION_PERCENT, "max_position_percent", 6, 0)                                              \
    X(ORDERS_PER_DAY, "max_orders_per_day", 0, 0)                                                  \
    X(DAILY_LOSS, "max_daily_loss", 6, 2)

#define LIMIT_KIND_AS_ENUM(name, text, scale, least) LIMIT_##name,
enum limit_kind { LIMIT_KINDS(LIMIT_KIND_AS_ENUM) LIMIT_KIND_COUNT };
#undef LIMIT_KIND_AS_ENUM

const char *limit_kind_name(enum limit_kind kind);

enum limit_source { LIMIT_OWN, LIMIT_DEFAULT, LIMIT_CEILING };

// "own", "default", "ceiling"
const char *limit_source_name(enum limit_source source);
MUST_CHECK bool limit_source_find(const char *name, enum limit_source *out_source);

// One set of limits, as somebody has set it.
struct trading_limits {
    int64_t values[LIMIT_KIND_COUNT]; // 0 for none
    const char *allowed_symbols;      // " AAPL MSFT "; empty for all; borrowed
    const char *forbidden_symbols;    // the same; empty for none
    int64_t revision;                 // of the change that it comes from
};

// Those that meet at a portfolio.
struct limits_in_force {
    struct trading_limits own;
    enum limit_source own_source; // LIMIT_OWN or LIMIT_DEFAULT
    struct trading_limits ceiling;
};

// What is in force of one kind.
struct limit {
    int64_t value; // 0 for none
    enum limit_source source;
    int64_t revision;
};

struct limit limit_in_force(const struct limits_in_force *limits, enum limit_kind kind);

// What an order counts for: a buy with what is held for it, a sell at its limit, or without one at
// the last price. A leg counts for nothing, as its parent has been counted. False when it cannot be
// counted.
MUST_CHECK bool limit_order_value(const struct order *order, int64_t price, int64_t *out_value);

// Checks the symbol and the value. Fails with LIMIT_EXCEEDED and the limit, its value, who has set
// it, and the order's value or ticker.
MUST_CHECK bool limit_check_order(const struct limits_in_force *limits,
                                  const struct order *order,
                                  int64_t value,
                                  struct error *error);

// Fills `error` with LIMIT_EXCEEDED for an order that is one too many. Always false.
bool limit_refuse_count(const struct limit *limit, int64_t placed, struct error *error);

// Whether own limits are within the ceilings; `field` is what they are called in the request, ""
// for the request itself. Fails with INVALID_REQUEST, field by field.
MUST_CHECK bool limit_check_ceiling(const struct trading_limits *own,
                                    const struct trading_limits *ceiling,
                                    const char *field,
                                    struct error *error);

// Whether the ticker is in a list.
bool limit_list_has(const char *list, const char *ticker);

// Makes a list of tickers. Fails with INVALID_REQUEST, naming `field`, for one that is given twice.
MUST_CHECK bool limit_list_make(const char *const *tickers,
                                size_t count,
                                const char *field,
                                char out_list[TRADING_LIMITS_LIST_SIZE],
                                struct error *error);

// Takes a list apart, into the arena; NULL when that is full.
const char **limit_list_split(const char *list, struct arena *arena, size_t *out_count);

// The symbols in force: those that both lists allow, and those that either forbids. With
// `out_is_restricted` only the allowed ones may be bought, perhaps none.
MUST_CHECK bool limit_merge_symbols(const struct limits_in_force *limits,
                                    struct arena *arena,
                                    struct trading_limits *out_limits,
                                    bool *out_is_restricted);
