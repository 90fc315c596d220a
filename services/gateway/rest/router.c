// SPDX-License-Identifier: MIT
#include "rest/router.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

struct segment {
    struct text text; // the literal, or the variable's name
    bool is_variable;
};

struct path {
    const struct router_entry *entry;
    struct segment segments[ROUTER_SEGMENTS_MAX];
    size_t count;
};

struct router {
    struct path *paths; // literals before variables
    size_t count;
};

// Cuts "/a/b" into its segments; returns how many, or SIZE_MAX when there are too many or one is
// empty.
static size_t split(struct text path, struct text segments[ROUTER_SEGMENTS_MAX])
{
    size_t count = 0;

    if (path.length > 1 && path.data[path.length - 1] == '/')
        path.length--;
    if (path.length == 0 || path.data[0] != '/')
        return SIZE_MAX;
    path.data++;
    path.length--;
    while (path.length > 0) {
        const char *slash = memchr(path.data, '/', path.length);
        size_t length = slash != NULL ? (size_t)(slash - path.data) : path.length;

        if (length == 0 || count == ROUTER_SEGMENTS_MAX || length + 1 == path.length)
            return SIZE_MAX;
        segments[count++] = (struct text){path.data, length};
        path.data += length + (slash != NULL);
        path.length -= length + (slash != NULL);
    }
    return count;
}

static void compile(const struct router_entry *entry, struct path *path)
{
    struct text segments[ROUTER_SEGMENTS_MAX];

    path->entry = entry;
    path->count = split(text_of(entry->path), segments);
    if (path->count == SIZE_MAX)
        abort();
    for (size_t i = 0; i < path->count; i++) {
        struct segment *segment = &path->segments[i];

        segment->text = segments[i];
        segment->is_variable = segments[i].data[0] == '{';
        if (segment->is_variable) {
            assert(segments[i].data[segments[i].length - 1] == '}');
            segment->text = (struct text){segments[i].data + 1, segments[i].length - 2};
        }
    }
}

static int compare_paths(const void *one, const void *other)
{
    const struct path *a = one;
    const struct path *b = other;

    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    for (size_t i = 0; i < a->count; i++)
        if (a->segments[i].is_variable != b->segments[i].is_variable)
            return a->segments[i].is_variable ? 1 : -1;
    return 0;
}

struct router *router_new(const struct router_entry *entries, size_t count)
{
    struct router *router = allocate(sizeof *router);

    router->count = count;
    router->paths = allocate_array(count, sizeof *router->paths);
    for (size_t i = 0; i < count; i++)
        compile(&entries[i], &router->paths[i]);
    qsort(router->paths, count, sizeof *router->paths, compare_paths);
    return router;
}

void router_free(struct router **router)
{
    if (*router == NULL)
        return;
    release((*router)->paths);
    release(*router);
    *router = NULL;
}

static bool
fits(const struct path *path, const struct text segments[ROUTER_SEGMENTS_MAX], size_t count)
{
    if (path->count != count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!path->segments[i].is_variable &&
            (path->segments[i].text.length != segments[i].length ||
             memcmp(path->segments[i].text.data, segments[i].data, segments[i].length) != 0))
            return false;
    return true;
}

static void take_variables(const struct path *path,
                           const struct text segments[ROUTER_SEGMENTS_MAX],
                           struct router_match *match)
{
    for (size_t i = 0; i < path->count; i++) {
        if (!path->segments[i].is_variable)
            continue;
        assert(match->variable_count < ROUTER_VARIABLES_MAX);
        match->variables[match->variable_count].name = path->segments[i].text;
        match->variables[match->variable_count].value = segments[i];
        match->variable_count++;
    }
}

// Adds the methods that go with `method` to a set of bits, one for each of `methods`.
static unsigned add_allowed(unsigned allowed, const char *method)
{
    for (size_t i = 0; i < COUNT_OF(methods); i++)
        if (strcmp(methods[i], method) == 0)
            allowed |= 1u << i;
    return strcmp(method, "GET") == 0 ? add_allowed(allowed, "HEAD") : allowed;
}

static void print_allowed(unsigned allowed, char allow[ROUTER_ALLOW_SIZE])
{
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        size_t length = strlen(allow);

        if ((allowed & 1u << i) != 0)
            snprintf(allow + length, ROUTER_ALLOW_SIZE - length, "%s%s", length > 0 ? ", " : "",
                     methods[i]);
    }
}

enum router_outcome router_find(const struct router *router,
                                const char *http_method,
                                struct text path,
                                struct router_match *out_match)
{
    struct text segments[ROUTER_SEGMENTS_MAX];
    size_t count = split(path, segments);
    const char *wanted = strcmp(http_method, "HEAD") == 0 ? "GET" : http_method;

    unsigned allowed = 0;

    out_match->variable_count = 0;
    out_match->allow[0] = '\0';
    for (size_t i = 0; count != SIZE_MAX && i < router->count; i++) {
        const struct path *candidate = &router->paths[i];

        if (!fits(candidate, segments, count))
            continue;
        if (strcmp(candidate->entry->http_method, wanted) == 0) {
            out_match->entry = candidate->entry;
            take_variables(candidate, segments, out_match);
            return ROUTER_FOUND;
        }
        allowed = add_allowed(allowed, candidate->entry->http_method);
    }
    if (allowed == 0)
        return ROUTER_NO_SUCH_PATH;
    print_allowed(add_allowed(allowed, "OPTIONS"), out_match->allow);
    return ROUTER_OTHER_METHOD;
}
