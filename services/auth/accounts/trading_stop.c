// SPDX-License-Identifier: MIT
#include "accounts/trading_stop.h"

#include "auth_store.h"
#include "bourse/trading/v1/trading_client.h"

enum { STOP_TIMEOUT_MS = 3000, WORK_BUDGET = 1024 * 1024 };

static bool stop_one(struct auth *auth,
                     struct arena *arena,
                     const struct trading_stop *stop,
                     enum trading_stop_answer *out_answer,
                     struct error *error)
{
    Trading__StopUserTradingRequest request = TRADING__STOP_USER_TRADING_REQUEST__INIT;
    Trading__StopUserTradingResponse *response = NULL;
    struct call call = call_start(arena, STOP_TIMEOUT_MS);

    request.user_id = stop->user_id;
    if (!trading_client_stop_user_trading(auth->trading, &call, &request, &response, error))
        return false;
    *out_answer = response->complete ? TRADING_STOP_DONE : TRADING_STOP_UNDER_WAY;
    return true;
}

// A refusal is said once, however often trading is asked again, and so is that it does it after
// all: one of a version that does not know how may stay for as long as an upgrade takes.
static void
tell(const struct trading_stop *stop, enum trading_stop_answer answer, const struct error *refusal)
{
    if (answer == TRADING_STOP_REFUSED && stop->refusals == 0)
        log_write(LOG_WARNING, "trading_not_stopped", "user", stop->user_id, "reason",
                  refusal->reason, "message", refusal->message, NULL);
    if (answer != TRADING_STOP_REFUSED && stop->refusals > 0)
        log_write(LOG_INFO, "trading_stopped", "user", stop->user_id, NULL);
}

static void note(struct auth *auth,
                 struct arena *arena,
                 const struct trading_stop *stop,
                 enum trading_stop_answer answer)
{
    struct error error;

    // What cannot be noted is only done once more.
    if (!store_mark_trading_stop(auth->database, arena, stop, answer, &error))
        log_write(LOG_WARNING, "trading_stop_not_noted", "user", stop->user_id, "reason",
                  error.reason, NULL);
}

bool trading_stop_all(void *context)
{
    struct auth *auth = context;
    OWNED(arena) arena = arena_new(WORK_BUDGET);
    struct trading_stop *stops = NULL;
    size_t count = 0;
    struct error error;

    // A database that is away is told of by the service itself, once.
    if (!store_list_trading_stops(auth->database, arena, &stops, &count, &error))
        return false;
    for (size_t i = 0; i < count && !atomic_load(&auth->stopping); i++) {
        enum trading_stop_answer answer = TRADING_STOP_REFUSED;

        // A service that cannot be reached cannot be reached for the others either.
        if (!stop_one(auth, arena, &stops[i], &answer, &error) && error_is_silence(&error))
            return false;
        tell(&stops[i], answer, &error);
        note(auth, arena, &stops[i], answer);
    }
    return false;
}
