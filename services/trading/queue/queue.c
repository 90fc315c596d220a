// SPDX-License-Identifier: MIT
#include "queue/queue.h"

#include <string.h>

#include "execution/execution.h"
#include "execution/replacing.h"
#include "matcher/matcher.h"
#include "service/log.h"
#include "service/worker.h"
#include "store/trading_store.h"

enum { PERIOD_MS = 500, ARENA_BUDGET = 16 * 1024 * 1024, FINISHED_MAX = 512 };

struct queue {
    struct trading *trading;
    struct worker *worker;
    struct arena *arena;
    struct execution *execution;
    struct store_finished finished[FINISHED_MAX];
    size_t finished_count;
    struct store_task *tasks; // claimed, in the arena
    size_t task_count;
    bool is_waiting;  // for the database; said once
    bool has_cleared; // the leases of the dead, once at start
    struct execution_item items[EXECUTION_MAX];
    struct quote quotes[EXECUTION_MAX]; // parallel to `items`
};

static bool claim_work(struct transaction *transaction, void *context, struct error *error)
{
    struct queue *queue = context;

    return store_finish_tasks(transaction, queue->finished, queue->finished_count, error) &&
           store_claim_tasks(transaction, queue->trading->worker, EXECUTION_MAX, &queue->tasks,
                             &queue->task_count, error);
}

static bool claim(struct queue *queue, struct error *error)
{
    struct trading *trading = queue->trading;

    queue->task_count = 0;
    queue->finished_count = finished_take(trading->finished, queue->finished, FINISHED_MAX);
    if (database_transact(trading->database, queue->arena, 0, claim_work, queue, error))
        return true;
    for (size_t i = 0; i < queue->finished_count; i++)
        finished_add(trading->finished, &queue->finished[i]);
    return false;
}

static bool
load(struct queue *queue, struct order **out_orders, size_t *out_count, struct error *error)
{
    const char *ids[EXECUTION_MAX];

    for (size_t i = 0; i < queue->task_count; i++)
        ids[i] = queue->tasks[i].order_id;
    return store_load_orders(queue->trading->database, queue->arena, ids, queue->task_count,
                             out_orders, out_count, error);
}

static int64_t attempts_of(const struct queue *queue, const char *order_id)
{
    for (size_t i = 0; i < queue->task_count; i++) {
        if (strcmp(queue->tasks[i].order_id, order_id) == 0)
            return queue->tasks[i].attempts;
    }
    return 1;
}

static void run(struct queue *queue, struct order *orders, size_t order_count)
{
    struct trading *trading = queue->trading;
    size_t count = 0;

    for (size_t i = 0; i < order_count; i++) {
        struct execution_item *item = &queue->items[count];

        *item = (struct execution_item){.order = &orders[i],
                                        .attempts = attempts_of(queue, orders[i].id)};
        if (quotes_get(trading->quotes, orders[i].ticker, &queue->quotes[count]))
            item->quote = &queue->quotes[count];
        count++;
    }
    execution_run(queue->execution, queue->items, count);
    for (size_t i = 0; i < count; i++) {
        const struct execution_item *item = &queue->items[i];

        if (order_rests(item->order) && order_is_booked(item->order) && !item->is_lost)
            matcher_add(trading->matcher, item->order);
        if (item->order->replaces[0] != '\0')
            replacing_settle(trading, queue->arena, item->order);
    }
}

// What a dead process of this machine was working on need not wait for its leases to run out. Were
// it alive after all, on another machine of the same name, the work would be done twice to the same
// effect.
static bool clear_leases(struct queue *queue, struct error *error)
{
    struct trading *trading = queue->trading;
    const char *workers[STORE_WORKERS_MAX];
    size_t count = 0;

    if (!store_list_workers(trading->database, queue->arena, workers, &count, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (worker_name_is_dead(trading->worker, workers[i]) &&
            !store_end_leases(trading->database, queue->arena, workers[i], error))
            return false;
    }
    queue->has_cleared = true;
    return true;
}

// True when there may be more to do at once.
static bool work(void *context)
{
    struct queue *queue = context;
    struct platform_clock clock;
    struct order *orders = NULL;
    size_t count = 0;
    struct error error;

    // Nothing can be decided before the first word of market: what were taken now would only wait
    // for its lease to run out.
    if (!quotes_clock(queue->trading->quotes, &clock))
        return false;
    arena_reset(queue->arena);
    if ((!queue->has_cleared && !clear_leases(queue, &error)) || !claim(queue, &error) ||
        !load(queue, &orders, &count, &error)) {
        if (!queue->is_waiting)
            log_write(LOG_WARNING, "queue_waits", "reason", error.reason, NULL);
        queue->is_waiting = true;
        return false;
    }
    queue->is_waiting = false;
    if (count > 0)
        run(queue, orders, count);
    return queue->task_count == EXECUTION_MAX || queue->finished_count == FINISHED_MAX;
}

struct queue *queue_new(struct trading *trading)
{
    struct queue *queue = allocate(sizeof(*queue));

    queue->trading = trading;
    queue->arena = arena_new(ARENA_BUDGET);
    queue->execution = execution_new(trading);
    queue->worker = worker_new("queue", PERIOD_MS, work, queue);
    return queue;
}

void queue_wake(struct queue *queue)
{
    if (queue != NULL)
        worker_wake(queue->worker);
}

void queue_free(struct queue **queue)
{
    if (*queue == NULL)
        return;
    worker_free(&(*queue)->worker);
    execution_free(&(*queue)->execution);
    arena_free(&(*queue)->arena);
    release(*queue);
    *queue = NULL;
}
