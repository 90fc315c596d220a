// SPDX-License-Identifier: MIT
// router: which endpoint an address and a method belong to.
//
// Templates such as "/api/v1/portfolios/{portfolio_id}/orders" are compared segment by segment;
// where several fit, the one whose literals come first wins. A slash at the end makes no
// difference; nothing else is normalised, so that every reader sees the same address.
//
// Threads: read-only once made. Memory: refers to the entries it was made of.
#pragma once

#include "base/base.h"

enum { ROUTER_SEGMENTS_MAX = 12, ROUTER_VARIABLES_MAX = 4, ROUTER_ALLOW_SIZE = 64 };

struct router_entry {
    const char *http_method; // "GET"
    const char *path;        // "/api/v1/quotes/{ticker}"
    const void *target;      // what the caller wants back
};

struct router_variable {
    struct text name;  // inside the template
    struct text value; // inside the path, still encoded, never empty
};

struct router_match {
    const struct router_entry *entry;
    struct router_variable variables[ROUTER_VARIABLES_MAX];
    size_t variable_count;
    char allow[ROUTER_ALLOW_SIZE]; // with ROUTER_OTHER_METHOD: "GET, HEAD, POST, OPTIONS"
};

enum router_outcome { ROUTER_FOUND, ROUTER_OTHER_METHOD, ROUTER_NO_SUCH_PATH };

struct router;

// Makes a router of `entries`, which must outlive it. Aborts on a template it cannot hold, as the
// templates are part of the program. The caller owns it.
struct router *router_new(const struct router_entry *entries, size_t count);
void router_free(struct router **router);

// Finds the entry for `path`. A HEAD is served by the GET of the same path.
enum router_outcome router_find(const struct router *router,
                                const char *http_method,
                                struct text path,
                                struct router_match *out_match);
