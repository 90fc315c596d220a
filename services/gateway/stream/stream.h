// SPDX-License-Identifier: MIT
// stream: what the parts of stream_server share; private to them.
//
// stream_server has the thread and the times, stream_input what clients say, stream_output what
// they are sent, stream_state where that comes from, stream_clock the time, stream_events the
// numbered events of portfolios and runs.
//
// Threads: everything belongs to the streams' own thread, but for what is under the inbox's lock.
// Memory: a stream that keeps up has its struct and its subscriptions (some 300 bytes each). One
// that does not has in addition what its socket did not take: at most OUTPUT_MAX and one message.
#pragma once

#include "server/connection_limit.h"
#include "stream/stream_feeds.h"
#include "stream/stream_server.h"
#include "stream/websocket.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    STREAM_INPUT_SIZE = 4096,
    STREAM_MESSAGES_PER_SECOND = 20, // from one client, pings included
    STREAM_USERS = 1024,             // chains of users
};

enum stream_phase {
    STREAM_IS_OPEN,
    STREAM_CLOSES, // the last bytes are sent; what still comes is thrown away
    STREAM_IS_OVER,
};

struct stream_connection {
    struct stream_connection *next; // of the server's
    struct stream_connection *previous;
    struct stream_connection *next_of_user;
    struct stream_connection *next_touched;
    struct stream_server *server;
    struct http_server *http_server; // that the socket comes from
    struct stream_start *start;      // NULL once it has begun
    int descriptor;
    uint32_t interest; // of epoll's events
    enum stream_phase phase;
    bool is_websocket;
    bool is_touched; // there may be something to send
    bool is_ended;   // and is only there for the answer to a question
    bool is_shut;    // nothing more will be sent
    char client_address[CLIENT_ADDRESS_SIZE];
    struct websocket_reader reader;
    char *unread; // what came while nothing was read; NULL for none
    size_t unread_length;
    char *left; // what the socket did not take; NULL for none
    size_t left_length;
    size_t left_begin;
    uint64_t sequence;
    struct stream_topics topics;
    // Who it is.
    struct stream_credential *credential; // NULL for nobody
    char *token;
    struct identity identity;
    struct stream_question *question; // under way; the connection must not be freed meanwhile
    struct stream_credential *next_credential; // to be asked about after that; NULL for none
    char *waiting_request;                     // read already, for when it is known who it is from
    size_t waiting_length;
    // Times, monotonic.
    int64_t heard_us;
    int64_t progress_us; // when the socket last took something, or had nothing to take
    int64_t beat_us;     // of the last ping or heartbeat
    int64_t until_us;    // to close
    int64_t second;      // for which messages are counted
    int messages;
};

// What other threads leave for the streams' own: the change of an order, of a portfolio's balances,
// or of a backtest or run.
struct stream_change {
    struct stream_change *next;
    char user_id[UUID_SIZE];
    char portfolio_id[UUID_SIZE]; // empty for a backtest or run, which is in none
    char id[UUID_SIZE];           // of the order, the backtest or the run
    struct stream_text *text;     // of the order; NULL for all others
    int64_t sequence;             // of the portfolio's balances; 0 of orders
};

struct stream_inbox {
    pthread_mutex_t lock; // guards everything here; held for a moment only
    struct stream_connection *connections;
    struct stream_question *answers;
    struct stream_change *changes;
    struct stream_change *last_change;
    size_t change_count;
    size_t dropped_count; // of changes for which there was no room, so far
    bool has_order_gap;   // changes may have been missed
    bool has_balance_gap; // of balances
    bool has_strategy_gap;
    bool is_closed; // nobody looks any more
};

// What was told of the platform clock, and when.
struct stream_told_clock {
    struct stream_feed feed; // of no ticker
    struct platform_clock clock;
    int64_t told_us; // monotonic
};

struct stream_server {
    struct stream_server_options options;
    struct proxy_list *no_proxies;
    struct connection_limit *addresses;
    atomic_size_t count;          // of connections, those about to begin included
    struct stream_feeds *feeds;   // of quotes
    struct stream_feeds *minutes; // of bars
    bool asks_minutes;            // a question for them is under way
    struct stream_told_clock clock;
    struct stream_asker *asker;
    struct rpc_subscriber *orders;
    struct arena *orders_arena; // of the subscriber's thread
    struct rpc_subscriber *balances;
    struct arena *balances_arena; // of the subscriber's thread
    struct rpc_subscriber *strategies;
    struct arena *strategies_arena; // of the subscriber's thread
    struct stream_inbox inbox;
    atomic_uint_fast64_t moves; // publications of prices so far
    atomic_bool is_stopping;
    pthread_t thread;
    bool has_thread;
    int epoll;
    int wake;
    struct stream_connection *connections;
    struct stream_connection *touched;
    struct stream_connection *users[STREAM_USERS];
    struct strbuf *scratch; // of what is being sent
    struct strbuf *text;    // of one message
    struct arena *arena;    // of one request
    int64_t looked_us;
    int64_t checked_us;
    struct metric *open;
    struct metric *followed;
    struct metric *dropped;
    struct metric *bytes;
    struct metric *sent;
    struct metric *closed;
};

