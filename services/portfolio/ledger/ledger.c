// SPDX-License-Identifier: MIT
#include "ledger/ledger.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ledger/ledger_book.h"
#include "money/money.h"

bool ledger_refuse_funds(int64_t required, int64_t available, struct error *error)
{
    char required_text[DECIMAL_SIZE];
    char available_text[DECIMAL_SIZE];

    decimal_print(required, MONEY_SCALE, 2, required_text);
    decimal_print(available, MONEY_SCALE, 2, available_text);
    error_set(error, REASON_INSUFFICIENT_FUNDS, "%s USD are required, and %s USD are available.",
              required_text, available_text);
    error_add_number(error, "required", "%s", required_text);
    error_add_number(error, "available", "%s", available_text);
    return false;
}

static bool refuse_shares(const struct ledger_reservation *reservation,
                          int64_t existing,
                          int64_t held,
                          struct error *error)
{
    char requested_text[DECIMAL_SIZE];
    char available_text[DECIMAL_SIZE];
    char existing_text[DECIMAL_SIZE];
    char held_text[DECIMAL_SIZE];

    decimal_print(reservation->quantity, QUANTITY_SCALE, 0, requested_text);
    decimal_print(existing - held, QUANTITY_SCALE, 0, available_text);
    decimal_print(existing, QUANTITY_SCALE, 0, existing_text);
    decimal_print(held, QUANTITY_SCALE, 0, held_text);
    error_set(error, REASON_INSUFFICIENT_SHARES,
              "%s shares of %s are to be sold, and %s are available; %s are held for open orders.",
              requested_text, reservation->ticker, available_text, held_text);
    error_add_number(error, "requested", "%s", requested_text);
    error_add_number(error, "available", "%s", available_text);
    error_add_number(error, "held_for_orders", "%s", held_text);
    error_add_number(error, "existing_quantity", "%s", existing_text);
    error_add_number(error, "ticker", "%s", reservation->ticker);
    return false;
}

static bool check_cash(const struct book *book,
                       const struct ledger_reservation *reservation,
                       int64_t held_before,
                       struct error *error)
{
    struct ledger_balance cash = book_balance(book, LEDGER_CASH, LEDGER_CURRENCY);
    int64_t available = cash.amount - (cash.held - held_before);

    return reservation->amount <= available ||
           ledger_refuse_funds(reservation->amount, available, error);
}

static bool check_shares(const struct book *book,
                         const struct ledger_reservation *reservation,
                         int64_t held_before,
                         struct error *error)
{
    struct ledger_balance shares = book_balance(book, LEDGER_SHARES, reservation->ticker);
    int64_t held_for_others = shares.held - held_before;

    return reservation->quantity <= shares.amount - held_for_others ||
           refuse_shares(reservation, shares.amount, held_for_others, error);
}

static void
change_held(struct book *book, const struct ledger_reservation *reservation, int64_t held_before)
{
    bool is_buy = reservation->side == LEDGER_BUY;
    struct ledger_balance *balance =
        is_buy ? book_make_balance(book, LEDGER_CASH, LEDGER_CURRENCY)
               : book_make_balance(book, LEDGER_SHARES, reservation->ticker);

    balance->held += (is_buy ? reservation->amount : reservation->quantity) - held_before;
    balance->changed = true;
}

static bool refuse_hold(const struct book *book,
                        const struct ledger_hold *hold,
                        const struct ledger_reservation *reservation,
                        struct error *error)
{
    if (hold != NULL && hold->state != LEDGER_HOLD_ACTIVE)
        return error_set(error, REASON_ORDER_NOT_OPEN,
                         "The hold of order %s has been given back already.",
                         reservation->order_id);
    if (hold != NULL &&
        (hold->side != reservation->side || strcmp(hold->ticker, reservation->ticker) != 0))
        return error_set(error, REASON_CONFLICT, "Order %s holds something else already.",
                         reservation->order_id);
    if (hold == NULL && book->is_closed)
        return error_set(error, REASON_PORTFOLIO_CLOSED, "Portfolio %s is closed.",
                         book->portfolio_id);
    if (hold == NULL && reservation->has_settings_version &&
        reservation->settings_version != book->fill_settings_version)
        return error_set(error, REASON_FILL_SETTINGS_CHANGED,
                         "Order %s goes by version %" PRId64
                         " of the portfolio's fill settings, and there is version %" PRId64 ".",
                         reservation->order_id, reservation->settings_version,
                         book->fill_settings_version);
    return true;
}

