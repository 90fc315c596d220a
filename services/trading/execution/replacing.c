// SPDX-License-Identifier: MIT
#include "execution/replacing.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/fault.h"
#include "bourse/trading/v1/trading_methods.h"
#include "bourse/trading/v1/trading_server.h"
#include "execution/execution.h"
#include "execution/lookup.h"
#include "fills/fill_bar.h"
#include "groups/linked_rules.h"
#include "groups/order_groups.h"
#include "limits/admission.h"
#include "limits/order_rate.h"
#include "matcher/matcher.h"
#include "matcher/watch.h"
#include "orders/conflict.h"
#include "orders/order_events.h"
#include "orders/order_message.h"
#include "orders/order_plan.h"
#include "orders/order_replacement.h"
#include "orders/order_rules.h"
#include "service/audit_outbox.h"
#include "service/ownership.h"
#include "shards/shard_lease.h"
#include "store/trading_intents.h"
#include "store/trading_store.h"

enum { TRIES_MAX = 5, SYNCHRONIZE_MS = 1500 };

// One replacement on its way.
struct replacing {
    struct trading *trading;
    struct call *call;
    const Trading__ReplaceOrderRequest *request;
    struct order old;   // as it was found
    struct order order; // the new one
    struct quote quote;
    struct admission admission;
    struct store_saved activated; // of an exit, once it is committed
};

void replacing_settle(struct trading *trading, struct arena *arena, const struct order *order)
{
    const char *id = order->replaces;
    struct order *orders = NULL;
    size_t count = 0;
    struct error error;

    if (order->status == ORDER_PENDING_NEW)
        return;
    if (order->status != ORDER_REJECTED) {
        matcher_remove(trading->matcher, id);
        return;
    }
    if (store_load_orders(trading->database, arena, &id, 1, &orders, &count, &error) &&
        count == 1 && order_rests(&orders[0]))
        matcher_add(trading->matcher, &orders[0]);
}

// Answers a repeat: the order that the same request made before, as it is now. False when there is
// none, or with an error.
static bool replay(struct replacing *replacing,
                   Trading__ReplaceOrderResponse *response,
                   bool *out_found,
                   struct error *error)
{
    struct call *call = replacing->call;
    char hash[ORDER_HASH_SIZE];
    struct order existing;

    if (!store_find_by_request(replacing->trading->database, call->arena,
                               replacing->old.portfolio_id, call->request_id, &existing, out_found,
                               error))
        return false;
    if (!*out_found)
        return true;
    digest_sha256_hex(call->body, hash);
    if (strcmp(existing.body_hash, hash) != 0)
        return error_set(error, REASON_IDEMPOTENCY_KEY_REUSED,
                         "This key was used for order %s, with another request.", existing.id);
    call->replayed = true;
    if (existing.status == ORDER_REJECTED) {
        order_get_reason(&existing, error);
        return false;
    }
    return order_groups_message(replacing->trading, &existing, call->arena, &response->order,
                                error);
}

// Replacing counts as placing does: it is as much work.
static bool take_limit(const struct replacing *replacing, struct error *error)
{
    struct trading *trading = replacing->trading;
    struct limited_order order = {.user_id = replacing->old.user_id,
                                  .address = replacing->call->client_address};

    if (!order_rate_take(trading->database, replacing->call->arena, trading->limit_key,
                         &trading->limits, &order, 1, error))
        return false;
    return order.refused == NULL || rate_limit_refuse(order.refused, order.wait_us, error);
}

// The high water of an order that trails, as of this moment: what it was saved with and what was
// quoted since.
static bool bring_up_to_date(struct replacing *replacing, int64_t now, struct error *error)
{
    struct order *old = &replacing->old;
    // One that goes by bars follows those that are over.
    int64_t until = order_goes_by_bars(old)
                        ? fill_bar_before(now, fill_bar_length(replacing->quote.source))
                        : now;
    struct watch_question question = {old->ticker, old->looked_at, until};
    Market__ListQuoteHistoryResponse *response = NULL;

    if (old->type != ORDER_TRAILING_STOP || question.after >= question.until)
        return true;
    do {
        if (!watch_ask_history(replacing->trading, replacing->call->arena, &question, &response))
            return error_set(error, REASON_UNAVAILABLE,
                             "The quotes that the order has seen cannot be asked for.");
        for (size_t i = 0; i < response->n_quotes; i++) {
            (void)fill_trail(old, response->quotes[i]->price_micros);
            question.after = response->quotes[i]->quoted_at;
        }
    } while (response->n_quotes == WATCH_HISTORY_PAGE);
    return true;
}

