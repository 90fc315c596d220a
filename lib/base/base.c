// SPDX-License-Identifier: MIT
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text text_of(const char *string)
{
    if (string == NULL)
        return (struct text){"", 0};
    return (struct text){string, strlen(string)};
}

bool text_equals(struct text text, const char *string)
{
    return strlen(string) == text.length && memcmp(text.data, string, text.length) == 0;
}

static void *or_abort(void *block, size_t size)
{
    if (block == NULL && size > 0) {
        fprintf(stderr, "out of memory: %zu bytes could not be had\n", size);
        abort();
    }
    return block;
}

void *allocate(size_t size)
{
    return or_abort(calloc(1, size), size);
}

void *allocate_array(size_t count, size_t size)
{
    return or_abort(calloc(count, size), count > 0 ? size : 0);
}

void *reallocate_array(void *block, size_t count, size_t size)
{
    size_t bytes = 0;

    if (__builtin_mul_overflow(count, size, &bytes))
        return or_abort(NULL, SIZE_MAX);
    return or_abort(realloc(block, bytes), bytes);
}

char *allocate_string(const char *string)
{
    return or_abort(strdup(string), 1);
}

void release(void *block)
{
    free(block);
}
