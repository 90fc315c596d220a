// SPDX-License-Identifier: MIT
#include "rest/rest.h"

#include "rest/url.h"

#include <string.h>
#include <strings.h>

// "application/json", or with charset=utf-8, in any case.
static bool is_json_type(const char *type)
{
    static const char name[] = "application/json";

    if (type == NULL || strncasecmp(type, name, sizeof name - 1) != 0)
        return false;
    type += sizeof name - 1;
    type += strspn(type, " \t");
    if (*type == '\0')
        return true;
    if (*type != ';')
        return false;
    type += 1 + strspn(type + 1, " \t");
    return *type == '\0' || strcasecmp(type, "charset=utf-8") == 0 ||
           strcasecmp(type, "charset=\"utf-8\"") == 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// Blanks, or an object without members.
static bool is_nothing(struct text body)
{
    static const char object[] = "{}";
    size_t taken = 0;

    for (size_t at = 0; at < body.length; at++) {
        if (is_blank(body.data[at]))
            continue;
        if (taken == strlen(object) || body.data[at] != object[taken++])
            return false;
    }
    return taken != 1;
}

static bool read_body(const struct rest_input *input, ProtobufCMessage **out, struct error *error)
{
    if (!input->takes_body && !is_nothing(input->body))
        return error_set(error, REASON_MALFORMED_REQUEST, "This operation takes no body.");
    if (input->takes_body && input->body.length > 0) {
        if (!is_json_type(input->content_type))
            return error_set(error, REASON_UNSUPPORTED_MEDIA_TYPE,
                             "Send the body as Content-Type: application/json.");
        return message_from_json(input->info, input->arena, input->body, out, error);
    }
    *out = message_new(input->info, input->arena);
    if (*out == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "There is no room for the request.");
    return input->form == NULL ||
           form_read(input->form,
                     &(struct form_target){input->info, input->arena, input->form_sets_texts}, *out,
                     error);
}

static bool is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const char *base = (const char *)message;
    const void *pointer = NULL;
    protobuf_c_boolean has = 0;

    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return false;
    if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE) {
        memcpy(&pointer, base + field->offset, sizeof pointer);
        return pointer != NULL;
    }
    memcpy(&has, base + field->quantifier_offset, sizeof has);
    return has != 0;
}

// Sets a field from the address. Secrets do not belong there: addresses end up in logs.
static bool set_field(const struct rest_input *input,
                      ProtobufCMessage *message,
                      struct text name,
                      struct text value,
                      const char *where,
                      struct error *error)
{
    const struct field_info *field = NULL;
    const char *json_name = arena_copy(input->arena, name.data, name.length);

    if (json_name == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The address is too long.");
    error_clear(error);
    if (!message_find_field(input->info, json_name, &field)) {
        error_add_violation(error, json_name, "is not a parameter of this operation");
        return false;
    }
    if (field->secret) {
        error_add_violation(error, json_name, "belongs into the body");
        return false;
    }
    if (is_set(message, &message->descriptor->fields[field - input->info->fields])) {
        error_add_violation(error, json_name, "is given twice: once in the %s", where);
        return false;
    }
    return message_set_text(input->info, message, input->arena, json_name, value, error);
}

static bool
read_variables(const struct rest_input *input, ProtobufCMessage *message, struct error *error)
{
    for (size_t i = 0; i < input->match->variable_count; i++) {
        const struct router_variable *variable = &input->match->variables[i];
        struct text value;

        if (!url_decode(input->arena, variable->value, false, &value, error) ||
            !set_field(input, message, variable->name, value, "path", error))
            return false;
    }
    return true;
}

static bool
read_query(const struct rest_input *input, ProtobufCMessage *message, struct error *error)
{
    struct text query = input->query;
    struct text name;
    struct text value;

    while (url_next_parameter(&query, &name, &value)) {
        if (!url_decode(input->arena, name, true, &name, error) ||
            !url_decode(input->arena, value, true, &value, error))
            return false;
        if (input->skips_empty && value.length == 0)
            continue;
        if (!set_field(input, message, name, value, "query", error))
            return false;
    }
    return true;
}

bool rest_read_message(const struct rest_input *input,
                       ProtobufCMessage **out_message,
                       struct error *error)
{
    ProtobufCMessage *message = NULL;

