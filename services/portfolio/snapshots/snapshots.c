// SPDX-License-Identifier: MIT
#include "snapshots/snapshots.h"

#include <string.h>

#include "snapshots/snapshot_due.h"
#include "snapshots/snapshot_round.h"

enum {
    DAYS_FIRST = 8,
    DAYS_MAX = 256,
    QUICK_US = 200 * 1000, // rounds that take no longer are followed by longer ones
    LONG_US = 800 * 1000,
    TAKING_US = 1000 * 1000, // no round begins after it
    READER_ROUND_US = 2000 * 1000,
    PRESENT_TRIES = 3,
    SNAPSHOT_BUDGET = 32 * 1024 * 1024,
};

// Catching up, round by round.
struct catching {
    struct portfolio *portfolio;
    struct call *call;
    const char *portfolio_id;
    bool is_reader; // who waits for the answer
    struct platform_clock clock;
    size_t days; // of the next round
    enum snapshot_outcome outcome;
    struct snapshots_state state;
};

static bool
read_clock(struct portfolio *portfolio, struct platform_clock *out_clock, struct error *error)
{
    return quotes_clock(portfolio->quotes, out_clock) ||
           error_set(error, REASON_UNAVAILABLE,
                     "The platform's clock is not known yet. Try again soon.");
}

// As many days as are quickly done: what a price costs depends on the market.
static void set_pace(struct catching *catching, int64_t took_us)
{
    if (took_us < QUICK_US && catching->days < DAYS_MAX)
        catching->days *= 2;
    else if (took_us > LONG_US && catching->days > 1)
        catching->days /= 2;
}

static void limit_reader(struct call *call)
{
    struct clock real = clock_real();
    int64_t end_us = clock_now_us(&real) + READER_ROUND_US;

    if (end_us < call->deadline_us)
        call->deadline_us = end_us;
}

// Whether market was too slow for a reader, who leaves the days to the schedule.
static bool is_too_slow(const struct catching *catching,
                        const struct snapshot_round *round,
                        const struct error *error)
{
    struct clock real = clock_real();

    return catching->is_reader && error_is(error, REASON_DEADLINE_EXCEEDED) &&
           round->sessions.count > 0 && clock_now_us(&real) < catching->call->deadline_us;
}

static bool take_round(struct catching *catching, struct snapshot_round *round, struct error *error)
{
    if (!snapshot_round_read(round, error))
        return false;
    if (!snapshot_round_take(round, &catching->clock, catching->days, &catching->outcome, error)) {
        if (!is_too_slow(catching, round, error))
            return false;
        catching->outcome = SNAPSHOTS_ARE_LEFT;
    }
    memcpy(catching->state.through, round->through, DATE_SIZE);
    catching->state.revision = round->progress.revision;
    if (round->sessions.days_per_year > 0)
        catching->state.days_per_year = round->sessions.days_per_year;
    // Who finds days missing that nobody knew of sees to it that they are filled.
    return catching->outcome != SNAPSHOTS_ARE_LEFT || round->progress.closed_at <= round->from ||
           snapshot_due_mark_one(catching->portfolio->database, round->call->arena,
                                 catching->portfolio_id, round->from, error);
}

static bool go_round(struct catching *catching, struct error *error)
{
    // What a round allocates is not needed after it.
    OWNED(arena) arena = arena_new(SNAPSHOT_BUDGET);
    struct call call = *catching->call;
    struct snapshot_round round = {
        .portfolio = catching->portfolio, .call = &call, .portfolio_id = catching->portfolio_id};
    int64_t began_us = clock_monotonic_us();

    call.arena = arena;
    if (catching->is_reader)
        limit_reader(&call);
    if (!take_round(catching, &round, error))
        return false;
    set_pace(catching, clock_monotonic_us() - began_us);
    return true;
}

static bool go_rounds(struct catching *catching, struct error *error)
{
    int64_t end_us = clock_monotonic_us() + TAKING_US;

    catching->days = DAYS_FIRST;
    if (!read_clock(catching->portfolio, &catching->clock, error))
        return false;
    do {
        if (!go_round(catching, error))
            return false;
    } while (catching->outcome == SNAPSHOTS_HAVE_MORE && clock_monotonic_us() < end_us);
    catching->state.is_complete = catching->outcome == SNAPSHOTS_ARE_COMPLETE;
    return true;
}

