// SPDX-License-Identifier: MIT
#include "rpc/rpc.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"

enum {
    HEX_LENGTH = 2 * KEY_SIZE,
    KEYS_MAX = 2,
    FILE_SIZE_MAX = KEYS_MAX * (HEX_LENGTH + 2), // lines may end as on Windows
};

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

static bool is_zero(const unsigned char bytes[KEY_SIZE])
{
    static const unsigned char zero[KEY_SIZE];

    return digest_equal(bytes, zero, KEY_SIZE);
}

// Takes the first line off `rest`, without its end.
static struct text take_line(struct text *rest)
{
    const char *end = memchr(rest->data, '\n', rest->length);
    struct text line = {rest->data, end != NULL ? (size_t)(end - rest->data) : rest->length};
    size_t taken = line.length + (end != NULL ? 1 : 0);

    rest->data += taken;
    rest->length -= taken;
    if (line.length > 0 && line.data[line.length - 1] == '\r')
        line.length--;
    return line;
}

static bool
parse_lines(struct text content, const char *path, struct rpc_mesh_key *key, struct error *error)
{
    unsigned char *const places[KEYS_MAX] = {key->bytes, key->second};
    size_t count = 0;

    // Editors and `openssl rand -hex` end the line.
    while (content.length > 0 &&
           (content.data[content.length - 1] == '\n' || content.data[content.length - 1] == '\r'))
        content.length--;
    do {
        struct text line = take_line(&content);

        if (count == KEYS_MAX)
            return error_set(error, REASON_INVALID_SETTING,
                             "the mesh key %s has more than %d lines, which is one for each key",
                             path, KEYS_MAX);
        if (line.length != HEX_LENGTH || !read_hex(line.data, places[count]))
            return error_set(
                error, REASON_INVALID_SETTING,
                "line %zu of the mesh key %s is not %d hexadecimal digits, and the file "
                "is not %d bytes",
                count + 1, path, HEX_LENGTH, KEY_SIZE);
        count++;
    } while (content.length > 0);
    key->has_second = count == KEYS_MAX;
    return true;
}

static bool
parse(struct text content, const char *path, struct rpc_mesh_key *key, struct error *error)
{
    if (content.length == KEY_SIZE)
        memcpy(key->bytes, content.data, KEY_SIZE);
    else if (!parse_lines(content, path, key, error))
        return false;
    if (is_zero(key->bytes) || (key->has_second && is_zero(key->second)))
        return error_set(error, REASON_INVALID_SETTING, "a key in the mesh key %s is zero", path);
    if (key->has_second && digest_equal(key->bytes, key->second, KEY_SIZE))
        return error_set(error, REASON_INVALID_SETTING,
                         "both lines of the mesh key %s are the same key", path);
    return true;
}

static bool
read_open_file(int file, const char *path, struct rpc_mesh_key *key, struct error *error)
{
    char content[FILE_SIZE_MAX + 1];
    struct stat status;
    ssize_t length = 0;
    bool is_read = false;

    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
        return error_set(error, REASON_INVALID_SETTING, "the mesh key %s is not a file", path);
    if ((status.st_mode & S_IRWXO) != 0)
        return error_set(error, REASON_INVALID_SETTING,
                         "the mesh key %s can be read by everybody: chmod o= %s", path, path);
    length = read(file, content, sizeof content);
    if (length < 0)
        return error_set(error, REASON_INVALID_SETTING, "the mesh key %s cannot be read", path);
    if (length > FILE_SIZE_MAX)
        error_set(error, REASON_INVALID_SETTING,
                  "the mesh key %s has more than %d bytes, which is room for %d keys", path,
                  FILE_SIZE_MAX, KEYS_MAX);
    else
        is_read = parse((struct text){content, (size_t)length}, path, key, error);
    digest_wipe(content, sizeof content);
    return is_read;
}

bool rpc_mesh_key_read(const char *path, struct rpc_mesh_key *out_key, struct error *error)
{
    struct rpc_mesh_key key = {.has_second = false};
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
