// SPDX-License-Identifier: MIT
#include "rest/url.h"

#include "base/utf8.h"

#include <string.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool url_decode(struct arena *arena,
                struct text encoded,
                bool plus_is_blank,
                struct text *out_text,
                struct error *error)
{
    char *decoded = arena_allocate(arena, encoded.length + 1);
    size_t length = 0;

    if (decoded == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The address is too long.");
    for (size_t at = 0; at < encoded.length; at++) {
        char c = encoded.data[at];

        if (c == '+' && plus_is_blank) {
            c = ' ';
        } else if (c == '%') {
            int high = at + 2 < encoded.length ? hex_value(encoded.data[at + 1]) : -1;
            int low = high >= 0 ? hex_value(encoded.data[at + 2]) : -1;

            if (low < 0)
                return error_set(error, REASON_MALFORMED_REQUEST,
                                 "The address has a %% without two hexadecimal digits.");
            c = (char)(high * 16 + low);
            at += 2;
        }
        if ((unsigned char)c < 0x20 || c == 0x7f)
            return error_set(error, REASON_MALFORMED_REQUEST,
                             "The address has a control character.");
        decoded[length++] = c;
    }
    if (!utf8_is_valid(decoded, length))
        return error_set(error, REASON_MALFORMED_REQUEST, "The address is not UTF-8.");
    *out_text = (struct text){decoded, length};
    return true;
}

void url_encode(struct text text, struct strbuf *out)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            (c != '\0' && strchr("-._~/", c) != NULL))
            strbuf_append_char(out, c);
        else
            strbuf_printf(out, "%%%02X", (unsigned char)c);
    }
}

bool url_next_parameter(struct text *query, struct text *out_name, struct text *out_value)
{
    while (query->length > 0) {
        const char *end = memchr(query->data, '&', query->length);
        struct text piece = {query->data,
                             end != NULL ? (size_t)(end - query->data) : query->length};
        const char *sign = memchr(piece.data, '=', piece.length);
        size_t taken = piece.length + (end != NULL);

        query->data += taken;
        query->length -= taken;
        if (piece.length == 0)
            continue;
        out_name->data = piece.data;
        out_name->length = sign != NULL ? (size_t)(sign - piece.data) : piece.length;
        out_value->data = sign != NULL ? sign + 1 : piece.data + piece.length;
        out_value->length = piece.length - out_name->length - (sign != NULL);
        return true;
    }
    return false;
}
