// SPDX-License-Identifier: MIT
// notify: tells the service manager what the program is doing, as systemd's sd_notify does.
//
// Why it exists: a unit of Type=notify counts as started when the program says so, and not when its
// process is there. That is one datagram, for which libsystemd and what it needs are too much.
//
// Threads: any.
#pragma once

#include "base/base.h"

// Sends `state` ("READY=1") to `manager`: a path, or a name of the abstract name space that begins
// with '@', as it is in $NOTIFY_SOCKET. False when it could not be told.
MUST_CHECK bool notify_send(const char *manager, const char *state);
