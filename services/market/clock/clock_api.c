// SPDX-License-Identifier: MIT
// The platform clock and the quotes that followers of the topic need beside it.
#include "market.h"

#include "bars/minute_store.h"
#include "clock/exchange_calendar.h"
#include "market_store.h"
#include "simulation/universe_store.h"

enum { SNAPSHOT_QUOTES = 1000, HISTORY_QUOTES = 1000 };

static bool fill_clock(struct arena *arena,
                       const struct clock_view *view,
                       Market__Clock **out,
                       struct error *error)
{
    *out = arena_allocate(arena, sizeof **out);
    if (*out == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the clock does not fit");
    market_message_clock(view, *out);
    return true;
}

bool market_api_get_clock(struct market *market,
                          struct call *call,
                          const Market__GetClockRequest *request,
                          Market__GetClockResponse *response,
                          struct error *error)
{
    struct clock_view view;

    (void)request;
    return player_clock(market->player, &view, error) &&
           fill_clock(call->arena, &view, &response->clock, error);
}

// Changing the clock: its row and the request id in one transaction, while the player holds it
// still.
struct clock_setting {
    struct market *market;
    struct call *call;
    const Market__SetClockRequest *request;
    Market__SetClockResponse *response;
    struct clock_state state; // before
    int64_t now;
    struct clock_state next;
    bool was_done; // by an earlier call with the same request id
};

static bool set_clock(struct transaction *transaction, void *context, struct error *error)
{
    struct clock_setting *setting = context;
    const Market__SetClockRequest *request = setting->request;
    const struct clock_change change = {
        .mode = (enum clock_mode)request->mode,
        .has_at = request->has_at,
        .at = request->at,
        .has_speed = request->has_speed_micros,
        .speed_micros = request->speed_micros,
    };
    const struct audit_outbox_event event = {
        .call = setting->call,
        .action = "clock.set",
        .method = &market_method_set_clock,
        .request = &request->base,
    };
    int64_t real_now = clock_now_us(&setting->market->real_time);
    struct clock_view view;

    if (!idempotency_begin(transaction, setting->call, &market_method_set_clock,
                           &setting->response->base, &setting->was_done, error))
        return false;
    if (setting->was_done)
        return true;
    if (!clock_state_change(&setting->state, &change, setting->now, real_now, &setting->next,
                            error))
        return false;
    view = (struct clock_view){.mode = setting->next.mode,
                               .now = setting->next.base_at,
                               .as_of = setting->next.as_of,
                               .speed_micros = setting->next.speed_micros,
                               .hours = setting->market->simulation.hours};
    return fill_clock(setting->call->arena, &view, &setting->response->clock, error) &&
           store_change_clock(transaction, setting->state.version, &setting->next, error) &&
           audit_outbox_add(transaction, &event, 1, error) &&
           idempotency_finish(transaction, setting->call, &market_method_set_clock,
                              &setting->response->base, error);
}

static enum player_outcome
outcome_of(bool is_done, const struct clock_setting *setting, const struct error *error)
{
    if (is_done)
        return setting->was_done ? PLAYER_UNCHANGED : PLAYER_CHANGED;
    // The row may be another now: the commit's outcome is unknown, or somebody else has set it.
    return error->outcome_unknown || error_is(error, REASON_OUTCOME_UNKNOWN) ||
                   error_is(error, REASON_CONFLICT)
               ? PLAYER_UNKNOWN
               : PLAYER_UNCHANGED;
}

bool market_api_set_clock(struct market *market,
                          struct call *call,
                          const Market__SetClockRequest *request,
                          Market__SetClockResponse *response,
                          struct error *error)
{
    struct clock_setting setting = {
        .market = market, .call = call, .request = request, .response = response};
    bool is_done;

    error_clear(error);
    if (request->mode == MARKET__CLOCK_MODE__CLOCK_MODE_UNSPECIFIED) {
        error_add_violation(error, "mode", "must be real, replay or step");
        return false;
    }
    if (market->is_live && request->mode != MARKET__CLOCK_MODE__CLOCK_MODE_REAL) {
        error_add_violation(error, "mode", "must be real while prices are live");
        return false;
    }
    if (!player_hold(market->player, call->deadline_us, &setting.state, &setting.now, error))
        return false;
    is_done = database_transact(market->database, call->arena, 0, set_clock, &setting, error);
    player_release(market->player, outcome_of(is_done, &setting, error), &setting.next);
    return is_done && player_wait(market->player, response->clock->now, call->deadline_us, error);
}

static bool fill_quotes(struct arena *arena,
                        const struct quote *quotes,
                        size_t count,
                        int64_t now,
                        Market__Quote ***out_quotes,
                        struct error *error)
{
    Market__Quote *messages = arena_allocate(arena, (count + 1) * sizeof *messages);
    Market__Quote **pointers = arena_allocate(arena, (count + 1) * sizeof(Market__Quote *));

