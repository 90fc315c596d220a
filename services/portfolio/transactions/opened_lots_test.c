// SPDX-License-Identifier: MIT
#include "transactions/opened_lots.h"

#include "base/strbuf.h"
#include "support/test.h"

#include <string.h>

static struct arena *arena;

static int start(void **state)
{
    (void)state;
    arena = arena_new(1024 * 1024);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static void each_lot_has_its_shares_their_cost_and_their_time(void **state)
{
    const struct ledger_opened_lot *lots = NULL;
    char reason[CSV_REASON_SIZE] = "";
    size_t count = 0;

    (void)state;
    assert_true(opened_lots_read(text_of("10 905.65712 2014-06-02T14:00:00Z; "
                                         "0.000000001 0.00 2014-06-02T15:00:00.000001Z"),
                                 arena, &lots, &count, reason));
    assert_int_equal(count, 2);
    assert_int_equal(lots[0].quantity, 10000000000);
    assert_int_equal(lots[0].cost, 905657120);
    assert_int_equal(lots[0].opened_at, 1401717600000000);
    assert_int_equal(lots[1].quantity, 1);
    assert_int_equal(lots[1].cost, 0);
    assert_int_equal(lots[1].opened_at, 1401721200000001);
}

static void assert_refused(const char *cell, const char *rule)
{
    const struct ledger_opened_lot *lots = NULL;
    char reason[CSV_REASON_SIZE] = "";
    size_t count = 0;

    assert_false(opened_lots_read(text_of(cell), arena, &lots, &count, reason));
    if (strstr(reason, rule) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", rule, reason);
}

static void what_is_no_lot_is_refused_with_its_place(void **state)
{
    (void)state;
    assert_refused("10 905.65", "lot 1");
    assert_refused("0 905.65 2014-06-02T14:00:00Z", "lot 1");
    assert_refused("1 -0.01 2014-06-02T14:00:00Z", "lot 1");
    assert_refused("1 1 2014-06-02T14:00:00Z;", "lot 2");
    assert_refused("1 1 2014-06-02T14:00:00Z; 1.0000000001 1 2014-06-02T14:00:00Z", "lot 2");
    assert_refused("1 1 yesterday", "lot 1");
}

static void there_are_a_thousand_at_most(void **state)
{
    const struct ledger_opened_lot *lots = NULL;
    char reason[CSV_REASON_SIZE] = "";
    size_t count = 0;
    struct strbuf *cell = strbuf_new(256 * 1024);

    (void)state;
    for (int i = 0; i < LEDGER_OPENED_LOTS_MAX; i++)
        strbuf_append_string(cell,
                             i == 0 ? "1 1 2014-06-02T14:00:00Z" : ";1 1 2014-06-02T14:00:00Z");
    assert_true(opened_lots_read(strbuf_text(cell), arena, &lots, &count, reason));
    assert_int_equal(count, LEDGER_OPENED_LOTS_MAX);
    strbuf_append_string(cell, ";1 1 2014-06-02T14:00:00Z");
    assert_false(opened_lots_read(strbuf_text(cell), arena, &lots, &count, reason));
    assert_non_null(strstr(reason, "at most 1000, and are 1001"));
    strbuf_free(&cell);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_lot_has_its_shares_their_cost_and_their_time),
        cmocka_unit_test(what_is_no_lot_is_refused_with_its_place),
        cmocka_unit_test(there_are_a_thousand_at_most),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
