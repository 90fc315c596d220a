// SPDX-License-Identifier: MIT
// csv_line: the lines of CSV files of any kind, and the values of one.
//
// Values may be quoted (RFC 4180), with doubled quotes inside; blanks around them are left out.
// Lines end with LF or CRLF. Who reads line by line takes no quoted line break: a line is a line.
// Who reads record by record does.
//
// Threads: pure functions.
#pragma once

#include "base/base.h"

enum {
    CSV_LINE_MAX = 4096, // bytes
    CSV_COLUMNS_MAX = 64,
    CSV_REASON_SIZE = 200,
    CSV_SHOWN_SIZE = 48, // of a value repeated in a reason
};

// The values of one line, which lie in it.
struct csv_fields {
    char buffer[CSV_LINE_MAX + 1]; // unquoted values lie here
    struct text values[CSV_COLUMNS_MAX];
    int count;
};

enum csv_outcome {
    CSV_ROW,      // the line was read
    CSV_NOTHING,  // an empty line, or the header
    CSV_REJECTED, // `out_reason` says why
    CSV_NO_HEADER // the line should be the header and is not; `out_reason` says what it lacks
};

// Takes the next line out of `rest`, without its end; false when there is none.
bool csv_next_line(struct text *rest, struct text *out_line);

// Takes the next record out of `rest`, without its end, and counts its lines; false when there is
// none. Line breaks within quotes are of the record, unless it would have more than `record_max`
// bytes by them, or its quotes do not match: then it is one line.
bool csv_next_record(struct text *rest,
                     size_t record_max,
                     struct text *out_record,
                     uint32_t *out_lines);

// Splits a record, which is overwritten: the values lie in it. What was quoted is as it stands
// between its quotes, blanks too.
MUST_CHECK bool csv_split_record(char *record,
                                 size_t length,
                                 struct csv_fields *fields,
                                 char out_reason[CSV_REASON_SIZE]);

// Splits a line; false when it is too long, has too many columns, or quotes that do not match.
MUST_CHECK bool
csv_split(struct text line, struct csv_fields *fields, char out_reason[CSV_REASON_SIZE]);

// Splits what should be the header, a byte order mark before it passed over: CSV_ROW, CSV_NOTHING
// for an empty line, or CSV_NO_HEADER.
enum csv_outcome
csv_read_header(struct text line, struct csv_fields *fields, char out_reason[CSV_REASON_SIZE]);

// Where a column of that name, in small letters, is; -1 when it is not there, -2 when it is twice.
int csv_find_column(const struct csv_fields *fields, const char *name);

struct text csv_trim(struct text text);
bool csv_equals_ignoring_case(struct text text, const char *lower);

// A value as it may be shown to a person: cut, and without what is not plain text.
const char *csv_show(struct text value, char out[CSV_SHOWN_SIZE]);
