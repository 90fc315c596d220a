// SPDX-License-Identifier: MIT
#include "clock/exchange_calendar.h"

enum { SUNDAY, MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY };

#define MICROS_PER_MINUTE (60 * MICROS_PER_SECOND)

enum { EARLY_CLOSE_MINUTE = 13 * 60, EARLY_CLOSE_MINUTE_BEFORE_1993 = 14 * 60 };
// When trading after hours ends.
enum { AFTER_HOURS_MINUTE = 20 * 60, EARLY_AFTER_HOURS_MINUTE = 17 * 60 };

// Closed by no rule.
static const struct closure {
    struct date date;
    const char *name;
} SPECIAL_CLOSURES[] = {
    {{1994, 4, 27}, "Day of Mourning for Richard Nixon"},
    {{2001, 9, 11}, "Attacks of September 11"},
    {{2001, 9, 12}, "Attacks of September 11"},
    {{2001, 9, 13}, "Attacks of September 11"},
    {{2001, 9, 14}, "Attacks of September 11"},
    {{2004, 6, 11}, "Day of Mourning for Ronald Reagan"},
    {{2007, 1, 2}, "Day of Mourning for Gerald Ford"},
    {{2012, 10, 29}, "Hurricane Sandy"},
    {{2012, 10, 30}, "Hurricane Sandy"},
    {{2018, 12, 5}, "Day of Mourning for George H. W. Bush"},
    {{2025, 1, 9}, "Day of Mourning for Jimmy Carter"},
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

static const char *special_closure(int64_t day)
{
    for (size_t i = 0; i < COUNT_OF(SPECIAL_CLOSURES); i++) {
        if (date_to_days(SPECIAL_CLOSURES[i].date) == day)
            return SPECIAL_CLOSURES[i].name;
    }
    return NULL;
}

static bool is_special_early_close(int64_t day)
{
    for (size_t i = 0; i < COUNT_OF(SPECIAL_EARLY_CLOSES); i++) {
        if (date_to_days(SPECIAL_EARLY_CLOSES[i]) == day)
            return true;
    }
    return false;
}

static const char *new_years_holiday(int64_t day, struct date date)
{
    // On a Saturday it is not kept at all: the Friday before ends the business year.
    if ((date.month == 1 && date.day == 1) ||
        (date.month == 1 && date.day == 2 && date_weekday(day) == MONDAY))
        return "New Year's Day";
    return date.year >= 1998 && day == nth_weekday(date.year, 1, MONDAY, 3)
               ? "Martin Luther King, Jr. Day"
               : NULL;
}

// The holiday that is kept on that day by rule; NULL when there is none.
static const char *rule_holiday(int64_t day)
{
    struct date date = date_from_days(day);
    int year = date.year;

    switch (date.month) {
    case 1:
        return new_years_holiday(day, date);
    case 2:
        return day == nth_weekday(year, 2, MONDAY, 3) ? "Washington's Birthday" : NULL;
    case 3:
    case 4:
        return day == easter(year) - 2 ? "Good Friday" : NULL;
    case 5:
        return day == last_weekday(year, 5, MONDAY) ? "Memorial Day" : NULL;
    case 6:
        return year >= 2022 && day == observed(days_of(year, 6, 19))
                   ? "Juneteenth National Independence Day"
                   : NULL;
    case 7:
        return day == observed(days_of(year, 7, 4)) ? "Independence Day" : NULL;
    case 9:
        return day == nth_weekday(year, 9, MONDAY, 1) ? "Labor Day" : NULL;
    case 11:
        return day == nth_weekday(year, 11, THURSDAY, 4) ? "Thanksgiving Day" : NULL;
    case 12:
        return day == observed(days_of(year, 12, 25)) ? "Christmas Day" : NULL;
    default:
        return NULL;
    }
}

static bool is_weekend(int64_t day)
{
    int weekday = date_weekday(day);

    return weekday == SATURDAY || weekday == SUNDAY;
}

const char *exchange_calendar_holiday(int64_t day)
{
    const char *name = is_weekend(day) ? NULL : rule_holiday(day);

    return name != NULL ? name : special_closure(day);
}

bool exchange_calendar_is_session(int64_t day)
{
    return !is_weekend(day) && exchange_calendar_holiday(day) == NULL;
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
    return date.day == 24 || is_special_early_close(day);
}

int exchange_calendar_close_minute(int64_t day)
{
    if (!exchange_calendar_is_session(day))
        return 0;
    if (!closes_early(day))
        return CALENDAR_CLOSE_MINUTE;
    return date_from_days(day).year < 1993 ? EARLY_CLOSE_MINUTE_BEFORE_1993 : EARLY_CLOSE_MINUTE;
}

int exchange_calendar_after_hours_minute(int64_t day)
{
    int close_minute = exchange_calendar_close_minute(day);

    if (close_minute == 0)
        return 0;
    return close_minute < CALENDAR_CLOSE_MINUTE ? EARLY_AFTER_HOURS_MINUTE : AFTER_HOURS_MINUTE;
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

enum exchange_session exchange_calendar_session(int64_t at)
{
    int64_t day = exchange_calendar_day(at);

    if (!exchange_calendar_is_session(day) ||
        at < exchange_calendar_at(day, CALENDAR_PRE_MARKET_MINUTE) ||
        at >= exchange_calendar_at(day, exchange_calendar_after_hours_minute(day)))
        return SESSION_CLOSED;
    if (at < exchange_calendar_at(day, CALENDAR_OPEN_MINUTE))
        return SESSION_PRE_MARKET;
    return at < exchange_calendar_at(day, exchange_calendar_close_minute(day))
               ? SESSION_REGULAR
               : SESSION_AFTER_HOURS;
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

int64_t exchange_calendar_previous_close(int64_t at)
{
    int64_t day = exchange_calendar_day(at);

    while (day >= CALENDAR_FIRST_DAY &&
           (!exchange_calendar_is_session(day) ||
            exchange_calendar_at(day, exchange_calendar_close_minute(day)) > at))
        day--;
    if (day < CALENDAR_FIRST_DAY)
        return CALENDAR_START_AT;
    return exchange_calendar_at(day, exchange_calendar_close_minute(day));
}
