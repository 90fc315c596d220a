// SPDX-License-Identifier: MIT
#include "message/message.h"

#include "fields.h"

#include <string.h>

// What protobuf-c is given to allocate with, and whether it was refused.
struct budget {
    struct arena *arena;
    bool spent;
};

static void *allocate_in_budget(void *context, size_t size)
{
    struct budget *budget = context;
    void *block = arena_allocate(budget->arena, size);

    if (block == NULL)
        budget->spent = true;
    return block;
}

static void release_nothing(void *context, void *block)
{
    // The arena gives everything back at once.
    (void)context;
    (void)block;
}

ProtobufCMessage *message_new(const struct message_info *info, struct arena *arena)
{
    ProtobufCMessage *message = arena_allocate(arena, info->descriptor->sizeof_message);

    if (message != NULL)
        info->descriptor->message_init(message);
    return message;
}

// A position in wire bytes.
struct wire {
    const uint8_t *at;
    const uint8_t *end;
};

static bool take_varint(struct wire *wire, uint64_t *out_value)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64 && wire->at < wire->end; shift += 7) {
        uint8_t byte = *wire->at++;

        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            *out_value = value;
            return true;
        }
    }
    return false;
}

// Steps over the payload of one field. Gives the bytes of a length-delimited one.
static bool take_payload(struct wire *wire, unsigned wire_type, struct wire *out_bytes)
{
    uint64_t length = 0;

    switch (wire_type) {
    case PROTOBUF_C_WIRE_TYPE_VARINT:
        return take_varint(wire, &length);
    case PROTOBUF_C_WIRE_TYPE_64BIT:
        length = 8;
        break;
    case PROTOBUF_C_WIRE_TYPE_32BIT:
        length = 4;
        break;
    case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
        if (!take_varint(wire, &length))
            return false;
        break;
    default:
        return false; // groups are not used and not read
    }
    if (length > (uint64_t)(wire->end - wire->at))
        return false;
    *out_bytes = (struct wire){wire->at, wire->at + length};
    wire->at += length;
    return true;
}

// protobuf-c makes C strings of what it reads, which hides all that follows a NUL. The bytes are
// therefore looked through first. The depth is that of the message type, which is not recursive.
static bool strings_are_whole(const ProtobufCMessageDescriptor *descriptor, struct wire wire)
{
    while (wire.at < wire.end) {
        const ProtobufCFieldDescriptor *field = NULL;
        struct wire bytes = {0};
        uint64_t tag = 0;

        if (!take_varint(&wire, &tag) || tag >> 3 == 0 || tag >> 3 > UINT32_MAX >> 3 ||
            !take_payload(&wire, tag & 7, &bytes))
            return false;
        if ((tag & 7) != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
            continue;
        field = protobuf_c_message_descriptor_get_field(descriptor, (unsigned)(tag >> 3));
        if (field == NULL || bytes.at == bytes.end)
            continue;
        if (field->type == PROTOBUF_C_TYPE_STRING &&
            memchr(bytes.at, '\0', (size_t)(bytes.end - bytes.at)) != NULL)
            return false;
        if (field->type == PROTOBUF_C_TYPE_MESSAGE && !strings_are_whole(field->descriptor, bytes))
            return false;
    }
    return true;
}

bool message_unpack(const struct message_info *info,
                    struct arena *arena,
                    struct text bytes,
                    ProtobufCMessage **out_message,
                    struct error *error)
{
    struct budget budget = {.arena = arena};
    ProtobufCAllocator allocator = {allocate_in_budget, release_nothing, &budget};
    const uint8_t *data = (const uint8_t *)bytes.data;
    ProtobufCMessage *message = NULL;

    if (bytes.length == 0) {
        // An empty text may have no address at all.
        message = message_new(info, arena);
        budget.spent = message == NULL;
    } else if (strings_are_whole(info->descriptor, (struct wire){data, data + bytes.length})) {
        message = protobuf_c_message_unpack(info->descriptor, &allocator, bytes.length, data);
    }
    if (budget.spent)
        return message_out_of_memory(error);
    if (message == NULL)
        return error_set(error, REASON_MALFORMED_REQUEST, "the %zu bytes are not a %s",
                         bytes.length, info->descriptor->short_name);
    *out_message = message;
    return true;
}

bool message_pack(const ProtobufCMessage *message,
                  struct arena *arena,
                  struct text *out_bytes,
                  struct error *error)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = arena_allocate(arena, size > 0 ? size : 1);

    if (bytes == NULL)
        return message_out_of_memory(error);
    out_bytes->length = protobuf_c_message_pack(message, bytes);
    out_bytes->data = (const char *)bytes;
    return true;
}
