// SPDX-License-Identifier: MIT
#include "connection_private.h"

#include "base/checksum.h"

#include <poll.h>
#include <string.h>

enum { COPY_CHUNK = 64 * 1024 };

// The slot of a statement's name: its own, or an empty one.
static struct prepared *find_prepared(struct connection *connection, const char *name)
{
    size_t at = checksum_add(CHECKSUM_START, text_of(name)) & (PREPARED_SLOTS - 1);

    while (connection->prepared[at].statement.name != NULL &&
           strcmp(connection->prepared[at].statement.name, name) != 0)
        at = (at + 1) & (PREPARED_SLOTS - 1);
    return &connection->prepared[at];
}

static void add_pending(struct connection *connection, struct pending pending)
{
    connection->pending[connection->pending_count++] = pending;
}

static enum failure
prepare(struct connection *connection, const struct statement *statement, struct error *error)
{
    struct prepared *prepared = find_prepared(connection, statement->name);

    if (prepared->statement.name != NULL && prepared->done)
        return FAILURE_NONE;
    if (prepared->statement.name == NULL && connection->prepared_count == PREPARED_SLOTS / 2) {
        error_set(error, REASON_INTERNAL, "More than %d statements were prepared.",
                  PREPARED_SLOTS / 2);
        return FAILURE_REFUSED;
    }
    if (PQsendPrepare(connection->pg, statement->name, statement->sql, 0, NULL) != 1)
        return failure_lost(connection->pg, error);
    if (prepared->statement.name == NULL)
        connection->prepared_count++;
    // Taken for prepared at once, so that a second use in the same round trip does not prepare
    // again; connection_receive takes it back when the server did not.
    *prepared = (struct prepared){*statement, true};
    add_pending(connection, (struct pending){.statement = *statement, .is_preparation = true});
    return FAILURE_NONE;
}

static bool send_execution(const struct connection *connection,
                           const struct statement *statement,
                           int count,
                           const char *const *values)
{
    return (connection->is_pooled ? PQsendQueryParams(connection->pg, statement->sql, count, NULL,
                                                      values, NULL, NULL, 0)
                                  : PQsendQueryPrepared(connection->pg, statement->name, count,
                                                        values, NULL, NULL, 0)) == 1;
}

// `to` has what is to be done with the answer.
static enum failure send(struct connection *connection,
                         const struct parameter *parameters,
                         size_t count,
                         struct pending to,
                         struct error *error)
{
    const struct statement *statement = &to.statement;
    const char *values[DATABASE_PARAMETERS_MAX];
    enum failure failure = FAILURE_NONE;

    if (count > DATABASE_PARAMETERS_MAX || connection->pending_count + 2 > PENDING_MAX) {
        error_set(error, REASON_INTERNAL, "%s is too much for one round trip.", statement->name);
        return FAILURE_REFUSED;
    }
    for (size_t i = 0; i < count; i++)
        values[i] = parameters[i].is_inline ? parameters[i].inline_text : parameters[i].text;
    if (!connection->is_pooled)
        failure = prepare(connection, statement, error);
    if (failure != FAILURE_NONE)
        return failure;
    if (!send_execution(connection, statement, (int)count, values))
        return failure_lost(connection->pg, error);
    add_pending(connection, to);
    return FAILURE_NONE;
}

enum failure connection_send(struct connection *connection,
                             const struct statement *statement,
                             const struct parameter *parameters,
                             size_t count,
                             struct rows *out_rows,
                             struct error *error)
{
    return send(connection, parameters, count,
                (struct pending){.statement = *statement, .out_rows = out_rows}, error);
}

enum failure connection_send_condition(struct connection *connection,
                                       const struct statement *statement,
                                       const struct parameter *parameters,
                                       size_t count,
                                       const struct condition *condition,
                                       struct error *error)
{
    return send(connection, parameters, count,
                (struct pending){.statement = *statement, .condition = condition}, error);
}

// Waits for the next result, sending what is unsent meanwhile; false when the server is silent.
static bool next_result(struct connection *connection, PGresult **out_result)
{
    while (true) {
        int unsent = PQflush(connection->pg);
        short ready = 0;
        if (PQisBusy(connection->pg) == 0)
            break;
        ready = connection_wait(connection->pg, unsent == 1 ? POLLIN | POLLOUT : POLLIN,
                                connection->silence_ms);
        if (ready == 0) {
            connection->is_condemned = true;
            return false;
        }
        // A failure here shows as a failed result below.
        if (ready != POLLOUT && PQconsumeInput(connection->pg) == 0)
            break;
    }
    *out_result = PQgetResult(connection->pg);
    return true;
}

