// SPDX-License-Identifier: MIT
#include "providers/fetcher.h"

#include "base/digest.h"
#include "clock/exchange_calendar.h"
#include "http/http_client.h"
#include "providers/redaction.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum {
    WAIT_MS_MAX = 250,
    READ_MEMORY = 24 * 1024 * 1024, // the tree of the longest reply
    URL_MAX = PROVIDER_URL_MAX + 512,
    HISTORY_DAYS = 20 * 366,
};

#define PAUSE_AFTER_FAILURE_US (1 * MICROS_PER_SECOND)

// A call under way: of prices, or of a question.
struct fetch {
    struct plan_call call;
    bool is_research;
    struct research_call research;
    struct fetcher *fetcher;
    bool is_used;
};

struct fetcher {
    struct fetcher_options options;
    char *urls[PROVIDER_COUNT], *keys[PROVIDER_COUNT];
    pthread_t thread;
    bool has_thread;
    atomic_bool is_stopping;
    pthread_mutex_t lock; // of plan and research
    struct call_plan *plan;
    struct research *research;
    struct http_client *client;
    struct metric *calls, *refused, *newest;

    // Of the thread alone.
    struct fetch fetches[HTTP_TRANSFERS_MAX];
    struct arena *arena;
    enum provider_outcome outcomes[PROVIDER_COUNT]; // of the last call of each
    int64_t newest_quoted_at[PROVIDER_COUNT];
    bool is_prepared;
    int64_t paused_until; // after something of ours has failed
    int64_t wake_at;
};

static int64_t now_of(const struct fetcher *fetcher)
{
    return clock_now_us(&fetcher->options.real_time);
}

static const struct provider *provider_of(const struct fetcher *fetcher, size_t index)
{
    return fetcher->options.plan.providers[index].provider;
}

// Keeps what the call will have cost. Without the plan's lock.
static bool save(struct fetcher *fetcher, size_t provider, struct error *error)
{
    struct plan_state state;

    (void)pthread_mutex_lock(&fetcher->lock);
    call_plan_state(fetcher->plan, provider, now_of(fetcher), &state);
    (void)pthread_mutex_unlock(&fetcher->lock);
    return fetcher->options.sink.save(fetcher->options.context, &state, error);
}

static size_t provider_at_fetch(const struct fetch *fetch)
{
    return fetch->is_research ? fetch->research.provider : fetch->call.provider;
}

// What is asked, in terms of the provider's interface; it borrows from the fetch.
static struct provider_request request_of(const struct fetcher *fetcher, const struct fetch *fetch)
{
    const struct research_call *research = &fetch->research;
    int64_t today = exchange_calendar_day(now_of(fetcher));
    struct provider_request request = {.ask = PROVIDER_QUOTES,
                                       .tickers = (const char(*)[TICKER_SIZE])fetch->call.tickers,
                                       .ticker_count = fetch->call.ticker_count};

    if (!fetch->is_research)
        return request;
    request.ask = research->ask;
    request.ticker_count = research->question.kind == RESEARCH_WORDS ? 0 : 1;
    request.words = research->question.text;
    // Today's bar is what is being quoted.
    request.last_day = today - 1;
    request.first_day = today - HISTORY_DAYS;
    return request;
}

static struct fetch *free_fetch(struct fetcher *fetcher)
{
    for (size_t i = 0; i < HTTP_TRANSFERS_MAX; i++) {
        if (!fetcher->fetches[i].is_used)
            return &fetcher->fetches[i];
    }
    return NULL;
}

static bool send_call(struct fetcher *fetcher, struct fetch *fetch)
{
    size_t index = provider_at_fetch(fetch);
    const struct provider_request request = request_of(fetcher, fetch);
    OWNED(strbuf) url = strbuf_new(URL_MAX);
    struct provider_call call = {.target = url};
    bool is_sent;

    strbuf_append_string(url, fetcher->urls[index]);
    provider_of(fetcher, index)->write_call(&request, fetcher->keys[index], &call);
    is_sent = !url->overflowed && http_client_start(fetcher->client, url->data, call.header, fetch);
    digest_wipe(url->data, url->length);
    digest_wipe(call.header, sizeof call.header);
    return is_sent;
}

