// SPDX-License-Identifier: MIT
#include "pages/form.h"

#include "message/fields.h"
#include "rest/url.h"

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

bool form_add(struct form *form, struct text name, struct text value, struct error *error)
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
    if (!is_form_type(http_request_header(request, "Content-Type")))
        return error_set(error, REASON_UNSUPPORTED_MEDIA_TYPE,
                         "Send the form as Content-Type: " FORM_TYPE ".");
    return form_parse_fields(request->arena, body, out_form, error);
}

bool form_parse_fields(struct arena *arena,
                       struct text fields,
                       const struct form **out_form,
                       struct error *error)
{
    struct form *form = arena_allocate(arena, sizeof *form);
    struct text name;
    struct text value;

    if (form == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "There is no room for the form.");
    while (url_next_parameter(&fields, &name, &value))
        if (!url_decode(arena, name, true, &name, error) ||
            !url_decode(arena, value, true, &value, error) || !form_add(form, name, value, error))
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

bool form_is_secret(const char *name)
{
    size_t length = strlen(name);
    size_t suffix = strlen(SECRET_SUFFIX);

    return length >= suffix && strcmp(name + length - suffix, SECRET_SUFFIX) == 0;
}

void form_write_typed(const struct form *form, struct strbuf *out)
{
    const char *separator = "";

    for (size_t i = 0; i < form->count; i++) {
        const struct form_field *field = &form->fields[i];

        if (field->value.length == 0 || is_own(field->name) || form_is_secret(field->name.data))
            continue;
        strbuf_append_string(out, separator);
        url_encode(field->name, out);
        strbuf_append_char(out, '=');
        url_encode(field->value, out);
        separator = "&";
    }
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

// A field of the form on its way into the message: that of the operation, or one within it.
struct place {
    const struct message_info *info;
    ProtobufCMessage *message;
    const ProtobufCFieldDescriptor *outer; // of a message that it is within; NULL for none
    const char *name;
};

// Follows the dot of a name. False for a name that leads nowhere.
static bool find_place(struct text name, struct place *place)
{
    const char *dot = strchr(name.data, '.');
    struct text outer = {name.data, dot != NULL ? (size_t)(dot - name.data) : name.length};
    size_t index = fields_index_of(place->info, outer);

    if (index == SIZE_MAX)
        return false;
    place->name = name.data;
    if (dot == NULL)
        return place->info->fields[index].message == NULL;
    place->outer = &place->info->descriptor->fields[index];
    if (place->info->fields[index].message == NULL || field_is_repeated(place->outer))
        return false;
    place->info = place->info->fields[index].message;
    place->name = dot + 1;
    // Messages that forms are read into are no deeper.
    return strchr(place->name, '.') == NULL &&
           fields_index_of(place->info, text_of(place->name)) != SIZE_MAX;
}

// Makes the message that the field is within, when it is not there yet: one of which every field
// is left empty is not meant.
static bool enter(const struct form_target *target, struct place *place, struct error *error)
{
    ProtobufCMessage *inner = NULL;

    if (place->outer == NULL)
        return true;
    memcpy(&inner, (char *)place->message + place->outer->offset, sizeof inner);
    if (inner == NULL) {
        inner = message_new(place->info, target->arena);
        if (inner == NULL)
            return message_out_of_memory(error);
        memcpy((char *)place->message + place->outer->offset, &inner, sizeof inner);
    }
    place->message = inner;
    return true;
}

static bool is_left_out(const struct form_target *target,
                        const struct place *place,
                        const struct field_info *field,
                        struct text value)
{
    bool is_text = place->info->descriptor->fields[field - place->info->fields].type ==
                       PROTOBUF_C_TYPE_STRING &&
                   field->format == FORMAT_PLAIN && !field->secret;

    return value.length == 0 && !(target->keeps_empty && is_text);
}

// The violations of `one` join those of `error`, under the name that the form has for the field.
static void join_violations(struct error *error, const char *name, const struct error *one)
{
    for (size_t i = 0; i < one->detail_count; i++)
        if (one->details[i].kind == ERROR_VIOLATION)
            error_add_violation(error, name, "%s", one->details[i].value);
}

// "2014-06-02T13:30" as datetime-local has it, in UTC as the API does.
static struct text complete_time(struct arena *arena, struct text value)
{
    const char *whole = NULL;

    if (value.length != strlen("2014-06-02T13:30") && value.length != strlen("2014-06-02T13:30:00"))
        return value;
    whole = arena_printf(arena, "%.*s%s", (int)value.length, value.data,
                         value.length == strlen("2014-06-02T13:30") ? ":00Z" : "Z");
    return whole != NULL ? text_of(whole) : value;
}

// "1,234.5" is what the pages write for 1234.5. What is grouped otherwise is left to be refused.
static struct text ungroup(struct arena *arena, struct text value)
{
    size_t whole = strspn(value.data, "0123456789,");
    char *plain = arena_allocate(arena, value.length + 1);
    size_t length = 0;

    // So many begin with a comma, or have none in the right place.
    if (plain == NULL || whole > value.length || whole % 4 == 0)
        return value;
    for (size_t i = 0; i < value.length; i++) {
        bool ends_group = i < whole && (whole - i) % 4 == 0;

        if ((value.data[i] == ',') != ends_group)
            return value;
        if (!ends_group)
            plain[length++] = value.data[i];
    }
    plain[length] = '\0';
    return (struct text){plain, length};
}

// As the API writes it.
static struct text normalize(struct arena *arena, enum field_format format, struct text value)
{
    if (format == FORMAT_TIME)
        return complete_time(arena, value);
    return format == FORMAT_DECIMAL ? ungroup(arena, value) : value;
}

// Cuts the next item off a list; false at its end.
static bool next_item(struct text *list, struct text *out_item)
{
    size_t length = 0;

    while (list->length > 0 && strchr(", ", list->data[0]) != NULL) {
        list->data++;
        list->length--;
    }
    while (length < list->length && strchr(", ", list->data[length]) == NULL)
        length++;
    *out_item = (struct text){list->data, length};
    list->data += length;
    list->length -= length;
    return length > 0;
}

static bool set_values(const struct form_target *target,
                       const struct place *place,
                       const struct field_info *field,
                       struct text value,
                       struct error *error)
{
    struct text item = value;

    if (!field_is_repeated(&place->info->descriptor->fields[field - place->info->fields]))
        return message_set_text(place->info, place->message, target->arena, place->name,
                                normalize(target->arena, field->format, value), error);
    while (next_item(&value, &item))
        if (!message_set_text(place->info, place->message, target->arena, place->name, item, error))
            return false;
    return true;
}

// False for what is not the sender's fault alone; what is, is a violation.
static bool read_field(const struct form_field *typed,
                       const struct form_target *target,
                       ProtobufCMessage *message,
                       struct error *error)
{
    struct place place = {.info = target->info, .message = message};
    const struct field_info *field = NULL;
    struct text value = typed->value;
    struct error one;

    error_clear(&one);
    if (!find_place(typed->name, &place) || !message_find_field(place.info, place.name, &field)) {
        error_add_violation(error, typed->name.data, "is not a field of this form");
        return true;
    }
    if (!field->secret)
        value = trim(value);
    if (is_left_out(target, &place, field, value) ||
        (enter(target, &place, &one) && set_values(target, &place, field, value, &one)))
        return true;
    if (error_is(&one, REASON_INVALID_REQUEST))
        join_violations(error, typed->name.data, &one);
    else
        *error = one;
    return error_is(&one, REASON_INVALID_REQUEST);
}

bool form_read(const struct form *form,
               const struct form_target *target,
               ProtobufCMessage *message,
               struct error *error)
{
    error_clear(error);
    for (size_t i = 0; i < form->count; i++)
        if (!is_own(form->fields[i].name) && !read_field(&form->fields[i], target, message, error))
            return false;
    return error->detail_count == 0;
}
