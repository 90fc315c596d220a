// SPDX-License-Identifier: MIT
// stream_topics: what one stream follows, and what of it waits to be sent.
//
// A topic waits at most once, and what is sent is its state when its turn comes: a slow reader gets
// the latest, never a backlog. Of the changes of orders the last one of each order waits, at most
// STREAM_EVENTS_MAX of them; when there are more they are dropped, and the snapshot is sent again.
// Of a portfolio's or a run's events one page waits at most, and those after it are asked for once
// it is sent.
//
// Threads: one stream's topics belong to one thread.
// Memory: at most 200 subscriptions and 64 events a stream; the text of an event is shared by all
// streams that it waits in.
#pragma once

#include "base/error.h"
#include "base/uuid.h"

enum {
    STREAM_SUBSCRIPTIONS_MAX = 200, // of one stream
    STREAM_ASKED_MAX = 20,          // of each kind of topics with an id; each costs calls
    STREAM_EVENTS_MAX = 64,
    STREAM_TOPIC_SIZE = 80, // as text, with its end
};

enum stream_kind {
    STREAM_QUOTES,
    STREAM_BARS,
    STREAM_CLOCK,
    STREAM_ORDERS,
    STREAM_PORTFOLIO,
    STREAM_ORDER_EVENTS, // of a portfolio, numbered; none is left out
    STREAM_BALANCE_EVENTS,
    STREAM_RUN_EVENTS, // of a strategy that runs, numbered; none is left out
    STREAM_BACKTEST,
    STREAM_KIND_COUNT
};

struct stream_topic {
    enum stream_kind kind;
    char name[UUID_SIZE]; // the ticker, or the id of what it is of; empty for orders and clock
    // Of events: the number that they go on after. Without it they begin with a snapshot.
    bool has_after;
    int64_t after;
};

struct stream_feed;
struct stream_connection;

struct stream_subscription {
    struct stream_subscription *next;
    struct stream_subscription *next_waiting;
    struct stream_topic topic;
    bool is_waiting;
    bool is_snapshot; // what is sent next is the whole state
    // Of quotes, bars and the clock.
    struct stream_connection *connection;
    struct stream_feed *feed;
    struct stream_subscription *next_of_feed;
    struct stream_subscription *previous_of_feed;
    // Of all others, which have to be asked for.
    bool must_ask;
    bool has_failed;  // the last question had no answer
    int64_t asked_us; // monotonic
    uint64_t asked_moves;
    char *text; // the answer as the members of a JSON object; NULL for none
    size_t length;
};

// Text that several streams send, on one thread.
struct stream_text {
    size_t users;
    size_t length;
    char data[];
};

struct stream_event {
    struct stream_event *next;
    char order_id[UUID_SIZE];
    struct stream_text *text;
};

struct stream_topics {
    struct stream_subscription *first;
    size_t count;
    size_t counts[STREAM_KIND_COUNT];
    struct stream_subscription *waiting; // the next to be sent
    struct stream_subscription *last_waiting;
    struct stream_event *events;
    struct stream_event *last_event;
    size_t event_count;
    bool holds_events; // until the snapshot that they come after is there
};

// Whether the topic is of the market, which anybody may follow and nobody is asked for.
bool stream_kind_is_of_market(enum stream_kind kind);
// Whether the topic is of one portfolio; whether it is of numbered events.
bool stream_kind_is_of_portfolio(enum stream_kind kind);
bool stream_kind_is_of_events(enum stream_kind kind);

// "quotes:AAPL", "bars:AAPL", "clock", "orders", "portfolio:ID", "backtest:ID", "orders:ID",
// "balances:ID", "run:ID", and the last three with "@NUMBER". Fails with INVALID_REQUEST.
MUST_CHECK bool stream_topic_read(const char *text, struct stream_topic *out, struct error *error);
// Without the number.
void stream_topic_print(const struct stream_topic *topic, char out[STREAM_TOPIC_SIZE]);

struct stream_subscription *stream_topics_find(const struct stream_topics *topics,
                                               const struct stream_topic *topic);

// Adds a subscription; one that is there already is given back as it is. Fails with LIMIT_EXCEEDED.
MUST_CHECK bool stream_topics_add(struct stream_topics *topics,
                                  const struct stream_topic *topic,
                                  struct stream_subscription **out_subscription,
                                  struct error *error);
// Removes and frees one, which must have left its feed.
void stream_topics_remove(struct stream_topics *topics, struct stream_subscription *subscription);

// Puts it at the end of what waits, unless it waits already.
void stream_topics_wait(struct stream_topics *topics, struct stream_subscription *subscription);
// Takes what has waited longest; NULL when nothing waits.
struct stream_subscription *stream_topics_next(struct stream_topics *topics);

// Has the change of an order wait, in place of an earlier one of the same order. False when too
// many wait: then none does any more.
MUST_CHECK bool stream_topics_put_event(struct stream_topics *topics,
                                        const char *order_id,
                                        struct stream_text *text);
// Takes the first of them, which the caller gives back with stream_event_free.
struct stream_event *stream_topics_next_event(struct stream_topics *topics);
void stream_event_free(struct stream_event *event);
void stream_topics_drop_events(struct stream_topics *topics);

// A text with one user, and the end of one use.
struct stream_text *stream_text_new(struct text text);
void stream_text_leave(struct stream_text *text);
