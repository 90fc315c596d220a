// SPDX-License-Identifier: MIT
// database: PostgreSQL by prepared statements, in transactions that are repeated whole.
//
// A service writes its SQL as constants (struct statement) in <service>_store.c. A statement is
// prepared on a connection when it is first used there. Work that changes anything runs in
// database_transact, which repeats all of it on SQLSTATE 40001 and 40P01. Several statements can be
// sent in one round trip with transaction_queue (pipeline mode).
//
// Connections are made when needed, at most `connections`; a broken one is thrown away and the next
// use makes another, so PostgreSQL may come and go.
//
// Threads: the pool is shared; a transaction belongs to the thread that runs it.
// Memory: rows live in the arena given to database_transact.
#pragma once

#include "base/arena.h"
#include "base/error.h"

enum { DATABASE_PARAMETERS_MAX = 48, DATABASE_QUEUE_MAX = 64 };

struct database;

struct database_options {
    const char *url;     // a libpq connection string; timeouts are added
    const char *service; // application_name, and the schema that search_path is set to
    size_t connections;  // at most so many at once; 0 for 8
    // A pooler in between lends its connections for one transaction (PgBouncer's pool_mode
    // transaction): nothing is prepared, and the role has what is set for its sessions.
    bool is_pooled;
    int64_t wait_ms; // how long to wait for a free one before UNAVAILABLE; 0 for 2000
};

// Never fails for an absent database: it may come later. The caller owns it.
MUST_CHECK bool database_new(const struct database_options *options,
                             struct database **out_database,
                             struct error *error);
void database_free(struct database **database);

// One constant SQL text with $1, $2 ... The name must be unique in the service, for prepared
// statements are known by it.
struct statement {
    const char *name;
    const char *sql;
};

// One value for a $n: made by the functions below. Texts are borrowed until the statement has run;
// numbers are inside.
struct parameter {
    const char *text; // NULL is SQL NULL; ignored when `is_inline`
    char inline_text[40];
    bool is_inline;
};

struct parameter parameter_null(void);
struct parameter parameter_text(const char *text); // NULL becomes NULL
struct parameter parameter_int(int64_t value);
struct parameter parameter_bool(bool value);
// A scaled integer as a numeric: parameter_decimal(12500000, 6) is 12.500000.
struct parameter parameter_decimal(int64_t value, int scale);
// Microseconds since 1970 as a timestamptz.
struct parameter parameter_time(int64_t us);

// Builds an array literal for unnest($1::text[]) and the like; values of any parameter kind.
// The result is a text parameter in `arena`. OUT_OF_MEMORY_BUDGET shows as `text` NULL plus
// false.
MUST_CHECK bool parameter_array(struct arena *arena,
                                const struct parameter *values,
                                size_t count,
                                struct parameter *out_array);

// The same of texts alone; NULL becomes NULL. The texts need not live on. Fails with
// OUT_OF_MEMORY_BUDGET when `arena` is too small for it.
MUST_CHECK bool parameter_text_array(struct arena *arena,
                                     const char *const *texts,
                                     size_t count,
                                     struct parameter *out_array,
                                     struct error *error);

// The rows a statement gave. Columns are counted from 0.
struct rows {
    size_t count;
    size_t columns;
    int64_t affected; // rows written, for a guarded UPDATE or INSERT
    char **values;    // count * columns; NULL is SQL NULL
};

const char *rows_text(const struct rows *rows, size_t row, size_t column); // NULL for NULL
bool rows_is_null(const struct rows *rows, size_t row, size_t column);
int64_t rows_int(const struct rows *rows, size_t row, size_t column); // 0 for NULL
bool rows_bool(const struct rows *rows, size_t row, size_t column);
// A numeric as a scaled integer; aborts in development builds when it does not fit `scale`, which
// the column's type must rule out.
int64_t rows_decimal(const struct rows *rows, size_t row, size_t column, int scale);
// A timestamptz as microseconds since 1970.
int64_t rows_time(const struct rows *rows, size_t row, size_t column);

struct transaction;

enum {
    TRANSACTION_READ_ONLY = 1, // and sees one moment all through
    TRANSACTION_LONG = 2,      // a statement may take ten minutes instead of ten seconds: imports
};

// Runs `work` in one transaction and commits when it returns true; rolls back when it returns
// false, and fails with its error. Repeats all of it, up to 5 times with jittered back-off, on
// 40001 and 40P01; so `work` must not do anything outside but fill memory that it overwrites on
// each run.
//
// Fails with DATABASE_UNAVAILABLE (nothing was done), OUTCOME_UNKNOWN (the connection was lost
// during the commit), CONFLICT (still clashing after the last repeat, or a lock could not be had in
// time).
MUST_CHECK bool
database_transact(struct database *database,
                  struct arena *arena,
                  int flags,
                  bool (*work)(struct transaction *transaction, void *context, struct error *error),
                  void *context,
                  struct error *error);

// One statement outside an explicit transaction: a read, or a write that is whole by itself. A read
// (its text begins with "SELECT") is repeated once on a fresh connection when the old one turns out
// to be broken; a write fails with OUTCOME_UNKNOWN then, unless it is sure that it was not done.
MUST_CHECK bool database_query(struct database *database,
                               struct arena *arena,
                               const struct statement *statement,
                               const struct parameter *parameters,
                               size_t count,
                               struct rows *out_rows,
                               struct error *error);

// Runs one statement and waits for it. A unique violation fails with CONFLICT and error details
// ("constraint", its name), so that the store can name the real reason; use error_constraint.
MUST_CHECK bool transaction_query(struct transaction *transaction,
                                  const struct statement *statement,
                                  const struct parameter *parameters,
                                  size_t count,
                                  struct rows *out_rows,
                                  struct error *error);

// Queues a statement without waiting; `out_rows` (may be NULL) is filled by transaction_flush. The
// parameters are copied. At most DATABASE_QUEUE_MAX between flushes.
MUST_CHECK bool transaction_queue(struct transaction *transaction,
                                  const struct statement *statement,
                                  const struct parameter *parameters,
                                  size_t count,
                                  struct rows *out_rows,
                                  struct error *error);

// Sends everything queued in one go and waits for all answers. Fails with the first failure. The
// commit (and, for the first flush, the BEGIN) travel in the same round trip where possible.
MUST_CHECK bool transaction_flush(struct transaction *transaction, struct error *error);

// Copies text rows into a table in the service's schema. `copy_sql` is a constant "COPY ... FROM
// STDIN"; `data` is in COPY's text format. May be called several times in one transaction.
MUST_CHECK bool transaction_copy(struct transaction *transaction,
                                 const char *copy_sql,
                                 struct text data,
                                 struct error *error);

struct arena *transaction_arena(struct transaction *transaction);

// The constraint a CONFLICT error came from, or "".
const char *error_constraint(const struct error *error);

// Statistics for metrics.
struct database_statistics {
    size_t connections; // open now
    size_t in_use;
    size_t connections_max; // that there may be
    uint64_t waits;         // times a caller had to wait for one
    int64_t waited_us;      // for all that in sum
    uint64_t retries;       // transactions repeated
    bool reachable;         // the last attempt to use the database got through to it
};
struct database_statistics database_statistics(struct database *database);

// Why the database could not be reached the last time, in libpq's words, for the operator's log
// alone: it names hosts and roles. "" when it never happened.
void database_last_failure(struct database *database, char out_message[ERROR_MESSAGE_SIZE]);
