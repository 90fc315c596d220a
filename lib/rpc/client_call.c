// SPDX-License-Identifier: MIT
#include "rpc/client.h"

#include <assert.h>
#include <string.h>

enum { SPARE_MAX = 256 };

struct client_call *client_call_take(struct rpc_client *client)
{
    struct client_call *call = client->spare;

    if (call == NULL)
        return allocate(sizeof *call);
    client->spare = call->next;
    client->spare_count--;
    memset(call, 0, sizeof *call);
    return call;
}

void client_call_give_back(struct rpc_client *client, struct client_call *call)
{
    if (client->spare_count == SPARE_MAX) {
        release(call);
        return;
    }
    call->next = client->spare;
    client->spare = call;
    client->spare_count++;
}

void client_queue_append(struct client_queue *queue, struct client_call *call)
{
    call->next = NULL;
    if (queue->last != NULL)
        queue->last->next = call;
    else
        queue->first = call;
    queue->last = call;
    queue->count++;
}

void client_queue_prepend(struct client_queue *queue, struct client_call *call)
{
    call->next = queue->first;
    queue->first = call;
    if (queue->last == NULL)
        queue->last = call;
    queue->count++;
}

struct client_call *client_queue_pop(struct client_queue *queue)
{
    struct client_call *call = queue->first;

    if (call == NULL)
        return NULL;
    queue->first = call->next;
    if (queue->first == NULL)
        queue->last = NULL;
    queue->count--;
    call->next = NULL;
    return call;
}

void client_queue_remove(struct client_queue *queue, struct client_call *call)
{
    struct client_call *before = NULL;

    if (queue->first == call) {
        (void)client_queue_pop(queue);
        return;
    }
    // Only calls whose deadline passes while they wait are taken from the middle.
    for (before = queue->first; before->next != call; before = before->next)
        assert(before->next != NULL);
    before->next = call->next;
    if (queue->last == call)
        queue->last = before;
    queue->count--;
    call->next = NULL;
}

static void place(struct rpc_client *client, size_t index, struct client_call *call)
{
    client->deadlines[index] = call;
    call->heap_index = index;
}

static void sift_up(struct rpc_client *client, size_t index, struct client_call *call)
{
    while (index > 0) {
        size_t parent = (index - 1) / 2;

        if (client->deadlines[parent]->deadline_us <= call->deadline_us)
            break;
        place(client, index, client->deadlines[parent]);
        index = parent;
    }
    place(client, index, call);
}

static void sift_down(struct rpc_client *client, size_t index, struct client_call *call)
{
    for (;;) {
        size_t child = 2 * index + 1;

        if (child >= client->deadline_count)
            break;
        if (child + 1 < client->deadline_count &&
            client->deadlines[child + 1]->deadline_us < client->deadlines[child]->deadline_us)
            child++;
        if (client->deadlines[child]->deadline_us >= call->deadline_us)
            break;
        place(client, index, client->deadlines[child]);
        index = child;
    }
    place(client, index, call);
}

void client_deadline_add(struct rpc_client *client, struct client_call *call)
{
    if (client->deadline_count == client->deadline_capacity) {
        client->deadline_capacity = client->deadline_capacity * 2 + 64;
        client->deadlines = reallocate_array(client->deadlines, client->deadline_capacity,
                                             sizeof *client->deadlines);
    }
    sift_up(client, client->deadline_count++, call);
}

void client_deadline_remove(struct rpc_client *client, struct client_call *call)
{
    size_t index = call->heap_index;
    struct client_call *last = client->deadlines[--client->deadline_count];

    assert(index <= client->deadline_count);
    if (last == call)
        return;
    if (last->deadline_us < call->deadline_us)
        sift_up(client, index, last);
    else
        sift_down(client, index, last);
}

void client_deadline_postpone(struct rpc_client *client, struct client_call *call, int64_t us)
{
    client_deadline_remove(client, call);
    call->deadline_us = us;
    client_deadline_add(client, call);
}

void client_fail(struct rpc_client *client,
                 struct client_queue *failed,
                 struct client_call *call,
                 enum reason reason,
                 bool outcome_unknown)
{
    client_deadline_remove(client, call);
    call->failure = reason;
    call->outcome_unknown = outcome_unknown;
    client_queue_append(failed, call);
}

void client_tell(struct rpc_client *client,
                 struct client_call *call,
                 struct text response,
                 const struct error *error)
{
    const struct rpc_client_options *options = &client->options;

    if (options->observe != NULL)
        options->observe(options->observe_context, call->method, call->call, call->traceparent,
                         error != NULL ? error->reason : "",
                         clock_monotonic_us() - call->started_us);
    call->done(call->context, response, error);
}

static void describe(const struct rpc_client *client,
                     const struct client_call *call,
                     enum reason reason,
                     struct error *error)
{
    const char *service = client->options.service;
    const char *method = call->method->short_name;

    switch (reason) {
    case REASON_DEADLINE_EXCEEDED:
        error_set(error, reason, "%s of %s was not answered in time", method, service);
        break;
    case REASON_OUTCOME_UNKNOWN:
        error_set(error, reason, "%s was lost while it worked on %s", service, method);
        break;
    case REASON_UNAVAILABLE:
        error_set(error, reason, "%s cannot be reached for %s", service, method);
        break;
    case REASON_NOT_A_MESH_PEER:
        error_set(error, reason, "%s refused %s: the mesh keys differ", service, method);
        break;
    default:
        error_set(error, reason, "%s of %s: %s", method, service, reason_entry(reason)->title);
        break;
    }
}

void client_tell_failure(struct rpc_client *client,
                         struct client_call *call,
                         enum reason reason,
                         bool outcome_unknown)
{
    struct error error;

    describe(client, call, reason, &error);
    error.outcome_unknown = outcome_unknown;
    client_tell(client, call, (struct text){NULL, 0}, &error);
}

void client_tell_failed(struct rpc_client *client, struct client_queue *failed)
{
    struct client_queue told = {.first = NULL};
    struct client_call *call = NULL;

    if (failed->count == 0)
        return;
    while ((call = client_queue_pop(failed)) != NULL) {
        client_tell_failure(client, call, call->failure, call->outcome_unknown);
        client_queue_append(&told, call);
    }
    pthread_mutex_lock(&client->mutex);
    client->active -= told.count;
    if (client->active == 0)
        pthread_cond_broadcast(&client->idle);
    while ((call = client_queue_pop(&told)) != NULL)
        client_call_give_back(client, call);
    pthread_mutex_unlock(&client->mutex);
}
