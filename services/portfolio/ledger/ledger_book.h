// SPDX-License-Identifier: MIT
// ledger_book: what all rules of the ledger do to a book. For the files ledger*.c alone.
//
// Pointers into a book are good until something of their kind is added to it.
#pragma once

#include "ledger/ledger.h"

// Copies a string, cut to `size`; NULL becomes "".
void ledger_copy(char *out, size_t size, const char *string);

struct ledger_balance *
book_find_balance(const struct book *book, enum ledger_account account, const char *asset);
// Adds an empty one where there is none.
struct ledger_balance *
book_make_balance(struct book *book, enum ledger_account account, const char *asset);
struct ledger_hold *book_find_hold(const struct book *book, const char *order_id);

// The lot that has that share, of those that are loaded or new; or NULL.
const struct lot *
book_find_lot(const struct book *book, const char *ticker, int64_t series, int64_t number);
void book_add_new_lot(struct book *book, const struct lot *lot);
void book_add_sale(struct book *book, const struct sale *sale);

// Adds a line, unless it is of 0 and not of cash.
void ledger_add_line(struct ledger_journal *journal,
                     enum ledger_account account,
                     const char *asset,
                     int64_t amount);

// Whether every balance can still be counted after the journal.
bool book_fits(const struct book *book, const struct ledger_journal *journal);

// Moves the balances, numbers the lines and notes the journal to be written.
void book_post(struct book *book, struct ledger_journal *journal);

// Sets what is kept of shares beside their amount: costs, profits, and how their series goes on.
void ledger_set_costs(struct ledger_balance *balance, const struct ledger_balance *to);

// Fails with INSUFFICIENT_FUNDS (required, available).
bool ledger_refuse_funds(int64_t required, int64_t available, struct error *error);

// Buys the journal's shares for `gross` and its commission: completes the journal and posts it.
// That there is the cash is the caller's to see to. Fails with FILL_MISMATCH when a balance cannot
// count it.
MUST_CHECK bool ledger_post_purchase(struct book *book,
                                     struct ledger_journal *journal,
                                     int64_t gross,
                                     struct error *error);

// Sells the journal's shares, the oldest first, for `gross` less its commission: completes the
// journal and posts it. What is held is the caller's. Fails with FILL_MISMATCH when a balance
// cannot count it, and with INTERNAL when the lot of the last share is not loaded.
MUST_CHECK bool ledger_post_sale(struct book *book,
                                 struct ledger_journal *journal,
                                 int64_t gross,
                                 struct error *error);

// So many new shares for so many old ones.
struct ledger_terms {
    int64_t numerator, denominator;
};

// How many shares become of so many: rounded down to a billionth of one, but never to none, so that
// there is something that what they have cost is the cost of. False when it cannot be counted.
MUST_CHECK bool
ledger_scale_shares(const struct ledger_terms *terms, int64_t quantity, int64_t *out_quantity);

// Splits so many shares of the journal's ticker: completes the journal, posts it and begins another
// series, into which the lots are the caller's to carry over. Fails with LIMIT_EXCEEDED.
MUST_CHECK bool ledger_post_split(struct book *book,
                                  struct ledger_journal *journal,
                                  const struct ledger_terms *terms,
                                  int64_t quantity,
                                  struct error *error);

// Carries the open lots of a ticker over into the series after theirs, as store_carry_lots does:
// those that were bought before `at` are split. All open lots must be loaded; it comes before the
// split is posted. False when it cannot be counted.
MUST_CHECK bool ledger_carry_lots(struct book *book,
                                  const char *ticker,
                                  const struct ledger_terms *terms,
                                  int64_t at);

// How many of the shares that are held were bought before `at`: all open lots are loaded.
int64_t ledger_held_since_before(const struct book *book, const char *ticker, int64_t at);

// Ends a hold and gives back what is left of it.
void book_end_hold(struct book *book, struct ledger_hold *hold, enum ledger_hold_state state);
