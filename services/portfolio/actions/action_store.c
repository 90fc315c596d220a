// SPDX-License-Identifier: MIT
#include "actions/action_store.h"

#include <stdio.h>
#include <string.h>

#include "database/columns.h"
#include "ledger/portfolio_books.h"
#include "money/money.h"

static const struct statement lock_gate = {
    "lock_action_gate",
    "SELECT id FROM corporate_action_gate WHERE id = 1 FOR UPDATE",
};

static const struct statement share_gate = {
    "share_action_gate",
    "SELECT id FROM corporate_action_gate WHERE id = 1 FOR SHARE",
};

static const struct statement insert_action = {
    "insert_action",
    "INSERT INTO corporate_actions (id, ticker, kind, numerator, denominator, amount, whole_shares,"
    " price, effective_at, booked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    " ON CONFLICT (id) DO NOTHING",
};

#define ACTION_COLUMNS                                                                             \
    "id, ticker, kind, numerator, denominator, amount, whole_shares, price, effective_at,"         \
    " booked_at, done_through, portfolios, completed_at IS NOT NULL"

static const struct statement lock_action = {
    "lock_action",
    "SELECT " ACTION_COLUMNS " FROM corporate_actions WHERE id = $1 FOR UPDATE",
};

static const struct statement find_open_action = {
    "find_open_action",
    "SELECT ticker FROM corporate_actions WHERE completed_at IS NULL AND ticker = ANY ($1::text[])"
    " LIMIT 1",
};

static const struct statement next_holders = {
    "next_holders",
    "SELECT b.portfolio_id, p.reset_seq FROM balances b JOIN portfolios p ON p.id = b.portfolio_id"
    " WHERE b.asset = $1 AND b.account = 'shares'"
    " AND ($2::uuid IS NULL OR b.portfolio_id > $2) ORDER BY b.portfolio_id LIMIT $3",
};

#define HOLDERS                                                                                    \
    " FROM unnest($1::uuid[]) AS k (portfolio_id)"                                                 \
    " JOIN portfolios p ON p.id = k.portfolio_id AND p.closed_at IS NULL"                          \
    "  AND (p.reset_at IS NULL OR p.reset_at < $3)"                                                \
    " JOIN balances b ON b.portfolio_id = k.portfolio_id AND b.asset = $2"                         \
    "  AND b.account = 'shares'"

static const struct statement measure_dividend = {
    "measure_dividend",
    "SELECT k.portfolio_id, e.balance_after" HOLDERS " JOIN LATERAL"
    " (SELECT o.balance_after FROM entries o"
    "  JOIN journals j ON j.portfolio_id = o.portfolio_id AND j.id = o.journal_id"
    "  WHERE o.portfolio_id = b.portfolio_id AND o.account = 'shares' AND o.asset = b.asset"
    "  AND j.booked_at < $3 ORDER BY o.seq DESC LIMIT 1) e ON true",
};

static const struct statement measure_split = {
    "measure_split",
    "SELECT k.portfolio_id, sum(least(l.quantity, l.quantity_after - b.sold))" HOLDERS
    " JOIN lots l ON l.portfolio_id = b.portfolio_id AND l.ticker = b.asset"
    "  AND l.series = b.series AND l.quantity_after > b.sold AND l.opened_at < $3"
    " WHERE b.amount > 0 GROUP BY k.portfolio_id",
};

static const struct statement load_sell_holds = {
    "load_sell_holds",
    "SELECT h.portfolio_id, h.order_id, h.side, h.ticker, h.quantity, h.amount, h.state"
    " FROM unnest($1::uuid[]) AS k (portfolio_id)"
    " JOIN balances b ON b.portfolio_id = k.portfolio_id AND b.asset = $2"
    "  AND b.account = 'shares' AND b.held > 0"
    " JOIN holds h ON h.portfolio_id = b.portfolio_id AND h.ticker = b.asset AND h.side = 'sell'"
    "  AND h.state = 'active'",
};

