// SPDX-License-Identifier: MIT
#include "ledger/ledger_book.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
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

struct kind_entry {
    const char *name;
    bool realizes;
};

#define KIND_AS_ENTRY(name, text, realizes) {text, realizes},
static const struct kind_entry kinds[] = {LEDGER_KINDS(KIND_AS_ENTRY)};
#undef KIND_AS_ENTRY

const char *ledger_kind_name(enum ledger_kind kind)
{
    return kinds[kind].name;
}

bool ledger_kind_realizes(enum ledger_kind kind)
{
    return kinds[kind].realizes;
}

void ledger_copy(char *out, size_t size, const char *string)
{
    snprintf(out, size, "%s", string == NULL ? "" : string);
}

struct book *book_new(const char *portfolio_id, bool is_closed)
{
    struct book *book = allocate(sizeof(*book));

    ledger_copy(book->portfolio_id, sizeof(book->portfolio_id), portfolio_id);
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
    release((*book)->lots);
    release((*book)->sales);
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
    ledger_copy(book->booked[book->booked_count++].string, UUID_SIZE, journal_id);
}

void book_add_lot(struct book *book, const struct lot *lot)
{
    book->lots = reallocate_array(book->lots, book->lot_count + 1, sizeof(*book->lots));
    book->lots[book->lot_count++] = *lot;
    book->lots_loaded = book->lot_count;
}

struct ledger_balance *
book_find_balance(const struct book *book, enum ledger_account account, const char *asset)
{
    for (size_t i = 0; i < book->balance_count; i++) {
        struct ledger_balance *balance = &book->balances[i];

        if (balance->account == account && strcmp(balance->asset, asset) == 0)
            return balance;
    }
    return NULL;
}

struct ledger_balance *
book_make_balance(struct book *book, enum ledger_account account, const char *asset)
{
    struct ledger_balance *balance = book_find_balance(book, account, asset);
    struct ledger_balance empty = {.account = account};

    if (balance != NULL)
        return balance;
    ledger_copy(empty.asset, sizeof(empty.asset), asset);
    book_add_balance(book, &empty);
    return &book->balances[book->balance_count - 1];
}

bool book_number_changes(struct book *book)
{
    struct ledger_balance *cash = NULL;
    int64_t number = book_balance(book, LEDGER_CASH, LEDGER_CURRENCY).sequence;
    bool has_changed = false;

    for (size_t i = 0; i < book->balance_count; i++) {
        struct ledger_balance *balance = &book->balances[i];

        if (!balance->changed)
            continue;
        has_changed |= balance->account == LEDGER_CASH || balance->account == LEDGER_SHARES;
        if (balance->account == LEDGER_SHARES)
            balance->sequence = ++number;
    }
    if (!has_changed)
        return false;
    cash = book_make_balance(book, LEDGER_CASH, LEDGER_CURRENCY);
    cash->sequence = number + 1;
    cash->changed = true;
    return true;
}

static int compare_assets(const void *left, const void *right)
{
    const struct ledger_balance *a = left;
    const struct ledger_balance *b = right;
    int order = strcmp(a->asset, b->asset);

    return order != 0 ? order : (int)a->account - (int)b->account;
}

void book_sort_balances(struct book *book)
{
    if (book->balance_count > 0)
        qsort(book->balances, book->balance_count, sizeof(*book->balances), compare_assets);
}

struct ledger_balance
book_balance(const struct book *book, enum ledger_account account, const char *asset)
{
    const struct ledger_balance *balance = book_find_balance(book, account, asset);
    struct ledger_balance empty = {.account = account};

    if (balance != NULL)
        return *balance;
    ledger_copy(empty.asset, sizeof(empty.asset), asset);
    return empty;
}

struct ledger_hold *book_find_hold(const struct book *book, const char *order_id)
{
    for (size_t i = 0; i < book->hold_count; i++) {
        if (strcmp(book->holds[i].order_id, order_id) == 0)
            return &book->holds[i];
    }
    return NULL;
}

bool book_has_balance(const struct book *book, enum ledger_account account, const char *asset)
{
    return book_find_balance(book, account, asset) != NULL;
}

bool book_has_hold(const struct book *book, const char *order_id)
{
    return book_find_hold(book, order_id) != NULL;
}

bool book_has_held(const struct book *book, const char *order_id)
{
    const struct ledger_hold *hold = book_find_hold(book, order_id);

    return hold != NULL && hold->ticker[0] != '\0';
}

bool book_is_booked(const struct book *book, const char *journal_id)
{
    for (size_t i = 0; i < book->booked_count; i++) {
        if (strcmp(book->booked[i].string, journal_id) == 0)
            return true;
    }
    return false;
}

void ledger_add_line(struct ledger_journal *journal,
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
    ledger_copy(line->asset, sizeof(line->asset), asset);
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

bool book_fits(const struct book *book, const struct ledger_journal *journal)
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

void book_post(struct book *book, struct ledger_journal *journal)
{
    assert(sums_to_zero(journal));
    for (size_t i = 0; i < journal->line_count; i++) {
        struct ledger_line *line = &journal->lines[i];
        struct ledger_balance *balance = book_make_balance(book, line->account, line->asset);

        balance->amount += line->amount;
        balance->seq++;
        balance->changed = true;
        line->balance_after = balance->amount;
        line->seq = balance->seq;
    }
    // Room for twice as many whenever it is used up, as an import has thousands.
    if ((book->journal_count & (book->journal_count - 1)) == 0)
        book->journals =
            reallocate_array(book->journals, book->journal_count == 0 ? 1 : 2 * book->journal_count,
                             sizeof(*book->journals));
    book->journals[book->journal_count++] = *journal;
    book_add_booked(book, journal->id);
}

void book_add_new_lot(struct book *book, const struct lot *lot)
{
    size_t loaded = book->lots_loaded;

    book_add_lot(book, lot);
    book->lots_loaded = loaded;
}

void ledger_set_costs(struct ledger_balance *balance, const struct ledger_balance *to)
{
    balance->cost_basis = to->cost_basis;
    balance->realized_pl = to->realized_pl;
    balance->series = to->series;
    balance->sold = to->sold;
    balance->sold_cost = to->sold_cost;
    balance->cost_basis_fifo = to->cost_basis_fifo;
    balance->realized_pl_fifo = to->realized_pl_fifo;
    balance->first_series = to->first_series;
    balance->changed = true;
}

const struct lot *
book_find_lot(const struct book *book, const char *ticker, int64_t series, int64_t number)
{
    for (size_t i = 0; i < book->lot_count; i++) {
        if (lot_has(&book->lots[i], ticker, series, number))
            return &book->lots[i];
    }
    return NULL;
}

void book_add_sale(struct book *book, const struct sale *sale)
{
    book->sales = reallocate_array(book->sales, book->sale_count + 1, sizeof(*book->sales));
    book->sales[book->sale_count++] = *sale;
}

void book_end_hold(struct book *book, struct ledger_hold *hold, enum ledger_hold_state state)
{
    if (hold->side == LEDGER_BUY) {
        struct ledger_balance *cash = book_make_balance(book, LEDGER_CASH, LEDGER_CURRENCY);

        cash->held -= hold->amount;
        cash->changed = true;
    } else {
        struct ledger_balance *shares = book_make_balance(book, LEDGER_SHARES, hold->ticker);

        shares->held -= hold->quantity;
        shares->changed = true;
    }
    hold->amount = 0;
    hold->quantity = 0;
    hold->state = state;
    hold->changed = true;
}
