// SPDX-License-Identifier: MIT
// The head and the body of an answer, in one buffer and one write.
#include "base/timestamp.h"
#include "server/http_policy.h"
#include "server/http_worker.h"

#include <stdio.h>

#define ANSWER_LIMIT_US (60 * MICROS_PER_SECOND)

// "Sun, 22 Nov 2026 02:30:00 GMT", made once a second.
static const char *date_header(struct worker *worker)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct clock clock = clock_real();
    int64_t second = clock_now_us(&clock) / MICROS_PER_SECOND;
    struct date date = {1970, 1, 1};
    int of_day = 0;

    if (second == worker->date_second)
        return worker->date;
    worker->date_second = second;
    date = date_from_days(second / 86400);
    of_day = (int)(second % 86400);
    snprintf(worker->date, sizeof worker->date, "%s, %02d %s %04d %02d:%02d:%02d GMT",
             days[date_weekday(second / 86400)], date.day, months[date.month - 1], date.year,
             of_day / 3600, of_day / 60 % 60, of_day % 60);
    return worker->date;
}

static bool has_body(const struct http_response *response)
{
    return response->take == NULL && response->status != 204 && response->status != 304;
}

static void write_head(struct worker *worker, struct text body)
{
    const struct http_response *response = &worker->response;
    const char *type = response->content_type;
    struct strbuf *out = worker->answer;

    strbuf_append_string(out, "HTTP/1.1 ");
    strbuf_append_int(out, response->status);
    strbuf_append_char(out, ' ');
    strbuf_append_string(out, http_status_text(response->status));
    strbuf_append_string(out, "\r\nDate: ");
    strbuf_append_string(out, date_header(worker));
    if (response->status != 101 && response->status != 204 && response->status != 304) {
        strbuf_append_string(out, "\r\nContent-Type: ");
        strbuf_append_string(out, type != NULL ? type : "application/json");
    }
    if (has_body(response)) {
        strbuf_append_string(out, "\r\nContent-Length: ");
        strbuf_append_int(out, (int64_t)body.length);
    }
    strbuf_append_string(out, "\r\nX-Request-Id: ");
    strbuf_append(out, worker->request.id.string, UUID_SIZE - 1);
    strbuf_append_string(out, "\r\n");
    strbuf_append_text(out, http_policy_headers(response->policy, worker->request.is_secure));
    strbuf_append_text(out, strbuf_text(response->headers));
    // The time is told so that clients do not send on a connection that is just being closed; two
    // seconds less than it is, as clients look at their idle connections once a second or so.
    // A connection that is handed over says itself what becomes of it.
    if (response->take == NULL)
        strbuf_append_string(out, response->close ? "Connection: close\r\n"
                                                  : "Keep-Alive: timeout=4\r\n");
    strbuf_append_string(out, "\r\n");
}

// One buffer and one write: two cost more than everything else together.
void http_send_answer(struct http_connection *connection)
{
    struct worker *worker = connection->worker;
    struct http_response *response = &worker->response;
    struct text body =
        response->fixed_body.data != NULL ? response->fixed_body : strbuf_text(response->body);
    struct error error;

    if (response->body->overflowed || response->headers->overflowed) {
        strbuf_reset(response->headers);
        response->is_cut_off = true; // for who would take the connection over
        error_set(&error, REASON_OUT_OF_MEMORY_BUDGET, "The answer is larger than %d bytes.",
                  HTTP_ANSWER_MAX);
        worker->server->options.refuse(&worker->request, response, &error);
        body = strbuf_text(response->body);
    }
    write_head(worker, body);
    if (!worker->request.is_head && has_body(response))
        strbuf_append_text(worker->answer, body);
    http_set_deadline(connection, true, ANSWER_LIMIT_US);
    if (mg_write(connection->civetweb, worker->answer->data, worker->answer->length) !=
        (int)worker->answer->length)
        response->is_cut_off = true;
    if (deadline_end(worker->deadline))
        response->is_cut_off = true;
    response->close = response->close || response->is_cut_off;
}
