// SPDX-License-Identifier: MIT
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "snapshots/snapshot.h"

#define DOLLAR INT64_C(1000000)
#define SHARE INT64_C(1000000000)

enum { BUDGET = 1024 * 1024 };

static int start(void **state)
{
    *state = arena_new(BUDGET);
    return 0;
}

static int stop(void **state)
{
    struct arena *arena = *state;

    arena_free(&arena);
    return 0;
}

struct price {
    const char *ticker;
    int64_t price;
    bool is_of_day;
};

static bool find_price(void *context,
                       const struct snapshot *snapshot,
                       const char *ticker,
                       int64_t *out_price,
                       bool *out_is_of_day)
{
    (void)snapshot;
    for (const struct price *price = context; price->ticker != NULL; price++) {
        if (strcmp(price->ticker, ticker) == 0) {
            *out_price = price->price;
            *out_is_of_day = price->is_of_day;
            return true;
        }
    }
    return false;
}

static struct snapshot day_after(void **state, const struct snapshot *before)
{
    struct snapshot snapshot;
    struct error error;

    assert_true(snapshot_begin(before, 8, *state, &snapshot, &error));
    return snapshot;
}

static void move(struct snapshot *snapshot,
                 enum ledger_kind kind,
                 const char *ticker,
                 int64_t cash,
                 int64_t quantity)
{
    struct snapshot_movement movement = {.kind = kind, .cash = cash, .quantity = quantity};
    struct error error;

    snprintf(movement.ticker, sizeof(movement.ticker), "%s", ticker);
    assert_true(snapshot_add(snapshot, &movement, &error));
}

static void end_day(struct snapshot *snapshot, struct price *prices)
{
    struct error error;

    assert_true(snapshot_close(snapshot, find_price, prices, &error));
}

static int64_t gain_of(const struct snapshot *snapshot, const char *ticker)
{
    for (size_t i = 0; i < snapshot->position_count; i++) {
        if (strcmp(snapshot->positions[i].ticker, ticker) == 0)
            return snapshot->positions[i].gain;
    }
    return 0;
}

// The rule that contributions rest on.
static void assert_explained(const struct snapshot *snapshot)
{
    int64_t gains = 0;

    for (size_t i = 0; i < snapshot->position_count; i++)
        gains += snapshot->positions[i].gain;
    assert_int_equal(gains, snapshot_equity(snapshot) - snapshot->start_value - snapshot->deposits +
                                snapshot->withdrawals);
}

static struct snapshot first_day(void **state, struct price *prices)
{
    struct snapshot day = day_after(state, NULL);

    move(&day, LEDGER_KIND_DEPOSIT, "", 1000 * DOLLAR, 0);
    move(&day, LEDGER_KIND_BUY, "AAPL", -500 * DOLLAR, 5 * SHARE);
    end_day(&day, prices);
    return day;
}

static void the_first_day_begins_with_what_was_deposited(void **state)
{
    struct price prices[] = {{"AAPL", 110 * DOLLAR, true}, {0}};
    struct snapshot day = first_day(state, prices);

    assert_true(day.begins);
    assert_int_equal(day.start_value, 0);
    assert_int_equal(day.deposits, 1000 * DOLLAR);
    assert_int_equal(day.cash, 500 * DOLLAR);
    assert_int_equal(day.market_value, 550 * DOLLAR);
    assert_int_equal(day.traded, 500 * DOLLAR);
    assert_int_equal(gain_of(&day, "AAPL"), 50 * DOLLAR);
    assert_false(day.is_estimated);
    assert_explained(&day);
}

