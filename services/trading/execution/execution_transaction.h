// SPDX-License-Identifier: MIT
// execution_transaction: writes what was decided, with all that goes with it, in one transaction.
//
// That is: the shards in whose names it was decided, held until the commit; orders, fills and
// tasks; what follows from them for others of their groups; arrivals, for the owners of shards; the
// audit log; and the numbers of the events, last.
#pragma once

#include "execution/execution_private.h"

// Writes the changes of the execution; their `saved` says which of them came in time. Those whose
// shard is another replica's by now are taken out of the list.
MUST_CHECK bool execution_save(struct execution *execution, struct error *error);

// Lets the matcher, and who follows, know what has become of other orders of the groups. What
// begins together is given to the matcher together.
void execution_tell_linked(struct execution *execution);
