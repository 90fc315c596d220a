// SPDX-License-Identifier: MIT
// json_syntax: pulls JSON apart, strictly as RFC 8259 has it, without building anything.
//
// Own, because libraries turn numbers into doubles, and Bourse takes exact numbers only. For the
// inside of this library, and for JSON that is no message of ours, as price providers send it. A
// function that fails has said MALFORMED_REQUEST with line and column.
#pragma once

#include "base/arena.h"
#include "base/error.h"

enum json_type {
    JSON_OBJECT,
    JSON_ARRAY,
    JSON_STRING,
    JSON_NUMBER,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
    JSON_NOTHING, // the end, or what begins no value
};

struct json {
    const char *start;
    const char *at;
    const char *end;
    struct error *error;
};

struct json json_of(struct text text, struct error *error);

// Fails with a sentence about the place reached. Returns false.
PRINTF_LIKE(2, 3) bool json_fail(struct json *json, const char *format, ...);

// What begins after the blanks.
enum json_type json_peek(struct json *json);

// Takes that character after blanks, if it is there.
bool json_take(struct json *json, char character);

// True when nothing but blanks is left.
bool json_at_end(struct json *json);

// Takes a string. (json_string is a function of jansson, which libjwt calls: another one of that
// name in a program would be called in its place.) `out_text` is a view of the input, or of the
// arena when something was escaped.
MUST_CHECK bool json_read_string(struct json *json, struct arena *arena, struct text *out_text);

// Takes a number, checked by the grammar but not read.
MUST_CHECK bool json_number(struct json *json, struct text *out_text);

// Takes true, false or null, whichever json_peek has promised.
MUST_CHECK bool json_literal(struct json *json, enum json_type type);

// Takes a name and the colon after it.
MUST_CHECK bool json_name(struct json *json, struct arena *arena, struct text *out_name);

// Takes any value and forgets it. Nesting is bounded, and costs no stack.
MUST_CHECK bool json_skip(struct json *json);

// Whether the text is one JSON object and nothing else.
bool json_is_object(struct text text);
