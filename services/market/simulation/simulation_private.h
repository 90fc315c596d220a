// SPDX-License-Identifier: MIT
// simulation_private: what the parts of the simulated market share: simulation.c, which makes its
// prices, and simulation_bars.c, which makes bars of them.
#pragma once

#include "simulation/simulation.h"
#include "simulation/simulation_math.h"

enum { SECONDS_PER_MINUTE = 60 };

// Something that random steps belong to: the market, a sector or a symbol.
struct source {
    uint64_t key;
    uint64_t day_key; // of the present day
};

struct state {
    struct simulated_symbol symbol;
    struct source source;
    size_t sector;
    // Of a step: all as levels, but for the volume.
    int64_t day_deviation;
    int64_t gap_deviation;
    int64_t session_deviation;
    int64_t variance_half; // what a day's drift must be for the price itself to have none
    int64_t dollars_a_day;
    const struct split *splits; // of the simulation's
    size_t split_count;

    // Of the present day.
    int64_t listed_micros;  // the price by the splits until then
    int64_t previous_level; // at the close before
    int64_t open_level;
    int64_t close_level;
    int64_t drift;       // of the session
    int64_t day_end;     // of the path
    int64_t minutes_sum; // of the day's minutes before they are bridged
    int64_t volume;
    // Of the present minute.
    int64_t minutes_before;
    int64_t minute_start, minute_end; // of the path
    int64_t minute_level;             // what the path is added to
    int64_t seconds_sum;
    // Of the present second.
    int64_t seconds_before;

    struct quote quote;
    bool has_changed;
    struct timed_bar minute, minute_before;
};

// The steps that all symbols of a sector have in common: the market's and the sector's, weighed.
struct common {
    int32_t minutes[SIMULATED_MINUTES_MAX];
    int32_t seconds[SECONDS_PER_MINUTE];
    int64_t gap, day;
};

struct simulation {
    struct simulation_options options;
    uint64_t exponents[EXPONENT_TABLE_SIZE];
    struct split *splits;
    struct state *states;
    size_t count;
    struct source market;
    struct source sectors[SIMULATED_SECTORS_MAX];
    struct common common[SIMULATED_SECTORS_MAX];
    size_t sector_count;
    struct market_session session;
    int64_t levels_day; // the last day that is in the levels
    int64_t tick;       // seconds since the session began; -1 before the first is quoted
    int64_t minute_deviation, second_deviation; // of a step of the path
};

int64_t simulation_session_seconds(const struct simulation *simulation);

// What has changed hands in the session after that many seconds.
int64_t simulation_volume_after(const struct simulation *simulation,
                                const struct state *state,
                                int64_t seconds);

// A moment within the present session as a second of it; the close is its last.
int64_t simulation_tick_at(const struct simulation *simulation, int64_t at);

void simulation_begin_session(struct simulation *simulation, const struct market_session *session);

// Goes on to a second of the present session.
void simulation_go_to(struct simulation *simulation, int64_t to);

// The minutes of a symbol, for which the second that is quoted says what belongs to them.
void simulation_begin_minute(const struct simulation *simulation,
                             struct state *state,
                             int64_t tick,
                             int64_t price);
void simulation_extend_minute(struct state *state, int64_t high, int64_t low, int64_t close);
// Ends the session's last minute before another session begins.
void simulation_end_minutes(struct simulation *simulation);
