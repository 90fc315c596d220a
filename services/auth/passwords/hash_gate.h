// SPDX-License-Identifier: MIT
// hash_gate: how many passwords are hashed at once.
//
// A hash keeps a core busy and takes much memory, while the rest of a login waits for PostgreSQL.
// So there are more workers than may hash: those that wait for the database leave the cores to the
// others, and no storm of logins gets more cores or memory than it is meant to have.
//
// Whoever comes first goes first. At most the slow lane's workers wait here, and none past the
// deadline of its call. Nobody inside waits for anything, so it never locks up.
//
// Threads: any. Memory: the gate; who waits does so on its own stack.
#pragma once

#include "base/error.h"

struct hash_gate;

// So many may be inside at once; 0: half of the machine's cores, but one at least.
struct hash_gate *hash_gate_new(size_t places);
void hash_gate_free(struct hash_gate **gate); // nobody may be inside

// Waits until there is a place, and takes it. `deadline_us` is real time, as that of a call; a call
// that is late already does not get in.
//
// Fails with DEADLINE_EXCEEDED when that time comes first; then nothing has been taken.
MUST_CHECK bool hash_gate_enter(struct hash_gate *gate, int64_t deadline_us, struct error *error);
void hash_gate_leave(struct hash_gate *gate);

struct hash_gate_numbers {
    size_t places;
    size_t inside;
    size_t waiting;
    uint64_t late; // that did not get in before their deadline, so far
};
struct hash_gate_numbers hash_gate_count(struct hash_gate *gate);
