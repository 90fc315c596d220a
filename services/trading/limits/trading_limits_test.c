// SPDX-License-Identifier: MIT
#include "limits/trading_limits.h"

#include <stdio.h>
#include <string.h>

#include "money/money.h"
#include "support/test.h"

#define USD MICROS_PER_UNIT

static struct limits_in_force no_limits(void)
{
    const struct trading_limits none = {.allowed_symbols = "", .forbidden_symbols = ""};

    return (struct limits_in_force){.own = none, .own_source = LIMIT_OWN, .ceiling = none};
}

static struct order order_of(enum order_side side)
{
    return (struct order){.side = side, .ticker = "ACME", .quantity = NANOS_PER_UNIT};
}

static const char *number_of(const struct error *error, const char *name)
{
    for (size_t i = 0; i < error->detail_count; i++)
        if (strcmp(error->details[i].name, name) == 0)
            return error->details[i].value;
    return "";
}

static void of_each_limit_the_stricter_is_in_force(void **state)
{
    static const struct {
        int64_t own, ceiling, in_force;
        enum limit_source source;
    } cases[] = {
        {0, 0, 0, LIMIT_CEILING}, {5, 0, 5, LIMIT_OWN}, {0, 7, 7, LIMIT_CEILING},
        {5, 7, 5, LIMIT_OWN},     {7, 7, 7, LIMIT_OWN}, {9, 7, 7, LIMIT_CEILING},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct limits_in_force limits = no_limits();
        struct limit limit;

        limits.own.values[LIMIT_DAILY_LOSS] = cases[i].own;
        limits.own.revision = 1;
        limits.ceiling.values[LIMIT_DAILY_LOSS] = cases[i].ceiling;
        limits.ceiling.revision = 2;
        limit = limit_in_force(&limits, LIMIT_DAILY_LOSS);
        assert_int_equal(limit.value, cases[i].in_force);
        assert_int_equal(limit.source, cases[i].source);
        assert_int_equal(limit.revision, cases[i].source == LIMIT_OWN ? 1 : 2);
    }
}

static void a_buy_counts_with_its_hold_and_a_sell_with_its_limit_or_the_price(void **state)
{
    struct order buy = order_of(ORDER_BUY);
    struct order sell = order_of(ORDER_SELL);
    int64_t value = 0;

    (void)state;
    buy.hold_amount = 123 * USD;
    assert_true(limit_order_value(&buy, 100 * USD, &value));
    assert_int_equal(value, 123 * USD);
    sell.quantity = NANOS_PER_UNIT * 3 / 2;
    assert_true(limit_order_value(&sell, 100 * USD, &value));
    assert_int_equal(value, 150 * USD);
    sell.limit_price = 110 * USD;
    assert_true(limit_order_value(&sell, 100 * USD, &value));
    assert_int_equal(value, 165 * USD);
    // Of a bracket the entry has been counted, of an OCO the take-profit is.
    sell.order_class = ORDER_CLASS_BRACKET;
    sell.part = ORDER_PART_TAKE_PROFIT;
    assert_true(limit_order_value(&sell, 100 * USD, &value));
    assert_int_equal(value, 0);
    sell.order_class = ORDER_CLASS_OCO;
    assert_true(limit_order_value(&sell, 100 * USD, &value));
    assert_int_equal(value, 165 * USD);
    sell.limit_price = sell.quantity = INT64_MAX;
    assert_false(limit_order_value(&sell, 1, &value));
}

static void an_order_worth_as_much_as_the_limit_may_be_placed_and_no_more(void **state)
{
    struct limits_in_force limits = no_limits();
    struct order sell = order_of(ORDER_SELL);
    struct error error;

    (void)state;
    limits.own.values[LIMIT_ORDER_VALUE] = 1000 * USD;
    limits.own_source = LIMIT_DEFAULT;
    assert_true(limit_check_order(&limits, &sell, 1000 * USD, &error));
    assert_false(limit_check_order(&limits, &sell, 1000 * USD + 1, &error));
    assert_true(error_is(&error, REASON_LIMIT_EXCEEDED));
    assert_string_equal(number_of(&error, "limit"), "max_order_value");
    assert_string_equal(number_of(&error, "maximum"), "1000.00");
    assert_string_equal(number_of(&error, "order_value"), "1000.000001");
    assert_string_equal(number_of(&error, "set_by"), "default");
}

