// SPDX-License-Identifier: MIT
#include "ledger.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "money/money.h"

struct account_entry {
    const char *name;
    bool is_money;
};

#define ACCOUNT_AS_ENTRY(name, text, is_money) {text, is_money},
static const struct account_entry accounts[] = {LEDGER_ACCOUNTS(ACCOUNT_AS_ENTRY)};
#undef ACCOUNT_AS_ENTRY

const char *ledger_account_name(enum ledger_account account)
{
    return accounts[account].name;
}

bool ledger_account_find(const char *name, enum ledger_account *out_account)
{
    for (size_t i = 0; i < COUNT_OF(accounts); i++) {
        if (strcmp(accounts[i].name, name) == 0) {
            *out_account = (enum ledger_account)i;
            return true;
        }
    }
    return false;
}

bool ledger_account_is_money(enum ledger_account account)
{
    return accounts[account].is_money;
}

const char *ledger_kind_name(enum ledger_kind kind)
{
    static const char *const names[] = {"deposit", "withdrawal", "buy", "sell"};

    return names[kind];
}

static void copy(char *out, size_t size, const char *string)
{
    snprintf(out, size, "%s", string == NULL ? "" : string);
}

struct book *book_new(const char *portfolio_id, bool is_closed)
{
    struct book *book = allocate(sizeof(*book));

    copy(book->portfolio_id, sizeof(book->portfolio_id), portfolio_id);
    book->is_closed = is_closed;
    return book;
}

void book_free(struct book **book)
{
    if (*book == NULL)
        return;
    release((*book)->balances);
    release((*book)->holds);
    release((*book)->booked);
    release((*book)->journals);
    release(*book);
    *book = NULL;
}

void book_add_balance(struct book *book, const struct ledger_balance *balance)
{
    book->balances =
        reallocate_array(book->balances, book->balance_count + 1, sizeof(*book->balances));
    book->balances[book->balance_count++] = *balance;
}

void book_add_hold(struct book *book, const struct ledger_hold *hold)
{
    book->holds = reallocate_array(book->holds, book->hold_count + 1, sizeof(*book->holds));
    book->holds[book->hold_count++] = *hold;
}

void book_add_booked(struct book *book, const char *journal_id)
{
    book->booked = reallocate_array(book->booked, book->booked_count + 1, sizeof(*book->booked));
    copy(book->booked[book->booked_count++].string, UUID_SIZE, journal_id);
}

static struct ledger_balance *
find_balance(const struct book *book, enum ledger_account account, const char *asset)
{
    for (size_t i = 0; i < book->balance_count; i++) {
        struct ledger_balance *balance = &book->balances[i];

        if (balance->account == account && strcmp(balance->asset, asset) == 0)
            return balance;
    }
    return NULL;
}

// The pointer is good until the next balance is added.
static struct ledger_balance *
make_balance(struct book *book, enum ledger_account account, const char *asset)
{
    struct ledger_balance *balance = find_balance(book, account, asset);
    struct ledger_balance empty = {.account = account};

    if (balance != NULL)
        return balance;
    copy(empty.asset, sizeof(empty.asset), asset);
    book_add_balance(book, &empty);
    return &book->balances[book->balance_count - 1];
}

struct ledger_balance
book_balance(const struct book *book, enum ledger_account account, const char *asset)
{
    const struct ledger_balance *balance = find_balance(book, account, asset);
    struct ledger_balance empty = {.account = account};

    if (balance != NULL)
        return *balance;
    copy(empty.asset, sizeof(empty.asset), asset);
    return empty;
}

static struct ledger_hold *find_hold(const struct book *book, const char *order_id)
{
    for (size_t i = 0; i < book->hold_count; i++) {
        if (strcmp(book->holds[i].order_id, order_id) == 0)
            return &book->holds[i];
    }
    return NULL;
}

bool book_has_balance(const struct book *book, enum ledger_account account, const char *asset)
{
    return find_balance(book, account, asset) != NULL;
}

bool book_has_hold(const struct book *book, const char *order_id)
{
    return find_hold(book, order_id) != NULL;
}

static bool is_booked(const struct book *book, const char *journal_id)
{
    for (size_t i = 0; i < book->booked_count; i++) {
        if (strcmp(book->booked[i].string, journal_id) == 0)
            return true;
    }
    return false;
}

static bool refuse_funds(int64_t required, int64_t available, struct error *error)
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
                          int64_t available,
                          int64_t held,
                          struct error *error)
{
    char requested_text[DECIMAL_SIZE];
    char available_text[DECIMAL_SIZE];
    char held_text[DECIMAL_SIZE];

