// SPDX-License-Identifier: MIT
// Partials, blocks and layouts are put in place here, so that what is rendered is one flat list.
#include "template/template.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "html_context.h"
#include "message/fields.h"
#include "reading.h"

enum { BLOCKS_MAX = 64, SUFFIX_SIZE = 8 };

// What a section has entered, as far as its type goes.
struct typed_scope {
    const struct message_info *info; // NULL for a value of a list
    const struct field_info *field;
    const ProtobufCFieldDescriptor *descriptor;
};

struct block {
    struct text name;
    struct reading body;
    bool is_used;
};

struct parser {
    const struct template_source *source;
    struct template_fault *fault;
    struct template_op *ops;
    size_t op_count;
    struct typed_scope scopes[TEMPLATE_DEPTH_MAX + 1];
    size_t scope_count;
    size_t depth;
    struct block blocks[BLOCKS_MAX];
    size_t block_count;
    struct html_context html;
};

static bool parse_body(struct parser *parser, struct reading *reading, struct text until);

PRINTF_LIKE(4, 5)
static bool
fail(struct parser *parser, const struct reading *reading, size_t at, const char *format, ...)
{
    struct template_fault *fault = parser->fault;
    va_list arguments;

    memcpy(fault->file, reading->file, sizeof fault->file);
    fault->line = reading_line(reading, at);
    va_start(arguments, format);
    (void)vsnprintf(fault->sentence, sizeof fault->sentence, format, arguments);
    va_end(arguments);
    return false;
}

// For "%.*s".
#define SHOWN(text) ((int)(text).length), (text).data

// Reads up to and with the next tag.
static bool next_tag(struct parser *parser, struct reading *reading, struct tag *out_tag)
{
    const char *problem = NULL;
    size_t at = 0;

    return reading_next(reading, out_tag, &at, &problem) ||
           fail(parser, reading, at, "%s", problem);
}

static bool add_op(struct parser *parser,
                   const struct reading *reading,
                   size_t at,
                   const struct template_op *op)
{
    if (parser->op_count == TEMPLATE_OPS_MAX)
        return fail(parser, reading, at, "the page has more than %d parts", TEMPLATE_OPS_MAX);
    parser->ops[parser->op_count++] = *op;
    return true;
}

static bool add_literal(struct parser *parser, const struct reading *reading, struct text literal)
{
    const char *problem = NULL;
    size_t at = 0;

    if (literal.length == 0)
        return true;
    if (!html_context_advance(&parser->html, literal, &at, &problem)) {
        bool is_here = literal.data >= reading->text.data &&
                       literal.data < reading->text.data + reading->text.length;

        return fail(parser, reading,
                    is_here ? (size_t)(literal.data - reading->text.data) + at : reading->at, "%s",
                    problem);
    }
    return add_op(parser, reading, 0,
                  &(struct template_op){.kind = TEMPLATE_LITERAL, .text = literal});
}

// What a name leads to, as far as its type goes.
struct target {
    struct template_path path;
    struct typed_scope type; // with info for a message, one or a list of them
    bool is_list;
};

static bool unknown_field(struct parser *parser,
                          const struct reading *reading,
                          size_t at,
                          const struct message_info *info,
                          struct text name)
{
    OWNED(strbuf) known = strbuf_new(160);

    for (size_t i = 0; i < info->descriptor->n_fields; i++)
        if (!info->fields[i].is_flag)
            strbuf_printf(known, "%s%s", known->length > 0 ? ", " : "", info->fields[i].json_name);
    return fail(parser, reading, at, "there is no field %.*s in %s, which has %s%s", SHOWN(name),
                info->descriptor->short_name, known->data, known->overflowed ? " ..." : "");
}

// The innermost thing entered that has such a field.
static bool
find_first(const struct parser *parser, struct text name, uint8_t *out_up, size_t *out_field)
{
    for (size_t i = parser->scope_count; i-- > 0;) {
        const struct message_info *info = parser->scopes[i].info;
        size_t field = info == NULL ? SIZE_MAX : fields_index_of(info, name);

        if (field != SIZE_MAX) {
            *out_up = (uint8_t)(parser->scope_count - 1 - i);
            *out_field = field;
            return true;
        }
    }
    return false;
}

