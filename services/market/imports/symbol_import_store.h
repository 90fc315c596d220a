// SPDX-License-Identifier: MIT
// symbol_import_store: all SQL about imports of lists of symbols that differs from that of bars.
//
// Memory: the transaction's arena; it is reset while the pieces are read.
#pragma once

#include "imports/import_merge_store.h"
#include "imports/symbol_csv.h"

// Writes down what is staged of a line, which takes the import's exchange when it names none.
void symbol_import_store_print(struct strbuf *out,
                               const struct import_row *row,
                               int64_t line,
                               const struct symbol_line *symbol);

// Makes the rows of an import symbols. A second line of the same symbol is rejected. Fails as
// import_merge_store_bars does.
MUST_CHECK bool symbol_import_store_merge(struct transaction *transaction,
                                          const struct import_claim *claim,
                                          const struct import_watch *watch,
                                          struct import_result *out_result,
                                          struct error *error);
