// SPDX-License-Identifier: MIT
// POST /api/v1/bars:import and symbols:import: a CSV of any size goes to market while it arrives
// (import_upload); then the outcome is waited for.
#include "rest/endpoint.h"

#include "bourse/market/v1/market.pb-c.h"
#include "bourse/market/v1/market_client.h"
#include "bourse/market/v1/market_methods.h"
#include "bourse/market/v1/market_rules.h"
#include "operations/import_upload.h"
#include "rest/csv.h"
#include "rest/rest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    LOOK_ARENA_BUDGET = 2 * 1024 * 1024,
    LOOK_FIRST_MS = 4, // after the end of the file, and half as long again after each look
    LOOK_EVERY_MS = 500,
};

#define OUTCOME_LIMIT_US (60 * 60 * MICROS_PER_SECOND)
#define SILENCE_LIMIT_US (60 * MICROS_PER_SECOND) // of market, while the outcome is waited for

// An import whose file has arrived.
struct import {
    struct exchange *exchange;
    bool is_of_symbols;
    struct rpc_client *market;
    struct arena *arena; // of one look
    char import_id[UUID_SIZE];
};

// Reads what the address says of the import.
static bool read_address(const struct import *import,
                         Market__StartImportRequest *out_request,
                         struct error *error)
{
    const struct rest_input input = {
        .info = import->is_of_symbols ? &market_import_symbols_request_info
                                      : &market_import_bars_request_info,
        .arena = import->exchange->request->arena,
        .match = import->exchange->match,
        .query = import->exchange->request->query,
    };
    ProtobufCMessage *asked = NULL;

    if (!rest_read_message(&input, &asked, error))
        return false;
    if (import->is_of_symbols)
        import_upload_of_symbols((const Market__ImportSymbolsRequest *)asked, out_request);
    else
        import_upload_of_bars((const Market__ImportBarsRequest *)asked, out_request);
    return true;
}

static bool
read_request(void *context, char *buffer, size_t size, size_t *out_length, struct error *error)
{
    return http_read_some(context, buffer, size, out_length, error);
}

static void write_result(const Market__Import *result, bool is_of_symbols, struct strbuf *out)
{
    Market__ImportBarsResponse bars = MARKET__IMPORT_BARS_RESPONSE__INIT;
    Market__ImportSymbolsResponse symbols = MARKET__IMPORT_SYMBOLS_RESPONSE__INIT;

    if (is_of_symbols) {
        symbols.has_imported = true;
        symbols.imported = result->imported;
        symbols.has_updated = true;
        symbols.updated = result->updated;
        symbols.n_rejected = result->n_rejected;
        symbols.rejected = result->rejected;
        symbols.has_rejected_count = true;
        symbols.rejected_count = result->rejected_count;
        symbols.n_ignored_columns = result->n_ignored_columns;
        symbols.ignored_columns = result->ignored_columns;
        message_to_json(&market_import_symbols_response_info, &symbols.base, out);
        return;
    }
    bars.has_imported = true;
    bars.imported = result->imported;
    bars.has_updated = true;
    bars.updated = result->updated;
    bars.n_rejected = result->n_rejected;
    bars.rejected = result->rejected;
    bars.has_rejected_count = true;
    bars.rejected_count = result->rejected_count;
    message_to_json(&market_import_bars_response_info, &bars.base, out);
}

static bool get(struct import *import, const Market__Import **out_result, struct error *error)
{
    Market__GetImportRequest request = MARKET__GET_IMPORT_REQUEST__INIT;
    Market__GetImportResponse *response = NULL;
    struct call call;

    arena_reset(import->arena);
    request.import_id = import->import_id;
    if (!exchange_call(import->exchange, &market_method_get_import, &call, error))
        return false;
    call.arena = import->arena;
    if (!market_client_get_import(import->market, &call, &request, &response, error))
        return false;
    *out_result = response->import;
    return *out_result != NULL || error_set(error, REASON_INTERNAL, "market sent no import");
}

// Fails as the import did.
static bool fail_as(const Market__Import *result, struct error *error)
{
    return error_repeat(error, result->reason != NULL ? result->reason : "",
                        result->failure != NULL ? result->failure : "the import failed");
}

