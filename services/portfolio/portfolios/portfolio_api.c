// SPDX-License-Identifier: MIT
// portfolio_api: opening, changing and closing portfolios, and moving cash in and out.
#include "bourse/portfolio/v1/portfolio_methods.h"
#include "bourse/portfolio/v1/portfolio_server.h"

#include <stdio.h>
#include <string.h>

#include "competitions/competition.h"
#include "events/balance_events.h"
#include "ledger/portfolio_books.h"
#include "money/money.h"
#include "portfolios/access.h"
#include "portfolios/opening.h"
#include "portfolios/portfolio_page_token.h"
#include "service/idempotency.h"
#include "service/ownership.h"
#include "transactions/transaction_message.h"
#include "valuation/appraisal.h"

enum { PAGE_DEFAULT = 50, TOKEN_SIZE = 64 };

bool portfolio_now(struct portfolio *portfolio, int64_t *out_now, struct error *error)
{
    struct platform_clock clock;

    // Who has just stepped the clock books at the time that it shows.
    appraisal_catch_up(portfolio);
    if (!quotes_clock(portfolio->quotes, &clock))
        return error_set(error, REASON_UNAVAILABLE,
                         "The platform's clock is not known yet. Try again soon.");
    *out_now = clock.now;
    return true;
}

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

// The portfolios' messages, with one query for all their balances.
static bool to_messages(struct portfolio *portfolio,
                        struct arena *arena,
                        const struct portfolio_record *records,
                        size_t count,
                        Portfolio__Portfolio **out_messages,
                        struct error *error)
{
    const char **ids = arena_allocate(arena, (count + 1) * sizeof(*ids));
    struct balance_record *balances = NULL;
    size_t balance_count = 0;

    if (ids == NULL)
        return out_of_budget(error);
    appraisal_catch_up(portfolio);
    for (size_t i = 0; i < count; i++)
        ids[i] = records[i].id;
    if (!store_list_balances(portfolio->database, arena, ids, count, appraisal_day(portfolio),
                             &balances, &balance_count, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct appraisal appraisal;

        if (!appraise(portfolio, arena, ids[i], balances, balance_count, &appraisal, error) ||
            !appraisal_to_portfolio(&appraisal, arena, &records[i], &out_messages[i], error))
            return false;
    }
    return true;
}

bool portfolio_api_list_portfolios(struct portfolio *portfolio,
                                   struct call *call,
                                   const Portfolio__ListPortfoliosRequest *request,
                                   Portfolio__ListPortfoliosResponse *response,
                                   struct error *error)
{
    size_t limit = request->has_limit ? request->limit : PAGE_DEFAULT;
    struct portfolio_record *records = NULL;
    size_t count = 0;
    const char *only_id = call->identity.portfolio_id;
    struct portfolio_page page = {
        .only_id = only_id[0] != '\0' ? only_id : NULL,
        .limit = limit + 1,
    };

    if (!ownership_choose_user(&call->identity, request->user_id, &page.user_id, error) ||
        !portfolio_page_token_read(request->page_token, &page.after_created_at, &page.after_id,
                                   error) ||
        !store_page_portfolios(portfolio->database, call->arena, &page, &records, &count, error))
        return false;
    if (count > limit) {
        count = limit;
        response->next_page_token = portfolio_page_token_write(
            call->arena, records[count - 1].created_at, records[count - 1].id);
        if (response->next_page_token == NULL)
            return out_of_budget(error);
    }
    response->portfolios = arena_allocate(call->arena, (count + 1) * sizeof(*response->portfolios));
    if (response->portfolios == NULL)
        return out_of_budget(error);
    response->n_portfolios = count;
    return to_messages(portfolio, call->arena, records, count, response->portfolios, error);
}

// What a handler that writes needs within its transaction.
struct writing {
    struct portfolio *portfolio;
    struct call *call;
    const ProtobufCMessage *request;
    ProtobufCMessage *response;
    int64_t now;
};

static bool write_all(struct portfolio *portfolio,
                      struct call *call,
                      const ProtobufCMessage *request,
                      ProtobufCMessage *response,
                      bool (*work)(struct transaction *, void *, struct error *),
                      struct error *error)
{
    struct writing writing = {
        .portfolio = portfolio, .call = call, .request = request, .response = response};

