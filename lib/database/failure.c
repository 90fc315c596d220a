// SPDX-License-Identifier: MIT
#include "failure.h"

#include "database/database.h"

#include <string.h>

static bool is_one_of(const char *sqlstate, const char *const *states)
{
    for (; *states != NULL; states++)
        if (strncmp(sqlstate, *states, strlen(*states)) == 0)
            return true;
    return false;
}

static enum failure refused(struct error *error, const PGresult *result, const char *statement)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);

    error_add_number(error, "sqlstate", "%s", sqlstate);
    error_add_number(error, "statement", "%s", statement);
    if (constraint != NULL)
        error_add_number(error, "constraint", "%s", constraint);
    return FAILURE_REFUSED;
}

enum failure failure_of_result(const PGresult *result, const char *statement, struct error *error)
{
    // 40003 is "statement completion unknown"; CockroachDB answers it for a lost commit.
    static const char *const clash[] = {"40001", "40P01", NULL};
    static const char *const unknown[] = {"40003", NULL};
    static const char *const gone[] = {"08", "53", "57P", "25006", "25P03", "58", NULL};
    static const char *const stale[] = {"26000", "0A000", NULL};
    static const char *const broken_key[] = {"23505", "23503", "23P01", NULL};
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *detail = "";

    if (sqlstate == NULL || is_one_of(sqlstate, gone)) {
        error_set(error, REASON_DATABASE_UNAVAILABLE, "The database ended the connection.");
        if (sqlstate != NULL)
            refused(error, result, statement);
        return FAILURE_LOST;
    }
    if (is_one_of(sqlstate, unknown))
        return failure_unknown(error);
    if (is_one_of(sqlstate, clash)) {
        error_set(error, REASON_CONFLICT, "Other transactions kept changing the same rows.");
        refused(error, result, statement);
        return FAILURE_CLASH;
    }
    if (strcmp(sqlstate, "55P03") == 0) {
        error_set(error, REASON_CONFLICT, "The same rows were locked for too long by others.");
        return refused(error, result, statement);
    }
    if (strcmp(sqlstate, "57014") == 0) {
        error_set(error, REASON_CONFLICT, "The database took too long and gave up.");
        return refused(error, result, statement);
    }
    if (is_one_of(sqlstate, broken_key)) {
        error_set(error, REASON_CONFLICT,
                  "Another row is in the way, or one that is needed is not there.");
        return refused(error, result, statement);
    }
#ifndef NDEBUG
    // What the database says may quote data, so only developers see it.
    detail = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
#endif
    error_set(error, REASON_INTERNAL, "The database refused %s with SQLSTATE %s. %s", statement,
              sqlstate, detail == NULL ? "" : detail);
    refused(error, result, statement);
    return is_one_of(sqlstate, stale) ? FAILURE_STALE : FAILURE_REFUSED;
}

enum failure failure_lost(const PGconn *connection, struct error *error)
{
    const char *message = connection == NULL ? "no answer" : PQerrorMessage(connection);

    // The first line of libpq's message says it.
    error_set(error, REASON_DATABASE_UNAVAILABLE, "The database cannot be reached: %.*s",
              (int)strcspn(message, "\n"), message);
    return FAILURE_LOST;
}

enum failure failure_unknown(struct error *error)
{
    error_set(error, REASON_OUTCOME_UNKNOWN,
              "The connection to the database was lost while this was being committed.");
    error->outcome_unknown = true;
    return FAILURE_UNKNOWN;
}

static const char *detail_of(const struct error *error, const char *name)
{
    for (size_t i = 0; i < error->detail_count; i++)
        if (error->details[i].kind == ERROR_NUMBER && strcmp(error->details[i].name, name) == 0)
            return error->details[i].value;
    return "";
}

const char *failure_sqlstate(const struct error *error)
{
    return detail_of(error, "sqlstate");
}

bool failure_is_of(const struct error *error, const char *statement)
{
    return strcmp(detail_of(error, "statement"), statement) == 0;
}

const char *error_constraint(const struct error *error)
{
    return detail_of(error, "constraint");
}
