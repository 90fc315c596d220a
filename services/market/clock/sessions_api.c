// SPDX-License-Identifier: MIT
// The sessions that prices go by: computed, so nothing is read for it.
#include "market.h"

#include "clock/exchange_calendar.h"

enum { SESSIONS_MAX = 400, EXCHANGE_DAYS_PER_YEAR = 252, DAYS_PER_YEAR = 365 };

static bool add_session(struct arena *arena,
                        enum market_hours hours,
                        int64_t close,
                        Market__ListTradedSessionsResponse *response)
{
    Market__TradedSession *message = arena_allocate(arena, sizeof *message);
    struct market_session session;
    char date[DATE_SIZE];

    if (message == NULL || !market_hours_session(hours, close - 1, &session))
        return false;
    market__traded_session__init(message);
    date_print(date_from_days(session.day), date);
    message->date = arena_copy_string(arena, date);
    message->has_open = true;
    message->open = session.open_at;
    message->has_close = true;
    message->close = session.close_at;
    response->sessions[response->n_sessions++] = message;
    return message->date != NULL;
}

bool market_api_list_traded_sessions(struct market *market,
                                     struct call *call,
                                     const Market__ListTradedSessionsRequest *request,
                                     Market__ListTradedSessionsResponse *response,
                                     struct error *error)
{
    enum market_hours hours = market_bar_hours(market);
    size_t limit = request->has_limit ? request->limit : SESSIONS_MAX;
    int64_t after = request->after < CALENDAR_START_AT ? CALENDAR_START_AT : request->after;
    int64_t until = request->until < CALENDAR_END_AT ? request->until : CALENDAR_END_AT - 1;
    int64_t close = after < until ? market_hours_next_close(hours, after) : until + 1;

    response->has_days_per_year = true;
    response->days_per_year =
        hours == HOURS_AROUND_THE_CLOCK ? DAYS_PER_YEAR : EXCHANGE_DAYS_PER_YEAR;
    response->sessions = arena_allocate(call->arena, limit * sizeof(*response->sessions));
    if (response->sessions == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the sessions do not fit");
    while (close <= until && response->n_sessions < limit) {
        if (!add_session(call->arena, hours, close, response))
            return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the sessions do not fit");
        close = market_hours_next_close(hours, close);
    }
    response->has_more = true;
    response->more = close <= until;
    return true;
}
