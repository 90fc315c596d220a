// SPDX-License-Identifier: MIT
// password_easy: passwords that whoever guesses tries first.
//
// The common ones come from a package's list (see wordlist/ and tools/wordlist); the words of this
// trade are a list of our own. Threads: any. Memory: the table is 320 KB of the program's constant
// data, which its processes share; a look takes some 16 comparisons.
#pragma once

#include "base/base.h"

// True for a common password or a word of this trade, in either case, with digits and signs behind
// it or without; for few digits alone; and for one character again and again.
bool password_is_easy(const char *password);

// True when `password` is little more than `word`, somebody's own name: in either case, one of at
// least four characters anywhere in it, a shorter one when less than a password is left without it.
bool password_has_word(const char *password, struct text word);
