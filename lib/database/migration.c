// SPDX-License-Identifier: MIT
#include "database/migration.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/strbuf.h"
#include "connection.h"
#include "session.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum {
    ARENA_BUDGET = 4 * 1024 * 1024,
    SQL_MAX = 8192,
    // Two programs that create the same schema or role at once make each other fail; the second
    // try finds it there.
    TRIES_MAX = 5,
    TRY_PAUSE_MS = 100,
    // A table may be in use, or another run at work; each try waits for a lock only for a moment.
    LOCK_PATIENCE_MS = 5 * 60 * 1000,
    ROLE_SIZE = 64,
};

struct run {
    struct connection *connection;
    struct arena *arena;
    const char *service;
    const struct migration *migrations;
    size_t count;
};

static bool check_numbers(const struct migration *migrations, size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++)
        if (migrations[i].number != (int)i + 1)
            return error_set(error, REASON_INVALID_SETTING,
                             "Schema file %s has number %d where %zu is expected.",
                             migrations[i].name, migrations[i].number, i + 1);
    return true;
}

// Names become part of SQL text, where no parameter can stand.
static bool check_service(const char *service, struct error *error)
{
    size_t length = strlen(service);

    for (size_t i = 0; i < length; i++)
        if (!islower((unsigned char)service[i]) && (service[i] != '_' || i == 0))
            length = 0;
    if (length == 0 || length > 32)
        return error_set(error, REASON_INVALID_SETTING, "\"%s\" is no name for a schema.", service);
    return true;
}

static bool execute(struct run *run, const char *sql, struct error *error)
{
    return connection_execute(run->connection, sql, error) == FAILURE_NONE;
}

static bool query(struct run *run,
                  const struct statement *statement,
                  const struct parameter *parameters,
                  size_t count,
                  struct rows *out_rows,
                  struct error *error)
{
    return connection_send(run->connection, statement, parameters, count, out_rows, error) ==
               FAILURE_NONE &&
           connection_receive(run->connection, run->arena, NULL, error) == FAILURE_NONE;
}

static bool has_role(struct run *run, bool *out_has, struct error *error)
{
    static const struct statement find = {"migration_find_role",
                                          "SELECT 1 FROM pg_roles WHERE rolname = 'bourse_' || $1"};
    struct parameter name = parameter_text(run->service);
    struct rows rows;

    if (!query(run, &find, &name, 1, &rows, error))
        return false;
    *out_has = rows.count > 0;
    return true;
}

// The schema, the role, and the tables this module keeps its own books in.
static bool set_up(struct run *run, struct error *error)
{
    const char *s = run->service;
    OWNED(strbuf) sql = strbuf_new(SQL_MAX);
    bool has = false;

    if (!has_role(run, &has, error))
        return false;
    strbuf_append_string(sql, "BEGIN;");
    if (!has)
        strbuf_printf(sql, "CREATE ROLE bourse_%s LOGIN;", s);
    strbuf_printf(sql,
                  "CREATE SCHEMA IF NOT EXISTS %s;"
                  "GRANT USAGE ON SCHEMA %s TO bourse_%s;"
                  "CREATE TABLE IF NOT EXISTS %s.migrations ("
                  " number integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL,"
                  " applied_at timestamptz NOT NULL DEFAULT now());"
                  "GRANT SELECT ON %s.migrations TO bourse_%s;"
                  "CREATE TABLE IF NOT EXISTS %s.migration_lock (id integer PRIMARY KEY);"
                  "INSERT INTO %s.migration_lock VALUES (1) ON CONFLICT DO NOTHING;",
                  s, s, s, s, s, s, s, s);
    session_append_role_defaults(sql, s);
    strbuf_append_string(sql, "COMMIT");
    return execute(run, sql->data, error);
}

