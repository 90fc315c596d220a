// SPDX-License-Identifier: MIT
#include "base/tracestate.h"

#include <stdio.h>
#include <string.h>

enum { KEY_MAX = 256, VALUE_MAX = 256 };

#define KEY_BEGINS "abcdefghijklmnopqrstuvwxyz0123456789"
#define KEY_GOES_ON KEY_BEGINS "_-*/@"
#define BLANKS " \t"

// The length of the member at `text`, up to the comma or the end and without blanks around it; 0
// when it is malformed.
static size_t member_length(const char *text)
{
    size_t key = strspn(text, KEY_GOES_ON);
    const char *value = text + key + 1;
    size_t length = 0;

    if (key == 0 || key > KEY_MAX || strchr(KEY_BEGINS, text[0]) == NULL || text[key] != '=')
        return 0;
    while (value[length] >= ' ' && value[length] <= '~' && value[length] != ',' &&
           value[length] != '=')
        length++;
    if (value[length + strspn(value + length, BLANKS)] != ',' &&
        value[length + strspn(value + length, BLANKS)] != '\0')
        return 0;
    while (length > 0 && value[length - 1] == ' ')
        length--;
    return length > 0 && length <= VALUE_MAX ? key + 1 + length : 0;
}

static size_t count_members(const char *state)
{
    size_t count = state[0] != '\0';

    for (; *state != '\0'; state++)
        count += *state == ',';
    return count;
}

static bool has_key(const char *state, const char *member)
{
    size_t key = strcspn(member, "=") + 1;

    for (; *state != '\0'; state += strcspn(state, ","), state += *state == ',')
        if (strncmp(state, member, key) == 0)
            return true;
    return false;
}

// Whether it was appended, or left out.
static bool append_member(char *state, const char *member, size_t length)
{
    size_t at = strlen(state);

    if (at + (at > 0) + length >= TRACESTATE_SIZE)
        return false;
    snprintf(state + at, TRACESTATE_SIZE - at, "%s%.*s", at > 0 ? "," : "", (int)length, member);
    return true;
}

bool tracestate_append(char state[TRACESTATE_SIZE], const char *header)
{
    bool is_long = strlen(header) >= TRACESTATE_SIZE;
    size_t count = count_members(state);
    bool is_full = false;

    while (header += strspn(header, BLANKS), *header != '\0') {
        size_t length = 0;

        // Members may be empty.
        if (*header == ',') {
            header++;
            continue;
        }
        length = member_length(header);
        if (length == 0 || ++count > TRACESTATE_MEMBERS_MAX || has_key(state, header))
            return false;
        if (!is_full && !(is_long && length > TRACESTATE_MEMBER_LONG))
            is_full = !append_member(state, header, length);
        header += length + strspn(header + length, BLANKS);
        header += *header == ',';
    }
    return true;
}
