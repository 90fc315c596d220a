// SPDX-License-Identifier: MIT
#include "transactions/transaction_csv.h"

#include "base/strbuf.h"
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#define DOLLAR INT64_C(1000000)
#define SHARE INT64_C(1000000000)
#define NOW (INT64_C(16450) * MICROS_PER_DAY) // 2015-01-15

static struct arena *arena;

static int start(void **state)
{
    (void)state;
    arena = arena_new(16 * 1024 * 1024);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static struct transaction_table read(const char *csv)
{
    struct transaction_table table;
    struct error error;

    arena_reset(arena);
    if (!transaction_csv_read(text_of(csv), NOW, arena, &table, &error))
        fail_msg("%s", error.message);
    return table;
}

static struct transaction_table read_fine(const char *csv)
{
    struct transaction_table table = read(csv);

    if (table.problem_total > 0)
        fail_msg("line %u, %s: %s", (unsigned)table.problems[0].line, table.problems[0].field,
                 table.problems[0].rule);
    return table;
}

static void assert_refused(const char *csv, uint32_t line, const char *field, const char *rule)
{
    struct transaction_table table = read(csv);

    assert_int_equal(table.problem_total, 1);
    assert_int_equal(table.problems[0].line, line);
    assert_string_equal(table.problems[0].field, field);
    if (strstr(table.problems[0].rule, rule) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", rule, table.problems[0].rule);
}

static void columns_come_in_any_order_and_capitals(void **state)
{
    struct transaction_table table =
        read_fine("\xef\xbb\xbfNote, PRICE,quantity,Symbol,Fee,Kind,DATE\r\n"
                  "\"one, two\", 95.11 ,10,aapl,1.5,BUY,2014-06-02T15:30:00.5-04:00\r\n"
                  "\r\n");
    const struct transaction_row *row = &table.rows[0];

    (void)state;
    assert_int_equal(table.count, 1);
    assert_int_equal(row->line, 2);
    assert_int_equal(row->kind, LEDGER_KIND_BUY);
    assert_string_equal(row->ticker, "AAPL");
    assert_int_equal(row->quantity, 10 * SHARE);
    assert_int_equal(row->price, 95110000);
    assert_int_equal(row->commission, 1500000);
    assert_int_equal(row->at, INT64_C(1401737400500000));
    assert_string_equal(row->note, "one, two");
}

static void a_date_without_a_time_is_noon(void **state)
{
    struct transaction_table table = read_fine("date,kind,amount\n2014-06-02,deposit,5\n");

    (void)state;
    assert_int_equal(table.rows[0].at, INT64_C(1401710400) * MICROS_PER_SECOND);
}

static void our_own_names_are_understood_and_what_follows_from_them_is_passed_over(void **state)
{
    struct transaction_table table =
        read_fine("booked_at,type,ticker,quantity,price,commission,cash_change,cash_after,"
                  "realized_pl,realized_pl_fifo,note,order_id,id\r\n"
                  "2014-06-03T12:00:00Z,sell,AAPL,-10,96.00,0.00,960.00,1960.00,10.00,9.00,"
                  "'=1+1,x,y\r\n"
                  "2014-06-03T12:00:00Z,buy,AAPL,10,95.00,0.00,-950.00,1000.00,,,,,\r\n");

    (void)state;
    // The newest is first, also where the dates do not say so.
    assert_int_equal(table.rows[0].kind, LEDGER_KIND_BUY);
    assert_int_equal(table.rows[1].kind, LEDGER_KIND_SELL);
    assert_int_equal(table.rows[1].quantity, 10 * SHARE);
    assert_string_equal(table.rows[1].note, "=1+1");
}

static void rows_come_by_date_and_those_of_one_date_as_the_file_has_them(void **state)
{
    static const char rising[] = "date,kind,amount\n2014-06-02,deposit,1\n2014-06-04,deposit,2\n"
                                 "2014-06-03,deposit,3\n2014-06-04,deposit,4\n";
    static const char falling[] = "date,kind,amount\n2014-06-04,deposit,1\n2014-06-04,deposit,2\n"
                                  "2014-06-02,deposit,3\n";
    struct transaction_table table = read_fine(rising);

    (void)state;
    assert_int_equal(table.rows[0].amount, 1 * DOLLAR);
    assert_int_equal(table.rows[1].amount, 3 * DOLLAR);
    assert_int_equal(table.rows[2].amount, 2 * DOLLAR);
    assert_int_equal(table.rows[3].amount, 4 * DOLLAR);
    table = read_fine(falling);
    assert_int_equal(table.rows[0].amount, 3 * DOLLAR);
    assert_int_equal(table.rows[1].amount, 2 * DOLLAR);
    assert_int_equal(table.rows[2].amount, 1 * DOLLAR);
}

static void what_is_taken_may_have_a_sign_or_not(void **state)
{
    struct transaction_table table =
        read_fine("date,kind,amount\n2014-06-02,withdrawal,-5\n2014-06-02,fee,0.5\n");

    (void)state;
    assert_int_equal(table.rows[0].amount, 5 * DOLLAR);
    assert_int_equal(table.rows[1].amount, DOLLAR / 2);
    assert_refused("date,kind,amount\n2014-06-02,deposit,-5\n", 2, "amount", "more than 0");
}

static void a_column_that_is_not_understood_is_refused(void **state)
{
    (void)state;
    assert_refused("date,kind,amount,currency\n2014-06-02,deposit,5,EUR\n", 1, "currency",
                   "leave it out");
    assert_refused("date,kind,amount,cash_change\n", 1, "cash_change", "twice");
    assert_refused("kind,amount\n", 1, "date", "must be one of the columns");
}

static void a_row_has_as_many_values_as_the_first_line(void **state)
{
    (void)state;
    assert_refused("date,kind,amount\n2014-06-02,deposit\n", 2, "row", "has 2 columns");
    assert_refused("date,kind,amount\n2014-06-02,deposit,\"5\n", 2, "row", "quote");
}

static void a_file_is_text(void **state)
{
    struct transaction_table table;
    struct error error;

    (void)state;
    assert_refused("date,kind,amount\n2014-06-02,deposit,\xff\n", 1, "row", "UTF-8");
    arena_reset(arena);
    assert_true(transaction_csv_read((struct text){"date\0kind", 9}, NOW, arena, &table, &error));
    assert_int_equal(table.problem_total, 1);
}

static void the_cash_of_a_trade_must_be_what_it_comes_to_but_for_a_cent(void **state)
{
    static const char head[] = "date,kind,symbol,quantity,price,fee,amount\n";
    static const char *const fine[] = {"-955.26", "955.25", "-955.24", ""};
    char csv[200];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(fine); i++) {
        snprintf(csv, sizeof(csv), "%s2014-06-02,buy,AAPL,10,95.425,1,%s\n", head, fine[i]);
        (void)read_fine(csv);
    }
    snprintf(csv, sizeof(csv), "%s2014-06-02,buy,AAPL,10,95.425,1,-954.25\n", head);
    assert_refused(csv, 2, "amount", "-955.25 to a cent");
}

static void notes_are_of_any_characters_and_500_of_them(void **state)
{
    OWNED(strbuf) csv = strbuf_new(2000);
    struct transaction_table table;

    (void)state;
    strbuf_append_string(csv, "date,kind,amount,note\n2014-06-02,deposit,5,");
    for (int i = 0; i < 500; i++)
        strbuf_append_string(csv, "\xc3\xa9");
    (void)read_fine(csv->data);
    strbuf_append_char(csv, 'e');
    assert_refused(csv->data, 2, "note", "500");
    table = read_fine("date,kind,amount,note\n"
                      "2014-06-02,deposit,5,\" one\r\n\"\"two\"\"\n \"\r\n"
                      "2014-06-02,deposit,5,'=1\n"
                      "2014-06-02,deposit,5,''-1\n"
                      "2014-06-02,deposit,5,'tis\n"
                      "2014-06-02,deposit,5,\"'\ta\"\n");
    assert_int_equal(table.count, 5);
    assert_string_equal(table.rows[0].note, " one\r\n\"two\"\n ");
    assert_int_equal(table.rows[1].line, 5);
    assert_string_equal(table.rows[1].note, "=1");
    assert_string_equal(table.rows[2].note, "'-1");
    assert_string_equal(table.rows[3].note, "'tis");
    assert_string_equal(table.rows[4].note, "\ta");
}

static void a_quote_that_is_never_closed_is_the_fault_of_its_line_alone(void **state)
{
    struct transaction_table table = read("date,kind,amount,note\n2014-06-02,deposit,5,\"a\n"
                                          "2014-06-02,deposit,5,b\n2014-06-02,deposit,x,\n");

    (void)state;
    assert_int_equal(table.problem_total, 2);
    assert_int_equal(table.problems[0].line, 2);
    assert_string_equal(table.problems[0].rule, "a quote is not closed");
    assert_int_equal(table.problems[1].line, 4);
    assert_int_equal(table.count, 1);
}

static void a_row_is_of_96_kib_at_most(void **state)
{
    OWNED(strbuf) csv = strbuf_new(256 * 1024);

    (void)state;
    strbuf_append_string(csv, "date,kind,amount,realized_pl\n");
    strbuf_append_string(csv, "2014-06-02,deposit,5,");
    while (csv->length < 29 + TRANSACTION_RECORD_MAX)
        strbuf_append_char(csv, 'x');
    (void)read_fine(csv->data);
    strbuf_append_char(csv, 'x');
    assert_refused(csv->data, 2, "row", "more than 98304 bytes");
}

static void a_split_says_its_terms_in_the_note(void **state)
{
    static const char head[] = "date,kind,symbol,quantity,price,amount,note\n2014-06-02,split,";
    static const char *const bad[] = {"3:1",       "3 for",   "for 1",       "0 for 1",
                                      "3 for 1.5", "1 for 1", "10001 for 1", "3 for 1 x"};
    char csv[200];
    struct transaction_table table;

    (void)state;
    snprintf(csv, sizeof(csv), "%sAAPL,-7.5,,0.00,1 for 4\n", head);
    table = read_fine(csv);
    assert_int_equal(table.rows[0].numerator, 1);
    assert_int_equal(table.rows[0].denominator, 4);
    assert_int_equal(table.rows[0].quantity, -15 * SHARE / 2);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        snprintf(csv, sizeof(csv), "%sAAPL,,,,%s\n", head, bad[i]);
        assert_refused(csv, 2, "note", "such as 3 for 1");
    }
    snprintf(csv, sizeof(csv), "%s,,,,3 for 1\n", head);
    assert_refused(csv, 2, "symbol", "must be there");
    snprintf(csv, sizeof(csv), "%sAAPL,,,1,3 for 1\n", head);
    assert_refused(csv, 2, "amount", "must be empty");
}

