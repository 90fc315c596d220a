// SPDX-License-Identifier: MIT
// What one row says, by its kind.
#include "transactions/transaction_reading.h"

#include <string.h>

#include "base/timestamp.h"
#include "base/utf8.h"
#include "money/money.h"
#include "quotes/quotes.h"
#include "transactions/opened_lots.h"

enum { NOTE_CHARACTERS_MAX = 500, CENT_MICROS = 10000 };

#define HOUR_US (INT64_C(60) * 60 * MICROS_PER_SECOND)

static struct text value_of(const struct reading *reading, enum column column)
{
    int place = reading->places[column];

    return place < 0 ? (struct text){"", 0} : reading->fields.values[place];
}

static bool is_given(const struct reading *reading, enum column column)
{
    return value_of(reading, column).length > 0;
}

static void read_date(struct reading *reading, struct transaction_row *row)
{
    struct text value = value_of(reading, DATE);
    char now[TIMESTAMP_SIZE];
    struct date date;

    // A day without a time is before that day's close, and after the one before it, in New York and
    // where the days of UTC are the sessions.
    if (date_parse(value, &date)) {
        row->at = (date_to_days(date) * 24 + 12) * HOUR_US;
    } else if (!timestamp_parse(value, &row->at)) {
        PROBLEM(reading, "date",
                "must be a date such as 2014-06-02, or a time with its zone such as "
                "2014-06-02T15:30:00Z");
        return;
    }
    if (row->at < QUOTES_CLOCK_UNSET)
        PROBLEM(reading, "date", "must not be before 1990-01-01");
    timestamp_print(reading->now, now);
    if (row->at > reading->now)
        PROBLEM(reading, "date", "must not be after the platform's present time, %s", now);
}

static void read_kind(struct reading *reading, struct transaction_row *row)
{
    row->kind = LEDGER_KIND_COUNT;
    for (int kind = 0; kind < LEDGER_KIND_COUNT; kind++) {
        if (csv_equals_ignoring_case(value_of(reading, KIND),
                                     ledger_kind_name((enum ledger_kind)kind)))
            row->kind = (enum ledger_kind)kind;
    }
    if (row->kind == LEDGER_KIND_COUNT)
        PROBLEM(reading, "kind",
                "must be deposit, withdrawal, buy, sell, dividend, split, cash_in_lieu, fee, "
                "opening or reset");
}

static bool is_trade(enum ledger_kind kind)
{
    return kind == LEDGER_KIND_BUY || kind == LEDGER_KIND_SELL || kind == LEDGER_KIND_CASH_IN_LIEU;
}

// Reads a number that the row's kind has a use for; 0 for none. One that has none may be 0.
static int64_t
read_number(struct reading *reading, enum column column, const char *name, int scale, bool is_used)
{
    struct text value = value_of(reading, column);
    int64_t number = 0;

    if (value.length == 0)
        return 0;
    switch (decimal_parse(value, scale, &number)) {
    case DECIMAL_FINE:
        break;
    case DECIMAL_TOO_FINE:
        PROBLEM(reading, name, "must have at most %d decimals", scale);
        return 0;
    case DECIMAL_TOO_LARGE:
        PROBLEM(reading, name, "is more than can be counted");
        return 0;
    case DECIMAL_NOT_A_NUMBER:
        PROBLEM(reading, name, "must be a number such as 10 or 95.11");
        return 0;
    }
    if (number != 0 && !is_used)
        PROBLEM(reading, name, "must be empty in a row of this kind");
    return is_used ? number : 0;
}

static int64_t without_sign(int64_t number)
{
    return number == INT64_MIN ? INT64_MAX : number < 0 ? -number : number;
}

static bool ticker_takes(char character)
{
    return (character >= 'A' && character <= 'Z') || (character >= '0' && character <= '9') ||
           character == '.' || character == '-';
}

