// SPDX-License-Identifier: MIT
#include "execution/placing.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/fault.h"
#include "bourse/market/v1/market.pb-c.h"
#include "bourse/trading/v1/trading_methods.h"
#include "bourse/trading/v1/trading_server.h"
#include "execution/execution.h"
#include "execution/lookup.h"
#include "groups/linked_placing.h"
#include "groups/order_groups.h"
#include "limits/admission.h"
#include "limits/order_rate.h"
#include "matcher/matcher.h"
#include "money/money.h"
#include "orders/conflict.h"
#include "orders/order_events.h"
#include "orders/order_message.h"
#include "orders/order_plan.h"
#include "orders/order_rules.h"
#include "queue/queue.h"
#include "service/audit_outbox.h"
#include "service/ownership.h"
#include "store/trading_intents.h"
#include "store/trading_store.h"

enum {
    ARENA_BUDGET = 16 * 1024 * 1024,
    FINISHED_MAX = 256,
    SYNCHRONIZE_MS = 1500,
    TRIES_MAX = 3,
    SPARE_MAX = 4, // as many batches as any declaration can ask for at once
};

// One call of the batch on its way.
struct candidate {
    struct rpc_batch_item *item;
    struct order order;
    int64_t price;                // the last one when the order was looked at
    struct linked_request linked; // what is placed with it
    bool waits;
    int tries; // how often it had to be left for later
};

struct placing {
    struct trading *trading;
    struct arena *arena;
    struct execution *execution;
    size_t count;
    struct candidate candidates[EXECUTION_MAX];
    struct limited_order limited[EXECUTION_MAX]; // parallel to `candidates`
    struct candidate refused[EXECUTION_MAX];
    struct store_new_order intents[EXECUTION_MAX];
    struct store_new_order legs[LINKED_LEGS_MAX * EXECUTION_MAX];
    struct execution_item items[EXECUTION_MAX];
    struct candidate *executed[EXECUTION_MAX]; // parallel to `items`
    struct store_finished finished[FINISHED_MAX];
    size_t finished_count;
    struct rows inserted;
    int64_t begun_us; // monotonic, of the batch
    struct admission admission;
    struct candidate again[EXECUTION_MAX]; // that have to be looked at once more
    size_t again_count;
};

struct placing_pool {
    struct trading *trading;
    pthread_mutex_t lock; // guards what follows
    size_t count;
    struct placing *spare[SPARE_MAX];
};

struct placing_pool *placing_pool_new(struct trading *trading)
{
    struct placing_pool *pool = allocate(sizeof(*pool));

    pool->trading = trading;
    pthread_mutex_init(&pool->lock, NULL);
    return pool;
}

static void placing_free(struct placing **placing)
{
    execution_free(&(*placing)->execution);
    arena_free(&(*placing)->arena);
    release(*placing);
    *placing = NULL;
}

void placing_pool_free(struct placing_pool **pool)
{
    if (*pool == NULL)
        return;
    for (size_t i = 0; i < (*pool)->count; i++)
        placing_free(&(*pool)->spare[i]);
    pthread_mutex_destroy(&(*pool)->lock);
    release(*pool);
    *pool = NULL;
}

static struct placing *take(struct placing_pool *pool)
{
    struct placing *placing = NULL;

    pthread_mutex_lock(&pool->lock);
    if (pool->count > 0)
        placing = pool->spare[--pool->count];
    pthread_mutex_unlock(&pool->lock);
    if (placing != NULL)
        return placing;
    placing = allocate(sizeof(*placing));
    placing->trading = pool->trading;
    placing->arena = arena_new(ARENA_BUDGET);
    placing->execution = execution_new(pool->trading);
    return placing;
}

static void give_back(struct placing_pool *pool, struct placing *placing)
{
    pthread_mutex_lock(&pool->lock);
    if (pool->count < SPARE_MAX) {
        pool->spare[pool->count++] = placing;
        placing = NULL;
    }
    pthread_mutex_unlock(&pool->lock);
    if (placing != NULL)
        placing_free(&placing);
}

