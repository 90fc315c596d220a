// SPDX-License-Identifier: MIT
#include "ledger/exposure_store.h"

#include <string.h>

#include "database/columns.h"
#include "money/money.h"

static const struct statement load_open_buys = {
    "load_open_buys",
    "SELECT h.portfolio_id, h.order_id, h.side, h.ticker, h.quantity, h.amount, h.state"
    " FROM unnest($1::uuid[], $2::text[]) AS k (portfolio_id, ticker)"
    " JOIN holds h ON h.portfolio_id = k.portfolio_id AND h.ticker = k.ticker"
    " AND h.state = 'active' AND h.side = 'buy'",
};

static const struct statement load_day_starts = {
    "load_day_starts",
    "SELECT d.portfolio_id, d.equity, d.external"
    " FROM unnest($1::uuid[], $2::timestamptz[]) AS k (portfolio_id, day)"
    " JOIN day_starts d ON d.portfolio_id = k.portfolio_id AND d.day = k.day"
    " JOIN portfolios p ON p.id = d.portfolio_id AND p.reset_seq = d.reset_seq",
};

// What there was before the day began, or what the portfolio began with since; of shares a row for
// each split since, or one without. What has been split counts as what it has become, as the
// previous close does, without what was traded in between.
static const struct statement measure_day_starts = {
    "measure_day_starts",
    "SELECT b.portfolio_id, b.account, b.asset, e.balance_after, s.balance_before, s.balance_after"
    " FROM unnest($1::uuid[], $2::timestamptz[]) AS k (portfolio_id, day)"
    " JOIN balances b ON b.portfolio_id = k.portfolio_id"
    "  AND b.account IN ('cash', 'shares', 'external')"
    " JOIN LATERAL (SELECT o.seq, o.balance_after FROM entries o"
    "  JOIN journals j ON j.portfolio_id = o.portfolio_id AND j.id = o.journal_id"
    "  WHERE o.portfolio_id = b.portfolio_id AND o.account = b.account AND o.asset = b.asset"
    "  AND (j.booked_at < k.day OR j.kind IN ('opening', 'reset'))"
    "  ORDER BY o.seq DESC LIMIT 1) e ON true"
    " LEFT JOIN LATERAL (SELECT o.seq, o.balance_after - o.amount AS balance_before,"
    "  o.balance_after FROM entries o"
    "  JOIN journals j ON j.portfolio_id = o.portfolio_id AND j.id = o.journal_id"
    "  WHERE o.portfolio_id = b.portfolio_id AND o.account = b.account AND o.asset = b.asset"
    "  AND o.account = 'shares' AND o.seq > e.seq AND j.kind = 'split') s ON true"
    " ORDER BY b.portfolio_id, b.account, b.asset, s.seq",
};

static const struct statement save_day_starts = {
    "save_day_starts",
    "INSERT INTO day_starts (portfolio_id, day, reset_seq, equity, external)"
    " SELECT p.id, n.day, p.reset_seq, n.equity, n.external"
    " FROM unnest($1::uuid[], $2::timestamptz[], $3::numeric[], $4::numeric[])"
    " AS n (portfolio_id, day, equity, external) JOIN portfolios p ON p.id = n.portfolio_id"
    " ON CONFLICT (portfolio_id) DO UPDATE SET day = excluded.day, reset_seq = excluded.reset_seq,"
    " equity = excluded.equity, external = excluded.external",
};

// How the day began for one portfolio.
struct day_start {
    const char *portfolio_id;
    int64_t day;
    bool is_known;
    bool is_measured;     // and to be written
    const char *unpriced; // the ticker that it cannot be known for; NULL for none
    struct exposure_day start;
};

struct exposures {
    struct quotes *quotes;
    bool is_open;
    size_t count;
    struct day_start *days; // one for each portfolio whose loss is limited
};

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The batch needs too much memory.");
}

static bool has_limits(const Portfolio__ReserveRequest *request)
{
    return request->has_max_position_percent_micros || request->has_max_daily_loss_micros;
}

bool exposures_are_asked(const struct rpc_batch_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (has_limits((const Portfolio__ReserveRequest *)items[i].request))
            return true;
    return false;
}

static struct day_start *find_day(const struct exposures *exposures, const char *portfolio_id)
{
    for (size_t i = 0; i < exposures->count; i++)
        if (strcmp(exposures->days[i].portfolio_id, portfolio_id) == 0)
            return &exposures->days[i];
    return NULL;
}

static bool latest(void *context, const char *ticker, struct quote *out_quote)
{
    return quotes_get(context, ticker, out_quote);
}

