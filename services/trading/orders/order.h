// SPDX-License-Identifier: MIT
// order: one order, and the table of what can happen to it.
//
// Money is in micros, quantities in nanos, times are platform time. Pure: no SQL, no RPC, no clock.
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/uuid.h"
#include "fills/fill_terms.h"
#include "money/product_sum.h"
#include "orders/order_class.h"

enum { ORDER_TICKER_SIZE = 16, ORDER_HASH_SIZE = 65 };

// X(NAME, name, has a limit price, has a stop price, trails). The database's checks and the rules
// about prices come from this table.
#define ORDER_TYPES(X)                                                                             \
    X(MARKET, "market", false, false, false)                                                       \
    X(LIMIT, "limit", true, false, false)                                                          \
    X(STOP, "stop", false, true, false)                                                            \
    X(STOP_LIMIT, "stop_limit", true, true, false)                                                 \
    X(TRAILING_STOP, "trailing_stop", false, false, true)

// X(NAME, name, rests when it cannot be filled at once).
#define ORDER_TIMES_IN_FORCE(X)                                                                    \
    X(DAY, "day", true)                                                                            \
    X(GTC, "gtc", true)                                                                            \
    X(IOC, "ioc", false)                                                                           \
    X(FOK, "fok", false)                                                                           \
    X(OPG, "opg", true)                                                                            \
    X(CLS, "cls", true)

// X(NAME, name, is open)
#define ORDER_STATUSES(X)                                                                          \
    X(PENDING_NEW, "pending_new", true)                                                            \
    X(HELD, "held", true) /* a leg that waits for the entry of its group */                        \
    X(NEW, "new", true)                                                                            \
    X(PARTIALLY_FILLED, "partially_filled", true)                                                  \
    X(PENDING_REPLACE, "pending_replace", true)                                                    \
    X(FILLED, "filled", false)                                                                     \
    X(CANCELED, "canceled", false)                                                                 \
    X(EXPIRED, "expired", false)                                                                   \
    X(REPLACED, "replaced", false)                                                                 \
    X(REJECTED, "rejected", false)

// X(NAME, name): what can happen to an order.
#define ORDER_EVENTS(X)                                                                            \
    X(RESERVED, "reserved") /* portfolio holds the cash or the shares */                           \
    X(REFUSED, "refused")   /* portfolio does not */                                               \
    X(ACTIVATE, "activate") /* what a leg sells is there, and held for it */                       \
    X(TRIGGER, "trigger")   /* the stop price was reached, and the limit not yet */                \
    X(FILL, "fill")         /* all of it, or all that was left */                                  \
    X(FILL_PART, "fill part")                                                                      \
    X(CANCEL, "cancel")                                                                            \
    X(EXPIRE, "expire")                                                                            \
    X(REPLACE, "replace")     /* another order is to take its place, and its hold */               \
    X(REPLACED, "replaced")   /* it has */                                                         \
    X(KEEP, "keep")           /* it was refused */                                                 \
    X(KEEP_PART, "keep part") /* it was, and a part of this one is filled */

// The life of an order: X(from, event, to). What is not here cannot happen; nothing leaves a final
// state. The database's check, the diagram in docs/orders.md and the tests are compared with it.
#define ORDER_TRANSITIONS(X)                                                                       \
    X(PENDING_NEW, RESERVED, NEW)                                                                  \
    X(PENDING_NEW, REFUSED, REJECTED)                                                              \
    X(PENDING_NEW, CANCEL, CANCELED)                                                               \
    X(HELD, ACTIVATE, NEW)                                                                         \
    X(HELD, CANCEL, CANCELED)                                                                      \
    X(HELD, REPLACED, REPLACED)                                                                    \
    X(NEW, TRIGGER, NEW)                                                                           \
    X(NEW, FILL, FILLED)                                                                           \
    X(NEW, FILL_PART, PARTIALLY_FILLED)                                                            \
    X(NEW, CANCEL, CANCELED)                                                                       \
    X(NEW, EXPIRE, EXPIRED)                                                                        \
    X(NEW, REPLACE, PENDING_REPLACE)                                                               \
    X(PARTIALLY_FILLED, FILL_PART, PARTIALLY_FILLED)                                               \
    X(PARTIALLY_FILLED, FILL, FILLED)                                                              \
    X(PARTIALLY_FILLED, CANCEL, CANCELED)                                                          \
    X(PARTIALLY_FILLED, EXPIRE, EXPIRED)                                                           \
    X(PARTIALLY_FILLED, REPLACE, PENDING_REPLACE)                                                  \
    X(PARTIALLY_FILLED, REPLACED, REPLACED)                                                        \
    X(NEW, REPLACED, REPLACED) /* of a leg: its hold is that of the next one, too */               \
    X(PENDING_REPLACE, REPLACED, REPLACED)                                                         \
    X(PENDING_REPLACE, KEEP, NEW)                                                                  \
    X(PENDING_REPLACE, KEEP_PART, PARTIALLY_FILLED)

