// SPDX-License-Identifier: MIT
// actions_api: dividends and splits of what is held, in every portfolio that held it.
//
// Some portfolios in a transaction, which notes how far it has come: whoever dies in the middle is
// followed by another call that goes on there. Of two calls at once one waits for the other's
// transaction. In each portfolio the booking's id is made from the action's, so it is there once.
#include "bourse/portfolio/v1/portfolio_server.h"
#include "portfolio.h"

#include <string.h>

#include "actions/action_store.h"
#include "base/clock.h"
#include "base/fault.h"
#include "events/balance_events.h"
#include "ledger/portfolio_books.h"
#include "money/money.h"
#include "service/log.h"
#include "snapshots/snapshot_due.h"

enum {
    HOLDERS_EACH = 50, // in a transaction: their locks are held no longer than a batch of fills
    ACTION_BUDGET = 16 * 1024 * 1024,
    MARGIN_US = 5 * 1000 * 1000, // before the call's deadline, when no more is begun
};

struct step {
    const struct action_record *asked; // of the first step; NULL afterwards
    const char *action_id;
    struct action_record record;
    struct action_holders holders;
    const char **marks; // one each: its booking by an import
    int64_t *quantities;
    struct balance_changes changes;
};

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The portfolios need too much memory.");
}

// What is wanted of the books: each portfolio comes twice, for the ids that the booking has there
// when it is ours, and when it was imported.
struct wanting {
    struct books_wanted wanted;
    int64_t *sold;
};

static bool start_wanting(struct arena *arena,
                          const struct step *step,
                          struct wanting *out_wanting,
                          struct error *error)
{
    size_t most = 2 * step->holders.count + 1;
    struct wanting wanting = {
        .wanted = {.portfolio_ids = arena_allocate(arena, most * sizeof(const char *)),
                   .tickers = arena_allocate(arena, most * sizeof(const char *)),
                   .journal_ids = arena_allocate(arena, most * sizeof(const char *)),
                   .count = 2 * step->holders.count},
        .sold = arena_allocate(arena, most * sizeof(int64_t)),
    };

    if (wanting.wanted.portfolio_ids == NULL || wanting.wanted.tickers == NULL ||
        wanting.wanted.journal_ids == NULL || wanting.sold == NULL)
        return out_of_budget(error);
    wanting.wanted.sold = wanting.sold;
    *out_wanting = wanting;
    return true;
}

