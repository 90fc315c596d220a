// SPDX-License-Identifier: MIT
// message: protobuf messages checked, and their JSON form in and out, by table.
//
// protobuf-c's descriptors say what a message looks like; the tables that tools/protogen makes from
// the options in the .proto files say what is allowed and how it is called in JSON. Nothing here
// knows a message by name. Messages are never recursive (protogen refuses that), so their depth is
// bounded by their type.
//
// JSON: snake_case; decimals as strings (exact numbers are taken as input); times RFC 3339 UTC;
// enums in lower case; absent is null or omitted, never 0; unknown fields are refused by name.
//
// Threads: the tables are const; a message belongs to its caller.
// Memory: everything read is allocated in the caller's arena and lives as long as that.
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"

#include <protobuf-c/protobuf-c.h>

// How a field's value is written in JSON and checked. In the .proto: (bourse.field).format.
enum field_format {
    FORMAT_PLAIN,
    FORMAT_DECIMAL,  // int64 of 10^-scale, a decimal string in JSON
    FORMAT_TIME,     // int64 microseconds since 1970, RFC 3339 in JSON
    FORMAT_DATE,     // string "2014-06-02"
    FORMAT_UUID,     // string, 36 characters; lower-cased on the way in
    FORMAT_TICKER,   // string, 1 to 15 of A-Z 0-9 . - ; upper-cased on the way in
    FORMAT_USERNAME, // string, 3 to 32 of a-z A-Z 0-9 . _ -, beginning with a letter
    FORMAT_EMAIL,    // string, at most 254 bytes, something@something.something
    FORMAT_JSON,     // string that holds a JSON object, in JSON that object itself
};

struct message_info;

struct enum_info {
    const ProtobufCEnumDescriptor *descriptor;
    // The JSON names, parallel to descriptor->values; NULL for the one that says "unspecified",
    // which JSON never shows.
    const char *const *names;
};

struct field_info {
    const char *json_name;
    enum field_format format;
    int scale;          // decimals of a FORMAT_DECIMAL on the wire
    int least_decimals; // printed even when 0
    bool required;
    bool secret; // never logged
    bool has_min, has_max;
    int64_t min, max;    // of the wire value
    uint32_t min_length; // of a string, in code points
    uint32_t max_length; // of a string in code points, of bytes in bytes; always set by protogen
    uint32_t max_items;  // of a repeated field; always set by protogen
    uint32_t given;      // of a repeated field: 1 + the index of the bool that is set when the list
                         // was in the JSON, or 0
    bool is_flag;        // that bool: JSON neither takes nor shows it
    const struct message_info *message;  // of a message field
    const struct enum_info *enumeration; // of an enum field
};

struct message_info {
    const ProtobufCMessageDescriptor *descriptor;
    const struct field_info *fields; // parallel to descriptor->fields, which protoc-c sorts by tag
};

// An empty message of that type in `arena`; NULL when its budget is spent.
MUST_CHECK ProtobufCMessage *message_new(const struct message_info *info, struct arena *arena);

// Unpacks wire bytes. Fails with MALFORMED_REQUEST when they are not such a message, and with
// OUT_OF_MEMORY_BUDGET. Does not validate.
MUST_CHECK bool message_unpack(const struct message_info *info,
                               struct arena *arena,
                               struct text bytes,
                               ProtobufCMessage **out_message,
                               struct error *error);

// Packs into `arena`. Fails with OUT_OF_MEMORY_BUDGET.
MUST_CHECK bool message_pack(const ProtobufCMessage *message,
                             struct arena *arena,
                             struct text *out_bytes,
                             struct error *error);

// Checks every rule of the tables: required fields, UTF-8 without NUL, lengths, ranges, item
// counts, known enum values, formats, and that nothing unknown came along. Fails with
// INVALID_REQUEST and one violation a broken rule, each with its path as in JSON ("legs[1].side").
// Normalises in place what the formats say (tickers upper, uuids lower case).
MUST_CHECK bool
message_validate(const struct message_info *info, ProtobufCMessage *message, struct error *error);

// Reads a JSON object into a new message. Fails with MALFORMED_REQUEST (line and column) for what
// is not JSON (also: invalid UTF-8, NUL, a duplicate name, nesting deeper than the message, text
// after the end), and INVALID_REQUEST with violations for unknown fields and wrong types. Does not
// check the tables' limits: path and query parameters may come yet; call message_validate
// afterwards.
MUST_CHECK bool message_from_json(const struct message_info *info,
                                  struct arena *arena,
                                  struct text json,
                                  ProtobufCMessage **out_message,
                                  struct error *error);

// Sets one scalar field, or appends to a repeated one, from text as in a URL. Fails with
// INVALID_REQUEST naming the field when there is no such field or the text is not of its type.
MUST_CHECK bool message_set_text(const struct message_info *info,
                                 ProtobufCMessage *message,
                                 struct arena *arena,
                                 const char *json_name,
                                 struct text value,
                                 struct error *error);

// True when the message type has a field with that JSON name; its info goes to `out_field` unless
// NULL.
bool message_find_field(const struct message_info *info,
                        const char *json_name,
                        const struct field_info **out_field);

// Appends the message as a JSON object. Absent fields are left out; repeated ones are always there.
void message_to_json(const struct message_info *info,
                     const ProtobufCMessage *message,
                     struct strbuf *out);

// The same without the fields that the .proto declares secret, for what is kept or shown to others.
void message_to_json_without_secrets(const struct message_info *info,
                                     const ProtobufCMessage *message,
                                     struct strbuf *out);
