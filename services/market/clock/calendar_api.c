// SPDX-License-Identifier: MIT
// The calendar of the exchange: computed, so nothing is read for it.
#include "market.h"

#include "clock/exchange_calendar.h"

enum { CALENDAR_DAYS_MAX = 366 };

struct range {
    int64_t first_day;
    int64_t last_day;
};

// The same date a year later or earlier; of a 29th of February the first of March.
static int64_t add_years(int64_t day, int years)
{
    struct date date = date_from_days(day);

    date.year += years;
    if (date.month == 2 && date.day == 29)
        date = (struct date){date.year, 3, 1};
    return date_to_days(date);
}

static bool read_day(const char *text, const char *field, int64_t *out_day, struct error *error)
{
    struct date date;
    int64_t day = date_parse(text_of(text), &date) ? date_to_days(date) : -1;

    if (day < CALENDAR_FIRST_DAY || day > CALENDAR_LAST_DAY) {
        error_add_violation(error, field, "must be a date from 1990-01-01 to 2100-12-31");
        return false;
    }
    *out_day = day;
    return true;
}

static bool check_range(const struct range *range, struct error *error)
{
    int64_t days = range->last_day - range->first_day + 1;

    if (days >= 1 && days <= CALENDAR_DAYS_MAX)
        return true;
    if (days < 1)
        error_add_violation(error, "end", "is before start");
    else
        error_add_violation(error, "end", "is day %lld from start on; %d are the most",
                            (long long)days, CALENDAR_DAYS_MAX);
    return false;
}

// A year from the first of the present month on, unless one end or both are said; then a year from
// there.
static bool read_range(struct market *market,
                       const Market__GetCalendarRequest *request,
                       struct range *out_range,
                       struct error *error)
{
    struct clock_view clock;
    struct date month;
    struct range range;

    if (!player_clock(market->player, &clock, error))
        return false;
    error_clear(error);
    month = date_from_days(exchange_calendar_day(clock.now));
    month.day = 1;
    range.first_day = date_to_days(month);
    if (request->start != NULL && !read_day(request->start, "start", &range.first_day, error))
        return false;
    range.last_day = add_years(range.first_day, 1) - 1;
    if (range.last_day > CALENDAR_LAST_DAY)
        range.last_day = CALENDAR_LAST_DAY;
    if (request->end != NULL && !read_day(request->end, "end", &range.last_day, error))
        return false;
    if (request->start == NULL && request->end != NULL)
        range.first_day = add_years(range.last_day, -1) + 1;
    if (range.first_day < CALENDAR_FIRST_DAY)
        range.first_day = CALENDAR_FIRST_DAY;
    *out_range = range;
    return check_range(out_range, error);
}

static const char *print_day(struct arena *arena, int64_t day)
{
    char text[DATE_SIZE];

    date_print(date_from_days(day), text);
    return arena_copy_string(arena, text);
}

static bool add_session(struct arena *arena, int64_t day, Market__GetCalendarResponse *response)
{
    int close_minute = exchange_calendar_close_minute(day);
    Market__CalendarSession *session = arena_allocate(arena, sizeof *session);

    if (session == NULL)
        return false;
    market__calendar_session__init(session);
    session->date = print_day(arena, day);
    session->has_open = true;
    session->open = exchange_calendar_at(day, CALENDAR_OPEN_MINUTE);
    session->has_close = true;
    session->close = exchange_calendar_at(day, close_minute);
    session->has_is_early_close = true;
    session->is_early_close = close_minute < CALENDAR_CLOSE_MINUTE;
    session->has_pre_market_open = true;
    session->pre_market_open = exchange_calendar_at(day, CALENDAR_PRE_MARKET_MINUTE);
    session->has_after_hours_close = true;
    session->after_hours_close =
        exchange_calendar_at(day, exchange_calendar_after_hours_minute(day));
    response->sessions[response->n_sessions++] = session;
    return session->date != NULL;
}

static bool add_holiday(struct arena *arena,
                        int64_t day,
                        const char *name,
                        Market__GetCalendarResponse *response)
{
    Market__CalendarHoliday *holiday = arena_allocate(arena, sizeof *holiday);

    if (holiday == NULL)
        return false;
    market__calendar_holiday__init(holiday);
    holiday->date = print_day(arena, day);
    holiday->name = name;
    response->holidays[response->n_holidays++] = holiday;
    return holiday->date != NULL;
}

static bool
fill_days(struct arena *arena, const struct range *range, Market__GetCalendarResponse *response)
{
    response->start = print_day(arena, range->first_day);
    response->end = print_day(arena, range->last_day);
    response->sessions =
        arena_allocate(arena, CALENDAR_DAYS_MAX * sizeof(Market__CalendarSession *));
    response->holidays =
        arena_allocate(arena, CALENDAR_DAYS_MAX * sizeof(Market__CalendarHoliday *));
    if (response->start == NULL || response->end == NULL || response->sessions == NULL ||
        response->holidays == NULL)
        return false;
    for (int64_t day = range->first_day; day <= range->last_day; day++) {
        const char *holiday = exchange_calendar_holiday(day);

        if (holiday != NULL && !add_holiday(arena, day, holiday, response))
            return false;
        if (exchange_calendar_is_session(day) && !add_session(arena, day, response))
            return false;
    }
    return true;
}

bool market_api_get_calendar(struct market *market,
                             struct call *call,
                             const Market__GetCalendarRequest *request,
                             Market__GetCalendarResponse *response,
                             struct error *error)
{
    struct range range;

    return read_range(market, request, &range, error) &&
           (fill_days(call->arena, &range, response) ||
            error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the calendar does not fit"));
}