#define ORDER_STATUS_AS_ENUM(name, text, is_open) ORDER_##name,
enum order_status { ORDER_STATUSES(ORDER_STATUS_AS_ENUM) ORDER_STATUS_COUNT };
#undef ORDER_STATUS_AS_ENUM

#define ORDER_EVENT_AS_ENUM(name, text) ORDER_EVENT_##name,
enum order_event { ORDER_EVENTS(ORDER_EVENT_AS_ENUM) ORDER_EVENT_COUNT };
#undef ORDER_EVENT_AS_ENUM

#define ORDER_TYPE_AS_ENUM(name, text, has_limit, has_stop, trails) ORDER_##name,
enum order_type { ORDER_TYPES(ORDER_TYPE_AS_ENUM) ORDER_TYPE_COUNT };
#undef ORDER_TYPE_AS_ENUM

#define ORDER_TIME_IN_FORCE_AS_ENUM(name, text, rests) ORDER_##name,
enum order_time_in_force {
    ORDER_TIMES_IN_FORCE(ORDER_TIME_IN_FORCE_AS_ENUM) ORDER_TIME_IN_FORCE_COUNT
};
#undef ORDER_TIME_IN_FORCE_AS_ENUM

enum order_side { ORDER_BUY, ORDER_SELL };

// A fill that is decided when the order is taken, before anything is held for it, and happens then:
// whoever goes on with the order has this one booked and no other.
struct order_decision {
    int64_t quantity; // 0 for none
    int64_t price;
    int64_t commission;
    int64_t quote_at;
};

struct order {
    char id[UUID_SIZE];
    char portfolio_id[UUID_SIZE];
    char user_id[UUID_SIZE];
    char request_id[UUID_SIZE];
    char body_hash[ORDER_HASH_SIZE];
    const char *client_order_id; // NULL for none; borrowed
    char ticker[ORDER_TICKER_SIZE];
    enum order_class order_class;
    enum order_part part;     // these two of an order that is in a group
    char group_id[UUID_SIZE]; // empty for none
    enum order_side side;
    enum order_type type;
    enum order_time_in_force time_in_force;
    bool extended_hours;
    int64_t quantity;
    int64_t notional; // what the quantity was made of; 0 for an order by quantity
    // These are 0 when the order has none.
    int64_t limit_price;
    int64_t other_limit; // of the parent of an OCO that is to be placed: that of its stop-loss
    int64_t stop_price;  // of one that trails: what the high water makes of it at present
    int64_t trail_price;
    int64_t trail_percent; // in millionths of a percent
    int64_t high_water;    // the best price that one that trails has seen: highest of a sell
    int64_t filled_quantity;
    int64_t average_fill_price;      // 0 before the first fill
    struct product_sum filled_value; // of all fills: price times quantity, exactly
    int fill_count;
    int booked_count;    // so many of them portfolio is known to have booked
    int64_t hold_amount; // of a buy: the cash to hold, with what has been spent of it
    int64_t commission;
    struct fill_terms terms;
    int64_t volume_seen; // of one with a share of the volume: what was traded before it came
    enum order_status status;
    char reason[ERROR_REASON_SIZE]; // empty for none
    char reason_message[ERROR_MESSAGE_SIZE];
    const char *reason_details; // "name=value" lines, NULL for none; borrowed
    char cancel_request_id[UUID_SIZE];
    char replaces[UUID_SIZE];    // the order whose place it takes; empty for none
    char replaced_by[UUID_SIZE]; // the order that has taken its place
    int64_t created_at;
    int64_t submitted_at; // these are 0 when it has not happened
    int64_t filled_at;
    int64_t canceled_at;
    int64_t expired_at;
    int64_t updated_at;
    int64_t starts_at; // no quote before it may fill the order
    int64_t expires_at;
    int64_t triggered_at; // since when a stop order is one with a limit alone; 0 for not yet
    int64_t looked_at;    // quotes up to this time are in the high water, and have not filled it
    struct order_decision decided;
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
    enum fill_model model;
};

