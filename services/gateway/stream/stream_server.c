// SPDX-License-Identifier: MIT
#include "stream/stream_server.h"

#include "base/clock.h"
#include "base/digest.h"
#include "rpc/rpc_topic.h"
#include "stream/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    EVENTS_AT_ONCE = 256,
    TICK_MS = 100,
    SCRATCH_MAX = 512 * 1024,
    MESSAGE_HEAD_MAX = 256,
    REQUEST_BUDGET = 256 * 1024,
    ORDER_BUDGET = 256 * 1024,
    SEND_BUFFER_SIZE = 64 * 1024, // in the kernel, of each stream
    USER_TIMEOUT_MS = 30 * 1000,
};
#define LOOK_EVERY_US (250 * MICROS_PER_MS)
#define CHECK_EVERY_US (1 * MICROS_PER_SECOND)
#define BEAT_EVERY_US (15 * MICROS_PER_SECOND)
#define SILENCE_MAX_US (30 * MICROS_PER_SECOND)
#define STALL_MAX_US (10 * MICROS_PER_SECOND)
#define STOP_LIMIT_US (1500 * MICROS_PER_MS)

void stream_wake(struct stream_server *server)
{
    (void)eventfd_write(server->wake, 1);
}

// The end of a connection.

static void release_connection(struct stream_connection *connection)
{
    if (connection->credential != NULL)
        digest_wipe(connection->credential, sizeof *connection->credential);
    if (connection->token != NULL)
        digest_wipe(connection->token, strlen(connection->token));
    if (connection->waiting_request != NULL)
        digest_wipe(connection->waiting_request, connection->waiting_length);
    release(connection->credential);
    release(connection->next_credential);
    release(connection->token);
    release(connection->waiting_request);
    release(connection->unread);
    release(connection->left);
    websocket_reader_clear(&connection->reader);
    release(connection);
}

// Takes it off everything. What is still being asked for it is waited for before it is freed.
static void end_connection(struct stream_connection *connection)
{
    struct stream_server *server = connection->server;

    if (connection->token != NULL)
        stream_leave_user(connection);
    while (connection->topics.first != NULL)
        stream_unsubscribe(connection, connection->topics.first);
    stream_topics_drop_events(&connection->topics);
    http_server_close(connection->http_server, connection->descriptor);
    connection_limit_leave(server->addresses, connection->client_address);
    atomic_fetch_sub(&server->count, 1);
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        server->connections = connection->next;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    connection->is_ended = true;
    if (connection->question == NULL)
        release_connection(connection);
}

static void sweep(struct stream_server *server)
{
    struct stream_connection *next = NULL;

    for (struct stream_connection *at = server->connections; at != NULL; at = next) {
        next = at->next;
        if (at->phase == STREAM_IS_OVER)
            end_connection(at);
    }
}

// The beginning of one.

static void set_socket_options(int descriptor)
{
    int on = 1;
    int size = SEND_BUFFER_SIZE;
    unsigned timeout_ms = USER_TIMEOUT_MS;

    // None of these is needed to serve; the buffer's size keeps a slow reader's backlog short.
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms);
}

static void follow_first(struct stream_connection *connection)
{
    static const char retry[] = "retry: 2000\n\n";
    struct stream_start *start = connection->start;
    struct error error;

    if (!connection->is_websocket)
        stream_keep(connection, (struct text){retry, sizeof retry - 1});
    if (connection->token != NULL && !stream_join_user(connection, &error)) {
        // Server-sent events say it as they are closed.
        if (connection->is_websocket)
            stream_say_error(connection, &error, NULL);
        stream_close(connection, CLOSE_POLICY, &error);
        return;
    }
    for (size_t i = 0; i < start->topic_count; i++)
        if (!stream_subscribe(connection, &start->topics[i], &error))
            stream_say_error(connection, &error, &start->topics[i]);
}

static void send_away(struct stream_connection *connection)
{
    struct error cause;

    error_set(&cause, REASON_UNAVAILABLE, "the gateway is being stopped");
    stream_close(connection, CLOSE_GOING_AWAY, &cause);
}

