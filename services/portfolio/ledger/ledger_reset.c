// SPDX-License-Identifier: MIT
// Beginning anew, and beginning as another portfolio stands.
#include "ledger/ledger.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "ledger/ledger_book.h"
#include "money/money.h"

// The movements of one request are told apart by the ticker; that of the cash has none.
static struct ledger_journal journal_of(const struct book *book,
                                        enum ledger_kind kind,
                                        const char *ticker,
                                        const struct ledger_beginning *beginning)
{
    struct ledger_journal journal = {.kind = kind, .booked_at = beginning->booked_at};
    char name[160];

    snprintf(name, sizeof(name), "journal:%s:%s:%s", book->portfolio_id,
             beginning->name == NULL ? beginning->reference : beginning->name, ticker);
    ledger_copy(journal.id, sizeof(journal.id), uuid_from_name(text_of(name)).string);
    ledger_copy(journal.reference, sizeof(journal.reference), beginning->reference);
    ledger_copy(journal.note, sizeof(journal.note), beginning->note);
    ledger_copy(journal.ticker, sizeof(journal.ticker), ticker);
    return journal;
}

static void move_shares(struct ledger_journal *journal, int64_t change)
{
    ledger_add_line(journal, LEDGER_CASH, LEDGER_CURRENCY, 0);
    ledger_add_line(journal, LEDGER_SHARES, journal->ticker, change);
    ledger_add_line(journal, LEDGER_MARKET_SHARES, journal->ticker, -change);
}

MUST_CHECK static bool
move_cash(struct book *book, struct ledger_journal *journal, int64_t change, struct error *error)
{
    ledger_add_line(journal, LEDGER_CASH, LEDGER_CURRENCY, change);
    ledger_add_line(journal, LEDGER_EXTERNAL, LEDGER_CURRENCY, -change);
    if (!book_fits(book, journal))
        return error_set(error, REASON_LIMIT_EXCEEDED, "The balance would be too large to count.");
    book_post(book, journal);
    return true;
}

// Takes a position to nothing, at what it has cost, and its profits with it. Those of a ticker that
// is not held any more, too.
static void reset_position(struct book *book,
                           const struct ledger_balance *before,
                           const struct ledger_beginning *beginning)
{
    struct ledger_journal journal = journal_of(book, LEDGER_KIND_RESET, before->asset, beginning);
    struct ledger_balance after = *before;

    journal.quantity = before->amount;
    journal.cost_change = -before->cost_basis;
    journal.realized_pl = -before->realized_pl;
    journal.realized_pl_fifo = -before->realized_pl_fifo;
    move_shares(&journal, -before->amount);
    assert(book_fits(book, &journal));
    book_post(book, &journal);
    after.sold += before->amount;
    after.sold_cost += before->cost_basis_fifo;
    after.cost_basis = after.realized_pl = after.cost_basis_fifo = after.realized_pl_fifo = 0;
    after.first_series = after.series + 1;
    ledger_set_costs(book_make_balance(book, LEDGER_SHARES, before->asset), &after);
    if (before->amount > 0) {
        struct sale sale = {.series = after.series,
                            .quantity = before->amount,
                            .quantity_after = after.sold,
                            .cost = before->cost_basis_fifo,
                            .cost_after = after.sold_cost,
                            .proceeds = before->cost_basis_fifo,
                            .closed_at = journal.booked_at};

        ledger_copy(sale.ticker, sizeof(sale.ticker), before->asset);
        ledger_copy(sale.journal_id, sizeof(sale.journal_id), journal.id);
        book_add_sale(book, &sale);
    }
}

static size_t held_positions(const struct book *book)
{
    size_t count = 0;

    for (size_t i = 0; i < book->balance_count; i++) {
        if (book->balances[i].account == LEDGER_SHARES && book->balances[i].held > 0)
            count++;
    }
    return count;
}

static bool refuse_while_held(const struct book *book, struct error *error)
{
    int64_t cash = book_balance(book, LEDGER_CASH, LEDGER_CURRENCY).held;
    size_t positions = held_positions(book);
    char held[DECIMAL_SIZE];

    if (cash == 0 && positions == 0)
        return true;
    decimal_print(cash, MONEY_SCALE, 2, held);
    error_set(error, REASON_PORTFOLIO_HAS_OPEN_ORDERS,
              "Open orders hold %s USD of cash and shares of %zu tickers.", held, positions);
    error_add_number(error, "held_cash", "%s", held);
    error_add_number(error, "held_positions", "%zu", positions);
    return false;
}

bool ledger_reset(struct book *book, const struct ledger_beginning *beginning, struct error *error)
{
    size_t count = book->balance_count;
    int64_t cash = book_balance(book, LEDGER_CASH, LEDGER_CURRENCY).amount;
    struct ledger_journal journal = journal_of(book, LEDGER_KIND_RESET, "", beginning);

    assert(beginning->cash >= 0);
    if (book->is_closed)
        return error_set(error, REASON_PORTFOLIO_CLOSED, "Portfolio %s is closed.",
                         book->portfolio_id);
    if (!refuse_while_held(book, error))
        return false;
    book_sort_balances(book);
    for (size_t i = 0; i < count; i++) {
        struct ledger_balance balance = book->balances[i];

        if (balance.account == LEDGER_SHARES &&
            (balance.amount > 0 || balance.series >= balance.first_series))
            reset_position(book, &balance, beginning);
    }
    return move_cash(book, &journal, beginning->cash - cash, error);
}

const char *ledger_open_position(struct book *book,
                                 const struct ledger_balance *position,
                                 const struct ledger_beginning *beginning)
{
    struct ledger_journal journal =
        journal_of(book, LEDGER_KIND_OPENING, position->asset, beginning);
    struct ledger_balance opened = {.cost_basis = position->cost_basis,
                                    .cost_basis_fifo = position->cost_basis_fifo,
                                    .series = 1};

    assert(position->amount > 0);
    journal.quantity = position->amount;
    journal.cost_change = position->cost_basis;
    move_shares(&journal, position->amount);
    book_post(book, &journal);
    ledger_set_costs(book_make_balance(book, LEDGER_SHARES, position->asset), &opened);
    return book->journals[book->journal_count - 1].id;
}

bool ledger_open_cash(struct book *book,
                      const struct ledger_beginning *beginning,
                      struct error *error)
{
    struct ledger_journal journal = journal_of(book, LEDGER_KIND_OPENING, "", beginning);

    return move_cash(book, &journal, beginning->cash, error);
}
