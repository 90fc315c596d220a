// SPDX-License-Identifier: MIT
#include "form.h"

#include "bourse/gateway/v1/pages.pb-c.h"
#include "url.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define FORM_TYPE "application/x-www-form-urlencoded"
#define SECRET_SUFFIX "password"

static bool is_form_type(const char *type)
{
    size_t length = strlen(FORM_TYPE);

    return type != NULL && strncasecmp(type, FORM_TYPE, length) == 0 &&
           (type[length] == '\0' || type[length] == ';' || type[length] == ' ');
}

static const struct form_field *find(const struct form *form, struct text name)
{
    for (size_t i = 0; i < form->count; i++)
        if (form->fields[i].name.length == name.length &&
            memcmp(form->fields[i].name.data, name.data, name.length) == 0)
            return &form->fields[i];
    return NULL;
}

static bool add_field(struct form *form, struct text name, struct text value, struct error *error)
{
    if (find(form, name) != NULL)
        return error_set(error, REASON_MALFORMED_REQUEST, "The form has the field %.64s twice.",
                         name.data);
    if (form->count == FORM_FIELDS_MAX)
        return error_set(error, REASON_MALFORMED_REQUEST, "The form has more than %d fields.",
                         FORM_FIELDS_MAX);
    form->fields[form->count++] = (struct form_field){name, value};
    return true;
}

bool form_parse(const struct http_request *request,
                struct text body,
                const struct form **out_form,
                struct error *error)
{
    struct form *form = arena_allocate(request->arena, sizeof *form);
    struct text name;
    struct text value;

    if (form == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "There is no room for the form.");
    if (!is_form_type(http_request_header(request, "Content-Type")))
        return error_set(error, REASON_UNSUPPORTED_MEDIA_TYPE,
                         "Send the form as Content-Type: " FORM_TYPE ".");
    while (url_next_parameter(&body, &name, &value))
        if (!url_decode(request->arena, name, true, &name, error) ||
            !url_decode(request->arena, value, true, &value, error) ||
            !add_field(form, name, value, error))
            return false;
    *out_form = form;
    return true;
}

const char *form_find(const struct form *form, const char *name)
{
    const struct form_field *field = find(form, text_of(name));

    return field != NULL ? field->value.data : NULL;
}

static bool is_own(struct text name)
{
    return text_equals(name, FORM_CSRF_TOKEN) || text_equals(name, FORM_IDEMPOTENCY_KEY) ||
           text_equals(name, FORM_NEXT);
}

// Blanks around what was typed are nobody's intention, except in a password.
static struct text trim(struct text value)
{
    while (value.length > 0 && value.data[0] == ' ') {
        value.data++;
        value.length--;
    }
    while (value.length > 0 && value.data[value.length - 1] == ' ')
        value.length--;
    return value;
}

static bool
is_left_out(const struct form_target *target, const struct field_info *field, struct text value)
{
    bool is_text = target->info->descriptor->fields[field - target->info->fields].type ==
                       PROTOBUF_C_TYPE_STRING &&
                   field->format == FORMAT_PLAIN && !field->secret;

    return value.length == 0 && !(target->keeps_empty && is_text);
}

// The violations of `one` join those of `error`.
static void join_violations(struct error *error, const struct error *one)
{
    for (size_t i = 0; i < one->detail_count; i++)
        if (one->details[i].kind == ERROR_VIOLATION)
            error_add_violation(error, one->details[i].name, "%s", one->details[i].value);
}

bool form_read(const struct form *form,
               const struct form_target *target,
               ProtobufCMessage *message,
               struct error *error)
{
    error_clear(error);
    for (size_t i = 0; i < form->count; i++) {
        const struct form_field *typed = &form->fields[i];
        const struct field_info *field = NULL;
        struct text value = typed->value;
        struct error one;

        if (is_own(typed->name))
            continue;
        if (!message_find_field(target->info, typed->name.data, &field)) {
            error_add_violation(error, typed->name.data, "is not a field of this form");
            continue;
        }
        if (!field->secret)
            value = trim(value);
        if (is_left_out(target, field, value))
            continue;
        error_clear(&one);
        if (message_set_text(target->info, message, target->arena, typed->name.data, value, &one))
            continue;
        if (!error_is(&one, REASON_INVALID_REQUEST)) {
            *error = one;
            return false;
        }
        join_violations(error, &one);
    }
    return error->detail_count == 0;
}

// Showing.

static const char *find_violation(const struct error *error, const char *name)
{
    for (size_t i = 0; error != NULL && i < error->detail_count; i++)
        if (error->details[i].kind == ERROR_VIOLATION && strcmp(error->details[i].name, name) == 0)
            return error->details[i].value;
    return NULL;
}

// What was typed into these is never sent back, whichever operation they are for.
static bool is_secret(const char *name)
{
    size_t length = strlen(name);
    size_t suffix = strlen(SECRET_SUFFIX);

    return length >= suffix && strcmp(name + length - suffix, SECRET_SUFFIX) == 0;
}

static Pages__Input *make_input(const struct form_view *view, struct arena *arena, const char *name)
{
    Pages__Input *input = arena_allocate(arena, sizeof *input);

    if (input == NULL)
        return NULL;
    pages__input__init(input);
    input->name = name;
    input->id = arena_printf(arena, "%s-%s", view->id, name);
    input->value = view->form != NULL && !is_secret(name) ? form_find(view->form, name) : NULL;
    input->problem = find_violation(view->error, name);
    if (input->problem != NULL)
        input->problem = arena_copy_string(arena, input->problem);
    return input->id == NULL ? NULL : input;
}

static bool has_input(const struct message_info *info, const char *name)
{
    const struct field_info *field = NULL;

    return message_find_field(info, name, &field) && field->message != NULL;
}

// What the error says that is about no input: its sentence, or the violation of another field.
static const char *say_problem(const struct form_view *view, struct arena *arena)
{
    const struct error *error = view->error;

    if (!error_is(error, REASON_INVALID_REQUEST))
        return arena_copy_string(arena, error->message);
    for (size_t i = 0; i < error->detail_count; i++)
        if (error->details[i].kind == ERROR_VIOLATION &&
            !has_input(view->info, error->details[i].name))
            return arena_printf(arena, "%s %s.", error->details[i].name, error->details[i].value);
    return arena_copy_string(arena, "Please correct what is marked below.");
}

static Pages__Problem *make_problem(const struct form_view *view, struct arena *arena)
{
    Pages__Problem *problem = arena_allocate(arena, sizeof *problem);

    if (problem == NULL)
        return NULL;
    pages__problem__init(problem);
    problem->sentence = say_problem(view, arena);
    return problem->sentence == NULL ? NULL : problem;
}

bool form_show(const struct form_view *view,
               struct arena *arena,
               ProtobufCMessage *shown,
               struct error *error)
{
    for (size_t i = 0; i < view->info->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *descriptor = &view->info->descriptor->fields[i];
        bool is_problem = descriptor->descriptor == &pages__problem__descriptor;
        void *part = NULL;

        if (is_problem && view->error == NULL)
            continue;
        part = is_problem ? (void *)make_problem(view, arena)
                          : (void *)make_input(view, arena, view->info->fields[i].json_name);
        if (part == NULL)
            return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "There is no room for the form.");
        memcpy((char *)shown + descriptor->offset, &part, sizeof part);
    }
    return true;
}
