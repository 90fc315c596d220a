// SPDX-License-Identifier: MIT
#include "imports/price_csv.h"

#include "clock/exchange_calendar.h"

#include "support/test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER "Date,Open,High,Low,Close,Adj Close,Volume"

static int64_t day_of(const char *text)
{
    struct date date;

    assert_true(date_parse(text_of(text), &date));
    return date_to_days(date);
}

static int64_t noon_of(const char *text)
{
    return exchange_calendar_at(day_of(text), 12 * 60);
}

static void start(struct price_csv *csv, const char *ticker, const char *header)
{
    struct bar bar;
    char reason[BAR_REASON_SIZE] = "";

    price_csv_start(csv, ticker, noon_of("2026-11-22"));
    assert_int_equal(price_csv_read(csv, text_of(header), &bar, reason), CSV_NOTHING);
    assert_true(csv->has_header);
}

static void assert_rejected(struct price_csv *csv, const char *line, const char *expected)
{
    struct bar bar;
    char reason[BAR_REASON_SIZE] = "";

    assert_int_equal(price_csv_read(csv, text_of(line), &bar, reason), CSV_REJECTED);
    assert_string_equal(reason, expected);
}

static void assert_no_header(const char *ticker, const char *line, const char *expected)
{
    struct price_csv csv;
    struct bar bar;
    char reason[BAR_REASON_SIZE] = "";

    price_csv_start(&csv, ticker, noon_of("2026-11-22"));
    assert_int_equal(price_csv_read(&csv, text_of(line), &bar, reason), CSV_NO_HEADER);
    assert_string_equal(reason, expected);
}

static void a_row_of_a_real_file_is_read_to_the_last_digit(void **state)
{
    struct price_csv csv;
    struct bar bar;
    char reason[BAR_REASON_SIZE] = "";

    (void)state;
    start(&csv, "AAPL", HEADER);
    assert_int_equal(
        price_csv_read(
            &csv, text_of("2012-09-04,95.108574,96.448570,94.928574,96.424286,87.121140,91973000"),
            &bar, reason),
        CSV_ROW);
    assert_string_equal(bar.ticker, "AAPL");
    assert_int_equal(bar.day, day_of("2012-09-04"));
    assert_int_equal(bar.open_micros, 95108574);
    assert_int_equal(bar.high_micros, 96448570);
    assert_int_equal(bar.low_micros, 94928574);
    assert_int_equal(bar.close_micros, 96424286);
    assert_int_equal(bar.volume, 91973000);
}

static void columns_may_come_in_any_order_and_case_and_be_quoted(void **state)
{
    struct price_csv csv;
    struct bar bar;
    char reason[BAR_REASON_SIZE] = "";

    (void)state;
    start(&csv, "",
          "\xef\xbb\xbf"
          "\"VOLUME\", close ,low,high,\"Long \"\"name\"\"\",open,date,Name");
    assert_int_equal(
        price_csv_read(&csv, text_of("5.0,2,\"1\", 3 ,\"Apple, \"\"Inc\"\"\",2,2014-06-02,aapl"),
                       &bar, reason),
        CSV_ROW);
    assert_string_equal(bar.ticker, "AAPL");
    assert_int_equal(bar.low_micros, 1000000);
    assert_int_equal(bar.high_micros, 3000000);
    assert_int_equal(bar.volume, 5);
}

static void a_symbol_column_wins_over_a_name_and_a_given_ticker_over_both(void **state)
{
    struct price_csv csv;
    struct bar bar;
    char reason[BAR_REASON_SIZE] = "";
    struct text line = text_of("Apple Inc.,AAPL,2014-06-02,2,3,1,2,5");

    (void)state;
    start(&csv, "", "Name,Symbol,Date,Open,High,Low,Close,Volume");
    assert_int_equal(price_csv_read(&csv, line, &bar, reason), CSV_ROW);
    assert_string_equal(bar.ticker, "AAPL");
    start(&csv, "IBM", "Name,Symbol,Date,Open,High,Low,Close,Volume");
    assert_int_equal(price_csv_read(&csv, line, &bar, reason), CSV_ROW);
    assert_string_equal(bar.ticker, "IBM");
}

