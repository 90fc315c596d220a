// SPDX-License-Identifier: MIT
#include "page_token.h"

#include "base/digest.h"
#include "base/utf8.h"
#include "money/money.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PLAIN_SIZE = 160 };

const char *
page_token_write(struct arena *arena, const char *kind, const struct page_position *position)
{
    char plain[PLAIN_SIZE];
    int length =
        snprintf(plain, sizeof plain, "%s %" PRId64 " %s", kind, position->number, position->text);
    char *token = arena_allocate(arena, PLAIN_SIZE * 2);

    if (token != NULL)
        digest_base64url(plain, (size_t)length, token, PLAIN_SIZE * 2);
    return token;
}

static bool read_plain(const char *plain, const char *kind, struct page_position *position)
{
    size_t kind_length = strlen(kind);
    const char *number = plain + kind_length + 1;
    const char *text;

    if (strncmp(plain, kind, kind_length) != 0 || plain[kind_length] != ' ')
        return false;
    text = strchr(number, ' ');
    if (text == NULL || strlen(text + 1) >= sizeof position->text)
        return false;
    (void)snprintf(position->text, sizeof position->text, "%s", text + 1);
    return decimal_parse((struct text){number, (size_t)(text - number)}, 0, &position->number) ==
           DECIMAL_FINE;
}

bool page_token_read(const char *token,
                     const char *kind,
                     struct page_position *out_position,
                     struct error *error)
{
    char plain[PLAIN_SIZE] = "";
    size_t length = 0;
    struct page_position position;

    if (!digest_base64url_decode(text_of(token), plain, sizeof plain - 1, &length) ||
        !utf8_is_valid(plain, length) || !read_plain(plain, kind, &position))
        return error_set(error, REASON_INVALID_PAGE_TOKEN,
                         "the page token was not made for a list of %s", kind);
    *out_position = position;
    return true;
}
