// SPDX-License-Identifier: MIT
#include "exchange_calendar.h"

enum { SUNDAY, MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY };

#define MICROS_PER_MINUTE (60 * MICROS_PER_SECOND)
#define MICROS_PER_DAY (24 * 60 * MICROS_PER_MINUTE)

enum { EARLY_CLOSE_MINUTE = 13 * 60, EARLY_CLOSE_MINUTE_BEFORE_1993 = 14 * 60 };

// Closed by no rule: mourning for presidents, the attacks of 2001, a hurricane.
static const struct date SPECIAL_CLOSURES[] = {
    {1994, 4, 27}, {2001, 9, 11},  {2001, 9, 12},  {2001, 9, 13}, {2001, 9, 14}, {2004, 6, 11},
    {2007, 1, 2},  {2012, 10, 29}, {2012, 10, 30}, {2018, 12, 5}, {2025, 1, 9},
};

// Closed at 13:00 by no rule.
static const struct date SPECIAL_EARLY_CLOSES[] = {{1997, 12, 26}, {1999, 12, 31}, {2003, 12, 26}};

static int64_t days_of(int year, int month, int day)
{
    return date_to_days((struct date){year, month, day});
}

// The `count`th such weekday of a month.
static int64_t nth_weekday(int year, int month, int weekday, int count)
{
    int64_t first = days_of(year, month, 1);

    return first + (weekday - date_weekday(first) + 7) % 7 + 7 * (count - 1);
}

static int64_t last_weekday(int year, int month, int weekday)
{
    int64_t last = month == 12 ? days_of(year, 12, 31) : days_of(year, month + 1, 1) - 1;

    return last - (date_weekday(last) - weekday + 7) % 7;
}

// Easter Sunday of the Gregorian calendar, by the anonymous algorithm of 1876.
static int64_t easter(int year)
{
    int golden = year % 19;
    int century = year / 100;
    int in_century = year % 100;
    int epact =
        (19 * golden + century - century / 4 - (century - (century + 8) / 25 + 1) / 3 + 15) % 30;
    int offset = (32 + 2 * (century % 4) + 2 * (in_century / 4) - epact - in_century % 4) % 7;
    int shift = (golden + 11 * epact + 22 * offset) / 451;
    int sum = epact + offset - 7 * shift + 114;

    return days_of(year, sum / 31, sum % 31 + 1);
}

// The day on which a holiday of a fixed date is kept: the Friday before a Saturday, the Monday
// after a Sunday.
static int64_t observed(int64_t day)
{
    int weekday = date_weekday(day);

    return weekday == SATURDAY ? day - 1 : weekday == SUNDAY ? day + 1 : day;
}

static bool is_special(int64_t day, const struct date *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (date_to_days(table[i]) == day)
            return true;
    }
    return false;
}

static bool is_new_year(int64_t day, struct date date)
{
    // On a Saturday it is not kept at all: the Friday before ends the business year.
    return (date.month == 1 && date.day == 1) ||
           (date.month == 1 && date.day == 2 && date_weekday(day) == MONDAY);
}

static bool is_holiday(int64_t day)
{
    struct date date = date_from_days(day);

    switch (date.month) {
    case 1:
        return is_new_year(day, date) ||
               (date.year >= 1998 && day == nth_weekday(date.year, 1, MONDAY, 3));
    case 2:
        return day == nth_weekday(date.year, 2, MONDAY, 3);
    case 3:
    case 4:
        return day == easter(date.year) - 2;
    case 5:
        return day == last_weekday(date.year, 5, MONDAY);
    case 6:
        return date.year >= 2022 && day == observed(days_of(date.year, 6, 19));
    case 7:
        return day == observed(days_of(date.year, 7, 4));
    case 9:
        return day == nth_weekday(date.year, 9, MONDAY, 1);
    case 11:
        return day == nth_weekday(date.year, 11, THURSDAY, 4);
    case 12:
        return day == observed(days_of(date.year, 12, 25));
    default:
        return false;
    }
}