static void cancel(struct fetcher *fetcher, const struct fetch *fetch)
{
    (void)pthread_mutex_lock(&fetcher->lock);
    if (fetch->is_research)
        research_cancel(fetcher->research, fetcher->plan, &fetch->research, now_of(fetcher));
    else
        call_plan_cancel(fetcher->plan, &fetch->call, now_of(fetcher));
    (void)pthread_mutex_unlock(&fetcher->lock);
}

// The next question, of whose budget prices leave the most, or the next prices. With the lock.
static bool next_call(struct fetcher *fetcher, struct fetch *fetch)
{
    int64_t wake_at = INT64_MAX;

    fetch->is_research = research_next(fetcher->research, fetcher->plan, now_of(fetcher),
                                       &fetch->research, &wake_at);
    // A question about a symbol may be a call for its price.
    if (fetch->is_research) {
        memcpy(fetch->call.tickers[0], fetch->research.question.text, TICKER_SIZE - 1);
        fetch->call.tickers[0][TICKER_SIZE - 1] = '\0';
        return true;
    }
    if (call_plan_next(fetcher->plan, now_of(fetcher), &fetch->call, &fetcher->wake_at))
        return true;
    if (wake_at < fetcher->wake_at)
        fetcher->wake_at = wake_at;
    return false;
}

// Makes the next call of the plan; false when there is none now.
static bool make_call(struct fetcher *fetcher)
{
    struct fetch *fetch = free_fetch(fetcher);
    struct error error;
    bool is_there;

    if (fetch == NULL)
        return false;
    (void)pthread_mutex_lock(&fetcher->lock);
    is_there = next_call(fetcher, fetch);
    (void)pthread_mutex_unlock(&fetcher->lock);
    if (!is_there)
        return false;
    fetch->is_used = save(fetcher, provider_at_fetch(fetch), &error) && send_call(fetcher, fetch);
    if (fetch->is_used)
        return true;
    cancel(fetcher, fetch);
    fetcher->paused_until = now_of(fetcher) + PAUSE_AFTER_FAILURE_US;
    return false;
}

// Reads the reply, of prices into `answers`, otherwise into `finding`.
static void read_reply(struct fetcher *fetcher,
                       const struct fetch *fetch,
                       const struct http_reply *http,
                       struct provider_answer *answers,
                       struct fetcher_finding *finding,
                       struct provider_verdict *verdict)
{
    const struct provider *provider = provider_of(fetcher, provider_at_fetch(fetch));
    const struct provider_request request = request_of(fetcher, fetch);
    const struct provider_reply reply = {
        .status = http->status, .body = http->body, .retry_after_us = http->retry_after_us};
    const struct provider_reading reading = {.request = &request,
                                             .reply = &reply,
                                             .arena = fetcher->arena,
                                             .now = now_of(fetcher),
                                             .future_us_max = fetcher->options.future_us_max};

    if (!http->is_whole) {
        verdict->outcome = PROVIDER_UNAVAILABLE;
        (void)snprintf(verdict->problem, sizeof verdict->problem, "%s", http->problem);
        for (size_t i = 0; i < request.ticker_count; i++)
            answers[i].outcome = PROVIDER_UNAVAILABLE;
        return;
    }
    arena_reset(fetcher->arena);
    if (request.ask == PROVIDER_QUOTES)
        provider->read_quotes(&reading, answers, verdict);
    else if (request.ask == PROVIDER_DAILY_BARS)
        provider->read_bars(&reading, &finding->bars, verdict);
    else
        provider->read_symbols(&reading, &finding->symbols, verdict);
}

static void
note_outcome(struct fetcher *fetcher, size_t provider, const struct provider_verdict *verdict)
{
    // That a symbol is not known says nothing of the provider.
    enum provider_outcome outcome =
        verdict->outcome == PROVIDER_UNKNOWN_SYMBOL ? PROVIDER_ANSWERED : verdict->outcome;

    metric_add(fetcher->calls, 1, provider_of(fetcher, provider)->name,
               provider_outcome_name(verdict->outcome));
    if (outcome == fetcher->outcomes[provider])
        return;
    fetcher->outcomes[provider] = outcome;
    fetcher->options.sink.changed(fetcher->options.context, provider_of(fetcher, provider)->name,
                                  provider_outcome_name(outcome),
                                  outcome == PROVIDER_ANSWERED ? "" : verdict->problem);
}

