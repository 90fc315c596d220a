// SPDX-License-Identifier: MIT
#include "transaction_csv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/timestamp.h"
#include "base/utf8.h"
#include "csv/csv_line.h"
#include "money/money.h"
#include "quotes/quotes.h"

enum { NOTE_CHARACTERS_MAX = 500, CENT_MICROS = 10000 };

#define HOUR_US (INT64_C(60) * 60 * MICROS_PER_SECOND)

enum column { DATE, KIND, SYMBOL, QUANTITY, PRICE, FEE, AMOUNT, NOTE, CASH_AFTER, COLUMN_COUNT };

// What a column is called, first by those who write such a file and then by ListTransactions.
static const struct {
    const char *name;
    enum column column; // COLUMN_COUNT for one that is passed over
} names[] = {
    {"date", DATE},
    {"booked_at", DATE},
    {"kind", KIND},
    {"type", KIND},
    {"symbol", SYMBOL},
    {"ticker", SYMBOL},
    {"quantity", QUANTITY},
    {"price", PRICE},
    {"fee", FEE},
    {"commission", FEE},
    {"amount", AMOUNT},
    {"cash_change", AMOUNT},
    {"note", NOTE},
    {"cash_after", CASH_AFTER},
    {"realized_pl", COLUMN_COUNT},
    {"realized_pl_fifo", COLUMN_COUNT},
    {"order_id", COLUMN_COUNT},
    {"id", COLUMN_COUNT},
};

struct reading {
    struct transaction_table *table;
    struct arena *arena;
    int64_t now;
    uint32_t line;
    int places[COLUMN_COUNT]; // of the columns in a line; -1 for none
    int width;                // of the header
    struct csv_fields fields; // of the line
    size_t problems;          // before this row
};

void transaction_table_add_problem(
    struct transaction_table *table, uint32_t line, const char *field, const char *format, ...)
{
    char rule[TRANSACTION_RULE_SIZE];
    va_list arguments;
    struct transaction_problem *problem = &table->problems[table->problem_count];

    table->problem_total++;
    if (table->problem_count == TRANSACTION_PROBLEMS_MAX)
        return;
    va_start(arguments, format);
    (void)vsnprintf(rule, sizeof(rule), format, arguments);
    va_end(arguments);
    *problem = (struct transaction_problem){line, arena_copy_string(table->arena, field),
                                            arena_copy_string(table->arena, rule)};
    // Of one that does not fit the budget is known that it is there.
    if (problem->field != NULL && problem->rule != NULL)
        table->problem_count++;
}

#define PROBLEM(reading, field, ...)                                                               \
    transaction_table_add_problem((reading)->table, (reading)->line, field, __VA_ARGS__)

static struct text value_of(const struct reading *reading, enum column column)
{
    int place = reading->places[column];

    return place < 0 ? (struct text){"", 0} : reading->fields.values[place];
}

static bool is_given(const struct reading *reading, enum column column)
{
    return value_of(reading, column).length > 0;
}

static void read_names(struct reading *reading)
{
    char shown[CSV_SHOWN_SIZE];

    for (int i = 0; i < reading->fields.count; i++) {
        struct text value = reading->fields.values[i];
        size_t at = 0;

        while (at < COUNT_OF(names) && !csv_equals_ignoring_case(value, names[at].name))
            at++;
        csv_show(value, shown);
        if (at == COUNT_OF(names))
            PROBLEM(reading, shown, "is no column of transactions: leave it out");
        else if (names[at].column == COLUMN_COUNT)
            continue;
        else if (reading->places[names[at].column] >= 0)
            PROBLEM(reading, shown, "is there twice, perhaps by another name");
        else
            reading->places[names[at].column] = i;
    }
}

