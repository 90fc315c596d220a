// SPDX-License-Identifier: MIT
// next_version: `migrate` as a version would run it that has further schema files.
//
//     next_version OWNER-DATABASE SERVICE FILE...       all files of the schema, 001_... first
#include "database/migration.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

enum { FILE_MAX = 1024 * 1024 };

static char *read_file(const char *path)
{
    OWNED(strbuf) text = strbuf_new(FILE_MAX);
    FILE *file = fopen(path, "r");
    char piece[4096];
    size_t length = 0;

    if (file == NULL) {
        fprintf(stderr, "next_version: %s cannot be opened\n", path);
        exit(EXIT_FAILURE);
    }
    while ((length = fread(piece, 1, sizeof piece, file)) > 0)
        strbuf_append_text(text, (struct text){piece, length});
    fclose(file);
    return allocate_string(text->data);
}

int main(int argc, char **argv)
{
    size_t count = argc > 3 ? (size_t)argc - 3 : 0;
    struct migration *migrations = allocate_array(count + 1, sizeof *migrations);
    size_t applied = 0;
    bool done = false;
    struct error error;

    for (size_t i = 0; i < count; i++) {
        const char *path = argv[i + 3];
        const char *slash = strrchr(path, '/');
        const char *name = slash != NULL ? slash + 1 : path;

        migrations[i] = (struct migration){(int)i + 1, name, read_file(path)};
    }
    done = count > 0 && migration_run(argv[1], argv[2], migrations, count, &applied, &error);
    if (done)
        printf("%zu applied\n", applied);
    else
        fprintf(stderr, "next_version: %s\n", count > 0 ? error.message : "no files are given");
    for (size_t i = 0; i < count; i++)
        release((void *)(uintptr_t)migrations[i].sql);
    release(migrations);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
