// SPDX-License-Identifier: MIT
// The internal RPC as services use it: deadline, mesh key, rules of the message and metrics.
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure.h"
#include "quote.h"
#include "rpc/rpc_client.h"
#include "rpc/rpc_server.h"

enum { CALL_BUDGET = 64 * 1024, TIMEOUT_MS = 5000, BUCKETS = 32 };

static const struct field_info quote_fields[] = {
    {.json_name = "ticker", .format = FORMAT_TICKER, .max_length = 15},
    {.json_name = "price", .format = FORMAT_DECIMAL, .scale = 6},
    {.json_name = "bid", .format = FORMAT_DECIMAL, .scale = 6},
    {.json_name = "ask", .format = FORMAT_DECIMAL, .scale = 6},
    {.json_name = "quoted_at", .format = FORMAT_TIME},
    {.json_name = "sequence"},
};
static const struct message_info quote_info = {&bench__quote__descriptor, quote_fields};

static const struct rpc_method echo_quote = {
    .id = 0x1234abcd,
    .name = "bench.Echo/EchoQuote",
    .short_name = "EchoQuote",
    .access = RPC_ACCESS_OPEN,
    .lane = RPC_LANE_FAST,
    .no_side_effects = true,
    .timeout_ms = TIMEOUT_MS,
    .request = &quote_info,
    .response = &quote_info,
};

// How often calls took up to 2^i microseconds: what a service's metrics count of each call.
struct histogram {
    atomic_ulong buckets[BUCKETS];
};

static void observe(struct histogram *histogram, int64_t micros)
{
    size_t bucket = 0;

    while (bucket < BUCKETS - 1 && micros >> bucket > 0)
        bucket++;
    atomic_fetch_add_explicit(&histogram->buckets[bucket], 1, memory_order_relaxed);
}

static void observe_client(void *context,
                           const struct rpc_method *method,
                           const struct call *call,
                           const char *traceparent,
                           const char *reason,
                           int64_t micros)
{
    (void)method, (void)call, (void)traceparent, (void)reason;
    observe(context, micros);
}

static void observe_server(void *context,
                           const struct rpc_method *method,
                           const struct call *call,
                           const struct error *error,
                           int64_t micros)
{
    (void)method;
    (void)call;
    (void)error;
    observe(context, micros);
}

static bool echo(void *service,
                 struct call *call,
                 const ProtobufCMessage *request,
                 ProtobufCMessage *response,
                 struct error *error)
{
    Bench__Quote *out = (Bench__Quote *)response;
    ProtobufCMessage base = *response;

    (void)service;
    (void)call;
    (void)error;
    *out = *(const Bench__Quote *)request;
    out->base = base;
    return true;
}

static void fail(const struct error *error)
{
    fprintf(stderr, "%s: %s\n", error->reason, error->message);
    exit(1);
}

static void serve(const char *address)
{
    static struct histogram histogram;
    struct rpc_handler handlers[] = {{.method = &echo_quote, .single = echo}};
    struct rpc_server_options options = {.service = "echo",
                                         .listen = address,
                                         .key = {.bytes = {1}},
                                         .handlers = handlers,
                                         .handler_count = COUNT_OF(handlers),
                                         .observe = observe_server,
                                         .observe_context = &histogram};
    struct rpc_server *server = NULL;
    struct error error;

    if (!rpc_server_new(&options, &server, &error) || !rpc_server_start(server, &error))
        fail(&error);
    pause();
}

// One of the calls in flight: when it is answered, it makes the next.
struct chain {
    struct rpc_client *client;
    struct arena *arena;
    struct call call;
    char request_id[UUID_SIZE];
};

static void make_call(struct chain *chain);

static void on_done(void *context, struct text response, const struct error *error)
{
    struct chain *chain = context;
    ProtobufCMessage *quote = NULL;
    struct error unpack_error;

    if (error != NULL)
        fail(error);
    if (!message_unpack(&quote_info, chain->arena, response, &quote, &unpack_error))
        fail(&unpack_error);
    measure_count();
    make_call(chain);
}

static void make_call(struct chain *chain)
{
    struct clock real = clock_real();
    Bench__Quote quote = quote_example();
    struct text request;
    struct error error;

    arena_reset(chain->arena);
    chain->call = (struct call){.arena = chain->arena,
                                .request_id = chain->request_id,
                                .deadline_us = clock_now_us(&real) + TIMEOUT_MS * MICROS_PER_MS};
    if (!message_pack(&quote.base, chain->arena, &request, &error))
        fail(&error);
    rpc_call_start(chain->client, &echo_quote, &chain->call, request, on_done, chain);
}

static void call(const char *address, size_t in_flight, pid_t server, double seconds)
{
    static struct histogram histogram;
    struct rpc_client_options options = {.caller = "bench",
                                         .service = "echo",
                                         .addresses = address,
                                         .key = {.bytes = {1}},
                                         .observe = observe_client,
                                         .observe_context = &histogram};
    struct chain *chains = allocate_array(in_flight, sizeof *chains);
    struct rpc_client *client = NULL;
    struct error error;

    if (!rpc_client_new(&options, &client, &error))
        fail(&error);
    for (size_t i = 0; i < in_flight; i++) {
        struct uuid id = uuid_new();

        chains[i].client = client;
        chains[i].arena = arena_new(CALL_BUDGET);
        snprintf(chains[i].request_id, sizeof chains[i].request_id, "%s", id.string);
        make_call(&chains[i]);
    }
    measure_run(server, seconds);
    // Without closing anything: the process is over.
    _exit(0);
}

int main(int count, char **arguments)
{
    char address[64];

    if (count < 3)
        return 2;
    snprintf(address, sizeof address, "127.0.0.1:%s", arguments[2]);
    if (strcmp(arguments[1], "serve") == 0)
        serve(address);
    else if (count == 6)
        call(address, (size_t)strtoul(arguments[3], NULL, 10),
             (pid_t)strtoul(arguments[4], NULL, 10), strtod(arguments[5], NULL));
    return 2;
}