static const struct message_info *innermost_message(const struct parser *parser)
{
    size_t i = parser->scope_count - 1;

    // The page's own message is one.
    while (parser->scopes[i].info == NULL)
        i--;
    return parser->scopes[i].info;
}

static bool enter_field(struct target *target, const struct message_info *info, size_t field)
{
    if (target->path.count == TEMPLATE_PATH_MAX || field > UINT8_MAX)
        return false;
    target->path.fields[target->path.count++] = (uint8_t)field;
    target->type = (struct typed_scope){.info = info->fields[field].message,
                                        .field = &info->fields[field],
                                        .descriptor = &info->descriptor->fields[field]};
    target->is_list = field_is_repeated(target->type.descriptor);
    return true;
}

static bool resolve(struct parser *parser,
                    const struct reading *reading,
                    size_t at,
                    struct text name,
                    struct target *out_target)
{
    struct target target = {.path = {0}};
    struct text rest = {0};
    struct text whole = name;
    bool has_more = false;
    size_t field = 0;

    if (text_equals(name, ".")) {
        target.type = parser->scopes[parser->scope_count - 1];
        *out_target = target;
        return true;
    }
    has_more = reading_cut(&name, '.', &rest);
    if (!find_first(parser, name, &target.path.up, &field))
        return unknown_field(parser, reading, at, innermost_message(parser), name);
    if (!enter_field(&target, parser->scopes[parser->scope_count - 1 - target.path.up].info, field))
        return fail(parser, reading, at, "field number %zu is beyond what a template reaches",
                    field);
    while (has_more) {
        const struct message_info *info = target.type.info;

        if (info == NULL || target.is_list)
            return fail(parser, reading, at, "%.*s is %s: only a single message has fields in it",
                        SHOWN(name), target.is_list ? "a list" : "a value");
        name = rest;
        has_more = reading_cut(&name, '.', &rest);
        field = fields_index_of(info, name);
        if (field == SIZE_MAX)
            return unknown_field(parser, reading, at, info, name);
        if (!enter_field(&target, info, field))
            return fail(parser, reading, at, "%.*s has more than %d names", SHOWN(whole),
                        TEMPLATE_PATH_MAX);
    }
    *out_target = target;
    return true;
}

static bool find_format(struct parser *parser,
                        const struct reading *reading,
                        const struct tag *tag,
                        struct text name,
                        struct text format,
                        const struct target *target,
                        enum template_format *out_format)
{
    *out_format = FORMAT_AS_PLAIN;
    if (format.data != NULL && !format_find(format, out_format)) {
        OWNED(strbuf) known = strbuf_new(160);

        format_list(known);
        return fail(parser, reading, tag->begin, "there is no format %.*s; there is %s",
                    SHOWN(format), known->data);
    }
    if (target->type.info != NULL || (target->is_list && target->path.count > 0))
        return fail(parser, reading, tag->begin,
                    "%.*s is %s and cannot be written: enter it with {{#%.*s}}", SHOWN(name),
                    target->is_list ? "a list" : "a message", SHOWN(name));
    if (!format_takes(*out_format, target->type.field, target->type.descriptor))
        return fail(parser, reading, tag->begin, "%.*s cannot be written as %s, which takes %s",
                    SHOWN(name), format_name(*out_format), format_expectation(*out_format));
    return true;
}

static bool add_value(struct parser *parser, const struct reading *reading, const struct tag *tag)
{
    struct text name = tag->name;
    struct text format = {0};
    struct target target;
    struct template_op op = {.kind = TEMPLATE_VALUE};
    const char *problem = NULL;

    (void)reading_cut(&name, '|', &format);
    if (!resolve(parser, reading, tag->begin, name, &target) ||
        !find_format(parser, reading, tag, name, format, &target, &op.format))
        return false;
    if (!html_context_value(&parser->html, &problem))
        return fail(parser, reading, tag->begin, "%s", problem);
    op.path = target.path;
    op.escape = parser->html.place == HTML_ATTRIBUTE && parser->html.is_address
                    ? TEMPLATE_ESCAPE_COMPONENT
                    : TEMPLATE_ESCAPE_TEXT;
    return add_op(parser, reading, tag->begin, &op);
}

