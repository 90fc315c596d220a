// SPDX-License-Identifier: MIT
#include "fields.h"

#include "base/digest.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "money/money.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LIST_FIRST_CAPACITY = 4, QUOTED_MAX = 40 };

bool message_out_of_memory(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET,
                     "the message needs more memory than one request may have");
}

static void append_path(const struct path *path, struct strbuf *out)
{
    const struct path *steps[16];
    size_t count = 0;

    for (; path != NULL && count < COUNT_OF(steps); path = path->parent)
        steps[count++] = path;
    while (count-- > 0) {
        if (out->length > 0)
            strbuf_append_char(out, '.');
        strbuf_append_string(out, steps[count]->name);
        if (steps[count]->index != SIZE_MAX)
            strbuf_printf(out, "[%zu]", steps[count]->index);
    }
}

void path_violation(const struct path *path, struct error *error, const char *format, ...)
{
    OWNED(strbuf) where = strbuf_new(ERROR_NAME_SIZE);
    char sentence[ERROR_VALUE_SIZE];
    va_list arguments;

    append_path(path, where);
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    error_add_violation(error, where->data, "%s", sentence);
}

size_t fields_index_of(const struct message_info *info, struct text json_name)
{
    for (size_t i = 0; i < info->descriptor->n_fields; i++)
        if (!info->fields[i].is_flag && text_equals(json_name, info->fields[i].json_name))
            return i;
    return SIZE_MAX;
}

bool message_find_field(const struct message_info *info,
                        const char *json_name,
                        const struct field_info **out_field)
{
    size_t index = fields_index_of(info, text_of(json_name));

    if (index == SIZE_MAX)
        return false;
    if (out_field != NULL)
        *out_field = &info->fields[index];
    return true;
}

bool field_is_repeated(const ProtobufCFieldDescriptor *descriptor)
{
    return descriptor->label == PROTOBUF_C_LABEL_REPEATED;
}

static size_t size_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return sizeof(int64_t);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    default:
        return sizeof(int32_t);
    }
}

static const void *at(const ProtobufCMessage *message, unsigned offset)
{
    return (const char *)message + offset;
}

// Whether a field is there is told by its pointer for these, and by has_x for all others.
static bool is_pointer(const ProtobufCFieldDescriptor *descriptor)
{
    return descriptor->type == PROTOBUF_C_TYPE_STRING ||
           descriptor->type == PROTOBUF_C_TYPE_MESSAGE;
}

size_t field_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *descriptor)
{
    if (field_is_repeated(descriptor))
        return *(const size_t *)at(message, descriptor->quantifier_offset);
    if (is_pointer(descriptor))
        return *(const void *const *)at(message, descriptor->offset) != NULL;
    return *(const protobuf_c_boolean *)at(message, descriptor->quantifier_offset) != 0;
}

const void *field_value(const ProtobufCMessage *message,
                        const ProtobufCFieldDescriptor *descriptor,
                        size_t index)
{
    const void *place = at(message, descriptor->offset);

    if (!field_is_repeated(descriptor))
        return place;
    return *(const char *const *)place + index * size_of(descriptor->type);
}

void *field_add(ProtobufCMessage *message,
                const ProtobufCFieldDescriptor *descriptor,
                struct arena *arena)
{
    char *place = (char *)message + descriptor->offset;
    char *quantifier = (char *)message + descriptor->quantifier_offset;
    size_t size = size_of(descriptor->type);
    size_t count = 0;

    if (!field_is_repeated(descriptor)) {
        if (!is_pointer(descriptor))
            *(protobuf_c_boolean *)quantifier = 1;
        return place;
    }
    count = *(size_t *)quantifier;
    // The capacity is the next power of two, so it need not be stored.
    if (count == 0 || (count >= LIST_FIRST_CAPACITY && (count & (count - 1)) == 0)) {
        size_t capacity = count == 0 ? LIST_FIRST_CAPACITY : count * 2;
        void *longer = arena_allocate(arena, capacity * size);

        if (longer == NULL)
            return NULL;
        if (count > 0)
            memcpy(longer, *(void **)place, count * size);
        *(void **)place = longer;
    }
    *(size_t *)quantifier = count + 1;
    return *(char **)place + count * size;
}

size_t enum_find_number(const struct enum_info *enumeration, int number)
{
    for (size_t i = 0; i < enumeration->descriptor->n_values; i++)
        if (enumeration->descriptor->values[i].value == number)
            return enumeration->names[i] == NULL ? SIZE_MAX : i;
    return SIZE_MAX;
}

void enum_list_names(const struct enum_info *enumeration, struct strbuf *out)
{
    for (size_t i = 0; i < enumeration->descriptor->n_values; i++) {
        if (enumeration->names[i] == NULL)
            continue;
        strbuf_append_string(out, out->length > 0 ? ", " : "");
        strbuf_append_string(out, enumeration->names[i]);
    }
}

static char lower(char character)
{
    return character >= 'A' && character <= 'Z' ? (char)(character - 'A' + 'a') : character;
}

