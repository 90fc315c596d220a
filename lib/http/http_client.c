// SPDX-License-Identifier: MIT
#include "http/http_client.h"

#include "base/clock.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

enum {
    CONNECTIONS_MAX = 8,
    CONNECTIONS_A_HOST_MAX = 4,
    SLOW_BYTES_A_SECOND = 100,
    SLOW_SECONDS = 5,
    CONTENT_TYPE_MAX = 128,
    BODY_KEPT = 64 * 1024, // of a slot's memory between two transfers
};

#define RETRY_AFTER_SECONDS_MAX (24 * 3600)

// One provider answers only what calls itself a browser; this one says truly what it is as well.
#define USER_AGENT "Mozilla/5.0 (compatible; Bourse)"

struct transfer {
    CURL *easy;
    struct curl_slist *headers;
    struct strbuf *body;
    void *context;
    bool is_used;
};

struct http_client {
    CURLM *multi;
    struct transfer transfers[HTTP_TRANSFERS_MAX];
    struct transfer *taken; // whose reply is lent out
};

// Counts what comes in: the limit that libcurl has itself does not stop a reply without a length.
static size_t receive(char *data, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;

    strbuf_append(transfer->body, data, size * count);
    return transfer->body->overflowed ? 0 : size * count;
}

static bool make_transfer(struct transfer *transfer)
{
    transfer->body = strbuf_new(HTTP_BODY_MAX);
    transfer->easy = curl_easy_init();
    return transfer->easy != NULL;
}

bool http_client_new(struct http_client **out_client, struct error *error)
{
    struct http_client *client = allocate(sizeof *client);
    // Other threads run already, which libcurl allows from 7.84 on.
    bool is_made = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;

    if (is_made)
        client->multi = curl_multi_init();
    is_made =
        client->multi != NULL &&
        curl_multi_setopt(client->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)CONNECTIONS_MAX) ==
            CURLM_OK &&
        curl_multi_setopt(client->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                          (long)CONNECTIONS_A_HOST_MAX) == CURLM_OK &&
        curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_MAX) == CURLM_OK;
    for (size_t i = 0; is_made && i < HTTP_TRANSFERS_MAX; i++)
        is_made = make_transfer(&client->transfers[i]);
    if (is_made) {
        *out_client = client;
        return true;
    }
    http_client_free(&client);
    return error_set(error, REASON_INTERNAL, "libcurl cannot be started");
}

static void end(struct http_client *client, struct transfer *transfer)
{
    if (!transfer->is_used)
        return;
    (void)curl_multi_remove_handle(client->multi, transfer->easy);
    curl_easy_reset(transfer->easy);
    curl_slist_free_all(transfer->headers);
    transfer->headers = NULL;
    transfer->is_used = false;
    if (transfer->body->capacity > BODY_KEPT) {
        strbuf_free(&transfer->body);
        transfer->body = strbuf_new(HTTP_BODY_MAX);
    }
    strbuf_reset(transfer->body);
}

void http_client_free(struct http_client **client)
{
    struct http_client *old = *client;

    if (old == NULL)
        return;
    for (size_t i = 0; i < HTTP_TRANSFERS_MAX; i++) {
        struct transfer *transfer = &old->transfers[i];

        end(old, transfer);
        curl_easy_cleanup(transfer->easy);
        strbuf_free(&transfer->body);
    }
    (void)curl_multi_cleanup(old->multi);
    curl_global_cleanup();
    release(old);
    *client = NULL;
}

static bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

// True when the host that follows is that one, and not one that merely begins so.
static bool is_host(const char *at, const char *host)
{
    return begins_with(at, host) &&
           (at[strlen(host)] == '\0' || at[strlen(host)] == ':' || at[strlen(host)] == '/');
}

static bool check_parts(const char *setting, const char *url, struct error *error)
{
    return strpbrk(url, "@?# \t\r\n") == NULL ||
           error_set(error, REASON_INVALID_SETTING,
                     "--%s is \"%s\"; an address has no user, query, fragment or blank here",
                     setting, url);
}

bool http_client_check_url(const char *setting, const char *url, struct error *error)
{
    const char *host = url + strlen("http://");

    if (!check_parts(setting, url, error))
        return false;
    if (begins_with(url, "https://") && url[strlen("https://")] != '\0')
        return true;
    if (begins_with(url, "http://") &&
        (is_host(host, "127.0.0.1") || is_host(host, "localhost") || is_host(host, "[::1]")))
        return true;
    return error_set(error, REASON_INVALID_SETTING,
                     "--%s is \"%s\"; it must begin with https://, or with http:// and a host of "
                     "this machine, for the key goes there",
                     setting, url);
}