static bool add_days(struct columns *columns,
                     const struct exposures *exposures,
                     struct arena *arena,
                     struct error *error)
{
    if (!columns_start(columns, arena, 2, exposures->count, error))
        return false;
    for (size_t i = 0; i < exposures->count; i++) {
        struct parameter row[2] = {parameter_text(exposures->days[i].portfolio_id),
                                   parameter_time(exposures->days[i].day)};

        if (!exposures->days[i].is_known)
            columns_add(columns, row);
    }
    return true;
}

static bool is_same_balance(const struct rows *rows, size_t row, size_t other)
{
    for (size_t column = 0; column < 3; column++)
        if (strcmp(rows_text(rows, row, column), rows_text(rows, other, column)) != 0)
            return false;
    return true;
}

// The shares of the balance in `row`, by the splits of them in that row and those behind it.
MUST_CHECK static bool split_shares(const struct rows *rows, size_t row, int64_t *out_quantity)
{
    int64_t quantity = rows_decimal(rows, row, 3, QUANTITY_SCALE);

    for (size_t i = row; i < rows->count && is_same_balance(rows, row, i); i++) {
        if (!rows_is_null(rows, i, 4) &&
            !money_scale_half_even(quantity, rows_decimal(rows, i, 5, QUANTITY_SCALE),
                                   rows_decimal(rows, i, 4, QUANTITY_SCALE), &quantity))
            return false;
    }
    *out_quantity = quantity;
    return true;
}

// Takes a balance of when the day began into what the portfolio was worth then.
static void
measure(struct exposures *exposures, struct day_start *day, const struct rows *rows, size_t row)
{
    const char *account = rows_text(rows, row, 1);
    const char *ticker = rows_text(rows, row, 2);
    struct quote quote;
    int64_t quantity = 0;
    int64_t price = 0;
    int64_t value = 0;

    if (strcmp(account, "external") == 0) {
        day->start.external = rows_decimal(rows, row, 3, MONEY_SCALE);
        return;
    }
    if (strcmp(account, "cash") == 0) {
        value = rows_decimal(rows, row, 3, MONEY_SCALE);
    } else {
        if (rows_decimal(rows, row, 3, QUANTITY_SCALE) == 0)
            return;
        if (quotes_get(exposures->quotes, ticker, &quote))
            price = exposure_price_before(&quote, day->day, exposures->is_open);
        if (price <= 0 || !split_shares(rows, row, &quantity) ||
            !money_multiply_half_even(price, quantity, &value))
            day->unpriced = ticker;
    }
    if (!money_add(day->start.equity, value, &day->start.equity))
        day->unpriced = ticker;
}

// Looks up how the day began where that is not known yet; keeps it once the session is on, as from
// then on it stays the same.
static bool
measure_days(struct transaction *transaction, struct exposures *exposures, struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    struct columns wanted;
    struct columns fresh;
    struct rows rows = {0};

    if (!add_days(&wanted, exposures, arena, error) ||
        !columns_start(&fresh, arena, 4, exposures->count, error))
        return false;
    if (wanted.count == 0)
        return true;
    if (!columns_queue(&wanted, transaction, &measure_day_starts, NULL, 0, &rows, error) ||
        !transaction_flush(transaction, error))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        struct day_start *day = find_day(exposures, rows_text(&rows, i, 0));

        if (day != NULL && !day->is_known && (i == 0 || !is_same_balance(&rows, i - 1, i)))
            measure(exposures, day, &rows, i);
    }
    for (size_t i = 0; i < exposures->count; i++) {
        struct day_start *day = &exposures->days[i];
        struct parameter row[4] = {parameter_text(day->portfolio_id), parameter_time(day->day),
                                   parameter_decimal(day->start.equity, MONEY_SCALE),
                                   parameter_decimal(day->start.external, MONEY_SCALE)};

        if (!day->is_known && day->unpriced == NULL && exposures->is_open)
            columns_add(&fresh, row);
    }
    return columns_queue(&fresh, transaction, &save_day_starts, NULL, 0, NULL, error);
}

// Notes which portfolios' days are asked for.
static bool collect(struct exposures *exposures,
                    const struct rpc_batch_item *items,
                    size_t count,
                    struct arena *arena,
                    struct error *error)
{
    exposures->days = arena_allocate(arena, count * sizeof(*exposures->days));
    if (exposures->days == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < count; i++) {
        const Portfolio__ReserveRequest *request =
            (const Portfolio__ReserveRequest *)items[i].request;

        if (request->has_max_daily_loss_micros && request->has_day_started_at &&
            find_day(exposures, request->portfolio_id) == NULL)
            exposures->days[exposures->count++] = (struct day_start){
                .portfolio_id = request->portfolio_id, .day = request->day_started_at};
    }
    return true;
}

