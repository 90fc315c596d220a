// SPDX-License-Identifier: MIT
// Bodies, read within their limits of size and time.
#include "server/guard.h"
#include "server/http_worker.h"

enum {
    DISCARD_MAX = 32 * 1024 * 1024
}; // bytes of an unwanted body taken before the connection ends
#define BODY_LIMIT_US (5 * MICROS_PER_SECOND)
#define CHUNK_LIMIT_US (30 * MICROS_PER_SECOND)
#define DISCARD_LIMIT_US (1 * MICROS_PER_SECOND)

void http_set_deadline(struct http_connection *connection, bool also_writing, int64_t limit_us)
{
    const struct mg_request_info *info = connection->info;

    deadline_begin(connection->worker->deadline, info->remote_addr, info->remote_port,
                   info->server_port, also_writing, limit_us);
}

static bool is_head_again(const struct http_connection *connection, const char *data, size_t length)
{
    return guard_repeats_head(&connection->worker->request, connection->info->request_method,
                              (struct text){data, length});
}

// What is left of a body nobody wanted. A short one is taken so that the connection can go on; of
// any other enough that the client, which may still be sending, gets to read the answer.
void http_discard_body(struct http_connection *connection)
{
    struct worker *worker = connection->worker;
    uint64_t left = worker->request.content_length - connection->consumed;
    uint64_t taken = 0;
    bool is_wrong = false;
    char scrap[4096];

    if (left == 0 || connection->is_broken)
        return;
    http_set_deadline(connection, false, DISCARD_LIMIT_US);
    while (left > 0 && taken < DISCARD_MAX) {
        int got = mg_read(connection->civetweb, scrap, left < sizeof scrap ? left : sizeof scrap);

        if (got <= 0)
            break;
        if (connection->consumed == 0 && taken == 0)
            is_wrong = is_head_again(connection, scrap, (size_t)got);
        taken += (uint64_t)got;
        left -= (uint64_t)got;
    }
    if (deadline_end(worker->deadline) || left > 0 || is_wrong)
        connection->is_broken = true;
}

static void send_continue(struct http_request *request)
{
    static const char answer[] = "HTTP/1.1 100 Continue\r\n\r\n";
    const char *expect = http_request_header(request, "Expect");

    if (request->connection->continued)
        return;
    request->connection->continued = true;
    if (expect != NULL)
        (void)mg_write(request->connection->civetweb, answer, sizeof answer - 1);
}

// Reads exactly `size` bytes within the time. civetweb's own read only ends on pauses.
static bool read_exactly(
    struct http_request *request, char *buffer, size_t size, int64_t limit_us, struct error *error)
{
    struct http_connection *connection = request->connection;
    size_t length = 0;
    bool is_wrong = false;

    send_continue(request);
    http_set_deadline(connection, false, limit_us);
    while (length < size) {
        int got = mg_read(connection->civetweb, buffer + length, size - length);

        if (got <= 0)
            break;
        length += (size_t)got;
    }
    is_wrong =
        length == size && connection->consumed == 0 && is_head_again(connection, buffer, size);
    connection->consumed += length;
    if (!deadline_end(connection->worker->deadline) && length == size && !is_wrong)
        return true;
    connection->is_broken = true;
    if (is_wrong)
        return error_set(error, REASON_MALFORMED_REQUEST, "Empty lines come before the request.");
    return error_set(
        error, REASON_REQUEST_TIMEOUT, "%llu of %llu bytes of the body arrived in time.",
        (unsigned long long)connection->consumed, (unsigned long long)request->content_length);
}

bool http_read_body(struct http_request *request,
                    size_t limit,
                    struct text *out_body,
                    struct error *error)
{
    size_t length = (size_t)request->content_length;
    char *body = NULL;

    if (request->content_length > limit) {
        request->connection->continued = true;
        return error_set(error, REASON_BODY_TOO_LARGE, "The body may have at most %zu bytes.",
                         limit);
    }
    body = arena_allocate(request->arena, length + 1);
    if (body == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "There is no room for the body.");
    if (length > 0 && !read_exactly(request, body, length, BODY_LIMIT_US, error))
        return false;
    *out_body = (struct text){body, length};
    return true;
}

bool http_read_some(struct http_request *request,
                    char *buffer,
                    size_t size,
                    size_t *out_length,
                    struct error *error)
{
    uint64_t left = request->content_length - request->connection->consumed;
    size_t wanted = left < size ? (size_t)left : size;

    if (wanted > 0 && !read_exactly(request, buffer, wanted, CHUNK_LIMIT_US, error))
        return false;
    *out_length = wanted;
    return true;
}
