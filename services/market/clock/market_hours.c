// SPDX-License-Identifier: MIT
#include "clock/market_hours.h"

#include "clock/exchange_calendar.h"

bool market_hours_is_open(enum market_hours hours, int64_t at)
{
    return hours == HOURS_AROUND_THE_CLOCK || exchange_calendar_is_open(at);
}

static int64_t next_midnight(int64_t at)
{
    return (at / MICROS_PER_DAY + 1) * MICROS_PER_DAY;
}

int64_t market_hours_next_open(enum market_hours hours, int64_t at)
{
    return hours == HOURS_AROUND_THE_CLOCK ? next_midnight(at) : exchange_calendar_next_open(at);
}

int64_t market_hours_next_close(enum market_hours hours, int64_t at)
{
    return hours == HOURS_AROUND_THE_CLOCK ? next_midnight(at) : exchange_calendar_next_close(at);
}

int64_t market_hours_previous_close(enum market_hours hours, int64_t at)
{
    return hours == HOURS_AROUND_THE_CLOCK ? at / MICROS_PER_DAY * MICROS_PER_DAY
                                           : exchange_calendar_previous_close(at);
}

bool market_hours_is_session(enum market_hours hours, int64_t day)
{
    return hours == HOURS_AROUND_THE_CLOCK || exchange_calendar_is_session(day);
}

static struct market_session session_of(enum market_hours hours, int64_t day)
{
    if (hours == HOURS_AROUND_THE_CLOCK)
        return (struct market_session){.day = day,
                                       .open_at = day * MICROS_PER_DAY,
                                       .close_at = (day + 1) * MICROS_PER_DAY,
                                       .next_open_at = (day + 1) * MICROS_PER_DAY};
    return (struct market_session){
        .day = day,
        .open_at = exchange_calendar_at(day, CALENDAR_OPEN_MINUTE),
        .close_at = exchange_calendar_at(day, exchange_calendar_close_minute(day)),
        .next_open_at =
            exchange_calendar_at(exchange_calendar_next_session(day), CALENDAR_OPEN_MINUTE)};
}

bool market_hours_session(enum market_hours hours, int64_t at, struct market_session *out_session)
{
    int64_t day = hours == HOURS_AROUND_THE_CLOCK ? at / MICROS_PER_DAY : exchange_calendar_day(at);

    if (hours == HOURS_NEW_YORK && exchange_calendar_at(day, CALENDAR_OPEN_MINUTE) > at)
        day--;
    while (day >= CALENDAR_FIRST_DAY && !market_hours_is_session(hours, day))
        day--;
    if (day < CALENDAR_FIRST_DAY)
        return false;
    *out_session = session_of(hours, day);
    return true;
}
