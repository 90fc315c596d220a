// SPDX-License-Identifier: MIT
#include "pages/local_path.h"

#include <string.h>

// Of RFC 3986 what needs no escape in a path and a query, and the escape itself.
static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~/?%&=+:@,;!$'()*", c) != NULL);
}

bool local_path_is_valid(const char *path)
{
    size_t length = strlen(path);
    size_t path_length = strcspn(path, "?");

    if (length == 0 || length > LOCAL_PATH_MAX || path[0] != '/')
        return false;
    for (size_t i = 0; i < length; i++)
        if (!is_plain(path[i]))
            return false;
    for (size_t i = 0; i + 1 < path_length; i++)
        if ((path[i] == '/' && path[i + 1] == '/') || (path[i] == '.' && path[i + 1] == '.'))
            return false;
    return true;
}
