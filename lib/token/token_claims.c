// SPDX-License-Identifier: MIT
#include "token_claims.h"

#include "base/digest.h"

#include <jansson.h>
#include <string.h>

enum { SIGNATURE_SIZE = 64, HEADER_MEMBERS = 3 };

const char *const token_scope_names[] = {
    [TOKEN_SCOPE_READ] = "read",
    [TOKEN_SCOPE_TRADE] = "trade",
    [TOKEN_SCOPE_ACCOUNT] = "account",
};

bool token_split(const char *token, struct token_parts *out_parts)
{
    const char *first = strchr(token, '.');
    const char *second = first == NULL ? NULL : strchr(first + 1, '.');

    if (second == NULL || strchr(second + 1, '.') != NULL)
        return false;
    *out_parts = (struct token_parts){
        .header = {token, (size_t)(first - token)},
        .claims = {first + 1, (size_t)(second - first - 1)},
        .signature = text_of(second + 1),
    };
    return out_parts->header.length > 0 && out_parts->claims.length > 0 &&
           out_parts->signature.length > 0;
}

// Reads one part; the caller gives the object back with json_decref.
static json_t *read_object(struct text part)
{
    char json[TOKEN_MAX];
    size_t length = 0;
    json_t *value = NULL;

    if (!digest_base64url_decode(part, json, sizeof json, &length))
        return NULL;
    // Bytes after the end, NUL and bad UTF-8 are refused without being asked for.
    value = json_loadb(json, length, JSON_REJECT_DUPLICATES, NULL);
    if (value != NULL && !json_is_object(value)) {
        json_decref(value);
        return NULL;
    }
    return value;
}

static bool is_string(const json_t *object, const char *name, const char *wanted)
{
    const json_t *value = json_object_get(object, name);

    return json_is_string(value) && json_string_length(value) == strlen(wanted) &&
           strcmp(json_string_value(value), wanted) == 0;
}

// Copies a string that fits, without NUL inside it and not empty.
static bool take_string(const json_t *object, const char *name, char *out, size_t size)
{
    const json_t *value = json_object_get(object, name);
    size_t length = json_is_string(value) ? json_string_length(value) : 0;

    if (length == 0 || length >= size || strlen(json_string_value(value)) != length)
        return false;
    memcpy(out, json_string_value(value), length + 1);
    return true;
}

static bool take_uuid(const json_t *object, const char *name, char out[UUID_SIZE])
{
    return take_string(object, name, out, UUID_SIZE) && uuid_is_valid(out);
}

// Times are whole seconds; a string or a real is no time, whatever it looks like.
static bool take_seconds(const json_t *object, const char *name, int64_t *out_seconds)
{
    const json_t *value = json_object_get(object, name);

    if (!json_is_integer(value) || json_integer_value(value) <= 0 ||
        json_integer_value(value) > INT64_MAX / MICROS_PER_SECOND)
        return false;
    *out_seconds = json_integer_value(value);
    return true;
}

bool token_read_header(struct text header, char out_key_id[TOKEN_KEY_ID_SIZE])
{
    json_t *object = read_object(header);
    // Nothing but these three: so no `crit`, and no `jku`, `x5u` or `jwk` that names a key of the
    // sender's own.
    bool valid = object != NULL && json_object_size(object) == HEADER_MEMBERS &&
                 is_string(object, "alg", "ES256") && is_string(object, "typ", "JWT") &&
                 take_string(object, "kid", out_key_id, TOKEN_KEY_ID_SIZE);

    json_decref(object);
    return valid;
}

bool token_signature_is_whole(struct text signature)
{
    unsigned char bytes[SIGNATURE_SIZE + 1];
    size_t length = 0;

    return digest_base64url_decode(signature, bytes, sizeof bytes, &length) &&
           length == SIGNATURE_SIZE;
}

struct times {
    int64_t issued;
    int64_t not_before;
    int64_t expires;
};

static bool read_times(const json_t *object, struct times *times)
{
    return take_seconds(object, "iat", &times->issued) &&
           take_seconds(object, "nbf", &times->not_before) &&
           take_seconds(object, "exp", &times->expires) &&
           // A token that lives longer would outlive the memory of ended sessions.
           times->expires > times->issued &&
           times->expires - times->issued <= TOKEN_LIFETIME_SECONDS;
}

static bool read_scope(const json_t *object, struct token_claims *claims)
{
    for (size_t i = 0; i < COUNT_OF(token_scope_names); i++) {
        if (!is_string(object, "scope", token_scope_names[i]))
            continue;
        claims->scope = (enum token_scope)i;
        // Without a portfolio it is for all of them.
        return json_object_get(object, "pid") == NULL ||
               take_uuid(object, "pid", claims->portfolio_id);
    }
    return false;
}

static bool read_identity(const json_t *object, struct token_claims *claims)
{
    char id[UUID_SIZE];

    claims->is_administrator = is_string(object, "role", TOKEN_ROLE_ADMINISTRATOR);
    return is_string(object, "iss", TOKEN_ISSUER) && is_string(object, "aud", TOKEN_AUDIENCE) &&
           is_string(object, "use", TOKEN_USE) &&
           (claims->is_administrator || is_string(object, "role", TOKEN_ROLE_USER)) &&
           take_uuid(object, "jti", id) && take_uuid(object, "sub", claims->user_id) &&
           take_uuid(object, "sid", claims->session_id) &&
           take_string(object, "name", claims->username, sizeof claims->username) &&
           read_scope(object, claims);
}

bool token_read_claims(struct text claims,
                       int64_t now_us,
                       struct token_claims *out_claims,
                       int64_t *out_issued_at,
                       bool *out_expired)
{
    json_t *object = read_object(claims);
    struct token_claims read = {0};
    struct times times = {0};
    int64_t now = now_us / MICROS_PER_SECOND;
    bool valid = object != NULL && read_identity(object, &read) && read_times(object, &times);

    json_decref(object);
    *out_expired = valid && now >= times.expires;
    if (!valid || *out_expired || times.not_before > now + TOKEN_SKEW_SECONDS ||
        times.issued > now + TOKEN_SKEW_SECONDS)
        return false;
    read.expires_at = times.expires * MICROS_PER_SECOND;
    *out_claims = read;
    *out_issued_at = times.issued * MICROS_PER_SECOND;
    return true;
}
