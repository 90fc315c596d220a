// SPDX-License-Identifier: MIT
// symbol_catalogue: the index of all symbols, kept as new as the table.
//
// Whoever changes the table says so, and the next search reads it anew; market is one process, so
// that is every change but one made by hand, which is seen within a minute. While the database
// cannot be reached, the index that is there goes on answering unless a change has been told.
//
// Threads: all functions may be called from any; searches run side by side.
#pragma once

#include "database/database.h"
#include "symbols/symbol_index.h"

struct symbol_catalogue;

// Reads nothing yet. The caller owns it.
struct symbol_catalogue *symbol_catalogue_new(struct database *database);
void symbol_catalogue_free(struct symbol_catalogue **catalogue);

// Says that symbols were added, changed or removed, or may have been.
void symbol_catalogue_changed(struct symbol_catalogue *catalogue);

// Those of the tickers that are active symbols, in the order given, into `out_tickers`, which has
// room for all. Fails as database_query does.
MUST_CHECK bool symbol_catalogue_find_active(struct symbol_catalogue *catalogue,
                                             const char *const *tickers,
                                             size_t count,
                                             const char **out_tickers,
                                             size_t *out_count,
                                             struct error *error);

// As symbol_index_search. Fails as database_query does.
MUST_CHECK bool symbol_catalogue_search(struct symbol_catalogue *catalogue,
                                        struct arena *arena,
                                        const struct symbol_query *query,
                                        struct symbol **out_symbols,
                                        size_t *out_count,
                                        struct error *error);
