// SPDX-License-Identifier: MIT
// POST /api/v1/bars:import and symbols:import: a CSV of any size, handed to market in pieces of
// whole lines while it arrives, so that neither side ever holds all of it.
#include "endpoint.h"

#include "bourse/market/v1/market.pb-c.h"
#include "bourse/market/v1/market_client.h"
#include "bourse/market/v1/market_methods.h"
#include "bourse/market/v1/market_rules.h"
#include "rest.h"
#include "service/observe.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { PIECE_MAX = 192 * 1024, PIECE_READ = 64 * 1024, STEP_ARENA_BUDGET = 2 * 1024 * 1024 };

struct import {
    struct exchange *exchange;
    bool is_of_symbols;
    struct rpc_client *market;
    struct arena *arena; // of one step; the request's would grow with the file
    char import_id[UUID_SIZE];
    uint32_t sequence;
    char *piece;
    size_t length; // of what lies in `piece`
};

static bool is_csv(const char *type)
{
    static const char name[] = "text/csv";

    return type != NULL && strncasecmp(type, name, sizeof name - 1) == 0 &&
           strchr("; ", type[sizeof name - 1]) != NULL;
}

// A call of a step has an id of its own, made from the request's, so that the same request asks
// for the same effects.
static bool prepare(struct import *import,
                    const struct rpc_method *method,
                    const char *step,
                    struct call *out_call,
                    struct error *error)
{
    struct uuid *id = arena_allocate(import->arena, sizeof *id);
    const char *name =
        arena_printf(import->arena, "import\n%s\n%s\n%lu", import->exchange->effect_id.string, step,
                     (unsigned long)import->sequence);

    if (id == NULL || name == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "There is no room for the call.");
    if (!exchange_call(import->exchange, method, out_call, error))
        return false;
    *id = uuid_from_name(text_of(name));
    out_call->request_id = id->string;
    out_call->arena = import->arena;
    return true;
}

static bool start(struct import *import, size_t length, struct error *error)
{
    Market__StartImportRequest request = MARKET__START_IMPORT_REQUEST__INIT;
    Market__StartImportResponse *response = NULL;
    struct call call;
    const struct rest_input input = {
        .info = import->is_of_symbols ? &market_import_symbols_request_info
                                      : &market_import_bars_request_info,
        .arena = import->exchange->request->arena,
        .match = import->exchange->match,
        .query = import->exchange->request->query,
    };
    ProtobufCMessage *asked = NULL;

    (void)length;
    arena_reset(import->arena);
    if (!rest_read_message(&input, &asked, error))
        return false;
    if (import->is_of_symbols) {
        request.has_kind = true;
        request.kind = MARKET__IMPORT_KIND__IMPORT_KIND_SYMBOLS;
        request.exchange = ((const Market__ImportSymbolsRequest *)asked)->exchange;
    } else {
        request.ticker = ((const Market__ImportBarsRequest *)asked)->ticker;
    }
    if (!prepare(import, &market_method_start_import, "start", &call, error) ||
        !market_client_start_import(import->market, &call, &request, &response, error))
        return false;
    snprintf(import->import_id, sizeof import->import_id, "%s",
             response->import_id != NULL ? response->import_id : "");
    return true;
}

// Hands over the first `length` bytes and keeps the rest.
static bool append(struct import *import, size_t length, struct error *error)
{
    Market__AppendImportRequest request = MARKET__APPEND_IMPORT_REQUEST__INIT;
    Market__AppendImportResponse *response = NULL;
    struct call call;

    arena_reset(import->arena);
    request.import_id = import->import_id;
    request.has_sequence = true;
    request.sequence = import->sequence;
    request.has_lines = true;
    request.lines.data = (uint8_t *)import->piece;
    request.lines.len = length;
    if (!prepare(import, &market_method_append_import, "append", &call, error) ||
        !market_client_append_import(import->market, &call, &request, &response, error))
        return false;
    import->sequence++;
    memmove(import->piece, import->piece + length, import->length - length);
    import->length -= length;
    return true;
}

