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

static Sample__Everything *new_everything(struct arena *arena)
{
    Sample__Everything *message = (Sample__Everything *)message_new(&sample_everything_info, arena);

    assert_non_null(message);
    message->id = arena_copy_string(arena, ID);
    return message;
}

static bool validate(Sample__Everything *message, struct error *error)
{
    return message_validate(&sample_everything_info, &message->base, error);
}

static void assert_violation(const struct error *error, const char *field, const char *sentence)
{
    assert_true(error_is(error, REASON_INVALID_REQUEST));
    for (size_t i = 0; i < error->detail_count; i++)
        if (strcmp(error->details[i].name, field) == 0) {
            assert_string_equal(error->details[i].value, sentence);
            return;
        }
    fail_msg("there is no violation of %s", field);
}

static void assert_refused(Sample__Everything *message, const char *field, const char *sentence)
{
    struct error error;

    assert_false(validate(message, &error));
    assert_int_equal(error.detail_count, 1);
    assert_violation(&error, field, sentence);
}

static void the_tables_lie_beside_the_descriptors_fields(void **state)
{
    const ProtobufCMessageDescriptor *descriptor = sample_everything_info.descriptor;

    (void)state;
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const struct field_info *field = &sample_everything_info.fields[i];
        const char *name = descriptor->fields[i].name;

        assert_memory_equal(name, field->json_name, strlen(field->json_name));
        assert_true((descriptor->fields[i].type == PROTOBUF_C_TYPE_ENUM) ==
                    (field->enumeration != NULL));
        assert_true((descriptor->fields[i].type == PROTOBUF_C_TYPE_MESSAGE) ==
                    (field->message != NULL));
        if (field->message != NULL)
            assert_ptr_equal(field->message->descriptor, descriptor->fields[i].descriptor);
    }
}

static void what_is_packed_unpacks_as_itself(void **state)
{
    struct arena *arena = *state;
    Sample__Everything *message = new_everything(arena);
    Sample__Everything *copy = NULL;
    ProtobufCMessage *unpacked = NULL;
    struct text bytes;
    struct error error;

    message->has_price_micros = true;
    message->price_micros = 95108574;
    message->name = "Ada";
    assert_true(message_pack(&message->base, arena, &bytes, &error));
    assert_true(message_unpack(&sample_everything_info, arena, bytes, &unpacked, &error));
    copy = (Sample__Everything *)unpacked;
    assert_string_equal(copy->id, ID);
    assert_string_equal(copy->name, "Ada");
    assert_true(copy->has_price_micros);
    assert_int_equal(copy->price_micros, 95108574);
    assert_false(copy->has_volume);
}

static void no_bytes_are_an_empty_message(void **state)
{
    ProtobufCMessage *message = NULL;
    struct error error;

    assert_true(
        message_unpack(&sample_everything_info, *state, (struct text){NULL, 0}, &message, &error));
    assert_null(((Sample__Everything *)message)->id);
}

static void bytes_that_are_no_such_message_are_malformed(void **state)
{
    static const struct text cases[] = {
        {"\x0a", 1},       // a string without its length
        {"\x0a\x05ZZ", 4}, // a string cut short
        {"\x0b\x0c", 2},   // a group
        {"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11},
        {"\x00\x00", 2}, // field number 0
        {"\x4a\x03"
         "A\0B",
         5}, // a NUL in a string
        {"\xa2\x01\x05\x12\x03"
         "A\0B",
         8}, // a NUL in a string of a message inside
    };
    ProtobufCMessage *message = NULL;
    struct error error;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_false(message_unpack(&sample_everything_info, *state, cases[i], &message, &error));
        assert_true(error_is(&error, REASON_MALFORMED_REQUEST));
    }
    assert_null(message);
}

