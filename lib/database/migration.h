// SPDX-License-Identifier: MIT
// migration: brings a service's schema up to date from its numbered SQL files.
//
// The files services/<service>/schema/NNN_name.sql are compiled into the program in order. One row
// says which have been applied and with which checksum; a lock row keeps two runs apart (no
// advisory locks: design rule for other engines). Each file is one transaction, which is tried
// again and again where services use its tables, so that they go on meanwhile. Run as the schema's
// owner, who is not the role the service works as: that is how UPDATE and DELETE can be kept from
// the service.
//
// A file NNN_plans.sql sets how PostgreSQL plans for the service's role, and nothing else. It is
// applied again by every run: a role's settings are the server's, not the database's, so a database
// that was restored into another server has none of them.
#pragma once

#include "base/error.h"

struct migration {
    int number;       // 1, 2, 3 ... without a gap
    const char *name; // "001_users.sql"
    const char *sql;
};

// Creates schema and role `bourse_<service>` when missing, and applies what has not been applied.
// `owner_url` connects as a role that may create them. Returns the number applied in `out_applied`.
//
// Fails with INVALID_SETTING when an applied file has another checksum now, a number is missing, or
// the database knows a newer one than this program; with DATABASE_UNAVAILABLE when it cannot be
// reached.
MUST_CHECK bool migration_run(const char *owner_url,
                              const char *service,
                              const struct migration *migrations,
                              size_t count,
                              size_t *out_applied,
                              struct error *error);

// Lets the role log in with the password in `role_url`, the connection string that the service will
// use. Does nothing when that is empty or has no password.
//
// Fails as migration_run does, and with INVALID_SETTING when `role_url` is of another role.
MUST_CHECK bool migration_set_password(const char *owner_url,
                                       const char *service,
                                       const char *role_url,
                                       struct error *error);

// Checks, with the service's own connection, that everything has been applied. Fails with
// INVALID_SETTING and what to run, or DATABASE_UNAVAILABLE.
struct database;
MUST_CHECK bool migration_check(struct database *database,
                                const struct migration *migrations,
                                size_t count,
                                struct error *error);
