// SPDX-License-Identifier: MIT
#include "model.h"

#include "build.h"
#include "source.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BUDGET = 256 * 1024 * 1024, COMPLAINTS_MAX = 1024 * 1024 };

void *model_allocate(struct model *model, size_t count, size_t size)
{
    void *block = arena_allocate(model->arena, count * size + 1);

    if (block == NULL) {
        fputs("protogen: the .proto files are larger than this generator is made for\n", stderr);
        abort();
    }
    return block;
}

char *model_printf(struct model *model, const char *format, ...)
{
    va_list arguments;
    va_list again;
    char *string = NULL;
    int length = 0;

    va_start(arguments, format);
    va_copy(again, arguments);
    length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    string = model_allocate(model, (size_t)length + 1, 1);
    vsnprintf(string, (size_t)length + 1, format, again);
    va_end(again);
    return string;
}

void model_complain(struct model *model, struct place place, const char *format, ...)
{
    va_list arguments;
    char sentence[512];

    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    strbuf_printf(model->complaints, "%s:%d: %s\n", place.file, place.line, sentence);
}

static bool is_upper(char character)
{
    return character >= 'A' && character <= 'Z';
}

char *model_snake(struct model *model, const char *camel)
{
    char *snake = model_allocate(model, strlen(camel) * 2 + 1, 1);
    bool was_upper = true;
    size_t length = 0;

    for (; *camel != '\0'; camel++) {
        if (is_upper(*camel) && !was_upper)
            snake[length++] = '_';
        was_upper = is_upper(*camel);
        snake[length++] = was_upper ? (char)(*camel - 'A' + 'a') : *camel;
    }
    return snake;
}

struct model *model_new(struct text descriptors, char *const *names, size_t name_count)
{
    struct model *model = allocate(sizeof *model);
    ProtobufCAllocator allocator;
    Google__Protobuf__FileDescriptorSet *set = NULL;

    model->arena = arena_new(ARENA_BUDGET);
    model->complaints = strbuf_new(COMPLAINTS_MAX);
    allocator = source_allocator(model);
    set = google__protobuf__file_descriptor_set__unpack(&allocator, descriptors.length,
                                                        (const uint8_t *)descriptors.data);
    if (set == NULL)
        strbuf_append_string(model->complaints,
                             "protogen: the descriptors are not what `protoc --descriptor_set_out "
                             "--include_imports --include_source_info` writes\n");
    else
        build_model(model, set, names, name_count);
    return model;
}

void model_free(struct model **model)
{
    if (*model == NULL)
        return;
    strbuf_free(&(*model)->complaints);
    arena_free(&(*model)->arena);
    release(*model);
    *model = NULL;
}

const struct model_field *model_find_field(const struct model_message *message, const char *name)
{
    for (size_t i = 0; i < message->field_count; i++)
        if (strcmp(message->fields[i].json_name, name) == 0)
            return &message->fields[i];
    return NULL;
}

bool model_is_scalar(const struct model_field *field)
{
    return field->kind != VALUE_MESSAGE && field->kind != VALUE_BYTES;
}
