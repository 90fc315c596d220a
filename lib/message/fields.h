// SPDX-License-Identifier: MIT
// fields: one field of a message, reached through its descriptor, and its value read from text.
//
// For the inside of this library. Messages lie in memory as protoc-c's structs do: a field at its
// offset, beside it a has_x or n_x at the quantifier's offset.
#pragma once

#include "message/message.h"

// The way from the request's root to a field, kept on the stack and only written out for a
// violation: "legs[1].side".
struct path {
    const struct path *parent; // NULL at the root
    const char *name;
    size_t index; // in a repeated field; SIZE_MAX for none
};

// Adds a violation at `path` to `error`.
PRINTF_LIKE(3, 4)
void path_violation(const struct path *path, struct error *error, const char *format, ...);

size_t fields_index_of(const struct message_info *info, struct text json_name);

bool field_is_repeated(const ProtobufCFieldDescriptor *descriptor);

// How many values are there: 0 or 1, or those of a repeated field.
size_t field_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *descriptor);

// The memory of one of them. Its type is the C type of the field.
const void *field_value(const ProtobufCMessage *message,
                        const ProtobufCFieldDescriptor *descriptor,
                        size_t index);

// Makes the field present, or a repeated one longer by one, and returns the memory for the value;
// NULL once the arena's budget is spent. Only for lists that this function made.
MUST_CHECK void *field_add(ProtobufCMessage *message,
                           const ProtobufCFieldDescriptor *descriptor,
                           struct arena *arena);

// Where a text comes from, and so how a value is written in it.
enum text_source { TEXT_JSON_STRING, TEXT_JSON_NUMBER, TEXT_URL };

// Reads `text` as a value of the field and adds it. False with a violation at `path` when it is not
// one, or with OUT_OF_MEMORY_BUDGET.
MUST_CHECK bool field_add_text(const struct field_info *field,
                               const ProtobufCFieldDescriptor *descriptor,
                               ProtobufCMessage *message,
                               struct arena *arena,
                               enum text_source source,
                               struct text text,
                               const struct path *path,
                               struct error *error);

// What a JSON value of this field has to be, for sentences: "a string", "a decimal number".
const char *field_expectation(const struct field_info *field,
                              const ProtobufCFieldDescriptor *descriptor);

// Appends the JSON names of an enum: "buy, sell".
void enum_list_names(const struct enum_info *enumeration, struct strbuf *out);

// The index into enumeration->names of a number, or SIZE_MAX when it is none that JSON knows.
size_t enum_find_number(const struct enum_info *enumeration, int number);

bool message_out_of_memory(struct error *error);
