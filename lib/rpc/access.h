// SPDX-License-Identifier: MIT
// access: who may call an operation, by what its .proto declares. Enforced by the server, whoever
// calls (server_access.c); asked by the gateway where it has to say no before a service can.
//
// Threads: pure functions.
#pragma once

#include "rpc/rpc.h"

// Whether a user may call an operation that is not for services. Fails with PERMISSION_DENIED or
// INSUFFICIENT_SCOPE.
MUST_CHECK bool rpc_access_allows(const struct rpc_method *method,
                                  const struct identity *identity,
                                  struct error *error);
