// SPDX-License-Identifier: MIT
// Connections that go on as something else than HTTP.
//
// civetweb closes its descriptor when a request is over, and shuts the socket down before. So the
// socket gets a descriptor of its own, and civetweb's is made to name another socket, which nobody
// is at the other end of: that one it may shut down and close.
#include "server/http_worker.h"
#include "server/sockets.h"
#include "service/log.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

// civetweb's descriptors have the lowest numbers, as those of streams are put above them. So a look
// at a few of these finds the connection, however many streams there are.
static int find_descriptor(const struct http_connection *connection)
{
    const struct mg_request_info *info = connection->info;
    struct socket_list sockets = {NULL, 0, 0};
    int found = -1;

    for (int at = 0; at < connection->worker->server->streams_begin; at++)
        if (socket_is_from(at, info->remote_addr, info->remote_port, info->server_port))
            return at;
    socket_list_read(&sockets);
    for (size_t i = 0; i < sockets.count && found < 0; i++)
        if (sockets.entries[i].peer_port == info->remote_port &&
            socket_is_from(sockets.entries[i].descriptor, info->remote_addr, info->remote_port,
                           info->server_port))
            found = sockets.entries[i].descriptor;
    socket_list_clear(&sockets);
    return found;
}

// The socket under a number of its own; -1 when that cannot be had. Marked before civetweb's number
// names another one: at no moment may idle_watch take it for a connection that waits for a thread.
static int move_socket(struct http_server *server, int theirs)
{
    int ours = fcntl(theirs, F_DUPFD_CLOEXEC, server->streams_begin);
    int nobody = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool is_moved = false;

    if (ours >= 0)
        idle_watch_set_aside(server->idle, ours, true);
    is_moved = ours >= 0 && nobody >= 0 && dup2(nobody, theirs) == theirs;
    if (nobody >= 0)
        close(nobody);
    if (is_moved)
        return ours;
    if (ours >= 0)
        http_server_close(server, ours);
    return -1;
}

void http_hand_over(struct http_connection *connection)
{
    struct http_response *response = &connection->worker->response;
    int descriptor = response->is_cut_off ? -1 : find_descriptor(connection);

    if (descriptor >= 0)
        descriptor = move_socket(connection->worker->server, descriptor);
    if (descriptor >= 0 && fcntl(descriptor, F_SETFL, O_NONBLOCK) != 0) {
        http_server_close(connection->worker->server, descriptor);
        descriptor = -1;
    }
    if (descriptor < 0 && !response->is_cut_off)
        log_write(LOG_WARNING, "stream_not_begun", "message",
                  "the connection cannot be found, or there are no more descriptors", NULL);
    response->take(response->take_context, connection->worker->server, descriptor);
}

void http_server_close(struct http_server *server, int descriptor)
{
    idle_watch_set_aside(server->idle, descriptor, false);
    close(descriptor);
}
