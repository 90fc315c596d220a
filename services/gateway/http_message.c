// SPDX-License-Identifier: MIT
#include "http_message.h"

#include "base/digest.h"
#include "base/random.h"

#include <string.h>
#include <strings.h>

const char *http_request_header(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (strcasecmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    return NULL;
}

const char *http_request_cookie(const struct http_request *request, const char *name)
{
    const char *at = http_request_header(request, "Cookie");
    size_t name_length = strlen(name);
    struct text found = {NULL, 0};

    while (at != NULL && *at != '\0') {
        size_t length = 0;

        at += strspn(at, "; ");
        length = strcspn(at, ";");
        if (length > name_length && strncmp(at, name, name_length) == 0 && at[name_length] == '=') {
            if (found.data != NULL)
                return NULL;
            found = (struct text){at + name_length + 1, length - name_length - 1};
        }
        at += length;
    }
    return found.data == NULL ? NULL : arena_copy(request->arena, found.data, found.length);
}

static bool is_lower_hex(const char *text, size_t length)
{
    bool all_zero = true;

    for (size_t i = 0; i < length; i++) {
        if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
            return false;
        all_zero = all_zero && text[i] == '0';
    }
    return !all_zero;
}

// Version 00 of the trace context: 00-<32 hex>-<16 hex>-<2 hex>, ids not all zero.
static bool is_traceparent(const char *text)
{
    return strlen(text) == RPC_TRACEPARENT_SIZE - 1 && strncmp(text, "00-", 3) == 0 &&
           text[35] == '-' && text[52] == '-' && is_lower_hex(text + 3, 32) &&
           is_lower_hex(text + 36, 16) && strspn(text + 53, "0123456789abcdef") == 2;
}

const char *http_request_trace(struct http_request *request)
{
    const char *given = NULL;
    struct random_source random = random_system();
    unsigned char ids[24];
    char hex[49];

    if (request->traceparent[0] != '\0')
        return request->traceparent;
    given = http_request_header(request, "traceparent");
    if (given != NULL && is_traceparent(given)) {
        memcpy(request->traceparent, given, RPC_TRACEPARENT_SIZE);
        return request->traceparent;
    }
    random_fill(&random, ids, sizeof ids);
    ids[0] |= 1; // neither id may be all zero
    ids[16] |= 1;
    digest_hex(ids, sizeof ids, hex, sizeof hex);
    memcpy(request->traceparent, "00-", 3);
    memcpy(request->traceparent + 3, hex, 32);
    request->traceparent[35] = '-';
    memcpy(request->traceparent + 36, hex + 32, 16);
    memcpy(request->traceparent + 52, "-00", 4);
    return request->traceparent;
}

struct text http_request_trace_id(struct http_request *request)
{
    return (struct text){http_request_trace(request) + 3, 32};
}

bool http_request_accepts(const struct http_request *request, const char *name, const char *token)
{
    const char *value = http_request_header(request, name);
    size_t length = strlen(token);

    while (value != NULL && *value != '\0') {
        const char *rest = NULL;

        value += strspn(value, " ,");
        if (strncasecmp(value, token, length) == 0 && strchr(" ;,", value[length]) != NULL) {
            rest = value + length + strspn(value + length, " ;");
            return strncasecmp(rest, "q=0", 3) != 0 ||
                   strspn(rest + 3, ".0") + 3 < strcspn(rest, " ,");
        }
        value = strchr(value, ',');
    }
    return false;
}

void http_response_header(struct http_response *response, const char *name, const char *value)
{
    strbuf_append_string(response->headers, name);
    strbuf_append(response->headers, ": ", 2);
    strbuf_append_string(response->headers, value);
    strbuf_append(response->headers, "\r\n", 2);
}

static const struct {
    int status;
    const char *digits;
    const char *text;
} statuses[] = {
    {101, "101", "Switching Protocols"},
    {200, "200", "OK"},
    {201, "201", "Created"},
    {202, "202", "Accepted"},
    {204, "204", "No Content"},
    {303, "303", "See Other"},
    {304, "304", "Not Modified"},
    {308, "308", "Permanent Redirect"},
    {400, "400", "Bad Request"},
    {401, "401", "Unauthorized"},
    {403, "403", "Forbidden"},
    {404, "404", "Not Found"},
    {405, "405", "Method Not Allowed"},
    {406, "406", "Not Acceptable"},
    {408, "408", "Request Timeout"},
    {409, "409", "Conflict"},
    {410, "410", "Gone"},
    {411, "411", "Length Required"},
    {413, "413", "Content Too Large"},
    {415, "415", "Unsupported Media Type"},
    {422, "422", "Unprocessable Content"},
    {429, "429", "Too Many Requests"},
    {431, "431", "Request Header Fields Too Large"},
    {500, "500", "Internal Server Error"},
    {501, "501", "Not Implemented"},
    {503, "503", "Service Unavailable"},
    {504, "504", "Gateway Timeout"},
    {505, "505", "HTTP Version Not Supported"},
};

const char *http_status_text(int status)
{
    for (size_t i = 0; i < COUNT_OF(statuses); i++)
        if (statuses[i].status == status)
            return statuses[i].text;
    return "Other";
}

const char *http_status_digits(int status)
{
    for (size_t i = 0; i < COUNT_OF(statuses); i++)
        if (statuses[i].status == status)
            return statuses[i].digits;
    return "other";
}
