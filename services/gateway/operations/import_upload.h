// SPDX-License-Identifier: MIT
// import_upload: a file of prices or symbols on its way to market, handed over in pieces of whole
// lines while it arrives, so that neither side ever holds all of it.
//
// What market has of it already, because it was sent before and broken off, is compared by its
// checksum and not handed over again. A step that market does not answer is taken again, with the
// same request id.
//
// Threads: one request belongs to one thread.
#pragma once

#include "bourse/market/v1/market.pb-c.h"
#include "rest/exchange.h"

struct import_upload {
    struct exchange *exchange;
    // What it is of. Without an import_id one is made from the request's effect, so that the same
    // Idempotency-Key, and the same form, mean the same import.
    const Market__StartImportRequest *request;
    uint64_t from; // where in the file the bytes begin; 0 for a whole one
    // Gives the next bytes of the file, at most `size`; 0 at its end.
    bool (*read)(void *context, char *buffer, size_t size, size_t *out_length, struct error *error);
    void *context;
};

// The request that begins what the operations of the API ask for.
void import_upload_of_bars(const Market__ImportBarsRequest *asked,
                           Market__StartImportRequest *out_request);
void import_upload_of_symbols(const Market__ImportSymbolsRequest *asked,
                              Market__StartImportRequest *out_request);

// Hands the file over and has market merge it, which goes on afterwards. Fails as reading does, as
// StartImport, AppendImport and FinishImport do, with IDEMPOTENCY_KEY_REUSED for another file than
// the one that market has a part of, and with INVALID_REQUEST when `from` is not where that ends.
MUST_CHECK bool import_upload_send(const struct import_upload *upload,
                                   char out_import_id[UUID_SIZE],
                                   struct error *error);
