// SPDX-License-Identifier: MIT
// Movements that were made elsewhere.
#include "ledger/ledger.h"

#include <assert.h>
#include <stdio.h>

#include "ledger/ledger_book.h"
#include "money/money.h"

static struct ledger_journal journal_of(const struct ledger_imported *imported)
{
    struct ledger_journal journal = {
        .kind = imported->kind,
        .quantity = imported->quantity,
        .price = imported->price,
        .commission = imported->commission,
        .booked_at = imported->booked_at,
    };

    ledger_copy(journal.id, sizeof(journal.id), imported->id);
    ledger_copy(journal.reference, sizeof(journal.reference), imported->reference);
    ledger_copy(journal.ticker, sizeof(journal.ticker), imported->ticker);
    ledger_copy(journal.note, sizeof(journal.note), imported->note);
    return journal;
}

static bool refuse(struct error *error)
{
    return error_set(error, REASON_LIMIT_EXCEEDED, "The balances would be too large to count.");
}

// Whether so much may be taken from the cash, or less than 0 be put to it.
static bool check_cash(const struct book *book, int64_t taken, struct error *error)
{
    struct ledger_balance cash = book_balance(book, LEDGER_CASH, LEDGER_CURRENCY);
    int64_t available = cash.amount - cash.held;

    return taken <= available || ledger_refuse_funds(taken, available, error);
}

static bool
check_shares(const struct book *book, const struct ledger_imported *imported, struct error *error)
{
    struct ledger_balance shares = book_balance(book, LEDGER_SHARES, imported->ticker);
    int64_t available = shares.amount - shares.held;
    char requested[DECIMAL_SIZE];
    char present[DECIMAL_SIZE];

    if (imported->quantity <= available)
        return true;
    decimal_print(imported->quantity, QUANTITY_SCALE, 0, requested);
    decimal_print(available, QUANTITY_SCALE, 0, present);
    error_set(error, REASON_INSUFFICIENT_SHARES,
              "%s shares of %s are sold, and %s are available at that time.", requested,
              imported->ticker, present);
    error_add_number(error, "requested", "%s", requested);
    error_add_number(error, "available", "%s", present);
    return false;
}

static bool trade(struct book *book, const struct ledger_imported *imported, struct error *error)
{
    struct ledger_journal journal = journal_of(imported);
    int64_t gross = 0;
    int64_t taken = 0;

    if (!money_multiply_half_even(imported->price, imported->quantity, &gross))
        return refuse(error);
    if (imported->kind == LEDGER_KIND_BUY) {
        if (!money_add(gross, imported->commission, &taken))
            return refuse(error);
        return check_cash(book, taken, error) && ledger_post_purchase(book, &journal, gross, error);
    }
    // A commission may be more than what is sold brings.
    if (!money_subtract(imported->commission, gross, &taken))
        return refuse(error);
    return check_shares(book, imported, error) && check_cash(book, taken, error) &&
           ledger_post_sale(book, &journal, gross, error);
}

// The lots of an opening, and in `shares` how their series begins. False when they cannot be
// counted.
static bool
add_lots(struct book *book, const struct ledger_imported *imported, struct ledger_balance *shares)
{
    struct lot lot = {.series = shares->series + 1};
    size_t count = book->lot_count;

    ledger_copy(lot.ticker, sizeof(lot.ticker), imported->ticker);
    ledger_copy(lot.journal_id, sizeof(lot.journal_id), imported->id);
    for (size_t i = 0; i < imported->lot_count; i++) {
        lot.quantity = imported->lots[i].quantity;
        lot.cost = imported->lots[i].cost;
        lot.opened_at = imported->lots[i].opened_at;
        if (!money_add(lot.quantity_after, lot.quantity, &lot.quantity_after) ||
            !money_add(lot.cost_after, lot.cost, &lot.cost_after)) {
            book->lot_count = count;
            return false;
        }
        book_add_new_lot(book, &lot);
    }
    assert(lot.quantity_after == imported->quantity);
    shares->series++;
    shares->sold = 0;
    shares->sold_cost = 0;
    shares->cost_basis = imported->cost;
    shares->cost_basis_fifo = lot.cost_after;
    return true;
}

