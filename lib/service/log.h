// SPDX-License-Identifier: MIT
// log: one line an event on standard error, with fixed keys first: a JSON object, or text for
// people.
//
// Libraries never log; a service logs at its edge, once a request. Values are escaped, so no input
// can forge a line. Never log a token, password, key or e-mail address. Threads: any.
#pragma once

#include "base/base.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_JSON, LOG_TEXT };

// Sets the service's name and the least level that is written. Called once by service_main.
void log_start(const char *service, enum log_level least);
void log_set_level(enum log_level least);

// Writes lines of every level from now on, or of those that log_set_level has said.
void log_show_all(bool shows_all);

MUST_CHECK bool log_level_parse(const char *name, enum log_level *out_level);

// How lines are written from now on; JSON until this is called.
void log_set_format(enum log_format format);
MUST_CHECK bool log_format_parse(const char *name, enum log_format *out_format);

// True when lines of this level are written, to spare making values that nobody would see.
bool log_is_written(enum log_level level);

// Writes one line: `event` in lower_snake and pairs of key and value, both strings, NULL at the
// end:
//     log_write(LOG_INFO, "order_rejected", "order_id", id, "reason", reason, NULL);
// A NULL value cannot be told from the end: pass "" instead.
void log_write(enum log_level level, const char *event, ...) __attribute__((sentinel));
