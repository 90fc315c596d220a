// SPDX-License-Identifier: MIT
// Clients that log in again and again, by the RPC that the gateway calls.
//
//     bench_auth_logins HOST:PORT KEY_FILE NAME CLIENTS SECONDS
//
// The clients are the users NAMEa to NAMEs, without i, l and o: names that look alike cannot all be
// had. Their password is in BENCH_PASSWORD. Each waits for its answer before it asks again. Prints
// "going" once there are as many answers as clients, and the logins a second at the end.
#include "base/digest.h"
#include "bourse/auth/v1/auth_client.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    CALL_BUDGET = 256 * 1024,
    TIMEOUT_MS = 10000,
    CLIENTS_MAX = 16,
    NAME_SIZE = 33,
    POLL_MS = 5
};

struct storm {
    struct rpc_client *client;
    const char *password;
    atomic_ulong done;
};

static const char letters[CLIENTS_MAX + 1] = "abcdefghjkmnpqrs";

struct client {
    struct storm *storm;
    char name[NAME_SIZE];
};

static _Noreturn void fail(const struct error *error)
{
    fprintf(stderr, "bench_auth_logins: %s: %s\n", error->reason, error->message);
    exit(EXIT_FAILURE);
}

static void *log_in_again_and_again(void *context)
{
    struct client *client = context;
    struct storm *storm = client->storm;
    struct arena *arena = arena_new(CALL_BUDGET);
    Auth__LoginRequest request = AUTH__LOGIN_REQUEST__INIT;

    request.username = client->name;
    request.password = storm->password;
    for (;;) {
        struct call call = call_start(arena, TIMEOUT_MS);
        Auth__LoginResponse *response = NULL;
        struct error error;

        if (!auth_client_login(storm->client, &call, &request, &response, &error))
            fail(&error);
        atomic_fetch_add(&storm->done, 1);
        arena_reset(arena);
    }
    return NULL;
}

static void wait_ms(int64_t ms)
{
    clock_sleep_until_us(clock_monotonic_us() + ms * MICROS_PER_MS);
}

int main(int argc, char **argv)
{
    static struct storm storm;
    static struct client all[CLIENTS_MAX];
    struct rpc_client_options options = {.caller = "gateway", .service = "auth"};
    size_t clients = argc == 6 ? strtoul(argv[4], NULL, 10) : 0;
    double seconds = argc == 6 ? strtod(argv[5], NULL) : 0;
    unsigned long before = 0;
    int64_t from_us = 0;
    struct error error;

    storm.password = getenv("BENCH_PASSWORD");
    if (clients == 0 || clients > CLIENTS_MAX || seconds <= 0 || storm.password == NULL) {
        fputs("usage: bench_auth_logins HOST:PORT KEY_FILE NAME CLIENTS SECONDS\n", stderr);
        return 2;
    }
    digest_start();
    options.addresses = argv[1];
    if (!rpc_mesh_key_read(argv[2], &options.key, &error) ||
        !rpc_client_new(&options, &storm.client, &error))
        fail(&error);
    for (size_t i = 0; i < clients; i++) {
        pthread_t thread;
        all[i].storm = &storm;
        snprintf(all[i].name, sizeof all[i].name, "%.30s%c", argv[3], letters[i]);
        if (pthread_create(&thread, NULL, log_in_again_and_again, &all[i]) != 0) {
            fputs("bench_auth_logins: no thread can be started\n", stderr);
            return EXIT_FAILURE;
        }
        pthread_detach(thread);
    }
    while (atomic_load(&storm.done) < clients)
        wait_ms(POLL_MS);
    puts("going");
    fflush(stdout);
    before = atomic_load(&storm.done);
    from_us = clock_monotonic_us();
    wait_ms((int64_t)(seconds * 1000));
    printf("%.2f\n", (double)(atomic_load(&storm.done) - before) * MICROS_PER_SECOND /
                         (double)(clock_monotonic_us() - from_us));
    fflush(stdout);
    // Without closing anything: the process is over.
    _exit(EXIT_SUCCESS);
}
