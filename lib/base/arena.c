// SPDX-License-Identifier: MIT
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK_SIZE = 16 * 1024, ALIGNMENT = 16 };

struct block {
    struct block *next;
    size_t size;
    size_t used;
    _Alignas(ALIGNMENT) char data[];
};

struct arena {
    size_t budget;
    size_t used;
    struct block *first; // the one kept on reset
    struct block *current;
};

static struct block *block_new(size_t size)
{
    struct block *block = allocate(sizeof *block + size);

    block->size = size;
    return block;
}

struct arena *arena_new(size_t budget)
{
    struct arena *arena = allocate(sizeof *arena);

    arena->budget = budget;
    arena->first = block_new(BLOCK_SIZE);
    arena->current = arena->first;
    return arena;
}

static void free_blocks(struct block *block)
{
    while (block != NULL) {
        struct block *next = block->next;
        release(block);
        block = next;
    }
}

void arena_free(struct arena **arena)
{
    if (*arena == NULL)
        return;
    free_blocks((*arena)->first);
    release(*arena);
    *arena = NULL;
}

void *arena_allocate(struct arena *arena, size_t size)
{
    struct block *block = arena->current;
    size_t rounded = 0;
    void *result = NULL;

    if (__builtin_add_overflow(size, ALIGNMENT - 1, &rounded))
        return NULL;
    rounded &= ~(size_t)(ALIGNMENT - 1);
    if (rounded > arena->budget - arena->used)
        return NULL;
    if (rounded > block->size - block->used) {
        block = block_new(rounded > BLOCK_SIZE ? rounded : BLOCK_SIZE);
        arena->current->next = block;
        arena->current = block;
    }
    result = block->data + block->used;
    block->used += rounded;
    arena->used += rounded;
    return result;
}

char *arena_copy(struct arena *arena, const void *data, size_t length)
{
    char *copy = length < SIZE_MAX ? arena_allocate(arena, length + 1) : NULL;

    if (copy != NULL && length > 0)
        memcpy(copy, data, length);
    return copy;
}

char *arena_copy_string(struct arena *arena, const char *string)
{
    return arena_copy(arena, string, strlen(string));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_list again;
    char *result = NULL;
    int length = 0;

    va_start(arguments, format);
    va_copy(again, arguments);
    length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length >= 0)
        result = arena_allocate(arena, (size_t)length + 1);
    if (result != NULL)
        vsnprintf(result, (size_t)length + 1, format, again);
    va_end(again);
    return result;
}

void arena_reset(struct arena *arena)
{
    free_blocks(arena->first->next);
    arena->first->next = NULL;
    // Handed-out memory is promised to be zero.
    memset(arena->first->data, 0, arena->first->used);
    arena->first->used = 0;
    arena->current = arena->first;
    arena->used = 0;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}
