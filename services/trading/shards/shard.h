// SPDX-License-Identifier: MIT
// shard: the fixed parts that tickers fall into, each of which one replica has in its book.
//
// The number is that of the rows in the table `shards`. It is the same for all replicas and all
// times: a program with another number would look for a ticker's orders elsewhere. Pure.
#pragma once

#include "base/base.h"

enum { SHARD_COUNT = 64 };

// From 0 to SHARD_COUNT - 1. The column `shard` of `resting_orders` says the same.
int shard_of(const char *ticker);
