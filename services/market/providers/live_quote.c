// SPDX-License-Identifier: MIT
#include "providers/live_quote.h"

#include "clock/exchange_calendar.h"
#include "clock/market_hours.h"

enum { CONFIRMED_WITHIN = 20 }; // one part in so many

int64_t live_quote_valid_until(int64_t quoted_at, int64_t told_at, int64_t age_us)
{
    struct market_session session;

    if (market_hours_session(HOURS_NEW_YORK, told_at, &session) && told_at >= session.close_at &&
        quoted_at >= session.open_at)
        return session.next_open_at;
    return quoted_at + age_us;
}

int64_t live_quote_next_at(int64_t told_at, int64_t refresh_us)
{
    struct market_session session;

    if (exchange_calendar_is_open(told_at))
        return told_at + refresh_us;
    if (market_hours_session(HOURS_NEW_YORK, told_at, &session) &&
        told_at < session.close_at + LIVE_SETTLED_US)
        return session.close_at + LIVE_SETTLED_US;
    return exchange_calendar_next_open(told_at);
}

static int64_t distance(int64_t one, int64_t other)
{
    return one > other ? one - other : other - one;
}

bool live_quote_leaps(int64_t price_micros, int64_t before_micros, int64_t percent_max)
{
    // Prices are at most 10^15, so neither product overflows.
    return before_micros > 0 &&
           distance(price_micros, before_micros) * 100 > before_micros * percent_max;
}

bool live_quote_confirms(int64_t price_micros, int64_t suspect_micros)
{
    return suspect_micros > 0 &&
           distance(price_micros, suspect_micros) <= suspect_micros / CONFIRMED_WITHIN;
}
