// SPDX-License-Identifier: MIT
// Rows of a file become movements, one after the other, in a book.
#include "transactions/import_private.h"

#include <stdio.h>
#include <string.h>

#include "base/timestamp.h"
#include "money/money.h"
#include "transactions/transaction_message.h"

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The import needs too much memory.");
}

static bool is_beginning(const struct transaction_row *row)
{
    return row->kind == LEDGER_KIND_RESET && row->ticker[0] == '\0';
}

// Which dividends that are dated by their payment are booked already.
static void find_paid(struct import *import, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool is_same = false;
        const struct import_action *action = NULL;

        if (import->booked[i] != NULL)
            continue;
        action = import_actions_find_paid(&import->actions, &import->record, import->book,
                                          &import->table.rows[i], &is_same);
        *(is_same ? &import->booked[i] : &import->alike[i]) = action;
    }
}

// Which rows are booked already: of those before the portfolio begins anew.
static bool find_booked(struct transaction *transaction, struct import *import, struct error *error)
{
    const struct transaction_table *table = &import->table;
    struct arena *arena = transaction_arena(transaction);
    size_t count = 0;

    import->booked = arena_allocate(arena, (table->count + 1) * sizeof(*import->booked));
    import->alike = arena_allocate(arena, (table->count + 1) * sizeof(*import->alike));
    if (import->booked == NULL || import->alike == NULL)
        return out_of_budget(error);
    for (; count < table->count && !is_beginning(&table->rows[count]); count++)
        import->booked[count] = import_actions_find_booked(&import->actions, &import->record,
                                                           import->book, &table->rows[count]);
    find_paid(import, count);
    return true;
}

static Portfolio__RejectedTransaction *
make_remark(struct arena *arena, const struct transaction_row *row, const char *rule)
{
    Portfolio__RejectedTransaction *message = arena_allocate(arena, sizeof(*message));

    if (message == NULL || rule == NULL)
        return NULL;
    portfolio__rejected_transaction__init(message);
    message->has_line = true;
    message->line = row->line;
    message->field = "kind";
    message->rule = rule;
    return message;
}

static bool add_passed_over(struct import *import,
                            const struct transaction_row *row,
                            const struct import_action *action,
                            struct error *error)
{
    Portfolio__ImportTransactionsResponse *response = import->response;
    struct arena *arena = import->call->arena;
    Portfolio__RejectedTransaction *message = NULL;
    char at[TIMESTAMP_SIZE];

    timestamp_print(action->effective_at, at);
    message = make_remark(
        arena, row,
        arena_printf(arena, "is booked already: the %s of %s that is in effect since %s",
                     action->is_split ? "split" : "dividend", action->ticker, at));
    if (message == NULL)
        return out_of_budget(error);
    response->passed_over[response->n_passed_over++] = message;
    return true;
}

static bool add_warning(struct import *import,
                        const struct transaction_row *row,
                        const struct import_action *action,
                        struct error *error)
{
    Portfolio__ImportTransactionsResponse *response = import->response;
    struct arena *arena = import->call->arena;
    Portfolio__RejectedTransaction *message = NULL;
    char at[TIMESTAMP_SIZE];
    char paid[DECIMAL_SIZE];
    char amount[DECIMAL_SIZE];

    timestamp_print(action->effective_at, at);
    decimal_print(action->paid, MONEY_SCALE, 2, paid);
    decimal_print(row->amount, MONEY_SCALE, 2, amount);
    message = make_remark(arena, row,
                          arena_printf(arena,
                                       "may be the dividend of %s in effect since %s, of which %s "
                                       "are booked: this row's %s are booked as well",
                                       action->ticker, at, paid, amount));
    if (message == NULL)
        return out_of_budget(error);
    response->warnings[response->n_warnings++] = message;
    return true;
}

