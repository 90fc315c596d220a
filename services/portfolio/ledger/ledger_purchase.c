// SPDX-License-Identifier: MIT
// What a purchase does to a position: its lot, and what it costs.
#include "ledger/ledger_book.h"

#include <stdio.h>
#include <string.h>

#include "money/money.h"

// The lot of a purchase, and in `shares` how its series goes on. False when it cannot be counted.
MUST_CHECK static bool make_lot(const struct ledger_journal *journal,
                                int64_t cost,
                                struct ledger_balance *shares,
                                struct lot *out_lot)
{
    struct lot lot = {.quantity = journal->quantity, .cost = cost, .opened_at = journal->booked_at};
    int64_t bought = 0;
    int64_t bought_cost = 0;

    if (shares->amount == 0) {
        shares->series++;
        shares->sold = 0;
        shares->sold_cost = 0;
    }
    if (!money_add(shares->sold, shares->amount, &bought) ||
        !money_add(bought, lot.quantity, &lot.quantity_after) ||
        !money_add(shares->sold_cost, shares->cost_basis_fifo, &bought_cost) ||
        !money_add(bought_cost, cost, &lot.cost_after))
        return false;
    shares->cost_basis_fifo += cost;
    lot.series = shares->series;
    ledger_copy(lot.ticker, sizeof(lot.ticker), journal->ticker);
    ledger_copy(lot.journal_id, sizeof(lot.journal_id), journal->id);
    *out_lot = lot;
    return true;
}

static bool refuse(const struct ledger_journal *journal, struct error *error)
{
    return error_set(error, REASON_FILL_MISMATCH,
                     "Purchase %s of %s: the balances cannot count it.", journal->id,
                     journal->ticker);
}

bool ledger_post_purchase(struct book *book,
                          struct ledger_journal *journal,
                          int64_t gross,
                          struct error *error)
{
    const char *ticker = journal->ticker;
    struct ledger_balance shares = book_balance(book, LEDGER_SHARES, ticker);
    struct lot lot;
    int64_t cost = 0;

    if (!money_add(gross, journal->commission, &cost))
        return refuse(journal, error);
    ledger_add_line(journal, LEDGER_CASH, LEDGER_CURRENCY, -cost);
    ledger_add_line(journal, LEDGER_MARKET, LEDGER_CURRENCY, gross);
    ledger_add_line(journal, LEDGER_FEES, LEDGER_CURRENCY, journal->commission);
    ledger_add_line(journal, LEDGER_SHARES, ticker, journal->quantity);
    ledger_add_line(journal, LEDGER_MARKET_SHARES, ticker, -journal->quantity);
    if (!book_fits(book, journal) || !money_add(shares.cost_basis, cost, &shares.cost_basis) ||
        !make_lot(journal, cost, &shares, &lot))
        return refuse(journal, error);
    book_post(book, journal);
    ledger_set_costs(book_make_balance(book, LEDGER_SHARES, ticker), &shares);
    book_add_new_lot(book, &lot);
    return true;
}
