// SPDX-License-Identifier: MIT
// guard: which requests are refused for the form of their head, before anything else looks at them.
//
// civetweb takes what a proxy in front may read differently (both framings, repeated lengths,
// folded lines, blanks before the colon; headers after the 64th are dropped silently), and two
// programs that disagree where a request ends is how requests are smuggled. Here everything that
// is not plain HTTP/1.1 is refused and the connection closed.
//
// Threads: pure functions, except that guard_lines looks behind the header values: civetweb splits
// the head in place and leaves terminators where separators were.
#pragma once

#include "http_message.h"

// Checks names, values and the framing, and sets request->content_length. Fails with
// MALFORMED_REQUEST, LENGTH_REQUIRED or HEADERS_TOO_LARGE; after any of them the connection must be
// closed.
MUST_CHECK bool guard_head(struct http_request *request, bool is_http_1_1, struct error *error);

// True when every header line ended in CR LF and followed its predecessor directly, and no blank
// stood before a colon: nothing was folded or left out. `head` is where the request line begins.
MUST_CHECK bool guard_lines(const struct http_request *request, const char *head);