static struct order_change change_of(const Trading__ReplaceOrderRequest *request)
{
    struct order_change change = {
        .quantity = request->quantity_nanos,
        .limit_price = request->limit_price_micros,
        .stop_price = request->stop_price_micros,
        .trail_price = request->trail_price_micros,
        .trail_percent = request->trail_percent_micros,
        .has_time_in_force =
            request->has_time_in_force &&
            request->time_in_force != TRADING__TIME_IN_FORCE__TIME_IN_FORCE_UNSPECIFIED,
        .time_in_force = order_time_in_force_from_message(request->time_in_force),
        .client_order_id = request->client_order_id,
    };

    return change;
}

// Compares the new order with those of its group that are open.
static bool check_group(struct replacing *replacing, struct error *error)
{
    const char *group_id = replacing->old.group_id;
    struct order *orders = NULL;
    const struct order **others = NULL;
    size_t count = 0;
    size_t other_count = 0;

    if (!order_is_in_group(&replacing->old))
        return true;
    if (!store_load_groups(replacing->trading->database, replacing->call->arena, &group_id, 1,
                           &orders, &count, error))
        return false;
    others = arena_allocate(replacing->call->arena, (count + 1) * sizeof(*others));
    if (others == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The group needs too much memory.");
    for (size_t i = 0; i < count; i++)
        if (order_status_is_open(orders[i].status) && strcmp(orders[i].id, replacing->old.id) != 0)
            others[other_count++] = &orders[i];
    return linked_rules_check_replacement(&replacing->old, &replacing->order, others, other_count,
                                          &replacing->quote, error);
}

static bool prepare(struct replacing *replacing, struct error *error)
{
    struct trading *trading = replacing->trading;
    struct order_change change = change_of(replacing->request);
    struct order *order = &replacing->order;
    struct platform_clock clock;

    if (!quotes_synchronize(trading->quotes, SYNCHRONIZE_MS, error))
        return false;
    if (!quotes_clock(trading->quotes, &clock) || !order_rules_sees_sessions(&clock))
        return error_set(error, REASON_UNAVAILABLE,
                         "A session begins or ends at this moment. Repeat it.");
    if (!quotes_get(trading->quotes, replacing->old.ticker, &replacing->quote))
        return error_set(error, REASON_NO_PRICE, "There has been no price of %s yet.",
                         replacing->old.ticker);
    if (!admission_begin(&replacing->admission, trading, &clock, error) ||
        !bring_up_to_date(replacing, clock.now, error) ||
        !order_replacement_make(&replacing->old, &change, &replacing->quote, &clock, order,
                                error) ||
        !check_group(replacing, error))
        return false;
    snprintf(order->id, UUID_SIZE, "%s", uuid_new().string);
    snprintf(order->request_id, UUID_SIZE, "%s", replacing->call->request_id);
    digest_sha256_hex(replacing->call->body, order->body_hash);
    return order_plan_replacement(order, &replacing->quote, &clock, error) &&
           admission_check(&replacing->admission, order, replacing->quote.price_micros, error);
}

static bool note(struct replacing *replacing, struct transaction *transaction, struct error *error)
{
    const struct audit_outbox_event event = {
        .call = replacing->call,
        .action = "order.replace",
        .subject = replacing->order.id,
        .method = &trading_method_replace_order,
        .request = &replacing->request->base,
    };

    return !ownership_is_for_another(&replacing->call->identity, replacing->old.user_id) ||
           audit_outbox_add(transaction, &event, 1, error);
}

static bool has_changed(struct error *error)
{
    return error_set(error, REASON_CONFLICT, "The order has been changed meanwhile.");
}

// Locks the group of the order that is replaced, and makes sure that it is as it was found.
static bool
lock_group(struct replacing *replacing, struct transaction *transaction, struct error *error)
{
    const char *group_id = replacing->old.group_id;
    struct order *orders = NULL;
    size_t count = 0;

    if (!order_is_in_group(&replacing->old))
        return true;
    if (!store_lock_groups(transaction, &group_id, 1, &orders, &count, error))
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(orders[i].id, replacing->old.id) == 0)
            return orders[i].status == replacing->old.status || has_changed(error);
    return has_changed(error);
}

