// SPDX-License-Identifier: MIT
#include "server/http_server.h"

#include "base/random.h"
#include "server/client_address.h"
#include "server/guard.h"
#include "server/http_worker.h"
#include "server/sockets.h"
#include "service/log.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

enum {
    ARENA_BUDGET = 8 * 1024 * 1024,
    KEPT_CAPACITY = 64 * 1024, // a worker's buffers are made anew above this
    HEADERS_MAX = 16 * 1024,
    REQUEST_TIMEOUT_MS = 5000,
    PORTS_TEXT_MAX = 4096,
    CONNECTION_QUEUE = 4096, // connections that can wait for a thread
    DESCRIPTORS_SPARE = 512, // for everything that is no client's connection
};
#define CONNECTION_QUEUE_TEXT "4096"
#define REQUEST_TIMEOUT_MS_TEXT "5000"
// Of an idle connection, and of the next head on it: longer than clients are told.
#define KEEP_ALIVE_TIMEOUT_MS_TEXT "6000"
#define WAIT_MIN_US (200 * MICROS_PER_MS) // for a head, even while others queue

static void *on_thread(const struct mg_context *civetweb, int type)
{
    struct http_server *server = mg_get_user_data(civetweb);
    struct worker *worker = NULL;

    if (type != 1) // only the threads that serve connections
        return NULL;
    worker = allocate(sizeof *worker);
    worker->server = server;
    worker->arena = arena_new(ARENA_BUDGET);
    worker->body = strbuf_new(HTTP_ANSWER_MAX);
    worker->headers = strbuf_new(HEADERS_MAX);
    worker->answer = strbuf_new(HTTP_ANSWER_MAX + HEADERS_MAX);
    worker->deadline = deadline_slot_new(server->deadlines);
    worker->idle = idle_slot_new(server->idle);
    worker->pool_used = RANDOM_POOL_SIZE;
    return worker;
}

static void on_thread_end(const struct mg_context *civetweb, int type, void *pointer)
{
    struct worker *worker = pointer;

    (void)civetweb;
    if (type != 1 || worker == NULL)
        return;
    idle_slot_free(&worker->idle);
    deadline_slot_free(&worker->deadline);
    strbuf_free(&worker->answer);
    strbuf_free(&worker->headers);
    strbuf_free(&worker->body);
    arena_free(&worker->arena);
    release(worker);
}

// Who the peer is. One at the relay's port must be the relay, which knows its client.
static void admit(struct worker *worker, const struct mg_request_info *info)
{
    struct http_server *server = worker->server;
    int relay_port = atomic_load_explicit(&server->relay_port, memory_order_relaxed);
    char client[CLIENT_ADDRESS_SIZE] = "";

    if (worker->is_admitted)
        return;
    worker->is_admitted = true;
    worker->is_tls = server->relay != NULL && info->server_port == relay_port;
    // Before the relay's port is known, nobody can be told from a stranger at it.
    worker->is_stranger = server->relay != NULL && relay_port == 0;
    if (worker->is_tls)
        worker->is_stranger = !tls_relay_find(server->relay, info->remote_port, client);
    snprintf(worker->peer_address, sizeof worker->peer_address, "%s",
             worker->is_tls ? client : info->remote_addr);
    worker->is_from_proxy = proxy_list_holds(server->proxies, worker->peer_address);
}

// civetweb tells nothing of a new connection, its address included, before its first request.
static int on_connection(const struct mg_connection *connection, void **data)
{
    struct worker *worker = mg_get_thread_pointer(connection);

    (void)data;
    if (worker == NULL)
        return 0;
    worker->active_us = clock_monotonic_us();
    worker->is_admitted = false;
    worker->is_counted = false;
    idle_slot_take(worker->idle);
    return 0;
}

static void on_connection_end(const struct mg_connection *connection)
{
    struct worker *worker = mg_get_thread_pointer(connection);

    if (worker == NULL)
        return;
    idle_slot_leave(worker->idle);
    if (worker->is_counted)
        connection_limit_leave(worker->server->limit, worker->peer_address);
    worker->is_counted = false;
}

