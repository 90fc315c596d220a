// SPDX-License-Identifier: MIT
#include "http_template.h"

#include <stdlib.h>
#include <string.h>

// A generator without memory has nothing to say.
static void *present(void *pointer)
{
    if (pointer == NULL)
        abort();
    return pointer;
}

static bool all_of(const char *text, size_t length, const char *allowed)
{
    for (size_t i = 0; i < length; i++)
        if (strchr(allowed, text[i]) == NULL)
            return false;
    return length > 0;
}

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define LITERAL LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS "-_."

static const char *
parse_segment(struct arena *arena, const char *text, size_t length, struct http_segment *out)
{
    if (length == 0)
        return "write the path without empty segments and without a slash at the end";
    if (text[0] != '{') {
        if (!all_of(text, length, LITERAL))
            return "write path segments of letters, digits, '-', '_' and '.', or as {field}";
        out->text = present(arena_copy(arena, text, length));
        return NULL;
    }
    if (length < 3 || text[length - 1] != '}' || !all_of(text + 1, length - 2, LOWER DIGITS "_"))
        return "write a path variable as {field}, alone in its segment";
    out->is_variable = true;
    out->text = present(arena_copy(arena, text + 1, length - 2));
    return NULL;
}

struct http_template *
http_template_parse(struct arena *arena, const char *path, const char **out_problem)
{
    struct http_template *template = present(arena_allocate(arena, sizeof *template));
    const char *colon = strrchr(path, ':');
    size_t length = strlen(path);
    size_t at = 0;

    template->verb = "";
    *out_problem = NULL;
    if (path[0] != '/')
        *out_problem = "write the path with a slash at its beginning";
    if (colon != NULL) {
        length = (size_t)(colon - path);
        template->verb = present(arena_copy_string(arena, colon + 1));
        if (!all_of(template->verb, strlen(template->verb), LOWER "-"))
            *out_problem = "write the verb after the ':' in lower-case letters, at the end";
    }
    while (*out_problem == NULL && at < length) {
        size_t size = strcspn(path + at + 1, "/");

        if (at + 1 + size > length)
            size = length - at - 1;
        if (template->count == HTTP_SEGMENTS_MAX)
            *out_problem = "write a path of at most 16 segments";
        else
            *out_problem =
                parse_segment(arena, path + at + 1, size, &template->segments[template->count++]);
        at += size + 1;
    }
    return *out_problem == NULL ? template : NULL;
}

int http_template_compare(const struct http_template *one, const struct http_template *other)
{
    for (size_t i = 0; i < one->count && i < other->count; i++) {
        const struct http_segment *left = &one->segments[i];
        const struct http_segment *right = &other->segments[i];
        int order = 0;

        if (left->is_variable != right->is_variable)
            return left->is_variable ? 1 : -1;
        if (!left->is_variable)
            order = strcmp(left->text, right->text);
        if (order != 0)
            return order;
    }
    if (one->count != other->count)
        return one->count < other->count ? -1 : 1;
    return strcmp(one->verb, other->verb);
}

bool http_template_same_shape(const struct http_template *one, const struct http_template *other)
{
    return http_template_compare(one, other) == 0;
}