static bool load(struct transaction *transaction,
                 struct exposures *exposures,
                 struct books *books,
                 const struct rpc_batch_item *items,
                 size_t count,
                 struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    struct columns tickers;
    struct columns days;
    struct rows open_buys = {0};
    struct rows starts = {0};
    const char **ids = arena_allocate(arena, count * sizeof(*ids));

    if (ids == NULL)
        return out_of_budget(error);
    if (!columns_start(&tickers, arena, 2, count, error) ||
        !add_days(&days, exposures, arena, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        const Portfolio__ReserveRequest *request =
            (const Portfolio__ReserveRequest *)items[i].request;
        struct parameter row[2] = {parameter_text(request->portfolio_id),
                                   parameter_text(request->ticker)};

        if (!has_limits(request))
            continue;
        ids[tickers.count] = request->portfolio_id;
        columns_add(&tickers, row);
    }
    if (!columns_queue(&tickers, transaction, &load_open_buys, NULL, 0, &open_buys, error) ||
        !columns_queue(&days, transaction, &load_day_starts, NULL, 0, &starts, error) ||
        !books_load_all_balances(transaction, books, ids, tickers.count, error))
        return false;
    books_take_holds(books, &open_buys);
    for (size_t i = 0; i < starts.count; i++) {
        struct day_start *day = find_day(exposures, rows_text(&starts, i, 0));

        if (day == NULL)
            continue;
        day->is_known = true;
        day->start.equity = rows_decimal(&starts, i, 1, MONEY_SCALE);
        day->start.external = rows_decimal(&starts, i, 2, MONEY_SCALE);
    }
    return measure_days(transaction, exposures, error);
}

bool exposures_load(struct transaction *transaction,
                    struct quotes *quotes,
                    struct books *books,
                    const struct rpc_batch_item *items,
                    size_t count,
                    struct exposures **out_exposures,
                    struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    struct exposures *exposures = NULL;
    struct platform_clock clock;

    *out_exposures = NULL;
    if (!exposures_are_asked(items, count))
        return true;
    exposures = arena_allocate(arena, sizeof(*exposures));
    if (exposures == NULL)
        return out_of_budget(error);
    *exposures = (struct exposures){.quotes = quotes,
                                    .is_open = quotes_clock(quotes, &clock) && clock.is_open};
    if (!collect(exposures, items, count, arena, error) ||
        !load(transaction, exposures, books, items, count, error))
        return false;
    *out_exposures = exposures;
    return true;
}

static bool check_loss(const struct exposures *exposures,
                       const struct book *book,
                       const struct exposure_limits *limits,
                       int64_t equity,
                       struct error *error)
{
    const struct day_start *day = find_day(exposures, book->portfolio_id);

    if (day == NULL || day->day != limits->day_started_at)
        return error_set(error, REASON_UNAVAILABLE, "It is not known when the day began.");
    if (day->unpriced != NULL)
        return error_set(error, REASON_NO_PRICE,
                         "max_daily_loss cannot be checked: it is not known what %s was worth when "
                         "the day began.",
                         day->unpriced);
    return exposure_check_loss(book, limits, &day->start, equity, error);
}

bool exposures_check(const struct exposures *exposures,
                     const struct book *book,
                     const Portfolio__ReserveRequest *request,
                     struct error *error)
{
    const struct exposure_limits limits = {
        .max_position_percent = request->max_position_percent_micros,
        .position_set_by = request->position_limit_set_by,
        .max_daily_loss = request->max_daily_loss_micros,
        .loss_set_by = request->loss_limit_set_by,
        .day_started_at = request->day_started_at,
    };
    const struct ledger_reservation reservation = {
        .order_id = request->order_id,
        .ticker = request->ticker,
        .quantity = request->quantity_nanos,
        .amount = request->amount_micros,
        .replaces_order_id = request->replaces_order_id,
    };
    struct quote quote = {0};
    int64_t equity = 0;

    // A repeat has been checked before. One that was refused is looked at anew, for the reason.
    if (exposures == NULL || !has_limits(request) || book_has_held(book, request->order_id))
        return true;
    if (!exposure_equity(book, latest, exposures->quotes, &equity, error))
        return false;
    if (request->has_max_daily_loss_micros && !check_loss(exposures, book, &limits, equity, error))
        return false;
    // A ticker of which there is nothing yet needs no price.
    if (!quotes_get(exposures->quotes, request->ticker, &quote))
        quote.price_micros = 0;
    return !request->has_max_position_percent_micros ||
           exposure_check_position(book, &reservation, &limits, equity, quote.price_micros, error);
}
