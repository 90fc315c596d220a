// SPDX-License-Identifier: MIT
#include "rest/csrf.h"

#include "base/digest.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static void make_token(const unsigned char key[KEY_SIZE],
                       const char *session_id,
                       char out_token[CSRF_TOKEN_SIZE])
{
    unsigned char hash[KEYED_HASH_SIZE];
    char name[sizeof "csrf\n" + UUID_SIZE];

    snprintf(name, sizeof name, "csrf\n%s", session_id);
    digest_keyed(text_of(name), key, hash);
    digest_base64url(hash, sizeof hash, out_token, CSRF_TOKEN_SIZE);
}

void csrf_token(const struct rpc_mesh_key *key,
                const char *session_id,
                char out_token[CSRF_TOKEN_SIZE])
{
    make_token(key->bytes, session_id, out_token);
}

static bool
is_made_with(const unsigned char key[KEY_SIZE], const char *session_id, const char *given)
{
    char expected[CSRF_TOKEN_SIZE];

    make_token(key, session_id, expected);
    return strlen(given) == CSRF_TOKEN_SIZE - 1 &&
           digest_equal(given, expected, CSRF_TOKEN_SIZE - 1);
}

// "https://bourse.example" against the Host header "bourse.example". The scheme is left out: behind
// a proxy it is not known for sure, and another scheme on the same host is no other site's.
static bool is_own_origin(const char *origin, const char *host)
{
    const char *scheme_end = strstr(origin, "://");

    return scheme_end != NULL && host != NULL && strcasecmp(scheme_end + 3, host) == 0;
}

bool csrf_is_same_site(const struct http_request *request)
{
    const char *fetch_site = http_request_header(request, "Sec-Fetch-Site");
    const char *origin = http_request_header(request, "Origin");

    if (fetch_site != NULL && strcmp(fetch_site, "same-origin") != 0 &&
        strcmp(fetch_site, "none") != 0)
        return false;
    return origin == NULL || is_own_origin(origin, http_request_header(request, "Host"));
}

bool csrf_check(const struct http_request *request,
                const char *given,
                const struct rpc_mesh_key *key,
                const char *session_id,
                struct error *error)
{
    if (!csrf_is_same_site(request))
        return error_set(error, REASON_CSRF_REJECTED, "The request comes from another site.");
    if (given == NULL)
        return error_set(error, REASON_CSRF_REJECTED,
                         "X-CSRF-Token is missing, with the csrf_token of the session.");
    // While the mesh key is replaced, pages of before are still open.
    return is_made_with(key->bytes, session_id, given) ||
           (key->has_second && is_made_with(key->second, session_id, given)) ||
           error_set(error, REASON_CSRF_REJECTED,
                     "X-CSRF-Token is not the csrf_token of this session.");
}