    return portfolio_now(portfolio, &writing.now, error) &&
           database_transact(portfolio->database, call->arena, 0, work, &writing, error);
}

static bool note(struct transaction *transaction,
                 const struct writing *writing,
                 const struct portfolio_record *record,
                 const char *action,
                 const struct rpc_method *method,
                 struct error *error)
{
    const struct audit_outbox_event event = {
        .action = action, .method = method, .request = writing->request};

    return access_note(transaction, writing->call, record, event, error);
}

static bool create_work(struct transaction *transaction, void *context, struct error *error)
{
    struct writing *writing = context;
    struct call *call = writing->call;
    const Portfolio__CreatePortfolioRequest *request =
        (const Portfolio__CreatePortfolioRequest *)writing->request;
    Portfolio__CreatePortfolioResponse *response =
        (Portfolio__CreatePortfolioResponse *)writing->response;
    int64_t cash = request->has_cash_balance_micros ? request->cash_balance_micros
                                                    : writing->portfolio->starting_cash;
    struct portfolio_record record = {
        .opening_cash = cash,
        .name = request->name,
        .description = request->description == NULL ? "" : request->description,
        .created_at = writing->now,
        .updated_at = writing->now,
        .fill_settings = fill_settings_merged(NULL, request->fill_settings),
    };
    struct appraisal appraisal = {.cash = cash};
    const char *user_id = NULL;
    bool flag = false;

    if (!idempotency_begin(transaction, call, &portfolio_method_create_portfolio, writing->response,
                           &flag, error))
        return false;
    if (flag)
        return true;
    if (!fill_settings_check_commission(&record.fill_settings, error) ||
        !ownership_choose_user(&call->identity, request->user_id, &user_id, error) ||
        !access_check_room(transaction, writing->portfolio, user_id, writing->now, error))
        return false;
    snprintf(record.id, sizeof(record.id), "%s", uuid_new().string);
    snprintf(record.user_id, sizeof(record.user_id), "%s", user_id);
    appraisal.valuation = valuation_compute(NULL, 0, cash, 0);
    return portfolio_open(transaction, &record, cash, call->request_id, &flag, error) &&
           note(transaction, writing, &record, "portfolio.create",
                &portfolio_method_create_portfolio, error) &&
           appraisal_to_portfolio(&appraisal, call->arena, &record, &response->portfolio, error) &&
           idempotency_finish(transaction, call, &portfolio_method_create_portfolio,
                              writing->response, error);
}

bool portfolio_api_create_portfolio(struct portfolio *portfolio,
                                    struct call *call,
                                    const Portfolio__CreatePortfolioRequest *request,
                                    Portfolio__CreatePortfolioResponse *response,
                                    struct error *error)
{
    if (!fill_settings_check(request->fill_settings, error) ||
        (request->has_cash_balance_micros &&
         !portfolio_check_cash(portfolio, "cash_balance", request->cash_balance_micros, error)))
        return false;
    return write_all(portfolio, call, &request->base, &response->base, create_work, error);
}

static bool update_work(struct transaction *transaction, void *context, struct error *error)
{
    struct writing *writing = context;
    struct call *call = writing->call;
    const Portfolio__UpdatePortfolioRequest *request =
        (const Portfolio__UpdatePortfolioRequest *)writing->request;
    Portfolio__UpdatePortfolioResponse *response =
        (Portfolio__UpdatePortfolioResponse *)writing->response;
    struct portfolio_record record;
    struct balance_record *balances = NULL;
    struct appraisal appraisal;
    size_t count = 0;
    bool replayed = false;

    if (!idempotency_begin(transaction, call, &portfolio_method_update_portfolio, writing->response,
                           &replayed, error))
        return false;
    if (replayed)
        return true;
    if (!access_lock(transaction, call, request->portfolio_id, &record, error) ||
        (request->fill_settings != NULL && !competition_leaves_free(&record, writing->now, error)))
        return false;
    record.name = request->name == NULL ? record.name : request->name;
    record.description = request->description == NULL ? record.description : request->description;
    record.fill_settings = fill_settings_merged(&record.fill_settings, request->fill_settings);
    record.updated_at = writing->now;
    return fill_settings_check_commission(&record.fill_settings, error) &&
           store_update_portfolio(transaction, &record, error) &&
           note(transaction, writing, &record, "portfolio.update",
                &portfolio_method_update_portfolio, error) &&
           store_read_balances(transaction, record.id, appraisal_day(writing->portfolio), &balances,
                               &count, error) &&
           appraise(writing->portfolio, call->arena, record.id, balances, count, &appraisal,
                    error) &&
           appraisal_to_portfolio(&appraisal, call->arena, &record, &response->portfolio, error) &&
           idempotency_finish(transaction, call, &portfolio_method_update_portfolio,
                              writing->response, error);
}

bool portfolio_api_update_portfolio(struct portfolio *portfolio,
                                    struct call *call,
                                    const Portfolio__UpdatePortfolioRequest *request,
                                    Portfolio__UpdatePortfolioResponse *response,
                                    struct error *error)
{
    return fill_settings_check(request->fill_settings, error) &&
           write_all(portfolio, call, &request->base, &response->base, update_work, error);
}

static bool check_empty(struct transaction *transaction,
                        const struct writing *writing,
                        const char *id,
                        struct error *error)
{
    struct balance_record *balances = NULL;
    char cash[DECIMAL_SIZE];
    int64_t cash_micros = 0;
    size_t count = 0;
    size_t positions = 0;

