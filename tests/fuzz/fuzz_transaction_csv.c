// SPDX-License-Identifier: MIT
// fuzz_transaction_csv: tables of transactions of any bytes. Whatever is read as a row keeps the
// rules of its kind, whatever is refused is refused with a column and a rule that may be shown, and
// rows that are written down again are read as they were.
#include "fuzz.h"

#include "base/strbuf.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "money/money.h"
#include "quotes/quotes.h"
#include "transactions/transaction_csv.h"

enum {
    ARENA_BUDGET = 32 * 1024 * 1024,
    NOTE_CHARACTERS_MAX = 500,
    TABLE_MAX = 4 * 1024 * 1024,
};

#define NOW (INT64_C(1400000000) * MICROS_PER_SECOND) // in May 2014

static void check_shown(const char *text)
{
    MUST(text[0] != '\0' && utf8_is_valid(text, strlen(text)));
    for (; *text != '\0'; text++)
        MUST((unsigned char)*text >= ' ' && *text != 0x7f);
}

static void check_lots(const struct transaction_row *row)
{
    int64_t sum = 0;

    MUST(row->lot_count >= 1 && row->lot_count <= LEDGER_OPENED_LOTS_MAX && row->cost >= 0);
    for (size_t i = 0; i < row->lot_count; i++) {
        MUST(row->lots[i].quantity > 0 && row->lots[i].cost >= 0);
        MUST(row->lots[i].opened_at >= QUOTES_CLOCK_UNSET && row->lots[i].opened_at <= row->at);
        MUST(money_add(sum, row->lots[i].quantity, &sum));
    }
    MUST(sum == row->quantity);
}

static void check_row(const struct transaction_row *row)
{
    bool is_of_shares = row->ticker[0] != '\0';

    MUST(row->at >= QUOTES_CLOCK_UNSET && row->at <= NOW);
    MUST(utf8_is_valid(row->note, strlen(row->note)));
    MUST(utf8_count(row->note, strlen(row->note)) <= NOTE_CHARACTERS_MAX);
    MUST(row->amount >= 0 && row->commission >= 0 && row->price >= 0);
    switch (row->kind) {
    case LEDGER_KIND_BUY:
    case LEDGER_KIND_SELL:
    case LEDGER_KIND_CASH_IN_LIEU:
        MUST(is_of_shares && row->quantity > 0 && row->price > 0);
        break;
    case LEDGER_KIND_SPLIT:
        MUST(is_of_shares && row->numerator != row->denominator);
        MUST(row->numerator >= 1 && row->numerator <= TRANSACTION_TERM_MAX);
        MUST(row->denominator >= 1 && row->denominator <= TRANSACTION_TERM_MAX);
        break;
    case LEDGER_KIND_OPENING:
        if (is_of_shares)
            check_lots(row);
        break;
    case LEDGER_KIND_RESET:
        MUST(row->quantity >= 0 && (is_of_shares || row->quantity == 0));
        break;
    case LEDGER_KIND_DIVIDEND:
        MUST(is_of_shares);
        break;
    case LEDGER_KIND_FEE:
        MUST(row->amount > 0);
        break;
    case LEDGER_KIND_DEPOSIT:
    case LEDGER_KIND_WITHDRAWAL:
        MUST(!is_of_shares && row->amount > 0);
        break;
    case LEDGER_KIND_COUNT:
        MUST(false);
    }
}

static void write_decimal(struct strbuf *out, int64_t value, int scale)
{
    char text[DECIMAL_SIZE];

    decimal_print(value, scale, 0, text);
    strbuf_append_string(out, text);
    strbuf_append_char(out, ',');
}

static void write_time(struct strbuf *out, int64_t at)
{
    char text[TIMESTAMP_SIZE];

    timestamp_print(at, text);
    strbuf_append_string(out, text);
}

static void write_lots(struct strbuf *out, const struct transaction_row *row)
{
    char quantity[DECIMAL_SIZE];
    char cost[DECIMAL_SIZE];

    for (size_t i = 0; i < row->lot_count; i++) {
        decimal_print(row->lots[i].quantity, QUANTITY_SCALE, 0, quantity);
        decimal_print(row->lots[i].cost, MONEY_SCALE, 0, cost);
        strbuf_append_string(out, i > 0 ? "; " : "");
        strbuf_append_string(out, quantity);
        strbuf_append_char(out, ' ');
        strbuf_append_string(out, cost);
        strbuf_append_char(out, ' ');
        write_time(out, row->lots[i].opened_at);
    }
    strbuf_append_char(out, ',');
}

