// SPDX-License-Identifier: MIT
// base: the few words every other file of Bourse is written in.
//
// Threads: everything here is safe from any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

// OWNED(quote_table) declares a local that is freed on every way out of its scope.
#define OWNED(type) __attribute__((cleanup(type##_free))) struct type *

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

// A view of bytes somebody else owns; not terminated.
struct text {
    const char *data;
    size_t length;
};

// A view of a terminated string; NULL becomes the empty text.
struct text text_of(const char *string);
bool text_equals(struct text text, const char *string);

// Allocates `size` zeroed bytes. Never returns NULL: a process without memory aborts, because
// half of an order is worse than none. What a stranger may make large has a limit of its own.
void *allocate(size_t size);

// Allocates room for `count` things of `size` bytes, zeroed; aborts when the product overflows.
void *allocate_array(size_t count, size_t size);

// Resizes `block` to `count` things of `size` bytes; the new part is not zeroed.
void *reallocate_array(void *block, size_t count, size_t size);

// A copy of `string` that the caller owns; release with `release`.
char *allocate_string(const char *string);

// Frees what the functions above returned; NULL is fine.
void release(void *block);
