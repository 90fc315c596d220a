// SPDX-License-Identifier: MIT
// format: how a value is shown to people: `{{price | money}}`.
//
// Exact: decimals are rounded from their integers, half to even, and never pass through floating
// point. Names, separators and signs are those of American English. Threads: pure functions.
#pragma once

#include "base/strbuf.h"
#include "message/message.h"

// X(NAME, name, what it takes). What it takes: ANY scalar but bytes; DECIMAL; COUNT, a whole number
// or a decimal; TIME; DAY, a time or a date; NAME, an enum or a string in snake_case.
#define TEMPLATE_FORMATS(X)                                                                        \
    X(PLAIN, "plain", ANY)             /* as in JSON, without quotes */                            \
    X(MONEY, "money", DECIMAL)         /* 1,234.50: two decimals */                                \
    X(SIGNED, "signed", DECIMAL)       /* +1,234.50, −1,234.50, 0.00 */                          \
    X(PRICE, "price", DECIMAL)         /* 1,234.5678: two decimals, or as many as there are */     \
    X(QUANTITY, "quantity", DECIMAL)   /* 1,234.5: as many decimals as there are */                \
    X(PERCENT, "percent", DECIMAL)     /* +1.25%: two decimals, with its sign */                   \
    X(SHARE, "share", DECIMAL)         /* 12.50%: two decimals, without one */                     \
    X(COMPACT, "compact", COUNT)       /* 1.23M: three digits */                                   \
    X(COUNT, "count", COUNT)           /* 1,234: rounded to a whole number */                      \
    X(BYTES, "bytes", COUNT)           /* 1.5 MiB: with one decimal, and none below 1 KiB */       \
    X(DIRECTION, "direction", DECIMAL) /* up, down, flat: for a class */                           \
    X(ARROW, "arrow", DECIMAL)         /* ▲, ▼, or nothing */                                  \
    X(DATE, "date", DAY)               /* Jun 2, 2014 */                                           \
    X(DAY, "day", TIME)                /* Jun 2 */                                                 \
    X(MONTH, "month", TIME)            /* Jun 2014 */                                              \
    X(DATE_TIME, "datetime", TIME)     /* Jun 2, 2014, 13:30 UTC */                                \
    X(TIME, "time", TIME)              /* 13:30 UTC */                                             \
    X(LABEL, "label", NAME)            /* Pending new */

#define TEMPLATE_FORMAT_AS_ENUM(name, text, takes) FORMAT_AS_##name,
enum template_format { TEMPLATE_FORMATS(TEMPLATE_FORMAT_AS_ENUM) TEMPLATE_FORMAT_COUNT };
#undef TEMPLATE_FORMAT_AS_ENUM

MUST_CHECK bool format_find(struct text name, enum template_format *out_format);
const char *format_name(enum template_format format);

// The names of all, for sentences: "plain, money, signed, ...".
void format_list(struct strbuf *out);

// Whether values of that field can be written so.
bool format_takes(enum template_format format,
                  const struct field_info *field,
                  const ProtobufCFieldDescriptor *descriptor);

// What a format takes, for sentences: "a decimal".
const char *format_expectation(enum template_format format);

// Appends the value at `value`, as field_value of lib/message gives it, unescaped.
void format_write(enum template_format format,
                  const struct field_info *field,
                  const ProtobufCFieldDescriptor *descriptor,
                  const void *value,
                  struct strbuf *out);

// Appends `value` of 10^-scale, with at least `least` decimals and as many more as it has:
// "1,234.50". For sentences that are no templates. `least` is at most `scale`.
void format_write_decimal(int64_t value, int scale, int least, struct strbuf *out);

// Appends a time as `datetime` does: "Jun 2, 2014, 13:30 UTC".
void format_write_time(int64_t us, struct strbuf *out);
