// SPDX-License-Identifier: MIT
#include "rpc/test_support.h"

#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/ports.h"

struct rpc_mesh_key test_key(unsigned char byte, unsigned char second_byte)
{
    struct rpc_mesh_key key = {.has_second = second_byte != 0};

    memset(key.bytes, byte, sizeof key.bytes);
    memset(key.second, second_byte, sizeof key.second);
    return key;
}

void test_temporary_file(char *path, size_t size)
{
    int file = -1;

    snprintf(path, size, "/tmp/bourse-rpc-test-XXXXXX");
    file = mkstemp(path);
    if (file < 0)
        abort();
    close(file);
}

int test_count_lines(const char *path, const char *prefix)
{
    char line[256];
    FILE *file = fopen(path, "r");
    int count = 0;

    if (file == NULL)
        return -1;
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, prefix, strlen(prefix)) == 0)
            count++;
    fclose(file);
    return count;
}

void test_peer_prepare(struct test_peer *peer)
{
    peer->port = ports_take();
    peer->process = 0;
    test_temporary_file(peer->journal, sizeof peer->journal);
}

extern char **environ;

void test_peer_start(struct test_peer *peer)
{
    char port[8];
    char key[8];
    char *arguments[] = {(char *)(uintptr_t)TEST_PEER, port, key, peer->journal, NULL};

    snprintf(port, sizeof port, "%u", (unsigned)peer->port);
    snprintf(key, sizeof key, "%d", TEST_KEY_BYTE);
    // Not fork: a copy of a process that has used nng must not touch it.
    if (posix_spawn(&peer->process, arguments[0], NULL, NULL, arguments, environ) != 0)
        abort();
}

void test_peer_kill(struct test_peer *peer)
{
    kill(peer->process, SIGKILL);
    waitpid(peer->process, NULL, 0);
    peer->process = 0;
}

void test_peer_freeze(struct test_peer *peer)
{
    int status = 0;

    kill(peer->process, SIGSTOP);
    waitpid(peer->process, &status, WUNTRACED);
}

void test_peer_thaw(struct test_peer *peer)
{
    kill(peer->process, SIGCONT);
}

void test_peer_end(struct test_peer *peer)
{
    if (peer->process != 0)
        test_peer_kill(peer);
    unlink(peer->journal);
}

void test_server_start(struct test_server *server, const char *name)
{
    struct rpc_server_options options = {
        .service = name,
        .key = test_key(TEST_KEY_BYTE, 0),
        .handlers = test_handlers,
        .handler_count = test_handler_count,
        .context = &server->service,
        .authenticate = test_authenticate,
    };
    struct error error;
    char listen[32];

    test_temporary_file(server->journal, sizeof server->journal);
    server->service.journal = server->journal;
    server->port = ports_take();
    snprintf(listen, sizeof listen, "127.0.0.1:%u", (unsigned)server->port);
    options.listen = listen;
    if (!rpc_server_new(&options, &server->server, &error) ||
        !rpc_server_start(server->server, &error))
        abort();
}

void test_server_stop(struct test_server *server)
{
    (void)rpc_server_free(&server->server);
    unlink(server->journal);
}

struct rpc_client *
test_client_new(const struct test_peer *peers, size_t count, unsigned char key_byte)
{
    struct rpc_client_options options = {.caller = "friend", .service = "test"};
    struct rpc_client *client = NULL;
    struct error error;
    char addresses[256] = "";

    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(addresses);

        snprintf(addresses + length, sizeof addresses - length, "%s127.0.0.1:%u", i > 0 ? "," : "",
                 (unsigned)peers[i].port);
    }
    options.addresses = addresses;
    options.key = test_key(key_byte, 0);
    if (!rpc_client_new(&options, &client, &error))
        abort();
    return client;
}

bool test_call(struct rpc_client *client,
               const struct rpc_method *method,
               struct call *call,
               uint32_t kind,
               Rpc__Detail **out_response,
               struct error *error)
{
    Rpc__Detail request = RPC__DETAIL__INIT;
    ProtobufCMessage *response = NULL;

    request.has_kind = true;
    request.kind = kind;
    request.name = "IBM";
    if (!rpc_call(client, method, call, &request.base, &response, error))
        return false;
    *out_response = (Rpc__Detail *)response;
    return true;
}
