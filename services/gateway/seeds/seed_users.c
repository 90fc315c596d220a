// SPDX-License-Identifier: MIT
// POST /users/ and GET /users/{username}/.
#include "seeds/seed.h"

#include "bourse/auth/v1/auth_client.h"
#include "bourse/auth/v1/auth_methods.h"
#include "bourse/gateway/v1/seeds.pb-c.h"
#include "bourse/gateway/v1/seeds_rules.h"

static void write_user(const Auth__User *user, struct strbuf *out)
{
    strbuf_append_char(out, '{');
    seed_add_text(out, "id", user->id);
    seed_add_text(out, "username", user->username);
    seed_add_money(out, "balance", user->has_balance_micros, user->balance_micros);
    seed_add_time(out, "created_at", user->has_created_at, user->created_at);
    seed_end(out, '}');
}

bool seed_create_user(struct exchange *exchange, struct error *error)
{
    Auth__RegisterRequest request = AUTH__REGISTER_REQUEST__INIT;
    Auth__RegisterResponse *response = NULL;
    struct rpc_client *auth = service_client(exchange->gateway->service, "auth");
    ProtobufCMessage *message = NULL;
    const Seeds__User *asked = NULL;
    struct call call;

    if (!seed_read_body(exchange, &seeds_user_info, &message, error) ||
        !exchange_call(exchange, &auth_method_register_without_email, &call, error))
        return false;
    asked = (const Seeds__User *)message;
    request.username = asked->username;
    request.password = asked->password;
    request.email = asked->email;
    request.has_balance_micros = asked->has_balance_micros;
    request.balance_micros = asked->balance_micros;
    if (!auth_client_register_without_email(auth, &call, &request, &response, error))
        return false;
    if (response->user == NULL)
        return error_set(error, REASON_INTERNAL, "auth answered without a user.");
    exchange_note(exchange, &call);
    exchange->response->status = 201;
    write_user(response->user, exchange->response->body);
    return true;
}

bool seed_get_user(struct exchange *exchange, struct error *error)
{
    const char *name = NULL;
    const Auth__User *user = NULL;

    if (!exchange_variable(exchange, "username", &name, error) ||
        !seed_find_user(exchange, name, &user, error))
        return false;
    write_user(user, exchange->response->body);
    return true;
}
