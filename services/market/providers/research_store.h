// SPDX-License-Identifier: MIT
// research_store: all SQL about what providers were asked for once: histories, and symbols that
// were found.
//
// Threads: any. Memory: the arena given.
#pragma once

#include "database/database.h"
#include "providers/provider.h"

enum { HISTORY_SHORT_BARS = 30 }; // with fewer a symbol's history is asked for

// Whether the history of a symbol is worth asking for on that day: it has hardly any bars, and
// nobody has given one before, or been asked today.
MUST_CHECK bool research_store_needs_history(struct database *database,
                                             struct arena *arena,
                                             const char *ticker,
                                             int64_t today,
                                             bool *out_needs,
                                             struct error *error);

// Keeps a history, all of it or nothing. Bars that are there stay; `bars` is NULL when there is
// none to be had. May be done twice. That of a symbol that has been deleted is left out.
MUST_CHECK bool research_store_put_history(struct database *database,
                                           struct arena *arena,
                                           const char *ticker,
                                           int64_t today,
                                           const char *provider,
                                           const struct provider_bars *bars,
                                           struct error *error);

// Adds those symbols that are not there, as far as there may be more; `out_added` of them.
MUST_CHECK bool research_store_add_symbols(struct database *database,
                                           struct arena *arena,
                                           const struct provider_symbol *symbols,
                                           size_t count,
                                           size_t *out_added,
                                           struct error *error);
