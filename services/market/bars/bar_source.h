// SPDX-License-Identifier: MIT
// bar_source: the minutes or days of one symbol that larger bars are made from, from wherever the
// market has them: computed from the seed, as stored bars have been quoted, or stored minutes.
//
// Threads: a source belongs to one thread. Memory: what is handed out lies in the source until the
// next call; a simulated one has a simulation of one symbol beside it (half a megabyte).
#pragma once

#include "bars/bar_series.h"
#include "market.h"

struct bar_source_options {
    struct market *market;
    const char *ticker;
    bool is_of_minutes; // else of days
    bool is_descending;
    int64_t from, until; // `until` not included
    int64_t now;         // platform time; nothing later is known
};

struct bar_source;

// Fails as database_query does.
MUST_CHECK bool bar_source_new(const struct bar_source_options *options,
                               struct bar_source **out_source,
                               struct error *error);
void bar_source_free(struct bar_source **source);

// The next bars, in the order asked for; a few at first and more from call to call. There may be
// none before the end. Fails as database_query does.
MUST_CHECK bool bar_source_next(struct bar_source *source,
                                const struct timed_bar **out_bars,
                                size_t *out_count,
                                bool *out_is_end,
                                struct error *error);
