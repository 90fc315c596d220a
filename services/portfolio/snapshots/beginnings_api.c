// SPDX-License-Identifier: MIT
// beginnings_api: portfolios that begin anew, or as another one stands.
#include "bourse/portfolio/v1/portfolio_methods.h"
#include "bourse/portfolio/v1/portfolio_server.h"

#include <stdio.h>
#include <string.h>

#include "actions/action_store.h"
#include "competitions/competition.h"
#include "events/balance_events.h"
#include "ledger/lot_store.h"
#include "ledger/portfolio_books.h"
#include "money/money.h"
#include "portfolios/access.h"
#include "service/idempotency.h"
#include "valuation/appraisal.h"

// Every balance there is may have to be written, so it is more than a call has.
enum { BEGINNING_BUDGET = 64 * 1024 * 1024, CHARACTERS_MAX = 100 };

struct beginning {
    struct portfolio *portfolio;
    struct call *call;
    const struct rpc_method *method;
    const char *action; // in the audit log
    const ProtobufCMessage *request;
    ProtobufCMessage *response;
    const char *portfolio_id;
    bool (*begin)(struct transaction *transaction,
                  struct beginning *beginning,
                  struct error *error);
    struct ledger_beginning movement;
    bool has_cash;    // of a reset: it is in `movement`
    const char *name; // of a clone; NULL for one made from the other's
    // What is worked on.
    struct portfolio_record record; // becomes that of the answer
    struct book *book;              // of the portfolio that is named in the request
    Portfolio__Portfolio **out_message;
    struct balance_changes changes;
};

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

static bool
answer(struct transaction *transaction, struct beginning *beginning, struct error *error)
{
    struct portfolio_record *record = &beginning->record;
    struct balance_record *balances = NULL;
    struct appraisal appraisal;
    size_t count = 0;

    // The answer outlives the transaction's arena.
    record->name = arena_copy_string(beginning->call->arena, record->name);
    record->description = arena_copy_string(beginning->call->arena, record->description);
    if (record->name == NULL || record->description == NULL)
        return out_of_budget(error);
    return store_read_balances(transaction, record->id, appraisal_day(beginning->portfolio),
                               &balances, &count, error) &&
           appraise(beginning->portfolio, beginning->call->arena, record->id, balances, count,
                    &appraisal, error) &&
           appraisal_to_portfolio(&appraisal, beginning->call->arena, record,
                                  beginning->out_message, error);
}

static bool
clone(struct transaction *transaction, struct beginning *beginning, struct error *error);

static bool save(struct transaction *transaction,
                 struct beginning *beginning,
                 const struct books *books,
                 struct error *error)
{
    if (!books_save(transaction, books, error))
        return false;
    balance_changes_take(&beginning->changes, books);
    return true;
}

static bool work(struct transaction *transaction, void *context, struct error *error)
{
    struct beginning *beginning = context;
    struct call *call = beginning->call;
    struct books_wanted wanted = {
        .portfolio_ids = &beginning->portfolio_id, .count = 1, .all_balances = true};
    const struct audit_outbox_event event = {
        .action = beginning->action, .method = beginning->method, .request = beginning->request};
    bool replayed = false;
    OWNED(books) books = NULL;

    if (!idempotency_begin(transaction, call, beginning->method, beginning->response, &replayed,
                           error))
        return false;
    if (replayed)
        return true;
    if (beginning->begin == clone && !store_hold_actions(transaction, error))
        return false;
    if (!access_lock(transaction, call, beginning->portfolio_id, &beginning->record, error) ||
        !books_load(transaction, &wanted, &books, error))
        return false;
    beginning->book = books_find(books, beginning->portfolio_id);
    if (beginning->book == NULL)
        return error_set(error, REASON_INTERNAL, "The locked portfolio has no book.");
    return access_note(transaction, call, &beginning->record, event, error) &&
           beginning->begin(transaction, beginning, error) &&
           save(transaction, beginning, books, error) && transaction_flush(transaction, error) &&
           answer(transaction, beginning, error) &&
           idempotency_finish(transaction, call, beginning->method, beginning->response, error);
}

static bool run(struct beginning *beginning, struct error *error)
{
    OWNED(arena) arena = arena_new(BEGINNING_BUDGET);

    beginning->movement.reference = beginning->call->request_id;
    if (!portfolio_now(beginning->portfolio, &beginning->movement.booked_at, error) ||
        !database_transact(beginning->portfolio->database, arena, TRANSACTION_LONG, work, beginning,
                           error))
        return false;
    balance_changes_publish(beginning->portfolio, &beginning->changes);
    return true;
}

static bool reset(struct transaction *transaction, struct beginning *beginning, struct error *error)
{
    struct portfolio_record *record = &beginning->record;

    if (!beginning->has_cash)
        beginning->movement.cash = record->opening_cash;
    if (!competition_leaves_free(record, beginning->movement.booked_at, error) ||
        !ledger_reset(beginning->book, &beginning->movement, error))
        return false;
    record->opening_cash = beginning->movement.cash;
    record->is_reset = true;
    record->reset_at = record->updated_at = beginning->movement.booked_at;
    // The movement that sets the cash, which is the last, is the first of the new ones.
    record->reset_seq = book_balance(beginning->book, LEDGER_CASH, LEDGER_CURRENCY).seq - 1;
    return store_reset_portfolio(transaction, record, error);
}

