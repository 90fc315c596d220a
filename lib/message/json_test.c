// SPDX-License-Identifier: MIT
#include "message/message.h"

#include "sample_rules.h"
#include "support/test.h"

#include <stdio.h>
#include <string.h>

enum { BUDGET = 256 * 1024 };

#define ID "0190163d-8694-739b-aea5-966c26f8ad91"

static int set_up(void **state)
{
    *state = arena_new(BUDGET);
    return 0;
}

static int tear_down(void **state)
{
    struct arena *arena = *state;

    arena_free(&arena);
    return 0;
}

static bool
from_json(void **state, struct text json, Sample__Everything **out_message, struct error *error)
{
    ProtobufCMessage *message = NULL;

    if (!message_from_json(&sample_everything_info, *state, json, &message, error)) {
        assert_null(message);
        return false;
    }
    *out_message = (Sample__Everything *)message;
    return true;
}

static Sample__Everything *read_all(void **state, const char *json)
{
    Sample__Everything *message = NULL;
    struct error error;

    if (!from_json(state, text_of(json), &message, &error))
        fail_msg("%s: %s", json, error.detail_count > 0 ? error.details[0].value : error.message);
    return message;
}

static void assert_written(const Sample__Everything *message, const char *json)
{
    OWNED(strbuf) out = strbuf_new(16 * 1024);

    message_to_json(&sample_everything_info, &message->base, out);
    assert_string_equal(out->data, json);
}

// Reads `json` and expects `written` when it is written again.
static void expect(void **state, const char *json, const char *written)
{
    assert_written(read_all(state, json), written);
}

#define EMPTY_LISTS "\"legs\":[],\"tags\":[],\"sides\":[],\"flags\":[]}"

static void expect_malformed(void **state, struct text json, const char *sentence)
{
    Sample__Everything *message = NULL;
    struct error error;

    assert_false(from_json(state, json, &message, &error));
    assert_true(error_is(&error, REASON_MALFORMED_REQUEST));
    if (strstr(error.message, sentence) == NULL)
        fail_msg("%.*s: %s", (int)json.length, json.data, error.message);
}

static void
expect_violation(void **state, const char *json, const char *field, const char *sentence)
{
    Sample__Everything *message = NULL;
    struct error error;

    assert_false(from_json(state, text_of(json), &message, &error));
    assert_true(error_is(&error, REASON_INVALID_REQUEST));
    assert_int_equal(error.detail_count, 1);
    assert_string_equal(error.details[0].name, field);
    assert_string_equal(error.details[0].value, sentence);
}

static void every_kind_of_field_survives_the_way_there_and_back(void **state)
{
    static const char json[] =
        "{\"id\":\"" ID "\",\"ticker\":\"AAPL\",\"username\":\"ada\",\"email\":\"ada@example.org\","
        "\"day\":\"2014-06-02\",\"price\":\"95.11\",\"quantity\":\"0.000000001\","
        "\"at\":\"2014-06-02T13:30:00Z\",\"name\":\"Ada\",\"volume\":-9223372036854775808,"
        "\"count\":18446744073709551615,\"epoch\":1,\"limit\":50,\"change\":-2147483648,"
        "\"signed_number\":-5,\"wait\":false,\"side\":\"sell\",\"timeframe\":\"1Day\","
        "\"data\":\"AQID\",\"leg\":{\"side\":\"buy\",\"ticker\":\"T\",\"amounts\":[\"1.00\","
        "\"-0.50\"]},\"legs\":[{\"ticker\":\"X\",\"amounts\":[]}],\"tags\":[\"a\",\"b\",\"c\","
        "\"d\",\"e\"],\"sides\":[\"buy\",\"sell\"],\"flags\":[true,false]}";

    expect(state, json, json);
}

static void what_is_absent_is_left_out_and_lists_are_always_there(void **state)
{
    expect(state, "{}", "{" EMPTY_LISTS);
    expect(state, " { \"name\" : null, \"tags\":null }\r\n\t", "{" EMPTY_LISTS);
}

static void exact_numbers_are_taken_for_decimals(void **state)
{
    expect(state, "{\"price\":95.11}", "{\"price\":\"95.11\"," EMPTY_LISTS);
    expect(state, "{\"price\":9511e-2}", "{\"price\":\"95.11\"," EMPTY_LISTS);
    expect(state, "{\"price\":\"95.110000\"}", "{\"price\":\"95.11\"," EMPTY_LISTS);
    expect(state, "{\"quantity\":-0}", "{\"quantity\":\"0\"," EMPTY_LISTS);
    expect(state, "{\"volume\":1e3}", "{\"volume\":1000," EMPTY_LISTS);
    expect(state, "{\"volume\":5.0}", "{\"volume\":5," EMPTY_LISTS);
}

