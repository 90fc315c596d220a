// SPDX-License-Identifier: MIT
#include "outdated.h"

#include "lookup.h"
#include "order_plan.h"
#include "trading_store.h"

enum { ASK_TIMEOUT_MS = 1000 };

static bool plan(struct trading *trading, struct arena *arena, struct outdated_order *outdated)
{
    struct order *order = outdated->order;
    struct call call = call_start(arena, ASK_TIMEOUT_MS);
    struct platform_clock clock;
    struct fill_terms terms;

    if (!lookup_terms(trading, &call, order->portfolio_id, &terms, &outdated->error))
        return false;
    if (!quotes_clock(trading->quotes, &clock) ||
        !quotes_get(trading->quotes, order->ticker, &outdated->quote))
        return error_set(&outdated->error, REASON_UNAVAILABLE,
                         "The present price of %s is not known.", order->ticker);
    return order_plan_again(order, &terms, &outdated->quote, &clock, &outdated->error);
}

struct saving {
    const struct order *orders[STORE_BATCH_MAX];
    size_t count;
};

static bool save_work(struct transaction *transaction, void *context, struct error *error)
{
    const struct saving *saving = context;

    return store_save_plans(transaction, saving->orders, saving->count, error);
}

void outdated_plan(struct trading *trading,
                   struct arena *arena,
                   struct outdated_order *orders,
                   size_t count)
{
    struct saving saving = {.count = 0};
    struct error error;

    for (size_t i = 0; i < count; i++) {
        struct order before = *orders[i].order;

        error_clear(&orders[i].error);
        if (plan(trading, arena, &orders[i]))
            saving.orders[saving.count++] = orders[i].order;
        else
            *orders[i].order = before;
    }
    if (saving.count == 0 ||
        database_transact(trading->database, arena, 0, save_work, &saving, &error))
        return;
    for (size_t i = 0; i < count; i++) {
        if (orders[i].error.code == CODE_OK)
            orders[i].error = error;
    }
}
