// SPDX-License-Identifier: MIT
#include "transactions/transaction_csv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "money/money.h"
#include "transactions/transaction_reading.h"

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
    {"cost_basis", COST},
    {"lots", LOTS},
    {"realized_pl", COLUMN_COUNT},
    {"realized_pl_fifo", COLUMN_COUNT},
    {"order_id", COLUMN_COUNT},
    {"id", COLUMN_COUNT},
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

static void read_names(struct reading *reading)
{
    char shown[CSV_SHOWN_SIZE];

    for (int i = 0; i < reading->fields.count; i++) {
        struct text value = reading->fields.values[i];
        size_t at = 0;

        while (at < COUNT_OF(names) && !csv_equals_ignoring_case(value, names[at].name))
            at++;
        csv_show(value, shown);
        if (value.length == 0)
            PROBLEM(reading, "row", "has no name for column %d", i + 1);
        else if (at == COUNT_OF(names))
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
        // A file of nothing has a first line, which is missing.
        if (reading->line == 0)
            reading->line = 1;
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

static bool read_row(struct reading *reading, struct text record)
{
    struct transaction_table *table = reading->table;
    struct transaction_row row = {.line = reading->line};
    char reason[CSV_REASON_SIZE];

    reading->problems = table->problem_total;
    if (record.length > sizeof(reading->record)) {
        PROBLEM(reading, "row", "has more than %zu bytes", sizeof(reading->record));
        return true;
    }
    memcpy(reading->record, record.data, record.length);
    if (!csv_split_record(reading->record, record.length, &reading->fields, reason)) {
        PROBLEM(reading, "row", "%s", reason);
        return true;
    }
    if (reading->fields.count != reading->width) {
        PROBLEM(reading, "row", "has %d columns, and the first line %d", reading->fields.count,
                reading->width);
        return true;
    }
    // All but the note are words and numbers, which blanks within quotes do not change.
    for (int i = 0; i < reading->fields.count; i++) {
        if (i != reading->places[NOTE])
            reading->fields.values[i] = csv_trim(reading->fields.values[i]);
    }
    if (!transaction_row_read(reading, &row))
        return false;
    if (table->problem_total == reading->problems)
        table->rows[table->count++] = row;
    return true;
}

static bool read_rows(struct reading *reading, struct text rest)
{
    struct transaction_table *table = reading->table;
    struct text record;
    uint32_t lines = 0;

    reading->line++;
    for (; csv_next_record(&rest, TRANSACTION_RECORD_MAX, &record, &lines);
         reading->line += lines) {
        if (csv_trim(record).length == 0)
            continue;
        if (table->row_count == TRANSACTION_ROWS_MAX) {
            PROBLEM(reading, "row",
                    "is one more than the %d that a file may have: send the rest in "
                    "another one",
                    TRANSACTION_ROWS_MAX);
            return true;
        }
        table->row_count++;
        if (!read_row(reading, record))
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

// Whether a row of a ledger's table follows on another one: by the cash after both.
static bool follows(const struct transaction_row *row, const struct transaction_row *before)
{
    int64_t sum = 0;

    return money_add(before->cash_after, row->cash_change, &sum) && sum == row->cash_after;
}

// Whether the newest row comes first. A dividend or split can have been booked late, behind what
// is newer: so dates alone do not tell of a ledger's table.
static bool is_newest_first(const struct reading *reading, const struct transaction_table *table)
{
    bool is_of_ledger = reading->places[CASH_AFTER] >= 0;
    const struct transaction_row *rows = table->rows;
    size_t up = 0;
    size_t down = 0;

    for (size_t i = 1; is_of_ledger && i < table->count; i++) {
        up += follows(&rows[i], &rows[i - 1]);
        down += follows(&rows[i - 1], &rows[i]);
    }
    if (up != down)
        return down > up;
    return table->count > 0 && (rows[0].at > rows[table->count - 1].at ||
                                (rows[0].at == rows[table->count - 1].at && is_of_ledger));
}

static void order(const struct reading *reading, struct transaction_table *table)
{
    if (is_newest_first(reading, table))
        reverse(table);
    if (reading->places[CASH_AFTER] < 0)
        sort(table);
}

// Those of a reset that have a symbol come before the one that has none.
static void check_resets(struct transaction_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct transaction_row *row = &table->rows[i];

        if (row->kind == LEDGER_KIND_RESET && row->ticker[0] != '\0' &&
            (i + 1 == table->count || row[1].kind != LEDGER_KIND_RESET || row[1].at != row->at))
            transaction_table_add_problem(
                table, row->line, "symbol",
                "must be empty, or the reset without one of the same date must follow");
    }
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
    if (table.problem_total == 0)
        check_resets(&table);
    *out_table = table;
    return true;
}
