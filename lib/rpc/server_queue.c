// SPDX-License-Identifier: MIT
#include "rpc/server.h"

#include <assert.h>
#include <sys/resource.h>

// Slow calls keep processors busy for long; those that take microseconds go first.
enum { SLOW_LANE_NICENESS = 10 };

static void append(struct server_call_list *list, struct server_call *call)
{
    call->next = NULL;
    if (list->last != NULL)
        list->last->next = call;
    else
        list->first = call;
    list->last = call;
    list->count++;
}

static struct server_call *pop(struct server_call_list *list)
{
    struct server_call *call = list->first;

    if (call == NULL)
        return NULL;
    list->first = call->next;
    if (list->first == NULL)
        list->last = NULL;
    list->count--;
    return call;
}

static bool is_batched(const struct server_method *method)
{
    return method->handler->batch != NULL;
}

// Takes the method's turn: its waiting calls, as many as the handler may be given. With the mutex.
static size_t
take_batch(struct server_lane *lane, struct server_method *method, struct server_call **calls)
{
    size_t count_max = method->handler->method->batch_max;
    size_t count = 0;

    if (count_max > RPC_BATCH_MAX)
        count_max = RPC_BATCH_MAX;
    while (count < count_max && method->waiting.first != NULL)
        calls[count++] = pop(&method->waiting);
    lane->waiting -= count;
    return count;
}

// Puts the method into the lane's queue, when calls wait for it and another batch may be with its
// handler. With the mutex.
static void schedule(struct server_lane *lane, struct server_method *method)
{
    size_t at_once = method->handler->method->batches_at_once;

    if (method->is_scheduled || method->waiting.first == NULL ||
        method->running >= (at_once == 0 ? 1 : at_once))
        return;
    method->is_scheduled = true;
    method->turn.method = method;
    append(&lane->calls, &method->turn);
}

// Runs a batch of the method whose turn it is. Called and left with the mutex held.
static void run_batch(struct server_lane *lane, struct server_method *method)
{
    struct server_call *calls[RPC_BATCH_MAX];
    size_t count = take_batch(lane, method, calls);

    method->is_scheduled = false;
    method->running++;
    schedule(lane, method);
    if (method->is_scheduled && lane->idle_workers > 0)
        pthread_cond_signal(&lane->changed);
    pthread_mutex_unlock(&lane->mutex);
    server_call_run_batch(method, calls, count);
    for (size_t i = 0; i < count; i++)
        server_call_end(calls[i]);
    pthread_mutex_lock(&lane->mutex);
    // What has come meanwhile waits for its next turn, behind the others.
    method->running--;
    schedule(lane, method);
}

// Runs what is at the head of the lane. Called and left with the mutex held.
static void run_next(struct server_lane *lane)
{
    struct server_call *next = pop(&lane->calls);

    if (is_batched(next->method)) {
        run_batch(lane, next->method);
        return;
    }
    lane->waiting--;
    pthread_mutex_unlock(&lane->mutex);
    server_call_run(next);
    server_call_end(next);
    pthread_mutex_lock(&lane->mutex);
}

// On Linux the priority is of the calling thread alone. Where it is lower already it may not be
// raised to this, and need not be.
static void give_way(void)
{
    (void)setpriority(PRIO_PROCESS, 0, SLOW_LANE_NICENESS);
}

static void *work(void *argument)
{
    struct server_lane *lane = argument;

    if (lane->lane == RPC_LANE_SLOW)
        give_way();
    pthread_mutex_lock(&lane->mutex);
    for (;;) {
        while (lane->calls.first == NULL && !lane->is_stopping) {
            lane->idle_workers++;
            pthread_cond_wait(&lane->changed, &lane->mutex);
            lane->idle_workers--;
        }
        if (lane->calls.first == NULL)
            break;
        run_next(lane);
    }
    lane->workers--;
    pthread_cond_broadcast(&lane->changed);
    pthread_mutex_unlock(&lane->mutex);
    return NULL;
}

bool server_queue_start(struct server_lane *lane, size_t workers, struct error *error)
{
    lane->threads = allocate_array(workers, sizeof *lane->threads);
    for (size_t i = 0; i < workers; i++) {
        pthread_mutex_lock(&lane->mutex);
        lane->workers++;
        pthread_mutex_unlock(&lane->mutex);
        if (pthread_create(&lane->threads[i], NULL, work, lane) != 0) {
            pthread_mutex_lock(&lane->mutex);
            lane->workers--;
            pthread_mutex_unlock(&lane->mutex);
            return error_set(error, REASON_INTERNAL, "no thread can be started");
        }
        lane->thread_count++;
    }
    return true;
}

// Adds one call; false when too many are waiting. With the mutex.
static bool add(struct server_lane *lane, struct server_call *call)
{
    struct server_method *method = call->method;

    if (lane->waiting >= lane->server->options.queue_max)
        return false;
    lane->waiting++;
    if (!is_batched(method)) {
        append(&lane->calls, call);
        return true;
    }
    append(&method->waiting, call);
    schedule(lane, method);
    return true;
}

void server_queue_add(struct server_lane *lane, struct server_call **calls, size_t count)
{
    size_t added = 0;
    size_t awake = 0;

    // All at once, so that a batch handler gets them together.
    pthread_mutex_lock(&lane->mutex);
    while (added < count && add(lane, calls[added]))
        added++;
    awake = lane->calls.count < lane->idle_workers ? lane->calls.count : lane->idle_workers;
    for (size_t i = 0; i < awake; i++)
        pthread_cond_signal(&lane->changed);
    pthread_mutex_unlock(&lane->mutex);
    for (size_t i = added; i < count; i++) {
        error_set(&calls[i]->error, REASON_OVERLOADED, "%zu calls are waiting in %s",
                  lane->server->options.queue_max, lane->server->options.service);
        server_call_end(calls[i]);
    }
}

// Joins the threads of workers that have all counted themselves out. What libraries keep for a
// thread ends with it, after that: a program that went on to its own end meanwhile would take away
// from it what it needs, and OpenSSL would lose the random number generators of every thread not
// yet gone.
static void end_threads(struct server_lane *lane, bool is_stopped)
{
    for (size_t i = 0; i < lane->thread_count; i++)
        if (is_stopped)
            pthread_join(lane->threads[i], NULL);
        else // A handler does not come back; whoever waited for its thread would not either.
            pthread_detach(lane->threads[i]);
    lane->thread_count = 0;
    release(lane->threads);
    lane->threads = NULL;
}

bool server_queue_stop(struct server_lane *lane, int64_t timeout_ms)
{
    int64_t until_us = clock_monotonic_us() + timeout_ms * MICROS_PER_MS;
    bool is_stopped = false;

    pthread_mutex_lock(&lane->mutex);
    lane->is_stopping = true;
    pthread_cond_broadcast(&lane->changed);
    while (lane->workers > 0 && timing_wait(&lane->changed, &lane->mutex, until_us))
        continue;
    is_stopped = lane->workers == 0;
    pthread_mutex_unlock(&lane->mutex);
    end_threads(lane, is_stopped);
    return is_stopped;
}
