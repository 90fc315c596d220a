// SPDX-License-Identifier: MIT
// What the tests of the ledger's rules begin with: a book with cash, and orders 1, 2, 3 ... of
// AAPL.
#pragma once

#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "ledger/ledger.h"

#define DOLLAR INT64_C(1000000)
#define SHARE INT64_C(1000000000)

static const char portfolio_id[] = "00000000-0000-4000-8000-000000000001";

static inline struct uuid id_of(const char *kind, int number)
{
    char name[32];

    snprintf(name, sizeof(name), "%s:%d", kind, number);
    return uuid_from_name(text_of(name));
}

static inline struct book *book_with(int64_t cash)
{
    struct book *book = book_new(portfolio_id, false);
    struct uuid reference = id_of("deposit", 0);
    struct ledger_movement movement = {
        .kind = LEDGER_KIND_DEPOSIT, .reference = reference.string, .amount = cash};
    struct error error;

    assert_true(ledger_move_cash(book, &movement, &error));
    return book;
}

static inline bool reserve(struct book *book,
                           int order,
                           enum ledger_side side,
                           int64_t quantity,
                           int64_t amount,
                           struct error *error)
{
    struct uuid id = id_of("order", order);
    struct ledger_reservation reservation = {.order_id = id.string,
                                             .side = side,
                                             .ticker = "AAPL",
                                             .quantity = quantity,
                                             .amount = amount};

    return ledger_reserve(book, &reservation, error);
}

static inline bool fill(struct book *book,
                        int order,
                        int number,
                        enum ledger_side side,
                        int64_t quantity,
                        int64_t price,
                        struct error *error)
{
    struct uuid order_id = id_of("order", order);
    struct uuid fill_id = id_of("fill", order * 100 + number);
    struct ledger_fill request = {.fill_id = fill_id.string,
                                  .order_id = order_id.string,
                                  .side = side,
                                  .ticker = "AAPL",
                                  .quantity = quantity,
                                  .price = price};

    return ledger_fill(book, &request, error);
}

static inline int64_t cash_of(const struct book *book)
{
    return book_balance(book, LEDGER_CASH, LEDGER_CURRENCY).amount;
}

static inline int64_t held_of(const struct book *book)
{
    return book_balance(book, LEDGER_CASH, LEDGER_CURRENCY).held;
}

static inline struct ledger_balance shares_of(const struct book *book)
{
    return book_balance(book, LEDGER_SHARES, "AAPL");
}
