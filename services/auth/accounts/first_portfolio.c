// SPDX-License-Identifier: MIT
#include "accounts/first_portfolio.h"

#include "base/fault.h"
#include "bourse/portfolio/v1/portfolio_client.h"

#include <stdio.h>

enum { OPEN_TIMEOUT_MS = 3000, WORK_BUDGET = 1024 * 1024 };

static int64_t earlier(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

bool first_portfolio_open(struct auth *auth,
                          struct call *call,
                          const struct user_record *user,
                          int64_t *out_cash_micros,
                          struct error *error)
{
    Portfolio__OpenFirstPortfolioRequest request = PORTFOLIO__OPEN_FIRST_PORTFOLIO_REQUEST__INIT;
    Portfolio__OpenFirstPortfolioResponse *response = NULL;
    struct call opening = *call;
    struct uuid request_id;
    char name[64];

    // The same id each time, so that all tries are one request.
    snprintf(name, sizeof name, "first_portfolio:%s", user->id);
    request_id = uuid_from_name(text_of(name));
    opening.request_id = request_id.string;
    opening.deadline_us =
        earlier(call->deadline_us, clock_now_us(&auth->clock) + OPEN_TIMEOUT_MS * MICROS_PER_MS);
    request.user_id = user->id;
    request.has_cash_balance_micros = user->has_first_cash;
    request.cash_balance_micros = user->first_cash_micros;
    if (fault_point("auth.before_first_portfolio"))
        return error_set(error, REASON_UNAVAILABLE, "The fault point is armed.");
    if (!portfolio_client_open_first_portfolio(auth->portfolio, &opening, &request, &response,
                                               error))
        return false;
    *out_cash_micros = response->cash_balance_micros;
    // Should this fail, it is opened again, which changes nothing.
    return store_mark_portfolio(auth->database, call->arena, user->id, true, error);
}

static void note_failure(struct auth *auth,
                         struct arena *arena,
                         const struct user_record *user,
                         const struct error *error)
{
    struct error ignored;

    log_write(LOG_WARNING, "first_portfolio_not_opened", "user", user->id, "reason", error->reason,
              "message", error->message, NULL);
    // Not being able to note the time of this try only makes the next one come sooner.
    (void)!store_mark_portfolio(auth->database, arena, user->id, false, &ignored);
}

bool first_portfolio_open_all(void *context)
{
    struct auth *auth = context;
    OWNED(arena) arena = arena_new(WORK_BUDGET);
    struct user_record *users = NULL;
    size_t count = 0;
    size_t opened = 0;
    struct error error;

    if (!store_list_without_portfolio(auth->database, arena, &users, &count, &error))
        return false;
    for (size_t i = 0; i < count && !atomic_load(&auth->stopping); i++) {
        struct call call = call_start(arena, OPEN_TIMEOUT_MS);
        int64_t cash_micros = 0;
        if (first_portfolio_open(auth, &call, &users[i], &cash_micros, &error)) {
            opened++;
            continue;
        }
        // A service that cannot be reached cannot be reached for the others either.
        if (error_is_silence(&error))
            return false;
        note_failure(auth, arena, &users[i], &error);
    }
    return opened > 0 && opened == count;
}
