// SPDX-License-Identifier: MIT
#include "limits/resting_cancel.h"

#include <string.h>

#include "matcher/matcher.h"
#include "store/trading_store.h"

enum { BUDGET = 4 * 1024 * 1024 };

bool resting_cancel(struct trading *trading,
                    struct execution *execution,
                    const struct halt_record *halt,
                    const struct error *reason,
                    char last_id[UUID_SIZE])
{
    OWNED(arena) arena = arena_new(BUDGET);
    struct execution_item items[LIMIT_STORE_ORDERS];
    const char **ids = NULL;
    struct order *orders = NULL;
    size_t count = 0;
    size_t id_count = 0;
    struct error error;

    if (!limit_store_list_resting(trading->database, arena, halt, last_id, &ids, &id_count,
                                  &error) ||
        id_count == 0 ||
        !store_load_orders(trading->database, arena, ids, id_count, &orders, &count, &error))
        return false;
    memcpy(last_id, ids[id_count - 1], UUID_SIZE);
    for (size_t i = 0; i < count; i++)
        items[i] = (struct execution_item){
            .order = &orders[i], .intent = EXECUTE_CANCEL, .cancel_reason = reason, .attempts = 1};
    execution_run(execution, items, count);
    for (size_t i = 0; i < count; i++)
        if (items[i].is_saved)
            matcher_remove(trading->matcher, orders[i].id);
    return id_count == LIMIT_STORE_ORDERS;
}