    decimal_print(reservation->quantity, QUANTITY_SCALE, 0, requested_text);
    decimal_print(available, QUANTITY_SCALE, 0, available_text);
    decimal_print(held, QUANTITY_SCALE, 0, held_text);
    error_set(error, REASON_INSUFFICIENT_SHARES,
              "%s shares of %s are to be sold, and %s are available; %s are held for open orders.",
              requested_text, reservation->ticker, available_text, held_text);
    error_add_number(error, "requested", "%s", requested_text);
    error_add_number(error, "available", "%s", available_text);
    error_add_number(error, "held_for_orders", "%s", held_text);
    return false;
}

static bool reserve_cash(struct book *book,
                         const struct ledger_reservation *reservation,
                         int64_t held_before,
                         struct error *error)
{
    struct ledger_balance *cash = make_balance(book, LEDGER_CASH, LEDGER_CURRENCY);
    int64_t held_for_others = cash->held - held_before;

    if (reservation->amount > cash->amount - held_for_others)
        return refuse_funds(reservation->amount, cash->amount - held_for_others, error);
    cash->held = held_for_others + reservation->amount;
    cash->changed = true;
    return true;
}

static bool reserve_shares(struct book *book,
                           const struct ledger_reservation *reservation,
                           int64_t held_before,
                           struct error *error)
{
    struct ledger_balance *shares = find_balance(book, LEDGER_SHARES, reservation->ticker);
    int64_t amount = shares == NULL ? 0 : shares->amount;
    int64_t held_for_others = shares == NULL ? 0 : shares->held - held_before;

    if (reservation->quantity > amount - held_for_others)
        return refuse_shares(reservation, amount - held_for_others, held_for_others, error);
    assert(shares != NULL); // quantity is more than 0
    shares->held = held_for_others + reservation->quantity;
    shares->changed = true;
    return true;
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
    return true;
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
    replaced = find_hold(book, reservation->replaces_order_id);
    if (replaced == NULL || replaced->state != LEDGER_HOLD_ACTIVE)
        return error_set(error, REASON_ORDER_NOT_OPEN, "Order %s holds nothing any more.",
                         reservation->replaces_order_id);
    if (replaced->side != reservation->side || strcmp(replaced->ticker, reservation->ticker) != 0)
        return error_set(error, REASON_CONFLICT, "Order %s holds something else.",
                         reservation->replaces_order_id);
    *out_replaced = replaced;
    return true;
}

bool ledger_reserve(struct book *book,
                    const struct ledger_reservation *reservation,
                    struct error *error)
{
    struct ledger_hold *hold = find_hold(book, reservation->order_id);
    bool is_buy = reservation->side == LEDGER_BUY;
    struct ledger_reservation wanted = *reservation;
    struct ledger_hold *replaced = NULL;
    int64_t held_before = 0;

    if (reservation->quantity <= 0 || reservation->amount < 0)
        return error_set(error, REASON_INVALID_REQUEST, "The quantity must be more than 0.");
    if (!refuse_hold(book, hold, reservation, error))
        return false;
    wanted.amount = is_buy ? reservation->amount : 0;
    if (hold != NULL) {
        // Never less than before: a fill that is on its way may rely on all of it.
        wanted.quantity = larger(hold->quantity, wanted.quantity);
        wanted.amount = larger(hold->amount, wanted.amount);
        if (hold->quantity == wanted.quantity && hold->amount == wanted.amount)
            return true;
        held_before = is_buy ? hold->amount : hold->quantity;
    } else if (!find_replaced(book, reservation, &replaced, error)) {
        return false;
    } else if (replaced != NULL) {
        held_before = is_buy ? replaced->amount : replaced->quantity;
    }
    if (is_buy ? !reserve_cash(book, &wanted, held_before, error)
               : !reserve_shares(book, &wanted, held_before, error))
        return false;
    if (replaced != NULL) {
        replaced->amount = replaced->quantity = 0;
        replaced->state = LEDGER_HOLD_RELEASED;
        replaced->changed = true;
    }
    if (hold == NULL) {
        struct ledger_hold fresh = {.side = reservation->side, .state = LEDGER_HOLD_ACTIVE};

        copy(fresh.order_id, sizeof(fresh.order_id), reservation->order_id);
        copy(fresh.ticker, sizeof(fresh.ticker), reservation->ticker);
        book_add_hold(book, &fresh);
        hold = &book->holds[book->hold_count - 1];
    }
    hold->quantity = wanted.quantity;
    hold->amount = wanted.amount;
    hold->changed = true;
    return true;
}