    if (messages == NULL || pointers == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the quotes do not fit");
    for (size_t i = 0; i < count; i++) {
        market_message_quote(&quotes[i], now, &messages[i]);
        pointers[i] = &messages[i];
    }
    *out_quotes = pointers;
    return true;
}

bool market_api_get_quote_snapshot(struct market *market,
                                   struct call *call,
                                   const Market__GetQuoteSnapshotRequest *request,
                                   Market__GetQuoteSnapshotResponse *response,
                                   struct error *error)
{
    const char *after = request->after_ticker == NULL ? "" : request->after_ticker;
    struct player_page page;

    if (!player_snapshot(market->player, call->arena, after, SNAPSHOT_QUOTES, &page, error) ||
        !fill_quotes(call->arena, page.quotes, page.count, page.clock.now, &response->quotes,
                     error) ||
        !fill_clock(call->arena, &page.clock, &response->clock, error))
        return false;
    response->n_quotes = page.count;
    response->has_more = true;
    response->more = page.more;
    response->has_epoch = true;
    response->epoch = page.epoch;
    response->has_on_demand = true;
    response->on_demand = market->is_live;
    response->has_simulated = true;
    response->simulated = market->is_simulated;
    response->has_sequence = true;
    response->sequence = page.sequence;
    return true;
}

// What is asked for: the first `limit` quotes of a symbol after one moment and until another.
struct history {
    const char *ticker;
    int64_t after, until;
    size_t limit;
    struct quote *quotes; // room for them
};

// The quotes of a bar that became due within the time asked for.
static size_t list_due(const struct latest_bar *latest,
                       int64_t after,
                       int64_t until,
                       int64_t spread_basis_points,
                       struct quote *out_quotes,
                       size_t max)
{
    size_t count = 0;

    for (int phase = PHASE_OPEN; phase < PHASE_COUNT && count < max; phase++) {
        int64_t due = replay_due_at(latest->bar.day, (enum replay_phase)phase);

        if (due > after && due <= until)
            out_quotes[count++] = replay_quote(&latest->bar, (enum replay_phase)phase,
                                               latest->previous_close_micros, spread_basis_points);
    }
    return count;
}

// The same of a bar that is made of minutes; `minutes` are all of its day until then.
static size_t list_due_minutes(const struct latest_bar *latest,
                               const struct timed_bar *minutes,
                               size_t minute_count,
                               const struct history *history,
                               int64_t spread_basis_points,
                               size_t count)
{
    struct quote quote;
    bool has_before = false;

    for (size_t i = 0; i < minute_count; i++) {
        struct bar minute = market_bar_of_minute(&latest->bar, &minutes[i]);

        for (int phase = PHASE_OPEN; phase < PHASE_COUNT; phase++) {
            int64_t due = replay_minute_due_at(minute.at, (enum replay_phase)phase);

            quote =
                replay_minute_quote(has_before ? &quote : NULL, &minute, (enum replay_phase)phase,
                                    latest->previous_close_micros, spread_basis_points);
            has_before = true;
            if (due > history->after && due <= history->until && count < history->limit)
                history->quotes[count++] = quote;
        }
    }
    return count;
}

static bool list_of_minutes(struct market *market,
                            struct call *call,
                            const struct latest_bar *latest,
                            const struct history *history,
                            size_t *count,
                            struct error *error)
{
    const int64_t end = exchange_calendar_at(latest->bar.day + 1, 0);
    const struct minute_query query = {
        .ticker = latest->bar.ticker,
        .from = exchange_calendar_at(latest->bar.day, 0),
        .until = history->until + 1 < end ? history->until + 1 : end,
        .is_of_imports = true,
        .limit = CALENDAR_SESSION_MINUTES,
    };
    struct timed_bar *minutes = arena_allocate(call->arena, query.limit * sizeof *minutes);
    size_t minute_count = 0;

