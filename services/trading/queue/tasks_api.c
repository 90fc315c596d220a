// SPDX-License-Identifier: MIT
// tasks_api: the task monitor, for administrators.
#include "bourse/portfolio/v1/portfolio_client.h"
#include "bourse/trading/v1/trading_methods.h"
#include "bourse/trading/v1/trading_server.h"

#include <string.h>

#include "base/clock.h"
#include "execution/execution.h"
#include "queue/queue.h"
#include "queue/task_reporter.h"
#include "queue/task_store.h"
#include "service/audit_outbox.h"
#include "service/idempotency.h"
#include "store/trading_store.h"

enum { PAGE_DEFAULT = 50, PERIODS = 3, RELEASE_TIMEOUT_MS = 2000 };

// Each kind of work has a queue of its own.
#define QUEUE_NAME "orders"
#define KIND_ORDER "order"
#define QUEUE_OF_BACKTESTS "backtests"
#define KIND_BACKTEST "backtest"

static const char *kind_of_queue(const char *queue)
{
    if (queue == NULL)
        return NULL;
    return strcmp(queue, QUEUE_OF_BACKTESTS) == 0 ? KIND_BACKTEST : KIND_ORDER;
}

static const int64_t period_minutes[PERIODS] = {1, 60, 24 * 60};

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

static Trading__TaskState say_state(enum task_state state)
{
    static const Trading__TaskState states[] = {
        [TASK_STATE_ANY] = TRADING__TASK_STATE__TASK_STATE_UNSPECIFIED,
        [TASK_IS_PENDING] = TRADING__TASK_STATE__TASK_STATE_PENDING,
        [TASK_IS_ACTIVE] = TRADING__TASK_STATE__TASK_STATE_ACTIVE,
        [TASK_IS_COMPLETED] = TRADING__TASK_STATE__TASK_STATE_COMPLETED,
        [TASK_IS_FAILED] = TRADING__TASK_STATE__TASK_STATE_FAILED,
    };

    return states[state];
}

static enum task_state hear_state(Trading__TaskState said)
{
    for (enum task_state state = TASK_IS_PENDING; state <= TASK_IS_FAILED; state++)
        if (say_state(state) == said)
            return state;
    return TASK_STATE_ANY;
}

static bool say_task(struct arena *arena,
                     const struct task *task,
                     Trading__Task **out_message,
                     struct error *error)
{
    Trading__Task *message = arena_allocate(arena, sizeof *message);

    if (message == NULL)
        return out_of_budget(error);
    trading__task__init(message);
    message->id = task->id;
    message->kind = task->kind;
    message->queue = strcmp(task->kind, KIND_BACKTEST) == 0 ? QUEUE_OF_BACKTESTS : QUEUE_NAME;
    message->has_state = true;
    message->state = say_state(task->state);
    message->has_resting = true;
    message->resting = task->is_resting;
    message->has_attempts = true;
    message->attempts = (uint32_t)task->attempts;
    message->worker = task->worker;
    message->has_queued_at = true;
    message->queued_at = task->queued_at;
    message->has_started_at = task->started_at != 0;
    message->started_at = task->started_at;
    message->has_finished_at = task->finished_at != 0;
    message->finished_at = task->finished_at;
    message->has_next_attempt_at = task->next_attempt_at != 0;
    message->next_attempt_at = task->next_attempt_at;
    message->has_runtime_ms = task->started_at != 0 && task->finished_at != 0;
    message->runtime_ms = (task->finished_at - task->started_at) / MICROS_PER_MS;
    message->error = task->error;
    // A backtest is in no portfolio.
    if (strcmp(task->kind, KIND_BACKTEST) != 0)
        message->portfolio_id = task->portfolio_id;
    *out_message = message;
    return true;
}

