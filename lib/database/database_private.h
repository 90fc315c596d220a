// SPDX-License-Identifier: MIT
// database_private: what history.c needs to know of a database.
//
// Private to lib/database. Threads: any.
#pragma once

#include "database.h"
#include "pool.h"

// A database of that pool, which belongs to it from here on.
struct database *database_of_pool(struct pool *pool);
struct pool *database_pool(struct database *database);

// When something that writes was done, or may have been, for the last time, by the monotonic clock;
// 0 for never.
int64_t database_written_at(struct database *database);