// stream_server.

void stream_wake(struct stream_server *server);

// stream_output.

// There may be something to send: it is flushed before the thread waits again.
void stream_touch(struct stream_connection *connection);
void stream_flush(struct stream_connection *connection);

// Sends bytes as they are.
void stream_keep(struct stream_connection *connection, struct text bytes);
// Sends a message of that type. `members` are those of its JSON object after type and sequence,
// with the brace that ends it.
void stream_say(struct stream_connection *connection, const char *type, struct text members);
void stream_say_error(struct stream_connection *connection,
                      const struct error *error,
                      const struct stream_topic *topic);
void stream_send_control(struct stream_connection *connection,
                         enum websocket_opcode opcode,
                         struct text data);
// Says why, and closes once that is sent: with the code over a WebSocket, with an error as
// server-sent events. The cause is NULL when the client has closed.
void stream_close(struct stream_connection *connection, int code, const struct error *cause);

// stream_input.

void stream_receive(struct stream_connection *connection);
// Goes on with what waited for the answer who somebody is.
void stream_resume(struct stream_connection *connection);
uint32_t stream_interest(const struct stream_connection *connection);

// stream_state.

MUST_CHECK bool stream_subscribe(struct stream_connection *connection,
                                 const struct stream_topic *topic,
                                 struct error *error);
void stream_unsubscribe(struct stream_connection *connection,
                        struct stream_subscription *subscription);
void stream_ask_who(struct stream_connection *connection,
                    const struct stream_credential *credential);
void stream_answer(struct stream_connection *connection, struct stream_question *question);
// Asks for what there is to be asked for, one at a time.
void stream_ask_states(struct stream_connection *connection, int64_t now_us);
// From now on the connection is that user's. Fails with LIMIT_EXCEEDED.
MUST_CHECK bool stream_join_user(struct stream_connection *connection, struct error *error);
void stream_leave_user(struct stream_connection *connection);
void stream_check_credential(struct stream_connection *connection);
// Asks for the minutes of all tickers whose bars are followed, unless that is being asked already.
void stream_ask_minutes(struct stream_server *server);
void stream_take_minutes(struct stream_server *server, struct stream_question *question);
void stream_tell_moved(struct stream_server *server);
void stream_tell_change(struct stream_server *server, const struct stream_change *change);
void stream_tell_order_gap(struct stream_server *server);
// Gives a change to the streams' thread, or frees it when too many wait; then `*gap` is set, the
// one in the inbox. The inbox must be locked.
void stream_put_change(struct stream_inbox *inbox, struct stream_change *change, bool *gap);
void stream_change_free(struct stream_change *change);
void stream_look_at_feeds(struct stream_server *server);
// Adds a subscription to those of its feed; what is sent first is a snapshot.
void stream_join_feed(struct stream_connection *connection,
                      struct stream_subscription *subscription,
                      struct stream_feed *feed);
// Has what is in a feed sent to all who follow it.
void stream_tell_feed(struct stream_feed *feed, bool is_snapshot);
void stream_receive_order(
    void *context, struct text body, uint64_t epoch, uint64_t sequence, bool gap);

// stream_clock.

// Fails with UNAVAILABLE before market has been heard of.
MUST_CHECK bool stream_follow_clock(struct stream_connection *connection,
                                    struct stream_subscription *subscription,
                                    struct error *error);
// Tells of it when it is not what those who follow it can work out.
void stream_look_at_clock(struct stream_server *server);

// stream_events.

// Whether events of a portfolio are to be asked for: something may have happened, and all that was
// asked for has been taken.
bool stream_events_are_due(const struct stream_connection *connection,
                           const struct stream_subscription *subscription,
                           int64_t now_us);
void stream_learn_events(struct stream_connection *connection,
                         struct stream_subscription *subscription,
                         struct stream_question *question);
// Asks for all of a kind, as something may have been missed.
void stream_tell_gap(struct stream_server *server, enum stream_kind kind);
void stream_receive_balances(
    void *context, struct text body, uint64_t epoch, uint64_t sequence, bool gap);
void stream_receive_strategy(
    void *context, struct text body, uint64_t epoch, uint64_t sequence, bool gap);
