// SPDX-License-Identifier: MIT
// credentials: passwords as they are given: at a login, and again before something grave.
//
// Threads: any; a check takes as long as a hash, so callers are handlers of the slow lane.
#pragma once

#include "auth.h"
#include "auth_store.h"

// Whoever guesses has to wait, with the right password too: else it would still be found. Fails
// with TOO_MANY_REQUESTS. `name` is what was given as the name, whether somebody has it or not.
MUST_CHECK bool credentials_admit(struct auth *auth, const char *name, struct error *error);

// Tells the guard how it went, so that guesses are counted and a right password ends the count.
void credentials_note(struct auth *auth, const char *name, bool is_right);

// True when it is the user's password and the user may log in. Takes as long for no user (NULL).
bool credentials_match(const struct auth *auth,
                       const struct user_record *user,
                       const char *password);

// The same as a failure with WRONG_PASSWORD, for who is logged in already.
MUST_CHECK bool credentials_require(const struct auth *auth,
                                    const struct user_record *user,
                                    const char *password,
                                    struct error *error);
