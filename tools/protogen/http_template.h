// SPDX-License-Identifier: MIT
// http_template: a path such as "/api/v1/orders/{order_id}/fills", taken apart.
//
// Only literals, {field} as a whole segment, and a ":verb" at the end of the last one are
// understood; all else that google.api.http knows is refused.
#pragma once

#include "base/arena.h"

enum { HTTP_SEGMENTS_MAX = 16 };

struct http_segment {
    bool is_variable;
    const char *text; // the literal, or the field's name
};

struct http_template {
    struct http_segment segments[HTTP_SEGMENTS_MAX];
    size_t count;
    const char *verb; // what follows the ":"; "" for none
};

// Reads `path` into `arena`. NULL with a sentence in `*out_problem` when it is not such a path.
struct http_template *
http_template_parse(struct arena *arena, const char *path, const char **out_problem);

// Orders templates so that the one to try first is less: literals before variables.
int http_template_compare(const struct http_template *one, const struct http_template *other);

// True when both match exactly the same addresses, whatever their variables are called.
bool http_template_same_shape(const struct http_template *one, const struct http_template *other);
