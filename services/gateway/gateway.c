// SPDX-License-Identifier: MIT
#include "gateway.h"

#include "operations/movers.h"
#include "operations/session_api.h"
#include "pages/form.h"
#include "pages/page.h"
#include "pages/page_source.h"
#include "rest/credential_cache.h"
#include "rest/endpoint.h"
#include "rest/problem.h"
#include "seeds/seed.h"
#include "server/multipart.h"
#include "stream/stream_server.h"

#include <stdio.h>
#include <string.h>

enum { DURATION_SIZE = 32, OPERATION_MAX = 256 };

static const struct setting settings[] = {
    {"http-listen", SETTING_TEXT, "127.0.0.1:8080", 0, 0,
     "host:port that HTTP is answered on, or several separated by commas; empty for none"},
    {"https-listen", SETTING_TEXT, "", 0, 0,
     "host:port that HTTPS is answered on, or several separated by commas; empty for none"},
    {"tls-certificate-file", SETTING_TEXT, "", 0, 0,
     "PEM file with the certificate for HTTPS and its chain; read again when it changes"},
    {"tls-key-file", SETTING_TEXT, "", 0, 0,
     "PEM file with the key of that certificate, which others may not read"},
    {"https-connections", SETTING_INT, "4096", 1, 65536,
     "HTTPS connections open at the same time; more are closed at once"},
    {"trusted-proxies", SETTING_TEXT, "", 0, 0,
     "addresses and networks whose X-Forwarded-For and -Proto are believed, separated by commas"},
    {"connections-per-address", SETTING_INT, "128", 1, 65536,
     "connections of one address open at the same time; trusted proxies may have any number"},
    {"http-threads", SETTING_INT, "288", 8, 4096,
     "connections served at the same time; each has a thread, and more wait"},
    {"streams", SETTING_INT, "2000", 1, 65536,
     "WebSockets and streams of events open at the same time; more are refused"},
    {"streams-per-address", SETTING_INT, "64", 1, 65536, "the same, of one address"},
    {"streams-per-user", SETTING_INT, "20", 1, 65536, "the same, of one user"},
    {"pages-folder", SETTING_TEXT, "", 0, 0,
     "for who works on the pages: services/gateway/pages, whose files are read for each answer"},
    {"allowed-origins", SETTING_TEXT, "", 0, 0,
     "origins whose pages may call the API from a browser, separated by commas; empty for none"},
};

static const char *const peers[] = {"auth", "market", "portfolio", "trading", NULL};

// Cross-origin requests: an origin is either allowed exactly, or the browser is told nothing.
static bool is_allowed_origin(const struct gateway *gateway, const char *origin)
{
    const char *allowed = service_text(gateway->service, "allowed-origins");
    size_t length = strlen(origin);

    for (const char *at = allowed; *at != '\0' && length > 0; at += strcspn(at, ",")) {
        at += strspn(at, ", ");
        if (strncmp(at, origin, length) == 0 && strchr(", ", at[length]) != NULL)
            return true;
    }
    return false;
}

static void add_cors(struct exchange *exchange, bool is_preflight)
{
    const char *origin = http_request_header(exchange->request, "Origin");

    if (origin == NULL || !is_allowed_origin(exchange->gateway, origin))
        return;
    http_response_header(exchange->response, "Access-Control-Allow-Origin", origin);
    http_response_header(exchange->response, "Vary", "Origin");
    http_response_header(exchange->response, "Access-Control-Expose-Headers",
                         "X-Request-Id, Retry-After, Idempotent-Replayed, Location, "
                         "X-Next-Page-Token");
    if (!is_preflight)
        return;
    http_response_header(exchange->response, "Access-Control-Allow-Methods",
                         exchange->match->allow);
    http_response_header(exchange->response, "Access-Control-Allow-Headers",
                         "Authorization, APCA-API-KEY-ID, APCA-API-SECRET-KEY, Content-Type, "
                         "Content-Range, Idempotency-Key, traceparent, tracestate");
    http_response_header(exchange->response, "Access-Control-Max-Age", "600");
}

static bool
read_some(void *context, char *buffer, size_t size, size_t *out_length, struct error *error)
{
    return http_read_some(context, buffer, size, out_length, error);
}