// A step that market did not answer is taken again, with the same request id: the body cannot be
// read twice, so the whole request could not be repeated.
static bool take(struct import *import,
                 bool (*step)(struct import *import, size_t length, struct error *error),
                 size_t length,
                 struct error *error)
{
    unsigned attempt = 0;

    while (!step(import, length, error))
        if (!exchange_wait_to_repeat(error, true, attempt++))
            return false;
    return true;
}

// How much of the piece is whole lines; all of it at the end of the file.
static size_t whole_lines(const struct import *import, bool at_end)
{
    size_t length = import->length;

    if (at_end)
        return length;
    while (length > 0 && import->piece[length - 1] != '\n')
        length--;
    return length;
}

static bool send_lines(struct import *import, struct error *error)
{
    size_t got = 1;

    while (got > 0) {
        size_t room = PIECE_MAX - import->length;
        size_t length = 0;

        if (!http_read_some(import->exchange->request, import->piece + import->length,
                            room < PIECE_READ ? room : PIECE_READ, &got, error))
            return false;
        import->length += got;
        if (got > 0 && PIECE_MAX - import->length >= PIECE_READ)
            continue;
        length = whole_lines(import, got == 0);
        if (length == 0 && import->length == PIECE_MAX)
            return error_set(error, REASON_MALFORMED_REQUEST, "A line has more than %d bytes.",
                             PIECE_MAX);
        if (length > 0 && !take(import, append, length, error))
            return false;
    }
    return true;
}

static void
write_result(const Market__FinishImportResponse *result, bool is_of_symbols, struct strbuf *out)
{
    Market__ImportBarsResponse bars = MARKET__IMPORT_BARS_RESPONSE__INIT;

    // All that an import can say is said of symbols; of bars less.
    if (is_of_symbols) {
        message_to_json(&market_finish_import_response_info, &result->base, out);
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

static bool finish(struct import *import, size_t length, struct error *error)
{
    Market__FinishImportRequest request = MARKET__FINISH_IMPORT_REQUEST__INIT;
    Market__FinishImportResponse *response = NULL;
    struct call call;

    (void)length;
    arena_reset(import->arena);
    request.import_id = import->import_id;
    if (!prepare(import, &market_method_finish_import, "finish", &call, error) ||
        !market_client_finish_import(import->market, &call, &request, &response, error))
        return false;
    exchange_note(import->exchange, &call);
    write_result(response, import->is_of_symbols, import->exchange->response->body);
    return true;
}

// Before a large body is read for nothing; market checks again.
static bool check_role(struct exchange *exchange, bool is_of_symbols, struct error *error)
{
    struct call call = {
        .request_id = exchange->request->id.string,
        .traceparent = http_request_trace(exchange->request),
        .client_address = exchange->request->remote_address,
    };

    if (!exchange_identity(exchange, &call.identity, error))
        return false;
    if (call.identity.role == ROLE_ADMINISTRATOR)
        return true;
    error_set(error, REASON_PERMISSION_DENIED, "Only administrators import prices and symbols.");
    observe_forbidden(is_of_symbols ? &market_method_import_symbols : &market_method_import_bars,
                      &call, error);
    return false;
}

static bool import_csv(struct exchange *exchange, bool is_of_symbols, struct error *error)
{
    OWNED(arena) arena = arena_new(STEP_ARENA_BUDGET);
    struct import import = {
        .exchange = exchange,
        .is_of_symbols = is_of_symbols,
        .market = service_client(exchange->gateway->service, "market"),
        .arena = arena,
    };
    bool done = false;

    if (!is_csv(http_request_header(exchange->request, "Content-Type")))
        return error_set(error, REASON_UNSUPPORTED_MEDIA_TYPE,
                         "Send the file as Content-Type: text/csv.");
    if (!check_role(exchange, is_of_symbols, error))
        return false;
    import.piece = allocate(PIECE_MAX);
    done = take(&import, start, 0, error) && send_lines(&import, error) &&
           take(&import, finish, 0, error);
    release(import.piece);
    return done;
}

bool bars_import(struct exchange *exchange, struct error *error)
{
    return import_csv(exchange, false, error);
}

bool symbols_import(struct exchange *exchange, struct error *error)
{
    return import_csv(exchange, true, error);
}
