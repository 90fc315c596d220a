// SPDX-License-Identifier: MIT
#include "database/database.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/random.h"
#include "database_private.h"

#include <stdatomic.h>
#include <string.h>

enum { REPEATS_MAX = 5, FIRST_PAUSE_MS = 4 };

struct database {
    struct pool *pool;
    _Atomic int64_t written_at_us;
};

struct transaction {
    struct connection *connection;
    struct arena *arena;
    int flags;
    bool begun; // BEGIN has been sent
    size_t queued;
    enum failure failure; // the first one; nothing more is sent after it
    struct error error;   // of that failure
};

bool database_new(const struct database_options *options,
                  struct database **out_database,
                  struct error *error)
{
    struct pool_options pool_options = {
        .url = options->url,
        .service = options->service,
        .connections = options->connections,
        .is_pooled = options->is_pooled,
        .wait_ms = options->wait_ms,
    };
    struct pool *pool = NULL;

    if (!pool_new(&pool_options, &pool, error))
        return false;
    *out_database = database_of_pool(pool);
    return true;
}

struct database *database_of_pool(struct pool *pool)
{
    struct database *database = allocate(sizeof *database);

    database->pool = pool;
    return database;
}

struct pool *database_pool(struct database *database)
{
    return database->pool;
}

int64_t database_written_at(struct database *database)
{
    return atomic_load(&database->written_at_us);
}

// Whether it was done or not, somebody may count on it from here on.
static void note_write(struct database *database)
{
    int64_t now_us = clock_monotonic_us();
    int64_t noted_us = atomic_load(&database->written_at_us);

    while (noted_us < now_us &&
           !atomic_compare_exchange_weak(&database->written_at_us, &noted_us, now_us))
        continue;
}

void database_free(struct database **database)
{
    if (*database == NULL)
        return;
    pool_free(&(*database)->pool);
    release(*database);
    *database = NULL;
}

struct database_statistics database_statistics(struct database *database)
{
    return pool_statistics(database->pool);
}

void database_last_failure(struct database *database, char out_message[ERROR_MESSAGE_SIZE])
{
    pool_last_failure(database->pool, out_message);
}

struct arena *transaction_arena(struct transaction *transaction)
{
    return transaction->arena;
}

// Remembers the transaction's first failure: whatever its work does after that, it is not
// committed.
static bool take_failure(struct transaction *transaction, enum failure failure, struct error *error)
{
    if (failure == FAILURE_NONE)
        return true;
    transaction->failure = failure;
    transaction->error = *error;
    return false;
}

// Begins without waiting: BEGIN travels with the first statements.
static enum failure begin(struct transaction *transaction, struct error *error)
{
    // A read sees one moment all through, as a list and its total should.
    static const struct statement read_only = {
        "bourse_begin_read_only", "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"};
    static const struct statement read_write = {"bourse_begin", "BEGIN"};
    static const struct statement allow_long = {"bourse_allow_long",
                                                "SET LOCAL statement_timeout = '10min'"};
    static const struct statement allow_idle = {
        "bourse_allow_idle", "SET LOCAL idle_in_transaction_session_timeout = '2min'"};
    struct connection *connection = transaction->connection;
    bool reads = (transaction->flags & TRANSACTION_READ_ONLY) != 0;
    enum failure failure = FAILURE_NONE;

    if (transaction->begun)
        return FAILURE_NONE;
    transaction->begun = true;
    failure = connection_send(connection, reads ? &read_only : &read_write, NULL, 0, NULL, error);
    if (failure == FAILURE_NONE && (transaction->flags & TRANSACTION_LONG) != 0) {
        connection_allow_long(connection);
        failure = connection_send(connection, &allow_long, NULL, 0, NULL, error);
        if (failure == FAILURE_NONE)
            failure = connection_send(connection, &allow_idle, NULL, 0, NULL, error);
    }
    return failure;
}

static bool send(struct transaction *transaction,
                 const struct statement *statement,
                 const struct parameter *parameters,
                 size_t count,
                 struct rows *out_rows,
                 struct error *error)
{
    enum failure failure = FAILURE_NONE;

    if (transaction->failure != FAILURE_NONE) {
        *error = transaction->error;
        return false;
    }
    failure = begin(transaction, error);
    if (failure == FAILURE_NONE)
        failure =
            connection_send(transaction->connection, statement, parameters, count, out_rows, error);
    return take_failure(transaction, failure, error);
}