    // Nothing of the day is asked for.
    if (!store_read_balances(transaction, id, writing->now, &balances, &count, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (balances[i].balance.account == LEDGER_CASH)
            cash_micros = balances[i].balance.amount;
        else if (balances[i].balance.amount > 0)
            positions++;
    }
    if (cash_micros == 0 && positions == 0)
        return true;
    decimal_print(cash_micros, MONEY_SCALE, 2, cash);
    error_set(error, REASON_PORTFOLIO_NOT_EMPTY,
              "The portfolio still has %s USD of cash and %zu positions.", cash, positions);
    error_add_number(error, "cash_balance", "%s", cash);
    error_add_number(error, "positions", "%zu", positions);
    return false;
}

static bool delete_work(struct transaction *transaction, void *context, struct error *error)
{
    struct writing *writing = context;
    struct call *call = writing->call;
    const Portfolio__DeletePortfolioRequest *request =
        (const Portfolio__DeletePortfolioRequest *)writing->request;
    struct portfolio_record record;
    bool replayed = false;

    if (!idempotency_begin(transaction, call, &portfolio_method_delete_portfolio, writing->response,
                           &replayed, error))
        return false;
    if (replayed)
        return true;
    if (!access_lock(transaction, call, request->portfolio_id, &record, error)) {
        // A closed portfolio is not there any more for who deletes it once more.
        if (error_is(error, REASON_PORTFOLIO_CLOSED))
            error_set(error, REASON_PORTFOLIO_NOT_FOUND, "There is no portfolio %s.",
                      request->portfolio_id);
        return false;
    }
    return (request->force || check_empty(transaction, writing, record.id, error)) &&
           store_close_portfolio(transaction, record.id, writing->now, error) &&
           note(transaction, writing, &record, "portfolio.delete",
                &portfolio_method_delete_portfolio, error) &&
           idempotency_finish(transaction, call, &portfolio_method_delete_portfolio,
                              writing->response, error);
}

bool portfolio_api_delete_portfolio(struct portfolio *portfolio,
                                    struct call *call,
                                    const Portfolio__DeletePortfolioRequest *request,
                                    Portfolio__DeletePortfolioResponse *response,
                                    struct error *error)
{
    return write_all(portfolio, call, &request->base, &response->base, delete_work, error);
}

// One deposit or withdrawal.
struct cash_move {
    struct portfolio *portfolio;
    struct call *call;
    const struct rpc_method *method;
    const char *action; // in the audit log
    const ProtobufCMessage *request;
    const char *portfolio_id;
    struct ledger_movement movement;
    ProtobufCMessage *response;
    Portfolio__Transaction **transaction; // of the response
    struct balance_changes changes;
};

static bool check_deposit(const struct portfolio *portfolio,
                          const struct book *book,
                          int64_t amount,
                          struct error *error)
{
    int64_t cash = book_balance(book, LEDGER_CASH, LEDGER_CURRENCY).amount;
    char maximum[DECIMAL_SIZE];
    char present[DECIMAL_SIZE];
    int64_t sum = 0;

