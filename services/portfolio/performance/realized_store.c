// SPDX-License-Identifier: MIT
#include "performance/realized_store.h"

#include "money/money.h"

// Every journal has one entry of cash, by whose number it is known what was before a new beginning.
#define JOURNALS                                                                                   \
    " FROM portfolios p JOIN entries e ON e.portfolio_id = p.id AND e.account = 'cash'"            \
    "  AND e.asset = 'USD' AND e.seq > p.reset_seq"                                                \
    " JOIN journals j ON j.portfolio_id = e.portfolio_id AND j.id = e.journal_id"                  \
    " WHERE p.id = $1"

static const struct statement list_profits = {
    "list_profits",
    "SELECT j.realized_pl" JOURNALS " AND j.kind IN ('sell', 'cash_in_lieu')"
    " AND j.booked_at >= $2 AND j.booked_at < $3 ORDER BY e.seq DESC LIMIT $4",
};

static const struct statement list_years = {
    "list_realized_years",
    "SELECT extract(year FROM j.booked_at AT TIME ZONE 'UTC')::bigint AS year, j.ticker,"
    " count(*) FILTER (WHERE j.kind <> 'dividend'),"
    " coalesce(sum(e.amount) FILTER (WHERE j.kind <> 'dividend'), 0),"
    " coalesce(sum(CASE WHEN $2 THEN j.realized_pl ELSE j.realized_pl_fifo END), 0),"
    " coalesce(sum(e.amount) FILTER (WHERE j.kind = 'dividend'), 0)" JOURNALS
    " AND j.kind IN ('sell', 'cash_in_lieu', 'dividend')"
    " GROUP BY 1, 2 ORDER BY 1, 2 LIMIT $3",
};

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

bool realized_store_list_profits(struct database *database,
                                 struct arena *arena,
                                 const struct realized_range *range,
                                 int64_t **out_profits,
                                 size_t *out_count,
                                 struct error *error)
{
    struct parameter parameters[] = {
        parameter_text(range->portfolio_id),
        parameter_time(range->start),
        parameter_time(range->end),
        parameter_int((int64_t)range->limit),
    };
    int64_t *profits = NULL;
    struct rows rows = {0};

    if (!database_query(database, arena, &list_profits, parameters, COUNT_OF(parameters), &rows,
                        error))
        return false;
    profits = arena_allocate(arena, (rows.count + 1) * sizeof(*profits));
    if (profits == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < rows.count; i++)
        profits[i] = rows_decimal(&rows, i, 0, MONEY_SCALE);
    *out_profits = profits;
    *out_count = rows.count;
    return true;
}

bool realized_store_list_years(struct database *database,
                               struct arena *arena,
                               const char *portfolio_id,
                               bool is_average,
                               size_t limit,
                               struct realized_year **out_years,
                               size_t *out_count,
                               struct error *error)
{
    struct parameter parameters[] = {
        parameter_text(portfolio_id),
        parameter_bool(is_average),
        parameter_int((int64_t)limit),
    };
    struct realized_year *years = NULL;
    struct rows rows = {0};

    if (!database_query(database, arena, &list_years, parameters, COUNT_OF(parameters), &rows,
                        error))
        return false;
    years = arena_allocate(arena, (rows.count + 1) * sizeof(*years));
    if (years == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < rows.count; i++)
        years[i] = (struct realized_year){
            .year = rows_int(&rows, i, 0),
            .ticker = rows_text(&rows, i, 1),
            .sales = rows_int(&rows, i, 2),
            .proceeds = rows_decimal(&rows, i, 3, MONEY_SCALE),
            .profit = rows_decimal(&rows, i, 4, MONEY_SCALE),
            .dividends = rows_decimal(&rows, i, 5, MONEY_SCALE),
        };
    *out_years = years;
    *out_count = rows.count;
    return true;
}
