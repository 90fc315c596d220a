// SPDX-License-Identifier: MIT
#include "pages/flash.h"

#include "base/digest.h"
#include "support/test.h"

#include <stdio.h>
#include <string.h>

enum { HEADERS_MAX = 4096 };
#define NOW (INT64_C(1767225600) * MICROS_PER_SECOND)

static const struct rpc_mesh_key key = {.bytes = {1, 2, 3}};

struct fixture {
    struct arena *arena;
    struct strbuf *headers;
    struct http_request request;
    struct http_response response;
    char cookie[HEADERS_MAX];
};

static int start(void **state)
{
    struct fixture *f = allocate(sizeof *f);

    digest_start();
    f->arena = arena_new(256 * 1024);
    f->headers = strbuf_new(HEADERS_MAX);
    f->request = (struct http_request){.arena = f->arena};
    f->response = (struct http_response){.headers = f->headers};
    *state = f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;

    strbuf_free(&f->headers);
    arena_free(&f->arena);
    release(f);
    return 0;
}

// Sends the cookie that was set back with the next request.
static void bring_back(struct fixture *f)
{
    const char *at = strstr(f->headers->data, "Set-Cookie: ");

    assert_non_null(at);
    at += strlen("Set-Cookie: ");
    memcpy(f->cookie, at, strcspn(at, ";"));
    f->cookie[strcspn(at, ";")] = '\0';
    f->request.headers[0] = (struct http_header){"Cookie", f->cookie};
    f->request.header_count = 1;
    strbuf_reset(f->headers);
}

static void put(struct fixture *f, const char *text)
{
    flash_put(&f->request, &f->response, &key, NOW,
              &(struct flash){.is_error = true, .text = text});
    bring_back(f);
}

static void what_was_put_is_taken_once_and_taken_away(void **state)
{
    struct fixture *f = *state;
    struct flash flash;

    put(f, "There is <no> caf\xc3\xa9; really.");
    assert_true(flash_take(&f->request, &f->response, &key, NOW, &flash));
    assert_true(flash.is_error);
    assert_string_equal(flash.text, "There is <no> caf\xc3\xa9; really.");
    assert_non_null(strstr(f->headers->data, "bourse_flash=; Path=/; HttpOnly; SameSite=Lax; "
                                             "Max-Age=0"));
}

static void nobody_else_can_make_one(void **state)
{
    static const struct rpc_mesh_key other = {.bytes = {1, 2, 4}};
    struct fixture *f = *state;
    struct flash flash;

    put(f, "hello");
    assert_false(flash_take(&f->request, &f->response, &other, NOW, &flash));
    f->cookie[strlen("bourse_flash=") + 20] ^= 1;
    assert_false(flash_take(&f->request, &f->response, &key, NOW, &flash));
    (void)snprintf(f->cookie, sizeof f->cookie, "bourse_flash=ZDE3NjcyMjU2NjAgaGVsbG8");
    assert_false(flash_take(&f->request, &f->response, &key, NOW, &flash));
}

static void one_made_before_the_key_is_replaced_is_taken_while_both_keys_count(void **state)
{
    static const struct rpc_mesh_key both = {.bytes = {9}, .second = {1, 2, 3}, .has_second = true};
    struct fixture *f = *state;
    struct flash flash;

    put(f, "hello");
    assert_true(flash_take(&f->request, &f->response, &both, NOW, &flash));
}

static void one_that_is_older_than_a_minute_says_nothing(void **state)
{
    struct fixture *f = *state;
    struct flash flash;

    put(f, "hello");
    assert_true(flash_take(&f->request, &f->response, &key, NOW + 60 * MICROS_PER_SECOND, &flash));
    assert_false(flash_take(&f->request, &f->response, &key, NOW + 61 * MICROS_PER_SECOND, &flash));
}

static void a_text_that_is_too_long_is_cut_between_characters(void **state)
{
    struct fixture *f = *state;
    struct flash flash;
    char text[FLASH_TEXT_MAX + 10];

    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    text[FLASH_TEXT_MAX - 1] = (char)0xc3;
    text[FLASH_TEXT_MAX] = (char)0xa9;
    put(f, text);
    assert_true(flash_take(&f->request, &f->response, &key, NOW, &flash));
    assert_int_equal(strlen(flash.text), FLASH_TEXT_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_put_is_taken_once_and_taken_away, start, stop),
        cmocka_unit_test_setup_teardown(nobody_else_can_make_one, start, stop),
        cmocka_unit_test_setup_teardown(
            one_made_before_the_key_is_replaced_is_taken_while_both_keys_count, start, stop),
        cmocka_unit_test_setup_teardown(one_that_is_older_than_a_minute_says_nothing, start, stop),
        cmocka_unit_test_setup_teardown(a_text_that_is_too_long_is_cut_between_characters, start,
                                        stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
