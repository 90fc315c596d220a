// SPDX-License-Identifier: MIT
// csrf: whether a request that a browser sends with its cookie was meant by the pages of this site.
//
// Three things must hold for one that changes something (OWASP's advice, all of it): the browser
// says that it comes from the same site, where it says anything (Sec-Fetch-Site, Origin); and it
// carries the session's token, which no other site can read: in X-CSRF-Token, or a page's form in
// its field csrf_token. The token is a keyed hash of the session's id, so that every gateway can
// make and check it, and nothing is stored.
//
// Threads: pure functions.
#pragma once

#include "server/http_message.h"

enum { CSRF_TOKEN_SIZE = 23 }; // 22 characters and the terminator

void csrf_token(const struct rpc_mesh_key *key,
                const char *session_id,
                char out_token[CSRF_TOKEN_SIZE]);

// True unless the browser says that the request comes from another site.
bool csrf_is_same_site(const struct http_request *request);

// `given` is the token that came along, NULL for none. Fails with CSRF_REJECTED.
MUST_CHECK bool csrf_check(const struct http_request *request,
                           const char *given,
                           const struct rpc_mesh_key *key,
                           const char *session_id,
                           struct error *error);
