// SPDX-License-Identifier: MIT
// research: what is asked of providers once, beside the prices that are asked for again and again:
// whether a symbol exists and what it is called, its daily history, and which symbols some words
// mean.
//
// A question is asked once, however many ask it, and its outcome remembered for a while: also that
// nobody knows. Providers are tried in the order of the setting. Of each provider's budget research
// takes a quarter at most, so that prices keep coming; and how it is, is call_plan's to know.
//
// Threads: none of its own; the caller serialises access, as to the plan. Memory: all its own;
// texts go in and out by value.
#pragma once

#include "providers/call_plan.h"

enum {
    RESEARCH_TEXT_SIZE = 65,
    RESEARCH_MAX = 512, // questions remembered; those answered longest ago give way
    RESEARCH_SHARE = 4, // of a budget, what research may have: one call in so many
};

#define RESEARCH_ANSWERED_US (3600 * MICROS_PER_SECOND)    // what came of it is elsewhere by then
#define RESEARCH_UNKNOWN_US (6 * 3600 * MICROS_PER_SECOND) // that nobody knows
#define RESEARCH_FAILED_US (60 * MICROS_PER_SECOND)
#define RESEARCH_PATIENCE_US (20 * MICROS_PER_SECOND) // for a budget, before it has failed

enum research_kind {
    RESEARCH_SYMBOL,  // a ticker: an overview, a search or a price, whatever a provider has
    RESEARCH_HISTORY, // a ticker: daily bars
    RESEARCH_WORDS,   // a search
};

enum research_state {
    RESEARCH_UNDER_WAY,
    RESEARCH_ANSWERED,
    RESEARCH_UNKNOWN, // to all who could be asked
    RESEARCH_FAILED,  // nobody could be asked, or none of them answered
};

struct research_question {
    enum research_kind kind;
    char text[RESEARCH_TEXT_SIZE]; // a ticker or words
    int64_t day; // of a history the date in New York: on the next one there is more to ask for
};

struct research_call {
    struct research_question question;
    size_t provider; // its number in the options
    enum provider_ask ask;
};

struct research;

struct research *research_new(const struct plan_options *options);
void research_free(struct research **research);

// Somebody wants to know: how it stands. Asked anew when what is remembered is too old. With too
// many questions under way it has failed.
enum research_state
research_want(struct research *research, const struct research_question *question, int64_t now);

// How a question stands that has been asked.
enum research_state research_state(struct research *research,
                                   const struct research_question *question);

// What came of a question does not hold any longer; one that is under way goes on.
void research_forget(struct research *research, const struct research_question *question);

// True when there is something to ask now, for which the plan's budget is spent from then on.
// Otherwise `out_wake_at` is made as early as there may be, when that is earlier.
MUST_CHECK bool research_next(struct research *research,
                              struct call_plan *plan,
                              int64_t now,
                              struct research_call *out_call,
                              int64_t *out_wake_at);

// The call was not made after all, for a reason that is not the provider's.
void research_cancel(struct research *research,
                     struct call_plan *plan,
                     const struct research_call *call,
                     int64_t now);

// The call is over. Answers have been stored by now; when that failed the outcome is UNAVAILABLE.
void research_finish(struct research *research,
                     struct call_plan *plan,
                     const struct research_call *call,
                     const struct provider_verdict *verdict,
                     int64_t now);
