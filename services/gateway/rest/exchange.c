// SPDX-License-Identifier: MIT
#include "rest/exchange.h"

#include "pages/form.h"
#include "rest/endpoint.h"
#include "rest/url.h"
#include "rpc/access.h"
#include "service/observe.h"

#include <string.h>

enum {
    KEY_LENGTH_MAX = 255,
    REPEATS_MAX = 4,
    FIRST_PAUSE_MS = 40,
    FETCH_PAUSE_MS = 100,
    FETCH_LOOKS = 20,
};

static bool is_key(const char *key)
{
    size_t length = strlen(key);

    for (size_t i = 0; i < length; i++)
        if (key[i] < ' ' || key[i] > '~')
            return false;
    return length >= 1 && length <= KEY_LENGTH_MAX;
}

// Keeps why it is not known who sends the key. By the client's address it would name another effect
// than it does where he is known, and a repeat there would be done a second time: so what needs a
// user is refused then, even when the service that is asked would know him.
static bool
keep_stranger(struct exchange *exchange, const struct error *reason, struct error *error)
{
    struct error *kept = arena_allocate(exchange->request->arena, sizeof(*kept));

    if (kept == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "There is no room for the key.");
    *kept = *reason;
    exchange->stranger = kept;
    return true;
}

// The same key of the same user at the same address names the same effect. Without a user the
// client's address takes its place, so that strangers cannot get at each other's answers.
static bool
effect_of_key(struct exchange *exchange, const char *key, struct uuid *out_id, struct error *error)
{
    struct identity identity = {.user_id = ""};
    const char *owner = exchange->request->client_address;
    // What a page's form changes is in its address; what an operation does, in its body as well,
    // which is compared.
    struct text address =
        exchange->form != NULL ? exchange->request->path : text_of(exchange->endpoint->path);
    const char *token = NULL;
    struct error reason;
    const char *name = NULL;

    if (!credential_token(exchange, &token, &reason) ||
        (token != NULL &&
         !service_authenticate(exchange->gateway->service, token, &identity, &reason))) {
        if (!keep_stranger(exchange, &reason, error))
            return false;
    } else if (token != NULL) {
        owner = identity.user_id;
    }
    name = arena_printf(exchange->request->arena, "idempotency-key\n%s\n%.*s\n%s", owner,
                        (int)address.length, address.data, key);
    if (name == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "There is no room for the key.");
    *out_id = uuid_from_name(text_of(name));
    return true;
}

bool exchange_begin(struct exchange *exchange, struct error *error)
{
    const char *key = NULL;

    exchange->effect_id = exchange->request->id;
    exchange->has_key = false;
    exchange->keeps_key = false;
    exchange->access_token = NULL;
    exchange->stranger = NULL;
    exchange->ends_at_us = 0;
    exchange->is_repeat = false;
    if (!credential_read(exchange->request, &exchange->credential, error))
        return false;
    if (strcmp(exchange->request->method, "GET") == 0)
        return true;
    key = exchange->form != NULL ? form_find(exchange->form, FORM_IDEMPOTENCY_KEY)
                                 : http_request_header(exchange->request, "Idempotency-Key");
    if (key == NULL)
        return true;
    if (!is_key(key)) {
        error_clear(error);
        error_add_violation(error, "Idempotency-Key",
                            "must be 1 to %d characters of printable ASCII", KEY_LENGTH_MAX);
        return false;
    }
    exchange->has_key = true;
    return effect_of_key(exchange, key, &exchange->effect_id, error);
}

// The token to send with a call of `method`. What is open to anybody is not worth an exchange when
// it is the same for everybody; and a credential that is wrong makes its bearer nobody there.
static bool token_for(struct exchange *exchange,
                      const struct rpc_method *method,
                      const char **out_token,
                      struct error *error)
{
    struct error ignored;

    *out_token = NULL;
    // What the gateway asks by itself it asks as nobody.
    if (method->access == RPC_ACCESS_MESH)
        return true;
    if (method->access == RPC_ACCESS_OPEN) {
        if (!method->no_side_effects && !credential_token(exchange, out_token, &ignored))
            *out_token = NULL;
        return true;
    }
    if (exchange->stranger != NULL) {
        *error = *exchange->stranger;
        return false;
    }
    if (!credential_token(exchange, out_token, error))
        return false;
    return *out_token != NULL ||
           error_set(error, REASON_UNAUTHENTICATED, "This needs an access token.");
}

// How long a call may take that begins now.
static int64_t deadline_of(struct exchange *exchange, const struct rpc_method *method)
{
    struct clock clock = clock_real();
    int64_t deadline_us = clock_now_us(&clock) + method->timeout_ms * MICROS_PER_MS;

    // Unless nothing had been called yet when it failed.
    if (exchange->is_repeat && exchange->ends_at_us != 0 && exchange->ends_at_us < deadline_us)
        return exchange->ends_at_us;
    exchange->ends_at_us = deadline_us;
    return deadline_us;
}

