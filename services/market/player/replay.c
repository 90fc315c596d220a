// SPDX-License-Identifier: MIT
#include "player/replay.h"

#include "clock/exchange_calendar.h"
#include "money/money.h"

#include <assert.h>
#include <string.h>

enum {
    FIRST_EXTREME_MINUTE = 11 * 60,
    SECOND_EXTREME_MINUTE = 14 * 60,
    SECOND_EXTREME_BEFORE_CLOSE = 60, // minutes, where 14:00 would be too late
};

#define MINUTE_US (60 * MICROS_PER_SECOND)

#define BASIS_POINTS_OF_HALF INT64_C(20000)

static int close_minute(int64_t day)
{
    int minute = exchange_calendar_close_minute(day);

    return minute == 0 ? CALENDAR_CLOSE_MINUTE : minute;
}

static int phase_minute(int64_t day, enum replay_phase phase)
{
    int close = close_minute(day);

    switch (phase) {
    case PHASE_OPEN:
        return CALENDAR_OPEN_MINUTE;
    case PHASE_FIRST_EXTREME:
        return FIRST_EXTREME_MINUTE;
    case PHASE_SECOND_EXTREME:
        return SECOND_EXTREME_MINUTE < close ? SECOND_EXTREME_MINUTE
                                             : close - SECOND_EXTREME_BEFORE_CLOSE;
    case PHASE_CLOSE:
    case PHASE_COUNT:
        break;
    }
    return close - 1;
}

int64_t replay_due_at(int64_t day, enum replay_phase phase)
{
    return exchange_calendar_at(day, phase_minute(day, phase));
}

bool replay_phase_at(int64_t day, int64_t at, enum replay_phase *out_phase)
{
    for (int phase = PHASE_CLOSE; phase >= PHASE_OPEN; phase--) {
        if (replay_due_at(day, (enum replay_phase)phase) <= at) {
            *out_phase = (enum replay_phase)phase;
            return true;
        }
    }
    return false;
}

int64_t replay_next_event(int64_t at)
{
    int64_t day = exchange_calendar_day(at);
    int64_t due;

    for (int phase = PHASE_OPEN; phase < PHASE_COUNT; phase++) {
        due = replay_due_at(day, (enum replay_phase)phase);
        if (due > at)
            return due;
    }
    due = exchange_calendar_at(day, close_minute(day));
    return due > at ? due : replay_due_at(day + 1, PHASE_OPEN);
}

// The open of the session after that day's own, which is the next one when it has none.
static int64_t valid_until(int64_t day)
{
    return exchange_calendar_at(exchange_calendar_next_session(day), CALENDAR_OPEN_MINUTE);
}

static bool low_comes_first(const struct bar *bar)
{
    return bar->open_micros - bar->low_micros <= bar->high_micros - bar->open_micros;
}

static void set_price(struct quote *quote, int64_t price_micros, int64_t spread_basis_points)
{
    int64_t half_spread = 0;

    // A price is at most 10^15 and the spread at most 1000, so this cannot fail to fit.
    if (!money_scale_half_even(price_micros, spread_basis_points, BASIS_POINTS_OF_HALF,
                               &half_spread))
        half_spread = 0;
    quote->price_micros = price_micros;
    quote->ask_micros = price_micros + half_spread;
    quote->bid_micros = price_micros > half_spread ? price_micros - half_spread : 1;
}

// What has been seen of a bar in that phase: its close is the price.
static struct timed_bar seen_of(const struct bar *bar, enum replay_phase phase)
{
    bool low_first = low_comes_first(bar);
    bool low_was_seen = phase >= (low_first ? PHASE_FIRST_EXTREME : PHASE_SECOND_EXTREME);
    bool high_was_seen = phase >= (low_first ? PHASE_SECOND_EXTREME : PHASE_FIRST_EXTREME);
    const int64_t prices[PHASE_COUNT] = {
        bar->open_micros,
        low_first ? bar->low_micros : bar->high_micros,
        low_first ? bar->high_micros : bar->low_micros,
        bar->close_micros,
    };

    assert(phase < PHASE_COUNT);
    return (struct timed_bar){
        .at = bar->at,
        .open_micros = bar->open_micros,
        .high_micros = high_was_seen ? bar->high_micros : bar->open_micros,
        .low_micros = low_was_seen ? bar->low_micros : bar->open_micros,
        .close_micros = prices[phase],
        .volume =
            phase == PHASE_CLOSE ? bar->volume : bar->volume / PHASE_COUNT * (int64_t)(phase + 1),
    };
}

