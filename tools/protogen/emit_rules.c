// SPDX-License-Identifier: MIT
#include "emit.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const format_names[] = {
    [BOURSE__FORMAT__PLAIN] = "FORMAT_PLAIN",       [BOURSE__FORMAT__DECIMAL] = "FORMAT_DECIMAL",
    [BOURSE__FORMAT__TIME] = "FORMAT_TIME",         [BOURSE__FORMAT__DATE] = "FORMAT_DATE",
    [BOURSE__FORMAT__UUID] = "FORMAT_UUID",         [BOURSE__FORMAT__TICKER] = "FORMAT_TICKER",
    [BOURSE__FORMAT__USERNAME] = "FORMAT_USERNAME", [BOURSE__FORMAT__EMAIL] = "FORMAT_EMAIL",
    [BOURSE__FORMAT__JSON] = "FORMAT_JSON",
};

static void emit_header(struct strbuf *out, const struct model_file *file)
{
    emit_banner(out, file);
    strbuf_printf(out, "#pragma once\n\n#include \"%s.pb-c.h\"\n#include \"message/message.h\"\n\n",
                  file->stem);
    for (size_t i = 0; i < file->message_count; i++)
        strbuf_printf(out, "extern const struct message_info %s;\n", file->messages[i].info);
    strbuf_printf(out,
                  "\n// All of them.\nextern const struct message_info *const %s_messages[%zu];\n",
                  file->service, file->message_count);
}

static void emit_enum(struct strbuf *out, const struct model_enum *enumeration)
{
    strbuf_printf(out, "static const char *const %s_names[] = {", enumeration->info);
    for (size_t i = 0; i < enumeration->value_count; i++) {
        const char *name = enumeration->values[i].json_name;

        strbuf_append_string(out, i > 0 ? ", " : "");
        if (name == NULL)
            strbuf_append_string(out, "NULL");
        else
            strbuf_printf(out, "\"%s\"", name);
    }
    strbuf_printf(out, "};\nstatic const struct enum_info %s = {&%s__descriptor, %s_names};\n\n",
                  enumeration->info, enumeration->symbol, enumeration->info);
}

static void emit_limit(struct strbuf *out, const char *name, int64_t value)
{
    // -2^63 cannot be written as a negated literal.
    if (value == INT64_MIN)
        strbuf_printf(out, ", .has_%s = true, .%s = INT64_MIN", name, name);
    else
        strbuf_printf(out, ", .has_%s = true, .%s = INT64_C(%" PRId64 ")", name, name, value);
}

static void emit_field(struct strbuf *out, const struct model_field *field)
{
    const Bourse__FieldRule *rule = field->rule;

    strbuf_printf(out, "    {.json_name = \"%s\", .format = %s", field->json_name,
                  format_names[rule->format]);
    if (rule->has_scale)
        strbuf_printf(out, ", .scale = %u", rule->scale);
    if (rule->has_least_decimals)
        strbuf_printf(out, ", .least_decimals = %u", rule->least_decimals);
    if (rule->required)
        strbuf_append_string(out, ", .required = true");
    if (rule->secret)
        strbuf_append_string(out, ", .secret = true");
    if (rule->has_min)
        emit_limit(out, "min", rule->min);
    if (rule->has_max)
        emit_limit(out, "max", rule->max);
    if (field->min_length > 0)
        strbuf_printf(out, ", .min_length = %u", field->min_length);
    if (field->max_length > 0)
        strbuf_printf(out, ", .max_length = %u", field->max_length);
    if (rule->max_items > 0)
        strbuf_printf(out, ", .max_items = %u", rule->max_items);
    if (field->given > 0)
        strbuf_printf(out, ", .given = %u", field->given);
    if (field->is_flag)
        strbuf_append_string(out, ", .is_flag = true");
    if (field->message != NULL)
        strbuf_printf(out, ", .message = &%s", field->message->info);
    if (field->enumeration != NULL)
        strbuf_printf(out, ", .enumeration = &%s", field->enumeration->info);
    strbuf_append_string(out, "},\n");
}

static void emit_message(struct strbuf *out, const struct model_message *message)
{
    if (message->field_count == 0) {
        strbuf_printf(out, "const struct message_info %s = {&%s__descriptor, NULL};\n\n",
                      message->info, message->symbol);
        return;
    }
    strbuf_printf(out, "static const struct field_info %s_fields[] = {\n", message->info);
    for (size_t i = 0; i < message->field_count; i++)
        emit_field(out, &message->fields[i]);
    strbuf_printf(out, "};\nconst struct message_info %s = {&%s__descriptor, %s_fields};\n\n",
                  message->info, message->symbol, message->info);
}

static void emit_list(struct strbuf *out, const struct model_file *file)
{
    strbuf_printf(out, "const struct message_info *const %s_messages[%zu] = {\n", file->service,
                  file->message_count);
    for (size_t i = 0; i < file->message_count; i++)
        strbuf_printf(out, "    &%s,\n", file->messages[i].info);
    strbuf_append_string(out, "};\n");
}

// Whether a message of `file` has a field of that enum.
static bool uses_enum(const struct model_file *file, const struct model_enum *enumeration)
{
    for (size_t i = 0; i < file->message_count; i++)
        for (size_t j = 0; j < file->messages[i].field_count; j++)
            if (file->messages[i].fields[j].enumeration == enumeration)
                return true;
    return false;
}

// The enums that a file uses of an imported one: each file has tables of its own.
static void emit_imported_enums(struct strbuf *out,
                                const struct model_file *imported,
                                const struct model_file *file)
{
    for (size_t i = 0; i < imported->enum_count; i++)
        if (uses_enum(file, &imported->enums[i]))
            emit_enum(out, &imported->enums[i]);
}

bool emit_rules(struct output *output, const struct model *model, const struct model_file *file)
{
    struct strbuf *out = output->text;
    OWNED(strbuf) name = strbuf_new(1024);

    strbuf_printf(name, "%s_rules.h", file->stem);
    emit_header(out, file);
    if (!output_write(output, name->data))
        return false;
    emit_banner(out, file);
    strbuf_printf(out, "#include \"%s\"\n", name->data);
    for (size_t i = 0; i < model->file_count; i++)
        if (model->files[i].is_imported)
            strbuf_printf(out, "#include \"%s_rules.h\"\n", model->files[i].stem);
    strbuf_append_char(out, '\n');
    for (size_t i = 0; i < model->file_count; i++)
        if (model->files[i].is_imported)
            emit_imported_enums(out, &model->files[i], file);
    for (size_t i = 0; i < file->enum_count; i++)
        emit_enum(out, &file->enums[i]);
    for (size_t i = 0; i < file->message_count; i++)
        emit_message(out, &file->messages[i]);
    emit_list(out, file);
    name->data[name->length - 1] = 'c';
    return output_write(output, name->data);
}
