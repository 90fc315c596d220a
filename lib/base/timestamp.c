// SPDX-License-Identifier: MIT
#include "base/timestamp.h"

#include "base/clock.h"

enum { SECONDS_PER_DAY = 86400 };

// 0001-01-01T00:00:00Z and the last microsecond of the year 9999.
#define TIME_MIN (INT64_C(-62135596800) * MICROS_PER_SECOND)
#define TIME_MAX (INT64_C(253402300800) * MICROS_PER_SECOND - 1)

int64_t date_to_days(struct date date)
{
    int64_t year = date.month <= 2 ? date.year - 1 : date.year;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t shifted_month = date.month > 2 ? date.month - 3 : date.month + 9;
    int64_t day_of_year = (153 * shifted_month + 2) / 5 + date.day - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

struct date date_from_days(int64_t days)
{
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    struct date date = {
        .year = (int)(year_of_era + era * 400),
        .month = (int)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9),
        .day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1),
    };

    if (date.month <= 2)
        date.year++;
    return date;
}

int date_weekday(int64_t days)
{
    // 1970-01-01 was a Thursday.
    return (int)(((days + 4) % 7 + 7) % 7);
}

bool date_is_valid(struct date date)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0);

    if (date.year < 1 || date.year > 9999 || date.month < 1 || date.month > 12 || date.day < 1)
        return false;
    return date.day <= lengths[date.month - 1] + (date.month == 2 && leap ? 1 : 0);
}

// Takes exactly `count` digits off the front.
static bool take_digits(struct text *text, size_t count, int *out_value)
{
    int value = 0;

    if (text->length < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (text->data[i] < '0' || text->data[i] > '9')
            return false;
        value = value * 10 + (text->data[i] - '0');
    }
    text->data += count;
    text->length -= count;
    *out_value = value;
    return true;
}

static bool take_char(struct text *text, char wanted)
{
    if (text->length == 0 || text->data[0] != wanted)
        return false;
    text->data++;
    text->length--;
    return true;
}

static bool take_date(struct text *text, struct date *out_date)
{
    return take_digits(text, 4, &out_date->year) && take_char(text, '-') &&
           take_digits(text, 2, &out_date->month) && take_char(text, '-') &&
           take_digits(text, 2, &out_date->day) && date_is_valid(*out_date);
}

bool date_parse(struct text text, struct date *out_date)
{
    struct date date = {0};

    if (!take_date(&text, &date) || text.length > 0)
        return false;
    *out_date = date;
    return true;
}

// The last `count` decimal digits of `value`, which is what printf takes ten times as long for:
// every quote has two times in it.
static char *put_digits(char *out, unsigned value, int count)
{
    for (int i = count - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return out + count;
}

void date_print(struct date date, char out[DATE_SIZE])
{
    out = put_digits(out, (unsigned)date.year, 4);
    *out++ = '-';
    out = put_digits(out, (unsigned)date.month, 2);
    *out++ = '-';
    out = put_digits(out, (unsigned)date.day, 2);
    *out = '\0';
}

static bool take_fraction(struct text *text, int64_t *out_us)
{
    int64_t unit = 100000;
    int64_t us = 0;
    int digit = 0;

    if (!take_char(text, '.')) {
        *out_us = 0;
        return true;
    }
    if (!take_digits(text, 1, &digit))
        return false;
    do {
        if (unit == 0)
            return false; // finer than a microsecond
        us += digit * unit;
        unit /= 10;
    } while (take_digits(text, 1, &digit));
    *out_us = us;
    return true;
}

static bool take_offset(struct text *text, int64_t *out_seconds)
{
    int hours = 0;
    int minutes = 0;
    int sign = 0;

    if (take_char(text, 'Z') || take_char(text, 'z')) {
        *out_seconds = 0;
        return true;
    }
    if (take_char(text, '+'))
        sign = 1;
    else if (take_char(text, '-'))
        sign = -1;
    if (sign == 0 || !take_digits(text, 2, &hours) || !take_char(text, ':') ||
        !take_digits(text, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *out_seconds = sign * (hours * 3600 + minutes * 60);
    return true;
}

bool timestamp_parse(struct text text, int64_t *out_us)
{
    struct date date = {0};
    int hours = 0;
    int minutes = 0;
    int seconds = 0;
    int64_t us = 0;
    int64_t offset = 0;

    if (!take_date(&text, &date))
        return false;
    if (text.length > 0) {
        if (!take_char(&text, 'T') && !take_char(&text, 't') && !take_char(&text, ' '))
            return false;
        if (!take_digits(&text, 2, &hours) || !take_char(&text, ':') ||
            !take_digits(&text, 2, &minutes) || !take_char(&text, ':') ||
            !take_digits(&text, 2, &seconds) || !take_fraction(&text, &us) ||
            !take_offset(&text, &offset))
            return false;
    }
    if (text.length > 0 || hours > 23 || minutes > 59 || seconds > 59)
        return false;
    us +=
        ((date_to_days(date) * SECONDS_PER_DAY) + hours * 3600 + minutes * 60 + seconds - offset) *
        MICROS_PER_SECOND;
    // The offset may lead out of the years that can be printed.
    if (us < TIME_MIN || us > TIME_MAX)
        return false;
    *out_us = us;
    return true;
}

void timestamp_print(int64_t us, char out[TIMESTAMP_SIZE])
{
    int64_t seconds = us / MICROS_PER_SECOND;
    int64_t fraction = us % MICROS_PER_SECOND;
    int64_t days = 0;
    int rest = 0;

    if (fraction < 0) {
        fraction += MICROS_PER_SECOND;
        seconds--;
    }
    days = seconds / SECONDS_PER_DAY;
    rest = (int)(seconds % SECONDS_PER_DAY);
    if (rest < 0) {
        rest += SECONDS_PER_DAY;
        days--;
    }
    date_print(date_from_days(days), out);
    out += DATE_SIZE - 1;
    *out++ = 'T';
    out = put_digits(out, (unsigned)rest / 3600, 2);
    *out++ = ':';
    out = put_digits(out, (unsigned)rest / 60 % 60, 2);
    *out++ = ':';
    out = put_digits(out, (unsigned)rest % 60, 2);
    if (fraction > 0) {
        bool whole_ms = fraction % 1000 == 0;

        *out++ = '.';
        out = put_digits(out, (unsigned)(whole_ms ? fraction / 1000 : fraction), whole_ms ? 3 : 6);
    }
    *out++ = 'Z';
    *out = '\0';
}
