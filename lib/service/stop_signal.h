// SPDX-License-Identifier: MIT
// stop_signal: SIGTERM and SIGINT, taken by the main thread alone and never in a handler. While it
// waits for them it also takes SIGUSR1, which has the log show every level, and SIGUSR2, which has
// it show those of the setting again: the kernel lets nobody send them but the process's own user
// and root.
#pragma once

#include "base/base.h"

// Blocks all four, and ignores SIGPIPE and SIGHUP. Called before the first thread starts, so that
// every thread inherits it.
void stop_signal_prepare(void);

// Waits for SIGTERM or SIGINT.
void stop_signal_wait(void);

// Waits for one of them, at most `timeout_ms`. True when one came.
bool stop_signal_comes_within(int64_t timeout_ms);

// Ends the process, with status 70, unless it has ended by itself after so many seconds: closing
// nng's sockets may hang for ever after peers were killed (lib/rpc/README.md). Everything that was
// answered is committed by then.
void stop_signal_set_limit(unsigned seconds);

// Does so now.
_Noreturn void stop_signal_break_off(void);