bool trading_api_list_tasks(struct trading *trading,
                            struct call *call,
                            const Trading__ListTasksRequest *request,
                            Trading__ListTasksResponse *response,
                            struct error *error)
{
    bool has_token = request->page_token != NULL && request->page_token[0] != '\0';
    size_t limit = request->has_limit ? request->limit : PAGE_DEFAULT;
    struct task_filter filter = {
        .state = request->has_state ? hear_state(request->state) : TASK_STATE_ANY,
        .kind = kind_of_queue(request->queue),
        .worker = request->worker,
        .before_id = has_token ? request->page_token : NULL,
        .has_since = request->has_since,
        .since = request->since,
        .limit = limit + 1,
    };
    struct task *tasks = NULL;
    size_t count = 0;

    if (has_token && !uuid_is_valid(request->page_token))
        return error_set(error, REASON_INVALID_PAGE_TOKEN, "page_token is not one of ours.");
    // A queue that there is not has no tasks.
    if (request->queue != NULL && strcmp(request->queue, QUEUE_NAME) != 0 &&
        strcmp(request->queue, QUEUE_OF_BACKTESTS) != 0)
        return true;
    if (!task_store_page(trading->database, call->arena, &filter, &tasks, &count, error))
        return false;
    if (count > limit) {
        count = limit;
        response->next_page_token = tasks[count - 1].id;
    }
    response->tasks = arena_allocate(call->arena, (count + 1) * sizeof(*response->tasks));
    if (response->tasks == NULL)
        return out_of_budget(error);
    response->n_tasks = count;
    for (size_t i = 0; i < count; i++)
        if (!say_task(call->arena, &tasks[i], &response->tasks[i], error))
            return false;
    return true;
}

bool trading_api_get_task(struct trading *trading,
                          struct call *call,
                          const Trading__GetTaskRequest *request,
                          Trading__GetTaskResponse *response,
                          struct error *error)
{
    struct task task;

    return task_store_load(trading->database, call->arena, request->task_id, &task, error) &&
           say_task(call->arena, &task, &response->task, error);
}

static void say_period(Trading__TaskPeriod *message, int64_t minutes, const struct task_minute *sum)
{
    int64_t p50_us = 0;
    int64_t p99_us = 0;
    bool has_runtimes = runtime_histogram_percentile(&sum->runtimes, 50, &p50_us) &&
                        runtime_histogram_percentile(&sum->runtimes, 99, &p99_us);

    trading__task_period__init(message);
    message->has_minutes = true;
    message->minutes = (uint32_t)minutes;
    message->has_completed = true;
    message->completed = (uint64_t)sum->counts[TASK_COMPLETED];
    message->has_failed = true;
    message->failed = (uint64_t)sum->counts[TASK_FAILED];
    message->has_retried = true;
    message->retried = (uint64_t)sum->counts[TASK_RETRIED];
    message->has_rate_millis = true;
    message->rate_millis = sum->counts[TASK_COMPLETED] * 1000 / (minutes * 60);
    message->has_runtime_p50_ms_thousandths = has_runtimes;
    message->runtime_p50_ms_thousandths = p50_us;
    message->has_runtime_p99_ms_thousandths = has_runtimes;
    message->runtime_p99_ms_thousandths = p99_us;
}

static bool say_periods(struct trading *trading,
                        struct arena *arena,
                        Trading__QueueSummary *queue,
                        struct error *error)
{
    struct clock real = clock_real();
    int64_t now_us = clock_now_us(&real);
    Trading__TaskPeriod *periods = arena_allocate(arena, PERIODS * sizeof *periods);

    queue->periods = arena_allocate(arena, PERIODS * sizeof(*queue->periods));
    if (periods == NULL || queue->periods == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < PERIODS; i++) {
        struct task_minute sum;

        if (!task_store_sum(trading->database, arena, period_minutes[i], now_us, &sum, error))
            return false;
        say_period(&periods[i], period_minutes[i], &sum);
        queue->periods[i] = &periods[i];
    }
    queue->n_periods = PERIODS;
    return true;
}

bool trading_api_get_task_summary(struct trading *trading,
                                  struct call *call,
                                  const Trading__GetTaskSummaryRequest *request,
                                  Trading__GetTaskSummaryResponse *response,
                                  struct error *error)
{
    Trading__QueueSummary *queue = arena_allocate(call->arena, sizeof *queue);
    struct task_counts counts;

