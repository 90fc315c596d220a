// SPDX-License-Identifier: MIT
// Dividends and splits of what is held.
#include "ledger/ledger.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/timestamp.h"
#include "ledger/ledger_book.h"
#include "money/money.h"

struct uuid ledger_action_journal(const char *portfolio_id, const char *action_id)
{
    char name[160];

    snprintf(name, sizeof(name), "action:%s:%s", portfolio_id, action_id);
    return uuid_from_name(text_of(name));
}

struct uuid ledger_imported_action(
    const char *portfolio_id, int64_t reset_seq, bool is_split, const char *ticker, int64_t at)
{
    char name[160];

    snprintf(name, sizeof(name), "imported action:%s:%" PRId64 ":%s:%s:%" PRId64, portfolio_id,
             reset_seq, is_split ? "split" : "dividend", ticker, at / MICROS_PER_DAY);
    return uuid_from_name(text_of(name));
}

static bool is_there(const struct book *book,
                     const struct ledger_journal *journal,
                     const struct ledger_action *action)
{
    return book_is_booked(book, journal->id) ||
           (action->imported_as != NULL && book_is_booked(book, action->imported_as));
}

static struct ledger_journal
journal_of(const struct book *book, enum ledger_kind kind, const struct ledger_action *action)
{
    struct ledger_journal journal = {.kind = kind, .booked_at = action->booked_at};
    struct uuid id = ledger_action_journal(book->portfolio_id, action->id);

    // The rest of a share is the split's second movement.
    if (kind == LEDGER_KIND_CASH_IN_LIEU)
        id = ledger_action_journal(id.string, action->id);
    ledger_copy(journal.id, sizeof(journal.id), id.string);
    ledger_copy(journal.reference, sizeof(journal.reference), action->id);
    ledger_copy(journal.ticker, sizeof(journal.ticker), action->ticker);
    return journal;
}

static bool refuse(const struct book *book, const struct ledger_action *action, struct error *error)
{
    return error_set(error, REASON_LIMIT_EXCEEDED,
                     "Corporate action %s of %s: portfolio %s cannot count it.", action->id,
                     action->ticker, book->portfolio_id);
}

bool ledger_dividend(struct book *book,
                     const struct ledger_action *action,
                     int64_t quantity,
                     struct error *error)
{
    struct ledger_journal journal = journal_of(book, LEDGER_KIND_DIVIDEND, action);
    char shares[DECIMAL_SIZE];
    int64_t cash = 0;

    assert(quantity > 0);
    if (is_there(book, &journal, action))
        return true;
    if (!money_multiply_half_even(action->amount, quantity, &cash))
        return refuse(book, action, error);
    decimal_print(quantity, QUANTITY_SCALE, 0, shares);
    snprintf(journal.note, sizeof(journal.note), "on %s shares", shares);
    journal.price = action->amount;
    ledger_add_line(&journal, LEDGER_CASH, LEDGER_CURRENCY, cash);
    ledger_add_line(&journal, LEDGER_MARKET, LEDGER_CURRENCY, -cash);
    if (!book_fits(book, &journal))
        return refuse(book, action, error);
    book_post(book, &journal);
    return true;
}

bool ledger_scale_shares(const struct ledger_terms *terms, int64_t quantity, int64_t *out_quantity)
{
    int64_t scaled = 0;

    if (!money_scale_down(quantity, terms->numerator, terms->denominator, &scaled))
        return false;
    *out_quantity = scaled == 0 && quantity > 0 ? 1 : scaled;
    return true;
}

static bool refuse_split(const struct ledger_journal *journal, struct error *error)
{
    return error_set(error, REASON_LIMIT_EXCEEDED,
                     "Split %s of %s: there would be more shares than can be counted.", journal->id,
                     journal->ticker);
}

// Fewer shares are fewer to sell.
static void scale_holds(struct book *book, const struct ledger_action *action, int64_t unit)
{
    struct ledger_balance *shares = book_make_balance(book, LEDGER_SHARES, action->ticker);

    for (size_t i = 0; i < book->hold_count; i++) {
        struct ledger_hold *hold = &book->holds[i];
        int64_t scaled = 0;
        bool fits = false;

        if (hold->state != LEDGER_HOLD_ACTIVE || hold->side != LEDGER_SELL ||
            strcmp(hold->ticker, action->ticker) != 0)
            continue;
        fits = money_scale_down(hold->quantity, action->numerator, action->denominator, &scaled);
        assert(fits); // it becomes less
        (void)fits;
        scaled -= scaled % unit;
        if (scaled == 0) {
            book_end_hold(book, hold, LEDGER_HOLD_RELEASED);
            continue;
        }
        shares->held -= hold->quantity - scaled;
        shares->changed = true;
        hold->quantity = scaled;
        hold->changed = true;
    }
}

bool ledger_post_split(struct book *book,
                       struct ledger_journal *journal,
                       const struct ledger_terms *terms,
                       int64_t quantity,
                       struct error *error)
{
    struct ledger_balance shares = book_balance(book, LEDGER_SHARES, journal->ticker);
    int64_t becomes = 0;

    assert(quantity > 0 && quantity <= shares.amount);
    if (!ledger_scale_shares(terms, quantity, &becomes))
        return refuse_split(journal, error);
    journal->quantity = becomes - quantity;
    snprintf(journal->note, sizeof(journal->note), "%lld for %lld", (long long)terms->numerator,
             (long long)terms->denominator);
    ledger_add_line(journal, LEDGER_CASH, LEDGER_CURRENCY, 0);
    ledger_add_line(journal, LEDGER_SHARES, journal->ticker, journal->quantity);
    ledger_add_line(journal, LEDGER_MARKET_SHARES, journal->ticker, -journal->quantity);
    if (!book_fits(book, journal))
        return refuse_split(journal, error);
    book_post(book, journal);
    shares.series++;
    shares.sold = 0;
    shares.sold_cost = 0;
    ledger_set_costs(book_make_balance(book, LEDGER_SHARES, journal->ticker), &shares);
    return true;
}

bool ledger_split(struct book *book,
                  const struct ledger_action *action,
                  int64_t quantity,
                  int64_t unit,
                  struct error *error)
{
    const struct ledger_terms terms = {action->numerator, action->denominator};
    struct ledger_journal journal = journal_of(book, LEDGER_KIND_SPLIT, action);

    if (is_there(book, &journal, action))
        return true;
    if (!ledger_post_split(book, &journal, &terms, quantity, error))
        return false;
    if (action->numerator < action->denominator)
        scale_holds(book, action, unit);
    return true;
}

int64_t ledger_rest_of_share(const struct book *book, const char *ticker)
{
    struct ledger_balance shares = book_balance(book, LEDGER_SHARES, ticker);
    int64_t rest = shares.amount % NANOS_PER_UNIT;
    int64_t available = shares.amount - shares.held;

    return rest < available ? rest : available;
}

bool ledger_pay_rest_of_share(struct book *book,
                              const struct ledger_action *action,
                              int64_t quantity,
                              struct error *error)
{
    struct ledger_journal journal = journal_of(book, LEDGER_KIND_CASH_IN_LIEU, action);
    int64_t gross = 0;

    assert(quantity > 0);
    if (book_is_booked(book, journal.id))
        return true;
    if (!money_multiply_half_even(action->price, quantity, &gross))
        return refuse(book, action, error);
    journal.quantity = quantity;
    journal.price = action->price;
    return ledger_post_sale(book, &journal, gross, error);
}
