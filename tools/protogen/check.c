// SPDX-License-Identifier: MIT
#include "check.h"

#include <stdlib.h>
#include <string.h>

enum {
    SCALE_MAX = 18,
    BATCH_MAX = 64,
    BATCHES_AT_ONCE_MAX = 4, // half of a lane's workers
    TIMEOUT_MS_MAX = 600000,
    NAME_MAX_LENGTH = 64
};

void check_file(struct model *model,
                const struct model_file *file,
                const Google__Protobuf__FileDescriptorProto *proto,
                struct place syntax)
{
    if (proto->syntax != NULL && strcmp(proto->syntax, "proto2") != 0)
        model_complain(model, syntax,
                       "write syntax = \"proto2\": absent and 0 must stay different");
    if (strspn(file->service, "abcdefghijklmnopqrstuvwxyz") != strlen(file->service) ||
        file->service[0] == '\0')
        model_complain(model, syntax,
                       "write option (pb_c_file).c_package = \"...\" with the service's name, one "
                       "word in lower case");
}

void check_enum(struct model *model,
                const struct model_enum *enumeration,
                const char *prefix,
                const Google__Protobuf__EnumDescriptorProto *proto)
{
    const struct model_value *first = &enumeration->values[0];

    if (proto->options != NULL && proto->options->allow_alias)
        model_complain(model, enumeration->place,
                       "%s: write a number for each value, without allow_alias", enumeration->name);
    for (size_t i = 0; i < enumeration->value_count; i++)
        if (strncmp(enumeration->values[i].name, prefix, strlen(prefix)) != 0)
            model_complain(model, enumeration->values[i].place,
                           "write %s%s: values begin with the name of their enum", prefix,
                           enumeration->values[i].name);
    if (first->number != 0 || first->json_name != NULL)
        model_complain(model, enumeration->place,
                       "write %sUNSPECIFIED = 0 as the first value of %s, and no number below it",
                       prefix, enumeration->name);
}

void check_message(struct model *model,
                   const struct model_message *message,
                   const Google__Protobuf__DescriptorProto *proto)
{
    bool nested = proto->n_enum_type > 0;

    // The entries of a map are nested messages too, and are spoken of where the map is.
    for (size_t i = 0; i < proto->n_nested_type; i++)
        if (proto->nested_type[i]->options == NULL || !proto->nested_type[i]->options->map_entry)
            nested = true;
    if (nested)
        model_complain(model, message->place,
                       "%s: write its nested types at the top level of the file", message->name);
    if (proto->n_extension_range > 0 || proto->n_extension > 0)
        model_complain(model, message->place, "%s: write fields instead of extensions",
                       message->name);
}

static bool is_integer(const struct model_field *field)
{
    return field->kind == VALUE_INT32 || field->kind == VALUE_INT64 ||
           field->kind == VALUE_UINT32 || field->kind == VALUE_UINT64;
}

static bool is_map(const Google__Protobuf__FieldDescriptorProto *proto,
                   const Google__Protobuf__DescriptorProto *in)
{
    const char *type = proto->type_name == NULL ? NULL : strrchr(proto->type_name, '.');

    for (size_t i = 0; type != NULL && i < in->n_nested_type; i++)
        if (strcmp(in->nested_type[i]->name, type + 1) == 0)
            return in->nested_type[i]->options != NULL && in->nested_type[i]->options->map_entry;
    return false;
}

// What protoc allows and our tables have no place for.
static const char *unsupported(const Google__Protobuf__FieldDescriptorProto *proto,
                               const Google__Protobuf__DescriptorProto *in)
{
    if (is_map(proto, in))
        return "write a repeated message with a key and a value instead of a map";
    if (proto->has_oneof_index)
        return "write optional fields instead of a oneof, and check in the service which is there";
    if (proto->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REQUIRED)
        return "write optional with (bourse.field) = {required: true} instead of required";
    if (proto->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_GROUP)
        return "write a message at the top level instead of a group";
    if (proto->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_FLOAT ||
        proto->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_DOUBLE)
        return "write an int64 with {format: DECIMAL, scale: ...} instead of a floating point "
               "number";
    if (proto->default_value != NULL)
        return "write the default in a comment, and let the service apply it";
    return NULL;
}

