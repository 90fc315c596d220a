// SPDX-License-Identifier: MIT
#include "runs/run_orders.h"

#include "bourse/trading/v1/trading_server.h"

#include <stdio.h>

#include "base/fault.h"
#include "money/money.h"
#include "runs/run_store.h"
#include "runs/run_timing.h"
#include "service/log.h"
#include "strategies/strategy_events.h"

enum { CALL_TIMEOUT_MS = 15000 };

struct carrying {
    struct trading *trading;
    const struct run *run;
    struct arena *arena;
    struct platform_clock clock;
    struct error *stop;
    bool is_done;
};

struct call run_call(const struct run *run, struct arena *arena)
{
    struct call call = call_start(arena, CALL_TIMEOUT_MS);

    call.identity.role = ROLE_USER;
    call.identity.scope = SCOPE_TRADE;
    snprintf(call.identity.user_id, UUID_SIZE, "%s", run->user_id);
    return call;
}

struct noting {
    const struct run *run;
    const struct run_order *order;
    const char *order_id;
    const struct error *refusal;
};

static bool note_work(struct transaction *transaction, void *context, struct error *error)
{
    const struct noting *noting = context;

    return run_store_note_placed(transaction, noting->run, noting->order, noting->order_id,
                                 noting->refusal, error);
}

// What cannot be written down now is found out again by the next look at the orders.
static void note(struct carrying *carrying,
                 const struct run_order *order,
                 const char *order_id,
                 const struct error *refusal)
{
    struct noting noting = {carrying->run, order, order_id, refusal};
    struct error error;

    if (database_transact(carrying->trading->database, carrying->arena, 0, note_work, &noting,
                          &error)) {
        strategy_events_tell(carrying->trading, carrying->run->user_id, carrying->run->id);
        return;
    }
    carrying->is_done = false;
    log_write(LOG_WARNING, "strategy_order_not_noted", "run", carrying->run->id, "reason",
              error.reason, NULL);
}

// Whether the same request may have another answer in a moment.
static bool is_passing(const struct error *error)
{
    return error->outcome_unknown || error->code == CODE_UNAVAILABLE ||
           error->code == CODE_DEADLINE_EXCEEDED || error->code == CODE_ABORTED ||
           error->code == CODE_RESOURCE_EXHAUSTED || error->code == CODE_INTERNAL;
}

// Shares that are gone were sold by somebody else: what the run believes to have is not so.
static bool ends_the_run(const struct error *error)
{
    return error_is(error, REASON_PORTFOLIO_CLOSED) ||
           error_is(error, REASON_PORTFOLIO_NOT_FOUND) ||
           error_is(error, REASON_INSUFFICIENT_SHARES);
}

static void take_answer(struct carrying *carrying,
                        const struct run_order *order,
                        const struct rpc_batch_item *item)
{
    const Trading__PlaceOrderResponse *response =
        (const Trading__PlaceOrderResponse *)item->response;

    if (item->done && response->order != NULL) {
        note(carrying, order, response->order->id, NULL);
        return;
    }
    if (is_passing(&item->error)) {
        carrying->is_done = false;
        return;
    }
    note(carrying, order, NULL, &item->error);
    if (ends_the_run(&item->error))
        *carrying->stop = item->error;
}

// One order that is to be placed, and its call.
struct placement {
    const struct run_order *order;
    struct call call;
    Trading__PlaceOrderRequest request;
    Trading__PlaceOrderResponse response;
};

static bool prepare(struct carrying *carrying,
                    const struct run_order *order,
                    struct placement *placement,
                    struct rpc_batch_item *item)
{
    bool is_whole = order->quantity % NANOS_PER_UNIT == 0;