static void a_message_larger_than_the_budget_is_refused_and_not_cut(void **state)
{
    OWNED(arena) small = arena_new(1024);
    char bytes[4096];
    ProtobufCMessage *message = NULL;
    struct text packed;
    struct error error;

    // Empty legs: two bytes each on the wire, and a struct each in memory.
    for (size_t i = 0; i + 2 < sizeof bytes; i += 3) {
        bytes[i] = '\xaa';
        bytes[i + 1] = 1;
        bytes[i + 2] = 0;
    }
    assert_false(message_unpack(&sample_everything_info, small, (struct text){bytes, 4095},
                                &message, &error));
    assert_true(error_is(&error, REASON_OUT_OF_MEMORY_BUDGET));
    arena_reset(small);
    assert_true(message_unpack(&sample_everything_info, *state, (struct text){bytes, 4095},
                               &message, &error));
    assert_false(message_pack(message, small, &packed, &error));
    assert_true(error_is(&error, REASON_OUT_OF_MEMORY_BUDGET));
}

static void a_required_field_must_be_there(void **state)
{
    Sample__Everything *message = new_everything(*state);

    message->id = NULL;
    assert_refused(message, "id", "is required");
    message->id = "";
    assert_refused(message, "id", "is required");
}

static void the_path_of_a_violation_is_that_of_the_json(void **state)
{
    struct arena *arena = *state;
    Sample__Everything *message = new_everything(arena);
    Sample__Leg *legs[2];
    int64_t amounts[] = {1, 6000000};

    for (size_t i = 0; i < 2; i++) {
        legs[i] = (Sample__Leg *)message_new(&sample_leg_info, arena);
        legs[i]->ticker = arena_copy_string(arena, "aapl");
    }
    message->legs = legs;
    message->n_legs = 2;
    legs[1]->amounts_micros = amounts;
    legs[1]->n_amounts_micros = 2;
    assert_refused(message, "legs[1].amounts[1]", "must be at most 5.00, not 6.00");
    assert_string_equal(legs[0]->ticker, "AAPL");
    amounts[1] = 5000000;
    legs[0]->has_side = true;
    legs[0]->side = 9;
    assert_refused(message, "legs[0].side", "must be one of buy, sell");
}

static void numbers_outside_their_limits_are_refused_with_both_numbers(void **state)
{
    Sample__Everything *message = new_everything(*state);

    message->has_price_micros = true;
    message->price_micros = 9999;
    assert_refused(message, "price", "must be at least 0.01, not 0.009999");
    message->price_micros = INT64_C(1000000000001);
    assert_refused(message, "price", "must be at most 1000000.00, not 1000000.000001");
    message->price_micros = 10000;
    message->has_limit = true;
    message->limit = UINT32_MAX;
    assert_refused(message, "limit", "must be at most 500, not 4294967295");
    message->limit = 500;
    message->has_at = true;
    message->at = INT64_MAX;
    assert_refused(message, "at", "must be a time in the years 1 to 9999");
}

static void lengths_are_counted_in_characters(void **state)
{
    Sample__Everything *message = new_everything(*state);
    struct error error;

    message->name = "aeiou";
    assert_true(validate(message, &error));
    message->name = "äëïöü";
    assert_true(validate(message, &error));
    message->name = "aeiouy";
    assert_refused(message, "name", "must have at most 5 characters, not 6");
    message->name = "ä";
    assert_refused(message, "name", "must have at least 2 characters, not 1");
    message->name = "a\xff";
    assert_refused(message, "name", "must be UTF-8 without a NUL character");
    message->name = NULL;
    message->has_data = true;
    message->data = (ProtobufCBinaryData){5, (uint8_t *)"12345"};
    assert_refused(message, "data", "must have at most 4 bytes, not 5");
}

static void lists_have_a_limit(void **state)
{
    Sample__Everything *message = new_everything(*state);
    const char *tags[] = {"a", "b", "c", "d", "e", "f", "g"};
    struct error error;

    message->tags = tags;
    message->n_tags = 6;
    assert_true(validate(message, &error));
    message->n_tags = 7;
    assert_refused(message, "tags", "must have at most 6 items, not 7");
    message->n_tags = 2;
    tags[1] = "123456789";
    assert_refused(message, "tags[1]", "must have at most 8 characters, not 9");
}