    (void)request;
    response->queues = arena_allocate(call->arena, sizeof(*response->queues));
    if (queue == NULL || response->queues == NULL)
        return out_of_budget(error);
    trading__queue_summary__init(queue);
    if (!task_store_count(trading->database, call->arena, &counts, error) ||
        !say_periods(trading, call->arena, queue, error))
        return false;
    queue->queue = QUEUE_NAME;
    queue->has_pending = true;
    queue->pending = (uint64_t)counts.pending;
    queue->has_resting = true;
    queue->resting = (uint64_t)counts.resting;
    queue->has_active = true;
    queue->active = (uint64_t)counts.active;
    queue->has_failed = true;
    queue->failed = (uint64_t)counts.failed;
    queue->has_oldest_pending_at = counts.oldest_pending_at != 0;
    queue->oldest_pending_at = counts.oldest_pending_at;
    response->queues[0] = queue;
    response->n_queues = 1;
    return true;
}

static bool say_worker(struct arena *arena,
                       const struct task_worker *worker,
                       int64_t now_us,
                       Trading__Worker **out_message,
                       struct error *error)
{
    Trading__Worker *message = arena_allocate(arena, sizeof *message);

    if (message == NULL)
        return out_of_budget(error);
    trading__worker__init(message);
    message->name = worker->name;
    message->has_online = true;
    message->online = worker->seen_at > now_us - TASK_WORKER_AWAY_MS * MICROS_PER_MS;
    message->has_started_at = true;
    message->started_at = worker->started_at;
    message->has_seen_at = true;
    message->seen_at = worker->seen_at;
    message->has_active = true;
    message->active = (uint64_t)worker->active;
    message->has_completed = true;
    message->completed = (uint64_t)worker->completed;
    message->has_failed = true;
    message->failed = (uint64_t)worker->failed;
    *out_message = message;
    return true;
}

bool trading_api_list_workers(struct trading *trading,
                              struct call *call,
                              const Trading__ListWorkersRequest *request,
                              Trading__ListWorkersResponse *response,
                              struct error *error)
{
    struct clock real = clock_real();
    struct task_worker *workers = NULL;
    size_t count = 0;

    (void)request;
    if (!task_store_list_workers(trading->database, call->arena, &workers, &count, error))
        return false;
    response->workers = arena_allocate(call->arena, (count + 1) * sizeof(*response->workers));
    if (response->workers == NULL)
        return out_of_budget(error);
    response->n_workers = count;
    for (size_t i = 0; i < count; i++)
        if (!say_worker(call->arena, &workers[i], clock_now_us(&real), &response->workers[i],
                        error))
            return false;
    return true;
}

// A change of a failed task, done once by the request's id.
struct change {
    struct call *call;
    const char *task_id;
    const struct rpc_method *method;
    const ProtobufCMessage *request;
    ProtobufCMessage *response;
};

static bool note(struct transaction *transaction,
                 const struct change *change,
                 const char *action,
                 struct error *error)
{
    const struct audit_outbox_event event = {
        .call = change->call,
        .action = action,
        .subject = change->task_id,
        .method = change->method,
        .request = change->request,
    };

    return audit_outbox_add(transaction, &event, 1, error);
}

static bool retry(struct transaction *transaction, void *context, struct error *error)
{
    const struct change *change = context;
    Trading__RetryTaskResponse *response = (Trading__RetryTaskResponse *)change->response;
    bool was_done = false;
    struct task task;

    if (!idempotency_begin(transaction, change->call, change->method, change->response, &was_done,
                           error))
        return false;
    return was_done ||
           (task_store_retry(transaction, change->task_id, &task, error) &&
            say_task(transaction_arena(transaction), &task, &response->task, error) &&
            note(transaction, change, "task.retry", error) &&
            idempotency_finish(transaction, change->call, change->method, change->response, error));
}