    if (money_add(cash, amount, &sum) && sum <= portfolio->maximum_cash)
        return true;
    decimal_print(portfolio->maximum_cash, MONEY_SCALE, 2, maximum);
    decimal_print(cash, MONEY_SCALE, 2, present);
    error_set(error, REASON_LIMIT_EXCEEDED,
              "The portfolio has %s USD; a deposit cannot bring it above %s USD.", present,
              maximum);
    error_add_number(error, "cash_balance", "%s", present);
    error_add_number(error, "maximum", "%s", maximum);
    return false;
}

static bool move_work(struct transaction *transaction, void *context, struct error *error)
{
    struct cash_move *move = context;
    struct call *call = move->call;
    struct books_wanted wanted = {.portfolio_ids = &move->portfolio_id, .count = 1};
    const struct audit_outbox_event event = {
        .action = move->action, .method = move->method, .request = move->request};
    struct portfolio_record record;
    struct book *book = NULL;
    bool replayed = false;
    OWNED(books) books = NULL;

    if (!idempotency_begin(transaction, call, move->method, move->response, &replayed, error))
        return false;
    if (replayed)
        return true;
    if (!access_lock(transaction, call, move->portfolio_id, &record, error) ||
        !competition_leaves_free(&record, move->movement.booked_at, error) ||
        !books_load(transaction, &wanted, &books, error))
        return false;
    book = books_find(books, move->portfolio_id);
    if (book == NULL)
        return error_set(error, REASON_INTERNAL, "The locked portfolio has no book.");
    if (move->movement.kind == LEDGER_KIND_DEPOSIT &&
        !check_deposit(move->portfolio, book, move->movement.amount, error))
        return false;
    if (!ledger_move_cash(book, &move->movement, error) || !books_save(transaction, books, error))
        return false;
    balance_changes_take(&move->changes, books);
    *move->transaction = transaction_of_journal(book, &book->journals[0], call->arena);
    if (*move->transaction == NULL)
        return out_of_budget(error);
    return access_note(transaction, call, &record, event, error) &&
           idempotency_finish(transaction, call, move->method, move->response, error);
}

static bool move_cash(struct cash_move *move, struct error *error)
{
    move->movement.reference = move->call->request_id;
    if (!portfolio_now(move->portfolio, &move->movement.booked_at, error) ||
        !database_transact(move->portfolio->database, move->call->arena, 0, move_work, move, error))
        return false;
    balance_changes_publish(move->portfolio, &move->changes);
    return true;
}

bool portfolio_api_deposit(struct portfolio *portfolio,
                           struct call *call,
                           const Portfolio__DepositRequest *request,
                           Portfolio__DepositResponse *response,
                           struct error *error)
{
    struct cash_move move = {
        .portfolio = portfolio,
        .call = call,
        .method = &portfolio_method_deposit,
        .action = "portfolio.deposit",
        .request = &request->base,
        .portfolio_id = request->portfolio_id,
        .movement = {.kind = LEDGER_KIND_DEPOSIT,
                     .note = request->note,
                     .amount = request->amount_micros},
        .response = &response->base,
        .transaction = &response->transaction,
    };

    return move_cash(&move, error);
}

bool portfolio_api_withdraw(struct portfolio *portfolio,
                            struct call *call,
                            const Portfolio__WithdrawRequest *request,
                            Portfolio__WithdrawResponse *response,
                            struct error *error)
{
    struct cash_move move = {
        .portfolio = portfolio,
        .call = call,
        .method = &portfolio_method_withdraw,
        .action = "portfolio.withdraw",
        .request = &request->base,
        .portfolio_id = request->portfolio_id,
        .movement = {.kind = LEDGER_KIND_WITHDRAWAL,
                     .note = request->note,
                     .amount = request->amount_micros},
        .response = &response->base,
        .transaction = &response->transaction,
    };

