// SPDX-License-Identifier: MIT
// http_client: several requests at once in one thread, by libcurl's multi interface, with a limit
// on everything.
//
// HTTPS is verified; where plain HTTP may be used, who starts it has checked
// (http_client_check_url, http_client_check_collector). Redirections are not followed, no proxy of
// the environment is used, no cookie is kept. What a failure is called never names the address, in
// which there may be a key.
//
// Threads: one, but for http_client_wake. Memory: a reply is borrowed until its transfer ends.
#pragma once

#include "base/error.h"
#include "base/strbuf.h"

enum {
    HTTP_TRANSFERS_MAX = 16,
    HTTP_CONNECT_MS = 3000,
    HTTP_TOTAL_MS = 8000,
    HTTP_BODY_MAX = 4 * 1024 * 1024,
};

struct http_client;

struct http_reply {
    void *context; // as given with the transfer
    bool is_whole; // else `problem` says why there is none
    int status;
    struct text body;
    int64_t retry_after_us; // 0 for nothing
    const char *problem;
};

// Fails with INTERNAL.
MUST_CHECK bool http_client_new(struct http_client **out_client, struct error *error);
void http_client_free(struct http_client **client);

// Checks a base address that a key is sent to: https, or http to this machine. Fails with
// INVALID_SETTING.
MUST_CHECK bool http_client_check_url(const char *setting, const char *url, struct error *error);

// Checks the base address of a program that is told no secrets: https or http, to anywhere.
MUST_CHECK bool
http_client_check_collector(const char *setting, const char *url, struct error *error);

// Begins a transfer, of HTTP_TRANSFERS_MAX at most at once; `header` may be empty. False when
// libcurl cannot.
MUST_CHECK bool
http_client_start(struct http_client *client, const char *url, const char *header, void *context);

// The same with a body, which must live until the transfer has been taken.
MUST_CHECK bool http_client_post(struct http_client *client,
                                 const char *url,
                                 const char *content_type,
                                 struct text body,
                                 void *context);

// Goes on with all transfers, and waits for one to move or for http_client_wake, so long at most.
void http_client_run(struct http_client *client, int wait_ms);

// Takes a transfer that has ended; its slot is free, and the last reply gone, with the next call.
MUST_CHECK bool http_client_take(struct http_client *client, struct http_reply *out_reply);

void http_client_wake(struct http_client *client);
