// SPDX-License-Identifier: MIT
#include "server/tls_relay.h"

#include "base/clock.h"
#include "server/tls_connection.h"
#include "service/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    LISTENERS_MAX = 8,
    HOST_SIZE = 256,
    PORT_SIZE = 8,
    BACKLOG = 1024,
    EVENTS_AT_ONCE = 256,
    ACCEPTS_AT_ONCE = 64, // before the connections there are get their turn
    TICK_MS = 100,        // between two looks at the times
    PORTS = 65536,
};
#define LOOK_EVERY_US (1 * MICROS_PER_SECOND) // at the certificate's files
#define STOP_LIMIT_US (2 * MICROS_PER_SECOND)

struct tls_relay {
    struct tls_relay_options options;
    struct tls *tls;
    pthread_t thread;
    bool has_thread;
    int server_port;
    int epoll;
    int wake;
    int reserve; // a descriptor to be given up when there are no others
    int listeners[LISTENERS_MAX];
    size_t listener_count;
    struct tls_connection *connections;
    size_t connection_count;
    bool must_sweep; // a connection is over
    int64_t sweep_us;
    int64_t look_us;
    atomic_bool is_stopping;
    pthread_mutex_t lock; // guards what follows
    struct tls_connection *by_port[PORTS];
};

// Listening.

// Splits "host:port", "[host]:port" or "port" up to the next comma.
static bool split_address(const char *text, char host[HOST_SIZE], char port[PORT_SIZE])
{
    size_t length = strcspn(text, ", ");
    const char *colon = NULL;
    size_t host_length = 0;

    for (size_t i = 0; i < length; i++)
        if (text[i] == ':')
            colon = text + i;
    host_length = colon != NULL ? (size_t)(colon - text) : 0;
    if (host_length >= 2 && text[0] == '[' && text[host_length - 1] == ']') {
        snprintf(host, HOST_SIZE, "%.*s", (int)host_length - 2, text + 1);
    } else {
        if (memchr(text, ':', host_length) != NULL)
            return false; // of an IPv6 address without brackets
        snprintf(host, HOST_SIZE, "%.*s", (int)host_length, text);
    }
    if (colon != NULL)
        length -= host_length + 1;
    snprintf(port, PORT_SIZE, "%.*s", (int)length, colon != NULL ? colon + 1 : text);
    return length > 0 && length < PORT_SIZE && host_length < HOST_SIZE &&
           strspn(port, "0123456789") == length;
}

static int open_listener(const struct addrinfo *address)
{
    int on = 1;
    int listener = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (listener < 0)
        return -1;
    (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->ai_family == AF_INET6)
        (void)setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(listener, address->ai_addr, address->ai_addrlen) != 0 ||
        listen(listener, BACKLOG) != 0) {
        int cause = errno;

        close(listener);
        errno = cause;
        return -1;
    }
    return listener;
}

static bool add_listener(struct tls_relay *relay, const char *text, struct error *error)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = NULL}};
    struct addrinfo *addresses = NULL;
    char host[HOST_SIZE];
    char port[PORT_SIZE];
    int listener = -1;

    if (relay->listener_count == LISTENERS_MAX)
        return error_set(error, REASON_INVALID_SETTING, "--https-listen takes at most %d addresses",
                         LISTENERS_MAX);
    if (!split_address(text, host, port) ||
        getaddrinfo(host[0] != '\0' ? host : NULL, port, &hints, &addresses) != 0)
        return error_set(error, REASON_INVALID_SETTING,
                         "--https-listen must be host:port, or several separated by commas, not "
                         "\"%s\"",
                         text);
    listener = open_listener(addresses);
    freeaddrinfo(addresses);
    if (listener < 0 || epoll_ctl(relay->epoll, EPOLL_CTL_ADD, listener, &event) != 0) {
        error_set(error, REASON_INVALID_SETTING, "Cannot listen on %s for TLS: %s", text,
                  strerror(errno));
        if (listener >= 0)
            close(listener);
        return false;
    }
    relay->listeners[relay->listener_count++] = listener;
    return true;
}

static bool add_listeners(struct tls_relay *relay, struct error *error)
{
    const char *at = relay->options.listen;

    while (*(at += strspn(at, ", ")) != '\0') {
        if (!add_listener(relay, at, error))
            return false;
        at += strcspn(at, ",");
    }
    return true;
}

static void close_listeners(struct tls_relay *relay)
{
    for (size_t i = 0; i < relay->listener_count; i++)
        close(relay->listeners[i]);
    relay->listener_count = 0;
}

// Connections.

static void set_interest(struct tls_relay *relay, struct tls_connection_end *end, uint32_t interest)
{
    struct epoll_event event = {.events = interest, .data = {.ptr = end}};
    int operation = EPOLL_CTL_MOD;

    if (end->descriptor < 0 || interest == end->interest)
        return;
    // A socket nothing is expected of would still wake us for its end, again and again.
    if (interest == 0)
        operation = EPOLL_CTL_DEL;
    else if (end->interest == 0)
        operation = EPOLL_CTL_ADD;
    if (epoll_ctl(relay->epoll, operation, end->descriptor, &event) != 0)
        end->connection->phase = TLS_CONNECTION_IS_OVER;
    end->interest = interest;
}