    return move_cash(&move, error);
}

static struct uuid first_portfolio_of(const char *user_id)
{
    char name[64];

    snprintf(name, sizeof(name), "first-portfolio:%s", user_id);
    return uuid_from_name(text_of(name));
}

static bool open_first_work(struct transaction *transaction, void *context, struct error *error)
{
    struct writing *writing = context;
    struct call *call = writing->call;
    const Portfolio__OpenFirstPortfolioRequest *request =
        (const Portfolio__OpenFirstPortfolioRequest *)writing->request;
    Portfolio__OpenFirstPortfolioResponse *response =
        (Portfolio__OpenFirstPortfolioResponse *)writing->response;
    int64_t cash = request->has_cash_balance_micros ? request->cash_balance_micros
                                                    : writing->portfolio->starting_cash;
    struct portfolio_record record = {
        .opening_cash = cash,
        .name = "My portfolio",
        .description = "",
        .created_at = writing->now,
        .updated_at = writing->now,
    };
    struct balance_record *balances = NULL;
    size_t count = 0;
    bool inserted = false;

    // The id is derived from the user's, so however often this is asked there is one.
    snprintf(record.id, sizeof(record.id), "%s", first_portfolio_of(request->user_id).string);
    snprintf(record.user_id, sizeof(record.user_id), "%s", request->user_id);
    if (!portfolio_open(transaction, &record, cash, record.id, &inserted, error) ||
        !store_read_balances(transaction, record.id, writing->now, &balances, &count, error))
        return false;
    response->portfolio_id = arena_copy_string(call->arena, record.id);
    response->has_cash_balance_micros = true;
    for (size_t i = 0; i < count; i++) {
        if (balances[i].balance.account == LEDGER_CASH)
            response->cash_balance_micros = balances[i].balance.amount;
    }
    return response->portfolio_id != NULL ? true : out_of_budget(error);
}

bool portfolio_api_open_first_portfolio(struct portfolio *portfolio,
                                        struct call *call,
                                        const Portfolio__OpenFirstPortfolioRequest *request,
                                        Portfolio__OpenFirstPortfolioResponse *response,
                                        struct error *error)
{
    if (request->has_cash_balance_micros &&
        !portfolio_check_cash(portfolio, "cash_balance", request->cash_balance_micros, error))
        return false;
    return write_all(portfolio, call, &request->base, &response->base, open_first_work, error);
}

bool portfolio_api_get_user_cash(struct portfolio *portfolio,
                                 struct call *call,
                                 const Portfolio__GetUserCashRequest *request,
                                 Portfolio__GetUserCashResponse *response,
                                 struct error *error)
{
    response->has_cash_micros = true;
    return store_sum_cash(portfolio->database, call->arena, request->user_id,
                          &response->cash_micros, error);
}

bool portfolio_api_get_portfolio_owner(struct portfolio *portfolio,
                                       struct call *call,
                                       const Portfolio__GetPortfolioOwnerRequest *request,
                                       Portfolio__GetPortfolioOwnerResponse *response,
                                       struct error *error)
{
    struct portfolio_record record;
    bool found = false;

    if (!store_find_portfolio(portfolio->database, call->arena, request->portfolio_id, &record,
                              &found, error))
        return false;
    if (!found)
        return error_set(error, REASON_PORTFOLIO_NOT_FOUND, "There is no portfolio %s.",
                         request->portfolio_id);
    response->user_id = arena_copy_string(call->arena, record.user_id);
    response->has_is_closed = true;
    response->is_closed = record.is_closed;
    response->fill_settings = fill_settings_to_message(&record.fill_settings, call->arena);
    response->has_fill_settings_version = true;
    response->fill_settings_version = (uint64_t)record.fill_settings.version;
    return response->user_id != NULL && response->fill_settings != NULL ? true
                                                                        : out_of_budget(error);
}
