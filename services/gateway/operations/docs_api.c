// SPDX-License-Identifier: MIT
#include "operations/docs_api.h"

#include "base/digest.h"
#include "web/assets.h"

#include <string.h>

enum { ETAG_SIZE = SHA256_HEX_SIZE + 3 };

static bool answer_openapi(struct exchange *exchange, struct error *error);
static bool answer_page(struct exchange *exchange, struct error *error);

const struct endpoint docs_endpoints[] = {
    {.http_method = "GET", .path = "/openapi.json", .answer = answer_openapi},
    {.http_method = "GET", .path = "/docs", .answer = answer_page},
    {.http_method = "GET", .path = "/swagger", .answer = answer_page},
    {.http_method = "GET", .path = "/assets/{version}/{name}", .answer = assets_answer},
};
const size_t docs_endpoint_count = COUNT_OF(docs_endpoints);

// Weak, as the compressed form of the file is another sequence of bytes.
static void make_etag(const struct web_asset *asset, char out[ETAG_SIZE])
{
    char hex[SHA256_HEX_SIZE];
    struct text whole = {(const char *)asset->begin, (size_t)(asset->end - asset->begin)};

    digest_sha256_hex(whole, hex);
    memcpy(out, "W/\"", 3);
    memcpy(out + 3, hex, 32);
    memcpy(out + 35, "\"", 2);
}

static bool answer_openapi(struct exchange *exchange, struct error *error)
{
    const struct web_asset *asset = assets_find("openapi.json");
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
    assets_send(exchange, asset);
    return true;
}

static bool answer_page(struct exchange *exchange, struct error *error)
{
    (void)error;
    exchange->response->policy = HTTP_PAGE;
    assets_send(exchange, assets_find("index.html"));
    return true;
}
