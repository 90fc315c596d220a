// SPDX-License-Identifier: MIT
#include "emit.h"
#include "openapi.h"

#include <string.h>

enum { STATUS_DEFAULT = 200, MESSAGES_MAX = 4096 };

// "PlaceOrder" becomes "Place order".
static void write_summary(struct document *document, const struct model_method *method)
{
    OWNED(strbuf) summary = strbuf_new(512);

    strbuf_append_string(summary, method->snake);
    for (size_t i = 0; i < summary->length; i++)
        if (summary->data[i] == '_')
            summary->data[i] = ' ';
    summary->data[0] = method->name[0];
    document_string(document, "summary", summary->data);
    if (method->doc[0] != '\0')
        document_string(document, "description", method->doc);
}

// "portfolio_id" becomes "PortfolioId".
static void append_camel(struct strbuf *out, const char *snake)
{
    bool upper = true;

    for (; *snake != '\0'; snake++) {
        if (*snake == '_')
            upper = true;
        else if (upper && *snake >= 'a' && *snake <= 'z')
            strbuf_append_char(out, (char)(*snake - 'a' + 'A'));
        else
            strbuf_append_char(out, *snake);
        if (*snake != '_')
            upper = false;
    }
}

// The method's name; further bindings of one method say by which variable they differ.
static void write_operation_id(struct document *document, const struct model_binding *binding)
{
    OWNED(strbuf) id = strbuf_new(512);
    const char *variable = NULL;

    for (size_t i = 0; i < binding->template->count; i++)
        if (binding->template->segments[i].is_variable)
            variable = binding->template->segments[i].text;
    strbuf_append_string(id, binding->method->name);
    if (binding->index > 0 && variable != NULL) {
        strbuf_append_string(id, "By");
        append_camel(id, variable);
    } else if (binding->index > 0) {
        strbuf_printf(id, "%zu", binding->index + 1);
    }
    document_string(document, "operationId", id->data);
}

static void write_parameter(struct document *document,
                            const struct model_binding *binding,
                            const struct model_field *field)
{
    bool is_path = openapi_in_path(binding, field->json_name);

    document_open(document, NULL, '{');
    document_string(document, "name", field->json_name);
    document_string(document, "in", is_path ? "path" : "query");
    if (is_path || field->rule->required)
        document_bool(document, "required", true);
    document_open(document, "schema", '{');
    openapi_field(document, field, true);
    document_close(document, '}');
    document_close(document, '}');
}

static void write_parameters(struct document *document, const struct model_binding *binding)
{
    const struct model_message *request = binding->method->request;
    bool is_open = false;

    for (size_t i = 0; i < request->field_count; i++) {
        if (request->fields[i].is_flag ||
            (binding->has_body && !openapi_in_path(binding, request->fields[i].json_name)))
            continue;
        if (!is_open)
            document_open(document, "parameters", '[');
        is_open = true;
        write_parameter(document, binding, &request->fields[i]);
    }
    if (binding->method->takes_key) {
        if (!is_open)
            document_open(document, "parameters", '[');
        is_open = true;
        document_reference(document, NULL, "parameters", "IdempotencyKey");
    }
    if (is_open)
        document_close(document, ']');
}

static void write_body(struct document *document, const struct model_binding *binding)
{
    const char *raw = binding->method->rule->raw_body;
    OWNED(strbuf) name = strbuf_new(512);

    if (!binding->has_body && raw == NULL)
        return;
    document_open(document, "requestBody", '{');
    document_bool(document, "required", true);
    document_open(document, "content", '{');
    document_open(document, raw != NULL ? raw : "application/json", '{');
    openapi_body_name(binding, name);
    if (raw != NULL)
        document_raw(document, "schema", "{\"type\": \"string\"}");
    else
        document_reference(document, "schema", "schemas", name->data);
    document_close(document, '}');
    document_close(document, '}');
    document_close(document, '}');
}

