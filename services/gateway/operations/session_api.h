// SPDX-License-Identifier: MIT
// session_api: what is done at the gateway about sessions: the browser's cookie, and who is asking.
#pragma once

#include "bourse/auth/v1/auth.pb-c.h"
#include "rest/endpoint.h"

// Logs in; with `cookie` the session goes into a cookie and the answer holds no token but the CSRF
// token.
bool session_login(struct exchange *exchange, struct error *error);

// What the program or browser calls itself, for the list of sessions; NULL for nothing fit to show.
const char *session_device(const struct http_request *request);

// Moves the session out of auth's answer into the cookie.
MUST_CHECK bool session_keep_in_cookie(struct exchange *exchange,
                                       Auth__LoginResponse *response,
                                       struct error *error);

// Does the operation, after which the session is over, and takes the cookie away.
bool session_end(struct exchange *exchange, struct error *error);

// Says whose the credential of the request is and what it may do.
bool session_show(struct exchange *exchange, struct error *error);

// Makes the browser forget its cookie.
void session_clear_cookie(struct exchange *exchange);
