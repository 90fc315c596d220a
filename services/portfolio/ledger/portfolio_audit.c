// SPDX-License-Identifier: MIT
// portfolio_audit: everything that is derived from the ledger, computed again and compared.
//
// Several statements in one read-only transaction, which all see the same moment. Each row they
// give is a sentence about one difference.
#include "portfolios/portfolio_store.h"

static const struct statement audit_entries = {
    "audit_entries",
    "WITH e AS (SELECT account, asset, seq, journal_id, amount, balance_after,"
    "            sum(amount) OVER (PARTITION BY account, asset ORDER BY seq) AS running"
    "           FROM entries WHERE portfolio_id = $1),"
    " s AS (SELECT account, asset, max(seq) AS seq, count(*) AS lines FROM e"
    "       GROUP BY account, asset)"
    " SELECT format('%s %s: %s entries, but the last is number %s', account, asset, lines, seq)"
    "  FROM s WHERE lines <> seq"
    " UNION ALL SELECT format('%s %s: entry %s says the balance is %s, but the sum is %s',"
    "   account, asset, seq, balance_after, running) FROM e WHERE running <> balance_after"
    " UNION ALL SELECT format('entry %s of %s %s belongs to no journal', e.seq, e.account, e.asset)"
    "  FROM e WHERE NOT EXISTS"
    "   (SELECT 1 FROM journals j WHERE j.portfolio_id = $1 AND j.id = e.journal_id)"
    " LIMIT $2",
};

static const struct statement audit_balances = {
    "audit_balances",
    "WITH s AS (SELECT account, asset, sum(amount) AS amount, max(seq) AS seq FROM entries"
    "           WHERE portfolio_id = $1 GROUP BY account, asset),"
    " b AS (SELECT account, asset, amount, seq FROM balances WHERE portfolio_id = $1)"
    " SELECT format('%s %s: the balance is %s, but the entries sum to %s', b.account,"
    "   b.asset, b.amount, coalesce(s.amount, 0))"
    "  FROM b LEFT JOIN s ON s.account = b.account AND s.asset = b.asset"
    "  WHERE b.amount <> coalesce(s.amount, 0)"
    " UNION ALL SELECT format('%s %s: the balance counts %s entries, but there are %s', b.account,"
    "   b.asset, b.seq, coalesce(s.seq, 0))"
    "  FROM b LEFT JOIN s ON s.account = b.account AND s.asset = b.asset"
    "  WHERE b.seq <> coalesce(s.seq, 0)"
    " UNION ALL SELECT format('%s %s: there are entries, but no balance', s.account, s.asset)"
    "  FROM s WHERE NOT EXISTS"
    "   (SELECT 1 FROM b WHERE b.account = s.account AND b.asset = s.asset)"
    " LIMIT $2",
};

static const struct statement audit_journals = {
    "audit_journals",
    "WITH l AS (SELECT j.id, j.kind, j.quantity, j.price, j.commission,"
    "              coalesce(sum(e.amount) FILTER (WHERE e.account = 'cash'), 0) AS cash,"
    "              coalesce(sum(e.amount) FILTER (WHERE e.account = 'shares'), 0) AS shares,"
    "              coalesce(sum(e.amount) FILTER"
    "               (WHERE e.account NOT IN ('shares', 'market_shares')), 0) AS money_sum,"
    "              coalesce(sum(e.amount) FILTER"
    "               (WHERE e.account IN ('shares', 'market_shares')), 0) AS share_sum,"
    "              count(e.seq) AS lines"
    "       FROM journals j"
    "       LEFT JOIN entries e ON e.portfolio_id = j.portfolio_id AND e.journal_id = j.id"
    "       WHERE j.portfolio_id = $1"
    "       GROUP BY j.id, j.kind, j.quantity, j.price, j.commission)"
    " SELECT format('journal %s: its lines do not sum to zero (%s USD, %s shares)', id,"
    "   money_sum, share_sum) FROM l WHERE money_sum <> 0 OR share_sum <> 0"
    " UNION ALL SELECT format('journal %s has no entries', id) FROM l WHERE lines = 0"
    " UNION ALL SELECT format('journal %s: %s shares moved, but the %s is of %s', id, shares, kind,"
    "   quantity) FROM l WHERE (kind IN ('buy', 'opening') AND shares <> coalesce(quantity, 0))"
    "   OR (kind IN ('sell', 'reset', 'cash_in_lieu') AND shares <> -coalesce(quantity, 0))"
    "   OR (kind = 'split' AND shares <> coalesce(quantity, 0))"
    "   OR (kind IN ('deposit', 'withdrawal', 'dividend', 'fee') AND shares <> 0)"
    " UNION ALL SELECT format('journal %s: %s USD moved for %s at %s', id, cash, quantity, price)"
    "  FROM l WHERE (kind = 'buy' AND abs(-cash - commission - price * quantity) > 0.0000005)"
    "   OR (kind IN ('sell', 'cash_in_lieu') AND abs(cash + commission - price * quantity) > "
    "0.0000005)"
    " LIMIT $2",
};

