// SPDX-License-Identifier: MIT
// Sessions as a browser has them: in a cookie that scripts cannot read.
//
// Logging in, out, and ending an account are auth's operations like any other; what is done here is
// the cookie beside them.
#include "operations/session_api.h"

#include "base/utf8.h"
#include "bourse/auth/v1/auth_rules.h"
#include "rest/csrf.h"
#include "rest/rest.h"

#include <string.h>

enum {
    DEVICE_MAX = 200,
    // As long as browsers keep one at most (RFC 6265bis, section 5.5); auth ends the session
    // earlier.
    COOKIE_DAYS = 400,
    SECONDS_PER_DAY = 24 * 60 * 60,
};

static void set_cookie(struct exchange *exchange, const char *value, int64_t max_age)
{
    const struct http_request *request = exchange->request;
    const char *line =
        arena_printf(request->arena, "%s=%s; Path=/; HttpOnly; SameSite=Lax; Max-Age=%lld%s",
                     credential_cookie_name(request), value, (long long)max_age,
                     request->is_secure ? "; Secure" : "");

    if (line != NULL)
        http_response_header(exchange->response, "Set-Cookie", line);
}

void session_clear_cookie(struct exchange *exchange)
{
    set_cookie(exchange, "", 0);
}

const char *session_device(const struct http_request *request)
{
    const char *agent = http_request_header(request, "User-Agent");
    size_t length = agent == NULL ? 0 : strnlen(agent, DEVICE_MAX);

    // Only plain text: nothing else is worth showing.
    for (size_t i = 0; i < length; i++)
        if (agent[i] < ' ' || agent[i] > '~')
            return NULL;
    return length == 0 ? NULL : arena_copy(request->arena, agent, length);
}

bool session_keep_in_cookie(struct exchange *exchange,
                            Auth__LoginResponse *response,
                            struct error *error)
{
    struct service *service = exchange->gateway->service;
    struct identity identity;
    char *token = arena_allocate(exchange->request->arena, CSRF_TOKEN_SIZE);

    if (token == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "There is no room for the answer.");
    if (!service_authenticate(service, response->access_token, &identity, error))
        return false;
    csrf_token(service_mesh_key(service), identity.session_id, token);
    set_cookie(exchange, response->refresh_token, (int64_t)COOKIE_DAYS * SECONDS_PER_DAY);
    response->csrf_token = token;
    response->access_token = NULL;
    response->token_type = NULL;
    response->has_expires_in = false;
    response->refresh_token = NULL;
    return true;
}

bool session_login(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *message = NULL;
    ProtobufCMessage *reply = NULL;
    Auth__LoginRequest *request = NULL;

    if (!rest_read(exchange, &message, error))
        return false;
    request = (Auth__LoginRequest *)message;
    // Nobody is to be logged in by a page of somebody else's, as somebody else.
    if (request->cookie && !csrf_is_same_site(exchange->request))
        return error_set(error, REASON_CSRF_REJECTED, "The request comes from another site.");
    if (request->device == NULL)
        request->device = session_device(exchange->request);
    if (!rest_call(exchange, message, &reply, error) ||
        (request->cookie && !session_keep_in_cookie(exchange, (Auth__LoginResponse *)reply, error)))
        return false;
    rest_write(exchange, reply);
    return true;
}

bool session_end(struct exchange *exchange, struct error *error)
{
    if (!rest_answer(exchange, error))
        return false;
    if (exchange->credential.kind == CREDENTIAL_COOKIE)
        session_clear_cookie(exchange);
    return true;
}

static Auth__Scope scope_of(const struct identity *identity)
{
    switch (identity->scope) {
    case SCOPE_READ:
        return AUTH__SCOPE__SCOPE_READ;
    case SCOPE_TRADE:
        return AUTH__SCOPE__SCOPE_TRADE;
    default:
        return AUTH__SCOPE__SCOPE_ACCOUNT;
    }
}

bool session_show(struct exchange *exchange, struct error *error)
{
    Auth__ShowSessionResponse response = AUTH__SHOW_SESSION_RESPONSE__INIT;
    struct identity identity;
    char token[CSRF_TOKEN_SIZE];

    if (!exchange_identity(exchange, &identity, error))
        return false;
    response.user_id = identity.user_id;
    response.username = identity.username;
    response.has_role = true;
    response.role = identity.role == ROLE_ADMINISTRATOR ? AUTH__ROLE__ROLE_ADMINISTRATOR
                                                        : AUTH__ROLE__ROLE_USER;
    response.has_scope = true;
    response.scope = scope_of(&identity);
    response.portfolio_id = identity.portfolio_id[0] != '\0' ? identity.portfolio_id : NULL;
    if (identity.scope == SCOPE_ACCOUNT)
        response.session_id = identity.session_id;
    else
        response.api_key_id = identity.session_id;
    if (exchange->credential.kind == CREDENTIAL_COOKIE) {
        csrf_token(service_mesh_key(exchange->gateway->service), identity.session_id, token);
        response.csrf_token = token;
    }
    rest_write_message(&auth_show_session_response_info, &response.base, NULL,
                       exchange->response->body);
    return true;
}
