// SPDX-License-Identifier: MIT
#include "execution/execution_private.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "fills/commission.h"
#include "fills/fill.h"
#include "groups/linked_changes.h"
#include "limits/limit_registry.h"
#include "matcher/matcher.h"
#include "money/money.h"
#include "orders/order_events.h"
#include "orders/order_message.h"
#include "service/log.h"
#include "shards/shard_lease.h"

enum {
    ARENA_BUDGET = 16 * 1024 * 1024,
    // Two of these and a transaction fit into what a caller of PlaceOrder waits.
    CALL_TIMEOUT_MS = 2000,
    UNAVAILABLE_RETRY_MS = 1000,
    RETRY_FIRST_MS = 100,
    RETRY_MAX_MS = 60 * 1000,
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

static bool is_unavailable(const struct error *error)
{
    return error->outcome_unknown || error->code == CODE_UNAVAILABLE ||
           error->code == CODE_DEADLINE_EXCEEDED || error->code == CODE_RESOURCE_EXHAUSTED;
}

static int64_t retry_after(const struct execution_item *item)
{
    int64_t delay = RETRY_FIRST_MS;

    if (is_unavailable(&item->error))
        return UNAVAILABLE_RETRY_MS;
    for (int64_t i = 1; i < item->attempts && delay < RETRY_MAX_MS; i++)
        delay *= 2;
    return delay < RETRY_MAX_MS ? delay : RETRY_MAX_MS;
}

// The task is tried again later; one that fails time and again for a reason of its own is left to
// people.
static void try_later(const struct execution_item *item, struct store_change *change)
{
    bool is_hopeless = item->attempts >= EXECUTION_ATTEMPTS_MAX && !is_unavailable(&item->error);

    if (is_hopeless)
        log_write(LOG_ERROR, "task_given_up", "order_id", item->order->id, "status",
                  order_status_name(item->order->status), "message", item->error.message, NULL);
    change->task = is_hopeless ? STORE_TASK_FAILED : STORE_TASK_PENDING;
    change->run_after_ms = retry_after(item);
    change->task_error = item->error.message;
}

static void rest(struct store_change *change)
{
    change->task = STORE_TASK_PENDING;
    change->run_after_ms = STORE_NEVER;
}

// The order is changed in memory, and its task goes on: a step with portfolio follows.
static void go_on(struct store_change *change)
{
    change->changes_order = true;
    change->task = STORE_TASK_ACTIVE;
    change->run_after_ms = STORE_LEASE_MS;
}

static bool refuse(struct execution *execution,
                   struct execution_item *item,
                   enum order_event event,
                   int64_t now,
                   struct store_change *change)
{
    change->changes_order = true;
    change->task = STORE_TASK_COMPLETED;
    return order_set_reason(item->order, execution->arena, &item->error) &&
           order_apply(item->order, event, now);
}

// Ends an order that does not rest after a part of it was filled.
static bool cancel_rest(struct execution *execution, struct order *order, int64_t at)
{
    char filled[DECIMAL_SIZE];
    char quantity[DECIMAL_SIZE];
    struct error reason;

    decimal_print(order->filled_quantity, QUANTITY_SCALE, 0, filled);
    decimal_print(order->quantity, QUANTITY_SCALE, 0, quantity);
    error_set(&reason, REASON_NOT_FILLED_AT_ONCE, "%s of %s shares of %s could be filled at once.",
              filled, quantity, order->ticker);
    error_add_number(&reason, "filled_quantity", "%s", filled);
    return order_set_reason(order, execution->arena, &reason) &&
           order_apply(order, ORDER_EVENT_CANCEL, at);
}

// Whether the order can be filled now, at the quote it was looked at with. That may have ended
// while portfolio was asked, and an order that waited for portfolio longer may have come to cost
// more than it holds. Then it rests: the matcher finds its first quote and has the hold raised. One
// that does not rest takes the quote of this moment, whichever it is.
static bool can_fill(struct execution *execution,
                     const struct execution_item *item,
                     const struct platform_clock *clock,
                     struct quote *out_quote,
                     struct fill_offer *out_offer)
{
    return item->quote != NULL &&
           quotes_get(execution->trading->quotes, item->order->ticker, out_quote) &&
           (out_quote->quoted_at == item->quote->quoted_at ||
            !order_time_in_force_rests(item->order->time_in_force)) &&
           fill_decide(item->order, out_quote, clock, out_offer) &&
           fill_is_covered(item->order, out_offer);
}

// Fills an order. What is left of one that does not rest is canceled in the same step.
static bool fill(struct execution *execution,
                 struct execution_item *item,
                 const struct fill_offer *offer,
                 int64_t quote_at,
                 int64_t at)
{
    struct order *order = item->order;
    struct order_execution made = {
        .quantity = offer->quantity, .price = offer->price, .quote_at = quote_at, .at = at};

    if (!commission_of_fill(order, offer->quantity, offer->price, &made.commission) ||
        !order_fill_at(order, &made, &item->fill))
        return false;
    item->has_fill = true;
    return order->status == ORDER_FILLED || order_time_in_force_rests(order->time_in_force) ||
           cancel_rest(execution, order, at);
}

// Ends an order that neither rests nor is filled, for the reason in the item's error; what was held
// is given back.
static bool end_unfilled(struct execution *execution,
                         struct execution_item *item,
                         int64_t now,
                         struct store_change *change)
{
    if (!refuse(execution, item, ORDER_EVENT_CANCEL, now, change))
        return false;
    error_clear(&item->error);
    go_on(change);
    return true;
}

// An order whose fill portfolio has booked with the hold.
static bool decide_decided(struct execution *execution,
                           struct execution_item *item,
                           struct store_change *change)
{
    struct order *order = item->order;

