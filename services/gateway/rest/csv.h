// SPDX-License-Identifier: MIT
// csv: tables as RFC 4180 has them, safe to open in a spreadsheet.
//
// A spreadsheet takes a cell that begins with = + - @ or a control character for a formula, which
// may send the other cells anywhere. A text of ours that begins so gets an apostrophe in front,
// which spreadsheets do not show, and so does one that begins with apostrophes before such a
// character: who reads it back takes one off. Numbers are written as they are: -5 stays a number.
//
// Threads: pure functions.
#pragma once

#include "base/strbuf.h"

// Whether a body of that Content-Type is a table; NULL for none.
bool csv_is_type(const char *content_type);

// Adds a cell of text that people may have written; NULL is an empty one. Cells of a row are parted
// by csv_next, rows ended by csv_end.
void csv_add_text(struct strbuf *out, const char *text);

// Adds a cell with a decimal number of that many 10^-scale; an empty one unless `is_there`.
void csv_add_decimal(struct strbuf *out, bool is_there, int64_t value, int scale, int least);

void csv_next(struct strbuf *out);
void csv_end(struct strbuf *out);
