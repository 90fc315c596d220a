// SPDX-License-Identifier: MIT
#include "server/multipart.h"

#include "support/test.h"

#include <stdio.h>
#include <string.h>

enum { BUDGET = 2 * 1024 * 1024, FILE_MAX = 512 * 1024 };

#define TYPE "multipart/form-data; boundary=----b"
#define PART(name, rest) "------b\r\nContent-Disposition: form-data; name=\"" name "\"" rest
#define FIELD(name, value) PART(name, "\r\n\r\n") value "\r\n"
#define FILE_HEAD(name) PART("file", "; filename=\"" name "\"\r\nContent-Type: text/csv\r\n\r\n")
#define CONTENT "Date,Open\r\n------\r\n------a--\n\r\r\n------"
#define END "\r\n------b--\r\n"

// A body that arrives in pieces.
struct body {
    struct text rest;
    size_t step;
};

static bool
read_body(void *context, char *buffer, size_t size, size_t *out_length, struct error *error)
{
    struct body *body = context;
    size_t length = body->rest.length < size ? body->rest.length : size;

    (void)error;
    length = length < body->step ? length : body->step;
    memcpy(buffer, body->rest.data, length);
    body->rest.data += length;
    body->rest.length -= length;
    *out_length = length;
    return true;
}

struct fixture {
    struct arena *arena;
    struct body body;
    struct multipart *multipart;
    struct form form;
    struct strbuf *file;
    struct error error;
};

static int start(void **state)
{
    struct fixture *f = allocate(sizeof *f);

    f->arena = arena_new(BUDGET);
    f->file = strbuf_new(FILE_MAX);
    *state = f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;

    strbuf_free(&f->file);
    arena_free(&f->arena);
    release(f);
    return 0;
}

static bool begin(struct fixture *f, const char *type, struct text body, size_t step)
{
    const struct multipart_source source = {read_body, &f->body};

    arena_reset(f->arena);
    strbuf_reset(f->file);
    f->form.count = 0;
    f->body = (struct body){body, step};
    error_clear(&f->error);
    return multipart_begin(f->arena, type, &source, &f->multipart, &f->error) &&
           multipart_read_fields(f->multipart, &f->form, &f->error);
}

static bool read_file(struct fixture *f, size_t size)
{
    char buffer[4096];
    size_t length = 0;

    do {
        if (!multipart_read_file(f->multipart, buffer, size, &length, &f->error))
            return false;
        strbuf_append(f->file, buffer, length);
    } while (length > 0);
    return true;
}

static bool take(struct fixture *f, const char *body)
{
    return begin(f, TYPE, text_of(body), SIZE_MAX) && read_file(f, 4096);
}

static void check_refused(struct fixture *f, const char *body, const char *sentence)
{
    assert_false(take(f, body));
    assert_true(error_is(&f->error, REASON_MALFORMED_REQUEST));
    assert_string_equal(f->error.message, sentence);
}

static void fields_come_first_and_the_file_is_read_as_it_is_however_it_is_cut(void **state)
{
    struct fixture *f = *state;
    static const char body[] =
        FIELD("csrf_token", "abc") FIELD("ticker", "") FILE_HEAD("a.csv") CONTENT END;
    const size_t steps[] = {1, 2, 3, 7, 64, SIZE_MAX};

    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        for (size_t size = 1; size <= 4096; size *= 8) {
            assert_true(begin(f, TYPE, text_of(body), steps[i]));
            assert_string_equal(form_find(&f->form, "csrf_token"), "abc");
            assert_string_equal(form_find(&f->form, "ticker"), "");
            assert_string_equal(multipart_file_name(f->multipart), "a.csv");
            assert_true(read_file(f, size));
            assert_string_equal(f->file->data, CONTENT);
        }
    }
}

