// SPDX-License-Identifier: MIT
// composition_view: what a portfolio consists of, on its page.
//
// Threads: one request belongs to one thread. Memory: the request's arena.
#pragma once

#include "pages/page.h"

// One call; of sectors and exchanges portfolio asks market, too. While it fails for no fault of who
// asks the composition says so. Fails as GetComposition does where it is up to who asks: 400 to
// 499.
MUST_CHECK bool composition_view_make(struct exchange *exchange,
                                      const char *portfolio_id,
                                      Portfolio__CompositionBy by,
                                      Pages__Composition **out_composition,
                                      struct error *error);