// The cost of what is held is what was paid for it less what sales took out at average cost, which
// is what they brought less the profit they realized; of openings and resets it is written down.
static const struct statement audit_positions = {
    "audit_positions",
    "WITH m AS (SELECT j.ticker,"
    "                  sum(coalesce(j.cost_change, CASE WHEN j.kind IN ('split', 'dividend', 'fee')"
    "                       THEN 0"
    "                       ELSE -e.amount + coalesce(j.realized_pl, 0) END))"
    "                   AS cost_basis,"
    "                  sum(coalesce(j.realized_pl, 0)) AS realized_pl,"
    "                  sum(coalesce(j.realized_pl_fifo, 0)) AS realized_pl_fifo"
    "           FROM journals j"
    "           JOIN entries e ON e.portfolio_id = j.portfolio_id AND e.journal_id = j.id"
    "            AND e.account = 'cash'"
    "           WHERE j.portfolio_id = $1 AND j.ticker IS NOT NULL GROUP BY j.ticker),"
    " b AS (SELECT asset, cost_basis, realized_pl, realized_pl_fifo FROM balances"
    "       WHERE portfolio_id = $1 AND account = 'shares')"
    " SELECT format('%s: the cost basis is %s, but the movements give %s', b.asset,"
    "   b.cost_basis, coalesce(m.cost_basis, 0))"
    "  FROM b LEFT JOIN m ON m.ticker = b.asset WHERE b.cost_basis <> coalesce(m.cost_basis, 0)"
    " UNION ALL SELECT format('%s: the realized profit is %s, but the movements give %s', b.asset,"
    "   b.realized_pl, coalesce(m.realized_pl, 0))"
    "  FROM b LEFT JOIN m ON m.ticker = b.asset WHERE b.realized_pl <> coalesce(m.realized_pl, 0)"
    " UNION ALL SELECT format('%s: the profit of the oldest shares is %s, but the movements give "
    "%s',"
    "   b.asset, b.realized_pl_fifo, coalesce(m.realized_pl_fifo, 0))"
    "  FROM b LEFT JOIN m ON m.ticker = b.asset"
    "  WHERE b.realized_pl_fifo <> coalesce(m.realized_pl_fifo, 0)"
    " LIMIT $2",
};

