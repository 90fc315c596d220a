// SPDX-License-Identifier: MIT
#include "service/observe.h"

#include "base/strbuf.h"
#include "service/log.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct observer {
    struct metric *answers;
    struct metric *answer_duration;
    struct metric *calls;
    struct metric *call_duration;
    struct metric *cpu;
    struct metric *resident;
    struct metric *open_files;
    struct metric *open_files_max;
    struct metric *connections;
    struct metric *connections_max;
    struct metric *connection_wait;
    struct metric *rate_limited;
    struct metric *refused_messages;
    struct metric *connections_in_use;
    struct metric *connection_waits;
    struct metric *transaction_retries;
    struct metric *database_reachable;
    struct metrics *metrics;
    struct tracer *tracer; // NULL while tracing is off
    _Atomic(struct database *) database;
    _Atomic(struct rpc_server *) server;
};

static void count_open_files(struct observer *observer)
{
    DIR *directory = opendir("/proc/self/fd");
    int64_t count = 0;
    struct rlimit limit;

    // Without /proc there is nothing to count, and the metric stays as it was.
    if (directory == NULL)
        return;
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    // Less "." and ".." and the directory itself.
    metric_set(observer->open_files, count - 3, NULL, NULL);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        metric_set(observer->open_files_max, (int64_t)limit.rlim_cur, NULL, NULL);
}

static void read_resident(struct observer *observer)
{
    FILE *statm = fopen("/proc/self/statm", "r");
    char line[128];
    char *resident = NULL;

    if (statm == NULL)
        return;
    // Pages in all, then those in memory: proc(5).
    if (fgets(line, sizeof line, statm) != NULL)
        resident = strchr(line, ' ');
    if (resident != NULL)
        metric_set(observer->resident,
                   (int64_t)strtoull(resident, NULL, 10) * sysconf(_SC_PAGESIZE), NULL, NULL);
    fclose(statm);
}

static int64_t micros_of(struct timeval time)
{
    return (int64_t)time.tv_sec * MICROS_PER_SECOND + time.tv_usec;
}

static void update_process(void *context)
{
    struct observer *observer = context;
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage) == 0)
        metric_set(observer->cpu, micros_of(usage.ru_utime) + micros_of(usage.ru_stime), NULL,
                   NULL);
    read_resident(observer);
    count_open_files(observer);
}

static void update_database(void *context)
{
    struct observer *observer = context;
    struct database *database = atomic_load(&observer->database);
    struct database_statistics statistics;

    if (database == NULL)
        return;
    statistics = database_statistics(database);
    metric_set(observer->connections, (int64_t)statistics.connections, NULL, NULL);
    metric_set(observer->connections_in_use, (int64_t)statistics.in_use, NULL, NULL);
    metric_set(observer->connections_max, (int64_t)statistics.connections_max, NULL, NULL);
    metric_set(observer->connection_wait, statistics.waited_us, NULL, NULL);
    metric_set(observer->connection_waits, (int64_t)statistics.waits, NULL, NULL);
    metric_set(observer->transaction_retries, (int64_t)statistics.retries, NULL, NULL);
    metric_set(observer->database_reachable, statistics.reachable, NULL, NULL);
}

static void declare_process(struct observer *observer, struct metrics *metrics)
{
    struct clock clock = clock_real();

    observer->cpu = metrics_seconds_counter(metrics, "process_cpu_seconds_total",
                                            "Processor time used, user and system.", NULL, NULL);
    observer->resident =
        metrics_gauge(metrics, "process_resident_memory_bytes", "Memory held in RAM.", NULL, NULL);
    observer->open_files =
        metrics_gauge(metrics, "process_open_fds", "File descriptors open.", NULL, NULL);
    observer->open_files_max =
        metrics_gauge(metrics, "process_max_fds", "File descriptors that may be open.", NULL, NULL);
    metric_set(metrics_seconds_gauge(metrics, "process_start_time_seconds",
                                     "When the process started, since 1970.", NULL, NULL),
               clock_now_us(&clock), NULL, NULL);
    metric_set(metrics_gauge(metrics, "bourse_build_info", "Always 1; the labels say what runs.",
                             "version", "commit"),
               1, BOURSE_VERSION, BOURSE_COMMIT);
    metrics_on_scrape(metrics, update_process, observer);
}

struct observer *observer_new(struct metrics *metrics)
{
    struct observer *observer = allocate(sizeof *observer);

