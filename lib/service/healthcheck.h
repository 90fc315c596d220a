// SPDX-License-Identifier: MIT
// healthcheck: asks another process of the same program whether it is ready, for those who run it
// in a container that has nothing else to ask with.
#pragma once

#include "base/error.h"
#include "base/strbuf.h"

// Asks the admin port on `listen` ("host:port", as --admin-listen has it) for /readyz, and appends
// what it says to `out_said`. True when it is ready.
//
// Fails with INVALID_SETTING when `listen` is no address, and with UNAVAILABLE when it is not ready
// or has not answered within `timeout_ms`.
MUST_CHECK bool healthcheck_ask(const char *listen,
                                int64_t timeout_ms,
                                struct strbuf *out_said,
                                struct error *error);
