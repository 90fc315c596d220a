// SPDX-License-Identifier: MIT
#include "watchlists/watchlist_store.h"

#include <stdio.h>
#include <string.h>

// Both rows or none. The pointer comes first, so that a user who has deleted their first list since
// is not given it again; its foreign key is looked at when the statement ends.
static const struct statement open_watchlists = {
    "open_watchlists",
    "WITH made AS (INSERT INTO default_watchlists (user_id, watchlist_id) VALUES ($1, $2)"
    " ON CONFLICT (user_id) DO NOTHING RETURNING user_id, watchlist_id)"
    " INSERT INTO watchlists (id, user_id, name, created_at, updated_at)"
    " SELECT watchlist_id, user_id, $3, $4, $4 FROM made",
};

static const struct statement lock_watchlists = {
    "lock_watchlists",
    "SELECT watchlist_id FROM default_watchlists WHERE user_id = $1 FOR UPDATE",
};

static const struct statement lock_watchlists_of = {
    "lock_watchlists_of",
    "SELECT watchlist_id FROM default_watchlists"
    " WHERE user_id = (SELECT user_id FROM watchlists WHERE id = $1) FOR UPDATE",
};

#define WATCHLIST_COLUMNS                                                                          \
    "w.id, w.user_id, w.name, w.id = d.watchlist_id, w.created_at, w.updated_at,"                  \
    " (SELECT count(*) FROM watchlist_symbols s"                                                   \
    "  WHERE s.watchlist_id = w.id AND s.user_id = w.user_id)"                                     \
    " FROM watchlists w JOIN default_watchlists d ON d.user_id = w.user_id"

static const struct statement find_watchlist = {
    "find_watchlist",
    "SELECT " WATCHLIST_COLUMNS " WHERE w.id = $1",
};

static const struct statement find_watchlist_symbols = {
    "find_watchlist_symbols",
    "SELECT ticker FROM watchlist_symbols WHERE watchlist_id = $1 ORDER BY position",
};

static const struct statement page_watchlists = {
    "page_watchlists",
    "SELECT " WATCHLIST_COLUMNS " WHERE w.user_id = $1"
    " AND ($3::uuid IS NULL OR (w.created_at, w.id) > ($2::timestamptz, $3::uuid))"
    " ORDER BY w.created_at, w.id LIMIT $4",
};

static const struct statement list_watchlist_symbols = {
    "list_watchlist_symbols",
    "SELECT watchlist_id, ticker FROM watchlist_symbols"
    " WHERE user_id = $1 AND watchlist_id = ANY ($2::uuid[]) ORDER BY watchlist_id, position",
};

static const struct statement count_watchlists = {
    "count_watchlists",
    "SELECT count(*) FROM watchlists WHERE user_id = $1",
};

static const struct statement insert_watchlist = {
    "insert_watchlist",
    "INSERT INTO watchlists (id, user_id, name, created_at, updated_at)"
    " VALUES ($1, $2, $3, $4, $5)",
};

static const struct statement update_watchlist = {
    "update_watchlist",
    "UPDATE watchlists SET name = $3, updated_at = $4 WHERE id = $1 AND user_id = $2",
};

static const struct statement clear_watchlist = {
    "clear_watchlist",
    "DELETE FROM watchlist_symbols WHERE watchlist_id = $1 AND user_id = $2",
};

static const struct statement put_watchlist_symbols = {
    "put_watchlist_symbols",
    "INSERT INTO watchlist_symbols (watchlist_id, user_id, ticker, position)"
    " SELECT $1, $2, ticker, number FROM unnest($3::text[]) WITH ORDINALITY"
    " AS given (ticker, number)",
};

static const struct statement append_watchlist_symbol = {
    "append_watchlist_symbol",
    "INSERT INTO watchlist_symbols (watchlist_id, user_id, ticker, position)"
    " SELECT $1::uuid, $2::uuid, $3::text, coalesce(max(position), 0) + 1 FROM watchlist_symbols"
    " WHERE watchlist_id = $1 AND user_id = $2 ON CONFLICT DO NOTHING",
};

static const struct statement remove_watchlist_symbol = {
    "remove_watchlist_symbol",
    "DELETE FROM watchlist_symbols WHERE watchlist_id = $1 AND user_id = $2 AND ticker = $3",
};

static const struct statement set_default_watchlist = {
    "set_default_watchlist",
    "UPDATE default_watchlists SET watchlist_id = $1 WHERE user_id = $2",
};

static const struct statement delete_watchlist = {
    "delete_watchlist",
    "DELETE FROM watchlists WHERE id = $1 AND user_id = $2",
};

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