// The port must be known before the server asks for it, and the server may be faster than we are:
// so the lock is held from before it can see the connection.
static bool connect_server(void *context, struct tls_connection *connection)
{
    struct tls_relay *relay = context;
    struct sockaddr_in server = {.sin_family = AF_INET,
                                 .sin_addr = {htonl(INADDR_LOOPBACK)},
                                 .sin_port = htons((uint16_t)connection->server_port)};
    struct sockaddr_in local = {.sin_family = AF_INET};
    // No waiting for lost packets on the loopback: what is closed is gone, and so is its port.
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    socklen_t size = sizeof local;
    int on = 1;
    bool is_connecting = false;
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (descriptor < 0)
        return false;
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    pthread_mutex_lock(&relay->lock);
    is_connecting = (connect(descriptor, (const struct sockaddr *)&server, sizeof server) == 0 ||
                     errno == EINPROGRESS) &&
                    getsockname(descriptor, (struct sockaddr *)&local, &size) == 0;
    if (is_connecting) {
        connection->relay_port = ntohs(local.sin_port);
        relay->by_port[connection->relay_port] = connection;
    }
    pthread_mutex_unlock(&relay->lock);
    if (!is_connecting) {
        close(descriptor);
        return false;
    }
    connection->server.descriptor = descriptor;
    return true;
}

static void forget_port(struct tls_relay *relay, struct tls_connection *connection)
{
    pthread_mutex_lock(&relay->lock);
    if (relay->by_port[connection->relay_port] == connection)
        relay->by_port[connection->relay_port] = NULL;
    connection->relay_port = 0;
    pthread_mutex_unlock(&relay->lock);
}

static void end_connection(struct tls_relay *relay, struct tls_connection *connection)
{
    forget_port(relay, connection);
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        relay->connections = connection->next;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    relay->connection_count--;
    connection_limit_leave(relay->options.limit, connection->address);
    tls_connection_free(&connection);
}

static void pump(struct tls_relay *relay, struct tls_connection *connection)
{
    tls_connection_pump(connection, connect_server, relay);
    if (connection->server.descriptor < 0 && connection->relay_port != 0)
        forget_port(relay, connection); // it may be another's soon
    set_interest(relay, &connection->client, tls_connection_client_interest(connection));
    set_interest(relay, &connection->server, tls_connection_server_interest(connection));
    relay->must_sweep = relay->must_sweep || connection->phase == TLS_CONNECTION_IS_OVER;
}

// Ends what is over and what has had its time. A connection is never ended in between, where an
// event of its other socket may be the next to be looked at.
static void sweep(struct tls_relay *relay)
{
    int64_t now_us = clock_monotonic_us();
    struct tls_connection *next = NULL;

    if (!relay->must_sweep && now_us < relay->sweep_us)
        return;
    relay->must_sweep = false;
    relay->sweep_us = now_us + TICK_MS * MICROS_PER_MS;
    for (struct tls_connection *connection = relay->connections; connection != NULL;
         connection = next) {
        next = connection->next;
        if (connection->phase == TLS_CONNECTION_IS_OVER || now_us >= connection->until_us)
            end_connection(relay, connection);
    }
}

static void print_address(const struct sockaddr_storage *address, char out[CLIENT_ADDRESS_SIZE])
{
    out[0] = '\0';
    if (address->ss_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, out,
                  CLIENT_ADDRESS_SIZE);
    else if (address->ss_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr, out,
                  CLIENT_ADDRESS_SIZE);
}

static void begin_connection(struct tls_relay *relay, int descriptor, const char *address)
{
    int64_t until_us = clock_monotonic_us() + relay->options.head_limit_us;
    struct tls_connection *connection = NULL;
    int on = 1;

    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connection =
        tls_connection_begin(relay->tls, descriptor, address, relay->server_port, until_us);
    if (connection == NULL) {
        connection_limit_leave(relay->options.limit, address);
        return;
    }
    connection->next = relay->connections;
    if (connection->next != NULL)
        connection->next->previous = connection;
    relay->connections = connection;
    relay->connection_count++;
    pump(relay, connection);
}

