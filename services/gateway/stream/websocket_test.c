// SPDX-License-Identifier: MIT
#include "stream/websocket.h"

#include "support/test.h"

#include <string.h>

// A frame as a client sends it, masked with 1, 2, 3, 4.
struct bytes {
    char data[8192];
    size_t length;
};

static void append_head(struct bytes *bytes, unsigned char first, size_t length)
{
    unsigned char head[WEBSOCKET_HEAD_MAX];
    size_t size = websocket_write_head(WEBSOCKET_TEXT, length, head);

    head[0] = first;
    head[1] |= 0x80;
    memcpy(bytes->data + bytes->length, head, size);
    memcpy(bytes->data + bytes->length + size, "\1\2\3\4", 4);
    bytes->length += size + 4;
}

static void append_frame(struct bytes *bytes, unsigned char first, const char *data, size_t length)
{
    append_head(bytes, first, length);
    for (size_t i = 0; i < length; i++)
        bytes->data[bytes->length++] = (char)(data[i] ^ (char)(i % 4 + 1));
}

// What reading a frame gives, the bytes coming `step` at a time.
static enum websocket_event read_in_steps(struct websocket_reader *reader,
                                          const struct bytes *bytes,
                                          size_t step,
                                          struct websocket_input *out_input)
{
    enum websocket_event event = WEBSOCKET_NOTHING;

    for (size_t at = 0; at < bytes->length && event == WEBSOCKET_NOTHING; at += step) {
        size_t left = bytes->length - at;
        struct text piece = {bytes->data + at, left < step ? left : step};

        event = websocket_read(reader, &piece, out_input);
    }
    return event;
}

static int code_of(unsigned char first, const char *data, size_t length)
{
    struct websocket_reader reader = {.message = NULL};
    struct websocket_input input;
    struct bytes bytes = {.length = 0};
    enum websocket_event event;

    append_frame(&bytes, first, data, length);
    event = read_in_steps(&reader, &bytes, bytes.length, &input);
    websocket_reader_clear(&reader);
    return event == WEBSOCKET_BROKEN ? input.code : 0;
}

static void a_message_is_read_however_its_bytes_arrive(void **state)
{
    (void)state;
    for (size_t step = 1; step < 20; step++) {
        struct websocket_reader reader = {.message = NULL};
        struct websocket_input input;
        struct bytes bytes = {.length = 0};

        append_frame(&bytes, 0x81, "hello, world", 12);
        assert_int_equal(read_in_steps(&reader, &bytes, step, &input), WEBSOCKET_GOT_TEXT);
        assert_int_equal(input.data.length, 12);
        assert_memory_equal(input.data.data, "hello, world", 12);
        websocket_reader_clear(&reader);
    }
}

static void fragments_are_one_message_and_pings_may_come_between(void **state)
{
    struct websocket_reader reader = {.message = NULL};
    struct websocket_input input;
    struct bytes bytes = {.length = 0};
    struct text rest;

    (void)state;
    append_frame(&bytes, 0x01, "a", 1);
    append_frame(&bytes, 0x89, "p", 1);
    append_frame(&bytes, 0x00, "", 0);
    append_frame(&bytes, 0x80, "b", 1);
    append_frame(&bytes, 0x81, "", 0);
    rest = (struct text){bytes.data, bytes.length};
    assert_int_equal(websocket_read(&reader, &rest, &input), WEBSOCKET_GOT_PING);
    assert_memory_equal(input.data.data, "p", 1);
    assert_int_equal(websocket_read(&reader, &rest, &input), WEBSOCKET_GOT_TEXT);
    assert_int_equal(input.data.length, 2);
    assert_memory_equal(input.data.data, "ab", 2);
    assert_int_equal(websocket_read(&reader, &rest, &input), WEBSOCKET_GOT_TEXT);
    assert_int_equal(input.data.length, 0);
    assert_int_equal(websocket_read(&reader, &rest, &input), WEBSOCKET_NOTHING);
    websocket_reader_clear(&reader);
}

static void a_message_may_have_4096_bytes_and_not_one_more(void **state)
{
    static char much[WEBSOCKET_MESSAGE_MAX + 1];

    (void)state;
    memset(much, 'x', sizeof much);
    assert_int_equal(code_of(0x81, much, WEBSOCKET_MESSAGE_MAX), 0);
    assert_int_equal(code_of(0x81, much, WEBSOCKET_MESSAGE_MAX + 1), CLOSE_TOO_BIG);
}

static void a_length_that_is_only_claimed_is_refused_before_anything_is_kept(void **state)
{
    struct websocket_reader reader = {.message = NULL};
    struct websocket_input input;
    struct bytes bytes = {.length = 0};

    (void)state;
    append_head(&bytes, 0x81, (size_t)1 << 31);
    assert_int_equal(read_in_steps(&reader, &bytes, 1, &input), WEBSOCKET_BROKEN);
    assert_int_equal(input.code, CLOSE_TOO_BIG);
    websocket_reader_clear(&reader);
}

