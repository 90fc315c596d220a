// SPDX-License-Identifier: MIT
#include "server/guard.h"

#include <string.h>
#include <strings.h>

enum { LENGTH_DIGITS_MAX = 15 };

// Headers whose repetition would mean different things to different readers.
static const char *const once_only[] = {
    "Host",   "Content-Length",  "Content-Type",        "Authorization",
    "Cookie", "APCA-API-KEY-ID", "APCA-API-SECRET-KEY", "Idempotency-Key",
    "Origin", "Sec-Fetch-Site",  "X-CSRF-Token",
};

static size_t count_headers(const struct http_request *request, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < request->header_count; i++)
        count += strcasecmp(request->headers[i].name, name) == 0;
    return count;
}

// RFC 9110 section 5.6.2.
static bool is_token(const char *name)
{
    static const char allowed[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    return name[0] != '\0' && name[strspn(name, allowed)] == '\0';
}

static bool is_plain_value(const char *value)
{
    for (const char *c = value; *c != '\0'; c++)
        if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f)
            return false;
    return true;
}

static bool read_length(const char *value, uint64_t *out_length)
{
    size_t digits = strspn(value, "0123456789");
    uint64_t length = 0;

    if (digits == 0 || digits > LENGTH_DIGITS_MAX || value[digits] != '\0')
        return false;
    for (size_t i = 0; i < digits; i++)
        length = length * 10 + (uint64_t)(value[i] - '0');
    *out_length = length;
    return true;
}

static bool check_framing(struct http_request *request, struct error *error)
{
    const char *length = http_request_header(request, "Content-Length");

    // Without either header there is no body (RFC 9112 section 6.3): `curl -X POST` sends that.
    request->content_length = 0;
    if (http_request_header(request, "Transfer-Encoding") != NULL) {
        if (length != NULL)
            return error_set(error, REASON_MALFORMED_REQUEST,
                             "Transfer-Encoding and Content-Length exclude each other.");
        return error_set(error, REASON_LENGTH_REQUIRED,
                         "Transfer-Encoding is not taken: send the body with a Content-Length.");
    }
    if (length != NULL && !read_length(length, &request->content_length))
        return error_set(error, REASON_MALFORMED_REQUEST, "Content-Length must be digits alone.");
    return true;
}

bool guard_head(struct http_request *request, bool is_http_1_1, struct error *error)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (!is_token(request->headers[i].name) || !is_plain_value(request->headers[i].value))
            return error_set(error, REASON_MALFORMED_REQUEST, "Header line %zu cannot be read.",
                             i + 1);
    for (size_t i = 0; i < COUNT_OF(once_only); i++)
        if (count_headers(request, once_only[i]) > 1)
            return error_set(error, REASON_MALFORMED_REQUEST, "The header %s is given twice.",
                             once_only[i]);
    if (is_http_1_1 && http_request_header(request, "Host") == NULL)
        return error_set(error, REASON_MALFORMED_REQUEST, "The header Host is missing.");
    return check_framing(request, error);
}

// Method, target and version follow each other with one terminator between them, which were blanks.
static bool
is_plain_request_line(const struct http_request *request, const char *head, const char *version)
{
    const char *target = head + strlen(head) + 1;
    const char *target_end = request->path.data + request->path.length;

    // The question mark became a terminator too.
    if (request->query.data == target_end + 1)
        target_end += 1 + request->query.length;
    return target[0] != '\0' && version == target_end + 1 + strlen("HTTP/");
}

bool guard_lines(const struct http_request *request, const char *head, const char *version)
{
    const char *line_end = version + strlen(version);

    if (!is_plain_request_line(request, head, version))
        return false;
    for (size_t i = 0; i < request->header_count; i++) {
        const char *name = request->headers[i].name;
        const char *value = request->headers[i].value;

        // CR and LF of the line before as terminators; "Name : value" leaves two terminators behind
        // the name, "Name: value" one.
        if (name != line_end + 2 ||
            (value != name + strlen(name) + 1 && name[strlen(name) + 1] == '\0'))
            return false;
        line_end = value + strlen(value);
    }
    // The empty line follows: CR and LF of the last line as terminators, CR, and the last LF, which
    // civetweb has replaced first. After the request line it has replaced all four.
    return line_end - head + 3 < HTTP_HEAD_MAX && line_end[1] == '\0' &&
           line_end[2] == (request->header_count > 0 ? '\r' : '\0') && line_end[3] == '\0';
}

bool guard_repeats_head(const struct http_request *request, const char *head, struct text body)
{
    size_t size = strlen(head) + 1; // with the terminator that no text has
    bool is_all = body.length == request->content_length;

    while (body.length > 0 && strchr(" \t\n\v\f\r", body.data[0]) != NULL && body.data[0] != '\0') {
        body.data++;
        body.length--;
    }
    // A body that ends before the head does leaves terminators, which begin no request.
    if (body.length < size && is_all)
        return false;
    return memcmp(body.data, head, body.length < size ? body.length : size) == 0;
}