bool exchange_calendar_is_session(int64_t day)
{
    int weekday = date_weekday(day);

    return weekday != SATURDAY && weekday != SUNDAY && !is_holiday(day) &&
           !is_special(day, SPECIAL_CLOSURES, COUNT_OF(SPECIAL_CLOSURES));
}

// Around the fourth of July: from 1995 on the third when both days are ordinary working days, and
// the Friday after a Thursday; since 2013 always the third and never the Friday.
static bool is_early_in_july(struct date date, int weekday)
{
    if (date.year < 1995)
        return false;
    if (date.day == 3)
        return weekday == MONDAY || weekday == TUESDAY || weekday == THURSDAY ||
               (weekday == WEDNESDAY && date.year >= 2013);
    return date.day == 5 && weekday == FRIDAY && date.year < 2013;
}

static bool closes_early(int64_t day)
{
    struct date date = date_from_days(day);
    int weekday = date_weekday(day);

    if (date.month == 7)
        return is_early_in_july(date, weekday);
    if (date.month == 11)
        return date.year >= 1992 && day == nth_weekday(date.year, 11, THURSDAY, 4) + 1;
    if (date.month != 12)
        return false;
    return date.day == 24 || is_special(day, SPECIAL_EARLY_CLOSES, COUNT_OF(SPECIAL_EARLY_CLOSES));
}

int exchange_calendar_close_minute(int64_t day)
{
    if (!exchange_calendar_is_session(day))
        return 0;
    if (!closes_early(day))
        return CALENDAR_CLOSE_MINUTE;
    return date_from_days(day).year < 1993 ? EARLY_CLOSE_MINUTE_BEFORE_1993 : EARLY_CLOSE_MINUTE;
}

// Whether daylight saving is on from 02:00 of `day` on. Transitions are on Sundays, so for the
// hours that concern us one answer a day is enough.
static bool is_daylight_saving(int64_t day)
{
    int year = date_from_days(day).year;
    int64_t start, end;

    if (year >= 2007) {
        start = nth_weekday(year, 3, SUNDAY, 2);
        end = nth_weekday(year, 11, SUNDAY, 1);
    } else {
        start = nth_weekday(year, 4, SUNDAY, 1);
        end = last_weekday(year, 10, SUNDAY);
    }
    return day >= start && day < end;
}

int64_t exchange_calendar_at(int64_t day, int minute)
{
    int hours_behind = is_daylight_saving(day) ? 4 : 5;

    return day * MICROS_PER_DAY + (minute + hours_behind * 60) * MICROS_PER_MINUTE;
}

int64_t exchange_calendar_day(int64_t at)
{
    // The date five hours behind is right but for the last hour of a day in summer.
    int64_t shifted = at - 5 * 60 * MICROS_PER_MINUTE;
    int64_t day = shifted / MICROS_PER_DAY - (shifted % MICROS_PER_DAY < 0 ? 1 : 0);

    return at >= exchange_calendar_at(day + 1, 0) ? day + 1 : day;
}

int64_t exchange_calendar_next_session(int64_t day)
{
    do
        day++;
    while (!exchange_calendar_is_session(day));
    return day;
}

bool exchange_calendar_is_open(int64_t at)
{
    int64_t day = exchange_calendar_day(at);
    int close_minute = exchange_calendar_close_minute(day);

    return close_minute != 0 && at >= exchange_calendar_at(day, CALENDAR_OPEN_MINUTE) &&
           at < exchange_calendar_at(day, close_minute);
}

int64_t exchange_calendar_next_open(int64_t at)
{
    int64_t day = exchange_calendar_next_session(exchange_calendar_day(at) - 1);

    if (exchange_calendar_at(day, CALENDAR_OPEN_MINUTE) <= at)
        day = exchange_calendar_next_session(day);
    return exchange_calendar_at(day, CALENDAR_OPEN_MINUTE);
}

int64_t exchange_calendar_next_close(int64_t at)
{
    int64_t day = exchange_calendar_next_session(exchange_calendar_day(at) - 1);

    if (exchange_calendar_at(day, exchange_calendar_close_minute(day)) <= at)
        day = exchange_calendar_next_session(day);
    return exchange_calendar_at(day, exchange_calendar_close_minute(day));
}
