// SPDX-License-Identifier: MIT
#include "rpc/rpc.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"

enum { HEX_LENGTH = 2 * KEY_SIZE, FILE_SIZE_MAX = HEX_LENGTH + 2 };

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

static bool read_hex(const char *digits, unsigned char bytes[KEY_SIZE])
{
    for (size_t i = 0; i < KEY_SIZE; i++) {
        int high = hex_value(digits[2 * i]);
        int low = hex_value(digits[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        bytes[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

static bool parse(const char *content, size_t length, struct rpc_mesh_key *key)
{
    static const unsigned char zero[KEY_SIZE];

    if (length == KEY_SIZE) {
        memcpy(key->bytes, content, KEY_SIZE);
    } else {
        // Editors and `openssl rand -hex` end the line.
        while (length > HEX_LENGTH && (content[length - 1] == '\n' || content[length - 1] == '\r'))
            length--;
        if (length != HEX_LENGTH || !read_hex(content, key->bytes))
            return false;
    }
    return !digest_equal(key->bytes, zero, KEY_SIZE);
}

static bool
read_open_file(int file, const char *path, struct rpc_mesh_key *key, struct error *error)
{
    char content[FILE_SIZE_MAX + 1];
    struct stat status;
    ssize_t length = 0;
    bool is_good = false;

    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
        return error_set(error, REASON_INVALID_SETTING, "the mesh key %s is not a file", path);
    if ((status.st_mode & S_IRWXO) != 0)
        return error_set(error, REASON_INVALID_SETTING,
                         "the mesh key %s can be read by everybody: chmod o= %s", path, path);
    length = read(file, content, sizeof content);
    is_good = length > 0 && parse(content, (size_t)length, key);
    digest_wipe(content, sizeof content);
    if (!is_good)
        return error_set(error, REASON_INVALID_SETTING,
                         "the mesh key %s is not 64 hexadecimal digits or 32 bytes, or is zero",
                         path);
    return true;
}

bool rpc_mesh_key_read(const char *path, struct rpc_mesh_key *out_key, struct error *error)
{
    struct rpc_mesh_key key;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    bool is_read = false;

    if (file < 0)
        return error_set(error, REASON_INVALID_SETTING, "the mesh key %s cannot be opened", path);
    is_read = read_open_file(file, path, &key, error);
    close(file);
    if (is_read)
        *out_key = key;
    digest_wipe(&key, sizeof key);
    return is_read;
}