bool http_client_check_collector(const char *setting, const char *url, struct error *error)
{
    size_t scheme = begins_with(url, "https://")  ? strlen("https://")
                    : begins_with(url, "http://") ? strlen("http://")
                                                  : 0;

    if (!check_parts(setting, url, error))
        return false;
    return (scheme > 0 && url[scheme] != '\0' && url[scheme] != '/') ||
           error_set(error, REASON_INVALID_SETTING,
                     "--%s is \"%s\"; it must begin with http:// or https:// and name a host",
                     setting, url);
}

static bool set_limits(CURL *easy)
{
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTP_CONNECT_MS) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)HTTP_TOTAL_MS) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES_A_SECOND) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)SLOW_SECONDS) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, USER_AGENT) == CURLE_OK;
}

static bool add_header(struct transfer *transfer, const char *header)
{
    struct curl_slist *longer = curl_slist_append(transfer->headers, header);

    if (longer != NULL)
        transfer->headers = longer;
    return longer != NULL;
}

static bool set_request(struct transfer *transfer, const char *url)
{
    return curl_easy_setopt(transfer->easy, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers) == CURLE_OK &&
           curl_easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, receive) == CURLE_OK &&
           curl_easy_setopt(transfer->easy, CURLOPT_WRITEDATA, (void *)transfer) == CURLE_OK &&
           curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, (void *)transfer) == CURLE_OK;
}

// libcurl would wait for leave to send a large body; whoever takes it says so beforehand.
static bool set_body(struct transfer *transfer, const char *content_type, struct text body)
{
    char header[CONTENT_TYPE_MAX];

    (void)snprintf(header, sizeof header, "Content-Type: %s", content_type);
    return add_header(transfer, header) && add_header(transfer, "Expect:") &&
           curl_easy_setopt(transfer->easy, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.length) ==
               CURLE_OK &&
           curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDS, body.data) == CURLE_OK;
}

static struct transfer *take_transfer(struct http_client *client, void *context)
{
    struct transfer *transfer = client->transfers;

    while (transfer->is_used)
        transfer++;
    transfer->context = context;
    transfer->is_used = true;
    return transfer;
}

static bool begin(struct http_client *client, struct transfer *transfer, const char *url)
{
    // Its timer is due at once, so the next run begins it without waiting.
    if (set_limits(transfer->easy) && set_request(transfer, url) &&
        curl_multi_add_handle(client->multi, transfer->easy) == CURLM_OK)
        return true;
    end(client, transfer);
    return false;
}

bool http_client_start(struct http_client *client,
                       const char *url,
                       const char *header,
                       void *context)
{
    struct transfer *transfer = take_transfer(client, context);

    if (header[0] == '\0' || add_header(transfer, header))
        return begin(client, transfer, url);
    end(client, transfer);
    return false;
}

bool http_client_post(struct http_client *client,
                      const char *url,
                      const char *content_type,
                      struct text body,
                      void *context)
{
    struct transfer *transfer = take_transfer(client, context);

    if (set_body(transfer, content_type, body))
        return begin(client, transfer, url);
    end(client, transfer);
    return false;
}

void http_client_run(struct http_client *client, int wait_ms)
{
    int running = 0;

    // A failure of either shows in the transfers.
    (void)curl_multi_poll(client->multi, NULL, 0, wait_ms, NULL);
    (void)curl_multi_perform(client->multi, &running);
}

static int64_t retry_after_us(CURL *easy)
{
    curl_off_t seconds = 0;

    if (curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds) != CURLE_OK || seconds <= 0)
        return 0;
    return (seconds < RETRY_AFTER_SECONDS_MAX ? seconds : RETRY_AFTER_SECONDS_MAX) *
           MICROS_PER_SECOND;
}

bool http_client_take(struct http_client *client, struct http_reply *out_reply)
{
    struct transfer *transfer = NULL;
    const CURLMsg *message;
    long status = 0;
    int pending = 0;

    if (client->taken != NULL)
        end(client, client->taken);
    client->taken = NULL;
    message = curl_multi_info_read(client->multi, &pending);
    if (message == NULL || message->msg != CURLMSG_DONE)
        return false;
    (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (void *)&transfer);
    (void)curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
    *out_reply = (struct http_reply){
        .context = transfer->context,
        .is_whole = message->data.result == CURLE_OK,
        .status = (int)status,
        .body = strbuf_text(transfer->body),
        .retry_after_us = retry_after_us(message->easy_handle),
        .problem = transfer->body->overflowed ? "the reply is longer than 4 MiB"
                                              : curl_easy_strerror(message->data.result),
    };
    client->taken = transfer;
    return true;
}

void http_client_wake(struct http_client *client)
{
    (void)curl_multi_wakeup(client->multi);
}
