// SPDX-License-Identifier: MIT
#include "quotes/clock_message.h"

void clock_message_make(const struct platform_clock *clock, Market__Clock *out_clock)
{
    struct clock real = clock_real();

    market__clock__init(out_clock);
    out_clock->has_mode = out_clock->has_now = out_clock->has_as_of = true;
    out_clock->mode = (Market__ClockMode)clock->mode;
    out_clock->now = clock->now;
    out_clock->as_of = clock_now_us(&real);
    out_clock->has_speed_micros = out_clock->has_is_open = out_clock->has_session = true;
    out_clock->speed_micros = clock->speed_micros;
    out_clock->is_open = clock->is_open;
    out_clock->session = (Market__Session)clock->session;
    out_clock->has_next_open = out_clock->has_next_close = out_clock->has_previous_close = true;
    out_clock->next_open = clock->next_open;
    out_clock->next_close = clock->next_close;
    out_clock->previous_close = clock->previous_close;
    out_clock->has_extended_end = clock->extended_end != 0;
    out_clock->extended_end = clock->extended_end;
}

void clock_message_read(const Market__Clock *clock, struct platform_clock *out_clock)
{
    *out_clock = (struct platform_clock){
        .mode = (int)clock->mode,
        .now = clock->now,
        .speed_micros = clock->speed_micros,
        .session = (int)clock->session,
        .is_open = clock->is_open,
        .next_open = clock->next_open,
        .next_close = clock->next_close,
        .previous_close = clock->previous_close,
        .extended_end = clock->extended_end,
    };
}
