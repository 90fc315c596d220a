// SPDX-License-Identifier: MIT
// cache: a bounded table of small values by name, each good until a given time.
//
// It keeps what the other services would be asked for with every order: whose a portfolio is, and
// what a symbol is. When a place is taken, the value that ends first makes room.
//
// Threads: any. Memory: fixed at birth; values are copied in and out.
#pragma once

#include "base/base.h"

enum { CACHE_KEY_SIZE = 40, CACHE_VALUE_SIZE = 128 };

struct cache;

// At least `capacity` values, in sets of four.
struct cache *cache_new(size_t capacity);
void cache_free(struct cache **cache);

// Copies the value of `size` bytes out; false when there is none that is good at `now`.
MUST_CHECK bool
cache_get(struct cache *cache, const char *key, int64_t now, void *out_value, size_t size);

void cache_put(
    struct cache *cache, const char *key, int64_t good_until, const void *value, size_t size);
