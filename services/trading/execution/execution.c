// SPDX-License-Identifier: MIT
#include "execution/execution.h"

#include <assert.h>

#include "base/fault.h"
#include "execution/execution_decision.h"
#include "execution/execution_private.h"
#include "execution/execution_transaction.h"
#include "orders/order_message.h"
#include "service/log.h"

enum {
    ARENA_BUDGET = 16 * 1024 * 1024,
    // Two of these and a transaction fit into what a caller of PlaceOrder waits.
    CALL_TIMEOUT_MS = 2000,
};

struct execution *execution_new(struct trading *trading)
{
    struct execution *execution = allocate(sizeof(*execution));

    execution->trading = trading;
    execution->arena = arena_new(ARENA_BUDGET);
    execution->fan = fan_new(trading->portfolio_client, CALL_TIMEOUT_MS);
    return execution;
}

void execution_free(struct execution **execution)
{
    if (*execution == NULL)
        return;
    fan_free(&(*execution)->fan);
    arena_free(&(*execution)->arena);
    release(*execution);
    *execution = NULL;
}

// Decides and commits. What could not be committed is put back as it was.
static bool decide_all(struct execution *execution, const struct platform_clock *clock)
{
    struct error error;

    execution->change_count = 0;
    for (size_t i = 0; i < execution->count; i++) {
        struct execution_item *item = &execution->items[i];

        execution->change_of[execution->change_count] = i;
        if (execution_decide(execution, item, clock, &execution->changes[execution->change_count]))
            execution->change_count++;
        else if (order_status_is_open(execution->before[i].status))
            *item->order = execution->before[i];
    }
    if (execution->change_count == 0)
        return true;
    error_clear(&error);
    if (execution_save(execution, &error))
        return true;
    for (size_t i = 0; i < execution->change_count; i++) {
        size_t index = execution->change_of[i];

        *execution->items[index].order = execution->before[index];
        execution->items[index].is_refused = false;
        execution->items[index].has_fill &= execution->changes[i].fill == NULL;
        execution->items[index].error = error;
    }
    return false;
}

void execution_count(const struct execution *execution,
                     const struct execution_item *item,
                     enum task_outcome outcome)
{
    struct clock real = clock_real();

    task_statistics_add(execution->trading->task_statistics, outcome,
                        clock_monotonic_us() - item->begun_us, clock_now_us(&real));
}

// Counts what became of a task by a change that has been saved. One that rests or goes on is not at
// its end.
static void count_change(const struct execution *execution,
                         const struct execution_item *item,
                         const struct store_change *change)
{
    if (change->task == STORE_TASK_COMPLETED)
        execution_count(execution, item, TASK_COMPLETED);
    else if (change->task == STORE_TASK_FAILED)
        execution_count(execution, item, TASK_FAILED);
    else if (change->task == STORE_TASK_PENDING && change->run_after_ms != STORE_NEVER)
        execution_count(execution, item, TASK_RETRIED);
}

static void take_outcome(struct execution *execution)
{
    for (size_t i = 0; i < execution->change_count; i++) {
        const struct store_change *change = &execution->changes[i];
        size_t index = execution->change_of[i];
        struct execution_item *item = &execution->items[index];

        if (change->saved || !change->changes_order)
            count_change(execution, item, change);
        if (!change->changes_order) {
            item->is_settled = change->task == STORE_TASK_COMPLETED;
            continue;
        }
        item->is_saved = change->saved;
        item->is_lost = !change->saved;
        item->is_settled = change->saved && change->task == STORE_TASK_COMPLETED;
        if (item->is_lost) {
            *item->order = execution->before[index];
            item->is_refused = false;
            item->has_fill = false;
        } else {
            order_publish(execution->trading, item->order, execution->arena);
        }
    }
    execution_tell_linked(execution);
}

// Lets orders rest on of which a part has been booked.
static void rest_booked(struct execution *execution)
{
    struct error error;

    execution->change_count = 0;
    for (size_t i = 0; i < execution->count; i++) {
        struct execution_item *item = &execution->items[i];
        struct store_change *change = &execution->changes[execution->change_count];

        if (!execution->was_told[i] || item->has_fill ||
            item->order->status != ORDER_PARTIALLY_FILLED)
            continue;
        execution->change_of[execution->change_count++] = i;
        *change = (struct store_change){
            .order = item->order, .changes_order = true, .from = ORDER_PARTIALLY_FILLED};
        execution_rest(change);
    }
    if (execution->change_count == 0)
        return;
    fault_point("trading.after_part");
    if (!execution_save(execution, &error)) {
        // Their leases run out by themselves, and the fills are told once more.
        log_write(LOG_WARNING, "parts_not_noted", "reason", error.reason, NULL);
        for (size_t i = 0; i < execution->change_count; i++) {
            struct execution_item *item = &execution->items[execution->change_of[i]];

            item->has_fill = true;
            item->order->booked_count = item->order->fill_count - 1;
        }
        return;
    }
    for (size_t i = 0; i < execution->change_count; i++)
        execution->items[execution->change_of[i]].is_lost |= !execution->changes[i].saved;
}

