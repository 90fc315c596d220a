// SPDX-License-Identifier: MIT
#include "transactions/import_actions.h"

#include <string.h>

#include "base/clock.h"

#define DAY_US (INT64_C(86400) * MICROS_PER_SECOND)

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
    return table->count == 0 ? 0 : first - first % DAY_US;
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

    if (!import_store_list_actions(transaction, tickers, ticker_count, first_day(table),
                                   &found.actions, &found.count, error))
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
           row->at / DAY_US == action->effective_at / DAY_US;
}

const struct import_action *import_actions_find_booked(const struct import_actions *actions,
                                                       const struct portfolio_record *record,
                                                       const struct book *book,
                                                       const struct transaction_row *row)
{
    for (size_t i = 0; i < actions->count; i++) {
        const struct import_action *action = &actions->actions[i];

        if (is_of(row, action) && book_is_booked(book, actions->journal_ids[i]) &&
            (!record->is_reset || action->effective_at >= record->reset_at))
            return action;
    }
    return NULL;
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
