// SPDX-License-Identifier: MIT
#include "transactions/import_store.h"

#include <string.h>

#include "ledger/portfolio_books.h"
#include "money/money.h"

// What was booked before the portfolio began anew is nothing to what comes now.
static const struct statement find_last = {
    "find_last_movement",
    "SELECT max(j.booked_at) FROM entries e JOIN portfolios p ON p.id = e.portfolio_id"
    " JOIN journals j ON j.portfolio_id = e.portfolio_id AND j.id = e.journal_id"
    " WHERE e.portfolio_id = $1 AND e.account = 'cash' AND e.asset = 'USD'"
    " AND e.seq > p.reset_seq",
};

static const struct statement list_actions = {
    "list_booked_actions",
    "SELECT id, ticker, kind, effective_at, coalesce(amount, 0) FROM corporate_actions"
    " WHERE ticker = ANY ($1::text[])"
    " AND effective_at >= CASE kind WHEN 'split' THEN $2 ELSE $3 END::timestamptz"
    " ORDER BY effective_at, ticker, kind",
};

static const struct statement read_cash = {
    "read_journals_cash",
    "SELECT coalesce(sum(e.amount), 0) FROM unnest($2::uuid[]) WITH ORDINALITY AS n (id, place)"
    " LEFT JOIN entries e ON e.portfolio_id = $1 AND e.journal_id = n.id AND e.account = 'cash'"
    " GROUP BY n.place ORDER BY n.place",
};

static const struct statement has_movement = {
    "has_imported_movement",
    "SELECT EXISTS (SELECT 1 FROM journals WHERE portfolio_id = $1 AND id = ANY ($2::uuid[]))"
    " OR EXISTS (SELECT 1 FROM journals WHERE portfolio_id = $1 AND id = ANY ($3::uuid[])"
    "  AND reference = $4)",
};

static const struct statement has_begun_by = {
    "has_begun_by",
    "SELECT EXISTS (SELECT 1 FROM entries e"
    " JOIN journals j ON j.portfolio_id = e.portfolio_id AND j.id = e.journal_id"
    " WHERE e.portfolio_id = $1 AND e.account = 'cash' AND e.asset = 'USD' AND e.seq = $2 + 1"
    " AND j.reference = $3)",
};

static const struct statement load_open_lots = {
    "load_open_lots",
    "SELECT l.portfolio_id, l.ticker, l.series, l.quantity, l.quantity_after, l.cost,"
    " l.cost_after, l.journal_id, l.opened_at FROM balances b JOIN lots l"
    " ON l.portfolio_id = b.portfolio_id AND l.ticker = b.asset AND l.series = b.series"
    "  AND l.quantity_after > b.sold"
    " WHERE b.portfolio_id = $1 AND b.asset = ANY ($2::text[]) AND b.account = 'shares'"
    " ORDER BY l.ticker, l.quantity_after",
};

// No portfolio has begun anew before its first movement.
static const struct statement forget_day = {
    "forget_day_start",
    "UPDATE day_starts SET reset_seq = -1 WHERE portfolio_id = $1",
};

static const struct statement keep_file = {
    "keep_import_file",
    "INSERT INTO import_files (portfolio_id, digest, csv, kept_at) VALUES ($1, $2, $3, now())"
    " ON CONFLICT (portfolio_id) DO UPDATE SET digest = excluded.digest, csv = excluded.csv,"
    " kept_at = excluded.kept_at",
};

static const struct statement drop_file = {
    "drop_import_file",
    "DELETE FROM import_files WHERE portfolio_id = $1",
};

static const struct statement find_file = {
    "find_import_file",
    "SELECT csv FROM import_files WHERE portfolio_id = $1 AND digest = $2"
    " AND kept_at > now() - interval '1 hour'",
};

static const struct statement prune_files = {
    "prune_import_files",
    "DELETE FROM import_files WHERE kept_at <= now() - interval '1 hour'",
};

bool import_store_find_last(struct transaction *transaction,
                            const char *portfolio_id,
                            int64_t *out_booked_at,
                            struct error *error)
{
    struct parameter id = parameter_text(portfolio_id);
    struct rows rows = {0};

    if (!transaction_query(transaction, &find_last, &id, 1, &rows, error))
        return false;
    *out_booked_at = rows_is_null(&rows, 0, 0) ? 0 : rows_time(&rows, 0, 0);
    return true;
}

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The import needs too much memory.");
}

bool import_store_list_actions(struct transaction *transaction,
                               const char *const *tickers,
                               size_t count,
                               int64_t since,
                               int64_t dividends_since,
                               struct import_action **out_actions,
                               size_t *out_count,
                               struct error *error)
{
    struct parameter parameters[3] = {{0}, parameter_time(since), parameter_time(dividends_since)};
    struct import_action *actions = NULL;
    struct rows rows = {0};

