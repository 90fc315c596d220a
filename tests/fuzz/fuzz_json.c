// SPDX-License-Identifier: MIT
// fuzz_json: whatever bytes come, message_from_json answers; and what it takes, it writes so that
// it reads back as the same.
#include "fuzz.h"

#include "message/message.h"

#include "sample_rules.h"

enum { BUDGET = 1024 * 1024, WRITTEN_MAX = 4 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct message_info *info = &sample_everything_info;
    OWNED(arena) arena = arena_new(BUDGET);
    OWNED(strbuf) written = strbuf_new(WRITTEN_MAX);
    OWNED(strbuf) again = strbuf_new(WRITTEN_MAX);
    ProtobufCMessage *message = NULL;
    struct error error;

    if (!message_from_json(info, arena, (struct text){(const char *)data, size}, &message,
                           &error)) {
        if (error.code == CODE_OK)
            abort();
        return 0;
    }
    message_to_json(info, message, written);
    arena_reset(arena);
    if (written->overflowed ||
        !message_from_json(info, arena, strbuf_text(written), &message, &error))
        abort();
    message_to_json(info, message, again);
    if (strcmp(written->data, again->data) != 0)
        abort();
    return 0;
}
