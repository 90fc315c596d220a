// SPDX-License-Identifier: MIT
// Bars of the simulated market: the minutes of each symbol as its seconds are quoted, and those of
// any session, walked through for them.
#include "simulation/simulation_private.h"

#include "clock/exchange_calendar.h"

#include <assert.h>

void simulation_begin_minute(const struct simulation *simulation,
                             struct state *state,
                             int64_t tick,
                             int64_t price)
{
    state->minute_before = state->minute;
    state->minute = (struct timed_bar){.at = simulation->session.open_at + tick * MICROS_PER_SECOND,
                                       .open_micros = price,
                                       .high_micros = price,
                                       .low_micros = price,
                                       .close_micros = price};
}

void simulation_extend_minute(struct state *state, int64_t high, int64_t low, int64_t close)
{
    struct timed_bar *minute = &state->minute;

    minute->high_micros = high > minute->high_micros ? high : minute->high_micros;
    minute->low_micros = low < minute->low_micros ? low : minute->low_micros;
    minute->close_micros = close;
}

// Fills in what has changed hands in a minute, which is known by its time and that of the last
// second looked at.
static struct timed_bar whole_minute(const struct simulation *simulation,
                                     const struct state *state,
                                     struct timed_bar minute)
{
    int64_t from, until;

    // A minute of the session before has its volume already.
    if (minute.at < simulation->session.open_at)
        return minute;
    from = (minute.at - simulation->session.open_at) / MICROS_PER_SECOND;
    until = from + SECONDS_PER_MINUTE;
    if (simulation->tick + 1 < until)
        until = simulation->tick + 1;
    minute.volume = simulation_volume_after(simulation, state, until) -
                    simulation_volume_after(simulation, state, from);
    return minute;
}

void simulation_end_minutes(struct simulation *simulation)
{
    bool is_whole = simulation->tick == simulation_session_seconds(simulation);

    for (size_t i = 0; i < simulation->count; i++) {
        struct state *state = &simulation->states[i];

        if (is_whole)
            state->minute = whole_minute(simulation, state, state->minute);
        else
            state->minute.at = INT64_MIN; // time leapt over the rest of it
    }
}

void simulation_minutes(const struct simulation *simulation,
                        size_t index,
                        struct timed_bar *out_present,
                        struct timed_bar *out_before)
{
    const struct state *state = &simulation->states[index];

    assert(index < simulation->count);
    *out_present = whole_minute(simulation, state, state->minute);
    *out_before = whole_minute(simulation, state, state->minute_before);
}

// Begins the session of `day` and gives the last second of it that is before `until` or at its
// close; false when there is none.
static bool enter_day(struct simulation *simulation, int64_t day, int64_t until, int64_t *out_tick)
{
    struct market_session session;
    int64_t noon = day * MICROS_PER_DAY + MICROS_PER_DAY * 3 / 4; // within any of its sessions

    if (!market_hours_is_session(simulation->options.hours, day) ||
        !market_hours_session(simulation->options.hours, noon, &session) || until < session.open_at)
        return false;
    assert(session.day == day && day > simulation->session.day);
    simulation_begin_session(simulation, &session);
    *out_tick = simulation_tick_at(simulation, until);
    return true;
}

size_t simulation_list_minutes(struct simulation *simulation,
                               int64_t day,
                               int64_t until,
                               struct timed_bar out_minutes[SIMULATED_MINUTES_MAX])
{
    const struct state *state = &simulation->states[0];
    size_t count = 0;
    int64_t last;

    assert(simulation->count == 1);
    if (!enter_day(simulation, day, until, &last))
        return 0;
    for (int64_t tick = 0; tick <= last && tick < simulation_session_seconds(simulation);
         tick += SECONDS_PER_MINUTE) {
        simulation_go_to(simulation, tick);
        if (count > 0)
            out_minutes[count - 1] = whole_minute(simulation, state, state->minute_before);
        count++;
    }
    simulation_go_to(simulation, last);
    out_minutes[count - 1] = whole_minute(simulation, state, state->minute);
    return count;
}

bool simulation_list_day(struct simulation *simulation,
                         int64_t day,
                         int64_t until,
                         struct timed_bar *out_bar)
{
    const struct quote *quote = &simulation->states[0].quote;
    int64_t last;

    assert(simulation->count == 1);
    if (!enter_day(simulation, day, until, &last))
        return false;
    simulation_go_to(simulation, last);
    *out_bar = (struct timed_bar){.at = simulation->session.open_at,
                                  .open_micros = quote->open_micros,
                                  .high_micros = quote->high_micros,
                                  .low_micros = quote->low_micros,
                                  .close_micros = quote->price_micros,
                                  .volume = quote->volume};
    return true;
}