    if (!parameter_text_array(transaction_arena(transaction), tickers, count, &parameters[0],
                              error) ||
        !transaction_query(transaction, &list_actions, parameters, COUNT_OF(parameters), &rows,
                           error))
        return false;
    actions = arena_allocate(transaction_arena(transaction), (rows.count + 1) * sizeof(*actions));
    if (actions == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < rows.count; i++)
        actions[i] = (struct import_action){
            .id = rows_text(&rows, i, 0),
            .ticker = rows_text(&rows, i, 1),
            .is_split = strcmp(rows_text(&rows, i, 2), "split") == 0,
            .effective_at = rows_time(&rows, i, 3),
            .amount = rows_decimal(&rows, i, 4, MONEY_SCALE),
        };
    *out_actions = actions;
    *out_count = rows.count;
    return true;
}

bool import_store_read_cash(struct transaction *transaction,
                            const char *portfolio_id,
                            const char *const *journal_ids,
                            size_t count,
                            int64_t *out_amounts,
                            struct error *error)
{
    struct parameter parameters[2] = {parameter_text(portfolio_id), {0}};
    struct rows rows = {0};

    if (count == 0)
        return true;
    if (!parameter_text_array(transaction_arena(transaction), journal_ids, count, &parameters[1],
                              error) ||
        !transaction_query(transaction, &read_cash, parameters, COUNT_OF(parameters), &rows, error))
        return false;
    for (size_t i = 0; i < count; i++)
        out_amounts[i] = rows_decimal(&rows, i, 0, MONEY_SCALE);
    return true;
}

bool import_store_has_movement(struct transaction *transaction,
                               const char *portfolio_id,
                               const struct import_movements *movements,
                               bool *out_is_there,
                               struct error *error)
{
    struct parameter parameters[4] = {
        parameter_text(portfolio_id), {0}, {0}, parameter_text(movements->reference)};
    struct rows rows = {0};

    if (!parameter_text_array(transaction_arena(transaction), movements->ids, movements->id_count,
                              &parameters[1], error) ||
        !parameter_text_array(transaction_arena(transaction), movements->marks,
                              movements->mark_count, &parameters[2], error) ||
        !transaction_query(transaction, &has_movement, parameters, COUNT_OF(parameters), &rows,
                           error))
        return false;
    *out_is_there = rows_bool(&rows, 0, 0);
    return true;
}

bool import_store_has_begun_by(struct transaction *transaction,
                               const char *portfolio_id,
                               int64_t reset_seq,
                               const char *reference,
                               bool *out_has,
                               struct error *error)
{
    struct parameter parameters[] = {parameter_text(portfolio_id), parameter_int(reset_seq),
                                     parameter_text(reference)};
    struct rows rows = {0};

    if (!transaction_query(transaction, &has_begun_by, parameters, COUNT_OF(parameters), &rows,
                           error))
        return false;
    *out_has = rows_bool(&rows, 0, 0);
    return true;
}

bool import_store_load_lots(struct transaction *transaction,
                            const char *portfolio_id,
                            const char *const *tickers,
                            size_t count,
                            struct books *books,
                            struct error *error)
{
    struct parameter parameters[2] = {parameter_text(portfolio_id), {0}};
    struct rows rows = {0};

    if (count == 0)
        return true;
    if (!parameter_text_array(transaction_arena(transaction), tickers, count, &parameters[1],
                              error) ||
        !transaction_query(transaction, &load_open_lots, parameters, COUNT_OF(parameters), &rows,
                           error))
        return false;
    books_take_lots(books, &rows);
    return true;
}

bool import_store_forget_day(struct transaction *transaction,
                             const char *portfolio_id,
                             struct error *error)
{
    struct parameter id = parameter_text(portfolio_id);

    return transaction_queue(transaction, &forget_day, &id, 1, NULL, error);
}

bool import_store_keep_file(struct transaction *transaction,
                            const char *portfolio_id,
                            const char *digest,
                            struct text csv,
                            struct error *error)
{
    const char *text = arena_copy(transaction_arena(transaction), csv.data, csv.length);
    struct parameter parameters[] = {parameter_text(portfolio_id), parameter_text(digest),
                                     parameter_text(text)};

    if (text == NULL)
        return out_of_budget(error);
    return transaction_queue(transaction, &keep_file, parameters, COUNT_OF(parameters), NULL,
                             error);
}

bool import_store_drop_file(struct transaction *transaction,
                            const char *portfolio_id,
                            struct error *error)
{
    struct parameter id = parameter_text(portfolio_id);

    return transaction_queue(transaction, &drop_file, &id, 1, NULL, error);
}

bool import_store_find_file(struct database *database,
                            struct arena *arena,
                            const char *portfolio_id,
                            const char *digest,
                            const char **out_csv,
                            struct error *error)
{
    struct parameter parameters[] = {parameter_text(portfolio_id), parameter_text(digest)};
    struct rows rows = {0};

    if (!database_query(database, arena, &find_file, parameters, COUNT_OF(parameters), &rows,
                        error))
        return false;
    *out_csv = rows.count == 1 ? rows_text(&rows, 0, 0) : NULL;
    return true;
}

void import_store_prune(struct database *database, struct arena *arena)
{
    struct rows rows = {0};
    struct error error;

    // It is done again in a minute.
    (void)!database_query(database, arena, &prune_files, NULL, 0, &rows, &error);
}
