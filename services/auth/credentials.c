// SPDX-License-Identifier: MIT
#include "credentials.h"

#include "login_guard.h"
#include "password.h"

bool credentials_admit(struct auth *auth, const char *name, struct error *error)
{
    int64_t seconds = login_guard_wait_seconds(auth->login_guard, name, clock_monotonic_us());

    if (seconds == 0)
        return true;
    metric_add(auth->logins, 1, "put_off", NULL);
    error_set(error, REASON_TOO_MANY_REQUESTS,
              "There were too many wrong logins with this name. Try again in %lld seconds.",
              (long long)seconds);
    error_add_number(error, "retry_after", "%lld", (long long)seconds);
    return false;
}

void credentials_note(struct auth *auth, const char *name, bool is_right)
{
    if (is_right)
        login_guard_forget(auth->login_guard, name);
    else
        login_guard_count_wrong(auth->login_guard, name, clock_monotonic_us());
}

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
