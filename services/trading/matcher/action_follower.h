// SPDX-License-Identifier: MIT
// action_follower: a thread that has what came into effect of dividends and splits booked for all
// who held the shares.
//
// It asks market every second for those that are not booked. For each, in the order of time: once
// the matcher has seen every quote of before, what rests since before a split is canceled; once
// what was filled before is booked, portfolio books the action; and market is told, which lets a
// symbol that was split be traded again. What is not so far yet is left to the next second. Every
// step has the same effect when it is repeated, and nothing is noted here: a death anywhere, and
// several replicas that do the same, change nothing.
#pragma once

#include "trading.h"

struct action_follower;

// Starts the thread, once `trading` is complete. The caller owns it.
struct action_follower *action_follower_new(struct trading *trading);
void action_follower_free(struct action_follower **follower);
