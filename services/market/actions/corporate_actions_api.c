// SPDX-License-Identifier: MIT
// Splits and dividends.
#include "market.h"

#include "actions/corporate_action_store.h"
#include "bars/bar_series.h"
#include "clock/exchange_calendar.h"
#include "page_token.h"

#include <stdio.h>
#include <string.h>

enum { ACTIONS_A_PAGE = 50 };

static bool fill_action(struct market *market,
                        struct arena *arena,
                        const struct corporate_action *action,
                        int64_t now,
                        Market__CorporateAction **out_message,
                        struct error *error)
{
    Market__CorporateAction *message = arena_allocate(arena, sizeof *message);
    char *date = arena_allocate(arena, DATE_SIZE);
    const char *ticker = arena_copy_string(arena, action->ticker);
    const char *id = arena_copy_string(arena, action->id);

    if (message == NULL || date == NULL || ticker == NULL || id == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the corporate action does not fit");
    date_print(date_from_days(action->ex_day), date);
    market__corporate_action__init(message);
    message->id = id;
    message->ticker = ticker;
    message->has_kind = true;
    message->kind = (Market__CorporateActionKind)action->kind;
    message->ex_date = date;
    message->has_numerator = message->has_denominator = action->kind == ACTION_SPLIT;
    message->numerator = (uint32_t)action->numerator;
    message->denominator = (uint32_t)action->denominator;
    message->has_amount_micros = action->kind == ACTION_DIVIDEND;
    message->amount_micros = action->amount_micros;
    message->has_effective_at = true;
    message->effective_at = corporate_action_effective_at(market_bar_hours(market), action->ex_day);
    message->has_in_effect = true;
    message->in_effect = message->effective_at <= now;
    message->has_entered_at = true;
    message->entered_at = action->entered_at;
    message->has_booked_at = action->booked_at > 0;
    message->booked_at = action->booked_at;
    *out_message = message;
    return true;
}

// The position of an action: its day, and "1AAPL", the kind before the ticker.
static const char *write_token(struct arena *arena, const struct corporate_action *action)
{
    struct page_position position = {.number = action->ex_day};

    (void)snprintf(position.text, sizeof position.text, "%d%s", (int)action->kind, action->ticker);
    return page_token_write(arena, "corporate-actions", &position);
}

static bool read_query(struct market *market,
                       const Market__ListCorporateActionsRequest *request,
                       int64_t now,
                       struct page_position *position,
                       struct corporate_action_query *out_query,
                       struct error *error)
{
    struct corporate_action_query query = {
        .ticker = request->ticker,
        .first_day = CALENDAR_FIRST_DAY,
        .last_day = CALENDAR_LAST_DAY,
        .limit = (request->has_limit ? request->limit : ACTIONS_A_PAGE) + 1,
    };

    if (request->has_since) {
        query.first_day = bar_day(market_bar_hours(market),
                                  request->since < CALENDAR_START_AT  ? CALENDAR_START_AT
                                  : request->since >= CALENDAR_END_AT ? CALENDAR_END_AT - 1
                                                                      : request->since);
        query.last_day = market_effective_day(market, now);
    }
    if (request->has_unbooked && request->unbooked) {
        query.unbooked = true;
        query.last_day = market_effective_day(market, now);
    }
    if (request->page_token != NULL && request->page_token[0] != '\0') {
        if (!page_token_read(request->page_token, "corporate-actions", position, error))
            return false;
        if (position->number < CALENDAR_FIRST_DAY || position->number > CALENDAR_LAST_DAY ||
            (position->text[0] != '1' && position->text[0] != '2'))
            return error_set(error, REASON_INVALID_PAGE_TOKEN, "the page token was not made here");
        query.after_day = position->number;
        query.after_kind = position->text[0] == '1' ? ACTION_SPLIT : ACTION_DIVIDEND;
        query.after_ticker = position->text + 1;
    }
    *out_query = query;
    return true;
}

// Whether somebody who has followed everything until `since` has to follow this too.
static bool is_news(struct market *market, const struct corporate_action *action, int64_t since)
{
    int64_t effective_at = corporate_action_effective_at(market_bar_hours(market), action->ex_day);

    return effective_at > since && action->entered_at < effective_at;
}

bool market_api_list_corporate_actions(struct market *market,
                                       struct call *call,
                                       const Market__ListCorporateActionsRequest *request,
                                       Market__ListCorporateActionsResponse *response,
                                       struct error *error)
{
    struct corporate_action_query query;
    struct corporate_action *actions = NULL;
    struct page_position position;
    struct clock_view clock;
    size_t count = 0;