static void check_limits(struct model *model, const struct model_field *field)
{
    const Bourse__FieldRule *rule = field->rule;
    bool has_length = field->kind == VALUE_STRING || field->kind == VALUE_BYTES;

    if (has_length && field->max_length == 0)
        model_complain(model, field->place,
                       "write (bourse.field) = {max_length: ...} for %s: every text has a limit",
                       field->name);
    if (field->repeated && rule->max_items == 0)
        model_complain(model, field->place,
                       "write (bourse.field) = {max_items: ...} for %s: every list has a limit",
                       field->name);
    if (!field->repeated && rule->has_max_items)
        model_complain(model, field->place, "write max_items for repeated fields only, not %s",
                       field->name);
    if (!has_length && (rule->has_min_length || rule->has_max_length))
        model_complain(model, field->place,
                       "write min_length and max_length for strings and bytes only, not %s",
                       field->name);
    if (has_length && field->max_length != 0 && field->min_length > field->max_length)
        model_complain(model, field->place,
                       "%s: write a min_length (%u) that is not above max_length (%u)", field->name,
                       field->min_length, field->max_length);
    if (!is_integer(field) && (rule->has_min || rule->has_max))
        model_complain(model, field->place, "write min and max for whole numbers only, not %s",
                       field->name);
    if (rule->has_min && rule->has_max && rule->min > rule->max)
        model_complain(model, field->place, "%s: write a min (%lld) that is not above max (%lld)",
                       field->name, (long long)rule->min, (long long)rule->max);
}

static void check_format(struct model *model, const struct model_field *field)
{
    const Bourse__FieldRule *rule = field->rule;
    const char *problem = NULL;

    switch ((int)rule->format) {
    case BOURSE__FORMAT__PLAIN:
        break;
    case BOURSE__FORMAT__DECIMAL:
        if (field->kind != VALUE_INT64)
            problem = "write int64 for a DECIMAL";
        else if (!rule->has_scale)
            problem = "write the scale of a DECIMAL: 6 for money and prices, 9 for quantities";
        else if (rule->scale > SCALE_MAX)
            problem = "write a scale of at most 18";
        else if (rule->least_decimals > rule->scale)
            problem = "write least_decimals that are not above the scale";
        break;
    case BOURSE__FORMAT__TIME:
        if (field->kind != VALUE_INT64)
            problem = "write int64 for a TIME: microseconds since 1970";
        break;
    default:
        if (field->kind != VALUE_STRING)
            problem = "write string for this format";
    }
    if (rule->format != BOURSE__FORMAT__DECIMAL && (rule->has_scale || rule->has_least_decimals))
        problem = "write scale and least_decimals with format: DECIMAL only";
    if (problem != NULL)
        model_complain(model, field->place, "%s: %s", field->name, problem);
}

static void check_example(struct model *model, const struct model_field *field)
{
    const char *example = field->rule->example;
    const char *digits = example;

    if (example == NULL)
        return;
    if (field->rule->secret)
        model_complain(model, field->place, "%s is secret: leave its example out", field->name);
    if (!is_integer(field) && field->kind != VALUE_STRING)
        model_complain(model, field->place, "write examples for strings and numbers only, not %s",
                       field->name);
    if (!is_integer(field) || field->rule->format == BOURSE__FORMAT__TIME)
        return;
    if (*digits == '-')
        digits++;
    if (*digits == '\0' || strspn(digits, field->rule->format == BOURSE__FORMAT__DECIMAL
                                              ? "0123456789."
                                              : "0123456789") != strlen(digits))
        model_complain(model, field->place, "%s: write a number as its example, not %s",
                       field->name, example);
}

void check_field(struct model *model,
                 const struct model_field *field,
                 const Google__Protobuf__FieldDescriptorProto *proto,
                 const Google__Protobuf__DescriptorProto *in)
{
    const char *problem = unsupported(proto, in);

    if (problem != NULL) {
        model_complain(model, field->place, "%s: %s", field->name, problem);
        return;
    }
    if (strspn(field->json_name, "abcdefghijklmnopqrstuvwxyz0123456789_") !=
            strlen(field->json_name) ||
        strlen(field->json_name) > NAME_MAX_LENGTH)
        model_complain(model, field->place,
                       "write the JSON name of %s in lower_case, in at most %d characters",
                       field->name, NAME_MAX_LENGTH);
    check_limits(model, field);
    check_format(model, field);
    check_example(model, field);
}