// Compares what the database says was applied with what this program has. Newer ones are refused
// only when `out_applied` is wanted for going on from there.
static bool check_applied(const struct rows *applied,
                          const struct migration *migrations,
                          size_t count,
                          bool newer_is_fine,
                          struct error *error)
{
    for (size_t i = 0; i < applied->count; i++) {
        const char *name = rows_text(applied, i, 1);
        char checksum[SHA256_HEX_SIZE];
        if (rows_int(applied, i, 0) != (int64_t)i + 1)
            return error_set(error, REASON_INVALID_SETTING,
                             "The database has no schema file %zu, but a later one (%s).", i + 1,
                             name);
        if (i >= count && newer_is_fine)
            return true;
        if (i >= count)
            return error_set(error, REASON_INVALID_SETTING,
                             "The database has the newer schema file %s, which this program does "
                             "not know. Use the newer program.",
                             name);
        digest_sha256_hex(text_of(migrations[i].sql), checksum);
        if (strcmp(checksum, rows_text(applied, i, 2)) != 0)
            return error_set(error, REASON_INVALID_SETTING,
                             "Schema file %s is not the one that was applied as %s. Applied files "
                             "never change: add a new one.",
                             migrations[i].name, name);
    }
    return true;
}

static const struct statement list_applied = {
    "migration_list", "SELECT number, name, checksum FROM migrations ORDER BY number"};

static bool record(struct run *run, const struct migration *migration, struct error *error)
{
    static const struct statement insert = {
        "migration_insert", "INSERT INTO migrations (number, name, checksum) VALUES ($1, $2, $3)"};
    char checksum[SHA256_HEX_SIZE];

    digest_sha256_hex(text_of(migration->sql), checksum);
    return query(run, &insert,
                 (struct parameter[]){
                     parameter_int(migration->number),
                     parameter_text(migration->name),
                     parameter_text(checksum),
                 },
                 3, NULL, error);
}

static bool is_of_plans(const struct migration *migration)
{
    const char *title = strchr(migration->name, '_');

    return title != NULL && strcmp(title, "_plans.sql") == 0;
}

// A backup of one database has no settings of roles, and says that they have been applied.
static bool repeat_plans(struct run *run, struct error *error)
{
    for (size_t i = 0; i < run->count; i++)
        if (is_of_plans(&run->migrations[i]) && !execute(run, run->migrations[i].sql, error))
            return false;
    return true;
}

// Applies the next file, in one transaction that holds the lock row.
static bool apply_next(struct run *run, bool *out_done, struct error *error)
{
    static const struct statement take_lock = {
        "migration_lock", "SELECT id FROM migration_lock WHERE id = 1 FOR UPDATE"};
    const struct migration *next = NULL;
    struct rows applied;

    if (!execute(run, "BEGIN", error) || !query(run, &take_lock, NULL, 0, NULL, error) ||
        !query(run, &list_applied, NULL, 0, &applied, error) ||
        !check_applied(&applied, run->migrations, run->count, false, error))
        return false;
    if (applied.count == run->count) {
        *out_done = true;
        return repeat_plans(run, error) && execute(run, "COMMIT", error);
    }
    next = &run->migrations[applied.count];
    if (!execute(run, next->sql, error))
        return false;
    // A file that commits by itself could be applied in half.
    if (!connection_in_transaction(run->connection))
        return error_set(error, REASON_INVALID_SETTING,
                         "Schema file %s ends the transaction it is applied in.", next->name);
    *out_done = false;
    return record(run, next, error) && execute(run, "COMMIT", error);
}

// True for what two programs that start on an empty database do to each other.
static bool is_race(const struct error *error)
{
    static const char *const states[] = {"23505", "42P06", "42P07", "42710",
                                         "40001", "40P01", "XX000"};
    const char *sqlstate = failure_sqlstate(error);

    for (size_t i = 0; i < COUNT_OF(states); i++)
        if (strcmp(sqlstate, states[i]) == 0)
            return true;
    return false;
}

