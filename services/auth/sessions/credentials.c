// SPDX-License-Identifier: MIT
#include "sessions/credentials.h"

#include "passwords/hash_gate.h"
#include "passwords/password.h"

bool credentials_match(const struct auth *auth,
                       const struct call *call,
                       const struct user_record *user,
                       const char *password,
                       bool *out_is_right,
                       struct error *error)
{
    const char *hash = user == NULL ? NULL : user->password_hash;
    bool is_right = false;

    if (!hash_gate_enter(auth->hash_gate, call->deadline_us, error))
        return false;
    is_right = password_verify(&auth->hasher, hash, password);
    hash_gate_leave(auth->hash_gate);
    *out_is_right = is_right && user != NULL && user->is_active;
    return true;
}

bool credentials_require(const struct auth *auth,
                         const struct call *call,
                         const struct user_record *user,
                         const char *password,
                         struct error *error)
{
    bool is_right = false;

    return credentials_match(auth, call, user, password, &is_right, error) &&
           (is_right || error_set(error, REASON_WRONG_PASSWORD, "The password is wrong."));
}

bool credentials_hash(const struct auth *auth,
                      const struct call *call,
                      const char *password,
                      char out_hash[PASSWORD_HASH_SIZE],
                      struct error *error)
{
    bool done = false;

    if (!hash_gate_enter(auth->hash_gate, call->deadline_us, error))
        return false;
    done = password_hash(&auth->hasher, password, out_hash, error);
    hash_gate_leave(auth->hash_gate);
    return done;
}
