// SPDX-License-Identifier: MIT
// provider: a web service that knows prices, behind the same small interface whichever it is.
//
// A provider writes the address of a call and reads the reply: bytes in, quotes, bars or symbols
// out. It does no I/O, keeps nothing, and knows no time but the one it is given. What a reply says
// is believed only when it is about the symbol asked for, of a time that is not to come, in US
// dollars, and a price that can be one. Replies are never right by default: what is not understood
// is PROVIDER_MALFORMED.
//
// Prices are read exactly, as decimals; those with more than 6 decimals (Yahoo prints binary
// fractions) are rounded half to even once.
//
// Threads: pure functions. Memory: what is read lies in the reading's arena.
#pragma once

#include "base/arena.h"
#include "base/strbuf.h"
#include "player/replay.h"

enum {
    PROVIDER_BATCH_MAX = 32, // symbols in one call
    PROVIDER_URL_MAX = 2048, // bytes of what follows the base address
    PROVIDER_KEY_MAX = 128,
    PROVIDER_HEADER_SIZE = PROVIDER_KEY_MAX + 64,
    PROVIDER_PROBLEM_SIZE = 200,
    PROVIDER_BARS_MAX = 20000,
    PROVIDER_SYMBOLS_MAX = 100,
};

// What a call came to, for the provider as a whole and for each symbol.
enum provider_outcome {
    PROVIDER_ANSWERED,
    PROVIDER_UNKNOWN_SYMBOL,
    PROVIDER_RATE_LIMITED,
    PROVIDER_KEY_REFUSED, // missing, wrong, or of a plan that does not include the call
    PROVIDER_MALFORMED,   // not understood, or not to be believed
    PROVIDER_UNAVAILABLE, // no reply, or one that says the provider is at fault
    PROVIDER_OUTCOME_COUNT
};

// "answered", "unknown_symbol" ..., for metrics and logs.
const char *provider_outcome_name(enum provider_outcome outcome);

enum provider_ask {
    PROVIDER_QUOTES,
    PROVIDER_DAILY_BARS,
    PROVIDER_INTRADAY_BARS,
    PROVIDER_SEARCH,
    PROVIDER_OVERVIEW,
    PROVIDER_ASK_COUNT
};

struct provider_request {
    enum provider_ask ask;
    const char (*tickers)[TICKER_SIZE]; // one, or with PROVIDER_QUOTES up to the batch_max
    size_t ticker_count;
    const char *words;           // of a search
    int64_t first_day, last_day; // of bars
    int minutes;                 // of an intraday bar: 1, 5, 15, 30 or 60
};

// What is asked for over HTTP: `target` follows the provider's base address.
struct provider_call {
    struct strbuf *target;
    char header[PROVIDER_HEADER_SIZE]; // one more header, with the key; empty for none
};

struct provider_reply {
    int status; // of HTTP
    struct text body;
    int64_t retry_after_us; // what the reply says of it; 0 for nothing
};

struct provider_reading {
    const struct provider_request *request;
    const struct provider_reply *reply;
    struct arena *arena;
    int64_t now;           // platform time
    int64_t future_us_max; // how much later a price may say it is
};

// What the reply means for the provider: whether to go on asking it, and when.
struct provider_verdict {
    enum provider_outcome outcome;
    int64_t blocked_us;                  // leave it alone for so long; 0 unless it said so
    char problem[PROVIDER_PROBLEM_SIZE]; // a phrase for the operator; may quote the reply
};

struct provider_answer {
    enum provider_outcome outcome;
    char problem[PROVIDER_PROBLEM_SIZE];
    struct quote quote; // when answered; `valid_until`, bid and ask are not set
};

struct provider_bar {
    int64_t day; // the date in New York
    int64_t at;  // its beginning: of a daily one the open of the session
    int64_t open_micros, high_micros, low_micros, close_micros;
    int64_t volume;
};

struct provider_bars {
    struct provider_bar *bars; // in the arena, oldest first
    size_t count;
    size_t refused;         // those that broke a rule of bars and were left out
    bool is_split_adjusted; // else as traded
};

struct provider_symbol {
    char ticker[TICKER_SIZE];
    const char *name; // in the arena, as the next two; NULL when it is not said
    const char *exchange;
    const char *sector;
};

struct provider_symbols {
    struct provider_symbol *symbols; // in the arena, the best match first
    size_t count;
};

// What may be asked in any minute and in any day of 24 hours; 0 for no limit.
struct provider_limits {
    int64_t per_minute;
    int64_t per_day;
};

struct provider {
    const char *name;
    const char *url; // the base address, unless a setting says another
    bool needs_key;
    bool costs_per_symbol; // a batch counts as so many calls
    unsigned asks;         // bits 1 << enum provider_ask
    size_t batch_max;
    struct provider_limits limits;

    void (*write_call)(const struct provider_request *request,
                       const char *key,
                       struct provider_call *call);
    // Fills one answer a ticker of the request, all of them whatever the verdict.
    void (*read_quotes)(const struct provider_reading *reading,
                        struct provider_answer *answers,
                        struct provider_verdict *out_verdict);
    // Of either kind of bars; fills `out_bars` when the verdict is PROVIDER_ANSWERED.
    void (*read_bars)(const struct provider_reading *reading,
                      struct provider_bars *out_bars,
                      struct provider_verdict *out_verdict);
    // Of a search or an overview.
    void (*read_symbols)(const struct provider_reading *reading,
                         struct provider_symbols *out_symbols,
                         struct provider_verdict *out_verdict);
};

extern const struct provider provider_alpha_vantage, provider_yahoo, provider_finnhub,
    provider_twelve_data, provider_stooq;

enum { PROVIDER_COUNT = 5 };

// The provider of that number or name; NULL when there is none.
const struct provider *provider_at(size_t index);
const struct provider *provider_find(struct text name);

bool provider_can(const struct provider *provider, enum provider_ask ask);
