// SPDX-License-Identifier: MIT
// password_easy: passwords that whoever guesses tries first.
//
// Threads: any. Memory: none.
#pragma once

#include "base/base.h"

// True for a well-known password or a word of this trade, with digits behind it or without, in
// either case; for few digits alone; and for one character again and again.
bool password_is_easy(const char *password);