static void an_opening_of_shares_says_their_cost_and_may_say_their_lots(void **state)
{
    static const char head[] =
        "date,kind,symbol,quantity,cost_basis,lots\n2014-06-02T12:00:00Z,opening,";
    struct transaction_table table;
    char csv[300];

    (void)state;
    snprintf(csv, sizeof(csv), "%sAAPL,10,100,\n", head);
    table = read_fine(csv);
    assert_int_equal(table.rows[0].cost, 100 * DOLLAR);
    assert_int_equal(table.rows[0].lot_count, 1);
    assert_int_equal(table.rows[0].lots[0].quantity, 10 * SHARE);
    assert_int_equal(table.rows[0].lots[0].cost, 100 * DOLLAR);
    assert_int_equal(table.rows[0].lots[0].opened_at, table.rows[0].at);
    snprintf(csv, sizeof(csv),
             "%sAAPL,10,100,4 30 2014-05-01T12:00:00Z; 6 71 2014-06-02T12:00:00Z\n", head);
    table = read_fine(csv);
    assert_int_equal(table.rows[0].lot_count, 2);
    assert_int_equal(table.rows[0].lots[1].cost, 71 * DOLLAR);
    snprintf(csv, sizeof(csv), "%sAAPL,10,100,4 30 2014-05-01T12:00:00Z\n", head);
    assert_refused(csv, 2, "lots", "they are of 4");
    snprintf(csv, sizeof(csv), "%sAAPL,10,100,10 30 2014-06-02T12:00:01Z\n", head);
    assert_refused(csv, 2, "lots", "1990-01-01 to the row's date");
    snprintf(csv, sizeof(csv), "%sAAPL,10,,\n", head);
    assert_refused(csv, 2, "cost_basis", "must be there");
    assert_refused("date,kind,amount,cost_basis\n2014-06-02,deposit,5,1\n", 2, "cost_basis",
                   "must be empty");
}

