// SPDX-License-Identifier: MIT
// pagegen: makes C tables of the pages' templates, so that a page with a fault does not build.
//
//     pagegen TEMPLATES ASSETS OUTPUT
//
// Built for one .proto file (tools/cmake/BoursePages.cmake), each of whose messages named
// SomethingPage is what TEMPLATES/something.html shows. Every .html file of TEMPLATES/ is a page,
// or a partial or layout named by one. ASSETS has a line "name address" for each asset. Writes
// OUTPUT.h with `extern const struct template something_page;` for each, and OUTPUT.c. Exit status:
// 0, 1 when a template has a fault ("file:line: sentence" on standard error), 2 for a wrong call.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "template/template.h"

#include PAGEGEN_RULES

enum {
    OUTPUT_MAX = 64 * 1024 * 1024,
    PATH_SIZE = 1024,
    FILES_MAX = 256,
    ASSETS_SIZE = 64 * 1024,
    PIECE_MAX = 2000, // of a literal: compilers need not take more than 4095 bytes in one
};

#define PAGE_SUFFIX "Page"

struct file {
    char name[TEMPLATE_NAME_SIZE];
    struct strbuf *text;
    bool is_used;
};

struct folder {
    const char *path;
    struct file files[FILES_MAX];
    size_t count;
    struct strbuf *assets;
};

static bool read_file(const char *path, struct strbuf *out)
{
    FILE *file = fopen(path, "r");
    char block[16384];
    size_t length = 0;
    bool done = false;

    if (file == NULL)
        return false;
    while ((length = fread(block, 1, sizeof block, file)) > 0)
        strbuf_append(out, block, length);
    done = ferror(file) == 0 && !out->overflowed;
    (void)fclose(file);
    return done;
}

static bool is_template(const char *name)
{
    size_t length = strlen(name);

    return length > 5 && length < TEMPLATE_NAME_SIZE && strcmp(name + length - 5, ".html") == 0;
}

static bool cannot_read(const char *path)
{
    (void)fprintf(stderr, "pagegen: %s cannot be read: %s\n", path, strerror(errno));
    return false;
}

static bool add_file(struct folder *folder, const char *name)
{
    struct file *file = &folder->files[folder->count];
    char path[PATH_SIZE];

    if (folder->count == FILES_MAX) {
        (void)fprintf(stderr, "pagegen: there are more than %d templates\n", FILES_MAX);
        return false;
    }
    (void)snprintf(path, sizeof path, "%s/%s", folder->path, name);
    (void)snprintf(file->name, sizeof file->name, "%s", name);
    file->text = strbuf_new(2 * TEMPLATE_FILE_MAX);
    folder->count++;
    return read_file(path, file->text) || cannot_read(path);
}

static bool read_folder(struct folder *folder)
{
    DIR *directory = opendir(folder->path);
    const struct dirent *entry = NULL;
    bool done = true;

    if (directory == NULL)
        return cannot_read(folder->path);
    while (done && (entry = readdir(directory)) != NULL)
        if (is_template(entry->d_name))
            done = add_file(folder, entry->d_name);
    (void)closedir(directory);
    return done;
}

static bool load(void *context, const char *name, struct text *out_text)
{
    struct folder *folder = context;

    for (size_t i = 0; i < folder->count; i++) {
        if (strcmp(folder->files[i].name, name) == 0) {
            folder->files[i].is_used = true;
            *out_text = strbuf_text(folder->files[i].text);
            return true;
        }
    }
    return false;
}

// A line "name address" of the list.
static bool find_asset(void *context, const char *name, struct text *out_address)
{
    const struct folder *folder = context;
    const char *line = folder->assets->data;
    size_t length = strlen(name);

    while (line != NULL && *line != '\0') {
        const char *end = strchr(line, '\n');

        if (end == NULL)
            end = line + strlen(line);
        if (strncmp(line, name, length) == 0 && line[length] == ' ') {
            *out_address = (struct text){line + length + 1, (size_t)(end - line) - length - 1};
            return true;
        }
        line = *end == '\0' ? NULL : end + 1;
    }
    return false;
}

// "OrderList" becomes "order_list".
static void to_snake(const char *name, size_t length, char out[TEMPLATE_NAME_SIZE])
{
    size_t at = 0;

    for (size_t i = 0; i < length && at + 2 < TEMPLATE_NAME_SIZE; i++) {
        bool is_capital = name[i] >= 'A' && name[i] <= 'Z';

        if (is_capital && i > 0)
            out[at++] = '_';
        out[at++] = is_capital ? (char)(name[i] - 'A' + 'a') : name[i];
    }
    out[at] = '\0';
}

// True when the message is what a page shows; `out_name` is that page's.
static bool page_name(const struct message_info *info, char out_name[TEMPLATE_NAME_SIZE])
{
    const char *name = info->descriptor->short_name;
    size_t length = strlen(name);
    size_t suffix = strlen(PAGE_SUFFIX);

    if (length <= suffix || strcmp(name + length - suffix, PAGE_SUFFIX) != 0)
        return false;
    to_snake(name, length - suffix, out_name);
    return true;
}

