// SPDX-License-Identifier: MIT
// reply_json: the JSON of a provider's reply as a tree, numbers as the text they were sent as.
//
// A tree, because what a reply means is decided by its shape before its data is looked at. The
// reading is that of lib/message: strict, and no number becomes a double.
//
// Threads: pure functions. Memory: the tree lies in the arena, whose budget bounds it, and borrows
// the text.
#pragma once

#include "message/json_syntax.h"

struct reply_value {
    enum json_type type;
    struct text text;          // of a string, or of a number as it stands there
    struct text name;          // within an object
    struct reply_value *first; // of an object or array
    struct reply_value *next;
    size_t count; // of an object or array
};

// Fails with MALFORMED_REQUEST and the place, or with OUT_OF_MEMORY_BUDGET.
MUST_CHECK bool reply_json_parse(struct text body,
                                 struct arena *arena,
                                 const struct reply_value **out_value,
                                 struct error *error);

// The member of an object; NULL when `value` is NULL, no object, or has none of that name.
const struct reply_value *reply_json_member(const struct reply_value *value, const char *name);

// The string there; the empty text when there is none.
struct text reply_json_string(const struct reply_value *value, const char *name);

// The text of a number, or of a string, as some providers write numbers; false when it is neither.
MUST_CHECK bool
reply_json_number(const struct reply_value *value, const char *name, struct text *out_text);