static void write_success(struct document *document, const struct model_binding *binding)
{
    const struct model_method *method = binding->method;
    int64_t status =
        method->rule->success_status > 0 ? method->rule->success_status : STATUS_DEFAULT;
    OWNED(strbuf) key = strbuf_new(8);

    strbuf_append_int(key, status);
    document_open(document, key->data, '{');
    document_string(document, "description", status == 204 ? "Done; there is no body." : "Done.");
    if (method->takes_key) {
        document_open(document, "headers", '{');
        document_reference(document, "Idempotent-Replayed", "headers", "IdempotentReplayed");
        document_close(document, '}');
    }
    if (status != 204) {
        document_open(document, "content", '{');
        document_open(document, "application/json", '{');
        if (binding->response_body == NULL) {
            document_reference(document, "schema", "schemas", method->response->name);
        } else {
            document_open(document, "schema", '{');
            openapi_field(document, model_find_field(method->response, binding->response_body),
                          false);
            document_close(document, '}');
        }
        document_close(document, '}');
        if (method->rule->also_answers != NULL) {
            document_open(document, method->rule->also_answers, '{');
            document_raw(document, "schema", "{\"type\": \"string\"}");
            document_close(document, '}');
        }
        document_close(document, '}');
    }
    document_close(document, '}');
}

// Who may call, and which parameter says whose it is, for those who test that.
static void write_access(struct document *document, const struct model_method *method)
{
    static const char *const names[] = {
        [BOURSE__ACCESS__OPEN] = "open",
        [BOURSE__ACCESS__READ] = "read",
        [BOURSE__ACCESS__TRADE] = "trade",
        [BOURSE__ACCESS__ACCOUNT] = "account",
        [BOURSE__ACCESS__ADMINISTRATOR] = "administrator",
    };

    document_string(document, "x-bourse-access", names[method->rule->access]);
    if (method->rule->owner != NULL)
        document_string(document, "x-bourse-owner", method->rule->owner);
    if (method->rule->shared)
        document_raw(document, "x-bourse-shared", "true");
    // Who is open to anybody may still do more for an administrator who says so.
    if (method->rule->access == BOURSE__ACCESS__OPEN)
        document_raw(document, "security",
                     method->no_side_effects ? "[]" : "[{}, {\"bearer\": []}]");
    else if (method->rule->access == BOURSE__ACCESS__READ ||
             method->rule->access == BOURSE__ACCESS__TRADE)
        document_raw(document, "security",
                     "[{\"bearer\": []}, {\"cookie\": []}, {\"apiKeyId\": [], "
                     "\"apiKeySecret\": []}, {\"basic\": []}]");
}

static void write_operation(struct document *document, const struct model_binding *binding)
{
    static const char *const keys[][2] = {
        {"GET", "get"}, {"PUT", "put"}, {"POST", "post"}, {"PATCH", "patch"}, {"DELETE", "delete"},
    };
    const struct model_method *method = binding->method;
    const char *key = NULL;

    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (strcmp(keys[i][0], binding->verb) == 0)
            key = keys[i][1];
    document_open(document, key, '{');
    document_open(document, "tags", '[');
    document_string(document, NULL, method->service->file->service);
    document_close(document, ']');
    write_operation_id(document, binding);
    write_summary(document, method);
    write_access(document, method);
    write_parameters(document, binding);
    write_body(document, binding);
    document_open(document, "responses", '{');
    write_success(document, binding);
    openapi_failures(document, binding);
    document_close(document, '}');
    document_close(document, '}');
}

static void write_paths(struct document *document, const struct model *model)
{
    document_open(document, "paths", '{');
    for (size_t i = 0; i < model->binding_count; i++) {
        const char *path = model->bindings[i]->path;
        bool is_first = i == 0 || strcmp(path, model->bindings[i - 1]->path) != 0;
        bool is_last =
            i + 1 == model->binding_count || strcmp(path, model->bindings[i + 1]->path) != 0;

        if (is_first)
            document_open(document, path, '{');
        write_operation(document, model->bindings[i]);
        if (is_last)
            document_close(document, '}');
    }
    document_close(document, '}');
}

