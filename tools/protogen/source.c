// SPDX-License-Identifier: MIT
#include "source.h"

#include <string.h>

static void *allocate_in_arena(void *context, size_t size)
{
    return arena_allocate(context, size);
}

static void release_nothing(void *context, void *block)
{
    (void)context;
    (void)block;
}

ProtobufCAllocator source_allocator(struct model *model)
{
    return (ProtobufCAllocator){allocate_in_arena, release_nothing, model->arena};
}

static const Google__Protobuf__SourceCodeInfo__Location *
find_location(const Google__Protobuf__FileDescriptorProto *file, const int32_t *path, size_t length)
{
    const Google__Protobuf__SourceCodeInfo *info = file->source_code_info;

    for (size_t i = 0; info != NULL && i < info->n_location; i++)
        if (info->location[i]->n_path == length &&
            memcmp(info->location[i]->path, path, length * sizeof path[0]) == 0)
            return info->location[i];
    return NULL;
}

struct place
source_place(const Google__Protobuf__FileDescriptorProto *file, const int32_t *path, size_t length)
{
    const Google__Protobuf__SourceCodeInfo__Location *location = find_location(file, path, length);

    if (location == NULL || location->n_span == 0)
        return (struct place){file->name, 1};
    return (struct place){file->name, location->span[0] + 1};
}

// Appends a comment line by line, without the blank that follows each "//".
static void append_comment(struct strbuf *out, const char *comment)
{
    while (comment != NULL && *comment != '\0') {
        size_t length = strcspn(comment, "\n");
        size_t skipped = *comment == ' ' ? 1 : 0;

        if (out->length > 0)
            strbuf_append_char(out, '\n');
        strbuf_append(out, comment + skipped, length - skipped);
        comment += length;
        if (*comment == '\n')
            comment++;
    }
}

const char *source_doc(struct model *model,
                       const Google__Protobuf__FileDescriptorProto *file,
                       const int32_t *path,
                       size_t length)
{
    const Google__Protobuf__SourceCodeInfo__Location *location = find_location(file, path, length);
    OWNED(strbuf) doc = strbuf_new(64 * 1024);

    if (location != NULL) {
        append_comment(doc, location->leading_comments);
        append_comment(doc, location->trailing_comments);
    }
    return model_printf(model, "%s", doc->data);
}

struct text source_extension(struct model *model, const ProtobufCMessage *options, uint32_t tag)
{
    char *bytes = NULL;
    size_t length = 0;

    for (unsigned i = 0; options != NULL && i < options->n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *field = &options->unknown_fields[i];
        size_t skipped = 0;
        char *longer = NULL;

        if (field->tag != tag || field->wire_type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
            continue;
        while (skipped < field->len && (field->data[skipped] & 0x80) != 0)
            skipped++;
        skipped++;
        // Pieces of one message, one after the other, are that message.
        longer = model_allocate(model, length + field->len + 1, 1);
        if (length > 0)
            memcpy(longer, bytes, length);
        memcpy(longer + length, field->data + skipped, field->len - skipped);
        length += field->len - skipped;
        bytes = longer;
    }
    return (struct text){bytes, length};
}

const void *source_option(struct model *model,
                          const ProtobufCMessage *options,
                          uint32_t tag,
                          const ProtobufCMessageDescriptor *descriptor)
{
    struct text bytes = source_extension(model, options, tag);
    ProtobufCAllocator allocator = source_allocator(model);
    ProtobufCMessage *message = protobuf_c_message_unpack(descriptor, &allocator, bytes.length,
                                                          (const uint8_t *)bytes.data);

    if (message != NULL)
        return message;
    // protoc has checked these bytes, so this is a generator older than the options it reads.
    message = model_allocate(model, 1, descriptor->sizeof_message);
    protobuf_c_message_init(descriptor, message);
    return message;
}
