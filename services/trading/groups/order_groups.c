// SPDX-License-Identifier: MIT
#include "groups/order_groups.h"

#include "store/trading_store.h"

// One whose place another has taken, or that was refused such a place, is shown without them: they
// belong to the other.
static bool shows_legs(const struct order *order)
{
    return order_is_parent(order) && order->status != ORDER_REPLACED &&
           !(order->status == ORDER_REJECTED && order->replaces[0] != '\0');
}

bool order_groups_add_legs(struct trading *trading,
                           const struct order *orders,
                           size_t count,
                           struct arena *arena,
                           Trading__Order **messages,
                           struct error *error)
{
    const char **ids = arena_allocate(arena, (count + 1) * sizeof(*ids));
    struct order *grouped = NULL;
    size_t grouped_count = 0;
    size_t id_count = 0;

    if (ids == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
    for (size_t i = 0; i < count; i++)
        if (shows_legs(&orders[i]))
            ids[id_count++] = orders[i].group_id;
    if (id_count == 0)
        return true;
    if (!store_load_groups(trading->database, arena, ids, id_count, &grouped, &grouped_count,
                           error))
        return false;
    for (size_t i = 0; i < count; i++)
        if (shows_legs(&orders[i]) &&
            !legs_to_message(&orders[i], grouped, grouped_count, arena, messages[i], error))
            return false;
    return true;
}

bool order_groups_message(struct trading *trading,
                          const struct order *order,
                          struct arena *arena,
                          Trading__Order **out_message,
                          struct error *error)
{
    return order_to_message(order, arena, out_message, error) &&
           order_groups_add_legs(trading, order, 1, arena, out_message, error);
}