static void each_reason_names_the_column_the_rule_and_the_value(void **state)
{
    struct price_csv csv;

    (void)state;
    start(&csv, "AAPL", HEADER);
    assert_rejected(&csv, "2016-06-29,null,null,null,null,null,null", "open is null");
    assert_rejected(&csv, "2014-06-02,,3,1,2,2,5", "open is empty");
    assert_rejected(&csv, "2014-06-02,2,95.1,96.2,2,2,5", "high 95.1 is below low 96.2");
    assert_rejected(&csv, "2014-06-02,2,3,1,2,2,-1", "volume -1 is negative");
    assert_rejected(&csv, "2014-06-02,2,3,1,2,2,1.5", "volume 1.5 is not a whole number");
    assert_rejected(&csv, "2014-13-01,2,3,1,2,2,5", "2014-13-01 is not a date");
    assert_rejected(&csv, "2031-01-01,2,3,1,2,2,5", "2031-01-01 is in the future");
    assert_rejected(&csv, "2014-06-02,2,3,1,2.1234567,2,5",
                    "close 2.1234567 has more than 6 decimals");
    assert_rejected(&csv, "2014-06-02,1e309,3,1,2,2,5", "open 1e309 is not a number");
    assert_rejected(&csv, "2014-06-02,99999999999999999999,3,1,2,2,5",
                    "open 99999999999999999999 is too large");
    assert_rejected(&csv, "2014-06-02,-2,3,1,2,2,5",
                    "open -2 is not above 0 and at most 1000000000");
    assert_rejected(&csv, "2014-06-02,2,3,1", "the header has 7 columns and the line 4");
    assert_rejected(&csv, "2014-06-02,\"2,3,1,2,2,5", "a quote is not closed");
    assert_rejected(&csv, "2014-06-02,\"2\"x,3,1,2,2,5", "something follows a closing quote");
    assert_rejected(&csv, ",2,3,1,2,2,5", "date is empty");
    assert_rejected(&csv, "No data", "the header has 7 columns and the line 1");
    start(&csv, "", "Date,Open,High,Low,Close,Volume,Symbol");
    assert_rejected(&csv, "2014-06-02,2,3,1,2,5,A B", "symbol \"A B\" is not a ticker");
}

static void what_is_not_text_is_not_repeated(void **state)
{
    struct price_csv csv;

    (void)state;
    start(&csv, "AAPL", HEADER);
    assert_rejected(&csv, "2014-06-02,\xff\x01\x1b[31m,3,1,2,2,5", "open ???[31m is not a number");
    assert_rejected(&csv,
                    "2014-06-02,aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,3,1,2,2,5",
                    "open aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa... is not a number");
}

static void a_line_that_is_too_long_or_too_wide_is_rejected(void **state)
{
    struct price_csv csv;
    char line[CSV_LINE_MAX + 2];

    (void)state;
    start(&csv, "AAPL", HEADER);
    memset(line, '1', sizeof line);
    line[sizeof line - 1] = '\0';
    assert_rejected(&csv, line, "the line is longer than 4096 bytes");
    memset(line, ',', 100);
    line[100] = '\0';
    assert_rejected(&csv, line, "the line has more than 64 columns");
}

static void without_the_needed_columns_nothing_is_read(void **state)
{
    (void)state;
    assert_no_header("AAPL", "2012-09-04,95.1,96.4,94.9,96.4,87.1,91973000",
                     "the header has no column date");
    assert_no_header("AAPL", "Date,Open,High,Low,Close", "the header has no column volume");
    assert_no_header("AAPL", "Date,Open,Open,High,Low,Close,Volume",
                     "the header has more than one column open");
    assert_no_header("", HEADER,
                     "the header has no column symbol, ticker or name, and no ticker is given");
}

