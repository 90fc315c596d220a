// SPDX-License-Identifier: MIT
// portfolio_store_fixture: a PostgreSQL with the service's tables, for the tests of its SQL.
#pragma once

#include "support/test.h"

#include "database/migration.h"
#include "portfolio.h"
#include "support/service_database.h"

extern const struct migration portfolio_migrations[];
extern const size_t portfolio_migration_count;

enum { FIXTURE_ARENA_BUDGET = 64 * 1024 * 1024, FIXTURE_CONNECTIONS = 8 };

struct fixture {
    struct service_database *service;
    struct portfolio portfolio; // with nothing but the databases
};

static inline int start(void **state)
{
    const struct service_database_options options = {
        .service = "portfolio",
        .migrations = portfolio_migrations,
        .migration_count = portfolio_migration_count,
        .connections = FIXTURE_CONNECTIONS,
        .arena_budget = FIXTURE_ARENA_BUDGET,
    };
    struct fixture *fixture = allocate(sizeof(*fixture));
    bool is_started = service_database_start(&options, &fixture->service);

    if (is_started)
        fixture->portfolio.database = fixture->service->database;
    fixture->portfolio.history = fixture->service->history;
    *state = fixture;
    return is_started ? 0 : -1;
}

static inline int stop(void **state)
{
    struct fixture *fixture = *state;

    service_database_stop(&fixture->service);
    release(fixture);
    return 0;
}

// What a test has read is not needed after it.
static inline int forget(void **state)
{
    struct fixture *fixture = *state;

    arena_reset(fixture->service->arena);
    return 0;
}

// Of tests that need no more.
static inline struct service_database *service_of(void **state)
{
    return ((struct fixture *)*state)->service;
}