bool exchange_call(struct exchange *exchange,
                   const struct rpc_method *method,
                   struct call *out_call,
                   struct error *error)
{
    const char *token = NULL;

    if (!token_for(exchange, method, &token, error))
        return false;
    *out_call = (struct call){
        .arena = exchange->request->arena,
        .deadline_us = deadline_of(exchange, method),
        .request_id =
            method->no_side_effects ? exchange->request->id.string : exchange->effect_id.string,
        .access_token = token,
        .traceparent = http_request_trace(exchange->request),
        .tracestate = http_request_trace_state(exchange->request),
        .client_address = exchange->request->client_address,
    };
    return true;
}

bool exchange_identity(struct exchange *exchange,
                       struct identity *out_identity,
                       struct error *error)
{
    const char *token = NULL;

    if (!credential_token(exchange, &token, error))
        return false;
    if (token == NULL)
        return error_set(error, REASON_UNAUTHENTICATED, "This needs an access token.");
    return service_authenticate(exchange->gateway->service, token, out_identity, error);
}

bool exchange_allows(struct exchange *exchange,
                     const struct rpc_method *method,
                     struct error *error)
{
    struct call call = {
        .request_id = exchange->request->id.string,
        .traceparent = http_request_trace(exchange->request),
        .tracestate = http_request_trace_state(exchange->request),
        .client_address = exchange->request->client_address,
    };

    if (method->access == RPC_ACCESS_OPEN)
        return true;
    if (!exchange_identity(exchange, &call.identity, error))
        return false;
    if (rpc_access_allows(method, &call.identity, error))
        return true;
    observe_forbidden(method, &call, error);
    return false;
}

bool exchange_variable(struct exchange *exchange,
                       const char *name,
                       const char **out_value,
                       struct error *error)
{
    const struct router_match *match = exchange->match;
    struct text value = {"", 0};

    for (size_t i = 0; i < match->variable_count; i++)
        if (text_equals(match->variables[i].name, name) &&
            !url_decode(exchange->request->arena, match->variables[i].value, false, &value, error))
            return false;
    *out_value = value.data;
    return true;
}

bool exchange_parameter(struct exchange *exchange,
                        const char *name,
                        const char **out_value,
                        struct error *error)
{
    struct text query = exchange->request->query;
    struct text key;
    struct text value;
    const char *found = NULL;

    while (url_next_parameter(&query, &key, &value)) {
        struct text decoded;

        if (!text_equals(key, name))
            continue;
        if (found != NULL)
            return error_set(error, REASON_MALFORMED_REQUEST, "The parameter %s is given twice.",
                             name);
        if (!url_decode(exchange->request->arena, value, true, &decoded, error))
            return false;
        found = decoded.data;
    }
    *out_value = found != NULL ? found : "";
    return true;
}

bool exchange_refuse_parameters(struct exchange *exchange, const char *known, struct error *error)
{
    struct text query = exchange->request->query;
    struct text name;
    struct text value;

    while (url_next_parameter(&query, &name, &value)) {
        if (text_equals(name, known))
            continue;
        if (!url_decode(exchange->request->arena, name, true, &name, error))
            return false;
        error_clear(error);
        error_add_violation(error, name.data, "is not a parameter of this operation");
        return false;
    }
    return true;
}

void exchange_note(struct exchange *exchange, const struct call *call)
{
    if (call->replayed && exchange->has_key)
        http_response_header(exchange->response, "Idempotent-Replayed", "true");
}

// What is being fetched is asked for again ten times a second, for two seconds, unless as many wait
// for something as may: then the client is told to ask again.
static bool wait_for_fetch(struct gateway *gateway, unsigned attempt)
{
    bool may_wait = attempt < FETCH_LOOKS &&
                    atomic_fetch_add(&gateway->fetch_waiters, 1) < gateway->fetch_waiters_max;

    if (may_wait)
        clock_sleep_until_us(clock_monotonic_us() + FETCH_PAUSE_MS * MICROS_PER_MS);
    if (attempt < FETCH_LOOKS)
        (void)atomic_fetch_sub(&gateway->fetch_waiters, 1);
    return may_wait;
}

bool exchange_wait_to_repeat(struct gateway *gateway,
                             const struct error *error,
                             bool is_idempotent,
                             unsigned attempt)
{
    // What a service was lost with is sent once more and not again: it may be what it died of.
    bool may_help = error_is(error, REASON_OUTCOME_UNKNOWN) ? is_idempotent && attempt == 0
                                                            : error_is(error, REASON_UNAVAILABLE);

    if (error_is(error, REASON_BEING_FETCHED))
        return wait_for_fetch(gateway, attempt);
    // 40, 80, 160 and 320 ms: as long as a service takes to be started again.
    if (!may_help || attempt >= REPEATS_MAX)
        return false;
    clock_sleep_until_us(clock_monotonic_us() + (FIRST_PAUSE_MS << attempt) * MICROS_PER_MS);
    return true;
}
