// SPDX-License-Identifier: MIT
#include "service/admin.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    RESPONSE_MAX = 16 * 1024 * 1024, // of /metrics, with every metric full of label pairs
    BACKLOG = 64,
    HOST_MAX = 256,
};

enum connection_state {
    CONNECTION_FREE,
    CONNECTION_READS,
    CONNECTION_WRITES,
    CONNECTION_ENDS, // all is said; reads on until the client closes, so that nothing said is lost
};

struct connection {
    enum connection_state state;
    int socket;
    int64_t until_us; // monotonic
    char request[ADMIN_REQUEST_MAX];
    size_t request_length;
    struct strbuf *response;
    size_t written;
};

struct admin {
    struct admin_options options;
    int listener;
    int wake; // an eventfd; readable once the thread is to stop
    int port;
    pthread_t thread;
    struct connection connections[ADMIN_CONNECTIONS_MAX]; // the thread's own
};

static void respond(
    struct strbuf *out, const char *status, const char *headers, const char *type, struct text body)
{
    strbuf_printf(out,
                  "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                  "Cache-Control: no-store\r\nConnection: close\r\n%s\r\n",
                  status, type, body.length, headers);
    strbuf_append_text(out, body);
}

static void respond_plain(struct strbuf *out, const char *status, const char *sentence)
{
    respond(out, status, "", "text/plain; charset=utf-8", text_of(sentence));
}

static void respond_ready(const struct admin_options *options, struct strbuf *out)
{
    OWNED(strbuf) reasons = strbuf_new(ADMIN_REQUEST_MAX);
    OWNED(strbuf) notes = strbuf_new(ADMIN_REQUEST_MAX);
    OWNED(strbuf) body = strbuf_new(3 * ADMIN_REQUEST_MAX);

    options->check(options->context, reasons, notes);
    if (reasons->length == 0)
        strbuf_append_string(body, "ready\n");
    else
        strbuf_printf(body, "not ready: %s\n", reasons->data);
    if (notes->length > 0)
        strbuf_printf(body, "degraded: %s\n", notes->data);
    respond(out, reasons->length == 0 ? "200 OK" : "503 Service Unavailable",
            reasons->length == 0 ? "" : "Retry-After: 1\r\n", "text/plain; charset=utf-8",
            strbuf_text(body));
}

static void respond_metrics(const struct admin_options *options, struct strbuf *out)
{
    OWNED(strbuf) body = strbuf_new(RESPONSE_MAX);

    metrics_print(options->metrics, body);
    if (body->overflowed)
        respond_plain(out, "500 Internal Server Error", "There are more metrics than fit.\n");
    else
        respond(out, "200 OK", "", "text/plain; version=0.0.4; charset=utf-8", strbuf_text(body));
}

// Takes the next word of the request line, up to a single blank or the end.
static struct text take_word(struct text *line)
{
    const char *blank = line->length > 0 ? memchr(line->data, ' ', line->length) : NULL;
    size_t length = blank != NULL ? (size_t)(blank - line->data) : line->length;
    struct text word = {line->data, length};

    line->data += length + (blank != NULL);
    line->length -= length + (blank != NULL);
    return word;
}

static bool is_http_1(struct text version)
{
    return text_equals(version, "HTTP/1.1") || text_equals(version, "HTTP/1.0");
}

void admin_answer(const struct admin_options *options, struct text request, struct strbuf *out)
{
    const char *end = request.length > 0 ? memchr(request.data, '\r', request.length) : NULL;
    struct text line = {request.data, end != NULL ? (size_t)(end - request.data) : 0};
    struct text method = take_word(&line);
    struct text path = take_word(&line);
    const char *query = path.length > 0 ? memchr(path.data, '?', path.length) : NULL;

    if (path.length == 0 || path.data[0] != '/' || !is_http_1(line)) {
        respond_plain(out, "400 Bad Request", "This is not an HTTP/1.1 request.\n");
        return;
    }
    if (!text_equals(method, "GET")) {
        respond(out, "405 Method Not Allowed", "Allow: GET\r\n", "text/plain; charset=utf-8",
                text_of("Only GET is answered here.\n"));
        return;
    }
    path.length = query != NULL ? (size_t)(query - path.data) : path.length;
    if (text_equals(path, "/livez"))
        respond_plain(out, "200 OK", "alive\n");
    else if (text_equals(path, "/readyz") || text_equals(path, "/healthz"))
        respond_ready(options, out);
    else if (text_equals(path, "/metrics"))
        respond_metrics(options, out);
    else
        respond_plain(out, "404 Not Found", "There are /livez, /readyz, /healthz and /metrics.\n");
}

static void close_connection(struct connection *connection)
{
    close(connection->socket);
    strbuf_free(&connection->response);
    connection->state = CONNECTION_FREE;
}

