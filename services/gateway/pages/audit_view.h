// SPDX-License-Identifier: MIT
// audit_view: events of the audit log as people read them.
//
// What an event tells besides is a request as JSON, which may have been cut, or a few words; here
// these are facts, each with its label. What only repeats whom it was done to is left out. A user
// that is told by id alone has a name where another of the events has it.
//
// Threads: pure functions. Memory: the arena's.
#pragma once

#include "base/arena.h"
#include "bourse/gateway/v1/pages.pb-c.h"

// The views of `count` events; NULL when the arena's budget is spent.
Pages__AuditEventView **
audit_view_make(struct arena *arena, Auth__AuditEvent *const *events, size_t count);

// Calls a user that events were done to by that name.
void audit_view_name_user(Pages__AuditEventView *const *views,
                          size_t count,
                          const char *user_id,
                          const char *name);