bool trading_api_retry_task(struct trading *trading,
                            struct call *call,
                            const Trading__RetryTaskRequest *request,
                            Trading__RetryTaskResponse *response,
                            struct error *error)
{
    struct change change = {call, request->task_id, &trading_method_retry_task, &request->base,
                            &response->base};

    if (!database_transact(trading->database, call->arena, 0, retry, &change, error))
        return false;
    queue_wake(trading->queue);
    return true;
}

// Of an order that has not come to take another one's place, nobody knows whether it has that one's
// hold already. Both end, so both are given back.
static bool give_back_replaced(struct trading *trading,
                               struct call *call,
                               const struct order *order,
                               struct error *error)
{
    Portfolio__ReleaseRequest request = PORTFOLIO__RELEASE_REQUEST__INIT;
    Portfolio__ReleaseResponse *response = NULL;
    struct call release = call_start(call->arena, RELEASE_TIMEOUT_MS);
    char order_id[UUID_SIZE];
    char portfolio_id[UUID_SIZE];

    if (order->replaces[0] == '\0' || order->submitted_at != 0)
        return true;
    memcpy(order_id, order->replaces, UUID_SIZE);
    memcpy(portfolio_id, order->portfolio_id, UUID_SIZE);
    request.order_id = order_id;
    request.portfolio_id = portfolio_id;
    return portfolio_client_release(trading->portfolio_client, &release, &request, &response,
                                    error);
}

// Brings the order of a failed task to its end: it is canceled, and what it held is given back.
static bool
end_order(struct trading *trading, struct call *call, const char *order_id, struct error *error)
{
    struct order *orders = NULL;
    struct execution_item item = {
        .cancel_request_id = call->request_id, .call = call, .attempts = 1};
    OWNED(execution) execution = NULL;
    size_t count = 0;

    if (!store_load_orders(trading->database, call->arena, &order_id, 1, &orders, &count, error))
        return false;
    // The first holds nothing, and what the other held the order in its place has.
    if (count == 0 || orders[0].status == ORDER_REJECTED || orders[0].status == ORDER_REPLACED)
        return true;
    if (orders[0].status == ORDER_FILLED || !order_is_booked(&orders[0]))
        return error_set(error, REASON_TASK_IS_NEEDED,
                         "Task %s cannot be removed: its order has been filled, and the fill has "
                         "to be booked.",
                         order_id);
    item.order = &orders[0];
    item.intent = order_status_is_open(orders[0].status) ? EXECUTE_CANCEL : EXECUTE_ADVANCE;
    execution = execution_new(trading);
    execution_run(execution, &item, 1);
    if (item.is_settled)
        return give_back_replaced(trading, call, &orders[0], error);
    *error = item.error;
    if (item.is_lost || item.error.code == CODE_OK)
        error_set(error, REASON_CONFLICT, "The order is being changed. Try again.");
    return false;
}

static bool delete (struct transaction *transaction, void *context, struct error *error)
{
    const struct change *change = context;
    bool was_done = false;

    if (!idempotency_begin(transaction, change->call, change->method, change->response, &was_done,
                           error))
        return false;
    return was_done ||
           (task_store_remove(transaction, change->task_id, error) &&
            note(transaction, change, "task.delete", error) &&
            idempotency_finish(transaction, change->call, change->method, change->response, error));
}

bool trading_api_delete_task(struct trading *trading,
                             struct call *call,
                             const Trading__DeleteTaskRequest *request,
                             Trading__DeleteTaskResponse *response,
                             struct error *error)
{
    struct change change = {call, request->task_id, &trading_method_delete_task, &request->base,
                            &response->base};
    bool was_done = false;
    struct task task;

    if (!idempotency_find(trading->database, call, &trading_method_delete_task, &response->base,
                          &was_done, error))
        return false;
    if (was_done)
        return true;
    if (!task_store_load(trading->database, call->arena, request->task_id, &task, error))
        return false;
    // What is not a failed task is refused by the transaction, which sees its state for certain.
    if (task.state == TASK_IS_FAILED && !end_order(trading, call, request->task_id, error))
        return false;
    return database_transact(trading->database, call->arena, 0, delete, &change, error);
}
