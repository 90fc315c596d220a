// SPDX-License-Identifier: MIT
#include "execution/execution_transaction.h"

#include <string.h>

#include "matcher/matcher.h"
#include "orders/order_events.h"
#include "orders/order_message.h"
#include "shards/shard_lease.h"

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

void execution_tell_linked(struct execution *execution)
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

bool execution_save(struct execution *execution, struct error *error)
{
    execution->saved = (struct store_saved){.others = {0}};
    if (!database_transact(execution->trading->database, execution->arena, 0, save_work, execution,
                           error))
        return false;
    store_take_saved(&execution->saved, execution->changes, execution->change_count);
    return true;
}
