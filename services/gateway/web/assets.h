// SPDX-License-Identifier: MIT
// assets: the files that browsers load beside a page: styles, scripts, icons. All are part of the
// program (web/EmbedWeb.cmake), each plain and compressed.
//
// They are all below one address that changes when any of them does, so that browsers may keep them
// for ever and scripts can name each other.
//
// Threads: constants.
#pragma once

#include "rest/exchange.h"
#include "web/web_assets.h"

// NULL when there is none of that name.
const struct web_asset *assets_find(const char *name);

// Appends the address of an asset: /assets/VERSION/NAME.
void assets_append_address(struct strbuf *out, const char *name);

// Makes it the body of the answer, compressed for who takes that.
void assets_send(struct exchange *exchange, const struct web_asset *asset);

// GET /assets/{version}/{name}
bool assets_answer(struct exchange *exchange, struct error *error);
