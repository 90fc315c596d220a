// SPDX-License-Identifier: MIT
#include "json_syntax.h"

#include "base/utf8.h"
#include "fields.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SKIP_DEPTH_MAX = 32 };

struct json json_of(struct text text, struct error *error)
{
    // An empty text may have no address at all.
    const char *data = text.length > 0 ? text.data : "";

    return (struct json){data, data, data + text.length, error};
}

bool json_fail(struct json *json, const char *format, ...)
{
    char sentence[ERROR_MESSAGE_SIZE];
    size_t line = 1;
    size_t column = 1;
    va_list arguments;

    for (const char *at = json->start; at < json->at; at++) {
        if (*at == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)*at & 0xc0) != 0x80) {
            column++;
        }
    }
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    error_set(json->error, REASON_MALFORMED_REQUEST,
              "the JSON cannot be read: line %zu, column %zu: %.200s", line, column, sentence);
    error_add_number(json->error, "line", "%zu", line);
    error_add_number(json->error, "column", "%zu", column);
    return false;
}

static void skip_blanks(struct json *json)
{
    while (json->at < json->end &&
           (*json->at == ' ' || *json->at == '\t' || *json->at == '\n' || *json->at == '\r'))
        json->at++;
}

enum json_type json_peek(struct json *json)
{
    skip_blanks(json);
    if (json->at == json->end)
        return JSON_NOTHING;
    switch (*json->at) {
    case '{':
        return JSON_OBJECT;
    case '[':
        return JSON_ARRAY;
    case '"':
        return JSON_STRING;
    case 't':
        return JSON_TRUE;
    case 'f':
        return JSON_FALSE;
    case 'n':
        return JSON_NULL;
    default:
        return *json->at == '-' || (*json->at >= '0' && *json->at <= '9') ? JSON_NUMBER
                                                                          : JSON_NOTHING;
    }
}

bool json_take(struct json *json, char character)
{
    skip_blanks(json);
    if (json->at == json->end || *json->at != character)
        return false;
    json->at++;
    return true;
}

bool json_at_end(struct json *json)
{
    skip_blanks(json);
    return json->at == json->end;
}

static bool take_digits(struct json *json)
{
    const char *first = json->at;

    while (json->at < json->end && *json->at >= '0' && *json->at <= '9')
        json->at++;
    return json->at > first;
}

static bool next_is(const struct json *json, const char *characters)
{
    return json->at < json->end && *json->at != '\0' && strchr(characters, *json->at) != NULL;
}

bool json_number(struct json *json, struct text *out_text)
{
    const char *first = json->at;
    const char *integer = NULL;

    if (next_is(json, "-"))
        json->at++;
    integer = json->at;
    if (!take_digits(json))
        return json_fail(json, "a number needs a digit here");
    if (*integer == '0' && json->at - integer > 1) {
        json->at = integer;
        return json_fail(json, "a number does not begin with 0");
    }
    if (next_is(json, ".")) {
        json->at++;
        if (!take_digits(json))
            return json_fail(json, "a number needs a digit after its point");
    }
    if (next_is(json, "eE")) {
        json->at++;
        if (next_is(json, "+-"))
            json->at++;
        if (!take_digits(json))
            return json_fail(json, "a number needs a digit in its exponent");
    }
    *out_text = (struct text){first, (size_t)(json->at - first)};
    return true;
}

bool json_literal(struct json *json, enum json_type type)
{
    const char *word = type == JSON_TRUE ? "true" : type == JSON_FALSE ? "false" : "null";
    size_t length = strlen(word);

    if ((size_t)(json->end - json->at) < length || memcmp(json->at, word, length) != 0)
        return json_fail(json, "this is no value of JSON; is %s meant?", word);
    json->at += length;
    return true;
}

static int hex_value(char character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10;
    if (character >= 'A' && character <= 'F')
        return character - 'A' + 10;
    return -1;
}

