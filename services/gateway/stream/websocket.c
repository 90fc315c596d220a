// SPDX-License-Identifier: MIT
#include "stream/websocket.h"

#include "base/digest.h"
#include "base/utf8.h"

#include <openssl/evp.h>
#include <string.h>

enum { KEY_BYTES = 16, KEY_LENGTH = 24, SHA1_SIZE = 20, LENGTH_16 = 126, LENGTH_64 = 127 };

static enum websocket_event
broken(enum websocket_close code, const char *rule, struct websocket_input *out_input)
{
    out_input->data = (struct text){"", 0};
    out_input->code = (int)code;
    out_input->rule = rule;
    return WEBSOCKET_BROKEN;
}

static bool is_control(unsigned char opcode)
{
    return (opcode & 0x8) != 0;
}

// What the first two bytes of a frame say already. NOTHING when they are in order.
static enum websocket_event check_start(const struct websocket_reader *reader,
                                        struct websocket_input *out_input)
{
    unsigned char opcode = reader->head[0] & 0x0f;
    bool is_final = (reader->head[0] & 0x80) != 0;
    unsigned char length = reader->head[1] & 0x7f;

    if ((reader->head[0] & 0x70) != 0)
        return broken(CLOSE_PROTOCOL_ERROR, "reserved bits are not zero", out_input);
    if ((opcode > WEBSOCKET_BINARY && opcode < WEBSOCKET_CLOSE) || opcode > WEBSOCKET_PONG)
        return broken(CLOSE_PROTOCOL_ERROR, "the opcode is reserved", out_input);
    if ((reader->head[1] & 0x80) == 0)
        return broken(CLOSE_PROTOCOL_ERROR, "the frame is not masked", out_input);
    if (is_control(opcode) && (!is_final || length > WEBSOCKET_CONTROL_MAX))
        return broken(CLOSE_PROTOCOL_ERROR, "a control frame is fragmented or over 125 bytes",
                      out_input);
    if (opcode == WEBSOCKET_BINARY)
        return broken(CLOSE_UNSUPPORTED, "messages are text", out_input);
    if (opcode == WEBSOCKET_CONTINUATION && !reader->is_in_message)
        return broken(CLOSE_PROTOCOL_ERROR, "a fragment continues nothing", out_input);
    if (opcode == WEBSOCKET_TEXT && reader->is_in_message)
        return broken(CLOSE_PROTOCOL_ERROR, "a message begins inside another", out_input);
    return WEBSOCKET_NOTHING;
}

// Bytes of the length behind the first two of a head.
static size_t length_size(unsigned char length)
{
    return length == LENGTH_64 ? 8 : length == LENGTH_16 ? 2 : 0;
}

static size_t head_size(const struct websocket_reader *reader)
{
    unsigned char length = reader->head_length < 2 ? 0 : reader->head[1] & 0x7f;

    if (reader->head_length < 2)
        return 2;
    return 2 + length_size(length) + sizeof reader->mask;
}

// The length of the payload, from the whole head.
static enum websocket_event read_size(struct websocket_reader *reader,
                                      struct websocket_input *out_input)
{
    unsigned char length = reader->head[1] & 0x7f;
    size_t count = length_size(length);
    uint64_t size = count == 0 ? length : 0;

    for (size_t i = 0; i < count; i++)
        size = size << 8 | reader->head[2 + i];
    if ((count == 2 && size < LENGTH_16) || (count == 8 && size <= UINT16_MAX) || size >> 63 != 0)
        return broken(CLOSE_PROTOCOL_ERROR, "the length is not written in the shortest form",
                      out_input);
    if (!is_control(reader->opcode) && size > WEBSOCKET_MESSAGE_MAX - reader->message_length)
        return broken(CLOSE_TOO_BIG, "a message may have 4096 bytes", out_input);
    memcpy(reader->mask, reader->head + 2 + count, sizeof reader->mask);
    reader->size = size;
    return WEBSOCKET_NOTHING;
}

static void take(struct text *bytes, size_t count)
{
    bytes->data += count;
    bytes->length -= count;
}

// Reads on in the head; afterwards `has_head` says whether it is whole.
static enum websocket_event
read_head(struct websocket_reader *reader, struct text *bytes, struct websocket_input *out_input)
{
    enum websocket_event event = WEBSOCKET_NOTHING;

    while (bytes->length > 0 && reader->head_length < head_size(reader)) {
        reader->head[reader->head_length++] = (unsigned char)bytes->data[0];
        take(bytes, 1);
        if (reader->head_length == 2)
            event = check_start(reader, out_input);
        if (event != WEBSOCKET_NOTHING)
            return event;
    }
    if (reader->head_length < head_size(reader))
        return WEBSOCKET_NOTHING;
    reader->opcode = reader->head[0] & 0x0f;
    reader->is_final = (reader->head[0] & 0x80) != 0;
    reader->arrived = 0;
    reader->has_head = true;
    if (!is_control(reader->opcode) && reader->message == NULL)
        reader->message = allocate(WEBSOCKET_MESSAGE_MAX);
    return read_size(reader, out_input);
}