// A form with a file: what comes before the file.
static bool read_upload(struct exchange *exchange, struct error *error)
{
    struct http_request *request = exchange->request;
    const struct multipart_source source = {read_some, request};
    struct form *form = arena_allocate(request->arena, sizeof *form);

    if (form == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "There is no room for the form.");
    if (!multipart_begin(request->arena, http_request_header(request, "Content-Type"), &source,
                         &exchange->file, error) ||
        !multipart_read_fields(exchange->file, form, error))
        return false;
    exchange->form = form;
    return true;
}

// A page's form has its credentials and key in the body, which is therefore read first.
static bool read_form(struct exchange *exchange, struct error *error)
{
    struct http_request *request = exchange->request;

    if (exchange->endpoint->streams_body)
        return read_upload(exchange, error);
    if (!http_read_body(request, HTTP_BODY_MAX, &exchange->body, error))
        return false;
    return strcmp(request->method, "POST") != 0 ||
           form_parse(request, exchange->body, &exchange->form, error);
}

static bool answer_found(struct exchange *exchange, struct error *error)
{
    const struct endpoint *endpoint = exchange->endpoint;
    const struct rpc_method *method = endpoint->route != NULL ? endpoint->route->method : NULL;
    // Starting or renewing a session twice is not the same as once. (An open operation that
    // changes something has no user whom its request id could belong to.)
    bool is_idempotent =
        method == NULL || method->no_side_effects || method->access != RPC_ACCESS_OPEN;
    size_t headers_length = exchange->response->headers->length;
    unsigned attempt = 0;
    bool may_renew = false;

    if (endpoint->is_page && !read_form(exchange, error))
        return false;
    if (!exchange_begin(exchange, error))
        return false;
    if (!endpoint->streams_body && !endpoint->is_page &&
        !http_read_body(exchange->request, HTTP_BODY_MAX, &exchange->body, error))
        return false;
    // A form without a key may be of a page that is not the same twice.
    if (exchange->form != NULL)
        is_idempotent = exchange->has_key;
    may_renew = is_idempotent;
    while (!endpoint->answer(exchange, error)) {
        if (endpoint->streams_body)
            return false;
        // A token that was refused is no end of the session whose cookie came along: the keys that
        // tokens are signed with may have been replaced at this moment.
        if (may_renew && credential_renew(exchange, error))
            may_renew = false;
        else if (!exchange_wait_to_repeat(exchange->gateway, error, is_idempotent, attempt++))
            return false;
        exchange->is_repeat = true;
        strbuf_reset(exchange->response->body);
        strbuf_truncate(exchange->response->headers, headers_length);
    }
    if (endpoint->changes_market) {
        quotes_catch_up(exchange->gateway);
        movers_cache_forget(exchange->gateway->movers);
    }
    return true;
}

static bool answer(struct exchange *exchange, struct error *error)
{
    struct router_match *match = exchange->match;
    struct http_request *request = exchange->request;
    struct http_response *response = exchange->response;

    switch (router_find(exchange->gateway->router, request->method, request->path, match)) {
    case ROUTER_FOUND:
        exchange->endpoint = match->entry->target;
        request->route = exchange->endpoint->path;
        request->operation = exchange->endpoint->operation;
        add_cors(exchange, false);
        if (exchange->endpoint->page != NULL && seed_go_to_page(exchange))
            return true;
        return answer_found(exchange, error);
    case ROUTER_OTHER_METHOD:
        http_response_header(response, "Allow", match->allow);
        if (strcmp(request->method, "OPTIONS") == 0) {
            response->status = 204;
            add_cors(exchange, true);
            return true;
        }
        return error_set(error, REASON_METHOD_NOT_ALLOWED, "This address takes %s.", match->allow);
    default:
        return error_set(error, REASON_NO_SUCH_ADDRESS, "There is nothing at this address.");
    }
}

