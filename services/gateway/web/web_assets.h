// SPDX-License-Identifier: MIT
// web_assets: the files that are part of the program, as web/EmbedWeb.cmake lists them.
#pragma once

#include <stddef.h>

struct web_asset {
    const char *name;
    const char *content_type;
    const unsigned char *begin, *end;
    const unsigned char *gzip_begin, *gzip_end; // the same, compressed
};

extern const struct web_asset web_assets[];
extern const size_t web_asset_count;
extern const char web_version[]; // changes with any of the files
