// SPDX-License-Identifier: MIT
// portfolio_batch: the three operations of trading, many in one transaction.
//
// Two round trips to the database a batch: lock and load, then write and commit. The decisions in
// between are ledger.c's. One refused operation does not fail the others; a transaction that fails
// for the sake of one is repeated operation by operation.
#include "bourse/portfolio/v1/portfolio_server.h"
#include "events/balance_events.h"
#include "ledger/exposure_store.h"
#include "ledger/portfolio_books.h"
#include "portfolio.h"
#include "valuation/appraisal.h"

#include <string.h>

#include "base/fault.h"
#include "base/timestamp.h"
#include "money/money.h"

enum { BATCH_BUDGET = 16 * 1024 * 1024 };

struct batch;

// What differs between the operations: which rows an item needs, and what is decided.
struct operation {
    void (*want)(struct books_wanted *wanted, size_t index, const ProtobufCMessage *request);
    int64_t (*sells)(const ProtobufCMessage *request); // shares; NULL for operations that never do
    // When the fill was decided that is booked if nothing has overtaken it; may be NULL, and give
    // 0.
    int64_t (*filled_at)(const ProtobufCMessage *request);
    const char *(*portfolio_of)(const ProtobufCMessage *request);
    // The other order whose hold is needed; may be NULL, and give NULL.
    const char *(*other_order_of)(const ProtobufCMessage *request);
    bool (*decide)(struct book *book,
                   const ProtobufCMessage *request,
                   bool is_overtaken,
                   struct error *error);
    bool holds;      // for orders: not before the portfolio may be traded in
    bool has_limits; // perhaps: those of exposure.h
};

struct batch {
    struct portfolio *portfolio;
    const struct operation *operation;
    struct rpc_batch_item *items;
    size_t count;
    struct balance_changes changes; // to be told of once committed
};

static enum ledger_side side_of(Portfolio__Side side)
{
    return side == PORTFOLIO__SIDE__SIDE_SELL ? LEDGER_SELL : LEDGER_BUY;
}

static bool check_side(Portfolio__Side side, struct error *error)
{
    if (side == PORTFOLIO__SIDE__SIDE_BUY || side == PORTFOLIO__SIDE__SIDE_SELL)
        return true;
    error_clear(error);
    error_add_violation(error, "side", "must be buy or sell");
    return false;
}

static void reserve_want(struct books_wanted *wanted, size_t index, const ProtobufCMessage *message)
{
    const Portfolio__ReserveRequest *request = (const Portfolio__ReserveRequest *)message;

    wanted->tickers[index] = request->ticker;
    wanted->order_ids[index] = request->order_id;
    wanted->journal_ids[index] = request->fill == NULL ? NULL : request->fill->fill_id;
}

static int64_t reserve_sells(const ProtobufCMessage *message)
{
    const Portfolio__ReserveRequest *request = (const Portfolio__ReserveRequest *)message;

    return request->fill != NULL && side_of(request->side) == LEDGER_SELL
               ? request->fill->quantity_nanos
               : 0;
}

static int64_t reserve_filled_at(const ProtobufCMessage *message)
{
    const Portfolio__ReserveRequest *request = (const Portfolio__ReserveRequest *)message;

    return request->fill == NULL ? 0 : request->fill->filled_at;
}

static const char *reserve_portfolio(const ProtobufCMessage *message)
{
    return ((const Portfolio__ReserveRequest *)message)->portfolio_id;
}

static const char *reserve_other_order(const ProtobufCMessage *message)
{
    const Portfolio__ReserveRequest *request = (const Portfolio__ReserveRequest *)message;

    // An order that takes another one's place is never filled with its hold.
    return request->fill == NULL ? request->replaces_order_id : request->fill->shares_hold_id;
}

static bool reserve_decide(struct book *book,
                           const ProtobufCMessage *message,
                           bool is_overtaken,
                           struct error *error)
{
    const Portfolio__ReserveRequest *request = (const Portfolio__ReserveRequest *)message;
    struct ledger_reservation reservation = {
        .order_id = request->order_id,
        .side = side_of(request->side),
        .ticker = request->ticker,
        .quantity = request->quantity_nanos,
        .amount = request->amount_micros,
        .replaces_order_id = request->replaces_order_id,
        .has_settings_version = request->has_fill_settings_version,
        .settings_version = (int64_t)request->fill_settings_version,
    };

