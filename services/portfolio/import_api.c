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

#include "access.h"
#include "action_store.h"
#include "balance_events.h"
#include "base/digest.h"
#include "base/timestamp.h"
#include "catalogue.h"
#include "import_store.h"
#include "money/money.h"
#include "portfolio_books.h"
#include "service/idempotency.h"
#include "transaction_csv.h"
#include "transaction_message.h"

enum {
    IMPORT_BUDGET = 64 * 1024 * 1024,
    TICKERS_MAX = 500, // that market is asked about at once
    ASK_MS = 10 * 1000,
};

struct import {
    struct portfolio *portfolio;
    struct call *call;
    const Portfolio__TakeTransactionsRequest *request;
    Portfolio__ImportTransactionsResponse *response;
    bool is_dry;
    int64_t now;
    char digest[SHA256_HEX_SIZE]; // of the file
    struct text csv;
    struct transaction_table read; // of it
    struct transaction_table table;
    const char **tickers;
    size_t ticker_count;
    // Within the transaction.
    struct portfolio_record record;
    struct book *book;
    char id[UUID_SIZE]; // of this file in this portfolio
    struct import_split *splits;
    size_t split_count;
    size_t split; // the next one that rows come to
    bool is_there;
    struct balance_changes changes;
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

// The id of a row, counted in the order of the file; those of a file are all there, or none.
static struct uuid id_of(const struct import *import, uint32_t line)
{
    char name[160];

    snprintf(name, sizeof(name), "imported:%s:%" PRIu32, import->id, line);
    return uuid_from_name(text_of(name));
}

// A portfolio that has begun anew may take a file once more.
static void name_import(struct import *import)
{
    char name[200];

    snprintf(name, sizeof(name), "import:%s:%" PRId64 ":%s", import->record.id,
             import->record.reset_seq, import->digest);
    snprintf(import->id, sizeof(import->id), "%s", uuid_from_name(text_of(name)).string);
}

// One that is wanted for each ticker, and one for each sell: for the lot that it ends in, counted
// over all that the file sells of the ticker.
static bool load_book(struct transaction *transaction,
                      struct import *import,
                      struct books **out_books,
                      struct error *error)
{
    const struct transaction_table *table = &import->table;
    struct arena *arena = transaction_arena(transaction);
    size_t most = import->ticker_count + table->count + 1;
    const char **portfolio_ids = arena_allocate(arena, most * sizeof(*portfolio_ids));
    const char **tickers = arena_allocate(arena, most * sizeof(*tickers));
    const char **journal_ids = arena_allocate(arena, most * sizeof(*journal_ids));
    int64_t *sold = arena_allocate(arena, most * sizeof(*sold));
    struct books_wanted wanted = {.portfolio_ids = portfolio_ids, .tickers = tickers, .sold = sold};
    struct uuid first = id_of(import, table->count > 0 ? table->rows[0].line : 0);

