// SPDX-License-Identifier: MIT
// lot: which shares a sale sells, and what they had cost: the oldest first.
//
// The shares of a ticker are counted from where its position was opened from nothing, a series. A
// lot is a purchase: the shares above quantity_after - quantity and up to quantity_after. A sale
// takes the shares of the same numbers, counted over all sales of the series. So neither ever
// changes, and which lots a sale closes, wholly or in part, is where the two overlap.
//
// A part of a lot costs its share, rounded down to a micro; what is left over goes with the lot's
// last shares. As every cost is a difference of two such sums, nothing is ever lost or counted
// twice: the costs of all that was sold and of all that is held are what was paid.
//
// Money in micros, shares in nanos. Pure.
#pragma once

#include "base/base.h"
#include "base/uuid.h"

enum { LOT_TICKER_SIZE = 16 };

struct lot {
    char ticker[LOT_TICKER_SIZE];
    int64_t series;
    int64_t quantity;
    int64_t quantity_after; // of the series, with this lot
    int64_t cost;
    int64_t cost_after; // of the series, with this lot
    char journal_id[UUID_SIZE];
    int64_t opened_at;
    bool is_carried; // over from the series before, by a split
};

struct sale {
    char ticker[LOT_TICKER_SIZE];
    int64_t series;
    int64_t quantity;
    int64_t quantity_after; // sold of the series, with this sale
    int64_t cost;           // of the lots it closes
    int64_t cost_after;
    int64_t proceeds; // less commission
    char journal_id[UUID_SIZE];
    int64_t closed_at;
};

// True when the share of that number, of which there are nanos, is the lot's. The numbers begin
// with 1.
bool lot_has(const struct lot *lot, const char *ticker, int64_t series, int64_t number);

// What the shares of the series up to that one, which is the lot's, had cost.
int64_t lot_cost_until(const struct lot *lot, int64_t number);

// What is left of a lot when so many shares of its series, less than quantity_after, are sold.
struct lot_rest {
    int64_t quantity;
    int64_t cost;
};
struct lot_rest lot_rest_after(const struct lot *lot, int64_t sold);

// The part of a lot that a sale sold; the two overlap.
struct closing {
    int64_t quantity;
    int64_t quantity_after; // of the series: orders the closings
    int64_t cost;
    int64_t proceeds; // its share of the sale's; what is left over goes with the sale's last shares
    int64_t realized_pl;
};
struct closing lot_close(const struct lot *lot, const struct sale *sale);
