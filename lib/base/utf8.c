// SPDX-License-Identifier: MIT
#include "base/utf8.h"

#include <string.h>

// Table 3-7 of the Unicode standard: what the second byte may be depends on the first.
size_t utf8_sequence_length(const char *data, size_t length)
{
    const unsigned char *byte = (const unsigned char *)data;
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    size_t size = 0;

    if (length == 0)
        return 0;
    if (byte[0] < 0x80)
        return 1;
    if (byte[0] >= 0xc2 && byte[0] <= 0xdf)
        size = 2;
    else if (byte[0] >= 0xe0 && byte[0] <= 0xef)
        size = 3;
    else if (byte[0] >= 0xf0 && byte[0] <= 0xf4)
        size = 4;
    if (size == 0 || size > length)
        return 0;
    if (byte[0] == 0xe0)
        low = 0xa0;
    if (byte[0] == 0xed)
        high = 0x9f;
    if (byte[0] == 0xf0)
        low = 0x90;
    if (byte[0] == 0xf4)
        high = 0x8f;
    if (byte[1] < low || byte[1] > high)
        return 0;
    for (size_t i = 2; i < size; i++)
        if ((byte[i] & 0xc0) != 0x80)
            return 0;
    return size;
}

bool utf8_is_valid(const char *data, size_t length)
{
    size_t at = 0;

    // An empty text may have no data at all.
    if (length > 0 && memchr(data, '\0', length) != NULL)
        return false;
    while (at < length) {
        size_t size = utf8_sequence_length(data + at, length - at);
        if (size == 0)
            return false;
        at += size;
    }
    return true;
}

size_t utf8_count(const char *data, size_t length)
{
    size_t count = 0;

    for (size_t i = 0; i < length; i++)
        if (((unsigned char)data[i] & 0xc0) != 0x80)
            count++;
    return count;
}
