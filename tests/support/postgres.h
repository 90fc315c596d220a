// SPDX-License-Identifier: MIT
// postgres: a private PostgreSQL for one test program, in a temporary folder.
//
// It listens on a Unix socket only, trusts everybody there, does not sync (nothing in it is worth
// a power cut), and ends with the test program, however that ends. Needs PostgreSQL's programs, by
// `pg_config --bindir` or in /usr/lib/postgresql; as root it runs as the user postgres.
//
// Whatever goes wrong here ends the test program with a sentence: there is nothing to test then.
#pragma once

#include "base/base.h"

struct postgres;

// Makes a cluster, mostly as a copy of one that is new, and starts it. The caller owns it.
struct postgres *postgres_new(void);

// The same, but no copy: PostgreSQL itself can tell it from all others. Takes one to two seconds.
struct postgres *postgres_new_unrelated(void);

// Makes a standby of a running one, which follows it by streaming replication, and starts it. The
// caller owns it.
struct postgres *postgres_new_standby(const struct postgres *primary);

// Stops the server and removes the folder.
void postgres_free(struct postgres **postgres);

// A connection string for the role; NULL for the superuser. Valid as long as `postgres`.
const char *postgres_url(struct postgres *postgres, const char *role);

// Ends the server, throwing everybody out, and waits until it is gone.
void postgres_stop(struct postgres *postgres);

// Starts the stopped server and waits until it answers.
void postgres_start(struct postgres *postgres);
