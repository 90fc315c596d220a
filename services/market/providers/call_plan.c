// SPDX-License-Identifier: MIT
#include "providers/call_plan.h"

#include "providers/live_quote.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define MINUTE_US (60 * MICROS_PER_SECOND)

struct wanted {
    char ticker[TICKER_SIZE];
    int64_t wanted_at;
    int64_t told_at; // when a provider last answered; 0 for never
    int64_t due_at;
    int64_t price_micros;   // the last one believed; 0 for none
    int64_t quoted_at;      // its time
    int64_t suspect_micros; // a price that leapt and waits to be confirmed
    int64_t avoid_until[PROVIDER_COUNT];
    bool is_asked; // a call is under way
};

struct planned {
    const struct provider *provider;
    struct token_bucket minute, day;
    struct circuit_breaker breaker;
    int64_t blocked_until;
    bool is_key_refused; // which a restart with another key may change
    int64_t succeeded_at, failed_at;
    char problem[PROVIDER_PROBLEM_SIZE];
    size_t calls; // under way
};

struct call_plan {
    struct plan_options options;
    struct planned providers[PROVIDER_COUNT];
    struct wanted *symbols; // in no order
    size_t count;
};

struct call_plan *call_plan_new(const struct plan_options *options)
{
    struct call_plan *plan = allocate(sizeof *plan);

    assert(options->provider_count <= PROVIDER_COUNT);
    plan->options = *options;
    plan->symbols = allocate_array(PLAN_SYMBOLS_MAX, sizeof *plan->symbols);
    for (size_t i = 0; i < options->provider_count; i++) {
        const struct plan_provider_options *provider = &options->providers[i];

        plan->providers[i].provider = provider->provider;
        plan->providers[i].minute = token_bucket_of(provider->limits.per_minute, MINUTE_US);
        plan->providers[i].day = token_bucket_of(provider->limits.per_day, MICROS_PER_DAY);
    }
    return plan;
}

void call_plan_free(struct call_plan **plan)
{
    if (*plan == NULL)
        return;
    release((*plan)->symbols);
    release(*plan);
    *plan = NULL;
}

static struct wanted *find(const struct call_plan *plan, const char *ticker)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (strcmp(plan->symbols[i].ticker, ticker) == 0)
            return &plan->symbols[i];
    }
    return NULL;
}

// The entry that gives way: the one wanted longest ago that no call is about; NULL when all are.
static struct wanted *least_wanted(struct call_plan *plan)
{
    struct wanted *least = NULL;

    for (size_t i = 0; i < plan->count; i++) {
        struct wanted *symbol = &plan->symbols[i];

        if (!symbol->is_asked && (least == NULL || symbol->wanted_at < least->wanted_at))
            least = symbol;
    }
    return least;
}

static struct wanted *find_or_add(struct call_plan *plan, const char *ticker)
{
    struct wanted *symbol = find(plan, ticker);

    if (symbol != NULL)
        return symbol;
    symbol = plan->count < PLAN_SYMBOLS_MAX ? &plan->symbols[plan->count++] : least_wanted(plan);
    if (symbol == NULL)
        return NULL;
    memset(symbol, 0, sizeof *symbol);
    (void)snprintf(symbol->ticker, sizeof symbol->ticker, "%s", ticker);
    return symbol;
}

void call_plan_want(struct call_plan *plan, const char *ticker, int64_t now)
{
    struct wanted *symbol = find_or_add(plan, ticker);

    if (symbol != NULL)
        symbol->wanted_at = now;
}

void call_plan_know(struct call_plan *plan, const struct quote *quote)
{
    struct wanted *symbol = find_or_add(plan, quote->ticker);

    if (symbol == NULL)
        return;
    symbol->price_micros = quote->price_micros;
    symbol->quoted_at = quote->quoted_at;
}

static bool is_wanted(const struct call_plan *plan, const struct wanted *symbol, int64_t now)
{
    return symbol->wanted_at > 0 && now - symbol->wanted_at < plan->options.wanted_us;
}

