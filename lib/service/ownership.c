// SPDX-License-Identifier: MIT
#include "service/ownership.h"

#include <string.h>

bool ownership_may_see(const struct identity *caller, const char *user_id, const char *portfolio_id)
{
    if (caller->portfolio_id[0] != '\0' &&
        (portfolio_id == NULL || strcmp(caller->portfolio_id, portfolio_id) != 0))
        return false;
    return caller->role == ROLE_ADMINISTRATOR || strcmp(caller->user_id, user_id) == 0;
}

bool ownership_is_for_another(const struct identity *caller, const char *user_id)
{
    return caller->role == ROLE_ADMINISTRATOR && strcmp(caller->user_id, user_id) != 0;
}

bool ownership_choose_user(const struct identity *caller,
                           const char *asked_for,
                           const char **out_user_id,
                           struct error *error)
{
    if (asked_for != NULL && strcmp(asked_for, caller->user_id) != 0 &&
        caller->role != ROLE_ADMINISTRATOR)
        return error_set(error, REASON_PERMISSION_DENIED,
                         "Only administrators may name another user in user_id.");
    *out_user_id = asked_for != NULL ? asked_for : caller->user_id;
    return true;
}
