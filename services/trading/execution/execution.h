// SPDX-License-Identifier: MIT
// execution: takes orders from where they are as far as they can go now, many together.
//
//     pending_new --Reserve with the fill that was decided--> filled, task completed
//                 --Reserve--> new --a fit quote--> filled --ApplyFill--> task completed
//                 \-> rejected     \-> canceled, expired --Release-----> task completed
//                                  \-> partially_filled --ApplyFill--> rests as new does
//
// An order that does not rest is canceled where another would come to rest. Of an order that is
// filled in parts portfolio has booked each part before the next is decided, so no more than one
// fill of it is ever to be told. With an order of a group go the others (linked_changes.h): the
// legs of an entry begin once its fill is booked.
//
// Three steps a batch, and one more for legs: ask portfolio for the holds; decide, and commit
// orders, fills and tasks in one transaction; tell portfolio of the fills and of what is given
// back. Any step may be cut short by a death on either side: the task's lease then runs out, and
// the queue brings the order here again. Every step has the same effect when it is repeated.
//
// Threads: an execution has one user at a time. Memory: it keeps an arena from run to run; what an
// item's order borrows after a run is good until the next one.
#pragma once

#include "fills/fill.h"
#include "orders/order.h"
#include "service/audit_outbox.h"
#include "shards/shard_store.h"
#include "trading.h"

enum { EXECUTION_MAX = 64, EXECUTION_ATTEMPTS_MAX = 20 };

enum execution_intent {
    EXECUTE_ADVANCE, // whatever comes next by the order's status
    EXECUTE_FILL,    // at the price that was decided
    EXECUTE_TRIGGER, // its stop was reached, and its limit not yet
    EXECUTE_EXPIRE,
    EXECUTE_CANCEL, // one whose fill is decided goes on to that instead
};

struct execution_item {
    struct order *order; // as the database has it; afterwards as it is then
    enum execution_intent intent;
    const struct quote *quote; // of ADVANCE: filled at it if that is fit still; NULL for none
    struct fill_offer offer;   // of FILL
    int64_t quote_at;          // of FILL
    int64_t at;                // of FILL and TRIGGER: platform time at which it happens
    // Of FILL and TRIGGER: what the quotes have made of the order since it was saved.
    int64_t high_water;
    int64_t stop_price;
    int64_t triggered_at; // 0 for not
    int64_t looked_at;
    int64_t volume_seen;
    const char *cancel_request_id;          // of CANCEL by somebody; NULL for none
    const struct error *cancel_reason;      // of CANCEL by the platform: kept; NULL for none
    const struct audit_outbox_event *audit; // written with the change of the order; NULL for none
    const struct call *call;                // in whose trace portfolio is told; NULL for none
    int64_t attempts;                       // of the task, this one counted
    // In whose name it is decided: of the owner of the order's shard, whose claim must be good.
    // With epoch 0 in nobody's: who has the order's task, or was asked to cancel it, needs no
    // shard.
    struct shard_claim claim;
    int64_t begun_us;       // monotonic: when work on it began; 0 for with this run
    struct order_fill fill; // that portfolio is told of; given or made here
    bool has_fill;          // it is not known to have been booked
    // What came of it.
    bool is_saved;      // the order's change has been committed
    bool is_lost;       // somebody else changed the order before, or has taken its shard; it has
                        // not been touched
    bool is_settled;    // nothing is left to do for it
    bool is_refused;    // by portfolio, with `error`
    bool is_booked;     // an entry's fill; its legs begin
    struct error error; // what refused it or kept it from being finished; empty for nothing
};

struct execution;

struct execution *execution_new(struct trading *trading);
void execution_free(struct execution **execution);

// Runs at most EXECUTION_MAX items, of different orders.
void execution_run(struct execution *execution, struct execution_item *items, size_t count);