// Ends a hold and gives back what is left of it.
static void end_hold(struct book *book, struct ledger_hold *hold, enum ledger_hold_state state)
{
    if (hold->side == LEDGER_BUY) {
        struct ledger_balance *cash = make_balance(book, LEDGER_CASH, LEDGER_CURRENCY);

        cash->held -= hold->amount;
        cash->changed = true;
    } else {
        struct ledger_balance *shares = make_balance(book, LEDGER_SHARES, hold->ticker);

        shares->held -= hold->quantity;
        shares->changed = true;
    }
    hold->amount = 0;
    hold->quantity = 0;
    hold->state = state;
    hold->changed = true;
}

void ledger_release(struct book *book, const char *order_id)
{
    struct ledger_hold *hold = find_hold(book, order_id);

    if (hold == NULL) {
        struct ledger_hold unseen = {.state = LEDGER_HOLD_RELEASED, .changed = true};

        copy(unseen.order_id, sizeof(unseen.order_id), order_id);
        book_add_hold(book, &unseen);
    } else if (hold->state == LEDGER_HOLD_ACTIVE) {
        end_hold(book, hold, LEDGER_HOLD_RELEASED);
    }
}

static void add_line(struct ledger_journal *journal,
                     enum ledger_account account,
                     const char *asset,
                     int64_t amount)
{
    struct ledger_line *line = &journal->lines[journal->line_count];

    // Every movement has its line of cash, be it 0 (a dust of shares can be worth less than a
    // micro), for the movements are listed along that account.
    if (amount == 0 && account != LEDGER_CASH)
        return;
    assert(journal->line_count < LEDGER_LINES_MAX);
    line->account = account;
    line->amount = amount;
    copy(line->asset, sizeof(line->asset), asset);
    journal->line_count++;
}

// Used by an assertion alone, which release builds leave out.
__attribute__((unused)) static bool sums_to_zero(const struct ledger_journal *journal)
{
    int64_t money = 0;
    int64_t shares = 0;

    for (size_t i = 0; i < journal->line_count; i++) {
        if (ledger_account_is_money(journal->lines[i].account))
            money += journal->lines[i].amount;
        else
            shares += journal->lines[i].amount;
    }
    return money == 0 && shares == 0;
}

// Whether every balance can still be counted after the journal.
static bool fits(const struct book *book, const struct ledger_journal *journal)
{
    for (size_t i = 0; i < journal->line_count; i++) {
        const struct ledger_line *line = &journal->lines[i];
        struct ledger_balance balance = book_balance(book, line->account, line->asset);
        int64_t sum = 0;

        if (!money_add(balance.amount, line->amount, &sum))
            return false;
    }
    return true;
}

// Moves the balances, numbers the lines and notes the journal to be written.
static void post(struct book *book, struct ledger_journal *journal)
{
    assert(sums_to_zero(journal));
    for (size_t i = 0; i < journal->line_count; i++) {
        struct ledger_line *line = &journal->lines[i];
        struct ledger_balance *balance = make_balance(book, line->account, line->asset);

        balance->amount += line->amount;
        balance->seq++;
        balance->changed = true;
        line->balance_after = balance->amount;
        line->seq = balance->seq;
    }
    book->journals =
        reallocate_array(book->journals, book->journal_count + 1, sizeof(*book->journals));
    book->journals[book->journal_count++] = *journal;
    book_add_booked(book, journal->id);
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

    copy(journal.id, sizeof(journal.id), fill->fill_id);
    copy(journal.reference, sizeof(journal.reference), fill->fill_id);
    copy(journal.order_id, sizeof(journal.order_id), fill->order_id);
    copy(journal.ticker, sizeof(journal.ticker), fill->ticker);
    return journal;
}

static bool book_buy(struct book *book,
                     const struct ledger_fill *fill,
                     struct ledger_hold *hold,
                     int64_t gross,
                     struct error *error)
{
    struct ledger_journal journal = journal_of_fill(fill);
    struct ledger_balance shares = book_balance(book, LEDGER_SHARES, fill->ticker);
    struct ledger_balance *cash = NULL;
    struct ledger_balance *bought = NULL;
    int64_t cost = 0;
    int64_t cost_basis = 0;

