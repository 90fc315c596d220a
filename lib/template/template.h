// SPDX-License-Identifier: MIT
// template: pages of HTML from messages.
//
// A template names fields of one message type by their JSON names. It is parsed against that type,
// so that a wrong name, a value at a place where it could break the page, or a partial that is not
// there is found before anything is shown: by tools/pagegen when Bourse is built, or when a file is
// read again in development. README.md has the syntax.
//
// Every value is escaped for the place it stands in; there is no way to write one raw.
//
// Threads: a template is const and may be rendered by any number of threads at once.
#pragma once

#include "base/strbuf.h"
#include "message/message.h"
#include "template/format.h"

enum {
    TEMPLATE_PATH_MAX = 6,   // names in a.b.c
    TEMPLATE_DEPTH_MAX = 16, // sections, partials and blocks within each other
    TEMPLATE_OPS_MAX = 8192, // of one page, with its layout and partials
    TEMPLATE_FILE_MAX = 128 * 1024,
    TEMPLATE_NAME_SIZE = 64, // of a file, with its terminator
};

// How a value is written, which follows from where it stands.
enum template_escape {
    TEMPLATE_ESCAPE_TEXT,      // between tags, and in attributes: & < > " ' as references
    TEMPLATE_ESCAPE_COMPONENT, // in an address after its beginning: percent-encoded, RFC 3986
};

enum template_op_kind {
    TEMPLATE_LITERAL,
    TEMPLATE_VALUE,
    TEMPLATE_EACH,   // enters each message or value of a list, or a message that is there
    TEMPLATE_IF,     // enters nothing
    TEMPLATE_UNLESS, // the opposite of the two above
    TEMPLATE_END,    // of the section before it
};

// Where a value is: from the innermost message or list entered, so many levels up, then along these
// fields, each an index into message_info.fields. No field at all is the thing entered itself.
struct template_path {
    uint8_t up;
    uint8_t count;
    uint8_t fields[TEMPLATE_PATH_MAX];
};

struct template_op {
    enum template_op_kind kind;
    struct template_path path;
    enum template_format format;
    enum template_escape escape;
    struct text text; // of a literal; or what a value is compared with, data NULL for nothing
    size_t end;       // of a section: its TEMPLATE_END
};

struct template
{
    const char *name; // of its file, without the ending
    const struct message_info *info;
    const struct template_op *ops;
    size_t count;
};

// Appends the page. `message` must be of the template's type. What is absent is written as nothing.
// Cost: one pass over the operations; no allocation but of `out`, whose overflow the caller checks.
void template_render(const struct template *template,
                     const ProtobufCMessage *message,
                     struct strbuf *out);

// Where the files and addresses come from. Both answer false when there is none of that name.
struct template_source {
    // `out_text` must live as long as the template: literals are views of it.
    bool (*load)(void *context, const char *name, struct text *out_text);
    // The address of an asset, as `app.css` is found at /assets/app.1a2b3c.css.
    bool (*asset)(void *context, const char *name, struct text *out_address);
    void *context;
};

struct template_fault {
    char file[TEMPLATE_NAME_SIZE];
    int line;
    char sentence[256]; // what is wrong, and what to write instead
};

// Parses the file `name` (without ".html") for messages of that type, its layout and partials
// included. The caller owns the template, which keeps `name` and the files' texts as views. False
// with the first fault.
MUST_CHECK bool template_parse(const struct template_source *source,
                               const char *name,
                               const struct message_info *info,
                               struct template **out_template,
                               struct template_fault *fault);

// Frees what template_parse has made.
void template_free(struct template **template);