static void a_number_that_cannot_be_held_exactly_is_refused_with_the_number(void **state)
{
    expect_violation(state, "{\"quantity\":0.1234567891}", "quantity",
                     "must have at most 9 decimals, not 0.1234567891");
    expect_violation(
        state, "{\"price\":1e309}", "price",
        "must be a number that can be held exactly, which 1e309 is not: it is too large");
    expect_violation(state, "{\"volume\":1.5}", "volume", "must be a whole number, not 1.5");
    expect_violation(
        state, "{\"change\":2147483648}", "change",
        "must be a number that can be held exactly, which 2147483648 is not: it is too large");
    expect_violation(state, "{\"limit\":-1}", "limit", "must be at least 0, not -1");
}

static void unknown_fields_are_refused_by_their_path(void **state)
{
    expect_violation(state, "{\"nmae\":\"Ada\"}", "nmae", "is not known here");
    expect_violation(state, "{\"legs\":[{},{\"x\":[{\"a\":[1,[]]}]}]}", "legs[1].x",
                     "is not known here");
    expect_violation(state, "{\"price_micros\":1}", "price_micros", "is not known here");
}

static void a_value_of_another_type_is_refused(void **state)
{
    expect_violation(state, "{\"name\":5}", "name", "must be a string, not \"5\"");
    expect_violation(state, "{\"name\":{}}", "name", "must be a string, not an object");
    expect_violation(state, "{\"name\":true}", "name", "must be a string, not true");
    expect_violation(state, "{\"volume\":\"5\"}", "volume", "must be a whole number, not \"5\"");
    expect_violation(state, "{\"wait\":\"true\"}", "wait", "must be true or false, not \"true\"");
    expect_violation(state, "{\"wait\":1}", "wait", "must be true or false, not \"1\"");
    expect_violation(state, "{\"at\":1401715800}", "at",
                     "must be a time such as \"2014-06-02T13:30:00Z\", not \"1401715800\"");
    expect_violation(state, "{\"leg\":[]}", "leg", "must be an object, not a list");
    expect_violation(state, "{\"leg\":\"x\"}", "leg", "must be an object, not a string");
    expect_violation(state, "{\"legs\":{}}", "legs", "must be a list, not an object");
    expect_violation(state, "{\"tags\":[\"a\",null]}", "tags[1]", "must be a string, not null");
    expect_violation(state, "{\"side\":\"x\"}", "side", "must be one of buy, sell, not \"x\"");
    expect_violation(state, "{\"side\":1}", "side", "must be one of its names, not \"1\"");
    expect_violation(state, "{\"price\":\"1e3\"}", "price",
                     "must be a decimal number such as \"12.5\", not \"1e3\"");
    expect_violation(state, "{\"data\":\"*\"}", "data", "must be a string of base64url, not \"*\"");
}

static void enum_names_are_matched_without_regard_to_case(void **state)
{
    expect(state, "{\"side\":\"BUY\"}", "{\"side\":\"buy\"," EMPTY_LISTS);
    expect(state, "{\"timeframe\":\"1dAY\"}", "{\"timeframe\":\"1Day\"," EMPTY_LISTS);
}

static void escapes_become_the_characters_they_stand_for(void **state)
{
    Sample__Everything *message = read_all(
        state, "{\"n\\u0061me\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\u20AC\\ud83d\\uDE00é\"}");

    assert_string_equal(message->name, "\"\\/\b\f\n\r\tä€😀é");
    assert_written(message,
                   "{\"name\":\"\\\"\\\\/\\u0008\\u000c\\n\\u000d\\u0009ä€😀é\"," EMPTY_LISTS);
}