static void read_symbol(struct reading *reading, struct transaction_row *row)
{
    struct text value = value_of(reading, SYMBOL);
    bool is_fine = value.length < sizeof(row->ticker);
    bool is_needed =
        is_trade(row->kind) || row->kind == LEDGER_KIND_DIVIDEND || row->kind == LEDGER_KIND_SPLIT;
    bool is_taken = is_needed || row->kind == LEDGER_KIND_FEE || row->kind == LEDGER_KIND_OPENING ||
                    row->kind == LEDGER_KIND_RESET;

    if (value.length == 0) {
        if (is_needed)
            PROBLEM(reading, "symbol", "must be there in a row of this kind");
        return;
    }
    if (!is_taken) {
        PROBLEM(reading, "symbol", "must be empty in a row of this kind");
        return;
    }
    for (size_t i = 0; i < value.length && is_fine; i++) {
        char character = value.data[i];

        if (character >= 'a' && character <= 'z')
            character = (char)(character - 'a' + 'A');
        row->ticker[i] = character;
        is_fine = ticker_takes(character);
    }
    if (!is_fine) {
        row->ticker[0] = '\0';
        PROBLEM(reading, "symbol", "must be 1 to 15 of A-Z, 0-9, . and -");
    }
}

// What a trade says of its cash must be, to a cent, what it comes to: otherwise a column is not
// what it is taken for. It is reckoned again, and not taken from here.
static void check_amount(struct reading *reading, const struct transaction_row *row, int64_t amount)
{
    char expected[DECIMAL_SIZE];
    int64_t gross = 0;
    int64_t sum = 0;
    int64_t difference = 0;

    if (!money_multiply_half_even(row->price, row->quantity, &gross) ||
        !(row->kind == LEDGER_KIND_BUY ? money_add(gross, row->commission, &sum)
                                       : money_subtract(gross, row->commission, &sum))) {
        PROBLEM(reading, "quantity", "comes to more than can be counted");
        return;
    }
    if (!is_given(reading, AMOUNT) ||
        (money_subtract(without_sign(amount), without_sign(sum), &difference) &&
         without_sign(difference) <= CENT_MICROS))
        return;
    decimal_print(row->kind == LEDGER_KIND_BUY ? -sum : sum, MONEY_SCALE, 2, expected);
    PROBLEM(reading, "amount",
            "must be empty, or %s to a cent: what quantity, price and fee come to", expected);
}

static void read_trade(struct reading *reading, struct transaction_row *row)
{
    int64_t quantity = read_number(reading, QUANTITY, "quantity", QUANTITY_SCALE, true);
    int64_t amount = read_number(reading, AMOUNT, "amount", MONEY_SCALE, true);

    row->price = read_number(reading, PRICE, "price", MONEY_SCALE, true);
    row->commission =
        read_number(reading, FEE, "fee", MONEY_SCALE, row->kind != LEDGER_KIND_CASH_IN_LIEU);
    // Of what is sold the sign is in the kind already; some write it with the quantity, too.
    row->quantity = row->kind == LEDGER_KIND_BUY ? quantity : without_sign(quantity);
    if (reading->table->problem_total > reading->problems)
        return;
    if (row->quantity <= 0)
        PROBLEM(reading, "quantity", "must be more than 0");
    if (row->price <= 0)
        PROBLEM(reading, "price", "must be more than 0");
    if (row->commission < 0)
        PROBLEM(reading, "fee", "must not be less than 0");
    if (reading->table->problem_total == reading->problems)
        check_amount(reading, row, amount);
}

// What a row of shares alone has no use for may be 0, as in our own table.
static void read_no_money(struct reading *reading)
{
    (void)read_number(reading, PRICE, "price", MONEY_SCALE, false);
    (void)read_number(reading, FEE, "fee", MONEY_SCALE, false);
    (void)read_number(reading, AMOUNT, "amount", MONEY_SCALE, false);
}

// A number of 1 to 10000 at the beginning of `rest`, which is cut off; 0 for none.
static int64_t cut_term(struct text *rest)
{
    int64_t term = 0;

    while (rest->length > 0 && rest->data[0] >= '0' && rest->data[0] <= '9' &&
           term <= TRANSACTION_TERM_MAX) {
        term = 10 * term + (rest->data[0] - '0');
        rest->data++;
        rest->length--;
    }
    return term <= TRANSACTION_TERM_MAX ? term : 0;
}