static void roll_back(struct run *run)
{
    struct error ignored;

    // The failure that led here is the one to tell of; a connection that cannot even roll back is
    // closed soon, which rolls back too.
    (void)!execute(run, "ROLLBACK", &ignored);
}

static bool repeat_set_up(struct run *run, struct error *error)
{
    for (int try = 1; !set_up(run, error); try++) {
        if (try == TRIES_MAX || !is_race(error))
            return false;
        roll_back(run);
        clock_sleep_until_us(clock_monotonic_us() + TRY_PAUSE_MS * MICROS_PER_MS);
    }
    return true;
}

static bool is_locked(const struct error *error)
{
    return strcmp(failure_sqlstate(error), "55P03") == 0;
}

static bool may_try_again(const struct error *error, int *tries, int64_t until_us)
{
    if (is_locked(error))
        return clock_monotonic_us() < until_us;
    return ++*tries < TRIES_MAX && is_race(error);
}

static bool apply_all(struct run *run, size_t *out_applied, struct error *error)
{
    int64_t until_us = clock_monotonic_us() + LOCK_PATIENCE_MS * MICROS_PER_MS;
    size_t applied = 0;
    bool done = false;
    int tries = 0;

    while (!done) {
        if (apply_next(run, &done, error)) {
            applied += done ? 0 : 1;
            tries = 0;
            until_us = clock_monotonic_us() + LOCK_PATIENCE_MS * MICROS_PER_MS;
            continue;
        }
        if (!may_try_again(error, &tries, until_us))
            return false;
        roll_back(run);
        clock_sleep_until_us(clock_monotonic_us() + TRY_PAUSE_MS * MICROS_PER_MS);
    }
    *out_applied = applied;
    return true;
}

bool migration_run(const char *owner_url,
                   const char *service,
                   const struct migration *migrations,
                   size_t count,
                   size_t *out_applied,
                   struct error *error)
{
    struct connection_options options = {
        .url = owner_url, .schema = service, .for_migrations = true};
    OWNED(arena) arena = arena_new(ARENA_BUDGET);
    OWNED(connection) connection = NULL;
    struct run run = {.arena = arena, .service = service, .migrations = migrations, .count = count};

    if (!check_service(service, error) || !check_numbers(migrations, count, error) ||
        !connection_open(&options, &connection, error))
        return false;
    run.connection = connection;
    return repeat_set_up(&run, error) && apply_all(&run, out_applied, error);
}

bool migration_set_password(const char *owner_url,
                            const char *service,
                            const char *role_url,
                            struct error *error)
{
    struct connection_options options = {
        .url = owner_url, .schema = service, .for_migrations = true};
    OWNED(connection) connection = NULL;
    char role[ROLE_SIZE];

    if (role_url[0] == '\0')
        return true;
    if (!check_service(service, error) || !connection_open(&options, &connection, error))
        return false;
    snprintf(role, sizeof role, "bourse_%s", service);
    return connection_set_password(connection, role, role_url, error);
}

bool migration_check(struct database *database,
                     const struct migration *migrations,
                     size_t count,
                     struct error *error)
{
    OWNED(arena) arena = arena_new(ARENA_BUDGET);
    struct rows applied = {0};

    if (!check_numbers(migrations, count, error))
        return false;
    if (!database_query(database, arena, &list_applied, NULL, 0, &applied, error)) {
        // No such table, or no right to see it.
        if (strncmp(failure_sqlstate(error), "42", 2) == 0)
            return error_set(error, REASON_INVALID_SETTING,
                             "The database has no schema for this service yet. Run its program "
                             "with `migrate --owner-database URL`.");
        return false;
    }
    // A newer schema works with an older program: that is what lets a new version be rolled out
    // one replica at a time.
    if (!check_applied(&applied, migrations, count, true, error))
        return false;
    if (applied.count < count)
        return error_set(error, REASON_INVALID_SETTING,
                         "Schema file %s has not been applied. Run this program with "
                         "`migrate --owner-database URL`.",
                         migrations[applied.count].name);
    return true;
}