static void adopt(struct stream_server *server, struct stream_connection *connection)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = connection}};
    int64_t now_us = clock_monotonic_us();

    connection->next = server->connections;
    if (server->connections != NULL)
        server->connections->previous = connection;
    server->connections = connection;
    connection->interest = EPOLLIN;
    connection->heard_us = connection->progress_us = connection->beat_us = now_us;
    set_socket_options(connection->descriptor);
    if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, connection->descriptor, &event) != 0)
        connection->phase = STREAM_IS_OVER;
    else
        follow_first(connection);
    release(connection->start);
    connection->start = NULL;
    if (atomic_load(&server->is_stopping))
        send_away(connection);
    stream_touch(connection);
}

// The inbox.

static void take_answers(struct stream_server *server, struct stream_question *answers)
{
    while (answers != NULL) {
        struct stream_question *question = answers;
        struct stream_connection *connection = question->connection;

        answers = question->next;
        if (connection == NULL) {
            stream_take_minutes(server, question);
        } else if (connection->is_ended) {
            stream_question_free(question);
            release_connection(connection);
        } else {
            stream_answer(connection, question);
        }
    }
}

static void take_changes(struct stream_server *server, struct stream_change *changes)
{
    while (changes != NULL) {
        struct stream_change *change = changes;

        changes = change->next;
        stream_tell_change(server, change);
        stream_change_free(change);
    }
}

static void take_inbox(struct stream_server *server)
{
    struct stream_inbox *inbox = &server->inbox;
    struct stream_connection *connections = NULL;
    struct stream_question *answers = NULL;
    struct stream_change *changes = NULL;
    bool has_order_gap = false;
    bool has_balance_gap = false;
    bool has_strategy_gap = false;

    pthread_mutex_lock(&inbox->lock);
    connections = inbox->connections;
    answers = inbox->answers;
    changes = inbox->changes;
    has_order_gap = inbox->has_order_gap;
    has_balance_gap = inbox->has_balance_gap;
    has_strategy_gap = inbox->has_strategy_gap;
    inbox->connections = NULL;
    inbox->answers = NULL;
    inbox->changes = inbox->last_change = NULL;
    inbox->change_count = 0;
    inbox->has_order_gap = inbox->has_balance_gap = inbox->has_strategy_gap = false;
    pthread_mutex_unlock(&inbox->lock);
    while (connections != NULL) {
        struct stream_connection *connection = connections;

        connections = connection->next;
        connection->next = NULL;
        adopt(server, connection);
    }
    take_answers(server, answers);
    if (has_order_gap)
        stream_tell_order_gap(server);
    if (has_balance_gap)
        stream_tell_gap(server, STREAM_BALANCE_EVENTS);
    if (has_strategy_gap) {
        stream_tell_gap(server, STREAM_RUN_EVENTS);
        stream_tell_gap(server, STREAM_BACKTEST);
    }
    take_changes(server, changes);
}

static void answered(void *context, struct stream_question *question)
{
    struct stream_server *server = context;

    pthread_mutex_lock(&server->inbox.lock);
    question->next = server->inbox.answers;
    server->inbox.answers = question;
    pthread_mutex_unlock(&server->inbox.lock);
    stream_wake(server);
}

// Time.

static void look_at_connection(struct stream_connection *connection, int64_t now_us, bool checks)
{
    const char *cause = NULL;

    if (connection->left != NULL && now_us - connection->progress_us > STALL_MAX_US)
        cause = "slow";
    else if (connection->is_websocket && now_us - connection->heard_us > SILENCE_MAX_US)
        cause = "silent";
    if (cause != NULL && connection->phase == STREAM_IS_OPEN)
        metric_add(connection->server->closed, 1, cause, NULL);
    if (cause != NULL || (connection->phase == STREAM_CLOSES && now_us > connection->until_us))
        connection->phase = STREAM_IS_OVER;
    if (connection->phase != STREAM_IS_OPEN)
        return;
    // One that has not taken the last bytes needs no more of them to show whether it is there.
    if (now_us - connection->beat_us >= BEAT_EVERY_US && connection->left == NULL) {
        connection->beat_us = now_us;
        stream_send_control(connection, WEBSOCKET_PING, (struct text){"", 0});
    }
    if (checks)
        stream_check_credential(connection);
    stream_ask_states(connection, now_us);
}

