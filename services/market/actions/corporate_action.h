// SPDX-License-Identifier: MIT
// corporate_action: splits and dividends, and what prices and volumes are by the splits since.
//
// Threads: pure functions.
#pragma once

#include "bars/bar.h"
#include "clock/market_hours.h"

enum {
    CORPORATE_ACTIONS_MAX = 100000, // in all
    SPLIT_RATIO_MAX = 10000,        // of numerator and denominator
};

#define DIVIDEND_MICROS_MAX INT64_C(1000000000000) // a million a share

enum corporate_action_kind { ACTION_SPLIT = 1, ACTION_DIVIDEND = 2 }; // as in market.proto

struct corporate_action {
    const char *id;
    char ticker[TICKER_SIZE];
    enum corporate_action_kind kind;
    int64_t ex_day;
    int64_t numerator, denominator; // of a split: new shares for old ones
    int64_t amount_micros;          // of a dividend
    int64_t entered_at;             // platform time
    int64_t booked_at;              // platform time; 0 for not yet
};

// Checks that it has what its kind needs and nothing else, and that its ex-date is a session. On
// failure fills in the violations.
MUST_CHECK bool corporate_action_check(const struct corporate_action *action,
                                       enum market_hours hours,
                                       struct error *error);

// The open of its ex-date's session.
int64_t corporate_action_effective_at(enum market_hours hours, int64_t ex_day);

// The moment from which prices may be those of after a split of that ex-date: before the session
// they are traded at already. Nobody may trade on them before it has been booked.
int64_t split_halted_from(enum market_hours hours, int64_t ex_day);

struct split {
    char ticker[TICKER_SIZE];
    int64_t day; // the ex-date
    int64_t numerator, denominator;
    bool is_booked; // for all who held shares
};

// How many new shares there are for old ones, as a fraction in lowest terms.
struct split_ratio {
    int64_t numerator, denominator;
};

// The splits of one symbol, in order of days, after `after_day` and until `until_day`, as one
// ratio. One that is too large for exact numbers (over 10^18) stays at what was reached before.
struct split_ratio
split_ratio_of(const struct split *splits, size_t count, int64_t after_day, int64_t until_day);

// A price of before as of after, and a volume: rounded half to even, a price to a micro at least.
int64_t split_ratio_price(const struct split_ratio *ratio, int64_t price_micros);
int64_t split_ratio_volume(const struct split_ratio *ratio, int64_t volume);

// Those of one ticker among splits that are in order of tickers and days; returns how many.
size_t splits_of(const struct split *splits,
                 size_t count,
                 const char *ticker,
                 const struct split **out_first);