bool check_given(struct model *model,
                 const struct model_field *field,
                 const struct model_field *flag)
{
    bool is_bool = flag != NULL && flag->kind == VALUE_BOOL && !flag->repeated;

    if (field->rule->given == NULL)
        return true;
    if (!field->repeated)
        model_complain(model, field->place, "write given for repeated fields only, not %s",
                       field->name);
    else if (!is_bool || flag->rule->required || flag->is_flag)
        model_complain(model, field->place,
                       "%s: write the name of an optional bool field of its own as given, instead "
                       "of %s",
                       field->name, field->rule->given);
    else
        return true;
    return false;
}

static void check_raw_body(struct model *model, const struct model_method *method)
{
    if (method->rule->raw_body != NULL && !method->rule->from_gateway)
        model_complain(model, method->place,
                       "write raw_body with from_gateway: true only, or leave it out of %s: no "
                       "service is sent bodies that are not messages",
                       method->name);
}

static void check_access(struct model *model, const struct model_method *method)
{
    const Bourse__MethodRule *rule = method->rule;

    if (rule->access == BOURSE__ACCESS__UNDECLARED)
        model_complain(model, method->place,
                       "write option (bourse.method) = {access: ...} for %s: OPEN, READ, TRADE, "
                       "ACCOUNT, ADMINISTRATOR or MESH",
                       method->name);
    if (rule->access == BOURSE__ACCESS__MESH && rule->n_callers == 0)
        model_complain(model, method->place,
                       "write the callers of %s, as in {access: MESH, callers: [\"gateway\"]}",
                       method->name);
    if (rule->access != BOURSE__ACCESS__MESH && rule->n_callers > 0)
        model_complain(model, method->place,
                       "write callers with access: MESH only, or leave them out of %s",
                       method->name);
}

static bool is_of_a_user(const Bourse__MethodRule *rule)
{
    return rule->access == BOURSE__ACCESS__READ || rule->access == BOURSE__ACCESS__TRADE ||
           rule->access == BOURSE__ACCESS__ACCOUNT;
}

static void check_owner(struct model *model, const struct model_method *method)
{
    const char *owner = method->rule->owner;
    const struct model_field *field = NULL;

    if (owner == NULL || method->request == NULL)
        return;
    field = model_find_field(method->request, owner);
    if (!is_of_a_user(method->rule))
        model_complain(
            model, method->place,
            "write owner with access: READ, TRADE or ACCOUNT only, or leave it out of %s",
            method->name);
    else if (field == NULL || field->repeated || field->kind != VALUE_STRING)
        model_complain(model, method->place,
                       "write the name of a text field of %s as the owner of %s instead of %s",
                       method->request->name, method->name, owner);
}

void check_method(struct model *model,
                  const struct model_method *method,
                  const Google__Protobuf__MethodDescriptorProto *proto)
{
    const Bourse__MethodRule *rule = method->rule;

    check_access(model, method);
    check_owner(model, method);
    check_raw_body(model, method);
    if (proto->client_streaming || proto->server_streaming)
        model_complain(model, method->place,
                       "write %s without streams: pages of a list, or a topic", method->name);
    if (method->request == NULL || method->response == NULL)
        model_complain(model, method->place,
                       "write the messages of %s at the top level of the files generated from",
                       method->name);
    if (rule->batch_max > BATCH_MAX)
        model_complain(model, method->place, "write a batch_max of at most %d for %s", BATCH_MAX,
                       method->name);
    if (rule->batches_at_once > BATCHES_AT_ONCE_MAX ||
        (rule->batches_at_once > 0 && rule->batch_max <= 1))
        model_complain(model, method->place,
                       "write batches_at_once of at most %d for %s, and only with batch_max",
                       BATCHES_AT_ONCE_MAX, method->name);
    if (rule->timeout_ms > TIMEOUT_MS_MAX)
        model_complain(model, method->place, "write a timeout_ms of at most %d for %s",
                       TIMEOUT_MS_MAX, method->name);
    if (rule->has_success_status && rule->success_status != 200 && rule->success_status != 201 &&
        rule->success_status != 202 && rule->success_status != 204)
        model_complain(model, method->place,
                       "write 200, 201, 202 or 204 as the success_status of %s", method->name);
    if (rule->has_invalid_status && rule->invalid_status != 400 && rule->invalid_status != 422)
        model_complain(model, method->place, "write 400 or 422 as the invalid_status of %s",
                       method->name);
}

static bool is_path_variable(const struct model_binding *binding, const char *name)
{
    for (size_t i = 0; i < binding->template->count; i++)
        if (binding->template->segments[i].is_variable &&
            strcmp(binding->template->segments[i].text, name) == 0)
            return true;
    return false;
}

