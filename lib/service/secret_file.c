// SPDX-License-Identifier: MIT
#include "service/secret_file.h"

#include "base/digest.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_SIZE_MAX = 8192 };

static bool take(const char *setting,
                 const char *path,
                 struct text content,
                 struct strbuf *out_secret,
                 struct error *error)
{
    // Editors end the line.
    while (content.length > 0 &&
           (content.data[content.length - 1] == '\n' || content.data[content.length - 1] == '\r'))
        content.length--;
    if (content.length == 0)
        return error_set(error, REASON_INVALID_SETTING, "--%s-file: %s is empty", setting, path);
    if (content.length > out_secret->maximum)
        return error_set(error, REASON_INVALID_SETTING, "--%s-file: %s is longer than %zu bytes",
                         setting, path, out_secret->maximum);
    if (memchr(content.data, '\n', content.length) != NULL ||
        memchr(content.data, '\0', content.length) != NULL)
        return error_set(error, REASON_INVALID_SETTING,
                         "--%s-file: %s has more than one line of text", setting, path);
    strbuf_reset(out_secret);
    strbuf_append_text(out_secret, content);
    return true;
}

static bool read_open_file(
    int file, const char *setting, const char *path, struct strbuf *out_secret, struct error *error)
{
    char content[FILE_SIZE_MAX];
    struct stat status;
    ssize_t length = 0;
    bool is_read = false;

    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
        return error_set(error, REASON_INVALID_SETTING, "--%s-file: %s is not a file", setting,
                         path);
    if ((status.st_mode & S_IRWXO) != 0)
        return error_set(error, REASON_INVALID_SETTING,
                         "--%s-file: %s can be read by everybody: chmod o= %s", setting, path,
                         path);
    length = read(file, content, sizeof content);
    if (length < 0)
        return error_set(error, REASON_INVALID_SETTING, "--%s-file: %s cannot be read", setting,
                         path);
    is_read = take(setting, path, (struct text){content, (size_t)length}, out_secret, error);
    digest_wipe(content, sizeof content);
    return is_read;
}

bool secret_file_read(const char *setting,
                      const char *path,
                      struct strbuf *out_secret,
                      struct error *error)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool is_read = false;

    if (file < 0)
        return error_set(error, REASON_INVALID_SETTING, "--%s-file: %s cannot be opened", setting,
                         path);
    is_read = read_open_file(file, setting, path, out_secret, error);
    close(file);
    return is_read;
}
