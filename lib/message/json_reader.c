// SPDX-License-Identifier: MIT
#include "fields.h"
#include "json_syntax.h"

#include <string.h>

struct reader {
    struct json json;
    struct arena *arena;
    struct error *error;
};

static bool read_object(struct reader *reader,
                        const struct message_info *info,
                        ProtobufCMessage *message,
                        const struct path *parent);

static const char *const type_names[] = {
    [JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list",    [JSON_STRING] = "a string",
    [JSON_NUMBER] = "a number",  [JSON_TRUE] = "true",       [JSON_FALSE] = "false",
    [JSON_NULL] = "null",        [JSON_NOTHING] = "nothing",
};

// A value of another type than the field's: it is said, and what follows is read all the same.
static bool refuse_type(struct reader *reader,
                        const char *expectation,
                        enum json_type type,
                        const struct path *path)
{
    if (type != JSON_NOTHING)
        path_violation(path, reader->error, "must be %s, not %s", expectation, type_names[type]);
    return json_skip(&reader->json);
}

static bool read_member(struct reader *reader,
                        const struct field_info *field,
                        const ProtobufCFieldDescriptor *descriptor,
                        ProtobufCMessage *message,
                        const struct path *path)
{
    ProtobufCMessage *inner = message_new(field->message, reader->arena);
    ProtobufCMessage **place = NULL;

    if (inner == NULL)
        return message_out_of_memory(reader->error);
    place = field_add(message, descriptor, reader->arena);
    if (place == NULL)
        return message_out_of_memory(reader->error);
    *place = inner;
    return read_object(reader, field->message, inner, path);
}

static bool read_bool(struct reader *reader,
                      enum json_type type,
                      const ProtobufCFieldDescriptor *descriptor,
                      ProtobufCMessage *message)
{
    protobuf_c_boolean *place = NULL;

    if (!json_literal(&reader->json, type))
        return false;
    place = field_add(message, descriptor, reader->arena);
    if (place == NULL)
        return message_out_of_memory(reader->error);
    *place = type == JSON_TRUE;
    return true;
}

// An object of the caller's own: its text is kept as it came.
static bool read_raw_object(struct reader *reader,
                            const ProtobufCFieldDescriptor *descriptor,
                            ProtobufCMessage *message)
{
    const char *start = reader->json.at;
    char *copy = NULL;
    char **place = NULL;

    if (!json_skip(&reader->json))
        return false;
    copy = arena_copy(reader->arena, start, (size_t)(reader->json.at - start));
    place = field_add(message, descriptor, reader->arena);
    if (copy == NULL || place == NULL)
        return message_out_of_memory(reader->error);
    *place = copy;
    return true;
}

// One value that is not a list. False only for what ends the reading: syntax and memory.
static bool read_value(struct reader *reader,
                       const struct field_info *field,
                       const ProtobufCFieldDescriptor *descriptor,
                       ProtobufCMessage *message,
                       const struct path *path)
{
    enum json_type type = json_peek(&reader->json);
    struct text text = {0};

    if (field->format == FORMAT_JSON)
        return type == JSON_OBJECT ? read_raw_object(reader, descriptor, message)
                                   : refuse_type(reader, "an object", type, path);
    if (type == JSON_OBJECT && descriptor->type == PROTOBUF_C_TYPE_MESSAGE)
        return read_member(reader, field, descriptor, message, path);
    if ((type == JSON_TRUE || type == JSON_FALSE) && descriptor->type == PROTOBUF_C_TYPE_BOOL)
        return read_bool(reader, type, descriptor, message);
    if ((type != JSON_STRING && type != JSON_NUMBER) || descriptor->type == PROTOBUF_C_TYPE_MESSAGE)
        return refuse_type(reader, field_expectation(field, descriptor), type, path);
    if (type == JSON_STRING ? !json_read_string(&reader->json, reader->arena, &text)
                            : !json_number(&reader->json, &text))
        return false;
    return field_add_text(field, descriptor, message, reader->arena,
                          type == JSON_STRING ? TEXT_JSON_STRING : TEXT_JSON_NUMBER, text, path,
                          reader->error) ||
           !error_is(reader->error, REASON_OUT_OF_MEMORY_BUDGET);
}

static bool read_list(struct reader *reader,
                      const struct field_info *field,
                      const ProtobufCFieldDescriptor *descriptor,
                      ProtobufCMessage *message,
                      struct path *path)
{
    if (json_peek(&reader->json) != JSON_ARRAY)
        return refuse_type(reader, "a list", json_peek(&reader->json), path);
    (void)json_take(&reader->json, '[');
    if (json_take(&reader->json, ']'))
        return true;
    for (path->index = 0;; path->index++) {
        if (!read_value(reader, field, descriptor, message, path))
            return false;
        if (json_take(&reader->json, ']'))
            return true;
        if (!json_take(&reader->json, ','))
            return json_fail(&reader->json, "a comma or a closing bracket is expected here");
    }
}

// Notes that a list was there, be it empty, where the message has a place for that.
static bool set_given(struct reader *reader,
                      const struct message_info *info,
                      const struct field_info *field,
                      ProtobufCMessage *message)
{
    protobuf_c_boolean *place = NULL;

    if (field->given == 0)
        return true;
    place = field_add(message, &info->descriptor->fields[field->given - 1], reader->arena);
    if (place == NULL)
        return message_out_of_memory(reader->error);
    *place = true;
    return true;
}

static bool read_unknown(struct reader *reader, struct text name, const struct path *parent)
{
    char *copy = arena_copy(reader->arena, name.data, name.length);
    struct path path = {parent, copy, SIZE_MAX};

    if (copy == NULL)
        return message_out_of_memory(reader->error);
    path_violation(&path, reader->error, "is not known here");
    return json_skip(&reader->json);
}

static bool read_field(struct reader *reader,
                       const struct message_info *info,
                       ProtobufCMessage *message,
                       const struct path *parent,
                       bool *seen)
{
    struct path path = {parent, NULL, SIZE_MAX};
    const ProtobufCFieldDescriptor *descriptor = NULL;
    struct text name = {0};
    size_t index = 0;

    if (!json_name(&reader->json, reader->arena, &name))
        return false;
    index = fields_index_of(info, name);
    if (index == SIZE_MAX)
        return read_unknown(reader, name, parent);
    if (seen[index])
        return json_fail(&reader->json, "\"%s\" is there twice", info->fields[index].json_name);
    seen[index] = true;
    path.name = info->fields[index].json_name;
    descriptor = &info->descriptor->fields[index];
    if (json_peek(&reader->json) == JSON_NULL)
        return json_literal(&reader->json, JSON_NULL);
    if (field_is_repeated(descriptor))
        return set_given(reader, info, &info->fields[index], message) &&
               read_list(reader, &info->fields[index], descriptor, message, &path);
    return read_value(reader, &info->fields[index], descriptor, message, &path);
}

// The depth of this is that of the message type, which is not recursive.
static bool read_object(struct reader *reader,
                        const struct message_info *info,
                        ProtobufCMessage *message,
                        const struct path *parent)
{
    bool *seen = arena_allocate(reader->arena, info->descriptor->n_fields + 1);

    if (seen == NULL)
        return message_out_of_memory(reader->error);
    if (!json_take(&reader->json, '{'))
        return json_fail(&reader->json, "an object is expected here");
    if (json_take(&reader->json, '}'))
        return true;
    for (;;) {
        if (!read_field(reader, info, message, parent, seen))
            return false;
        if (json_take(&reader->json, '}'))
            return true;
        if (!json_take(&reader->json, ','))
            return json_fail(&reader->json, "a comma or a closing brace is expected here");
    }
}

bool message_from_json(const struct message_info *info,
                       struct arena *arena,
                       struct text json,
                       ProtobufCMessage **out_message,
                       struct error *error)
{
    struct reader reader = {json_of(json, error), arena, error};
    ProtobufCMessage *message = message_new(info, arena);

    error_clear(error);
    if (message == NULL)
        return message_out_of_memory(error);
    if (!read_object(&reader, info, message, NULL))
        return false;
    if (!json_at_end(&reader.json))
        return json_fail(&reader.json, "nothing is expected after the end of the object");
    if (error->code != CODE_OK)
        return false;
    *out_message = message;
    return true;
}
