// SPDX-License-Identifier: MIT
// http_policy: the header lines that tell browsers what an answer may be used for.
//
// Threads: constants.
#pragma once

#include "server/http_message.h"

// The lines of that kind of answer, each with its line end; with Strict-Transport-Security when the
// client speaks TLS (over plain HTTP browsers ignore it, and it must not be sent: RFC 6797, 7.2).
struct text http_policy_headers(enum http_policy policy, bool is_secure);
