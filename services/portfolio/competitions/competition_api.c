// SPDX-License-Identifier: MIT
// competition_api: competitions made, read, changed, removed and joined.
//
// What administrators do here is noted for the audit log.
#include "bourse/portfolio/v1/portfolio_methods.h"
#include "bourse/portfolio/v1/portfolio_server.h"

#include <stdio.h>
#include <string.h>

#include "competitions/competition_message.h"
#include "competitions/competition_store.h"
#include "portfolios/access.h"
#include "portfolios/opening.h"
#include "portfolios/plain_name.h"
#include "portfolios/portfolio_page_token.h"
#include "service/audit_outbox.h"
#include "service/idempotency.h"

enum { PAGE_DEFAULT = 50, SESSIONS_WANTED = COMPETITION_DAYS_MAX + 1 };

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

static bool refuse_unknown(const char *id, struct error *error)
{
    return error_set(error, REASON_COMPETITION_NOT_FOUND, "There is no competition %s.", id);
}

// Reading.

bool portfolio_api_get_competition(struct portfolio *portfolio,
                                   struct call *call,
                                   const Portfolio__GetCompetitionRequest *request,
                                   Portfolio__GetCompetitionResponse *response,
                                   struct error *error)
{
    struct competition competition = {0};
    int64_t now = 0;
    bool found = false;

    if (!portfolio_now(portfolio, &now, error) ||
        !store_find_competition(portfolio->database, call->arena, request->competition_id,
                                call->identity.user_id, &competition, &found, error))
        return false;
    return found ? competition_to_message(&competition, call, now, &response->competition, error)
                 : refuse_unknown(request->competition_id, error);
}

static bool fill_page(struct call *call,
                      const struct competition *competitions,
                      size_t count,
                      int64_t now,
                      Portfolio__ListCompetitionsResponse *response,
                      struct error *error)
{
    response->competitions =
        arena_allocate(call->arena, (count + 1) * sizeof(*response->competitions));
    if (response->competitions == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < count; i++) {
        if (!competition_to_message(&competitions[i], call, now, &response->competitions[i], error))
            return false;
    }
    response->n_competitions = count;
    return true;
}

bool portfolio_api_list_competitions(struct portfolio *portfolio,
                                     struct call *call,
                                     const Portfolio__ListCompetitionsRequest *request,
                                     Portfolio__ListCompetitionsResponse *response,
                                     struct error *error)
{
    size_t limit = request->has_limit ? request->limit : PAGE_DEFAULT;
    // One more than is shown tells whether there are more.
    struct competition_page page = {.user_id = call->identity.user_id, .limit = limit + 1};
    struct competition *competitions = NULL;
    size_t count = 0;
    int64_t now = 0;

    if (!portfolio_now(portfolio, &now, error) ||
        !portfolio_page_token_read(request->page_token, &page.before_created_at, &page.before_id,
                                   error) ||
        !store_page_competitions(portfolio->database, call->arena, &page, &competitions, &count,
                                 error))
        return false;
    if (count > limit) {
        count = limit;
        response->next_page_token = portfolio_page_token_write(
            call->arena, competitions[count - 1].created_at, competitions[count - 1].id);
        if (response->next_page_token == NULL)
            return out_of_budget(error);
    }
    return fill_page(call, competitions, count, now, response, error);
}

// Changing.

// What a handler that writes needs within its transaction.
struct change {
    struct portfolio *portfolio;
    struct call *call;
    const struct rpc_method *method;
    const ProtobufCMessage *request;
    ProtobufCMessage *response;
    Portfolio__Competition **message; // of the response; NULL when it has none
    const char *action;               // in the audit log; NULL for what everybody does
    const char *id;                   // of the one that is changed; NULL for a new one
    bool (*apply)(struct transaction *transaction, struct change *change, struct error *error);
    int64_t now;
    struct competition competition; // as it is after the change
};

static bool lock(struct transaction *transaction, struct change *change, struct error *error)
{
    bool found = false;

    return store_lock_competition(transaction, change->id, change->call->identity.user_id,
                                  &change->competition, &found, error) &&
           (found || refuse_unknown(change->id, error));
}

static bool note(struct transaction *transaction, const struct change *change, struct error *error)
{
    const struct audit_outbox_event event = {
        .call = change->call,
        .action = change->action,
        .subject = change->competition.id,
        .method = change->method,
        .request = change->request,
    };

    return change->action == NULL || audit_outbox_add(transaction, &event, 1, error);
}

static bool work(struct transaction *transaction, void *context, struct error *error)
{
    struct change *change = context;
    bool replayed = false;

    if (!idempotency_begin(transaction, change->call, change->method, change->response, &replayed,
                           error))
        return false;
    if (replayed)
        return true;
    return (change->id == NULL || lock(transaction, change, error)) &&
           change->apply(transaction, change, error) &&
           (change->message == NULL ||
            competition_to_message(&change->competition, change->call, change->now, change->message,
                                   error)) &&
           note(transaction, change, error) &&
           idempotency_finish(transaction, change->call, change->method, change->response, error);
}

static bool transact(struct change *change, struct error *error)
{
    return database_transact(change->portfolio->database, change->call->arena, 0, work, change,
                             error);
}

static bool make_change(struct change *change, struct error *error)
{
    return portfolio_now(change->portfolio, &change->now, error) && transact(change, error);
}

static bool
create_apply(struct transaction *transaction, struct change *change, struct error *error)
{
    change->competition.created_at = change->now;
    return store_insert_competition(transaction, &change->competition, error);
}

