// SPDX-License-Identifier: MIT
// limit_follower: a thread that keeps this process's copy of limits and halts up to date, and does
// what a halt and its end ask for.
//
// Three times a second it asks the database for the latest revision: one row. After a halt that
// cancels orders it ends what rests of the subject, again and again for a few seconds, as what was
// on its way then comes to rest meanwhile. When trading goes on, it has the matcher take up the
// orders that it has let go of. Every replica does the same; the status of an order decides who was
// first.
#pragma once

#include "trading.h"

struct limit_follower;

// Starts the thread, once `trading` is complete. The caller owns it.
struct limit_follower *limit_follower_new(struct trading *trading);
void limit_follower_free(struct limit_follower **follower);

// Takes over what has just been changed here, at once, and has the thread do the rest. Best effort:
// the thread comes to it by itself. Threads: any.
void limit_follower_follow(struct trading *trading);
