// SPDX-License-Identifier: MIT
// fuzz_multipart: forms with a file, the first line their Content-Type: what is read is the same
// however the bytes are cut, fields are text within their limits, and a file that was taken whole
// is in the body, up to a boundary.
#include "fuzz.h"

#include "base/utf8.h"
#include "server/multipart.h"

enum { ARENA_BUDGET = 1024 * 1024, FILE_MAX = 256 * 1024 };

struct body {
    struct text rest;
    size_t step;
};

struct told {
    bool done;
    bool has_file;
    size_t fields;
    struct strbuf *file;
};

static bool
read_body(void *context, char *buffer, size_t size, size_t *out_length, struct error *error)
{
    struct body *body = context;
    size_t length = body->rest.length < size ? body->rest.length : size;

    (void)error;
    length = length < body->step ? length : body->step;
    if (length > 0)
        memcpy(buffer, body->rest.data, length);
    body->rest.data += length;
    body->rest.length -= length;
    *out_length = length;
    return true;
}

static bool read_file(struct multipart *multipart, size_t size, struct strbuf *out_file)
{
    char buffer[512];
    size_t length = 0;
    struct error error;

    do {
        if (!multipart_read_file(multipart, buffer, size, &length, &error))
            return false;
        MUST(length <= size);
        strbuf_append(out_file, buffer, length);
    } while (length > 0);
    return true;
}

static struct told read_all(const char *type, struct text bytes, size_t step, size_t size)
{
    OWNED(arena) arena = arena_new(ARENA_BUDGET);
    struct body body = {bytes, step};
    const struct multipart_source source = {read_body, &body};
    struct told told = {.file = strbuf_new(FILE_MAX)};
    struct form *form = allocate(sizeof *form);
    struct multipart *multipart = NULL;
    struct error error;

    told.done = multipart_begin(arena, type, &source, &multipart, &error) &&
                multipart_read_fields(multipart, form, &error);
    told.fields = form->count;
    for (size_t i = 0; i < form->count; i++) {
        MUST(form->fields[i].value.length <= MULTIPART_FIELD_MAX);
        MUST(utf8_is_valid(form->fields[i].value.data, form->fields[i].value.length));
    }
    if (told.done) {
        told.has_file = multipart_file_name(multipart) != NULL;
        told.done = read_file(multipart, size, told.file);
    }
    release(form);
    return told;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text rest = {(const char *)data, size};
    struct text line = cut_line(&rest);
    char *type = copy_terminated(line);
    struct told whole = read_all(type, rest, SIZE_MAX, 512);
    struct told pieces = read_all(type, rest, 1 + size % 5, 1 + size % 11);

    MUST(whole.done == pieces.done && whole.has_file == pieces.has_file);
    MUST(whole.fields == pieces.fields);
    if (whole.done) {
        MUST(texts_are_equal(strbuf_text(whole.file), strbuf_text(pieces.file)));
        MUST(whole.file->length <= rest.length);
    }
    strbuf_free(&whole.file);
    strbuf_free(&pieces.file);
    release(type);
    return 0;
}
