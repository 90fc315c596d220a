// SPDX-License-Identifier: MIT
// cache: a bounded table of small values by name, each good until a given time.
//
// It keeps what the other services would be asked for with every order: whose a portfolio is, and
// what a symbol is. A value that has ended is kept for a while, for when nobody answers. When a
// place is taken, the value that ends first makes room.
//
// Threads: any. Memory: fixed at birth; values are copied in and out.
#pragma once

#include "base/base.h"

enum { CACHE_KEY_SIZE = 40, CACHE_VALUE_SIZE = 128 };

struct cache;

// At least `capacity` values, in sets of four; each is kept for `keep_us` after its end.
struct cache *cache_new(size_t capacity, int64_t keep_us);
void cache_free(struct cache **cache);

// Copies the value of `size` bytes out; false when there is none that is good at `now`.
MUST_CHECK bool
cache_get(struct cache *cache, const char *key, int64_t now, void *out_value, size_t size);

// The same of a value that has ended and is kept.
MUST_CHECK bool
cache_get_ended(struct cache *cache, const char *key, int64_t now, void *out_value, size_t size);

void cache_put(
    struct cache *cache, const char *key, int64_t good_until, const void *value, size_t size);

// Notes that nobody answers who could tell anew; for 2 s from `now` there is no use in asking.
void cache_note_silence(struct cache *cache, int64_t now);
bool cache_is_silent(const struct cache *cache, int64_t now);
