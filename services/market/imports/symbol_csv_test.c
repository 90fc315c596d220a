// SPDX-License-Identifier: MIT
#include "imports/symbol_csv.h"

#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void start(struct symbol_csv *csv, const char *header)
{
    struct symbol_line symbol;
    char reason[CSV_REASON_SIZE] = "";

    symbol_csv_start(csv);
    assert_int_equal(symbol_csv_read(csv, text_of(header), &symbol, reason), CSV_NOTHING);
    assert_true(csv->has_header);
}

static void assert_rejected(struct symbol_csv *csv, const char *line, const char *expected)
{
    struct symbol_line symbol;
    char reason[CSV_REASON_SIZE] = "";

    assert_int_equal(symbol_csv_read(csv, text_of(line), &symbol, reason), CSV_REJECTED);
    assert_string_equal(reason, expected);
}

static void assert_no_header(const char *line, const char *expected)
{
    struct symbol_csv csv;
    struct symbol_line symbol;
    char reason[CSV_REASON_SIZE] = "";

    symbol_csv_start(&csv);
    assert_int_equal(symbol_csv_read(&csv, text_of(line), &symbol, reason), CSV_NO_HEADER);
    assert_string_equal(reason, expected);
}

static void the_columns_of_both_kinds_of_lists_are_known(void **state)
{
    struct symbol_csv csv;
    struct symbol_line symbol;
    char reason[CSV_REASON_SIZE] = "";

    (void)state;
    start(&csv, "Symbol,Security Name");
    assert_int_equal(
        symbol_csv_read(&csv, text_of("aaon,\"AAON, Inc. - Common Stock\""), &symbol, reason),
        CSV_ROW);
    assert_string_equal(symbol.ticker, "AAON");
    assert_true(text_equals(symbol.name, "AAON, Inc. - Common Stock"));
    assert_int_equal(symbol.exchange.length, 0);
    assert_int_equal(symbol.sector.length, 0);
    start(&csv, "CIK,GICS Sector,Security,Symbol,Exchange,GICS Sub-Industry");
    assert_int_equal(
        symbol_csv_read(&csv, text_of("66740,Industrials,3M,MMM,NYSE,x"), &symbol, reason),
        CSV_ROW);
    assert_string_equal(symbol.ticker, "MMM");
    assert_true(text_equals(symbol.name, "3M"));
    assert_true(text_equals(symbol.exchange, "NYSE"));
    assert_true(text_equals(symbol.sector, "Industrials"));
}

static void the_columns_that_mean_nothing_are_listed(void **state)
{
    OWNED(arena) arena = arena_new(16 * 1024);
    const char **names = NULL;
    size_t count = 0;

    (void)state;
    assert_true(
        symbol_csv_list_ignored(arena, "Symbol,Security,GICS Sector,CIK,Founded", &names, &count));
    assert_int_equal(count, 2);
    assert_string_equal(names[0], "CIK");
    assert_string_equal(names[1], "Founded");
    assert_true(symbol_csv_list_ignored(arena, "Symbol,Name", &names, &count));
    assert_int_equal(count, 0);
}

static void a_list_without_ticker_or_name_is_refused(void **state)
{
    (void)state;
    assert_no_header("Code,Name", "the header has no column symbol or ticker");
    assert_no_header("Symbol,Sector", "the header has no column name, security or company");
    assert_no_header("Symbol,Symbol,Name", "the header has more than one column symbol or ticker");
    assert_no_header("Symbol,Name,Sector,Sector", "the header has more than one column sector");
}

static void a_line_that_breaks_a_rule_says_which(void **state)
{
    struct symbol_csv csv;
    char line[512] = "AAPL,A,";

    (void)state;
    start(&csv, "Symbol,Name");
    assert_rejected(&csv, "A$PL,Apple", "symbol \"A$PL\" is not a ticker");
    assert_rejected(&csv, ",Apple", "symbol \"\" is not a ticker");
    assert_rejected(&csv, "AAPL,", "name is empty");
    assert_rejected(&csv, "AAPL", "the header has 2 columns and the line 1");
    assert_rejected(&csv, "AAPL,Apple,Inc", "the header has 2 columns and the line 3");
    assert_rejected(&csv, "AAPL,\xff", "name is not plain UTF-8 text");
    assert_rejected(&csv, "AAPL,a\tb", "name is not plain UTF-8 text");
    start(&csv, "Symbol,Name,Sector,Exchange");
    memset(line + 7, 'x', SYMBOL_SECTOR_MAX + 1);
    line[7 + SYMBOL_SECTOR_MAX + 1] = ',';
    assert_rejected(&csv, line, "sector has 65 characters; 64 are the most");
    assert_rejected(&csv, "AAPL,Apple,,123456789012345678901234567890123",
                    "exchange has 33 characters; 32 are the most");
}