static void a_later_day_goes_on_from_the_one_before(void **state)
{
    struct price prices[] = {{"AAPL", 110 * DOLLAR, true}, {"MSFT", 55 * DOLLAR, true}, {0}};
    struct snapshot first = first_day(state, prices);
    struct snapshot day = day_after(state, &first);

    prices[0].price = 100 * DOLLAR;
    move(&day, LEDGER_KIND_SELL, "AAPL", 318 * DOLLAR, -3 * SHARE);
    move(&day, LEDGER_KIND_BUY, "MSFT", -50 * DOLLAR, SHARE);
    move(&day, LEDGER_KIND_DIVIDEND, "AAPL", 2 * DOLLAR, 0);
    move(&day, LEDGER_KIND_WITHDRAWAL, "", -70 * DOLLAR, 0);
    end_day(&day, prices);
    assert_false(day.begins);
    assert_int_equal(day.start_value, 1050 * DOLLAR);
    assert_int_equal(day.withdrawals, 70 * DOLLAR);
    assert_int_equal(day.cash, 700 * DOLLAR);
    assert_int_equal(day.market_value, 255 * DOLLAR);
    assert_int_equal(gain_of(&day, "AAPL"), (200 - 550 + 318 + 2) * DOLLAR);
    assert_int_equal(gain_of(&day, "MSFT"), 5 * DOLLAR);
    assert_explained(&day);
}

static void what_was_sold_to_the_last_share_is_gone_the_day_after(void **state)
{
    struct price prices[] = {{"AAPL", 110 * DOLLAR, true}, {0}};
    struct snapshot first = first_day(state, prices);
    struct snapshot sold = day_after(state, &first);
    struct snapshot later;

    move(&sold, LEDGER_KIND_SELL, "AAPL", 600 * DOLLAR, -5 * SHARE);
    end_day(&sold, prices);
    assert_int_equal(gain_of(&sold, "AAPL"), 50 * DOLLAR);
    assert_explained(&sold);
    later = day_after(state, &sold);
    end_day(&later, prices);
    assert_int_equal(later.position_count, 0);
    assert_int_equal(snapshot_equity(&later), later.start_value);
}

static void without_a_price_of_the_day_the_last_one_holds_and_it_says_so(void **state)
{
    struct price prices[] = {{"AAPL", 110 * DOLLAR, true}, {0}};
    struct price none[] = {{0}};
    struct price old[] = {{"AAPL", 90 * DOLLAR, false}, {0}};
    struct snapshot first = first_day(state, prices);
    struct snapshot day = day_after(state, &first);

    end_day(&day, none);
    assert_true(day.is_estimated);
    assert_int_equal(day.market_value, 550 * DOLLAR);
    day = day_after(state, &first);
    end_day(&day, old);
    assert_true(day.is_estimated);
    assert_int_equal(day.market_value, 550 * DOLLAR);
    // Of the first day a price of before is all there is, or what was paid.
    day = first_day(state, old);
    assert_int_equal(day.market_value, 450 * DOLLAR);
    day = first_day(state, none);
    assert_int_equal(day.market_value, 500 * DOLLAR);
    assert_true(day.is_estimated);
}

static void a_split_changes_no_value_with_a_new_price_or_without(void **state)
{
    struct price prices[] = {{"AAPL", 140 * DOLLAR, true}, {0}};
    struct price none[] = {{0}};
    struct snapshot first = first_day(state, prices);
    struct snapshot day = day_after(state, &first);

    prices[0].price = 20 * DOLLAR;
    move(&day, LEDGER_KIND_SPLIT, "AAPL", 0, 30 * SHARE);
    end_day(&day, prices);
    assert_int_equal(day.market_value, first.market_value);
    assert_int_equal(gain_of(&day, "AAPL"), 0);
    day = day_after(state, &first);
    move(&day, LEDGER_KIND_SPLIT, "AAPL", 0, 30 * SHARE);
    end_day(&day, none);
    assert_int_equal(day.market_value, first.market_value);
    assert_int_equal(day.positions[0].price, 20 * DOLLAR);
    assert_explained(&day);
}

