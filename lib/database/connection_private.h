// SPDX-License-Identifier: MIT
// connection_private: what a connection is made of, for connection.c (its life) and
// connection_exchange.c (what is said on it).
//
// Threads: one at a time. Memory: belongs to the connection.
#pragma once

#include "connection.h"

enum {
    PREPARED_SLOTS = 1024, // a power of two; half of it may be used
    // A preparation and an execution each, and BEGIN, COMMIT and a setting.
    PENDING_MAX = 2 * DATABASE_QUEUE_MAX + 8,
};

struct prepared {
    struct statement statement; // its name is NULL in an empty slot
    bool done;                  // false: the preparation failed, and has to be made again
};

struct pending {
    struct statement statement;
    struct rows *out_rows;
    const struct condition *condition; // NULL for none
    bool is_preparation;
};

struct connection {
    PGconn *pg;
    int64_t opened_at_us;
    int64_t idle_since_us;
    int silence_ms; // the server is taken for lost after so long
    int usual_silence_ms;
    bool is_condemned; // to be closed when it is given back
    bool is_pooled;    // nothing is prepared: the next transaction may be on another session
    size_t prepared_count;
    struct prepared prepared[PREPARED_SLOTS];
    size_t pending_count;
    struct pending pending[PENDING_MAX];
};

// Waits for one of `events` on the socket and returns what is there; 0 when the time is up.
short connection_wait(const PGconn *pg, short events, int timeout_ms);