// Whether all rows are of after what has been booked, and how late that is.
static bool check_dates(struct transaction *transaction, struct import *import, struct error *error)
{
    char last[TIMESTAMP_SIZE];
    int64_t booked_at = 0;

    if (!import_store_find_last(transaction, import->record.id, &booked_at, error))
        return false;
    timestamp_print(booked_at, last);
    for (size_t i = 0; i < import->table.count; i++) {
        if (import->table.rows[i].at < booked_at && import->booked[i] == NULL)
            transaction_table_add_problem(
                &import->table, import->table.rows[i].line, "date",
                "must not be before the portfolio's last transaction, %s. Import a history of "
                "before into a portfolio that was opened without cash",
                last);
    }
    while (import->action < import->actions.count &&
           import->actions.actions[import->action].effective_at <= booked_at)
        import->action++;
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
// out to have held them: the file has it, or has no shares then.
static void go_past_splits(struct import *import, size_t count, int64_t until)
{
    char at[TIMESTAMP_SIZE];

    for (; import->action < import->actions.count; import->action++) {
        const struct import_action *action = &import->actions.actions[import->action];
        const struct transaction_row *row = last_row_of(import, count, action->ticker);

        if (action->effective_at > until)
            return;
        if (!action->is_split || row == NULL || import_actions_has_row(&import->table, action) ||
            book_balance(import->book, LEDGER_SHARES, action->ticker).amount == 0)
            continue;
        timestamp_print(action->effective_at, at);
        transaction_table_add_problem(&import->table, row->line, "date",
                                      "leaves shares of %s that were split at %s: the file must "
                                      "have that split, too, or what there was of them after it",
                                      action->ticker, at);
    }
}

static const char *field_of(const struct transaction_row *row)
{
    if (row->kind == LEDGER_KIND_RESET)
        return "kind";
    return row->quantity > 0 || row->kind == LEDGER_KIND_SPLIT ? "quantity" : "amount";
}

static bool refuse_cash(const struct import *import, const char *what, struct error *error)
{
    char maximum[DECIMAL_SIZE];

    decimal_print(import->portfolio->maximum_cash, MONEY_SCALE, 2, maximum);
    return error_set(error, REASON_LIMIT_EXCEEDED, "%s cannot bring the portfolio above %s USD.",
                     what, maximum);
}

// More is not given than by a deposit.
static bool
check_maximum(struct import *import, const struct transaction_row *row, struct error *error)
{
    int64_t cash = book_balance(import->book, LEDGER_CASH, LEDGER_CURRENCY).amount;
    int64_t sum = 0;

    if (is_beginning(row))
        return row->amount <= import->portfolio->maximum_cash ||
               refuse_cash(import, "A reset", error);
    if (row->kind != LEDGER_KIND_DEPOSIT && row->kind != LEDGER_KIND_OPENING)
        return true;
    return (money_add(cash, row->amount, &sum) && sum <= import->portfolio->maximum_cash) ||
           refuse_cash(import, row->kind == LEDGER_KIND_DEPOSIT ? "A deposit" : "An opening",
                       error);
}

// The portfolio begins anew, as with ledger_reset, and what follows is of after that.
static bool
begin_anew(struct import *import, const struct transaction_row *row, struct error *error)
{
    struct uuid id = import_row_id(import, row->line);
    struct uuid reference = import_beginning_id(import);
    const struct ledger_beginning beginning = {
        .reference = reference.string,
        .name = id.string,
        .note = row->note,
        .cash = row->amount,
        .booked_at = row->at,
    };
    struct portfolio_record *record = &import->record;

    if (!ledger_reset(import->book, &beginning, error))
        return false;
    record->opening_cash = row->amount;
    record->is_reset = true;
    record->reset_at = row->at;
    record->reset_seq = book_balance(import->book, LEDGER_CASH, LEDGER_CURRENCY).seq - 1;
    import_set_id(import);
    return true;
}

// Shares go with the beginning that follows: here is only whether they are what there is.
static bool
check_reset_shares(struct import *import, const struct transaction_row *row, struct error *error)
{
    int64_t quantity = book_balance(import->book, LEDGER_SHARES, row->ticker).amount;
    char present[DECIMAL_SIZE];

    if (quantity == row->quantity)
        return true;
    decimal_print(quantity, QUANTITY_SCALE, 0, present);
    return error_set(error, REASON_CONFLICT,
                     "A reset takes all shares, and there are %s of %s at that time.", present,
                     row->ticker);
}

// The first of a day has the id that the platform knows it by.
static struct uuid id_of(const struct import *import, const struct transaction_row *row)
{
    if (import_actions_is_one(row)) {
        struct uuid mark = import_actions_mark(import->record.id, import->record.reset_seq, row);

        if (!book_is_booked(import->book, mark.string))
            return mark;
    }
    return import_row_id(import, row->line);
}

static bool
book_movement(struct import *import, const struct transaction_row *row, struct error *error)
{
    struct uuid id = id_of(import, row);
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
        .numerator = row->numerator,
        .denominator = row->denominator,
        .cost = row->cost,
        .lots = row->lots,
        .lot_count = row->lot_count,
        .booked_at = row->at,
    };

    return ledger_import(import->book, &imported, error);
}

// Books a row, or notes why it cannot be.
static void book_row(struct import *import, const struct transaction_row *row)
{
    struct error error;

    if (check_maximum(import, row, &error) &&
        (is_beginning(row)                ? begin_anew(import, row, &error)
         : row->kind == LEDGER_KIND_RESET ? check_reset_shares(import, row, &error)
                                          : book_movement(import, row, &error)))
        return;
    // Which lot a sale ends in was reckoned for all of the file; with rows left out it is another.
    if (import->book->lacks_lot && import->table.problem_total > 0)
        transaction_table_add_problem(&import->table, row->line, "row",
                                      "cannot be checked before those above are right");
    else
        transaction_table_add_problem(&import->table, row->line, field_of(row), "%s",
                                      error.message);
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

static bool make_room(struct import *import, struct error *error)
{
    Portfolio__ImportTransactionsResponse *response = import->response;
    struct arena *arena = import->call->arena;
    size_t most = import->table.count + 1;

    response->transactions = arena_allocate(arena, most * sizeof(*response->transactions));
    response->passed_over = arena_allocate(arena, most * sizeof(*response->passed_over));
    response->warnings = arena_allocate(arena, most * sizeof(*response->warnings));
    return (response->transactions != NULL && response->passed_over != NULL &&
            response->warnings != NULL) ||
           out_of_budget(error);
}

bool import_book_rows(struct transaction *transaction, struct import *import, struct error *error)
{
    const struct transaction_table *table = &import->table;

    if (!find_booked(transaction, import, error) || !check_dates(transaction, import, error) ||
        !make_room(import, error))
        return false;
    // What a history comes to says nothing while it is not all there.
    if (table->problem_total > 0)
        return true;
    for (size_t i = 0; i < table->count; i++) {
        const struct transaction_row *row = &table->rows[i];
        size_t before = import->book->journal_count;

        if (import->booked[i] != NULL) {
            if (!add_passed_over(import, row, import->booked[i], error))
                return false;
            continue;
        }
        if (import->alike[i] != NULL && !add_warning(import, row, import->alike[i], error))
            return false;
        go_past_splits(import, i, row->at);
        book_row(import, row);
        if (import->is_dry && import->book->journal_count > before && !add_row(import, row, error))
            return false;
    }
    go_past_splits(import, table->count, import->now);
    return true;
}