static void read_split(struct reading *reading, struct transaction_row *row)
{
    static const char between[] = " for ";
    struct text terms = csv_trim(value_of(reading, NOTE));

    row->quantity = read_number(reading, QUANTITY, "quantity", QUANTITY_SCALE, true);
    read_no_money(reading);
    row->numerator = cut_term(&terms);
    if (terms.length > sizeof(between) - 1 &&
        memcmp(terms.data, between, sizeof(between) - 1) == 0) {
        terms.data += sizeof(between) - 1;
        terms.length -= sizeof(between) - 1;
        row->denominator = cut_term(&terms);
    }
    if (row->numerator == 0 || row->denominator == 0 || terms.length > 0 ||
        row->numerator == row->denominator)
        PROBLEM(reading, "note",
                "must be the terms of the split, two different numbers of shares from 1 to %d "
                "such as 3 for 1",
                TRANSACTION_TERM_MAX);
}

// One lot of all the shares, when the row says nothing of them.
static const struct ledger_opened_lot *only_lot(struct reading *reading,
                                                const struct transaction_row *row)
{
    struct ledger_opened_lot *lot = arena_allocate(reading->arena, sizeof(*lot));

    if (lot != NULL)
        *lot = (struct ledger_opened_lot){row->quantity, row->cost, row->at};
    return lot;
}

static void check_lots(struct reading *reading, const struct transaction_row *row)
{
    char shares[DECIMAL_SIZE];
    int64_t sum = 0;

    for (size_t i = 0; i < row->lot_count; i++) {
        if (row->lots[i].opened_at > row->at || row->lots[i].opened_at < QUOTES_CLOCK_UNSET)
            PROBLEM(reading, "lots", "must be of times from 1990-01-01 to the row's date");
        else if (money_add(sum, row->lots[i].quantity, &sum))
            continue;
        return;
    }
    decimal_print(sum, QUANTITY_SCALE, 0, shares);
    if (sum != row->quantity)
        PROBLEM(reading, "lots", "must be of as many shares as the row: they are of %s", shares);
}

// False when there is no memory for its lots.
static bool read_opening(struct reading *reading, struct transaction_row *row)
{
    struct text lots = value_of(reading, LOTS);
    char reason[CSV_REASON_SIZE];

    row->quantity = read_number(reading, QUANTITY, "quantity", QUANTITY_SCALE, true);
    row->cost = read_number(reading, COST, "cost_basis", MONEY_SCALE, true);
    read_no_money(reading);
    if (!is_given(reading, COST))
        PROBLEM(reading, "cost_basis", "must be there: what the shares had cost");
    if (row->cost < 0)
        PROBLEM(reading, "cost_basis", "must not be less than 0");
    if (row->quantity <= 0)
        PROBLEM(reading, "quantity", "must be more than 0");
    if (lots.length == 0) {
        row->lots = only_lot(reading, row);
        row->lot_count = 1;
        return row->lots != NULL;
    }
    if (!opened_lots_read(lots, reading->arena, &row->lots, &row->lot_count, reason))
        PROBLEM(reading, "lots", "%s", reason);
    else
        check_lots(reading, row);
    return true;
}

static void read_reset(struct reading *reading, struct transaction_row *row)
{
    int64_t quantity =
        read_number(reading, QUANTITY, "quantity", QUANTITY_SCALE, row->ticker[0] != '\0');

    row->quantity = without_sign(quantity);
    (void)read_number(reading, PRICE, "price", MONEY_SCALE, false);
    (void)read_number(reading, FEE, "fee", MONEY_SCALE, false);
    (void)read_number(reading, AMOUNT, "amount", MONEY_SCALE, row->ticker[0] == '\0');
    if (row->ticker[0] != '\0')
        return;
    row->amount = read_number(reading, CASH_AFTER, "cash_after", MONEY_SCALE, true);
    if (!is_given(reading, CASH_AFTER) || row->amount < 0)
        PROBLEM(reading, "cash_after", "must be there, and 0 or more: what is begun anew with");
}

