// SPDX-License-Identifier: MIT
// linked_changes: what a change of one order makes of the others of its group, in the same
// transaction.
//
//     an exit is filled, or ends          the other exit ends, and an entry that is open still
//     the entry ends, and not filled      its legs end
//     the entry is filled and booked      its legs are active
//     the take-profit of an OCO is held   its stop-loss is active, too
//
// The groups are locked first, and then each change is looked at in its order: one of an order that
// an earlier change of the same batch, or somebody else, has ended is dropped. So of the orders of
// which one at most is filled only one ever is.
//
// Threads: one owner. Memory: what is made lies in the transaction's arena.
#pragma once

#include "store/trading_store.h"

enum { LINKED_CHANGES_MAX = 2 * STORE_BATCH_MAX };

struct linked_changes {
    size_t count;
    struct store_change changes[LINKED_CHANGES_MAX];
    struct store_saved saved;
};

// Drops those of the changes that come too late, and makes those that follow from the others, which
// are to be saved after them. A change that only completes the task of an entry that is filled says
// that its fill is booked. Costs nothing when no change is of a group, one round trip otherwise.
MUST_CHECK bool linked_changes_make(struct transaction *transaction,
                                    struct store_change *changes,
                                    size_t count,
                                    struct linked_changes *out_linked,
                                    struct error *error);

// What would happen to `other` when a change makes `order` what it is: an event, or false for
// nothing. Pure; for linked_changes_make and its tests.
MUST_CHECK bool linked_changes_effect(const struct store_change *change,
                                      const struct order *other,
                                      enum order_event *out_event);