static bool check_enums(const Trading__PlaceOrderRequest *request, struct error *error)
{
    error_clear(error);
    if (request->side != TRADING__ORDER_SIDE__ORDER_SIDE_BUY &&
        request->side != TRADING__ORDER_SIDE__ORDER_SIDE_SELL)
        error_add_violation(error, "side", "must be buy or sell");
    if (request->has_type && request->type == TRADING__ORDER_TYPE__ORDER_TYPE_UNSPECIFIED)
        error_add_violation(error, "type",
                            "must be market, limit, stop, stop_limit or trailing_stop");
    if (request->has_time_in_force &&
        request->time_in_force == TRADING__TIME_IN_FORCE__TIME_IN_FORCE_UNSPECIFIED)
        error_add_violation(error, "time_in_force", "must be day, gtc, ioc, fok, opg or cls");
    if (request->has_order_class &&
        request->order_class == TRADING__ORDER_CLASS__ORDER_CLASS_UNSPECIFIED)
        error_add_violation(error, "order_class", "must be simple, bracket, oco or oto");
    return error->code == CODE_OK;
}

static void begin_order(struct candidate *candidate, const struct platform_clock *clock)
{
    const struct call *call = candidate->item->call;
    const Trading__PlaceOrderRequest *request =
        (const Trading__PlaceOrderRequest *)candidate->item->request;
    struct order *order = &candidate->order;

    *order = (struct order){
        .client_order_id = request->client_order_id,
        .side = request->side == TRADING__ORDER_SIDE__ORDER_SIDE_SELL ? ORDER_SELL : ORDER_BUY,
        .type = order_type_from_message(request->type),
        .time_in_force = order_time_in_force_from_message(request->time_in_force),
        .extended_hours = request->extended_hours,
        .quantity = request->quantity_nanos,
        .notional = request->notional_micros,
        .limit_price = request->limit_price_micros,
        .stop_price = request->stop_price_micros,
        .trail_price = request->trail_price_micros,
        .trail_percent = request->trail_percent_micros,
        .status = ORDER_PENDING_NEW,
        .created_at = clock->now,
        .updated_at = clock->now,
    };
    snprintf(order->id, UUID_SIZE, "%s", uuid_new().string);
    snprintf(order->portfolio_id, UUID_SIZE, "%s", request->portfolio_id);
    snprintf(order->request_id, UUID_SIZE, "%s", call->request_id);
    snprintf(order->ticker, ORDER_TICKER_SIZE, "%s", request->ticker);
    digest_sha256_hex(call->body, order->body_hash);
    linked_placing_begin(request, order, &candidate->linked);
    candidate->waits = !request->has_wait || request->wait;
}

// Looks at the price: what must be held, and whether the order is filled at once.
static bool price_order(struct trading *trading,
                        struct candidate *candidate,
                        const struct platform_clock *clock,
                        struct error *error)
{
    struct order *order = &candidate->order;
    struct quote quote;

    if (!quotes_get(trading->quotes, order->ticker, &quote) || quote.price_micros <= 0)
        return error_set(error, REASON_NO_PRICE, "There has been no price of %s yet.",
                         order->ticker);
    candidate->price = quote.price_micros;
    return order_plan(order, &quote, clock, error) &&
           linked_rules_price(order, &candidate->linked.terms, &quote, error);
}

// Whose the portfolio is comes first: to anybody else every order for it is the same.
static bool prepare(struct placing *placing,
                    struct candidate *candidate,
                    const struct platform_clock *clock,
                    struct error *error)
{
    struct trading *trading = placing->trading;
    struct call *call = candidate->item->call;
    const Trading__PlaceOrderRequest *request =
        (const Trading__PlaceOrderRequest *)candidate->item->request;
    struct order *order = &candidate->order;

    begin_order(candidate, clock);
    return lookup_portfolio(trading, call, order->portfolio_id, order->user_id, &order->terms,
                            error) &&
           check_enums(request, error) &&
           linked_rules_check(order, &candidate->linked.terms, error) &&
           // A notional is a fraction nearly always.
           lookup_tradable(trading, call, order->ticker, order->notional > 0 ? 1 : order->quantity,
                           error) &&
           order_rules_schedule(order, clock, error) &&
           price_order(trading, candidate, clock, error) &&
           admission_check(&placing->admission, order, candidate->price, error) &&
           linked_placing_make_legs(order, &candidate->linked, call->arena, error);
}

