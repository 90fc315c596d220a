// SPDX-License-Identifier: MIT
#include "strategy/rule_lexer.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static char at(const struct rule_lexer *lexer, size_t index)
{
    return index < lexer->rest.length ? lexer->rest.data[index] : '\0';
}

// Digits, and if there is a point, digits after it.
static size_t number_length(const struct rule_lexer *lexer)
{
    size_t length = 0;

    while (is_digit(at(lexer, length)))
        length++;
    if (at(lexer, length) != '.')
        return length;
    length++;
    while (is_digit(at(lexer, length)))
        length++;
    return length;
}

static size_t name_length(const struct rule_lexer *lexer)
{
    size_t length = 0;

    while (is_letter(at(lexer, length)) || is_digit(at(lexer, length)))
        length++;
    return length;
}

// A character of UTF-8, or one byte that is not the beginning of one.
static size_t character_length(const struct rule_lexer *lexer)
{
    size_t length = 1;

    while (length < 4 && length < lexer->rest.length &&
           ((unsigned char)lexer->rest.data[length] & 0xc0) == 0x80)
        length++;
    return length;
}

static struct rule_token take(struct rule_lexer *lexer, enum rule_token_kind kind, size_t length)
{
    struct rule_token token = {kind, {lexer->rest.data, length}, lexer->column};

    lexer->rest.data += length;
    lexer->rest.length -= length;
    // All words are of ASCII; what is not is one character.
    lexer->column += kind == RULE_TOKEN_UNKNOWN && !is_digit(token.text.data[0]) ? 1 : length;
    return token;
}

// Letters that stand at a number belong to it, so that "2x" is said to be no number. So does a
// point without digits after it.
static struct rule_token take_number(struct rule_lexer *lexer)
{
    size_t length = number_length(lexer);
    bool is_number = lexer->rest.data[length - 1] != '.';

    while (is_letter(at(lexer, length)) || is_digit(at(lexer, length)) ||
           at(lexer, length) == '.') {
        is_number = false;
        length++;
    }
    return take(lexer, is_number ? RULE_TOKEN_NUMBER : RULE_TOKEN_UNKNOWN, length);
}

struct rule_token rule_lexer_next(struct rule_lexer *lexer)
{
    char c = '\0';

    while (lexer->rest.length > 0 && is_blank(lexer->rest.data[0])) {
        lexer->rest.data++;
        lexer->rest.length--;
        lexer->column++;
    }
    if (lexer->rest.length == 0)
        return take(lexer, RULE_TOKEN_END, 0);
    c = lexer->rest.data[0];
    if (is_digit(c))
        return take_number(lexer);
    if (is_letter(c))
        return take(lexer, RULE_TOKEN_NAME, name_length(lexer));
    if ((c == '<' || c == '>') && at(lexer, 1) == '=')
        return take(lexer, RULE_TOKEN_SYMBOL, 2);
    if (c != '\0' && strchr("()[],+-*/<>", c) != NULL)
        return take(lexer, RULE_TOKEN_SYMBOL, 1);
    return take(lexer, RULE_TOKEN_UNKNOWN, character_length(lexer));
}

bool rule_token_is(const struct rule_token *token, const char *text)
{
    return (token->kind == RULE_TOKEN_SYMBOL || token->kind == RULE_TOKEN_NAME) &&
           text_equals(token->text, text);
}
