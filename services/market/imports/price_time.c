// SPDX-License-Identifier: MIT
#include "imports/price_time.h"

#include "clock/exchange_calendar.h"
#include "money/money.h"

#include <stdio.h>

enum {
    DATE_LENGTH = 10,
    MILLISECONDS_LENGTH = 12, // of a number: since 1990; the seconds of 2100 have 10
    HOUR_SECONDS = 3600,
    DAY_SECONDS = 24 * HOUR_SECONDS,
    OFFSET_HOURS_MAX = 14,
};

static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

static void skip(struct text *rest, size_t length)
{
    rest->data += length;
    rest->length -= length;
}

// Takes two digits, a number below `limit`.
static bool take_number(struct text *rest, int limit, int *out_number)
{
    if (rest->length < 2 || !is_digit(rest->data[0]) || !is_digit(rest->data[1]))
        return false;
    *out_number = (rest->data[0] - '0') * 10 + (rest->data[1] - '0');
    skip(rest, 2);
    return *out_number < limit;
}

static bool take_char(struct text *rest, char character)
{
    if (rest->length == 0 || rest->data[0] != character)
        return false;
    skip(rest, 1);
    return true;
}

// Takes 09:30, 09:30:00 or 09:30:00.000; a fraction that is not zero begins no minute.
static bool take_time_of_day(struct text *rest, int *out_seconds)
{
    int hours = 0, minutes = 0, seconds = 0;

    if (!take_number(rest, 24, &hours) || !take_char(rest, ':') || !take_number(rest, 60, &minutes))
        return false;
    if (take_char(rest, ':') && !take_number(rest, 60, &seconds))
        return false;
    if (take_char(rest, '.')) {
        if (rest->length == 0 || !is_digit(rest->data[0]))
            return false;
        while (take_char(rest, '0'))
            continue;
    }
    *out_seconds = hours * HOUR_SECONDS + minutes * 60 + seconds;
    return true;
}

// Takes Z, +00:00, -0500 or +00; all that is left.
static bool take_offset(struct text *rest, int *out_seconds)
{
    int hours = 0, minutes = 0, sign;

    *out_seconds = 0;
    if (take_char(rest, 'Z') || take_char(rest, 'z'))
        return rest->length == 0;
    sign = take_char(rest, '-') ? -1 : 1;
    if ((sign > 0 && !take_char(rest, '+')) || !take_number(rest, OFFSET_HOURS_MAX + 1, &hours))
        return false;
    (void)take_char(rest, ':');
    if (rest->length > 0 && !take_number(rest, 60, &minutes))
        return false;
    *out_seconds = sign * (hours * HOUR_SECONDS + minutes * 60);
    return rest->length == 0;
}

// The moment as New York has it. No clock is changed within a session, so what it shows follows
// from its open.
static struct price_time of_moment(int64_t at)
{
    struct price_time time = {.at = at, .day = at / DAY_SECONDS / MICROS_PER_SECOND};
    int64_t open;

    // Of what is outside of the calendar a date is enough to refuse it.
    if (at < CALENDAR_START_AT || at >= CALENDAR_END_AT)
        return time;
    time.day = exchange_calendar_day(at);
    open = exchange_calendar_at(time.day, CALENDAR_OPEN_MINUTE);
    time.seconds = (int)((at - open) / MICROS_PER_SECOND) + CALENDAR_OPEN_MINUTE * 60;
    time.is_date = at == exchange_calendar_at(time.day, 0);
    return time;
}

// What New York's clocks show. In the hour that is skipped or repeated there is no session, so it
// does not matter which of two moments that is.
static struct price_time of_clock(int64_t day, int seconds)
{
    return (struct price_time){
        .day = day,
        .is_date = seconds == 0,
        .at = exchange_calendar_at(day, CALENDAR_OPEN_MINUTE) +
              (seconds - CALENDAR_OPEN_MINUTE * 60) * MICROS_PER_SECOND,
        .seconds = seconds,
    };
}

