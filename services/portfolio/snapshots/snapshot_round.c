// SPDX-License-Identifier: MIT
#include "snapshots/snapshot_round.h"

#include <string.h>

#include "snapshots/snapshot_due.h"
#include "valuation/closes.h"

enum {
    VALUES_A_ROUND = 20000, // days times tickers, about
    DAYS_A_ROUND = 250,     // at most
};

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET,
                     "The portfolio's days need too much memory.");
}

bool snapshot_round_read(struct snapshot_round *round, struct error *error)
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
static int64_t base_time(const struct snapshot_round *round, int64_t until)
{
    if (round->progress.has_base)
        return round->progress.base.closed_at;
    return round->progress.begins_at != 0 ? round->progress.begins_at : until - 1;
}

bool snapshot_round_group(struct snapshot_round *round, struct error *error)
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

static void add_ticker(struct snapshot_round *round, const char *ticker)
{
    if (ticker[0] == '\0')
        return;
    for (size_t i = 0; i < round->ticker_count; i++) {
        if (strcmp(round->tickers[i], ticker) == 0)
            return;
    }
    round->tickers[round->ticker_count++] = ticker;
}

static bool collect_tickers(struct snapshot_round *round, struct error *error)
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

static bool load_prices(struct snapshot_round *round, struct error *error)
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
    const struct snapshot_round *round = context;

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
static size_t reset_day(const struct snapshot_round *round)
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
bool snapshot_round_add_movements(const struct snapshot_round *round,
                                  size_t day,
                                  struct snapshot *snapshot,
                                  struct error *error)
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
static int64_t number_through(const struct snapshot_round *round, size_t day)
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

static bool make_days(struct snapshot_round *round, struct error *error)
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
            !snapshot_round_add_movements(round, i, snapshot, error) ||
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
static size_t days_a_round(const struct snapshot_round *round)
{
    size_t days = VALUES_A_ROUND / (round->progress.base.position_count + 16);

    return days < 1 ? 1 : days > DAYS_A_ROUND ? DAYS_A_ROUND : days;
}

// Until when there are snapshots to be taken.
static int64_t last_close(const struct snapshot_round *round, const struct platform_clock *clock)
{
    if (round->progress.is_closed && round->progress.portfolio_closed_at < clock->previous_close)
        return round->progress.portfolio_closed_at;
    return clock->previous_close;
}

static bool list_sessions(struct snapshot_round *round,
                          const struct platform_clock *clock,
                          size_t days,
                          struct error *error)
{
    int64_t until = last_close(round, clock);
    size_t most = days_a_round(round);

    if (round->from >= until) {
        round->sessions = (struct session_list){0};
        return true;
    }
    return closes_list_sessions(round->portfolio, round->call, round->from, until,
                                days < most ? days : most, &round->sessions, error);
}

// The last day that is there now.
static void note_day(struct snapshot_round *round)
{
    const struct snapshot *last = &round->progress.base;

    if (round->sessions.count > 0)
        last = &round->snapshots[round->sessions.count - 1];
    memcpy(round->through, last->day, DATE_SIZE);
}

static bool
save(struct snapshot_round *round, bool is_ended, bool *out_is_saved, struct error *error)
{
    if (!snapshot_store_save(round->portfolio->database, round->call->arena, round->portfolio_id,
                             &round->progress, round->snapshots, round->sessions.count, is_ended,
                             out_is_saved, error))
        return false;
    if (*out_is_saved) {
        round->progress.revision++;
        note_day(round);
    }
    return true;
}

// Reckons the days of the sessions, and writes them.
static bool
make_and_save(struct snapshot_round *round, bool is_ended, bool *out_is_saved, struct error *error)
{
    return snapshot_round_group(round, error) && collect_tickers(round, error) &&
           load_prices(round, error) && make_days(round, error) &&
           save(round, is_ended, out_is_saved, error);
}

bool snapshot_round_take(struct snapshot_round *round,
                         const struct platform_clock *clock,
                         size_t days,
                         enum snapshot_outcome *out_outcome,
                         struct error *error)
{
    struct database *database = round->portfolio->database;
    int64_t revision = round->progress.revision;
    bool is_claimed = true;
    bool is_ended = false;
    bool is_saved = false;

    round->from = base_time(round, last_close(round, clock));
    memcpy(round->through, round->progress.base.day, DATE_SIZE);
    if (!list_sessions(round, clock, days, error))
        return false;
    is_ended = round->progress.is_closed && !round->sessions.has_more &&
               round->progress.portfolio_closed_at < clock->previous_close;
    if (round->sessions.count == 0 && is_ended == round->progress.is_ended) {
        *out_outcome = SNAPSHOTS_ARE_COMPLETE;
        return true;
    }
    if (round->sessions.has_more &&
        !snapshot_due_claim(database, round->call->arena, round->portfolio_id, revision,
                            &is_claimed, error))
        return false;
    if (!is_claimed) {
        *out_outcome = SNAPSHOTS_ARE_LEFT;
        return true;
    }
    if (!make_and_save(round, is_ended, &is_saved, error)) {
        if (round->sessions.has_more)
            snapshot_due_give_back(database, round->call->arena, round->portfolio_id, revision);
        return false;
    }
    // Who lost against somebody else looks again.
    *out_outcome =
        is_saved && !round->sessions.has_more ? SNAPSHOTS_ARE_COMPLETE : SNAPSHOTS_HAVE_MORE;
    return true;
}
