// SPDX-License-Identifier: MIT
#include "csv_line.h"

#include "support/test.h"

#include <string.h>

static void lines_end_with_lf_or_crlf_or_the_text(void **state)
{
    struct text rest = text_of("one\r\n\ntwo\nthree");
    struct text line;

    (void)state;
    assert_true(csv_next_line(&rest, &line));
    assert_true(text_equals(line, "one"));
    assert_true(csv_next_line(&rest, &line));
    assert_int_equal(line.length, 0);
    assert_true(csv_next_line(&rest, &line));
    assert_true(text_equals(line, "two"));
    assert_true(csv_next_line(&rest, &line));
    assert_true(text_equals(line, "three"));
    assert_false(csv_next_line(&rest, &line));
}

static void a_quoted_value_may_hold_commas_and_doubled_quotes(void **state)
{
    struct csv_fields fields;
    char reason[CSV_REASON_SIZE] = "";

    (void)state;
    assert_true(csv_split(text_of(" a , \"b, \"\"c\"\"\" ,,d"), &fields, reason));
    assert_int_equal(fields.count, 4);
    assert_true(text_equals(fields.values[0], "a"));
    assert_true(text_equals(fields.values[1], "b, \"c\""));
    assert_true(text_equals(fields.values[2], ""));
    assert_true(text_equals(fields.values[3], "d"));
    assert_false(csv_split(text_of("\"a"), &fields, reason));
    assert_string_equal(reason, "a quote is not closed");
    assert_false(csv_split(text_of("\"a\"b"), &fields, reason));
    assert_string_equal(reason, "something follows a closing quote");
}

static void assert_record(struct text *rest, const char *expected, uint32_t lines)
{
    struct text record;
    uint32_t counted = 0;

    assert_true(csv_next_record(rest, 32, &record, &counted));
    assert_true(text_equals(record, expected));
    assert_int_equal(counted, lines);
}

static void a_record_goes_on_over_quoted_line_breaks(void **state)
{
    struct text rest = text_of("a,\"b\r\n\"\"c\",d\r\n5\" disk\n\n\"one\n\ntwo\"");
    struct text record;
    uint32_t lines = 0;

    (void)state;
    assert_record(&rest, "a,\"b\r\n\"\"c\",d", 2);
    assert_record(&rest, "5\" disk", 1);
    assert_record(&rest, "", 1);
    assert_record(&rest, "\"one\n\ntwo\"", 3);
    assert_false(csv_next_record(&rest, 32, &record, &lines));
}

static void a_record_whose_quotes_do_not_match_or_that_is_too_long_is_one_line(void **state)
{
    struct text rest = text_of("a,\"b\nc\n");

    (void)state;
    assert_record(&rest, "a,\"b", 1);
    assert_record(&rest, "c", 1);
    rest = text_of("\"0123456789\n0123456789\n0123456789\"\nx");
    assert_record(&rest, "\"0123456789", 1);
    assert_record(&rest, "0123456789", 1);
    assert_record(&rest, "0123456789\"", 1);
    assert_record(&rest, "x", 1);
}

static void what_is_quoted_in_a_record_keeps_its_blanks(void **state)
{
    char record[] = " a , \" b\n\" ,c";
    struct csv_fields fields;
    char reason[CSV_REASON_SIZE] = "";

    (void)state;
    assert_true(csv_split_record(record, sizeof record - 1, &fields, reason));
    assert_int_equal(fields.count, 3);
    assert_true(text_equals(fields.values[0], "a"));
    assert_true(text_equals(fields.values[1], " b\n"));
    assert_true(text_equals(fields.values[2], "c"));
}

static void a_column_is_found_in_any_case_and_twice_is_said(void **state)
{
    struct csv_fields fields;
    char reason[CSV_REASON_SIZE] = "";

    (void)state;
    assert_int_equal(csv_read_header(text_of("\xef\xbb\xbfSymbol,NAME,x,X"), &fields, reason),
                     CSV_ROW);
    assert_int_equal(csv_find_column(&fields, "symbol"), 0);
    assert_int_equal(csv_find_column(&fields, "name"), 1);
    assert_int_equal(csv_find_column(&fields, "x"), -2);
    assert_int_equal(csv_find_column(&fields, "sector"), -1);
    assert_int_equal(csv_read_header(text_of("  "), &fields, reason), CSV_NOTHING);
    assert_int_equal(csv_read_header(text_of("\xff"), &fields, reason), CSV_NO_HEADER);
}

static void a_value_is_shown_cut_and_as_plain_text(void **state)
{
    char shown[CSV_SHOWN_SIZE];
    char longest[100];

    (void)state;
    assert_string_equal(csv_show(text_of("a\tb\xff"), shown), "a?b?");
    memset(longest, 'x', sizeof longest);
    (void)csv_show((struct text){longest, sizeof longest}, shown);
    assert_int_equal(strlen(shown), CSV_SHOWN_SIZE - 1);
    assert_string_equal(shown + CSV_SHOWN_SIZE - 4, "...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_end_with_lf_or_crlf_or_the_text),
        cmocka_unit_test(a_quoted_value_may_hold_commas_and_doubled_quotes),
        cmocka_unit_test(a_record_goes_on_over_quoted_line_breaks),
        cmocka_unit_test(a_record_whose_quotes_do_not_match_or_that_is_too_long_is_one_line),
        cmocka_unit_test(what_is_quoted_in_a_record_keeps_its_blanks),
        cmocka_unit_test(a_column_is_found_in_any_case_and_twice_is_said),
        cmocka_unit_test(a_value_is_shown_cut_and_as_plain_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
