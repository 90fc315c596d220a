// SPDX-License-Identifier: MIT
#include "providers/circuit_breaker.h"

enum breaker_state circuit_breaker_state(const struct circuit_breaker *breaker, int64_t now)
{
    if (breaker->open_until == 0)
        return BREAKER_CLOSED;
    return now < breaker->open_until ? BREAKER_OPEN : BREAKER_HALF_OPEN;
}

bool circuit_breaker_allows(const struct circuit_breaker *breaker, int64_t now)
{
    enum breaker_state state = circuit_breaker_state(breaker, now);

    return state == BREAKER_CLOSED || (state == BREAKER_HALF_OPEN && !breaker->is_probing);
}

void circuit_breaker_begin(struct circuit_breaker *breaker, int64_t now)
{
    breaker->is_probing = circuit_breaker_state(breaker, now) == BREAKER_HALF_OPEN;
}

void circuit_breaker_succeed(struct circuit_breaker *breaker)
{
    *breaker = (struct circuit_breaker){0};
}

void circuit_breaker_fail(struct circuit_breaker *breaker, int64_t now)
{
    enum breaker_state state = circuit_breaker_state(breaker, now);

    breaker->failures++;
    breaker->is_probing = false;
    // Calls that left before it opened fail while it is open; they say nothing new.
    if (state == BREAKER_OPEN || (state == BREAKER_CLOSED && breaker->failures < BREAKER_FAILURES))
        return;
    if (breaker->open_us == 0)
        breaker->open_us = BREAKER_OPEN_MS * MICROS_PER_MS;
    breaker->open_until = now + breaker->open_us;
    breaker->open_us = breaker->open_us * 2 < BREAKER_OPEN_MS_MAX * MICROS_PER_MS
                           ? breaker->open_us * 2
                           : BREAKER_OPEN_MS_MAX * MICROS_PER_MS;
}

void circuit_breaker_pass(struct circuit_breaker *breaker)
{
    breaker->is_probing = false;
}