    change->fill = &item->fill;
    change->task = STORE_TASK_COMPLETED;
    if (!order_fill_decided(order, &item->fill))
        return false;
    order->booked_count = order->fill_count;
    if (order->status == ORDER_FILLED)
        return true;
    // What was left of the hold has been given back with the fill.
    if (!order_time_in_force_rests(order->time_in_force))
        return cancel_rest(execution, order, order->created_at);
    rest(change);
    return true;
}

static bool decide_pending(struct execution *execution,
                           struct execution_item *item,
                           const struct platform_clock *clock,
                           struct store_change *change)
{
    struct order *order = item->order;
    struct quote quote;
    struct fill_offer offer;

    if (item->is_refused)
        return refuse(execution, item, ORDER_EVENT_REFUSED, clock->now, change);
    if (item->error.code != CODE_OK) {
        try_later(item, change);
        return true;
    }
    change->changes_order = true;
    if (order_is_decided(order))
        return decide_decided(execution, item, change);
    if (!order_apply(order, ORDER_EVENT_RESERVED, clock->now))
        return false;
    // Trading was halted while the order was on its way.
    if (limit_registry_is_halted(execution->trading->limit_registry, order->portfolio_id,
                                 order->user_id, &item->error))
        return end_unfilled(execution, item, clock->now, change);
    if (!can_fill(execution, item, clock, &quote, &offer)) {
        if (!order_time_in_force_rests(order->time_in_force) && !order_is_delayed(order)) {
            error_set(&item->error, REASON_NOT_FILLED_AT_ONCE,
                      "%s could not be filled at once within the order's prices.", order->ticker);
            return end_unfilled(execution, item, clock->now, change);
        }
        rest(change);
        return true;
    }
    // The task has been taken a moment ago; its lease goes on.
    change->task = STORE_TASK_UNCHANGED;
    change->fill = &item->fill;
    order->volume_seen = quote.volume;
    order->looked_at = quote.quoted_at > order->looked_at ? quote.quoted_at : order->looked_at;
    return fill(execution, item, &offer, quote.quoted_at, clock->now);
}

static void take_terms(const struct execution_item *item)
{
    struct order *order = item->order;

    order->high_water = item->high_water;
    order->stop_price = item->stop_price;
    order->looked_at = item->looked_at;
    order->volume_seen = item->volume_seen;
    if (order->triggered_at == 0)
        order->triggered_at = item->triggered_at;
}

static bool decide_fill(struct execution *execution,
                        struct execution_item *item,
                        int64_t now,
                        struct store_change *change)
{
    if (item->is_refused) {
        // What was held is given back, so the task goes on.
        bool done = refuse(execution, item, ORDER_EVENT_CANCEL, now, change);

        go_on(change);
        return done;
    }
    if (item->error.code != CODE_OK)
        return false;
    go_on(change);
    change->fill = &item->fill;
    take_terms(item);
    return fill(execution, item, &item->offer, item->quote_at, item->at);
}

// Fills `change` for one item. False when there is nothing to save.
static bool decide(struct execution *execution,
                   struct execution_item *item,
                   const struct platform_clock *clock,
                   struct store_change *change)
{
    struct order *order = item->order;