static void a_large_file_passes_through_a_small_buffer(void **state)
{
    struct fixture *f = *state;
    OWNED(strbuf) body = strbuf_new(FILE_MAX);
    size_t length = 0;

    strbuf_append_string(body, FILE_HEAD("large.csv"));
    length = body->length;
    for (int i = 0; i < 20000; i++)
        strbuf_printf(body, "%d,\r-\r\n--%c\n", i, i % 3 == 0 ? '-' : 'x');
    length = body->length - length;
    strbuf_append_string(body, END);
    assert_true(length > 2 * MULTIPART_BUFFER);
    assert_true(begin(f, TYPE, strbuf_text(body), 50000));
    assert_true(read_file(f, 4096));
    assert_int_equal(f->file->length, length);
    assert_memory_equal(f->file->data, body->data + strlen(FILE_HEAD("large.csv")), length);
}

static void a_form_may_have_no_file_or_none_that_was_chosen(void **state)
{
    struct fixture *f = *state;

    assert_true(take(f, FIELD("a", "1") "------b--\r\n"));
    assert_null(multipart_file_name(f->multipart));
    assert_int_equal(f->file->length, 0);
    assert_true(take(f, FIELD("a", "1") FILE_HEAD("") END));
    assert_null(multipart_file_name(f->multipart));
    assert_true(take(f, FILE_HEAD("empty.csv") END));
    assert_string_equal(multipart_file_name(f->multipart), "empty.csv");
    assert_int_equal(f->file->length, 0);
}

static void a_name_may_be_anything_that_is_text(void **state)
{
    struct fixture *f = *state;

    assert_true(take(f, FILE_HEAD("<b>%22\\\"\\\\;.csv") END));
    assert_string_equal(multipart_file_name(f->multipart), "<b>\"\"\\;.csv");
    assert_true(take(f, FILE_HEAD("\xc3\xa9.csv") END));
    check_refused(f, FILE_HEAD("\xc3.csv") END,
                  "A part of the form has a name that is not text in UTF-8.");
    check_refused(f, FILE_HEAD("a\tb.csv") END,
                  "A part of the form has a name that is not text in UTF-8.");
}

static void what_is_broken_is_refused(void **state)
{
    struct fixture *f = *state;

    check_refused(f, "", "The form does not begin with its boundary.");
    check_refused(f, "x\r\n" FIELD("a", "1") "------b--",
                  "The form does not begin with its boundary.");
    check_refused(f, "------b", "The form is cut off.");
    check_refused(f, "------bx\r\n", "The form has something behind a boundary.");
    // What begins like a boundary is one: RFC 2046.
    check_refused(f, FILE_HEAD("a") "1\r\n------bb" END,
                  "The form has something behind a boundary.");
    check_refused(f, FIELD("a", "1"), "The field a of the form has no end within 4096 bytes.");
    check_refused(f, FIELD("a", "1") FIELD("a", "2") "------b--",
                  "The form has the field a twice.");
    check_refused(f, FILE_HEAD("a") "text", "The form is cut off in its file.");
    check_refused(f, FILE_HEAD("a") "text\r\n" FIELD("late", "1") "------b--",
                  "The form has something behind its file.");
    check_refused(f, FILE_HEAD("a") END "more", "The form has something behind its end.");
    check_refused(f, "------b\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n",
                  "A part of the form is not of a form.");
    check_refused(f, "------b\r\nContent-Type: text/csv\r\n\r\n",
                  "A part of the form has no name.");
    check_refused(f, "------b\r\nContent-Disposition: form-data; name=a\r\n\r\n",
                  "A part of the form has a name without quotes.");
    check_refused(f, "------b\r\nContent-Disposition: form-data; name=\"a\r\n\r\n",
                  "A part of the form has a name that does not end.");
    check_refused(f, FIELD("a", "\x01") "------b--", "The field a is not text in UTF-8.");
}

