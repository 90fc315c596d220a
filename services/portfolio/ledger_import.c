// SPDX-License-Identifier: MIT
// Movements that were made elsewhere.
#include "ledger.h"

#include <assert.h>
#include <stdio.h>

#include "ledger_book.h"
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

static bool
move_money(struct book *book, const struct ledger_imported *imported, struct error *error)
{
    struct ledger_journal journal = journal_of(imported);
    bool comes = imported->kind == LEDGER_KIND_DEPOSIT || imported->kind == LEDGER_KIND_DIVIDEND;
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
    if (imported->kind == LEDGER_KIND_BUY || imported->kind == LEDGER_KIND_SELL) {
        assert(imported->quantity > 0 && imported->price > 0 && imported->commission >= 0);
        return trade(book, imported, error);
    }
    assert(imported->amount > 0);
    return move_money(book, imported, error);
}
