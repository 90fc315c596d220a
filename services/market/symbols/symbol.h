// SPDX-License-Identifier: MIT
// symbol: one entry of the catalogue, as the store reads it and the index keeps it.
#pragma once

#include "base/base.h"

struct symbol {
    const char *ticker;
    const char *name;     // NULL in a change: stays as it is; so with the next two
    const char *exchange; // NULL or "" when there is none
    const char *sector;
    const char *currency;
    int64_t rank; // of a match, 0 the best
    bool is_active;
    bool is_fractionable;
};
