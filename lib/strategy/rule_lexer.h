// SPDX-License-Identifier: MIT
// rule_lexer: the words of a rule, one by one. For the inside of this library.
#pragma once

#include "strategy/rule.h"

enum rule_token_kind {
    RULE_TOKEN_END,
    RULE_TOKEN_NUMBER,
    RULE_TOKEN_NAME,
    RULE_TOKEN_SYMBOL,  // one of ( ) [ ] , + - * / < <= > >=
    RULE_TOKEN_UNKNOWN, // a character that belongs to none of these, or a number that is none
};

struct rule_token {
    enum rule_token_kind kind;
    struct text text;
    size_t column; // in characters, from 1
};

struct rule_lexer {
    struct text rest;
    size_t column;
};

// Takes the next word; at the end that is RULE_TOKEN_END, again and again.
struct rule_token rule_lexer_next(struct rule_lexer *lexer);

bool rule_token_is(const struct rule_token *token, const char *text);
