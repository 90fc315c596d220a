// SPDX-License-Identifier: MIT
#include "rest/url.h"

#include "support/test.h"

static bool decode(struct arena *arena, const char *encoded, bool plus_is_blank, struct text *out)
{
    struct error error;
    bool decoded = url_decode(arena, text_of(encoded), plus_is_blank, out, &error);

    if (!decoded)
        assert_string_equal(error.reason, "MALFORMED_REQUEST");
    return decoded;
}

static void escapes_become_the_bytes_they_stand_for(void **state)
{
    OWNED(arena) arena = arena_new(4096);
    struct text text;

    (void)state;
    assert_true(decode(arena, "a%2Fb+c%c3%A9", false, &text));
    assert_true(text_equals(text, "a/b+c\xc3\xa9"));
    assert_true(decode(arena, "a+b%2B", true, &text));
    assert_true(text_equals(text, "a b+"));
}

static void what_is_not_text_is_refused(void **state)
{
    static const char *const refused[] = {"%",   "%2",  "a%",     "%zz", "%2g",       "%00",
                                          "%0a", "%7f", "%ff%fe", "%c3", "%ed%a0%80", "\x01"};
    OWNED(arena) arena = arena_new(4096);
    struct text text;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(refused); i++)
        assert_false(decode(arena, refused[i], true, &text));
}

static void what_is_escaped_reads_as_it_was(void **state)
{
    OWNED(arena) arena = arena_new(4096);
    OWNED(strbuf) out = strbuf_new(256);
    struct text text;

    (void)state;
    url_encode(text_of("/a-b_c.d~ +&=?#%;\\\xc3\xa9"), out);
    assert_string_equal(out->data, "/a-b_c.d~%20%2B%26%3D%3F%23%25%3B%5C%C3%A9");
    assert_true(decode(arena, out->data, true, &text));
    assert_true(text_equals(text, "/a-b_c.d~ +&=?#%;\\\xc3\xa9"));
}

static void an_address_larger_than_the_budget_is_refused(void **state)
{
    OWNED(arena) arena = arena_new(16);
    struct error error;
    struct text text;

    (void)state;
    assert_false(url_decode(arena, text_of("more than sixteen bytes"), false, &text, &error));
    assert_string_equal(error.reason, "OUT_OF_MEMORY_BUDGET");
}

static void parameters_are_cut_at_their_signs(void **state)
{
    struct text query = text_of("&a=1&&b=&c&d=x=y&");
    struct text name;
    struct text value;

    (void)state;
    assert_true(url_next_parameter(&query, &name, &value));
    assert_true(text_equals(name, "a") && text_equals(value, "1"));
    assert_true(url_next_parameter(&query, &name, &value));
    assert_true(text_equals(name, "b") && text_equals(value, ""));
    assert_true(url_next_parameter(&query, &name, &value));
    assert_true(text_equals(name, "c") && text_equals(value, ""));
    assert_true(url_next_parameter(&query, &name, &value));
    assert_true(text_equals(name, "d") && text_equals(value, "x=y"));
    assert_false(url_next_parameter(&query, &name, &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_become_the_bytes_they_stand_for),
        cmocka_unit_test(what_is_not_text_is_refused),
        cmocka_unit_test(what_is_escaped_reads_as_it_was),
        cmocka_unit_test(an_address_larger_than_the_budget_is_refused),
        cmocka_unit_test(parameters_are_cut_at_their_signs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