bool transaction_queue(struct transaction *transaction,
                       const struct statement *statement,
                       const struct parameter *parameters,
                       size_t count,
                       struct rows *out_rows,
                       struct error *error)
{
    if (transaction->queued == DATABASE_QUEUE_MAX) {
        error_set(error, REASON_INTERNAL, "More than %d statements were queued at %s.",
                  DATABASE_QUEUE_MAX, statement->name);
        return take_failure(transaction, FAILURE_REFUSED, error);
    }
    transaction->queued++;
    return send(transaction, statement, parameters, count, out_rows, error);
}

bool transaction_flush(struct transaction *transaction, struct error *error)
{
    enum failure failure = FAILURE_NONE;

    if (transaction->failure != FAILURE_NONE) {
        *error = transaction->error;
        return false;
    }
    transaction->queued = 0;
    if (connection_pending(transaction->connection) > 0)
        failure = connection_receive(transaction->connection, transaction->arena, NULL, error);
    return take_failure(transaction, failure, error);
}

bool transaction_query(struct transaction *transaction,
                       const struct statement *statement,
                       const struct parameter *parameters,
                       size_t count,
                       struct rows *out_rows,
                       struct error *error)
{
    return send(transaction, statement, parameters, count, out_rows, error) &&
           transaction_flush(transaction, error);
}

bool transaction_copy(struct transaction *transaction,
                      const char *copy_sql,
                      struct text data,
                      struct error *error)
{
    enum failure failure = FAILURE_NONE;

    if (transaction->failure == FAILURE_NONE)
        take_failure(transaction, begin(transaction, error), error);
    // COPY cannot be piped: what is queued goes first.
    if (!transaction_flush(transaction, error))
        return false;
    failure = connection_copy(transaction->connection, copy_sql, data, error);
    return take_failure(transaction, failure, error);
}

// Sends what is still queued together with the COMMIT.
static void commit(struct transaction *transaction)
{
    static const struct statement statement = {"bourse_commit", "COMMIT"};
    struct error *error = &transaction->error;
    bool writes = (transaction->flags & TRANSACTION_READ_ONLY) == 0;
    bool committed = false;
    enum failure failure = FAILURE_NONE;

    if (writes && fault_point("database.before_commit")) {
        error_set(error, REASON_CONFLICT, "The fault point database.before_commit is armed.");
        transaction->failure = FAILURE_CLASH;
        return;
    }
    failure = connection_send(transaction->connection, &statement, NULL, 0, NULL, error);
    if (failure == FAILURE_NONE)
        failure =
            connection_receive(transaction->connection, transaction->arena, &committed, error);
    if (writes && fault_point("database.after_commit") && failure == FAILURE_NONE)
        failure = failure_unknown(error);
    if (committed && failure == FAILURE_LOST)
        failure = FAILURE_NONE;
    // The rows that were to be read did not fit, or the last answer was not understood.
    else if (committed && failure != FAILURE_NONE)
        failure = failure_unknown(error);
    // A statement before the COMMIT that ended the connection kept the COMMIT from being run;
    // otherwise nobody knows. What only reads has nothing to lose.
    else if (failure == FAILURE_LOST && writes &&
             (failure_sqlstate(error)[0] == '\0' || failure_is_of(error, statement.name)))
        failure = failure_unknown(error);
    transaction->failure = failure;
}

static void roll_back(struct transaction *transaction)
{
    static const struct statement statement = {"bourse_rollback", "ROLLBACK"};
    struct error ignored;
    enum failure failure = FAILURE_NONE;

    if (!transaction->begun || transaction->failure == FAILURE_LOST ||
        transaction->failure == FAILURE_UNKNOWN)
        return;
    // What is queued has been sent already, and is undone with the rest. Rows of the caller must
    // not be written to any more.
    connection_forget_rows(transaction->connection);
    if (connection_pending(transaction->connection) > 0)
        failure = connection_receive(transaction->connection, transaction->arena, NULL, &ignored);
    if (failure != FAILURE_LOST)
        failure = connection_send(transaction->connection, &statement, NULL, 0, NULL, &ignored);
    if (failure == FAILURE_NONE)
        failure = connection_receive(transaction->connection, transaction->arena, NULL, &ignored);
    // Whether it worked shows when the connection is given back.
    (void)failure;
}