static void formats_are_checked_and_brought_to_one_case(void **state)
{
    struct arena *arena = *state;
    Sample__Everything *message = new_everything(arena);
    struct error error;

    message->id = arena_copy_string(arena, "0190163D-8694-739B-AEA5-966C26F8AD91");
    message->ticker = arena_copy_string(arena, "brk.b");
    message->username = "Ada_L.";
    message->email = "Ada@Example.org";
    message->day = "2014-06-02";
    assert_true(validate(message, &error));
    assert_string_equal(message->id, ID);
    assert_string_equal(message->ticker, "BRK.B");
    assert_string_equal(message->username, "Ada_L.");
    assert_string_equal(message->email, "Ada@Example.org");
}

static void what_is_not_of_its_format_is_refused(void **state)
{
    static const char *const ids[] = {"0190163d", "0190163d-8694-739b-aea5-966c26f8ad9g",
                                      "0190163d-8694-739b-aea5-966c26f8ad911"};
    static const char *const tickers[] = {"", "A B", "AAPL;", "ABCDEFGHIJKLMNOP", "ÄPFEL", "A/B"};
    static const char *const usernames[] = {"ab", "1ada", "ada lovelace", ".ada", "ada@b"};
    static const char *const emails[] = {"a@b",     "@b.c",    "a@.b",  "a@b.",
                                         "a b@c.d", "a@b@c.d", "a@b..c"};
    static const char *const days[] = {"2014-02-29", "2014-6-2", "2014-06-02Z", "20140602"};
    struct error error;

    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        Sample__Everything *message = new_everything(*state);
        message->id = ids[i];
        assert_false(validate(message, &error));
    }
    for (size_t i = 0; i < COUNT_OF(tickers); i++) {
        Sample__Everything *message = new_everything(*state);
        message->ticker = tickers[i];
        assert_false(validate(message, &error));
    }
    for (size_t i = 0; i < COUNT_OF(usernames); i++) {
        Sample__Everything *message = new_everything(*state);
        message->username = usernames[i];
        assert_false(validate(message, &error));
    }
    for (size_t i = 0; i < COUNT_OF(emails); i++) {
        Sample__Everything *message = new_everything(*state);
        message->email = emails[i];
        assert_false(validate(message, &error));
    }
    for (size_t i = 0; i < COUNT_OF(days); i++) {
        Sample__Everything *message = new_everything(*state);
        message->day = days[i];
        assert_false(validate(message, &error));
    }
}

static void an_enum_value_nobody_declared_is_refused(void **state)
{
    Sample__Everything *message = new_everything(*state);

    message->has_side = true;
    message->side = 77;
    assert_refused(message, "side", "must be one of buy, sell");
    message->side = SAMPLE__SIDE__SIDE_UNSPECIFIED;
    assert_refused(message, "side", "must be one of buy, sell");
}

static void an_unknown_field_on_the_wire_is_refused(void **state)
{
    static const char bytes[] = "\xf8\x3f\x01"; // field 1023, the number 1
    struct error error;
    ProtobufCMessage *message = NULL;

    assert_true(
        message_unpack(&sample_everything_info, *state, (struct text){bytes, 3}, &message, &error));
    ((Sample__Everything *)message)->id = arena_copy_string(*state, ID);
    assert_false(message_validate(&sample_everything_info, message, &error));
    assert_violation(&error, "#1023", "is not known here");
}

static void every_broken_rule_is_told_at_once(void **state)
{
    Sample__Everything *message = new_everything(*state);
    struct error error;

    message->id = NULL;
    message->name = "x";
    message->has_limit = true;
    assert_false(validate(message, &error));
    assert_int_equal(error.detail_count, 3);
    assert_violation(&error, "id", "is required");
    assert_violation(&error, "name", "must have at least 2 characters, not 1");
    assert_violation(&error, "limit", "must be at least 1, not 0");
}

static bool set(Sample__Everything *message,
                struct arena *arena,
                const char *name,
                const char *text,
                struct error *error)
{
    return message_set_text(&sample_everything_info, &message->base, arena, name, text_of(text),
                            error);
}

