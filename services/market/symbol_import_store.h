// SPDX-License-Identifier: MIT
// symbol_import_store: the SQL about imports that only lists of symbols need. The rest of an import
// is in import_store.h.
#pragma once

#include "import_store.h"
#include "symbol_csv.h"

// Writes a line in the format of COPY, for symbol_import_store_stage. A line without an exchange
// has that of the import.
void symbol_import_store_print(struct strbuf *out,
                               const struct import_row *row,
                               int64_t line,
                               const struct symbol_line *symbol);

// As import_store_stage.
MUST_CHECK bool symbol_import_store_stage(struct transaction *transaction,
                                          const struct import_row *row,
                                          struct text symbols,
                                          struct text rejections,
                                          struct error *error);

// Makes what is staged symbols and removes the import: those that are new are added, those that are
// there get the name, and the exchange and sector unless the line has none. A second line of the
// same symbol is rejected. Fails with LIMIT_EXCEEDED when there are too many symbols.
MUST_CHECK bool symbol_import_store_finish(struct transaction *transaction,
                                           const struct import_row *row,
                                           struct import_result *out_result,
                                           struct error *error);
