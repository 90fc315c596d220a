// SPDX-License-Identifier: MIT
// model: what the .proto files say, linked together and checked, as the emitters read it.
//
// It is made from protoc's FileDescriptorSet with source positions. Everything that is wrong is
// said as "file:line: sentence", all of it and not only the first, and then nothing is emitted.
//
// Threads: none. Memory: everything is in the model's arena and dies with it.
#pragma once

#include "base/arena.h"
#include "base/strbuf.h"
#include "bourse/options.pb-c.h"
#include "http_template.h"

// Where something was declared.
struct place {
    const char *file;
    int line;
};

// What a field holds, as far as C and JSON can tell the difference.
enum value_kind {
    VALUE_BOOL,
    VALUE_INT32,
    VALUE_INT64,
    VALUE_UINT32,
    VALUE_UINT64,
    VALUE_STRING,
    VALUE_BYTES,
    VALUE_ENUM,
    VALUE_MESSAGE,
};

struct model_value {
    struct place place;
    const char *name;
    const char *json_name; // NULL for the one that says "unspecified", which JSON never shows
    int32_t number;
};

struct model_enum {
    struct place place;
    const char *full_name;      // ".bourse.market.v1.ClockMode"
    const char *name;           // "ClockMode"
    const char *symbol;         // "market__clock_mode", what protoc-c begins its names with
    const char *info;           // "market_clock_mode_info"
    struct model_value *values; // sorted by number, as protoc-c does
    size_t value_count;
};

struct model_field {
    struct place place;
    const char *name;
    const char *json_name;
    const char *doc; // "" for none
    int32_t number;
    bool repeated;
    enum value_kind kind;
    const Bourse__FieldRule *rule;   // never NULL
    uint32_t min_length, max_length; // those of the format included
    uint32_t given;                  // 1 + the index of the bool that its rule names, or 0
    bool is_flag;                    // that bool: in no JSON
    const char *type_name;           // as protoc has it, of an enum or a message
    const struct model_enum *enumeration;
    const struct model_message *message;
};

struct model_message {
    struct place place;
    const char *full_name;
    const char *name;
    const char *service; // "market"
    const char *symbol;  // "market__quote"
    const char *type;    // "Market__Quote"
    const char *info;    // "market_quote_info"
    const char *doc;
    struct model_field *fields; // sorted by number, as protoc-c does
    size_t field_count;
    int visit; // of the search for recursion: 0 not seen, 1 being looked into, 2 done
};

struct model_binding {
    const struct model_method *method;
    struct place place;
    const char *verb; // "POST"
    const char *path;
    struct http_template *template;
    bool has_body;
    const char *response_body; // NULL for the whole response
    size_t index;              // among the method's bindings
};

struct model_method {
    struct place place;
    const struct model_service *service;
    const char *name;      // "GetClock"
    const char *snake;     // "get_clock"
    const char *full_name; // "bourse.market.v1.MarketService/GetClock"
    const char *symbol;    // "market_method_get_clock"
    const char *doc;
    uint32_t id;
    bool no_side_effects;
    bool takes_key;                 // a repeat with its Idempotency-Key is given the first answer
    const Bourse__MethodRule *rule; // never NULL
    const struct model_message *request;
    const struct model_message *response;
    struct model_binding *bindings;
    size_t binding_count;
};

struct model_service {
    struct place place;
    const char *name; // "MarketService"
    struct model_method *methods;
    size_t method_count;
    const struct model_file *file;
};

struct model_file {
    const char *name;    // "bourse/market/v1/market.proto"
    const char *stem;    // "bourse/market/v1/market"
    const char *service; // "market", the c_package
    const char *package; // "bourse.market.v1"
    const char *doc;     // the comment at its beginning
    bool is_imported;    // others are made of its messages; nothing is written of it
    struct model_enum *enums;
    size_t enum_count;
    struct model_message *messages;
    size_t message_count;
    struct model_service *services;
    size_t service_count;
};

struct model {
    struct arena *arena;
    struct strbuf *complaints;
    struct model_file *files;
    size_t file_count;
    const struct model_binding **bindings; // all of them, sorted as the route table is
    size_t binding_count;
};

// Reads `descriptors` (a packed FileDescriptorSet) and links the files of `names`. What is wrong
// with them is in model->complaints, which is empty for a model that may be emitted.
struct model *model_new(struct text descriptors, char *const *names, size_t name_count);
void model_free(struct model **model);

// Adds "file:line: sentence" to the complaints.
PRINTF_LIKE(3, 4)
void model_complain(struct model *model, struct place place, const char *format, ...);

// The field of that JSON name, or NULL.
const struct model_field *model_find_field(const struct model_message *message, const char *name);

// True for what fits in a path or a query: no message and no bytes.
bool model_is_scalar(const struct model_field *field);

// Memory and text that live as long as the model; a generator without memory aborts.
void *model_allocate(struct model *model, size_t count, size_t size);
PRINTF_LIKE(2, 3) char *model_printf(struct model *model, const char *format, ...);

// "PlaceOrder" becomes "place_order", as protoc-c does it.
char *model_snake(struct model *model, const char *camel);
