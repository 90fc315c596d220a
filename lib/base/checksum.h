// SPDX-License-Identifier: MIT
// checksum: whether two long streams of bytes are the same, where nobody wants to deceive.
//
// FNV-1a of 64 bits, because it can be gone on with from its value alone, however the stream is cut
// in pieces. Against somebody who makes two streams with the same checksum it is no help: digest.h
// is.
//
// Threads: pure functions.
#pragma once

#include "base/base.h"

#define CHECKSUM_START UINT64_C(14695981039346656037)

// The checksum of what `checksum` is of, and `bytes` after it.
uint64_t checksum_add(uint64_t checksum, struct text bytes);
