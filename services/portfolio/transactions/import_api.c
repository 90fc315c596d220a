// SPDX-License-Identifier: MIT
// import_api: transactions that were made elsewhere, from a CSV file.
//
// They are booked behind what is booked already, so none may be before that: the lots of what was
// sold since could not be what they are. All rows of a file are booked in one transaction, or none.
// A file is known by its bytes: its movements have ids made of them, so it is booked once.
#include "bourse/portfolio/v1/portfolio_methods.h"
#include "bourse/portfolio/v1/portfolio_server.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "actions/action_store.h"
#include "base/digest.h"
#include "competitions/competition.h"
#include "portfolios/access.h"
#include "service/idempotency.h"
#include "snapshots/equity_store.h"
#include "snapshots/snapshot_due.h"
#include "transactions/import_private.h"
#include "watchlists/catalogue.h"

enum {
    IMPORT_BUDGET = 64 * 1024 * 1024,
    TICKERS_MAX = 500, // that market is asked about at once
    ASK_MS = 10 * 1000,
};

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The import needs too much memory.");
}

static bool has_ticker(const struct import *import, const char *ticker)
{
    for (size_t i = 0; i < import->ticker_count; i++) {
        if (strcmp(import->tickers[i], ticker) == 0)
            return true;
    }
    return false;
}

static bool collect_tickers(struct import *import, struct error *error)
{
    const struct transaction_table *table = &import->table;

    import->tickers =
        arena_allocate(import->call->arena, (table->count + 1) * sizeof(*import->tickers));
    if (import->tickers == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < table->count; i++) {
        const struct transaction_row *row = &table->rows[i];

        if (row->ticker[0] == '\0' || has_ticker(import, row->ticker))
            continue;
        if (import->ticker_count == TICKERS_MAX) {
            transaction_table_add_problem(&import->table, row->line, "symbol",
                                          "is one more than the %d that a file may name",
                                          TICKERS_MAX);
            return true;
        }
        import->tickers[import->ticker_count++] = row->ticker;
    }
    return true;
}

static bool check_symbols(struct import *import, struct error *error)
{
    struct catalogue catalogue = {0};

    if (!collect_tickers(import, error))
        return false;
    if (import->ticker_count == 0)
        return true;
    if (!catalogue_ask(import->portfolio, import->call, import->tickers, import->ticker_count,
                       ASK_MS, &catalogue, error))
        return false;
    for (size_t i = 0; i < import->table.count; i++) {
        const struct transaction_row *row = &import->table.rows[i];

        if (row->ticker[0] != '\0' && has_ticker(import, row->ticker) &&
            catalogue_find(&catalogue, row->ticker) == NULL)
            transaction_table_add_problem(&import->table, row->line, "symbol",
                                          "%s is no symbol of this market", row->ticker);
    }
    return true;
}

static bool add_rejected(struct import *import, struct error *error)
{
    const struct transaction_table *table = &import->table;
    Portfolio__ImportTransactionsResponse *response = import->response;
    struct arena *arena = import->call->arena;

    response->rejected =
        arena_allocate(arena, (table->problem_count + 1) * sizeof(*response->rejected));
    if (response->rejected == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < table->problem_count; i++) {
        Portfolio__RejectedTransaction *message = arena_allocate(arena, sizeof(*message));

        if (message == NULL)
            return out_of_budget(error);
        portfolio__rejected_transaction__init(message);
        message->has_line = true;
        message->line = table->problems[i].line;
        message->field = table->problems[i].field;
        message->rule = table->problems[i].rule;
        response->rejected[response->n_rejected++] = message;
    }
    return true;
}

static bool answer(struct import *import, struct error *error)
{
    Portfolio__ImportTransactionsResponse *response = import->response;

    response->has_dry_run = response->has_already_imported = true;
    response->dry_run = import->is_dry;
    response->already_imported = import->is_there;
    response->has_rows = response->has_rejected_count = true;
    response->rows = import->table.row_count;
    response->rejected_count = (uint32_t)import->table.problem_total;
    response->has_passed_over_count = true;
    response->passed_over_count = (uint32_t)response->n_passed_over;
    response->has_warnings_count = true;
    response->warnings_count = (uint32_t)response->n_warnings;
    response->digest = import->digest;
    response->has_cash_after_micros = true;
    response->cash_after_micros = book_balance(import->book, LEDGER_CASH, LEDGER_CURRENCY).amount;
    return add_rejected(import, error);
}

// Fails with the first rules that are broken.
static bool refuse(const struct import *import, struct error *error)
{
    const struct transaction_table *table = &import->table;

    error_clear(error);
    for (size_t i = 0; i < table->problem_count && i < ERROR_DETAILS_MAX - 1; i++) {
        char name[ERROR_NAME_SIZE];

        snprintf(name, sizeof(name), "line %" PRIu32 ": %s", table->problems[i].line,
                 table->problems[i].field);
        error_add_violation(error, name, "%s", table->problems[i].rule);
    }
    error_add_number(error, "rejected_count", "%zu", table->problem_total);
    return false;
}

// Books everything into the book; what cannot be is in the table.
static bool work_out(struct transaction *transaction, struct import *import, struct error *error)
{
    const char *open = NULL;

    if (!store_find_open_action(transaction, import->tickers, import->ticker_count, &open, error))
        return false;
    if (open != NULL)
        return error_set(error, REASON_UNAVAILABLE,
                         "A dividend or split of %s is being booked. Try again soon.", open);
    return import_book_rows(transaction, import, error);
}

