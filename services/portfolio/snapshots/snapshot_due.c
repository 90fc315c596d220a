// SPDX-License-Identifier: MIT
#include "snapshots/snapshot_due.h"

#include <stdio.h>

static const struct statement list_due = {
    "list_due_snapshots",
    "SELECT portfolio_id, closed_at FROM snapshot_progress WHERE NOT is_ended AND closed_at < $1"
    " AND (closed_at, portfolio_id) > ($2, $3::uuid)"
    " AND (claimed_until IS NULL OR claimed_until <= now())"
    " ORDER BY closed_at, portfolio_id LIMIT $4",
};

// Whoever reckons days at the same time has read another revision, and looks again.
static const struct statement mark_due = {
    "mark_due_snapshots",
    "UPDATE snapshot_progress SET closed_at = $2, is_ended = false, revision = revision + 1,"
    " claimed_until = NULL"
    " WHERE portfolio_id = ANY ($1::uuid[]) AND closed_at > $2",
};

static const struct statement claim = {
    "claim_snapshots",
    "UPDATE snapshot_progress SET claimed_until = now() + interval '10 seconds'"
    " WHERE portfolio_id = $1 AND revision = $2"
    " AND (claimed_until IS NULL OR claimed_until <= now())",
};

static const struct statement give_back = {
    "give_snapshots_back",
    "UPDATE snapshot_progress SET claimed_until = NULL WHERE portfolio_id = $1 AND revision = $2",
};

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET,
                     "The list of portfolios needs too much memory.");
}

bool snapshot_due_list(struct database *database,
                       struct arena *arena,
                       int64_t closed_at,
                       const struct snapshot_due *after,
                       size_t limit,
                       struct snapshot_due **out_due,
                       size_t *out_count,
                       struct error *error)
{
    struct parameter parameters[] = {
        parameter_time(closed_at),
        parameter_time(after->closed_at),
        parameter_text(after->portfolio_id),
        parameter_int((int64_t)limit),
    };
    struct snapshot_due *due = NULL;
    struct rows rows = {0};

    if (!database_query(database, arena, &list_due, parameters, COUNT_OF(parameters), &rows, error))
        return false;
    due = arena_allocate(arena, (rows.count + 1) * sizeof(*due));
    if (due == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < rows.count; i++) {
        snprintf(due[i].portfolio_id, UUID_SIZE, "%s", rows_text(&rows, i, 0));
        due[i].closed_at = rows_time(&rows, i, 1);
    }
    *out_due = due;
    *out_count = rows.count;
    return true;
}

bool snapshot_due_mark(struct transaction *transaction,
                       const char *const *portfolio_ids,
                       size_t count,
                       int64_t from,
                       struct error *error)
{
    struct parameter parameters[2] = {{0}, parameter_time(from)};

    return parameter_text_array(transaction_arena(transaction), portfolio_ids, count,
                                &parameters[0], error) &&
           transaction_queue(transaction, &mark_due, parameters, COUNT_OF(parameters), NULL, error);
}

bool snapshot_due_mark_one(struct database *database,
                           struct arena *arena,
                           const char *portfolio_id,
                           int64_t from,
                           struct error *error)
{
    struct parameter parameters[2] = {{0}, parameter_time(from)};
    struct rows rows = {0};

    return parameter_text_array(arena, &portfolio_id, 1, &parameters[0], error) &&
           database_query(database, arena, &mark_due, parameters, COUNT_OF(parameters), &rows,
                          error);
}

bool snapshot_due_claim(struct database *database,
                        struct arena *arena,
                        const char *portfolio_id,
                        int64_t revision,
                        bool *out_is_claimed,
                        struct error *error)
{
    struct parameter parameters[] = {parameter_text(portfolio_id), parameter_int(revision)};
    struct rows rows = {0};

    if (!database_query(database, arena, &claim, parameters, COUNT_OF(parameters), &rows, error))
        return false;
    *out_is_claimed = rows.affected == 1;
    return true;
}

void snapshot_due_give_back(struct database *database,
                            struct arena *arena,
                            const char *portfolio_id,
                            int64_t revision)
{
    struct parameter parameters[] = {parameter_text(portfolio_id), parameter_int(revision)};
    struct rows rows = {0};
    struct error error;

    // It is over in 10 seconds anyway.
    (void)!database_query(database, arena, &give_back, parameters, COUNT_OF(parameters), &rows,
                          &error);
}
