// SPDX-License-Identifier: MIT
#include "pages/page_source.h"

#include "web/assets.h"

#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = 1024, FILES_MAX = 64, ADDRESS_MAX = 256 };

struct page_source {
    char *folder; // NULL for the templates in the program
};

struct page_source *page_source_new(const char *folder)
{
    struct page_source *source = allocate(sizeof *source);

    if (folder[0] != '\0')
        source->folder = allocate_string(folder);
    return source;
}

void page_source_free(struct page_source **source)
{
    if (*source == NULL)
        return;
    release((*source)->folder);
    release(*source);
    *source = NULL;
}

bool page_source_is_live(const struct page_source *source)
{
    return source->folder != NULL;
}

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

// The files that one page is made of, for as long as it is rendered.
struct live_files {
    const struct page_source *source;
    struct strbuf *texts[FILES_MAX];
    size_t count;
};

static struct strbuf *next_text(struct live_files *files, size_t maximum)
{
    if (files->count == FILES_MAX)
        return NULL;
    files->texts[files->count] = strbuf_new(maximum);
    return files->texts[files->count++];
}

static bool load(void *context, const char *name, struct text *out_text)
{
    struct live_files *files = context;
    struct strbuf *text = next_text(files, (size_t)2 * TEMPLATE_FILE_MAX);
    char path[PATH_SIZE];

    (void)snprintf(path, sizeof path, "%s/templates/%s", files->source->folder, name);
    if (text == NULL || !read_file(path, text))
        return false;
    *out_text = strbuf_text(text);
    return true;
}

static bool find_asset(void *context, const char *name, struct text *out_address)
{
    struct live_files *files = context;
    struct strbuf *address = next_text(files, ADDRESS_MAX);

    if (address == NULL || assets_find(name) == NULL)
        return false;
    assets_append_address(address, name);
    *out_address = strbuf_text(address);
    return true;
}

static bool render_live(const struct page_source *page_source,
                        const struct template *known,
                        const ProtobufCMessage *message,
                        struct strbuf *out,
                        struct error *error)
{
    struct live_files files = {.source = page_source};
    const struct template_source source = {load, find_asset, &files};
    struct template_fault fault;
    OWNED(template) template = NULL;
    bool done = template_parse(&source, known->name, known->info, &template, &fault);

    if (done)
        template_render(template, message, out);
    for (size_t i = 0; i < files.count; i++)
        strbuf_free(&files.texts[i]);
    return done || error_set(error, REASON_INTERNAL, "%s/templates/%s:%d: %s", page_source->folder,
                             fault.file, fault.line, fault.sentence);
}

bool page_source_render(const struct page_source *source,
                        const struct template *template,
                        const ProtobufCMessage *message,
                        struct strbuf *out,
                        struct error *error)
{
    if (source->folder != NULL)
        return render_live(source, template, message, out, error);
    template_render(template, message, out);
    return true;
}

bool page_source_read_asset(const struct page_source *source, const char *name, struct strbuf *out)
{
    char path[PATH_SIZE];

    if (source->folder == NULL)
        return false;
    (void)snprintf(path, sizeof path, "%s/assets/%s", source->folder, name);
    return read_file(path, out);
}