static void a_reset_says_what_is_begun_with_and_comes_behind_its_shares(void **state)
{
    static const char head[] = "date,kind,symbol,quantity,amount,cash_after\n";
    struct transaction_table table;
    char csv[300];

    (void)state;
    snprintf(csv, sizeof(csv), "%s2014-06-02,reset,,,-90,10\n2014-06-02,reset,AAPL,-5,0.00,100\n",
             head);
    table = read_fine(csv);
    assert_string_equal(table.rows[0].ticker, "AAPL");
    assert_int_equal(table.rows[0].quantity, 5 * SHARE);
    assert_int_equal(table.rows[1].amount, 10 * DOLLAR);
    snprintf(csv, sizeof(csv), "%s2014-06-02,reset,AAPL,-5,0.00,100\n", head);
    assert_refused(csv, 2, "symbol", "must follow");
    assert_refused("date,kind,amount\n2014-06-02,reset,10\n", 2, "cash_after", "must be there");
}

// A split of before that was booked behind a purchase of after it.
static void a_table_of_a_ledger_is_in_the_order_of_its_cash(void **state)
{
    struct transaction_table table =
        read_fine("date,kind,symbol,quantity,price,amount,cash_after,note\n"
                  "2014-06-02T13:30:00Z,split,AAPL,2,,0.00,90.00,3 for 1\n"
                  "2014-06-02T15:00:00Z,buy,AAPL,1,10,-10.00,90.00,\n");

    (void)state;
    assert_int_equal(table.rows[0].kind, LEDGER_KIND_BUY);
    table = read_fine("date,kind,symbol,quantity,price,amount,cash_after,note\n"
                      "2014-06-02T15:00:00Z,buy,AAPL,1,10,-10.00,90.00,\n"
                      "2014-06-02T13:30:00Z,deposit,,,,5.00,95.00,\n");
    assert_int_equal(table.rows[0].kind, LEDGER_KIND_BUY);
}

