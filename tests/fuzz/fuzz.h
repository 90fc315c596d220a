// SPDX-License-Identifier: MIT
// fuzz: what the programs of this folder share.
//
// Each is one function that is given bytes: by libFuzzer in the fuzz preset, by replay.c in all
// others. What must hold is said with MUST, which also counts in builds without assertions.
#pragma once

#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);         \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static inline bool texts_are_equal(struct text one, struct text other)
{
    return one.length == other.length &&
           (one.length == 0 || memcmp(one.data, other.data, one.length) == 0);
}

// A terminated copy on the heap, of just that size, so that reading past its end is noticed. Bytes
// after a NUL are in it, and unseen. The caller releases it.
static inline char *copy_terminated(struct text text)
{
    char *copy = allocate(text.length + 1);

    if (text.length > 0)
        memcpy(copy, text.data, text.length);
    return copy;
}

// Cuts the first line off `rest`, without its line feed; everything when there is none.
static inline struct text cut_line(struct text *rest)
{
    const char *end = rest->length > 0 ? memchr(rest->data, '\n', rest->length) : NULL;
    struct text line = {rest->data, end != NULL ? (size_t)(end - rest->data) : rest->length};

    rest->data += line.length + (end != NULL);
    rest->length -= line.length + (end != NULL);
    return line;
}