static int64_t later(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

// From when a provider may be asked for a symbol, if its budget allows.
static int64_t allowed_at(const struct planned *provider, const struct wanted *symbol, size_t index)
{
    return later(symbol->avoid_until[index],
                 later(provider->blocked_until, provider->breaker.open_until));
}

// When its budget has a token.
static int64_t affordable_at(const struct planned *provider, int64_t now)
{
    return later(token_bucket_ready_at(&provider->minute, now),
                 token_bucket_ready_at(&provider->day, now));
}

// The provider to ask for a symbol now; provider_count when none is, and then `out_wake_at` is
// made as early as one may be.
static size_t
choose(const struct call_plan *plan, const struct wanted *symbol, int64_t now, int64_t *out_wake_at)
{
    for (size_t i = 0; i < plan->options.provider_count; i++) {
        const struct planned *provider = &plan->providers[i];
        int64_t allowed = allowed_at(provider, symbol, i);
        int64_t affordable = affordable_at(provider, now);

        if (later(allowed, affordable) > now) {
            if (later(allowed, affordable) < *out_wake_at)
                *out_wake_at = later(allowed, affordable);
            if (allowed <= now && affordable - now <= PLAN_WAITED_FOR_US)
                break;
            continue;
        }
        // One that is being tried again is not waited for.
        if (!circuit_breaker_allows(&provider->breaker, now))
            continue;
        // With so many calls under way it will be looked at again when one of them is over.
        return provider->calls < PLAN_CALLS_A_PROVIDER ? i : plan->options.provider_count;
    }
    return plan->options.provider_count;
}

// Whether `symbol` has been without news for longer than `other`.
static bool is_staler(const struct wanted *symbol, const struct wanted *other)
{
    return other == NULL || symbol->told_at < other->told_at ||
           (symbol->told_at == other->told_at && symbol->due_at < other->due_at);
}

// The stalest symbol that is due and that `only`, or any provider with SIZE_MAX, is to be asked
// for.
static struct wanted *stalest(
    struct call_plan *plan, size_t only, int64_t now, size_t *out_provider, int64_t *out_wake_at)
{
    struct wanted *found = NULL;

    for (size_t i = 0; i < plan->count; i++) {
        struct wanted *symbol = &plan->symbols[i];
        size_t provider;

        if (symbol->is_asked || !is_wanted(plan, symbol, now))
            continue;
        if (symbol->due_at > now) {
            if (symbol->due_at < *out_wake_at)
                *out_wake_at = symbol->due_at;
            continue;
        }
        if (!is_staler(symbol, found))
            continue;
        provider = choose(plan, symbol, now, out_wake_at);
        if (provider == plan->options.provider_count || (only != SIZE_MAX && provider != only))
            continue;
        found = symbol;
        *out_provider = provider;
    }
    return found;
}

// How many symbols the provider may be asked for in one call, whose budget is there for one.
static size_t batch_of(const struct planned *provider, int64_t now)
{
    size_t batch = provider->provider->batch_max;
    int64_t minute = token_bucket_available(&provider->minute, now);
    int64_t day = token_bucket_available(&provider->day, now);
    int64_t tokens = minute < day ? minute : day;

    if (provider->provider->costs_per_symbol && tokens < (int64_t)batch)
        batch = (size_t)tokens;
    return batch < PROVIDER_BATCH_MAX ? batch : PROVIDER_BATCH_MAX;
}

static void add_to_call(struct plan_call *call, struct wanted *symbol)
{
    memcpy(call->tickers[call->ticker_count++], symbol->ticker, TICKER_SIZE);
    symbol->is_asked = true;
}

bool call_plan_next(struct call_plan *plan,
                    int64_t now,
                    struct plan_call *out_call,
                    int64_t *out_wake_at)
{
    struct plan_call call = {0};
    struct planned *provider;
    struct wanted *symbol;
    size_t batch, same = 0;
    int64_t cost, ignored = 0;

    *out_wake_at = INT64_MAX;
    symbol = stalest(plan, SIZE_MAX, now, &call.provider, out_wake_at);
    if (symbol == NULL)
        return false;
    provider = &plan->providers[call.provider];
    batch = batch_of(provider, now);
    add_to_call(&call, symbol);
    while (call.ticker_count < batch &&
           (symbol = stalest(plan, call.provider, now, &same, &ignored)) != NULL)
        add_to_call(&call, symbol);
    cost = provider->provider->costs_per_symbol ? (int64_t)call.ticker_count : 1;
    token_bucket_take(&provider->minute, cost, now);
    token_bucket_take(&provider->day, cost, now);
    circuit_breaker_begin(&provider->breaker, now);
    provider->calls++;
    *out_call = call;
    return true;
}

void call_plan_cancel(struct call_plan *plan, const struct plan_call *call, int64_t now)
{
    struct planned *provider = &plan->providers[call->provider];

    provider->calls--;
    circuit_breaker_pass(&provider->breaker);
    for (size_t i = 0; i < call->ticker_count; i++) {
        struct wanted *symbol = find(plan, call->tickers[i]);

        symbol->is_asked = false;
        symbol->due_at = now + MICROS_PER_SECOND;
    }
}

static void
note_verdict(struct planned *provider, const struct provider_verdict *verdict, int64_t now)
{
    int64_t blocked_us = verdict->blocked_us;

    if (verdict->outcome == PROVIDER_ANSWERED || verdict->outcome == PROVIDER_UNKNOWN_SYMBOL) {
        circuit_breaker_succeed(&provider->breaker);
        provider->succeeded_at = now;
        provider->is_key_refused = false;
        return;
    }
    provider->failed_at = now;
    (void)snprintf(provider->problem, sizeof provider->problem, "%s", verdict->problem);
    if (verdict->outcome == PROVIDER_MALFORMED || verdict->outcome == PROVIDER_UNAVAILABLE) {
        circuit_breaker_fail(&provider->breaker, now);
        return;
    }
    // It works, and does not want to be asked.
    circuit_breaker_pass(&provider->breaker);
    provider->is_key_refused = verdict->outcome == PROVIDER_KEY_REFUSED;
    if (provider->is_key_refused)
        blocked_us = PLAN_KEY_REFUSED_US;
    else if (blocked_us <= 0)
        blocked_us = PLAN_LIMITED_US;
    if (blocked_us > PLAN_BLOCKED_US_MAX)
        blocked_us = PLAN_BLOCKED_US_MAX;
    if (now + blocked_us > provider->blocked_until)
        provider->blocked_until = now + blocked_us;
}

// A price far from the last one has to come twice, from whomever, before it is believed.
static bool
is_believed(const struct call_plan *plan, struct wanted *symbol, struct provider_answer *answer)
{
    const struct quote *quote = &answer->quote;
    int64_t before = symbol->price_micros > 0 ? symbol->price_micros : quote->previous_close_micros;

    if (!live_quote_leaps(quote->price_micros, before, plan->options.leap_percent_max) ||
        live_quote_confirms(quote->price_micros, symbol->suspect_micros)) {
        symbol->suspect_micros = 0;
        return true;
    }
    symbol->suspect_micros = quote->price_micros;
    answer->outcome = PROVIDER_MALFORMED;
    (void)snprintf(answer->problem, sizeof answer->problem,
                   "the price is more than %d%% from the last one and has to be confirmed",
                   (int)plan->options.leap_percent_max);
    return false;
}

static bool accept(struct call_plan *plan,
                   const struct provider *provider,
                   struct wanted *symbol,
                   struct provider_answer *answer,
                   int64_t now,
                   struct quote *out_quote)
{
    struct quote *quote = &answer->quote;

    if (!is_believed(plan, symbol, answer)) {
        symbol->due_at = now + PLAN_LEAP_US;
        return false;
    }
    symbol->told_at = now;
    symbol->due_at = live_quote_next_at(now, plan->options.refresh_us);
    // A provider that is behind says nothing new, and must not take back what another has said.
    if (quote->quoted_at < symbol->quoted_at)
        return false;
    symbol->price_micros = quote->price_micros;
    symbol->quoted_at = quote->quoted_at;
    memcpy(quote->ticker, symbol->ticker, sizeof quote->ticker);
    quote->bid_micros = quote->price_micros;
    quote->ask_micros = quote->price_micros;
    quote->source = provider->name;
    quote->valid_until = live_quote_valid_until(quote->quoted_at, now, plan->options.age_us);
    *out_quote = *quote;
    return true;
}

static void
pass_over(struct wanted *symbol, size_t provider, enum provider_outcome outcome, int64_t now)
{
    // A limit or a key is between the provider and us, and kept there.
    if (outcome == PROVIDER_UNKNOWN_SYMBOL)
        symbol->avoid_until[provider] = now + PLAN_UNKNOWN_US;
    else if (outcome == PROVIDER_MALFORMED)
        symbol->avoid_until[provider] = now + PLAN_FAILED_US;
    else if (outcome == PROVIDER_UNAVAILABLE)
        symbol->avoid_until[provider] = now + PLAN_UNAVAILABLE_US;
    symbol->due_at = now;
}

bool call_plan_take(struct call_plan *plan, size_t index, int64_t now, int64_t *out_ready_at)
{
    struct planned *provider = &plan->providers[index];
    int64_t ready = later(affordable_at(provider, now),
                          later(provider->blocked_until, provider->breaker.open_until));

    *out_ready_at = ready > now ? ready : now + MICROS_PER_SECOND;
    if (ready > now || provider->calls >= PLAN_CALLS_A_PROVIDER ||
        !circuit_breaker_allows(&provider->breaker, now))
        return false;
    token_bucket_take(&provider->minute, 1, now);
    token_bucket_take(&provider->day, 1, now);
    circuit_breaker_begin(&provider->breaker, now);
    provider->calls++;
    return true;
}

void call_plan_note(struct call_plan *plan,
                    size_t index,
                    const struct provider_verdict *verdict,
                    int64_t now)
{
    plan->providers[index].calls--;
    note_verdict(&plan->providers[index], verdict, now);
}

void call_plan_give_up(struct call_plan *plan, size_t index)
{
    plan->providers[index].calls--;
    circuit_breaker_pass(&plan->providers[index].breaker);
}

enum plan_hope call_plan_hope(const struct call_plan *plan, const char *ticker, int64_t now)
{
    const struct wanted *symbol = find(plan, ticker);
    size_t unknown = 0;

    if (symbol == NULL || symbol->is_asked)
        return PLAN_HOPE;
    for (size_t i = 0; i < plan->options.provider_count; i++) {
        const struct planned *provider = &plan->providers[i];
        int64_t at = later(allowed_at(provider, symbol, i), affordable_at(provider, now));

        // Only what it does not know is left to one for so long.
        unknown += symbol->avoid_until[i] > now + PLAN_FAILED_US;
        if (at - now <= PLAN_WAITED_FOR_US)
            return PLAN_HOPE;
    }
    return unknown == plan->options.provider_count ? PLAN_NOBODY_KNOWS : PLAN_NOBODY_TELLS;
}

size_t call_plan_finish(struct call_plan *plan,
                        const struct plan_call *call,
                        const struct provider_verdict *verdict,
                        struct provider_answer *answers,
                        int64_t now,
                        struct quote out_quotes[PROVIDER_BATCH_MAX])
{
    struct planned *provider = &plan->providers[call->provider];
    size_t count = 0;

    provider->calls--;
    note_verdict(provider, verdict, now);
    for (size_t i = 0; i < call->ticker_count; i++) {
        struct wanted *symbol = find(plan, call->tickers[i]); // kept while it is asked for

        symbol->is_asked = false;
        if (answers[i].outcome != PROVIDER_ANSWERED)
            pass_over(symbol, call->provider, answers[i].outcome, now);
        else if (accept(plan, provider->provider, symbol, &answers[i], now, &out_quotes[count]))
            count++;
    }
    return count;
}

size_t call_plan_wanted(const struct call_plan *plan, int64_t now)
{
    size_t count = 0;

    for (size_t i = 0; i < plan->count; i++)
        count += is_wanted(plan, &plan->symbols[i], now);
    return count;
}

void call_plan_state(const struct call_plan *plan,
                     size_t index,
                     int64_t now,
                     struct plan_state *out_state)
{
    const struct planned *provider = &plan->providers[index];

    *out_state = (struct plan_state){
        .name = provider->provider->name,
        .state = circuit_breaker_state(&provider->breaker, now),
        .minute_used_until = provider->minute.used_until,
        .day_used_until = provider->day.used_until,
        .blocked_until = provider->blocked_until > now ? provider->blocked_until : 0,
        .is_key_refused = provider->is_key_refused,
        .minute_left = token_bucket_available(&provider->minute, now),
        .day_left = token_bucket_available(&provider->day, now),
        .succeeded_at = provider->succeeded_at,
        .failed_at = provider->failed_at,
    };
    memcpy(out_state->problem, provider->problem, sizeof out_state->problem);
}

void call_plan_resume(struct call_plan *plan, const struct plan_state *state, int64_t now)
{
    for (size_t i = 0; i < plan->options.provider_count; i++) {
        struct planned *provider = &plan->providers[i];

        if (strcmp(provider->provider->name, state->name) != 0)
            continue;
        token_bucket_resume(&provider->minute, state->minute_used_until, now);
        token_bucket_resume(&provider->day, state->day_used_until, now);
        if (!state->is_key_refused && state->blocked_until <= now + PLAN_BLOCKED_US_MAX)
            provider->blocked_until = state->blocked_until;
    }
}