// Whether the caller was found to own the portfolio of an order that is refused for another reason.
// The order may be there already: what has changed since the first call must not hide that.
static bool may_be_repeat(const struct candidate *candidate)
{
    return candidate->order.user_id[0] != '\0' ||
           error_is(&candidate->item->error, REASON_PORTFOLIO_CLOSED);
}

static bool is_for_another(const struct candidate *candidate)
{
    return ownership_is_for_another(&candidate->item->call->identity, candidate->order.user_id);
}

// Notes for the audit log which orders administrators placed for other users: with one statement
// more, after it is known which are new, and with none in the ordinary case.
static bool
note_orders(struct placing *placing, struct transaction *transaction, struct error *error)
{
    struct audit_outbox_event events[EXECUTION_MAX];
    size_t count = 0;
    bool is_any = false;

    for (size_t i = 0; i < placing->count; i++)
        is_any = is_any || is_for_another(&placing->candidates[i]);
    if (!is_any)
        return true;
    if (!transaction_flush(transaction, error))
        return false;
    store_take_inserted(&placing->inserted, placing->intents, placing->count);
    for (size_t i = 0; i < placing->count; i++) {
        const struct candidate *candidate = &placing->candidates[i];

        if (placing->intents[i].inserted && is_for_another(candidate))
            events[count++] = (struct audit_outbox_event){
                .call = candidate->item->call,
                .action = "order.place",
                .subject = candidate->order.id,
                .method = &trading_method_place_order,
                .request = candidate->item->request,
            };
    }
    return audit_outbox_add(transaction, events, count, error);
}

// Legs are there only with the order that they are placed with.
static bool insert_legs(struct placing *placing,
                        struct transaction *transaction,
                        struct order_events *events,
                        struct error *error)
{
    size_t count = 0;

    for (size_t i = 0; i < placing->count; i++) {
        const struct candidate *candidate = &placing->candidates[i];

        for (size_t j = 0; j < candidate->linked.leg_count; j++)
            placing->legs[count++] = (struct store_new_order){.order = &candidate->linked.legs[j],
                                                              .after_id = candidate->order.id};
    }
    order_events_add_inserted(events, placing->legs, count);
    return count == 0 || store_insert_orders(transaction, placing->legs, count,
                                             placing->trading->worker, NULL, error);
}

static bool insert_work(struct transaction *transaction, void *context, struct error *error)
{
    struct placing *placing = context;
    struct order_events events;

    if (!order_events_start(&events, transaction, (1 + LINKED_LEGS_MAX) * placing->count, error) ||
        !admission_count(&placing->admission, transaction, placing->intents, placing->count, error))
        return false;
    order_events_add_inserted(&events, placing->intents, placing->count);
    return store_insert_orders(transaction, placing->intents, placing->count,
                               placing->trading->worker, &placing->inserted, error) &&
           insert_legs(placing, transaction, &events, error) &&
           admission_add(&placing->admission, transaction, error) &&
           store_finish_tasks(transaction, placing->finished, placing->finished_count, error) &&
           note_orders(placing, transaction, error) &&
           order_events_note(&events, transaction, error);
}

// Leaves those for later that could trade with one before them: the statement that inserts them
// sees what rests already, and not what it inserts.
static void part_meeting(struct placing *placing)
{
    size_t count = placing->count;

    placing->count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct candidate *candidate = &placing->candidates[i];
        bool meets = false;

        for (size_t j = 0; j < placing->count && !meets; j++)
            meets = conflict_meets(&placing->candidates[j].order, &candidate->order);
        if (meets)
            placing->again[placing->again_count++] = *candidate;
        else if (placing->count++ < i)
            placing->candidates[placing->count - 1] = *candidate;
    }
}

