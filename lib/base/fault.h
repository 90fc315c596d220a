// SPDX-License-Identifier: MIT
// fault: named points at which a test can make a process die, or an operation fail.
//
// In a development build BOURSE_FAULT="trading.after_intent=crash" (or "=crash@3" for the third
// passage, "=fail", or "=fail%5" for 5 passages of each hundred) arms a point; release builds
// contain none of it. Threads: safe. The variable is read once.
#pragma once

#include "base/base.h"

#ifdef BOURSE_FAULTS
// Dies at once, as by kill -9, when `name` is armed with crash; returns true when it is armed with
// fail, and the caller then fails as if the thing had gone wrong.
bool fault_point(const char *name);
#else
static inline bool fault_point(const char *name)
{
    (void)name;
    return false;
}
#endif