    observer->metrics = metrics;
    observer->answers = metrics_counter(metrics, "rpc_server_requests_total",
                                        "Calls answered, by method and code.", "method", "code");
    observer->answer_duration =
        metrics_duration(metrics, "rpc_server_duration_seconds",
                         "Time from a call's arrival to its answer.", "method", NULL);
    observer->calls = metrics_counter(
        metrics, "rpc_client_requests_total",
        "Calls made to other services, by method and reason of failure.", "method", "reason");
    observer->call_duration =
        metrics_duration(metrics, "rpc_client_duration_seconds",
                         "Time from the making of a call to its outcome.", "method", NULL);
    observer->rate_limited = metrics_counter(metrics, "rate_limit_refusals_total",
                                             "Calls refused by a rate limit.", "method", NULL);
    declare_process(observer, metrics);
    return observer;
}

void observer_free(struct observer **observer)
{
    if (*observer == NULL)
        return;
    release(*observer);
    *observer = NULL;
}

void observer_set_tracer(struct observer *observer, struct tracer *tracer)
{
    observer->tracer = tracer;
}

void observer_watch_database(struct observer *observer, struct database *database)
{
    struct metrics *metrics = observer->metrics;

    if (database == NULL)
        return;
    observer->connections = metrics_gauge(metrics, "database_connections",
                                          "Connections to PostgreSQL open.", NULL, NULL);
    observer->connections_in_use = metrics_gauge(metrics, "database_connections_in_use",
                                                 "Connections that are being used.", NULL, NULL);
    observer->connections_max = metrics_gauge(metrics, "database_connections_max",
                                              "Connections that there may be.", NULL, NULL);
    observer->connection_wait =
        metrics_seconds_counter(metrics, "database_connection_wait_seconds_total",
                                "Time that callers have waited for a free connection.", NULL, NULL);
    observer->connection_waits =
        metrics_counter(metrics, "database_connection_waits_total",
                        "Times that a free connection had to be waited for.", NULL, NULL);
    observer->transaction_retries =
        metrics_counter(metrics, "database_transaction_retries_total",
                        "Transactions repeated after a serialization failure.", NULL, NULL);
    observer->database_reachable =
        metrics_gauge(metrics, "database_reachable",
                      "1 when the last use of the database got through to it.", NULL, NULL);
    atomic_store(&observer->database, database);
    metrics_on_scrape(metrics, update_database, observer);
}

static void update_server(void *context)
{
    struct observer *observer = context;
    struct rpc_server *server = atomic_load(&observer->server);

    if (server != NULL)
        metric_set(observer->refused_messages, (int64_t)rpc_server_refused_count(server), NULL,
                   NULL);
}

void observer_watch_server(struct observer *observer, struct rpc_server *server)
{
    observer->refused_messages =
        metrics_counter(observer->metrics, "rpc_server_messages_refused_total",
                        "Messages refused because of a wrong hash under the mesh key.", NULL, NULL);
    atomic_store(&observer->server, server);
    metrics_on_scrape(observer->metrics, update_server, observer);
}

static const char *code_name(enum code code)
{
    static const char *const names[] = {
        [CODE_OK] = "OK",
        [CODE_CANCELLED] = "CANCELLED",
        [CODE_UNKNOWN] = "UNKNOWN",
        [CODE_INVALID_ARGUMENT] = "INVALID_ARGUMENT",
        [CODE_DEADLINE_EXCEEDED] = "DEADLINE_EXCEEDED",
        [CODE_NOT_FOUND] = "NOT_FOUND",
        [CODE_ALREADY_EXISTS] = "ALREADY_EXISTS",
        [CODE_PERMISSION_DENIED] = "PERMISSION_DENIED",
        [CODE_RESOURCE_EXHAUSTED] = "RESOURCE_EXHAUSTED",
        [CODE_FAILED_PRECONDITION] = "FAILED_PRECONDITION",
        [CODE_ABORTED] = "ABORTED",
        [CODE_OUT_OF_RANGE] = "OUT_OF_RANGE",
        [CODE_UNIMPLEMENTED] = "UNIMPLEMENTED",
        [CODE_INTERNAL] = "INTERNAL",
        [CODE_UNAVAILABLE] = "UNAVAILABLE",
        [CODE_UNAUTHENTICATED] = "UNAUTHENTICATED",
    };

    return (size_t)code < COUNT_OF(names) && names[code] != NULL ? names[code] : "UNKNOWN";
}