const char *order_status_name(enum order_status status);
MUST_CHECK bool order_status_find(const char *name, enum order_status *out_status);
bool order_status_is_open(enum order_status status);
const char *order_side_name(enum order_side side);
const char *order_event_name(enum order_event event);

const char *order_type_name(enum order_type type);
MUST_CHECK bool order_type_find(const char *name, enum order_type *out_type);
bool order_type_has_limit(enum order_type type);
bool order_type_has_stop(enum order_type type);

const char *order_time_in_force_name(enum order_time_in_force time_in_force);
MUST_CHECK bool order_time_in_force_find(const char *name, enum order_time_in_force *out_found);
bool order_time_in_force_rests(enum order_time_in_force time_in_force);

// Whether the order is one of several that are placed together.
bool order_is_in_group(const struct order *order);

// Whether it is the one of its group that the others are shown with.
bool order_is_parent(const struct order *order);

// Whether it sells what the group has: what is held for the group's exits is held once, under the
// group's id, as one of them at most is filled.
bool order_is_exit(const struct order *order);

// The limit within which the order may come to trade, by which it is told whether that could be
// with another one of its owner's; 0 for at any price. Of an OCO it is that of both its orders.
int64_t order_meets_limit(const struct order *order);

// What portfolio holds for the order: under its own id, or under its group's.
const char *order_hold_id(const struct order *order);

// Where an event leads from a status; false when it cannot happen there.
MUST_CHECK bool
order_next(enum order_status from, enum order_event event, enum order_status *out_to);

// Makes the event happen to the order at that time. False, and nothing changed, when it cannot.
MUST_CHECK bool order_apply(struct order *order, enum order_event event, int64_t at);

// One execution as it is decided.
struct order_execution {
    int64_t quantity; // at most what is left
    int64_t price;
    int64_t commission;
    int64_t quote_at;
    int64_t at;
};

// Fills the order with that, which is a part of it when something is left afterwards. False, and
// nothing changed, when it cannot happen or cannot be counted.
MUST_CHECK bool order_execute(struct order *order, const struct order_execution *execution);

// The same, with the fill that is to be booked.
MUST_CHECK bool order_fill_at(struct order *order,
                              const struct order_execution *execution,
                              struct order_fill *out_fill);

int64_t order_remaining(const struct order *order);

// Whether the order may go on: portfolio has booked every fill there is.
bool order_is_booked(const struct order *order);

// Whether it is in a state in which quotes fill it.
bool order_rests(const struct order *order);

// Whether bars fill it rather than quotes. What is for the opening or the close names its quote.
bool order_goes_by_bars(const struct order *order);

// Whether the order meets no quote of the moment at which it is placed.
bool order_is_delayed(const struct order *order);

// Whether the order is still to be filled as was decided when it was taken: nobody can cancel it.
bool order_is_decided(const struct order *order);

// Whether the order is to wait for a quote, as far as is known when it is placed.
bool order_is_to_rest(const struct order *order);

// The fill that was decided.
struct order_fill order_decided_fill(const struct order *order);

// Takes a decided order from its intent to that fill, once portfolio has booked it.
MUST_CHECK bool order_fill_decided(struct order *order, struct order_fill *out_fill);

// Keeps why the order was refused, canceled or expired. The details' text is allocated in `arena`.
MUST_CHECK bool
order_set_reason(struct order *order, struct arena *arena, const struct error *error);

// The error that was kept, for a repeat of the request that was refused.
void order_get_reason(const struct order *order, struct error *out_error);

// Refuses a change that the order's state does not allow: ORDER_NOT_OPEN of one that has ended,
// otherwise ORDER_NOT_READY. The error has the state as order_status, and the order that has taken
// its place as replaced_by.
bool order_refuse_change(const struct order *order, struct error *error);

// Refuses a change for the moment, ORDER_NOT_READY with that sentence and order_status.
bool order_refuse_for_now(const struct order *order, const char *sentence, struct error *error);

// The id of an order's n-th fill: the same whoever makes it, so it can be booked only once.
struct uuid order_fill_id(const char *order_id, int number);