static void read_payload(struct websocket_reader *reader, struct text *bytes)
{
    uint64_t left = reader->size - reader->arrived;
    size_t count = left < bytes->length ? (size_t)left : bytes->length;
    char *out = is_control(reader->opcode) ? reader->control + reader->arrived
                                           : reader->message + reader->message_length;

    for (size_t i = 0; i < count; i++)
        out[i] = (char)(bytes->data[i] ^ (char)reader->mask[(reader->arrived + i) % 4]);
    reader->arrived += count;
    if (!is_control(reader->opcode))
        reader->message_length += count;
    take(bytes, count);
}

// RFC 6455, 7.4: those that may be sent. 1012 to 1014 were registered later.
static bool is_close_code(int code)
{
    return (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) ||
           (code >= 3000 && code <= 4999);
}

static enum websocket_event end_close(const struct websocket_reader *reader,
                                      struct websocket_input *out_input)
{
    const unsigned char *bytes = (const unsigned char *)reader->control;

    out_input->code = CLOSE_NO_STATUS;
    if (reader->size == 0)
        return WEBSOCKET_GOT_CLOSE;
    if (reader->size == 1 || !is_close_code(bytes[0] << 8 | bytes[1]))
        return broken(CLOSE_PROTOCOL_ERROR, "the close code is none", out_input);
    if (!utf8_is_valid(reader->control + 2, (size_t)reader->size - 2))
        return broken(CLOSE_BAD_TEXT, "the close reason is not UTF-8", out_input);
    out_input->code = bytes[0] << 8 | bytes[1];
    return WEBSOCKET_GOT_CLOSE;
}

static enum websocket_event end_frame(struct websocket_reader *reader,
                                      struct websocket_input *out_input)
{
    reader->has_head = false;
    reader->head_length = 0;
    if (is_control(reader->opcode))
        out_input->data = (struct text){reader->control, (size_t)reader->size};
    switch (reader->opcode) {
    case WEBSOCKET_PING:
        return WEBSOCKET_GOT_PING;
    case WEBSOCKET_PONG:
        return WEBSOCKET_GOT_PONG;
    case WEBSOCKET_CLOSE:
        return end_close(reader, out_input);
    default:
        break;
    }
    reader->is_in_message = !reader->is_final;
    if (!reader->is_final)
        return WEBSOCKET_NOTHING;
    // A NUL is valid UTF-8, but no JSON.
    if (!utf8_is_valid(reader->message, reader->message_length))
        return broken(CLOSE_BAD_TEXT, "the message is not UTF-8", out_input);
    out_input->data = (struct text){reader->message, reader->message_length};
    reader->is_told = true;
    return WEBSOCKET_GOT_TEXT;
}

enum websocket_event websocket_read(struct websocket_reader *reader,
                                    struct text *bytes,
                                    struct websocket_input *out_input)
{
    enum websocket_event event = WEBSOCKET_NOTHING;

    *out_input = (struct websocket_input){.data = {"", 0}};
    if (reader->is_told) {
        release(reader->message);
        reader->message = NULL;
        reader->message_length = 0;
        reader->is_told = false;
    }
    // A frame without payload ends without another byte.
    while (event == WEBSOCKET_NOTHING &&
           (bytes->length > 0 || (reader->has_head && reader->arrived == reader->size))) {
        if (!reader->has_head)
            event = read_head(reader, bytes, out_input);
        else if (reader->arrived < reader->size)
            read_payload(reader, bytes);
        if (event == WEBSOCKET_NOTHING && reader->has_head && reader->arrived == reader->size)
            event = end_frame(reader, out_input);
    }
    return event;
}

void websocket_reader_clear(struct websocket_reader *reader)
{
    release(reader->message);
    *reader = (struct websocket_reader){.message = NULL};
}

size_t websocket_write_head(enum websocket_opcode opcode,
                            size_t length,
                            unsigned char out_head[WEBSOCKET_HEAD_MAX])
{
    size_t count = length < LENGTH_16 ? 0 : length <= UINT16_MAX ? 2 : 8;

    out_head[0] = (unsigned char)(0x80 | opcode);
    out_head[1] = (unsigned char)(count == 0 ? length : count == 2 ? LENGTH_16 : LENGTH_64);
    for (size_t i = 0; i < count; i++)
        out_head[2 + i] = (unsigned char)((uint64_t)length >> (8 * (count - 1 - i)));
    return 2 + count;
}

bool websocket_accept(const char *key, char out_accept[WEBSOCKET_ACCEPT_SIZE])
{
    static const char suffix[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455, 1.3
    char text[KEY_LENGTH + sizeof suffix];
    unsigned char bytes[KEY_BYTES];
    unsigned char hash[SHA1_SIZE];
    size_t length = 0;

    if (strlen(key) != KEY_LENGTH ||
        !digest_base64_decode(text_of(key), bytes, sizeof bytes, &length) || length != KEY_BYTES)
        return false;
    memcpy(text, key, KEY_LENGTH);
    memcpy(text + KEY_LENGTH, suffix, sizeof suffix);
    if (EVP_Digest(text, KEY_LENGTH + sizeof suffix - 1, hash, NULL, EVP_sha1(), NULL) != 1)
        return false;
    (void)EVP_EncodeBlock((unsigned char *)out_accept, hash, sizeof hash);
    return true;
}