    if (minutes == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the minutes do not fit");
    if (!minute_store_list(market->history, call->arena, &query, minutes, &minute_count, error))
        return false;
    *count = list_due_minutes(latest, minutes, minute_count, history, market->spread_basis_points,
                              *count);
    return true;
}

// The quotes of the stored bars that became due.
static bool list_replayed(struct market *market,
                          struct call *call,
                          const struct history *history,
                          size_t *out_count,
                          struct error *error)
{
    struct bar_query query = {.ticker = history->ticker,
                              .first_day = exchange_calendar_day(history->after < CALENDAR_START_AT
                                                                     ? CALENDAR_START_AT
                                                                     : history->after),
                              .last_day = exchange_calendar_day(history->until),
                              .limit = history->limit + 1};
    struct latest_bar *bars = NULL;
    size_t bar_count = 0, count = 0;

    if (!split_table_refresh(market->splits, error) ||
        !store_list_bars_with_previous(market->database, call->arena, &query, &bars, &bar_count,
                                       error))
        return false;
    for (size_t i = 0; i < bar_count && count < history->limit; i++) {
        // A bar of a day without a session is quoted, and nothing is traded on it.
        if (!exchange_calendar_is_session(bars[i].bar.day))
            continue;
        market_adjust_previous_close(market, &bars[i]);
        if (bars[i].bar.is_of_minutes) {
            if (!list_of_minutes(market, call, &bars[i], history, &count, error))
                return false;
            continue;
        }
        count += list_due(&bars[i], history->after, history->until, market->spread_basis_points,
                          history->quotes + count, history->limit - count);
    }
    *out_count = count;
    return true;
}

// The quotes that the simulated market has had, computed anew.
static bool list_simulated(struct market *market,
                           struct call *call,
                           const struct history *history,
                           size_t *out_count,
                           struct error *error)
{
    const struct universe_query query = {.ticker = history->ticker, .limit = 1};
    struct simulation_options options = market->simulation;
    struct simulated_symbol symbol;
    struct split *splits = NULL;
    size_t found = 0;

    if (!split_table_refresh(market->splits, error) ||
        !universe_store_list(market->database, call->arena, &query, &symbol, &found, error))
        return false;
    options.split_count = split_table_copy(market->splits, history->ticker, &splits);
    options.splits = splits;
    *out_count = found == 0
                     ? 0
                     : simulation_list_quotes(&options, &symbol, history->after, history->until,
                                              history->quotes, history->limit);
    release(splits);
    return true;
}

// Of live prices the present one is all there is; what came before has been published.
static bool list_live(struct market *market,
                      struct call *call,
                      const struct history *history,
                      size_t *out_count,
                      struct error *error)
{
    struct quote *quote = &history->quotes[0];

    (void)call;
    (void)error;
    *out_count = player_find(market->player, history->ticker, quote) &&
                 quote->quoted_at > history->after && quote->quoted_at <= history->until;
    return true;
}

// Without those from which on the symbol is halted: nobody may trade on them later either.
static size_t count_traded(struct market *market, const struct history *history, size_t count)
{
    int64_t halted_from =
        split_table_halted_from(market->splits, history->ticker, market_bar_hours(market));
    size_t traded = 0;

    while (traded < count && history->quotes[traded].quoted_at < halted_from)
        traded++;
    return traded;
}

bool market_api_list_quote_history(struct market *market,
                                   struct call *call,
                                   const Market__ListQuoteHistoryRequest *request,
                                   Market__ListQuoteHistoryResponse *response,
                                   struct error *error)
{
    struct history history = {.ticker = request->ticker,
                              .after = request->after,
                              .until = request->until,
                              .limit = request->has_limit ? request->limit : HISTORY_QUOTES};
    struct clock_view clock;

    if (!player_clock(market->player, &clock, error))
        return false;
    // What is not due yet is nobody's to know.
    if (history.until > clock.now)
        history.until = clock.now;
    history.quotes = arena_allocate(call->arena, history.limit * sizeof *history.quotes);
    if (history.quotes == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the quotes do not fit");
    if (!(market->is_live ? list_live
          : market->is_simulated
              ? list_simulated
              : list_replayed)(market, call, &history, &response->n_quotes, error))
        return false;
    response->n_quotes = count_traded(market, &history, response->n_quotes);
    return fill_quotes(call->arena, history.quotes, response->n_quotes, clock.now,
                       &response->quotes, error);
}