static bool check_cash(const struct portfolio *portfolio, int64_t cash, struct error *error)
{
    char maximum[DECIMAL_SIZE];

    if (cash <= portfolio->maximum_cash)
        return true;
    decimal_print(portfolio->maximum_cash, MONEY_SCALE, 2, maximum);
    error_clear(error);
    error_add_violation(error, "amount", "must be at most %s", maximum);
    return false;
}

bool portfolio_api_reset_portfolio(struct portfolio *portfolio,
                                   struct call *call,
                                   const Portfolio__ResetPortfolioRequest *request,
                                   Portfolio__ResetPortfolioResponse *response,
                                   struct error *error)
{
    struct beginning beginning = {
        .portfolio = portfolio,
        .call = call,
        .method = &portfolio_method_reset_portfolio,
        .action = "portfolio.reset",
        .request = &request->base,
        .response = &response->base,
        .portfolio_id = request->portfolio_id,
        .begin = reset,
        .movement = {.note = request->note, .cash = request->amount_micros},
        .has_cash = request->has_amount_micros,
        .out_message = &response->portfolio,
    };

    return (!request->has_amount_micros || check_cash(portfolio, request->amount_micros, error)) &&
           run(&beginning, error);
}

// "copy of" the other's name, cut where that would be too long; characters stay whole.
static const char *name_of_copy(struct arena *arena, const char *name)
{
    char *copy = arena_printf(arena, "copy of %s", name);
    size_t characters = 0;

    for (char *at = copy; at != NULL && *at != '\0'; at++) {
        bool begins = ((unsigned char)*at & 0xC0) != 0x80;

        if (begins && characters++ == CHARACTERS_MAX)
            *at = '\0';
        if (*at == '\0')
            break;
    }
    return copy;
}

// Writes the positions of the other portfolio into `book`, by their tickers, and its lots.
static bool copy_positions(struct transaction *transaction,
                           const struct beginning *beginning,
                           struct book *book,
                           struct error *error)
{
    struct book *from = beginning->book;
    struct arena *arena = transaction_arena(transaction);
    const char **tickers = arena_allocate(arena, (from->balance_count + 1) * sizeof(*tickers));
    const char **ids = arena_allocate(arena, (from->balance_count + 1) * sizeof(*ids));
    const char *open = NULL;
    size_t count = 0;

    if (tickers == NULL || ids == NULL)
        return out_of_budget(error);
    book_sort_balances(from);
    for (size_t i = 0; i < from->balance_count; i++) {
        const struct ledger_balance *balance = &from->balances[i];

        if (balance->account != LEDGER_SHARES || balance->amount == 0)
            continue;
        tickers[count] = balance->asset;
        ids[count] =
            arena_copy_string(arena, ledger_open_position(book, balance, &beginning->movement));
        if (ids[count++] == NULL)
            return out_of_budget(error);
    }
    if (!store_find_open_action(transaction, tickers, count, &open, error))
        return false;
    if (open != NULL)
        return error_set(error, REASON_UNAVAILABLE,
                         "A dividend or split of %s is being booked. Try again soon.", open);
    return store_copy_lots(transaction, from->portfolio_id, book->portfolio_id, tickers, ids, count,
                           error);
}

static bool clone(struct transaction *transaction, struct beginning *beginning, struct error *error)
{
    const char *name = beginning->name;
    struct portfolio_record *record = &beginning->record;
    struct book *book = NULL;
    struct books books = {.count = 1, .books = &book};
    bool inserted = false;
    bool done = false;

    if (name == NULL)
        name = name_of_copy(beginning->call->arena, record->name);
    if (name == NULL)
        return out_of_budget(error);
    beginning->movement.cash = book_balance(beginning->book, LEDGER_CASH, LEDGER_CURRENCY).amount;
    record->name = name;
    record->opening_cash = beginning->movement.cash;
    record->is_reset = false;
    record->reset_seq = 0;
    record->competition_id[0] = '\0';
    record->created_at = record->updated_at = beginning->movement.booked_at;
    snprintf(record->id, sizeof(record->id), "%s", uuid_new().string);
    if (!access_check_room(transaction, beginning->portfolio, record->user_id, record->created_at,
                           error) ||
        !store_insert_portfolio(transaction, record, &inserted, error))
        return false;
    book = book_new(record->id, false);
    done = copy_positions(transaction, beginning, book, error) &&
           ledger_open_cash(book, &beginning->movement, error) &&
           books_save(transaction, &books, error);
    book_free(&book);
    return done;
}

bool portfolio_api_clone_portfolio(struct portfolio *portfolio,
                                   struct call *call,
                                   const Portfolio__ClonePortfolioRequest *request,
                                   Portfolio__ClonePortfolioResponse *response,
                                   struct error *error)
{
    struct beginning beginning = {
        .portfolio = portfolio,
        .call = call,
        .method = &portfolio_method_clone_portfolio,
        .action = "portfolio.clone",
        .request = &request->base,
        .response = &response->base,
        .portfolio_id = request->portfolio_id,
        .begin = clone,
        .movement = {.note = request->note},
        .name = request->name,
        .out_message = &response->portfolio,
    };

    if (call->identity.portfolio_id[0] != '\0')
        return error_set(error, REASON_INSUFFICIENT_SCOPE,
                         "This API key is for one portfolio alone, and cannot open another.");
    return run(&beginning, error);
}
