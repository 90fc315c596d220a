// SPDX-License-Identifier: MIT
// html_context: where in a page of HTML one is, so that what is put there can be escaped for it.
//
// Follows the literal parts of a template through the states of the HTML Living Standard's
// tokenization (section 13.2.5) that a template needs, and refuses what would make a value's place
// unclear or needs a script inside the page: attributes without double quotes, comments, the
// insides of <script> and <style>, event handlers and style attributes. Pure.
#pragma once

#include "base/base.h"

enum html_place {
    HTML_TEXT,      // between tags; also in <title> and <textarea>
    HTML_TAG_BEGIN, // after <
    HTML_TAG_NAME,
    HTML_TAG, // in a tag, between or in the names of attributes
    HTML_ATTRIBUTE_NAME,
    HTML_ATTRIBUTE_EQUALS,
    HTML_ATTRIBUTE,   // in a value
    HTML_DECLARATION, // <!doctype html>
};

enum { HTML_NAME_SIZE = 32 };

struct html_context {
    enum html_place place;
    char tag[HTML_NAME_SIZE]; // the last one's name, in lower case
    char attribute[HTML_NAME_SIZE];
    bool is_closing_tag;
    bool is_address;    // the attribute holds a URL
    bool has_beginning; // something of the attribute's value has been written
    bool is_script;     // in the text of <script>
};

// Takes a literal part. False with what is wrong with it, and at which byte.
MUST_CHECK bool html_context_advance(struct html_context *context,
                                     struct text literal,
                                     size_t *out_at,
                                     const char **out_problem);

// Whether a value may stand here; the problem otherwise. The context then stands behind it.
MUST_CHECK bool html_context_value(struct html_context *context, const char **out_problem);

// Whether two ways that meet are at the same place, so that what follows means the same.
bool html_context_same(const struct html_context *one, const struct html_context *other);
