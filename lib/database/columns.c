// SPDX-License-Identifier: MIT
#include "database/columns.h"

#include <assert.h>

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The rows to write need too much memory.");
}

bool columns_start(struct columns *columns,
                   struct arena *arena,
                   size_t width,
                   size_t capacity,
                   struct error *error)
{
    assert(width <= DATABASE_PARAMETERS_MAX);
    *columns = (struct columns){.arena = arena, .width = width, .capacity = capacity};
    for (size_t i = 0; i < width; i++) {
        columns->values[i] = arena_allocate(arena, (capacity + 1) * sizeof(struct parameter));
        if (columns->values[i] == NULL)
            return out_of_budget(error);
    }
    return true;
}

void columns_add(struct columns *columns, const struct parameter *row)
{
    assert(columns->count < columns->capacity);
    for (size_t i = 0; i < columns->width; i++)
        columns->values[i][columns->count] = row[i];
    columns->count++;
}

bool columns_queue(const struct columns *columns,
                   struct transaction *transaction,
                   const struct statement *statement,
                   const struct parameter *more,
                   size_t more_count,
                   struct rows *out_rows,
                   struct error *error)
{
    struct parameter parameters[DATABASE_PARAMETERS_MAX];

    assert(columns->width + more_count <= DATABASE_PARAMETERS_MAX);
    if (columns->count == 0)
        return true;
    for (size_t i = 0; i < columns->width; i++)
        if (!parameter_array(columns->arena, columns->values[i], columns->count, &parameters[i]))
            return out_of_budget(error);
    for (size_t i = 0; i < more_count; i++)
        parameters[columns->width + i] = more[i];
    return transaction_queue(transaction, statement, parameters, columns->width + more_count,
                             out_rows, error);
}