static void measure(struct stream_server *server)
{
    static const char *const kinds[STREAM_KIND_COUNT] = {
        "quotes",       "bars",           "clock",      "orders",  "portfolio",
        "order_events", "balance_events", "run_events", "backtest"};
    int64_t counts[STREAM_KIND_COUNT] = {0};
    size_t dropped = 0;

    for (struct stream_connection *at = server->connections; at != NULL; at = at->next)
        for (size_t i = 0; i < STREAM_KIND_COUNT; i++)
            counts[i] += (int64_t)at->topics.counts[i];
    pthread_mutex_lock(&server->inbox.lock);
    dropped = server->inbox.dropped_count;
    pthread_mutex_unlock(&server->inbox.lock);
    metric_set(server->open, (int64_t)atomic_load(&server->count), NULL, NULL);
    metric_set(server->dropped, (int64_t)dropped, NULL, NULL);
    for (size_t i = 0; i < STREAM_KIND_COUNT; i++)
        metric_set(server->followed, counts[i], kinds[i], NULL);
}

static void look(struct stream_server *server)
{
    int64_t now_us = clock_monotonic_us();
    bool checks = now_us - server->checked_us >= CHECK_EVERY_US;

    if (now_us - server->looked_us < LOOK_EVERY_US)
        return;
    server->looked_us = now_us;
    if (checks) {
        server->checked_us = now_us;
        stream_look_at_feeds(server);
        stream_ask_minutes(server);
        measure(server);
    }
    stream_look_at_clock(server);
    for (struct stream_connection *at = server->connections; at != NULL; at = at->next)
        look_at_connection(at, now_us, checks);
}

static void flush_touched(struct stream_server *server)
{
    while (server->touched != NULL) {
        struct stream_connection *connection = server->touched;

        server->touched = connection->next_touched;
        connection->is_touched = false;
        stream_flush(connection);
        // Afterwards: what has been sent makes room for what is asked for.
        stream_ask_states(connection, clock_monotonic_us());
    }
}

static void handle_events(struct stream_server *server)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    eventfd_t ignored = 0;
    int count = epoll_wait(server->epoll, events, EVENTS_AT_ONCE, TICK_MS);

    for (int i = 0; i < count; i++) {
        struct stream_connection *connection = events[i].data.ptr;

        if (connection == NULL) {
            (void)eventfd_read(server->wake, &ignored);
            continue;
        }
        if ((events[i].events & (EPOLLERR | EPOLLHUP)) != 0)
            connection->phase = STREAM_IS_OVER;
        else if ((events[i].events & EPOLLIN) != 0)
            stream_receive(connection);
        stream_touch(connection);
    }
    take_inbox(server);
    stream_tell_moved(server);
    look(server);
    flush_touched(server);
    sweep(server);
}

static void *run(void *context)
{
    struct stream_server *server = context;
    int64_t end_us = 0;

    while (!atomic_load(&server->is_stopping))
        handle_events(server);
    for (struct stream_connection *at = server->connections; at != NULL; at = at->next)
        send_away(at);
    end_us = clock_monotonic_us() + STOP_LIMIT_US;
    flush_touched(server);
    sweep(server);
    while (server->connections != NULL && clock_monotonic_us() < end_us)
        handle_events(server);
    while (server->connections != NULL)
        end_connection(server->connections);
    return NULL;
}

// From outside.

static void make_metrics(struct stream_server *server)
{
    struct metrics *metrics = service_metrics(server->options.gateway->service);

    server->open = metrics_gauge(metrics, "streams_open", "Streams that are open.", NULL, NULL);
    server->followed = metrics_gauge(metrics, "stream_topics",
                                     "Topics that streams follow, by their kind.", "kind", NULL);
    server->dropped = metrics_counter(
        metrics, "stream_changes_dropped_total",
        "Changes of what is streamed for which there was no room; their readers ask again.", NULL,
        NULL);
    server->bytes = metrics_counter(metrics, "stream_sent_bytes_total",
                                    "Bytes that streams were sent.", NULL, NULL);
    server->sent = metrics_counter(metrics, "stream_messages_sent_total",
                                   "Messages that streams were sent.", "type", NULL);
    server->closed =
        metrics_counter(metrics, "streams_closed_total",
                        "Streams that were closed, by who or what closed them.", "cause", NULL);
}

