// SPDX-License-Identifier: MIT
// credential: what a request brings along to say who sends it, and the access token it stands for.
//
// A program sends an access token, or an API key (as APCA-API-KEY-ID and APCA-API-SECRET-KEY, or as
// HTTP Basic); a browser sends a cookie. Services know access tokens only: the other two are
// exchanged for one at auth, and what came of it is remembered for a minute (credential_cache).
// That a key or session has ended is noticed within a second all the same, as with every token.
//
// A cookie is sent by the browser whoever made it send the request. So it counts for a request that
// changes something only with the session's CSRF token, and never for one from another site.
//
// Threads: one request belongs to one thread. Memory: the request's arena.
#pragma once

#include "server/http_message.h"

enum credential_kind { CREDENTIAL_NONE, CREDENTIAL_TOKEN, CREDENTIAL_API_KEY, CREDENTIAL_COOKIE };

struct credential {
    enum credential_kind kind;
    const char *id;     // of an API key
    const char *secret; // the token, the API key's secret, or the cookie's value
};

struct exchange;

// Reads it from the headers. Fails with UNAUTHENTICATED for what cannot be read: another scheme,
// half of an API key.
MUST_CHECK bool credential_read(const struct http_request *request,
                                struct credential *out_credential,
                                struct error *error);

// The access token of the request's credential; `out_token` is NULL when there is none. Fails with
// INVALID_API_KEY, INVALID_TOKEN (of a cookie), CSRF_REJECTED, or what auth could not do.
MUST_CHECK bool
credential_token(struct exchange *exchange, const char **out_token, struct error *error);

// Whether a call that failed with `error` is worth a repeat, as its access token was refused and
// the key or cookie it was exchanged for stands for another one by now; auth is asked.
bool credential_renew(struct exchange *exchange, const struct error *error);

// The cookie's name: "__Host-bourse_session" over TLS, where no other host can set one of that
// name.
const char *credential_cookie_name(const struct http_request *request);
