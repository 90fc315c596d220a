// SPDX-License-Identifier: MIT
// fault: named points at which a test can make a process die, an operation fail, or a thread wait.
//
// In a development build BOURSE_FAULT="trading.after_intent=crash" (or "=crash@3" for the third
// passage, "=fail", or "=fail%5" for 5 passages of each hundred, or "=delay%100" for all) arms a
// point; release builds contain none of it. Threads: safe.
#pragma once

#include "base/base.h"

#ifdef BOURSE_FAULTS
// Dies at once, as by kill -9, when `name` is armed with crash; goes on after 400 ms when it is
// armed with delay, as a thread that the machine had no time for; returns true when it is armed
// with fail, and the caller then fails as if the thing had gone wrong.
bool fault_point(const char *name);
#else
static inline bool fault_point(const char *name)
{
    (void)name;
    return false;
}
#endif
