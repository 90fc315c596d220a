// SPDX-License-Identifier: MIT
// utf8: is this text? RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include "base/base.h"

// The length in bytes of the sequence at the start of `data`, or 0 when it is not valid UTF-8.
size_t utf8_sequence_length(const char *data, size_t length);

// True when all of it is valid UTF-8 without a NUL.
bool utf8_is_valid(const char *data, size_t length);

// The number of code points in valid UTF-8.
size_t utf8_count(const char *data, size_t length);
