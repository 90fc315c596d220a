// SPDX-License-Identifier: MIT
#include "server/http_message.h"

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

const char *http_request_trace_parent(const struct http_request *request)
{
    const char *found = NULL;

    for (size_t i = 0; i < request->header_count; i++) {
        if (strcasecmp(request->headers[i].name, "traceparent") != 0)
            continue;
        // Of two nobody can say which one is meant.
        if (found != NULL || !traceparent_is_valid(request->headers[i].value))
            return NULL;
        found = request->headers[i].value;
    }
    return found;
}

// Of as many headers as there are. Where one of them is malformed all are nothing.
static void read_trace_state(struct http_request *request)
{
    bool is_valid = true;

    for (size_t i = 0; is_valid && i < request->header_count; i++)
        if (strcasecmp(request->headers[i].name, "tracestate") == 0)
            is_valid = tracestate_append(request->tracestate, request->headers[i].value);
    if (!is_valid)
        request->tracestate[0] = '\0';
}

const char *http_request_trace(struct http_request *request)
{
    const char *parent = NULL;

    if (request->traceparent[0] != '\0')
        return request->traceparent;
    parent = http_request_trace_parent(request);
    request->tracestate[0] = '\0';
    if (parent != NULL) {
        traceparent_descend(parent, request->traceparent);
        read_trace_state(request);
    } else {
        traceparent_begin(request->is_sampled, request->traceparent);
    }
    return request->traceparent;
}

const char *http_request_trace_state(struct http_request *request)
{
    (void)http_request_trace(request);
    return request->tracestate[0] != '\0' ? request->tracestate : NULL;
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