static void what_is_not_json_is_malformed(void **state)
{
    static const struct {
        const char *json, *sentence;
    } cases[] = {
        {"", "line 1, column 1: an object is expected here"},
        {"[]", "an object is expected here"},
        {"{", "line 1, column 2: a name in quotes"},
        {"{\"name\"", "a colon is expected"},
        {"{\"name\":", "a value is expected here"},
        {"{\"name\":}", "a value is expected here"},
        {"{\"name\":\"a\"", "a comma or a closing brace"},
        {"{\"name\":\"a\",}", "line 1, column 13: a name in quotes"},
        {"{name:1}", "a name in quotes"},
        {"{'name':1}", "a name in quotes"},
        {"{} x", "nothing is expected after the end"},
        {"{}{}", "nothing is expected after the end"},
        {"{\"wait\":tru}", "is true meant?"},
        {"{\"wait\":nul", "is null meant?"},
        {"{\"limit\":01}", "does not begin with 0"},
        {"{\"limit\":+1}", "a value is expected"},
        {"{\"limit\":.5}", "a value is expected"},
        {"{\"limit\":1.}", "a digit after its point"},
        {"{\"limit\":1e}", "a digit in its exponent"},
        {"{\"limit\":-}", "a digit here"},
        {"{\"limit\":NaN}", "a value is expected"},
        {"{\"tags\":[\"a\" \"b\"]}", "a comma or a closing bracket"},
        {"{\"tags\":[\"a\",]}", "a value is expected here"},
        {"{\"name\":\"a", "the string is not closed"},
        {"{\"name\":\"a\\", "the string is not closed"},
        {"{\"name\":\"a\\x\"}", "there is no such escape"},
        {"{\"name\":\"a\\u12g4\"}", "four hexadecimal digits"},
        {"{\"name\":\"\\u0000\"}", "the character NUL is not taken"},
        {"{\"name\":\"\\ud800\"}", "has no second"},
        {"{\"name\":\"\\ud800\\u0041\"}", "has no second"},
        {"{\"name\":\"\\udc00\"}", "has no first"},
        {"{\"name\":\"a\nb\"}", "line 1, column 11: a control character"},
        {"{\n  \"name\": \"\xff\"}", "line 2, column 12: this is not UTF-8"},
        {"{\"name\":\"\xed\xa0\x80\"}", "this is not UTF-8"},
        {"{\"name\":\"a\",\n\"name\":\"b\"}", "line 2, column 8: \"name\" is there twice"},
        {"{\"name\":null,\"n\\u0061me\":null}", "\"name\" is there twice"},
        {"{\"x\":[1,2}", "a comma or a closing bracket"},
        {"{\"x\":{\"a\" 1}}", "a colon is expected"},
        {"{/**/}", "a name in quotes"},
        {"\xef\xbb\xbf{}", "an object is expected here"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        expect_malformed(state, text_of(cases[i].json), cases[i].sentence);
    expect_malformed(state, (struct text){"{\0}", 3}, "a name in quotes");
    expect_malformed(state, (struct text){"{\"name\":\"a\0b\"}", 14}, "a control character");
    expect_malformed(state, (struct text){NULL, 0}, "an object is expected here");
}

static void the_column_is_counted_in_characters(void **state)
{
    expect_malformed(state, text_of("{\"name\":\"äöü\" x"), "column 15: a comma");
}

static void junk_is_skipped_to_a_bounded_depth(void **state)
{
    char json[2048] = "{\"x\":";
    size_t length = strlen(json);

    for (int i = 0; i < 500; i++)
        json[length++] = '[';
    json[length] = '\0';
    expect_malformed(state, text_of(json), "nested too deeply");
}

static void a_message_that_needs_more_than_the_budget_is_refused(void **state)
{
    OWNED(strbuf) json = strbuf_new(1024 * 1024);
    Sample__Everything *message = NULL;
    struct error error;

    strbuf_append_string(json, "{\"legs\":[{}");
    for (int i = 0; i < 20000; i++)
        strbuf_append_string(json, ",{}");
    strbuf_append_string(json, "]}");
    assert_false(from_json(state, strbuf_text(json), &message, &error));
    assert_true(error_is(&error, REASON_OUT_OF_MEMORY_BUDGET));
}

static void what_is_cut_off_anywhere_is_malformed_and_never_read_past(void **state)
{
    static const char json[] =
        "{\"name\":\"A\\u00e4\",\"price\":-1.5e1,\"legs\":[{\"ticker\":\"X\"}],"
        "\"wait\":true,\"x\":{\"y\":[1,\"\\ud83d\\ude00\",null]}}";

    for (size_t length = 0; length + 1 < sizeof json; length++) {
        char *copy = allocate(length + 1);
        Sample__Everything *message = NULL;
        struct error error;

        // In a block of exactly that size, so that a sanitizer sees a step too far.
        memcpy(copy, json, length);
        copy = reallocate_array(copy, length > 0 ? length : 1, 1);
        assert_false(from_json(state, (struct text){copy, length}, &message, &error));
        assert_true(error_is(&error, REASON_MALFORMED_REQUEST));
        release(copy);
        arena_reset(*state);
    }
}

static void every_violation_is_told_and_what_follows_is_read(void **state)
{
    Sample__Everything *message = NULL;
    struct error error;

    assert_false(from_json(
        state, text_of("{\"x\":1,\"name\":[{}],\"limit\":\"a\",\"side\":{\"a\":[]},\"id\":1}"),
        &message, &error));
    assert_int_equal(error.detail_count, 5);
    assert_string_equal(error.details[4].name, "id");
}

static void a_list_that_was_given_is_told_from_none_even_when_it_is_empty(void **state)
{
    assert_false(read_all(state, "{}")->has_flags_given);
    assert_false(read_all(state, "{\"flags\":null}")->has_flags_given);
    assert_true(read_all(state, "{\"flags\":[]}")->flags_given);
    assert_true(read_all(state, "{\"flags\":[true]}")->flags_given);
    expect(state, "{\"flags\":[]}", "{" EMPTY_LISTS);
    expect_violation(state, "{\"flags_given\":true}", "flags_given", "is not known here");
}

static void a_single_enum_value_without_a_name_is_not_written(void **state)
{
    Sample__Everything *message = read_all(state, "{}");

    message->has_side = true;
    assert_written(message, "{" EMPTY_LISTS);
    message->side = 99;
    assert_written(message, "{" EMPTY_LISTS);
}

static void an_object_of_the_callers_own_is_kept_as_it_came(void **state)
{
    static const char json[] =
        "{\"id\": \"" ID "\", \"rules\" :  {\"a\": [1, {\"b\": null}], \"a\": 0.10} }";
    Sample__Everything *message = NULL;
    OWNED(strbuf) out = strbuf_new(1000);
    struct error error;

    assert_true(from_json(state, text_of(json), &message, &error));
    assert_string_equal(message->rules, "{\"a\": [1, {\"b\": null}], \"a\": 0.10}");
    assert_true(message_validate(&sample_everything_info, &message->base, &error));
    message_to_json(&sample_everything_info, &message->base, out);
    assert_non_null(strstr(out->data, ",\"rules\":{\"a\": [1, {\"b\": null}], \"a\": 0.10}"));
}

static void an_object_of_the_callers_own_is_an_object(void **state)
{
    Sample__Everything *message = NULL;
    struct error error;

    assert_false(
        from_json(state, text_of("{\"id\": \"" ID "\", \"rules\": \"{}\"}"), &message, &error));
    assert_string_equal(error.details[0].value, "must be an object, not a string");
    assert_false(from_json(state, text_of("{\"rules\": {\"a\": 01}}"), &message, &error));
    assert_true(error_is(&error, REASON_MALFORMED_REQUEST));
    // What comes by the wire, or in a URL, is looked at when it is validated.
    assert_true(from_json(state, text_of("{\"id\": \"" ID "\"}"), &message, &error));
    message->rules = "{} {}";
    assert_false(message_validate(&sample_everything_info, &message->base, &error));
    assert_string_equal(error.details[0].value, "must be a JSON object");
    message->rules = "{\"a\": \"a text that is longer than it may be\"}";
    assert_false(message_validate(&sample_everything_info, &message->base, &error));
    assert_string_equal(error.details[0].name, "rules");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_kind_of_field_survives_the_way_there_and_back, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_absent_is_left_out_and_lists_are_always_there,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(exact_numbers_are_taken_for_decimals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_number_that_cannot_be_held_exactly_is_refused_with_the_number, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unknown_fields_are_refused_by_their_path, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_value_of_another_type_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(enum_names_are_matched_without_regard_to_case, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(escapes_become_the_characters_they_stand_for, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_json_is_malformed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_column_is_counted_in_characters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(junk_is_skipped_to_a_bounded_depth, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_message_that_needs_more_than_the_budget_is_refused,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_cut_off_anywhere_is_malformed_and_never_read_past,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_violation_is_told_and_what_follows_is_read, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            a_list_that_was_given_is_told_from_none_even_when_it_is_empty, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_single_enum_value_without_a_name_is_not_written, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_object_of_the_callers_own_is_kept_as_it_came, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_object_of_the_callers_own_is_an_object, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
