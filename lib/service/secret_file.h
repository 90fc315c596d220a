// SPDX-License-Identifier: MIT
// secret_file: a secret that is kept in a file of its own, for those who hand secrets out as files.
#pragma once

#include "base/error.h"
#include "base/strbuf.h"

// Reads the secret in the file at `path`, without the end of its line, into `out_secret`. Fails
// with INVALID_SETTING when others than its owner and group may read the file, or when it is empty,
// longer than `out_secret` may become, or has more than one line; the message names `setting`.
MUST_CHECK bool secret_file_read(const char *setting,
                                 const char *path,
                                 struct strbuf *out_secret,
                                 struct error *error);