// Checks what a section compares with: an enum has such a value, or it is a text.
static bool check_comparison(struct parser *parser,
                             const struct reading *reading,
                             const struct tag *tag,
                             const struct target *target,
                             struct text wanted)
{
    const struct enum_info *enumeration = NULL;

    if (wanted.data == NULL)
        return true;
    if (target->type.descriptor == NULL || target->is_list ||
        (target->type.descriptor->type != PROTOBUF_C_TYPE_ENUM &&
         target->type.descriptor->type != PROTOBUF_C_TYPE_STRING))
        return fail(parser, reading, tag->begin, "only an enum or a string can be compared");
    enumeration = target->type.field->enumeration;
    if (enumeration == NULL)
        return true;
    for (size_t i = 0; i < enumeration->descriptor->n_values; i++)
        if (enumeration->names[i] != NULL && text_equals(wanted, enumeration->names[i]))
            return true;
    return fail(parser, reading, tag->begin, "%.*s is no value of %s", SHOWN(wanted),
                enumeration->descriptor->short_name);
}

static bool deeper(struct parser *parser, const struct reading *reading, size_t at)
{
    if (parser->depth == TEMPLATE_DEPTH_MAX)
        return fail(parser, reading, at,
                    "sections, partials and blocks are nested more than %d deep",
                    TEMPLATE_DEPTH_MAX);
    parser->depth++;
    return true;
}

static bool add_section(struct parser *parser, struct reading *reading, const struct tag *tag)
{
    struct text name = tag->name;
    struct template_op op = {.kind = TEMPLATE_IF};
    struct html_context before = parser->html;
    struct target target;
    size_t index = parser->op_count;
    bool enters = false;

    (void)reading_cut(&name, '=', &op.text);
    if (!resolve(parser, reading, tag->begin, name, &target) ||
        !check_comparison(parser, reading, tag, &target, op.text) ||
        !deeper(parser, reading, tag->begin))
        return false;
    enters =
        tag->kind == '#' && target.path.count > 0 && (target.is_list || target.type.info != NULL);
    op.kind = enters ? TEMPLATE_EACH : tag->kind == '#' ? TEMPLATE_IF : TEMPLATE_UNLESS;
    op.path = target.path;
    if (!add_op(parser, reading, tag->begin, &op))
        return false;
    if (enters)
        parser->scopes[parser->scope_count++] = target.type;
    if (!parse_body(parser, reading, name))
        return false;
    if (enters)
        parser->scope_count--;
    if (!html_context_same(&before, &parser->html))
        return fail(parser, reading, tag->begin,
                    "the section %.*s ends inside another tag or attribute than it begins in",
                    SHOWN(name));
    // Whether it was entered or not, what follows stands at the same place.
    parser->html = before;
    if (before.place == HTML_TAG_NAME || before.place == HTML_ATTRIBUTE_NAME)
        parser->html.place = HTML_TAG;
    parser->ops[index].end = parser->op_count;
    parser->depth--;
    return add_op(parser, reading, tag->begin, &(struct template_op){.kind = TEMPLATE_END});
}

static bool load(struct parser *parser,
                 const struct reading *from,
                 size_t at,
                 struct text name,
                 struct reading *out_reading)
{
    struct reading reading = {.first_line = 1};

    if (name.length + SUFFIX_SIZE > TEMPLATE_NAME_SIZE)
        return fail(parser, from, at, "the name of a file is longer than %d bytes",
                    TEMPLATE_NAME_SIZE - SUFFIX_SIZE);
    (void)snprintf(reading.file, sizeof reading.file, "%.*s.html", SHOWN(name));
    if (!parser->source->load(parser->source->context, reading.file, &reading.text))
        return fail(parser, from, at, "there is no file %s", reading.file);
    if (reading.text.length > TEMPLATE_FILE_MAX)
        return fail(parser, from, at, "%s has more than %d bytes", reading.file, TEMPLATE_FILE_MAX);
    *out_reading = reading;
    return true;
}

