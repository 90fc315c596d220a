// SPDX-License-Identifier: MIT
// notify: tells the service manager what the program is doing, as systemd's sd_notify does.
//
// Why it exists: a unit of Type=notify counts as started when the program says so, and not when its
// process is there. That is one datagram, for which libsystemd and what it needs are too much.
//
// Threads: the main thread alone.
#pragma once

#include "base/base.h"

// Sends `state` ("READY=1") to the address in $NOTIFY_SOCKET. False when there is a manager and it
// could not be told; without one there is nobody to tell, which is a success.
MUST_CHECK bool notify_send(const char *state);
