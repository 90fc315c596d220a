// SPDX-License-Identifier: MIT
// call_plan: which symbols are asked of which provider, and when.
//
// It holds what somebody wants to know (each symbol once, however many ask), and what is known of
// each provider: its budget, its breaker, for how long it wants to be left alone. The symbol that
// has been without news for longest comes first; it goes to the first provider in the order of the
// setting that can be asked, together with others when that takes several. A provider whose next
// token is near is waited for, one that fails, knows nothing of the symbol or has no budget is
// passed over. What a provider does not know is not asked of it again for hours.
//
// Symbols that nobody has wanted for a while are no longer asked for; when there are too many,
// those wanted longest ago give way.
//
// Threads: none of its own; the caller serialises access. Memory: all its own; calls and quotes go
// in and out by value. All times are given, and are platform time, which is real time here.
#pragma once

#include "providers/circuit_breaker.h"
#include "providers/provider.h"
#include "providers/token_bucket.h"

enum { PLAN_SYMBOLS_MAX = 2000, PLAN_CALLS_A_PROVIDER = 4 };

#define PLAN_FAILED_US (60 * MICROS_PER_SECOND)        // what cannot be believed of a symbol
#define PLAN_UNAVAILABLE_US (5 * MICROS_PER_SECOND)    // a failure that is none of the symbol's
#define PLAN_UNKNOWN_US (6 * 3600 * MICROS_PER_SECOND) // one that does not know it
#define PLAN_KEY_REFUSED_US (3600 * MICROS_PER_SECOND)
#define PLAN_LIMITED_US (60 * MICROS_PER_SECOND) // by a limit that says no time
#define PLAN_BLOCKED_US_MAX (24 * 3600 * MICROS_PER_SECOND)
#define PLAN_LEAP_US (2 * MICROS_PER_SECOND) // until a price that leapt is asked for again
#define PLAN_WAITED_FOR_US                                                                         \
    (10 * MICROS_PER_SECOND) // a provider's next token, rather than passing on

struct plan_provider_options {
    const struct provider *provider;
    struct provider_limits limits;
};

struct plan_options {
    struct plan_provider_options providers[PROVIDER_COUNT]; // in the order they are asked
    size_t provider_count;
    int64_t refresh_us; // between two quotes of a symbol during a session, if the budget allows
    int64_t wanted_us;  // for how long a symbol is asked for after it was last wanted
    int64_t age_us;     // of a price that may be traded on
    int64_t leap_percent_max;
};

// What is kept of a provider across restarts, and shown to operators.
struct plan_state {
    const char *name;
    enum breaker_state state;
    int64_t minute_used_until, day_used_until; // of its token buckets
    int64_t blocked_until;                     // 0, or by its own word
    bool is_key_refused;                       // not kept across restarts
    int64_t minute_left, day_left;             // calls; INT64_MAX without a limit
    int64_t succeeded_at, failed_at;           // 0 for never
    char problem[PROVIDER_PROBLEM_SIZE];       // of the last failure
};

struct plan_call {
    size_t provider; // its number in the options
    char tickers[PROVIDER_BATCH_MAX][TICKER_SIZE];
    size_t ticker_count;
};

struct call_plan;

struct call_plan *call_plan_new(const struct plan_options *options);
void call_plan_free(struct call_plan **plan);

// Somebody wants to know this symbol's price.
void call_plan_want(struct call_plan *plan, const char *ticker, int64_t now);

// The symbol's last price is that, as of a time long enough ago to ask for it at once.
void call_plan_know(struct call_plan *plan, const struct quote *quote);

// True when there is something to ask now: fills in the call, for which the budget is spent from
// then on. Otherwise `out_wake_at` is when to look again, INT64_MAX for not by itself.
MUST_CHECK bool call_plan_next(struct call_plan *plan,
                               int64_t now,
                               struct plan_call *out_call,
                               int64_t *out_wake_at);

// For a call that is not about prices (research.h): true when the provider can be asked now, and
// its budget is spent from then on. Otherwise `out_ready_at` is when to look again. Followed by
// exactly one of the other two: the call came to that, or says nothing of the provider.
MUST_CHECK bool
call_plan_take(struct call_plan *plan, size_t provider, int64_t now, int64_t *out_ready_at);
void call_plan_note(struct call_plan *plan,
                    size_t provider,
                    const struct provider_verdict *verdict,
                    int64_t now);
void call_plan_give_up(struct call_plan *plan, size_t provider);

// What is known of the price of a symbol that has been wanted, and has none yet.
enum plan_hope {
    PLAN_HOPE,         // it is being asked for, or will be in a moment
    PLAN_NOBODY_KNOWS, // all who could be asked say that there is no such symbol
    PLAN_NOBODY_TELLS, // nobody can be asked in the next moments
};
enum plan_hope call_plan_hope(const struct call_plan *plan, const char *ticker, int64_t now);

// The call was not made after all, for a reason that is not the provider's.
void call_plan_cancel(struct call_plan *plan, const struct plan_call *call, int64_t now);

// The call is over. Gives back the quotes that are to be shown, complete, at most as many as there
// were tickers; answers that are not believed become failures.
size_t call_plan_finish(struct call_plan *plan,
                        const struct plan_call *call,
                        const struct provider_verdict *verdict,
                        struct provider_answer *answers,
                        int64_t now,
                        struct quote out_quotes[PROVIDER_BATCH_MAX]);

size_t call_plan_wanted(const struct call_plan *plan, int64_t now);
void call_plan_state(const struct call_plan *plan,
                     size_t provider,
                     int64_t now,
                     struct plan_state *out_state);
void call_plan_resume(struct call_plan *plan, const struct plan_state *state, int64_t now);
