// SPDX-License-Identifier: MIT
// history_store: all SQL about the daily histories that providers are asked for: which days are
// missing, and what of an answer is kept.
//
// Days are kept as they were traded. Of those that came divided by splits it is kept until when, so
// that a split that becomes known later can be undone too (corporate_action_store).
//
// Threads: any. Memory: the arena given.
#pragma once

#include "database/database.h"
#include "providers/provider.h"

enum {
    HISTORY_SHORT_BARS = 30,    // with fewer a symbol has no history
    HISTORY_GAP_DAYS_MAX = 366, // before the end that is asked for, in which gaps are looked for
    HISTORY_SETTLED_DAYS = 7,   // what nobody has so long after the day, nobody will have
};

// How a symbol's days are, until some session. Those that were made of quotes count as none.
struct history_standing {
    bool has_days;    // there is any
    bool is_missing;  // some are that somebody may have
    bool is_asked;    // for today already
    bool is_complete; // nothing can be hoped for: nothing is missing, or nobody has it
    bool has_through;
    int64_t complete_through; // the last day before the first one that is missing, if there is one
};

// Looks whether days until `last_session` are missing: hardly any is there and nobody has given
// more before, they do not go until then, or some in between are not there and have not been
// settled.
MUST_CHECK bool history_store_look(struct database *database,
                                   struct arena *arena,
                                   const char *ticker,
                                   int64_t today,
                                   int64_t last_session,
                                   struct history_standing *out_standing,
                                   struct error *error);

// Keeps a history, all that is taken of it or nothing. Bars that are there stay, but for those that
// were made of quotes; `bars` is NULL when there is none to be had. Where there has been one
// before, or there are bars enough, those days are taken that are missing after the first one and
// fit (history_fit); `out_fits` is false when some do not. May be done twice. That of a symbol
// that has been deleted is left out.
MUST_CHECK bool history_store_put(struct database *database,
                                  struct arena *arena,
                                  const char *ticker,
                                  int64_t today,
                                  const char *provider,
                                  const struct provider_bars *bars,
                                  bool *out_fits,
                                  struct error *error);
