// SPDX-License-Identifier: MIT
#include "base/error.h"
#include "openapi.h"

#include <string.h>

// What can go wrong with any operation, by the HTTP status it is answered with.
struct failure {
    int status;
    const char *name;
    const char *description;
    bool has_retry_after;
};

static const struct failure failures[] = {
    {400, "Malformed", "The request cannot be read.", false},
    {401, "Unauthenticated", "There is no valid access token, or the credentials are wrong.",
     false},
    {403, "Forbidden", "This is not allowed, or not now; `reason` says which.", false},
    {404, "NotFound", "There is no such thing, or it is another user's.", false},
    {409, "Conflict", "It exists already, or the same request is still being worked on.", false},
    {422, "Invalid", "The request breaks a rule; `errors` names each field.", false},
    {429, "TooManyRequests", "Too many requests.", true},
    {503, "Unavailable", "A part of the platform cannot be reached; repeat it.", true},
};

static void write_reason_description(struct document *document)
{
    OWNED(strbuf) text = strbuf_new(64 * 1024);

    strbuf_append_string(text,
                         "A stable name that programs can match.\n\n| reason | status | what went "
                         "wrong | what to do |\n|---|---|---|---|\n");
    for (enum reason reason = 0; reason < REASON_COUNT; reason++) {
        const struct reason_entry *entry = reason_entry(reason);

        strbuf_printf(text, "| `%s` | %d | %s | %s |\n", entry->name, entry->http_status,
                      entry->title, entry->advice);
    }
    document_string(document, "description", text->data);
}

static void write_text_property(struct document *document,
                                const char *name,
                                const char *format,
                                const char *description,
                                const char *example)
{
    document_open(document, name, '{');
    document_string(document, "type", "string");
    if (format != NULL)
        document_string(document, "format", format);
    if (description != NULL)
        document_string(document, "description", description);
    if (example != NULL) {
        document_open(document, "examples", '[');
        document_string(document, NULL, example);
        document_close(document, ']');
    }
    document_close(document, '}');
}

static void write_errors_property(struct document *document)
{
    document_open(document, "errors", '{');
    document_string(document, "type", "array");
    document_string(document, "description", "The fields that break a rule.");
    document_open(document, "items", '{');
    document_string(document, "type", "object");
    document_open(document, "properties", '{');
    write_text_property(document, "field", NULL, "As in the JSON sent.", "legs[1].side");
    write_text_property(document, "message", NULL, NULL, "must be one of buy, sell");
    document_close(document, '}');
    document_close(document, '}');
    document_close(document, '}');
}

void openapi_problem_schema(struct document *document)
{
    document_open(document, "Problem", '{');
    document_string(document, "type", "object");
    document_string(document, "description",
                    "A failure, as in RFC 9457. Further members are the names and numbers that "
                    "explain it.");
    document_bool(document, "additionalProperties", true);
    document_raw(document, "required", "[\"type\", \"title\", \"status\", \"reason\"]");
    document_open(document, "properties", '{');
    write_text_property(document, "type", "uri-reference", "Where the reason is explained.", NULL);
    write_text_property(document, "title", NULL, NULL, "There is not enough cash.");
    document_open(document, "status", '{');
    document_string(document, "type", "integer");
    document_raw(document, "examples", "[403]");
    document_close(document, '}');
    write_text_property(document, "detail", NULL, "What went wrong this time.", NULL);
    document_open(document, "reason", '{');
    document_string(document, "type", "string");
    write_reason_description(document);
    document_raw(document, "examples", "[\"INSUFFICIENT_FUNDS\"]");
    document_close(document, '}');
    write_errors_property(document);
    write_text_property(document, "trace_id", NULL, "Of the W3C trace, for the logs.", NULL);
    write_text_property(document, "request_id", NULL, "For the administrator.", NULL);
    document_close(document, '}');
    document_close(document, '}');
}

static void write_failure(struct document *document, const struct failure *failure)
{
    document_open(document, failure->name, '{');
    document_string(document, "description", failure->description);
    if (failure->has_retry_after) {
        document_open(document, "headers", '{');
        document_open(document, "Retry-After", '{');
        document_string(document, "description", "Seconds to wait.");
        document_raw(document, "schema", "{\"type\": \"integer\", \"minimum\": 0}");
        document_close(document, '}');
        document_close(document, '}');
    }
    document_open(document, "content", '{');
    document_open(document, "application/problem+json", '{');
    document_reference(document, "schema", "schemas", "Problem");
    document_close(document, '}');
    document_close(document, '}');
    document_close(document, '}');
}

void openapi_shared_parts(struct document *document)
{
    document_open(document, "responses", '{');
    for (size_t i = 0; i < COUNT_OF(failures); i++)
        write_failure(document, &failures[i]);
    document_close(document, '}');
    document_open(document, "parameters", '{');
    document_open(document, "IdempotencyKey", '{');
    document_string(document, "name", "Idempotency-Key");
    document_string(document, "in", "header");
    document_string(document, "description",
                    "The same key with the same request is done once: a repeat is given the first "
                    "answer, with `Idempotent-Replayed: true`.");
    document_raw(document, "schema",
                 "{\"type\": \"string\", \"minLength\": 1, \"maxLength\": 255}");
    document_close(document, '}');
    document_close(document, '}');
    document_open(document, "headers", '{');
    document_open(document, "IdempotentReplayed", '{');
    document_string(document, "description", "`true` on the stored answer of an earlier request.");
    document_raw(document, "schema", "{\"type\": \"boolean\"}");
    document_close(document, '}');
    document_close(document, '}');
    document_open(document, "securitySchemes", '{');
    document_open(document, "bearer", '{');
    document_string(document, "type", "http");
    document_string(document, "scheme", "bearer");
    document_string(document, "bearerFormat", "JWT");
    document_close(document, '}');
    document_raw(document, "cookie",
                 "{\"type\": \"apiKey\", \"in\": \"cookie\", \"name\": \"bourse_session\"}");
    document_raw(document, "apiKeyId",
                 "{\"type\": \"apiKey\", \"in\": \"header\", \"name\": \"APCA-API-KEY-ID\"}");
    document_raw(document, "apiKeySecret",
                 "{\"type\": \"apiKey\", \"in\": \"header\", \"name\": "
                 "\"APCA-API-SECRET-KEY\"}");
    document_raw(document, "basic", "{\"type\": \"http\", \"scheme\": \"basic\"}");
    document_close(document, '}');
}

static bool fits(int status, const struct model_binding *binding)
{
    const struct model_method *method = binding->method;
    bool is_change = !method->no_side_effects;

    switch (status) {
    case 401:
        return method->rule->access != BOURSE__ACCESS__OPEN || is_change;
    case 403:
        return method->rule->access == BOURSE__ACCESS__ADMINISTRATOR || is_change;
    case 404:
        return strchr(binding->path, '{') != NULL;
    case 409:
        return is_change;
    case 422:
        return method->request->field_count > 0 || is_change;
    default:
        return true;
    }
}

void openapi_failures(struct document *document, const struct model_binding *binding)
{
    for (size_t i = 0; i < COUNT_OF(failures); i++) {
        OWNED(strbuf) status = strbuf_new(8);

        if (!fits(failures[i].status, binding))
            continue;
        strbuf_append_int(status, failures[i].status);
        document_reference(document, status->data, "responses", failures[i].name);
    }
}