static bool parse_file(struct parser *parser, struct reading *reading);

// A file put in place here, for what the sections around it have entered.
static bool add_partial(struct parser *parser, const struct reading *reading, const struct tag *tag)
{
    struct reading partial;
    bool done = load(parser, reading, tag->begin, tag->name, &partial) &&
                deeper(parser, reading, tag->begin) && parse_file(parser, &partial);

    parser->depth -= done;
    return done;
}

static bool add_asset(struct parser *parser, const struct reading *reading, const struct tag *tag)
{
    char name[TEMPLATE_NAME_SIZE];
    struct text address = {0};

    (void)snprintf(name, sizeof name, "%.*s", SHOWN(tag->name));
    if (parser->source->asset == NULL ||
        !parser->source->asset(parser->source->context, name, &address))
        return fail(parser, reading, tag->begin, "there is no asset %s", name);
    return add_literal(parser, reading, address);
}

// Finds the inside of a block and goes behind its end.
static bool read_block(struct parser *parser,
                       struct reading *reading,
                       const struct tag *tag,
                       struct reading *out_body)
{
    size_t begin = reading->at;
    struct tag end;
    struct reading inside = *reading;

    do {
        if (!next_tag(parser, &inside, &end))
            return false;
        if (end.is_end_of_text)
            return fail(parser, reading, tag->begin, "the block %.*s is not closed by {{/%.*s}}",
                        SHOWN(tag->name), SHOWN(tag->name));
    } while (end.kind != '/' || !text_same(end.name, tag->name));
    *out_body = (struct reading){
        .text = {reading->text.data + begin,
                 (size_t)(end.literal.data + end.literal.length - reading->text.data) - begin},
        .first_line = reading_line(reading, begin)};
    memcpy(out_body->file, reading->file, sizeof out_body->file);
    reading->at = inside.at;
    return true;
}

static struct block *find_block(struct parser *parser, struct text name)
{
    for (size_t i = 0; i < parser->block_count; i++)
        if (text_same(parser->blocks[i].name, name))
            return &parser->blocks[i];
    return NULL;
}

// A block of a layout: what the page says about it or, when it says nothing, what stands here.
static bool add_block(struct parser *parser, struct reading *reading, const struct tag *tag)
{
    struct block *block = find_block(parser, tag->name);
    struct reading body;
    bool done = read_block(parser, reading, tag, &body) && deeper(parser, reading, tag->begin);

    if (done && block != NULL) {
        block->is_used = true;
        body = block->body;
    }
    done = done && parse_body(parser, &body, (struct text){0});
    parser->depth -= done;
    return done;
}

static bool add_tag(struct parser *parser, struct reading *reading, const struct tag *tag)
{
    switch (tag->kind) {
    case '!':
        return true;
    case '#':
    case '^':
        return add_section(parser, reading, tag);
    case '>':
        return add_partial(parser, reading, tag);
    case '@':
        return add_asset(parser, reading, tag);
    case '$':
        return add_block(parser, reading, tag);
    case '<':
        return fail(parser, reading, tag->begin, "a layout is named by a file's first tag");
    default:
        return add_value(parser, reading, tag);
    }
}

// Parses up to {{/until}}, or to the end of the text when `until` is nothing.
static bool parse_body(struct parser *parser, struct reading *reading, struct text until)
{
    size_t begin = reading->at;

    for (;;) {
        struct tag tag;

        if (!next_tag(parser, reading, &tag) || !add_literal(parser, reading, tag.literal))
            return false;
        if (tag.is_end_of_text)
            return until.data == NULL ||
                   fail(parser, reading, begin > 0 ? begin - 1 : 0,
                        "the section %.*s is not closed by {{/%.*s}}", SHOWN(until), SHOWN(until));
        if (tag.kind == '/') {
            if (until.data != NULL && text_same(tag.name, until))
                return true;
            return until.data == NULL
                       ? fail(parser, reading, tag.begin, "{{/%.*s}} closes nothing",
                              SHOWN(tag.name))
                       : fail(parser, reading, tag.begin, "{{/%.*s}} closes the section %.*s",
                              SHOWN(tag.name), SHOWN(until));
        }
        if (!add_tag(parser, reading, &tag))
            return false;
    }
}

