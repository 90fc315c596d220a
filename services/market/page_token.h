// SPDX-License-Identifier: MIT
// page_token: where the next page of a list begins, in a form that clients hand back unread.
#pragma once

#include "base/arena.h"
#include "base/error.h"

enum { PAGE_TOKEN_TEXT_SIZE = 64 };

// A position in a list: what it is sorted by, a number and then a text.
struct page_position {
    int64_t number;
    char text[PAGE_TOKEN_TEXT_SIZE];
};

// Writes a token for a list of that kind ("symbols"). NULL when the arena's budget is spent.
MUST_CHECK const char *
page_token_write(struct arena *arena, const char *kind, const struct page_position *position);

// Reads one; fails with INVALID_PAGE_TOKEN when it was not made for a list of that kind.
MUST_CHECK bool page_token_read(const char *token,
                                const char *kind,
                                struct page_position *out_position,
                                struct error *error);