// The lots and sales number their shares without a gap, sum their costs, and end where the balance
// says; no sale sells more than there is, and each costs what its lots did.
static const struct statement audit_lots = {
    "audit_lots",
    "WITH t AS (SELECT 'lot' AS kind, ticker, series, quantity, quantity_after, cost, cost_after,"
    "            carried FROM lots WHERE portfolio_id = $1"
    "           UNION ALL SELECT 'sale', ticker, series, quantity, quantity_after, cost, "
    "cost_after,"
    "            false FROM sales WHERE portfolio_id = $1),"
    " r AS (SELECT *, sum(quantity) OVER w AS running, sum(cost) OVER w AS running_cost FROM t"
    "       WINDOW w AS (PARTITION BY kind, ticker, series ORDER BY quantity_after)),"
    " m AS (SELECT ticker, series, coalesce(max(quantity_after) FILTER (WHERE kind = 'lot'), 0)"
    "               AS bought, coalesce(max(cost_after) FILTER (WHERE kind = 'lot'), 0) AS paid,"
    "              coalesce(max(quantity_after) FILTER (WHERE kind = 'sale'), 0) AS sold,"
    "              coalesce(max(cost_after) FILTER (WHERE kind = 'sale'), 0) AS sold_cost,"
    "              sum(quantity) FILTER (WHERE carried) AS carried,"
    "              sum(cost) FILTER (WHERE carried) AS carried_cost"
    "       FROM t GROUP BY ticker, series),"
    " s AS (SELECT m.ticker, sum(m.carried - p.bought + p.sold) AS change"
    "       FROM m JOIN m p ON p.ticker = m.ticker AND p.series = m.series - 1"
    "       WHERE m.carried IS NOT NULL GROUP BY m.ticker),"
    " x AS (SELECT ticker, sum(coalesce(quantity, 0)) AS change FROM journals"
    "       WHERE portfolio_id = $1 AND kind = 'split' GROUP BY ticker),"
    " b AS (SELECT * FROM balances WHERE portfolio_id = $1 AND account = 'shares')"
    " SELECT format('%s: a %s of series %s ends with share %s at %s USD, but they sum to %s at %s',"
    "   ticker, kind, series, quantity_after, cost_after, running, running_cost) FROM r"
    "  WHERE running <> quantity_after OR running_cost <> cost_after"
    " UNION ALL SELECT format('%s: %s shares of series %s are sold, but %s were bought', ticker,"
    "   sold, series, bought) FROM m WHERE sold > bought"
    " UNION ALL SELECT format('%s: %s shares are left of the lots, but the position has %s', "
    "b.asset,"
    "   coalesce(m.bought, 0) - b.sold, b.amount)"
    "  FROM b LEFT JOIN m ON m.ticker = b.asset AND m.series = b.series"
    "  WHERE coalesce(m.bought, 0) - b.sold <> b.amount"
    " UNION ALL SELECT format('%s: what is left of the lots has cost %s, but the position says %s',"
    "   b.asset, coalesce(m.paid, 0) - b.sold_cost, b.cost_basis_fifo)"
    "  FROM b LEFT JOIN m ON m.ticker = b.asset AND m.series = b.series"
    "  WHERE coalesce(m.paid, 0) - b.sold_cost <> b.cost_basis_fifo"
    " UNION ALL SELECT format('%s: %s shares at %s USD are sold, but the position says %s at %s',"
    "   b.asset, coalesce(m.sold, 0), coalesce(m.sold_cost, 0), b.sold, b.sold_cost)"
    "  FROM b LEFT JOIN m ON m.ticker = b.asset AND m.series = b.series"
    "  WHERE coalesce(m.sold, 0) <> b.sold OR coalesce(m.sold_cost, 0) <> b.sold_cost"
    " UNION ALL SELECT format('%s: series %s begins with lots at %s, but those of before left %s',"
    "   m.ticker, m.series, m.carried_cost, p.paid - p.sold_cost)"
    "  FROM m JOIN m p ON p.ticker = m.ticker AND p.series = m.series - 1"
    "  WHERE m.carried_cost <> p.paid - p.sold_cost"
    " UNION ALL SELECT format('%s: splits changed the lots by %s, but the shares by %s',"
    "   coalesce(s.ticker, x.ticker), s.change, x.change)"
    "  FROM s FULL JOIN x ON x.ticker = s.ticker WHERE s.change IS DISTINCT FROM x.change"
    " UNION ALL SELECT format('%s: there are lots, but no position', ticker) FROM m"
    "  WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.asset = m.ticker AND b.series >= m.series)"
    " LIMIT $2",
};

static const struct statement audit_sales = {
    "audit_sales",
    "WITH c AS (SELECT s.ticker, s.series, s.quantity_after, s.cost_after,"
    "            (SELECT l.cost_after - l.cost + div(l.cost * 1000000 * (s.quantity_after"
    "               - l.quantity_after + l.quantity), l.quantity) / 1000000 FROM lots l"
    "             WHERE l.portfolio_id = s.portfolio_id AND l.ticker = s.ticker"
    "              AND l.series = s.series AND l.quantity_after >= s.quantity_after"
    "             ORDER BY l.quantity_after LIMIT 1) AS lots_cost"
    "           FROM sales s WHERE s.portfolio_id = $1),"
    " j AS (SELECT j.id, j.kind, j.quantity, j.realized_pl_fifo, e.amount AS cash FROM journals j"
    "       LEFT JOIN entries e ON e.portfolio_id = j.portfolio_id AND e.journal_id = j.id"
    "        AND e.account = 'cash' WHERE j.portfolio_id = $1 AND j.ticker IS NOT NULL),"
    // What came in by a journal; what a split carries over came in before.
    " l AS (SELECT journal_id, sum(quantity) AS quantity, sum(cost) AS cost FROM lots"
    "       WHERE portfolio_id = $1 AND NOT carried GROUP BY journal_id)"
    " SELECT format('%s: the shares of series %s up to %s have cost %s, but their lots %s', ticker,"
    "   series, quantity_after, cost_after, lots_cost) FROM c"
    "  WHERE lots_cost IS DISTINCT FROM cost_after"
    " UNION ALL SELECT format('journal %s: the lots are of %s at %s USD, but %s came in for %s',"
    "   coalesce(j.id, l.journal_id), l.quantity, l.cost, j.quantity, -j.cash)"
    "  FROM j FULL JOIN l ON l.journal_id = j.id"
    "  WHERE (j.kind IN ('buy', 'opening') OR l.journal_id IS NOT NULL)"
    "   AND (l.quantity IS DISTINCT FROM j.quantity OR j.kind NOT IN ('buy', 'opening')"
    "    OR (j.kind = 'buy' AND l.cost IS DISTINCT FROM -j.cash))"
    " UNION ALL SELECT format('journal %s: the sale is of %s for %s with profit %s, not %s, %s, "
    "%s',"
    "   coalesce(j.id, s.journal_id), s.quantity, s.proceeds, s.proceeds - s.cost, j.quantity,"
    "   j.cash, j.realized_pl_fifo)"
    "  FROM j FULL JOIN (SELECT * FROM sales WHERE portfolio_id = $1) s ON s.journal_id = j.id"
    "  WHERE (j.kind IN ('sell', 'cash_in_lieu') OR (j.kind = 'reset' AND j.quantity > 0) OR "
    "s.journal_id IS NOT NULL)"
    "   AND (s.quantity IS DISTINCT FROM j.quantity"
    "    OR CASE WHEN j.kind IN ('sell', 'cash_in_lieu') THEN (s.proceeds, s.proceeds - s.cost)"
    "         IS DISTINCT FROM (j.cash, j.realized_pl_fifo)"
    "        WHEN j.kind = 'reset' THEN s.proceeds <> s.cost ELSE true END)"
    " LIMIT $2",
};

