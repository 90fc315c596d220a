// SPDX-License-Identifier: MIT
// failure: what a refusal by PostgreSQL, or its silence, means to a caller.
//
// Private to lib/database. Threads: any. Memory: none kept.
#pragma once

#include "base/error.h"

#include <libpq-fe.h>

enum failure {
    FAILURE_NONE,
    FAILURE_REFUSED, // a statement failed, nothing of the transaction will be done
    FAILURE_CLASH,   // the transaction met another one: repeat all of it
    FAILURE_STALE,   // the tables changed under a prepared statement: repeat on a new connection
    FAILURE_LOST,    // the connection is gone and nothing was done
    FAILURE_UNKNOWN, // the connection is gone, and the commit may have been done
};

// Says what a failed result means and fills `error` in its words. `statement` is the name of what
// was being run.
enum failure failure_of_result(const PGresult *result, const char *statement, struct error *error);

// Fills `error` for a connection that is gone, and returns FAILURE_LOST.
enum failure failure_lost(const PGconn *connection, struct error *error);

// Fills `error` for a connection that went while it was committing, and returns FAILURE_UNKNOWN.
enum failure failure_unknown(struct error *error);

// The SQLSTATE that an error came from, or "".
const char *failure_sqlstate(const struct error *error);

// True when the error came from running the statement of that name.
bool failure_is_of(const struct error *error, const char *statement);
