// SPDX-License-Identifier: MIT
#include "money/money.h"
#include "openapi.h"

#include <string.h>

// What stands in for values nobody gave an example of.
static const char *format_example(const struct model_field *field)
{
    switch ((int)field->rule->format) {
    case BOURSE__FORMAT__UUID:
        return "0190163d-8694-739b-aea5-966c26f8ad91";
    case BOURSE__FORMAT__TIME:
        return "2014-06-02T13:30:00Z";
    case BOURSE__FORMAT__DATE:
        return "2014-06-02";
    case BOURSE__FORMAT__TICKER:
        return "AAPL";
    default:
        return NULL;
    }
}

static void write_example(struct document *document, const struct model_field *field)
{
    const char *example = field->rule->example;
    bool is_number = field->kind == VALUE_INT32 || field->kind == VALUE_UINT32 ||
                     field->kind == VALUE_INT64 || field->kind == VALUE_UINT64;

    if (example == NULL)
        example = format_example(field);
    if (example == NULL || field->rule->secret)
        return;
    document_open(document, "examples", '[');
    if ((is_number && field->rule->format == BOURSE__FORMAT__PLAIN) ||
        field->rule->format == BOURSE__FORMAT__JSON)
        document_raw(document, NULL, example);
    else
        document_string(document, NULL, example);
    document_close(document, ']');
}

static void write_decimal(struct document *document, const struct model_field *field)
{
    OWNED(strbuf) pattern = strbuf_new(128);
    bool is_signed = !field->rule->has_min || field->rule->min < 0;

    strbuf_printf(pattern, "^%s[0-9]+", is_signed ? "-?" : "");
    if (field->rule->scale > 0)
        strbuf_printf(pattern, "(\\.[0-9]{1,%u})?", field->rule->scale);
    strbuf_append_char(pattern, '$');
    document_string(document, "type", "string");
    document_string(document, "pattern", pattern->data);
}

static void write_integer(struct document *document, const struct model_field *field)
{
    bool is_unsigned = field->kind == VALUE_UINT32 || field->kind == VALUE_UINT64;
    bool is_wide = field->kind == VALUE_INT64 || field->kind == VALUE_UINT64;

    document_string(document, "type", "integer");
    document_string(document, "format", is_wide ? "int64" : "int32");
    if (field->rule->has_min)
        document_integer(document, "minimum", field->rule->min);
    else if (is_unsigned)
        document_integer(document, "minimum", 0);
    if (field->rule->has_max)
        document_integer(document, "maximum", field->rule->max);
}

static void
write_string(struct document *document, const struct model_field *field, bool is_request)
{
    static const char *const formats[] = {
        [BOURSE__FORMAT__DATE] = "date",
        [BOURSE__FORMAT__UUID] = "uuid",
        [BOURSE__FORMAT__EMAIL] = "email",
    };
    size_t format = (size_t)field->rule->format;

    if (format == BOURSE__FORMAT__JSON) {
        document_string(document, "type", "object");
        document_bool(document, "additionalProperties", true);
        return;
    }
    document_string(document, "type", "string");
    if (format < COUNT_OF(formats) && formats[format] != NULL)
        document_string(document, "format", formats[format]);
    else if (field->rule->secret && is_request)
        document_string(document, "format", "password");
    if (format == BOURSE__FORMAT__TICKER)
        document_string(document, "pattern", "^[A-Za-z0-9.-]{1,15}$");
    if (format == BOURSE__FORMAT__USERNAME)
        document_string(document, "pattern", "^[A-Za-z][A-Za-z0-9._-]{2,31}$");
    if (field->min_length > 0)
        document_integer(document, "minLength", field->min_length);
    if (field->max_length > 0)
        document_integer(document, "maxLength", field->max_length);
}

static void write_enum(struct document *document, const struct model_enum *enumeration)
{
    document_string(document, "type", "string");
    document_open(document, "enum", '[');
    for (size_t i = 0; i < enumeration->value_count; i++)
        if (enumeration->values[i].json_name != NULL)
            document_string(document, NULL, enumeration->values[i].json_name);
    document_close(document, ']');
}

static void write_reference(struct document *document, const struct model_message *message)
{
    OWNED(strbuf) reference = strbuf_new(512);

    strbuf_printf(reference, "#/components/schemas/%s", message->name);
    document_string(document, "$ref", reference->data);
}

