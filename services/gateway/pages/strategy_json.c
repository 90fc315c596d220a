// SPDX-License-Identifier: MIT
#include "pages/strategy_json.h"

#include "message/json_syntax.h"

#include <stdio.h>
#include <string.h>

enum { FIELD_NAME_SIZE = 96, WEIGHTS_BYTES_MAX = 2000 };
#define BLANKS ", :=\t\r\n"

// The next member of an object that has been entered; false at its end, and when it is broken.
static bool
next_member(struct json *json, struct arena *arena, bool *is_first, struct text *out_name)
{
    if (json_take(json, '}'))
        return false;
    if (!*is_first && !json_take(json, ','))
        return json_fail(json, "a comma is expected");
    *is_first = false;
    return json_name(json, arena, out_name);
}

static bool enter_object(struct json *json)
{
    return json_take(json, '{') || json_fail(json, "an object is expected");
}

static const char *copy(struct json *json, struct arena *arena, struct text text)
{
    const char *copied = arena_copy(arena, text.data, text.length);

    if (copied == NULL)
        (void)json_fail(json, "there is no room for it");
    return copied;
}

// A text or a number, as it is written.
static bool read_scalar(struct json *json, struct arena *arena, const char **out_text)
{
    struct text text = {0};
    bool done = json_peek(json) == JSON_STRING ? json_read_string(json, arena, &text)
                                               : json_number(json, &text);

    if (!done)
        return false;
    *out_text = copy(json, arena, text);
    return *out_text != NULL;
}

// Says what a failure is: the JSON is trading's own.
static bool finish(struct error *error)
{
    struct error cause = *error;

    return cause.code == CODE_OK ||
           error_set(error, REASON_INTERNAL, "The parameters of a strategy cannot be read: %s",
                     cause.message);
}

// A schema.

static struct strategy_property *find_property(struct strategy_properties *properties,
                                               const char *name)
{
    for (size_t i = 0; i < properties->count; i++)
        if (strcmp(properties->items[i].name, name) == 0)
            return &properties->items[i];
    return NULL;
}

// The items of an array of texts.
static bool read_list(struct json *json,
                      struct arena *arena,
                      const char *items[STRATEGY_CHOICES_MAX],
                      size_t *out_count)
{
    *out_count = 0;
    if (!json_take(json, '['))
        return json_fail(json, "a list is expected");
    while (!json_take(json, ']')) {
        if (*out_count > 0 && !json_take(json, ','))
            return json_fail(json, "a comma is expected");
        if (*out_count == STRATEGY_CHOICES_MAX)
            return json_fail(json, "there are too many choices");
        if (!read_scalar(json, arena, &items[*out_count]))
            return false;
        ++*out_count;
    }
    return true;
}

static bool read_type(struct json *json, struct arena *arena, struct strategy_property *property)
{
    const char *type = NULL;

    // Of two types the one is a number, for exact decimals.
    if (json_peek(json) == JSON_ARRAY) {
        property->type = STRATEGY_PROPERTY_DECIMAL;
        return json_skip(json);
    }
    if (!read_scalar(json, arena, &type))
        return false;
    property->type = strcmp(type, "integer") == 0  ? STRATEGY_PROPERTY_WHOLE
                     : strcmp(type, "object") == 0 ? STRATEGY_PROPERTY_WEIGHTS
                                                   : STRATEGY_PROPERTY_RULE;
    return true;
}

static bool read_attribute(struct json *json,
                           struct arena *arena,
                           struct text name,
                           struct strategy_property *property)
{
    if (text_equals(name, "type"))
        return read_type(json, arena, property);
    if (text_equals(name, "enum")) {
        property->type = STRATEGY_PROPERTY_CHOICE;
        return read_list(json, arena, property->choices, &property->choice_count);
    }
    if (text_equals(name, "description"))
        return read_scalar(json, arena, &property->description);
    if (text_equals(name, "default"))
        return read_scalar(json, arena, &property->unless_said);
    if (text_equals(name, "minimum"))
        return read_scalar(json, arena, &property->minimum);
    if (text_equals(name, "maximum"))
        return read_scalar(json, arena, &property->maximum);
    return json_skip(json);
}

static bool read_property(struct json *json,
                          struct arena *arena,
                          struct text name,
                          struct strategy_properties *properties)
{
    struct strategy_property *property = &properties->items[properties->count];
    struct text attribute;
    bool is_first = true;

    if (properties->count == STRATEGY_PROPERTIES_MAX)
        return json_fail(json, "there are too many parameters");
    *property = (struct strategy_property){.name = copy(json, arena, name)};
    properties->count++;
    if (property->name == NULL || !enter_object(json))
        return false;
    while (next_member(json, arena, &is_first, &attribute))
        if (!read_attribute(json, arena, attribute, property))
            return false;
    return json->error->code == CODE_OK;
}

static bool
read_properties(struct json *json, struct arena *arena, struct strategy_properties *properties)
{
    struct text name;
    bool is_first = true;

    if (!enter_object(json))
        return false;
    while (next_member(json, arena, &is_first, &name))
        if (!read_property(json, arena, name, properties))
            return false;
    return json->error->code == CODE_OK;
}

bool strategy_json_read_schema(struct text schema,
                               struct arena *arena,
                               struct strategy_properties *out_properties,
                               struct error *error)
{
    struct json json = json_of(schema, error);
    const char *required[STRATEGY_CHOICES_MAX];
    struct strategy_property *property = NULL;
    size_t required_count = 0;
    struct text name;
    bool is_first = true;
    bool goes_on = true;

