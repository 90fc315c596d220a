// SPDX-License-Identifier: MIT
// credentials: passwords as they are given: at a login, and again before something grave. Whether
// one may be tried at all is asked of throttle before.
//
// Threads: any; hashing takes long and waits its turn at the gate, so callers are handlers of the
// slow lane. All fail with DEADLINE_EXCEEDED when the call's time is over before it is their turn.
#pragma once

#include "auth.h"
#include "auth_store.h"

// Whether it is the user's password and the user may log in. Takes as long for no user (NULL).
MUST_CHECK bool credentials_match(const struct auth *auth,
                                  const struct call *call,
                                  const struct user_record *user,
                                  const char *password,
                                  bool *out_is_right,
                                  struct error *error);

// The same as a failure with WRONG_PASSWORD, for who is logged in already.
MUST_CHECK bool credentials_require(const struct auth *auth,
                                    const struct call *call,
                                    const struct user_record *user,
                                    const char *password,
                                    struct error *error);

// The hash of a new password. Fails with OVERLOADED when the memory for it cannot be had.
MUST_CHECK bool credentials_hash(const struct auth *auth,
                                 const struct call *call,
                                 const char *password,
                                 char out_hash[PASSWORD_HASH_SIZE],
                                 struct error *error);