static void start_writing(struct connection *connection)
{
    connection->state = CONNECTION_WRITES;
    connection->written = 0;
}

// True when the blank line that ends the headers has come.
static bool request_is_whole(const struct connection *connection)
{
    const char *at = connection->request;
    size_t rest = connection->request_length;

    while (rest >= 4 && (at = memchr(at, '\r', rest - 3)) != NULL) {
        if (memcmp(at, "\r\n\r\n", 4) == 0)
            return true;
        at++;
        rest = connection->request_length - (size_t)(at - connection->request);
    }
    return false;
}

static void read_request(struct admin *admin, struct connection *connection)
{
    size_t room = ADMIN_REQUEST_MAX - connection->request_length;
    ssize_t count =
        recv(connection->socket, connection->request + connection->request_length, room, 0);

    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count <= 0) {
        close_connection(connection);
        return;
    }
    connection->request_length += (size_t)count;
    if (request_is_whole(connection)) {
        connection->response = strbuf_new(RESPONSE_MAX + ADMIN_REQUEST_MAX);
        admin_answer(&admin->options,
                     (struct text){connection->request, connection->request_length},
                     connection->response);
        start_writing(connection);
    } else if (connection->request_length == ADMIN_REQUEST_MAX) {
        connection->response = strbuf_new(ADMIN_REQUEST_MAX);
        respond_plain(connection->response, "431 Request Header Fields Too Large",
                      "The request is too large.\n");
        start_writing(connection);
    }
}

static void write_response(struct connection *connection)
{
    struct text rest = strbuf_text(connection->response);
    ssize_t count = 0;

    rest.data += connection->written;
    rest.length -= connection->written;
    count = send(connection->socket, rest.data, rest.length, MSG_NOSIGNAL);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count < 0) {
        close_connection(connection);
        return;
    }
    connection->written += (size_t)count;
    if ((size_t)count == rest.length) {
        // Closing now would reset the connection if the client had sent more than was read.
        shutdown(connection->socket, SHUT_WR);
        connection->state = CONNECTION_ENDS;
    }
}

static void read_rest(struct connection *connection)
{
    char ignored[1024];
    ssize_t count = recv(connection->socket, ignored, sizeof ignored, 0);

    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
        close_connection(connection);
}

// A free place, made by giving up the oldest connection when there is none: whoever holds
// connections open must not keep probes away.
static struct connection *take_place(struct admin *admin)
{
    struct connection *oldest = &admin->connections[0];

    for (size_t i = 0; i < ADMIN_CONNECTIONS_MAX; i++) {
        if (admin->connections[i].state == CONNECTION_FREE)
            return &admin->connections[i];
        if (admin->connections[i].until_us < oldest->until_us)
            oldest = &admin->connections[i];
    }
    close_connection(oldest);
    return oldest;
}

static void accept_connection(struct admin *admin)
{
    int accepted = accept(admin->listener, NULL, NULL);
    struct connection *connection = NULL;

    // Gone again, or no descriptor left: the next round tries again.
    if (accepted < 0)
        return;
    if (fcntl(accepted, F_SETFL, O_NONBLOCK) != 0 || fcntl(accepted, F_SETFD, FD_CLOEXEC) != 0) {
        close(accepted);
        return;
    }
    connection = take_place(admin);
    connection->state = CONNECTION_READS;
    connection->socket = accepted;
    connection->until_us = clock_monotonic_us() + ADMIN_TIMEOUT_MS * MICROS_PER_MS;
    connection->request_length = 0;
}

static void serve_connection(struct admin *admin, struct connection *connection, bool is_due)
{
    if (connection->state == CONNECTION_FREE)
        return;
    if (clock_monotonic_us() >= connection->until_us)
        close_connection(connection);
    else if (!is_due)
        return;
    else if (connection->state == CONNECTION_READS)
        read_request(admin, connection);
    else if (connection->state == CONNECTION_WRITES)
        write_response(connection);
    else
        read_rest(connection);
}

enum {
    POLL_WAKE,
    POLL_LISTENER,
    POLL_CONNECTIONS,
    POLL_COUNT = POLL_CONNECTIONS + ADMIN_CONNECTIONS_MAX
};