static bool read_number(struct text text, struct price_time *out_time)
{
    int64_t number, unit, day_length;

    if (decimal_parse(text, 0, &number) != DECIMAL_FINE)
        return false;
    unit = text.length >= MILLISECONDS_LENGTH ? MICROS_PER_MS : MICROS_PER_SECOND;
    if (number < CALENDAR_START_AT / unit || number >= CALENDAR_END_AT / unit)
        return false;
    // Whoever writes days as numbers writes midnight in UTC, when there is no session in New York.
    day_length = DAY_SECONDS * MICROS_PER_SECOND / unit;
    *out_time =
        number % day_length == 0 ? of_clock(number / day_length, 0) : of_moment(number * unit);
    return true;
}

static bool read_date_and_time(struct text text, struct text column, struct price_time *out_time)
{
    struct text rest = text;
    struct date date;
    int seconds = 0, offset = 0;
    int64_t day;

    if (text.length < DATE_LENGTH || !date_parse((struct text){text.data, DATE_LENGTH}, &date))
        return false;
    skip(&rest, DATE_LENGTH);
    day = date_to_days(date);
    if (column.length > 0 && rest.length > 0)
        return false;
    if (rest.length > 0 && !take_char(&rest, ' ') && !take_char(&rest, 'T'))
        return false;
    if (column.length > 0)
        rest = column;
    else if (text.length == DATE_LENGTH) {
        *out_time = of_clock(day, 0);
        return true;
    }
    if (!take_time_of_day(&rest, &seconds))
        return false;
    (void)take_char(&rest, ' ');
    if (rest.length == 0) {
        *out_time = of_clock(day, seconds);
        return true;
    }
    if (!take_offset(&rest, &offset))
        return false;
    *out_time = seconds == 0
                    ? of_clock(day, 0)
                    : of_moment((day * DAY_SECONDS + seconds - offset) * MICROS_PER_SECOND);
    return true;
}

bool price_time_read(struct text date,
                     struct text time,
                     struct price_time *out_time,
                     char out_reason[BAR_REASON_SIZE])
{
    char shown[CSV_SHOWN_SIZE], beside[CSV_SHOWN_SIZE];

    if (read_date_and_time(date, time, out_time) ||
        (time.length == 0 && read_number(date, out_time)))
        return true;
    if (date.length == 0)
        (void)snprintf(out_reason, BAR_REASON_SIZE, "date is empty");
    else if (time.length == 0)
        (void)snprintf(out_reason, BAR_REASON_SIZE, "%s is not a date", csv_show(date, shown));
    else
        (void)snprintf(out_reason, BAR_REASON_SIZE, "%s %s is not a date and a time",
                       csv_show(date, shown), csv_show(time, beside));
    return false;
}

bool price_time_check_minute(const struct price_time *time,
                             int64_t now,
                             char out_reason[BAR_REASON_SIZE])
{
    int close_minute = exchange_calendar_close_minute(time->day);
    char day[DATE_SIZE];

    date_print(date_from_days(time->day), day);
    if (time->day < CALENDAR_FIRST_DAY)
        (void)snprintf(out_reason, BAR_REASON_SIZE, "%s is before 1990-01-01", day);
    else if (time->at > now)
        (void)snprintf(out_reason, BAR_REASON_SIZE, "%s %02d:%02d in New York is in the future",
                       day, time->seconds / HOUR_SECONDS, time->seconds / 60 % 60);
    else if (close_minute == 0)
        (void)snprintf(out_reason, BAR_REASON_SIZE, "%s is a day without a session", day);
    else if (time->seconds < CALENDAR_OPEN_MINUTE * 60 || time->seconds >= close_minute * 60)
        (void)snprintf(out_reason, BAR_REASON_SIZE,
                       "%s %02d:%02d in New York is outside of the session, 09:30 to %02d:%02d",
                       day, time->seconds / HOUR_SECONDS, time->seconds / 60 % 60,
                       close_minute / 60, close_minute % 60);
    else if (time->at % (60 * MICROS_PER_SECOND) != 0)
        (void)snprintf(out_reason, BAR_REASON_SIZE,
                       "%s %02d:%02d:%02d in New York does not begin a minute", day,
                       time->seconds / HOUR_SECONDS, time->seconds / 60 % 60, time->seconds % 60);
    else
        return true;
    return false;
}
