// SPDX-License-Identifier: MIT
// server_access: the one place where the access that a .proto declares for each operation is
// enforced, in every service alike. What belongs to whom only the service itself knows; see
// service/access.h.
#include "rpc/access.h"
#include "rpc/server.h"

#include <string.h>

static bool is_among(const char *caller, const char *const *callers)
{
    for (; callers != NULL && *callers != NULL; callers++)
        if (strcmp(*callers, caller) == 0)
            return true;
    return false;
}

static bool has_token(const struct call *call)
{
    return call->access_token != NULL && call->access_token[0] != '\0';
}

// Fills the identity from the token.
static bool
identify(const struct rpc_server_options *options, struct call *call, struct error *error)
{
    if (!has_token(call))
        return error_set(error, REASON_UNAUTHENTICATED, "this needs an access token");
    if (options->authenticate == NULL)
        return error_set(error, REASON_UNAUTHENTICATED, "%s takes no access tokens",
                         options->service);
    if (options->authenticate(options->authenticate_context, call->access_token, &call->identity,
                              error))
        return true;
    memset(&call->identity, 0, sizeof call->identity);
    return false;
}

static bool needs_caller(struct server_call *call, const struct rpc_method *method)
{
    const char *caller = call->call.caller;

    if (is_among(caller, method->callers))
        return true;
    return error_set(&call->error, REASON_NOT_A_MESH_PEER, "%s may not call %s",
                     caller[0] != '\0' ? caller : "nobody", method->short_name);
}

bool server_access_check(struct server_call *call, const struct rpc_method *method)
{
    const struct rpc_server_options *options = &call->batch->lane->server->options;
    struct call *what = &call->call;
    bool is_needed = method->access != RPC_ACCESS_OPEN && method->access != RPC_ACCESS_MESH;
    // Where no token is needed, an old one makes its bearer nobody, and is no reason to fail: who
    // logs in anew often still sends the last one.
    bool is_identified = (is_needed || has_token(what)) && identify(options, what, &call->error);

    if (is_needed && !is_identified)
        return false;
    if (method->access == RPC_ACCESS_MESH)
        return needs_caller(call, method);
    return rpc_access_allows(method, &what->identity, &call->error);
}

// The text in that field of the request; NULL when it is not there.
static const char *text_of_field(const struct server_call *call,
                                 const struct rpc_method *method,
                                 const char *json_name)
{
    const struct field_info *field = NULL;
    const char *value = NULL;
    size_t offset = 0;

    if (!message_find_field(method->request, json_name, &field))
        return NULL;
    offset = call->request->descriptor->fields[field - method->request->fields].offset;
    memcpy(&value, (const char *)call->request + offset, sizeof value);
    return value;
}

bool server_access_check_owner(struct server_call *call, const struct rpc_method *method)
{
    const char *allowed = call->call.identity.portfolio_id;
    const char *asked_for = NULL;

    if (allowed[0] == '\0' || method->access == RPC_ACCESS_OPEN ||
        method->access == RPC_ACCESS_MESH)
        return true;
    // What is nobody's yet can only be read, as far as the service shows it to this key.
    if (method->owner == NULL && method->access != RPC_ACCESS_READ)
        return error_set(&call->error, REASON_INSUFFICIENT_SCOPE,
                         "this API key is for one portfolio alone, and %s is not about it",
                         method->short_name);
    if (method->owner == NULL || strcmp(method->owner, "portfolio_id") != 0)
        return true;
    asked_for = text_of_field(call, method, method->owner);
    if (asked_for == NULL || strcmp(asked_for, allowed) == 0)
        return true;
    return error_set(&call->error, REASON_PORTFOLIO_NOT_FOUND, "There is no portfolio %s.",
                     asked_for);
}