static void check_path(struct model *model, const struct model_binding *binding)
{
    const struct model_message *request = binding->method->request;

    for (size_t i = 0; i < binding->template->count; i++) {
        const char *name = binding->template->segments[i].text;
        const struct model_field *field = model_find_field(request, name);

        if (!binding->template->segments[i].is_variable)
            continue;
        if (field == NULL)
            model_complain(model, binding->place,
                           "%s: write the name of a field of %s instead of {%s}", binding->path,
                           request->name, name);
        else if (field->repeated || !model_is_scalar(field))
            model_complain(
                model, binding->place,
                "%s: write a field with one value instead of {%s}; a path holds no list, "
                "message or bytes",
                binding->path, name);
        for (size_t j = 0; j < i; j++)
            if (binding->template->segments[j].is_variable &&
                strcmp(binding->template->segments[j].text, name) == 0)
                model_complain(model, binding->place, "%s: write {%s} only once", binding->path,
                               name);
    }
}

// A path that names somebody's thing has to say which of its variables does.
static void check_path_owner(struct model *model, const struct model_binding *binding)
{
    const struct model_method *method = binding->method;
    bool has_variable = false;

    for (size_t i = 0; i < binding->template->count; i++)
        has_variable = has_variable || binding->template->segments[i].is_variable;
    if (has_variable && is_of_a_user(method->rule) && method->rule->owner == NULL &&
        !method->rule->shared)
        model_complain(
            model, binding->place,
            "write owner: \"...\" for %s with the field that says whose %s is, or shared: true",
            method->name, binding->path);
}

static void check_query(struct model *model, const struct model_binding *binding)
{
    const struct model_message *request = binding->method->request;

    for (size_t i = 0; i < request->field_count; i++) {
        const struct model_field *field = &request->fields[i];

        if (!is_path_variable(binding, field->json_name) && !model_is_scalar(field))
            model_complain(model, binding->place,
                           "%s: write body: \"*\", or leave %s out of %s; a query holds no message "
                           "or bytes",
                           binding->path, field->name, request->name);
    }
}

static bool has_secret(const struct model_message *message)
{
    for (size_t i = 0; message != NULL && i < message->field_count; i++)
        if (message->fields[i].rule->secret)
            return true;
    return false;
}

void check_binding(struct model *model,
                   const struct model_binding *binding,
                   const Google__Api__HttpRule *rule)
{
    const struct model_method *method = binding->method;
    // What is deleted is named by the address; but a secret that goes with it may not be there.
    bool takes_no_body = strcmp(binding->verb, "GET") == 0 ||
                         (strcmp(binding->verb, "DELETE") == 0 && !has_secret(method->request));

    if (method->rule->access == BOURSE__ACCESS__MESH)
        model_complain(model, binding->place,
                       "leave google.api.http out of %s: a MESH method is never reached over REST",
                       method->name);
    if (rule->n_additional_bindings > 0 && binding->index > 0)
        model_complain(model, binding->place,
                       "write the additional bindings of %s beside each other, not in each other",
                       method->name);
    if (binding->has_body && strcmp(rule->body, "*") != 0)
        model_complain(model, binding->place, "%s: write body: \"*\" or none", binding->path);
    if (binding->has_body && method->rule->raw_body != NULL)
        model_complain(model, binding->place, "%s: write body: \"*\" or raw_body, not both",
                       binding->path);
    if (binding->has_body && takes_no_body)
        model_complain(model, binding->place,
                       "%s: leave the body out: %s takes its fields from path and query",
                       binding->path, binding->verb);
    if (strcmp(binding->verb, "GET") == 0 && !method->no_side_effects)
        model_complain(model, binding->place,
                       "write option idempotency_level = NO_SIDE_EFFECTS for %s, or another verb "
                       "than get",
                       method->name);
    if (binding->response_body != NULL &&
        model_find_field(method->response, binding->response_body) == NULL)
        model_complain(model, binding->place,
                       "write the name of a field of %s as response_body instead of %s",
                       method->response->name, binding->response_body);
    if (binding->response_body != NULL && method->rule->success_status == 204)
        model_complain(model, binding->place, "leave response_body out of %s: 204 has no body",
                       method->name);
    if (binding->template == NULL)
        return;
    check_path(model, binding);
    check_path_owner(model, binding);
    if (!binding->has_body)
        check_query(model, binding);
}
