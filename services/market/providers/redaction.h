// SPDX-License-Identifier: MIT
// redaction: takes a key out of a text before anybody sees it.
//
// Providers echo keys, whole, shortened or encoded; so whatever shares a run of characters with the
// key that is too long to be chance is taken out.
//
// Threads: pure functions.
#pragma once

#include "base/base.h"

enum { REDACTION_RUN = 6 }; // so many characters in a row are no chance

// Replaces in `text` each run of the key's characters, of any case, that is REDACTION_RUN long or
// longer (or the whole of a shorter key) by asterisks. Nothing becomes longer.
void redact(char *text, const char *key);