// Commits the intents; with them goes the news of tasks that have been finished meanwhile.
static bool insert(struct placing *placing, struct error *error)
{
    struct trading *trading = placing->trading;

    placing->inserted = (struct rows){0};
    part_meeting(placing);
    for (size_t i = 0; i < placing->count; i++)
        placing->intents[i] = (struct store_new_order){.order = &placing->candidates[i].order,
                                                       .is_leased = placing->candidates[i].waits};
    placing->finished_count = finished_take(trading->finished, placing->finished, FINISHED_MAX);
    if (!database_transact(trading->database, placing->arena, 0, insert_work, placing, error)) {
        for (size_t i = 0; i < placing->finished_count; i++)
            finished_add(trading->finished, &placing->finished[i]);
        return false;
    }
    store_take_inserted(&placing->inserted, placing->intents, placing->count);
    return true;
}

static void
answer(const struct placing *placing, struct rpc_batch_item *item, const struct order *order)
{
    Trading__PlaceOrderResponse *response = (Trading__PlaceOrderResponse *)item->response;

    item->done = order_groups_message(placing->trading, order, item->call->arena, &response->order,
                                      &item->error);
}

// Answers an order that is new. When its legs cannot be read, they are as they were placed.
static void answer_new(const struct placing *placing, struct candidate *candidate)
{
    struct rpc_batch_item *item = candidate->item;
    Trading__PlaceOrderResponse *response = (Trading__PlaceOrderResponse *)item->response;

    answer(placing, item, &candidate->order);
    if (item->done || response->order == NULL)
        return;
    error_clear(&item->error);
    item->done =
        legs_to_message(&candidate->order, candidate->linked.legs, candidate->linked.leg_count,
                        item->call->arena, response->order, &item->error);
}

// Answers a request whose order is there already, as it stands now. False when there is none, or
// when it cannot be looked for; the latter is in the item's error.
static bool replay(struct placing *placing, struct candidate *candidate)
{
    struct rpc_batch_item *item = candidate->item;
    struct order existing;
    struct error error;
    bool found = false;

    if (!store_find_by_request(placing->trading->database, item->call->arena,
                               candidate->order.portfolio_id, candidate->order.request_id,
                               &existing, &found, &error)) {
        item->error = error;
        return false;
    }
    if (!found)
        return false;
    error_clear(&item->error);
    if (strcmp(existing.body_hash, candidate->order.body_hash) != 0) {
        error_set(&item->error, REASON_IDEMPOTENCY_KEY_REUSED,
                  "This key was used for order %s, with another request.", existing.id);
        return true;
    }
    item->call->replayed = true;
    if (existing.status == ORDER_REJECTED)
        order_get_reason(&existing, &item->error);
    else
        answer(placing, item, &existing);
    return true;
}

// Answers those of the refused orders that are there already as they stand: a repeat is never
// refused.
static void replay_refused(struct placing *placing, struct candidate *refused, size_t count)
{
    const struct order *orders[EXECUTION_MAX];
    bool found[EXECUTION_MAX];
    struct error error;

    for (size_t i = 0; i < count; i++)
        orders[i] = &refused[i].order;
    if (!store_find_requests(placing->trading->database, placing->arena, orders, count, found,
                             &error)) {
        for (size_t i = 0; i < count; i++)
            refused[i].item->error = error;
        return;
    }
    for (size_t i = 0; i < count; i++)
        if (found[i])
            (void)replay(placing, &refused[i]);
}

// Takes the orders out of the batch that are more than their account or address may place.
static void apply_limits(struct placing *placing)
{
    struct trading *trading = placing->trading;
    struct limited_order *orders = placing->limited;
    size_t count = placing->count;
    size_t refused = 0;
    struct error error;

    for (size_t i = 0; i < count; i++)
        orders[i] = (struct limited_order){
            .user_id = placing->candidates[i].order.user_id,
            .address = placing->candidates[i].item->call->client_address,
        };
    if (!order_rate_take(trading->database, placing->arena, trading->limit_key, &trading->limits,
                         orders, count, &error)) {
        for (size_t i = 0; i < count; i++)
            placing->candidates[i].item->error = error;
        placing->count = 0;
        return;
    }
    placing->count = 0;
    for (size_t i = 0; i < count; i++) {
        struct candidate *candidate = &placing->candidates[i];

        if (orders[i].refused == NULL) {
            placing->candidates[placing->count++] = *candidate;
        } else {
            (void)rate_limit_refuse(orders[i].refused, orders[i].wait_us, &candidate->item->error);
            placing->refused[refused++] = *candidate;
        }
    }
    if (refused > 0)
        replay_refused(placing, placing->refused, refused);
}

