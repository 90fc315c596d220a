// SPDX-License-Identifier: MIT
#include "support/test.h"

#include <string.h>

#include "rest/csv.h"

static void expect_text(const char *text, const char *cell)
{
    OWNED(strbuf) out = strbuf_new(256);

    csv_add_text(out, text);
    assert_string_equal(out->data, cell);
}

static void a_text_is_quoted_only_where_it_has_to_be(void **state)
{
    (void)state;
    expect_text(NULL, "");
    expect_text("", "");
    expect_text("rent", "rent");
    expect_text("a, b", "\"a, b\"");
    expect_text("say \"no\"", "\"say \"\"no\"\"\"");
    expect_text("two\nlines", "\"two\nlines\"");
    expect_text("two\rlines", "\"two\rlines\"");
    expect_text(" blank ", "\" blank \"");
    expect_text("\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9");
}

static void a_text_that_a_spreadsheet_would_run_is_kept_from_it(void **state)
{
    (void)state;
    expect_text("=1+1", "'=1+1");
    expect_text("+1", "'+1");
    expect_text("-1", "'-1");
    expect_text("@SUM(A1)", "'@SUM(A1)");
    expect_text("\t=1", "'\t=1");
    expect_text("\r=1", "\"'\r=1\"");
    expect_text("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"");
    expect_text("1=1", "1=1");
    // What is read back is what was written, however many apostrophes it begins with.
    expect_text("'=1", "''=1");
    expect_text("''-1", "'''-1");
    expect_text("'tis", "'tis");
    expect_text("'", "'");
    expect_text("tab\t", "\"tab\t\"");
}

static void a_number_stays_a_number_whatever_its_sign(void **state)
{
    OWNED(strbuf) out = strbuf_new(256);

    (void)state;
    csv_add_decimal(out, true, -12500000, 6, 2);
    csv_next(out);
    csv_add_decimal(out, false, 7, 6, 2);
    csv_next(out);
    csv_add_decimal(out, true, 1, 9, 0);
    csv_end(out);
    assert_string_equal(out->data, "-12.50,,0.000000001\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_quoted_only_where_it_has_to_be),
        cmocka_unit_test(a_text_that_a_spreadsheet_would_run_is_kept_from_it),
        cmocka_unit_test(a_number_stays_a_number_whatever_its_sign),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