static int on_log(const struct mg_connection *connection, const char *message)
{
    (void)connection;
    log_write(LOG_WARNING, "civetweb", "message", message, NULL);
    return 1;
}

// A UUIDv4: the id also names the effect of a call without a user, so nobody may guess it.
static void make_request_id(struct worker *worker, struct uuid *id)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char *bytes = NULL;
    char *out = id->string;

    if (worker->pool_used + 16 > RANDOM_POOL_SIZE) {
        struct random_source random = random_system();
        random_fill(&random, worker->pool, sizeof worker->pool);
        worker->pool_used = 0;
    }
    bytes = worker->pool + worker->pool_used;
    worker->pool_used += 16;
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

// A large answer must not keep its memory in each of hundreds of threads.
static void shrink(struct strbuf **buffer)
{
    size_t maximum = (*buffer)->maximum;

    if ((*buffer)->capacity > KEPT_CAPACITY) {
        strbuf_free(buffer);
        *buffer = strbuf_new(maximum);
    }
    strbuf_reset(*buffer);
}

// Makes the worker ready for a request of which nothing is known yet.
static void begin(struct worker *worker, struct http_connection *connection)
{
    struct http_request *request = &worker->request;

    arena_reset(worker->arena);
    shrink(&worker->body);
    shrink(&worker->answer);
    strbuf_reset(worker->headers);
    worker->response =
        (struct http_response){.status = 200, .body = worker->body, .headers = worker->headers};
    request->method = "GET";
    request->is_head = false;
    request->path = (struct text){"", 0};
    request->query = (struct text){"", 0};
    request->header_count = 0;
    request->content_length = 0;
    request->traceparent[0] = '\0';
    request->is_sampled = false;
    request->route = "";
    request->operation = "other";
    request->arena = worker->arena;
    request->remote_address = worker->peer_address;
    request->client_address = worker->peer_address;
    request->is_secure = worker->is_tls;
    request->connection = connection;
    make_request_id(worker, &request->id);
}

// Whom and what a proxy in front names.
static void believe_proxy(struct worker *worker, struct http_request *request)
{
    if (!worker->is_from_proxy)
        return;
    client_address_find(worker->server->proxies, worker->peer_address, request->headers,
                        request->header_count, worker->client_address);
    request->client_address = worker->client_address;
    request->is_secure =
        request->is_secure || client_address_says_https(request->headers, request->header_count);
}

// Takes over the head as civetweb has split it, and checks it.
static bool read_head(struct http_request *request, struct error *error)
{
    const struct mg_request_info *info = request->connection->info;
    bool is_http_1_1 = strcmp(info->http_version, "1.1") == 0;

    request->is_head = strcmp(info->request_method, "HEAD") == 0;
    request->method = request->is_head ? "GET" : info->request_method;
    request->path = text_of(info->local_uri_raw);
    request->query = text_of(info->query_string);
    if (info->num_headers >= HTTP_HEADERS_MAX)
        return error_set(error, REASON_HEADERS_TOO_LARGE, "At most %d headers are taken.",
                         HTTP_HEADERS_MAX - 1);
    request->header_count = (size_t)info->num_headers;
    for (size_t i = 0; i < request->header_count; i++) {
        request->headers[i].name = info->http_headers[i].name;
        request->headers[i].value = info->http_headers[i].value;
    }
    if (!guard_lines(request, info->request_method, info->http_version))
        return error_set(error, REASON_MALFORMED_REQUEST,
                         "The lines of the head are not of the form `GET /path HTTP/1.1` and "
                         "`Name: value`, each with CR LF.");
    believe_proxy(request->connection->worker, request);
    return guard_head(request, is_http_1_1, error);
}

// civetweb decides from the request whether the connection goes on, and has no portable call to
// tell it otherwise; so the request is made one that ends it.
static void end_connection(const struct mg_request_info *info)
{
    struct mg_request_info *own = (struct mg_request_info *)info;

    own->num_headers = 0;
    own->http_version = "1.0";
}

