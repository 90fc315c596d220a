// SPDX-License-Identifier: MIT
#include "bars/bar_series.h"

#include "clock/exchange_calendar.h"

enum { DAYS_PER_WEEK = 7, MONDAY = 1 };

#define MICROS_PER_MINUTE (60 * MICROS_PER_SECOND)

// Of a bar by the clock; 0 for those of days.
static int64_t length_of(enum timeframe timeframe)
{
    switch (timeframe) {
    case TIMEFRAME_MINUTE:
        return MICROS_PER_MINUTE;
    case TIMEFRAME_FIVE_MINUTES:
        return 5 * MICROS_PER_MINUTE;
    case TIMEFRAME_QUARTER:
        return 15 * MICROS_PER_MINUTE;
    case TIMEFRAME_HOUR:
        return 60 * MICROS_PER_MINUTE;
    case TIMEFRAME_DAY:
    case TIMEFRAME_WEEK:
    case TIMEFRAME_MONTH:
    case TIMEFRAME_COUNT:
        break;
    }
    return 0;
}

bool timeframe_is_of_minutes(enum timeframe timeframe)
{
    return length_of(timeframe) > 0;
}

static int64_t floor_to(int64_t value, int64_t unit)
{
    int64_t rest = value % unit;

    return value - (rest < 0 ? rest + unit : rest);
}

int64_t bar_day(enum market_hours hours, int64_t at)
{
    return hours == HOURS_AROUND_THE_CLOCK ? floor_to(at, MICROS_PER_DAY) / MICROS_PER_DAY
                                           : exchange_calendar_day(at);
}

int64_t bar_day_start(enum market_hours hours, int64_t day)
{
    return hours == HOURS_AROUND_THE_CLOCK ? day * MICROS_PER_DAY
                                           : exchange_calendar_at(day, CALENDAR_OPEN_MINUTE);
}

// The first day of the week or month, or the day itself.
static int64_t first_day(enum timeframe timeframe, int64_t day)
{
    struct date date = date_from_days(day);

    if (timeframe == TIMEFRAME_WEEK)
        return day - (date_weekday(day) - MONDAY + DAYS_PER_WEEK) % DAYS_PER_WEEK;
    date.day = 1;
    return timeframe == TIMEFRAME_MONTH ? date_to_days(date) : day;
}

// The first day of the week or month after that, or the day after.
static int64_t next_first_day(enum timeframe timeframe, int64_t day)
{
    int64_t first = first_day(timeframe, day);

    if (timeframe == TIMEFRAME_WEEK)
        return first + DAYS_PER_WEEK;
    return timeframe == TIMEFRAME_MONTH ? first_day(timeframe, first + 31) : day + 1;
}

int64_t timeframe_start(enum timeframe timeframe, enum market_hours hours, int64_t at)
{
    int64_t length = length_of(timeframe);

    return length > 0 ? floor_to(at, length)
                      : bar_day_start(hours, first_day(timeframe, bar_day(hours, at)));
}

int64_t timeframe_next(enum timeframe timeframe, enum market_hours hours, int64_t at)
{
    int64_t length = length_of(timeframe);

    return length > 0 ? floor_to(at, length) + length
                      : bar_day_start(hours, next_first_day(timeframe, bar_day(hours, at)));
}

int64_t timeframe_end(enum timeframe timeframe, enum market_hours hours, int64_t start)
{
    int64_t next = timeframe_next(timeframe, hours, start);
    int64_t day, first;

    if (timeframe_is_of_minutes(timeframe) || hours == HOURS_AROUND_THE_CLOCK)
        return next;
    first = bar_day(hours, start);
    day = next_first_day(timeframe, first) - 1;
    while (day > first && !exchange_calendar_is_session(day))
        day--;
    return exchange_calendar_is_session(day)
               ? exchange_calendar_at(day, exchange_calendar_close_minute(day))
               : next;
}

static int64_t add_volume(int64_t one, int64_t other)
{
    int64_t sum;

    return __builtin_add_overflow(one, other, &sum) ? INT64_MAX : sum;
}

static void merge(struct timed_bar *into, const struct timed_bar *bar, bool is_descending)
{
    if (bar->high_micros > into->high_micros)
        into->high_micros = bar->high_micros;
    if (bar->low_micros < into->low_micros)
        into->low_micros = bar->low_micros;
    if (is_descending)
        into->open_micros = bar->open_micros;
    else
        into->close_micros = bar->close_micros;
    into->volume = add_volume(into->volume, bar->volume);
}

bool bar_series_add(struct bar_series *series, const struct timed_bar *bar)
{
    int64_t start = timeframe_start(series->timeframe, series->hours, bar->at);
    struct timed_bar *last = series->count > 0 ? &series->bars[series->count - 1] : NULL;

    if (last != NULL && last->at == start) {
        merge(last, bar, series->is_descending);
        return true;
    }
    if (series->count == series->max)
        return false;
    series->bars[series->count] = *bar;
    series->bars[series->count++].at = start;
    return true;
}

void bar_series_reverse(struct bar_series *series)
{
    for (size_t i = 0; i < series->count / 2; i++) {
        struct timed_bar bar = series->bars[i];

        series->bars[i] = series->bars[series->count - 1 - i];
        series->bars[series->count - 1 - i] = bar;
    }
}

void bar_series_mark(struct bar_series *series, int64_t now)
{
    for (size_t i = 0; i < series->count; i++)
        series->bars[i].is_running =
            timeframe_end(series->timeframe, series->hours, series->bars[i].at) > now;
}
