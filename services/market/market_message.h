// SPDX-License-Identifier: MIT
// market_message: quotes, bars and the clock as the messages that leave the service.
//
// Threads: pure functions. Memory: a message borrows the texts of what it is made from.
#pragma once

#include "base/strbuf.h"
#include "bourse/market/v1/market.pb-c.h"
#include "clock/market_hours.h"
#include "clock/platform_clock.h"
#include "player/replay.h"

// The clock as it is told to others.
struct clock_view {
    enum clock_mode mode;
    int64_t now;
    int64_t as_of;
    int64_t speed_micros;
    enum market_hours hours;
};

void market_message_clock(const struct clock_view *view, Market__Clock *out_clock);

// `now` is platform time, which decides whether the quote is stale.
void market_message_quote(const struct quote *quote, int64_t now, Market__Quote *out_quote);

void market_message_bar(const struct bar *bar, Market__Bar *out_bar);

void market_message_timed_bar(const struct timed_bar *bar, Market__Bar *out_bar);

// Writes the packed publication of `quotes` and the clock into `buffer`, which is emptied first.
void market_message_publication(const struct quote *quotes,
                                size_t count,
                                const struct clock_view *view,
                                struct strbuf *buffer);

enum { PUBLICATION_QUOTES_MAX = 500, PUBLICATION_BYTES_MAX = 256 * 1024 };
