// SPDX-License-Identifier: MIT
#include "service/tracer.h"

#include "base/clock.h"
#include "http/http_client.h"
#include "service/log.h"
#include "service/worker.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    EXPORT_EVERY_MS = 1000,
    LOOK_MS = 50, // while a post is under way, whether it is to be broken off
    BODY_MAX = 2 * 1024 * 1024,
    URL_SIZE = 2048,
    HOST_SIZE = 256,
    INSTANCE_SIZE = HOST_SIZE + 16,
};

enum delivery { DELIVERY_DONE, DELIVERY_AGAIN, DELIVERY_REFUSED };

struct tracer {
    char *service;
    char *version;
    char instance[INSTANCE_SIZE];
    char url[URL_SIZE];
    uint64_t percent;
    atomic_uint_fast64_t turns; // traces begun, as a sequence that is spread evenly
    pthread_mutex_t lock;       // guards the next three
    struct otlp_span *waiting;
    size_t waiting_count;
    bool is_woken;
    // The thread's own.
    struct otlp_span *sent;
    size_t sent_count;
    unsigned tries;
    bool is_failing; // said once
    struct http_client *client;
    struct strbuf *body;
    struct worker *worker;
    atomic_int_fast64_t ends_at_us; // monotonic; when what is posted is broken off
    struct metric *exported;
    struct metric *dropped;
};

static void declare_metrics(struct tracer *tracer, struct metrics *metrics)
{
    tracer->exported = metrics_counter(metrics, "trace_spans_exported_total",
                                       "Spans that the collector has taken.", NULL, NULL);
    tracer->dropped = metrics_counter(
        metrics, "trace_spans_dropped_total",
        "Spans dropped because too many waited, or the collector did not take them.", "cause",
        NULL);
    metric_add(tracer->dropped, 0, "queue_full", NULL);
    metric_add(tracer->dropped, 0, "not_taken", NULL);
}

static void name_instance(struct tracer *tracer)
{
    char host[HOST_SIZE] = "";

    // A name that is too long is cut, and then not surely terminated.
    if (gethostname(host, sizeof host - 1) != 0)
        snprintf(host, sizeof host, "unknown");
    snprintf(tracer->instance, sizeof tracer->instance, "%s:%ld", host, (long)getpid());
}

static bool name_url(struct tracer *tracer, const char *endpoint, struct error *error)
{
    size_t length = strlen(endpoint);

    if (!http_client_check_collector("otlp-endpoint", endpoint, error))
        return false;
    while (length > 0 && endpoint[length - 1] == '/')
        length--;
    if (length + sizeof "/v1/traces" > sizeof tracer->url)
        return error_set(error, REASON_INVALID_SETTING,
                         "--otlp-endpoint is %zu bytes long, of %zu at most", length,
                         sizeof tracer->url - sizeof "/v1/traces");
    snprintf(tracer->url, sizeof tracer->url, "%.*s/v1/traces", (int)length, endpoint);
    return true;
}

static bool begin_post(struct tracer *tracer)
{
    const struct otlp_resource resource = {
        .service = tracer->service, .version = tracer->version, .instance = tracer->instance};

    strbuf_reset(tracer->body);
    otlp_write(&resource, tracer->sent, tracer->sent_count, tracer->body);
    return !tracer->body->overflowed &&
           http_client_post(tracer->client, tracer->url, "application/json",
                            strbuf_text(tracer->body), tracer);
}

// What OTLP says of each answer: these may be tried again.
static bool is_passing(int status)
{
    return status == 429 || status == 502 || status == 503 || status == 504;
}

static enum delivery judge(struct tracer *tracer, const struct http_reply *reply)
{
    bool is_done = reply->is_whole && reply->status >= 200 && reply->status < 300;
    char status[16];

    snprintf(status, sizeof status, "%d", reply->status);
    if (is_done == tracer->is_failing)
        log_write(is_done ? LOG_INFO : LOG_WARNING, is_done ? "spans_are_taken" : "spans_not_taken",
                  "status", status, "problem", reply->is_whole ? "" : reply->problem, NULL);
    tracer->is_failing = !is_done;
    if (is_done)
        return DELIVERY_DONE;
    return !reply->is_whole || is_passing(reply->status) ? DELIVERY_AGAIN : DELIVERY_REFUSED;
}

static enum delivery post(struct tracer *tracer)
{
    struct http_reply reply;
    struct error error;

    if (!begin_post(tracer))
        return DELIVERY_REFUSED;
    while (!http_client_take(tracer->client, &reply)) {
        if (clock_monotonic_us() < atomic_load(&tracer->ends_at_us)) {
            http_client_run(tracer->client, LOOK_MS);
            continue;
        }
        // The body is still being read from: the transfer has to end with its client.
        http_client_free(&tracer->client);
        return http_client_new(&tracer->client, &error) ? DELIVERY_AGAIN : DELIVERY_REFUSED;
    }
    return judge(tracer, &reply);
}