    if (!player_clock(market->player, &clock, error) ||
        !read_query(market, request, clock.now, &position, &query, error) ||
        !corporate_action_store_list(market->database, call->arena, &query, &actions, &count,
                                     error))
        return false;
    if (count == query.limit) {
        count--;
        response->next_page_token = write_token(call->arena, &actions[count - 1]);
    }
    response->corporate_actions =
        arena_allocate(call->arena, (count + 1) * sizeof(Market__CorporateAction *));
    if (response->corporate_actions == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the corporate actions do not fit");
    for (size_t i = 0; i < count; i++) {
        if (request->has_since && !is_news(market, &actions[i], request->since))
            continue;
        if (!fill_action(market, call->arena, &actions[i], clock.now,
                         &response->corporate_actions[response->n_corporate_actions++], error))
            return false;
    }
    return true;
}

struct change {
    struct market *market;
    struct call *call;
    const void *request;
    void *response;
    struct corporate_action action;
    int64_t now; // of the platform
    bool was_done;
};

// Changes the table, and then all that goes by it.
static bool change_actions(struct change *change,
                           bool (*work)(struct transaction *, void *, struct error *),
                           struct error *error)
{
    struct market *market = change->market;
    bool is_done;

    is_done = database_transact(market->database, change->call->arena, 0, work, change, error);
    // Whatever the outcome: it may be unknown.
    split_table_changed(market->splits);
    if (market->is_live && change->action.kind == ACTION_SPLIT)
        fetcher_forget_history(live_fetcher(market->live), change->action.ticker);
    if (is_done && !change->was_done) {
        player_refresh(market->player, (const char(*)[TICKER_SIZE]) & change->action.ticker, 1,
                       change->call->deadline_us);
        player_tell(market->player, change->action.ticker, change->call->deadline_us);
    }
    return is_done;
}

static bool create(struct transaction *transaction, void *context, struct error *error)
{
    struct change *change = context;
    const Market__CreateCorporateActionRequest *request = change->request;
    Market__CreateCorporateActionResponse *response = change->response;
    const struct rpc_method *method = &market_method_create_corporate_action;
    const struct audit_outbox_event event = {
        .call = change->call,
        .action = "corporate_action.create",
        .subject = change->action.ticker,
        .method = method,
        .request = &request->base,
    };

    if (!idempotency_begin(transaction, change->call, method, &response->base, &change->was_done,
                           error))
        return false;
    return change->was_done ||
           (corporate_action_store_insert(transaction, &change->action, error) &&
            audit_outbox_add(transaction, &event, 1, error) &&
            fill_action(change->market, change->call->arena, &change->action, change->now,
                        &response->action, error) &&
            idempotency_finish(transaction, change->call, method, &response->base, error));
}

// Prices of the simulated market are made from its splits: those of the past stay as they were.
static bool check_time(const struct change *change, struct error *error)
{
    enum market_hours hours = market_bar_hours(change->market);
    char ex_date[DATE_SIZE], today[DATE_SIZE];

    if (!change->market->is_simulated ||
        corporate_action_effective_at(hours, change->action.ex_day) > change->now)
        return true;
    date_print(date_from_days(change->action.ex_day), ex_date);
    date_print(date_from_days(bar_day(hours, change->now)), today);
    error_clear(error);
    error_add_violation(error, "ex_date",
                        "%s is not after %s, the day of the platform's clock: a simulated past "
                        "does not change",
                        ex_date, today);
    return false;
}

bool market_api_create_corporate_action(struct market *market,
                                        struct call *call,
                                        const Market__CreateCorporateActionRequest *request,
                                        Market__CreateCorporateActionResponse *response,
                                        struct error *error)
{
    struct uuid id = uuid_new();
    struct change change = {
        .market = market,
        .call = call,
        .request = request,
        .response = response,
        .action = {.id = id.string,
                   .kind = (enum corporate_action_kind)request->kind,
                   .numerator = request->has_numerator ? request->numerator : 0,
                   .denominator = request->has_denominator ? request->denominator : 0,
                   .amount_micros = request->has_amount_micros ? request->amount_micros : 0},
    };
    struct clock_view clock;
    struct date date;
    bool was_done = false;

