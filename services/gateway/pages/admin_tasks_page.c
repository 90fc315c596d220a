// SPDX-License-Identifier: MIT
// The task monitor, for administrators: how fast the work queue is worked on and by whom, its
// tasks, and what to do about those that could not be done.
#include "pages/admin_pages.h"

#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/trading/v1/trading_methods.h"
#include "page_templates.h"

enum { TASKS_SHOWN = 50, HOUR_MINUTES = 60 };

static const char *label_of(uint32_t minutes)
{
    return minutes == 1 ? "Minute" : minutes == HOUR_MINUTES ? "Hour" : "Day";
}

static bool make_queue(struct arena *arena, Trading__QueueSummary *summary, Pages__TaskQueue **out)
{
    Pages__TaskQueue *queue = arena_allocate(arena, sizeof *queue);

    if (queue == NULL)
        return false;
    pages__task_queue__init(queue);
    queue->summary = summary;
    queue->periods =
        arena_allocate(arena, (summary->n_periods + 1) * sizeof(Pages__TaskPeriodRow *));
    for (size_t i = 0; queue->periods != NULL && i < summary->n_periods; i++) {
        Pages__TaskPeriodRow *row = arena_allocate(arena, sizeof *row);

        if (row == NULL)
            return false;
        pages__task_period_row__init(row);
        row->label = label_of(summary->periods[i]->minutes);
        row->period = summary->periods[i];
        queue->periods[queue->n_periods++] = row;
    }
    *out = queue;
    return queue->periods != NULL;
}

static bool add_queues(struct exchange *exchange,
                       const Trading__GetTaskSummaryResponse *summary,
                       Pages__AdminTasksPage *page,
                       struct error *error)
{
    struct arena *arena = exchange->request->arena;

    page->queues = arena_allocate(arena, (summary->n_queues + 1) * sizeof(Pages__TaskQueue *));
    if (page->queues == NULL)
        return page_out_of_memory(error);
    for (size_t i = 0; i < summary->n_queues; i++)
        if (!make_queue(arena, summary->queues[i], &page->queues[page->n_queues++]))
            return page_out_of_memory(error);
    return true;
}

static bool add_summary(struct exchange *exchange, Pages__AdminTasksPage *page, struct error *error)
{
    Trading__GetTaskSummaryRequest summary_request = TRADING__GET_TASK_SUMMARY_REQUEST__INIT;
    Trading__ListWorkersRequest workers_request = TRADING__LIST_WORKERS_REQUEST__INIT;
    ProtobufCMessage *summary = NULL;
    ProtobufCMessage *workers = NULL;

    if (!page_call(exchange, "trading", &trading_method_get_task_summary, &summary_request.base,
                   &summary, error) ||
        !page_call(exchange, "trading", &trading_method_list_workers, &workers_request.base,
                   &workers, error))
        return false;
    page->workers = (Trading__ListWorkersResponse *)workers;
    return add_queues(exchange, (const Trading__GetTaskSummaryResponse *)summary, page, error);
}

static bool add_list(struct exchange *exchange, Pages__AdminTasksPage *page, struct error *error)
{
    Trading__ListTasksRequest request = TRADING__LIST_TASKS_REQUEST__INIT;
    ProtobufCMessage *response = NULL;

    request.has_state = page->query->has_state;
    request.state = page->query->state;
    request.worker = page->query->worker;
    request.page_token = page->query->page_token;
    request.has_limit = true;
    request.limit = TASKS_SHOWN;
    if (!page_call(exchange, "trading", &trading_method_list_tasks, &request.base, &response,
                   error))
        return false;
    page->list = (Trading__ListTasksResponse *)response;
    return true;
}

bool admin_tasks_page_show(struct exchange *exchange, struct error *error)
{
    Pages__AdminTasksPage page = PAGES__ADMIN_TASKS_PAGE__INIT;
    ProtobufCMessage *query = NULL;

    if (!admin_begin(exchange, "tasks", "Tasks", &page.frame, error) ||
        !page_read_query(exchange, &pages_admin_tasks_query_info, &query, error))
        return false;
    page.query = (Pages__AdminTasksQuery *)query;
    return add_summary(exchange, &page, error) && add_list(exchange, &page, error) &&
           page_answer(exchange, &admin_tasks_page, &page.base, NULL, error);
}

// One task.

// The order of a task has its id. It may be gone already.
static bool add_order(struct exchange *exchange, Pages__AdminTaskPage *page, struct error *error)
{
    Trading__GetOrderRequest request = TRADING__GET_ORDER_REQUEST__INIT;
    ProtobufCMessage *response = NULL;

    request.order_id = page->task->id;
    if (!page_call(exchange, "trading", &trading_method_get_order, &request.base, &response, error))
        return error_is(error, REASON_ORDER_NOT_FOUND);
    page->order = ((Trading__GetOrderResponse *)response)->order;
    return true;
}

bool admin_task_page_show(struct exchange *exchange, struct error *error)
{
    Pages__AdminTaskPage page = PAGES__ADMIN_TASK_PAGE__INIT;
    Trading__GetTaskRequest request = TRADING__GET_TASK_REQUEST__INIT;
    ProtobufCMessage *query = NULL;
    ProtobufCMessage *response = NULL;

    if (!admin_begin(exchange, "tasks", "Task", &page.frame, error) ||
        !page_read_query(exchange, &pages_admin_task_query_info, &query, error))
        return false;
    request.task_id = ((const Pages__AdminTaskQuery *)query)->task_id;
    if (!page_call(exchange, "trading", &trading_method_get_task, &request.base, &response, error))
        return false;
    page.task = ((Trading__GetTaskResponse *)response)->task;
    return add_order(exchange, &page, error) &&
           page_answer(exchange, &admin_task_page, &page.base, NULL, error);
}

static bool go_back(struct exchange *exchange, struct error *error)
{
    return page_redirect(
        exchange, error, "%s",
        page_next(exchange, form_find(exchange->form, FORM_NEXT), "/admin/tasks?state=failed"));
}

// What somebody else has done to the task meanwhile is no fault of who looks at it.
static bool is_told(const struct error *error)
{
    return error_is(error, REASON_TASK_NOT_FAILED) || error_is(error, REASON_TASK_NOT_FOUND) ||
           error_is(error, REASON_TASK_IS_NEEDED) || error_is(error, REASON_CONFLICT);
}

bool admin_task_retry(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;

    if (page_submit(exchange, "trading", &trading_method_retry_task, false, &response, error))
        page_say(exchange, false, "The task is tried again, with all its attempts.");
    else if (is_told(error))
        page_say(exchange, true, "%s", error->message);
    else
        return false;
    return go_back(exchange, error);
}

bool admin_task_delete(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;

    if (page_submit(exchange, "trading", &trading_method_delete_task, false, &response, error))
        page_say(exchange, false, "The task was given up: its order is canceled.");
    else if (is_told(error))
        page_say(exchange, true, "%s", error->message);
    else
        return false;
    return page_redirect(exchange, error, "/admin/tasks?state=failed");
}
