// SPDX-License-Identifier: MIT
#include "accounts/account.h"

bool account_lock_administrators(struct transaction *transaction, struct error *error)
{
    return store_lock(transaction, "administrator", error);
}

bool account_spare(struct transaction *transaction,
                   const struct user_record *user,
                   struct error *error)
{
    bool has_other = false;

    if (!user->is_administrator)
        return true;
    if (!store_has_other_administrator(transaction, user->id, &has_other, error))
        return false;
    return has_other || error_set(error, REASON_LAST_ADMINISTRATOR,
                                  "%s is the only administrator who can log in.", user->username);
}

bool account_end_access(struct transaction *transaction,
                        const char *user_id,
                        struct account_end *out_end,
                        struct error *error)
{
    return store_end_sessions(transaction, user_id, NULL, &out_end->sessions, error) &&
           store_delete_api_keys(transaction, user_id, &out_end->api_keys, error);
}

bool account_shut_out(struct transaction *transaction,
                      const char *user_id,
                      struct account_end *out_end,
                      struct error *error)
{
    return account_end_access(transaction, user_id, out_end, error) &&
           store_queue_trading_stop(transaction, user_id, error);
}

bool account_delete(struct transaction *transaction,
                    const struct user_record *user,
                    struct account_end *out_end,
                    struct error *error)
{
    return account_spare(transaction, user, error) &&
           account_shut_out(transaction, user->id, out_end, error) &&
           store_queue_forget(transaction, user->id, error);
}

void account_forget(struct auth *auth, const struct account_end *end)
{
    auth_forget_sessions(auth, &end->sessions);
    auth_forget_sessions(auth, &end->api_keys);
}
