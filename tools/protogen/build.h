// SPDX-License-Identifier: MIT
// build: makes the model from descriptors: first enums and messages, then what refers to them.
#pragma once

#include "google/protobuf/descriptor.pb-c.h"
#include "model.h"

// Fills an empty model with the files of `names`, in that order, and checks everything.
void build_model(struct model *model,
                 const Google__Protobuf__FileDescriptorSet *set,
                 char *const *names,
                 size_t name_count);
