// SPDX-License-Identifier: MIT
// performance_api: what became of a portfolio's money.
#include "bourse/portfolio/v1/portfolio_server.h"

#include <stdio.h>
#include <string.h>

#include "performance/measured_days.h"
#include "performance/performance_message.h"
#include "performance/realized_store.h"
#include "portfolios/access.h"
#include "snapshots/snapshot_store.h"
#include "valuation/appraisal.h"
#include "valuation/closes.h"
#include "watchlists/catalogue.h"

enum {
    GAINS_MAX = 200000,
    SALES_MAX = 200000,
    CATALOGUE_TIMEOUT_MS = 3000,
    MEASURING_BUDGET = 128 * 1024 * 1024,
};

// One answer while it is made. Everything but the answer lies in an arena of its own.
struct measuring {
    struct portfolio *portfolio;
    struct call *call; // with that arena
    const Portfolio__GetPerformanceRequest *request;
    struct measured_days span;
    struct performance_input input;
};

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The figures need too much memory.");
}

// What each ticker gained: on the days that have closed as it is stored, on the present one as it
// is.
static bool read_gains(struct measuring *measuring, struct error *error)
{
    const struct snapshot *present = &measuring->span.state.present;
    size_t more = measuring->span.has_present ? present->position_count : 0;
    const struct snapshot_range range = {.portfolio_id = measuring->request->portfolio_id,
                                         .revision = measuring->span.state.revision,
                                         .first = measuring->span.days[0].day,
                                         .last =
                                             measuring->span.days[measuring->span.count - 1].day,
                                         .limit = GAINS_MAX};
    struct snapshot_gain *stored = NULL;
    struct snapshot_gain *gains = NULL;
    size_t count = 0;

    if (!snapshot_store_list_gains(measuring->portfolio->history, measuring->call->arena, &range,
                                   &stored, &count, error))
        return false;
    if (count == GAINS_MAX)
        return error_set(error, REASON_LIMIT_EXCEEDED,
                         "There are more than %d holdings and days: ask for fewer days, with start "
                         "and end.",
                         GAINS_MAX - 1);
    gains = arena_allocate(measuring->call->arena, (count + more + 1) * sizeof(*gains));
    if (gains == NULL)
        return out_of_budget(error);
    if (count > 0)
        memcpy(gains, stored, count * sizeof(*gains));
    for (size_t i = 0; i < more; i++)
        gains[count++] =
            (struct snapshot_gain){present->day, present->positions[i].ticker,
                                   present->positions[i].quantity, present->positions[i].gain};
    measuring->input.gains = gains;
    measuring->input.gain_count = count;
    return true;
}

static bool read_profits(struct measuring *measuring, struct error *error)
{
    int64_t *profits = NULL;
    double *dollars = NULL;
    size_t count = 0;
    const struct realized_range range = {
        .portfolio_id = measuring->request->portfolio_id,
        .start = measuring->span.has_base ? measuring->span.base.closed_at : 0,
        .end =
            measuring->span.days[measuring->span.count - 1].closed_at + measuring->span.has_present,
        .limit = SALES_MAX,
    };

    if (!realized_store_list_profits(measuring->portfolio->database, measuring->call->arena, &range,
                                     &profits, &count, error))
        return false;
    dollars = arena_allocate(measuring->call->arena, (count + 1) * sizeof(*dollars));
    if (dollars == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < count; i++)
        dollars[i] = performance_dollars(profits[i]);
    measuring->input.profits = dollars;
    measuring->input.profit_count = count;
    return true;
}

// The days as sessions: the price of a day is one from after the close before.
static struct session *list_sessions(const struct measuring *measuring)
{
    struct session *sessions =
        arena_allocate(measuring->call->arena, (measuring->span.count + 1) * sizeof(*sessions));

    for (size_t i = 0; i < measuring->span.count && sessions != NULL; i++) {
        const struct snapshot *day = &measuring->span.days[i];

        memcpy(sessions[i].day, day->day, DATE_SIZE);
        sessions[i].close = day->closed_at;
        sessions[i].open = i > 0                      ? measuring->span.days[i - 1].closed_at
                           : measuring->span.has_base ? measuring->span.base.closed_at
                                                      : day->closed_at - MICROS_PER_DAY;
    }
    return sessions;
}