static bool may_have_body(const struct http_request *request)
{
    return strcmp(request->method, "POST") == 0 || strcmp(request->method, "PUT") == 0 ||
           strcmp(request->method, "PATCH") == 0;
}

// HTTP/1.0 clients that want to go on would have to be told so in a way of their own; they connect
// anew instead. What follows a request that may have a body and says no length is not trusted to be
// the next one.
static bool wants_to_close(const struct http_connection *connection)
{
    const struct http_request *request = &connection->worker->request;
    const char *value = http_request_header(request, "Connection");

    return strcmp(connection->info->http_version, "1.1") != 0 ||
           (value != NULL && strcasecmp(value, "keep-alive") != 0) ||
           (may_have_body(request) && http_request_header(request, "Content-Length") == NULL);
}

// Refuses who should not be here, and reads the head. The relay has counted its own.
static bool accept_request(struct worker *worker, struct error *error)
{
    struct connection_limit *limit = worker->server->limit;

    if (worker->is_stranger)
        return error_set(error, REASON_NO_SUCH_ADDRESS, "Nothing is answered at this port.");
    if (!worker->is_tls && !worker->is_counted) {
        worker->is_counted = connection_limit_enter(limit, worker->peer_address);
        if (!worker->is_counted)
            return error_set(error, REASON_TOO_MANY_REQUESTS,
                             "%zu other connections come from this address.",
                             connection_limit_maximum(limit));
    }
    return read_head(&worker->request, error);
}

// Answers every request, whatever its method and address. Returns what civetweb wants: a positive
// number when it may read the next request, a negative one when it must not touch what is left.
static int on_request(struct mg_connection *civetweb)
{
    int64_t began_us = clock_monotonic_us();
    struct worker *worker = mg_get_thread_pointer(civetweb);
    struct http_server *server = worker->server;
    struct http_connection connection = {
        .civetweb = civetweb, .info = mg_get_request_info(civetweb), .worker = worker};
    struct http_request *request = &worker->request;
    struct http_response *response = &worker->response;
    struct error error;

    admit(worker, connection.info);
    idle_slot_begin_request(worker->idle, connection.info->remote_addr,
                            connection.info->remote_port, connection.info->server_port);
    begin(worker, &connection);
    if (accept_request(worker, &error)) {
        server->options.handle(server->options.context, request, response);
    } else {
        server->options.refuse(request, response, &error);
        response->close = true;
    }
    if (connection.is_broken || wants_to_close(&connection) ||
        atomic_load_explicit(&server->draining, memory_order_relaxed))
        response->close = true;
    http_send_answer(&connection);
    if (response->take != NULL)
        http_hand_over(&connection);
    else
        http_discard_body(&connection);
    server->options.finished(server->options.context, request, response,
                             clock_monotonic_us() - began_us);
    worker->active_us = clock_monotonic_us();
    if (response->close || response->take != NULL || connection.is_broken) {
        end_connection(connection.info);
        return -1;
    }
    idle_slot_end_request(worker->idle);
    return response->status;
}

// The requests civetweb cannot make sense of, which it would answer by itself.
static int on_error(struct mg_connection *civetweb, int status, const char *message)
{
    struct worker *worker = mg_get_thread_pointer(civetweb);
    struct http_connection connection = {
        .civetweb = civetweb, .info = mg_get_request_info(civetweb), .worker = worker};
    int64_t waited_us = clock_monotonic_us() - worker->active_us;
    struct error error;

    (void)message;
    admit(worker, connection.info);
    begin(worker, &connection);
    // A head that never became whole is reported like one that cannot be read. Only the time tells
    // them apart.
    if (status == 413)
        error_set(&error, REASON_HEADERS_TOO_LARGE, "Request line and headers exceed %d bytes.",
                  HTTP_HEAD_MAX);
    else if (status == 400 && waited_us >= (REQUEST_TIMEOUT_MS - 100) * MICROS_PER_MS)
        error_set(&error, REASON_REQUEST_TIMEOUT,
                  "The head of the request did not arrive within "
                  "%d seconds.",
                  REQUEST_TIMEOUT_MS / 1000);
    else if (status == 505)
        error_set(&error, REASON_MALFORMED_REQUEST, "Only HTTP/1.0 and HTTP/1.1 are spoken here.");
    else
        error_set(&error, REASON_MALFORMED_REQUEST,
                  "This is not an HTTP request, or its head has more than %d bytes or was not sent "
                  "at once while others waited.",
                  HTTP_HEAD_MAX);
    worker->server->options.refuse(&worker->request, &worker->response, &error);
    worker->response.close = true;
    http_send_answer(&connection);
    worker->server->options.finished(worker->server->options.context, &worker->request,
                                     &worker->response, 0);
    return 0;
}

