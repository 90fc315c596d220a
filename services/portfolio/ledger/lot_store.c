// SPDX-License-Identifier: MIT
#include "ledger/lot_store.h"

#include <stdio.h>
#include <string.h>

#include "database/columns.h"
#include "ledger/lot.h"
#include "money/money.h"

// $1 is the portfolio, $2 to $4 where the page before ended (ticker, series, share), $5 the limit,
// and $6 the ticker of those that are about one.

#define LOT_COLUMNS                                                                                \
    "l.ticker, l.series, l.quantity, l.quantity_after, l.cost, l.cost_after, l.journal_id,"        \
    " l.opened_at"

// The `LIMIT` within keeps each ticker from being read to its end before the first row is given.
#define OPEN_FIFO                                                                                  \
    "SELECT " LOT_COLUMNS ", b.sold FROM balances b JOIN LATERAL"                                  \
    " (SELECT * FROM lots o WHERE o.portfolio_id = b.portfolio_id AND o.ticker = b.asset"          \
    "  AND o.series = b.series AND o.quantity_after > greatest(b.sold,"                            \
    "   CASE WHEN b.asset = $2 AND b.series = $3 THEN $4::numeric ELSE 0 END)"                     \
    "  ORDER BY o.quantity_after LIMIT $5) l ON true"                                              \
    " WHERE b.portfolio_id = $1 AND b.account = 'shares' AND b.amount > 0 AND b.asset >= $2"
#define OPEN_FIFO_ORDER " ORDER BY b.asset, l.quantity_after LIMIT $5"

static const struct statement page_open_fifo[] = {
    {"page_open_lots", OPEN_FIFO OPEN_FIFO_ORDER},
    {"page_open_lots_of_ticker", OPEN_FIFO " AND b.asset = $6" OPEN_FIFO_ORDER},
};

// The sales since the portfolio was reset, behind the page before. One comparison of the columns
// that come next in the index, so that reading begins there.
#define SALES                                                                                      \
    " FROM balances b JOIN LATERAL"                                                                \
    " (SELECT * FROM sales o WHERE o.portfolio_id = b.portfolio_id AND o.ticker = b.asset"         \
    "  AND (o.series, o.quantity_after) >"                                                         \
    "   (CASE WHEN b.asset = $2 AND $3 >= b.first_series THEN $3 ELSE b.first_series END,"         \
    "    CASE WHEN b.asset = $2 AND $3 >= b.first_series THEN $4::numeric ELSE 0 END)"             \
    "  ORDER BY o.series, o.quantity_after LIMIT $5) s ON true"
#define OF_PORTFOLIO " WHERE b.portfolio_id = $1 AND b.account = 'shares' AND b.asset >= $2"

// The lots of a sale end with the one that has its last share: without that the rest of the series
// would be read.
#define CLOSED_FIFO                                                                                \
    "SELECT " LOT_COLUMNS                                                                          \
    ", s.quantity, s.quantity_after, s.proceeds, s.journal_id, s.closed_at" SALES " JOIN LATERAL"  \
    " (SELECT * FROM lots o WHERE o.portfolio_id = s.portfolio_id AND o.ticker = s.ticker"         \
    "  AND o.series = s.series AND o.quantity_after > greatest(s.quantity_after - s.quantity,"     \
    "   CASE WHEN s.ticker = $2 AND s.series = $3 THEN $4::numeric ELSE 0 END)"                    \
    "  AND o.quantity_after <= (SELECT n.quantity_after FROM lots n"                               \
    "   WHERE n.portfolio_id = s.portfolio_id AND n.ticker = s.ticker AND n.series = s.series"     \
    "   AND n.quantity_after >= s.quantity_after ORDER BY n.quantity_after LIMIT 1)"               \
    "  ORDER BY o.quantity_after LIMIT $5) l ON true" OF_PORTFOLIO
#define CLOSED_FIFO_ORDER " ORDER BY b.asset, s.series, s.quantity_after, l.quantity_after LIMIT $5"

static const struct statement page_closed_fifo[] = {
    {"page_closed_lots", CLOSED_FIFO CLOSED_FIFO_ORDER},
    {"page_closed_lots_of_ticker", CLOSED_FIFO " AND b.asset = $6" CLOSED_FIFO_ORDER},
};

#define OPENED_AT                                                                                  \
    " LEFT JOIN LATERAL (SELECT o.opened_at FROM lots o WHERE o.portfolio_id = b.portfolio_id"     \
    "  AND o.ticker = b.asset AND o.series = "

#define OPEN_AVERAGE                                                                               \
    "SELECT b.asset, b.series, b.amount, b.cost_basis, l.opened_at FROM balances b" OPENED_AT      \
    "b.series ORDER BY o.quantity_after LIMIT 1) l ON true"                                        \
    " WHERE b.portfolio_id = $1 AND b.account = 'shares' AND b.amount > 0 AND b.asset > $2"        \
    " AND $3::integer >= 0 AND $4::numeric >= 0"