static void what_breaks_a_rule_has_the_code_of_the_rfc(void **state)
{
    static const struct {
        unsigned char first;
        const char *data;
        size_t length;
        int code;
    } cases[] = {
        {0x91, "x", 1, CLOSE_PROTOCOL_ERROR},
        {0xa1, "x", 1, CLOSE_PROTOCOL_ERROR},
        {0xc1, "x", 1, CLOSE_PROTOCOL_ERROR},
        {0x83, "", 0, CLOSE_PROTOCOL_ERROR},
        {0x87, "", 0, CLOSE_PROTOCOL_ERROR},
        {0x8b, "", 0, CLOSE_PROTOCOL_ERROR},
        {0x8f, "", 0, CLOSE_PROTOCOL_ERROR},
        {0x82, "x", 1, CLOSE_UNSUPPORTED},
        {0x80, "x", 1, CLOSE_PROTOCOL_ERROR},
        {0x09, "x", 1, CLOSE_PROTOCOL_ERROR},
        {0x81, "\xc3\x28", 2, CLOSE_BAD_TEXT},
        {0x81, "\xed\xa0\x80", 3, CLOSE_BAD_TEXT},
        {0x81, "\xf4\x90\x80\x80", 4, CLOSE_BAD_TEXT},
        {0x88, "x", 1, CLOSE_PROTOCOL_ERROR},
        {0x88, "\x03\xe7", 2, CLOSE_PROTOCOL_ERROR},
        {0x88, "\x03\xec", 2, CLOSE_PROTOCOL_ERROR},
        {0x88, "\x03\xed", 2, CLOSE_PROTOCOL_ERROR},
        {0x88, "\x03\xee", 2, CLOSE_PROTOCOL_ERROR},
        {0x88, "\x03\xf7", 2, CLOSE_PROTOCOL_ERROR},
        {0x88, "\x0b\xb7", 2, CLOSE_PROTOCOL_ERROR},
        {0x88, "\x13\x88", 2, CLOSE_PROTOCOL_ERROR},
        {0x88, "\x03\xe8\xff", 3, CLOSE_BAD_TEXT},
        {0x88, "\x03\xe8", 2, 0},
        {0x88, "\x03\xf3", 2, 0},
        {0x88, "\x0b\xb8", 2, 0},
        {0x88, "\x13\x87", 2, 0},
        {0x88, "", 0, 0},
        {0x8a, "", 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(code_of(cases[i].first, cases[i].data, cases[i].length), cases[i].code);
}

static void an_unmasked_frame_is_refused(void **state)
{
    struct websocket_reader reader = {.message = NULL};
    struct websocket_input input;
    struct text bytes = {"\x81\x01x", 3};

    (void)state;
    assert_int_equal(websocket_read(&reader, &bytes, &input), WEBSOCKET_BROKEN);
    assert_int_equal(input.code, CLOSE_PROTOCOL_ERROR);
}

static void a_control_frame_may_have_125_bytes(void **state)
{
    static const char data[126] = "";

    (void)state;
    assert_int_equal(code_of(0x89, data, 125), 0);
    assert_int_equal(code_of(0x89, data, 126), CLOSE_PROTOCOL_ERROR);
}

static void lengths_are_written_in_the_shortest_form(void **state)
{
    static const struct {
        size_t length;
        size_t head;
    } cases[] = {{0, 2}, {125, 2}, {126, 4}, {65535, 4}, {65536, 10}};
    static const struct text longer[] = {{"\x81\xfe\x00\x7d\1\2\3\4", 8},
                                         {"\x81\xff\0\0\0\0\0\0\xff\xff\1\2\3\4", 14},
                                         {"\x81\xff\x80\0\0\0\0\0\0\0\1\2\3\4", 14}};
    unsigned char head[WEBSOCKET_HEAD_MAX];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(websocket_write_head(WEBSOCKET_TEXT, cases[i].length, head),
                         cases[i].head);
    for (size_t i = 0; i < COUNT_OF(longer); i++) {
        struct websocket_reader reader = {.message = NULL};
        struct websocket_input input;
        struct text bytes = longer[i];

        assert_int_equal(websocket_read(&reader, &bytes, &input), WEBSOCKET_BROKEN);
        assert_int_equal(input.code, CLOSE_PROTOCOL_ERROR);
        websocket_reader_clear(&reader);
    }
}

static void the_accept_of_a_key_is_that_of_the_rfc(void **state)
{
    char accept[WEBSOCKET_ACCEPT_SIZE];

    (void)state;
    assert_true(websocket_accept("dGhlIHNhbXBsZSBub25jZQ==", accept));
    assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_false(websocket_accept("", accept));
    assert_false(websocket_accept("dGhlIHNhbXBsZSBub25jZQ=", accept));
    assert_false(websocket_accept("dGhlIHNhbXBsZSBub25jZQAA", accept));
    assert_false(websocket_accept("!!!!!!!!!!!!!!!!!!!!!!==", accept));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_read_however_its_bytes_arrive),
        cmocka_unit_test(fragments_are_one_message_and_pings_may_come_between),
        cmocka_unit_test(a_message_may_have_4096_bytes_and_not_one_more),
        cmocka_unit_test(a_length_that_is_only_claimed_is_refused_before_anything_is_kept),
        cmocka_unit_test(what_breaks_a_rule_has_the_code_of_the_rfc),
        cmocka_unit_test(an_unmasked_frame_is_refused),
        cmocka_unit_test(a_control_frame_may_have_125_bytes),
        cmocka_unit_test(lengths_are_written_in_the_shortest_form),
        cmocka_unit_test(the_accept_of_a_key_is_that_of_the_rfc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
