// SPDX-License-Identifier: MIT
// opened_lots: the purchases of before a position was opened, as a cell of a table says them:
//
//     10 905.65712 2014-06-02T14:00:00Z; 2.5 240.00 2014-06-03T14:00:00Z
//
// Of each the shares, what they had cost and when they were bought, the oldest first. The gateway
// writes it.
//
// Threads: pure functions.
#pragma once

#include "base/arena.h"
#include "csv/csv_line.h"
#include "ledger/ledger.h"

// Reads a cell that is not empty. False when it is no such list, one of its numbers is none that a
// lot can have, or there are more than LEDGER_OPENED_LOTS_MAX; `out_reason` says why.
MUST_CHECK bool opened_lots_read(struct text cell,
                                 struct arena *arena,
                                 const struct ledger_opened_lot **out_lots,
                                 size_t *out_count,
                                 char out_reason[CSV_REASON_SIZE]);
