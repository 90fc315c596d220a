// SPDX-License-Identifier: MIT
// problem: failures as RFC 9457 problem details, the only form in which the gateway says no.
#pragma once

#include "server/http_message.h"

// Makes the whole answer out of `error`: status, headers (Retry-After, WWW-Authenticate) and body.
// What was in `response` before is forgotten, except the header lines.
void problem_write(struct http_request *request,
                   struct http_response *response,
                   const struct error *error);

// The same, with another HTTP status for a request that breaks a rule (INVALID_REQUEST); 0: the
// reason's own.
void problem_write_as(struct http_request *request,
                      struct http_response *response,
                      const struct error *error,
                      int invalid_status);

// The same for the seeds' paths: with a further member "error" as their clients expect it, which
// is `sentence`, or the detail when that is NULL, and with 400 instead of 422.
// (But not for an Idempotency-Key that is used again.)
void problem_write_seed(struct http_request *request,
                        struct http_response *response,
                        const struct error *error,
                        const char *sentence);

// The header lines that go with a failure of the response's status: Retry-After, WWW-Authenticate.
void problem_add_headers(struct http_response *response, const struct error *error);

// The HTTP status an error is answered with.
int problem_status(const struct error *error);