static void a_name_that_is_too_long_is_shortened(void **state)
{
    struct symbol_csv csv;
    struct symbol_line symbol;
    char line[1024] = "X,";
    char reason[CSV_REASON_SIZE] = "";

    (void)state;
    start(&csv, "Symbol,Name");
    // Of two bytes each: characters are counted, and none is cut in two.
    for (int i = 0; i < SYMBOL_NAME_MAX; i++)
        memcpy(line + 2 + 2 * i, "\xc3\xa9", 2);
    assert_int_equal(symbol_csv_read(&csv, text_of(line), &symbol, reason), CSV_ROW);
    assert_int_equal(symbol.name.length, 2 * SYMBOL_NAME_MAX);
    memcpy(line + 2 + 2 * SYMBOL_NAME_MAX, "x", 2);
    assert_int_equal(symbol_csv_read(&csv, text_of(line), &symbol, reason), CSV_ROW);
    assert_int_equal(symbol.name.length, 2 * (SYMBOL_NAME_MAX - 3) + 3);
    assert_memory_equal(symbol.name.data + symbol.name.length - 5, "\xc3\xa9...", 5);
}

static void the_last_line_of_nasdaqs_list_is_no_symbol(void **state)
{
    struct symbol_csv csv;
    struct symbol_line symbol;
    char reason[CSV_REASON_SIZE] = "";

    (void)state;
    start(&csv, "Symbol,Security Name");
    assert_int_equal(
        symbol_csv_read(&csv, text_of("File Creation Time: 0731202621:31,"), &symbol, reason),
        CSV_NOTHING);
    assert_int_equal(symbol_csv_read(&csv, text_of(" "), &symbol, reason), CSV_NOTHING);
    assert_int_equal(symbol_csv_read(&csv, text_of(" , "), &symbol, reason), CSV_NOTHING);
}

// Reads a whole list; the number of symbols, and of lines rejected.
static void read_list(FILE *file, size_t *out_rows, size_t *out_rejected)
{
    struct symbol_csv csv;
    char line[CSV_LINE_MAX];

    *out_rows = *out_rejected = 0;
    symbol_csv_start(&csv);
    while (fgets(line, sizeof line, file) != NULL) {
        struct text rest = text_of(line), one;
        struct symbol_line symbol;
        char reason[CSV_REASON_SIZE] = "";
        enum csv_outcome outcome;

        assert_true(csv_next_line(&rest, &one));
        outcome = symbol_csv_read(&csv, one, &symbol, reason);
        assert_int_not_equal(outcome, CSV_NO_HEADER);
        *out_rows += outcome == CSV_ROW;
        *out_rejected += outcome == CSV_REJECTED;
        if (outcome == CSV_REJECTED)
            print_message("%s: %s", reason, line);
    }
}

static void every_line_of_the_real_lists_is_a_symbol(void **state)
{
    static const char *const names[] = {"nasdaq-listed.csv", "sp500-constituents.csv"};
    const char *folder = getenv("BOURSE_TEST_REFERENCE");

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char path[1024];
        size_t rows, rejected;
        FILE *file;

        (void)snprintf(path, sizeof path, "%s/%s",
                       folder != NULL ? folder : BOURSE_REFERENCE_FOLDER, names[i]);
        file = fopen(path, "r");
        if (file == NULL) {
            print_message("skipped: there is no file %s\n", path);
            skip();
        }
        read_list(file, &rows, &rejected);
        (void)fclose(file);
        assert_true(rows >= 500);
        assert_int_equal(rejected, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_columns_of_both_kinds_of_lists_are_known),
        cmocka_unit_test(the_columns_that_mean_nothing_are_listed),
        cmocka_unit_test(a_list_without_ticker_or_name_is_refused),
        cmocka_unit_test(a_line_that_breaks_a_rule_says_which),
        cmocka_unit_test(a_name_that_is_too_long_is_shortened),
        cmocka_unit_test(the_last_line_of_nasdaqs_list_is_no_symbol),
        cmocka_unit_test(every_line_of_the_real_lists_is_a_symbol),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
