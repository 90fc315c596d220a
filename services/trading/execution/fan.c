// SPDX-License-Identifier: MIT
#include "execution/fan.h"

#include <assert.h>
#include <pthread.h>

enum { ARENA_BUDGET = 64 * 1024 };

struct slot {
    struct fan *fan;
    struct arena *arena;
    struct call call;
    struct error *error; // of the caller
};

struct fan {
    struct rpc_client *client;
    int64_t timeout_ms;
    pthread_mutex_t lock; // guards `waiting` and the callers' errors while calls are under way
    pthread_cond_t all_done;
    size_t waiting;
    struct slot slots[FAN_MAX];
};

struct fan *fan_new(struct rpc_client *client, int64_t timeout_ms)
{
    struct fan *fan = allocate(sizeof(*fan));

    fan->client = client;
    fan->timeout_ms = timeout_ms;
    pthread_mutex_init(&fan->lock, NULL);
    pthread_cond_init(&fan->all_done, NULL);
    for (size_t i = 0; i < FAN_MAX; i++)
        fan->slots[i].fan = fan;
    return fan;
}

void fan_free(struct fan **fan)
{
    if (*fan == NULL)
        return;
    for (size_t i = 0; i < FAN_MAX; i++)
        arena_free(&(*fan)->slots[i].arena);
    pthread_cond_destroy(&(*fan)->all_done);
    pthread_mutex_destroy(&(*fan)->lock);
    release(*fan);
    *fan = NULL;
}

static void fan_done(void *context, struct text response, const struct error *error)
{
    struct slot *slot = context;
    struct fan *fan = slot->fan;

    (void)response; // these operations answer with nothing
    pthread_mutex_lock(&fan->lock);
    if (error != NULL)
        *slot->error = *error;
    fan->waiting--;
    if (fan->waiting == 0)
        pthread_cond_signal(&fan->all_done);
    pthread_mutex_unlock(&fan->lock);
}

void fan_call(struct fan *fan,
              const struct rpc_method *method,
              const ProtobufCMessage *const *requests,
              const struct call *const *callers,
              size_t count,
              struct error *out_errors)
{
    assert(count <= FAN_MAX);
    rpc_client_cork(fan->client, method->lane);
    for (size_t i = 0; i < count; i++) {
        struct slot *slot = &fan->slots[i];
        struct text packed;

        error_clear(&out_errors[i]);
        if (slot->arena == NULL)
            slot->arena = arena_new(ARENA_BUDGET);
        arena_reset(slot->arena);
        slot->error = &out_errors[i];
        slot->call = call_start(slot->arena, fan->timeout_ms);
        if (callers[i] != NULL) {
            slot->call.traceparent = callers[i]->traceparent;
            slot->call.tracestate = callers[i]->tracestate;
        }
        if (!message_pack(requests[i], slot->arena, &packed, &out_errors[i]))
            continue;
        pthread_mutex_lock(&fan->lock);
        fan->waiting++;
        pthread_mutex_unlock(&fan->lock);
        rpc_call_start(fan->client, method, &slot->call, packed, fan_done, slot);
    }
    rpc_client_uncork(fan->client, method->lane);
    pthread_mutex_lock(&fan->lock);
    while (fan->waiting > 0)
        pthread_cond_wait(&fan->all_done, &fan->lock);
    pthread_mutex_unlock(&fan->lock);
}