static void a_header_that_is_not_text_is_none(void **state)
{
    static const char header[] = "Date\0,Open,High,Low,Close,Volume";
    struct price_csv csv;
    struct bar bar;
    char reason[BAR_REASON_SIZE] = "";

    (void)state;
    assert_no_header("AAPL", "Date,Open,High,Low,Close,Volume,\xff",
                     "the header is not UTF-8 text");
    price_csv_start(&csv, "AAPL", noon_of("2026-11-22"));
    assert_int_equal(price_csv_read(&csv, (struct text){header, sizeof header - 1}, &bar, reason),
                     CSV_NO_HEADER);
}

static void empty_lines_are_passed_over(void **state)
{
    struct price_csv csv;
    struct bar bar;
    char reason[BAR_REASON_SIZE] = "";

    (void)state;
    price_csv_start(&csv, "AAPL", noon_of("2026-11-22"));
    assert_int_equal(price_csv_read(&csv, text_of(""), &bar, reason), CSV_NOTHING);
    assert_false(csv.has_header);
    assert_int_equal(price_csv_read(&csv, text_of(HEADER), &bar, reason), CSV_NOTHING);
    assert_int_equal(price_csv_read(&csv, text_of("  "), &bar, reason), CSV_NOTHING);
}

#define PRICES ",10,12,9,11,5"

static int64_t read_at(struct price_csv *csv, const char *line)
{
    struct bar bar;
    char reason[BAR_REASON_SIZE] = "";

    if (price_csv_read(csv, text_of(line), &bar, reason) != CSV_ROW)
        fail_msg("%s: %s", line, reason);
    return bar.at;
}

static void the_first_date_says_whether_a_file_is_of_days_or_of_minutes(void **state)
{
    struct price_csv csv;

    (void)state;
    start(&csv, "T", "Timestamp,Open,High,Low,Close,Volume");
    assert_rejected(&csv, "x" PRICES, "x is not a date");
    assert_int_equal(csv.frame, PRICES_UNKNOWN);
    // Its date can be read, whatever is wrong with the rest of the line.
    assert_rejected(&csv, "2014-06-02 09:31,10,12,9,11,", "volume is empty");
    assert_int_equal(csv.frame, PRICES_OF_MINUTES);
    assert_true(read_at(&csv, "2014-06-02 09:31" PRICES) > 0);
    assert_rejected(&csv, "2014-06-02" PRICES,
                    "the date has no time of day, and the file is of minutes");
    start(&csv, "T", "Datetime,Open,High,Low,Close,Volume");
    assert_int_equal(read_at(&csv, "2014-06-02 00:00:00-04:00" PRICES), 0);
    assert_rejected(&csv, "2014-06-02 09:31" PRICES,
                    "the date has a time of day, and the file is of days");
}

static void a_file_that_is_said_to_be_of_days_has_its_times_passed_over(void **state)
{
    struct price_csv csv;
    struct bar bar;
    char reason[BAR_REASON_SIZE] = "";

    (void)state;
    start(&csv, "T", "time,open,high,low,close,volume");
    csv.frame = PRICES_OF_DAYS;
    csv.is_frame_given = true;
    assert_int_equal(price_csv_read(&csv, text_of("1401715800" PRICES), &bar, reason), CSV_ROW);
    assert_int_equal(bar.at, 0);
    assert_int_equal(bar.day, day_of("2014-06-02"));
    // Midnight in UTC, as a table of days is written with numbers.
    assert_int_equal(price_csv_read(&csv, text_of("1388620800" PRICES), &bar, reason), CSV_ROW);
    assert_int_equal(bar.day, day_of("2014-01-02"));
}