static int64_t read_number(const char *digits)
{
    int64_t number = 0;

    for (const char *digit = digits; *digit >= '0' && *digit <= '9'; digit++)
        number = number * 10 + (*digit - '0');
    return number;
}

static bool copy_rows(const PGresult *result, struct arena *arena, struct rows *out_rows)
{
    struct rows rows = {
        .count = (size_t)PQntuples(result),
        .columns = (size_t)PQnfields(result),
        .affected = read_number(PQcmdTuples((PGresult *)result)),
    };
    size_t cells = rows.count * rows.columns;

    if (cells > 0) {
        rows.values = arena_allocate(arena, cells * sizeof *rows.values);
        if (rows.values == NULL)
            return false;
    }
    for (size_t cell = 0; cell < cells; cell++) {
        int row = (int)(cell / rows.columns);
        int column = (int)(cell % rows.columns);
        if (PQgetisnull(result, row, column))
            continue;
        rows.values[cell] = arena_copy(arena, PQgetvalue(result, row, column),
                                       (size_t)PQgetlength(result, row, column));
        if (rows.values[cell] == NULL)
            return false;
    }
    *out_rows = rows;
    return true;
}

static bool holds(const struct condition *condition, const PGresult *result)
{
    bool has_value = PQntuples(result) > 0 && PQnfields(result) > 0 && !PQgetisnull(result, 0, 0);

    return condition->holds(condition->context,
                            has_value ? read_number(PQgetvalue(result, 0, 0)) : -1);
}

// Judges the answer to one thing sent; `error` is filled for the first failure only.
static enum failure take_result(struct connection *connection,
                                const struct pending *pending,
                                const PGresult *result,
                                struct arena *arena,
                                struct error *error)
{
    ExecStatusType status = PQresultStatus(result);

    if (pending->is_preparation && status == PGRES_COMMAND_OK)
        return FAILURE_NONE;
    if (status == PGRES_PIPELINE_ABORTED || status == PGRES_FATAL_ERROR ||
        status == PGRES_BAD_RESPONSE) {
        if (pending->is_preparation)
            find_prepared(connection, pending->statement.name)->done = false;
        // Skipped because of an earlier failure, which has been reported.
        if (status == PGRES_PIPELINE_ABORTED)
            return FAILURE_REFUSED;
        return failure_of_result(result, pending->statement.name, error);
    }
    // A transaction that has failed answers COMMIT by rolling back, and calls that a success.
    if (strcmp(pending->statement.sql, "COMMIT") == 0 &&
        strcmp(PQcmdStatus((PGresult *)result), "COMMIT") != 0) {
        error_set(error, REASON_INTERNAL, "The database rolled back what was to be committed.");
        return FAILURE_REFUSED;
    }
    if (pending->condition != NULL && !holds(pending->condition, result)) {
        connection_forget_rows(connection);
        error_set(error, REASON_UNAVAILABLE, "%s is not what was asked for.",
                  pending->statement.name);
        return FAILURE_REFUSED;
    }
    if (pending->out_rows != NULL && !copy_rows(result, arena, pending->out_rows)) {
        error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The rows do not fit the request's memory.");
        return FAILURE_REFUSED;
    }
    return FAILURE_NONE;
}

enum failure connection_receive(struct connection *connection,
                                struct arena *arena,
                                bool *out_last_done,
                                struct error *error)
{
    static const struct pending at_sync = {.statement = {"the end of the round trip", ""}};
    enum failure first = FAILURE_NONE;
    size_t at = 0;
    bool answered = false; // the statement at `at` has had its result
    bool last_done = false;
    bool gone = PQpipelineSync(connection->pg) != 1;
    struct error later;