    if (!read_body(input, &message, error) || !read_variables(input, message, error) ||
        !read_query(input, message, error) || !message_validate(input->info, message, error))
        return false;
    *out_message = message;
    return true;
}

void rest_write_message(const struct message_info *info,
                        const ProtobufCMessage *message,
                        const char *part,
                        struct strbuf *out)
{
    const struct field_info *field = NULL;
    const ProtobufCMessage *inner = NULL;

    if (part == NULL) {
        message_to_json(info, message, out);
        return;
    }
    if (message_find_field(info, part, &field))
        memcpy(&inner,
               (const char *)message + message->descriptor->fields[field - info->fields].offset,
               sizeof inner);
    if (inner != NULL)
        message_to_json(field->message, inner, out);
    else
        strbuf_append_string(out, "{}");
}

bool rest_read(struct exchange *exchange, ProtobufCMessage **out_request, struct error *error)
{
    const struct route *route = exchange->endpoint->route;
    struct rest_input input = {
        .info = route->method->request,
        .arena = exchange->request->arena,
        .match = exchange->match,
        .query = exchange->request->query,
        .body = exchange->body,
        .content_type = http_request_header(exchange->request, "Content-Type"),
        .takes_body = route->has_body,
    };

    struct error refusal;

    if (rest_read_message(&input, out_request, error))
        return true;
    // Who may not ask is told so, and not what is wrong with the question. Of a question that is
    // right the service says it: it looks at the token anyway.
    if (!exchange_allows(exchange, route->method, &refusal))
        *error = refusal;
    return false;
}

// Calls with a prepared call. `out_response` is NULL where the answer has no body.
static bool send(struct exchange *exchange,
                 struct call *call,
                 const ProtobufCMessage *request,
                 ProtobufCMessage **out_response,
                 struct error *error)
{
    const struct route *route = exchange->endpoint->route;
    const struct rpc_method *method = route->method;
    struct rpc_client *client = service_client(exchange->gateway->service, route->service);
    struct text packed;
    struct text reply;

    if (!message_pack(request, call->arena, &packed, error) ||
        !rpc_call_packed(client, method, call, packed, &reply, error))
        return false;
    exchange_note(exchange, call);
    *out_response = NULL;
    return route->success_status == 204 ||
           message_unpack(method->response, call->arena, reply, out_response, error);
}

bool rest_call(struct exchange *exchange,
               const ProtobufCMessage *request,
               ProtobufCMessage **out_response,
               struct error *error)
{
    struct call call;

    return exchange_call(exchange, exchange->endpoint->route->method, &call, error) &&
           send(exchange, &call, request, out_response, error);
}

void rest_write(struct exchange *exchange, const ProtobufCMessage *response)
{
    const struct route *route = exchange->endpoint->route;
    const struct rpc_method *method = route->method;

    exchange->response->status = route->success_status;
    exchange->response->policy =
        method->access == RPC_ACCESS_OPEN && method->no_side_effects ? HTTP_PUBLIC : HTTP_PRIVATE;
    if (response != NULL)
        rest_write_message(method->response, response, route->response_body,
                           exchange->response->body);
}

bool rest_answer(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *request = NULL;
    ProtobufCMessage *response = NULL;
    struct call call;

    // Who may not ask is told so before what is wrong with the question.
    if (!exchange_call(exchange, exchange->endpoint->route->method, &call, error) ||
        !rest_read(exchange, &request, error) || !send(exchange, &call, request, &response, error))
        return false;
    rest_write(exchange, response);
    return true;
}