// Asks market for the days of trading to come, and finds the competition's times among them.
static bool schedule(struct change *change,
                     const Portfolio__CreateCompetitionRequest *request,
                     struct error *error)
{
    struct session_list sessions = {0};

    return closes_list_sessions(change->portfolio, change->call, change->now,
                                competition_horizon(change->now), SESSIONS_WANTED, &sessions,
                                error) &&
           competition_schedule(request->first_day, request->last_day, &sessions, change->now,
                                &change->competition.starts_at, &change->competition.ends_at,
                                error);
}

bool portfolio_api_create_competition(struct portfolio *portfolio,
                                      struct call *call,
                                      const Portfolio__CreateCompetitionRequest *request,
                                      Portfolio__CreateCompetitionResponse *response,
                                      struct error *error)
{
    struct change change = {
        .portfolio = portfolio,
        .call = call,
        .method = &portfolio_method_create_competition,
        .request = &request->base,
        .response = &response->base,
        .message = &response->competition,
        .action = "competition.create",
        .apply = create_apply,
        .competition =
            {
                .name = request->name,
                .description = request->description == NULL ? "" : request->description,
                .cash = request->has_cash_micros ? request->cash_micros : portfolio->starting_cash,
            },
    };
    bool replayed = false;

    // A repeat is answered as before, also when its first day is over by now.
    if (!idempotency_find(portfolio->database, call, change.method, change.response, &replayed,
                          error))
        return false;
    if (replayed)
        return true;
    snprintf(change.competition.id, UUID_SIZE, "%s", uuid_new().string);
    return plain_name_check("name", request->name, error) &&
           portfolio_check_cash(portfolio, "cash", change.competition.cash, error) &&
           portfolio_now(portfolio, &change.now, error) && schedule(&change, request, error) &&
           transact(&change, error);
}

static bool
update_apply(struct transaction *transaction, struct change *change, struct error *error)
{
    const Portfolio__UpdateCompetitionRequest *request =
        (const Portfolio__UpdateCompetitionRequest *)change->request;
    struct competition *competition = &change->competition;

    competition->name = request->name == NULL ? competition->name : request->name;
    competition->description =
        request->description == NULL ? competition->description : request->description;
    return store_update_competition(transaction, competition, error);
}

bool portfolio_api_update_competition(struct portfolio *portfolio,
                                      struct call *call,
                                      const Portfolio__UpdateCompetitionRequest *request,
                                      Portfolio__UpdateCompetitionResponse *response,
                                      struct error *error)
{
    struct change change = {
        .portfolio = portfolio,
        .call = call,
        .method = &portfolio_method_update_competition,
        .request = &request->base,
        .response = &response->base,
        .message = &response->competition,
        .action = "competition.update",
        .id = request->competition_id,
        .apply = update_apply,
    };

    return (request->name == NULL || plain_name_check("name", request->name, error)) &&
           make_change(&change, error);
}

static bool
delete_apply(struct transaction *transaction, struct change *change, struct error *error)
{
    return store_delete_competition(transaction, change->id, error);
}

bool portfolio_api_delete_competition(struct portfolio *portfolio,
                                      struct call *call,
                                      const Portfolio__DeleteCompetitionRequest *request,
                                      Portfolio__DeleteCompetitionResponse *response,
                                      struct error *error)
{
    struct change change = {
        .portfolio = portfolio,
        .call = call,
        .method = &portfolio_method_delete_competition,
        .request = &request->base,
        .response = &response->base,
        .action = "competition.delete",
        .id = request->competition_id,
        .apply = delete_apply,
    };

    return make_change(&change, error);
}

// Joining.

static bool join_apply(struct transaction *transaction, struct change *change, struct error *error)
{
    const Portfolio__JoinCompetitionRequest *request =
        (const Portfolio__JoinCompetitionRequest *)change->request;
    struct competition *competition = &change->competition;
    const struct call *call = change->call;
    struct portfolio_record record = {
        .name = competition->name,
        .description = "",
        .opening_cash = competition->cash,
        .created_at = change->now,
        .updated_at = change->now,
        .trades_from = competition->starts_at,
        .competes_until = competition->ends_at,
    };
    bool inserted = false;

    snprintf(record.id, UUID_SIZE, "%s", uuid_new().string);
    snprintf(record.user_id, UUID_SIZE, "%s", call->identity.user_id);
    snprintf(record.competition_id, UUID_SIZE, "%s", competition->id);
    if (!competition_check_join(competition, change->now, error) ||
        !access_check_room(transaction, change->portfolio, record.user_id, change->now, error) ||
        !portfolio_open(transaction, &record, competition->cash, call->request_id, &inserted,
                        error) ||
        !store_insert_player(transaction, competition->id, record.user_id, record.id,
                             request->display_name, change->now, error))
        return false;
    competition->players++;
    competition->display_name = request->display_name;
    competition->portfolio_id = arena_copy_string(call->arena, record.id);
    return competition->portfolio_id != NULL || out_of_budget(error);
}

bool portfolio_api_join_competition(struct portfolio *portfolio,
                                    struct call *call,
                                    const Portfolio__JoinCompetitionRequest *request,
                                    Portfolio__JoinCompetitionResponse *response,
                                    struct error *error)
{
    struct change change = {
        .portfolio = portfolio,
        .call = call,
        .method = &portfolio_method_join_competition,
        .request = &request->base,
        .response = &response->base,
        .message = &response->competition,
        .id = request->competition_id,
        .apply = join_apply,
    };

    return plain_name_check("display_name", request->display_name, error) &&
           make_change(&change, error);
}
