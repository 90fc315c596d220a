// SPDX-License-Identifier: MIT
// emit: the emitters, each of which writes one kind of file from a checked model.
//
// What they write depends on the model alone, so the same .proto files give the same bytes.
#pragma once

#include "model.h"

// Where the files go. An emitter adds to `text` and hands it to output_write.
struct output {
    const char *directory;
    struct strbuf *text;
};

// messages.bin: the descriptors without services, which is what protoc-c makes the messages from.
MUST_CHECK bool emit_messages(struct output *output, struct text descriptors);

// One .proto file each: <stem>_rules.{h,c}, _methods.{h,c}, _client.{h,c}, _server.{h,c}.
MUST_CHECK bool
emit_rules(struct output *output, const struct model *model, const struct model_file *file);
MUST_CHECK bool emit_methods(struct output *output, const struct model_file *file);
MUST_CHECK bool emit_client(struct output *output, const struct model_file *file);
MUST_CHECK bool emit_server(struct output *output, const struct model_file *file);

// All of them together: gateway_routes.c and openapi.json.
MUST_CHECK bool emit_routes(struct output *output, const struct model *model);
MUST_CHECK bool emit_openapi(struct output *output, const struct model *model);

// Writes what is in output->text to `name` below the directory, making folders as needed, and
// empties it. Says on standard error what went wrong.
MUST_CHECK bool output_write(struct output *output, const char *name);

// Begins a generated C file: what it is made from.
void emit_banner(struct strbuf *out, const struct model_file *file);

// `doc` as // comments; nothing for "".
void emit_comment(struct strbuf *out, const char *doc);
