// SPDX-License-Identifier: MIT
// reading: the text of a template taken apart into literal parts and {{tags}}. Pure.
#pragma once

#include "template/template.h"

// A text that is being read: a file, or the inside of a block of one.
struct reading {
    char file[TEMPLATE_NAME_SIZE];
    struct text text;
    size_t at;
    int first_line;
};

// One {{tag}}: what stands in it, and the literal text before it.
struct tag {
    char kind; // one of # ^ / > < $ @ !, or 0 for a value
    struct text name;
    size_t begin; // in the text
    struct text literal;
    bool is_end_of_text; // there is none; the literal is the rest
};

// The line in its file of the byte at `at`, from 1.
int reading_line(const struct reading *reading, size_t at);

// Reads up to and with the next tag. A tag that is no value and stands alone on its line takes the
// whole line with it. False with what is wrong, and where.
MUST_CHECK bool reading_next(struct reading *reading,
                             struct tag *out_tag,
                             size_t *out_at,
                             const char **out_problem);

// Cuts `text` at the first `separator`, both parts trimmed. False, and nothing changed, when there
// is none.
bool reading_cut(struct text *text, char separator, struct text *out_rest);

bool text_same(struct text one, struct text other);
