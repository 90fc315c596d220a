// SPDX-License-Identifier: MIT
// universe: the symbols that a simulated market begins with, and what its prices are made from.
//
// Some 150 well-known shares and funds of the United States, so that a machine without a network
// shows real names. Ticker, name, exchange and sector are facts; prices and volatilities are round
// and plausible figures, not quotations.
//
// Threads: pure functions.
#pragma once

#include "simulation/simulation.h"

struct universe_entry {
    const char *ticker;
    const char *name;
    const char *exchange;
    const char *sector;
    int price;      // dollars
    int volatility; // percent a year
};

enum { UNIVERSE_MAX = 200 };

// The entries in order of tickers; returns how many.
size_t universe_entries(const struct universe_entry **out_entries);

// What the price of that symbol is simulated from: the universe's figures; or else `close_micros`,
// its last bar's (0 when it has none), and a volatility of 30 percent; or else a price between 10
// and 250 dollars that its ticker gives.
struct simulated_symbol
universe_simulate(const char *ticker, const char *sector, int64_t close_micros);
