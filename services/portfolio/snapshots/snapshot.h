// SPDX-License-Identifier: MIT
// snapshot: what a portfolio was worth at a close, and how it came to that since the one before.
//
// A day is made of the day before, of the ledger's movements since, and of the closing prices. What
// a ticker gained is what it is worth more, with what its movements brought and without what they
// took; so the gains of all tickers are what the whole is worth more, less deposits and with
// withdrawals, to the micro. Shares that came in with a copy count as deposited at the close.
//
// Pure: no SQL, no clock. Money in micros, shares in nanos. Memory: positions lie in the arena
// given. Threads: a snapshot has one owner.
#pragma once

#include "base/arena.h"
#include "base/timestamp.h"
#include "ledger/ledger.h"

struct snapshot_position {
    char ticker[LEDGER_ASSET_SIZE]; // empty for what fees cost that are of no ticker
    int64_t quantity;
    int64_t price; // the last that is known; 0 for none
    int64_t value;
    int64_t gain;
    // Of the day while it is being made.
    int64_t start_quantity;
    int64_t start_value;
    int64_t cash;   // that its movements brought, less what they took
    int64_t opened; // shares that came in with a copy
    int64_t bought; // shares, and what was paid for them
    int64_t paid;
};

struct snapshot {
    char day[DATE_SIZE];
    int64_t closed_at;
    bool begins;  // nothing of before counts: it was opened, or began anew
    bool is_anew; // while it is being made: began anew
    int64_t start_value;
    int64_t cash;
    int64_t market_value;
    int64_t deposits;
    int64_t withdrawals;
    int64_t traded;
    bool is_estimated; // a price is not of this day
    int64_t through_seq;
    int64_t movements;
    struct snapshot_position *positions; // by no order; those with shares, or with a gain
    size_t position_count;
    size_t position_capacity;
};

// Movements of one kind and ticker, together.
struct snapshot_movement {
    enum ledger_kind kind;
    char ticker[LEDGER_ASSET_SIZE]; // empty for none
    int64_t cash;                   // that came in
    int64_t quantity;               // that came in
};

// Begins the day after `before`, or the first one when that is NULL, with room for `more` tickers
// that it does not hold. Fails with OUT_OF_MEMORY_BUDGET.
MUST_CHECK bool snapshot_begin(const struct snapshot *before,
                               size_t more,
                               struct arena *arena,
                               struct snapshot *out_snapshot,
                               struct error *error);

// Forgets what has been before within this day: the portfolio begins anew with its cash, which
// counts as deposited.
void snapshot_begin_anew(struct snapshot *snapshot);

// Fails with INTERNAL for what cannot be counted.
MUST_CHECK bool snapshot_add(struct snapshot *snapshot,
                             const struct snapshot_movement *movement,
                             struct error *error);

// Gives the price of a ticker at this close; false when none is known. `out_is_of_day` is false for
// one of a day before.
typedef bool snapshot_price(void *context,
                            const struct snapshot *snapshot,
                            const char *ticker,
                            int64_t *out_price,
                            bool *out_is_of_day);

// Values everything. Without a price of the day the last known one stays, as a split has changed
// it; without any, that of its purchases.
MUST_CHECK bool snapshot_close(struct snapshot *snapshot,
                               snapshot_price *price,
                               void *context,
                               struct error *error);

// cash + market_value.
int64_t snapshot_equity(const struct snapshot *snapshot);