// With an apostrophe in front, as our own tables have it, where one would be taken off.
static void write_note(struct strbuf *out, const char *note)
{
    const char *first = note + strspn(note, "'");

    strbuf_append_char(out, '"');
    if (*first != '\0' && strchr("=+-@\t\r\n", *first) != NULL)
        strbuf_append_char(out, '\'');
    for (; *note != '\0'; note++) {
        if (*note == '"')
            strbuf_append_char(out, '"');
        strbuf_append_char(out, *note);
    }
    strbuf_append_string(out, "\"\r\n");
}

static void write_row(struct strbuf *out, const struct transaction_row *row)
{
    bool opens_shares = row->kind == LEDGER_KIND_OPENING && row->ticker[0] != '\0';
    bool is_trade = row->kind == LEDGER_KIND_BUY || row->kind == LEDGER_KIND_SELL ||
                    row->kind == LEDGER_KIND_CASH_IN_LIEU;

    write_time(out, row->at);
    strbuf_append_char(out, ',');
    strbuf_append_string(out, ledger_kind_name(row->kind));
    strbuf_append_char(out, ',');
    strbuf_append_string(out, row->ticker);
    strbuf_append_char(out, ',');
    write_decimal(out, row->quantity, QUANTITY_SCALE);
    write_decimal(out, row->price, MONEY_SCALE);
    write_decimal(out, row->commission, MONEY_SCALE);
    if (is_trade)
        strbuf_append_char(out, ',');
    else
        write_decimal(out, row->amount, MONEY_SCALE);
    if (opens_shares) {
        write_decimal(out, row->cost, MONEY_SCALE);
        write_lots(out, row);
    } else {
        strbuf_append_string(out, ",,");
    }
    write_note(out, row->note);
}

static void check_equal(const struct transaction_row *one, const struct transaction_row *other)
{
    MUST(one->kind == other->kind && strcmp(one->ticker, other->ticker) == 0);
    MUST(one->quantity == other->quantity && one->price == other->price);
    MUST(one->commission == other->commission && one->amount == other->amount);
    MUST(one->numerator == other->numerator && one->denominator == other->denominator);
    MUST(one->cost == other->cost && one->lot_count == other->lot_count);
    MUST(one->at == other->at && strcmp(one->note, other->note) == 0);
}

// What a reset begins with is told by a column that makes the table one of a ledger, whose order is
// not by date.
static bool can_be_written(const struct transaction_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->rows[i].kind == LEDGER_KIND_RESET ||
            (i > 0 && table->rows[i].at < table->rows[i - 1].at))
            return false;
    }
    return table->problem_total == 0 && table->count > 0;
}

static void check_written(const struct transaction_table *table)
{
    OWNED(arena) arena = arena_new(ARENA_BUDGET);
    struct strbuf *out = strbuf_new(TABLE_MAX);
    struct transaction_table again;
    struct error error;

    strbuf_append_string(out,
                         "date,kind,symbol,quantity,price,fee,amount,cost_basis,lots,note\r\n");
    for (size_t i = 0; i < table->count; i++)
        write_row(out, &table->rows[i]);
    MUST(transaction_csv_read(strbuf_text(out), NOW, arena, &again, &error));
    MUST(again.problem_total == 0 && again.count == table->count);
    for (size_t i = 0; i < table->count; i++)
        check_equal(&table->rows[i], &again.rows[i]);
    strbuf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWNED(arena) arena = arena_new(ARENA_BUDGET);
    struct transaction_table table;
    struct error error;

    if (!transaction_csv_read((struct text){(const char *)data, size}, NOW, arena, &table, &error))
        return 0;
    MUST(table.count <= table.row_count && table.row_count <= TRANSACTION_ROWS_MAX);
    MUST(table.problem_count <= table.problem_total);
    for (size_t i = 0; i < table.problem_count; i++) {
        MUST(table.problems[i].line >= 1);
        check_shown(table.problems[i].field);
        check_shown(table.problems[i].rule);
    }
    for (size_t i = 0; i < table.count; i++)
        check_row(&table.rows[i]);
    if (can_be_written(&table))
        check_written(&table);
    return 0;
}
