// SPDX-License-Identifier: MIT
// pool: the connections of one service, made when needed and thrown away when broken.
//
// Private to lib/database. Threads: any. Memory: a taken connection belongs to its taker.
#pragma once

#include "connection.h"

struct pool;

struct pool_options {
    const char *url;
    const char *service;
    size_t connections;
    bool is_pooled;
    bool is_standby;
    int64_t wait_ms;
    // Looks at each connection that has been made, before its first use; NULL for nothing. One that
    // it fails for is taken for one that could not be made.
    bool (*accept)(void *context, struct connection *connection, struct error *error);
    void *context;
};

MUST_CHECK bool
pool_new(const struct pool_options *options, struct pool **out_pool, struct error *error);
void pool_free(struct pool **pool);

// Takes an idle connection, the one used last first, or makes one, or waits for one. Fails with
// UNAVAILABLE when all stay in use, DATABASE_UNAVAILABLE when none can be made.
MUST_CHECK bool
pool_take(struct pool *pool, struct connection **out_connection, struct error *error);

// Gives it back; one that is broken, or not between transactions, is closed.
void pool_give(struct pool *pool, struct connection **connection);

// Closes the connections that there are, those in use when they are given back.
void pool_renew(struct pool *pool);

void pool_count_retry(struct pool *pool);

// Remembers how a use of a connection ended, and takes what is for operators only out of `error`.
void pool_note_use(struct pool *pool, enum failure failure, struct error *error);
void pool_last_failure(struct pool *pool, char out_message[ERROR_MESSAGE_SIZE]);
struct database_statistics pool_statistics(struct pool *pool);
