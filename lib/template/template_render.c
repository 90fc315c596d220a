// SPDX-License-Identifier: MIT
#include "template/template.h"

#include <assert.h>
#include <string.h>

#include "message/fields.h"

enum { VALUE_MAX = 64 * 1024 };

// What a section has entered: a message, or one value of a list.
struct scope {
    const struct message_info *info; // NULL for a value
    const ProtobufCMessage *message;
    const struct field_info *field;
    const ProtobufCFieldDescriptor *descriptor;
    const void *value;
};

// A list of messages that is being walked, or a message that has been entered.
struct section {
    size_t op;
    size_t next; // index of the next one in its list
    size_t count;
    struct scope owner; // the message that has the list
    uint8_t field;
    bool has_scope;
};

struct rendering {
    const struct template *template;
    struct strbuf *out;
    struct strbuf *value; // unescaped
    size_t scope_count;
    size_t section_count;
    struct scope scopes[TEMPLATE_DEPTH_MAX + 1];
    struct section sections[TEMPLATE_DEPTH_MAX + 1];
};

// What a path leads to: the message that has the last field, and which that is.
struct found {
    struct scope owner;
    uint8_t field;
    bool is_self;   // the thing entered itself
    bool is_absent; // a message on the way is not there
};

static struct found find(const struct rendering *rendering, const struct template_path *path)
{
    const struct scope *scope = &rendering->scopes[rendering->scope_count - 1 - path->up];
    struct found found = {.owner = *scope, .is_self = path->count == 0};

    for (size_t i = 0; i + 1 < path->count; i++) {
        uint8_t field = path->fields[i];
        const struct message_info *info = found.owner.info;
        const ProtobufCMessage *next = NULL;

        if (field_count(found.owner.message, &info->descriptor->fields[field]) > 0)
            next = *(const ProtobufCMessage *const *)field_value(
                found.owner.message, &info->descriptor->fields[field], 0);
        found.is_absent = next == NULL;
        if (found.is_absent)
            return found;
        found.owner = (struct scope){.info = info->fields[field].message, .message = next};
    }
    if (path->count > 0)
        found.field = path->fields[path->count - 1];
    return found;
}

static size_t count_of(const struct found *found)
{
    if (found->is_absent)
        return 0;
    return found->is_self ? 1
                          : field_count(found->owner.message,
                                        &found->owner.info->descriptor->fields[found->field]);
}

// The single value found, with how it is to be read. False when it is not there.
static bool value_of(const struct found *found, struct scope *out_value)
{
    if (count_of(found) == 0)
        return false;
    if (found->is_self) {
        *out_value = found->owner;
        return true;
    }
    *out_value = (struct scope){
        .field = &found->owner.info->fields[found->field],
        .descriptor = &found->owner.info->descriptor->fields[found->field],
    };
    out_value->value = field_value(found->owner.message, out_value->descriptor, 0);
    return true;
}

static void escape_text(struct text text, struct strbuf *out)
{
    for (size_t i = 0; i < text.length; i++) {
        switch (text.data[i]) {
        case '&':
            strbuf_append_string(out, "&amp;");
            break;
        case '<':
            strbuf_append_string(out, "&lt;");
            break;
        case '>':
            strbuf_append_string(out, "&gt;");
            break;
        case '"':
            strbuf_append_string(out, "&quot;");
            break;
        case '\'':
            strbuf_append_string(out, "&#39;");
            break;
        default:
            strbuf_append_char(out, text.data[i]);
        }
    }
}

// RFC 3986, section 2.3: everything but the unreserved characters is encoded.
static void escape_component(struct text text, struct strbuf *out)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.data[i];

        if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
            (byte >= '0' && byte <= '9') || strchr("-._~", byte) != NULL) {
            strbuf_append_char(out, (char)byte);
            continue;
        }
        strbuf_append_char(out, '%');
        strbuf_append_char(out, digits[byte >> 4]);
        strbuf_append_char(out, digits[byte & 15]);
    }
}

