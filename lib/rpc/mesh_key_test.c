// SPDX-License-Identifier: MIT
#include "support/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rpc/rpc.h"
#include "rpc/test_support.h"

#define HEX "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"
#define OTHER_HEX "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff"
#define ZERO_HEX "0000000000000000000000000000000000000000000000000000000000000000"

// Reads a key from a file of that content and mode; `error` says why when it is none.
static bool read_key_saying(
    const void *content, size_t length, mode_t mode, struct rpc_mesh_key *key, struct error *error)
{
    char path[64];
    int file = -1;
    bool is_read = false;

    test_temporary_file(path, sizeof path);
    file = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(write(file, content, length), length);
    assert_int_equal(fchmod(file, mode), 0);
    close(file);
    error_clear(error);
    is_read = rpc_mesh_key_read(path, key, error);
    assert_string_equal(error->reason, is_read ? "" : "INVALID_SETTING");
    unlink(path);
    return is_read;
}

static bool read_key(const void *content, size_t length, mode_t mode, struct rpc_mesh_key *key)
{
    struct error error;

    return read_key_saying(content, length, mode, key, &error);
}

static void a_key_is_64_hexadecimal_digits_or_32_bytes(void **state)
{
    struct rpc_mesh_key key;
    unsigned char bytes[32];

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    assert_true(read_key(HEX, 64, 0600, &key));
    assert_memory_equal(key.bytes, bytes, sizeof bytes);
    memset(&key, 0, sizeof key);
    assert_true(read_key(HEX "\n", 65, 0640, &key));
    assert_memory_equal(key.bytes, bytes, sizeof bytes);
    memset(&key, 0, sizeof key);
    assert_true(read_key(bytes, sizeof bytes, 0400, &key));
    assert_memory_equal(key.bytes, bytes, sizeof bytes);
    assert_false(key.has_second);
}

static void two_lines_are_the_key_that_seals_and_one_more_that_is_opened(void **state)
{
    static const char *const contents[] = {HEX "\n" OTHER_HEX, HEX "\n" OTHER_HEX "\n",
                                           HEX "\r\n" OTHER_HEX "\r\n"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(contents); i++) {
        struct rpc_mesh_key key;

        assert_true(read_key(contents[i], strlen(contents[i]), 0600, &key));
        assert_int_equal(key.bytes[0], 0);
        assert_int_equal(key.bytes[31], 0x1f);
        assert_true(key.has_second);
        assert_int_equal(key.second[0], 0xff);
        assert_int_equal(key.second[1], 1);
        assert_int_equal(key.second[31], 0xff);
    }
}

static void what_is_wrong_with_two_keys_is_said(void **state)
{
    static const struct {
        const char *content;
        const char *said;
    } cases[] = {
        {HEX "\n" OTHER_HEX "\nx", "has more than 2 lines, which is one for each key"},
        {HEX "\n" OTHER_HEX "\n" HEX, "has more than 132 bytes, which is room for 2 keys"},
        {HEX "\n" OTHER_HEX "\n\n\n\n\n\n\n\n" HEX, "has more than 132 bytes"},
        {HEX "\n" HEX "\n", "both lines of the mesh key"},
        {HEX "\n" ZERO_HEX "\n", "is zero"},
        {ZERO_HEX "\n" HEX "\n", "is zero"},
        {HEX "\n" OTHER_HEX "0\n", "line 2 of the mesh key"},
        {HEX "\n\n" OTHER_HEX, "line 2 of the mesh key"},
        {"\n" HEX, "line 1 of the mesh key"},
        {HEX "\nxx" OTHER_HEX, "line 2 of the mesh key"},
        {HEX " \n" OTHER_HEX, "line 1 of the mesh key"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct rpc_mesh_key key = {.bytes = {4, 7, 1, 1}};
        struct error error;

        assert_false(
            read_key_saying(cases[i].content, strlen(cases[i].content), 0600, &key, &error));
        if (strstr(error.message, cases[i].said) == NULL)
            fail_msg("case %zu: %s", i, error.message);
        assert_int_equal(key.bytes[0], 4);
    }
}

static void anything_else_is_no_key(void **state)
{
    static const unsigned char zero[32];
    struct rpc_mesh_key key;

    (void)state;
    assert_false(read_key("", 0, 0600, &key));
    assert_false(read_key(HEX, 63, 0600, &key));
    assert_false(read_key(HEX "0", 65, 0600, &key));
    assert_false(read_key(HEX HEX, 128, 0600, &key));
    assert_false(read_key("x" HEX, 64, 0600, &key));
    assert_false(read_key(HEX, 31, 0600, &key));
    assert_false(read_key(zero, sizeof zero, 0600, &key));
}

static void a_key_that_everybody_can_read_is_refused(void **state)
{
    struct rpc_mesh_key key;

    (void)state;
    assert_false(read_key(HEX, 64, 0644, &key));
    assert_false(read_key(HEX, 64, 0602, &key));
}

static void without_a_file_there_is_no_key(void **state)
{
    struct rpc_mesh_key key;
    struct error error;

    (void)state;
    assert_false(rpc_mesh_key_read("/nonexistent/mesh.key", &key, &error));
    assert_string_equal(error.reason, "INVALID_SETTING");
    assert_false(rpc_mesh_key_read("/", &key, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_64_hexadecimal_digits_or_32_bytes),
        cmocka_unit_test(two_lines_are_the_key_that_seals_and_one_more_that_is_opened),
        cmocka_unit_test(what_is_wrong_with_two_keys_is_said),
        cmocka_unit_test(anything_else_is_no_key),
        cmocka_unit_test(a_key_that_everybody_can_read_is_refused),
        cmocka_unit_test(without_a_file_there_is_no_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
