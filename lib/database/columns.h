// SPDX-License-Identifier: MIT
// columns: many rows written by one statement, as the arrays of unnest($1::uuid[], $2::text[],
// ...).
//
// Memory: everything is in the arena given at the start. Threads: one owner.
#pragma once

#include "database/database.h"

struct columns {
    struct arena *arena;
    size_t width;    // columns, at most DATABASE_PARAMETERS_MAX
    size_t count;    // rows added
    size_t capacity; // rows there is room for
    struct parameter *values[DATABASE_PARAMETERS_MAX];
};

// Makes room for `capacity` rows of `width` columns. Fails with OUT_OF_MEMORY_BUDGET.
MUST_CHECK bool columns_start(struct columns *columns,
                              struct arena *arena,
                              size_t width,
                              size_t capacity,
                              struct error *error);

// Adds a row of `width` values; there must be room.
void columns_add(struct columns *columns, const struct parameter *row);

// Queues the statement with the columns as $1, $2 ... and `more` values after them; does nothing
// when there are no rows. Fails as transaction_queue does.
MUST_CHECK bool columns_queue(const struct columns *columns,
                              struct transaction *transaction,
                              const struct statement *statement,
                              const struct parameter *more,
                              size_t more_count,
                              struct rows *out_rows,
                              struct error *error);