    while (!gone) {
        PGresult *result = NULL;
        enum failure failure = FAILURE_NONE;
        gone = !next_result(connection, &result);
        if (result == NULL) {
            // The end of one statement's results, or of the connection's.
            gone = gone || (!answered && PQstatus(connection->pg) != CONNECTION_OK);
            at += answered ? 1 : 0;
            answered = false;
            continue;
        }
        if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
            PQclear(result);
            break;
        }
        // What fails at the sync is the commit of a statement without a transaction around it.
        failure = take_result(connection,
                              at < connection->pending_count ? &connection->pending[at] : &at_sync,
                              result, arena, first == FAILURE_NONE ? error : &later);
        if (failure == FAILURE_NONE && at + 1 == connection->pending_count)
            last_done = true;
        if (first == FAILURE_NONE)
            first = failure;
        answered = true;
        PQclear(result);
    }
    // A failure that was heard of before says more than that the connection went as well.
    if (gone && first == FAILURE_NONE)
        first = failure_lost(connection->is_condemned ? NULL : connection->pg, error);
    connection->pending_count = 0;
    if (out_last_done != NULL)
        *out_last_done = last_done;
    return first;
}

// Reads results outside pipeline mode up to the end or, with `until_copy`, until the server wants
// the data of a COPY.
static enum failure read_plain(struct connection *connection, bool until_copy, struct error *error)
{
    enum failure first = FAILURE_NONE;
    PGresult *result = NULL;
    struct error later;

    while (true) {
        enum failure failure = FAILURE_NONE;
        ExecStatusType status = PGRES_EMPTY_QUERY;
        if (!next_result(connection, &result))
            return failure_lost(NULL, error);
        if (result == NULL)
            return first;
        status = PQresultStatus(result);
        if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE)
            failure = failure_of_result(result, "SQL text", first == FAILURE_NONE ? error : &later);
        if (first == FAILURE_NONE)
            first = failure;
        PQclear(result);
        if (until_copy && status == PGRES_COPY_IN)
            return first;
    }
}

// Leaves pipeline mode, in which neither several statements in one text nor COPY are possible.
static enum failure start_plain(struct connection *connection, const char *sql, struct error *error)
{
    if (PQexitPipelineMode(connection->pg) != 1 || PQsendQuery(connection->pg, sql) != 1)
        return failure_lost(connection->pg, error);
    return FAILURE_NONE;
}

static enum failure
end_plain(struct connection *connection, enum failure failure, struct error *error)
{
    if (PQenterPipelineMode(connection->pg) != 1 && failure == FAILURE_NONE)
        return failure_lost(connection->pg, error);
    return failure;
}

enum failure connection_execute(struct connection *connection, const char *sql, struct error *error)
{
    enum failure failure = start_plain(connection, sql, error);

    if (failure == FAILURE_NONE)
        failure = read_plain(connection, false, error);
    return end_plain(connection, failure, error);
}

// Writes the data piece by piece; the server may refuse early, and that is read afterwards.
static enum failure put_data(struct connection *connection, struct text data, struct error *error)
{
    size_t sent = 0;

    while (sent <= data.length) {
        size_t part = data.length - sent < COPY_CHUNK ? data.length - sent : COPY_CHUNK;
        int done = part == 0 ? PQputCopyEnd(connection->pg, NULL)
                             : PQputCopyData(connection->pg, data.data + sent, (int)part);
        int unsent = done < 0 ? -1 : PQflush(connection->pg);
        if (unsent < 0)
            return failure_lost(connection->pg, error);
        if (done == 1 && part == 0)
            return FAILURE_NONE;
        if (done == 1)
            sent += part;
        while (unsent == 1) {
            short ready = connection_wait(connection->pg, POLLIN | POLLOUT, connection->silence_ms);
            if (ready == 0) {
                connection->is_condemned = true;
                return failure_lost(NULL, error);
            }
            if (ready != POLLOUT && PQconsumeInput(connection->pg) == 0)
                return failure_lost(connection->pg, error);
            unsent = PQflush(connection->pg);
        }
    }
    return FAILURE_NONE;
}

enum failure connection_copy(struct connection *connection,
                             const char *copy_sql,
                             struct text data,
                             struct error *error)
{
    enum failure failure = start_plain(connection, copy_sql, error);

    if (failure == FAILURE_NONE)
        failure = read_plain(connection, true, error);
    if (failure == FAILURE_NONE)
        failure = put_data(connection, data, error);
    if (failure == FAILURE_NONE)
        failure = read_plain(connection, false, error);
    return end_plain(connection, failure, error);
}
