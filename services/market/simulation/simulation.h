// SPDX-License-Identifier: MIT
// simulation: a made-up market, in which the prices of any second follow from the seed alone.
//
// Each price is a geometric Brownian motion without drift, in steps of one second while there is a
// session, with a night's gap as one step at the open. Steps of different symbols are correlated
// through one factor of the whole market and one of each sector (Glasserman, Monte Carlo Methods in
// Financial Engineering, 2003: 3.1.2 for the paths by Brownian bridge, 3.2 for the motion and 2.3.3
// for correlated normals): 0.3 between any two symbols, 0.5 within a sector. From day to day the
// logarithm is drawn back towards the listed price by 1/512 (Schwartz, The Stochastic Behavior of
// Commodity Prices, 1997, model 1), for otherwise a made-up price would be nothing like the real
// one after some years.
//
// How the price at any moment is found: the level at which each day begins and ends is a sum over
// the days since 1990 of variates numbered by seed, ticker and day. Within the day a bridge of
// minutes leads from the one to the other, and within each minute a bridge of seconds. So nothing
// need be stored: after a restart, in another process and on another machine the same seed gives
// the same quotes, to the last byte. All of it is integer arithmetic (simulation_math.h).
//
// A quote is made anew when a second changes it, and with each full minute. What was not looked at,
// because time leapt, is in the high and low nevertheless.
//
// Threads: none of its own; the caller serialises access. Memory: quotes are borrowed until the
// next move.
#pragma once

#include "actions/corporate_action.h"
#include "clock/market_hours.h"
#include "player/replay.h"

enum {
    SIMULATED_VOLATILITY_MAX = 30000, // 300 percent a year
    SIMULATED_SECTORS_MAX = 64,       // with a factor of their own; others share the last
    SIMULATED_MINUTES_MAX = 1440,     // of a session
};

struct simulated_symbol {
    char ticker[TICKER_SIZE];
    char sector[65];                 // "" when there is none
    int64_t price_micros;            // that it is drawn back to, before any split
    int64_t volatility_basis_points; // a year's: 2500 is 25 percent
};

struct simulation_options {
    int64_t seed;
    enum market_hours hours;
    const struct split *splits; // in order of tickers and days
    size_t split_count;
};

struct simulation;

// Copies the symbols and their splits. Prices are above 0 and at most PRICE_MICROS_MAX / 10,
// volatilities from 1 to SIMULATED_VOLATILITY_MAX. The caller owns it.
struct simulation *simulation_new(const struct simulation_options *options,
                                  const struct simulated_symbol *symbols,
                                  size_t count);
void simulation_free(struct simulation **simulation);

// Goes on to platform time `at`, which is not before the last one. Nothing is quoted before the
// first session of the calendar.
void simulation_move(struct simulation *simulation, int64_t at);

size_t simulation_count(const struct simulation *simulation);

// The quote of a symbol, by its number in the order given; NULL when there is none yet.
const struct quote *simulation_quote(const struct simulation *simulation, size_t index);

// Whether the last move has changed it.
bool simulation_has_changed(const struct simulation *simulation, size_t index);

// The minute of a symbol in which the last move has ended, as far as it has come, and the minute
// before; `at` is INT64_MIN where there is none. The close of a session is in its last minute.
void simulation_minutes(const struct simulation *simulation,
                        size_t index,
                        struct timed_bar *out_present,
                        struct timed_bar *out_before);

// Walks through the session of `day` until `until` at most, for the only symbol, and fills in its
// minutes. Days come in order. Returns how many there are; none of a day without a session.
size_t simulation_list_minutes(struct simulation *simulation,
                               int64_t day,
                               int64_t until,
                               struct timed_bar out_minutes[SIMULATED_MINUTES_MAX]);

// The same of the whole day, as one bar. False when there is none.
MUST_CHECK bool simulation_list_day(struct simulation *simulation,
                                    int64_t day,
                                    int64_t until,
                                    struct timed_bar *out_bar);

// The first second after `at` at which prices move: also the close of a session that another does
// not follow at once, whose price stays for the night.
int64_t simulation_next_tick(enum market_hours hours, int64_t at);

// The quotes of one symbol that began to hold after `after` and until `until`, in order; the first
// `max` of them. Returns how many.
size_t simulation_list_quotes(const struct simulation_options *options,
                              const struct simulated_symbol *symbol,
                              int64_t after,
                              int64_t until,
                              struct quote *out_quotes,
                              size_t max);

// What a price lies apart by from the next: a cent, and a hundredth of it below a dollar.
int64_t simulation_tick_micros(int64_t price_micros);