static bool load(struct transaction *transaction,
                 const struct step *step,
                 const int64_t *sold,
                 struct books **out_books,
                 struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    const struct ledger_action *action = &step->record.action;
    size_t count = step->holders.count;
    struct wanting wanting;

    if (!start_wanting(arena, step, &wanting, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *id = step->holders.ids[i];

        wanting.wanted.portfolio_ids[i] = wanting.wanted.portfolio_ids[count + i] = id;
        wanting.wanted.tickers[i] = wanting.wanted.tickers[count + i] = action->ticker;
        wanting.sold[i] = sold == NULL ? 0 : sold[i];
        wanting.sold[count + i] = 0;
        wanting.wanted.journal_ids[i] =
            arena_copy_string(arena, ledger_action_journal(id, action->id).string);
        wanting.wanted.journal_ids[count + i] = step->marks[i];
        if (wanting.wanted.journal_ids[i] == NULL)
            return out_of_budget(error);
    }
    return books_load(transaction, &wanting.wanted, out_books, error);
}

static bool make_marks(struct arena *arena, struct step *step, struct error *error)
{
    const struct action_record *record = &step->record;

    step->marks = arena_allocate(arena, (step->holders.count + 1) * sizeof(*step->marks));
    if (step->marks == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < step->holders.count; i++) {
        struct uuid mark =
            ledger_imported_action(step->holders.ids[i], step->holders.reset_seqs[i],
                                   record->is_split, record->action.ticker, record->effective_at);

        step->marks[i] = arena_copy_string(arena, mark.string);
        if (step->marks[i] == NULL)
            return out_of_budget(error);
    }
    return true;
}

// One portfolio that cannot count it must not keep it from all others: whoever reads the log sees
// what is missing there.
static bool is_left_out(const struct book *book, const struct step *step, const struct error *error)
{
    if (!error_is(error, REASON_LIMIT_EXCEEDED) && !error_is(error, REASON_FILL_MISMATCH))
        return false;
    log_write(LOG_ERROR, "corporate_action_left_out", "portfolio", book->portfolio_id, "action",
              step->record.action.id, "message", error->message, NULL);
    return true;
}

static bool book_one(struct book *book, const struct step *step, size_t at, struct error *error)
{
    const struct action_record *record = &step->record;
    int64_t unit = record->whole_shares ? NANOS_PER_UNIT : 1;
    struct ledger_action action = record->action;

    action.imported_as = step->marks[at];
    return (record->is_split ? ledger_split(book, &action, step->quantities[at], unit, error)
                             : ledger_dividend(book, &action, step->quantities[at], error)) ||
           is_left_out(book, step, error);
}

static bool decide(struct step *step, struct books *books, struct error *error)
{
    for (size_t i = 0; i < step->holders.count; i++) {
        struct book *book = books_find(books, step->holders.ids[i]);

        if (book == NULL || step->quantities[i] == 0)
            continue;
        if (!book_one(book, step, i, error))
            return false;
        if (book->journal_count > 0)
            step->record.portfolios++;
        else
            step->quantities[i] = 0; // it was booked already, by us or an import, or cannot be
    }
    return true;
}

// The portfolios in which something has been booked now.
static size_t list_booked(const struct step *step, struct arena *arena, const char ***out_ids)
{
    const char **ids = arena_allocate(arena, (step->holders.count + 1) * sizeof(*ids));
    size_t count = 0;

    for (size_t i = 0; ids != NULL && i < step->holders.count; i++) {
        if (step->quantities[i] > 0)
            ids[count++] = step->holders.ids[i];
    }
    *out_ids = ids;
    return count;
}

// After the split, as what is sold has to be found among the new lots.
static bool pay_rests(struct transaction *transaction, struct step *step, struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    int64_t *rests = arena_allocate(arena, (step->holders.count + 1) * sizeof(*rests));
    bool done = true;
    OWNED(books) before = NULL;
    OWNED(books) books = NULL;

    if (rests == NULL)
        return out_of_budget(error);
    if (!load(transaction, step, NULL, &before, error))
        return false;
    for (size_t i = 0; i < step->holders.count; i++) {
        const struct book *book = books_find(before, step->holders.ids[i]);

        rests[i] = book == NULL || step->quantities[i] == 0
                       ? 0
                       : ledger_rest_of_share(book, step->record.action.ticker);
    }
    if (!load(transaction, step, rests, &books, error))
        return false;
    for (size_t i = 0; i < step->holders.count && done; i++) {
        struct book *book = books_find(books, step->holders.ids[i]);

        if (rests[i] > 0)
            done = ledger_pay_rest_of_share(book, &step->record.action, rests[i], error) ||
                   is_left_out(book, step, error);
    }
    return done && books_save(transaction, books, error);
}

static bool book_all(struct transaction *transaction, struct step *step, struct error *error)
{
    const struct action_record *record = &step->record;
    struct arena *arena = transaction_arena(transaction);
    const char **booked = NULL;
    size_t booked_count = 0;
    OWNED(books) books = NULL;

    step->quantities = arena_allocate(arena, (step->holders.count + 1) * sizeof(*step->quantities));
    if (step->quantities == NULL)
        return out_of_budget(error);
    if (!make_marks(arena, step, error) || !load(transaction, step, NULL, &books, error) ||
        !store_measure_holders(transaction, record, step->holders.ids, step->holders.count,
                               step->quantities, error) ||
        (record->is_split && !store_load_sell_holds(transaction, record, step->holders.ids,
                                                    step->holders.count, books, error)) ||
        !decide(step, books, error))
        return false;
    booked_count = list_booked(step, arena, &booked);
    if (booked == NULL)
        return out_of_budget(error);
    if (record->is_split && booked_count > 0 &&
        !store_carry_lots(transaction, record, booked, booked_count, error))
        return false;
    if (!books_save(transaction, books, error) || !transaction_flush(transaction, error))
        return false;
    balance_changes_take(&step->changes, books);
    if (!snapshot_due_mark(transaction, booked, booked_count, record->action.booked_at, error))
        return false;
    return !record->is_split || !record->whole_shares || pay_rests(transaction, step, error);
}

static bool work(struct transaction *transaction, void *context, struct error *error)
{
    struct step *step = context;
    struct action_record *record = &step->record;
    const char *last = NULL;

    step->changes.count = 0;
    if (step->asked != NULL && !store_begin_action(transaction, step->asked, error))
        return false;
    if (!store_lock_action(transaction, step->action_id, record, error))
        return false;
    // Committed by itself, so that it is seen by who copies portfolios before one is looked for.
    if (step->asked != NULL || record->is_complete)
        return true;
    if (!store_next_holders(transaction, record, HOLDERS_EACH, &step->holders, error) ||
        (step->holders.count > 0 && !book_all(transaction, step, error)))
        return false;
    last = step->holders.count == HOLDERS_EACH ? step->holders.ids[step->holders.count - 1] : NULL;
    record->is_complete = last == NULL;
    if (!store_save_action(transaction, record, last, error))
        return false;
    if (fault_point("portfolio.in_action"))
        return error_set(error, REASON_UNAVAILABLE, "The fault point in an action was armed.");
    return true;
}

static bool check(const Portfolio__ApplyCorporateActionRequest *request, struct error *error)
{
    bool is_split = request->kind == PORTFOLIO__CORPORATE_ACTION_KIND__CORPORATE_ACTION_KIND_SPLIT;

    error_clear(error);
    if (is_split && (!request->has_numerator || !request->has_denominator ||
                     request->numerator == request->denominator))
        error_add_violation(error, "numerator", "a split needs two different numbers of shares");
    if (is_split && request->whole_shares && !request->has_price_micros)
        error_add_violation(error, "price", "is needed to pay what is not a whole share");
    if (!is_split && !request->has_amount_micros)
        error_add_violation(error, "amount", "a dividend needs an amount");
    return error->detail_count == 0;
}

bool portfolio_api_apply_corporate_action(struct portfolio *portfolio,
                                          struct call *call,
                                          const Portfolio__ApplyCorporateActionRequest *request,
                                          Portfolio__ApplyCorporateActionResponse *response,
                                          struct error *error)
{
    struct clock clock = clock_real();
    struct action_record asked = {
        .action = {.id = request->action_id,
                   .ticker = request->ticker,
                   .numerator = request->numerator,
                   .denominator = request->denominator,
                   .amount = request->amount_micros,
                   .price = request->price_micros},
        .is_split = request->kind == PORTFOLIO__CORPORATE_ACTION_KIND__CORPORATE_ACTION_KIND_SPLIT,
        .whole_shares = request->whole_shares,
        .effective_at = request->effective_at,
    };
    struct step step = {.asked = &asked, .action_id = request->action_id};
    bool was_begun = false;
    OWNED(arena) arena = arena_new(ACTION_BUDGET);

    asked.action.booked_at = request->booked_at;
    if (!check(request, error))
        return false;
    // At least one step, however little time there is: who asks often enough gets to the end.
    do {
        arena_reset(arena);
        if (!database_transact(portfolio->database, arena, TRANSACTION_LONG, work, &step, error))
            return false;
        balance_changes_publish(portfolio, &step.changes);
        was_begun = step.asked == NULL;
        step.asked = NULL;
    } while (!step.record.is_complete &&
             (!was_begun || clock_now_us(&clock) < call->deadline_us - MARGIN_US));
    response->has_complete = true;
    response->complete = step.record.is_complete;
    response->has_portfolios = true;
    response->portfolios = (uint64_t)step.record.portfolios;
    return true;
}
