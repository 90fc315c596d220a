// SPDX-License-Identifier: MIT
#include "snapshots/snapshots.h"

#include <stdio.h>
#include <string.h>

#include "snapshots/snapshot_store.h"
#include "valuation/closes.h"

enum {
    ROUNDS_MAX = 1000,      // of some days each
    DAYS_A_ROUND = 250,     // at most
    VALUES_A_ROUND = 20000, // days times tickers, about
    RESERVE_MS = 500,       // of the deadline, for what comes after
    SNAPSHOT_BUDGET = 32 * 1024 * 1024,
};

// One round of catching up.
struct round {
    struct portfolio *portfolio;
    struct call *call;
    const char *portfolio_id;
    struct snapshot_progress progress;
    struct session_list sessions;
    struct snapshot_group *groups;
    size_t group_count;
    const char **tickers;
    struct close_price **prices; // by ticker and session
    size_t ticker_count;
    size_t day; // that is being made
    struct snapshot *snapshots;
};

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET,
                     "The portfolio's days need too much memory.");
}

static bool
read_clock(struct portfolio *portfolio, struct platform_clock *out_clock, struct error *error)
{
    return quotes_clock(portfolio->quotes, out_clock) ||
           error_set(error, REASON_UNAVAILABLE,
                     "The platform's clock is not known yet. Try again soon.");
}

static bool read_progress(struct round *round, struct error *error)
{
    bool found = false;

    if (!snapshot_store_read_progress(round->portfolio->database, round->call->arena,
                                      round->portfolio_id, &round->progress, &found, error))
        return false;
    return found || error_set(error, REASON_PORTFOLIO_NOT_FOUND, "There is no portfolio %s.",
                              round->portfolio_id);
}

// From where on there are snapshots to be taken: from the last close on where nothing has happened
// yet.
static int64_t base_time(const struct round *round, int64_t until)
{
    if (round->progress.has_base)
        return round->progress.base.closed_at;
    return round->progress.begins_at != 0 ? round->progress.begins_at : until - 1;
}

static bool group(struct round *round, struct error *error)
{
    int64_t *closes =
        arena_allocate(round->call->arena, (round->sessions.count + 1) * sizeof(*closes));

    if (closes == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < round->sessions.count; i++)
        closes[i] = round->sessions.sessions[i].close;
    return snapshot_store_group_movements(
        round->portfolio->database, round->call->arena, round->portfolio_id, &round->progress,
        closes, round->sessions.count, &round->groups, &round->group_count, error);
}

static void add_ticker(struct round *round, const char *ticker)
{
    if (ticker[0] == '\0')
        return;
    for (size_t i = 0; i < round->ticker_count; i++) {
        if (strcmp(round->tickers[i], ticker) == 0)
            return;
    }
    round->tickers[round->ticker_count++] = ticker;
}

static bool collect_tickers(struct round *round, struct error *error)
{
    const struct snapshot *base = &round->progress.base;
    size_t most = base->position_count + round->group_count;

    round->tickers = arena_allocate(round->call->arena, (most + 1) * sizeof(*round->tickers));
    round->prices = arena_allocate(round->call->arena, (most + 1) * sizeof(*round->prices));
    if (round->tickers == NULL || round->prices == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < base->position_count; i++)
        add_ticker(round, base->positions[i].ticker);
    for (size_t i = 0; i < round->group_count; i++) {
        if (round->groups[i].day < round->sessions.count)
            add_ticker(round, round->groups[i].movement.ticker);
    }
    return true;
}

static bool load_prices(struct round *round, struct error *error)
{
    for (size_t i = 0; i < round->ticker_count; i++) {
        if (!closes_load(round->portfolio, round->call, round->tickers[i], round->sessions.sessions,
                         round->sessions.count, false, &round->prices[i], error))
            return false;
    }
    return true;
}

