// SPDX-License-Identifier: MIT
#include "providers/reply_time.h"

#include "clock/exchange_calendar.h"
#include "providers/reply_value.h"

#define MICROS_PER_HOUR (3600 * MICROS_PER_SECOND)

enum { TIME_LENGTH = 8, DAY_LENGTH = 10 };

bool reply_read_day(struct text text, int64_t *out_day)
{
    struct date date;
    int64_t day;

    if (!date_parse(text, &date))
        return false;
    day = date_to_days(date);
    if (day < CALENDAR_FIRST_DAY || day > CALENDAR_LAST_DAY)
        return false;
    *out_day = day;
    return true;
}

static int two_digits(const char *at)
{
    if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
        return -1;
    return (at[0] - '0') * 10 + at[1] - '0';
}

// "22:00:01" as seconds of the day.
static bool read_seconds(struct text text, int *out_seconds)
{
    int hours, minutes, seconds;

    if (text.length != TIME_LENGTH || text.data[2] != ':' || text.data[5] != ':')
        return false;
    hours = two_digits(text.data);
    minutes = two_digits(text.data + 3);
    seconds = two_digits(text.data + 6);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59)
        return false;
    *out_seconds = (hours * 60 + minutes) * 60 + seconds;
    return true;
}

bool reply_read_new_york(struct text text, int64_t *out_at)
{
    int64_t day;
    int seconds = 0;

    if (text.length != DAY_LENGTH &&
        (text.length != DAY_LENGTH + 1 + TIME_LENGTH ||
         (text.data[DAY_LENGTH] != ' ' && text.data[DAY_LENGTH] != 'T')))
        return false;
    if (!reply_read_day((struct text){text.data, DAY_LENGTH}, &day))
        return false;
    if (text.length > DAY_LENGTH &&
        !read_seconds((struct text){text.data + DAY_LENGTH + 1, TIME_LENGTH}, &seconds))
        return false;
    *out_at = exchange_calendar_at(day, seconds / 60) + seconds % 60 * MICROS_PER_SECOND;
    return true;
}

bool reply_read_unix(struct text text, int64_t *out_at)
{
    int64_t seconds;

    if (!reply_read_decimal(text, 0, &seconds) || seconds < CALENDAR_START_AT / MICROS_PER_SECOND ||
        seconds >= CALENDAR_END_AT / MICROS_PER_SECOND)
        return false;
    *out_at = seconds * MICROS_PER_SECOND;
    return true;
}

static int64_t last_sunday(int year, int month)
{
    int64_t last = date_to_days((struct date){year, month, 31}); // of March or October

    return last - date_weekday(last);
}

// Summer time is from 01:00 UTC on the last Sunday of March to that of October.
static bool is_european_summer(int64_t at)
{
    int year = date_from_days(at / MICROS_PER_HOUR / 24).year;
    int64_t begin = last_sunday(year, 3) * 24 + 1, end = last_sunday(year, 10) * 24 + 1;
    int64_t hour = at / MICROS_PER_HOUR;

    return hour >= begin && hour < end;
}

bool reply_read_warsaw(struct text day_text, struct text time_text, int64_t *out_at)
{
    int64_t day, standard;
    int seconds;

    if (!reply_read_day(day_text, &day) || !read_seconds(time_text, &seconds))
        return false;
    standard = (day * 24 * 3600 + seconds) * MICROS_PER_SECOND - MICROS_PER_HOUR;
    *out_at =
        is_european_summer(standard - MICROS_PER_HOUR) ? standard - MICROS_PER_HOUR : standard;
    return true;
}

int64_t reply_time_of_day(int64_t day, int64_t now)
{
    int minute = exchange_calendar_close_minute(day);
    int64_t close_at = exchange_calendar_at(day, minute == 0 ? CALENDAR_CLOSE_MINUTE : minute);

    return close_at <= now ? close_at : exchange_calendar_at(day, CALENDAR_OPEN_MINUTE);
}
