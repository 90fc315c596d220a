// SPDX-License-Identifier: MIT
#include "rest/credential.h"

#include "base/digest.h"
#include "bourse/auth/v1/auth_client.h"
#include "pages/form.h"
#include "rest/credential_cache.h"
#include "rest/csrf.h"
#include "rest/exchange.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { BASIC_MAX = 256, EXCHANGE_TIMEOUT_MS = 3000 };

const char *credential_cookie_name(const struct http_request *request)
{
    return request->is_secure ? "__Host-bourse_session" : "bourse_session";
}

static bool read_bearer(const char *value, struct credential *credential, struct error *error)
{
    value += strspn(value, " ");
    // One that is longer than any would be too large for a call, and is answered as a wrong one.
    if (value[0] == '\0' || strchr(value, ' ') != NULL || strlen(value) >= TOKEN_MAX)
        return error_set(error, REASON_INVALID_TOKEN, "The access token is not valid.");
    *credential = (struct credential){.kind = CREDENTIAL_TOKEN, .secret = value};
    return true;
}

// RFC 7617: the base64 of "id:secret".
static bool read_basic(const struct http_request *request,
                       const char *value,
                       struct credential *credential,
                       struct error *error)
{
    char *text = arena_allocate(request->arena, BASIC_MAX);
    char *colon = NULL;
    size_t length = 0;

    if (text == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "There is no room for the request.");
    value += strspn(value, " ");
    if (digest_base64_decode(text_of(value), text, BASIC_MAX - 1, &length)) {
        text[length] = '\0';
        colon = memchr(text, ':', length);
    }
    if (colon == NULL || strlen(text) != length)
        return error_set(error, REASON_UNAUTHENTICATED,
                         "Authorization: Basic must be the base64 of an API key's id, a colon and "
                         "its secret.");
    *colon = '\0';
    *credential = (struct credential){.kind = CREDENTIAL_API_KEY, .id = text, .secret = colon + 1};
    return true;
}

static bool
read_api_key(const char *id, const char *secret, struct credential *credential, struct error *error)
{
    if (id == NULL || secret == NULL)
        return error_set(error, REASON_UNAUTHENTICATED,
                         "APCA-API-KEY-ID and APCA-API-SECRET-KEY belong together; %s is missing.",
                         id == NULL ? "the first" : "the second");
    *credential = (struct credential){.kind = CREDENTIAL_API_KEY, .id = id, .secret = secret};
    return true;
}

bool credential_read(const struct http_request *request,
                     struct credential *out_credential,
                     struct error *error)
{
    const char *value = http_request_header(request, "Authorization");
    const char *key_id = http_request_header(request, "APCA-API-KEY-ID");
    const char *key_secret = http_request_header(request, "APCA-API-SECRET-KEY");
    const char *cookie = NULL;

    *out_credential = (struct credential){.kind = CREDENTIAL_NONE};
    if (value != NULL && strncasecmp(value, "Bearer ", 7) == 0)
        return read_bearer(value + 7, out_credential, error);
    if (value != NULL && strncasecmp(value, "Basic ", 6) == 0)
        return read_basic(request, value + 6, out_credential, error);
    if (value != NULL)
        return error_set(error, REASON_UNAUTHENTICATED,
                         "Authorization must be `Bearer` and an access token, or `Basic` and an "
                         "API key.");
    if (key_id != NULL || key_secret != NULL)
        return read_api_key(key_id, key_secret, out_credential, error);
    cookie = http_request_cookie(request, credential_cookie_name(request));
    if (cookie != NULL)
        *out_credential = (struct credential){.kind = CREDENTIAL_COOKIE, .secret = cookie};
    return true;
}

// Exchanging.

static void hash_credential(const struct credential *credential, unsigned char out[SHA256_SIZE])
{
    char text[2 * SHA256_HEX_SIZE + 1];

    // The parts hashed alone, so that no two of them run together.
    digest_sha256_hex(text_of(credential->id), text);
    text[SHA256_HEX_SIZE - 1] = credential->kind == CREDENTIAL_COOKIE ? 'c' : 'k';
    digest_sha256_hex(text_of(credential->secret), text + SHA256_HEX_SIZE);
    digest_sha256(text_of(text), out);
    digest_wipe(text, sizeof text);
}

