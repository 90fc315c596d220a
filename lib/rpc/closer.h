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

// Has `end(thing)` called last, waits until that is done, at most `timeout_ms`, and frees; without
// a closer it is called at once. False when it takes longer: what is left to do is done later, and
// the closer freed after it, unless it hangs for good. The thing is the closer's from here on.
bool closer_free(struct closer **closer, void (*end)(void *thing), void *thing, int64_t timeout_ms);
