// SPDX-License-Identifier: MIT
// strbuf: a string that grows up to a maximum given at birth, and is always terminated.
//
// Writing past the maximum keeps what fitted and sets `overflowed`; a caller checks that once, at
// the end. Threads: one owner. Memory: the buffer is freed by strbuf_free.
#pragma once

#include "base/base.h"

struct strbuf {
    char *data; // terminated; never NULL after strbuf_new
    size_t length;
    size_t capacity;
    size_t maximum; // of length, in bytes
    bool overflowed;
};

// Creates an empty string that may become `maximum` bytes long. The caller owns it.
struct strbuf *strbuf_new(size_t maximum);
void strbuf_free(struct strbuf **buffer);

void strbuf_append(struct strbuf *buffer, const void *data, size_t length);
void strbuf_append_string(struct strbuf *buffer, const char *string);
void strbuf_append_text(struct strbuf *buffer, struct text text);
void strbuf_append_char(struct strbuf *buffer, char character);

// Appends a decimal integer, without the cost of printf.
void strbuf_append_int(struct strbuf *buffer, int64_t value);

PRINTF_LIKE(2, 3) void strbuf_printf(struct strbuf *buffer, const char *format, ...);

// Appends `string` as a JSON string with its quotes, escaped as RFC 8259 section 7 asks. Bytes that
// are not UTF-8 become U+FFFD.
void strbuf_append_json(struct strbuf *buffer, struct text text);

// Makes it empty again and keeps the memory.
void strbuf_reset(struct strbuf *buffer);

// Cuts it back to `length`, which must not be more than it has.
void strbuf_truncate(struct strbuf *buffer, size_t length);

struct text strbuf_text(const struct strbuf *buffer);
