// SPDX-License-Identifier: MIT
// inbox: what the matcher's thread has yet to look at, in the order in which it came: quotes,
// orders that come to rest, and orders that do so no more.
//
// It is bounded. What does not fit is left out, and whoever takes is told of what kind something
// was missed: quotes can be asked for, and orders read from the database.
//
// Threads: any may put; one takes. Memory: an event that is put is the inbox's, one that is taken
// the taker's.
#pragma once

#include "orders/order.h"
#include "quotes/quotes.h"

struct inbox_event {
    struct inbox_event *next;
    bool is_order;      // to be added
    bool is_removal;    // of the order with that id
    struct order order; // of these two
    struct quote *quotes;
    size_t count;
    struct platform_clock clock;
    bool gap;
    bool leaves_out; // its quotes, as no order rested when it came
};

void inbox_event_free(struct inbox_event *event);

struct inbox;

struct inbox *inbox_new(void);
void inbox_free(struct inbox **inbox);

// Puts events in, a list of as many of one kind, which are taken all at once; frees them when too
// many wait.
void inbox_put(struct inbox *inbox, struct inbox_event *events, size_t count);

// Says that orders were missed, whatever there is.
void inbox_miss_orders(struct inbox *inbox);

// Ends the wait of who takes.
void inbox_wake(struct inbox *inbox);

// Takes nothing in any more, and wakes.
void inbox_stop(struct inbox *inbox);
bool inbox_is_stopped(struct inbox *inbox);

struct inbox_missed {
    bool quotes;
    bool orders;
};

// Takes all events that wait. With `wait_ms` it waits so long for the first one or for a wake.
struct inbox_event *
inbox_take(struct inbox *inbox, int64_t wait_ms, struct inbox_missed *out_missed);

// Says that what was taken has been looked at.
void inbox_settle(struct inbox *inbox);

// How many orders were put in that have not been taken and settled.
size_t inbox_count_orders(struct inbox *inbox);

// Whether orders wait to be taken, or were missed.
bool inbox_has_orders(struct inbox *inbox);
