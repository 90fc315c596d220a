// SPDX-License-Identifier: MIT
#include "pages/field_words.h"

#include "base/strbuf.h"
#include "support/test.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

enum { BUDGET = 64 * 1024, TEMPLATES_BYTES_MAX = 1024 * 1024, CHUNK = 4096 };

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

static void names_of_fields_are_told_as_their_labels(void **state)
{
    struct arena *arena = *state;

    assert_string_equal(
        field_words_say(arena, "500 USD, and max_order_value, as a default, is 100 USD."),
        "500 USD, and “An order is worth at most”, as a default, is 100 USD.");
    assert_string_equal(field_words_say(arena, "trail_price"), "“Behind the best price”");
    assert_string_equal(
        field_words_say_violation(arena, "grid",
                                  "must have parameters for walk_forward to choose from"),
        "“Try several values” must have parameters for “Walk forward” to choose from.");
    assert_string_equal(field_words_say_violation(arena, "walk_forward.step_days", "is too long"),
                        "“Goes on by, in days” is too long.");
}

static void times_are_told_as_on_pages(void **state)
{
    struct arena *arena = *state;

    assert_string_equal(
        field_words_say(arena, "it shows 2026-11-30T00:00:00Z, not 2026-11-28T00:15:32.856760Z."),
        "it shows Nov 30, 2026, 00:00 UTC, not Nov 28, 2026, 00:15 UTC.");
    assert_string_equal(field_words_say(arena, "until 2014-06-02T13:30:00Z"),
                        "until Jun 2, 2014, 13:30 UTC");
    assert_string_equal(field_words_say(arena, "2014-06-02, 2014-06-02T13:30 and 25:00:00-T.Z"),
                        "2014-06-02, 2014-06-02T13:30 and 25:00:00-T.Z");
}

static void words_that_are_no_names_stay(void **state)
{
    struct arena *arena = *state;

    assert_string_equal(field_words_say(arena, "Until the end of my_limit_price, a start."),
                        "Until the end of my_limit_price, a start.");
    assert_string_equal(field_words_say(arena, ""), "");
}

static void a_line_of_a_file_is_told_without_a_field(void **state)
{
    struct arena *arena = *state;

    assert_string_equal(
        field_words_say_violation(arena, "lines", "line 1: the header has no column date"),
        "Line 1: the header has no column date.");
}

static void a_field_without_a_label_is_told_in_words(void **state)
{
    struct arena *arena = *state;

    assert_string_equal(field_words_say_violation(arena, "parameters.top_n", "is too high"),
                        "“Top n” is too high.");
    assert_string_equal(field_words_say_violation(arena, "symbols[3]", "is no ticker"),
                        "“Symbols” is no ticker.");
}

static void append_file(struct strbuf *out, const char *path)
{
    FILE *file = fopen(path, "r");
    char chunk[CHUNK];
    size_t length = 0;

    assert_non_null(file);
    while ((length = fread(chunk, 1, sizeof chunk, file)) > 0)
        strbuf_append(out, chunk, length);
    assert_int_equal(fclose(file), 0);
}

static void each_label_is_one_of_the_pages(void **state)
{
    static const char *const labels[] = {
#define AS_LABEL(name, label) ">" label,
        FIELD_WORDS(AS_LABEL)
#undef AS_LABEL
    };
    OWNED(strbuf) templates = strbuf_new(TEMPLATES_BYTES_MAX);
    glob_t found;

    (void)state;
    assert_int_equal(glob(TEMPLATES_FOLDER "/*.html", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        append_file(templates, found.gl_pathv[i]);
    globfree(&found);
    assert_false(templates->overflowed);
    for (size_t i = 0; i < COUNT_OF(labels); i++)
        if (strstr(templates->data, labels[i]) == NULL)
            fail_msg("no page has the label %s", labels[i] + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_of_fields_are_told_as_their_labels, start, stop),
        cmocka_unit_test_setup_teardown(times_are_told_as_on_pages, start, stop),
        cmocka_unit_test_setup_teardown(words_that_are_no_names_stay, start, stop),
        cmocka_unit_test_setup_teardown(a_line_of_a_file_is_told_without_a_field, start, stop),
        cmocka_unit_test_setup_teardown(a_field_without_a_label_is_told_in_words, start, stop),
        cmocka_unit_test(each_label_is_one_of_the_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
