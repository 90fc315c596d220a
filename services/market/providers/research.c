// SPDX-License-Identifier: MIT
#include "providers/research.h"

#include <assert.h>
#include <string.h>

#define MINUTE_US (60 * MICROS_PER_SECOND)

struct entry {
    struct research_question question;
    enum research_state state;
    bool is_asked;   // a call is under way
    bool has_failed; // at one who may know
    bool is_tried[PROVIDER_COUNT];
    int64_t wanted_at; // since when it has been under way
    int64_t until;     // of an outcome: how long it is remembered
};

struct research {
    struct plan_options options;
    struct token_bucket minute[PROVIDER_COUNT], day[PROVIDER_COUNT]; // research's own share
    struct entry entries[RESEARCH_MAX];
    size_t count;
};

static int64_t share_of(int64_t limit)
{
    return limit > 0 && limit < RESEARCH_SHARE ? 1 : limit / RESEARCH_SHARE;
}

struct research *research_new(const struct plan_options *options)
{
    struct research *research = allocate(sizeof *research);

    research->options = *options;
    for (size_t i = 0; i < options->provider_count; i++) {
        const struct provider_limits *limits = &options->providers[i].limits;

        research->minute[i] = token_bucket_of(share_of(limits->per_minute), MINUTE_US);
        research->day[i] = token_bucket_of(share_of(limits->per_day), MICROS_PER_DAY);
    }
    return research;
}

void research_free(struct research **research)
{
    release(*research);
    *research = NULL;
}

static struct entry *find(struct research *research, const struct research_question *question)
{
    for (size_t i = 0; i < research->count; i++) {
        struct entry *entry = &research->entries[i];

        if (entry->question.kind == question->kind && entry->question.day == question->day &&
            strcmp(entry->question.text, question->text) == 0)
            return entry;
    }
    return NULL;
}

// Room for a question: the outcome that is forgotten soonest gives way. NULL when all are under
// way.
static struct entry *make_room(struct research *research)
{
    struct entry *oldest = NULL;

    if (research->count < RESEARCH_MAX)
        return &research->entries[research->count++];
    for (size_t i = 0; i < RESEARCH_MAX; i++) {
        struct entry *entry = &research->entries[i];

        if (entry->state != RESEARCH_UNDER_WAY && (oldest == NULL || entry->until < oldest->until))
            oldest = entry;
    }
    return oldest;
}

enum research_state
research_want(struct research *research, const struct research_question *question, int64_t now)
{
    struct entry *entry = find(research, question);

    if (entry != NULL && (entry->state == RESEARCH_UNDER_WAY || entry->until > now))
        return entry->state;
    if (entry == NULL)
        entry = make_room(research);
    if (entry == NULL)
        return RESEARCH_FAILED;
    *entry = (struct entry){.question = *question, .state = RESEARCH_UNDER_WAY, .wanted_at = now};
    return RESEARCH_UNDER_WAY;
}

enum research_state research_state(struct research *research,
                                   const struct research_question *question)
{
    const struct entry *entry = find(research, question);

    return entry != NULL ? entry->state : RESEARCH_FAILED;
}

void research_forget(struct research *research, const struct research_question *question)
{
    struct entry *entry = find(research, question);

    if (entry != NULL)
        entry->until = INT64_MIN;
}

static void end(struct entry *entry, enum research_state state, int64_t now)
{
    entry->state = state;
    entry->until = now + (state == RESEARCH_ANSWERED  ? RESEARCH_ANSWERED_US
                          : state == RESEARCH_UNKNOWN ? RESEARCH_UNKNOWN_US
                                                      : RESEARCH_FAILED_US);
}

// What a provider is asked; false when it knows nothing of the kind. That a symbol exists is best
// said with its name, and a price says it too.
static bool
ask_of(const struct provider *provider, enum research_kind kind, enum provider_ask *out_ask)
{
    static const enum provider_ask symbol[] = {PROVIDER_OVERVIEW, PROVIDER_SEARCH, PROVIDER_QUOTES};

    if (kind != RESEARCH_SYMBOL) {
        *out_ask = kind == RESEARCH_HISTORY ? PROVIDER_DAILY_BARS : PROVIDER_SEARCH;
        return provider_can(provider, *out_ask);
    }
    for (size_t i = 0; i < COUNT_OF(symbol); i++) {
        *out_ask = symbol[i];
        if (provider_can(provider, symbol[i]))
            return true;
    }
    return false;
}