// Reads the four digits of a \u escape at `at`.
static bool read_unit(const struct json *json, const char *at, unsigned *out_unit)
{
    unsigned unit = 0;

    if (json->end - at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        int digit = hex_value(at[i]);

        if (digit < 0)
            return false;
        unit = unit * 16 + (unsigned)digit;
    }
    *out_unit = unit;
    return true;
}

// Takes what follows a backslash and the "u"; a pair of surrogates is one character.
static bool take_unicode(struct json *json, unsigned *out_character)
{
    unsigned high = 0;
    unsigned low = 0;

    if (!read_unit(json, json->at, &high))
        return json_fail(json, "\\u needs four hexadecimal digits");
    if (high == 0)
        return json_fail(json, "the character NUL is not taken");
    if (high >= 0xdc00 && high <= 0xdfff)
        return json_fail(json, "this second half of a surrogate pair has no first");
    if (high < 0xd800 || high > 0xdbff) {
        json->at += 4;
        *out_character = high;
        return true;
    }
    if (json->end - json->at < 10 || json->at[4] != '\\' || json->at[5] != 'u' ||
        !read_unit(json, json->at + 6, &low) || low < 0xdc00 || low > 0xdfff)
        return json_fail(json, "this first half of a surrogate pair has no second");
    json->at += 10;
    *out_character = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

// Takes one escape, its backslash included.
static bool take_escape(struct json *json, unsigned *out_character)
{
    static const char names[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    const char *found = NULL;

    json->at++;
    if (json->at == json->end)
        return json_fail(json, "the string is not closed");
    if (*json->at == 'u') {
        json->at++;
        return take_unicode(json, out_character);
    }
    found = *json->at == '\0' ? NULL : strchr(names, *json->at);
    if (found == NULL)
        return json_fail(json, "there is no such escape");
    json->at++;
    *out_character = (unsigned char)meanings[found - names];
    return true;
}

static size_t encode(unsigned character, char *out)
{
    if (character < 0x80) {
        out[0] = (char)character;
        return 1;
    }
    if (character < 0x800) {
        out[0] = (char)(0xc0 | character >> 6);
        out[1] = (char)(0x80 | (character & 0x3f));
        return 2;
    }
    if (character < 0x10000) {
        out[0] = (char)(0xe0 | character >> 12);
        out[1] = (char)(0x80 | (character >> 6 & 0x3f));
        out[2] = (char)(0x80 | (character & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | character >> 18);
    out[1] = (char)(0x80 | (character >> 12 & 0x3f));
    out[2] = (char)(0x80 | (character >> 6 & 0x3f));
    out[3] = (char)(0x80 | (character & 0x3f));
    return 4;
}

// Checks a string up to its closing quote, and counts its escapes.
static bool scan_string(struct json *json, size_t *out_escapes)
{
    size_t escapes = 0;

    while (json->at < json->end && *json->at != '"') {
        unsigned char byte = (unsigned char)*json->at;
        unsigned character = 0;
        size_t size = 0;

        if (byte == '\\') {
            escapes++;
            if (!take_escape(json, &character))
                return false;
            continue;
        }
        if (byte < 0x20)
            return json_fail(json, "a control character in a string must be escaped");
        size = byte < 0x80 ? 1 : utf8_sequence_length(json->at, (size_t)(json->end - json->at));
        if (size == 0)
            return json_fail(json, "this is not UTF-8");
        json->at += size;
    }
    if (json->at == json->end)
        return json_fail(json, "the string is not closed");
    *out_escapes = escapes;
    return true;
}

// Copies a checked string into the arena with its escapes resolved, which only makes it shorter.
static bool unescape(struct json *json, struct text raw, struct arena *arena, struct text *out_text)
{
    struct json inner = {json->start, raw.data, raw.data + raw.length, json->error};
    char *copy = arena_allocate(arena, raw.length + 1);
    size_t length = 0;

    if (copy == NULL)
        return message_out_of_memory(json->error);
    while (inner.at < inner.end) {
        unsigned character = 0;

        if (*inner.at != '\\') {
            copy[length++] = *inner.at++;
            continue;
        }
        if (!take_escape(&inner, &character))
            return false;
        length += encode(character, copy + length);
    }
    *out_text = (struct text){copy, length};
    return true;
}

bool json_read_string(struct json *json, struct arena *arena, struct text *out_text)
{
    struct text raw = {0};
    size_t escapes = 0;

    json->at++;
    raw.data = json->at;
    if (!scan_string(json, &escapes))
        return false;
    raw.length = (size_t)(json->at - raw.data);
    json->at++;
    if (escapes > 0)
        return unescape(json, raw, arena, out_text);
    *out_text = raw;
    return true;
}

bool json_name(struct json *json, struct arena *arena, struct text *out_name)
{
    if (json_peek(json) != JSON_STRING)
        return json_fail(json, "a name in quotes is expected here");
    if (!json_read_string(json, arena, out_name))
        return false;
    return json_take(json, ':') || json_fail(json, "a colon is expected here");
}

static bool skip_scalar(struct json *json, enum json_type type)
{
    struct text number;
    size_t escapes = 0;

    switch (type) {
    case JSON_STRING:
        json->at++;
        if (!scan_string(json, &escapes))
            return false;
        json->at++;
        return true;
    case JSON_NUMBER:
        return json_number(json, &number);
    case JSON_NOTHING:
        return json_fail(json, "a value is expected here");
    default:
        return json_literal(json, type);
    }
}

static bool skip_name(struct json *json)
{
    if (json_peek(json) != JSON_STRING)
        return json_fail(json, "a name in quotes is expected here");
    if (!skip_scalar(json, JSON_STRING))
        return false;
    return json_take(json, ':') || json_fail(json, "a colon is expected here");
}

// What is open around the place reached: one bit a level, set for an object.
struct nesting {
    uint32_t is_object;
    int depth;
};

static bool inside_object(const struct nesting *nesting)
{
    return (nesting->is_object & 1) != 0;
}

// Takes an opening bracket, and the first name of an object. Sets `*out_empty` when it closes again
// at once.
static bool
open_bracket(struct json *json, bool is_object, struct nesting *nesting, bool *out_empty)
{
    if (nesting->depth == SKIP_DEPTH_MAX)
        return json_fail(json, "this is nested too deeply");
    json->at++;
    if (json_take(json, is_object ? '}' : ']')) {
        *out_empty = true;
        return true;
    }
    *out_empty = false;
    nesting->is_object = nesting->is_object << 1 | is_object;
    nesting->depth++;
    return !is_object || skip_name(json);
}

// After a value: takes closing brackets, and a comma with the name that follows it.
static bool close_brackets(struct json *json, struct nesting *nesting)
{
    while (nesting->depth > 0) {
        if (json_take(json, ','))
            return !inside_object(nesting) || skip_name(json);
        if (!json_take(json, inside_object(nesting) ? '}' : ']'))
            return json_fail(json, "a comma or a closing %s is expected here",
                             inside_object(nesting) ? "brace" : "bracket");
        nesting->is_object >>= 1;
        nesting->depth--;
    }
    return true;
}

bool json_skip(struct json *json)
{
    struct nesting nesting = {0};

    do {
        enum json_type type = json_peek(json);
        bool is_done = true;

        if (type == JSON_OBJECT || type == JSON_ARRAY) {
            if (!open_bracket(json, type == JSON_OBJECT, &nesting, &is_done))
                return false;
        } else if (!skip_scalar(json, type)) {
            return false;
        }
        if (is_done && !close_brackets(json, &nesting))
            return false;
    } while (nesting.depth > 0);
    return true;
}

bool json_is_object(struct text text)
{
    struct error error;
    struct json json = json_of(text, &error);

    return json_peek(&json) == JSON_OBJECT && json_skip(&json) && json_at_end(&json);
}