static void fields_heads_and_names_have_limits(void **state)
{
    struct fixture *f = *state;
    char fill[MULTIPART_FIELD_MAX + 2];
    OWNED(strbuf) body = strbuf_new(FILE_MAX);
    const char *const end = "------b--\r\n";

    memset(fill, 'x', sizeof fill);
    strbuf_printf(body, PART("a", "\r\n\r\n") "%.*s\r\n%s", MULTIPART_FIELD_MAX, fill, end);
    assert_true(take(f, body->data));
    strbuf_reset(body);
    strbuf_printf(body, PART("a", "\r\n\r\n") "%.*s\r\n%s", MULTIPART_FIELD_MAX + 1, fill, end);
    check_refused(f, body->data, "The field a of the form has no end within 4096 bytes.");
    strbuf_reset(body);
    strbuf_printf(body, PART("a", "\r\n") "X: %.*s\r\n\r\n", MULTIPART_HEAD_MAX, fill);
    check_refused(f, body->data, "The head of a part of the form has no end within 1024 bytes.");
    strbuf_reset(body);
    strbuf_printf(body, PART("file", "; filename=\"%.*s\"\r\n\r\n") END, MULTIPART_FILE_NAME_MAX,
                  fill);
    assert_true(take(f, body->data));
    strbuf_reset(body);
    strbuf_printf(body, PART("file", "; filename=\"%.*s\"\r\n\r\n") END,
                  MULTIPART_FILE_NAME_MAX + 1, fill);
    check_refused(f, body->data, "The name of the file has more than 255 bytes.");
    strbuf_reset(body);
    for (int i = 0; i <= FORM_FIELDS_MAX; i++)
        strbuf_printf(body, PART("f%d", "\r\n\r\n") "1\r\n", i);
    strbuf_append_string(body, end);
    check_refused(f, body->data, "The form has more than 64 fields.");
}

static void only_its_own_type_with_a_boundary_is_taken(void **state)
{
    struct fixture *f = *state;
    static const char body[] = FIELD("a", "1") "------b--";

    assert_true(begin(f, "Multipart/Form-Data; charset=utf-8; Boundary=\"----b\"", text_of(body),
                      SIZE_MAX));
    assert_false(begin(f, NULL, text_of(body), SIZE_MAX));
    assert_true(error_is(&f->error, REASON_UNSUPPORTED_MEDIA_TYPE));
    assert_false(begin(f, "application/x-www-form-urlencoded", text_of(body), SIZE_MAX));
    assert_true(error_is(&f->error, REASON_UNSUPPORTED_MEDIA_TYPE));
    assert_false(begin(f, "multipart/form-data", text_of(body), SIZE_MAX));
    assert_true(error_is(&f->error, REASON_MALFORMED_REQUEST));
    assert_false(begin(f, "multipart/form-data; boundary=", text_of(body), SIZE_MAX));
    assert_true(error_is(&f->error, REASON_MALFORMED_REQUEST));
    assert_false(begin(f, "multipart/form-data; boundary=\"a", text_of(body), SIZE_MAX));
    assert_true(error_is(&f->error, REASON_MALFORMED_REQUEST));
    assert_false(begin(f,
                       "multipart/form-data; boundary=12345678901234567890123456789012345678901234"
                       "567890123456789012345678901",
                       text_of(body), SIZE_MAX));
    assert_true(error_is(&f->error, REASON_MALFORMED_REQUEST));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            fields_come_first_and_the_file_is_read_as_it_is_however_it_is_cut, start, stop),
        cmocka_unit_test_setup_teardown(a_large_file_passes_through_a_small_buffer, start, stop),
        cmocka_unit_test_setup_teardown(a_form_may_have_no_file_or_none_that_was_chosen, start,
                                        stop),
        cmocka_unit_test_setup_teardown(a_name_may_be_anything_that_is_text, start, stop),
        cmocka_unit_test_setup_teardown(what_is_broken_is_refused, start, stop),
        cmocka_unit_test_setup_teardown(fields_heads_and_names_have_limits, start, stop),
        cmocka_unit_test_setup_teardown(only_its_own_type_with_a_boundary_is_taken, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
