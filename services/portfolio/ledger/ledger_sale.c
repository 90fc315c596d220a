// SPDX-License-Identifier: MIT
// What a sale does to a position, by both methods.
#include "ledger/ledger_book.h"

#include <stdio.h>
#include <string.h>

#include "money/money.h"

// The oldest first: the sale, and in `shares` what is left. False when it cannot be counted.
MUST_CHECK static bool make_sale(const struct ledger_journal *journal,
                                 const struct lot *last,
                                 int64_t proceeds,
                                 struct ledger_balance *shares,
                                 struct sale *out_sale)
{
    struct sale sale = {.series = shares->series,
                        .quantity = journal->quantity,
                        .quantity_after = shares->sold + journal->quantity,
                        .proceeds = proceeds,
                        .closed_at = journal->booked_at};

    sale.cost_after = lot_cost_until(last, sale.quantity_after);
    sale.cost = sale.cost_after - shares->sold_cost;
    if (!money_subtract(shares->realized_pl_fifo, sale.cost, &shares->realized_pl_fifo) ||
        !money_add(shares->realized_pl_fifo, proceeds, &shares->realized_pl_fifo))
        return false;
    shares->sold = sale.quantity_after;
    shares->sold_cost = sale.cost_after;
    shares->cost_basis_fifo -= sale.cost;
    ledger_copy(sale.ticker, sizeof(sale.ticker), journal->ticker);
    ledger_copy(sale.journal_id, sizeof(sale.journal_id), journal->id);
    *out_sale = sale;
    return true;
}

// Average cost: what is sold takes its share of the cost with it.
MUST_CHECK static bool
take_average_cost(struct ledger_journal *journal, int64_t proceeds, struct ledger_balance *shares)
{
    int64_t cost = 0;

    if (!money_scale_half_even(shares->cost_basis, journal->quantity, shares->amount, &cost) ||
        !money_subtract(proceeds, cost, &journal->realized_pl) ||
        !money_add(shares->realized_pl, journal->realized_pl, &shares->realized_pl))
        return false;
    shares->cost_basis -= cost;
    return true;
}

static bool refuse(const struct ledger_journal *journal, struct error *error)
{
    return error_set(error, REASON_FILL_MISMATCH, "Sale %s of %s: the balances cannot count it.",
                     journal->id, journal->ticker);
}

bool ledger_post_sale(struct book *book,
                      struct ledger_journal *journal,
                      int64_t gross,
                      struct error *error)
{
    const char *ticker = journal->ticker;
    struct ledger_balance shares = book_balance(book, LEDGER_SHARES, ticker);
    struct ledger_balance cash = book_balance(book, LEDGER_CASH, LEDGER_CURRENCY);
    const struct lot *last =
        book_find_lot(book, ticker, shares.series, shares.sold + journal->quantity);
    struct sale sale;
    int64_t proceeds = 0;
    int64_t cash_after = 0;

    if (last == NULL) {
        book->lacks_lot = true;
        return error_set(error, REASON_INTERNAL, "Sale %s of %s ends in a lot not loaded.",
                         journal->id, ticker);
    }
    if (!money_subtract(gross, journal->commission, &proceeds) ||
        !money_add(cash.amount, proceeds, &cash_after) || cash_after < cash.held ||
        !take_average_cost(journal, proceeds, &shares) ||
        !make_sale(journal, last, proceeds, &shares, &sale))
        return refuse(journal, error);
    journal->realized_pl_fifo = proceeds - sale.cost;
    ledger_add_line(journal, LEDGER_CASH, LEDGER_CURRENCY, proceeds);
    ledger_add_line(journal, LEDGER_MARKET, LEDGER_CURRENCY, -gross);
    ledger_add_line(journal, LEDGER_FEES, LEDGER_CURRENCY, journal->commission);
    ledger_add_line(journal, LEDGER_SHARES, ticker, -journal->quantity);
    ledger_add_line(journal, LEDGER_MARKET_SHARES, ticker, journal->quantity);
    if (!book_fits(book, journal))
        return refuse(journal, error);
    book_post(book, journal);
    ledger_set_costs(book_make_balance(book, LEDGER_SHARES, ticker), &shares);
    book_add_sale(book, &sale);
    return true;
}
