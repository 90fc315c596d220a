// SPDX-License-Identifier: MIT
// throttle: how often somebody may register, log in and refresh. The handlers ask here before they
// do anything that costs something.
//
// Threads: any. Memory: the call's arena. All of these fail with TOO_MANY_REQUESTS, which says how
// long to wait, and with DATABASE_UNAVAILABLE: without the counts nobody is let in.
#pragma once

#include "auth_store.h"
#include "service/service.h"
#include "sessions/login_guard.h"

struct auth;

// By setting.
struct throttle_limits {
    struct rate_limit registrations;     // from one address
    struct rate_limit refreshes;         // from one address
    struct rate_limit session_refreshes; // of one session
    struct rate_limit api_keys;          // made by one account
    struct login_limits logins;
};

enum { THROTTLE_MAX = 1000000 }; // most that a setting may be
struct throttle_limits throttle_from_settings(const struct service *service);

// One more registration from the caller's address. An administrator's is not counted.
MUST_CHECK bool
throttle_take_registration(struct auth *auth, struct call *call, struct error *error);

MUST_CHECK bool throttle_take_refresh(struct auth *auth, struct call *call, struct error *error);

// One more API key of the caller's, in the transaction that makes it. There are few at a time, but
// each that is deleted leaves a revocation, which every service has to remember for a while.
MUST_CHECK bool throttle_take_api_key(struct auth *auth,
                                      struct transaction *transaction,
                                      const struct call *call,
                                      struct error *error);

// A login on its way.
struct login_try {
    struct login_keys keys;
    struct login_history history;
};

// Says whether a password may be tried with this name: at a login, and by who is asked for it
// again. `user_id` is who has the name; NULL for nobody: all the same is done then.
MUST_CHECK bool throttle_begin_login(struct auth *auth,
                                     struct call *call,
                                     const char *name,
                                     const char *user_id,
                                     struct login_try *out_try,
                                     struct error *error);
// The password was wrong. That one was right is told with what it was for: store_queue_right_login.
MUST_CHECK bool throttle_count_wrong_login(struct auth *auth,
                                           struct call *call,
                                           const struct login_try *login,
                                           struct error *error);
