// SPDX-License-Identifier: MIT
#include "sessions/throttle.h"

#include "auth.h"

#include <stdio.h>
#include <string.h>

enum { NAME_MAX_BYTES = 1024 };

#define MINUTE (60 * MICROS_PER_SECOND)
#define OF_NAME "wrong logins with one name"
#define OF_ADDRESS "wrong logins from one address"
#define OF_BOTH "wrong logins with one name from one address"
#define KNOWN_PLACE "known place of a user"
#define NOBODY "00000000-0000-0000-0000-000000000000"

static struct rate_limit
limit_of(const char *what, int64_t tokens, int64_t period_us, int64_t burst)
{
    return (struct rate_limit){
        .what = what, .tokens = tokens, .period_us = period_us, .burst = burst};
}

struct throttle_limits throttle_from_settings(const struct service *service)
{
    int64_t of_name = service_int(service, "wrong-logins-of-name");
    int64_t of_address = service_int(service, "wrong-logins-of-address");

    return (struct throttle_limits){
        .registrations = limit_of("registrations from one address",
                                  service_int(service, "registrations-per-hour"), 60 * MINUTE,
                                  service_int(service, "registrations-at-once")),
        .refreshes =
            limit_of("refreshes from one address", service_int(service, "refreshes-per-minute"),
                     MINUTE, service_int(service, "refreshes-at-once")),
        .session_refreshes = limit_of("refreshes of one session",
                                      service_int(service, "session-refreshes-per-minute"), MINUTE,
                                      service_int(service, "session-refreshes-at-once")),
        .api_keys =
            limit_of("new API keys of one account", service_int(service, "api-keys-per-hour"),
                     60 * MINUTE, service_int(service, "api-keys-at-once")),
        .logins =
            {
                .of_name = limit_of(OF_NAME, of_name, 15 * MINUTE, of_name),
                .of_address = limit_of(OF_ADDRESS, of_address, 15 * MINUTE, of_address),
            },
    };
}

// One of what an address may do. Without an address (a service's own call) there is nothing to
// count by.
static bool take_of_address(struct auth *auth,
                            struct call *call,
                            const struct rate_limit *limit,
                            struct error *error)
{
    char place[RATE_PLACE_SIZE];
    struct rate_claim claim;

    if (!rate_limit_is_on(limit) || call->client_address == NULL)
        return true;
    rate_limit_place(call->client_address, place);
    claim = rate_claim_of(auth->mesh_key.bytes, limit, place, 1);
    return rate_limit_take(auth->database, call->arena, &claim, 1, error) &&
           (claim.granted == 1 || rate_limit_refuse(limit, claim.wait_us, error));
}

bool throttle_take_registration(struct auth *auth, struct call *call, struct error *error)
{
    return call->identity.role == ROLE_ADMINISTRATOR ||
           take_of_address(auth, call, &auth->limits.registrations, error);
}

bool throttle_take_refresh(struct auth *auth, struct call *call, struct error *error)
{
    return take_of_address(auth, call, &auth->limits.refreshes, error);
}

bool throttle_take_api_key(struct auth *auth,
                           struct transaction *transaction,
                           const struct call *call,
                           struct error *error)
{
    const struct rate_limit *limit = &auth->limits.api_keys;
    struct rate_claim claim;
    struct rows rows = {0};

    if (!rate_limit_is_on(limit))
        return true;
    claim = rate_claim_of(auth->mesh_key.bytes, limit, call->identity.user_id, 1);
    if (!rate_limit_queue(transaction, &claim, 1, &rows, error) ||
        !transaction_flush(transaction, error))
        return false;
    rate_limit_read(&rows, &claim, 1);
    return claim.granted == 1 || rate_limit_refuse(limit, claim.wait_us, error);
}

// Names are the same in either case, as where they are looked up.
static void fold(const char *name, char out_folded[NAME_MAX_BYTES])
{
    size_t length = strnlen(name, NAME_MAX_BYTES - 1);

    for (size_t i = 0; i < length; i++)
        out_folded[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a') : name[i];
    out_folded[length] = '\0';
}

static void make_keys(const struct auth *auth,
                      const struct call *call,
                      const char *name,
                      const char *user_id,
                      struct login_keys *out_keys)
{
    const unsigned char *key = auth->mesh_key.bytes;
    char folded[NAME_MAX_BYTES];
    char place[RATE_PLACE_SIZE];
    char both[NAME_MAX_BYTES + RATE_PLACE_SIZE];

    fold(name, folded);
    rate_limit_place(call->client_address, place);
    rate_limit_key(key, OF_NAME, folded, out_keys->name);
    rate_limit_key(key, OF_ADDRESS, place, out_keys->address);
    // The place first: there is no space in an address, so that no two pairs are one text.
    snprintf(both, sizeof both, "%s %s", place, folded);
    rate_limit_key(key, OF_BOTH, both, out_keys->pair);
    snprintf(both, sizeof both, "%s %s", place, user_id);
    rate_limit_key(key, KNOWN_PLACE, both, out_keys->place);
}

static bool
refuse_login(struct auth *auth, const struct login_verdict *verdict, struct error *error)
{
    int64_t seconds = rate_limit_seconds(verdict->wait_us);

    metric_add(auth->logins, 1, "put_off", NULL);
    if (verdict->limit != NULL)
        return rate_limit_refuse(verdict->limit, verdict->wait_us, error);
    error_set(error, REASON_TOO_MANY_REQUESTS,
              "There were %d wrong logins in a row or more with this name from your address. Try "
              "again in %lld seconds.",
              LOGIN_WRONG_FREE, (long long)seconds);
    error_add_number(error, "retry_after", "%lld", (long long)seconds);
    return false;
}

bool throttle_begin_login(struct auth *auth,
                          struct call *call,
                          const char *name,
                          const char *user_id,
                          struct login_try *out_try,
                          struct error *error)
{
    const char *owner = user_id == NULL ? NOBODY : user_id;
    struct login_try login = {0};
    struct login_verdict verdict;

    make_keys(auth, call, name, owner, &login.keys);
    if (!store_load_login_history(auth->database, call->arena, &login.keys, owner, &login.history,
                                  error))
        return false;
    verdict = login_guard_judge(&auth->limits.logins, &login.history);
    // Who guesses has to wait, with the right password too: else it would still be found.
    if (verdict.wait_us > 0)
        return refuse_login(auth, &verdict, error);
    *out_try = login;
    return true;
}

bool throttle_count_wrong_login(struct auth *auth,
                                struct call *call,
                                const struct login_try *login,
                                struct error *error)
{
    const struct login_limits *limits = &auth->limits.logins;
    struct rate_claim claims[2];
    size_t count = 0;

    if (rate_limit_is_on(&limits->of_name)) {
        claims[count] = (struct rate_claim){.limit = &limits->of_name, .wanted = 1};
        memcpy(claims[count++].key, login->keys.name, RATE_KEY_SIZE);
    }
    if (rate_limit_is_on(&limits->of_address) && call->client_address != NULL) {
        claims[count] = (struct rate_claim){.limit = &limits->of_address, .wanted = 1};
        memcpy(claims[count++].key, login->keys.address, RATE_KEY_SIZE);
    }
    return store_count_wrong_login(auth->database, call->arena, login->keys.pair,
                                   login_guard_wrong_max(&login->history), claims, count, error);
}