// Says what to wait for, and returns for how many milliseconds.
static int prepare_poll(const struct admin *admin, struct pollfd polled[POLL_COUNT])
{
    int64_t until_us = INT64_MAX;
    int64_t now_us = clock_monotonic_us();

    polled[POLL_WAKE] = (struct pollfd){.fd = admin->wake, .events = POLLIN};
    polled[POLL_LISTENER] = (struct pollfd){.fd = admin->listener, .events = POLLIN};
    for (size_t i = 0; i < ADMIN_CONNECTIONS_MAX; i++) {
        const struct connection *connection = &admin->connections[i];
        struct pollfd *entry = &polled[POLL_CONNECTIONS + i];

        // poll ignores negative descriptors.
        *entry = (struct pollfd){.fd = -1};
        if (connection->state == CONNECTION_FREE)
            continue;
        entry->fd = connection->socket;
        entry->events = connection->state == CONNECTION_WRITES ? POLLOUT : POLLIN;
        until_us = connection->until_us < until_us ? connection->until_us : until_us;
    }
    if (until_us == INT64_MAX)
        return -1;
    return until_us <= now_us ? 0 : (int)((until_us - now_us) / MICROS_PER_MS + 1);
}

static void *run(void *argument)
{
    struct admin *admin = argument;
    struct pollfd polled[POLL_COUNT];

    (void)prctl(PR_SET_NAME, "admin");
    for (;;) {
        int timeout_ms = prepare_poll(admin, polled);

        if (poll(polled, POLL_COUNT, timeout_ms) < 0 && errno != EINTR)
            abort();
        if (polled[POLL_WAKE].revents != 0)
            break;
        for (size_t i = 0; i < ADMIN_CONNECTIONS_MAX; i++)
            serve_connection(admin, &admin->connections[i],
                             polled[POLL_CONNECTIONS + i].revents != 0);
        // Last, so that no entry of `polled` speaks of a connection that has just come.
        if (polled[POLL_LISTENER].revents != 0)
            accept_connection(admin);
    }
    for (size_t i = 0; i < ADMIN_CONNECTIONS_MAX; i++)
        if (admin->connections[i].state != CONNECTION_FREE)
            close_connection(&admin->connections[i]);
    return NULL;
}

bool admin_resolve(const char *listen, struct addrinfo **out_addresses, struct error *error)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    const char *colon = strrchr(listen, ':');
    size_t length = colon != NULL ? (size_t)(colon - listen) : 0;
    char host[HOST_MAX] = "";
    int status = 0;

    if (colon == NULL || length >= sizeof host)
        return error_set(error, REASON_INVALID_SETTING,
                         "--admin-listen must be host:port, not \"%s\"", listen);
    if (length >= 2 && listen[0] == '[' && listen[length - 1] == ']')
        memcpy(host, listen + 1, length - 2);
    else
        memcpy(host, listen, length);
    status = getaddrinfo(host[0] != '\0' ? host : NULL, colon + 1, &hints, out_addresses);
    if (status != 0)
        return error_set(error, REASON_INVALID_SETTING,
                         "--admin-listen: \"%s\" is no address to listen on: %s", listen,
                         gai_strerror(status));
    return true;
}

static bool listen_on(struct admin *admin, const struct addrinfo *address)
{
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    char port[NI_MAXSERV];
    int yes = 1;

    admin->listener = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return admin->listener >= 0 &&
           setsockopt(admin->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
           bind(admin->listener, address->ai_addr, address->ai_addrlen) == 0 &&
           listen(admin->listener, BACKLOG) == 0 &&
           getsockname(admin->listener, (struct sockaddr *)&bound, &size) == 0 &&
           getnameinfo((struct sockaddr *)&bound, size, NULL, 0, port, sizeof port,
                       NI_NUMERICSERV) == 0 &&
           (admin->port = (int)strtoul(port, NULL, 10)) > 0;
}

static void close_and_release(struct admin *admin)
{
    if (admin->listener >= 0)
        close(admin->listener);
    if (admin->wake >= 0)
        close(admin->wake);
    release(admin);
}

bool admin_new(const struct admin_options *options, struct admin **out_admin, struct error *error)
{
    struct addrinfo *addresses = NULL;
    struct admin *admin = NULL;
    bool listens = false;

    if (!admin_resolve(options->listen, &addresses, error))
        return false;
    admin = allocate(sizeof *admin);
    admin->options = *options;
    admin->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    listens = listen_on(admin, addresses);
    freeaddrinfo(addresses);
    if (!listens || admin->wake < 0) {
        error_set(error, REASON_INVALID_SETTING, "--admin-listen: cannot listen on \"%s\": %s",
                  options->listen, strerror(errno));
        close_and_release(admin);
        return false;
    }
    if (pthread_create(&admin->thread, NULL, run, admin) != 0)
        abort();
    *out_admin = admin;
    return true;
}

int admin_port(const struct admin *admin)
{
    return admin->port;
}

void admin_free(struct admin **admin)
{
    uint64_t one = 1;

    if (*admin == NULL)
        return;
    // An eventfd that was never written takes any number, so this cannot fail.
    (void)!write((*admin)->wake, &one, sizeof one);
    pthread_join((*admin)->thread, NULL);
    close_and_release(*admin);
    *admin = NULL;
}