static bool equals_without_case(struct text text, const char *name)
{
    size_t i = 0;

    for (; i < text.length && name[i] != '\0'; i++)
        if (lower(text.data[i]) != lower(name[i]))
            return false;
    return i == text.length && name[i] == '\0';
}

// The beginning of what was sent, for a sentence; never more than fits one, never half a character.
static struct text excerpt(struct text text)
{
    if (text.length > QUOTED_MAX) {
        text.length = QUOTED_MAX;
        while (text.length > 0 && ((unsigned char)text.data[text.length] & 0xc0) == 0x80)
            text.length--;
    }
    return text;
}

const char *field_expectation(const struct field_info *field,
                              const ProtobufCFieldDescriptor *descriptor)
{
    if (field->format == FORMAT_DECIMAL)
        return "a decimal number such as \"12.5\"";
    if (field->format == FORMAT_TIME)
        return "a time such as \"2014-06-02T13:30:00Z\"";
    if (field->format == FORMAT_JSON)
        return "an object";
    switch (descriptor->type) {
    case PROTOBUF_C_TYPE_STRING:
        return "a string";
    case PROTOBUF_C_TYPE_BYTES:
        return "a string of base64url";
    case PROTOBUF_C_TYPE_BOOL:
        return "true or false";
    case PROTOBUF_C_TYPE_ENUM:
        return "one of its names";
    case PROTOBUF_C_TYPE_MESSAGE:
        return "an object";
    default:
        return "a whole number";
    }
}

// One value on its way from text into a message.
struct reading {
    const struct field_info *field;
    const ProtobufCFieldDescriptor *descriptor;
    ProtobufCMessage *message;
    struct arena *arena;
    enum text_source source;
    struct text text;
    const struct path *path;
    struct error *error;
};

// What a number must be, and by how much this one is not.
static bool refuse_number(const struct reading *reading, enum decimal_problem problem, int scale)
{
    struct text shown = excerpt(reading->text);

    if (problem == DECIMAL_TOO_FINE && scale == 0)
        path_violation(reading->path, reading->error, "must be a whole number, not %.*s",
                       (int)shown.length, shown.data);
    else if (problem == DECIMAL_TOO_FINE)
        path_violation(reading->path, reading->error, "must have at most %d decimals, not %.*s",
                       scale, (int)shown.length, shown.data);
    else if (problem == DECIMAL_TOO_LARGE)
        path_violation(reading->path, reading->error,
                       "must be a number that can be held exactly, which %.*s is not: it is too "
                       "large",
                       (int)shown.length, shown.data);
    else
        path_violation(reading->path, reading->error, "must be %s, not \"%.*s\"",
                       field_expectation(reading->field, reading->descriptor), (int)shown.length,
                       shown.data);
    return false;
}

static enum decimal_problem parse_decimal(const struct reading *reading, int scale, int64_t *out)
{
    return reading->source == TEXT_JSON_NUMBER ? decimal_parse_json(reading->text, scale, out)
                                               : decimal_parse(reading->text, scale, out);
}

// A whole number above what an int64 holds.
static bool parse_large(struct text text, uint64_t *out_value)
{
    uint64_t value = 0;

    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] < '0' || text.data[i] > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(text.data[i] - '0'), &value))
            return false;
    *out_value = value;
    return text.length > 0;
}

static void *add(const struct reading *reading)
{
    void *place = field_add(reading->message, reading->descriptor, reading->arena);

    if (place == NULL)
        (void)message_out_of_memory(reading->error);
    return place;
}

static bool read_integer(const struct reading *reading)
{
    ProtobufCType type = reading->descriptor->type;
    bool is_wide = size_of(type) == sizeof(int64_t);
    bool is_unsigned = type == PROTOBUF_C_TYPE_UINT32 || type == PROTOBUF_C_TYPE_FIXED32 ||
                       type == PROTOBUF_C_TYPE_UINT64 || type == PROTOBUF_C_TYPE_FIXED64;
    int scale = reading->field->format == FORMAT_DECIMAL ? reading->field->scale : 0;
    int64_t value = 0;
    uint64_t large = 0;
    enum decimal_problem problem = parse_decimal(reading, scale, &value);
    void *place = NULL;

    if (problem == DECIMAL_TOO_LARGE && is_wide && is_unsigned &&
        parse_large(reading->text, &large)) {
        problem = DECIMAL_FINE;
        memcpy(&value, &large, sizeof value);
    } else if (problem == DECIMAL_FINE) {
        if (is_unsigned && value < 0) {
            path_violation(reading->path, reading->error, "must be at least 0, not %lld",
                           (long long)value);
            return false;
        }
        if (!is_wide &&
            (value > (is_unsigned ? (int64_t)UINT32_MAX : (int64_t)INT32_MAX) || value < INT32_MIN))
            problem = DECIMAL_TOO_LARGE;
    }
    if (problem != DECIMAL_FINE)
        return refuse_number(reading, problem, scale);
    place = add(reading);
    if (place == NULL)
        return false;
    if (is_wide)
        *(int64_t *)place = value;
    else if (is_unsigned)
        *(uint32_t *)place = (uint32_t)value;
    else
        *(int32_t *)place = (int32_t)value;
    return true;
}

