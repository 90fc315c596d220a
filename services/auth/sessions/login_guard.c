// SPDX-License-Identifier: MIT
#include "sessions/login_guard.h"

#include "base/clock.h"

enum { FIRST_WAIT_SECONDS = 15, WAIT_SECONDS_MAX = 15 * 60 };

// Those in a row that still count.
static int64_t wrong_of(const struct login_history *history)
{
    int64_t age_us = history->now - history->last_wrong_at;

    return age_us >= LOGIN_FORGET_SECONDS * MICROS_PER_SECOND ? 0 : history->wrong;
}

static int64_t wait_after_seconds(int64_t wrong)
{
    int64_t seconds = FIRST_WAIT_SECONDS;

    if (wrong < LOGIN_WRONG_FREE)
        return 0;
    for (int64_t i = LOGIN_WRONG_FREE; i < wrong && seconds < WAIT_SECONDS_MAX; i++)
        seconds *= 2;
    return seconds < WAIT_SECONDS_MAX ? seconds : WAIT_SECONDS_MAX;
}

static int64_t pair_wait_us(const struct login_history *history)
{
    int64_t until =
        history->last_wrong_at + wait_after_seconds(wrong_of(history)) * MICROS_PER_SECOND;

    return until <= history->now ? 0 : until - history->now;
}

struct login_verdict login_guard_judge(const struct login_limits *limits,
                                       const struct login_history *history)
{
    struct login_verdict verdict = {.wait_us = pair_wait_us(history)};
    int64_t of_name_us = rate_limit_wait_us(&limits->of_name, history->name_full_at, history->now);
    int64_t of_address_us =
        rate_limit_wait_us(&limits->of_address, history->address_full_at, history->now);

    if (history->is_from_known_place)
        return verdict;
    if (of_name_us > verdict.wait_us)
        verdict = (struct login_verdict){of_name_us, &limits->of_name};
    if (of_address_us > verdict.wait_us)
        verdict = (struct login_verdict){of_address_us, &limits->of_address};
    return verdict;
}

int64_t login_guard_wrong_max(const struct login_history *history)
{
    int64_t next = wrong_of(history) + 1;

    return next < LOGIN_WRONG_FREE ? LOGIN_WRONG_FREE : next;
}