    error_clear(error);
    if (request->kind == MARKET__CORPORATE_ACTION_KIND__CORPORATE_ACTION_KIND_UNSPECIFIED)
        error_add_violation(error, "kind", "must be split or dividend");
    if (!bar_read_ticker(text_of(request->ticker), change.action.ticker))
        error_add_violation(error, "ticker", "must begin with a letter or a digit");
    if (!date_parse(text_of(request->ex_date), &date))
        error_add_violation(error, "ex_date", "is no date");
    if (error->detail_count > 0)
        return false;
    change.action.ex_day = date_to_days(date);
    // A repeat is answered as the first call was, though time has gone on since.
    if (!idempotency_find(market->database, call, &market_method_create_corporate_action,
                          &response->base, &was_done, error))
        return false;
    if (was_done)
        return true;
    if (!corporate_action_check(&change.action, market_bar_hours(market), error) ||
        !player_clock(market->player, &clock, error))
        return false;
    change.now = change.action.entered_at = clock.now;
    // Who held shares then has traded them since: it corrects charts alone.
    if (corporate_action_effective_at(market_bar_hours(market), change.action.ex_day) <= clock.now)
        change.action.booked_at = clock.now;
    return check_time(&change, error) && change_actions(&change, create, error);
}

// What somebody may have followed already stays.
static bool check_deletable(const struct change *change, struct error *error)
{
    int64_t effective_at =
        corporate_action_effective_at(market_bar_hours(change->market), change->action.ex_day);
    char text[TIMESTAMP_SIZE], now[TIMESTAMP_SIZE];

    if (effective_at > change->now || change->action.entered_at >= effective_at)
        return true;
    timestamp_print(effective_at, text);
    timestamp_print(change->now, now);
    return error_set(error, REASON_CORPORATE_ACTION_IN_EFFECT,
                     "it came into effect at %s, and the platform's clock shows %s", text, now);
}

static bool delete (struct transaction *transaction, void *context, struct error *error)
{
    struct change *change = context;
    const Market__DeleteCorporateActionRequest *request = change->request;
    Market__DeleteCorporateActionResponse *response = change->response;
    const struct rpc_method *method = &market_method_delete_corporate_action;
    struct audit_outbox_event event = {
        .call = change->call,
        .action = "corporate_action.delete",
        .subject = change->action.ticker,
        .method = method,
        .request = &request->base,
    };

    if (!idempotency_begin(transaction, change->call, method, &response->base, &change->was_done,
                           error))
        return false;
    return change->was_done ||
           (corporate_action_store_delete(transaction, request->action_id, &change->action,
                                          error) &&
            check_deletable(change, error) && audit_outbox_add(transaction, &event, 1, error) &&
            idempotency_finish(transaction, change->call, method, &response->base, error));
}

bool market_api_delete_corporate_action(struct market *market,
                                        struct call *call,
                                        const Market__DeleteCorporateActionRequest *request,
                                        Market__DeleteCorporateActionResponse *response,
                                        struct error *error)
{
    struct change change = {
        .market = market, .call = call, .request = request, .response = response};
    struct clock_view clock;

    if (!player_clock(market->player, &clock, error))
        return false;
    change.now = clock.now;
    return change_actions(&change, delete, error);
}

bool market_api_confirm_corporate_action(struct market *market,
                                         struct call *call,
                                         const Market__ConfirmCorporateActionRequest *request,
                                         Market__ConfirmCorporateActionResponse *response,
                                         struct error *error)
{
    struct clock_view clock;
    char ticker[TICKER_SIZE];
    bool is_done;

    (void)response;
    if (!player_clock(market->player, &clock, error))
        return false;
    is_done = corporate_action_store_confirm(market->database, call->arena, request->action_id,
                                             market_effective_day(market, clock.now), clock.now,
                                             ticker, error);
    // Whatever the outcome: it may be unknown.
    split_table_changed(market->splits);
    if (is_done)
        player_tell(market->player, ticker, call->deadline_us);
    return is_done;
}