// Lots are numbered in 64 bits from where the position was opened. Half of that is left for the
// buys that are held already; who sells everything begins anew.
static bool check_lots(const struct book *book,
                       const struct ledger_reservation *reservation,
                       struct error *error)
{
    struct ledger_balance shares = book_balance(book, LEDGER_SHARES, reservation->ticker);
    bool continues = shares.amount > 0;
    int64_t quantity = continues ? shares.sold + shares.amount : 0;
    int64_t cost = continues ? shares.sold_cost + shares.cost_basis_fifo : 0;
    char shares_text[DECIMAL_SIZE];
    char cost_text[DECIMAL_SIZE];

    if (reservation->quantity <= INT64_MAX / 2 - quantity &&
        reservation->amount <= INT64_MAX / 2 - cost)
        return true;
    decimal_print(INT64_MAX / 2, QUANTITY_SCALE, 0, shares_text);
    decimal_print(INT64_MAX / 2, MONEY_SCALE, 2, cost_text);
    return error_set(error, REASON_LIMIT_EXCEEDED,
                     "Until all shares of %s have been sold, at most %s can be bought, for at "
                     "most %s USD.",
                     reservation->ticker, shares_text, cost_text);
}

static int64_t larger(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

// Finds the hold that a new one takes the place of; NULL when there is none to be.
static bool find_replaced(struct book *book,
                          const struct ledger_reservation *reservation,
                          struct ledger_hold **out_replaced,
                          struct error *error)
{
    struct ledger_hold *replaced = NULL;

    *out_replaced = NULL;
    if (reservation->replaces_order_id == NULL)
        return true;
    replaced = book_find_hold(book, reservation->replaces_order_id);
    if (replaced == NULL || replaced->state != LEDGER_HOLD_ACTIVE)
        return error_set(error, REASON_ORDER_NOT_OPEN, "Order %s holds nothing any more.",
                         reservation->replaces_order_id);
    if (replaced->side != reservation->side || strcmp(replaced->ticker, reservation->ticker) != 0)
        return error_set(error, REASON_CONFLICT, "Order %s holds something else.",
                         reservation->replaces_order_id);
    *out_replaced = replaced;
    return true;
}

// Begins a hold of nothing yet. Holds that were found before may have moved.
static struct ledger_hold *
add_hold(struct book *book, const char *order_id, enum ledger_side side, const char *ticker)
{
    struct ledger_hold fresh = {.side = side, .state = LEDGER_HOLD_ACTIVE};

    ledger_copy(fresh.order_id, sizeof(fresh.order_id), order_id);
    ledger_copy(fresh.ticker, sizeof(fresh.ticker), ticker);
    book_add_hold(book, &fresh);
    return &book->holds[book->hold_count - 1];
}

// What a reservation comes to: of the order's own hold, and of the one that it takes the place of.
struct intended {
    struct ledger_hold *hold; // NULL for a first one
    struct ledger_hold *replaced;
    struct ledger_reservation wanted;
    int64_t held_before;
};

static bool check_reservation(struct book *book,
                              const struct ledger_reservation *reservation,
                              struct intended *intended,
                              struct error *error)
{
    struct ledger_hold *hold = intended->hold;
    struct ledger_reservation *wanted = &intended->wanted;
    bool is_buy = reservation->side == LEDGER_BUY;

    *wanted = *reservation;
    if (reservation->quantity <= 0 || reservation->amount < 0)
        return error_set(error, REASON_INVALID_REQUEST, "The quantity must be more than 0.");
    if (!refuse_hold(book, hold, reservation, error))
        return false;
    wanted->amount = is_buy ? reservation->amount : 0;
    if (hold != NULL) {
        // Never less than before: a fill that is on its way may rely on all of it.
        wanted->quantity = larger(hold->quantity, wanted->quantity);
        wanted->amount = larger(hold->amount, wanted->amount);
        if (hold->quantity == wanted->quantity && hold->amount == wanted->amount)
            return true;
        intended->held_before = is_buy ? hold->amount : hold->quantity;
    } else if (!find_replaced(book, reservation, &intended->replaced, error)) {
        return false;
    } else if (intended->replaced != NULL) {
        intended->held_before = is_buy ? intended->replaced->amount : intended->replaced->quantity;
    }
    return is_buy ? check_lots(book, wanted, error) &&
                        check_cash(book, wanted, intended->held_before, error)
                  : check_shares(book, wanted, intended->held_before, error);
}

static void hold_reserved(struct book *book, const struct intended *intended)
{
    struct ledger_hold *hold = intended->hold;

    change_held(book, &intended->wanted, intended->held_before);
    if (intended->replaced != NULL) {
        intended->replaced->amount = intended->replaced->quantity = 0;
        intended->replaced->state = LEDGER_HOLD_RELEASED;
        intended->replaced->changed = true;
    }
    if (hold == NULL)
        hold = add_hold(book, intended->wanted.order_id, intended->wanted.side,
                        intended->wanted.ticker);
    hold->quantity = intended->wanted.quantity;
    hold->amount = intended->wanted.amount;
    hold->changed = true;
}

// Whether it would be the same whenever one asks again. One that is reckoned by other settings is
// planned anew and asked for once more.
static bool is_final(const struct error *error)
{
    return (error->code == CODE_FAILED_PRECONDITION &&
            !error_is(error, REASON_FILL_SETTINGS_CHANGED)) ||
           error->code == CODE_NOT_FOUND || error->code == CODE_INVALID_ARGUMENT;
}

void ledger_remember_refusal(struct book *book, const char *order_id, const struct error *error)
{
    if (!book_has_hold(book, order_id) && is_final(error))
        ledger_release(book, order_id);
}

bool ledger_reserve(struct book *book,
                    const struct ledger_reservation *reservation,
                    struct error *error)
{
    struct ledger_hold *known = book_find_hold(book, reservation->order_id);
    // One that has never held anything is looked at anew, for the reason to be the same.
    bool is_ended = known != NULL && !book_has_held(book, reservation->order_id);
    struct intended intended = {.hold = is_ended ? NULL : known};

    if (!check_reservation(book, reservation, &intended, error)) {
        ledger_remember_refusal(book, reservation->order_id, error);
        return false;
    }
    if (is_ended)
        return error_set(error, REASON_ORDER_NOT_OPEN, "Order %s has been refused or given up.",
                         reservation->order_id);
    if (known == NULL || known->quantity != intended.wanted.quantity ||
        known->amount != intended.wanted.amount)
        hold_reserved(book, &intended);
    return true;
}

void ledger_release(struct book *book, const char *order_id)
{
    struct ledger_hold *hold = book_find_hold(book, order_id);

    if (hold == NULL) {
        struct ledger_hold unseen = {.state = LEDGER_HOLD_RELEASED, .changed = true};

        ledger_copy(unseen.order_id, sizeof(unseen.order_id), order_id);
        book_add_hold(book, &unseen);
    } else if (hold->state == LEDGER_HOLD_ACTIVE) {
        book_end_hold(book, hold, LEDGER_HOLD_RELEASED);
    }
}

static bool refuse_fill(const struct ledger_fill *fill, const char *why, struct error *error)
{
    return error_set(error, REASON_FILL_MISMATCH, "Fill %s of order %s: %s", fill->fill_id,
                     fill->order_id, why);
}

static struct ledger_journal journal_of_fill(const struct ledger_fill *fill)
{
    struct ledger_journal journal = {
        .kind = fill->side == LEDGER_BUY ? LEDGER_KIND_BUY : LEDGER_KIND_SELL,
        .quantity = fill->quantity,
        .price = fill->price,
        .commission = fill->commission,
        .booked_at = fill->filled_at,
    };

    ledger_copy(journal.id, sizeof(journal.id), fill->fill_id);
    ledger_copy(journal.reference, sizeof(journal.reference), fill->fill_id);
    ledger_copy(journal.order_id, sizeof(journal.order_id), fill->order_id);
    ledger_copy(journal.ticker, sizeof(journal.ticker), fill->ticker);
    return journal;
}

static bool book_buy(struct book *book,
                     const struct ledger_fill *fill,
                     struct ledger_hold *hold,
                     int64_t gross,
                     struct error *error)
{
    struct ledger_journal journal = journal_of_fill(fill);
    int64_t cost = 0;

    if (!money_add(gross, fill->commission, &cost) || cost > hold->amount)
        return refuse_fill(fill, "it costs more than is held.", error);
    if (!ledger_post_purchase(book, &journal, gross, error))
        return false;
    book_make_balance(book, LEDGER_CASH, LEDGER_CURRENCY)->held -= cost;
    hold->amount -= cost;
    return true;
}

static bool
book_sell(struct book *book, const struct ledger_fill *fill, int64_t gross, struct error *error)
{
    struct ledger_journal journal = journal_of_fill(fill);

    if (fill->quantity > book_balance(book, LEDGER_SHARES, fill->ticker).held)
        return refuse_fill(fill, "it sells more than is held.", error);
    if (!ledger_post_sale(book, &journal, gross, error))
        return false;
    book_make_balance(book, LEDGER_SHARES, fill->ticker)->held -= fill->quantity;
    return true;
}

// Whether the shares that the fill buys can be held under the id that it names.
static bool check_shares_hold(const struct book *book, const struct ledger_fill *fill)
{
    const struct ledger_hold *hold = NULL;

    if (fill->shares_hold_id == NULL)
        return true;
    hold = book_find_hold(book, fill->shares_hold_id);
    return fill->side == LEDGER_BUY &&
           (hold == NULL || hold->state != LEDGER_HOLD_ACTIVE ||
            (hold->side == LEDGER_SELL && strcmp(hold->ticker, fill->ticker) == 0));
}

// Holds what has been bought, together with what earlier fills of the order have bought.
static void hold_shares(struct book *book, const struct ledger_fill *fill)
{
    struct ledger_hold *hold = book_find_hold(book, fill->shares_hold_id);
    struct ledger_balance *shares = NULL;

    if (hold != NULL && hold->state != LEDGER_HOLD_ACTIVE)
        return;
    if (hold == NULL)
        hold = add_hold(book, fill->shares_hold_id, LEDGER_SELL, fill->ticker);
    shares = book_make_balance(book, LEDGER_SHARES, fill->ticker);
    shares->held += fill->quantity;
    shares->changed = true;
    hold->quantity += fill->quantity;
    hold->changed = true;
}

static const char *hold_id_of(const struct ledger_fill *fill)
{
    return fill->hold_id == NULL ? fill->order_id : fill->hold_id;
}

bool ledger_fill(struct book *book, const struct ledger_fill *fill, struct error *error)
{
    struct ledger_hold *hold = book_find_hold(book, hold_id_of(fill));
    int64_t gross = 0;

    if (book_is_booked(book, fill->fill_id))
        return true;
    if (hold == NULL || hold->state != LEDGER_HOLD_ACTIVE)
        return refuse_fill(fill, "nothing is held for the order.", error);
    if (hold->side != fill->side || strcmp(hold->ticker, fill->ticker) != 0)
        return refuse_fill(fill, "the order holds something else.", error);
    if (fill->quantity <= 0 || fill->price <= 0 || fill->commission < 0 ||
        fill->quantity > hold->quantity)
        return refuse_fill(fill, "the quantity is not what the order has left.", error);
    if (!check_shares_hold(book, fill))
        return refuse_fill(fill, "its shares cannot be held under the id that it names.", error);
    if (!money_multiply_half_even(fill->price, fill->quantity, &gross))
        return refuse_fill(fill, "the value cannot be counted.", error);
    if (fill->side == LEDGER_BUY ? !book_buy(book, fill, hold, gross, error)
                                 : !book_sell(book, fill, gross, error))
        return false;
    hold->quantity -= fill->quantity;
    hold->changed = true;
    if (fill->is_final || hold->quantity == 0)
        book_end_hold(book, hold, LEDGER_HOLD_DONE);
    if (fill->shares_hold_id != NULL)
        hold_shares(book, fill);
    return true;
}

bool ledger_reserve_and_fill(struct book *book,
                             const struct ledger_reservation *reservation,
                             const struct ledger_fill *fill,
                             struct error *error)
{
    if (book_is_booked(book, fill->fill_id))
        return true;
    if (fill->is_overtaken)
        return error_set(error, REASON_CORPORATE_ACTION_IN_EFFECT,
                         "A dividend or split of %s has come into effect since the order was "
                         "taken. Place it once more.",
                         fill->ticker);
    if (!ledger_reserve(book, reservation, error))
        return false;
    book->is_half_done = !ledger_fill(book, fill, error);
    return !book->is_half_done;
}

static struct uuid journal_id_of(const struct book *book, const struct ledger_movement *movement)
{
    char name[160];

    // The kind is not part of it: a request's id names one effect.
    snprintf(name, sizeof(name), "journal:%s:%s", book->portfolio_id, movement->reference);
    return uuid_from_name(text_of(name));
}

bool ledger_move_cash(struct book *book,
                      const struct ledger_movement *movement,
                      struct error *error)
{
    struct ledger_balance cash = book_balance(book, LEDGER_CASH, LEDGER_CURRENCY);
    bool is_deposit = movement->kind == LEDGER_KIND_DEPOSIT;
    int64_t change = is_deposit ? movement->amount : -movement->amount;
    struct ledger_journal journal = {.kind = movement->kind, .booked_at = movement->booked_at};

    assert(movement->amount > 0);
    if (book->is_closed)
        return error_set(error, REASON_PORTFOLIO_CLOSED, "Portfolio %s is closed.",
                         book->portfolio_id);
    if (!is_deposit && movement->amount > cash.amount - cash.held)
        return ledger_refuse_funds(movement->amount, cash.amount - cash.held, error);
    ledger_copy(journal.id, sizeof(journal.id), journal_id_of(book, movement).string);
    ledger_copy(journal.reference, sizeof(journal.reference), movement->reference);
    ledger_copy(journal.note, sizeof(journal.note), movement->note);
    ledger_add_line(&journal, LEDGER_CASH, LEDGER_CURRENCY, change);
    ledger_add_line(&journal, LEDGER_EXTERNAL, LEDGER_CURRENCY, -change);
    if (!book_fits(book, &journal))
        return error_set(error, REASON_LIMIT_EXCEEDED, "The balance would be too large to count.");
    book_post(book, &journal);
    return true;
}
