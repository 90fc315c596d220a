// SPDX-License-Identifier: MIT
#include "credentials.h"

#include "password.h"

bool credentials_match(const struct auth *auth,
                       const struct user_record *user,
                       const char *password)
{
    bool is_right =
        password_verify(&auth->hasher, user == NULL ? NULL : user->password_hash, password);

    return is_right && user != NULL && user->is_active;
}

bool credentials_require(const struct auth *auth,
                         const struct user_record *user,
                         const char *password,
                         struct error *error)
{
    return credentials_match(auth, user, password) ||
           error_set(error, REASON_WRONG_PASSWORD, "The password is wrong.");
}
