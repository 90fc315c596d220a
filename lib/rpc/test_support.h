// SPDX-License-Identifier: MIT
// test_support: ports, files and processes for the tests of lib/rpc.
#pragma once

#include <sys/types.h>

#include "base/base.h"

// A port that is free now, with the three after it.
uint16_t test_free_port(void);

// Makes an empty file and writes its path to `path`.
void test_temporary_file(char *path, size_t size);

// The lines of the file that begin with `prefix`; -1 when there is no such file.
int test_count_lines(const char *path, const char *prefix);

// Starts a program; ends the test when it cannot.
pid_t test_spawn(const char *const *arguments);

// Kills the process with that signal and, for SIGKILL, waits until it is gone.
void test_kill(pid_t process, int signal);
