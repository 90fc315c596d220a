// SPDX-License-Identifier: MIT
// limit_store: the SQL of limits, halts and counts of orders.
//
// Every change takes a revision of its own, under the lock of the one row that has the latest. So
// revisions are committed in their order, and whoever knows everything up to one asks for what has
// a greater one. Memory: what is read lies in the arena given.
#pragma once

#include "database/database.h"
#include "limits/trading_limits.h"

// Of what is for all portfolios.
#define LIMIT_STORE_ALL "00000000-0000-0000-0000-000000000000"

enum { LIMIT_STORE_PAGE = 500, LIMIT_STORE_NOTE_MAX = 200 };

struct limit_record {
    char subject[UUID_SIZE]; // a portfolio, or LIMIT_STORE_ALL
    enum limit_source kind;
    struct trading_limits limits;
};

// X(NAME, name)
#define HALT_SCOPES(X)                                                                             \
    X(PORTFOLIO, "portfolio")                                                                      \
    X(USER, "user")                                                                                \
    X(PLATFORM, "platform")
#define HALT_SCOPE_AS_ENUM(name, text) HALT_##name,
enum halt_scope { HALT_SCOPES(HALT_SCOPE_AS_ENUM) HALT_SCOPE_COUNT };
#undef HALT_SCOPE_AS_ENUM

const char *halt_scope_name(enum halt_scope scope);

// Who has stopped trading, and so who can let it go on.
enum halt_by { HALT_BY_OWNER, HALT_BY_ADMINISTRATOR, HALT_BY_COUNT };

const char *halt_by_name(enum halt_by by);

struct halt_record {
    char subject[UUID_SIZE]; // a portfolio, a user, or LIMIT_STORE_ALL
    enum halt_scope scope;
    enum halt_by by;
    int64_t revision;
    bool is_halted;
    int64_t at;       // platform time since when it is
    const char *note; // NULL for none
    bool cancels_orders;
};

// The latest revision. One row.
MUST_CHECK bool limit_store_revision(struct database *database,
                                     struct arena *arena,
                                     int64_t *out_revision,
                                     struct error *error);

// Up to a page of what has changed after a revision, by revision.
MUST_CHECK bool limit_store_list_limits(struct database *database,
                                        struct arena *arena,
                                        int64_t after_revision,
                                        struct limit_record **out_records,
                                        size_t *out_count,
                                        struct error *error);
MUST_CHECK bool limit_store_list_halts(struct database *database,
                                       struct arena *arena,
                                       int64_t after_revision,
                                       struct halt_record **out_records,
                                       size_t *out_count,
                                       struct error *error);

// What there is of a portfolio (or NULL) and for all.
MUST_CHECK bool limit_store_load(struct database *database,
                                 struct arena *arena,
                                 const char *portfolio_id,
                                 struct limits_in_force *out_limits,
                                 struct trading_limits *out_defaults,
                                 struct error *error);

// The same within a transaction that is to change something: what is read stays until it ends, as
// it has the lock that every change takes.
MUST_CHECK bool limit_store_lock(struct transaction *transaction,
                                 const char *portfolio_id,
                                 struct limits_in_force *out_limits,
                                 struct trading_limits *out_defaults,
                                 struct error *error);

// Takes the next revision, which locks what it is taken from.
MUST_CHECK bool limit_store_next_revision(struct transaction *transaction,
                                          int64_t *out_revision,
                                          struct error *error);

// Writes limits with their revision.
MUST_CHECK bool limit_store_save(struct transaction *transaction,
                                 const struct limit_record *record,
                                 int64_t now,
                                 struct error *error);

// The halts in effect of a portfolio, its owner and all. NULLs are left out.
MUST_CHECK bool limit_store_load_halts(struct transaction *transaction,
                                       const char *portfolio_id,
                                       const char *user_id,
                                       struct halt_record **out_records,
                                       size_t *out_count,
                                       struct error *error);

// Begins a halt; one that is in effect begins no second time, and takes the note and what becomes
// of open orders. Or ends one. Both with the revision in the record.
MUST_CHECK bool limit_store_halt(struct transaction *transaction,
                                 const struct halt_record *record,
                                 struct error *error);
MUST_CHECK bool limit_store_resume(struct transaction *transaction,
                                   const struct halt_record *record,
                                   struct error *error);

// Up to 64 resting orders of a halt's subject, by id, after one.
enum { LIMIT_STORE_ORDERS = 64 };
MUST_CHECK bool limit_store_list_resting(struct database *database,
                                         struct arena *arena,
                                         const struct halt_record *halt,
                                         const char *after_id,
                                         const char ***out_ids,
                                         size_t *out_count,
                                         struct error *error);

// Whether a user has any order that has not ended, also one that does not rest yet, and one that a
// strategy has decided on and its replica may be placing at this moment.
MUST_CHECK bool limit_store_has_open(struct database *database,
                                     struct arena *arena,
                                     const char *user_id,
                                     bool *out_has,
                                     struct error *error);

// Orders that are counted: those of a portfolio with max_orders_per_day.
struct counted_order {
    const struct order *order;
    int64_t day;        // when it began
    struct limit limit; // that it is counted by
    int64_t placed;     // out: orders of that day, before those of this transaction
    bool is_there;      // out: its request has placed it before
    bool is_refused;    // the caller's
};

// Locks the counts of the portfolios and reads them, and finds which requests are repeats. The
// counts are locked before anything is inserted, and by portfolio, so nobody waits in a circle.
MUST_CHECK bool limit_store_count(struct transaction *transaction,
                                  struct counted_order *orders,
                                  size_t count,
                                  struct error *error);

// Adds those of the orders that are there now to the counts. Queued, after they were inserted.
MUST_CHECK bool limit_store_add(struct transaction *transaction,
                                const struct counted_order *orders,
                                size_t count,
                                struct error *error);
