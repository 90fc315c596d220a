// SPDX-License-Identifier: MIT
#include "clock/platform_clock.h"

#include "clock/exchange_calendar.h"

#define ALLOWED_AHEAD_US (3 * MICROS_PER_SECOND)
#define ALLOWED_LEAST_US (2 * MICROS_PER_SECOND)

static int64_t least(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

int64_t clock_state_now(const struct clock_state *state, int64_t real_now)
{
    int64_t passed_us = real_now > state->as_of ? real_now - state->as_of : 0;
    int64_t product;

    if (state->speed_micros == 0)
        return state->base_at;
    if (__builtin_mul_overflow(passed_us, state->speed_micros, &product))
        return CALENDAR_END_AT - 1;
    return least(state->base_at + product / CLOCK_SPEED_ONE, CALENDAR_END_AT - 1);
}

int64_t clock_state_due(const struct clock_state *state, int64_t at)
{
    int64_t ahead = at - state->base_at;
    int64_t whole, rest;

    if (state->speed_micros == 0)
        return INT64_MAX;
    if (ahead <= 0)
        return state->as_of;
    // Both parts fit: a calendar's length at the least speed is less than 2^63.
    whole = ahead / state->speed_micros * CLOCK_SPEED_ONE;
    rest = ahead % state->speed_micros * CLOCK_SPEED_ONE;
    return state->as_of + whole + (rest + state->speed_micros - 1) / state->speed_micros;
}

static bool check_fields(const struct clock_change *change, struct error *error)
{
    error_clear(error);
    if (change->mode == CLOCK_REAL && change->has_at)
        error_add_violation(error, "at", "is not for mode real, which shows the real time");
    if (change->mode != CLOCK_REPLAY && change->has_speed)
        error_add_violation(error, "speed", "is only for mode replay");
    if (change->has_at && change->at >= CALENDAR_END_AT)
        error_add_violation(error, "at", "must be before 2101-01-01, where the calendar ends");
    return error->code == CODE_OK;
}

bool clock_state_change(const struct clock_state *state,
                        const struct clock_change *change,
                        int64_t now,
                        int64_t real_now,
                        struct clock_state *out_state,
                        struct error *error)
{
    struct clock_state next = {.mode = change->mode, .as_of = real_now};
    char from[TIMESTAMP_SIZE], to[TIMESTAMP_SIZE];

    if (!check_fields(change, error))
        return false;
    next.base_at = change->mode == CLOCK_REAL ? real_now : change->has_at ? change->at : now;
    if (next.base_at < now) {
        timestamp_print(now, from);
        timestamp_print(next.base_at, to);
        (void)error_set(error, REASON_CLOCK_CANNOT_GO_BACK,
                        "The clock shows %s and cannot go back to %s.", from, to);
        error_add_number(error, "now", "%s", from);
        error_add_number(error, "at", "%s", to);
        return false;
    }
    if (change->mode == CLOCK_REAL)
        next.speed_micros = CLOCK_SPEED_ONE;
    else if (change->mode == CLOCK_REPLAY)
        next.speed_micros = change->has_speed             ? change->speed_micros
                            : state->mode == CLOCK_REPLAY ? state->speed_micros
                                                          : CLOCK_SPEED_ONE;
    next.shown_until = next.base_at;
    next.version = state->version + 1;
    *out_state = next;
    return true;
}

struct clock_state clock_state_resume(const struct clock_state *stored, int64_t real_now)
{
    struct clock_state state = *stored;

    state.as_of = real_now;
    if (stored->mode == CLOCK_REPLAY)
        state.base_at = least(clock_state_now(stored, real_now), stored->shown_until);
    if (stored->mode == CLOCK_REAL && real_now > stored->base_at)
        state.base_at = real_now;
    return state;
}

bool clock_state_needs_more(const struct clock_state *state, int64_t real_now, int64_t *out_until)
{
    if (state->mode != CLOCK_REPLAY ||
        state->shown_until >= clock_state_now(state, real_now + ALLOWED_LEAST_US))
        return false;
    *out_until = clock_state_now(state, real_now + ALLOWED_AHEAD_US);
    return true;
}