// The shares that are split are counted over all their lots, so that what is rounded down is so
// once; a lot that comes to nothing leaves its cost to the one before it, the first ones to the
// first that does not.
static const struct statement carry_lots = {
    "carry_lots",
    "WITH o AS (SELECT l.*, l.opened_at < $3 AS old,"
    "            least(l.quantity, l.quantity_after - b.sold) AS rest,"
    "            least(l.cost, l.cost_after - b.sold_cost) AS rest_cost"
    "           FROM unnest($1::uuid[]) AS k (portfolio_id)"
    "           JOIN balances b ON b.portfolio_id = k.portfolio_id AND b.asset = $2"
    "            AND b.account = 'shares'"
    "           JOIN lots l ON l.portfolio_id = b.portfolio_id AND l.ticker = b.asset"
    "            AND l.series = b.series AND l.quantity_after > b.sold),"
    " s AS (SELECT *, coalesce(sum(rest) FILTER (WHERE old) OVER w, 0) AS until,"
    "        coalesce(sum(rest) FILTER (WHERE old) OVER"
    "         (PARTITION BY portfolio_id), 0) AS whole FROM o"
    "       WINDOW w AS (PARTITION BY portfolio_id ORDER BY quantity_after)),"
    " n AS (SELECT *, CASE WHEN until = 0 THEN 0 WHEN until = whole"
    "         THEN greatest(trunc(div(until * 1000000000 * $4::integer, $5::integer)"
    "          / 1000000000, 9), 0.000000001)"
    "         ELSE div(until * 1000000000 * $4::integer, $5::integer) / 1000000000 END"
    "        + coalesce(sum(rest) FILTER (WHERE NOT old) OVER w, 0) AS ends FROM s"
    "       WINDOW w AS (PARTITION BY portfolio_id ORDER BY quantity_after)),"
    " g AS (SELECT *, CASE WHEN ends = 0 THEN min(ends) FILTER (WHERE ends > 0) OVER"
    "         (PARTITION BY portfolio_id) ELSE ends END AS shared FROM n),"
    " m AS (SELECT portfolio_id, shared, series, sum(rest_cost) AS cost,"
    "        (array_agg(journal_id ORDER BY ends > 0 DESC, quantity_after))[1] AS journal_id,"
    "        min(opened_at) AS opened_at FROM g GROUP BY portfolio_id, series, shared)"
    " INSERT INTO lots (portfolio_id, ticker, series, quantity, quantity_after, cost, cost_after,"
    "  journal_id, opened_at, carried)"
    " SELECT portfolio_id, $2, series + 1, shared - coalesce(lag(shared) OVER w, 0), shared, cost,"
    "  sum(cost) OVER w, journal_id, opened_at, true FROM m"
    " WINDOW w AS (PARTITION BY portfolio_id ORDER BY shared)",
};

static const struct statement save_action = {
    "save_action",
    "UPDATE corporate_actions SET done_through = coalesce($2, done_through), portfolios = $3,"
    " completed_at = CASE WHEN $2::uuid IS NULL THEN now() END WHERE id = $1",
};

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The portfolios need too much memory.");
}

static struct action_record take_action(const struct rows *rows)
{
    return (struct action_record){
        .action = {.id = rows_text(rows, 0, 0),
                   .ticker = rows_text(rows, 0, 1),
                   .numerator = rows_int(rows, 0, 3),
                   .denominator = rows_int(rows, 0, 4),
                   .amount = rows_decimal(rows, 0, 5, MONEY_SCALE),
                   .price = rows_decimal(rows, 0, 7, MONEY_SCALE),
                   .booked_at = rows_time(rows, 0, 9)},
        .is_split = strcmp(rows_text(rows, 0, 2), "split") == 0,
        .whole_shares = rows_bool(rows, 0, 6),
        .effective_at = rows_time(rows, 0, 8),
        .done_through = rows_text(rows, 0, 10),
        .portfolios = rows_int(rows, 0, 11),
        .is_complete = rows_bool(rows, 0, 12),
    };
}

bool store_lock_action(struct transaction *transaction,
                       const char *id,
                       struct action_record *out_record,
                       struct error *error)
{
    struct parameter parameter = parameter_text(id);
    struct rows rows = {0};

    if (!transaction_query(transaction, &lock_action, &parameter, 1, &rows, error))
        return false;
    if (rows.count != 1)
        return error_set(error, REASON_INTERNAL, "Corporate action %s has not begun.", id);
    *out_record = take_action(&rows);
    return true;
}

static bool is_same(const struct action_record *one, const struct action_record *other)
{
    return strcmp(one->action.ticker, other->action.ticker) == 0 &&
           one->is_split == other->is_split && one->action.numerator == other->action.numerator &&
           one->action.denominator == other->action.denominator &&
           one->action.amount == other->action.amount && one->effective_at == other->effective_at;
}

bool store_begin_action(struct transaction *transaction,
                        const struct action_record *record,
                        struct error *error)
{
    const struct ledger_action *action = &record->action;
    bool pays_rests = record->is_split && record->whole_shares;
    struct parameter parameters[] = {
        parameter_text(action->id),
        parameter_text(action->ticker),
        parameter_text(record->is_split ? "split" : "dividend"),
        record->is_split ? parameter_int(action->numerator) : parameter_null(),
        record->is_split ? parameter_int(action->denominator) : parameter_null(),
        record->is_split ? parameter_null() : parameter_decimal(action->amount, MONEY_SCALE),
        parameter_bool(record->whole_shares),
        pays_rests ? parameter_decimal(action->price, MONEY_SCALE) : parameter_null(),
        parameter_time(record->effective_at),
        parameter_time(action->booked_at),
    };
    struct action_record there;
    struct rows gate = {0};

