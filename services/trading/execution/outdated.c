// SPDX-License-Identifier: MIT
#include "execution/outdated.h"

#include "execution/lookup.h"
#include "orders/order_events.h"
#include "orders/order_plan.h"
#include "store/trading_store.h"

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

// The legs are seen as they are placed, so a change of theirs is an event. That of an order is what
// is decided about it next.
static bool note_legs(struct transaction *transaction, const struct rows *legs, struct error *error)
{
    struct order_events events;

    if (!order_events_start(&events, transaction, legs->count, error))
        return false;
    for (size_t i = 0; i < legs->count; i++)
        order_events_add(&events, rows_text(legs, i, 0), rows_text(legs, i, 1));
    return order_events_note(&events, transaction, error);
}

static bool save_work(struct transaction *transaction, void *context, struct error *error)
{
    const struct saving *saving = context;
    bool has_group = false;
    struct rows legs = {0};

    for (size_t i = 0; i < saving->count; i++)
        has_group |= order_is_in_group(saving->orders[i]);
    return store_save_plans(transaction, saving->orders, saving->count, has_group ? &legs : NULL,
                            error) &&
           (!has_group ||
            (transaction_flush(transaction, error) && note_legs(transaction, &legs, error)));
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
