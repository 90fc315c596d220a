// SPDX-License-Identifier: MIT
// source: where in a .proto file something stands, what is written beside it, and the options of
// ours that protoc hands on as unknown fields.
#pragma once

#include "google/api/annotations.pb-c.h"
#include "google/protobuf/descriptor.pb-c.h"
#include "model.h"

// The tags of our extensions, as in bourse/options.proto, annotations.proto and protobuf-c.proto.
enum {
    EXTENSION_PB_C_FILE = 1019,
    EXTENSION_BOURSE = 50001,
    EXTENSION_HTTP = 72295728,
};

// protobuf-c takes the memory of what it unpacks from the model's arena.
ProtobufCAllocator source_allocator(struct model *model);

// Position and comments of the declaration at `path` (see SourceCodeInfo in descriptor.proto).
struct place
source_place(const Google__Protobuf__FileDescriptorProto *file, const int32_t *path, size_t length);
const char *source_doc(struct model *model,
                       const Google__Protobuf__FileDescriptorProto *file,
                       const int32_t *path,
                       size_t length);

// The bytes of an extension that is a message or a string; empty when it is not there.
struct text source_extension(struct model *model, const ProtobufCMessage *options, uint32_t tag);

// That extension unpacked; an empty message when it is not there.
const void *source_option(struct model *model,
                          const ProtobufCMessage *options,
                          uint32_t tag,
                          const ProtobufCMessageDescriptor *descriptor);
