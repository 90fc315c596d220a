// SPDX-License-Identifier: MIT
#include "runs/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "money/money.h"

void run_order_name(const char *run_id, int64_t bar_at, const char *ticker, char out[RUN_NAME_SIZE])
{
    snprintf(out, RUN_NAME_SIZE, "strategy-%s-%" PRId64 "-%s", run_id, bar_at / MICROS_PER_SECOND,
             ticker);
}

struct uuid run_order_request(const char *name)
{
    char text[RUN_NAME_SIZE + 16];

    snprintf(text, sizeof(text), "run-order:%s", name);
    return uuid_from_name(text_of(text));
}

bool run_take_fill(struct run *run,
                   struct run_order *order,
                   const struct run_fill *fill,
                   struct error *error)
{
    struct run_position *position = &run->positions[order->symbol];
    bool is_buy = order->side == ORDER_BUY;
    int64_t gross = 0;
    int64_t cash = 0;

    if (!money_multiply_half_even(fill->price, fill->quantity, &gross) ||
        !money_add(run->cash, is_buy ? -gross : gross, &cash) ||
        !money_subtract(cash, fill->commission, &cash))
        return error_set(error, REASON_BACKTEST_OVERFLOW, "The cash is too large to be counted.");
    run->cash = cash;
    if (is_buy && position->quantity == 0)
        position->high_water = 0;
    position->quantity += is_buy ? fill->quantity : -fill->quantity;
    if (order->cause == BACKTEST_ENTRY)
        position->entry_price = order->average_price;
    order->fills++;
    run->has_changed = true;
    return true;
}

int64_t run_day_of(int64_t at)
{
    return at / MICROS_PER_DAY;
}

void run_take_equity(struct run *run, int64_t bar_at, int64_t equity)
{
    if (run_day_of(bar_at) != run->day) {
        run->day = run_day_of(bar_at);
        run->day_equity = run->equity;
    }
    run->equity = equity;
    run->has_changed = true;
}

int64_t run_daily_loss(const struct run *run)
{
    return run->day_equity - run->equity;
}

bool run_may_not_buy(const struct run *run)
{
    return run->max_daily_loss > 0 && run_daily_loss(run) >= run->max_daily_loss;
}

void run_give(const struct run *run, struct decision *decision)
{
    decision->cash = run->cash;
    decision->has_targets = run->has_targets;
    decision->period = run->period;
    decision->open_count = 0;
    for (size_t i = 0; i < run->symbol_count; i++)
        decision->positions[i] = (struct decision_position){
            .quantity = run->positions[i].quantity,
            .entry_price = run->positions[i].entry_price,
            .high_water = run->positions[i].high_water,
            .target = run->positions[i].target,
        };
    for (size_t i = 0; i < run->open_count; i++) {
        const struct run_order *order = &run->orders[i];
        int64_t left = order->quantity - order->filled_quantity;
        int64_t held = 0;

        if (order->is_settled || order->is_to_cancel)
            continue;
        // Of what it holds for all of it, what is left needs as large a part.
        if (order->side == ORDER_BUY &&
            !money_scale_down(order->hold_amount, left, order->quantity, &held))
            held = order->hold_amount;
        decision->open[decision->open_count++] = (struct decision_order){
            .name = order->name,
            .symbol = order->symbol,
            .cause = order->cause,
            .side = order->side,
            .quantity = left,
            .hold_amount = held,
        };
    }
}

void run_take(struct run *run, const struct decision *decision)
{
    run->has_targets = decision->has_targets;
    run->period = decision->period;
    for (size_t i = 0; i < run->symbol_count; i++) {
        run->positions[i].high_water = decision->positions[i].high_water;
        run->positions[i].target = decision->positions[i].target;
        run->positions[i].close = decision->closes[i];
    }
    for (size_t i = 0; i < decision->open_count; i++)
        for (size_t k = 0; k < run->open_count; k++)
            if (decision->open[i].is_canceled && run->orders[k].name == decision->open[i].name)
                run->orders[k].is_to_cancel = true;
}

int64_t run_window(const struct run *run, const struct bar_columns *series)
{
    size_t first = bar_columns_find(series, run->window_at);

    if (series->count - first <= RUN_WINDOW_MAX)
        return run->window_at;
    return series->times[series->count - RUN_WINDOW_KEPT];
}
