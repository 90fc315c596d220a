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

#include "server/http_message.h"

// Checks names, values and the framing, and sets request->content_length. Fails with
// MALFORMED_REQUEST, LENGTH_REQUIRED or HEADERS_TOO_LARGE; after any of them the connection must be
// closed.
MUST_CHECK bool guard_head(struct http_request *request, bool is_http_1_1, struct error *error);

// True when single blanks divide the request line, every line ended in CR LF and followed its
// predecessor directly, no blank stood before a colon, and the empty line came after the last
// header: nothing was folded or left out. `head` is where the request line begins, `version` what
// follows "HTTP/" in it. Of the blanks and line ends behind the request line only the number is
// left, so two odd forms pass: two of them that are not CR LF, and, in a request without any
// header, as only HTTP/1.0 may be and whose connection ends with it, more than CR LF CR LF.
MUST_CHECK bool
guard_lines(const struct http_request *request, const char *head, const char *version);

// True when the body, of which `body` is the first piece, begins with the head itself. Empty lines
// before a request are a head of no length to civetweb, which then splits what follows them as
// well: the head is read again as the body, and what the client sent as the body would be the next
// request. The connection must be closed.
MUST_CHECK bool
guard_repeats_head(const struct http_request *request, const char *head, struct text body);
