// SPDX-License-Identifier: MIT
// page_source: where pages come from: the templates in the program or, for who works on them, the
// files of a folder as they are at this moment.
//
// Threads: const once made. Memory: a template read from a file lives as long as one rendering.
#pragma once

#include "base/error.h"
#include "template/template.h"
#include "web/web_assets.h"

struct page_source;

// With `folder` (services/gateway/pages of a working copy) templates and assets are read from there
// each time; "" for those in the program. The caller owns it.
struct page_source *page_source_new(const char *folder);
void page_source_free(struct page_source **source);

// Appends the page. Fails with INTERNAL, and the file, line and sentence, when the template that
// was just read has a fault.
MUST_CHECK bool page_source_render(const struct page_source *source,
                                   const struct template *template,
                                   const ProtobufCMessage *message,
                                   struct strbuf *out,
                                   struct error *error);

// Whether files are read.
bool page_source_is_live(const struct page_source *source);

// Appends an asset as it is in the folder; false when there is no folder, or no such file in it.
MUST_CHECK bool
page_source_read_asset(const struct page_source *source, const char *name, struct strbuf *out);
