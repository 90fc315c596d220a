// SPDX-License-Identifier: MIT
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define REASON_AS_ENTRY(name, code, status, title, advice) {#name, code, status, title, advice},
static const struct reason_entry reason_table[REASON_COUNT] = {REASONS(REASON_AS_ENTRY)};
#undef REASON_AS_ENTRY

const struct reason_entry *reason_entry(enum reason reason)
{
    return &reason_table[reason];
}

const struct reason_entry *reason_find(const char *name)
{
    for (size_t i = 0; i < REASON_COUNT; i++)
        if (strcmp(reason_table[i].name, name) == 0)
            return &reason_table[i];
    return NULL;
}

void error_clear(struct error *error)
{
    // The details are guarded by their count, so the large array need not be cleared.
    error->code = CODE_OK;
    error->outcome_unknown = false;
    error->reason[0] = '\0';
    error->message[0] = '\0';
    error->detail_count = 0;
}

void error_fill(struct error *error, enum reason reason, const char *format, ...)
{
    const struct reason_entry *entry = reason_entry(reason);
    va_list arguments;

    error_clear(error);
    error->code = entry->code;
    snprintf(error->reason, sizeof error->reason, "%s", entry->name);
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
}

bool error_repeat(struct error *error, const char *reason, const char *message)
{
    const struct reason_entry *entry = reason_find(reason);

    return error_set(error, entry != NULL ? (enum reason)(entry - reason_table) : REASON_INTERNAL,
                     "%s", message);
}

PRINTF_LIKE(4, 0)
static void add_detail(struct error *error,
                       enum error_detail_kind kind,
                       const char *name,
                       const char *format,
                       va_list arguments)
{
    struct error_detail *detail = NULL;

    if (error->detail_count == ERROR_DETAILS_MAX)
        return;
    detail = &error->details[error->detail_count++];
    detail->kind = kind;
    snprintf(detail->name, sizeof detail->name, "%s", name);
    vsnprintf(detail->value, sizeof detail->value, format, arguments);
}

void error_add_number(struct error *error, const char *name, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add_detail(error, ERROR_NUMBER, name, format, arguments);
    va_end(arguments);
}

void error_add_violation(struct error *error, const char *field, const char *format, ...)
{
    va_list arguments;

    if (error->code == CODE_OK)
        error_set(error, REASON_INVALID_REQUEST, "%s", reason_entry(REASON_INVALID_REQUEST)->title);
    va_start(arguments, format);
    add_detail(error, ERROR_VIOLATION, field, format, arguments);
    va_end(arguments);
}

void error_print(const struct error *error, char out[ERROR_MESSAGE_SIZE])
{
    const struct error_detail *first = &error->details[0];

    if (error->detail_count > 0 && first->kind == ERROR_VIOLATION)
        snprintf(out, ERROR_MESSAGE_SIZE, "%s %s", first->name, first->value);
    else
        snprintf(out, ERROR_MESSAGE_SIZE, "%s", error->message);
}

bool error_is(const struct error *error, enum reason reason)
{
    return strcmp(error->reason, reason_entry(reason)->name) == 0;
}

bool error_is_silence(const struct error *error)
{
    return error->code == CODE_UNAVAILABLE || error->code == CODE_DEADLINE_EXCEEDED;
}