static void problems_beyond_those_that_are_told_are_counted(void **state)
{
    OWNED(strbuf) csv = strbuf_new(64 * 1024);
    struct transaction_table table;

    (void)state;
    strbuf_append_string(csv, "date,kind,amount\n");
    for (int i = 0; i < TRANSACTION_PROBLEMS_MAX + 1; i++)
        strbuf_append_string(csv, "2014-06-02,deposit,x\n");
    table = read(csv->data);
    assert_int_equal(table.problem_count, TRANSACTION_PROBLEMS_MAX);
    assert_int_equal(table.problem_total, TRANSACTION_PROBLEMS_MAX + 1);
    assert_int_equal(table.row_count, TRANSACTION_PROBLEMS_MAX + 1);
    assert_int_equal(table.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_come_in_any_order_and_capitals),
        cmocka_unit_test(a_date_without_a_time_is_noon),
        cmocka_unit_test(our_own_names_are_understood_and_what_follows_from_them_is_passed_over),
        cmocka_unit_test(rows_come_by_date_and_those_of_one_date_as_the_file_has_them),
        cmocka_unit_test(what_is_taken_may_have_a_sign_or_not),
        cmocka_unit_test(a_column_that_is_not_understood_is_refused),
        cmocka_unit_test(a_row_has_as_many_values_as_the_first_line),
        cmocka_unit_test(a_file_is_text),
        cmocka_unit_test(the_cash_of_a_trade_must_be_what_it_comes_to_but_for_a_cent),
        cmocka_unit_test(notes_are_of_any_characters_and_500_of_them),
        cmocka_unit_test(a_quote_that_is_never_closed_is_the_fault_of_its_line_alone),
        cmocka_unit_test(a_row_is_of_96_kib_at_most),
        cmocka_unit_test(a_split_says_its_terms_in_the_note),
        cmocka_unit_test(an_opening_of_shares_says_their_cost_and_may_say_their_lots),
        cmocka_unit_test(a_reset_says_what_is_begun_with_and_comes_behind_its_shares),
        cmocka_unit_test(a_table_of_a_ledger_is_in_the_order_of_its_cash),
        cmocka_unit_test(problems_beyond_those_that_are_told_are_counted),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