static void the_rest_of_a_share_is_sold_for_what_it_is_worth(void **state)
{
    struct price prices[] = {{"AAPL", 100 * DOLLAR, true}, {0}};
    struct snapshot first = first_day(state, prices);
    struct snapshot day = day_after(state, &first);

    // 1 for 2 of 5 shares: two, and half of one for its price.
    prices[0].price = 200 * DOLLAR;
    move(&day, LEDGER_KIND_SPLIT, "AAPL", 0, -5 * SHARE / 2);
    move(&day, LEDGER_KIND_CASH_IN_LIEU, "AAPL", 100 * DOLLAR, -SHARE / 2);
    end_day(&day, prices);
    assert_int_equal(snapshot_equity(&day), day.start_value);
    assert_int_equal(gain_of(&day, "AAPL"), 0);
}

static void a_new_beginning_forgets_what_was_before_it_on_its_day(void **state)
{
    struct price prices[] = {{"AAPL", 110 * DOLLAR, true}, {0}};
    struct snapshot first = first_day(state, prices);
    struct snapshot day = day_after(state, &first);

    move(&day, LEDGER_KIND_DEPOSIT, "", 300 * DOLLAR, 0);
    move(&day, LEDGER_KIND_RESET, "AAPL", 0, -5 * SHARE);
    snapshot_begin_anew(&day);
    move(&day, LEDGER_KIND_BUY, "AAPL", -100 * DOLLAR, SHARE);
    move(&day, LEDGER_KIND_DEPOSIT, "", 10 * DOLLAR, 0);
    move(&day, LEDGER_KIND_RESET, "", -550 * DOLLAR, 0);
    end_day(&day, prices);
    assert_true(day.begins);
    assert_int_equal(day.start_value, 0);
    assert_int_equal(day.deposits, 260 * DOLLAR); // 250 to begin with, and 10
    assert_int_equal(day.withdrawals, 0);
    assert_int_equal(snapshot_equity(&day), 270 * DOLLAR);
    assert_int_equal(gain_of(&day, "AAPL"), 10 * DOLLAR);
    assert_explained(&day);
}

static void shares_of_a_copy_are_deposited_at_the_close(void **state)
{
    struct price prices[] = {{"AAPL", 110 * DOLLAR, true}, {0}};
    struct snapshot day = day_after(state, NULL);

    move(&day, LEDGER_KIND_OPENING, "", 100 * DOLLAR, 0);
    move(&day, LEDGER_KIND_OPENING, "AAPL", 0, 2 * SHARE);
    end_day(&day, prices);
    assert_int_equal(day.deposits, 320 * DOLLAR);
    assert_int_equal(snapshot_equity(&day), 320 * DOLLAR);
    assert_int_equal(gain_of(&day, "AAPL"), 0);
    assert_explained(&day);
}

static void what_cannot_be_counted_is_refused(void **state)
{
    struct price prices[] = {{"AAPL", INT64_MAX, true}, {0}};
    struct snapshot day = day_after(state, NULL);
    struct error error;

    move(&day, LEDGER_KIND_BUY, "AAPL", -DOLLAR, 5 * SHARE);
    assert_false(snapshot_close(&day, find_price, prices, &error));
    assert_string_equal(error.reason, "INTERNAL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_first_day_begins_with_what_was_deposited, start, stop),
        cmocka_unit_test_setup_teardown(a_later_day_goes_on_from_the_one_before, start, stop),
        cmocka_unit_test_setup_teardown(what_was_sold_to_the_last_share_is_gone_the_day_after,
                                        start, stop),
        cmocka_unit_test_setup_teardown(
            without_a_price_of_the_day_the_last_one_holds_and_it_says_so, start, stop),
        cmocka_unit_test_setup_teardown(a_split_changes_no_value_with_a_new_price_or_without, start,
                                        stop),
        cmocka_unit_test_setup_teardown(the_rest_of_a_share_is_sold_for_what_it_is_worth, start,
                                        stop),
        cmocka_unit_test_setup_teardown(a_new_beginning_forgets_what_was_before_it_on_its_day,
                                        start, stop),
        cmocka_unit_test_setup_teardown(shares_of_a_copy_are_deposited_at_the_close, start, stop),
        cmocka_unit_test_setup_teardown(what_cannot_be_counted_is_refused, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