bool stream_server_new(const struct stream_server_options *options,
                       struct stream_server **out_server,
                       struct error *error)
{
    struct stream_server *server = allocate(sizeof *server);
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = NULL}};

    server->options = *options;
    server->feeds = stream_feeds_new();
    server->minutes = stream_feeds_new();
    server->scratch = strbuf_new(SCRATCH_MAX);
    server->text = strbuf_new(MESSAGE_HEAD_MAX);
    server->arena = arena_new(REQUEST_BUDGET);
    server->orders_arena = arena_new(ORDER_BUDGET);
    server->balances_arena = arena_new(ORDER_BUDGET);
    server->strategies_arena = arena_new(ORDER_BUDGET);
    pthread_mutex_init(&server->inbox.lock, NULL);
    make_metrics(server);
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    server->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!proxy_list_new("", &server->no_proxies, error)) {
        stream_server_free(&server);
        return false;
    }
    server->addresses = connection_limit_new(options->connections_each, server->no_proxies);
    if (server->epoll < 0 || server->wake < 0 ||
        epoll_ctl(server->epoll, EPOLL_CTL_ADD, server->wake, &event) != 0) {
        error_set(error, REASON_INTERNAL, "Streams cannot wait for sockets: %s", strerror(errno));
        stream_server_free(&server);
        return false;
    }
    *out_server = server;
    return true;
}

bool stream_server_start(struct stream_server *server, struct error *error)
{
    struct service *service = server->options.gateway->service;
    struct rpc_subscriber_options orders = {.addresses = service_text(service, "trading-address"),
                                            .topic = "orders",
                                            .key = *service_mesh_key(service),
                                            .receive = stream_receive_order,
                                            .context = server};
    struct rpc_subscriber_options balances = {.addresses =
                                                  service_text(service, "portfolio-address"),
                                              .topic = "balances",
                                              .key = *service_mesh_key(service),
                                              .receive = stream_receive_balances,
                                              .context = server};
    struct rpc_subscriber_options strategies = {.addresses =
                                                    service_text(service, "trading-address"),
                                                .topic = "strategies",
                                                .key = *service_mesh_key(service),
                                                .receive = stream_receive_strategy,
                                                .context = server};

    if (!stream_asker_new(server->options.gateway, answered, server, &server->asker, error) ||
        !rpc_subscriber_new(&orders, &server->orders, error) ||
        !rpc_subscriber_new(&balances, &server->balances, error) ||
        !rpc_subscriber_new(&strategies, &server->strategies, error))
        return false;
    server->has_thread = pthread_create(&server->thread, NULL, run, server) == 0;
    return server->has_thread ||
           error_set(error, REASON_INTERNAL, "The thread for streams cannot be started.");
}

// Gives up what came into the inbox when nobody looked any more.
static void empty_inbox(struct stream_server *server)
{
    struct stream_connection *connections = NULL;

    pthread_mutex_lock(&server->inbox.lock);
    connections = server->inbox.connections;
    server->inbox.connections = NULL;
    server->inbox.is_closed = true;
    pthread_mutex_unlock(&server->inbox.lock);
    while (connections != NULL) {
        struct stream_connection *connection = connections;

        connections = connection->next;
        http_server_close(connection->http_server, connection->descriptor);
        stream_start_free(connection->start);
        connection->start = NULL;
        release_connection(connection);
    }
    take_answers(server, server->inbox.answers);
    server->inbox.answers = NULL;
    take_changes(server, server->inbox.changes);
    server->inbox.changes = NULL;
}

void stream_server_stop(struct stream_server *server)
{
    atomic_store(&server->is_stopping, true);
    stream_wake(server);
    if (server->has_thread)
        pthread_join(server->thread, NULL);
    server->has_thread = false;
    rpc_subscriber_free(&server->orders);
    rpc_subscriber_free(&server->balances);
    rpc_subscriber_free(&server->strategies);
    stream_asker_free(&server->asker);
    empty_inbox(server);
}