static void write_value(struct document *document, const struct model_field *field, bool is_request)
{
    switch (field->kind) {
    case VALUE_BOOL:
        document_string(document, "type", "boolean");
        return;
    case VALUE_STRING:
        write_string(document, field, is_request);
        break;
    case VALUE_BYTES:
        document_string(document, "type", "string");
        document_string(document, "contentEncoding", "base64url");
        return;
    case VALUE_ENUM:
        write_enum(document, field->enumeration);
        return;
    case VALUE_MESSAGE:
        write_reference(document, field->message);
        return;
    default:
        if (field->rule->format == BOURSE__FORMAT__DECIMAL) {
            write_decimal(document, field);
        } else if (field->rule->format == BOURSE__FORMAT__TIME) {
            document_string(document, "type", "string");
            document_string(document, "format", "date-time");
        } else {
            write_integer(document, field);
        }
    }
    write_example(document, field);
}

// JSON Schema has no limits for decimals in strings, so they are said in words.
static void
append_limit(struct strbuf *out, const char *words, const struct model_field *field, int64_t value)
{
    char decimal[DECIMAL_SIZE];

    (void)decimal_print(value, (int)field->rule->scale, (int)field->rule->least_decimals, decimal);
    strbuf_printf(out, "%s%s %s.", out->length > 0 ? " " : "", words, decimal);
}

static void write_description(struct document *document, const struct model_field *field)
{
    OWNED(strbuf) text = strbuf_new(64 * 1024);

    strbuf_append_string(text, field->doc);
    if (field->rule->format == BOURSE__FORMAT__DECIMAL && field->rule->has_min)
        append_limit(text, "At least", field, field->rule->min);
    if (field->rule->format == BOURSE__FORMAT__DECIMAL && field->rule->has_max)
        append_limit(text, "At most", field, field->rule->max);
    if (text->length > 0)
        document_string(document, "description", text->data);
}

void openapi_field(struct document *document, const struct model_field *field, bool is_request)
{
    write_description(document, field);
    if (!field->repeated) {
        write_value(document, field, is_request);
        return;
    }
    document_string(document, "type", "array");
    document_integer(document, "maxItems", field->rule->max_items);
    document_open(document, "items", '{');
    write_value(document, field, is_request);
    document_close(document, '}');
}

static void write_required(struct document *document,
                           const struct model_message *message,
                           const struct model_binding *binding)
{
    bool is_open = false;

    for (size_t i = 0; i < message->field_count; i++) {
        const struct model_field *field = &message->fields[i];
        // An answer always has its lists; a request needs what it needs.
        bool is_required =
            binding == NULL ? field->repeated
                            : field->rule->required && !openapi_in_path(binding, field->json_name);

        if (!is_required)
            continue;
        if (!is_open)
            document_open(document, "required", '[');
        is_open = true;
        document_string(document, NULL, field->json_name);
    }
    if (is_open)
        document_close(document, ']');
}

// An object's schema. `binding` is that of a request body, NULL for all other messages.
static void write_object(struct document *document,
                         const char *name,
                         const struct model_message *message,
                         const struct model_binding *binding)
{
    document_open(document, name, '{');
    document_string(document, "type", "object");
    if (message->doc[0] != '\0')
        document_string(document, "description", message->doc);
    document_bool(document, "additionalProperties", false);
    write_required(document, message, binding);
    document_open(document, "properties", '{');
    for (size_t i = 0; i < message->field_count; i++) {
        if (message->fields[i].is_flag ||
            (binding != NULL && openapi_in_path(binding, message->fields[i].json_name)))
            continue;
        document_open(document, message->fields[i].json_name, '{');
        openapi_field(document, &message->fields[i], binding != NULL);
        document_close(document, '}');
    }
    document_close(document, '}');
    document_close(document, '}');
}

void openapi_response_schema(struct document *document, const struct model_message *message)
{
    write_object(document, message->name, message, NULL);
}

void openapi_body_name(const struct model_binding *binding, struct strbuf *out)
{
    strbuf_printf(out, "%sRequest", binding->method->name);
    if (binding->index > 0)
        strbuf_printf(out, "%zu", binding->index + 1);
}

void openapi_body_schema(struct document *document, const struct model_binding *binding)
{
    OWNED(strbuf) name = strbuf_new(512);

    openapi_body_name(binding, name);
    write_object(document, name->data, binding->method->request, binding);
}

bool openapi_in_path(const struct model_binding *binding, const char *json_name)
{
    for (size_t i = 0; i < binding->template->count; i++)
        if (binding->template->segments[i].is_variable &&
            strcmp(binding->template->segments[i].text, json_name) == 0)
            return true;
    return false;
}
