// SPDX-License-Identifier: MIT
#include "matcher/action_follower.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "bourse/market/v1/market_client.h"
#include "bourse/portfolio/v1/portfolio_client.h"
#include "execution/execution.h"
#include "execution/lookup.h"
#include "matcher/matcher.h"
#include "money/money.h"
#include "service/log.h"
#include "service/worker.h"
#include "store/trading_store.h"

enum {
    PERIOD_MS = 1000,
    ACTIONS_MAX = 500, // at a time; market lists no more on a page
    LIST_BUDGET = 2 * 1024 * 1024,
    STEP_BUDGET = 4 * 1024 * 1024,
    ASK_TIMEOUT_MS = 3000,
    APPLY_TIMEOUT_MS = 10 * 1000, // portfolio works on it for half of that
};

#define SAID_GOOD_US (INT64_C(3600) * MICROS_PER_SECOND)
#define PRICE_MAX INT64_C(1000000000000000)

struct action_follower {
    struct trading *trading;
    struct worker *worker;
    atomic_bool is_stopping; // known to the worker's thread before `worker` is
    struct execution *execution;
    struct arena *list_arena; // of the actions
    struct arena *arena;      // of one step
    struct cache *said;       // by action: why it is not booked, when that has been logged
};

static bool is_split(const Market__CorporateAction *action)
{
    return action->kind == MARKET__CORPORATE_ACTION_KIND__CORPORATE_ACTION_KIND_SPLIT;
}

// The same is said of an action once an hour.
static void say(struct action_follower *follower, const char *about, const struct error *error)
{
    int64_t now = clock_monotonic_us();
    char said[ERROR_REASON_SIZE] = "";

    if (cache_get(follower->said, about, now, said, sizeof(said)) &&
        strcmp(said, error->reason) == 0)
        return;
    snprintf(said, sizeof(said), "%s", error->reason);
    cache_put(follower->said, about, now + SAID_GOOD_US, said, sizeof(said));
    log_write(LOG_WARNING, "corporate_action_waits", "action", about, "reason", error->reason,
              "message", error->message, NULL);
}

static bool ask_unbooked(struct action_follower *follower,
                         Market__ListCorporateActionsResponse **out_response,
                         struct error *error)
{
    Market__ListCorporateActionsRequest request = MARKET__LIST_CORPORATE_ACTIONS_REQUEST__INIT;
    struct call call = call_start(follower->list_arena, ASK_TIMEOUT_MS);

    request.has_unbooked = true;
    request.unbooked = true;
    request.has_limit = true;
    request.limit = ACTIONS_MAX;
    return market_client_list_corporate_actions(follower->trading->market_client, &call, &request,
                                                out_response, error);
}

// Cancels up to a batch of orders that rest since before the split.
static bool cancel_some(struct action_follower *follower,
                        const Market__CorporateAction *split,
                        size_t *out_count,
                        struct error *error)
{
    struct trading *trading = follower->trading;
    struct execution_item items[EXECUTION_MAX];
    struct order *orders = NULL;
    struct error reason;

    arena_reset(follower->arena);
    if (!store_load_resting_before(trading->database, follower->arena, split->ticker,
                                   split->effective_at, EXECUTION_MAX, &orders, out_count, error))
        return false;
    error_set(&reason, REASON_SPLIT, "%u shares for %u since %s: place the order anew.",
              split->numerator, split->denominator, split->ex_date);
    for (size_t i = 0; i < *out_count; i++)
        items[i] = (struct execution_item){
            .order = &orders[i], .intent = EXECUTE_CANCEL, .cancel_reason = &reason, .attempts = 1};
    execution_run(follower->execution, items, *out_count);
    for (size_t i = 0; i < *out_count; i++) {
        if (items[i].is_saved)
            matcher_remove(trading->matcher, orders[i].id);
        else if (!items[i].is_lost) {
            *error = items[i].error;
            return false;
        }
    }
    return true;
}

