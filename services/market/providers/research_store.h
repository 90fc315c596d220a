// SPDX-License-Identifier: MIT
// research_store: the SQL about symbols that were found at providers. Histories have their own:
// history_store.
//
// Threads: any. Memory: the arena given.
#pragma once

#include "database/database.h"
#include "providers/provider.h"

// Adds those symbols that are not there, as far as there may be more; `out_added` of them.
MUST_CHECK bool research_store_add_symbols(struct database *database,
                                           struct arena *arena,
                                           const struct provider_symbol *symbols,
                                           size_t count,
                                           size_t *out_added,
                                           struct error *error);