// Somebody who is known tried what they may not do. Who is not known is not told of: scanners would
// fill the log.
static bool is_forbidden(const struct error *error)
{
    return error_is(error, REASON_PERMISSION_DENIED) ||
           error_is(error, REASON_INSUFFICIENT_SCOPE) || error_is(error, REASON_NOT_A_MESH_PEER);
}

// A fault of ours is an error; a part that is missing, and who tried what they may not do, is told
// of; everything else is the caller's own business.
static enum log_level level_of(const struct error *error)
{
    if (error != NULL && error->code == CODE_INTERNAL)
        return LOG_ERROR;
    if (error != NULL && (error->code == CODE_UNAVAILABLE || is_forbidden(error)))
        return LOG_INFO;
    return LOG_DEBUG;
}

// What OpenTelemetry counts as the server's fault rather than the caller's.
static bool is_fault(const struct error *error)
{
    return error != NULL &&
           (error->code == CODE_INTERNAL || error->code == CODE_UNKNOWN ||
            error->code == CODE_UNAVAILABLE || error->code == CODE_DEADLINE_EXCEEDED ||
            error->code == CODE_UNIMPLEMENTED);
}

static const char *or_empty(const char *string)
{
    return string != NULL ? string : "";
}

static void log_answer(enum log_level level,
                       const char *method,
                       const struct call *call,
                       const struct error *error,
                       int64_t micros)
{
    char trace_id[TRACE_ID_SIZE];
    char span_id[SPAN_ID_SIZE];
    char duration_ms[32];

    traceparent_trace_id(call->traceparent, trace_id);
    traceparent_span_id(call->traceparent, span_id);
    snprintf(duration_ms, sizeof duration_ms, "%" PRId64 ".%03" PRId64, micros / MICROS_PER_MS,
             micros % MICROS_PER_MS);
    log_write(level, error == NULL ? "call_done" : "call_failed", "method", method, "request_id",
              or_empty(call->request_id), "trace_id", trace_id, "span_id", span_id, "user",
              call->identity.user_id, "caller", or_empty(call->caller), "client",
              or_empty(call->client_address), "reason", error != NULL ? error->reason : "",
              "message", error != NULL ? error->message : "", "duration_ms", duration_ms, NULL);
}

void observe_forbidden(const struct rpc_method *method,
                       const struct call *call,
                       const struct error *error)
{
    if (is_forbidden(error) && log_is_written(LOG_INFO))
        log_answer(LOG_INFO, method->name, call, error, 0);
}

void observer_note_answer(void *context,
                          const struct rpc_method *method,
                          const struct call *call,
                          const struct error *error,
                          int64_t micros)
{
    struct observer *observer = context;
    // A call of a method that this service does not have.
    const char *name = method != NULL ? method->name : "unknown";
    enum log_level level = level_of(error);

    metric_add(observer->answers, 1, name, code_name(error != NULL ? error->code : CODE_OK));
    metric_observe_us(observer->answer_duration, micros, name, NULL);
    if (error != NULL && error_is(error, REASON_TOO_MANY_REQUESTS))
        metric_add(observer->rate_limited, 1, name, NULL);
    if (call != NULL && log_is_written(level))
        log_answer(level, name, call, error, micros);
    if (call != NULL)
        tracer_note(observer->tracer,
                    &(const struct span){.traceparent = call->traceparent,
                                         .parent = call->caller_traceparent,
                                         .tracestate = call->tracestate,
                                         .kind = SPAN_SERVER,
                                         .name = name,
                                         .micros = micros,
                                         .request_id = or_empty(call->request_id),
                                         .reason = error != NULL ? error->reason : "",
                                         .is_error = is_fault(error)});
}

void observer_note_call(void *context,
                        const struct rpc_method *method,
                        const struct call *call,
                        const char *traceparent,
                        const char *reason,
                        int64_t micros)
{
    struct observer *observer = context;

    metric_add(observer->calls, 1, method->name, reason);
    metric_observe_us(observer->call_duration, micros, method->name, NULL);
    tracer_note(observer->tracer, &(const struct span){.traceparent = traceparent,
                                                       .parent = call->traceparent,
                                                       .tracestate = call->tracestate,
                                                       .kind = SPAN_CLIENT,
                                                       .name = method->name,
                                                       .micros = micros,
                                                       .request_id = or_empty(call->request_id),
                                                       .reason = reason,
                                                       .is_error = reason[0] != '\0'});
}