static bool price_at_close(void *context,
                           const struct snapshot *snapshot,
                           const char *ticker,
                           int64_t *out_price,
                           bool *out_is_of_day)
{
    const struct round *round = context;

    (void)snapshot;
    for (size_t i = 0; i < round->ticker_count; i++) {
        if (strcmp(round->tickers[i], ticker) == 0) {
            *out_price = round->prices[i][round->day].price;
            *out_is_of_day = round->prices[i][round->day].is_of_day;
            return *out_price > 0;
        }
    }
    return false;
}

// The day on which the portfolio began anew behind the base: that of its first movement since.
static size_t reset_day(const struct round *round)
{
    const struct snapshot_progress *progress = &round->progress;

    if (!progress->is_reset ||
        (progress->has_base && progress->base.closed_at > progress->reset_at))
        return SIZE_MAX;
    for (size_t i = 0; i < round->group_count; i++) {
        if (round->groups[i].is_new)
            return round->groups[i].day;
    }
    return SIZE_MAX;
}

// Adds the movements of a day: those of before a new beginning come first among the groups.
static bool
add_movements(const struct round *round, size_t day, struct snapshot *snapshot, struct error *error)
{
    bool begins_anew = reset_day(round) == day;

    for (size_t i = 0; i < round->group_count; i++) {
        const struct snapshot_group *group = &round->groups[i];

        if (group->day != day)
            continue;
        if (begins_anew && group->is_new) {
            snapshot_begin_anew(snapshot);
            begins_anew = false;
        }
        if (!snapshot_add(snapshot, &group->movement, error))
            return false;
        snapshot->movements += group->count;
    }
    return true;
}

// All entries up to this number are of this day or before.
static int64_t number_through(const struct round *round, size_t day)
{
    int64_t through = round->progress.base.through_seq;
    int64_t first_later = INT64_MAX;

    for (size_t i = 0; i < round->group_count; i++) {
        const struct snapshot_group *group = &round->groups[i];

        if (group->day > day && group->first_seq < first_later)
            first_later = group->first_seq;
        if (group->last_seq > through)
            through = group->last_seq;
    }
    return first_later == INT64_MAX ? through : first_later - 1;
}

static bool make_days(struct round *round, struct error *error)
{
    const struct snapshot *before = round->progress.has_base ? &round->progress.base : NULL;

    round->snapshots =
        arena_allocate(round->call->arena, (round->sessions.count + 1) * sizeof(*round->snapshots));
    if (round->snapshots == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < round->sessions.count; i++) {
        struct snapshot *snapshot = &round->snapshots[i];

        round->day = i;
        // One more for fees that are of no ticker.
        if (!snapshot_begin(before, round->ticker_count + 1, round->call->arena, snapshot, error) ||
            !add_movements(round, i, snapshot, error) ||
            !snapshot_close(snapshot, price_at_close, round, error))
            return false;
        memcpy(snapshot->day, round->sessions.sessions[i].day, DATE_SIZE);
        snapshot->closed_at = round->sessions.sessions[i].close;
        snapshot->through_seq = number_through(round, i);
        before = snapshot;
    }
    return true;
}

// How many days at once, so that their values fit into memory.
static size_t days_a_round(const struct round *round)
{
    size_t days = VALUES_A_ROUND / (round->progress.base.position_count + 16);

    return days < 1 ? 1 : days > DAYS_A_ROUND ? DAYS_A_ROUND : days;
}

// Until when there are snapshots to be taken.
static int64_t last_close(const struct round *round, const struct platform_clock *clock)
{
    if (round->progress.is_closed && round->progress.portfolio_closed_at < clock->previous_close)
        return round->progress.portfolio_closed_at;
    return clock->previous_close;
}

// Takes some days; `out_is_done` when there are no more, or somebody else is taking them.
static bool go_round(struct round *round,
                     const struct platform_clock *clock,
                     bool *out_is_done,
                     struct error *error)
{
    int64_t until = last_close(round, clock);
    bool is_ended = false;
    bool saved = false;