// What civetweb is told to listen on: the given addresses, and with TLS a port for the relay, which
// the kernel chooses.
static void print_ports(const struct http_server_options *options, struct strbuf *out)
{
    strbuf_append_string(out, options->listen);
    if (options->tls_listen[0] == '\0')
        return;
    if (options->listen[0] != '\0')
        strbuf_append_char(out, ',');
    strbuf_append_string(out, "127.0.0.1:0");
}

static bool start_civetweb(struct http_server *server, struct error *error)
{
    struct mg_callbacks callbacks = {.begin_request = on_request,
                                     .http_error = on_error,
                                     .log_message = on_log,
                                     .init_thread = on_thread,
                                     .exit_thread = on_thread_end,
                                     .init_connection = on_connection,
                                     .connection_close = on_connection_end};
    OWNED(strbuf) ports = strbuf_new(PORTS_TEXT_MAX);
    char threads[16];
    char problem[256] = "";
    struct mg_error_data mg_error = {.text = problem, .text_buffer_size = sizeof problem};
    const char *settings[] = {"listening_ports",
                              ports->data,
                              "num_threads",
                              threads,
                              "enable_keep_alive",
                              "yes",
                              "keep_alive_timeout_ms",
                              KEEP_ALIVE_TIMEOUT_MS_TEXT,
                              "request_timeout_ms",
                              REQUEST_TIMEOUT_MS_TEXT,
                              "linger_timeout_ms",
                              "1000",
                              "tcp_nodelay",
                              "1",
                              "max_request_size",
                              "16384",
                              "connection_queue",
                              CONNECTION_QUEUE_TEXT,
                              "listen_backlog",
                              "1024",
                              "decode_url",
                              "no", // %00 would cut the address short
                              "enable_auth_domain_check",
                              "no",
                              "enable_directory_listing",
                              "no",
                              "access_control_allow_origin",
                              "",
                              "access_control_allow_methods",
                              "",
                              "access_control_allow_headers",
                              "",
                              NULL};
    struct mg_init_data init = {&callbacks, server, settings};

#if CIVETWEB_VERSION_MAJOR == 1 && CIVETWEB_VERSION_MINOR < 16
    // Before 1.16 the code is not in the struct but where this points.
    unsigned problem_code = 0;

    mg_error.code = &problem_code;
#endif
    print_ports(&server->options, ports);
    settings[1] = ports->data;
    snprintf(threads, sizeof threads, "%zu", server->options.threads);
    server->civetweb = mg_start2(&init, &mg_error);
    if (server->civetweb == NULL)
        return error_set(error, REASON_INVALID_SETTING, "Cannot listen on %s: %s",
                         server->options.listen, problem);
    return true;
}

static bool make_relay(struct http_server *server, struct error *error)
{
    const struct http_server_options *options = &server->options;
    struct tls_relay_options relay = {.listen = options->tls_listen,
                                      .files = options->tls,
                                      .connections_max = options->tls_connections,
                                      .limit = server->limit,
                                      .head_limit_us = REQUEST_TIMEOUT_MS * MICROS_PER_MS};

    return options->tls_listen[0] == '\0' || tls_relay_new(&relay, &server->relay, error);
}

