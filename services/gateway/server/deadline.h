// SPDX-License-Identifier: MIT
// deadline: ends reads and writes on a client's connection that take too long.
//
// civetweb only bounds the pause between two bytes, so a body that trickles in would hold a thread
// for as long as its sender likes, and so would an answer that is taken up byte by byte. A thread
// that is about to read or write says until when; a watching thread shuts the socket down for it
// once that time has passed, which wakes the blocked call. The socket is looked for only then,
// among the process's own descriptors, because civetweb does not tell which one it is.
//
// Threads: a slot belongs to one connection's thread; the watching thread looks at all of them.
#pragma once

#include "base/error.h"

struct deadlines;
struct deadline_slot;

MUST_CHECK bool deadlines_new(struct deadlines **out_deadlines, struct error *error);
// All slots must have been given back.
void deadlines_free(struct deadlines **deadlines);

struct deadline_slot *deadline_slot_new(struct deadlines *deadlines);
void deadline_slot_free(struct deadline_slot **slot);

// From now until deadline_end, at most `limit_us`: the connection from that address and port to
// `local_port` is shut down afterwards, for reading only or for both. `remote_address` must live
// until deadline_end. Calling it again sets a new time.
void deadline_begin(struct deadline_slot *slot,
                    const char *remote_address,
                    int remote_port,
                    int local_port,
                    bool also_writing,
                    int64_t limit_us);

// True when the time had passed and the connection was shut down.
bool deadline_end(struct deadline_slot *slot);