    *placement =
        (struct placement){.order = order, .call = run_call(carrying->run, carrying->arena)};
    placement->call.request_id =
        arena_copy_string(carrying->arena, run_order_request(order->name).string);
    // The same order, however often it is placed: its name stands for the request.
    placement->call.body = text_of(order->name);
    trading__place_order_request__init(&placement->request);
    trading__place_order_response__init(&placement->response);
    placement->request.portfolio_id = carrying->run->portfolio_id;
    placement->request.ticker = carrying->run->tickers[order->symbol];
    placement->request.has_side = true;
    placement->request.side = order->side == ORDER_SELL ? TRADING__ORDER_SIDE__ORDER_SIDE_SELL
                                                        : TRADING__ORDER_SIDE__ORDER_SIDE_BUY;
    placement->request.has_quantity_nanos = true;
    placement->request.quantity_nanos = order->quantity;
    // As in a backtest, which knows no day; fractions are traded for the day alone.
    placement->request.has_time_in_force = true;
    placement->request.time_in_force = is_whole ? TRADING__TIME_IN_FORCE__TIME_IN_FORCE_GTC
                                                : TRADING__TIME_IN_FORCE__TIME_IN_FORCE_DAY;
    placement->request.client_order_id = order->name;
    *item = (struct rpc_batch_item){.call = &placement->call,
                                    .request = &placement->request.base,
                                    .response = &placement->response.base};
    return placement->call.request_id != NULL;
}

// Whether the order is still to be placed. If it is there already, it is answered as it is.
static bool is_to_place(const struct carrying *carrying, const struct run_order *order)
{
    return !order->is_settled && !order->is_placed && !order->is_to_cancel &&
           run_may_trade(carrying->run->timeframe, order->bar_at, &carrying->clock);
}

// Sales first, so that what they free is there for what is bought.
static void place(struct carrying *carrying, enum order_side side)
{
    struct placement *placements =
        arena_allocate(carrying->arena, STRATEGY_SYMBOLS_MAX * sizeof(*placements));
    struct rpc_batch_item *items =
        arena_allocate(carrying->arena, STRATEGY_SYMBOLS_MAX * sizeof(*items));
    size_t count = 0;

    if (placements == NULL || items == NULL) {
        carrying->is_done = false;
        return;
    }
    for (size_t i = 0; i < carrying->run->open_count; i++) {
        const struct run_order *order = &carrying->run->orders[i];

        if (order->side != side || !is_to_place(carrying, order))
            continue;
        if (count == STRATEGY_SYMBOLS_MAX ||
            !prepare(carrying, order, &placements[count], &items[count])) {
            carrying->is_done = false;
            break;
        }
        count++;
    }
    if (count == 0)
        return;
    trading_api_place_order(carrying->trading, items, count);
    (void)fault_point("trading.after_strategy_order");
    for (size_t i = 0; i < count; i++)
        take_answer(carrying, placements[i].order, &items[i]);
}

// An order that was not placed while there was time for it, or whose run was stopped before.
static void drop(struct carrying *carrying, const struct run_order *order)
{
    struct error error;

    if (order->is_to_cancel)
        error_fill(&error, REASON_ORDER_NOT_OPEN, "It was canceled before it was placed.");
    else
        error_fill(&error, REASON_BAR_MISSED,
                   "It could not be placed before the next open, and is not placed any more.");
    note(carrying, order, NULL, &error);
}

static void cancel(struct carrying *carrying, const struct run_order *order)
{
    Trading__CancelOrderRequest request = TRADING__CANCEL_ORDER_REQUEST__INIT;
    Trading__CancelOrderResponse response = TRADING__CANCEL_ORDER_RESPONSE__INIT;
    struct call call = run_call(carrying->run, carrying->arena);
    struct error error;

    request.order_id = order->order_id;
    // One that has ended meanwhile is settled by the next look.
    if (!trading_api_cancel_order(carrying->trading, &call, &request, &response, &error) &&
        is_passing(&error))
        carrying->is_done = false;
}

// Orders of before that are to be canceled; and those that are not to be placed any more.
static void clear_away(struct carrying *carrying)
{
    for (size_t i = 0; i < carrying->run->open_count; i++) {
        const struct run_order *order = &carrying->run->orders[i];

        if (order->is_settled || is_to_place(carrying, order))
            continue;
        if (order->order_id != NULL && order->is_to_cancel)
            cancel(carrying, order);
        else if (order->order_id == NULL)
            drop(carrying, order);
        else if (!order->is_placed)
            note(carrying, order, order->order_id, NULL);
    }
}

bool run_orders_carry_out(struct trading *trading,
                          const struct run *run,
                          struct arena *arena,
                          struct error *out_stop)
{
    struct carrying carrying = {
        .trading = trading, .run = run, .arena = arena, .stop = out_stop, .is_done = true};

    error_clear(out_stop);
    if (!quotes_clock(trading->quotes, &carrying.clock))
        return false;
    clear_away(&carrying);
    place(&carrying, ORDER_SELL);
    place(&carrying, ORDER_BUY);
    return carrying.is_done;
}