static struct quote quote_of(const struct bar *bar,
                             const struct timed_bar *seen,
                             int64_t previous_close_micros,
                             int64_t spread_basis_points)
{
    struct quote quote = {
        .open_micros = seen->open_micros,
        .high_micros = seen->high_micros,
        .low_micros = seen->low_micros,
        .previous_close_micros = previous_close_micros,
        .volume = seen->volume,
        .quoted_at = seen->at,
        .valid_until = valid_until(bar->day),
        .source = "replay",
    };

    memcpy(quote.ticker, bar->ticker, sizeof quote.ticker);
    set_price(&quote, seen->close_micros, spread_basis_points);
    return quote;
}

struct quote replay_quote(const struct bar *bar,
                          enum replay_phase phase,
                          int64_t previous_close_micros,
                          int64_t spread_basis_points)
{
    struct timed_bar seen = seen_of(bar, phase);

    seen.at = replay_due_at(bar->day, phase);
    return quote_of(bar, &seen, previous_close_micros, spread_basis_points);
}

int64_t replay_minute_due_at(int64_t at, enum replay_phase phase)
{
    static const int seconds[PHASE_COUNT] = {0, 20, 40, 59};

    assert(phase < PHASE_COUNT);
    return at + seconds[phase] * MICROS_PER_SECOND;
}

bool replay_minute_phase_at(int64_t at, int64_t now, enum replay_phase *out_phase)
{
    for (int phase = PHASE_CLOSE; phase >= PHASE_OPEN; phase--) {
        if (replay_minute_due_at(at, (enum replay_phase)phase) <= now) {
            *out_phase = (enum replay_phase)phase;
            return true;
        }
    }
    return false;
}

int64_t replay_next_minute_event(int64_t at)
{
    int64_t minute = at - at % MINUTE_US;
    int64_t next = minute + MINUTE_US;
    int64_t event = replay_next_event(at);

    for (int phase = PHASE_CLOSE; phase > PHASE_OPEN; phase--) {
        if (replay_minute_due_at(minute, (enum replay_phase)phase) > at)
            next = replay_minute_due_at(minute, (enum replay_phase)phase);
    }
    return exchange_calendar_is_open(next) && next < event ? next : event;
}

struct timed_bar replay_minute_so_far(const struct bar *minute, enum replay_phase phase)
{
    return seen_of(minute, phase);
}

static int64_t volume_of_phase(const struct bar *minute, enum replay_phase phase)
{
    int64_t quarter = minute->volume / PHASE_COUNT;

    return phase == PHASE_CLOSE ? minute->volume - (PHASE_COUNT - 1) * quarter : quarter;
}

struct quote replay_minute_quote(const struct quote *before,
                                 const struct bar *minute,
                                 enum replay_phase phase,
                                 int64_t previous_close_micros,
                                 int64_t spread_basis_points)
{
    struct timed_bar seen = seen_of(minute, phase);

    seen.at = replay_minute_due_at(minute->at, phase);
    if (before != NULL) {
        seen.open_micros = before->open_micros;
        if (before->high_micros > seen.high_micros)
            seen.high_micros = before->high_micros;
        if (before->low_micros < seen.low_micros)
            seen.low_micros = before->low_micros;
        seen.volume = before->volume + volume_of_phase(minute, phase);
        if (seen.volume > BAR_VOLUME_MAX)
            seen.volume = BAR_VOLUME_MAX;
    }
    return quote_of(minute, &seen, previous_close_micros, spread_basis_points);
}

void replay_minutes(const struct bar *bar, struct timed_bar out_minutes[PHASE_COUNT])
{
    int64_t volume_before = 0;

    for (int phase = PHASE_OPEN; phase < PHASE_COUNT; phase++) {
        struct quote quote = replay_quote(bar, (enum replay_phase)phase, 0, 0);

        out_minutes[phase] = (struct timed_bar){.at = quote.quoted_at,
                                                .open_micros = quote.price_micros,
                                                .high_micros = quote.price_micros,
                                                .low_micros = quote.price_micros,
                                                .close_micros = quote.price_micros,
                                                .volume = quote.volume - volume_before};
        volume_before = quote.volume;
    }
}

bool replay_change(const struct quote *quote,
                   int64_t *out_change_micros,
                   int64_t *out_percent_micros)
{
    int64_t change = quote->price_micros - quote->previous_close_micros;
    int64_t ten_thousandths;

    // 100 percent are 1000000 ten-thousandths of a percent.
    if (quote->previous_close_micros <= 0 ||
        !money_scale_half_even(change, 1000000, quote->previous_close_micros, &ten_thousandths) ||
        __builtin_mul_overflow(ten_thousandths, 100, out_percent_micros))
        return false;
    *out_change_micros = change;
    return true;
}
