// SPDX-License-Identifier: MIT
// error: one failure, as it will reach a caller in another process, the HTTP client and the page.
//
// A code every caller can act on, a stable reason a program can match, a sentence a person can act
// on, and the names and numbers that explain it. Reasons are declared once, in reasons.h.
//
// Threads: a struct error belongs to one thread. Memory: everything is inside the struct.
#pragma once

#include "base/base.h"
#include "base/reasons.h"

// The google.rpc codes; the numbers are part of the wire format.
enum code {
    CODE_OK = 0,
    CODE_CANCELLED = 1,
    CODE_UNKNOWN = 2,
    CODE_INVALID_ARGUMENT = 3,
    CODE_DEADLINE_EXCEEDED = 4,
    CODE_NOT_FOUND = 5,
    CODE_ALREADY_EXISTS = 6,
    CODE_PERMISSION_DENIED = 7,
    CODE_RESOURCE_EXHAUSTED = 8,
    CODE_FAILED_PRECONDITION = 9,
    CODE_ABORTED = 10,
    CODE_OUT_OF_RANGE = 11,
    CODE_UNIMPLEMENTED = 12,
    CODE_INTERNAL = 13,
    CODE_UNAVAILABLE = 14,
    CODE_UNAUTHENTICATED = 16,
};

#define REASON_AS_ENUM(name, code, status, title, advice) REASON_##name,
enum reason { REASONS(REASON_AS_ENUM) REASON_COUNT };
#undef REASON_AS_ENUM

enum {
    ERROR_REASON_SIZE = 48,
    ERROR_MESSAGE_SIZE = 320,
    ERROR_NAME_SIZE = 96,
    ERROR_VALUE_SIZE = 192,
    ERROR_DETAILS_MAX = 12,
};

enum error_detail_kind {
    ERROR_NUMBER,    // a name and the number or id that explains the failure
    ERROR_VIOLATION, // the path of a field of the request, and the sentence about it
};

struct error_detail {
    enum error_detail_kind kind;
    char name[ERROR_NAME_SIZE];
    char value[ERROR_VALUE_SIZE];
};

struct error {
    enum code code;
    // True when the work may have been done all the same: the peer was lost, or the deadline
    // passed, after the request had left. Only a repeat with the same request id is allowed then.
    bool outcome_unknown;
    char reason[ERROR_REASON_SIZE];
    char message[ERROR_MESSAGE_SIZE];
    size_t detail_count;
    struct error_detail details[ERROR_DETAILS_MAX];
};

// What the table in reasons.h says of a reason.
struct reason_entry {
    const char *name;
    enum code code;
    int http_status;
    const char *title;  // what went wrong, for people
    const char *advice; // what the person can do
};

const struct reason_entry *reason_entry(enum reason reason);

// The entry of a reason that came over the wire; NULL for one this build does not know.
const struct reason_entry *reason_find(const char *name);

// Fills `error`, forgetting what was in it.
PRINTF_LIKE(3, 4)
void error_fill(struct error *error, enum reason reason, const char *format, ...);

// error_set(error, reason, format, ...) does that and is false, so that failing reads
// `return error_set(...)`. A macro, so that whoever checks the code sees that it is never true.
#define error_set(...) (error_fill(__VA_ARGS__), error_failure())
static inline bool error_failure(void)
{
    return false;
}

// Fills `error` with what was kept of an earlier one: the name of its reason, which is INTERNAL
// when this build does not know it, and its sentence. Always false, as error_set.
bool error_repeat(struct error *error, const char *reason, const char *message);

// Adds a name and a value that explain the failure, such as "available" and "4". What does not fit
// the limits above is cut or left out; an error is never lost for being long.
PRINTF_LIKE(3, 4)
void error_add_number(struct error *error, const char *name, const char *format, ...);

// Adds a field of the request and the rule it broke. The first one turns an empty error into
// INVALID_REQUEST, so that a validator only has to add what it finds.
PRINTF_LIKE(3, 4)
void error_add_violation(struct error *error, const char *field, const char *format, ...);

// Writes what is to be kept of a failure: the field that broke a rule, with the rule, if that was
// it; otherwise its sentence.
void error_print(const struct error *error, char out[ERROR_MESSAGE_SIZE]);

// Makes `error` empty: CODE_OK, no reason, no details.
void error_clear(struct error *error);

// True when the error is of this reason.
bool error_is(const struct error *error, enum reason reason);

// True when whoever was asked cannot be reached, or has not answered in time.
bool error_is_silence(const struct error *error);
