// SPDX-License-Identifier: MIT
// fuzz_message: whatever bytes come, message_unpack and message_validate answer; and what they let
// through survives the way through JSON unchanged.
#include "fuzz.h"

#include "message/message.h"

#include "sample_rules.h"

enum { BUDGET = 1024 * 1024, WRITTEN_MAX = 4 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct message_info *info = &sample_everything_info;
    OWNED(arena) arena = arena_new(BUDGET);
    OWNED(strbuf) json = strbuf_new(WRITTEN_MAX);
    ProtobufCMessage *message = NULL;
    ProtobufCMessage *copy = NULL;
    struct text packed;
    struct text again;
    struct error error;

    if (!message_unpack(info, arena, (struct text){(const char *)data, size}, &message, &error) ||
        !message_validate(info, message, &error)) {
        if (error.code == CODE_OK)
            abort();
        return 0;
    }
    message_to_json(info, message, json);
    // JSON always has the lists, so who reads it back finds that they were given.
    ((Sample__Everything *)message)->has_flags_given = true;
    ((Sample__Everything *)message)->flags_given = true;
    if (!message_pack(message, arena, &packed, &error))
        return 0; // only the budget can be the reason
    if (!message_from_json(info, arena, strbuf_text(json), &copy, &error)) {
        if (!error_is(&error, REASON_OUT_OF_MEMORY_BUDGET))
            abort();
        return 0;
    }
    if (!message_pack(copy, arena, &again, &error))
        return 0;
    if (packed.length != again.length || memcmp(packed.data, again.data, packed.length) != 0)
        abort();
    return 0;
}