static void handle(void *context, struct http_request *request, struct http_response *response)
{
    struct router_match match;
    struct exchange exchange = {
        .gateway = context, .request = request, .response = response, .match = &match};
    struct error error;

    request->is_sampled = tracer_samples(service_tracer(exchange.gateway->service));
    if (answer(&exchange, &error))
        return;
    // A cookie whose session has ended is good for nothing more.
    if (exchange.credential.kind == CREDENTIAL_COOKIE && error_is(&error, REASON_INVALID_TOKEN))
        session_clear_cookie(&exchange);
    if (exchange.endpoint != NULL && exchange.endpoint->is_seed)
        seed_write_problem(&exchange, &error);
    else if (page_takes_error(&exchange))
        page_answer_error(&exchange, &error);
    else if (exchange.endpoint != NULL && exchange.endpoint->route != NULL)
        problem_write_as(request, response, &error, exchange.endpoint->route->invalid_status);
    else
        problem_write(request, response, &error);
}

static void
log_request(struct http_request *request, const char *status, enum log_level level, int64_t micros)
{
    char duration[DURATION_SIZE];
    char trace_id[TRACE_ID_SIZE];
    char span_id[SPAN_ID_SIZE];

    snprintf(duration, sizeof duration, "%lld.%03lld", (long long)(micros / MICROS_PER_MS),
             (long long)(micros % MICROS_PER_MS));
    traceparent_trace_id(http_request_trace(request), trace_id);
    traceparent_span_id(http_request_trace(request), span_id);
    log_write(level, "request", "method", request->is_head ? "HEAD" : request->method, "route",
              request->route, "status", status, "duration_ms", duration, "request_id",
              request->id.string, "trace_id", trace_id, "span_id", span_id, "client",
              request->client_address, NULL);
}

static void trace_request(const struct gateway *gateway,
                          struct http_request *request,
                          int status,
                          int64_t micros)
{
    struct tracer *tracer = service_tracer(gateway->service);

    if (tracer == NULL)
        return;
    tracer_note(tracer,
                &(const struct span){.traceparent = http_request_trace(request),
                                     .parent = http_request_trace_parent(request),
                                     .tracestate = http_request_trace_state(request),
                                     .kind = SPAN_SERVER,
                                     .name = request->operation,
                                     .micros = micros,
                                     .request_id = request->id.string,
                                     .reason = status >= 500 ? http_status_digits(status) : "",
                                     .is_error = status >= 500,
                                     .http_status = status});
}

static bool is_frequent(const struct gateway *gateway, const char *route)
{
    for (size_t i = 0; i < gateway->endpoint_count; i++)
        if (gateway->endpoints[i].path == route)
            return gateway->endpoints[i].is_frequent;
    return false;
}

static void finished(void *context,
                     struct http_request *request,
                     const struct http_response *response,
                     int64_t micros)
{
    const struct gateway *gateway = context;
    const char *status = http_status_digits(response->status);
    bool is_fine = response->status < 400;

    metric_add(gateway->requests, 1, request->operation, status);
    metric_observe_us(gateway->durations, micros, request->operation, NULL);
    trace_request(gateway, request, response->status, micros);
    // A line for each of tens of thousands of quotes a second would cost more than the quotes.
    if (response->status >= 500 && response->status != 503)
        log_request(request, status, LOG_WARNING, micros);
    else if (!is_fine || !is_frequent(gateway, request->route))
        log_request(request, status, LOG_INFO, micros);
}

static void build_router(struct gateway *gateway)
{
    gateway->endpoints = endpoint_list(&gateway->endpoint_count);
    gateway->entries = allocate_array(gateway->endpoint_count, sizeof *gateway->entries);
    for (size_t i = 0; i < gateway->endpoint_count; i++) {
        struct endpoint *endpoint = &gateway->endpoints[i];
        OWNED(strbuf) operation = strbuf_new(OPERATION_MAX);

        strbuf_printf(operation, "%s %s", endpoint->http_method, endpoint->path);
        endpoint->operation = allocate_string(operation->data);
        gateway->entries[i] =
            (struct router_entry){endpoint->http_method, endpoint->path, endpoint};
    }
    gateway->router = router_new(gateway->entries, gateway->endpoint_count);
}

static void stop(void **context)
{
    struct gateway *gateway = *context;

    if (gateway->streams != NULL)
        stream_server_stop(gateway->streams);
    http_server_free(&gateway->server);
    credential_cache_free(&gateway->credentials);
    movers_cache_free(&gateway->movers);
    page_source_free(&gateway->page_source);
    quotes_free(&gateway->quotes);
    stream_server_free(&gateway->streams);
    router_free(&gateway->router);
    release(gateway->entries);
    for (size_t i = 0; i < gateway->endpoint_count; i++)
        release(gateway->endpoints[i].operation);
    release(gateway->endpoints);
    release(gateway);
    *context = NULL;
}

