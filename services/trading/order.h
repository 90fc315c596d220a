// SPDX-License-Identifier: MIT
// order: one order, and the table of what can happen to it.
//
// Money is in micros, quantities in nanos, times are platform time. Pure: no SQL, no RPC, no clock.
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/uuid.h"

enum { ORDER_TICKER_SIZE = 16, ORDER_HASH_SIZE = 65 };

// X(NAME, name, is open)
#define ORDER_STATUSES(X)                                                                          \
    X(PENDING_NEW, "pending_new", true)                                                            \
    X(NEW, "new", true)                                                                            \
    X(FILLED, "filled", false)                                                                     \
    X(CANCELED, "canceled", false)                                                                 \
    X(EXPIRED, "expired", false)                                                                   \
    X(REJECTED, "rejected", false)

// The life of an order: X(from, event, to). What is not here cannot happen; nothing leaves a final
// state.
#define ORDER_TRANSITIONS(X)                                                                       \
    X(PENDING_NEW, RESERVED, NEW)                                                                  \
    X(PENDING_NEW, REFUSED, REJECTED)                                                              \
    X(PENDING_NEW, CANCEL, CANCELED)                                                               \
    X(NEW, FILL, FILLED)                                                                           \
    X(NEW, CANCEL, CANCELED)                                                                       \
    X(NEW, EXPIRE, EXPIRED)

#define ORDER_STATUS_AS_ENUM(name, text, is_open) ORDER_##name,
enum order_status { ORDER_STATUSES(ORDER_STATUS_AS_ENUM) ORDER_STATUS_COUNT };
#undef ORDER_STATUS_AS_ENUM

enum order_event {
    ORDER_EVENT_RESERVED, // portfolio holds the cash or the shares
    ORDER_EVENT_REFUSED,  // portfolio does not
    ORDER_EVENT_FILL,     // all of it
    ORDER_EVENT_CANCEL,
    ORDER_EVENT_EXPIRE,
    ORDER_EVENT_COUNT
};

enum order_side { ORDER_BUY, ORDER_SELL };

struct order {
    char id[UUID_SIZE];
    char portfolio_id[UUID_SIZE];
    char user_id[UUID_SIZE];
    char request_id[UUID_SIZE];
    char body_hash[ORDER_HASH_SIZE];
    const char *client_order_id; // NULL for none; borrowed
    char ticker[ORDER_TICKER_SIZE];
    enum order_side side;
    int64_t quantity;
    int64_t filled_quantity;
    int64_t average_fill_price; // 0 before the first fill
    int64_t hold_amount;        // of a buy: the cash to hold
    int64_t commission;
    enum order_status status;
    char reason[ERROR_REASON_SIZE]; // empty for none
    char reason_message[ERROR_MESSAGE_SIZE];
    const char *reason_details; // "name=value" lines, NULL for none; borrowed
    char cancel_request_id[UUID_SIZE];
    int64_t created_at;
    int64_t submitted_at; // these are 0 when it has not happened
    int64_t filled_at;
    int64_t canceled_at;
    int64_t expired_at;
    int64_t updated_at;
    int64_t expires_at;
};

// One execution of an order.
struct order_fill {
    int number; // from 1
    char id[UUID_SIZE];
    int64_t quantity;
    int64_t price;
    int64_t commission;
    int64_t filled_at;
    int64_t quote_at; // when the price it was filled at began to hold
};

const char *order_status_name(enum order_status status);
MUST_CHECK bool order_status_find(const char *name, enum order_status *out_status);
bool order_status_is_open(enum order_status status);
const char *order_side_name(enum order_side side);

// Where an event leads from a status; false when it cannot happen there.
MUST_CHECK bool
order_next(enum order_status from, enum order_event event, enum order_status *out_to);

// Makes the event happen to the order at that time. False, and nothing changed, when it cannot.
MUST_CHECK bool order_apply(struct order *order, enum order_event event, int64_t at);

// Fills all of the order; `out_fill` gets its first and last execution.
MUST_CHECK bool order_fill_at(
    struct order *order, int64_t price, int64_t quote_at, int64_t at, struct order_fill *out_fill);

// Keeps why the order was refused, canceled or expired. The details' text is allocated in `arena`.
MUST_CHECK bool
order_set_reason(struct order *order, struct arena *arena, const struct error *error);

// The error that was kept, for a repeat of the request that was refused.
void order_get_reason(const struct order *order, struct error *out_error);

// The id of an order's n-th fill: the same whoever makes it, so it can be booked only once.
struct uuid order_fill_id(const char *order_id, int number);