    if (!money_add(gross, fill->commission, &cost) || cost > hold->amount)
        return refuse_fill(fill, "it costs more than is held.", error);
    add_line(&journal, LEDGER_CASH, LEDGER_CURRENCY, -cost);
    add_line(&journal, LEDGER_MARKET, LEDGER_CURRENCY, gross);
    add_line(&journal, LEDGER_FEES, LEDGER_CURRENCY, fill->commission);
    add_line(&journal, LEDGER_SHARES, fill->ticker, fill->quantity);
    add_line(&journal, LEDGER_MARKET_SHARES, fill->ticker, -fill->quantity);
    if (!fits(book, &journal) || !money_add(shares.cost_basis, cost, &cost_basis))
        return refuse_fill(fill, "the balances cannot count it.", error);
    post(book, &journal);
    bought = make_balance(book, LEDGER_SHARES, fill->ticker);
    bought->cost_basis = cost_basis;
    cash = make_balance(book, LEDGER_CASH, LEDGER_CURRENCY);
    cash->held -= cost;
    hold->amount -= cost;
    return true;
}

// Average cost: what is sold takes its share of the cost with it.
static bool
book_sell(struct book *book, const struct ledger_fill *fill, int64_t gross, struct error *error)
{
    struct ledger_journal journal = journal_of_fill(fill);
    struct ledger_balance shares = book_balance(book, LEDGER_SHARES, fill->ticker);
    struct ledger_balance cash = book_balance(book, LEDGER_CASH, LEDGER_CURRENCY);
    struct ledger_balance *sold = NULL;
    int64_t proceeds = 0;
    int64_t cost = 0;
    int64_t realized_pl = 0;
    int64_t cash_after = 0;

    if (fill->quantity > shares.held)
        return refuse_fill(fill, "it sells more than is held.", error);
    if (!money_subtract(gross, fill->commission, &proceeds) ||
        !money_add(cash.amount, proceeds, &cash_after) || cash_after < cash.held ||
        !money_scale_half_even(shares.cost_basis, fill->quantity, shares.amount, &cost) ||
        !money_subtract(proceeds, cost, &journal.realized_pl) ||
        !money_add(shares.realized_pl, journal.realized_pl, &realized_pl))
        return refuse_fill(fill, "the balances cannot count it.", error);
    add_line(&journal, LEDGER_CASH, LEDGER_CURRENCY, proceeds);
    add_line(&journal, LEDGER_MARKET, LEDGER_CURRENCY, -gross);
    add_line(&journal, LEDGER_FEES, LEDGER_CURRENCY, fill->commission);
    add_line(&journal, LEDGER_SHARES, fill->ticker, -fill->quantity);
    add_line(&journal, LEDGER_MARKET_SHARES, fill->ticker, fill->quantity);
    if (!fits(book, &journal))
        return refuse_fill(fill, "the balances cannot count it.", error);
    post(book, &journal);
    sold = make_balance(book, LEDGER_SHARES, fill->ticker);
    sold->held -= fill->quantity;
    sold->cost_basis -= cost;
    sold->realized_pl = realized_pl;
    return true;
}

bool ledger_fill(struct book *book, const struct ledger_fill *fill, struct error *error)
{
    struct ledger_hold *hold = find_hold(book, fill->order_id);
    int64_t gross = 0;

    if (is_booked(book, fill->fill_id))
        return true;
    if (hold == NULL || hold->state != LEDGER_HOLD_ACTIVE)
        return refuse_fill(fill, "nothing is held for the order.", error);
    if (hold->side != fill->side || strcmp(hold->ticker, fill->ticker) != 0)
        return refuse_fill(fill, "the order holds something else.", error);
    if (fill->quantity <= 0 || fill->price <= 0 || fill->commission < 0 ||
        fill->quantity > hold->quantity)
        return refuse_fill(fill, "the quantity is not what the order has left.", error);
    if (!money_multiply_half_even(fill->price, fill->quantity, &gross))
        return refuse_fill(fill, "the value cannot be counted.", error);
    if (fill->side == LEDGER_BUY ? !book_buy(book, fill, hold, gross, error)
                                 : !book_sell(book, fill, gross, error))
        return false;
    hold->quantity -= fill->quantity;
    hold->changed = true;
    if (fill->is_final || hold->quantity == 0)
        end_hold(book, hold, LEDGER_HOLD_DONE);
    return true;
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
        return refuse_funds(movement->amount, cash.amount - cash.held, error);
    copy(journal.id, sizeof(journal.id), journal_id_of(book, movement).string);
    copy(journal.reference, sizeof(journal.reference), movement->reference);
    copy(journal.note, sizeof(journal.note), movement->note);
    add_line(&journal, LEDGER_CASH, LEDGER_CURRENCY, change);
    add_line(&journal, LEDGER_EXTERNAL, LEDGER_CURRENCY, -change);
    if (!fits(book, &journal))
        return error_set(error, REASON_LIMIT_EXCEEDED, "The balance would be too large to count.");
    post(book, &journal);
    return true;
}