void stream_server_free(struct stream_server **server)
{
    struct stream_server *old = *server;

    if (old == NULL)
        return;
    stream_server_stop(old);
    if (old->epoll >= 0)
        close(old->epoll);
    if (old->wake >= 0)
        close(old->wake);
    if (old->addresses != NULL)
        connection_limit_free(&old->addresses);
    proxy_list_free(&old->no_proxies);
    stream_feeds_free(&old->feeds);
    stream_feeds_free(&old->minutes);
    release(old->clock.feed.text);
    strbuf_free(&old->scratch);
    strbuf_free(&old->text);
    arena_free(&old->arena);
    arena_free(&old->orders_arena);
    arena_free(&old->balances_arena);
    arena_free(&old->strategies_arena);
    pthread_mutex_destroy(&old->inbox.lock);
    release(old);
    *server = NULL;
}

size_t stream_server_count(const struct stream_server *server)
{
    return atomic_load(&server->count);
}

void stream_server_quotes_changed(void *context,
                                  const struct quote *quotes,
                                  size_t count,
                                  const struct platform_clock *clock,
                                  bool gap)
{
    struct stream_server *server = context;
    bool is_first = false;

    (void)clock;
    for (size_t i = 0; i < count; i++)
        if (stream_feeds_mark(server->feeds, quotes[i].ticker, gap))
            is_first = true;
    if (count > 0)
        atomic_fetch_add(&server->moves, 1);
    if (is_first)
        stream_wake(server);
}

bool stream_server_enter(struct stream_server *server,
                         const char *client_address,
                         struct stream_start **out_start,
                         struct error *error)
{
    struct stream_start *start = NULL;

    if (atomic_load(&server->is_stopping))
        return error_set(error, REASON_UNAVAILABLE, "The gateway is being stopped.");
    if (atomic_fetch_add(&server->count, 1) >= server->options.connections_max) {
        atomic_fetch_sub(&server->count, 1);
        return error_set(error, REASON_OVERLOADED, "%zu streams are open, and more may not be.",
                         server->options.connections_max);
    }
    if (!connection_limit_enter(server->addresses, client_address)) {
        atomic_fetch_sub(&server->count, 1);
        return error_set(error, REASON_TOO_MANY_REQUESTS,
                         "%zu streams of this address are open, and more may not be.",
                         server->options.connections_each);
    }
    start = allocate(sizeof *start);
    start->server = server;
    snprintf(start->client_address, sizeof start->client_address, "%s", client_address);
    *out_start = start;
    return true;
}

void stream_start_free(struct stream_start *start)
{
    connection_limit_leave(start->server->addresses, start->client_address);
    atomic_fetch_sub(&start->server->count, 1);
    digest_wipe(&start->credential, sizeof start->credential);
    release(start->token);
    release(start);
}

void stream_server_take(void *context, struct http_server *http_server, int descriptor)
{
    struct stream_start *start = context;
    struct stream_server *server = start->server;
    struct stream_connection *connection = NULL;
    bool is_closed = false;

    if (descriptor < 0) {
        stream_start_free(start);
        return;
    }
    connection = allocate(sizeof *connection);
    connection->server = server;
    connection->http_server = http_server;
    connection->descriptor = descriptor;
    connection->is_websocket = start->is_websocket;
    connection->start = start;
    memcpy(connection->client_address, start->client_address, sizeof start->client_address);
    if (start->token != NULL) {
        connection->credential = allocate(sizeof *connection->credential);
        *connection->credential = start->credential;
        connection->token = start->token;
        connection->identity = start->identity;
        start->token = NULL;
        digest_wipe(&start->credential, sizeof start->credential);
    }
    pthread_mutex_lock(&server->inbox.lock);
    is_closed = server->inbox.is_closed;
    if (!is_closed) {
        connection->next = server->inbox.connections;
        server->inbox.connections = connection;
    }
    pthread_mutex_unlock(&server->inbox.lock);
    if (!is_closed) {
        stream_wake(server);
        return;
    }
    http_server_close(http_server, descriptor);
    stream_start_free(start);
    release_connection(connection);
}
