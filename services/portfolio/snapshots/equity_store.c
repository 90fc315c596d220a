// SPDX-License-Identifier: MIT
#include "snapshots/equity_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database/columns.h"
#include "ledger/ledger.h"
#include "money/money.h"

enum { THINNED_AT_ONCE = 10000 };

static const struct statement page_holders = {
    "page_holders",
    "SELECT DISTINCT portfolio_id FROM balances WHERE account = 'shares' AND amount > 0"
    " AND ($1::uuid IS NULL OR portfolio_id > $1) ORDER BY portfolio_id LIMIT $2",
};

static const struct statement list_worths = {
    "list_worths",
    "SELECT portfolio_id, account, asset, amount FROM balances"
    " WHERE portfolio_id = ANY ($1::uuid[]) AND account IN ('cash', 'shares', 'external')"
    " AND amount <> 0 ORDER BY portfolio_id",
};

static const struct statement insert_points = {
    "insert_equity_points",
    "INSERT INTO equity_points (portfolio_id, at, equity, deposited)"
    " SELECT n.portfolio_id, $4, n.equity, n.deposited"
    " FROM unnest($1::uuid[], $2::numeric[], $3::numeric[]) AS n (portfolio_id, equity, deposited)"
    " ON CONFLICT (portfolio_id, at) DO NOTHING",
};

static const struct statement thin_points = {
    "thin_equity_points",
    "DELETE FROM equity_points WHERE (portfolio_id, at) IN (SELECT portfolio_id, at"
    " FROM equity_points WHERE at < $1 AND (at < $2 OR extract(minute FROM at AT TIME ZONE 'UTC')"
    " <> 0) LIMIT $3)",
};

static const struct statement list_points = {
    "list_equity_points",
    "SELECT at, equity, deposited FROM equity_points WHERE portfolio_id = $1 AND at >= $2"
    " AND at < $3 ORDER BY at LIMIT $4",
};

static const struct statement forget_points = {
    "forget_equity_points",
    "DELETE FROM equity_points WHERE portfolio_id = $1 AND at >= $2",
};

static const struct statement list_flows = {
    "list_flows",
    "SELECT j.booked_at, -e.amount, j.kind = 'reset', -e.balance_after FROM entries e"
    " JOIN journals j ON j.portfolio_id = e.portfolio_id AND j.id = e.journal_id"
    " WHERE e.portfolio_id = $1 AND e.account = 'external' AND e.asset = 'USD'"
    " ORDER BY e.seq DESC LIMIT $2",
};

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The points need too much memory.");
}

// One portfolio while its balances are summed.
struct worth {
    const char *id;
    bool is_known;
    int64_t equity;
    int64_t deposited;
};

static void
add_balance(struct portfolio *portfolio, struct worth *worth, const struct rows *rows, size_t row)
{
    const char *account = rows_text(rows, row, 1);
    struct quote quote;
    int64_t value = 0;

    if (strcmp(account, "external") == 0) {
        worth->deposited = -rows_decimal(rows, row, 3, MONEY_SCALE);
        return;
    }
    if (strcmp(account, "cash") == 0)
        value = rows_decimal(rows, row, 3, MONEY_SCALE);
    else if (!quotes_get(portfolio->quotes, rows_text(rows, row, 2), &quote) ||
             quote.price_micros <= 0 ||
             !money_multiply_half_even(quote.price_micros,
                                       rows_decimal(rows, row, 3, QUANTITY_SCALE), &value))
        worth->is_known = false;
    worth->is_known = money_add(worth->equity, value, &worth->equity) && worth->is_known;
}

static void add_point(struct columns *columns, const struct worth *worth)
{
    struct parameter row[3] = {parameter_text(worth->id),
                               parameter_decimal(worth->equity, MONEY_SCALE),
                               parameter_decimal(worth->deposited, MONEY_SCALE)};

    if (worth->id != NULL && worth->is_known)
        columns_add(columns, row);
}

struct measuring {
    const struct columns *columns;
    int64_t at;
};

static bool insert_work(struct transaction *transaction, void *context, struct error *error)
{
    const struct measuring *measuring = context;
    struct parameter at = parameter_time(measuring->at);

    return columns_queue(measuring->columns, transaction, &insert_points, &at, 1, NULL, error);
}

// The balances are sorted by portfolio.
static bool save(struct portfolio *portfolio,
                 struct arena *arena,
                 const struct rows *balances,
                 size_t portfolios,
                 int64_t at,
                 struct error *error)
{
    struct columns columns;
    struct measuring measuring = {&columns, at};
    struct worth worth = {0};

    if (!columns_start(&columns, arena, 3, portfolios + 1, error))
        return false;
    for (size_t i = 0; i < balances->count; i++) {
        const char *id = rows_text(balances, i, 0);

        if (worth.id == NULL || strcmp(worth.id, id) != 0) {
            add_point(&columns, &worth);
            worth = (struct worth){.id = id, .is_known = true};
        }
        add_balance(portfolio, &worth, balances, i);
    }
    add_point(&columns, &worth);
    return columns.count == 0 ||
           database_transact(portfolio->database, arena, 0, insert_work, &measuring, error);
}

