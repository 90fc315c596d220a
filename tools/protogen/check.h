// SPDX-License-Identifier: MIT
// check: the rules that our .proto files keep beyond protoc's own. Each broken one becomes a
// complaint that says what to write instead.
#pragma once

#include "source.h"

void check_file(struct model *model,
                const struct model_file *file,
                const Google__Protobuf__FileDescriptorProto *proto,
                struct place syntax);
void check_enum(struct model *model,
                const struct model_enum *enumeration,
                const char *prefix,
                const Google__Protobuf__EnumDescriptorProto *proto);
void check_message(struct model *model,
                   const struct model_message *message,
                   const Google__Protobuf__DescriptorProto *proto);
void check_field(struct model *model,
                 const struct model_field *field,
                 const Google__Protobuf__FieldDescriptorProto *proto,
                 const Google__Protobuf__DescriptorProto *in);
// Of a linked field, with the field that its `given` names, or NULL. False when it may not.
bool check_given(struct model *model,
                 const struct model_field *field,
                 const struct model_field *flag);
void check_method(struct model *model,
                  const struct model_method *method,
                  const Google__Protobuf__MethodDescriptorProto *proto);
void check_binding(struct model *model,
                   const struct model_binding *binding,
                   const Google__Api__HttpRule *rule);

// What can only be seen once everything is linked: recursion, conflicting routes, and names and ids
// that meet.
void check_whole(struct model *model);