    const Portfolio__ReservedFill *booked = request->fill;
    struct ledger_fill fill = {
        .order_id = request->order_id, .side = reservation.side, .ticker = request->ticker};

    if (!check_side(request->side, error))
        return false;
    if (booked == NULL)
        return ledger_reserve(book, &reservation, error);
    fill.fill_id = booked->fill_id;
    fill.shares_hold_id = booked->shares_hold_id;
    if (booked->order_id != NULL) {
        fill.hold_id = request->order_id;
        fill.order_id = booked->order_id;
    }
    fill.quantity = booked->quantity_nanos;
    fill.price = booked->price_micros;
    fill.commission = booked->commission_micros;
    fill.filled_at = booked->filled_at;
    fill.is_final = booked->final;
    fill.is_overtaken = is_overtaken;
    return ledger_reserve_and_fill(book, &reservation, &fill, error);
}

static const char *release_portfolio(const ProtobufCMessage *message)
{
    return ((const Portfolio__ReleaseRequest *)message)->portfolio_id;
}

static void release_want(struct books_wanted *wanted, size_t index, const ProtobufCMessage *message)
{
    const Portfolio__ReleaseRequest *request = (const Portfolio__ReleaseRequest *)message;

    wanted->order_ids[index] = request->order_id;
    wanted->held_shares = true;
    wanted->tickers = NULL;
    wanted->journal_ids = NULL;
}

static bool release_decide(struct book *book,
                           const ProtobufCMessage *message,
                           bool is_overtaken,
                           struct error *error)
{
    const Portfolio__ReleaseRequest *request = (const Portfolio__ReleaseRequest *)message;

    (void)is_overtaken;
    (void)error;
    ledger_release(book, request->order_id);
    return true;
}

static void fill_want(struct books_wanted *wanted, size_t index, const ProtobufCMessage *message)
{
    const Portfolio__ApplyFillRequest *request = (const Portfolio__ApplyFillRequest *)message;

    wanted->tickers[index] = request->ticker;
    wanted->order_ids[index] = request->hold_id == NULL ? request->order_id : request->hold_id;
    wanted->journal_ids[index] = request->fill_id;
}

static const char *fill_other_order(const ProtobufCMessage *message)
{
    return ((const Portfolio__ApplyFillRequest *)message)->shares_hold_id;
}

static int64_t fill_sells(const ProtobufCMessage *message)
{
    const Portfolio__ApplyFillRequest *request = (const Portfolio__ApplyFillRequest *)message;

    return side_of(request->side) == LEDGER_SELL ? request->quantity_nanos : 0;
}

static const char *fill_portfolio(const ProtobufCMessage *message)
{
    return ((const Portfolio__ApplyFillRequest *)message)->portfolio_id;
}

static bool fill_decide(struct book *book,
                        const ProtobufCMessage *message,
                        bool is_overtaken,
                        struct error *error)
{
    const Portfolio__ApplyFillRequest *request = (const Portfolio__ApplyFillRequest *)message;
    struct ledger_fill fill = {
        .fill_id = request->fill_id,
        .order_id = request->order_id,
        .hold_id = request->hold_id,
        .shares_hold_id = request->shares_hold_id,
        .side = side_of(request->side),
        .ticker = request->ticker,
        .quantity = request->quantity_nanos,
        .price = request->price_micros,
        .commission = request->commission_micros,
        .filled_at = request->filled_at,
        .is_final = request->final,
    };

    (void)is_overtaken;
    return check_side(request->side, error) && ledger_fill(book, &fill, error);
}

static const struct operation reserve = {.want = reserve_want,
                                         .sells = reserve_sells,
                                         .filled_at = reserve_filled_at,
                                         .portfolio_of = reserve_portfolio,
                                         .other_order_of = reserve_other_order,
                                         .decide = reserve_decide,
                                         .holds = true,
                                         .has_limits = true};
static const struct operation release_hold = {
    .want = release_want, .portfolio_of = release_portfolio, .decide = release_decide};
static const struct operation apply_fill = {.want = fill_want,
                                            .sells = fill_sells,
                                            .portfolio_of = fill_portfolio,
                                            .other_order_of = fill_other_order,
                                            .decide = fill_decide};

static bool has_any(const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (texts[i] != NULL)
            return true;
    return false;
}

static bool collect(const struct batch *batch,
                    struct arena *arena,
                    struct books_wanted *wanted,
                    struct error *error)
{
    const struct operation *operation = batch->operation;
    // The other orders that items name come behind, so that an item has the place of its number.
    size_t capacity = batch->count * 2;
    size_t count = batch->count;
    const char **texts = arena_allocate(arena, capacity * 4 * sizeof(*texts));

