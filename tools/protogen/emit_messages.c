// SPDX-License-Identifier: MIT
#include "emit.h"
#include "google/protobuf/descriptor.pb-c.h"

// protoc-c makes an interface of its own for every service, which we do not use and which does not
// compile for a method called Register. It is given the files without their services.
bool emit_messages(struct output *output, struct text descriptors)
{
    Google__Protobuf__FileDescriptorSet *set = google__protobuf__file_descriptor_set__unpack(
        NULL, descriptors.length, (const uint8_t *)descriptors.data);
    uint8_t *packed = NULL;
    size_t length = 0;

    if (set == NULL)
        return false;
    for (size_t i = 0; i < set->n_file; i++) {
        for (size_t j = 0; j < set->file[i]->n_service; j++)
            protobuf_c_message_free_unpacked(&set->file[i]->service[j]->base, NULL);
        set->file[i]->n_service = 0;
    }
    packed = allocate(google__protobuf__file_descriptor_set__get_packed_size(set));
    length = google__protobuf__file_descriptor_set__pack(set, packed);
    strbuf_append(output->text, packed, length);
    release(packed);
    google__protobuf__file_descriptor_set__free_unpacked(set, NULL);
    return output_write(output, "messages.bin");
}
