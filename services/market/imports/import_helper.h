// SPDX-License-Identifier: MIT
// import_helper: imports as tests make them, by the operations that the gateway calls.
//
// Whatever goes wrong ends the test with a sentence, but for import_helper_append. Memory: the
// arena given; all calls live in it.
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "bourse/market/v1/market.pb-c.h"

struct market;

// What is sent of an import.
struct import_helper {
    struct market *market;
    struct arena *arena;
    const char *id;
    uint64_t offset;
    uint64_t checksum;
};

// Begins one: of symbols, or of bars whose ticker may be NULL.
struct import_helper
import_helper_start(struct market *market, struct arena *arena, const char *ticker);
struct import_helper
import_helper_start_symbols(struct market *market, struct arena *arena, const char *exchange);

// Sends lines; on success they count as sent.
MUST_CHECK bool
import_helper_append(struct import_helper *import, struct text lines, struct error *error);

// Says that all has been sent.
MUST_CHECK bool import_helper_end(struct import_helper *import, struct error *error);

const Market__Import *import_helper_get(const struct import_helper *import);

// Ends it and waits for what comes of it.
const Market__Import *import_helper_finish(struct import_helper *import);
