// SPDX-License-Identifier: MIT
// form_show: what a page shows of a form.
#include "pages/form.h"

#include "bourse/gateway/v1/pages.pb-c.h"
#include "message/fields.h"
#include "pages/field_words.h"
#include "template/format.h"

#include <string.h>

enum { PRESET_MAX = 2000 }; // characters of a value that is shown, as Input declares

// Of a list any of its items: "symbols[3]".
static const char *find_violation(const struct error *error, const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; error != NULL && i < error->detail_count; i++)
        if (error->details[i].kind == ERROR_VIOLATION &&
            strncmp(error->details[i].name, name, length) == 0 &&
            strchr("[", error->details[i].name[length]) != NULL)
            return error->details[i].value;
    return NULL;
}

// An id that needs no escape where it is selected by.
static char *make_id(const struct form_view *view, struct arena *arena, const char *name)
{
    char *id = arena_printf(arena, "%s-%s", view->id, name);

    for (char *at = id; at != NULL && *at != '\0'; at++)
        if (*at == '.')
            *at = '-';
    return id;
}

static Pages__Input *make_input(const struct form_view *view, struct arena *arena, const char *name)
{
    Pages__Input *input = arena_allocate(arena, sizeof *input);

    if (input == NULL)
        return NULL;
    pages__input__init(input);
    input->name = name;
    input->id = make_id(view, arena, name);
    input->value = view->form != NULL && !form_is_secret(name) ? form_find(view->form, name) : NULL;
    input->problem = find_violation(view->error, name);
    if (input->problem != NULL)
        input->problem = field_words_say(arena, input->problem);
    return input->id == NULL ? NULL : input;
}

// Whether the violation is shown beside an input.
static bool has_input(const struct message_info *info, const char *name)
{
    size_t length = strcspn(name, "[");
    size_t outer = strcspn(name, ".[");
    size_t index = fields_index_of(info, (struct text){name, outer});
    const struct message_info *inner = NULL;

    if (index == SIZE_MAX || info->fields[index].message == NULL)
        return false;
    inner = info->fields[index].message;
    return inner->descriptor == &pages__input__descriptor
               ? outer == length
               : length > outer &&
                     fields_index_of(inner, (struct text){name + outer + 1, length - outer - 1}) !=
                         SIZE_MAX;
}

// What the error says that is about no input: its sentence, or the violation of another field.
static const char *say_problem(const struct form_view *view, struct arena *arena)
{
    const struct error *error = view->error;

    // Somebody has changed the fields of a form whose first sending was done after all.
    if (error_is(error, REASON_IDEMPOTENCY_KEY_REUSED))
        return arena_copy_string(arena, "This form was sent before with other values, and that was "
                                        "done. Look at it before you send these, too.");
    if (!error_is(error, REASON_INVALID_REQUEST))
        return field_words_say(arena, error->message);
    for (size_t i = 0; i < error->detail_count; i++)
        if (error->details[i].kind == ERROR_VIOLATION &&
            !has_input(view->info, error->details[i].name))
            return field_words_say_violation(arena, error->details[i].name,
                                             error->details[i].value);
    return arena_copy_string(arena, "Please correct what is marked below.");
}

// The order that is in the way of another one; NULL when none is.
static const char *find_order(const struct error *error, struct arena *arena)
{
    for (size_t i = 0; i < error->detail_count; i++)
        if (error->details[i].kind == ERROR_NUMBER &&
            strcmp(error->details[i].name, "existing_order_id") == 0)
            return arena_copy_string(arena, error->details[i].value);
    return NULL;
}

static Pages__Problem *make_problem(const struct form_view *view, struct arena *arena)
{
    Pages__Problem *problem = arena_allocate(arena, sizeof *problem);

    if (problem == NULL)
        return NULL;
    pages__problem__init(problem);
    problem->sentence = say_problem(view, arena);
    problem->order_id = find_order(view->error, arena);
    return problem->sentence == NULL ? NULL : problem;
}

// A message of inputs within the form; NULL when there is no room.
static ProtobufCMessage *make_group(const struct form_view *view,
                                    struct arena *arena,
                                    const char *group,
                                    const struct message_info *info)
{
    ProtobufCMessage *inputs = message_new(info, arena);

    for (size_t i = 0; inputs != NULL && i < info->descriptor->n_fields; i++) {
        const char *name = arena_printf(arena, "%s.%s", group, info->fields[i].json_name);
        Pages__Input *input = name != NULL ? make_input(view, arena, name) : NULL;

        if (input == NULL)
            return NULL;
        memcpy((char *)inputs + info->descriptor->fields[i].offset, &input, sizeof input);
    }
    return inputs;
}

