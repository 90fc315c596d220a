// SPDX-License-Identifier: MIT
// arena: memory that lives as long as one request and is given back all at once.
//
// Threads: one arena belongs to one thread at a time. Memory: blocks of 16 KiB or more, up to a
// budget; the first block is kept on arena_reset so that a busy worker allocates nothing.
#pragma once

#include "base/base.h"

struct arena;

// Creates an arena that hands out at most `budget` bytes between resets. The caller owns it.
struct arena *arena_new(size_t budget);
void arena_free(struct arena **arena);

// Returns `size` zeroed bytes, aligned for any type, or NULL once the budget is spent: the caller
// turns that into REASON_OUT_OF_MEMORY_BUDGET.
MUST_CHECK void *arena_allocate(struct arena *arena, size_t size);

// A terminated copy of `length` bytes, or NULL once the budget is spent.
MUST_CHECK char *arena_copy(struct arena *arena, const void *data, size_t length);
MUST_CHECK char *arena_copy_string(struct arena *arena, const char *string);

// A terminated string as by printf, or NULL once the budget is spent.
PRINTF_LIKE(2, 3)
MUST_CHECK char *arena_printf(struct arena *arena, const char *format, ...);

// Forgets everything handed out; pointers into the arena are dead from here on.
void arena_reset(struct arena *arena);

// Bytes handed out since the last reset.
size_t arena_used(const struct arena *arena);
