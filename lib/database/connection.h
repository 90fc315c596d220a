// SPDX-License-Identifier: MIT
// connection: one connection to PostgreSQL, never blocking without a limit.
//
// Private to lib/database. The socket is non-blocking and the session is in pipeline mode all the
// time (but for COPY and migrations): statements are written as they are sent, and one sync at the
// end of a round trip fetches all answers. While answers are waited for, what is still unsent goes
// on being sent, so that a large pipeline cannot make both sides wait for each other.
//
// Threads: one at a time. Memory: rows are copied into the caller's arena.
#pragma once

#include "base/arena.h"
#include "database/database.h"
#include "failure.h"

struct connection;

struct connection_options {
    const char *url;
    const char *schema;  // search_path, and application_name unless the url has one
    bool for_migrations; // waits for a lock only shortly, and statements may run for long
    bool is_pooled;      // by a pooler that lends its connections for one transaction
    bool is_standby;     // only one is wanted, and it may take less time than the primary
};

// Checks that `url` can be read. Fails with INVALID_SETTING.
MUST_CHECK bool connection_url_is_valid(const char *url, struct error *error);

// Connects within a few seconds. Fails with DATABASE_UNAVAILABLE.
MUST_CHECK bool connection_open(const struct connection_options *options,
                                struct connection **out_connection,
                                struct error *error);
void connection_free(struct connection **connection);

// True when it is alive and between transactions, so that somebody else may have it. An idle
// connection costs one look at the socket, or, when it has been idle for long, a round trip.
bool connection_is_usable(struct connection *connection);

// Remembers that it is idle from now on.
void connection_rest(struct connection *connection);

// Lets statements run for long, in a transaction that was begun so; until connection_rest.
void connection_allow_long(struct connection *connection);

// Has it closed when it is given back.
void connection_discard(struct connection *connection);

// When it was made, by the monotonic clock.
int64_t connection_opened_at(const struct connection *connection);

// Leaves the rows of everything pending unread.
void connection_forget_rows(struct connection *connection);

// Writes a statement (and, when it is new to this connection, its preparation). `out_rows` may be
// NULL.
MUST_CHECK enum failure connection_send(struct connection *connection,
                                        const struct statement *statement,
                                        const struct parameter *parameters,
                                        size_t count,
                                        struct rows *out_rows,
                                        struct error *error);

// What the answer to a statement must be so that the rows of what follows it in the same round trip
// are worth reading: its first value, a whole number that is not negative, or -1 for none.
struct condition {
    bool (*holds)(void *context, int64_t value);
    void *context;
};

// As connection_send of a statement whose answer decides that. Where it does not hold
// connection_receive copies no more rows and fails with UNAVAILABLE.
MUST_CHECK enum failure connection_send_condition(struct connection *connection,
                                                  const struct statement *statement,
                                                  const struct parameter *parameters,
                                                  size_t count,
                                                  const struct condition *condition,
                                                  struct error *error);

// Ends the round trip: waits for the answers to everything sent, and fills the rows. Returns the
// first failure. `out_last_done` (may be NULL) says whether the last statement was answered with
// success, whatever happened to the connection afterwards.
MUST_CHECK enum failure connection_receive(struct connection *connection,
                                           struct arena *arena,
                                           bool *out_last_done,
                                           struct error *error);

// Statements sent and not received yet.
size_t connection_pending(const struct connection *connection);

// Runs SQL text of any number of statements, without parameters and rows.
MUST_CHECK enum failure
connection_execute(struct connection *connection, const char *sql, struct error *error);

// Gives the role the password in `role_url`, which the server is sent a verifier of only; nothing
// when there is none in it. Fails with INVALID_SETTING when `role_url` cannot be read, or connects
// as another role.
MUST_CHECK bool connection_set_password(struct connection *connection,
                                        const char *role,
                                        const char *role_url,
                                        struct error *error);

// Runs a "COPY ... FROM STDIN" with that data. Nothing may be pending.
MUST_CHECK enum failure connection_copy(struct connection *connection,
                                        const char *copy_sql,
                                        struct text data,
                                        struct error *error);

// True inside a transaction that has not failed.
bool connection_in_transaction(const struct connection *connection);
