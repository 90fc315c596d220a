// SPDX-License-Identifier: MIT
// error_details: what explains a failure, as text that is kept beside its reason and its sentence.
//
// A line "name=value" for each detail. Which kind they are follows from the reason: those of
// INVALID_REQUEST are fields with the rules that they broke, others numbers.
//
// Threads: pure functions. Memory: the caller's.
#pragma once

#include "base/error.h"
#include "base/strbuf.h"

// What the lines of any error fit into.
enum { ERROR_DETAILS_SIZE = ERROR_DETAILS_MAX * (ERROR_NAME_SIZE + ERROR_VALUE_SIZE) };

// Appends the lines of the error.
void error_details_print(const struct error *error, struct strbuf *out);

// Adds what such lines say (NULL for none) to an error that has its reason already.
void error_details_add(struct error *error, const char *lines);
