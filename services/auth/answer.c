// SPDX-License-Identifier: MIT
#include "answer.h"

#include "bourse/portfolio/v1/portfolio_client.h"

enum { BALANCE_TIMEOUT_MS = 1000 };

bool answer_too_large(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The request is too large.");
}

bool answer_user(struct arena *arena,
                 const struct user_record *record,
                 Auth__User **out_user,
                 struct error *error)
{
    Auth__User *user = arena_allocate(arena, sizeof *user);

    if (user == NULL)
        return answer_too_large(error);
    auth__user__init(user);
    user->id = record->id;
    user->username = record->username;
    user->email = record->email;
    user->first_name = record->first_name;
    user->last_name = record->last_name;
    user->has_role = true;
    user->role = record->is_administrator ? AUTH__ROLE__ROLE_ADMINISTRATOR : AUTH__ROLE__ROLE_USER;
    user->has_created_at = true;
    user->created_at = record->created_at;
    user->has_is_active = true;
    user->is_active = record->is_active;
    user->has_deleted_at = record->is_deleted;
    user->deleted_at = record->deleted_at;
    *out_user = user;
    return true;
}

bool answer_read_page_token(const char *token, const char **out_before_id, struct error *error)
{
    bool is_given = token != NULL && token[0] != '\0';

    if (is_given && !uuid_is_valid(token))
        return error_set(error, REASON_INVALID_PAGE_TOKEN, "page_token is not one of ours.");
    *out_before_id = is_given ? token : NULL;
    return true;
}

void answer_balance(struct auth *auth, const struct call *call, Auth__User *user)
{
    Portfolio__GetUserCashRequest request = PORTFOLIO__GET_USER_CASH_REQUEST__INIT;
    Portfolio__GetUserCashResponse *response = NULL;
    struct call asking = *call;
    int64_t latest_us = clock_now_us(&auth->clock) + BALANCE_TIMEOUT_MS * MICROS_PER_MS;
    struct error error;

    if (asking.deadline_us > latest_us)
        asking.deadline_us = latest_us;
    request.user_id = user->id;
    if (!portfolio_client_get_user_cash(auth->portfolio, &asking, &request, &response, &error) ||
        !response->has_cash_micros)
        return;
    user->has_balance_micros = true;
    user->balance_micros = response->cash_micros;
}
