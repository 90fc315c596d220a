// SPDX-License-Identifier: MIT
#include "symbol_search.h"

#include <string.h>

// What the store replaces by blanks in names before it looks for words.
static const char PUNCTUATION[] = "-.,/&()'";

static bool is_blank(char character)
{
    return character == ' ' || character == '\t' || strchr(PUNCTUATION, character) != NULL;
}

static char to_upper(char character)
{
    return character >= 'a' && character <= 'z' ? (char)(character - 'a' + 'A') : character;
}

static char to_lower(char character)
{
    return character >= 'A' && character <= 'Z' ? (char)(character - 'A' + 'a') : character;
}

static struct text trim(const char *typed)
{
    struct text text = text_of(typed);

    while (text.length > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text.data++;
        text.length--;
    }
    while (text.length > 0 &&
           (text.data[text.length - 1] == ' ' || text.data[text.length - 1] == '\t'))
        text.length--;
    return text;
}

// `before`, then the text with LIKE's own characters escaped, then "%".
static char *
make_pattern(struct arena *arena, const char *before, struct text text, bool is_of_names)
{
    char *pattern = arena_allocate(arena, strlen(before) + 2 * text.length + 2);
    char *out = pattern;

    if (pattern == NULL)
        return NULL;
    while (*before != '\0')
        *out++ = *before++;
    for (size_t i = 0; i < text.length; i++) {
        char character = text.data[i];

        if (is_of_names)
            character = is_blank(character) ? ' ' : to_lower(character);
        else
            character = to_upper(character);
        if (strchr("\\%_", character) != NULL)
            *out++ = '\\';
        *out++ = character;
    }
    *out++ = '%';
    *out = '\0';
    return pattern;
}

bool symbol_search_read(struct arena *arena, const char *typed, struct symbol_search *out_search)
{
    struct text text = trim(typed);
    char *ticker = arena_copy(arena, text.data, text.length);
    struct symbol_search search = {
        .ticker = ticker,
        .ticker_prefix = make_pattern(arena, "", text, false),
        .name_prefix = make_pattern(arena, " ", text, true),
        .name_word = make_pattern(arena, "% ", text, true),
    };

    if (ticker == NULL || search.ticker_prefix == NULL || search.name_prefix == NULL ||
        search.name_word == NULL)
        return false;
    for (char *character = ticker; *character != '\0'; character++)
        *character = to_upper(*character);
    *out_search = search;
    return true;
}