bool snapshots_catch_up(struct portfolio *portfolio,
                        struct call *call,
                        const char *portfolio_id,
                        struct snapshots_state *out_state,
                        struct error *error)
{
    struct catching catching = {
        .portfolio = portfolio, .call = call, .portfolio_id = portfolio_id, .is_reader = true};

    if (!go_rounds(&catching, error))
        return false;
    *out_state = catching.state;
    return true;
}

bool snapshots_fill(struct portfolio *portfolio,
                    struct call *call,
                    const char *portfolio_id,
                    struct error *error)
{
    struct catching catching = {.portfolio = portfolio, .call = call, .portfolio_id = portfolio_id};

    return go_rounds(&catching, error);
}

static bool latest_price(void *context,
                         const struct snapshot *snapshot,
                         const char *ticker,
                         int64_t *out_price,
                         bool *out_is_of_day)
{
    struct portfolio *portfolio = context;
    struct quote quote;

    (void)snapshot;
    if (!quotes_get(portfolio->quotes, ticker, &quote) || quote.price_micros <= 0)
        return false;
    *out_price = quote.price_micros;
    *out_is_of_day = true;
    return true;
}

// The session that is on, or comes next.
static bool read_session(struct snapshot_round *round,
                         const struct platform_clock *clock,
                         struct session *out_session,
                         struct error *error)
{
    struct session_list list = {0};

    if (!closes_list_sessions(round->portfolio, round->call, clock->next_close - 1,
                              clock->next_close, 1, &list, error))
        return false;
    if (list.count != 1)
        return error_set(error, REASON_INTERNAL, "market does not know its next session.");
    round->sessions.days_per_year = list.days_per_year;
    *out_session = list.sessions[0];
    return true;
}

static bool
make_present(struct snapshot_round *round, struct snapshot *out_present, struct error *error)
{
    return snapshot_begin(round->progress.has_base ? &round->progress.base : NULL,
                          round->group_count, round->call->arena, out_present, error) &&
           snapshot_round_add_movements(round, 0, out_present, error) &&
           snapshot_close(out_present, latest_price, round->portfolio, error);
}

// Takes the present of all that was caught up with; `out_is_settled` is false when a session has
// closed meanwhile: then its day is to be taken first.
static bool take_present(struct catching *catching, bool *out_is_settled, struct error *error)
{
    struct snapshot_round round = {.portfolio = catching->portfolio,
                                   .call = catching->call,
                                   .portfolio_id = catching->portfolio_id};
    struct snapshots_state *state = &catching->state;
    struct platform_clock clock;
    struct session session;

    if (!snapshot_round_read(&round, error) ||
        !read_session(&round, &catching->clock, &session, error) ||
        !snapshot_round_group(&round, error) || !read_clock(catching->portfolio, &clock, error))
        return false;
    *out_is_settled = clock.previous_close == catching->clock.previous_close &&
                      round.progress.base.closed_at <= clock.previous_close;
    state->days_per_year = round.sessions.days_per_year;
    state->has_present = *out_is_settled && !round.progress.is_closed &&
                         (clock.now >= session.open || round.group_count > 0);
    if (state->has_present && !make_present(&round, &state->present, error))
        return false;
    memcpy(state->present.day, session.day, DATE_SIZE);
    state->present.closed_at = clock.now;
    return true;
}

bool snapshots_take_present(struct portfolio *portfolio,
                            struct call *call,
                            const char *portfolio_id,
                            struct snapshots_state *out_state,
                            struct error *error)
{
    struct catching catching = {
        .portfolio = portfolio, .call = call, .portfolio_id = portfolio_id, .is_reader = true};
    bool is_settled = false;

    // Of a replay in which sessions close faster than that there is no present.
    for (int i = 0; i < PRESENT_TRIES && !is_settled; i++) {
        if (!go_rounds(&catching, error))
            return false;
        if (!catching.state.is_complete)
            break;
        if (!take_present(&catching, &is_settled, error))
            return false;
    }
    *out_state = catching.state;
    return true;
}
