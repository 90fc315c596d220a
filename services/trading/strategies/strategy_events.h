// SPDX-License-Identifier: MIT
// strategy_events: tells who listens that something has become of a backtest or of a run.
//
// What has become of it is asked for: the topic says only that it is time to. Best effort.
//
// Threads: any.
#pragma once

#include "trading.h"

// Call once it is committed.
void strategy_events_tell(struct trading *trading, const char *user_id, const char *id);