    if (!transaction_query(transaction, &lock_gate, NULL, 0, &gate, error) ||
        !transaction_queue(transaction, &insert_action, parameters, COUNT_OF(parameters), NULL,
                           error) ||
        !store_lock_action(transaction, action->id, &there, error))
        return false;
    if (is_same(record, &there))
        return true;
    return error_set(error, REASON_CONFLICT, "Corporate action %s is another one already.",
                     action->id);
}

bool store_hold_actions(struct transaction *transaction, struct error *error)
{
    struct rows rows = {0};

    return transaction_query(transaction, &share_gate, NULL, 0, &rows, error);
}

bool store_find_open_action(struct transaction *transaction,
                            const char *const *tickers,
                            size_t count,
                            const char **out_ticker,
                            struct error *error)
{
    struct parameter array;
    struct rows rows = {0};

    if (!parameter_text_array(transaction_arena(transaction), tickers, count, &array, error) ||
        !transaction_query(transaction, &find_open_action, &array, 1, &rows, error))
        return false;
    *out_ticker = rows.count > 0 ? rows_text(&rows, 0, 0) : NULL;
    return true;
}

bool store_next_holders(struct transaction *transaction,
                        const struct action_record *record,
                        size_t limit,
                        struct action_holders *out_holders,
                        struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    struct parameter parameters[] = {
        parameter_text(record->action.ticker),
        parameter_text(record->done_through),
        parameter_int((int64_t)limit),
    };
    struct rows rows = {0};
    struct action_holders holders = {0};

    if (!transaction_query(transaction, &next_holders, parameters, COUNT_OF(parameters), &rows,
                           error))
        return false;
    holders.ids = arena_allocate(arena, (rows.count + 1) * sizeof(*holders.ids));
    holders.reset_seqs = arena_allocate(arena, (rows.count + 1) * sizeof(*holders.reset_seqs));
    if (holders.ids == NULL || holders.reset_seqs == NULL)
        return out_of_budget(error);
    for (; holders.count < rows.count; holders.count++) {
        holders.ids[holders.count] = rows_text(&rows, holders.count, 0);
        holders.reset_seqs[holders.count] = rows_int(&rows, holders.count, 1);
    }
    *out_holders = holders;
    return true;
}

bool store_measure_holders(struct transaction *transaction,
                           const struct action_record *record,
                           const char *const *ids,
                           size_t count,
                           int64_t *out_quantities,
                           struct error *error)
{
    struct parameter parameters[3] = {
        {0}, parameter_text(record->action.ticker), parameter_time(record->effective_at)};
    struct rows rows = {0};

    if (!parameter_text_array(transaction_arena(transaction), ids, count, &parameters[0], error) ||
        !transaction_query(transaction, record->is_split ? &measure_split : &measure_dividend,
                           parameters, COUNT_OF(parameters), &rows, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        out_quantities[i] = 0;
        for (size_t j = 0; j < rows.count; j++) {
            if (strcmp(rows_text(&rows, j, 0), ids[i]) == 0)
                out_quantities[i] = rows_decimal(&rows, j, 1, QUANTITY_SCALE);
        }
    }
    return true;
}

bool store_load_sell_holds(struct transaction *transaction,
                           const struct action_record *record,
                           const char *const *ids,
                           size_t count,
                           struct books *books,
                           struct error *error)
{
    struct parameter parameters[2] = {{0}, parameter_text(record->action.ticker)};
    struct rows rows = {0};

    if (!parameter_text_array(transaction_arena(transaction), ids, count, &parameters[0], error) ||
        !transaction_query(transaction, &load_sell_holds, parameters, COUNT_OF(parameters), &rows,
                           error))
        return false;
    books_take_holds(books, &rows);
    return true;
}

bool store_carry_lots(struct transaction *transaction,
                      const struct action_record *record,
                      const char *const *ids,
                      size_t count,
                      struct error *error)
{
    struct parameter parameters[5] = {
        {0},
        parameter_text(record->action.ticker),
        parameter_time(record->effective_at),
        parameter_int(record->action.numerator),
        parameter_int(record->action.denominator),
    };

    return parameter_text_array(transaction_arena(transaction), ids, count, &parameters[0],
                                error) &&
           transaction_queue(transaction, &carry_lots, parameters, COUNT_OF(parameters), NULL,
                             error);
}

bool store_save_action(struct transaction *transaction,
                       const struct action_record *record,
                       const char *done_through,
                       struct error *error)
{
    struct parameter parameters[] = {
        parameter_text(record->action.id),
        parameter_text(done_through),
        parameter_int(record->portfolios),
    };

    return transaction_queue(transaction, &save_action, parameters, COUNT_OF(parameters), NULL,
                             error);
}
