// SPDX-License-Identifier: MIT
#include "emit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

// Makes the folders that `path` goes through.
static bool make_folders(const char *path)
{
    char *folder = allocate_string(path);
    bool made = true;

    for (char *slash = strchr(folder + 1, '/'); made && slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        made = mkdir(folder, 0777) == 0 || errno == EEXIST;
        *slash = '/';
    }
    release(folder);
    return made;
}

static bool write_all(const char *path, struct text text)
{
    FILE *file = NULL;
    bool written = false;

    if (!make_folders(path))
        return false;
    file = fopen(path, "w");
    if (file == NULL)
        return false;
    written = fwrite(text.data, 1, text.length, file) == text.length;
    return fclose(file) == 0 && written;
}

bool output_write(struct output *output, const char *name)
{
    OWNED(strbuf) path = strbuf_new(4096);
    bool written = false;

    strbuf_printf(path, "%s/%s", output->directory, name);
    if (output->text->overflowed) {
        fprintf(stderr, "protogen: %s would be too large\n", path->data);
        return false;
    }
    written = write_all(path->data, strbuf_text(output->text));
    if (!written)
        fprintf(stderr, "protogen: %s cannot be written: %s\n", path->data, strerror(errno));
    strbuf_reset(output->text);
    return written;
}

void emit_banner(struct strbuf *out, const struct model_file *file)
{
    strbuf_printf(out, "// Made by tools/protogen from %s; change that instead.\n", file->name);
}

void emit_comment(struct strbuf *out, const char *doc)
{
    while (*doc != '\0') {
        size_t length = strcspn(doc, "\n");

        strbuf_printf(out, "//%s%.*s\n", length > 0 ? " " : "", (int)length, doc);
        doc += length;
        if (*doc == '\n')
            doc++;
    }
}
