// SPDX-License-Identifier: MIT
// uuid: identities made by the service that owns the thing (UUIDv7, RFC 9562 section 5.7), so that
// no sequence is shared and the newest ids lie together in an index.
#pragma once

#include "base/clock.h"
#include "base/random.h"

enum { UUID_SIZE = 37 }; // 36 characters and the terminator

struct uuid {
    char string[UUID_SIZE]; // lower case, with hyphens
};

// A new identity. Ids made by one process are strictly increasing, so that their order is the order
// in which they were made.
struct uuid uuid_new(void);

// An identity of that moment with bits from `source`, for tests and seeded runs.
struct uuid uuid_at(int64_t now_us, const struct random_source *source);

// An identity derived from a name (UUIDv8 over BLAKE2b): the same name gives the same id on every
// machine. `name` should begin with what kind of thing it is, as in "fill:" and the order's id.
struct uuid uuid_from_name(struct text name);

// True for 36 characters of hexadecimal and hyphens in the right places, in either case.
bool uuid_is_valid(const char *string);
