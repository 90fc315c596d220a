// SPDX-License-Identifier: MIT
// ownership: what a caller may see of what belongs to somebody. The same rule in every service.
//
// One's own things are seen, and by administrators everybody's; an API key for one portfolio sees
// what is in that portfolio and nothing else. What may not be seen is answered as if it were not
// there. What kind of credential an operation needs is checked before, by lib/rpc.
//
// Threads: any. Memory: none.
#pragma once

#include "rpc/rpc.h"

// True when the caller may see a thing of that user; `portfolio_id` is the portfolio it is in, or
// itself, or NULL for a thing that is in none.
bool ownership_may_see(const struct identity *caller,
                       const char *user_id,
                       const char *portfolio_id);

// True when an administrator acts on what is another user's. Such things are noted: see
// service/audit_outbox.h.
bool ownership_is_for_another(const struct identity *caller, const char *user_id);

// The user a call is about: the caller, or for administrators the one they name in the request's
// user_id (NULL for nobody). Fails with PERMISSION_DENIED when another names somebody else.
MUST_CHECK bool ownership_choose_user(const struct identity *caller,
                                      const char *asked_for,
                                      const char **out_user_id,
                                      struct error *error);