static bool is_blank(struct text text)
{
    for (size_t i = 0; i < text.length; i++)
        if (strchr(" \t\r\n", text.data[i]) == NULL)
            return false;
    return true;
}

// Keeps the blocks of a file that has a layout. Blocks of a file nearer to the page come first.
static bool take_blocks(struct parser *parser, struct reading *reading)
{
    for (;;) {
        struct tag tag;
        struct block block = {0};

        if (!next_tag(parser, reading, &tag))
            return false;
        if (!is_blank(tag.literal) || (!tag.is_end_of_text && tag.kind != '$' && tag.kind != '!'))
            return fail(parser, reading, tag.begin,
                        "a file with a layout has nothing outside of its blocks");
        if (tag.is_end_of_text)
            return true;
        if (tag.kind == '!')
            continue;
        if (parser->block_count == BLOCKS_MAX)
            return fail(parser, reading, tag.begin, "there are more than %d blocks", BLOCKS_MAX);
        block.name = tag.name;
        if (!read_block(parser, reading, &tag, &block.body))
            return false;
        if (find_block(parser, tag.name) == NULL)
            parser->blocks[parser->block_count++] = block;
    }
}

static bool parse_layout(struct parser *parser, struct reading *reading, const struct tag *tag)
{
    size_t first = parser->block_count;
    struct reading layout;
    bool done = take_blocks(parser, reading) &&
                load(parser, reading, tag->begin, tag->name, &layout) &&
                deeper(parser, reading, tag->begin) && parse_file(parser, &layout);

    if (!done)
        return false;
    parser->depth--;
    for (size_t i = first; i < parser->block_count; i++)
        if (!parser->blocks[i].is_used)
            return fail(parser, &parser->blocks[i].body, 0, "the layout %.*s has no block %.*s",
                        SHOWN(tag->name), SHOWN(parser->blocks[i].name));
    return true;
}

// Parses a file, with its layout if it names one.
static bool parse_file(struct parser *parser, struct reading *reading)
{
    struct reading ahead = *reading;
    struct tag tag;

    do {
        if (!next_tag(parser, &ahead, &tag))
            return false;
    } while (tag.kind == '!' && is_blank(tag.literal));
    if (tag.kind == '<' && is_blank(tag.literal))
        return parse_layout(parser, &ahead, &tag);
    return parse_body(parser, reading, (struct text){0});
}

bool template_parse(const struct template_source *source,
                    const char *name,
                    const struct message_info *info,
                    struct template **out_template,
                    struct template_fault *fault)
{
    struct parser *parser = allocate(sizeof(*parser));
    struct reading page = {.file = "the caller", .first_line = 1};
    struct template *template = NULL;
    bool done = false;

    parser->source = source;
    parser->fault = fault;
    parser->ops = allocate_array(TEMPLATE_OPS_MAX, sizeof(*parser->ops));
    parser->scopes[parser->scope_count++] = (struct typed_scope){.info = info};
    done = load(parser, &page, 0, text_of(name), &page) && parse_file(parser, &page);
    if (done && parser->html.place != HTML_TEXT)
        done = fail(parser, &page, page.text.length, "the page ends in a tag");
    if (done) {
        template = allocate(sizeof(*template));
        *template = (struct template){
            .name = name,
            .info = info,
            .ops = reallocate_array(parser->ops, parser->op_count, sizeof(*parser->ops)),
            .count = parser->op_count};
        *out_template = template;
    } else {
        release(parser->ops);
    }
    release(parser);
    return done;
}

void template_free(struct template **template)
{
    if (*template == NULL)
        return;
    release((void *)(uintptr_t)(*template)->ops);
    release(*template);
    *template = NULL;
}
