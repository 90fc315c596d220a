// SPDX-License-Identifier: MIT
#include "portfolios/opening.h"

#include "ledger/portfolio_books.h"
#include "money/money.h"

bool portfolio_check_cash(const struct portfolio *portfolio,
                          const char *field,
                          int64_t cash,
                          struct error *error)
{
    char maximum[DECIMAL_SIZE];

    if (cash <= portfolio->maximum_cash)
        return true;
    decimal_print(portfolio->maximum_cash, MONEY_SCALE, 2, maximum);
    error_clear(error);
    error_add_violation(error, field, "must be at most %s", maximum);
    return false;
}

bool portfolio_open(struct transaction *transaction,
                    const struct portfolio_record *record,
                    int64_t cash,
                    const char *reference,
                    bool *out_inserted,
                    struct error *error)
{
    struct book *book = NULL;
    struct books books = {.count = 1, .books = &book};
    struct ledger_movement movement = {
        .kind = LEDGER_KIND_DEPOSIT,
        .reference = reference,
        .note = "opening balance",
        .amount = cash,
        .booked_at = record->created_at,
    };
    bool done = false;

    if (!store_insert_portfolio(transaction, record, out_inserted, error))
        return false;
    if (!*out_inserted || cash == 0)
        return true;
    book = book_new(record->id, false);
    done = ledger_move_cash(book, &movement, error) && books_save(transaction, &books, error);
    book_free(&book);
    return done;
}
