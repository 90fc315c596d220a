// SPDX-License-Identifier: MIT
// protogen: makes the tables, the typed functions and the API document from the .proto files.
//
//     protogen --descriptors SET --output DIRECTORY [--rules-only] FILE.proto...
//
// SET is what `protoc --descriptor_set_out --include_imports --include_source_info` wrote; the
// files are named as in it. Exit status: 0 when everything was written, 1 when the files break a
// rule (one "file:line: sentence" each on standard error), 2 for a wrong call.
#include "emit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { INPUT_MAX = 64 * 1024 * 1024, OUTPUT_MAX = 64 * 1024 * 1024 };

struct arguments {
    const char *descriptors;
    const char *output;
    bool rules_only;
    char *const *files;
    size_t file_count;
};

static bool read_arguments(int count, char *const *values, struct arguments *out)
{
    int at = 1;

    for (; at < count && strncmp(values[at], "--", 2) == 0; at++) {
        if (strcmp(values[at], "--rules-only") == 0)
            out->rules_only = true;
        else if (strcmp(values[at], "--descriptors") == 0 && at + 1 < count)
            out->descriptors = values[++at];
        else if (strcmp(values[at], "--output") == 0 && at + 1 < count)
            out->output = values[++at];
        else
            return false;
    }
    out->files = values + at;
    out->file_count = (size_t)(count - at);
    return out->descriptors != NULL && out->output != NULL && out->file_count > 0;
}

static bool read_file(const char *path, struct strbuf *out)
{
    FILE *file = fopen(path, "r");
    char block[65536];
    size_t length = 0;
    bool read = false;

    if (file == NULL)
        return false;
    while ((length = fread(block, 1, sizeof block, file)) > 0)
        strbuf_append(out, block, length);
    read = ferror(file) == 0 && !out->overflowed;
    fclose(file);
    return read;
}

static bool
emit_all(const struct model *model, const struct arguments *arguments, struct text descriptors)
{
    OWNED(strbuf) text = strbuf_new(OUTPUT_MAX);
    struct output output = {arguments->output, text};

    if (!emit_messages(&output, descriptors))
        return false;
    for (size_t i = 0; i < model->file_count; i++) {
        const struct model_file *file = &model->files[i];

        if (file->is_imported)
            continue;
        if (!emit_rules(&output, model, file))
            return false;
        if (arguments->rules_only)
            continue;
        if (!emit_methods(&output, file) || !emit_client(&output, file) ||
            !emit_server(&output, file))
            return false;
    }
    return arguments->rules_only || (emit_routes(&output, model) && emit_openapi(&output, model));
}

int main(int argc, char **argv)
{
    struct arguments arguments = {0};
    OWNED(strbuf) descriptors = strbuf_new(INPUT_MAX);
    OWNED(model) model = NULL;

    if (!read_arguments(argc, argv, &arguments)) {
        fputs("usage: protogen --descriptors SET --output DIRECTORY [--rules-only] FILE.proto...\n",
              stderr);
        return 2;
    }
    if (!read_file(arguments.descriptors, descriptors)) {
        fprintf(stderr, "protogen: %s cannot be read: %s\n", arguments.descriptors,
                strerror(errno));
        return 2;
    }
    model = model_new(strbuf_text(descriptors), arguments.files, arguments.file_count);
    if (model->complaints->length > 0) {
        fputs(model->complaints->data, stderr);
        return 1;
    }
    return emit_all(model, &arguments, strbuf_text(descriptors)) ? 0 : 1;
}