// False when the file ends before there is a header that can be used.
static bool read_header(struct reading *reading, struct text *rest)
{
    char reason[CSV_REASON_SIZE];
    struct text line;
    enum csv_outcome outcome = CSV_NOTHING;

    for (int i = 0; i < COLUMN_COUNT; i++)
        reading->places[i] = -1;
    while (outcome == CSV_NOTHING && csv_next_line(rest, &line)) {
        reading->line++;
        outcome = csv_read_header(line, &reading->fields, reason);
    }
    if (outcome != CSV_ROW) {
        PROBLEM(reading, "row", "%s",
                outcome == CSV_NOTHING ? "must be the names of the columns, and is missing"
                                       : reason);
        return false;
    }
    reading->width = reading->fields.count;
    read_names(reading);
    if (reading->places[DATE] < 0)
        PROBLEM(reading, "date", "must be one of the columns");
    if (reading->places[KIND] < 0)
        PROBLEM(reading, "kind", "must be one of the columns");
    return reading->table->problem_total == 0;
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
    static const enum ledger_kind taken[] = {LEDGER_KIND_DEPOSIT,  LEDGER_KIND_WITHDRAWAL,
                                             LEDGER_KIND_BUY,      LEDGER_KIND_SELL,
                                             LEDGER_KIND_DIVIDEND, LEDGER_KIND_FEE};

    row->kind = LEDGER_KIND_COUNT;
    for (size_t i = 0; i < COUNT_OF(taken); i++) {
        if (csv_equals_ignoring_case(value_of(reading, KIND), ledger_kind_name(taken[i])))
            row->kind = taken[i];
    }
    if (row->kind == LEDGER_KIND_COUNT)
        PROBLEM(reading, "kind", "must be deposit, withdrawal, buy, sell, dividend or fee");
}