static bool check_benchmark(struct measuring *measuring, struct error *error)
{
    const char *ticker = measuring->request->benchmark;
    struct catalogue catalogue;

    if (!catalogue_ask(measuring->portfolio, measuring->call, &ticker, 1, CATALOGUE_TIMEOUT_MS,
                       &catalogue, error))
        return false;
    return catalogue_find(&catalogue, ticker) != NULL ||
           error_set(error, REASON_SYMBOL_NOT_FOUND, "There is no symbol %s.", ticker);
}

// Returns from price to price; where there is no earlier price there is none, and 0 counts.
static bool read_benchmark(struct measuring *measuring, struct error *error)
{
    const char *ticker = measuring->request->benchmark;
    struct session *sessions = list_sessions(measuring);
    double *returns =
        arena_allocate(measuring->call->arena, (measuring->span.count + 1) * sizeof(*returns));
    struct close_price *prices = NULL;
    int64_t before = 0;
    bool is_there = false;
    struct quote quote;

    if (ticker == NULL)
        return true;
    if (sessions == NULL || returns == NULL)
        return out_of_budget(error);
    if (!check_benchmark(measuring, error) ||
        !closes_load(measuring->portfolio, measuring->call, ticker, sessions, measuring->span.count,
                     true, &prices, error) ||
        !closes_load_before(measuring->portfolio, measuring->call, ticker, sessions[0].open, true,
                            &before, error))
        return false;
    if (measuring->span.has_present && quotes_get(measuring->portfolio->quotes, ticker, &quote) &&
        quote.price_micros > 0)
        prices[measuring->span.count - 1].price = quote.price_micros;
    for (size_t i = 0; i < measuring->span.count; i++) {
        if (before > 0 && prices[i].price > 0)
            returns[i] = (double)prices[i].price / (double)before - 1;
        if (prices[i].price > 0) {
            before = prices[i].price;
            is_there = true;
        }
    }
    measuring->input.benchmark = is_there ? returns : NULL;
    return true;
}

static bool measure(struct measuring *measuring,
                    struct arena *answer_arena,
                    Portfolio__GetPerformanceResponse *response,
                    struct error *error)
{
    struct performance performance;

    if (!read_gains(measuring, error) || !read_profits(measuring, error) ||
        !read_benchmark(measuring, error))
        return false;
    measuring->input.base_day = measuring->span.has_base ? measuring->span.base.day : NULL;
    measuring->input.days = measuring->span.days;
    measuring->input.count = measuring->span.count;
    measuring->input.rolling_days = measuring->request->rolling;
    measuring->input.days_per_year = measuring->span.state.days_per_year;
    return performance_measure(&measuring->input, measuring->call->arena, &performance, error) &&
           performance_to_message(&measuring->input, &performance, measuring->span.has_present,
                                  answer_arena, response, error);
}

static bool tell_how_far(const struct measuring *measuring,
                         struct arena *answer_arena,
                         Portfolio__GetPerformanceResponse *response,
                         struct error *error)
{
    response->has_is_complete = true;
    response->is_complete = measuring->span.state.is_complete;
    if (measuring->span.state.through[0] == '\0')
        return true;
    response->complete_through = arena_copy_string(answer_arena, measuring->span.state.through);
    return response->complete_through != NULL || out_of_budget(error);
}

bool portfolio_api_get_performance(struct portfolio *portfolio,
                                   struct call *call,
                                   const Portfolio__GetPerformanceRequest *request,
                                   Portfolio__GetPerformanceResponse *response,
                                   struct error *error)
{
    OWNED(arena) arena = arena_new(MEASURING_BUDGET);
    struct call measuring_call = *call;
    struct measuring measuring = {
        .portfolio = portfolio, .call = &measuring_call, .request = request};
    struct portfolio_record record;
    struct period period;

    measuring_call.arena = arena;
    if (!access_find(portfolio, call, request->portfolio_id, true, &record, error))
        return false;
    appraisal_catch_up(portfolio);
    if (!measured_days_begin(portfolio, &measuring_call, record.id, &measuring.span, error) ||
        !period_read(request, measured_days_today(&measuring.span), &period, error) ||
        !measured_days_read(portfolio, &measuring_call, &period, &measuring.span, error) ||
        !tell_how_far(&measuring, call->arena, response, error))
        return false;
    response->has_days_per_year = true;
    response->days_per_year = (uint32_t)measuring.span.state.days_per_year;
    response->benchmark = request->benchmark;
    return measuring.span.count == 0 || measure(&measuring, call->arena, response, error);
}
