// SPDX-License-Identifier: MIT
// history: reads of what is done and over, answered by a standby of the primary where there is one
// that is near enough, and by the primary otherwise. Nothing fails because a standby does.
//
// How near it is does not depend on clocks or on whether anything is being written: the primary is
// asked for its position in the log several times within the bound, and a standby that has replayed
// a position has everything that was committed before it was asked for. The standby says how far it
// is in the round trip of each read, on whichever of several it is connected to. A schema that is
// behind is a position that is behind, and is looked for once more when a standby is found again.
//
// Which reads may be answered so, and what the standby must have seen for each, is decided where
// they are made: docs/scaling.md lists them.
//
// Threads: any may read; one looks. Memory: rows lie in the arena given.
#pragma once

#include "database/database.h"
#include "database/migration.h"

enum { HISTORY_LAG_MS_MIN = 100, HISTORY_LAG_MS_MAX = 10000 };

struct history;

struct history_options {
    struct database *primary; // must live longer
    const char *primary_url;  // for one connection more, by which its position is asked for
    bool primary_is_pooled;
    const char *url; // of the standby or standbys; "" or NULL: the primary answers all
    const char *service;
    size_t connections; // to standbys
    int64_t lag_ms_max; // how far behind a standby may be that answers
    const struct migration *migrations;
    size_t migration_count;
};

// Never fails for an absent standby. The caller owns it. Fails with INVALID_SETTING.
MUST_CHECK bool history_new(const struct history_options *options,
                            struct history **out_history,
                            struct error *error);
void history_free(struct history **history);

// What a standby must have, beside everything that is older than the bound, so that it may answer.
struct history_need {
    // All that this process has written: enough for a service that is one process.
    bool own_writes;
    // A statement that gives a number which only grows, and what it must be at least; NULL for
    // none.
    const struct statement *mark;
    struct parameter mark_of; // its one parameter
    int64_t mark_min;
};

// As database_query of a read. Without `need` it shows the present: the primary answers.
MUST_CHECK bool history_query(struct history *history,
                              const struct history_need *need,
                              struct arena *arena,
                              const struct statement *statement,
                              const struct parameter *parameters,
                              size_t count,
                              struct rows *out_rows,
                              struct error *error);

enum history_state {
    HISTORY_AWAY,   // not reached, or not a standby of this primary
    HISTORY_BEHIND, // by more than the bound
    HISTORY_NEAR,
};

// Looks at the primary and the standby once: to be called every history_look_period_ms by one
// thread, where there is a standby. `error` says why, when it is away.
enum history_state history_look(struct history *history, struct error *error);
int64_t history_look_period_ms(const struct history *history);
bool history_has_standby(const struct history *history);

enum history_outcome {
    HISTORY_BY_STANDBY,
    HISTORY_WAS_AWAY,     // from here on the primary answered: there was no standby,
    HISTORY_WAS_BEHIND,   // it did not have what was needed yet,
    HISTORY_WAS_BUSY,     // all connections to it stayed in use,
    HISTORY_WAS_CANCELED, // or it broke off, for what it had to replay is in the way of a read
    HISTORY_OUTCOMES
};
const char *history_outcome_name(enum history_outcome outcome);

// For metrics.
struct history_statistics {
    enum history_state state;
    int64_t lag_us; // as of the last look: so long ago the standby had everything
    uint64_t reads[HISTORY_OUTCOMES];
    struct database_statistics standby;
};
struct history_statistics history_statistics(struct history *history);
