// SPDX-License-Identifier: MIT
// research_store: all SQL about what providers were asked for once: histories, and symbols that
// were found.
//
// Threads: any. Memory: the arena given.
#pragma once

#include "database/database.h"
#include "providers/provider.h"

enum { HISTORY_SHORT_BARS = 30 }; // with fewer a symbol's history is asked for

// Whether the history of a symbol is worth asking for on that day, on which it has not been asked
// for: it has hardly any bars, and nobody has given one before, or it does not go until
// `last_session`. Bars that were made of quotes do not count.
MUST_CHECK bool research_store_needs_history(struct database *database,
                                             struct arena *arena,
                                             const char *ticker,
                                             int64_t today,
                                             int64_t last_session,
                                             bool *out_needs,
                                             struct error *error);

// Keeps a history, all of it or nothing. Bars that are there stay, but for those that were made of
// quotes; `bars` is NULL when there is none to be had. Where there has been one before, or there
// are bars enough, the days after those are kept, and none when that last day has another price
// here and there: `out_fits` is false. May be done twice. That of a symbol that has been deleted is
// left out.
MUST_CHECK bool research_store_put_history(struct database *database,
                                           struct arena *arena,
                                           const char *ticker,
                                           int64_t today,
                                           const char *provider,
                                           const struct provider_bars *bars,
                                           bool *out_fits,
                                           struct error *error);

// Adds those symbols that are not there, as far as there may be more; `out_added` of them.
MUST_CHECK bool research_store_add_symbols(struct database *database,
                                           struct arena *arena,
                                           const struct provider_symbol *symbols,
                                           size_t count,
                                           size_t *out_added,
                                           struct error *error);