static void text_of_a_url_sets_a_field_of_any_type(void **state)
{
    struct arena *arena = *state;
    Sample__Everything *message = new_everything(arena);
    struct error error;

    assert_true(set(message, arena, "limit", "50", &error));
    assert_true(set(message, arena, "wait", "false", &error));
    assert_true(set(message, arena, "price", "95.11", &error));
    assert_true(set(message, arena, "at", "2014-06-02T13:30:00Z", &error));
    assert_true(set(message, arena, "side", "BUY", &error));
    assert_true(set(message, arena, "timeframe", "1day", &error));
    assert_true(set(message, arena, "change", "-7", &error));
    assert_true(set(message, arena, "epoch", "18446744073709551615", &error));
    assert_true(set(message, arena, "tags", "a", &error));
    assert_true(set(message, arena, "tags", "b", &error));
    assert_int_equal(message->limit, 50);
    assert_true(message->has_wait);
    assert_false(message->wait);
    assert_int_equal(message->price_micros, 95110000);
    assert_true(message->at == INT64_C(1401715800000000));
    assert_int_equal(message->side, SAMPLE__SIDE__SIDE_BUY);
    assert_int_equal(message->timeframe, SAMPLE__TIMEFRAME__TIMEFRAME_1DAY);
    assert_int_equal(message->change, -7);
    assert_true(message->epoch == UINT64_MAX);
    assert_int_equal(message->n_tags, 2);
    assert_string_equal(message->tags[1], "b");
}

static void text_of_a_url_that_is_not_of_the_fields_type_is_refused(void **state)
{
    static const struct {
        const char *name, *text, *sentence;
    } cases[] = {
        {"limit", "many", "must be a whole number, not \"many\""},
        {"limit", "", "must be a whole number, not \"\""},
        {"limit", "-1", "must be at least 0, not -1"},
        {"limit", "1.5", "must be a whole number, not 1.5"},
        {"limit", "4294967296",
         "must be a number that can be held exactly, which 4294967296 is not: it is too large"},
        {"limit", "1e2", "must be a whole number, not \"1e2\""},
        {"wait", "yes", "must be true or false, not \"yes\""},
        {"side", "hold", "must be one of buy, sell, not \"hold\""},
        {"side", "unspecified", "must be one of buy, sell, not \"unspecified\""},
        {"at", "yesterday", "must be a time such as \"2014-06-02T13:30:00Z\", not \"yesterday\""},
        {"price", "0.0000001", "must have at most 6 decimals, not 0.0000001"},
        {"leg", "x", "must be an object, not \"x\""},
        {"nothing", "x", "is not known here"},
        {"name", "\xff", "must be UTF-8 without a NUL character"},
    };
    struct error error;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Sample__Everything *message = new_everything(*state);

        assert_false(set(message, *state, cases[i].name, cases[i].text, &error));
        assert_violation(&error, cases[i].name, cases[i].sentence);
    }
}

static void a_field_is_found_by_its_json_name(void **state)
{
    const struct field_info *field = NULL;

    (void)state;
    assert_true(message_find_field(&sample_everything_info, "price", &field));
    assert_int_equal(field->format, FORMAT_DECIMAL);
    assert_true(message_find_field(&sample_everything_info, "id", NULL));
    assert_false(message_find_field(&sample_everything_info, "price_micros", &field));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tables_lie_beside_the_descriptors_fields),
        cmocka_unit_test_setup_teardown(what_is_packed_unpacks_as_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_bytes_are_an_empty_message, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bytes_that_are_no_such_message_are_malformed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_message_larger_than_the_budget_is_refused_and_not_cut,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_required_field_must_be_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_path_of_a_violation_is_that_of_the_json, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(numbers_outside_their_limits_are_refused_with_both_numbers,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(lengths_are_counted_in_characters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lists_have_a_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(formats_are_checked_and_brought_to_one_case, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_of_its_format_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_enum_value_nobody_declared_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_unknown_field_on_the_wire_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_broken_rule_is_told_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(text_of_a_url_sets_a_field_of_any_type, set_up, tear_down),
        cmocka_unit_test_setup_teardown(text_of_a_url_that_is_not_of_the_fields_type_is_refused,
                                        set_up, tear_down),
        cmocka_unit_test(a_field_is_found_by_its_json_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