static void *make_part(const struct form_view *view,
                       struct arena *arena,
                       const ProtobufCFieldDescriptor *descriptor,
                       const struct field_info *field)
{
    if (descriptor->descriptor == &pages__problem__descriptor)
        return make_problem(view, arena);
    if (descriptor->descriptor == &pages__input__descriptor)
        return make_input(view, arena, field->json_name);
    return make_group(view, arena, field->json_name, field->message);
}

static bool no_room(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "There is no room for the form.");
}

bool form_show(const struct form_view *view,
               struct arena *arena,
               ProtobufCMessage *shown,
               struct error *error)
{
    for (size_t i = 0; i < view->info->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *descriptor = &view->info->descriptor->fields[i];
        void *part = NULL;

        if (descriptor->descriptor == &pages__problem__descriptor && view->error == NULL)
            continue;
        part = make_part(view, arena, descriptor, &view->info->fields[i]);
        if (part == NULL)
            return no_room(error);
        memcpy((char *)shown + descriptor->offset, &part, sizeof part);
    }
    return true;
}

// A field's value as it is typed; a list with commas. NULL when there is no room.
static const char *print_value(struct arena *arena,
                               const struct field_info *field,
                               const ProtobufCFieldDescriptor *descriptor,
                               const ProtobufCMessage *message)
{
    OWNED(strbuf) out = strbuf_new(PRESET_MAX);
    size_t count = field_count(message, descriptor);

    for (size_t i = 0; i < count; i++) {
        strbuf_append_string(out, i > 0 ? ", " : "");
        format_write(FORMAT_AS_PLAIN, field, descriptor, field_value(message, descriptor, i), out);
    }
    return arena_copy(arena, out->data, out->length);
}

// Shows the field `name` of `message` in an input, unless something was typed there.
static bool preset_input(const struct form_view *view,
                         struct arena *arena,
                         const struct message_info *info,
                         const ProtobufCMessage *message,
                         const char *name,
                         Pages__Input *input)
{
    size_t index = fields_index_of(info, text_of(name));
    const ProtobufCFieldDescriptor *descriptor = NULL;

    if ((view->form != NULL && form_find(view->form, input->name) != NULL) || index == SIZE_MAX ||
        info->fields[index].message != NULL)
        return true;
    descriptor = &info->descriptor->fields[index];
    if (field_count(message, descriptor) == 0)
        return true;
    input->value = print_value(arena, &info->fields[index], descriptor, message);
    return input->value != NULL;
}

static void *pointer_at(const ProtobufCMessage *message, unsigned offset)
{
    void *pointer = NULL;

    memcpy(&pointer, (const char *)message + offset, sizeof pointer);
    return pointer;
}

// The inputs of a group, from the message within the message that is called like it.
static bool preset_group(const struct form_view *view,
                         struct arena *arena,
                         const struct message_info *info,
                         const ProtobufCMessage *message,
                         const struct field_info *group,
                         const ProtobufCMessage *inputs)
{
    size_t index = fields_index_of(info, text_of(group->json_name));
    const ProtobufCMessage *inner = NULL;

    if (index == SIZE_MAX || info->fields[index].message == NULL)
        return true;
    inner = pointer_at(message, info->descriptor->fields[index].offset);
    for (size_t i = 0; inner != NULL && i < group->message->descriptor->n_fields; i++)
        if (!preset_input(view, arena, info->fields[index].message, inner,
                          group->message->fields[i].json_name,
                          pointer_at(inputs, group->message->descriptor->fields[i].offset)))
            return false;
    return true;
}

bool form_preset(const struct form_view *view,
                 struct arena *arena,
                 const struct message_info *info,
                 const ProtobufCMessage *message,
                 ProtobufCMessage *shown,
                 struct error *error)
{
    for (size_t i = 0; i < view->info->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *descriptor = &view->info->descriptor->fields[i];
        const struct field_info *field = &view->info->fields[i];
        void *part = pointer_at(shown, descriptor->offset);
        bool done = true;

        if (descriptor->descriptor == &pages__input__descriptor)
            done = preset_input(view, arena, info, message, field->json_name, part);
        else if (descriptor->descriptor != &pages__problem__descriptor)
            done = preset_group(view, arena, info, message, field, part);
        if (!done)
            return no_room(error);
    }
    return true;
}