// Without descriptors a connection would wait for ever and wake us for ever: one is kept in reserve
// to close it with.
static void refuse_one(struct tls_relay *relay, int listener)
{
    int descriptor = -1;

    close(relay->reserve);
    descriptor = accept(listener, NULL, NULL);
    if (descriptor >= 0)
        close(descriptor);
    relay->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static bool accept_one(struct tls_relay *relay, int listener)
{
    struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof peer;
    char address[CLIENT_ADDRESS_SIZE];
    int descriptor = accept(listener, (struct sockaddr *)&peer, &size);

    if (descriptor < 0) {
        if (errno == EMFILE || errno == ENFILE)
            refuse_one(relay, listener);
        return false;
    }
    (void)fcntl(descriptor, F_SETFL, O_NONBLOCK);
    (void)fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    print_address(&peer, address);
    if (relay->connection_count >= relay->options.connections_max ||
        !connection_limit_enter(relay->options.limit, address))
        close(descriptor);
    else
        begin_connection(relay, descriptor, address);
    return true;
}

static void accept_all(struct tls_relay *relay)
{
    for (size_t i = 0; i < relay->listener_count; i++)
        for (int count = 0; count < ACCEPTS_AT_ONCE; count++)
            if (!accept_one(relay, relay->listeners[i]))
                break;
}

// Who has not asked yet need not be waited for.
static void end_idle(struct tls_relay *relay)
{
    for (struct tls_connection *connection = relay->connections; connection != NULL;
         connection = connection->next)
        if (connection->server.descriptor < 0 && connection->phase != TLS_CONNECTION_LINGERS)
            connection->phase = TLS_CONNECTION_IS_OVER;
}

static void handle_events(struct tls_relay *relay)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int count = epoll_wait(relay->epoll, events, EVENTS_AT_ONCE, TICK_MS);
    bool may_accept = false;

    for (int i = 0; i < count; i++) {
        struct tls_connection_end *end = events[i].data.ptr;

        if (end == NULL)
            may_accept = true; // a listener, or the wish to stop
        else if (end->connection->phase != TLS_CONNECTION_IS_OVER)
            pump(relay, end->connection);
    }
    sweep(relay);
    if (may_accept)
        accept_all(relay);
}

static void look_at_files(struct tls_relay *relay)
{
    int64_t now_us = clock_monotonic_us();

    if (now_us < relay->look_us)
        return;
    relay->look_us = now_us + LOOK_EVERY_US;
    (void)tls_look(relay->tls);
}

static void *run(void *context)
{
    struct tls_relay *relay = context;
    int64_t end_us = 0;

    while (!atomic_load(&relay->is_stopping)) {
        handle_events(relay);
        look_at_files(relay);
    }
    close_listeners(relay);
    end_us = clock_monotonic_us() + STOP_LIMIT_US;
    while (relay->connections != NULL && clock_monotonic_us() < end_us) {
        end_idle(relay);
        handle_events(relay);
    }
    while (relay->connections != NULL)
        end_connection(relay, relay->connections);
    return NULL;
}

// Frees what is there, the thread having ended or never begun.
static void release_relay(struct tls_relay *relay)
{
    close_listeners(relay);
    if (relay->reserve >= 0)
        close(relay->reserve);
    if (relay->wake >= 0)
        close(relay->wake);
    if (relay->epoll >= 0)
        close(relay->epoll);
    tls_free(&relay->tls);
    pthread_mutex_destroy(&relay->lock);
    release(relay);
}

static bool prepare(struct tls_relay *relay, struct error *error)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data = {.ptr = NULL}};

    if (!tls_new(&relay->options.files, &relay->tls, error))
        return false;
    relay->epoll = epoll_create1(EPOLL_CLOEXEC);
    relay->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    relay->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (relay->epoll < 0 || relay->wake < 0 || relay->reserve < 0 ||
        epoll_ctl(relay->epoll, EPOLL_CTL_ADD, relay->wake, &event) != 0)
        return error_set(error, REASON_INTERNAL, "TLS cannot wait for sockets: %s",
                         strerror(errno));
    return add_listeners(relay, error);
}

bool tls_relay_new(const struct tls_relay_options *options,
                   struct tls_relay **out_relay,
                   struct error *error)
{
    struct tls_relay *relay = allocate(sizeof *relay);

    relay->options = *options;
    relay->epoll = -1;
    relay->wake = -1;
    relay->reserve = -1;
    pthread_mutex_init(&relay->lock, NULL);
    if (!prepare(relay, error)) {
        release_relay(relay);
        return false;
    }
    *out_relay = relay;
    return true;
}

bool tls_relay_start(struct tls_relay *relay, int server_port, struct error *error)
{
    relay->server_port = server_port;
    relay->has_thread = pthread_create(&relay->thread, NULL, run, relay) == 0;
    if (!relay->has_thread)
        return error_set(error, REASON_INTERNAL, "The thread for TLS cannot be started.");
    return true;
}

void tls_relay_free(struct tls_relay **relay)
{
    if (*relay == NULL)
        return;
    atomic_store(&(*relay)->is_stopping, true);
    (void)eventfd_write((*relay)->wake, 1);
    if ((*relay)->has_thread)
        pthread_join((*relay)->thread, NULL);
    release_relay(*relay);
    *relay = NULL;
}

bool tls_relay_find(struct tls_relay *relay, int port, char out_address[CLIENT_ADDRESS_SIZE])
{
    const struct tls_connection *connection = NULL;

    if (port <= 0 || port >= PORTS)
        return false;
    pthread_mutex_lock(&relay->lock);
    connection = relay->by_port[port];
    if (connection != NULL)
        memcpy(out_address, connection->address, CLIENT_ADDRESS_SIZE);
    pthread_mutex_unlock(&relay->lock);
    return connection != NULL;
}
