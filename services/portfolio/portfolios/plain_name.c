// SPDX-License-Identifier: MIT
#include "portfolios/plain_name.h"

#include <string.h>

// The no-break space, which in a name looks as any other.
static const char no_break[] = "\xC2\xA0";

static bool begins_blank(const char *name)
{
    return name[0] == ' ' || strncmp(name, no_break, 2) == 0;
}

static bool ends_blank(const char *name)
{
    size_t length = strlen(name);

    return (length >= 1 && name[length - 1] == ' ') ||
           (length >= 2 && strcmp(name + length - 2, no_break) == 0);
}

static bool has_control(const char *name)
{
    for (const unsigned char *at = (const unsigned char *)name; *at != '\0'; at++) {
        // C0, DEL, and in UTF-8 C1.
        if (*at < 0x20 || *at == 0x7F || (*at == 0xC2 && at[1] < 0xA0))
            return true;
    }
    return false;
}

bool plain_name_check(const char *field, const char *name, struct error *error)
{
    error_clear(error);
    if (begins_blank(name) || ends_blank(name))
        error_add_violation(error, field, "must not begin or end with a blank");
    if (has_control(name))
        error_add_violation(error, field, "must be one line without control characters");
    return error->code == CODE_OK;
}