bool equity_store_measure(struct portfolio *portfolio,
                          struct arena *arena,
                          int64_t at,
                          size_t limit,
                          char after_id[UUID_SIZE],
                          size_t *out_count,
                          struct error *error)
{
    struct parameter page[] = {parameter_text(after_id[0] == '\0' ? NULL : after_id),
                               parameter_int((int64_t)limit)};
    struct parameter ids;
    struct parameter *values = NULL;
    struct rows holders = {0};
    struct rows balances = {0};

    if (!database_query(portfolio->database, arena, &page_holders, page, 2, &holders, error))
        return false;
    *out_count = holders.count;
    if (holders.count == 0)
        return true;
    values = arena_allocate(arena, holders.count * sizeof(*values));
    if (values == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < holders.count; i++)
        values[i] = parameter_text(rows_text(&holders, i, 0));
    if (!parameter_array(arena, values, holders.count, &ids))
        return out_of_budget(error);
    snprintf(after_id, UUID_SIZE, "%s", rows_text(&holders, holders.count - 1, 0));
    return database_query(portfolio->database, arena, &list_worths, &ids, 1, &balances, error) &&
           save(portfolio, arena, &balances, holders.count, at, error);
}

bool equity_store_thin(struct database *database,
                       struct arena *arena,
                       int64_t now,
                       bool *out_has_more,
                       struct error *error)
{
    struct parameter parameters[] = {parameter_time(now - EQUITY_WHOLE_US),
                                     parameter_time(now - EQUITY_KEPT_US),
                                     parameter_int(THINNED_AT_ONCE)};
    struct rows rows = {0};

    if (!database_query(database, arena, &thin_points, parameters, COUNT_OF(parameters), &rows,
                        error))
        return false;
    *out_has_more = rows.affected == THINNED_AT_ONCE;
    return true;
}

bool equity_store_list(struct database *database,
                       struct arena *arena,
                       const char *portfolio_id,
                       int64_t start,
                       int64_t end,
                       struct equity_point **out_points,
                       size_t *out_count,
                       struct error *error)
{
    struct parameter parameters[] = {parameter_text(portfolio_id), parameter_time(start),
                                     parameter_time(end), parameter_int(EQUITY_POINTS_MAX)};
    struct equity_point *points = NULL;
    struct rows rows = {0};

    if (!database_query(database, arena, &list_points, parameters, COUNT_OF(parameters), &rows,
                        error))
        return false;
    points = arena_allocate(arena, (rows.count + 1) * sizeof(*points));
    if (points == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < rows.count; i++)
        points[i] = (struct equity_point){.at = rows_time(&rows, i, 0),
                                          .equity = rows_decimal(&rows, i, 1, MONEY_SCALE),
                                          .deposited = rows_decimal(&rows, i, 2, MONEY_SCALE)};
    *out_points = points;
    *out_count = rows.count;
    return true;
}

bool equity_store_forget(struct transaction *transaction,
                         const char *portfolio_id,
                         int64_t from,
                         struct error *error)
{
    struct parameter parameters[] = {parameter_text(portfolio_id), parameter_time(from)};

    return transaction_queue(transaction, &forget_points, parameters, COUNT_OF(parameters), NULL,
                             error);
}

static int by_time(const void *left, const void *right)
{
    const struct equity_flow *a = left;
    const struct equity_flow *b = right;

    return (a->at > b->at) - (a->at < b->at);
}

// From what was put in by now back to what was before the first: until here a flow's `deposited` is
// what it has put in itself.
static bool sum_deposited(struct equity_flows *flows, int64_t now)
{
    for (size_t i = flows->count; i-- > 0;) {
        int64_t own = flows->flows[i].deposited;

        flows->flows[i].deposited = now;
        if (!money_subtract(now, own, &now))
            return false;
    }
    flows->deposited_before = now;
    return true;
}

bool equity_store_list_flows(struct database *database,
                             struct arena *arena,
                             const char *portfolio_id,
                             int64_t reset_at,
                             int64_t opening_cash,
                             struct equity_flows *out_flows,
                             struct error *error)
{
    struct parameter parameters[] = {parameter_text(portfolio_id), parameter_int(EQUITY_FLOWS_MAX)};
    struct equity_flows found = {0};
    struct rows rows = {0};
    bool is_reset = false;

    if (!database_query(database, arena, &list_flows, parameters, COUNT_OF(parameters), &rows,
                        error))
        return false;
    found.flows = arena_allocate(arena, (rows.count + 1) * sizeof(*found.flows));
    if (found.flows == NULL)
        return out_of_budget(error);
    // The newest first. A reset is told by what it sets the cash to, not by what it changes it by;
    // and what was booked since happened since, whatever its time says.
    for (size_t i = 0; i < rows.count && !is_reset; i++) {
        int64_t at = rows_time(&rows, i, 0);
        int64_t own = rows_decimal(&rows, i, 1, MONEY_SCALE);

        is_reset = rows_bool(&rows, i, 2);
        found.flows[found.count++] = (struct equity_flow){.at = at < reset_at ? reset_at : at,
                                                          .amount = is_reset ? opening_cash : own,
                                                          .deposited = own};
    }
    if (found.count > 1)
        qsort(found.flows, found.count, sizeof(*found.flows), by_time);
    if (rows.count > 0 && !sum_deposited(&found, rows_decimal(&rows, 0, 3, MONEY_SCALE)))
        return error_set(error, REASON_INTERNAL, "What was put in cannot be counted.");
    *out_flows = found;
    return true;
}
