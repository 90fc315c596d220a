// SPDX-License-Identifier: MIT
#include "providers/redaction.h"

#include <string.h>

static char lower(char character)
{
    return character >= 'A' && character <= 'Z' ? (char)(character - 'A' + 'a') : character;
}

// The longest run of the key's characters that begins at `text`.
static size_t longest_run(const char *text, const char *key)
{
    size_t longest = 0;

    for (; *key != '\0'; key++) {
        size_t length = 0;

        while (text[length] != '\0' && key[length] != '\0' &&
               lower(text[length]) == lower(key[length]))
            length++;
        if (length > longest)
            longest = length;
    }
    return longest;
}

void redact(char *text, const char *key)
{
    size_t least = strlen(key) < REDACTION_RUN ? strlen(key) : REDACTION_RUN;

    if (least == 0)
        return;
    while (*text != '\0') {
        size_t run = longest_run(text, key);

        if (run >= least)
            memset(text, '*', run);
        text += run >= least ? run : 1;
    }
}
