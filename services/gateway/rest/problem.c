// SPDX-License-Identifier: MIT
#include "rest/problem.h"

#include <stdio.h>
#include <string.h>

enum {
    RETRY_SECONDS = 1,
    RETRY_SECONDS_MAX = 3600,
    DETAIL_SIZE = ERROR_MESSAGE_SIZE + ERROR_NAME_SIZE,
};

// Of a reason this build does not know, as from a newer service.
static int status_of_code(enum code code)
{
    switch (code) {
    case CODE_INVALID_ARGUMENT:
    case CODE_OUT_OF_RANGE:
        return 422;
    case CODE_FAILED_PRECONDITION:
        return 403;
    case CODE_NOT_FOUND:
        return 404;
    case CODE_ALREADY_EXISTS:
    case CODE_ABORTED:
        return 409;
    case CODE_PERMISSION_DENIED:
        return 403;
    case CODE_UNAUTHENTICATED:
        return 401;
    case CODE_RESOURCE_EXHAUSTED:
        return 429;
    case CODE_UNIMPLEMENTED:
        return 501;
    case CODE_UNAVAILABLE:
    case CODE_CANCELLED:
        return 503;
    case CODE_DEADLINE_EXCEEDED:
        return 504;
    default:
        return 500;
    }
}

int problem_status(const struct error *error)
{
    const struct reason_entry *entry = reason_find(error->reason);

    if (error->outcome_unknown && error->code == CODE_UNAVAILABLE)
        return 503;
    return entry != NULL ? entry->http_status : status_of_code(error->code);
}

static void add_member(struct strbuf *body, const char *name, const char *value)
{
    strbuf_append_json(body, text_of(name));
    strbuf_append_char(body, ':');
    strbuf_append_json(body, text_of(value));
    strbuf_append_char(body, ',');
}

// Members the format itself uses cannot be overwritten by a number of that name.
static bool is_reserved(const char *name)
{
    static const char *const reserved[] = {"type",   "title",      "status",   "detail", "instance",
                                           "reason", "request_id", "trace_id", "errors", "error"};

    for (size_t i = 0; i < COUNT_OF(reserved); i++)
        if (strcmp(reserved[i], name) == 0)
            return true;
    return false;
}

static void add_details(struct strbuf *body, const struct error *error)
{
    bool first = true;

    for (size_t i = 0; i < error->detail_count; i++)
        if (error->details[i].kind == ERROR_NUMBER && !is_reserved(error->details[i].name))
            add_member(body, error->details[i].name, error->details[i].value);
    strbuf_append_string(body, "\"errors\":[");
    for (size_t i = 0; i < error->detail_count; i++) {
        if (error->details[i].kind != ERROR_VIOLATION)
            continue;
        strbuf_append_string(body, first ? "{\"field\":" : ",{\"field\":");
        strbuf_append_json(body, text_of(error->details[i].name));
        strbuf_append_string(body, ",\"message\":");
        strbuf_append_json(body, text_of(error->details[i].value));
        strbuf_append_char(body, '}');
        first = false;
    }
    strbuf_append_string(body, "]}");
}

// Whole seconds the service asked for, or one.
static int64_t retry_seconds(const struct error *error)
{
    for (size_t i = 0; i < error->detail_count; i++) {
        const char *value = error->details[i].value;
        int64_t seconds = 0;

        if (strcmp(error->details[i].name, "retry_after") != 0)
            continue;
        while (*value >= '0' && *value <= '9' && seconds < RETRY_SECONDS_MAX)
            seconds = seconds * 10 + (*value++ - '0');
        return seconds < 1 ? RETRY_SECONDS : seconds;
    }
    return RETRY_SECONDS;
}

void problem_add_headers(struct http_response *response, const struct error *error)
{
    if (response->status == 429 || response->status == 503) {
        strbuf_append_string(response->headers, "Retry-After: ");
        strbuf_append_int(response->headers, retry_seconds(error));
        strbuf_append_string(response->headers, "\r\n");
    }
    if (response->status == 401)
        http_response_header(response, "WWW-Authenticate", "Bearer realm=\"bourse\"");
}

// The sentence: where only the fields can tell, the first of them does.
static void
print_detail(const struct error *error, const struct reason_entry *entry, char out[DETAIL_SIZE])
{
    snprintf(out, DETAIL_SIZE, "%s", error->message);
    if (entry == NULL || strcmp(error->message, entry->title) != 0)
        return;
    for (size_t i = 0; i < error->detail_count; i++) {
        if (error->details[i].kind != ERROR_VIOLATION)
            continue;
        snprintf(out, DETAIL_SIZE, "%s: %s", error->details[i].name, error->details[i].value);
        return;
    }
}

static void write_problem(struct http_request *request,
                          struct http_response *response,
                          const struct error *error,
                          int status,
                          bool is_seed,
                          const char *sentence)
{
    const struct reason_entry *entry = reason_find(error->reason);
    struct strbuf *body = response->body;
    char detail[DETAIL_SIZE];
    char trace_id[TRACE_ID_SIZE];

    traceparent_trace_id(http_request_trace(request), trace_id);
    print_detail(error, entry, detail);
    response->status = status;
    response->content_type = "application/problem+json";
    response->policy = HTTP_PRIVATE;
    response->fixed_body = (struct text){NULL, 0};
    problem_add_headers(response, error);
    strbuf_reset(body);
    strbuf_append_string(body, "{\"type\":\"/docs/errors#");
    strbuf_append_string(body, entry != NULL ? entry->name : "");
    strbuf_append_string(body, "\",\"title\":");
    strbuf_append_json(body, text_of(entry != NULL ? entry->title : "The request failed."));
    strbuf_append_string(body, ",\"status\":");
    strbuf_append_int(body, response->status);
    strbuf_append_char(body, ',');
    add_member(body, "detail", detail);
    add_member(body, "reason", error->reason);
    add_member(body, "request_id", request->id.string);
    strbuf_append_string(body, "\"trace_id\":");
    strbuf_append_json(body, text_of(trace_id));
    strbuf_append_char(body, ',');
    if (is_seed)
        add_member(body, "error", sentence != NULL ? sentence : detail);
    add_details(body, error);
}

void problem_write_seed(struct http_request *request,
                        struct http_response *response,
                        const struct error *error,
                        const char *sentence)
{
    int status = problem_status(error);

    // What became of an Idempotency-Key is said as everywhere.
    if (status == 422 && !error_is(error, REASON_IDEMPOTENCY_KEY_REUSED))
        status = 400;
    write_problem(request, response, error, status, true, sentence);
}

void problem_write_as(struct http_request *request,
                      struct http_response *response,
                      const struct error *error,
                      int invalid_status)
{
    bool is_invalid = invalid_status != 0 && error_is(error, REASON_INVALID_REQUEST);

    write_problem(request, response, error, is_invalid ? invalid_status : problem_status(error),
                  false, NULL);
}

void problem_write(struct http_request *request,
                   struct http_response *response,
                   const struct error *error)
{
    problem_write_as(request, response, error, 0);
}