static bool is_trade(enum ledger_kind kind)
{
    return kind == LEDGER_KIND_BUY || kind == LEDGER_KIND_SELL;
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
    bool is_needed = is_trade(row->kind) || row->kind == LEDGER_KIND_DIVIDEND;

    if (value.length == 0) {
        if (is_needed)
            PROBLEM(reading, "symbol", "must be there in a row of this kind");
        return;
    }
    if (!is_needed && row->kind != LEDGER_KIND_FEE) {
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
    row->commission = read_number(reading, FEE, "fee", MONEY_SCALE, true);
    // Of what is sold the sign is in the kind already; some write it with the quantity, too.
    row->quantity = row->kind == LEDGER_KIND_SELL ? without_sign(quantity) : quantity;
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

static void read_money(struct reading *reading, struct transaction_row *row)
{
    bool is_dividend = row->kind == LEDGER_KIND_DIVIDEND;
    bool comes = is_dividend || row->kind == LEDGER_KIND_DEPOSIT;
    int64_t amount = read_number(reading, AMOUNT, "amount", MONEY_SCALE, true);

    (void)read_number(reading, QUANTITY, "quantity", QUANTITY_SCALE, is_dividend);
    row->price = read_number(reading, PRICE, "price", MONEY_SCALE, is_dividend);
    (void)read_number(reading, FEE, "fee", MONEY_SCALE, false);
    row->amount = comes ? amount : without_sign(amount);
    if (reading->table->problem_total > reading->problems)
        return;
    if (row->amount <= 0)
        PROBLEM(reading, "amount", "must be %s", comes ? "more than 0" : "there, and not 0");
    if (row->price < 0)
        PROBLEM(reading, "price", "must not be less than 0");
}

static bool has_controls(struct text text)
{
    for (size_t i = 0; i < text.length; i++) {
        if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f)
            return true;
    }
    return false;
}

// A note that a spreadsheet would take for a formula is written with an apostrophe before it.
static bool read_note(struct reading *reading, struct transaction_row *row)
{
    struct text value = value_of(reading, NOTE);

    if (value.length >= 2 && value.data[0] == '\'' && strchr("=+-@", value.data[1]) != NULL) {
        value.data++;
        value.length--;
    }
    if (has_controls(value))
        PROBLEM(reading, "note", "must be plain text in one line");
    else if (utf8_count(value.data, value.length) > NOTE_CHARACTERS_MAX)
        PROBLEM(reading, "note", "must have at most %d characters", NOTE_CHARACTERS_MAX);
    row->note = arena_copy(reading->arena, value.data, value.length);
    return row->note != NULL;
}

static bool read_row(struct reading *reading, struct text line)
{
    struct transaction_table *table = reading->table;
    struct transaction_row row = {.line = reading->line};
    char reason[CSV_REASON_SIZE];

    reading->problems = table->problem_total;
    if (!csv_split(line, &reading->fields, reason)) {
        PROBLEM(reading, "row", "%s", reason);
        return true;
    }
    if (reading->fields.count != reading->width) {
        PROBLEM(reading, "row", "has %d columns, and the first line %d", reading->fields.count,
                reading->width);
        return true;
    }
    read_date(reading, &row);
    read_kind(reading, &row);
    if (!read_note(reading, &row))
        return false;
    if (row.kind != LEDGER_KIND_COUNT) {
        read_symbol(reading, &row);
        if (is_trade(row.kind))
            read_trade(reading, &row);
        else
            read_money(reading, &row);
    }
    if (table->problem_total == reading->problems)
        table->rows[table->count++] = row;
    return true;
}

static bool read_rows(struct reading *reading, struct text rest)
{
    struct transaction_table *table = reading->table;
    struct text line;

    while (csv_next_line(&rest, &line)) {
        reading->line++;
        if (csv_trim(line).length == 0)
            continue;
        if (table->row_count == TRANSACTION_ROWS_MAX) {
            PROBLEM(reading, "row",
                    "is one more than the %d that a file may have: send the rest in "
                    "another one",
                    TRANSACTION_ROWS_MAX);
            return true;
        }
        table->row_count++;
        if (!read_row(reading, line))
            return false;
    }
    if (table->row_count == 0)
        PROBLEM(reading, "row", "must be there: the file has none");
    return true;
}

static void reverse(struct transaction_table *table)
{
    for (size_t i = 0; i < table->count / 2; i++) {
        struct transaction_row other = table->rows[table->count - 1 - i];

        table->rows[table->count - 1 - i] = table->rows[i];
        table->rows[i] = other;
    }
}

// By date; those of one date stay as they are. Nearly all files are in order already.
static void sort(struct transaction_table *table)
{
    for (size_t i = 1; i < table->count; i++) {
        struct transaction_row row = table->rows[i];
        size_t at = i;

        for (; at > 0 && table->rows[at - 1].at > row.at; at--)
            table->rows[at] = table->rows[at - 1];
        table->rows[at] = row;
    }
}

static void order(const struct reading *reading, struct transaction_table *table)
{
    bool is_of_ledger = reading->places[CASH_AFTER] >= 0;
    int64_t first = table->count > 0 ? table->rows[0].at : 0;
    int64_t last = table->count > 0 ? table->rows[table->count - 1].at : 0;

    if (first > last || (first == last && is_of_ledger))
        reverse(table);
    if (!is_of_ledger)
        sort(table);
}

bool transaction_csv_read(struct text csv,
                          int64_t now,
                          struct arena *arena,
                          struct transaction_table *out_table,
                          struct error *error)
{
    struct transaction_table table = {.arena = arena};
    struct reading *reading = arena_allocate(arena, sizeof(*reading));

    table.rows = arena_allocate(arena, TRANSACTION_ROWS_MAX * sizeof(*table.rows));
    table.problems =
        arena_allocate(arena, (TRANSACTION_PROBLEMS_MAX + 1) * sizeof(*table.problems));
    if (reading == NULL || table.rows == NULL || table.problems == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The file needs too much memory.");
    *reading = (struct reading){.table = &table, .arena = arena, .now = now};
    if (!utf8_is_valid(csv.data, csv.length) || memchr(csv.data, '\0', csv.length) != NULL)
        transaction_table_add_problem(&table, 1, "row", "must be UTF-8 text, as all of the file");
    else if (read_header(reading, &csv) && !read_rows(reading, csv))
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The file needs too much memory.");
    order(reading, &table);
    *out_table = table;
    return true;
}