// TLS needs all three of its settings or none.
static bool check_tls_settings(const struct service *service, struct error *error)
{
    bool has_listen = service_text(service, "https-listen")[0] != '\0';
    bool has_certificate = service_text(service, "tls-certificate-file")[0] != '\0';
    bool has_key = service_text(service, "tls-key-file")[0] != '\0';

    if (has_listen == has_certificate && has_certificate == has_key)
        return true;
    return error_set(error, REASON_INVALID_SETTING,
                     "--https-listen, --tls-certificate-file and --tls-key-file go together: %s "
                     "is missing",
                     !has_listen        ? "--https-listen"
                     : !has_certificate ? "--tls-certificate-file"
                                        : "--tls-key-file");
}

static bool start(struct service *service, void **out_context, struct error *error)
{
    struct gateway *gateway = allocate(sizeof *gateway);
    void *context = gateway;
    struct quotes_options quotes_options = {
        .market = service_client(service, "market"),
        .market_addresses = service_text(service, "market-address"),
        .key = *service_mesh_key(service),
        .changed = stream_server_quotes_changed,
    };
    struct stream_server_options stream_options = {
        .gateway = gateway,
        .connections_max = (size_t)service_int(service, "streams"),
        .connections_each = (size_t)service_int(service, "streams-per-address"),
        .connections_user = (size_t)service_int(service, "streams-per-user"),
    };
    struct http_server_options server_options = {
        .listen = service_text(service, "http-listen"),
        .tls_listen = service_text(service, "https-listen"),
        .tls = {service_text(service, "tls-certificate-file"),
                service_text(service, "tls-key-file")},
        .tls_connections = (size_t)service_int(service, "https-connections"),
        .threads = (size_t)service_int(service, "http-threads"),
        .connections_each = (size_t)service_int(service, "connections-per-address"),
        .streams = (size_t)service_int(service, "streams"),
        .trusted_proxies = service_text(service, "trusted-proxies"),
        .context = gateway,
        .handle = handle,
        .finished = finished,
        .refuse = problem_write,
    };

    gateway->service = service;
    gateway->fetch_waiters_max = (unsigned)server_options.threads / 4;
    gateway->credentials = credential_cache_new();
    gateway->movers = movers_new(gateway);
    gateway->page_source = page_source_new(service_text(service, "pages-folder"));
    gateway->requests = metrics_counter(
        service_metrics(service), "http_requests_total",
        "HTTP requests answered, by method and template of the address.", "route", "status");
    gateway->durations = metrics_duration(
        service_metrics(service), "http_request_duration_seconds",
        "Time from the head of a request to the end of its answer.", "route", NULL);
    build_router(gateway);
    if (!check_tls_settings(service, error) ||
        !stream_server_new(&stream_options, &gateway->streams, error)) {
        stop(&context);
        return false;
    }
    quotes_options.context = gateway->streams;
    if (!quotes_new(&quotes_options, &gateway->quotes, error) ||
        !stream_server_start(gateway->streams, error) ||
        !http_server_new(&server_options, &gateway->server, error)) {
        stop(&context);
        return false;
    }
    *out_context = gateway;
    return true;
}

static bool hears(void *context, const char *peer)
{
    struct gateway *gateway = context;

    return strcmp(peer, "market") != 0 || quotes_is_ready(gateway->quotes);
}

// Those who balance load see it in /healthz, and clients with an open connection are told to
// connect anew.
static void leave(void *context)
{
    struct gateway *gateway = context;

    atomic_store(&gateway->draining, true);
    http_server_drain(gateway->server);
}

// Only now, so that who connects again comes to another gateway.
static void drain(void *context)
{
    struct gateway *gateway = context;

    stream_server_stop(gateway->streams);
}

const struct service_definition gateway_definition = {
    .name = "gateway",
    .summary = "Answers the REST API and its documentation over HTTP.",
    .settings = settings,
    .setting_count = COUNT_OF(settings),
    .peers = peers,
    .start = start,
    .hears = hears,
    .leave = leave,
    .drain = drain,
    .stop = stop,
};
