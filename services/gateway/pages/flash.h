// SPDX-License-Identifier: MIT
// flash: a sentence for the next page, as "The order was placed", in a cookie that lives a minute.
//
// The cookie carries a keyed hash, so that nobody but a gateway of this deployment can have a page
// say something. Nothing is stored.
//
// Threads: one request belongs to one thread. Memory: the request's arena.
#pragma once

#include "server/http_message.h"

enum { FLASH_TEXT_MAX = 300 };

struct flash {
    bool is_error;
    const char *text;
};

// Sets the cookie with the answer. What is too long is cut.
void flash_put(const struct http_request *request,
               struct http_response *response,
               const struct rpc_mesh_key *key,
               int64_t now_us,
               const struct flash *flash);

// The sentence that came with the request, which is taken away with the answer; false when there
// is none, or one that is too old or not ours.
bool flash_take(const struct http_request *request,
                struct http_response *response,
                const struct rpc_mesh_key *key,
                int64_t now_us,
                struct flash *out_flash);