    if (texts == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The batch needs too much memory.");
    wanted->portfolio_ids = texts;
    wanted->tickers = texts + capacity;
    wanted->order_ids = texts + 2 * capacity;
    wanted->journal_ids = texts + 3 * capacity;
    for (size_t i = 0; i < batch->count; i++) {
        wanted->portfolio_ids[i] = operation->portfolio_of(batch->items[i].request);
        operation->want(wanted, i, batch->items[i].request);
    }
    for (size_t i = 0; i < batch->count && operation->other_order_of != NULL; i++) {
        const ProtobufCMessage *request = batch->items[i].request;
        const char *other = operation->other_order_of(request);

        if (other == NULL)
            continue;
        wanted->portfolio_ids[count] = operation->portfolio_of(request);
        operation->want(wanted, count, request);
        wanted->journal_ids[count] = NULL;
        wanted->order_ids[count++] = other;
    }
    wanted->count = count;
    if (wanted->journal_ids != NULL && !has_any(wanted->journal_ids, count))
        wanted->journal_ids = NULL;
    return true;
}

// Notes with each sell the shares that it and those before it sell of the same position.
static bool collect_sells(const struct batch *batch,
                          struct arena *arena,
                          struct books_wanted *wanted,
                          struct error *error)
{
    int64_t *sold = arena_allocate(arena, wanted->count * sizeof(*sold));

    if (sold == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The batch needs too much memory.");
    memset(sold, 0, wanted->count * sizeof(*sold));
    for (size_t i = 0; i < batch->count; i++) {
        sold[i] = batch->operation->sells(batch->items[i].request);
        for (size_t j = i; j-- > 0 && sold[i] > 0;) {
            if (sold[j] == 0 || strcmp(wanted->portfolio_ids[i], wanted->portfolio_ids[j]) != 0 ||
                strcmp(wanted->tickers[i], wanted->tickers[j]) != 0)
                continue;
            // So many there cannot be: it will be refused.
            if (!money_add(sold[i], sold[j], &sold[i]))
                sold[i] = 0;
            break;
        }
    }
    wanted->sold = sold;
    return true;
}

// Notes when the fills were decided that come with their holds.
static bool collect_fills(const struct batch *batch,
                          struct arena *arena,
                          struct books_wanted *wanted,
                          struct error *error)
{
    int64_t *filled_at = arena_allocate(arena, wanted->count * sizeof(*filled_at));
    bool is_any = false;

    if (filled_at == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The batch needs too much memory.");
    memset(filled_at, 0, wanted->count * sizeof(*filled_at));
    for (size_t i = 0; i < batch->count; i++) {
        filled_at[i] = batch->operation->filled_at(batch->items[i].request);
        is_any = is_any || filled_at[i] != 0;
    }
    if (is_any)
        wanted->filled_at = filled_at;
    return true;
}

// Whether the limits allow it that a Reserve names. One that they do not is refused for ever.
static bool check_limits(const struct exposures *exposures,
                         struct book *book,
                         const ProtobufCMessage *message,
                         struct error *error)
{
    const Portfolio__ReserveRequest *request = (const Portfolio__ReserveRequest *)message;

    if (exposures == NULL || exposures_check(exposures, book, request, error))
        return true;
    ledger_remember_refusal(book, request->order_id, error);
    return false;
}

static bool has_begun(struct portfolio *portfolio, const struct book *book)
{
    struct platform_clock clock;

    return quotes_clock(portfolio->quotes, &clock) && clock.now >= book->trades_from;
}

// Whether the competition has begun that the portfolio is part of. An order that comes before is
// refused for ever.
static bool check_begun(struct portfolio *portfolio,
                        struct book *book,
                        const ProtobufCMessage *message,
                        struct error *error)
{
    const Portfolio__ReserveRequest *request = (const Portfolio__ReserveRequest *)message;
    char time[TIMESTAMP_SIZE];

