// SPDX-License-Identifier: MIT
// The reference: a bare echo over nng, callbacks on both sides, each call a message of its own.
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure.h"
#include "quote.h"

enum { SERVER_CONTEXTS = 16 };

// One context of either side, and where it is in its turn.
struct turn {
    nng_ctx ctx;
    nng_aio *aio;
    bool is_sending;
};

static void check(int result, const char *what)
{
    if (result == 0)
        return;
    fprintf(stderr, "%s: %s\n", what, nng_strerror(result));
    exit(1);
}

static void open_turn(struct turn *turn, nng_socket socket, void (*callback)(void *))
{
    check(nng_ctx_open(&turn->ctx, socket), "context");
    check(nng_aio_alloc(&turn->aio, callback, turn), "aio");
}

static void on_server_turn(void *argument)
{
    struct turn *turn = argument;

    check(nng_aio_result(turn->aio), "server");
    turn->is_sending = !turn->is_sending;
    // What was received is sent back as it is.
    if (turn->is_sending)
        nng_ctx_send(turn->ctx, turn->aio);
    else
        nng_ctx_recv(turn->ctx, turn->aio);
}

static void serve(const char *url)
{
    static struct turn turns[SERVER_CONTEXTS];
    nng_socket socket;

    check(nng_rep0_open(&socket), "socket");
    check(nng_listen(socket, url, NULL, 0), url);
    for (size_t i = 0; i < SERVER_CONTEXTS; i++) {
        open_turn(&turns[i], socket, on_server_turn);
        nng_ctx_recv(turns[i].ctx, turns[i].aio);
    }
    pause();
}

static void send_quote(struct turn *turn)
{
    nng_msg *message = NULL;
    char quote[64];
    size_t length = quote_pack(quote);

    check(nng_msg_alloc(&message, 0), "message");
    check(nng_msg_append(message, quote, length), "message");
    nng_aio_set_msg(turn->aio, message);
    nng_ctx_send(turn->ctx, turn->aio);
}

static void on_client_turn(void *argument)
{
    struct turn *turn = argument;

    check(nng_aio_result(turn->aio), "client");
    turn->is_sending = !turn->is_sending;
    if (!turn->is_sending) {
        nng_ctx_recv(turn->ctx, turn->aio);
        return;
    }
    nng_msg_free(nng_aio_get_msg(turn->aio));
    measure_count();
    send_quote(turn);
}

static void call(const char *url, size_t in_flight, pid_t server, double seconds)
{
    struct turn *turns = calloc(in_flight, sizeof *turns);
    nng_socket socket;

    check(nng_req0_open(&socket), "socket");
    check(nng_dial(socket, url, NULL, 0), url);
    for (size_t i = 0; i < in_flight; i++) {
        open_turn(&turns[i], socket, on_client_turn);
        turns[i].is_sending = true;
        send_quote(&turns[i]);
    }
    measure_run(server, seconds);
    // Without closing anything: the process is over.
    _exit(0);
}

int main(int count, char **arguments)
{
    char url[64];

    if (count < 3)
        return 2;
    snprintf(url, sizeof url, "tcp://127.0.0.1:%s", arguments[2]);
    if (strcmp(arguments[1], "serve") == 0)
        serve(url);
    else if (count == 6)
        call(url, (size_t)strtoul(arguments[3], NULL, 10), (pid_t)strtoul(arguments[4], NULL, 10),
             strtod(arguments[5], NULL));
    return 2;
}