// Tells the others which ports civetweb listens on. The one for the relay is the last that it was
// told of.
static bool start_others(struct http_server *server, struct error *error)
{
    struct mg_server_port ports[IDLE_PORTS_MAX];
    int numbers[IDLE_PORTS_MAX];
    int count = mg_get_server_ports(server->civetweb, IDLE_PORTS_MAX, ports);

    if (count < 1 || count == IDLE_PORTS_MAX)
        return error_set(error, REASON_INVALID_SETTING, "--http-listen takes at most %d addresses",
                         IDLE_PORTS_MAX - 2);
    for (int i = 0; i < count; i++)
        numbers[i] = ports[i].port;
    if (server->relay == NULL) {
        idle_watch_start(server->idle, numbers, (size_t)count, 0);
        return true;
    }
    atomic_store(&server->relay_port, numbers[count - 1]);
    idle_watch_start(server->idle, numbers, (size_t)count, numbers[count - 1]);
    return tls_relay_start(server->relay, numbers[count - 1], error);
}

// The shell's usual limit of 1,024 descriptors is fewer than the connections that can be there.
// Returns the number above which there is room for the descriptors of all streams; 0 when there is
// none.
static int raise_descriptor_limit(const struct http_server_options *options)
{
    rlim_t wanted = options->threads + CONNECTION_QUEUE + options->streams + DESCRIPTORS_SPARE;
    struct rlimit limit;

    if (options->tls_listen[0] != '\0')
        wanted += 2 * options->tls_connections;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    if (limit.rlim_cur >= wanted)
        return (int)(wanted - options->streams);
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == wanted)
        return (int)(wanted - options->streams);
    log_write(LOG_WARNING, "few_descriptors", "message",
              "the limit of open files is below what all connections together can need", NULL);
    return 0;
}

static bool make_parts(struct http_server *server, struct error *error)
{
    struct idle_watch_options idle = {.wait_min_us = WAIT_MIN_US,
                                      .each_max = server->options.connections_each};

    if (!proxy_list_new(server->options.trusted_proxies, &server->proxies, error) ||
        !deadlines_new(&server->deadlines, error))
        return false;
    idle.proxies = server->proxies;
    server->limit = connection_limit_new(server->options.connections_each, server->proxies);
    return idle_watch_new(&idle, &server->idle, error) && make_relay(server, error);
}

bool http_server_new(const struct http_server_options *options,
                     struct http_server **out_server,
                     struct error *error)
{
    struct http_server *server = NULL;

    if (options->listen[0] == '\0' && options->tls_listen[0] == '\0')
        return error_set(error, REASON_INVALID_SETTING,
                         "--http-listen and --https-listen are both empty");
    server = allocate(sizeof *server);
    server->streams_begin = raise_descriptor_limit(options);
    server->options = *options;
    mg_init_library(0);
    if (!make_parts(server, error) || !start_civetweb(server, error) ||
        !start_others(server, error)) {
        http_server_free(&server);
        return false;
    }
    *out_server = server;
    return true;
}

void http_server_drain(struct http_server *server)
{
    atomic_store(&server->draining, true);
}

// civetweb looks every two seconds whether it is to stop, unless something wakes it.
static void stop_civetweb(struct mg_context *civetweb)
{
    struct mg_server_port ports[IDLE_PORTS_MAX];
    int numbers[IDLE_PORTS_MAX];
    int count = mg_get_server_ports(civetweb, IDLE_PORTS_MAX, ports);

    for (int i = 0; i < count; i++)
        numbers[i] = ports[i].port;
    sockets_end_listening(numbers, count > 0 ? (size_t)count : 0);
    mg_stop(civetweb);
}

void http_server_free(struct http_server **server)
{
    if (*server == NULL)
        return;
    if ((*server)->civetweb != NULL)
        stop_civetweb((*server)->civetweb);
    tls_relay_free(&(*server)->relay); // after it has passed on the last answers
    mg_exit_library();
    idle_watch_free(&(*server)->idle);
    deadlines_free(&(*server)->deadlines);
    connection_limit_free(&(*server)->limit);
    proxy_list_free(&(*server)->proxies);
    release(*server);
    *server = NULL;
}