static bool
open_shares(struct book *book, const struct ledger_imported *imported, struct error *error)
{
    struct ledger_journal journal = journal_of(imported);
    struct ledger_balance shares = book_balance(book, LEDGER_SHARES, imported->ticker);

    if (shares.amount > 0)
        return error_set(error, REASON_CONFLICT,
                         "There are shares of %s already, and only what is not held can be opened.",
                         imported->ticker);
    journal.cost_change = imported->cost;
    ledger_add_line(&journal, LEDGER_CASH, LEDGER_CURRENCY, 0);
    ledger_add_line(&journal, LEDGER_SHARES, imported->ticker, imported->quantity);
    ledger_add_line(&journal, LEDGER_MARKET_SHARES, imported->ticker, -imported->quantity);
    if (!book_fits(book, &journal) || !add_lots(book, imported, &shares))
        return refuse(error);
    book_post(book, &journal);
    ledger_set_costs(book_make_balance(book, LEDGER_SHARES, imported->ticker), &shares);
    return true;
}

// Whether the split comes to what the row says of it, and to nothing that is held.
static bool check_split(const struct book *book,
                        const struct ledger_imported *imported,
                        int64_t quantity,
                        struct error *error)
{
    const struct ledger_terms terms = {imported->numerator, imported->denominator};
    char said[DECIMAL_SIZE];
    char expected[DECIMAL_SIZE];
    int64_t becomes = 0;

    if (quantity == 0)
        return error_set(error, REASON_CONFLICT, "There were no shares of %s before the split.",
                         imported->ticker);
    if (book_balance(book, LEDGER_SHARES, imported->ticker).held > 0)
        return error_set(error, REASON_CONFLICT,
                         "Open orders hold shares of %s. Cancel them before its split is taken.",
                         imported->ticker);
    if (!ledger_scale_shares(&terms, quantity, &becomes))
        return refuse(error);
    if (imported->quantity == 0 || imported->quantity == becomes - quantity)
        return true;
    decimal_print(imported->quantity, QUANTITY_SCALE, 0, said);
    decimal_print(becomes - quantity, QUANTITY_SCALE, 0, expected);
    return error_set(error, REASON_CONFLICT,
                     "The split changes the shares of %s by %s, and not by %s.", imported->ticker,
                     expected, said);
}

static bool split(struct book *book, const struct ledger_imported *imported, struct error *error)
{
    const struct ledger_terms terms = {imported->numerator, imported->denominator};
    struct ledger_journal journal = journal_of(imported);
    int64_t quantity = ledger_held_since_before(book, imported->ticker, imported->booked_at);
    size_t count = book->lot_count;

    if (!check_split(book, imported, quantity, error))
        return false;
    if (!ledger_carry_lots(book, imported->ticker, &terms, imported->booked_at)) {
        book->lot_count = count;
        return refuse(error);
    }
    if (ledger_post_split(book, &journal, &terms, quantity, error))
        return true;
    book->lot_count = count;
    return false;
}

static bool
move_money(struct book *book, const struct ledger_imported *imported, struct error *error)
{
    struct ledger_journal journal = journal_of(imported);
    bool comes = imported->kind == LEDGER_KIND_DEPOSIT || imported->kind == LEDGER_KIND_DIVIDEND ||
                 imported->kind == LEDGER_KIND_OPENING;
    int64_t change = comes ? imported->amount : -imported->amount;
    enum ledger_account other = imported->kind == LEDGER_KIND_DIVIDEND ? LEDGER_MARKET
                                : imported->kind == LEDGER_KIND_FEE    ? LEDGER_FEES
                                                                       : LEDGER_EXTERNAL;

    if (!check_cash(book, -change, error))
        return false;
    ledger_add_line(&journal, LEDGER_CASH, LEDGER_CURRENCY, change);
    ledger_add_line(&journal, other, LEDGER_CURRENCY, -change);
    if (!book_fits(book, &journal))
        return refuse(error);
    book_post(book, &journal);
    return true;
}

bool ledger_import(struct book *book, const struct ledger_imported *imported, struct error *error)
{
    assert(imported->amount >= 0);
    switch (imported->kind) {
    case LEDGER_KIND_BUY:
    case LEDGER_KIND_SELL:
    case LEDGER_KIND_CASH_IN_LIEU:
        assert(imported->quantity > 0 && imported->price > 0 && imported->commission >= 0);
        return trade(book, imported, error);
    case LEDGER_KIND_SPLIT:
        return split(book, imported, error);
    case LEDGER_KIND_OPENING:
        return imported->ticker[0] == '\0' ? move_money(book, imported, error)
                                           : open_shares(book, imported, error);
    default:
        return move_money(book, imported, error);
    }
}