// Lets the owner of its shard know that an exit rests.
static bool
announce_exit(struct replacing *replacing, struct transaction *transaction, struct error *error)
{
    const struct order *order = &replacing->order;
    struct shard_arrival arrival = {
        .order_id = order->id,
        .portfolio_id = order->portfolio_id,
        .claim = shard_lease_claim_of(replacing->trading->shards, order->ticker),
    };

    return shard_store_announce(transaction, &arrival, 1, error);
}

// Numbers the change of the old order, and of the new one when that is there for good.
static bool note_events(const struct replacing *replacing,
                        struct transaction *transaction,
                        bool is_new_too,
                        struct error *error)
{
    struct order_events events;

    if (!order_events_start(&events, transaction, 2, error))
        return false;
    order_events_add(&events, replacing->old.id, replacing->old.portfolio_id);
    if (is_new_too)
        order_events_add(&events, replacing->order.id, replacing->order.portfolio_id);
    return order_events_note(&events, transaction, error);
}

// Looks for a purchase that the exit could trade with because of this change. What it could have
// traded with before was no reason to refuse it: nobody is to be kept from moving a stop.
static bool look_for_wash(const struct replacing *replacing,
                          struct transaction *transaction,
                          struct rows *out_met,
                          struct error *error)
{
    int64_t old_limit = replacing->old.limit_price;

    return replacing->old.status == ORDER_HELD || replacing->order.limit_price >= old_limit ||
           store_find_newly_met(transaction, &replacing->order, old_limit, out_met, error);
}

// An exit's place is taken in one step: what it holds is the group's, and stays.
static bool exit_work(struct transaction *transaction, void *context, struct error *error)
{
    struct replacing *replacing = context;
    struct order *order = &replacing->order;
    struct store_new_order intent = {.order = order, .after_id = replacing->old.id};
    struct store_change change = {
        .order = order, .changes_order = true, .from = ORDER_HELD, .task = STORE_TASK_UNCHANGED};
    struct rows inserted = {0};
    struct rows met = {0};
    struct rows saved = {0};

    order->status = ORDER_HELD;
    if (!lock_group(replacing, transaction, error) ||
        !admission_count(&replacing->admission, transaction, &intent, 1, error) ||
        !store_insert_orders(transaction, &intent, 1, replacing->trading->worker, &inserted,
                             error) ||
        !admission_add(&replacing->admission, transaction, error) ||
        !look_for_wash(replacing, transaction, &met, error) ||
        !store_replace_leg(transaction, order, replacing->old.status, &saved, error) ||
        !note(replacing, transaction, error) || !transaction_flush(transaction, error))
        return false;
    store_take_inserted(&inserted, &intent, 1);
    if (saved.count != 1)
        return has_changed(error);
    if (intent.is_left_out) {
        admission_refuse(&replacing->admission, order, error);
        return false;
    }
    if (met.count > 0)
        return conflict_refuse_wash(order, rows_text(&met, 0, 0), true, error);
    // Which of the reasons it was is looked up afterwards.
    if (!intent.inserted)
        return error_set(error, REASON_CLIENT_ORDER_ID_TAKEN, "The order cannot be placed.");
    if (replacing->old.status == ORDER_HELD)
        return note_events(replacing, transaction, true, error);
    return order_apply(order, ORDER_EVENT_ACTIVATE, order->created_at) &&
           // It leaves with the commit, so what comes back needs a place that outlives this.
           store_save_changes(transaction, &change, 1, &replacing->activated, error) &&
           announce_exit(replacing, transaction, error) &&
           note_events(replacing, transaction, true, error);
}

static bool finish_exit(struct replacing *replacing,
                        Trading__ReplaceOrderResponse *response,
                        struct error *error)
{
    struct trading *trading = replacing->trading;
    struct call *call = replacing->call;
    struct order *order = &replacing->order;
    struct order *old = NULL;
    const char *id = order->replaces;
    size_t count = 0;

    matcher_remove(trading->matcher, id);
    if (order->status == ORDER_NEW)
        matcher_add(trading->matcher, order);
    if (store_load_orders(trading->database, call->arena, &id, 1, &old, &count, error) &&
        count == 1)
        order_publish(trading, old, call->arena);
    order_publish(trading, order, call->arena);
    return order_groups_message(trading, order, call->arena, &response->order, error);
}