// The days from the first row on are taken anew, and what was measured since is forgotten.
static bool
mark_days(struct transaction *transaction, const struct import *import, struct error *error)
{
    const char *id = import->record.id;
    int64_t first = import->now;

    for (size_t i = 0; i < import->table.count; i++) {
        if (import->table.rows[i].at < first)
            first = import->table.rows[i].at;
    }
    return equity_store_forget(transaction, id, first, error) &&
           snapshot_due_mark(transaction, &id, 1, first, error);
}

static bool write_book(struct transaction *transaction,
                       struct import *import,
                       const struct books *books,
                       struct error *error)
{
    const struct audit_outbox_event event = {.action = "portfolio.import",
                                             .method = &portfolio_method_take_transactions,
                                             .request = &import->request->base};

    if (import->is_there)
        return true;
    if (import->table.problem_total > 0)
        return refuse(import, error);
    if (!books_save(transaction, books, error))
        return false;
    balance_changes_take(&import->changes, books);
    return (!import->has_reset || store_reset_portfolio(transaction, &import->record, error)) &&
           import_store_forget_day(transaction, import->record.id, error) &&
           mark_days(transaction, import, error) &&
           import_store_drop_file(transaction, import->record.id, error) &&
           access_note(transaction, import->call, &import->record, event, error);
}

// A page shows what a file comes to, and asks; it has no way to send the same file again.
static bool
keep_file(struct transaction *transaction, const struct import *import, struct error *error)
{
    const Portfolio__TakeTransactionsRequest *request = import->request;

    if (!request->has_keep || !request->keep || import->is_there || import->table.problem_total > 0)
        return true;
    return import_store_keep_file(transaction, import->record.id, import->digest, import->csv,
                                  error);
}

static bool work(struct transaction *transaction, void *context, struct error *error)
{
    struct import *import = context;
    const struct rpc_method *method = &portfolio_method_take_transactions;
    bool replayed = false;
    OWNED(books) books = NULL;

    // A transaction that has to be done once more begins with what the file has said.
    import->table = import->read;
    import->action = 0;
    import->response->n_transactions = import->response->n_rejected = 0;
    import->response->n_passed_over = import->response->n_warnings = 0;
    if (!import->is_dry && !idempotency_begin(transaction, import->call, method,
                                              &import->response->base, &replayed, error))
        return false;
    if (replayed)
        return true;
    if (!store_hold_actions(transaction, error) ||
        !access_lock(transaction, import->call, import->request->portfolio_id, &import->record,
                     error) ||
        !competition_leaves_free(&import->record, import->now, error))
        return false;
    if (!import_load(transaction, import, &books, error))
        return false;
    if (!import->is_there && import->table.problem_total == 0 &&
        !work_out(transaction, import, error))
        return false;
    if (!answer(import, error))
        return false;
    if (import->is_dry)
        return keep_file(transaction, import, error);
    return (write_book(transaction, import, books, error) &&
            idempotency_finish(transaction, import->call, method, &import->response->base, error));
}

// The file that comes with the request, or the one that has been kept.
static bool find_file(struct import *import, struct text *out_csv, struct error *error)
{
    const Portfolio__TakeTransactionsRequest *request = import->request;
    const char *kept = NULL;

    if (request->has_csv == (request->digest != NULL)) {
        error_clear(error);
        error_add_violation(error, "csv", "must be there, or `digest`, and not both");
        return false;
    }
    if (request->has_csv) {
        *out_csv = request->csv.len == 0
                       ? text_of("")
                       : (struct text){(const char *)request->csv.data, request->csv.len};
        return true;
    }
    if (!import_store_find_file(import->portfolio->database, import->call->arena,
                                request->portfolio_id, request->digest, &kept, error))
        return false;
    if (kept == NULL)
        return error_set(error, REASON_IMPORT_NOT_FOUND,
                         "The file that was checked is not kept any more. Send it again.");
    *out_csv = text_of(kept);
    return true;
}

static bool has_beginning(const struct transaction_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->rows[i].kind == LEDGER_KIND_RESET)
            return true;
    }
    return false;
}

static bool read_file(struct import *import, struct text *out_csv, struct error *error)
{
    struct portfolio_record record;

    // Who may not see the portfolio learns nothing about symbols by it.
    if (!access_find(import->portfolio, import->call, import->request->portfolio_id, true, &record,
                     error) ||
        !portfolio_now(import->portfolio, &import->now, error) ||
        !find_file(import, out_csv, error))
        return false;
    digest_sha256_hex(*out_csv, import->digest);
    if (!transaction_csv_read(*out_csv, import->now, import->call->arena, &import->table, error))
        return false;
    import->has_reset = has_beginning(&import->table);
    return check_symbols(import, error);
}

bool portfolio_api_take_transactions(struct portfolio *portfolio,
                                     struct call *call,
                                     const Portfolio__TakeTransactionsRequest *request,
                                     Portfolio__ImportTransactionsResponse *response,
                                     struct error *error)
{
    OWNED(arena) arena = arena_new(IMPORT_BUDGET);
    struct import *import = arena_allocate(call->arena, sizeof(*import));

    if (import == NULL)
        return out_of_budget(error);
    *import = (struct import){.portfolio = portfolio,
                              .call = call,
                              .request = request,
                              .response = response,
                              .is_dry = !request->has_dry_run || request->dry_run};
    if (!read_file(import, &import->csv, error))
        return false;
    import->read = import->table;
    if (!database_transact(portfolio->database, arena, TRANSACTION_LONG, work, import, error))
        return false;
    balance_changes_publish(portfolio, &import->changes);
    return true;
}
