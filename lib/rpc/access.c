// SPDX-License-Identifier: MIT
#include "rpc/access.h"

static bool needs_scope(const struct rpc_method *method,
                        const struct identity *identity,
                        enum scope scope,
                        struct error *error)
{
    if (identity->scope >= scope)
        return true;
    if (scope == SCOPE_TRADE)
        return error_set(error, REASON_INSUFFICIENT_SCOPE,
                         "%s needs an API key with the scope trade, or a login",
                         method->short_name);
    return error_set(error, REASON_INSUFFICIENT_SCOPE, "%s needs a login: no API key may do it",
                     method->short_name);
}

static bool needs_administrator(const struct rpc_method *method,
                                const struct identity *identity,
                                struct error *error)
{
    if (identity->role != ROLE_ADMINISTRATOR)
        return error_set(error, REASON_PERMISSION_DENIED, "%s is for administrators only",
                         method->short_name);
    return needs_scope(method, identity, SCOPE_ACCOUNT, error);
}

bool rpc_access_allows(const struct rpc_method *method,
                       const struct identity *identity,
                       struct error *error)
{
    switch (method->access) {
    case RPC_ACCESS_OPEN:
        return true;
    case RPC_ACCESS_READ:
        return needs_scope(method, identity, SCOPE_READ, error);
    case RPC_ACCESS_TRADE:
        return needs_scope(method, identity, SCOPE_TRADE, error);
    case RPC_ACCESS_ACCOUNT:
        return needs_scope(method, identity, SCOPE_ACCOUNT, error);
    case RPC_ACCESS_ADMINISTRATOR:
        return needs_administrator(method, identity, error);
    case RPC_ACCESS_MESH:
        break;
    }
    return error_set(error, REASON_PERMISSION_DENIED, "%s is not open to anybody",
                     method->short_name);
}