// The messages that answers are made of, each once.
struct message_set {
    const struct model_message *messages[MESSAGES_MAX];
    size_t count;
};

static bool contains(const struct message_set *set, const struct model_message *message)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->messages[i] == message)
            return true;
    return false;
}

// Adds a message and what it contains. Messages are not recursive, so neither is this for ever.
static void add_message(struct message_set *set, const struct model_message *message)
{
    if (message == NULL || contains(set, message) || set->count == MESSAGES_MAX)
        return;
    set->messages[set->count++] = message;
    for (size_t i = 0; i < message->field_count; i++)
        add_message(set, message->fields[i].message);
}

static void add_binding(struct message_set *set, const struct model_binding *binding)
{
    const struct model_method *method = binding->method;

    if (binding->has_body)
        for (size_t i = 0; i < method->request->field_count; i++)
            add_message(set, method->request->fields[i].message);
    if (method->rule->success_status == 204)
        return;
    if (binding->response_body == NULL)
        add_message(set, method->response);
    else
        add_message(set, model_find_field(method->response, binding->response_body)->message);
}

static void write_components(struct document *document, const struct model *model)
{
    struct message_set *set = allocate(sizeof *set);

    for (size_t i = 0; i < model->binding_count; i++)
        add_binding(set, model->bindings[i]);
    document_open(document, "components", '{');
    document_open(document, "schemas", '{');
    openapi_problem_schema(document);
    for (size_t i = 0; i < model->file_count; i++)
        for (size_t j = 0; j < model->files[i].message_count; j++)
            if (contains(set, &model->files[i].messages[j]))
                openapi_response_schema(document, &model->files[i].messages[j]);
    for (size_t i = 0; i < model->binding_count; i++)
        if (model->bindings[i]->has_body)
            openapi_body_schema(document, model->bindings[i]);
    document_close(document, '}');
    openapi_shared_parts(document);
    document_close(document, '}');
    release(set);
}

// "market: what is traded" without the name that stands before it already.
static const char *without_name(const struct model_file *file)
{
    size_t length = strlen(file->service);

    if (strncmp(file->doc, file->service, length) == 0 && strncmp(file->doc + length, ": ", 2) == 0)
        return file->doc + length + 2;
    return file->doc;
}

static void write_tags(struct document *document, const struct model *model)
{
    document_open(document, "tags", '[');
    for (size_t i = 0; i < model->file_count; i++) {
        if (model->files[i].service_count == 0)
            continue;
        document_open(document, NULL, '{');
        document_string(document, "name", model->files[i].service);
        document_string(document, "description", without_name(&model->files[i]));
        document_close(document, '}');
    }
    document_close(document, ']');
}

bool emit_openapi(struct output *output, const struct model *model)
{
    struct document document = {output->text, 0, false};

    document_open(&document, NULL, '{');
    document_string(&document, "openapi", "3.1.0");
    document_open(&document, "info", '{');
    document_string(&document, "title", "Bourse");
    document_string(&document, "version", "1");
    document_string(&document, "description",
                    "A self-hosted virtual stock exchange and broker. Money, prices and quantities "
                    "are decimal strings; exact numbers are taken as well. Times are RFC 3339 in "
                    "UTC. What is absent is left out or null.");
    document_raw(&document, "license", "{\"name\": \"MIT\", \"identifier\": \"MIT\"}");
    document_close(&document, '}');
    document_raw(&document, "servers", "[{\"url\": \"/\"}]");
    document_raw(&document, "security", "[{\"bearer\": []}, {\"cookie\": []}]");
    write_tags(&document, model);
    write_paths(&document, model);
    write_components(&document, model);
    document_close(&document, '}');
    strbuf_append_char(output->text, '\n');
    return output_write(output, "openapi.json");
}
