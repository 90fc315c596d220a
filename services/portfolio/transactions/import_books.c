// SPDX-License-Identifier: MIT
// What an import needs of the books that are there, and what it is known by.
#include "transactions/import_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "money/money.h"

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The import needs too much memory.");
}

struct uuid import_row_id(const struct import *import, uint32_t line)
{
    char name[160];

    snprintf(name, sizeof(name), "imported:%s:%" PRIu32, import->id, line);
    return uuid_from_name(text_of(name));
}

void import_set_id(struct import *import)
{
    char name[200];

    snprintf(name, sizeof(name), "import:%s:%" PRId64 ":%s", import->record.id,
             import->record.reset_seq, import->digest);
    snprintf(import->id, sizeof(import->id), "%s", uuid_from_name(text_of(name)).string);
}

struct uuid import_beginning_id(const struct import *import)
{
    char name[200];

    snprintf(name, sizeof(name), "import:%s:beginning:%s", import->record.id, import->digest);
    return uuid_from_name(text_of(name));
}

// What is wanted of the book; the arrays are as long as there is room for.
struct wanting {
    struct books_wanted wanted;
    int64_t *sold;
};

static void want(struct wanting *wanting, const char *ticker, int64_t sold, const char *journal_id)
{
    size_t at = wanting->wanted.count++;

    wanting->wanted.portfolio_ids[at] = wanting->wanted.portfolio_ids[0];
    wanting->wanted.tickers[at] = ticker;
    wanting->wanted.journal_ids[at] = journal_id;
    wanting->sold[at] = sold;
}

static bool start_wanting(struct arena *arena,
                          const struct import *import,
                          struct wanting *out_wanting,
                          struct error *error)
{
    size_t most = import->ticker_count + 2 * import->table.count + import->actions.count + 1;
    struct wanting wanting = {
        .wanted = {.portfolio_ids = arena_allocate(arena, most * sizeof(const char *)),
                   .tickers = arena_allocate(arena, most * sizeof(const char *)),
                   .journal_ids = arena_allocate(arena, most * sizeof(const char *)),
                   .all_balances = import->has_reset},
        .sold = arena_allocate(arena, most * sizeof(int64_t)),
    };

    if (wanting.wanted.portfolio_ids == NULL || wanting.wanted.tickers == NULL ||
        wanting.wanted.journal_ids == NULL || wanting.sold == NULL)
        return out_of_budget(error);
    wanting.wanted.sold = wanting.sold;
    wanting.wanted.portfolio_ids[0] = import->record.id;
    *out_wanting = wanting;
    want(out_wanting, LEDGER_CURRENCY, 0, NULL);
    return true;
}

static bool takes_shares(const struct transaction_row *row)
{
    return row->kind == LEDGER_KIND_SELL || row->kind == LEDGER_KIND_CASH_IN_LIEU;
}

static bool is_split(const struct transaction_table *table, const char *ticker)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->rows[i].kind == LEDGER_KIND_SPLIT && strcmp(table->rows[i].ticker, ticker) == 0)
            return true;
    }
    return false;
}

// The ticker, and for each sale the lot that it ends in, counted over all that the file sells of
// it. Of a ticker that is split all open lots are loaded.
static void want_ticker(struct wanting *wanting, const struct import *import, const char *ticker)
{
    const struct transaction_table *table = &import->table;
    int64_t sum = 0;

    want(wanting, ticker, 0, NULL);
    if (is_split(table, ticker))
        return;
    for (size_t i = 0; i < table->count; i++) {
        const struct transaction_row *row = &table->rows[i];

        // More than can be counted is refused when its turn comes.
        if (takes_shares(row) && strcmp(row->ticker, ticker) == 0 &&
            money_add(sum, row->quantity, &sum))
            want(wanting, row->ticker, sum, NULL);
    }
}

// The bookings of dividends and splits, by the platform and by imports.
static bool want_actions(struct wanting *wanting,
                         struct arena *arena,
                         const struct import *import,
                         struct error *error)
{
    const struct transaction_table *table = &import->table;

    for (size_t i = 0; i < import->actions.count; i++)
        want(wanting, LEDGER_CURRENCY, 0, import->actions.journal_ids[i]);
    for (size_t i = 0; i < table->count; i++) {
        const char *mark = NULL;

        if (!import_actions_is_one(&table->rows[i]))
            continue;
        mark = arena_copy_string(
            arena, import_actions_mark(import->record.id, import->record.reset_seq, &table->rows[i])
                       .string);
        if (mark == NULL)
            return out_of_budget(error);
        want(wanting, LEDGER_CURRENCY, 0, mark);
    }
    return true;
}

static bool load_split_lots(struct transaction *transaction,
                            const struct import *import,
                            struct books *books,
                            struct error *error)
{
    const char **tickers = arena_allocate(transaction_arena(transaction),
                                          (import->ticker_count + 1) * sizeof(*tickers));
    size_t count = 0;

    if (tickers == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < import->ticker_count; i++) {
        if (is_split(&import->table, import->tickers[i]))
            tickers[count++] = import->tickers[i];
    }
    return import_store_load_lots(transaction, import->record.id, tickers, count, books, error);
}

// The rows of a file are all there or none, so any of them will do: those from its last beginning
// on are there when the portfolio has begun by that.
static bool
find_whether_there(struct transaction *transaction, struct import *import, struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    const struct transaction_table *table = &import->table;
    const char **ids = arena_allocate(arena, (table->count + 1) * sizeof(*ids));
    const char **marks = arena_allocate(arena, (table->count + 1) * sizeof(*marks));
    struct import_movements movements = {.ids = ids, .marks = marks, .reference = import->id};

    if (import->has_reset)
        return import_store_has_begun_by(transaction, import->record.id, import->record.reset_seq,
                                         import_beginning_id(import).string, &import->is_there,
                                         error);
    if (ids == NULL || marks == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < table->count; i++) {
        const struct transaction_row *row = &table->rows[i];
        const char *id = arena_copy_string(arena, import_row_id(import, row->line).string);
        const char *mark = arena_copy_string(
            arena, import_actions_mark(import->record.id, import->record.reset_seq, row).string);

        if (id == NULL || mark == NULL)
            return out_of_budget(error);
        ids[movements.id_count++] = id;
        if (import_actions_is_one(row))
            marks[movements.mark_count++] = mark;
    }
    return import_store_has_movement(transaction, import->record.id, &movements, &import->is_there,
                                     error);
}

bool import_load(struct transaction *transaction,
                 struct import *import,
                 struct books **out_books,
                 struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    struct wanting wanting;

    import_set_id(import);
    if (!find_whether_there(transaction, import, error) ||
        !import_actions_load(transaction, &import->record, &import->table, import->tickers,
                             import->ticker_count, &import->actions, error) ||
        !start_wanting(arena, import, &wanting, error))
        return false;
    for (size_t i = 0; i < import->ticker_count; i++)
        want_ticker(&wanting, import, import->tickers[i]);
    if (!want_actions(&wanting, arena, import, error) ||
        !books_load(transaction, &wanting.wanted, out_books, error))
        return false;
    import->book = books_find(*out_books, import->record.id);
    if (import->book == NULL)
        return error_set(error, REASON_INTERNAL, "The locked portfolio has no book.");
    return load_split_lots(transaction, import, *out_books, error);
}