bool store_open_watchlists(struct transaction *transaction,
                           const char *user_id,
                           const char *name,
                           int64_t now,
                           struct error *error)
{
    struct uuid id = uuid_new();
    struct parameter parameters[] = {
        parameter_text(user_id),
        parameter_text(id.string),
        parameter_text(name),
        parameter_time(now),
    };

    return transaction_queue(transaction, &open_watchlists, parameters, COUNT_OF(parameters), NULL,
                             error) &&
           transaction_queue(transaction, &lock_watchlists, parameters, 1, NULL, error) &&
           transaction_flush(transaction, error);
}

static struct watchlist take_list(const struct rows *rows, size_t row)
{
    struct watchlist list = {
        .name = rows_text(rows, row, 2),
        .is_default = rows_bool(rows, row, 3),
        .created_at = rows_time(rows, row, 4),
        .updated_at = rows_time(rows, row, 5),
        .count = (size_t)rows_int(rows, row, 6),
    };

    snprintf(list.id, sizeof(list.id), "%s", rows_text(rows, row, 0));
    snprintf(list.user_id, sizeof(list.user_id), "%s", rows_text(rows, row, 1));
    return list;
}

static bool take_found(struct transaction *transaction,
                       const struct rows *rows,
                       const struct rows *symbols,
                       struct watchlist *out_list,
                       bool *out_found,
                       struct error *error)
{
    struct watchlist list = {0};

    if (rows->count == 1) {
        list = take_list(rows, 0);
        list.tickers = arena_allocate(transaction_arena(transaction),
                                      WATCHLIST_SYMBOLS_MAX * sizeof(*list.tickers));
        if (list.tickers == NULL)
            return out_of_budget(error);
        if (symbols->count > WATCHLIST_SYMBOLS_MAX)
            return error_set(error, REASON_INTERNAL, "A watchlist has more symbols than it may.");
        // Each statement sees a moment of its own; the symbols are those of the second.
        list.count = symbols->count;
        for (size_t i = 0; i < symbols->count; i++)
            list.tickers[i] = rows_text(symbols, i, 0);
    }
    *out_list = list;
    *out_found = rows->count == 1;
    return true;
}

bool store_find_watchlist(struct transaction *transaction,
                          const char *id,
                          struct watchlist *out_list,
                          bool *out_found,
                          struct error *error)
{
    struct parameter parameter = parameter_text(id);
    struct rows rows = {0};
    struct rows symbols = {0};

    return transaction_queue(transaction, &find_watchlist, &parameter, 1, &rows, error) &&
           transaction_queue(transaction, &find_watchlist_symbols, &parameter, 1, &symbols,
                             error) &&
           transaction_flush(transaction, error) &&
           take_found(transaction, &rows, &symbols, out_list, out_found, error);
}

bool store_lock_watchlist(struct transaction *transaction,
                          const char *id,
                          struct watchlist *out_list,
                          bool *out_found,
                          struct error *error)
{
    struct parameter parameter = parameter_text(id);

    // What follows it in the same round trip sees what the last holder of the lock has left.
    return transaction_queue(transaction, &lock_watchlists_of, &parameter, 1, NULL, error) &&
           store_find_watchlist(transaction, id, out_list, out_found, error);
}

bool store_page_watchlists(struct transaction *transaction,
                           const struct watchlist_page *page,
                           struct watchlist **out_lists,
                           size_t *out_count,
                           struct error *error)
{
    struct parameter parameters[] = {
        parameter_text(page->user_id),
        parameter_time(page->after_created_at),
        parameter_text(page->after_id),
        parameter_int((int64_t)page->limit),
    };
    struct rows rows = {0};
    struct watchlist *lists = NULL;

    if (!transaction_query(transaction, &page_watchlists, parameters, COUNT_OF(parameters), &rows,
                           error))
        return false;
    lists = arena_allocate(transaction_arena(transaction), (rows.count + 1) * sizeof(*lists));
    if (lists == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < rows.count; i++)
        lists[i] = take_list(&rows, i);
    *out_lists = lists;
    *out_count = rows.count;
    return true;
}

static bool take_symbols(struct transaction *transaction,
                         const struct rows *rows,
                         struct watchlist *list,
                         struct error *error)
{
    size_t expected = list->count;

    list->tickers =
        arena_allocate(transaction_arena(transaction), (expected + 1) * sizeof(*list->tickers));
    if (list->tickers == NULL)
        return out_of_budget(error);
    list->count = 0;
    for (size_t i = 0; i < rows->count && list->count < expected; i++) {
        if (strcmp(rows_text(rows, i, 0), list->id) == 0)
            list->tickers[list->count++] = rows_text(rows, i, 1);
    }
    return true;
}