// They are read with the names that programs know, and with labels in quotes in their places.
static void refusals_name_whose_limit_it_is(void **state)
{
    struct limits_in_force limits = no_limits();
    struct order buy = order_of(ORDER_BUY);
    const struct limit count = {.value = 20, .source = LIMIT_OWN};
    struct error error;

    (void)state;
    limits.own_source = LIMIT_DEFAULT;
    limits.own.values[LIMIT_ORDER_VALUE] = 5000 * USD;
    assert_false(limit_check_order(&limits, &buy, 18363 * USD, &error));
    assert_string_equal(error.message,
                        "The order to buy ACME counts for 18363.00 USD, which is more than the "
                        "platform's default limit max_order_value allows: 5000.00 USD.");
    limits.own.allowed_symbols = " OTHER ";
    assert_false(limit_check_order(&limits, &buy, 1, &error));
    assert_string_equal(error.message, "ACME may not be bought: the platform's default list "
                                       "allowed_symbols does not have it.");
    limits.own.allowed_symbols = "";
    limits.ceiling.forbidden_symbols = " ACME ";
    assert_false(limit_check_order(&limits, &buy, 1, &error));
    assert_string_equal(
        error.message,
        "ACME may not be bought: the administrators' list forbidden_symbols has it.");
    assert_false(limit_refuse_count(&count, 31, &error));
    assert_string_equal(error.message, "31 orders have been placed in this portfolio today, and "
                                       "the owner's limit max_orders_per_day allows 20.");
}

static void only_what_both_lists_allow_may_be_bought_and_everything_sold(void **state)
{
    static const struct {
        const char *own_allowed, *own_forbidden, *allowed, *forbidden;
        bool may_buy;
    } cases[] = {
        {"", "", "", "", true},
        {" ACME ", "", "", "", true},
        {" OTHER ACME ", "", " ACME ", "", true},
        {" OTHER ", "", "", "", false},
        {" ACMEX ", "", "", "", false},
        {" XACME ACM ", "", "", "", false},
        {"", "", " OTHER ", "", false},
        {" ACME ", "", " OTHER ", "", false},
        {"", " ACME ", "", "", false},
        {"", " ACMEX XACME ", "", "", true},
        {" ACME ", " ACME ", "", "", false},
        {" ACME ", "", "", " OTHER ACME ", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct limits_in_force limits = no_limits();
        struct order buy = order_of(ORDER_BUY);
        struct order sell = order_of(ORDER_SELL);
        struct error error;

        limits.own.allowed_symbols = cases[i].own_allowed;
        limits.own.forbidden_symbols = cases[i].own_forbidden;
        limits.ceiling.allowed_symbols = cases[i].allowed;
        limits.ceiling.forbidden_symbols = cases[i].forbidden;
        assert_int_equal(limit_check_order(&limits, &buy, 1, &error), cases[i].may_buy);
        if (!cases[i].may_buy)
            assert_string_equal(number_of(&error, "ticker"), "ACME");
        assert_true(limit_check_order(&limits, &sell, 1, &error));
    }
}

static void own_limits_may_be_as_wide_as_the_ceilings(void **state)
{
    struct limits_in_force limits = no_limits();
    struct trading_limits *own = &limits.own;
    struct trading_limits *ceiling = &limits.ceiling;
    struct error error;

    (void)state;
    for (int kind = 0; kind < LIMIT_KIND_COUNT; kind++)
        own->values[kind] = ceiling->values[kind] = 5 * USD;
    own->allowed_symbols = " ACME ";
    ceiling->allowed_symbols = " OTHER ACME ";
    assert_true(limit_check_ceiling(own, ceiling, "", &error));
    for (int kind = 0; kind < LIMIT_KIND_COUNT; kind++)
        own->values[kind]++;
    own->allowed_symbols = " THIRD OTHER ";
    ceiling->forbidden_symbols = " OTHER ";
    assert_false(limit_check_ceiling(own, ceiling, "", &error));
    assert_int_equal(error.detail_count, LIMIT_KIND_COUNT + 2);
    for (int kind = 0; kind < LIMIT_KIND_COUNT; kind++)
        assert_string_equal(error.details[kind].name, limit_kind_name((enum limit_kind)kind));
    assert_non_null(strstr(error.details[0].value, "at most 5.00"));
    assert_non_null(strstr(error.details[LIMIT_KIND_COUNT].value, "THIRD"));
    assert_non_null(strstr(error.details[LIMIT_KIND_COUNT + 1].value, "OTHER"));
    assert_false(limit_check_ceiling(own, ceiling, "defaults", &error));
    assert_string_equal(error.details[0].name, "defaults.max_order_value");
    assert_string_equal(error.details[LIMIT_KIND_COUNT].name, "defaults.allowed_symbols");
}

static void a_list_is_put_together_and_taken_apart_as_it_was(void **state)
{
    const char *most[TRADING_LIMITS_SYMBOLS_MAX];
    char names[TRADING_LIMITS_SYMBOLS_MAX][ORDER_TICKER_SIZE];
    OWNED(arena) arena = arena_new(1024 * 1024);
    char list[TRADING_LIMITS_LIST_SIZE];
    const char **tickers = NULL;
    struct error error;
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(most); i++) {
        snprintf(names[i], sizeof(names[i]), "TICKER.LONG%04zu", i);
        most[i] = names[i];
    }
    assert_true(limit_list_make(most, COUNT_OF(most), "x", list, &error));
    tickers = limit_list_split(list, arena, &count);
    assert_int_equal(count, COUNT_OF(most));
    for (size_t i = 0; i < count; i++)
        assert_string_equal(tickers[i], most[i]);
    assert_true(limit_list_make(most, 0, "x", list, &error));
    assert_string_equal(list, "");
    assert_non_null(limit_list_split(list, arena, &count));
    assert_int_equal(count, 0);
    most[5] = most[3];
    assert_false(limit_list_make(most, COUNT_OF(most), "x", list, &error));
    assert_string_equal(error.details[0].name, "x");
}

