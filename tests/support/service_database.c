// SPDX-License-Identifier: MIT
#include "support/service_database.h"

#include "base/digest.h"
#include "support/test.h"

#include <stdio.h>

enum { ROLE_SIZE = 64, WAITING_BUDGET = 64 * 1024 };

bool service_database_migrate(struct service_database *database,
                              const struct service_database_options *options)
{
    size_t applied = 0;
    struct error error;

    if (migration_run(postgres_url(database->postgres, NULL), options->service, options->migrations,
                      options->migration_count, &applied, &error))
        return true;
    fprintf(stderr, "%s\n", error.message);
    return false;
}

bool service_database_start(const struct service_database_options *options,
                            struct service_database **out_database)
{
    struct service_database *started = allocate(sizeof *started);
    struct database_options connect = {.service = options->service,
                                       .connections = options->connections};
    char role[ROLE_SIZE];
    struct error error;

    *out_database = started;
    digest_start();
    started->postgres = postgres_new();
    started->arena = arena_new(options->arena_budget);
    snprintf(role, sizeof role, "bourse_%s", options->service);
    connect.url = postgres_url(started->postgres, role);
    if (!service_database_migrate(started, options))
        return false;
    if (database_new(&connect, &started->database, &error) &&
        history_new(&(const struct history_options){.primary = started->database},
                    &started->history, &error))
        return true;
    fprintf(stderr, "%s\n", error.message);
    return false;
}

void service_database_stop(struct service_database **database)
{
    struct service_database *started = *database;

    if (started == NULL)
        return;
    history_free(&started->history);
    database_free(&started->database);
    postgres_free(&started->postgres);
    arena_free(&started->arena);
    release(started);
    *database = NULL;
}

struct rows
service_database_run(struct service_database *database, const char *name, const char *sql)
{
    const struct statement statement = {name, sql};
    struct rows rows = {0};
    struct error error;

    if (!database_query(database->database, database->arena, &statement, NULL, 0, &rows, &error))
        fail_msg("%s: %s", name, error.message);
    return rows;
}

int64_t
service_database_number(struct service_database *database, const char *name, const char *sql)
{
    struct rows rows = service_database_run(database, name, sql);

    return rows.count > 0 ? rows_int(&rows, 0, 0) : 0;
}

bool service_database_is_waited_for(struct service_database *database)
{
    static const struct statement find = {"find_waiting",
                                          "SELECT count(*) FROM pg_locks WHERE NOT granted"};
    OWNED(arena) arena = arena_new(WAITING_BUDGET);
    struct rows rows = {0};
    struct error error;

    return database_query(database->database, arena, &find, NULL, 0, &rows, &error) &&
           rows_int(&rows, 0, 0) > 0;
}