    if (base_time(round, until) >= until) {
        round->sessions = (struct session_list){0};
    } else if (!closes_list_sessions(round->portfolio, round->call, base_time(round, until), until,
                                     days_a_round(round), &round->sessions, error)) {
        return false;
    }
    is_ended = round->progress.is_closed && !round->sessions.has_more &&
               round->progress.portfolio_closed_at < clock->previous_close;
    *out_is_done = !round->sessions.has_more;
    if (round->sessions.count == 0 && is_ended == round->progress.is_ended)
        return true;
    if (!group(round, error) || !collect_tickers(round, error) || !load_prices(round, error) ||
        !make_days(round, error))
        return false;
    if (!snapshot_store_save(round->portfolio->database, round->call->arena, round->portfolio_id,
                             &round->progress, round->snapshots, round->sessions.count, is_ended,
                             &saved, error))
        return false;
    // Who lost against somebody else looks again.
    *out_is_done = *out_is_done && saved;
    round->progress.revision += saved;
    return true;
}

static bool has_time(const struct call *call, struct error *error)
{
    struct clock real = clock_real();

    if (clock_now_us(&real) < call->deadline_us - RESERVE_MS * MICROS_PER_MS)
        return true;
    return error_set(error, REASON_UNAVAILABLE,
                     "The portfolio's days are being filled. Try again soon.");
}

static bool go_rounds(struct portfolio *portfolio,
                      struct call *call,
                      const char *portfolio_id,
                      int rounds,
                      bool *out_is_done,
                      int64_t *out_revision,
                      struct error *error)
{
    struct platform_clock clock;
    bool is_done = false;

    if (!read_clock(portfolio, &clock, error))
        return false;
    for (int i = 0; i < rounds && !is_done; i++) {
        // What a round allocates is not needed after it.
        OWNED(arena) arena = arena_new(SNAPSHOT_BUDGET);
        struct call round_call = *call;
        struct round round = {
            .portfolio = portfolio, .call = &round_call, .portfolio_id = portfolio_id};

        round_call.arena = arena;
        if (!has_time(call, error) || !read_progress(&round, error) ||
            !go_round(&round, &clock, &is_done, error))
            return false;
        *out_revision = round.progress.revision;
    }
    *out_is_done = is_done;
    return true;
}

bool snapshots_catch_up(struct portfolio *portfolio,
                        struct call *call,
                        const char *portfolio_id,
                        int64_t *out_revision,
                        struct error *error)
{
    bool is_done = false;

    return go_rounds(portfolio, call, portfolio_id, ROUNDS_MAX, &is_done, out_revision, error) &&
           (is_done || error_set(error, REASON_UNAVAILABLE,
                                 "The portfolio's days are being filled. Try again soon."));
}

bool snapshots_take_some(struct portfolio *portfolio,
                         struct call *call,
                         const char *portfolio_id,
                         struct error *error)
{
    bool is_done = false;
    int64_t revision = 0;

    return go_rounds(portfolio, call, portfolio_id, 1, &is_done, &revision, error);
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
static bool read_session(struct round *round,
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

bool snapshots_take_present(struct portfolio *portfolio,
                            struct call *call,
                            const char *portfolio_id,
                            struct snapshots_state *out_state,
                            struct error *error)
{
    struct round round = {.portfolio = portfolio, .call = call, .portfolio_id = portfolio_id};
    struct snapshots_state state = {0};
    struct platform_clock clock;
    struct session session;

    if (!snapshots_catch_up(portfolio, call, portfolio_id, &state.revision, error) ||
        !read_clock(portfolio, &clock, error) || !read_progress(&round, error) ||
        !read_session(&round, &clock, &session, error) || !group(&round, error))
        return false;
    state.days_per_year = round.sessions.days_per_year;
    state.revision = round.progress.revision;
    state.has_present =
        !round.progress.is_closed && (clock.now >= session.open || round.group_count > 0);
    if (!state.has_present) {
        *out_state = state;
        return true;
    }
    if (!snapshot_begin(round.progress.has_base ? &round.progress.base : NULL, round.group_count,
                        call->arena, &state.present, error) ||
        !add_movements(&round, 0, &state.present, error) ||
        !snapshot_close(&state.present, latest_price, portfolio, error))
        return false;
    memcpy(state.present.day, session.day, DATE_SIZE);
    state.present.closed_at = clock.now;
    *out_state = state;
    return true;
}