bool store_read_watchlist_symbols(struct transaction *transaction,
                                  struct watchlist *lists,
                                  size_t count,
                                  struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    struct parameter *ids = arena_allocate(arena, (count + 1) * sizeof(*ids));
    struct parameter parameters[2];
    struct rows rows = {0};

    if (count == 0)
        return true;
    if (ids == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < count; i++)
        ids[i] = parameter_text(lists[i].id);
    parameters[0] = parameter_text(lists[0].user_id);
    if (!parameter_array(arena, ids, count, &parameters[1]))
        return out_of_budget(error);
    if (!transaction_query(transaction, &list_watchlist_symbols, parameters, COUNT_OF(parameters),
                           &rows, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!take_symbols(transaction, &rows, &lists[i], error))
            return false;
    }
    return true;
}

bool store_count_watchlists(struct transaction *transaction,
                            const char *user_id,
                            size_t *out_count,
                            struct error *error)
{
    struct parameter parameter = parameter_text(user_id);
    struct rows rows = {0};

    if (!transaction_query(transaction, &count_watchlists, &parameter, 1, &rows, error))
        return false;
    *out_count = (size_t)rows_int(&rows, 0, 0);
    return true;
}

// The one thing that two lists of a user cannot have in common.
static bool name_failure(const char *name, struct error *error)
{
    if (strcmp(error_constraint(error), "watchlists_by_name") == 0) {
        error_fill(error, REASON_WATCHLIST_NAME_TAKEN,
                   "There is a watchlist called \"%s\" already.", name);
        error_add_violation(error, "name", "is taken");
    }
    return false;
}

bool store_insert_watchlist(struct transaction *transaction,
                            const struct watchlist *list,
                            struct error *error)
{
    struct parameter parameters[] = {
        parameter_text(list->id),         parameter_text(list->user_id),
        parameter_text(list->name),       parameter_time(list->created_at),
        parameter_time(list->updated_at),
    };
    struct rows rows = {0};

    if (!transaction_query(transaction, &insert_watchlist, parameters, COUNT_OF(parameters), &rows,
                           error))
        return name_failure(list->name, error);
    return store_replace_watchlist_symbols(transaction, list, error);
}

bool store_update_watchlist(struct transaction *transaction,
                            const struct watchlist *list,
                            struct error *error)
{
    struct parameter parameters[] = {
        parameter_text(list->id),
        parameter_text(list->user_id),
        parameter_text(list->name),
        parameter_time(list->updated_at),
    };
    struct rows rows = {0};

    return transaction_query(transaction, &update_watchlist, parameters, COUNT_OF(parameters),
                             &rows, error) ||
           name_failure(list->name, error);
}

bool store_replace_watchlist_symbols(struct transaction *transaction,
                                     const struct watchlist *list,
                                     struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    struct parameter *tickers = arena_allocate(arena, (list->count + 1) * sizeof(*tickers));
    struct parameter parameters[] = {
        parameter_text(list->id),
        parameter_text(list->user_id),
        parameter_null(),
    };

    if (tickers == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < list->count; i++)
        tickers[i] = parameter_text(list->tickers[i]);
    if (!parameter_array(arena, tickers, list->count, &parameters[2]))
        return out_of_budget(error);
    return transaction_queue(transaction, &clear_watchlist, parameters, 2, NULL, error) &&
           transaction_queue(transaction, &put_watchlist_symbols, parameters, COUNT_OF(parameters),
                             NULL, error);
}

// Queues a statement about one list, and one of its symbols unless `ticker` is NULL.
static bool queue_for(struct transaction *transaction,
                      const struct statement *statement,
                      const struct watchlist *list,
                      const char *ticker,
                      struct error *error)
{
    struct parameter parameters[] = {
        parameter_text(list->id),
        parameter_text(list->user_id),
        parameter_text(ticker),
    };

    return transaction_queue(transaction, statement, parameters, ticker == NULL ? 2 : 3, NULL,
                             error);
}

bool store_append_watchlist_symbol(struct transaction *transaction,
                                   const struct watchlist *list,
                                   const char *ticker,
                                   struct error *error)
{
    return queue_for(transaction, &append_watchlist_symbol, list, ticker, error);
}

bool store_remove_watchlist_symbol(struct transaction *transaction,
                                   const struct watchlist *list,
                                   const char *ticker,
                                   struct error *error)
{
    return queue_for(transaction, &remove_watchlist_symbol, list, ticker, error);
}

bool store_set_default_watchlist(struct transaction *transaction,
                                 const struct watchlist *list,
                                 struct error *error)
{
    return queue_for(transaction, &set_default_watchlist, list, NULL, error);
}

bool store_delete_watchlist(struct transaction *transaction,
                            const struct watchlist *list,
                            struct error *error)
{
    return queue_for(transaction, &delete_watchlist, list, NULL, error);
}
