// SPDX-License-Identifier: MIT
// execution_private: what the parts of execution share.
#pragma once

#include "execution/execution.h"
#include "execution/fan.h"
#include "groups/linked_changes.h"
#include "store/trading_store.h"

struct execution {
    struct trading *trading;
    struct arena *arena;
    struct fan *fan;
    size_t count;
    struct execution_item *items;
    struct order before[EXECUTION_MAX];
    struct quote quotes[EXECUTION_MAX]; // of orders that were reckoned anew
    struct store_change changes[EXECUTION_MAX];
    bool was_told[EXECUTION_MAX]; // a fill of the item has been told to portfolio
    size_t change_count;
    size_t change_of[EXECUTION_MAX]; // the item of a change
    struct store_saved saved;
    struct linked_changes linked; // that follow from the changes
};

// Asks portfolio for what the items need to be held, and has those reckoned anew that were reckoned
// by settings of before. What came of it is in the items.
void execution_reserve(struct execution *execution);

// Tells portfolio of the fills that are not booked, and of the orders that have ended without being
// filled wholly.
void execution_tell_fills(struct execution *execution);
void execution_tell_ends(struct execution *execution);

// Counts the end of a task for the monitor.
void execution_count(const struct execution *execution,
                     const struct execution_item *item,
                     enum task_outcome outcome);
