// SPDX-License-Identifier: MIT
// credentials: passwords as they are given: at a login, and again before something grave. Whether
// one may be tried at all is asked of throttle before.
//
// Threads: any; a check takes as long as a hash, so callers are handlers of the slow lane.
#pragma once

#include "auth.h"
#include "auth_store.h"

// True when it is the user's password and the user may log in. Takes as long for no user (NULL).
bool credentials_match(const struct auth *auth,
                       const struct user_record *user,
                       const char *password);

// The same as a failure with WRONG_PASSWORD, for who is logged in already.
MUST_CHECK bool credentials_require(const struct auth *auth,
                                    const struct user_record *user,
                                    const char *password,
                                    struct error *error);
