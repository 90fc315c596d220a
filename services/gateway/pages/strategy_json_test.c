// SPDX-License-Identifier: MIT
#include "pages/parameter_inputs.h"

#include "support/test.h"

#include <string.h>

enum { BUDGET = 256 * 1024 };

static const char schema[] =
    "{\"$schema\":\"x\",\"type\":\"object\",\"required\":[\"enter\"],\"properties\":{"
    "\"fast\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":999,\"default\":20,"
    "\"description\":\"bars\"},"
    "\"low\":{\"type\":[\"string\",\"number\"],\"pattern\":\"x\",\"default\":\"2.5\"},"
    "\"frequency\":{\"type\":\"string\",\"enum\":[\"daily\",\"weekly\"],\"default\":\"daily\"},"
    "\"enter\":{\"type\":\"string\",\"minLength\":1},"
    "\"weights\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}}}}";

static struct strategy_properties *read_schema(struct arena *arena)
{
    struct strategy_properties *properties = arena_allocate(arena, sizeof *properties);
    struct error error;

    assert_true(strategy_json_read_schema(text_of(schema), arena, properties, &error));
    return properties;
}

static void a_schema_is_read_as_trading_writes_it(void **state)
{
    OWNED(arena) arena = arena_new(BUDGET);
    const struct strategy_properties *properties = read_schema(arena);
    const struct strategy_property *items = properties->items;

    (void)state;
    assert_int_equal(properties->count, 5);
    assert_int_equal(items[0].type, STRATEGY_PROPERTY_WHOLE);
    assert_string_equal(items[0].maximum, "999");
    assert_string_equal(items[0].unless_said, "20");
    assert_int_equal(items[1].type, STRATEGY_PROPERTY_DECIMAL);
    assert_int_equal(items[2].type, STRATEGY_PROPERTY_CHOICE);
    assert_int_equal(items[2].choice_count, 2);
    assert_int_equal(items[3].type, STRATEGY_PROPERTY_RULE);
    assert_true(items[3].is_required && !items[0].is_required);
    assert_int_equal(items[4].type, STRATEGY_PROPERTY_WEIGHTS);
}

static void what_is_no_schema_is_refused(void **state)
{
    static const char *const broken[] = {"",
                                         "[]",
                                         "{\"properties\":{\"a\":1}}",
                                         "{\"properties\":{\"a\":{\"enum\":[1 2]}}}",
                                         "{\"required\":[\"a\"",
                                         "{\"a\":1 \"b\":2}"};
    OWNED(arena) arena = arena_new(BUDGET);
    struct strategy_properties *properties = arena_allocate(arena, sizeof *properties);
    struct error error;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        assert_false(strategy_json_read_schema(text_of(broken[i]), arena, properties, &error));
        assert_true(error_is(&error, REASON_INTERNAL));
    }
}

static void values_are_texts_and_weights_a_list(void **state)
{
    OWNED(arena) arena = arena_new(BUDGET);
    struct strategy_values *values = arena_allocate(arena, sizeof *values);
    struct error error;

    (void)state;
    assert_true(strategy_json_read_values(
        text_of(
            "{\"fast\":5,\"enter\":\"a < \\\"b\\\"\",\"weights\":{\"KO\":\"60\",\"GE\":\"40\"}}"),
        arena, values, &error));
    assert_string_equal(strategy_json_find(values, "fast"), "5");
    assert_string_equal(strategy_json_find(values, "enter"), "a < \"b\"");
    assert_string_equal(strategy_json_find(values, "weights"), "KO 60, GE 40");
    assert_null(strategy_json_find(values, "slow"));
}

static void print(const char *name, const char *value, const char *expected)
{
    OWNED(arena) arena = arena_new(BUDGET);
    OWNED(strbuf) out = strbuf_new(1000);
    struct form form = {.count = 0};
    struct error error;

    assert_true(form_add(&form, text_of(name), text_of(value), &error));
    strategy_json_print(read_schema(arena), &form, out);
    assert_string_equal(out->data, expected);
}

static void what_was_typed_becomes_the_parameters_of_the_api(void **state)
{
    (void)state;
    print("parameters.fast", " 5 ", "{\"fast\":\"5\"}");
    print("parameters.fast", " \t", "{}");
    print("parameters.other", "5", "{}");
    print("parameters.enter", " a < \"b\"", "{\"enter\":\" a < \\\"b\\\"\"}");
    print("parameters.weights", "ko 60, GE: 40", "{\"weights\":{\"KO\":\"60\",\"GE\":\"40\"}}");
    print("parameters.weights", "ko", "{\"weights\":{\"KO\":\"\"}}");
    print("parameters.weights", "\"}\\ 1", "{\"weights\":{\"?}?\":\"1\"}}");
}

static void find(const char *rule, const char *sentence, const char *here, const char *after)
{
    OWNED(arena) arena = arena_new(BUDGET);
    const Pages__RulePlace *place = parameter_inputs_find_place(arena, rule, sentence);

    assert_non_null(place);
    assert_string_equal(place->here, here);
    assert_string_equal(place->after, after);
    assert_memory_equal(place->before, rule, strlen(place->before));
}

static void a_rule_is_cut_at_the_column_in_characters(void **state)
{
    OWNED(arena) arena = arena_new(BUDGET);

    (void)state;
    find("close > and 5", "column 9: a number", "and", " 5");
    find("\xc3\xa9 > <b>", "column 5: a number", "<", "b>");
    find("close >", "column 8: a number", " ", "");
    find("close", "column 99999999999999999999: far", " ", "");
    assert_null(parameter_inputs_find_place(arena, "close", "is required by rule"));
    assert_null(parameter_inputs_find_place(arena, "close", "column 0: nothing"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_schema_is_read_as_trading_writes_it),
        cmocka_unit_test(what_is_no_schema_is_refused),
        cmocka_unit_test(values_are_texts_and_weights_a_list),
        cmocka_unit_test(what_was_typed_becomes_the_parameters_of_the_api),
        cmocka_unit_test(a_rule_is_cut_at_the_column_in_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