// The order was not inserted: it is there already, its limits have changed, it could trade with
// another one, or its name belongs to another.
static void answer_conflict(struct placing *placing, struct candidate *candidate)
{
    struct rpc_batch_item *item = candidate->item;

    if (replay(placing, candidate) || item->error.code != CODE_OK)
        return;
    if (admission_is_outdated(&placing->admission)) {
        placing->again[placing->again_count++] = *candidate;
        return;
    }
    (void)conflict_explain(placing->trading->database, item->call->arena, &candidate->order,
                           &item->error);
}

// The order has been changed by somebody else meanwhile: by a cancel, or by the queue.
static void reload(struct placing *placing, struct candidate *candidate)
{
    struct rpc_batch_item *item = candidate->item;
    const char *id = candidate->order.id;
    struct order *orders = NULL;
    size_t count = 0;
    struct error error;

    if (store_load_orders(placing->trading->database, item->call->arena, &id, 1, &orders, &count,
                          &error) &&
        count == 1)
        candidate->order = orders[0];
}

static void settle(struct placing *placing, const struct execution_item *executed)
{
    struct candidate *candidate = placing->executed[executed - placing->items];

    if (executed->is_refused && executed->is_saved) {
        candidate->item->error = executed->error;
        return;
    }
    if (executed->is_lost)
        reload(placing, candidate);
    if (executed->is_saved && order_rests(&candidate->order))
        matcher_add(placing->trading->matcher, &candidate->order);
    answer_new(placing, candidate);
}

// Tells of the legs as they are placed; what becomes of them is told with what makes it.
static void publish_legs(struct placing *placing)
{
    for (size_t i = 0; i < placing->count; i++) {
        const struct linked_request *linked = &placing->candidates[i].linked;

        for (size_t j = 0; j < linked->leg_count && placing->intents[i].inserted; j++)
            order_publish(placing->trading, &linked->legs[j], placing->arena);
    }
}

static void execute(struct placing *placing)
{
    size_t count = 0;

    for (size_t i = 0; i < placing->count; i++) {
        struct candidate *candidate = &placing->candidates[i];

        if (!placing->intents[i].inserted || !candidate->waits)
            continue;
        placing->executed[count] = candidate;
        placing->items[count++] = (struct execution_item){
            .order = &candidate->order,
            .call = candidate->item->call,
            .attempts = 1,
            .begun_us = placing->begun_us,
        };
    }
    execution_run(placing->execution, placing->items, count);
    for (size_t i = 0; i < count; i++)
        settle(placing, &placing->items[i]);
}

// Answers those who do not wait, and those who ask once more.
static void answer_early(struct placing *placing)
{
    bool has_work = false;

    for (size_t i = 0; i < placing->count; i++) {
        struct candidate *candidate = &placing->candidates[i];

        if (placing->intents[i].is_left_out) {
            admission_refuse(&placing->admission, &candidate->order, &candidate->item->error);
        } else if (!placing->intents[i].inserted) {
            answer_conflict(placing, candidate);
        } else if (!candidate->waits) {
            order_publish(placing->trading, &candidate->order, placing->arena);
            answer_new(placing, candidate);
            has_work = true;
        }
    }
    if (has_work)
        queue_wake(placing->trading->queue);
}

// Failures that would meet every order of the batch alike.
static bool is_everybodys(const struct error *error)
{
    return error->code == CODE_UNAVAILABLE ||
           (error_is(error, REASON_CONFLICT) && error_constraint(error)[0] == '\0');
}

