// SPDX-License-Identifier: MIT
#include "groups/linked_changes.h"

#include <assert.h>
#include <string.h>

// The open orders of the groups of a batch, as the changes that were looked at leave them.
struct groups {
    struct arena *arena;
    struct order *orders;
    size_t count;
    struct linked_changes *linked;
};

// Whether the change says that what the entry has bought is booked.
static bool is_booked(const struct store_change *change)
{
    return change->order->status == ORDER_FILLED && change->order->part == ORDER_PART_ENTRY &&
           change->task == STORE_TASK_COMPLETED;
}

static bool has_ended(const struct order *order)
{
    // An order that was refused another one's place leaves that one where it was.
    return !order_status_is_open(order->status) && order->status != ORDER_REPLACED &&
           !(order->status == ORDER_REJECTED && order->replaces[0] != '\0');
}

bool linked_changes_effect(const struct store_change *change,
                           const struct order *other,
                           enum order_event *out_event)
{
    const struct order *order = change->order;
    enum order_status next = ORDER_STATUS_COUNT;

    if (order->part == ORDER_PART_ENTRY && order->status == ORDER_FILLED) {
        *out_event = ORDER_EVENT_ACTIVATE;
        return is_booked(change) && other->status == ORDER_HELD;
    }
    if (has_ended(order)) {
        *out_event =
            order->status == ORDER_EXPIRED && order_next(other->status, ORDER_EVENT_EXPIRE, &next)
                ? ORDER_EVENT_EXPIRE
                : ORDER_EVENT_CANCEL;
        return order->part != ORDER_PART_ENTRY || other->part != ORDER_PART_ENTRY;
    }
    *out_event = ORDER_EVENT_ACTIVATE;
    return order_is_exit(order) && change->from == ORDER_PENDING_NEW && order_rests(order) &&
           other->status == ORDER_HELD;
}

static struct order *find(const struct groups *groups, const char *order_id)
{
    for (size_t i = 0; i < groups->count; i++)
        if (strcmp(groups->orders[i].id, order_id) == 0)
            return &groups->orders[i];
    return NULL;
}

static bool is_other(const struct order *order, const struct order *other)
{
    return strcmp(order->group_id, other->group_id) == 0 && strcmp(order->id, other->id) != 0;
}

// Whether the event can happen to it now. One that is being replaced, or whose fill is decided, has
// to come to that first.
static bool can_happen(const struct order *order, enum order_event event)
{
    enum order_status next = ORDER_STATUS_COUNT;

    return order_next(order->status, event, &next) && !order_is_decided(order) &&
           // What an exit has sold is taken from what they share before that is given back.
           (!order_is_exit(order) || order_is_booked(order)) &&
           !(order->status == ORDER_PENDING_NEW && order->replaces[0] != '\0');
}

static bool all_can_happen(const struct groups *groups, const struct store_change *change)
{
    for (size_t i = 0; i < groups->count; i++) {
        enum order_event event = ORDER_EVENT_COUNT;

        if (is_other(change->order, &groups->orders[i]) &&
            order_status_is_open(groups->orders[i].status) &&
            linked_changes_effect(change, &groups->orders[i], &event) &&
            !can_happen(&groups->orders[i], event))
            return false;
    }
    return true;
}

// Why the other order ends: a split ends all alike.
static bool
set_reason(struct order *other, const struct order *order, struct arena *arena, struct error *error)
{
    struct error reason;

    order_get_reason(order, &reason);
    if (!error_is(&reason, REASON_SPLIT)) {
        error_set(&reason, REASON_LINKED_ORDER_ENDED, "Order %s, its group's %s, is %s.", order->id,
                  order_part_name(order->part), order_status_name(order->status));
        error_add_number(&reason, "order_id", "%s", order->id);
        error_add_number(&reason, "order_status", "%s", order_status_name(order->status));
    }
    return order_set_reason(other, arena, &reason) ||
           error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The batch needs too much memory.");
}

// Whether something may have to be given back that only the other order knows of: cash of an
// entry, or shares that an entry has bought, or one whose place it has taken.
static bool holds_something(const struct order *other, const struct order *order)
{
    return other->part == ORDER_PART_ENTRY ||
           (order->part == ORDER_PART_ENTRY &&
            (order->filled_quantity > 0 || order->replaces[0] != '\0'));
}

