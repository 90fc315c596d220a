// SPDX-License-Identifier: MIT
// url: percent-encoding and -decoding, and the parameters of a query, strictly.
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"

// Decodes %XX (and `+` as a blank when `plus_is_blank`, as in a query) into a terminated copy in
// `arena`. Fails with MALFORMED_REQUEST for half an escape, %00, other control characters, or what
// is not UTF-8.
MUST_CHECK bool url_decode(struct arena *arena,
                           struct text encoded,
                           bool plus_is_blank,
                           struct text *out_text,
                           struct error *error);

// Appends `text` as a part of an address, with everything escaped but the unreserved characters of
// RFC 3986 and slashes.
void url_encode(struct text text, struct strbuf *out);

// Cuts the next "name=value" off `query`; false at its end. Empty pieces are skipped; without a
// `=` the value is empty. Both are still encoded.
bool url_next_parameter(struct text *query, struct text *out_name, struct text *out_value);
