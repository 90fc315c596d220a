// SPDX-License-Identifier: MIT
// quote: the message that is echoed.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "echo.pb-c.h"

static inline Bench__Quote quote_example(void)
{
    Bench__Quote quote = BENCH__QUOTE__INIT;

    quote.ticker = (char *)(uintptr_t) "AAPL";
    quote.has_price_micros = quote.has_bid_micros = quote.has_ask_micros = true;
    quote.price_micros = 182500000;
    quote.bid_micros = 182490000;
    quote.ask_micros = 182510000;
    quote.has_quoted_at_us = quote.has_sequence = true;
    quote.quoted_at_us = INT64_C(1401714000000000);
    quote.sequence = 3000000;
    return quote;
}

// Packs it; about 37 bytes.
static inline size_t quote_pack(char out[64])
{
    Bench__Quote quote = quote_example();

    return bench__quote__pack(&quote, (uint8_t *)out);
}
