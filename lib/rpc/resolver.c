// SPDX-License-Identifier: MIT
#include "rpc/resolver.h"

#include <pthread.h>

#include "base/clock.h"
#include "rpc/timing.h"

enum { RESOLVE_EVERY_MS = 5000 };

struct resolver {
    struct address_list names; // constant
    pthread_mutex_t mutex;     // guards everything below
    pthread_cond_t changed;
    struct address_set answer;
    bool is_complete;
    bool is_new;
    bool is_stopping;
};

static void destroy(struct resolver *resolver)
{
    pthread_cond_destroy(&resolver->changed);
    pthread_mutex_destroy(&resolver->mutex);
    release(resolver);
}

// Keeps the answer and waits for the next time to ask; false at the end.
static bool keep(struct resolver *resolver, const struct address_set *answer, bool is_complete)
{
    int64_t again_us = clock_monotonic_us() + RESOLVE_EVERY_MS * MICROS_PER_MS;
    bool goes_on = false;

    pthread_mutex_lock(&resolver->mutex);
    resolver->answer = *answer;
    resolver->is_complete = is_complete;
    resolver->is_new = true;
    while (!resolver->is_stopping && timing_wait(&resolver->changed, &resolver->mutex, again_us))
        continue;
    goes_on = !resolver->is_stopping;
    pthread_mutex_unlock(&resolver->mutex);
    return goes_on;
}

static void *run(void *argument)
{
    struct resolver *resolver = argument;
    struct address_set answer;
    bool is_complete = false;

    do {
        is_complete = address_resolve(&resolver->names, &answer);
    } while (keep(resolver, &answer, is_complete));
    // Nobody waits for this thread, so it frees what it used itself.
    destroy(resolver);
    return NULL;
}

bool resolver_new(const struct address_list *names,
                  struct resolver **out_resolver,
                  struct error *error)
{
    struct resolver *resolver = allocate(sizeof *resolver);
    pthread_t thread;

    resolver->names = *names;
    pthread_mutex_init(&resolver->mutex, NULL);
    timing_condition_start(&resolver->changed);
    if (pthread_create(&thread, NULL, run, resolver) != 0) {
        destroy(resolver);
        return error_set(error, REASON_INTERNAL, "no thread can be started");
    }
    pthread_detach(thread);
    *out_resolver = resolver;
    return true;
}

bool resolver_take(struct resolver *resolver, struct address_set *out_set, bool *out_is_complete)
{
    bool is_new = false;

    pthread_mutex_lock(&resolver->mutex);
    is_new = resolver->is_new;
    if (is_new) {
        *out_set = resolver->answer;
        *out_is_complete = resolver->is_complete;
        resolver->is_new = false;
    }
    pthread_mutex_unlock(&resolver->mutex);
    return is_new;
}

void resolver_free(struct resolver **resolver)
{
    if (*resolver == NULL)
        return;
    pthread_mutex_lock(&(*resolver)->mutex);
    (*resolver)->is_stopping = true;
    pthread_cond_broadcast(&(*resolver)->changed);
    pthread_mutex_unlock(&(*resolver)->mutex);
    *resolver = NULL;
}
