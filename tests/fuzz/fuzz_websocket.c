// SPDX-License-Identifier: MIT
// Frames of any bytes: what they give is the same however they are cut into pieces, within its
// limits, and text is text.
#include "stream/websocket.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

enum { EVENTS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct told {
    enum websocket_event event;
    int code;
    size_t length;
};

static void check(enum websocket_event event, const struct websocket_input *input)
{
    size_t maximum = event == WEBSOCKET_GOT_TEXT ? WEBSOCKET_MESSAGE_MAX : WEBSOCKET_CONTROL_MAX;

    if (input->data.length > maximum)
        abort();
    if (event == WEBSOCKET_GOT_TEXT && !utf8_is_valid(input->data.data, input->data.length))
        abort();
    if (event == WEBSOCKET_BROKEN && (input->rule == NULL || input->code < CLOSE_PROTOCOL_ERROR))
        abort();
}

static size_t read_all(struct text bytes, size_t step, struct told out[EVENTS_MAX])
{
    struct websocket_reader reader = {.message = NULL};
    enum websocket_event event = WEBSOCKET_NOTHING;
    size_t count = 0;

    while (bytes.length > 0 && event != WEBSOCKET_BROKEN && count < EVENTS_MAX) {
        struct text piece = {bytes.data, bytes.length < step ? bytes.length : step};
        size_t before = piece.length;
        struct websocket_input input;

        event = websocket_read(&reader, &piece, &input);
        if (event == WEBSOCKET_NOTHING && piece.length > 0)
            abort(); // it would never end
        bytes.data += before - piece.length;
        bytes.length -= before - piece.length;
        if (event == WEBSOCKET_NOTHING)
            continue;
        check(event, &input);
        out[count++] = (struct told){event, input.code, input.data.length};
    }
    websocket_reader_clear(&reader);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text bytes = {(const char *)data, size};
    struct told whole[EVENTS_MAX];
    struct told pieces[EVENTS_MAX];
    size_t count = read_all(bytes, SIZE_MAX, whole);

    if (read_all(bytes, 1 + size % 7, pieces) != count)
        abort();
    for (size_t i = 0; i < count; i++)
        if (whole[i].event != pieces[i].event || whole[i].code != pieces[i].code ||
            whole[i].length != pieces[i].length)
            abort();
    return 0;
}
