// SPDX-License-Identifier: MIT
// websocket: the frames of RFC 6455, as a server reads and writes them. No extensions.
//
// civetweb's own reader takes what the RFC forbids (frames of 2 GiB, unmasked ones, reserved bits,
// bad UTF-8), so nothing of it is used. Here a message may have 4 KiB, in as many fragments as its
// sender likes; whatever breaks a rule ends the connection with the code that the RFC has for it.
//
// Threads: a reader belongs to one. Memory: 4 KiB while a text message is arriving, none otherwise.
#pragma once

#include "base/base.h"

enum {
    WEBSOCKET_MESSAGE_MAX = 4096, // bytes of a text message from a client
    WEBSOCKET_CONTROL_MAX = 125,  // bytes of a control frame (RFC 6455, 5.5)
    WEBSOCKET_HEAD_MAX = 10,      // bytes in front of what a server sends
    WEBSOCKET_ACCEPT_SIZE = 29,   // of Sec-WebSocket-Accept, with its end
};

enum websocket_opcode {
    WEBSOCKET_CONTINUATION = 0x0,
    WEBSOCKET_TEXT = 0x1,
    WEBSOCKET_BINARY = 0x2,
    WEBSOCKET_CLOSE = 0x8,
    WEBSOCKET_PING = 0x9,
    WEBSOCKET_PONG = 0xa,
};

// RFC 6455, 7.4.1.
enum websocket_close {
    CLOSE_NORMAL = 1000,
    CLOSE_GOING_AWAY = 1001,
    CLOSE_PROTOCOL_ERROR = 1002,
    CLOSE_UNSUPPORTED = 1003,
    CLOSE_NO_STATUS = 1005, // never on the wire
    CLOSE_BAD_TEXT = 1007,
    CLOSE_POLICY = 1008,
    CLOSE_TOO_BIG = 1009,
    CLOSE_TRY_AGAIN_LATER = 1013,
};

// Of one client. All zeroes is the start.
struct websocket_reader {
    unsigned char head[14]; // of the frame that is arriving
    size_t head_length;
    bool has_head;
    unsigned char opcode;
    bool is_final;
    unsigned char mask[4];
    uint64_t size;      // of its payload
    uint64_t arrived;   // of that
    bool is_in_message; // a text message has begun, and not all of its fragments are there
    bool is_told;       // the message has been given to the caller
    char *message;      // WEBSOCKET_MESSAGE_MAX bytes; NULL while there is none
    size_t message_length;
    char control[WEBSOCKET_CONTROL_MAX];
};

enum websocket_event {
    WEBSOCKET_NOTHING, // all bytes are used up
    WEBSOCKET_GOT_TEXT,
    WEBSOCKET_GOT_PING,
    WEBSOCKET_GOT_PONG,
    WEBSOCKET_GOT_CLOSE,
    WEBSOCKET_BROKEN, // a rule; nothing may be read any more
};

struct websocket_input {
    struct text data; // of a message or control frame, until the next read
    int code;         // of a close, or to close with; CLOSE_NO_STATUS when none came
    const char *rule; // that was broken
};

// Reads on in `bytes`, and takes away from it what it has read.
enum websocket_event websocket_read(struct websocket_reader *reader,
                                    struct text *bytes,
                                    struct websocket_input *out_input);

// Frees what a reader holds.
void websocket_reader_clear(struct websocket_reader *reader);

// Writes the head of an unfragmented frame of `length` bytes; returns its own length.
size_t websocket_write_head(enum websocket_opcode opcode,
                            size_t length,
                            unsigned char out_head[WEBSOCKET_HEAD_MAX]);

// Sec-WebSocket-Accept for a client's Sec-WebSocket-Key. False when that is not 16 bytes in base64.
MUST_CHECK bool websocket_accept(const char *key, char out_accept[WEBSOCKET_ACCEPT_SIZE]);