static void take_waiting(struct tracer *tracer)
{
    struct otlp_span *empty = tracer->sent;

    pthread_mutex_lock(&tracer->lock);
    tracer->sent = tracer->waiting;
    tracer->sent_count = tracer->waiting_count;
    tracer->waiting = empty;
    tracer->waiting_count = 0;
    tracer->is_woken = false;
    pthread_mutex_unlock(&tracer->lock);
    tracer->tries = 0;
}

static bool export(void *context)
{
    struct tracer *tracer = context;
    enum delivery delivery = DELIVERY_DONE;

    if (tracer->sent_count == 0)
        take_waiting(tracer);
    if (tracer->sent_count == 0)
        return false;
    delivery = post(tracer);
    if (delivery == DELIVERY_AGAIN && ++tracer->tries < TRACER_TRIES_MAX)
        return false;
    if (delivery == DELIVERY_DONE)
        metric_add(tracer->exported, (int64_t)tracer->sent_count, NULL, NULL);
    else
        metric_add(tracer->dropped, (int64_t)tracer->sent_count, "not_taken", NULL);
    tracer->sent_count = 0;
    return false;
}

bool tracer_new(const struct tracer_options *options,
                struct tracer **out_tracer,
                struct error *error)
{
    struct tracer *tracer = allocate(sizeof *tracer);

    pthread_mutex_init(&tracer->lock, NULL);
    tracer->service = allocate_string(options->service);
    tracer->version = allocate_string(options->version);
    tracer->percent = (uint64_t)options->percent;
    tracer->waiting = allocate_array(TRACER_SPANS_MAX, sizeof *tracer->waiting);
    tracer->sent = allocate_array(TRACER_SPANS_MAX, sizeof *tracer->sent);
    tracer->body = strbuf_new(BODY_MAX);
    atomic_store(&tracer->ends_at_us, INT64_MAX);
    declare_metrics(tracer, options->metrics);
    name_instance(tracer);
    if (!name_url(tracer, options->endpoint, error) || !http_client_new(&tracer->client, error)) {
        tracer_free(&tracer);
        return false;
    }
    tracer->worker = worker_new("trace_export", EXPORT_EVERY_MS, export, tracer);
    *out_tracer = tracer;
    return true;
}

void tracer_free(struct tracer **owned)
{
    struct tracer *tracer = *owned;

    if (tracer == NULL)
        return;
    atomic_store(&tracer->ends_at_us, clock_monotonic_us() + TRACER_STOP_MS * MICROS_PER_MS);
    worker_free(&tracer->worker);
    // Once for what was being tried again, and once for what came after it.
    for (int i = 0; i < 2 && tracer->client != NULL; i++)
        (void)export(tracer);
    http_client_free(&tracer->client);
    strbuf_free(&tracer->body);
    pthread_mutex_destroy(&tracer->lock);
    release(tracer->waiting);
    release(tracer->sent);
    release(tracer->service);
    release(tracer->version);
    release(tracer);
    *owned = NULL;
}

bool tracer_samples(struct tracer *tracer)
{
    uint64_t turn = 0;

    if (tracer == NULL)
        return false;
    // Multiples of the golden ratio lie evenly between 0 and 1, whatever rhythm the requests have.
    turn = atomic_fetch_add_explicit(&tracer->turns, UINT64_C(0x9e3779b97f4a7c15),
                                     memory_order_relaxed);
    return (turn >> 32) * 100 >> 32 < tracer->percent;
}

static void fill(struct otlp_span *kept, const struct span *span)
{
    struct clock real = clock_real();

    traceparent_trace_id(span->traceparent, kept->trace_id);
    traceparent_span_id(span->traceparent, kept->span_id);
    traceparent_span_id(span->parent, kept->parent_id);
    snprintf(kept->tracestate, sizeof kept->tracestate, "%s",
             span->tracestate != NULL ? span->tracestate : "");
    kept->kind = span->kind;
    snprintf(kept->name, sizeof kept->name, "%s", span->name);
    kept->end_us = clock_now_us(&real);
    kept->start_us = kept->end_us - span->micros;
    snprintf(kept->request_id, sizeof kept->request_id, "%s", span->request_id);
    snprintf(kept->reason, sizeof kept->reason, "%s", span->reason);
    kept->is_error = span->is_error;
    kept->http_status = span->http_status;
}

void tracer_note(struct tracer *tracer, const struct span *span)
{
    struct otlp_span kept;
    bool has_room = false;
    bool wakes = false;

    if (tracer == NULL || !traceparent_is_sampled(span->traceparent))
        return;
    fill(&kept, span);
    pthread_mutex_lock(&tracer->lock);
    has_room = tracer->waiting_count < TRACER_SPANS_MAX;
    if (has_room)
        tracer->waiting[tracer->waiting_count++] = kept;
    wakes = !tracer->is_woken && tracer->waiting_count >= TRACER_SPANS_MAX / 2;
    tracer->is_woken = tracer->is_woken || wakes;
    pthread_mutex_unlock(&tracer->lock);
    if (!has_room)
        metric_add(tracer->dropped, 1, "queue_full", NULL);
    if (wakes)
        worker_wake(tracer->worker);
}