// The old order waits, and the new one is there: both or neither.
static bool begin_work(struct transaction *transaction, void *context, struct error *error)
{
    struct replacing *replacing = context;
    struct order waiting = replacing->old;
    struct store_change change = {.order = &waiting,
                                  .changes_order = true,
                                  .from = waiting.status,
                                  .task = STORE_TASK_UNCHANGED};
    struct store_new_order intent = {.order = &replacing->order, .is_leased = true};
    struct store_saved saved = {.others = {0}};
    struct rows inserted = {0};

    if (!order_apply(&waiting, ORDER_EVENT_REPLACE, replacing->order.created_at))
        return has_changed(error);
    if (!lock_group(replacing, transaction, error) ||
        !admission_count(&replacing->admission, transaction, &intent, 1, error) ||
        !store_save_changes(transaction, &change, 1, &saved, error) ||
        !store_insert_orders(transaction, &intent, 1, replacing->trading->worker, &inserted,
                             error) ||
        !admission_add(&replacing->admission, transaction, error) ||
        !note(replacing, transaction, error) || !transaction_flush(transaction, error))
        return false;
    store_take_saved(&saved, &change, 1);
    store_take_inserted(&inserted, &intent, 1);
    if (!change.saved)
        return has_changed(error);
    if (intent.is_left_out) {
        admission_refuse(&replacing->admission, &replacing->order, error);
        return false;
    }
    // Which of the reasons it was is looked up afterwards.
    if (!intent.inserted)
        return error_set(error, REASON_CLIENT_ORDER_ID_TAKEN, "The order cannot be placed.");
    return note_events(replacing, transaction, false, error);
}

static bool
finish(struct replacing *replacing, Trading__ReplaceOrderResponse *response, struct error *error)
{
    struct trading *trading = replacing->trading;
    struct call *call = replacing->call;
    struct order *order = &replacing->order;
    struct order *orders = NULL;
    const char *id = order->id;
    size_t count = 0;
    struct execution_item item = {
        .order = order, .quote = &replacing->quote, .call = call, .attempts = 1};
    OWNED(execution) execution = execution_new(trading);

    execution_run(execution, &item, 1);
    // Somebody else was faster: the order is as they have left it.
    if (item.is_lost &&
        store_load_orders(trading->database, call->arena, &id, 1, &orders, &count, error) &&
        count == 1)
        *order = orders[0];
    replacing_settle(trading, call->arena, order);
    if (order_rests(order) && order_is_booked(order))
        matcher_add(trading->matcher, order);
    if (item.is_refused && item.is_saved) {
        *error = item.error;
        return false;
    }
    return order_groups_message(trading, order, call->arena, &response->order, error);
}

// Tries once. `out_again` is set when the old order was changed under way by somebody else.
static bool replace_once(struct replacing *replacing,
                         Trading__ReplaceOrderResponse *response,
                         bool *out_again,
                         struct error *error)
{
    struct order *old = NULL;
    bool is_repeat = false;
    bool is_exit = false;

    *out_again = false;
    if (!lookup_order(replacing->trading, replacing->call, replacing->request->order_id, &old,
                      error))
        return false;
    replacing->old = *old;
    if (!replay(replacing, response, &is_repeat, error))
        return false;
    if (is_repeat)
        return true;
    if (!order_rests(old) && old->status != ORDER_HELD)
        return order_refuse_change(old, error);
    if (!order_is_booked(old))
        return order_refuse_for_now(old, "A part of the order is being booked at this moment.",
                                    error);
    if (!take_limit(replacing, error))
        return false;
    if (!prepare(replacing, error))
        return false;
    is_exit = order_is_exit(old);
    if (!database_transact(replacing->trading->database, replacing->call->arena, 0,
                           is_exit ? exit_work : begin_work, replacing, error)) {
        if (error_is(error, REASON_CLIENT_ORDER_ID_TAKEN) &&
            admission_is_outdated(&replacing->admission))
            error_set(error, REASON_CONFLICT, "The limits of the portfolio keep changing.");
        else if (error_is(error, REASON_CLIENT_ORDER_ID_TAKEN))
            (void)(is_exit ? conflict_explain_name : conflict_explain)(
                replacing->trading->database, replacing->call->arena, &replacing->order, error);
        *out_again = error_is(error, REASON_CONFLICT);
        return false;
    }
    fault_point("trading.after_replace");
    if (is_exit)
        return finish_exit(replacing, response, error);
    return finish(replacing, response, error);
}

bool trading_api_replace_order(struct trading *trading,
                               struct call *call,
                               const Trading__ReplaceOrderRequest *request,
                               Trading__ReplaceOrderResponse *response,
                               struct error *error)
{
    struct replacing replacing = {.trading = trading, .call = call, .request = request};
    bool again = true;
    bool done = false;

    for (int i = 0; i < TRIES_MAX && again; i++)
        done = replace_once(&replacing, response, &again, error);
    return done;
}