static void the_column_of_the_date_has_several_names_and_may_have_a_time_beside_it(void **state)
{
    struct price_csv csv;

    (void)state;
    start(&csv, "T", "Date,Time,Open,High,Low,Close,Volume");
    assert_int_equal(read_at(&csv, "2014-06-02,09:31" PRICES), INT64_C(1401715860000000));
    start(&csv, "T", "time,open,high,low,close,volume");
    assert_int_equal(read_at(&csv, "1401715860" PRICES), INT64_C(1401715860000000));
    // What says both wins over what says one, and Time beside that is another column.
    start(&csv, "T", "Date,Time,Timestamp,Open,High,Low,Close,Volume");
    assert_int_equal(read_at(&csv, "x,x,1401715860" PRICES), INT64_C(1401715860000000));
    assert_no_header("T", "Date,Date,Open,High,Low,Close,Volume",
                     "the header has more than one column date");
    assert_no_header("T", "Date,Time,Time,Open,High,Low,Close,Volume",
                     "the header has more than one column time");
}

// Counts the rows of one file that are read, and those that are not though they have no null.
static void read_file(const char *path, size_t *read_rows, size_t *refused)
{
    FILE *file = fopen(path, "r");
    char line[CSV_LINE_MAX];
    struct price_csv csv;
    struct bar bar;
    char reason[BAR_REASON_SIZE];

    assert_non_null(file);
    price_csv_start(&csv, "T", noon_of("2026-11-22"));
    while (fgets(line, sizeof line, file) != NULL) {
        struct text rest = text_of(line), text;
        enum csv_outcome outcome;

        assert_true(csv_next_line(&rest, &text));
        outcome = price_csv_read(&csv, text, &bar, reason);
        assert_int_not_equal(outcome, CSV_NO_HEADER);
        *read_rows += outcome == CSV_ROW;
        if (outcome == CSV_REJECTED && strcmp(reason, "open is null") != 0) {
            print_message("%s: %s: %s", path, reason, line);
            (*refused)++;
        }
    }
    (void)fclose(file);
}

static void every_row_of_real_files_is_read_but_those_with_null(void **state)
{
    const char *folder = getenv("BOURSE_TEST_PRICES");
    DIR *directory = opendir(folder != NULL ? folder : BOURSE_PRICES_FOLDER);
    size_t read_rows = 0, refused = 0;

    (void)state;
    if (directory == NULL) {
        print_message("skipped: there is no folder %s with price files\n", BOURSE_PRICES_FOLDER);
        skip();
    }
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char path[1024];

        if (strstr(entry->d_name, ".csv") == NULL)
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : BOURSE_PRICES_FOLDER,
                       entry->d_name);
        read_file(path, &read_rows, &refused);
    }
    (void)closedir(directory);
    print_message("%zu rows read\n", read_rows);
    assert_int_equal(refused, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_of_a_real_file_is_read_to_the_last_digit),
        cmocka_unit_test(columns_may_come_in_any_order_and_case_and_be_quoted),
        cmocka_unit_test(a_symbol_column_wins_over_a_name_and_a_given_ticker_over_both),
        cmocka_unit_test(each_reason_names_the_column_the_rule_and_the_value),
        cmocka_unit_test(the_first_date_says_whether_a_file_is_of_days_or_of_minutes),
        cmocka_unit_test(a_file_that_is_said_to_be_of_days_has_its_times_passed_over),
        cmocka_unit_test(the_column_of_the_date_has_several_names_and_may_have_a_time_beside_it),
        cmocka_unit_test(what_is_not_text_is_not_repeated),
        cmocka_unit_test(a_line_that_is_too_long_or_too_wide_is_rejected),
        cmocka_unit_test(without_the_needed_columns_nothing_is_read),
        cmocka_unit_test(a_header_that_is_not_text_is_none),
        cmocka_unit_test(empty_lines_are_passed_over),
        cmocka_unit_test(every_row_of_real_files_is_read_but_those_with_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