static int64_t later(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

// Whether there is nobody left to ask.
static bool is_exhausted(const struct research *research, const struct entry *entry)
{
    enum provider_ask ask;

    for (size_t i = 0; i < research->options.provider_count; i++) {
        if (!entry->is_tried[i] &&
            ask_of(research->options.providers[i].provider, entry->question.kind, &ask))
            return false;
    }
    return true;
}

// When research's own share of a provider's budget has a call.
static int64_t ready_at(const struct research *research, size_t provider, int64_t now)
{
    return later(token_bucket_ready_at(&research->minute[provider], now),
                 token_bucket_ready_at(&research->day[provider], now));
}

// Chooses a provider for a question. Ends it when there is nobody left, or nobody for too long.
static bool choose(struct research *research,
                   struct call_plan *plan,
                   struct entry *entry,
                   int64_t now,
                   struct research_call *out_call,
                   int64_t *out_wake_at)
{
    int64_t wake_at = INT64_MAX;

    for (size_t i = 0; i < research->options.provider_count; i++) {
        const struct provider *provider = research->options.providers[i].provider;
        int64_t ready = ready_at(research, i, now);
        enum provider_ask ask;

        if (entry->is_tried[i] || !ask_of(provider, entry->question.kind, &ask))
            continue;
        if (ready <= now && call_plan_take(plan, i, now, &ready)) {
            token_bucket_take(&research->minute[i], 1, now);
            token_bucket_take(&research->day[i], 1, now);
            *out_call = (struct research_call){entry->question, i, ask};
            return true;
        }
        wake_at = ready < wake_at ? ready : wake_at;
    }
    // With nobody who knows anything of the kind it is as unknown as can be.
    if (wake_at == INT64_MAX)
        end(entry, RESEARCH_UNKNOWN, now);
    else if (later(wake_at, now) - entry->wanted_at > RESEARCH_PATIENCE_US)
        end(entry, RESEARCH_FAILED, now);
    else if (wake_at < *out_wake_at)
        *out_wake_at = wake_at;
    return false;
}

bool research_next(struct research *research,
                   struct call_plan *plan,
                   int64_t now,
                   struct research_call *out_call,
                   int64_t *out_wake_at)
{
    for (size_t i = 0; i < research->count; i++) {
        struct entry *entry = &research->entries[i];

        if (entry->state != RESEARCH_UNDER_WAY || entry->is_asked)
            continue;
        if (choose(research, plan, entry, now, out_call, out_wake_at)) {
            entry->is_asked = true;
            return true;
        }
    }
    return false;
}

void research_cancel(struct research *research,
                     struct call_plan *plan,
                     const struct research_call *call,
                     int64_t now)
{
    struct entry *entry = find(research, &call->question);

    call_plan_give_up(plan, call->provider);
    assert(entry != NULL); // kept while it is under way
    entry->is_asked = false;
    end(entry, RESEARCH_FAILED, now);
}

void research_finish(struct research *research,
                     struct call_plan *plan,
                     const struct research_call *call,
                     const struct provider_verdict *verdict,
                     int64_t now)
{
    struct entry *entry = find(research, &call->question);

    assert(entry != NULL);
    entry->is_asked = false;
    entry->is_tried[call->provider] = true;
    // A plan that does not include this may still include prices.
    if (verdict->outcome == PROVIDER_KEY_REFUSED && call->ask != PROVIDER_QUOTES)
        call_plan_give_up(plan, call->provider);
    else
        call_plan_note(plan, call->provider, verdict, now);
    if (verdict->outcome == PROVIDER_ANSWERED)
        end(entry, RESEARCH_ANSWERED, now);
    else if (verdict->outcome != PROVIDER_UNKNOWN_SYMBOL &&
             verdict->outcome != PROVIDER_KEY_REFUSED)
        entry->has_failed = true;
    if (entry->state == RESEARCH_UNDER_WAY && is_exhausted(research, entry))
        end(entry, entry->has_failed ? RESEARCH_FAILED : RESEARCH_UNKNOWN, now);
}