static void in_force_is_what_both_allow_and_what_either_forbids(void **state)
{
    OWNED(arena) arena = arena_new(1024 * 1024);
    struct limits_in_force limits = no_limits();
    struct trading_limits merged;
    bool is_restricted = true;

    (void)state;
    assert_true(limit_merge_symbols(&limits, arena, &merged, &is_restricted));
    assert_false(is_restricted);
    assert_string_equal(merged.allowed_symbols, "");
    limits.own.allowed_symbols = " A B ";
    limits.own.forbidden_symbols = " X Y ";
    limits.ceiling.forbidden_symbols = " Y Z ";
    assert_true(limit_merge_symbols(&limits, arena, &merged, &is_restricted));
    assert_true(is_restricted);
    assert_string_equal(merged.allowed_symbols, " A B ");
    assert_string_equal(merged.forbidden_symbols, " X Y Z ");
    limits.ceiling.allowed_symbols = " C B ";
    assert_true(limit_merge_symbols(&limits, arena, &merged, &is_restricted));
    assert_string_equal(merged.allowed_symbols, " B ");
    // Nothing in common is not the same as no list.
    limits.ceiling.allowed_symbols = " C ";
    assert_true(limit_merge_symbols(&limits, arena, &merged, &is_restricted));
    assert_string_equal(merged.allowed_symbols, "");
    assert_true(is_restricted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_each_limit_the_stricter_is_in_force),
        cmocka_unit_test(a_buy_counts_with_its_hold_and_a_sell_with_its_limit_or_the_price),
        cmocka_unit_test(an_order_worth_as_much_as_the_limit_may_be_placed_and_no_more),
        cmocka_unit_test(refusals_name_whose_limit_it_is),
        cmocka_unit_test(only_what_both_lists_allow_may_be_bought_and_everything_sold),
        cmocka_unit_test(own_limits_may_be_as_wide_as_the_ceilings),
        cmocka_unit_test(a_list_is_put_together_and_taken_apart_as_it_was),
        cmocka_unit_test(in_force_is_what_both_allow_and_what_either_forbids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
