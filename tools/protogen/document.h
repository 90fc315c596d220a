// SPDX-License-Identifier: MIT
// document: writes JSON for people, indented, with commas where they belong.
//
// `key` is the member's name inside an object, NULL inside a list.
#pragma once

#include "base/strbuf.h"

struct document {
    struct strbuf *out;
    int depth;
    bool needs_comma;
};

void document_open(struct document *document, const char *key, char bracket);
void document_close(struct document *document, char bracket);
void document_string(struct document *document, const char *key, const char *value);
void document_integer(struct document *document, const char *key, int64_t value);
void document_bool(struct document *document, const char *key, bool value);

// A value that is JSON already.
void document_raw(struct document *document, const char *key, const char *json);

// {"$ref": "#/components/<kind>/<name>"} as a value.
void document_reference(struct document *document,
                        const char *key,
                        const char *kind,
                        const char *name);
