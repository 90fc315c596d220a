// SPDX-License-Identifier: MIT
// What a role's password is, by the connection string that the role will use.
#include "connection_private.h"

#include "base/strbuf.h"

#include <string.h>

enum { SQL_MAX = 1024 };

// A keyword's value, or NULL when it is not given.
static const char *find_value(const PQconninfoOption *options, const char *keyword)
{
    for (; options->keyword != NULL; options++)
        if (strcmp(options->keyword, keyword) == 0)
            return options->val;
    return NULL;
}

// The verifier has no character that SQL quotes, and the role's name is one of ours.
static bool alter_role(struct connection *connection,
                       const char *role,
                       const char *password,
                       struct error *error)
{
    OWNED(strbuf) sql = strbuf_new(SQL_MAX);
    char *verifier = PQencryptPasswordConn(connection->pg, password, role, "scram-sha-256");

    if (verifier == NULL)
        return error_set(error, REASON_INVALID_SETTING,
                         "The password of the role %s cannot be used.", role);
    strbuf_printf(sql, "ALTER ROLE %s LOGIN PASSWORD '%s'", role, verifier);
    PQfreemem(verifier);
    return connection_execute(connection, sql->data, error) == FAILURE_NONE;
}

bool connection_set_password(struct connection *connection,
                             const char *role,
                             const char *role_url,
                             struct error *error)
{
    PQconninfoOption *given = NULL;
    const char *user = NULL;
    const char *password = NULL;
    bool is_set = false;

    if (!connection_url_is_valid(role_url, error))
        return false;
    given = PQconninfoParse(role_url, NULL);
    if (given == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET,
                         "The database's URL needs too much memory.");
    user = find_value(given, "user");
    password = find_value(given, "password");
    if (user == NULL || strcmp(user, role) != 0)
        is_set = error_set(error, REASON_INVALID_SETTING,
                           "The service's connection string is of the user \"%s\" instead of %s.",
                           user != NULL ? user : "", role);
    else
        is_set = password == NULL || alter_role(connection, role, password, error);
    PQconninfoFree(given);
    return is_set;
}
