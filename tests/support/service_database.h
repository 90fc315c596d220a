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

// Whether somebody waits for a lock there: a test's other thread has come so far.
MUST_CHECK bool service_database_is_waited_for(struct service_database *database);