static bool refuse(const struct reading *reading)
{
    struct text shown = excerpt(reading->text);

    path_violation(reading->path, reading->error, "must be %s, not \"%.*s\"",
                   field_expectation(reading->field, reading->descriptor), (int)shown.length,
                   shown.data);
    return false;
}

static bool read_time(const struct reading *reading)
{
    int64_t us = 0;
    int64_t *place = NULL;

    if (!timestamp_parse(reading->text, &us))
        return refuse(reading);
    place = add(reading);
    if (place == NULL)
        return false;
    *place = us;
    return true;
}

static bool read_string(const struct reading *reading)
{
    char *copy = NULL;
    char **place = NULL;

    if (!utf8_is_valid(reading->text.data, reading->text.length)) {
        path_violation(reading->path, reading->error, "must be UTF-8 without a NUL character");
        return false;
    }
    copy = arena_copy(reading->arena, reading->text.data, reading->text.length);
    if (copy == NULL)
        return message_out_of_memory(reading->error);
    place = add(reading);
    if (place == NULL)
        return false;
    *place = copy;
    return true;
}

static bool read_bytes(const struct reading *reading)
{
    ProtobufCBinaryData bytes = {0};
    ProtobufCBinaryData *place = NULL;

    bytes.data = arena_allocate(reading->arena, reading->text.length + 1);
    if (bytes.data == NULL)
        return message_out_of_memory(reading->error);
    if (!digest_base64url_decode(reading->text, bytes.data, reading->text.length + 1, &bytes.len))
        return refuse(reading);
    place = add(reading);
    if (place == NULL)
        return false;
    *place = bytes;
    return true;
}

static bool read_enum(const struct reading *reading)
{
    const struct enum_info *enumeration = reading->field->enumeration;
    struct text shown = excerpt(reading->text);
    OWNED(strbuf) names = NULL;

    for (size_t i = 0; i < enumeration->descriptor->n_values; i++) {
        int *place = NULL;

        if (enumeration->names[i] == NULL ||
            !equals_without_case(reading->text, enumeration->names[i]))
            continue;
        place = add(reading);
        if (place == NULL)
            return false;
        *place = enumeration->descriptor->values[i].value;
        return true;
    }
    names = strbuf_new(ERROR_VALUE_SIZE / 2);
    enum_list_names(enumeration, names);
    path_violation(reading->path, reading->error, "must be one of %s, not \"%.*s\"", names->data,
                   (int)shown.length, shown.data);
    return false;
}

static bool read_bool(const struct reading *reading)
{
    bool value = text_equals(reading->text, "true");
    protobuf_c_boolean *place = NULL;

    if (!value && !text_equals(reading->text, "false"))
        return refuse(reading);
    place = add(reading);
    if (place == NULL)
        return false;
    *place = value;
    return true;
}

bool field_add_text(const struct field_info *field,
                    const ProtobufCFieldDescriptor *descriptor,
                    ProtobufCMessage *message,
                    struct arena *arena,
                    enum text_source source,
                    struct text text,
                    const struct path *path,
                    struct error *error)
{
    const struct reading reading = {
        field, descriptor, message, arena, source, text, path, error,
    };
    bool is_number = source == TEXT_JSON_NUMBER;
    bool is_string = source == TEXT_JSON_STRING;

    switch (descriptor->type) {
    case PROTOBUF_C_TYPE_STRING:
        return is_number ? refuse(&reading) : read_string(&reading);
    case PROTOBUF_C_TYPE_BYTES:
        return is_number ? refuse(&reading) : read_bytes(&reading);
    case PROTOBUF_C_TYPE_ENUM:
        return is_number ? refuse(&reading) : read_enum(&reading);
    case PROTOBUF_C_TYPE_BOOL:
        return source == TEXT_URL ? read_bool(&reading) : refuse(&reading);
    case PROTOBUF_C_TYPE_MESSAGE:
        return refuse(&reading);
    default:
        break;
    }
    if (field->format == FORMAT_TIME)
        return is_number ? refuse(&reading) : read_time(&reading);
    // A JSON string holds a number only where the format is one, so that 1 and "1" stay different.
    if (is_string && field->format != FORMAT_DECIMAL)
        return refuse(&reading);
    return read_integer(&reading);
}

bool message_set_text(const struct message_info *info,
                      ProtobufCMessage *message,
                      struct arena *arena,
                      const char *json_name,
                      struct text value,
                      struct error *error)
{
    struct path path = {NULL, json_name, SIZE_MAX};
    size_t index = fields_index_of(info, text_of(json_name));
    const ProtobufCFieldDescriptor *descriptor = NULL;

    error_clear(error);
    if (index == SIZE_MAX) {
        path_violation(&path, error, "is not known here");
        return false;
    }
    descriptor = &info->descriptor->fields[index];
    if (field_is_repeated(descriptor))
        path.index = field_count(message, descriptor);
    return field_add_text(&info->fields[index], descriptor, message, arena, TEXT_URL, value, &path,
                          error);
}