// True when the outcome is worth another look, after a pause.
static bool wait_to_look(const struct import *import, unsigned look)
{
    int64_t pause_ms = LOOK_FIRST_MS;

    for (unsigned i = 0; i < look && pause_ms < LOOK_EVERY_MS; i++)
        pause_ms += pause_ms / 2;
    if (atomic_load(&import->exchange->gateway->draining))
        return false;
    clock_sleep_until_us(clock_monotonic_us() +
                         (pause_ms < LOOK_EVERY_MS ? pause_ms : LOOK_EVERY_MS) * MICROS_PER_MS);
    return true;
}

// Waits until market has merged the import, and answers with what came of it. Market may be started
// anew meanwhile.
static bool wait_for_outcome(struct import *import, struct error *error)
{
    const int64_t until_us = clock_monotonic_us() + OUTCOME_LIMIT_US;
    int64_t heard_at_us = clock_monotonic_us();
    const Market__Import *result = NULL;

    for (unsigned look = 0; wait_to_look(import, look); look++) {
        int64_t now_us = clock_monotonic_us();

        if (get(import, &result, error))
            heard_at_us = now_us;
        else if (credential_renew(import->exchange, error))
            continue;
        else if (error_is(error, REASON_INVALID_TOKEN))
            break; // it has expired; the file has arrived all the same
        else if (error->code != CODE_UNAVAILABLE || now_us - heard_at_us > SILENCE_LIMIT_US)
            return false;
        else
            continue;
        if (result->state == MARKET__IMPORT_STATE__IMPORT_STATE_FAILED)
            return fail_as(result, error);
        if (result->state == MARKET__IMPORT_STATE__IMPORT_STATE_DONE) {
            write_result(result, import->is_of_symbols, import->exchange->response->body);
            return true;
        }
        if (now_us > until_us)
            break;
    }
    (void)error_set(error, REASON_OUTCOME_UNKNOWN,
                    "The import goes on. Ask for GET /api/v1/imports/%s.", import->import_id);
    error->outcome_unknown = true;
    return false;
}

// Where in the file the body begins: "bytes FIRST-LAST/SIZE", as of RFC 9110, and up to its end.
static bool read_range(const struct http_request *request, uint64_t *out_from, struct error *error)
{
    const char *range = http_request_header(request, "Content-Range");
    uint64_t first, last, size;
    char rest = '\0';

    *out_from = 0;
    if (range == NULL)
        return true;
    if (strlen(range) <= 64 && strncmp(range, "bytes ", 6) == 0 && range[6] >= '0' &&
        range[6] <= '9' &&
        sscanf(range + 6, "%18" SCNu64 "-%18" SCNu64 "/%18" SCNu64 "%c", &first, &last, &size,
               &rest) == 3 &&
        last == size - 1 && first <= last && last - first + 1 == request->content_length) {
        *out_from = first;
        return true;
    }
    error_clear(error);
    error_add_violation(error, "Content-Range",
                        "must be \"bytes FIRST-LAST/SIZE\", up to the end of the file and as long "
                        "as the body");
    return false;
}

static bool import_csv(struct exchange *exchange, bool is_of_symbols, struct error *error)
{
    OWNED(arena) arena = arena_new(LOOK_ARENA_BUDGET);
    struct import import = {
        .exchange = exchange,
        .is_of_symbols = is_of_symbols,
        .market = service_client(exchange->gateway->service, "market"),
        .arena = arena,
    };
    Market__StartImportRequest request = MARKET__START_IMPORT_REQUEST__INIT;
    struct import_upload upload = {.exchange = exchange,
                                   .request = &request,
                                   .read = read_request,
                                   .context = exchange->request};

    // Before a large body is read for nothing; market checks again.
    if (!exchange_allows(exchange, exchange->endpoint->route->method, error))
        return false;
    if (!csv_is_type(http_request_header(exchange->request, "Content-Type")))
        return error_set(error, REASON_UNSUPPORTED_MEDIA_TYPE,
                         "Send the file as Content-Type: text/csv.");
    return read_range(exchange->request, &upload.from, error) &&
           read_address(&import, &request, error) &&
           import_upload_send(&upload, import.import_id, error) && wait_for_outcome(&import, error);
}

bool bars_import(struct exchange *exchange, struct error *error)
{
    return import_csv(exchange, false, error);
}

bool symbols_import(struct exchange *exchange, struct error *error)
{
    return import_csv(exchange, true, error);
}
