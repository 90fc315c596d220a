// SPDX-License-Identifier: MIT
// snapshot_due: which portfolios lack snapshots, and who is taking them.
//
// What makes days wrong marks the portfolio in its own transaction, so that they are filled from
// then on, whoever dies. Of several who fill many days one claims some of them at a time; that of
// somebody who died ends by itself.
//
// Threads: any. Memory: what is read lies in the arena given.
#pragma once

#include "base/uuid.h"
#include "database/database.h"

// Up to `limit` portfolios that have no snapshot of that close yet and are claimed by nobody, those
// that are furthest behind first, after one of them.
struct snapshot_due {
    char portfolio_id[UUID_SIZE];
    int64_t closed_at; // of its last snapshot
};
#define SNAPSHOT_DUE_FIRST                                                                         \
    ((struct snapshot_due){.portfolio_id = "00000000-0000-0000-0000-000000000000"})
MUST_CHECK bool snapshot_due_list(struct database *database,
                                  struct arena *arena,
                                  int64_t closed_at,
                                  const struct snapshot_due *after,
                                  size_t limit,
                                  struct snapshot_due **out_due,
                                  size_t *out_count,
                                  struct error *error);

// Has all snapshots of these portfolios from that time on taken anew. Nothing is done where there
// are none.
MUST_CHECK bool snapshot_due_mark(struct transaction *transaction,
                                  const char *const *portfolio_ids,
                                  size_t count,
                                  int64_t from,
                                  struct error *error);

// The same by itself, for who finds that days are missing and leaves them to others.
MUST_CHECK bool snapshot_due_mark_one(struct database *database,
                                      struct arena *arena,
                                      const char *portfolio_id,
                                      int64_t from,
                                      struct error *error);

// Claims the next days of a portfolio until they are written, for 10 seconds at most;
// `out_is_claimed` is false when somebody else has them, or has written some since `revision`.
MUST_CHECK bool snapshot_due_claim(struct database *database,
                                   struct arena *arena,
                                   const char *portfolio_id,
                                   int64_t revision,
                                   bool *out_is_claimed,
                                   struct error *error);

// Gives a claim back of which nothing has been written. One that cannot be given back ends by
// itself.
void snapshot_due_give_back(struct database *database,
                            struct arena *arena,
                            const char *portfolio_id,
                            int64_t revision);