// An exit of what is there from now on. What was traded before is not for it. The quote that the
// entry was filled at is the first one it is shown.
static void begin_exit(struct order *other, const struct store_change *change)
{
    const struct order *order = change->order;

    other->volume_seen = order->volume_seen;
    if (order->part == ORDER_PART_ENTRY)
        other->looked_at = (change->fill == NULL ? order->filled_at : change->fill->quote_at) - 1;
}

// Whether an exit has sold a part of what the other one was to sell.
static bool sells_part(const struct store_change *change, const struct order *other)
{
    return change->fill != NULL && change->changes_order && order_is_exit(change->order) &&
           order_status_is_open(change->order->status) && order_is_exit(other);
}

static struct store_change *add_change(struct groups *groups, struct order *other)
{
    struct store_change *made = &groups->linked->changes[groups->linked->count++];

    assert(groups->linked->count <= LINKED_CHANGES_MAX);
    *made = (struct store_change){
        .order = other, .changes_order = true, .from = other->status, .task = STORE_TASK_UNCHANGED};
    return made;
}

static bool change_other(struct groups *groups,
                         const struct store_change *change,
                         struct order *other,
                         enum order_event event,
                         struct error *error)
{
    const struct order *order = change->order;
    struct store_change *made = add_change(groups, other);
    int64_t at = event == ORDER_EVENT_ACTIVATE && order->filled_at != 0 ? order->filled_at
                                                                        : order->updated_at;

    if (!order_apply(other, event, at))
        return error_set(error, REASON_INTERNAL, "Order %s cannot change with its group.",
                         other->id);
    if (event == ORDER_EVENT_ACTIVATE) {
        begin_exit(other, change);
        return true;
    }
    made->task = holds_something(other, order) ? STORE_TASK_PENDING : STORE_TASK_COMPLETED;
    return set_reason(other, order, groups->arena, error);
}

static bool follow(struct groups *groups, struct store_change *change, struct error *error)
{
    struct order *order = find(groups, change->order->id);

    // What was decided before the other exit sold a part of it has to be decided anew.
    change->is_dropped =
        (change->changes_order &&
         (order == NULL || order->status != change->from ||
          order->quantity != change->order->quantity ||
          order->fill_count != change->order->fill_count - (change->fill == NULL ? 0 : 1))) ||
        !all_can_happen(groups, change);
    if (change->is_dropped)
        return true;
    if (order != NULL)
        *order = *change->order;
    for (size_t i = 0; i < groups->count; i++) {
        struct order *other = &groups->orders[i];
        enum order_event event = ORDER_EVENT_COUNT;

        if (!is_other(change->order, other) || !order_status_is_open(other->status))
            continue;
        if (linked_changes_effect(change, other, &event)) {
            if (!change_other(groups, change, other, event, error))
                return false;
        } else if (sells_part(change, other)) {
            (void)add_change(groups, other);
        }
        if (sells_part(change, other))
            other->quantity -= change->fill->quantity;
    }
    return true;
}

static bool concerns_group(const struct store_change *change)
{
    return order_is_in_group(change->order) && (change->changes_order || is_booked(change));
}

bool linked_changes_make(struct transaction *transaction,
                         struct store_change *changes,
                         size_t count,
                         struct linked_changes *out_linked,
                         struct error *error)
{
    struct groups groups = {.arena = transaction_arena(transaction), .linked = out_linked};
    const char *ids[STORE_BATCH_MAX];
    size_t id_count = 0;

    assert(count <= STORE_BATCH_MAX);
    out_linked->count = 0;
    out_linked->saved = (struct store_saved){.others = {0}};
    for (size_t i = 0; i < count; i++) {
        changes[i].is_dropped = false;
        if (concerns_group(&changes[i]))
            ids[id_count++] = changes[i].order->group_id;
    }
    if (id_count == 0)
        return true;
    if (!store_lock_groups(transaction, ids, id_count, &groups.orders, &groups.count, error))
        return false;
    for (size_t i = 0; i < count; i++)
        if (concerns_group(&changes[i]) && !follow(&groups, &changes[i], error))
            return false;
    return true;
}
