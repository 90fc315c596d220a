// SPDX-License-Identifier: MIT
// audit: notes who did what to accounts, from where and with what result.
//
// What was done is noted in the transaction that does it, so that neither is there without the
// other. What was refused changes nothing, and is noted by itself. No note holds a secret; names
// that nobody has are left out, because people type passwords into the wrong field.
//
// Threads: any. Memory: the call's arena.
#pragma once

#include "auth.h"

struct audit_event {
    const char *action;  // "password.change"; README.md lists them
    const char *subject; // the user, session or key it is about; NULL for the actor
    const char *detail;  // NULL for none
    // Who did it, where the call does not say: at a login. NULL for the call's user.
    const char *actor_id;
    const char *actor;
};

// Queued in the transaction of the effect.
MUST_CHECK bool audit_done(struct transaction *transaction,
                           const struct call *call,
                           const struct audit_event *event,
                           struct error *error);

// Notes that it was refused, and why. When even that cannot be written the log says so, and the
// caller is refused all the same.
void audit_refused(struct auth *auth,
                   const struct call *call,
                   const struct audit_event *event,
                   const struct error *refusal);