static const struct statement audit_holds = {
    "audit_holds",
    "WITH h AS (SELECT side, ticker, quantity, amount FROM holds"
    "           WHERE portfolio_id = $1 AND state = 'active'),"
    " b AS (SELECT account, asset, held FROM balances WHERE portfolio_id = $1)"
    " SELECT format('cash: %s USD are held, but the orders hold %s', held, orders)"
    "  FROM (SELECT (SELECT coalesce(sum(held), 0) FROM b WHERE account = 'cash') AS held,"
    "               (SELECT coalesce(sum(amount), 0) FROM h WHERE side = 'buy') AS orders) c"
    "  WHERE held <> orders"
    " UNION ALL SELECT format('%s: %s shares are held, but the orders hold %s', ticker,"
    "   sum(held), sum(orders))"
    "  FROM (SELECT asset AS ticker, held, 0 AS orders FROM b WHERE account = 'shares'"
    "        UNION ALL SELECT ticker, 0, quantity FROM h WHERE side = 'sell') t"
    "  GROUP BY ticker HAVING sum(held) <> sum(orders)"
    " LIMIT $2",
};

// The service's role does without them otherwise; here whole ledgers are joined, also those that
// have grown by thousands of rows of which the planner has not heard yet.
static const struct statement allow_hash_joins = {
    "allow_hash_joins",
    "SELECT set_config('enable_hashjoin', 'on', true), set_config('enable_nestloop', 'off', true)",
};

static const struct statement *const parts[] = {
    &audit_entries, &audit_balances, &audit_journals, &audit_positions,
    &audit_lots,    &audit_sales,    &audit_holds,
};

struct audit {
    const char *portfolio_id;
    size_t limit;
    struct rows rows[COUNT_OF(parts)];
};

static bool work(struct transaction *transaction, void *context, struct error *error)
{
    struct audit *audit = context;
    struct parameter parameters[] = {
        parameter_text(audit->portfolio_id),
        parameter_int((int64_t)audit->limit),
    };

    if (!transaction_queue(transaction, &allow_hash_joins, NULL, 0, NULL, error))
        return false;
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        if (!transaction_queue(transaction, parts[i], parameters, 2, &audit->rows[i], error))
            return false;
    }
    return transaction_flush(transaction, error);
}

bool store_audit(struct database *database,
                 struct arena *arena,
                 const char *portfolio_id,
                 size_t limit,
                 const char ***out_differences,
                 size_t *out_count,
                 struct error *error)
{
    struct audit audit = {.portfolio_id = portfolio_id, .limit = limit};
    const char **differences = arena_allocate(arena, (limit + 1) * sizeof(*differences));
    size_t count = 0;

    if (differences == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET,
                         "The differences need too much memory.");
    if (!database_transact(database, arena, TRANSACTION_READ_ONLY | TRANSACTION_LONG, work, &audit,
                           error))
        return false;
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        for (size_t j = 0; j < audit.rows[i].count && count < limit; j++)
            differences[count++] = rows_text(&audit.rows[i], j, 0);
    }
    *out_differences = differences;
    *out_count = count;
    return true;
}