    error_clear(error);
    out_properties->count = 0;
    goes_on = enter_object(&json);
    while (goes_on && next_member(&json, arena, &is_first, &name)) {
        if (text_equals(name, "required"))
            goes_on = read_list(&json, arena, required, &required_count);
        else if (text_equals(name, "properties"))
            goes_on = read_properties(&json, arena, out_properties);
        else
            goes_on = json_skip(&json);
    }
    for (size_t i = 0; i < required_count; i++)
        if ((property = find_property(out_properties, required[i])) != NULL)
            property->is_required = true;
    return finish(error);
}

// Values.

static bool read_weights(struct json *json, struct arena *arena, const char **out_text)
{
    OWNED(strbuf) weights = strbuf_new(WEIGHTS_BYTES_MAX);
    const char *value = NULL;
    struct text name;
    bool is_first = true;

    if (!enter_object(json))
        return false;
    while (next_member(json, arena, &is_first, &name)) {
        if (!read_scalar(json, arena, &value))
            return false;
        strbuf_printf(weights, "%s%.*s %s", weights->length > 0 ? ", " : "", (int)name.length,
                      name.data, value);
    }
    if (weights->overflowed)
        return json_fail(json, "the weights are too many");
    *out_text = copy(json, arena, strbuf_text(weights));
    return *out_text != NULL && json->error->code == CODE_OK;
}

static bool
read_value(struct json *json, struct arena *arena, struct text name, struct strategy_values *values)
{
    struct strategy_value *value = &values->items[values->count];

    if (values->count == STRATEGY_VALUES_MAX)
        return json_fail(json, "there are too many values");
    *value = (struct strategy_value){.name = copy(json, arena, name)};
    values->count++;
    if (value->name == NULL)
        return false;
    return json_peek(json) == JSON_OBJECT ? read_weights(json, arena, &value->text)
                                          : read_scalar(json, arena, &value->text);
}

bool strategy_json_read_values(struct text text,
                               struct arena *arena,
                               struct strategy_values *out_values,
                               struct error *error)
{
    struct json json = json_of(text, error);
    struct text name;
    bool is_first = true;

    error_clear(error);
    out_values->count = 0;
    if (enter_object(&json))
        while (next_member(&json, arena, &is_first, &name) &&
               read_value(&json, arena, name, out_values))
            continue;
    return finish(error);
}

const char *strategy_json_find(const struct strategy_values *values, const char *name)
{
    for (size_t i = 0; i < values->count; i++)
        if (strcmp(values->items[i].name, name) == 0)
            return values->items[i].text;
    return NULL;
}

// From a form.

// Cuts the next word off; empty at the end.
static struct text next_word(struct text *rest)
{
    struct text word;

    while (rest->length > 0 && strchr(BLANKS, rest->data[0]) != NULL) {
        rest->data++;
        rest->length--;
    }
    word = (struct text){rest->data, 0};
    while (word.length < rest->length && strchr(BLANKS, word.data[word.length]) == NULL)
        word.length++;
    rest->data += word.length;
    rest->length -= word.length;
    return word;
}

// Tickers are as upper as they are everywhere else. One without a number gets none that is one, and
// is told so.
static void print_weights(struct text typed, struct strbuf *out)
{
    struct text ticker = next_word(&typed);
    bool is_first = true;

    strbuf_append_char(out, '{');
    while (ticker.length > 0) {
        struct text value = next_word(&typed);

        strbuf_append_string(out, is_first ? "\"" : ",\"");
        for (size_t i = 0; i < ticker.length; i++) {
            char c = ticker.data[i];

            if (c >= 'a' && c <= 'z')
                c = (char)(c - 'a' + 'A');
            if (c == '"' || c == '\\' || (unsigned char)c < ' ')
                c = '?';
            strbuf_append_char(out, c);
        }
        strbuf_append_string(out, "\":");
        strbuf_append_json(out, value);
        is_first = false;
        ticker = next_word(&typed);
    }
    strbuf_append_char(out, '}');
}

// Without the blanks around it.
static struct text trim(const char *typed)
{
    struct text text = text_of(typed + strspn(typed, " \t\r\n"));

    while (text.length > 0 && strchr(" \t\r\n", text.data[text.length - 1]) != NULL)
        text.length--;
    return text;
}

// A rule stays as it was typed: its columns are counted.
static void
print_value(const struct strategy_property *property, const char *typed, struct strbuf *out)
{
    if (property->type == STRATEGY_PROPERTY_WEIGHTS)
        print_weights(text_of(typed), out);
    else if (property->type == STRATEGY_PROPERTY_RULE)
        strbuf_append_json(out, text_of(typed));
    else
        strbuf_append_json(out, trim(typed));
}

void strategy_json_print(const struct strategy_properties *properties,
                         const struct form *form,
                         struct strbuf *out)
{
    bool is_first = true;

    strbuf_append_char(out, '{');
    for (size_t i = 0; i < properties->count; i++) {
        const struct strategy_property *property = &properties->items[i];
        char name[FIELD_NAME_SIZE];
        const char *typed = NULL;

        (void)snprintf(name, sizeof name, STRATEGY_PARAMETERS_PREFIX "%s", property->name);
        typed = form_find(form, name);
        if (typed == NULL || trim(typed).length == 0)
            continue;
        strbuf_printf(out, "%s\"%s\":", is_first ? "" : ",", property->name);
        print_value(property, typed, out);
        is_first = false;
    }
    strbuf_append_char(out, '}');
}