    *change = (struct store_change){.order = order, .from = order->status};
    switch (item->intent) {
    case EXECUTE_FILL:
        return order_rests(order) && order_is_booked(order) &&
               decide_fill(execution, item, clock->now, change);
    case EXECUTE_TRIGGER:
        change->changes_order = true;
        change->task = STORE_TASK_UNCHANGED;
        take_terms(item);
        return order_apply(order, ORDER_EVENT_TRIGGER, item->at);
    case EXECUTE_EXPIRE:
        go_on(change);
        return order_apply(order, ORDER_EVENT_EXPIRE, order->expires_at);
    case EXECUTE_CANCEL:
        go_on(change);
        if (item->cancel_request_id != NULL)
            snprintf(order->cancel_request_id, UUID_SIZE, "%s", item->cancel_request_id);
        return (item->cancel_reason == NULL ||
                order_set_reason(order, execution->arena, item->cancel_reason)) &&
               order_apply(order, ORDER_EVENT_CANCEL, clock->now);
    case EXECUTE_ADVANCE:
        break;
    }
    if (order->status == ORDER_PENDING_NEW)
        return decide_pending(execution, item, clock, change);
    if (order_rests(order) || order->status == ORDER_HELD) {
        rest(change);
        // Otherwise its fill is booked first.
        return order_is_booked(order);
    }
    change->task = STORE_TASK_COMPLETED;
    return order->status == ORDER_REJECTED ||
           (order->status == ORDER_FILLED && order_is_booked(order));
}

static const struct audit_outbox_event *audit_of(const struct execution *execution, size_t change)
{
    if (!execution->changes[change].changes_order)
        return NULL;
    return execution->items[execution->change_of[change]].audit;
}

// Notes for the audit log what administrators did to orders, once it is known that they were first.
static bool
note_changes(struct execution *execution, struct transaction *transaction, struct error *error)
{
    struct audit_outbox_event events[EXECUTION_MAX];
    size_t count = 0;
    bool is_any = false;

    for (size_t i = 0; i < execution->change_count; i++)
        is_any = is_any || audit_of(execution, i) != NULL;
    if (!is_any)
        return true;
    if (!transaction_flush(transaction, error))
        return false;
    store_take_saved(&execution->saved, execution->changes, execution->change_count);
    for (size_t i = 0; i < execution->change_count; i++)
        if (execution->changes[i].saved && audit_of(execution, i) != NULL)
            events[count++] = *audit_of(execution, i);
    return audit_outbox_add(transaction, events, count, error);
}

// The different claims in whose names something is changed.
static size_t list_claims(const struct execution *execution, struct shard_claim *out_claims)
{
    size_t count = 0;

    for (size_t i = 0; i < execution->change_count; i++) {
        const struct shard_claim *claim = &execution->items[execution->change_of[i]].claim;
        bool is_listed = !execution->changes[i].changes_order || claim->epoch == 0;

        for (size_t j = 0; j < count && !is_listed; j++)
            is_listed = out_claims[j].shard == claim->shard;
        if (!is_listed)
            out_claims[count++] = *claim;
    }
    return count;
}

// Takes a change out whose order is another one's to decide about by now.
static void lose(struct execution *execution, size_t change)
{
    size_t index = execution->change_of[change];
    struct execution_item *item = &execution->items[index];

    *item->order = execution->before[index];
    item->is_refused = false;
    item->is_lost = true;
    execution->change_count--;
    memmove(&execution->changes[change], &execution->changes[change + 1],
            (execution->change_count - change) * sizeof(execution->changes[0]));
    memmove(&execution->change_of[change], &execution->change_of[change + 1],
            (execution->change_count - change) * sizeof(execution->change_of[0]));
}

static bool
is_good(const struct shard_claim *claims, const bool *good, size_t count, struct shard_claim claim)
{
    for (size_t i = 0; i < count; i++)
        if (claims[i].shard == claim.shard)
            return good[i];
    return true;
}

// Keeps the shards in whose names something is decided, until the transaction ends; what is decided
// for one that belongs to another replica by now comes to nothing.
static bool
hold_shards(struct execution *execution, struct transaction *transaction, struct error *error)
{
    struct shard_claim claims[EXECUTION_MAX];
    bool good[EXECUTION_MAX];
    size_t count = list_claims(execution, claims);

    if (count == 0)
        return true;
    if (!shard_store_hold(transaction, claims, count, good, error))
        return false;
    for (size_t i = execution->change_count; i-- > 0;)
        if (execution->changes[i].changes_order &&
            !is_good(claims, good, count, execution->items[execution->change_of[i]].claim))
            lose(execution, i);
    return true;
}

// The order that rests when the change is done; NULL for none. Of one that was to replace another
// and is refused, that is the other.
static const char *resting_after(const struct store_change *change)
{
    const struct order *order = change->order;

    if (order_rests(order) && change->task == STORE_TASK_PENDING &&
        change->run_after_ms == STORE_NEVER)
        return order->id;
    return change->changes_order && order->status == ORDER_REJECTED && order->replaces[0] != '\0'
               ? order->replaces
               : NULL;
}

static void add_arrival(const struct execution *execution,
                        const struct order *order,
                        const char *id,
                        struct shard_arrival *out_arrival)
{
    *out_arrival = (struct shard_arrival){
        .order_id = id,
        .portfolio_id = order->portfolio_id,
        .claim = shard_lease_claim_of(execution->trading->shards, order->ticker),
    };
}

// Lets the owners of their shards know which orders come to rest, legs that become active too.
static bool
announce(struct execution *execution, struct transaction *transaction, struct error *error)
{
    struct shard_arrival arrivals[EXECUTION_MAX + LINKED_CHANGES_MAX];
    size_t count = 0;

    for (size_t i = 0; i < execution->change_count; i++) {
        const struct store_change *change = &execution->changes[i];
        const char *id = change->is_dropped ? NULL : resting_after(change);

        if (id != NULL)
            add_arrival(execution, change->order, id, &arrivals[count++]);
    }
    for (size_t i = 0; i < execution->linked.count; i++) {
        const struct store_change *change = &execution->linked.changes[i];

        if (change->from == ORDER_HELD && order_rests(change->order))
            add_arrival(execution, change->order, change->order->id, &arrivals[count++]);
    }
    return shard_store_announce(transaction, arrivals, count, error);
}

// Numbers what the transaction changes, last of all.
static bool
note_events(struct execution *execution, struct transaction *transaction, struct error *error)
{
    const struct linked_changes *linked = &execution->linked;
    struct order_events events;

    if (!order_events_start(&events, transaction, 2 * (execution->change_count + linked->count),
                            error))
        return false;
    order_events_add_changes(&events, execution->changes, execution->change_count);
    order_events_add_changes(&events, linked->changes, linked->count);
    return order_events_note(&events, transaction, error);
}

static bool save_work(struct transaction *transaction, void *context, struct error *error)
{
    struct execution *execution = context;

    return hold_shards(execution, transaction, error) &&
           linked_changes_make(transaction, execution->changes, execution->change_count,
                               &execution->linked, error) &&
           store_save_changes(transaction, execution->changes, execution->change_count,
                              &execution->saved, error) &&
           (execution->linked.count == 0 ||
            store_save_changes(transaction, execution->linked.changes, execution->linked.count,
                               &execution->linked.saved, error)) &&
           announce(execution, transaction, error) && note_changes(execution, transaction, error) &&
           note_events(execution, transaction, error);
}

// Lists the exits that have come to rest by themselves, as the others of their groups do with them.
static size_t list_resting_exits(const struct execution *execution, const struct order **out_orders)
{
    size_t count = 0;

    for (size_t i = 0; i < execution->change_count; i++) {
        const struct store_change *change = &execution->changes[i];

        if (change->saved && change->from == ORDER_PENDING_NEW && order_is_exit(change->order) &&
            order_rests(change->order))
            out_orders[count++] = change->order;
    }
    return count;
}

// Lets the matcher, and who follows, know what has become of other orders of the groups. What
// begins together is given to the matcher together.
static void tell_linked(struct execution *execution)
{
    struct linked_changes *linked = &execution->linked;
    const struct order *resting[LINKED_CHANGES_MAX + EXECUTION_MAX];
    size_t count = list_resting_exits(execution, resting);

    store_take_saved(&linked->saved, linked->changes, linked->count);
    for (size_t i = 0; i < linked->count; i++) {
        const struct order *order = linked->changes[i].order;

        if (!linked->changes[i].saved)
            continue;
        // One with a part that is not booked is with whoever books it.
        if (!order_rests(order))
            matcher_remove(execution->trading->matcher, order->id);
        else if (order_is_booked(order))
            resting[count++] = order;
        order_publish(execution->trading, order, execution->arena);
    }
    matcher_add_all(execution->trading->matcher, resting, count);
}

static bool save(struct execution *execution, struct error *error)
{
    execution->saved = (struct store_saved){.others = {0}};
    if (!database_transact(execution->trading->database, execution->arena, 0, save_work, execution,
                           error))
        return false;
    store_take_saved(&execution->saved, execution->changes, execution->change_count);
    return true;
}

// Decides and commits. What could not be committed is put back as it was.
static bool decide_all(struct execution *execution, const struct platform_clock *clock)
{
    struct error error;

    execution->change_count = 0;
    for (size_t i = 0; i < execution->count; i++) {
        struct execution_item *item = &execution->items[i];

        execution->change_of[execution->change_count] = i;
        if (decide(execution, item, clock, &execution->changes[execution->change_count]))
            execution->change_count++;
        else if (order_status_is_open(execution->before[i].status))
            *item->order = execution->before[i];
    }
    if (execution->change_count == 0)
        return true;
    error_clear(&error);
    if (save(execution, &error))
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
    tell_linked(execution);
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
        rest(change);
    }
    if (execution->change_count == 0)
        return;
    fault_point("trading.after_part");
    if (!save(execution, &error)) {
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
    if (!save(execution, &error)) {
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
    tell_linked(execution);
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
        try_later(item, change);
        execution->change_count++;
    }
    if (execution->change_count == 0)
        return;
    if (!save(execution, &error)) {
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
