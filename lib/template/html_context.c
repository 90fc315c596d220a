// SPDX-License-Identifier: MIT
#include "html_context.h"

#include <string.h>

static bool is_blank(char character)
{
    return character == ' ' || character == '\n' || character == '\t' || character == '\r';
}

static bool is_letter(char character)
{
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
}

static char lower(char character)
{
    return character >= 'A' && character <= 'Z' ? (char)(character - 'A' + 'a') : character;
}

static bool is_name_character(char character)
{
    return is_letter(character) || (character >= '0' && character <= '9') || character == '-' ||
           character == '_' || character == ':';
}

static bool add_to_name(char name[HTML_NAME_SIZE], char character)
{
    size_t length = strlen(name);

    if (length + 1 >= HTML_NAME_SIZE)
        return false;
    name[length] = lower(character);
    name[length + 1] = '\0';
    return true;
}

// The attributes that hold an address (HTML Living Standard, "Attributes").
static bool holds_address(const char *attribute)
{
    static const char *const names[] = {"action", "cite",   "data", "formaction", "href",
                                        "ping",   "poster", "src",  "srcset",     "manifest"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(attribute, names[i]) == 0)
            return true;
    return false;
}

static const char *begin_attribute(struct html_context *context)
{
    if (strncmp(context->attribute, "on", 2) == 0)
        return "an event handler in the page is forbidden by its Content-Security-Policy: add the "
               "listener in a module";
    if (strcmp(context->attribute, "style") == 0)
        return "a style in the page is forbidden by its Content-Security-Policy: use a class";
    context->is_address = holds_address(context->attribute);
    context->has_beginning = false;
    context->place = HTML_ATTRIBUTE;
    return NULL;
}

static const char *end_tag(struct html_context *context)
{
    if (strcmp(context->tag, "style") == 0)
        return "<style> is forbidden by the page's Content-Security-Policy: write it into a .css "
               "file";
    context->is_script = strcmp(context->tag, "script") == 0 && !context->is_closing_tag;
    context->place = HTML_TEXT;
    return NULL;
}

static const char *take_text(struct html_context *context, char character)
{
    if (character == '<')
        context->place = HTML_TAG_BEGIN;
    else if (context->is_script && !is_blank(character))
        return "a script in the page is forbidden by its Content-Security-Policy: give it a src";
    return NULL;
}

static const char *take_tag_begin(struct html_context *context, char character)
{
    context->tag[0] = '\0';
    context->is_closing_tag = character == '/';
    if (character == '!') {
        context->place = HTML_DECLARATION;
        return NULL;
    }
    context->place = HTML_TAG_NAME;
    if (character == '/')
        return NULL;
    if (!is_letter(character))
        return "< begins no tag here: write &lt;";
    (void)add_to_name(context->tag, character);
    return NULL;
}

static const char *take_tag(struct html_context *context, char character)
{
    if (character == '>')
        return end_tag(context);
    if (is_blank(character) || character == '/') {
        context->place = HTML_TAG;
        return NULL;
    }
    if (!is_name_character(character))
        return "this cannot be in the name of a tag or an attribute";
    if (context->place == HTML_TAG_NAME)
        return add_to_name(context->tag, character) ? NULL : "the tag's name is too long";
    if (context->place == HTML_TAG)
        context->attribute[0] = '\0';
    context->place = HTML_ATTRIBUTE_NAME;
    return add_to_name(context->attribute, character) ? NULL : "the attribute's name is too long";
}

static const char *take_attribute_name(struct html_context *context, char character)
{
    if (character != '=')
        return take_tag(context, character);
    context->place = HTML_ATTRIBUTE_EQUALS;
    return NULL;
}

static const char *take(struct html_context *context, char character)
{
    switch (context->place) {
    case HTML_TEXT:
        return take_text(context, character);
    case HTML_TAG_BEGIN:
        return take_tag_begin(context, character);
    case HTML_TAG_NAME:
    case HTML_TAG:
        return take_tag(context, character);
    case HTML_ATTRIBUTE_NAME:
        return take_attribute_name(context, character);
    case HTML_ATTRIBUTE_EQUALS:
        if (character != '"')
            return "an attribute's value must be in double quotes";
        return begin_attribute(context);
    case HTML_ATTRIBUTE:
        if (character == '"')
            context->place = HTML_TAG;
        else
            context->has_beginning = true;
        return NULL;
    case HTML_DECLARATION:
        if (character == '-')
            return "write {{! a comment }}, which does not reach the reader";
        if (character == '>')
            context->place = HTML_TEXT;
        return NULL;
    }
    return NULL;
}

bool html_context_advance(struct html_context *context,
                          struct text literal,
                          size_t *out_at,
                          const char **out_problem)
{
    for (size_t i = 0; i < literal.length; i++) {
        const char *problem = take(context, literal.data[i]);

        if (problem != NULL) {
            *out_at = i;
            *out_problem = problem;
            return false;
        }
    }
    return true;
}

static const char *problem_of_value(const struct html_context *context)
{
    if (context->place == HTML_TEXT)
        return context->is_script ? "a value may not be in a script" : NULL;
    if (context->place == HTML_ATTRIBUTE_EQUALS)
        return "an attribute's value must be in double quotes";
    if (context->place != HTML_ATTRIBUTE)
        return "a value may stand between tags or in an attribute's quotes, not in a tag";
    if (context->is_address && !context->has_beginning)
        return "an address may not begin with a value, which could lead anywhere: write its "
               "beginning";
    return NULL;
}

bool html_context_value(struct html_context *context, const char **out_problem)
{
    const char *problem = problem_of_value(context);

    if (problem != NULL) {
        *out_problem = problem;
        return false;
    }
    context->has_beginning = true;
    return true;
}

// Between a tag's parts it does not matter which one was the last.
static enum html_place kind_of(enum html_place place)
{
    return place == HTML_TAG_NAME || place == HTML_ATTRIBUTE_NAME ? HTML_TAG : place;
}

bool html_context_same(const struct html_context *one, const struct html_context *other)
{
    if (kind_of(one->place) != kind_of(other->place) || one->is_script != other->is_script)
        return false;
    if (one->place == HTML_TEXT)
        return true;
    if (strcmp(one->tag, other->tag) != 0 || one->is_closing_tag != other->is_closing_tag)
        return false;
    return one->place != HTML_ATTRIBUTE || strcmp(one->attribute, other->attribute) == 0;
}
