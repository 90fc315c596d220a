// SPDX-License-Identifier: MIT
// runner: has strategies that run decide when bars have ended, those of this replica's shards.
//
// A thread looks at the platform's clock four times a second. When a bar of some timeframe may have
// ended, the runs of that timeframe that have not looked since are brought up to date, one after
// the other; and twice a second those whose orders have come to something. Whose run it is is
// whose the shard of its id is (shard_lease.h), as with the orders that rest.
#pragma once

#include "trading.h"

struct runner;

// Starts the thread. The caller owns it.
struct runner *runner_new(struct trading *trading);
void runner_free(struct runner **runner);
