// SPDX-License-Identifier: MIT
#include "transactions/import_actions.h"

#include <string.h>

#include "base/clock.h"

enum { PAID_DAYS_MAX = 60 };

#define CENT INT64_C(10000)

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The import needs too much memory.");
}

static int64_t first_day(const struct transaction_table *table)
{
    int64_t first = INT64_MAX;

    for (size_t i = 0; i < table->count; i++) {
        if (table->rows[i].at < first)
            first = table->rows[i].at;
    }
    return table->count == 0 ? 0 : first - first % MICROS_PER_DAY;
}

// What of the dividends is booked in the portfolio.
static bool read_paid(struct transaction *transaction,
                      const char *portfolio_id,
                      struct import_actions *actions,
                      struct error *error)
{
    int64_t *paid =
        arena_allocate(transaction_arena(transaction), (actions->count + 1) * sizeof(*paid));

    if (paid == NULL)
        return out_of_budget(error);
    if (!import_store_read_cash(transaction, portfolio_id, actions->journal_ids, actions->count,
                                paid, error))
        return false;
    for (size_t i = 0; i < actions->count; i++)
        actions->actions[i].paid = paid[i];
    return true;
}

bool import_actions_load(struct transaction *transaction,
                         const struct portfolio_record *record,
                         const struct transaction_table *table,
                         const char *const *tickers,
                         size_t ticker_count,
                         struct import_actions *out_actions,
                         struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    struct import_actions found = {0};
    int64_t first = first_day(table);

    if (!import_store_list_actions(transaction, tickers, ticker_count, first,
                                   first - PAID_DAYS_MAX * MICROS_PER_DAY, &found.actions,
                                   &found.count, error))
        return false;
    found.journal_ids = arena_allocate(arena, (found.count + 1) * sizeof(*found.journal_ids));
    if (found.journal_ids == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < found.count; i++) {
        found.journal_ids[i] =
            arena_copy_string(arena, ledger_action_journal(record->id, found.actions[i].id).string);
        if (found.journal_ids[i] == NULL)
            return out_of_budget(error);
    }
    if (!read_paid(transaction, record->id, &found, error))
        return false;
    *out_actions = found;
    return true;
}

bool import_actions_is_one(const struct transaction_row *row)
{
    return row->kind == LEDGER_KIND_DIVIDEND || row->kind == LEDGER_KIND_SPLIT;
}

struct uuid
import_actions_mark(const char *portfolio_id, int64_t reset_seq, const struct transaction_row *row)
{
    return ledger_imported_action(portfolio_id, reset_seq, row->kind == LEDGER_KIND_SPLIT,
                                  row->ticker, row->at);
}

// What is paid for the rest of a share is of the split.
static bool is_of(const struct transaction_row *row, const struct import_action *action)
{
    bool is_split = row->kind == LEDGER_KIND_SPLIT || row->kind == LEDGER_KIND_CASH_IN_LIEU;

    return (is_split || row->kind == LEDGER_KIND_DIVIDEND) && is_split == action->is_split &&
           strcmp(row->ticker, action->ticker) == 0 &&
           row->at / MICROS_PER_DAY == action->effective_at / MICROS_PER_DAY;
}

static bool is_booked(const struct import_actions *actions,
                      const struct portfolio_record *record,
                      const struct book *book,
                      size_t index)
{
    return book_is_booked(book, actions->journal_ids[index]) &&
           (!record->is_reset || actions->actions[index].effective_at >= record->reset_at);
}

const struct import_action *import_actions_find_booked(const struct import_actions *actions,
                                                       const struct portfolio_record *record,
                                                       const struct book *book,
                                                       const struct transaction_row *row)
{
    for (size_t i = 0; i < actions->count; i++) {
        struct import_action *action = &actions->actions[i];

        if (!is_of(row, action) || !is_booked(actions, record, book, i))
            continue;
        action->is_a_row = true;
        return action;
    }
    return NULL;
}

// Whether the row is of a day on which something of its kind came into effect.
static bool is_of_any(const struct import_actions *actions, const struct transaction_row *row)
{
    for (size_t i = 0; i < actions->count; i++) {
        if (is_of(row, &actions->actions[i]))
            return true;
    }
    return false;
}

static bool may_be_paid_by(const struct transaction_row *row, const struct import_action *action)
{
    int64_t days = row->at / MICROS_PER_DAY - action->effective_at / MICROS_PER_DAY;

    return !action->is_split && !action->is_a_row && strcmp(row->ticker, action->ticker) == 0 &&
           days > 0 && days <= PAID_DAYS_MAX;
}

// Whether the row says the same amount a share, or comes to the same cash.
static bool is_same(const struct transaction_row *row, const struct import_action *action)
{
    return row->price == action->amount ||
           (row->amount >= action->paid - CENT && row->amount <= action->paid + CENT);
}

const struct import_action *import_actions_find_paid(const struct import_actions *actions,
                                                     const struct portfolio_record *record,
                                                     const struct book *book,
                                                     const struct transaction_row *row,
                                                     bool *out_is_same)
{
    struct import_action *last = NULL;

    if (row->kind != LEDGER_KIND_DIVIDEND || is_of_any(actions, row))
        return NULL;
    // Those of before are paid before, so that each row finds its own.
    for (size_t i = 0; i < actions->count; i++) {
        struct import_action *action = &actions->actions[i];

        if (!may_be_paid_by(row, action) || !is_booked(actions, record, book, i))
            continue;
        last = action;
        *out_is_same = is_same(row, action);
        action->is_a_row = *out_is_same;
        if (*out_is_same)
            break;
    }
    return last;
}

bool import_actions_has_row(const struct transaction_table *table,
                            const struct import_action *split)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->rows[i].kind == LEDGER_KIND_SPLIT && is_of(&table->rows[i], split))
            return true;
    }
    return false;
}
