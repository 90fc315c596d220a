// SPDX-License-Identifier: MIT
#include "pages/market_state.h"

#include "base/strbuf.h"
#include "money/money.h"
#include "quotes/clock_message.h"
#include "template/format.h"

enum { LABEL_MAX = 60, PACE_MAX = 40, MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

static int64_t divide_up(int64_t value, int64_t by)
{
    return (value + by - 1) / by;
}

void market_state_print_span(int64_t micros, struct strbuf *out)
{
    int64_t seconds = micros <= 0 ? 0 : divide_up(micros, MICROS_PER_SECOND);
    int64_t minutes = divide_up(seconds, MINUTE);
    int64_t hours = divide_up(seconds, HOUR);

    if (seconds < MINUTE)
        strbuf_printf(out, "%d s", (int)seconds);
    else if (minutes < MINUTE)
        strbuf_printf(out, "%d min", (int)minutes);
    else if (seconds < DAY && minutes < DAY / MINUTE)
        strbuf_printf(out, "%d h %02d min", (int)(minutes / MINUTE), (int)(minutes % MINUTE));
    else
        strbuf_printf(out, "%lld d %d h", (long long)(hours / 24), (int)(hours % 24));
}

// As clock.js writes it.
static bool add_pace(int64_t speed_micros, struct arena *arena, Pages__MarketState *state)
{
    OWNED(strbuf) pace = strbuf_new(PACE_MAX);

    if (speed_micros == MICROS_PER_UNIT)
        return true;
    if (speed_micros == 0) {
        strbuf_append_string(pace, "Clock stopped");
    } else {
        format_write_decimal(speed_micros, MONEY_SCALE, 0, pace);
        strbuf_append_string(pace, "\u00d7 speed");
    }
    state->pace = arena_copy(arena, pace->data, pace->length);
    return state->pace != NULL;
}

Pages__MarketState *market_state_make(struct quotes *quotes, struct arena *arena)
{
    OWNED(strbuf) label = strbuf_new(LABEL_MAX);
    struct platform_clock clock;
    Pages__MarketState *state = NULL;
    int64_t until = 0;

    if (!quotes_clock(quotes, &clock))
        return NULL;
    state = arena_allocate(arena, sizeof *state);
    if (state == NULL)
        return NULL;
    pages__market_state__init(state);
    until = clock.is_open ? clock.next_close : clock.next_open;
    strbuf_append_string(label, clock.is_open ? "Open" : "Closed");
    // Its days follow each other without a night.
    if (clock.is_open && clock.next_open == clock.next_close) {
        strbuf_append_string(label, " around the clock");
    } else if (until > clock.now) {
        strbuf_append_string(label, clock.is_open ? ", closes in " : ", opens in ");
        market_state_print_span(until - clock.now, label);
    }
    state->label = arena_copy(arena, label->data, label->length);
    state->clock = arena_allocate(arena, sizeof *state->clock);
    if (state->label == NULL || state->clock == NULL || !add_pace(clock.speed_micros, arena, state))
        return NULL;
    clock_message_make(&clock, state->clock);
    return state;
}