#define OPEN_AVERAGE_ORDER " ORDER BY b.asset LIMIT $5"

static const struct statement page_open_average[] = {
    {"page_open_averages", OPEN_AVERAGE OPEN_AVERAGE_ORDER},
    {"page_open_averages_of_ticker", OPEN_AVERAGE " AND b.asset = $6" OPEN_AVERAGE_ORDER},
};

#define CLOSED_AVERAGE                                                                             \
    "SELECT s.ticker, s.series, s.quantity, s.quantity_after, s.proceeds, j.realized_pl,"          \
    " s.journal_id, s.closed_at, l.opened_at" SALES                                                \
    " JOIN journals j ON j.portfolio_id = s.portfolio_id AND j.id = s.journal_id" OPENED_AT        \
    "s.series ORDER BY o.quantity_after LIMIT 1) l ON true" OF_PORTFOLIO
#define CLOSED_AVERAGE_ORDER " ORDER BY b.asset, s.series, s.quantity_after LIMIT $5"

static const struct statement page_closed_average[] = {
    {"page_closed_averages", CLOSED_AVERAGE CLOSED_AVERAGE_ORDER},
    {"page_closed_averages_of_ticker", CLOSED_AVERAGE " AND b.asset = $6" CLOSED_AVERAGE_ORDER},
};

static const struct statement sum_realized = {
    "sum_realized",
    "SELECT coalesce(sum(CASE WHEN $3 THEN realized_pl ELSE realized_pl_fifo END), 0)"
    " FROM balances WHERE portfolio_id = $1 AND account = 'shares'"
    " AND ($2::text IS NULL OR asset = $2)",
};

static const struct statement copy_lots = {
    "copy_lots",
    "INSERT INTO lots (portfolio_id, ticker, series, quantity, quantity_after, cost, cost_after,"
    " journal_id, opened_at)"
    " SELECT $4, l.ticker, 1, least(l.quantity, l.quantity_after - b.sold),"
    " l.quantity_after - b.sold, least(l.cost, l.cost_after - b.sold_cost),"
    " l.cost_after - b.sold_cost, k.journal_id, l.opened_at"
    " FROM unnest($1::text[], $2::uuid[]) AS k (ticker, journal_id)"
    " JOIN balances b ON b.portfolio_id = $3 AND b.asset = k.ticker AND b.account = 'shares'"
    " JOIN lots l ON l.portfolio_id = b.portfolio_id AND l.ticker = b.asset"
    "  AND l.series = b.series AND l.quantity_after > b.sold",
};

struct page {
    const struct lot_query *query;
    struct rows open, closed, sum;
};

static bool queue_page(struct transaction *transaction,
                       const struct statement statements[2],
                       const struct lot_query *query,
                       const struct lot_position *after,
                       struct rows *out_rows,
                       struct error *error)
{
    struct parameter parameters[] = {
        parameter_text(query->portfolio_id),
        parameter_text(after->ticker == NULL ? "" : after->ticker),
        parameter_int(after->series),
        parameter_decimal(after->quantity_after, QUANTITY_SCALE),
        parameter_int((int64_t)query->limit + 1),
        parameter_text(query->ticker),
    };
    bool of_ticker = query->ticker != NULL;

    return transaction_queue(transaction, &statements[of_ticker], parameters, of_ticker ? 6 : 5,
                             out_rows, error);
}

static bool work(struct transaction *transaction, void *context, struct error *error)
{
    static const struct lot_position start = {.ticker = ""};
    struct page *page = context;
    const struct lot_query *query = page->query;
    bool was_closed = query->after.is_closed;
    struct parameter parameters[] = {
        parameter_text(query->portfolio_id),
        parameter_text(query->ticker),
        parameter_bool(query->is_average),
    };

    page->open = page->closed = (struct rows){0};
    if (query->open && !was_closed &&
        !queue_page(transaction, query->is_average ? page_open_average : page_open_fifo, query,
                    &query->after, &page->open, error))
        return false;
    if (query->closed &&
        !queue_page(transaction, query->is_average ? page_closed_average : page_closed_fifo, query,
                    was_closed ? &query->after : &start, &page->closed, error))
        return false;
    return transaction_queue(transaction, &sum_realized, parameters, COUNT_OF(parameters),
                             &page->sum, error) &&
           transaction_flush(transaction, error);
}

static struct lot take_lot(const struct rows *rows, size_t row)
{
    struct lot lot = {
        .series = rows_int(rows, row, 1),
        .quantity = rows_decimal(rows, row, 2, QUANTITY_SCALE),
        .quantity_after = rows_decimal(rows, row, 3, QUANTITY_SCALE),
        .cost = rows_decimal(rows, row, 4, MONEY_SCALE),
        .cost_after = rows_decimal(rows, row, 5, MONEY_SCALE),
        .opened_at = rows_time(rows, row, 7),
    };

    snprintf(lot.ticker, sizeof(lot.ticker), "%s", rows_text(rows, row, 0));
    return lot;
}

