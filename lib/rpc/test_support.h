// SPDX-License-Identifier: MIT
// test_support: files, servers and processes for the tests of lib/rpc.
#pragma once

#include <sys/types.h>

#include "rpc/rpc_client.h"
#include "rpc/rpc_server.h"
#include "rpc/test_methods.h"

enum { TEST_KEY_BYTE = 7 }; // the mesh key of the tests is full of it

// A server of the test service in a process of its own.
struct test_peer {
    uint16_t port;
    char journal[64];
    pid_t process; // 0 when it is not running
};

// A key full of `byte` and, unless that is 0, a second one full of `second_byte`.
struct rpc_mesh_key test_key(unsigned char byte, unsigned char second_byte);

// Makes an empty file and writes its path to `path`.
void test_temporary_file(char *path, size_t size);

// The lines of the file that begin with `prefix`; -1 when there is no such file.
int test_count_lines(const char *path, const char *prefix);

// Chooses a port and a journal; starts nothing.
void test_peer_prepare(struct test_peer *peer);

// Starts the process, which listens soon. Ends the test when it cannot.
void test_peer_start(struct test_peer *peer);

// Kills it as by kill -9 and waits until it is gone.
void test_peer_kill(struct test_peer *peer);

// Stops it as by SIGSTOP, and waits until it has; lets it go on.
void test_peer_freeze(struct test_peer *peer);
void test_peer_thaw(struct test_peer *peer);

// Kills it if it runs, and removes its journal.
void test_peer_end(struct test_peer *peer);

// A server of the test service in this process.
struct test_server {
    struct test_service service;
    char journal[64];
    uint16_t port;
    struct rpc_server *server;
};

// Starts it as the server of a service of that name; stops it, if it has not been.
void test_server_start(struct test_server *server, const char *name);
void test_server_stop(struct test_server *server);

// A client of these peers; its caller is "friend".
struct rpc_client *
test_client_new(const struct test_peer *peers, size_t count, unsigned char key_byte);

// Makes a call of a Detail with that kind and the name "IBM".
bool test_call(struct rpc_client *client,
               const struct rpc_method *method,
               struct call *call,
               uint32_t kind,
               Rpc__Detail **out_response,
               struct error *error);
