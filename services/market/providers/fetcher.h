// SPDX-License-Identifier: MIT
// fetcher: asks the providers for the prices that are wanted, as call_plan has it, in one thread.
//
// What a call costs is written down before it leaves, so that a restart never spends a budget
// twice; while that cannot be done, nothing is asked.
//
// Threads: one of its own, on which everything given in the sink is called; the functions below may
// be called from any. Keys are in memory only, and taken out of whatever text leaves here.
#pragma once

#include "providers/research.h"
#include "service/metrics.h"

// What was known before the start.
struct fetcher_memory {
    struct plan_state states[PROVIDER_COUNT];
    size_t state_count;
    struct quote *quotes; // room for PLAN_SYMBOLS_MAX
    size_t quote_count;
};

// What a provider says to a question; it lies in the fetcher's memory as long as the call.
struct fetcher_finding {
    const struct research_question *question;
    const char *provider;
    struct provider_bars bars;       // of a history
    struct provider_symbols symbols; // of the others
};

struct fetcher_sink {
    // Called until it succeeds, before anything is asked.
    bool (*prepare)(void *context, struct fetcher_memory *out_memory, struct error *error);
    // Keeps a provider's state. `state` lives as long as the call.
    bool (*save)(void *context, const struct plan_state *state, struct error *error);
    void (*deliver)(void *context, const struct quote *quotes, size_t count);
    // Stores what came of a question, before anybody is told that it has been answered. Called with
    // nothing in it (no provider) when nobody knows. Fails as the database does.
    bool (*find)(void *context, const struct fetcher_finding *finding, struct error *error);
    // A provider fails otherwise than at the last call, or ("answered") works again.
    void (*changed)(void *context, const char *provider, const char *outcome, const char *problem);
    // Called a few times a second, and whenever something has come in.
    void (*turn)(void *context, int64_t now);
};

struct fetcher_access {
    const char *url; // the base address
    const char *key; // empty for none
};

struct fetcher_options {
    struct plan_options plan;
    struct fetcher_access access[PROVIDER_COUNT]; // of the plan's providers
    struct fetcher_sink sink;
    void *context;
    struct clock real_time;
    int64_t future_us_max;
    struct metrics *metrics;
};

struct fetcher;

// Starts its thread; the texts of the options are copied. The caller owns it. Fails with INTERNAL.
MUST_CHECK bool fetcher_new(const struct fetcher_options *options,
                            struct fetcher **out_fetcher,
                            struct error *error);
// Calls that are under way are given up.
void fetcher_free(struct fetcher **fetcher);

// Somebody wants to know the prices of these symbols.
void fetcher_want(struct fetcher *fetcher, const char *const *tickers, size_t count);

// What can be hoped for the price of a symbol that has been wanted.
enum plan_hope fetcher_hope(struct fetcher *fetcher, const char *ticker);

// Somebody wants to know this; how it stands.
enum research_state fetcher_ask(struct fetcher *fetcher, enum research_kind kind, const char *text);

// Forgets what came of a history, so that who wants it next has it asked for again.
void fetcher_forget_history(struct fetcher *fetcher, const char *ticker);

// How many symbols are wanted at present.
size_t fetcher_wanted(struct fetcher *fetcher);

// The state of all providers in their order; returns how many.
size_t fetcher_states(struct fetcher *fetcher, struct plan_state out_states[PROVIDER_COUNT]);