// What says that the symbol of a question exists: the one of that ticker, or a price of it.
static void narrow(const struct fetch *fetch,
                   const struct provider_answer *answers,
                   struct fetcher_finding *finding,
                   struct provider_symbol *room,
                   struct provider_verdict *verdict)
{
    const char *ticker = fetch->research.question.text;
    const struct provider_symbols found = finding->symbols;

    if (verdict->outcome != PROVIDER_ANSWERED || fetch->research.question.kind != RESEARCH_SYMBOL)
        return;
    finding->symbols = (struct provider_symbols){.symbols = room};
    for (size_t i = 0; i < found.count && finding->symbols.count == 0; i++) {
        if (strcmp(found.symbols[i].ticker, ticker) == 0)
            room[finding->symbols.count++] = found.symbols[i];
    }
    if (fetch->research.ask == PROVIDER_QUOTES && answers[0].outcome == PROVIDER_ANSWERED) {
        *room = (struct provider_symbol){.name = NULL};
        memcpy(room->ticker, fetch->call.tickers[0], sizeof room->ticker);
        finding->symbols.count = 1;
    }
    if (finding->symbols.count == 0)
        verdict->outcome = PROVIDER_UNKNOWN_SYMBOL;
}

// The question has been answered, or the next provider is asked. What cannot be stored is as good
// as not answered.
static void finish_research(struct fetcher *fetcher,
                            struct fetch *fetch,
                            const struct provider_answer *answers,
                            struct fetcher_finding *finding,
                            struct provider_verdict *verdict)
{
    const struct provider_verdict told = *verdict;
    struct provider_symbol room;
    enum research_state state;
    struct error error;

    finding->question = &fetch->research.question;
    finding->provider = provider_of(fetcher, fetch->research.provider)->name;
    narrow(fetch, answers, finding, &room, verdict);
    if (verdict->outcome == PROVIDER_ANSWERED && finding->bars.count + finding->symbols.count == 0)
        verdict->outcome = PROVIDER_UNKNOWN_SYMBOL;
    if (verdict->outcome == PROVIDER_ANSWERED &&
        !fetcher->options.sink.find(fetcher->options.context, finding, &error)) {
        verdict->outcome = PROVIDER_RATE_LIMITED; // by ourselves: it is not the provider's fault
        verdict->blocked_us = PAUSE_AFTER_FAILURE_US;
    }
    (void)pthread_mutex_lock(&fetcher->lock);
    research_finish(fetcher->research, fetcher->plan, &fetch->research, verdict, now_of(fetcher));
    state = research_state(fetcher->research, finding->question);
    (void)pthread_mutex_unlock(&fetcher->lock);
    *verdict = told;
    if (state != RESEARCH_UNKNOWN)
        return;
    // Kept that nobody knows; when it cannot be, they are asked again after a restart.
    *finding = (struct fetcher_finding){.question = &fetch->research.question};
    (void)fetcher->options.sink.find(fetcher->options.context, finding, &error);
}

static void note_newest(struct fetcher *fetcher, size_t provider, int64_t quoted_at)
{
    if (quoted_at <= fetcher->newest_quoted_at[provider])
        return;
    fetcher->newest_quoted_at[provider] = quoted_at;
    metric_set(fetcher->newest, quoted_at, provider_of(fetcher, provider)->name, NULL);
}

static void finish_prices(struct fetcher *fetcher,
                          struct fetch *fetch,
                          struct provider_answer *answers,
                          const struct provider_verdict *verdict)
{
    size_t provider = fetch->call.provider, count;
    struct quote quotes[PROVIDER_BATCH_MAX];

    (void)pthread_mutex_lock(&fetcher->lock);
    count =
        call_plan_finish(fetcher->plan, &fetch->call, verdict, answers, now_of(fetcher), quotes);
    (void)pthread_mutex_unlock(&fetcher->lock);
    for (size_t i = 0; i < fetch->call.ticker_count; i++)
        metric_add(fetcher->refused, answers[i].outcome == PROVIDER_MALFORMED,
                   provider_of(fetcher, provider)->name, NULL);
    for (size_t i = 0; i < count; i++)
        note_newest(fetcher, provider, quotes[i].quoted_at);
    if (count > 0)
        fetcher->options.sink.deliver(fetcher->options.context, quotes, count);
}