    if (book->trades_from == 0 || has_begun(portfolio, book))
        return true;
    // Trading may know of a step of the clock already.
    appraisal_catch_up(portfolio);
    if (has_begun(portfolio, book))
        return true;
    timestamp_print(book->trades_from, time);
    error_set(error, REASON_COMPETITION_NOT_STARTED,
              "The portfolio is part of a competition that begins at %s.", time);
    error_add_number(error, "starts_at", "%s", time);
    ledger_remember_refusal(book, request->order_id, error);
    return false;
}

static bool work(struct transaction *transaction, void *context, struct error *error)
{
    struct batch *batch = context;
    struct books_wanted wanted = {0};
    struct exposures *exposures = NULL;
    OWNED(books) books = NULL;

    if (!collect(batch, transaction_arena(transaction), &wanted, error) ||
        (batch->operation->sells != NULL &&
         !collect_sells(batch, transaction_arena(transaction), &wanted, error)) ||
        (batch->operation->filled_at != NULL &&
         !collect_fills(batch, transaction_arena(transaction), &wanted, error)) ||
        !books_load(transaction, &wanted, &books, error) ||
        (batch->operation->has_limits &&
         !exposures_load(transaction, batch->portfolio->quotes, books, batch->items, batch->count,
                         &exposures, error)))
        return false;
    for (size_t i = 0; i < batch->count; i++) {
        struct rpc_batch_item *item = &batch->items[i];
        const char *portfolio_id = batch->operation->portfolio_of(item->request);
        struct book *book = books_find(books, portfolio_id);

        error_clear(&item->error);
        item->done =
            book != NULL &&
            (!batch->operation->holds ||
             check_begun(batch->portfolio, book, item->request, &item->error)) &&
            check_limits(exposures, book, item->request, &item->error) &&
            batch->operation->decide(book, item->request,
                                     books->overtaken != NULL && books->overtaken[i], &item->error);
        if (book == NULL)
            error_set(&item->error, REASON_PORTFOLIO_NOT_FOUND, "There is no portfolio %s.",
                      portfolio_id);
        // A sell before it was refused or had been booked, so this one ends in another lot than the
        // one that was loaded; or it was done by half: each is done alone.
        if (book != NULL && (book->lacks_lot || book->is_half_done)) {
            *error = item->error;
            return false;
        }
    }
    if (!books_save(transaction, books, error))
        return false;
    balance_changes_take(&batch->changes, books);
    if (fault_point("portfolio.before_commit"))
        return error_set(error, REASON_UNAVAILABLE, "The fault point before the commit was armed.");
    return true;
}

// Failures that would meet every operation of the batch alike.
static bool is_everybodys(const struct error *error)
{
    return error->code == CODE_UNAVAILABLE ||
           (error_is(error, REASON_CONFLICT) && error_constraint(error)[0] == '\0');
}

static bool transact(struct portfolio *portfolio, struct batch *batch, struct error *error)
{
    OWNED(arena) arena = arena_new(BATCH_BUDGET);

    if (!database_transact(portfolio->database, arena, 0, work, batch, error))
        return false;
    if (!fault_point("portfolio.after_commit")) {
        balance_changes_publish(portfolio, &batch->changes);
        return true;
    }
    error_set(error, REASON_OUTCOME_UNKNOWN, "The fault point after the commit was armed.");
    error->outcome_unknown = true;
    return false;
}

static void run(struct portfolio *portfolio, struct batch *batch)
{
    struct error error;

    error_clear(&error);
    if (transact(portfolio, batch, &error))
        return;
    if (batch->count > 1 && !is_everybodys(&error)) {
        for (size_t i = 0; i < batch->count; i++) {
            struct batch one = {.portfolio = portfolio,
                                .operation = batch->operation,
                                .items = &batch->items[i],
                                .count = 1};

            run(portfolio, &one);
        }
        return;
    }
    for (size_t i = 0; i < batch->count; i++) {
        batch->items[i].done = false;
        batch->items[i].error = error;
    }
}

void portfolio_api_reserve(struct portfolio *portfolio, struct rpc_batch_item *items, size_t count)
{
    struct batch batch = {
        .portfolio = portfolio, .operation = &reserve, .items = items, .count = count};

    if (exposures_are_asked(items, count))
        appraisal_catch_up(portfolio);
    run(portfolio, &batch);
}

void portfolio_api_release(struct portfolio *portfolio, struct rpc_batch_item *items, size_t count)
{
    struct batch batch = {
        .portfolio = portfolio, .operation = &release_hold, .items = items, .count = count};

    run(portfolio, &batch);
}

void portfolio_api_apply_fill(struct portfolio *portfolio,
                              struct rpc_batch_item *items,
                              size_t count)
{
    struct batch batch = {
        .portfolio = portfolio, .operation = &apply_fill, .items = items, .count = count};

    run(portfolio, &batch);
}
