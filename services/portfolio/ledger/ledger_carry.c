// SPDX-License-Identifier: MIT
// The lots of shares that are split: what store_carry_lots does in the database, in a book.
//
// The shares that are split are counted over all their lots, so that what is rounded down is so
// once; a lot that comes to nothing leaves its cost to the one before it, the first ones to the
// first that does not.
#include "ledger/ledger_book.h"

#include <string.h>

#include "money/money.h"

static bool is_open(const struct lot *lot, const struct ledger_balance *shares)
{
    return strcmp(lot->ticker, shares->asset) == 0 && lot->series == shares->series &&
           lot->quantity_after > shares->sold;
}

int64_t ledger_held_since_before(const struct book *book, const char *ticker, int64_t at)
{
    const struct ledger_balance shares = book_balance(book, LEDGER_SHARES, ticker);
    int64_t sum = 0;

    for (size_t i = 0; i < book->lot_count; i++) {
        const struct lot *lot = &book->lots[i];

        if (is_open(lot, &shares) && lot->opened_at < at)
            sum += lot_rest_after(lot, shares.sold).quantity;
    }
    return sum;
}

// How far the carrying over has come.
struct carry {
    const struct ledger_terms *terms;
    int64_t whole; // shares that are split
    int64_t until; // of them in the lots so far
    int64_t later; // shares in the lots so far that are not
};

// The last share of the lots so far, in the series that begins.
static bool find_end(const struct carry *carry, int64_t *out_end)
{
    const struct ledger_terms *terms = carry->terms;
    int64_t scaled = 0;

    // Only all of them together are never rounded to none.
    if (!(carry->until == carry->whole
              ? ledger_scale_shares(terms, carry->until, &scaled)
              : money_scale_down(carry->until, terms->numerator, terms->denominator, &scaled)))
        return false;
    return money_add(scaled, carry->later, out_end);
}

// Adds what is left of a lot to the one that is being made; where it has shares of its own, that
// one is complete, and it begins another.
static void add_rest(
    struct book *book, struct lot *made, const struct lot *lot, struct lot_rest rest, int64_t end)
{
    if (end > made->quantity_after) {
        if (made->quantity_after > 0) {
            book_add_new_lot(book, made);
            made->cost = 0;
            made->opened_at = INT64_MAX;
        }
        made->quantity = end - made->quantity_after;
        made->quantity_after = end;
        ledger_copy(made->journal_id, sizeof(made->journal_id), lot->journal_id);
    }
    made->cost += rest.cost;
    made->cost_after += rest.cost;
    if (lot->opened_at < made->opened_at)
        made->opened_at = lot->opened_at;
}

bool ledger_carry_lots(struct book *book,
                       const char *ticker,
                       const struct ledger_terms *terms,
                       int64_t at)
{
    const struct ledger_balance shares = book_balance(book, LEDGER_SHARES, ticker);
    struct carry carry = {.terms = terms, .whole = ledger_held_since_before(book, ticker, at)};
    struct lot made = {.series = shares.series + 1, .opened_at = INT64_MAX, .is_carried = true};
    size_t count = book->lot_count;

    ledger_copy(made.ticker, sizeof(made.ticker), ticker);
    for (size_t i = 0; i < count; i++) {
        // By value: the book's lots move when one is added.
        const struct lot lot = book->lots[i];
        struct lot_rest rest;
        int64_t end = 0;

        if (!is_open(&lot, &shares))
            continue;
        rest = lot_rest_after(&lot, shares.sold);
        if (lot.opened_at < at)
            carry.until += rest.quantity;
        else
            carry.later += rest.quantity;
        if (!find_end(&carry, &end))
            return false;
        add_rest(book, &made, &lot, rest, end);
    }
    book_add_new_lot(book, &made);
    return true;
}
