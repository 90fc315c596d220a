// SPDX-License-Identifier: MIT
#include "docs_api.h"

#include "base/digest.h"
#include "web_assets.h"

#include <string.h>

enum { ETAG_SIZE = SHA256_HEX_SIZE + 3 };

static bool answer_openapi(struct exchange *exchange, struct error *error);
static bool answer_page(struct exchange *exchange, struct error *error);
static bool answer_file(struct exchange *exchange, struct error *error);

const struct endpoint docs_endpoints[] = {
    {.http_method = "GET", .path = "/openapi.json", .answer = answer_openapi},
    {.http_method = "GET", .path = "/docs", .answer = answer_page},
    {.http_method = "GET", .path = "/swagger", .answer = answer_page},
    {.http_method = "GET", .path = "/docs/errors", .answer = docs_errors},
    {.http_method = "GET", .path = "/docs/files/{version}/{name}", .answer = answer_file},
};
const size_t docs_endpoint_count = COUNT_OF(docs_endpoints);

void docs_append_address(struct strbuf *out, const char *name)
{
    strbuf_printf(out, "/docs/files/%s/%s", web_version, name);
}

static const struct web_asset *find_asset(const char *name)
{
    for (size_t i = 0; i < web_asset_count; i++)
        if (strcmp(web_assets[i].name, name) == 0)
            return &web_assets[i];
    return NULL;
}

static struct text bytes(const unsigned char *begin, const unsigned char *end)
{
    return (struct text){(const char *)begin, (size_t)(end - begin)};
}

static void send_asset(struct exchange *exchange, const struct web_asset *asset)
{
    struct http_response *response = exchange->response;
    bool takes_gzip = http_request_accepts(exchange->request, "Accept-Encoding", "gzip");

    response->content_type = asset->content_type;
    response->fixed_body =
        takes_gzip ? bytes(asset->gzip_begin, asset->gzip_end) : bytes(asset->begin, asset->end);
    http_response_header(response, "Vary", "Accept-Encoding");
    if (takes_gzip)
        http_response_header(response, "Content-Encoding", "gzip");
}

// Weak, as the compressed form of the file is another sequence of bytes.
static void make_etag(const struct web_asset *asset, char out[ETAG_SIZE])
{
    char hex[SHA256_HEX_SIZE];

    digest_sha256_hex(bytes(asset->begin, asset->end), hex);
    memcpy(out, "W/\"", 3);
    memcpy(out + 3, hex, 32);
    memcpy(out + 35, "\"", 2);
}

static bool answer_openapi(struct exchange *exchange, struct error *error)
{
    const struct web_asset *asset = find_asset("openapi.json");
    const char *known = http_request_header(exchange->request, "If-None-Match");
    char etag[ETAG_SIZE];

    (void)error;
    make_etag(asset, etag);
    exchange->response->policy = HTTP_PUBLIC;
    http_response_header(exchange->response, "ETag", etag);
    if (known != NULL && strstr(known, etag) != NULL) {
        exchange->response->status = 304;
        return true;
    }
    send_asset(exchange, asset);
    return true;
}

static bool answer_page(struct exchange *exchange, struct error *error)
{
    (void)error;
    exchange->response->policy = HTTP_PAGE;
    send_asset(exchange, find_asset("index.html"));
    return true;
}

static bool answer_file(struct exchange *exchange, struct error *error)
{
    const char *version = NULL;
    const char *name = NULL;
    const struct web_asset *asset = NULL;

    if (!exchange_variable(exchange, "version", &version, error) ||
        !exchange_variable(exchange, "name", &name, error))
        return false;
    asset = find_asset(name);
    if (strcmp(version, web_version) != 0 || asset == NULL)
        return error_set(error, REASON_NO_SUCH_ADDRESS, "There is nothing at this address.");
    exchange->response->policy = HTTP_IMMUTABLE;
    send_asset(exchange, asset);
    return true;
}