static struct lot_record take_open_fifo(const struct rows *rows, size_t row)
{
    struct lot lot = take_lot(rows, row);
    struct lot_rest rest = lot_rest_after(&lot, rows_decimal(rows, row, 8, QUANTITY_SCALE));

    return (struct lot_record){
        .position = {.ticker = rows_text(rows, row, 0),
                     .series = lot.series,
                     .quantity_after = lot.quantity_after},
        .opened_by = rows_text(rows, row, 6),
        .quantity = rest.quantity,
        .cost = rest.cost,
        .has_opened_at = true,
        .opened_at = lot.opened_at,
    };
}

static struct lot_record take_closed_fifo(const struct rows *rows, size_t row)
{
    struct lot lot = take_lot(rows, row);
    struct sale sale = {
        .quantity = rows_decimal(rows, row, 8, QUANTITY_SCALE),
        .quantity_after = rows_decimal(rows, row, 9, QUANTITY_SCALE),
        .proceeds = rows_decimal(rows, row, 10, MONEY_SCALE),
    };
    struct closing closing = lot_close(&lot, &sale);

    return (struct lot_record){
        .position = {.is_closed = true,
                     .ticker = rows_text(rows, row, 0),
                     .series = lot.series,
                     .quantity_after = closing.quantity_after},
        .opened_by = rows_text(rows, row, 6),
        .closed_by = rows_text(rows, row, 11),
        .quantity = closing.quantity,
        .cost = closing.cost,
        .proceeds = closing.proceeds,
        .realized_pl = closing.realized_pl,
        .has_opened_at = true,
        .opened_at = lot.opened_at,
        .closed_at = rows_time(rows, row, 12),
    };
}

static struct lot_record take_open_average(const struct rows *rows, size_t row)
{
    return (struct lot_record){
        .position = {.ticker = rows_text(rows, row, 0)},
        .quantity = rows_decimal(rows, row, 2, QUANTITY_SCALE),
        .cost = rows_decimal(rows, row, 3, MONEY_SCALE),
        .has_opened_at = !rows_is_null(rows, row, 4),
        .opened_at = rows_time(rows, row, 4),
    };
}

static struct lot_record take_closed_average(const struct rows *rows, size_t row)
{
    int64_t proceeds = rows_decimal(rows, row, 4, MONEY_SCALE);
    int64_t realized_pl = rows_decimal(rows, row, 5, MONEY_SCALE);

    return (struct lot_record){
        .position = {.is_closed = true,
                     .ticker = rows_text(rows, row, 0),
                     .series = rows_int(rows, row, 1),
                     .quantity_after = rows_decimal(rows, row, 3, QUANTITY_SCALE)},
        .closed_by = rows_text(rows, row, 6),
        .quantity = rows_decimal(rows, row, 2, QUANTITY_SCALE),
        .cost = proceeds - realized_pl,
        .proceeds = proceeds,
        .realized_pl = realized_pl,
        .has_opened_at = !rows_is_null(rows, row, 8),
        .opened_at = rows_time(rows, row, 8),
        .closed_at = rows_time(rows, row, 7),
    };
}

bool store_page_lots(struct database *database,
                     struct arena *arena,
                     const struct lot_query *query,
                     struct lot_list *out_list,
                     struct error *error)
{
    struct page page = {.query = query};
    struct lot_list list = {0};
    size_t total = 0;

    if (!database_transact(database, arena, TRANSACTION_READ_ONLY, work, &page, error))
        return false;
    total = page.open.count + page.closed.count;
    list.records = arena_allocate(arena, (query->limit + 1) * sizeof(*list.records));
    if (list.records == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
    list.count = total < query->limit ? total : query->limit;
    list.has_more = total > query->limit;
    list.realized_pl = rows_decimal(&page.sum, 0, 0, MONEY_SCALE);
    for (size_t i = 0; i < list.count; i++) {
        bool is_open = i < page.open.count;
        const struct rows *rows = is_open ? &page.open : &page.closed;
        size_t row = is_open ? i : i - page.open.count;

        if (query->is_average)
            list.records[i] =
                is_open ? take_open_average(rows, row) : take_closed_average(rows, row);
        else
            list.records[i] = is_open ? take_open_fifo(rows, row) : take_closed_fifo(rows, row);
    }
    *out_list = list;
    return true;
}

bool store_copy_lots(struct transaction *transaction,
                     const char *from_id,
                     const char *to_id,
                     const char *const *tickers,
                     const char *const *journal_ids,
                     size_t count,
                     struct error *error)
{
    struct parameter more[] = {parameter_text(from_id), parameter_text(to_id)};
    struct columns keys;

    if (!columns_start(&keys, transaction_arena(transaction), 2, count, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct parameter row[] = {parameter_text(tickers[i]), parameter_text(journal_ids[i])};

        columns_add(&keys, row);
    }
    return columns_queue(&keys, transaction, &copy_lots, more, COUNT_OF(more), NULL, error);
}