static void write_string(struct strbuf *out, struct text text)
{
    strbuf_append_char(out, '"');
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.data[i];

        if (i > 0 && i % PIECE_MAX == 0)
            strbuf_append_string(out, "\"\n     \"");
        if (byte == '"' || byte == '\\')
            strbuf_printf(out, "\\%c", byte);
        else if (byte < ' ' || byte > '~' || byte == '?')
            strbuf_printf(out, "\\%03o", byte);
        else
            strbuf_append_char(out, (char)byte);
    }
    strbuf_append_char(out, '"');
}

static void write_op(struct strbuf *out, const struct template_op *op)
{
    strbuf_printf(out, "    {%d, {%d, %d, {", (int)op->kind, op->path.up, op->path.count);
    for (size_t i = 0; i < op->path.count; i++)
        strbuf_printf(out, "%s%d", i > 0 ? ", " : "", op->path.fields[i]);
    strbuf_printf(out, "%s}}, %d, %d, {", op->path.count == 0 ? "0" : "", (int)op->format,
                  (int)op->escape);
    if (op->text.data == NULL)
        strbuf_append_string(out, "NULL");
    else
        write_string(out, op->text);
    strbuf_printf(out, ", %zu}, %zu},\n", op->text.length, op->end);
}

static void write_template(struct strbuf *out, const char *name, const struct template *template)
{
    char info[TEMPLATE_NAME_SIZE];

    to_snake(template->info->descriptor->short_name, strlen(template->info->descriptor->short_name),
             info);
    strbuf_printf(out, "static const struct template_op %s_ops[] = {\n", name);
    for (size_t i = 0; i < template->count; i++)
        write_op(out, &template->ops[i]);
    strbuf_printf(out,
                  "};\nconst struct template %s_page = {\"%s\", &" PAGEGEN_NAME
                  "_%s_info, %s_ops, %zu};\n\n",
                  name, name, info, name, template->count);
}

static bool generate(struct folder *folder, struct strbuf *header, struct strbuf *code)
{
    const struct template_source source = {load, find_asset, folder};
    bool done = true;

    for (size_t i = 0; i < COUNT_OF(PAGEGEN_MESSAGES); i++) {
        OWNED(template) template = NULL;
        struct template_fault fault;
        char name[TEMPLATE_NAME_SIZE];

        if (!page_name(PAGEGEN_MESSAGES[i], name))
            continue;
        if (!template_parse(&source, name, PAGEGEN_MESSAGES[i], &template, &fault)) {
            (void)fprintf(stderr, "%s/%s:%d: %s\n", folder->path, fault.file, fault.line,
                          fault.sentence);
            done = false;
            continue;
        }
        strbuf_printf(header, "extern const struct template %s_page;\n", name);
        write_template(code, name, template);
    }
    for (size_t i = 0; i < folder->count && done; i++) {
        if (!folder->files[i].is_used) {
            (void)fprintf(stderr,
                          "%s/%s:1: this is no page, as there is no message of that name, and "
                          "no page names it\n",
                          folder->path, folder->files[i].name);
            done = false;
        }
    }
    return done;
}

static bool write_file(const char *output, const char *ending, const struct strbuf *text)
{
    char path[PATH_SIZE];
    FILE *file = NULL;
    bool done = false;

    (void)snprintf(path, sizeof path, "%s%s", output, ending);
    file = fopen(path, "w");
    done = file != NULL && fwrite(text->data, 1, text->length, file) == text->length;
    done = file != NULL && fclose(file) == 0 && done;
    if (!done)
        (void)fprintf(stderr, "pagegen: %s cannot be written: %s\n", path, strerror(errno));
    return done;
}

static bool run(struct folder *folder, const char *output)
{
    OWNED(strbuf) header = strbuf_new(OUTPUT_MAX);
    OWNED(strbuf) code = strbuf_new(OUTPUT_MAX);
    const char *base = strrchr(output, '/');

    strbuf_printf(header, "// Made by tools/pagegen from templates; change those instead.\n#pragma "
                          "once\n\n#include \"template/template.h\"\n\n");
    strbuf_printf(code,
                  "// Made by tools/pagegen from templates; change those instead.\n#include "
                  "\"%s.h\"\n\n#include \"%s\"\n\n",
                  base == NULL ? output : base + 1, PAGEGEN_RULES);
    return generate(folder, header, code) && write_file(output, ".h", header) &&
           write_file(output, ".c", code);
}

int main(int argc, char **argv)
{
    struct folder *folder = NULL;
    bool done = false;

    if (argc != 4) {
        (void)fputs("usage: pagegen TEMPLATES ASSETS OUTPUT\n", stderr);
        return 2;
    }
    folder = allocate(sizeof(*folder));
    folder->path = argv[1];
    folder->assets = strbuf_new(ASSETS_SIZE);
    done = (read_file(argv[2], folder->assets) || cannot_read(argv[2])) && read_folder(folder);
    if (done)
        done = run(folder, argv[3]);
    for (size_t i = 0; i < folder->count; i++)
        strbuf_free(&folder->files[i].text);
    strbuf_free(&folder->assets);
    release(folder);
    return done ? 0 : 1;
}
