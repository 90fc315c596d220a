// SPDX-License-Identifier: MIT
#include "check.h"

#include <string.h>

// The depth of this search is bounded by the number of messages, which we write ourselves.
static void check_recursion(struct model *model, struct model_message *message)
{
    message->visit = 1;
    for (size_t i = 0; i < message->field_count; i++) {
        // The model owns its messages; fields refer to them as const because emitters only read.
        struct model_message *next = (struct model_message *)message->fields[i].message;

        if (next == NULL || next->visit == 2)
            continue;
        if (next->visit == 1)
            model_complain(model, message->fields[i].place,
                           "write %s.%s without %s inside %s: messages may not contain themselves, "
                           "so that their depth has a limit",
                           message->name, message->fields[i].name, next->name, next->name);
        else
            check_recursion(model, next);
    }
    message->visit = 2;
}

static void check_routes(struct model *model)
{
    for (size_t i = 1; i < model->binding_count; i++) {
        const struct model_binding *one = model->bindings[i - 1];
        const struct model_binding *other = model->bindings[i];

        if (!http_template_same_shape(one->template, other->template))
            continue;
        if (strcmp(one->verb, other->verb) == 0)
            model_complain(model, other->place,
                           "%s %s: write another path or verb; %s %s of %s (%s:%d) takes the same "
                           "requests",
                           other->verb, other->path, one->verb, one->path, one->method->name,
                           one->place.file, one->place.line);
        else if (strcmp(one->path, other->path) != 0)
            model_complain(model, other->place,
                           "%s: call the variables as in %s (%s:%d): it is the same address",
                           other->path, one->path, one->place.file, one->place.line);
    }
}

static void
check_pair(struct model *model, const struct model_method *one, const struct model_method *other)
{
    if (one->id == other->id && one != other)
        model_complain(model, other->place,
                       "call %s otherwise: its id 0x%08x is that of %s (%s:%d) too",
                       other->full_name, (unsigned)other->id, one->full_name, one->place.file,
                       one->place.line);
    if (one != other && one->binding_count > 0 && other->binding_count > 0 &&
        strcmp(one->name, other->name) == 0)
        model_complain(model, other->place,
                       "call %s otherwise: the REST API has an operation of that name (%s:%d)",
                       other->name, one->place.file, one->place.line);
}

static const struct model_method *method_at(const struct model *model, size_t index)
{
    for (size_t i = 0; i < model->file_count; i++)
        for (size_t j = 0; j < model->files[i].service_count; j++) {
            const struct model_service *service = &model->files[i].services[j];

            if (index < service->method_count)
                return &service->methods[index];
            index -= service->method_count;
        }
    return NULL;
}

static void check_methods(struct model *model)
{
    const struct model_method *other = NULL;

    for (size_t i = 1; (other = method_at(model, i)) != NULL; i++)
        for (size_t j = 0; j < i; j++)
            check_pair(model, method_at(model, j), other);
}

static void check_json_names(struct model *model, const struct model_message *message)
{
    for (size_t i = 0; i < message->field_count; i++)
        if (model_find_field(message, message->fields[i].json_name) != &message->fields[i])
            model_complain(model, message->fields[i].place,
                           "write another json_name for %s: %s has one called %s",
                           message->fields[i].name, message->name, message->fields[i].json_name);
}

// The API document has one list of schemas, and the client libraries made from it one of types.
static void check_names(struct model *model, const struct model_message *message)
{
    for (size_t i = 0; i < model->file_count; i++)
        for (size_t j = 0; j < model->files[i].message_count; j++) {
            const struct model_message *other = &model->files[i].messages[j];

            if (other == message)
                return;
            if (strcmp(other->name, message->name) == 0)
                model_complain(model, message->place,
                               "call %s otherwise: there is a message of that name (%s:%d)",
                               message->name, other->place.file, other->place.line);
        }
}

void check_whole(struct model *model)
{
    for (size_t i = 0; i < model->file_count; i++)
        for (size_t j = 0; j < model->files[i].message_count; j++) {
            struct model_message *message = &model->files[i].messages[j];

            check_names(model, message);
            check_json_names(model, message);
            if (message->visit == 0)
                check_recursion(model, message);
        }
    check_routes(model);
    check_methods(model);
}