// Whether nothing is left to be done about the orders of before. Fails, too, when there is.
static bool end_orders(struct action_follower *follower,
                       const Market__CorporateAction *action,
                       struct error *error)
{
    size_t count = is_split(action) ? EXECUTION_MAX : 0;
    bool has_unfinished = false;

    arena_reset(follower->arena);
    if (is_split(action) && !store_note_split(follower->trading->database, follower->arena,
                                              action->ticker, action->effective_at, error))
        return false;
    while (count == EXECUTION_MAX && !atomic_load(&follower->is_stopping)) {
        if (!cancel_some(follower, action, &count, error))
            return false;
    }
    arena_reset(follower->arena);
    if (!store_has_unfinished_before(follower->trading->database, follower->arena, action->ticker,
                                     action->effective_at, is_split(action), &has_unfinished,
                                     error))
        return false;
    return !has_unfinished ||
           error_set(error, REASON_ORDER_NOT_READY,
                     "Orders of %s of before are not booked or ended yet.", action->ticker);
}

// What a share costs after the split, as far as is known.
static bool price_after(struct trading *trading,
                        const Market__CorporateAction *split,
                        int64_t *out_price,
                        struct error *error)
{
    struct quote quote;
    int64_t price = 0;

    if (!quotes_get(trading->quotes, split->ticker, &quote))
        return error_set(error, REASON_NO_PRICE, "There is no price of %s.", split->ticker);
    price = quote.price_micros;
    if (quote.quoted_at < split->effective_at &&
        !money_scale_half_even(price, split->denominator, split->numerator, &price))
        price = PRICE_MAX;
    if (price < 1)
        price = 1;
    *out_price = price > PRICE_MAX ? PRICE_MAX : price;
    return true;
}

static bool fill_request(struct action_follower *follower,
                         const Market__CorporateAction *action,
                         Portfolio__ApplyCorporateActionRequest *request,
                         struct error *error)
{
    struct call call = call_start(follower->arena, ASK_TIMEOUT_MS);
    bool is_fractionable = false;

    request->action_id = action->id;
    request->ticker = action->ticker;
    request->has_kind = true;
    request->kind = is_split(action)
                        ? PORTFOLIO__CORPORATE_ACTION_KIND__CORPORATE_ACTION_KIND_SPLIT
                        : PORTFOLIO__CORPORATE_ACTION_KIND__CORPORATE_ACTION_KIND_DIVIDEND;
    request->has_numerator = action->has_numerator;
    request->numerator = action->numerator;
    request->has_denominator = action->has_denominator;
    request->denominator = action->denominator;
    request->has_amount_micros = action->has_amount_micros;
    request->amount_micros = action->amount_micros;
    request->has_effective_at = true;
    request->effective_at = action->effective_at;
    // However late that is: what came into effect afterwards goes by it.
    request->has_booked_at = true;
    request->booked_at = action->effective_at;
    if (!is_split(action))
        return true;
    if (!lookup_fractionable(follower->trading, &call, action->ticker, &is_fractionable, error))
        return false;
    request->has_whole_shares = true;
    request->whole_shares = !is_fractionable;
    request->has_price_micros = !is_fractionable;
    return is_fractionable || price_after(follower->trading, action, &request->price_micros, error);
}

static bool apply(struct action_follower *follower,
                  const Market__CorporateAction *action,
                  bool *out_is_complete,
                  struct error *error)
{
    Portfolio__ApplyCorporateActionRequest request =
        PORTFOLIO__APPLY_CORPORATE_ACTION_REQUEST__INIT;
    Portfolio__ApplyCorporateActionResponse *response = NULL;
    struct call call = call_start(follower->arena, APPLY_TIMEOUT_MS);

