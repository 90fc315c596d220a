// SPDX-License-Identifier: MIT
#include "quotes/quotes_wanted.h"

#include "base/clock.h"
#include "bourse/market/v1/market_client.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    MISSING_MAX = 256, // between two tellings; more are asked for again by who wants them
    TELL_EVERY_MS = 1000,
    TELL_SOON_MS = 50, // so that those who come together are told of together
    TELL_TIMEOUT_MS = 2000,
    MEMORY = 1024 * 1024,
    WANTED_TICKER_SIZE = 16,
};

struct quotes_wanted {
    struct quotes_wanted_options options;
    pthread_t thread;
    struct arena *arena;
    pthread_mutex_t lock; // of what follows
    pthread_cond_t changed;
    char missing[MISSING_MAX][WANTED_TICKER_SIZE];
    size_t missing_count;
    bool is_stopping;
};

static void tell(struct quotes_wanted *wanted, char (*tickers)[WANTED_TICKER_SIZE], size_t count)
{
    Market__WantQuotesRequest request = MARKET__WANT_QUOTES_REQUEST__INIT;
    Market__WantQuotesResponse *response = NULL;
    const char *pointers[QUOTES_WANTED_MAX];
    struct error error;

    for (size_t at = 0; at < count; at += request.n_tickers) {
        struct call call;

        arena_reset(wanted->arena);
        call = call_start(wanted->arena, TELL_TIMEOUT_MS);
        request.n_tickers = count - at < QUOTES_WANTED_MAX ? count - at : QUOTES_WANTED_MAX;
        for (size_t i = 0; i < request.n_tickers; i++)
            pointers[i] = tickers[at + i];
        request.tickers = pointers;
        // What is still looked at is told again in a second.
        if (!market_client_want_quotes(wanted->options.market, &call, &request, &response, &error))
            return;
    }
}

// Waits a second, but not longer than a moment once something missing has been asked for. The lock
// is held.
static void wait_turn(struct quotes_wanted *wanted)
{
    int64_t until_us = clock_monotonic_us() + TELL_EVERY_MS * MICROS_PER_MS;
    int64_t now_us = clock_monotonic_us();

    while (!wanted->is_stopping && now_us < until_us) {
        int64_t soon_us = now_us + TELL_SOON_MS * MICROS_PER_MS;
        struct timespec until;

        if (wanted->missing_count > 0 && soon_us < until_us)
            until_us = soon_us;
        until = (struct timespec){.tv_sec = (time_t)(until_us / MICROS_PER_SECOND),
                                  .tv_nsec = (long)(until_us % MICROS_PER_SECOND) * 1000};
        (void)pthread_cond_timedwait(&wanted->changed, &wanted->lock, &until);
        now_us = clock_monotonic_us();
    }
}

static void *run(void *argument)
{
    struct quotes_wanted *wanted = argument;
    static const size_t room = MISSING_MAX + 20000;
    char(*tickers)[WANTED_TICKER_SIZE] = allocate_array(room, WANTED_TICKER_SIZE);

    (void)pthread_mutex_lock(&wanted->lock);
    while (!wanted->is_stopping) {
        size_t count;

        wait_turn(wanted);
        count = wanted->missing_count;
        memcpy(tickers, wanted->missing, count * WANTED_TICKER_SIZE);
        wanted->missing_count = 0;
        if (wanted->is_stopping)
            break;
        (void)pthread_mutex_unlock(&wanted->lock);
        count += wanted->options.collect(wanted->options.source, tickers + count, room - count);
        tell(wanted, tickers, count);
        (void)pthread_mutex_lock(&wanted->lock);
    }
    (void)pthread_mutex_unlock(&wanted->lock);
    release(tickers);
    return NULL;
}

struct quotes_wanted *quotes_wanted_new(const struct quotes_wanted_options *options)
{
    struct quotes_wanted *wanted = allocate(sizeof *wanted);
    pthread_condattr_t monotonic;

    wanted->options = *options;
    wanted->arena = arena_new(MEMORY);
    (void)pthread_mutex_init(&wanted->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&wanted->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    if (pthread_create(&wanted->thread, NULL, run, wanted) == 0)
        return wanted;
    (void)pthread_cond_destroy(&wanted->changed);
    (void)pthread_mutex_destroy(&wanted->lock);
    arena_free(&wanted->arena);
    release(wanted);
    return NULL;
}

void quotes_wanted_free(struct quotes_wanted **wanted)
{
    struct quotes_wanted *old = *wanted;

    if (old == NULL)
        return;
    (void)pthread_mutex_lock(&old->lock);
    old->is_stopping = true;
    (void)pthread_cond_broadcast(&old->changed);
    (void)pthread_mutex_unlock(&old->lock);
    (void)pthread_join(old->thread, NULL);
    (void)pthread_cond_destroy(&old->changed);
    (void)pthread_mutex_destroy(&old->lock);
    arena_free(&old->arena);
    release(old);
    *wanted = NULL;
}

// What users type need not be a ticker, and one that is none would have the whole call refused.
static bool is_ticker(const char *text)
{
    size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");

    return length > 0 && length < WANTED_TICKER_SIZE && text[length] == '\0' && text[0] != '.' &&
           text[0] != '-';
}

void quotes_wanted_note_missing(struct quotes_wanted *wanted, const char *ticker)
{
    size_t at = 0;

    if (!is_ticker(ticker))
        return;
    (void)pthread_mutex_lock(&wanted->lock);
    while (at < wanted->missing_count && strcmp(wanted->missing[at], ticker) != 0)
        at++;
    if (at == wanted->missing_count && at < MISSING_MAX) {
        (void)snprintf(wanted->missing[at], WANTED_TICKER_SIZE, "%s", ticker);
        wanted->missing_count++;
        (void)pthread_cond_signal(&wanted->changed);
    }
    (void)pthread_mutex_unlock(&wanted->lock);
}