static bool ask_auth(struct exchange *exchange, const char **out_token, struct error *error)
{
    const struct credential *credential = &exchange->credential;
    struct rpc_client *auth = service_client(exchange->gateway->service, "auth");
    struct clock clock = clock_real();
    struct call call = {
        .arena = exchange->request->arena,
        .deadline_us = clock_now_us(&clock) + EXCHANGE_TIMEOUT_MS * MICROS_PER_MS,
        .request_id = exchange->request->id.string,
        .traceparent = http_request_trace(exchange->request),
        .tracestate = http_request_trace_state(exchange->request),
        .client_address = exchange->request->client_address,
    };
    Auth__ExchangeApiKeyRequest of_key = AUTH__EXCHANGE_API_KEY_REQUEST__INIT;
    Auth__ExchangeCookieRequest of_cookie = AUTH__EXCHANGE_COOKIE_REQUEST__INIT;
    Auth__ExchangeApiKeyResponse *for_key = NULL;
    Auth__ExchangeCookieResponse *for_cookie = NULL;
    bool is_key = credential->kind == CREDENTIAL_API_KEY;
    bool done = false;

    of_key.api_key_id = credential->id;
    of_key.secret = credential->secret;
    of_cookie.cookie = credential->secret;
    done = is_key ? auth_client_exchange_api_key(auth, &call, &of_key, &for_key, error)
                  : auth_client_exchange_cookie(auth, &call, &of_cookie, &for_cookie, error);
    // What is no text a credential could be breaks a rule of the message; here it is just wrong.
    if (!done && error_is(error, REASON_INVALID_REQUEST))
        return error_set(error, is_key ? REASON_INVALID_API_KEY : REASON_INVALID_TOKEN,
                         is_key ? "The API key is not valid." : "The session is not valid.");
    if (!done)
        return false;
    *out_token = is_key ? for_key->access_token : for_cookie->access_token;
    return *out_token != NULL || error_set(error, REASON_INTERNAL, "auth sent no access token.");
}

static bool is_wrong(const struct error *error)
{
    return error_is(error, REASON_INVALID_API_KEY) || error_is(error, REASON_INVALID_TOKEN);
}

static bool refuse(const struct credential *credential, struct error *error)
{
    return credential->kind == CREDENTIAL_API_KEY
               ? error_set(error, REASON_INVALID_API_KEY, "The API key is not valid.")
               : error_set(error, REASON_INVALID_TOKEN, "The session has ended. Log in again.");
}

// Exchanges a key or cookie, from memory where that is still good.
static bool exchange_credential(struct exchange *exchange,
                                struct identity *out_identity,
                                const char **out_token,
                                struct error *error)
{
    struct gateway *gateway = exchange->gateway;
    struct credential_cache *cache = gateway->credentials;
    unsigned char hash[SHA256_SIZE];
    const char *token = NULL;

    hash_credential(&exchange->credential, hash);
    switch (credential_cache_find(cache, hash, clock_monotonic_us(), exchange->request->arena,
                                  &token)) {
    case CREDENTIAL_WRONG:
        return refuse(&exchange->credential, error);
    case CREDENTIAL_GOOD:
        if (service_authenticate(gateway->service, token, out_identity, error)) {
            *out_token = token;
            return true;
        }
        if (!error_is(error, REASON_INVALID_TOKEN))
            return false;
        break; // it has ended, or the token has: auth knows
    case CREDENTIAL_UNKNOWN:
        break;
    }
    if (!ask_auth(exchange, &token, error)) {
        if (is_wrong(error))
            credential_cache_put(cache, hash, clock_monotonic_us(), NULL);
        return false;
    }
    credential_cache_put(cache, hash, clock_monotonic_us(), token);
    *out_token = token;
    return service_authenticate(gateway->service, token, out_identity, error);
}

static bool is_safe(const struct http_request *request)
{
    return strcmp(request->method, "GET") == 0 || strcmp(request->method, "OPTIONS") == 0;
}

// Of a form in its field, of everything else in the header.
static const char *given_csrf_token(const struct exchange *exchange)
{
    return exchange->form != NULL ? form_find(exchange->form, FORM_CSRF_TOKEN)
                                  : http_request_header(exchange->request, "X-CSRF-Token");
}

bool credential_token(struct exchange *exchange, const char **out_token, struct error *error)
{
    const struct credential *credential = &exchange->credential;
    struct identity identity = {.user_id = ""};

    if (exchange->access_token == NULL && credential->kind == CREDENTIAL_TOKEN)
        exchange->access_token = credential->secret;
    if (exchange->access_token == NULL && credential->kind != CREDENTIAL_NONE) {
        if (!exchange_credential(exchange, &identity, &exchange->access_token, error))
            return false;
        if (credential->kind == CREDENTIAL_COOKIE && !is_safe(exchange->request) &&
            !csrf_check(exchange->request, given_csrf_token(exchange),
                        service_mesh_key(exchange->gateway->service), identity.session_id, error)) {
            exchange->access_token = NULL;
            return false;
        }
    }
    *out_token = exchange->access_token;
    return true;
}

bool credential_renew(struct exchange *exchange, const struct error *error)
{
    const char *last = exchange->access_token;
    unsigned char hash[SHA256_SIZE];
    const char *token = NULL;
    struct error ignored;

    if (!error_is(error, REASON_INVALID_TOKEN) || last == NULL ||
        exchange->credential.kind == CREDENTIAL_TOKEN)
        return false;
    // The gateway may be behind the service that has refused it, in what it knows of keys and
    // sessions, and would take it for good.
    hash_credential(&exchange->credential, hash);
    credential_cache_forget(exchange->gateway->credentials, hash, last);
    exchange->access_token = NULL;
    return credential_token(exchange, &token, &ignored) && token != NULL &&
           strcmp(token, last) != 0;
}
