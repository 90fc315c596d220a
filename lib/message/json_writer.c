// SPDX-License-Identifier: MIT
#include "fields.h"

#include "base/digest.h"
#include "base/timestamp.h"
#include "money/money.h"

#include <assert.h>
#include <string.h>

// Room for what is written in one go: a name, and a number or a time.
enum { PIECE_NAME_MAX = 96, PIECE_SIZE = 160 };

// What becomes of fields that are declared secret.
enum secrets { SECRETS_SHOWN, SECRETS_LEFT_OUT };

static void write_message(const struct message_info *info,
                          const ProtobufCMessage *message,
                          enum secrets secrets,
                          struct strbuf *out);

static void write_unsigned(uint64_t value, struct strbuf *out)
{
    char digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    strbuf_append(out, digits + at, sizeof digits - at);
}

static void write_int64(const struct field_info *field, int64_t value, struct strbuf *out)
{
    char text[PIECE_SIZE];

    if (field->format == FORMAT_DECIMAL) {
        size_t length = decimal_print(value, field->scale, field->least_decimals, text + 1);

        text[0] = '"';
        text[length + 1] = '"';
        strbuf_append(out, text, length + 2);
    } else if (field->format == FORMAT_TIME) {
        size_t length = 0;

        timestamp_print(value, text + 1);
        length = strlen(text + 1);
        text[0] = '"';
        text[length + 1] = '"';
        strbuf_append(out, text, length + 2);
    } else {
        strbuf_append_int(out, value);
    }
}

static void write_bytes(const ProtobufCBinaryData *bytes, struct strbuf *out)
{
    size_t size = bytes->len / 3 * 4 + 8;
    char *text = allocate(size);

    digest_base64url(bytes->data, bytes->len, text, size);
    strbuf_append_char(out, '"');
    strbuf_append_string(out, text);
    strbuf_append_char(out, '"');
    release(text);
}

static void write_enum(const struct field_info *field, int number, struct strbuf *out)
{
    size_t index = enum_find_number(field->enumeration, number);

    // Only inside a list; a single value that JSON has no name for is left out.
    if (index == SIZE_MAX) {
        strbuf_append_string(out, "null");
        return;
    }
    strbuf_append_char(out, '"');
    strbuf_append_string(out, field->enumeration->names[index]);
    strbuf_append_char(out, '"');
}

static void write_value(const struct field_info *field,
                        ProtobufCType type,
                        const void *value,
                        enum secrets secrets,
                        struct strbuf *out)
{
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
        if (field->format == FORMAT_JSON)
            strbuf_append_string(out, *(const char *const *)value);
        else
            strbuf_append_json(out, text_of(*(const char *const *)value));
        break;
    case PROTOBUF_C_TYPE_BYTES:
        write_bytes(value, out);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        write_message(field->message, *(const ProtobufCMessage *const *)value, secrets, out);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        write_enum(field, *(const int *)value, out);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        strbuf_append_string(out, *(const protobuf_c_boolean *)value ? "true" : "false");
        break;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        strbuf_append_int(out, *(const int32_t *)value);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        strbuf_append_int(out, *(const uint32_t *)value);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        write_unsigned(*(const uint64_t *)value, out);
        break;
    default:
        write_int64(field, *(const int64_t *)value, out);
    }
}

// `,"name":` in one piece: this is where most of a reply's bytes come from.
static void write_name(const char *name, bool is_first, struct strbuf *out)
{
    char piece[PIECE_SIZE];
    size_t length = strlen(name);
    size_t size = 0;

    assert(length <= PIECE_NAME_MAX);
    if (!is_first)
        piece[size++] = ',';
    piece[size++] = '"';
    memcpy(piece + size, name, length);
    size += length;
    piece[size++] = '"';
    piece[size++] = ':';
    strbuf_append(out, piece, size);
}

static void write_list(const struct field_info *field,
                       const ProtobufCFieldDescriptor *descriptor,
                       const ProtobufCMessage *message,
                       size_t count,
                       enum secrets secrets,
                       struct strbuf *out)
{
    strbuf_append_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            strbuf_append_char(out, ',');
        write_value(field, descriptor->type, field_value(message, descriptor, i), secrets, out);
    }
    strbuf_append_char(out, ']');
}

static bool has_json(const struct field_info *field, const void *value)
{
    return field->enumeration == NULL ||
           enum_find_number(field->enumeration, *(const int *)value) != SIZE_MAX;
}

static void write_message(const struct message_info *info,
                          const ProtobufCMessage *message,
                          enum secrets secrets,
                          struct strbuf *out)
{
    bool is_first = true;

    strbuf_append_char(out, '{');
    for (size_t i = 0; i < info->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *descriptor = &info->descriptor->fields[i];
        const struct field_info *field = &info->fields[i];
        size_t count = field_count(message, descriptor);
        bool is_list = field_is_repeated(descriptor);

        if (field->is_flag)
            continue;
        if (!is_list && (count == 0 || !has_json(field, field_value(message, descriptor, 0))))
            continue;
        if (field->secret && secrets == SECRETS_LEFT_OUT)
            continue;
        write_name(field->json_name, is_first, out);
        is_first = false;
        if (is_list)
            write_list(field, descriptor, message, count, secrets, out);
        else
            write_value(field, descriptor->type, field_value(message, descriptor, 0), secrets, out);
    }
    strbuf_append_char(out, '}');
}

void message_to_json(const struct message_info *info,
                     const ProtobufCMessage *message,
                     struct strbuf *out)
{
    write_message(info, message, SECRETS_SHOWN, out);
}

void message_to_json_without_secrets(const struct message_info *info,
                                     const ProtobufCMessage *message,
                                     struct strbuf *out)
{
    write_message(info, message, SECRETS_LEFT_OUT, out);
}