static void place(struct placing *placing, const struct platform_clock *clock);

// Places those that had to be left for later: their limits have changed, or they could trade with
// one that was placed before them.
static void place_again(struct placing *placing, const struct platform_clock *clock)
{
    size_t count = placing->again_count;
    struct error error;
    bool has_begun = false;

    if (count == 0)
        return;
    has_begun = admission_begin(&placing->admission, placing->trading, clock, &error);
    placing->again_count = placing->count = 0;
    for (size_t i = 0; i < count; i++) {
        struct candidate *candidate = &placing->again[i];

        if (!has_begun)
            candidate->item->error = error;
        else if (candidate->tries++ == TRIES_MAX)
            error_set(&candidate->item->error, REASON_CONFLICT,
                      "Orders or limits of the portfolio keep changing.");
        else if (admission_check(&placing->admission, &candidate->order, candidate->price,
                                 &candidate->item->error))
            placing->candidates[placing->count++] = *candidate;
    }
    place(placing, clock);
}

// The batch was not inserted: what was left for later belongs to it again.
static void take_back(struct placing *placing)
{
    for (size_t i = 0; i < placing->again_count; i++)
        placing->candidates[placing->count++] = placing->again[i];
    placing->again_count = 0;
}

static void place(struct placing *placing, const struct platform_clock *clock)
{
    struct error error;

    error_clear(&error);
    if (placing->count == 0)
        return;
    if (insert(placing, &error)) {
        fault_point("trading.after_intent");
        publish_legs(placing);
        answer_early(placing);
        execute(placing);
        place_again(placing, clock);
        return;
    }
    take_back(placing);
    if (placing->count > 1 && !is_everybodys(&error)) {
        // One order's fault: each of them alone, from its first candidate's place.
        size_t count = placing->count;

        for (size_t i = 0; i < count; i++) {
            if (i > 0)
                placing->candidates[0] = placing->candidates[i];
            placing->count = 1;
            place(placing, clock);
        }
        return;
    }
    for (size_t i = 0; i < placing->count; i++)
        placing->candidates[i].item->error = error;
}

// The platform's present moment, with the prices of it. On a running clock the copy of the quotes
// is as good as market's own. On a clock that is stepped, an order that follows the step must meet
// the prices after it, or the same simulation would give other fills on another machine.
static bool
present_moment(struct trading *trading, struct platform_clock *out_clock, struct error *error)
{
    if (quotes_clock(trading->quotes, out_clock) &&
        out_clock->mode != MARKET__CLOCK_MODE__CLOCK_MODE_STEP &&
        order_rules_sees_sessions(out_clock))
        return true;
    if (!quotes_synchronize(trading->quotes, SYNCHRONIZE_MS, error))
        return false;
    if (!quotes_clock(trading->quotes, out_clock))
        return error_set(error, REASON_UNAVAILABLE, "The platform's clock is not known yet.");
    return order_rules_sees_sessions(out_clock) ||
           error_set(error, REASON_UNAVAILABLE,
                     "A session begins or ends at this moment. Repeat it.");
}

void trading_api_place_order(struct trading *trading, struct rpc_batch_item *items, size_t count)
{
    struct placing *placing = take(trading->placing_pool);
    struct platform_clock clock;
    struct error error;
    bool has_clock = false;

    arena_reset(placing->arena);
    error_clear(&error);
    placing->begun_us = clock_monotonic_us();
    has_clock = present_moment(trading, &clock, &error) &&
                admission_begin(&placing->admission, trading, &clock, &error);
    placing->count = placing->again_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct candidate *candidate = &placing->candidates[placing->count];

        candidate->item = &items[i];
        candidate->tries = 0;
        candidate->order = (struct order){.status = ORDER_PENDING_NEW};
        if (!has_clock)
            items[i].error = error;
        else if (prepare(placing, candidate, &clock, &items[i].error))
            placing->count++;
        else if (may_be_repeat(candidate))
            (void)replay(placing, candidate);
    }
    if (has_clock) {
        apply_limits(placing);
        place(placing, &clock);
    }
    give_back(trading->placing_pool, placing);
}
