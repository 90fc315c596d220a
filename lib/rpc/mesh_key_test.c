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

static bool read_key(const void *content, size_t length, mode_t mode, struct rpc_mesh_key *key)
{
    struct error error;
    char path[64];
    int file = -1;
    bool is_read = false;

    test_temporary_file(path, sizeof path);
    file = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(write(file, content, length), length);
    assert_int_equal(fchmod(file, mode), 0);
    close(file);
    error_clear(&error);
    is_read = rpc_mesh_key_read(path, key, &error);
    assert_string_equal(error.reason, is_read ? "" : "INVALID_SETTING");
    unlink(path);
    return is_read;
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
        cmocka_unit_test(anything_else_is_no_key),
        cmocka_unit_test(a_key_that_everybody_can_read_is_refused),
        cmocka_unit_test(without_a_file_there_is_no_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