    arena_reset(follower->arena);
    if (!fill_request(follower, action, &request, error))
        return false;
    call = call_start(follower->arena, APPLY_TIMEOUT_MS);
    if (!portfolio_client_apply_corporate_action(follower->trading->portfolio_client, &call,
                                                 &request, &response, error))
        return false;
    *out_is_complete = response->complete;
    return true;
}

static bool confirm(struct action_follower *follower,
                    const Market__CorporateAction *action,
                    struct error *error)
{
    Market__ConfirmCorporateActionRequest request = MARKET__CONFIRM_CORPORATE_ACTION_REQUEST__INIT;
    Market__ConfirmCorporateActionResponse *response = NULL;
    struct call call;

    arena_reset(follower->arena);
    call = call_start(follower->arena, ASK_TIMEOUT_MS);
    request.action_id = action->id;
    return market_client_confirm_corporate_action(follower->trading->market_client, &call, &request,
                                                  &response, error);
}

// Brings an action as far as it can go now; false, with what it waits for, when that is not to its
// end.
static bool
follow(struct action_follower *follower, const Market__CorporateAction *action, struct error *error)
{
    bool is_complete = false;

    if (matcher_looked_at(follower->trading->matcher) < action->effective_at)
        return error_set(error, REASON_UNAVAILABLE,
                         "The quotes of before have not all been looked at yet.");
    if (!end_orders(follower, action, error))
        return false;
    while (!is_complete) {
        if (atomic_load(&follower->is_stopping))
            return error_set(error, REASON_SHUTTING_DOWN, "Trading is being stopped.");
        if (!apply(follower, action, &is_complete, error))
            return false;
    }
    fault_point("trading.after_action");
    // An order that was taken at the last moment may have come to rest meanwhile.
    if (!end_orders(follower, action, error) || !confirm(follower, action, error))
        return false;
    log_write(LOG_INFO, "corporate_action_booked", "action", action->id, "ticker", action->ticker,
              NULL);
    return true;
}

static bool
is_of_one(const Market__CorporateAction *const *actions, size_t count, const char *ticker)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(actions[i]->ticker, ticker) == 0)
            return true;
    }
    return false;
}

static bool work(void *context)
{
    struct action_follower *follower = context;
    Market__ListCorporateActionsResponse *response = NULL;
    const Market__CorporateAction *waiting[ACTIONS_MAX];
    size_t waiting_count = 0;
    struct error error;

    arena_reset(follower->list_arena);
    if (!ask_unbooked(follower, &response, &error)) {
        say(follower, "all", &error);
        return false;
    }
    for (size_t i = 0; i < response->n_corporate_actions && i < ACTIONS_MAX &&
                       !atomic_load(&follower->is_stopping);
         i++) {
        const Market__CorporateAction *action = response->corporate_actions[i];

        // The replica that has its orders books it; those of one symbol in their order.
        if (!matcher_has(follower->trading->matcher, action->ticker) ||
            is_of_one(waiting, waiting_count, action->ticker))
            continue;
        if (follow(follower, action, &error))
            continue;
        say(follower, action->id, &error);
        waiting[waiting_count++] = action;
    }
    return false;
}

struct action_follower *action_follower_new(struct trading *trading)
{
    struct action_follower *follower = allocate(sizeof(*follower));

    follower->trading = trading;
    follower->execution = execution_new(trading);
    follower->list_arena = arena_new(LIST_BUDGET);
    follower->arena = arena_new(STEP_BUDGET);
    follower->said = cache_new(ACTIONS_MAX, 0);
    follower->worker = worker_new("actions", PERIOD_MS, work, follower);
    return follower;
}

void action_follower_free(struct action_follower **follower)
{
    if (*follower == NULL)
        return;
    atomic_store(&(*follower)->is_stopping, true);
    worker_free(&(*follower)->worker);
    cache_free(&(*follower)->said);
    execution_free(&(*follower)->execution);
    arena_free(&(*follower)->list_arena);
    arena_free(&(*follower)->arena);
    release(*follower);
    *follower = NULL;
}
