// SPDX-License-Identifier: MIT
// closer: a thread that closes things whose closing may hang.
//
// nng_close of nng 1.5.2 now and then never returns. Nobody else may wait for it, so what is to be
// closed is given to this thread; when it hangs, what it was given is lost, and nothing more.
#pragma once

#include "base/base.h"
#include "base/error.h"

struct closer;

// Starts the thread. The caller owns it.
MUST_CHECK bool closer_new(struct closer **out_closer, struct error *error);

// Has `close(thing)` called by the thread, in the order given.
void closer_give(struct closer *closer, void (*close)(void *thing), void *thing);

// Waits until everything given is closed, at most `timeout_ms`, and frees. When it hangs, false is
// returned and the closer, with what it still has, is left behind for good.
bool closer_free(struct closer **closer, int64_t timeout_ms);