    if (portfolio_ids == NULL || tickers == NULL || journal_ids == NULL || sold == NULL)
        return out_of_budget(error);
    wanted.journal_ids = journal_ids;
    tickers[wanted.count] = LEDGER_CURRENCY;
    sold[wanted.count++] = 0;
    for (size_t i = 0; i < import->ticker_count; i++) {
        int64_t sum = 0;

        tickers[wanted.count] = import->tickers[i];
        sold[wanted.count++] = 0;
        for (size_t j = 0; j < table->count; j++) {
            const struct transaction_row *row = &table->rows[j];

            // More than can be counted is refused when its turn comes.
            if (row->kind != LEDGER_KIND_SELL || strcmp(row->ticker, import->tickers[i]) != 0 ||
                !money_add(sum, row->quantity, &sum))
                continue;
            tickers[wanted.count] = row->ticker;
            sold[wanted.count++] = sum;
        }
    }
    for (size_t i = 0; i < wanted.count; i++) {
        portfolio_ids[i] = import->record.id;
        journal_ids[i] = first.string;
    }
    return books_load(transaction, &wanted, out_books, error);
}

static void refuse_row(struct import *import,
                       const struct transaction_row *row,
                       const char *field,
                       const struct error *error)
{
    transaction_table_add_problem(&import->table, row->line, field, "%s", error->message);
}

// Whether all rows are of after what has been booked, and how late that is.
static bool check_dates(struct transaction *transaction, struct import *import, struct error *error)
{
    char last[TIMESTAMP_SIZE];
    int64_t booked_at = 0;

    if (!import_store_find_last(transaction, import->record.id, &booked_at, error) ||
        !import_store_list_splits(transaction, import->tickers, import->ticker_count,
                                  &import->splits, &import->split_count, error))
        return false;
    timestamp_print(booked_at, last);
    for (size_t i = 0; i < import->table.count; i++) {
        if (import->table.rows[i].at < booked_at)
            transaction_table_add_problem(
                &import->table, import->table.rows[i].line, "date",
                "must not be before the portfolio's last transaction, %s. Import a history of "
                "before into a portfolio that was opened without cash",
                last);
    }
    while (import->split < import->split_count &&
           import->splits[import->split].effective_at <= booked_at)
        import->split++;
    return true;
}

// The last of the first `count` rows that is of the ticker.
static const struct transaction_row *
last_row_of(const struct import *import, size_t count, const char *ticker)
{
    for (size_t i = count; i-- > 0;) {
        if (strcmp(import->table.rows[i].ticker, ticker) == 0)
            return &import->table.rows[i];
    }
    return NULL;
}

// A split that has been booked for all who held the shares is not booked once more for who turns
// out to have held them.
static void go_past_splits(struct import *import, size_t count, int64_t until)
{
    char at[TIMESTAMP_SIZE];

    for (; import->split < import->split_count; import->split++) {
        const struct import_split *split = &import->splits[import->split];
        const struct transaction_row *row = last_row_of(import, count, split->ticker);

        if (split->effective_at > until)
            return;
        if (row == NULL || book_balance(import->book, LEDGER_SHARES, split->ticker).amount == 0)
            continue;
        timestamp_print(split->effective_at, at);
        transaction_table_add_problem(&import->table, row->line, "date",
                                      "leaves shares of %s that were split at %s: import what "
                                      "there was of them after that",
                                      split->ticker, at);
    }
}

static const char *field_of(const struct transaction_row *row)
{
    return row->kind == LEDGER_KIND_BUY || row->kind == LEDGER_KIND_SELL ? "quantity" : "amount";
}

// More is not given than by a deposit.
static bool
check_maximum(struct import *import, const struct transaction_row *row, struct error *error)
{
    char maximum[DECIMAL_SIZE];
    int64_t cash = book_balance(import->book, LEDGER_CASH, LEDGER_CURRENCY).amount;
    int64_t sum = 0;

    if (row->kind != LEDGER_KIND_DEPOSIT ||
        (money_add(cash, row->amount, &sum) && sum <= import->portfolio->maximum_cash))
        return true;
    decimal_print(import->portfolio->maximum_cash, MONEY_SCALE, 2, maximum);
    return error_set(error, REASON_LIMIT_EXCEEDED,
                     "A deposit cannot bring the portfolio above %s USD.", maximum);
}

// Books a row, or notes why it cannot be.
static void book_row(struct import *import, const struct transaction_row *row)
{
    struct uuid id = id_of(import, row->line);
    struct ledger_imported imported = {
        .kind = row->kind,
        .id = id.string,
        .reference = import->id,
        .ticker = row->ticker,
        .note = row->note,
        .quantity = row->quantity,
        .price = row->price,
        .commission = row->commission,
        .amount = row->amount,
        .booked_at = row->at,
    };
    struct error error;

    if (check_maximum(import, row, &error) && ledger_import(import->book, &imported, &error))
        return;
    // Which lot a sale ends in was reckoned for all of the file; with rows left out it is another.
    if (import->book->lacks_lot && import->table.problem_total > 0)
        transaction_table_add_problem(&import->table, row->line, "row",
                                      "cannot be checked before those above are right");
    else
        refuse_row(import, row, field_of(row), &error);
    import->book->lacks_lot = false;
}

static bool add_row(struct import *import, const struct transaction_row *row, struct error *error)
{
    Portfolio__ImportTransactionsResponse *response = import->response;
    Portfolio__ImportedTransaction *message = arena_allocate(import->call->arena, sizeof(*message));
    const struct book *book = import->book;

    if (message == NULL)
        return out_of_budget(error);
    portfolio__imported_transaction__init(message);
    message->has_line = true;
    message->line = row->line;
    message->transaction =
        transaction_of_journal(book, &book->journals[book->journal_count - 1], import->call->arena);
    if (message->transaction == NULL)
        return out_of_budget(error);
    response->transactions[response->n_transactions++] = message;
    return true;
}

static bool book_rows(struct import *import, struct error *error)
{
    const struct transaction_table *table = &import->table;

    import->response->transactions = arena_allocate(
        import->call->arena, (table->count + 1) * sizeof(*import->response->transactions));
    if (import->response->transactions == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < table->count; i++) {
        size_t before = import->book->journal_count;

        go_past_splits(import, i, table->rows[i].at);
        book_row(import, &table->rows[i]);
        if (import->is_dry && import->book->journal_count > before &&
            !add_row(import, &table->rows[i], error))
            return false;
    }
    go_past_splits(import, table->count, import->now);
    return true;
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
    if (!check_dates(transaction, import, error))
        return false;
    // What a history comes to says nothing while it is not all there.
    return import->table.problem_total > 0 || book_rows(import, error);
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
    return import_store_forget_day(transaction, import->record.id, error) &&
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
    import->split = 0;
    import->response->n_transactions = import->response->n_rejected = 0;
    if (!import->is_dry && !idempotency_begin(transaction, import->call, method,
                                              &import->response->base, &replayed, error))
        return false;
    if (replayed)
        return true;
    if (!store_hold_actions(transaction, error) ||
        !access_lock(transaction, import->call, import->request->portfolio_id, &import->record,
                     error))
        return false;
    name_import(import);
    if (!load_book(transaction, import, &books, error))
        return false;
    import->book = books_find(books, import->record.id);
    if (import->book == NULL)
        return error_set(error, REASON_INTERNAL, "The locked portfolio has no book.");
    import->is_there = import->book->booked_count > 0;
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
    return transaction_csv_read(*out_csv, import->now, import->call->arena, &import->table,
                                error) &&
           check_symbols(import, error);
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
