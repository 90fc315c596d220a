// SPDX-License-Identifier: MIT
// portfolio_reads: positions, transactions and the audit.
#include "bourse/portfolio/v1/portfolio_server.h"

#include <string.h>

#include "portfolios/access.h"
#include "portfolios/portfolio_page_token.h"
#include "transactions/transaction_message.h"
#include "valuation/appraisal.h"

enum { PAGE_DEFAULT = 50, DIFFERENCES_MAX = 1000 };

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

static bool load(struct portfolio *portfolio,
                 struct call *call,
                 const char *portfolio_id,
                 struct appraisal *out_appraisal,
                 struct error *error)
{
    struct portfolio_record record;
    struct balance_record *balances = NULL;
    size_t count = 0;

    appraisal_catch_up(portfolio);
    return access_find(portfolio, call, portfolio_id, false, &record, error) &&
           store_list_balances(portfolio->database, call->arena, &portfolio_id, 1,
                               appraisal_day(portfolio), &balances, &count, error) &&
           appraise(portfolio, call->arena, portfolio_id, balances, count, out_appraisal, error);
}

// Pages go by ticker, which is the token too.
bool portfolio_api_list_positions(struct portfolio *portfolio,
                                  struct call *call,
                                  const Portfolio__ListPositionsRequest *request,
                                  Portfolio__ListPositionsResponse *response,
                                  struct error *error)
{
    size_t limit = request->has_limit ? request->limit : PAGE_DEFAULT;
    const char *after = request->page_token == NULL ? "" : request->page_token;
    struct appraisal appraisal;

    if (strlen(after) >= LEDGER_ASSET_SIZE)
        return error_set(error, REASON_INVALID_PAGE_TOKEN, "page_token is not one of ours.");
    if (!load(portfolio, call, request->portfolio_id, &appraisal, error))
        return false;
    response->positions = arena_allocate(call->arena, (limit + 1) * sizeof(*response->positions));
    if (response->positions == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < appraisal.count; i++) {
        if (strcmp(appraisal.holdings[i].ticker, after) <= 0)
            continue;
        if (response->n_positions == limit) {
            response->next_page_token = response->positions[limit - 1]->ticker;
            break;
        }
        if (!appraisal_to_position(&appraisal.holdings[i], call->arena,
                                   &response->positions[response->n_positions], error))
            return false;
        response->n_positions++;
    }
    return true;
}

bool portfolio_api_get_position(struct portfolio *portfolio,
                                struct call *call,
                                const Portfolio__GetPositionRequest *request,
                                Portfolio__GetPositionResponse *response,
                                struct error *error)
{
    struct appraisal appraisal;

    if (!load(portfolio, call, request->portfolio_id, &appraisal, error))
        return false;
    for (size_t i = 0; i < appraisal.count; i++) {
        if (strcmp(appraisal.holdings[i].ticker, request->ticker) == 0)
            return appraisal_to_position(&appraisal.holdings[i], call->arena, &response->position,
                                         error);
    }
    return error_set(error, REASON_POSITION_NOT_FOUND, "The portfolio holds no shares of %s.",
                     request->ticker);
}

bool portfolio_api_list_transactions(struct portfolio *portfolio,
                                     struct call *call,
                                     const Portfolio__ListTransactionsRequest *request,
                                     Portfolio__ListTransactionsResponse *response,
                                     struct error *error)
{
    size_t limit = request->has_limit ? request->limit : PAGE_DEFAULT;
    struct movement_filter filter = {
        .portfolio_id = request->portfolio_id,
        .has_start = request->has_start,
        .has_end = request->has_end,
        .start = request->start,
        .end = request->end,
        .kind = request->has_type ? transaction_kind_name(request->type) : NULL,
        .ticker = request->ticker,
        .limit = limit + 1,
    };
    struct portfolio_record record;
    struct movement_record *movements = NULL;
    size_t count = 0;
    size_t shown = 0;
    bool has_more = false;

    if (!movement_page_token_read(request->page_token, &filter.before_seq, error) ||
        !access_find(portfolio, call, request->portfolio_id, true, &record, error))
        return false;
    filter.after_seq = request->before_reset ? 0 : record.reset_seq;
    if (!store_page_movements(portfolio->history, call->arena, &filter, &movements, &count, error))
        return false;
    has_more = count > limit;
    shown = count = has_more ? limit : count;
    if (!store_read_opened_lots(portfolio->database, call->arena, request->portfolio_id, movements,
                                &count, error))
        return false;
    if (has_more || count < shown) {
        response->next_page_token =
            movement_page_token_write(call->arena, movements[count - 1].seq);
        if (response->next_page_token == NULL)
            return out_of_budget(error);
    }
    response->transactions =
        arena_allocate(call->arena, (count + 1) * sizeof(*response->transactions));
    if (response->transactions == NULL)
        return out_of_budget(error);
    response->n_transactions = count;
    for (size_t i = 0; i < count; i++) {
        response->transactions[i] =
            transaction_of_movement(&movements[i], request->portfolio_id, call->arena);
        if (response->transactions[i] == NULL)
            return out_of_budget(error);
    }
    return true;
}

bool portfolio_api_audit_portfolio(struct portfolio *portfolio,
                                   struct call *call,
                                   const Portfolio__AuditPortfolioRequest *request,
                                   Portfolio__AuditPortfolioResponse *response,
                                   struct error *error)
{
    struct portfolio_record record;
    const char **differences = NULL;
    size_t count = 0;

    if (!access_find(portfolio, call, request->portfolio_id, true, &record, error) ||
        !store_audit(portfolio->database, call->arena, request->portfolio_id, DIFFERENCES_MAX,
                     &differences, &count, error))
        return false;
    response->has_consistent = true;
    response->consistent = count == 0;
    response->n_differences = count;
    response->differences = differences;
    return true;
}
