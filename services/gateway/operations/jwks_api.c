// SPDX-License-Identifier: MIT
// GET /.well-known/jwks.json: the public keys that access tokens are verified with, from the
// gateway's own copy, so that whoever asks does not load auth.
#include "rest/endpoint.h"

#include "bourse/auth/v1/auth.pb-c.h"
#include "bourse/auth/v1/auth_rules.h"
#include "rest/rest.h"

static void write_keys(struct token_web_key *keys, size_t count, struct strbuf *out)
{
    Auth__GetJsonWebKeySetResponse set = AUTH__GET_JSON_WEB_KEY_SET_RESPONSE__INIT;
    Auth__JsonWebKey messages[TOKEN_KEYS_MAX];
    Auth__JsonWebKey *pointers[TOKEN_KEYS_MAX];

    for (size_t i = 0; i < count; i++) {
        auth__json_web_key__init(&messages[i]);
        messages[i].kty = "EC";
        messages[i].crv = "P-256";
        messages[i].x = keys[i].x;
        messages[i].y = keys[i].y;
        messages[i].kid = keys[i].id;
        messages[i].alg = "ES256";
        messages[i].use = "sig";
        pointers[i] = &messages[i];
    }
    set.keys = pointers;
    set.n_keys = count;
    message_to_json(&auth_get_json_web_key_set_response_info, &set.base, out);
}

bool jwks_get(struct exchange *exchange, struct error *error)
{
    const struct rest_input input = {
        .info = &auth_get_json_web_key_set_request_info,
        .arena = exchange->request->arena,
        .match = exchange->match,
        .query = exchange->request->query,
    };
    struct token_web_key keys[TOKEN_KEYS_MAX];
    ProtobufCMessage *asked = NULL;
    size_t count = 0;

    if (!rest_read_message(&input, &asked, error) ||
        !service_list_token_keys(exchange->gateway->service, keys, &count, error))
        return false;
    exchange->response->policy = HTTP_CACHED;
    write_keys(keys, count, exchange->response->body);
    return true;
}