static void finish(struct fetcher *fetcher, struct fetch *fetch, const struct http_reply *http)
{
    struct provider_answer answers[PROVIDER_BATCH_MAX] = {0};
    struct fetcher_finding finding = {0};
    struct provider_verdict verdict = {0};
    size_t provider = provider_at_fetch(fetch);
    struct error error;

    read_reply(fetcher, fetch, http, answers, &finding, &verdict);
    redact(verdict.problem, fetcher->keys[provider]);
    if (fetch->is_research)
        finish_research(fetcher, fetch, answers, &finding, &verdict);
    else
        finish_prices(fetcher, fetch, answers, &verdict);
    fetch->is_used = false;
    note_outcome(fetcher, provider, &verdict);
    // For how long it wants to be left alone; when that cannot be kept it is asked once too often
    // after a restart, and says so again.
    if (verdict.outcome == PROVIDER_RATE_LIMITED)
        (void)save(fetcher, provider, &error);
}

static void take_memory(struct fetcher *fetcher, const struct fetcher_memory *memory)
{
    (void)pthread_mutex_lock(&fetcher->lock);
    for (size_t i = 0; i < memory->state_count; i++)
        call_plan_resume(fetcher->plan, &memory->states[i], now_of(fetcher));
    for (size_t i = 0; i < memory->quote_count; i++)
        call_plan_know(fetcher->plan, &memory->quotes[i]);
    (void)pthread_mutex_unlock(&fetcher->lock);
}

static bool prepare(struct fetcher *fetcher)
{
    struct fetcher_memory memory = {0};
    struct error error;

    if (fetcher->is_prepared || now_of(fetcher) < fetcher->paused_until)
        return fetcher->is_prepared;
    memory.quotes = allocate_array(PLAN_SYMBOLS_MAX, sizeof *memory.quotes);
    fetcher->is_prepared = fetcher->options.sink.prepare(fetcher->options.context, &memory, &error);
    if (fetcher->is_prepared)
        take_memory(fetcher, &memory);
    else
        fetcher->paused_until = now_of(fetcher) + PAUSE_AFTER_FAILURE_US;
    release(memory.quotes);
    return fetcher->is_prepared;
}

static int wait_ms(const struct fetcher *fetcher)
{
    int64_t left_ms = (fetcher->wake_at - now_of(fetcher)) / MICROS_PER_MS + 1;

    if (!fetcher->is_prepared || left_ms > WAIT_MS_MAX)
        return WAIT_MS_MAX;
    return left_ms < 1 ? 1 : (int)left_ms;
}

static void *run(void *argument)
{
    struct fetcher *fetcher = argument;
    struct http_reply reply;

    while (!atomic_load(&fetcher->is_stopping)) {
        fetcher->wake_at = INT64_MAX;
        if (prepare(fetcher) && now_of(fetcher) >= fetcher->paused_until) {
            while (make_call(fetcher))
                continue;
        }
        http_client_run(fetcher->client, wait_ms(fetcher));
        while (http_client_take(fetcher->client, &reply))
            finish(fetcher, reply.context, &reply);
        fetcher->options.sink.turn(fetcher->options.context, now_of(fetcher));
    }
    return NULL;
}

bool fetcher_new(const struct fetcher_options *options,
                 struct fetcher **out_fetcher,
                 struct error *error)
{
    struct fetcher *fetcher = allocate(sizeof *fetcher);

    fetcher->options = *options;
    fetcher->plan = call_plan_new(&options->plan);
    fetcher->research = research_new(&options->plan);
    fetcher->arena = arena_new(READ_MEMORY);
    for (size_t i = 0; i < options->plan.provider_count; i++) {
        fetcher->urls[i] = allocate_string(options->access[i].url);
        fetcher->keys[i] = allocate_string(options->access[i].key);
    }
    fetcher->calls =
        metrics_counter(options->metrics, "market_provider_calls_total",
                        "Calls to price providers that are over.", "provider", "outcome");
    fetcher->refused = metrics_counter(options->metrics, "market_provider_prices_refused_total",
                                       "Prices that were told and not believed.", "provider", NULL);
    fetcher->newest = metrics_seconds_gauge(
        options->metrics, "market_provider_newest_quote_timestamp_seconds",
        "When the newest price that a provider told was made, since 1970.", "provider", NULL);
    (void)pthread_mutex_init(&fetcher->lock, NULL);
    atomic_init(&fetcher->is_stopping, false);
    if (!http_client_new(&fetcher->client, error)) {
        fetcher_free(&fetcher);
        return false;
    }
    fetcher->has_thread = pthread_create(&fetcher->thread, NULL, run, fetcher) == 0;
    if (fetcher->has_thread) {
        *out_fetcher = fetcher;
        return true;
    }
    fetcher_free(&fetcher);
    return error_set(error, REASON_INTERNAL, "no thread can be started");
}