static void write_value(struct rendering *rendering, const struct template_op *op)
{
    struct found found = find(rendering, &op->path);
    struct scope value;

    if (!value_of(&found, &value))
        return;
    strbuf_reset(rendering->value);
    format_write(op->format, value.field, value.descriptor, value.value, rendering->value);
    // What is too long for a page says so by being too long for it: never a half.
    rendering->out->overflowed |= rendering->value->overflowed;
    if (op->escape == TEMPLATE_ESCAPE_COMPONENT)
        escape_component(strbuf_text(rendering->value), rendering->out);
    else
        escape_text(strbuf_text(rendering->value), rendering->out);
}

// Whether the condition of a section holds: a bool is true, a text is not empty, anything else is
// there; or, with something to compare with, it is that.
static bool holds(struct rendering *rendering, const struct template_op *op)
{
    struct found found = find(rendering, &op->path);
    struct scope value;

    if (!value_of(&found, &value))
        return false;
    if (value.descriptor == NULL) // a message entered
        return true;
    if (op->text.data != NULL) {
        strbuf_reset(rendering->value);
        format_write(FORMAT_AS_PLAIN, value.field, value.descriptor, value.value, rendering->value);
        return rendering->value->length == op->text.length &&
               memcmp(rendering->value->data, op->text.data, op->text.length) == 0;
    }
    if (value.descriptor->label == PROTOBUF_C_LABEL_REPEATED)
        return true;
    if (value.descriptor->type == PROTOBUF_C_TYPE_BOOL)
        return *(const protobuf_c_boolean *)value.value != 0;
    if (value.descriptor->type == PROTOBUF_C_TYPE_STRING)
        return **(const char *const *)value.value != '\0';
    return true;
}

// Enters the next thing of the section's list. False when there is none left.
static bool enter_next(struct rendering *rendering, struct section *section)
{
    const ProtobufCFieldDescriptor *descriptor =
        &section->owner.info->descriptor->fields[section->field];
    const struct field_info *field = &section->owner.info->fields[section->field];
    struct scope *scope = NULL;
    const void *value = NULL;

    if (section->has_scope)
        rendering->scope_count--;
    section->has_scope = section->next < section->count;
    if (!section->has_scope)
        return false;
    value = field_value(section->owner.message, descriptor, section->next++);
    scope = &rendering->scopes[rendering->scope_count++];
    if (descriptor->type == PROTOBUF_C_TYPE_MESSAGE)
        *scope = (struct scope){.info = field->message,
                                .message = *(const ProtobufCMessage *const *)value};
    else
        *scope = (struct scope){.field = field, .descriptor = descriptor, .value = value};
    return true;
}

static size_t begin_section(struct rendering *rendering, size_t at)
{
    const struct template_op *op = &rendering->template->ops[at];
    struct section section = {.op = at};
    struct found found;

    assert(rendering->section_count <= TEMPLATE_DEPTH_MAX);
    if (op->kind == TEMPLATE_EACH) {
        found = find(rendering, &op->path);
        section.owner = found.owner;
        section.field = found.field;
        section.count = count_of(&found);
        if (!enter_next(rendering, &section))
            return op->end + 1;
    } else if (holds(rendering, op) != (op->kind == TEMPLATE_IF)) {
        return op->end + 1;
    }
    rendering->sections[rendering->section_count++] = section;
    return at + 1;
}

static size_t end_section(struct rendering *rendering, size_t at)
{
    struct section *section = &rendering->sections[rendering->section_count - 1];

    if (rendering->template->ops[section->op].kind == TEMPLATE_EACH &&
        enter_next(rendering, section))
        return section->op + 1;
    rendering->section_count--;
    return at + 1;
}

void template_render(const struct template *template,
                     const ProtobufCMessage *message,
                     struct strbuf *out)
{
    OWNED(strbuf) value = strbuf_new(VALUE_MAX);
    struct rendering rendering = {
        .template = template,
        .out = out,
        .value = value,
        .scope_count = 1,
        .scopes = {{.info = template->info, .message = message}},
    };
    size_t at = 0;

    assert(message->descriptor == template->info->descriptor);
    while (at < template->count) {
        const struct template_op *op = &template->ops[at];

        switch (op->kind) {
        case TEMPLATE_LITERAL:
            strbuf_append_text(out, op->text);
            at++;
            break;
        case TEMPLATE_VALUE:
            write_value(&rendering, op);
            at++;
            break;
        case TEMPLATE_END:
            at = end_section(&rendering, at);
            break;
        default:
            at = begin_section(&rendering, at);
        }
    }
}
