// SPDX-License-Identifier: MIT
#include "import_store.h"

// What was booked before the portfolio began anew is nothing to what comes now.
static const struct statement find_last = {
    "find_last_movement",
    "SELECT max(j.booked_at) FROM entries e JOIN portfolios p ON p.id = e.portfolio_id"
    " JOIN journals j ON j.portfolio_id = e.portfolio_id AND j.id = e.journal_id"
    " WHERE e.portfolio_id = $1 AND e.account = 'cash' AND e.asset = 'USD'"
    " AND e.seq > p.reset_seq",
};

static const struct statement list_splits = {
    "list_booked_splits",
    "SELECT ticker, effective_at FROM corporate_actions"
    " WHERE kind = 'split' AND ticker = ANY ($1::text[]) ORDER BY effective_at, ticker",
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

bool import_store_list_splits(struct transaction *transaction,
                              const char *const *tickers,
                              size_t count,
                              struct import_split **out_splits,
                              size_t *out_count,
                              struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    struct parameter *values = arena_allocate(arena, (count + 1) * sizeof(*values));
    struct import_split *splits = NULL;
    struct rows rows = {0};
    struct parameter array;

    if (values == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < count; i++)
        values[i] = parameter_text(tickers[i]);
    if (!parameter_array(arena, values, count, &array))
        return out_of_budget(error);
    if (!transaction_query(transaction, &list_splits, &array, 1, &rows, error))
        return false;
    splits = arena_allocate(arena, (rows.count + 1) * sizeof(*splits));
    if (splits == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < rows.count; i++)
        splits[i] = (struct import_split){rows_text(&rows, i, 0), rows_time(&rows, i, 1)};
    *out_splits = splits;
    *out_count = rows.count;
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
