// SPDX-License-Identifier: MIT
// service_database: a private PostgreSQL with a service's schema, opened as the service's own role,
// for the tests of its statements.
#pragma once

#include "base/arena.h"
#include "database/database.h"
#include "database/history.h"
#include "database/migration.h"
#include "support/postgres.h"

struct service_database {
    struct postgres *postgres;
    struct arena *arena;
    struct database *database;
    struct history *history; // without a standby
};

struct service_database_options {
    const char *service; // "trading": the schema's name, and that of its role after "bourse_"
    const struct migration *migrations;
    size_t migration_count;
    size_t connections;
    size_t arena_budget; // bytes
};

// Starts everything. False when the schema cannot be made, which is said on stderr; to be stopped
// all the same. The caller owns it.
MUST_CHECK bool service_database_start(const struct service_database_options *options,
                                       struct service_database **out_database);
void service_database_stop(struct service_database **database);

// Applies those of the migrations that have not been: of a schema that was started with fewer.
MUST_CHECK bool service_database_migrate(struct service_database *database,
                                         const struct service_database_options *options);

// Runs a statement, and fails the test when that is not possible. `name` is prepared once, so it
// belongs to one `sql`. The rows live in the arena.
struct rows
service_database_run(struct service_database *database, const char *name, const char *sql);

// The same of a statement whose first column is a number; 0 when there is no row.
int64_t
service_database_number(struct service_database *database, const char *name, const char *sql);

// Whether somebody waits for a lock there: a test's other thread has come so far.
MUST_CHECK bool service_database_is_waited_for(struct service_database *database);
