// SPDX-License-Identifier: MIT
#include "providers/reply_json.h"

#include <string.h>

enum { DEPTH_MAX = 12 }; // no reply of any provider is nested deeper than 8

struct tree {
    struct json json;
    struct arena *arena;
    struct reply_value *open[DEPTH_MAX]; // what the place reached is inside of
    struct reply_value *last[DEPTH_MAX]; // the latest value in each
    size_t depth;
};

// Adds an empty value where the tree is open; NULL once the budget is spent.
static struct reply_value *add(struct tree *tree, struct text name)
{
    struct reply_value *value = arena_allocate(tree->arena, sizeof *value);

    if (value == NULL) {
        (void)error_set(tree->json.error, REASON_OUT_OF_MEMORY_BUDGET, "the reply is too large");
        return NULL;
    }
    value->name = name;
    if (tree->depth > 0) {
        struct reply_value **last = &tree->last[tree->depth - 1];

        if (*last == NULL)
            tree->open[tree->depth - 1]->first = value;
        else
            (*last)->next = value;
        *last = value;
        tree->open[tree->depth - 1]->count++;
    }
    return value;
}

// Reads a value; of an object or array its opening bracket alone.
static bool read_value(struct tree *tree, struct reply_value *value)
{
    struct json *json = &tree->json;

    value->type = json_peek(json);
    switch (value->type) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        json->at++;
        if (tree->depth == DEPTH_MAX)
            return json_fail(json, "this is nested too deeply");
        tree->open[tree->depth] = value;
        tree->last[tree->depth] = NULL;
        tree->depth++;
        return true;
    case JSON_STRING:
        return json_read_string(json, tree->arena, &value->text);
    case JSON_NUMBER:
        return json_number(json, &value->text);
    case JSON_NOTHING:
        return json_fail(json, "a value is expected here");
    default:
        return json_literal(json, value->type);
    }
}

// Closes what ends at the place reached. `out_is_open` says whether another value has to follow.
static bool close_ended(struct tree *tree, bool *out_is_open)
{
    while (tree->depth > 0) {
        const struct reply_value *open = tree->open[tree->depth - 1];

        if (!json_take(&tree->json, open->type == JSON_OBJECT ? '}' : ']')) {
            *out_is_open = true;
            return open->count == 0 || json_take(&tree->json, ',') ||
                   json_fail(&tree->json, "a comma or a closing bracket is expected here");
        }
        tree->depth--;
    }
    *out_is_open = false;
    return true;
}

// A name that is there twice would let a reply say two things.
static bool read_name(struct tree *tree, struct text *out_name)
{
    const struct reply_value *open = tree->open[tree->depth - 1];

    if (open->type != JSON_OBJECT)
        return true;
    return json_name(&tree->json, tree->arena, out_name);
}

bool reply_json_parse(struct text body,
                      struct arena *arena,
                      const struct reply_value **out_value,
                      struct error *error)
{
    struct tree tree = {.json = json_of(body, error), .arena = arena};
    struct reply_value *root = add(&tree, (struct text){0});
    bool is_open = true;

    if (root == NULL || !read_value(&tree, root) || !close_ended(&tree, &is_open))
        return false;
    while (is_open) {
        struct text name = {0};
        struct reply_value *value;

        if (!read_name(&tree, &name))
            return false;
        value = add(&tree, name);
        if (value == NULL || !read_value(&tree, value) || !close_ended(&tree, &is_open))
            return false;
    }
    if (!json_at_end(&tree.json))
        return json_fail(&tree.json, "text follows the end");
    *out_value = root;
    return true;
}

const struct reply_value *reply_json_member(const struct reply_value *value, const char *name)
{
    const struct reply_value *found = NULL;

    if (value == NULL || value->type != JSON_OBJECT)
        return NULL;
    for (const struct reply_value *member = value->first; member != NULL; member = member->next) {
        if (!text_equals(member->name, name))
            continue;
        // One that is there twice says two things, so it says nothing.
        if (found != NULL)
            return NULL;
        found = member;
    }
    return found;
}

struct text reply_json_string(const struct reply_value *value, const char *name)
{
    const struct reply_value *member = reply_json_member(value, name);

    return member != NULL && member->type == JSON_STRING ? member->text : (struct text){0};
}

bool reply_json_number(const struct reply_value *value, const char *name, struct text *out_text)
{
    const struct reply_value *member = reply_json_member(value, name);

    if (member == NULL || (member->type != JSON_STRING && member->type != JSON_NUMBER))
        return false;
    *out_text = member->text;
    return true;
}