// Ends the tasks of entries whose fill is booked, and has their legs begin with that. What is not
// done now is done by the queue: an entry's task lasts until its legs are active.
static void begin_legs(struct execution *execution)
{
    struct error error;

    execution->change_count = 0;
    for (size_t i = 0; i < execution->count; i++) {
        struct execution_item *item = &execution->items[i];

        if (!item->is_booked)
            continue;
        execution->change_of[execution->change_count] = i;
        execution->changes[execution->change_count++] = (struct store_change){
            .order = item->order, .fill = &item->fill, .task = STORE_TASK_COMPLETED};
    }
    if (execution->change_count == 0)
        return;
    fault_point("trading.before_legs");
    error_clear(&error);
    if (!execution_save(execution, &error)) {
        for (size_t i = 0; i < execution->change_count; i++)
            execution->items[execution->change_of[i]].error = error;
        return;
    }
    fault_point("trading.after_legs");
    for (size_t i = 0; i < execution->change_count; i++) {
        struct execution_item *item = &execution->items[execution->change_of[i]];

        item->is_settled = true;
        count_change(execution, item, &execution->changes[i]);
    }
    execution_tell_linked(execution);
}

// Lets the queue have the tasks of orders that are final but not booked or given back yet, and of
// those with a part that is not booked.
static void hand_over(struct execution *execution)
{
    struct error error;

    execution->change_count = 0;
    for (size_t i = 0; i < execution->count; i++) {
        struct execution_item *item = &execution->items[i];
        struct store_change *change = &execution->changes[execution->change_count];

        if ((order_status_is_open(item->order->status) && !item->has_fill) || item->is_lost ||
            item->is_settled || item->error.code == CODE_OK)
            continue;
        execution->change_of[execution->change_count] = i;
        *change = (struct store_change){.order = item->order};
        execution_try_later(item, change);
        execution->change_count++;
    }
    if (execution->change_count == 0)
        return;
    if (!execution_save(execution, &error)) {
        // Their leases run out by themselves.
        log_write(LOG_WARNING, "tasks_not_handed_over", "reason", error.reason, NULL);
        return;
    }
    for (size_t i = 0; i < execution->change_count; i++)
        count_change(execution, &execution->items[execution->change_of[i]], &execution->changes[i]);
}

// A fill that portfolio may not have booked yet is told to it before anything else is.
static bool load_unbooked(struct execution *execution, struct error *error)
{
    for (size_t i = 0; i < execution->count; i++) {
        struct execution_item *item = &execution->items[i];
        const struct store_fill_page page = {
            .order_id = item->order->id, .after = item->order->fill_count - 1, .limit = 1};
        struct order_fill *fills = NULL;
        size_t count = 0;

        item->has_fill = false;
        if (order_is_booked(item->order))
            continue;
        if (!store_list_fills(execution->trading->database, execution->arena, &page, &fills, &count,
                              error))
            return false;
        if (count != 1)
            return error_set(error, REASON_INTERNAL, "Order %s has no fill %d.", item->order->id,
                             item->order->fill_count);
        item->fill = fills[0];
        item->has_fill = true;
    }
    return true;
}

void execution_run(struct execution *execution, struct execution_item *items, size_t count)
{
    struct platform_clock clock;
    int64_t now_us = clock_monotonic_us();
    struct error error;

    assert(count <= EXECUTION_MAX);
    arena_reset(execution->arena);
    execution->items = items;
    execution->count = count;
    execution->linked.count = 0;
    for (size_t i = 0; i < count; i++) {
        execution->before[i] = *items[i].order;
        if (items[i].begun_us == 0)
            items[i].begun_us = now_us;
        // It may be booked already, so it goes the way that was decided.
        if (items[i].intent == EXECUTE_CANCEL && order_is_decided(items[i].order))
            items[i].intent = EXECUTE_ADVANCE;
        execution->was_told[i] = false;
        items[i].is_saved = items[i].is_lost = items[i].is_settled = items[i].is_refused = false;
        items[i].is_booked = false;
        error_clear(&items[i].error);
    }
    if (!load_unbooked(execution, &error)) {
        for (size_t i = 0; i < count; i++)
            items[i].error = error;
        return;
    }
    execution_reserve(execution);
    fault_point("trading.after_reserve");
    if (!quotes_clock(execution->trading->quotes, &clock)) {
        for (size_t i = 0; i < count; i++)
            error_set(&items[i].error, REASON_UNAVAILABLE, "The platform's clock is not known.");
        return;
    }
    if (!decide_all(execution, &clock))
        return;
    take_outcome(execution);
    fault_point("trading.after_fill");
    execution_tell_fills(execution);
    rest_booked(execution);
    execution_tell_ends(execution);
    fault_point("trading.after_apply");
    begin_legs(execution);
    hand_over(execution);
}