// Runs the work once; the transaction's failure says how that went.
static bool run_once(struct transaction *transaction,
                     bool (*work)(struct transaction *, void *, struct error *),
                     void *context,
                     struct error *error)
{
    bool wanted = work(transaction, context, error);

    if (wanted && transaction->failure == FAILURE_NONE && transaction->begun)
        commit(transaction);
    if (wanted && transaction->failure == FAILURE_NONE)
        return true;
    roll_back(transaction);
    // Work that names the reason of a refusal better keeps its own error; of anything else that
    // the database did, it knows less.
    if (wanted || (transaction->failure != FAILURE_NONE && transaction->failure != FAILURE_REFUSED))
        *error = transaction->error;
    return false;
}

// Waits longer from time to time, and never as long as the other one.
static void pause_before_repeat(int repeat)
{
    struct random_source random = random_system();
    uint64_t most_us = (uint64_t)(FIRST_PAUSE_MS * MICROS_PER_MS) << repeat;
    uint64_t us = most_us / 2 + random_below(&random, most_us / 2);

    clock_sleep_until_us(clock_monotonic_us() + (int64_t)us);
}

// True when a failure calls for another run. A connection that turns out to be broken is worth one
// more try on a new one.
static bool is_worth_repeating(enum failure failure, int repeat, bool *was_lost)
{
    bool first_loss = !*was_lost;

    if (failure == FAILURE_LOST || failure == FAILURE_STALE)
        *was_lost = true;
    return repeat < REPEATS_MAX &&
           (failure == FAILURE_CLASH ||
            ((failure == FAILURE_LOST || failure == FAILURE_STALE) && first_loss));
}

bool database_transact(struct database *database,
                       struct arena *arena,
                       int flags,
                       bool (*work)(struct transaction *transaction,
                                    void *context,
                                    struct error *error),
                       void *context,
                       struct error *error)
{
    bool was_lost = false;

    for (int repeat = 0;; repeat++) {
        struct transaction transaction = {.arena = arena, .flags = flags};
        bool done = false;

        if (!pool_take(database->pool, &transaction.connection, error))
            return false;
        done = run_once(&transaction, work, context, error);
        if ((flags & TRANSACTION_READ_ONLY) == 0)
            note_write(database);
        if (transaction.failure == FAILURE_STALE)
            connection_discard(transaction.connection);
        pool_give(database->pool, &transaction.connection);
        pool_note_use(database->pool, transaction.failure, error);
        if (done || !is_worth_repeating(transaction.failure, repeat, &was_lost))
            return done;
        pool_count_retry(database->pool);
        pause_before_repeat(repeat);
    }
}

bool database_query(struct database *database,
                    struct arena *arena,
                    const struct statement *statement,
                    const struct parameter *parameters,
                    size_t count,
                    struct rows *out_rows,
                    struct error *error)
{
    // A SELECT may be asked again. Of anything else nobody knows whether it was done when the
    // connection goes before the last answer: without a transaction it commits at the sync.
    bool reads = strncmp(statement->sql, "SELECT", 6) == 0;
    bool was_lost = false;

    for (int repeat = 0;; repeat++) {
        struct connection *connection = NULL;
        enum failure failure = FAILURE_NONE;

        if (!pool_take(database->pool, &connection, error))
            return false;
        failure = connection_send(connection, statement, parameters, count, out_rows, error);
        if (failure == FAILURE_NONE) {
            failure = connection_receive(connection, arena, NULL, error);
            if (!reads &&
                ((failure == FAILURE_LOST && !failure_is_of(error, statement->name)) ||
                 (failure == FAILURE_REFUSED && error_is(error, REASON_OUT_OF_MEMORY_BUDGET))))
                failure = failure_unknown(error);
        }
        if (!reads)
            note_write(database);
        if (failure == FAILURE_STALE)
            connection_discard(connection);
        pool_give(database->pool, &connection);
        pool_note_use(database->pool, failure, error);
        if (!is_worth_repeating(failure, repeat, &was_lost))
            return failure == FAILURE_NONE;
        pool_count_retry(database->pool);
        pause_before_repeat(repeat);
    }
}