void fetcher_free(struct fetcher **fetcher)
{
    struct fetcher *old = *fetcher;

    if (old == NULL)
        return;
    atomic_store(&old->is_stopping, true);
    if (old->has_thread) {
        http_client_wake(old->client);
        (void)pthread_join(old->thread, NULL);
    }
    http_client_free(&old->client);
    call_plan_free(&old->plan);
    research_free(&old->research);
    arena_free(&old->arena);
    for (size_t i = 0; i < PROVIDER_COUNT; i++) {
        release(old->urls[i]);
        if (old->keys[i] != NULL)
            digest_wipe(old->keys[i], strlen(old->keys[i]));
        release(old->keys[i]);
    }
    (void)pthread_mutex_destroy(&old->lock);
    release(old);
    *fetcher = NULL;
}

void fetcher_want(struct fetcher *fetcher, const char *const *tickers, size_t count)
{
    int64_t now = now_of(fetcher);

    (void)pthread_mutex_lock(&fetcher->lock);
    for (size_t i = 0; i < count; i++)
        call_plan_want(fetcher->plan, tickers[i], now);
    (void)pthread_mutex_unlock(&fetcher->lock);
    http_client_wake(fetcher->client);
}

enum plan_hope fetcher_hope(struct fetcher *fetcher, const char *ticker)
{
    enum plan_hope hope;

    (void)pthread_mutex_lock(&fetcher->lock);
    hope = call_plan_hope(fetcher->plan, ticker, now_of(fetcher));
    (void)pthread_mutex_unlock(&fetcher->lock);
    return hope;
}

static struct research_question
question_of(const struct fetcher *fetcher, enum research_kind kind, const char *text)
{
    struct research_question question = {.kind = kind};

    (void)snprintf(question.text, sizeof question.text, "%s", text);
    if (kind == RESEARCH_HISTORY)
        question.day = exchange_calendar_day(now_of(fetcher));
    return question;
}

enum research_state fetcher_ask(struct fetcher *fetcher, enum research_kind kind, const char *text)
{
    const struct research_question question = question_of(fetcher, kind, text);
    enum research_state state;

    (void)pthread_mutex_lock(&fetcher->lock);
    state = research_want(fetcher->research, &question, now_of(fetcher));
    (void)pthread_mutex_unlock(&fetcher->lock);
    if (state == RESEARCH_UNDER_WAY)
        http_client_wake(fetcher->client);
    return state;
}

void fetcher_forget_history(struct fetcher *fetcher, const char *ticker)
{
    const struct research_question question = question_of(fetcher, RESEARCH_HISTORY, ticker);

    (void)pthread_mutex_lock(&fetcher->lock);
    research_forget(fetcher->research, &question);
    (void)pthread_mutex_unlock(&fetcher->lock);
}

size_t fetcher_wanted(struct fetcher *fetcher)
{
    size_t count;

    (void)pthread_mutex_lock(&fetcher->lock);
    count = call_plan_wanted(fetcher->plan, now_of(fetcher));
    (void)pthread_mutex_unlock(&fetcher->lock);
    return count;
}

size_t fetcher_states(struct fetcher *fetcher, struct plan_state out_states[PROVIDER_COUNT])
{
    int64_t now = now_of(fetcher);

    (void)pthread_mutex_lock(&fetcher->lock);
    for (size_t i = 0; i < fetcher->options.plan.provider_count; i++)
        call_plan_state(fetcher->plan, i, now, &out_states[i]);
    (void)pthread_mutex_unlock(&fetcher->lock);
    return fetcher->options.plan.provider_count;
}
