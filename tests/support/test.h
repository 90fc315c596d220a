// SPDX-License-Identifier: MIT
// test: cmocka with the headers it needs before it, in the order it needs them.
#pragma once

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