static void read_money(struct reading *reading, struct transaction_row *row)
{
    bool is_dividend = row->kind == LEDGER_KIND_DIVIDEND;
    bool is_opening = row->kind == LEDGER_KIND_OPENING;
    bool comes = is_dividend || is_opening || row->kind == LEDGER_KIND_DEPOSIT;
    int64_t amount = read_number(reading, AMOUNT, "amount", MONEY_SCALE, true);

    (void)read_number(reading, QUANTITY, "quantity", QUANTITY_SCALE, is_dividend);
    row->price = read_number(reading, PRICE, "price", MONEY_SCALE, is_dividend);
    (void)read_number(reading, FEE, "fee", MONEY_SCALE, false);
    row->amount = comes ? amount : without_sign(amount);
    if (reading->table->problem_total > reading->problems)
        return;
    // A part of a share can have a dividend of less than a millionth, and cash be opened without
    // any.
    if ((is_dividend || is_opening) && is_given(reading, AMOUNT) && row->amount == 0)
        return;
    if (row->amount <= 0)
        PROBLEM(reading, "amount", "must be %s", comes ? "more than 0" : "there, and not 0");
    if (row->price < 0)
        PROBLEM(reading, "price", "must not be less than 0");
}

// A text that a spreadsheet would take for a formula is written with an apostrophe before it.
static struct text without_apostrophe(struct text text)
{
    size_t at = 0;

    while (at < text.length && text.data[at] == '\'')
        at++;
    if (at > 0 && at < text.length && memchr("=+-@\t\r\n", text.data[at], 7) != NULL)
        return (struct text){text.data + 1, text.length - 1};
    return text;
}

static bool read_note(struct reading *reading, struct transaction_row *row)
{
    struct text value = without_apostrophe(value_of(reading, NOTE));

    if (utf8_count(value.data, value.length) > NOTE_CHARACTERS_MAX)
        PROBLEM(reading, "note", "must have at most %d characters", NOTE_CHARACTERS_MAX);
    row->note = arena_copy(reading->arena, value.data, value.length);
    return row->note != NULL;
}

// What a column says that the row's kind has no use for.
static void check_columns(struct reading *reading, const struct transaction_row *row)
{
    bool opens_shares = row->kind == LEDGER_KIND_OPENING && row->ticker[0] != '\0';

    if (is_given(reading, COST) && !opens_shares)
        PROBLEM(reading, "cost_basis", "must be empty in a row of this kind");
    if (is_given(reading, LOTS) && !opens_shares)
        PROBLEM(reading, "lots", "must be empty in a row of this kind");
}

// What a ledger's table says of the cash, which its rows are put in order by.
static int64_t read_cash(const struct reading *reading, enum column column)
{
    int64_t number = 0;

    return decimal_parse(value_of(reading, column), MONEY_SCALE, &number) == DECIMAL_FINE ? number
                                                                                          : 0;
}

// False when there is no memory for what it says.
static bool read_numbers(struct reading *reading, struct transaction_row *row)
{
    row->cash_change = read_cash(reading, AMOUNT);
    row->cash_after = read_cash(reading, CASH_AFTER);
    read_symbol(reading, row);
    check_columns(reading, row);
    if (is_trade(row->kind))
        read_trade(reading, row);
    else if (row->kind == LEDGER_KIND_SPLIT)
        read_split(reading, row);
    else if (row->kind == LEDGER_KIND_RESET)
        read_reset(reading, row);
    else if (row->kind == LEDGER_KIND_OPENING && is_given(reading, SYMBOL))
        return read_opening(reading, row);
    else
        read_money(reading, row);
    return true;
}

bool transaction_row_read(struct reading *reading, struct transaction_row *row)
{
    read_date(reading, row);
    read_kind(reading, row);
    return read_note(reading, row) &&
           (row->kind == LEDGER_KIND_COUNT || read_numbers(reading, row));
}
