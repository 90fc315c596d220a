// SPDX-License-Identifier: MIT
#include "web/assets.h"

#include "pages/page_source.h"

#include <string.h>

const struct web_asset *assets_find(const char *name)
{
    for (size_t i = 0; i < web_asset_count; i++)
        if (strcmp(web_assets[i].name, name) == 0)
            return &web_assets[i];
    return NULL;
}

void assets_append_address(struct strbuf *out, const char *name)
{
    strbuf_printf(out, "/assets/%s/%s", web_version, name);
}

static struct text bytes(const unsigned char *begin, const unsigned char *end)
{
    return (struct text){(const char *)begin, (size_t)(end - begin)};
}

void assets_send(struct exchange *exchange, const struct web_asset *asset)
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

bool assets_answer(struct exchange *exchange, struct error *error)
{
    const char *version = NULL;
    const char *name = NULL;
    const struct web_asset *asset = NULL;

    if (!exchange_variable(exchange, "version", &version, error) ||
        !exchange_variable(exchange, "name", &name, error))
        return false;
    asset = assets_find(name);
    if (strcmp(version, web_version) != 0 || asset == NULL)
        return error_set(error, REASON_NO_SUCH_ADDRESS, "There is nothing at this address.");
    // Who works on a file sees it as it is now.
    if (page_source_read_asset(exchange->gateway->page_source, name, exchange->response->body)) {
        exchange->response->policy = HTTP_PUBLIC;
        exchange->response->content_type = asset->content_type;
        return true;
    }
    exchange->response->policy = HTTP_IMMUTABLE;
    assets_send(exchange, asset);
    return true;
}
