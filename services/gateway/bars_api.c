// SPDX-License-Identifier: MIT
// POST /api/v1/bars:import and symbols:import: a CSV of any size, handed to market in pieces of
// whole lines while it arrives, so that neither side ever holds all of it; then the outcome is
// waited for.
//
// What market has of it already, because it was sent before and broken off, is compared by its
// checksum and not handed over again.
#include "endpoint.h"

#include "base/checksum.h"

#include "bourse/market/v1/market.pb-c.h"
#include "bourse/market/v1/market_client.h"
#include "bourse/market/v1/market_methods.h"
#include "bourse/market/v1/market_rules.h"
#include "rest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    PIECE_MAX = 192 * 1024,
    PIECE_READ = 64 * 1024,
    STEP_ARENA_BUDGET = 2 * 1024 * 1024,
    LOOK_FIRST_MS = 4, // after the end of the file, and half as long again after each look
    LOOK_EVERY_MS = 500,
};

#define OUTCOME_LIMIT_US (60 * 60 * MICROS_PER_SECOND)
#define SILENCE_LIMIT_US (60 * MICROS_PER_SECOND) // of market, while the outcome is waited for

struct import {
    struct exchange *exchange;
    bool is_of_symbols;
    struct rpc_client *market;
    struct arena *arena; // of one step; the request's would grow with the file
    char import_id[UUID_SIZE];
    uint64_t taken;          // bytes that market had when this request began
    uint64_t taken_checksum; // of those bytes
    bool is_open;            // market takes more
    uint64_t offset;         // in the file, of what lies in `piece`
    uint64_t checksum;       // of all before that
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
    const char *name = arena_printf(import->arena, "import\n%s\n%s\n%" PRIu64,
                                    import->exchange->effect_id.string, step, import->offset);

    if (id == NULL || name == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "There is no room for the call.");
    if (!exchange_call(import->exchange, method, out_call, error))
        return false;
    *id = uuid_from_name(text_of(name));
    out_call->request_id = id->string;
    out_call->arena = import->arena;
    return true;
}

// The id that the client chose, or one made from the request's, so that the same Idempotency-Key
// means the same import.
static bool choose_id(struct import *import, const char *chosen, struct error *error)
{
    const char *name = NULL;

    if (chosen != NULL) {
        (void)snprintf(import->import_id, sizeof import->import_id, "%s", chosen);
        return true;
    }
    name = arena_printf(import->arena, "import\n%s", import->exchange->effect_id.string);
    if (name == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "There is no room for the call.");
    (void)snprintf(import->import_id, sizeof import->import_id, "%s",
                   uuid_from_name(text_of(name)).string);
    return true;
}

// Reads what the address says of the import.
static bool
read_address(struct import *import, Market__StartImportRequest *out_request, struct error *error)
{
    const struct rest_input input = {
        .info = import->is_of_symbols ? &market_import_symbols_request_info
                                      : &market_import_bars_request_info,
        .arena = import->exchange->request->arena,
        .match = import->exchange->match,
        .query = import->exchange->request->query,
    };
    ProtobufCMessage *asked = NULL;
    const char *chosen = NULL;

    if (!rest_read_message(&input, &asked, error))
        return false;
    if (import->is_of_symbols) {
        out_request->has_kind = true;
        out_request->kind = MARKET__IMPORT_KIND__IMPORT_KIND_SYMBOLS;
        out_request->exchange = ((const Market__ImportSymbolsRequest *)asked)->exchange;
        chosen = ((const Market__ImportSymbolsRequest *)asked)->import_id;
    } else {
        out_request->ticker = ((const Market__ImportBarsRequest *)asked)->ticker;
        out_request->has_timeframe = ((const Market__ImportBarsRequest *)asked)->has_timeframe;
        out_request->timeframe = ((const Market__ImportBarsRequest *)asked)->timeframe;
        chosen = ((const Market__ImportBarsRequest *)asked)->import_id;
    }
    if (!choose_id(import, chosen, error))
        return false;
    out_request->import_id = import->import_id;
    return true;
}

static bool start(struct import *import, size_t length, struct error *error)
{
    Market__StartImportRequest request = MARKET__START_IMPORT_REQUEST__INIT;
    Market__StartImportResponse *response = NULL;
    struct call call;

    (void)length;
    arena_reset(import->arena);
    if (!read_address(import, &request, error) ||
        !prepare(import, &market_method_start_import, "start", &call, error) ||
        !market_client_start_import(import->market, &call, &request, &response, error))
        return false;
    import->taken = response->bytes;
    import->taken_checksum = response->checksum;
    import->is_open = response->state == MARKET__IMPORT_STATE__IMPORT_STATE_RECEIVING;
    exchange_note(import->exchange, &call);
    return true;
}

// Passes over the first `length` bytes, of whose fate somebody else has taken care.
static void pass_over(struct import *import, size_t length)
{
    import->checksum = checksum_add(import->checksum, (struct text){import->piece, length});
    import->offset += length;
    memmove(import->piece, import->piece + length, import->length - length);
    import->length -= length;
}

// Hands over the first `length` bytes and keeps the rest.
static bool append(struct import *import, size_t length, struct error *error)
{
    Market__AppendImportRequest request = MARKET__APPEND_IMPORT_REQUEST__INIT;
    Market__AppendImportResponse *response = NULL;
    struct call call;

    arena_reset(import->arena);
    request.import_id = import->import_id;
    request.has_offset = true;
    request.offset = import->offset;
    request.has_lines = true;
    request.lines.data = (uint8_t *)import->piece;
    request.lines.len = length;
    if (!prepare(import, &market_method_append_import, "append", &call, error) ||
        !market_client_append_import(import->market, &call, &request, &response, error))
        return false;
    pass_over(import, length);
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
        if (!exchange_wait_to_repeat(import->exchange->gateway, error, true, attempt++))
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

static bool refuse_other_file(const struct import *import, struct error *error)
{
    return error_set(error, REASON_IDEMPOTENCY_KEY_REUSED,
                     "This is not the file of which the import %s has %" PRIu64 " bytes.",
                     import->import_id, import->taken);
}

// Passes over what market has already; `out_has_more` says whether anything is left in the piece.
static bool pass_over_taken(struct import *import, bool *out_has_more, struct error *error)
{
    uint64_t left = import->taken - import->offset;

    if (left > 0)
        pass_over(import, left < import->length ? (size_t)left : import->length);
    if (left > 0 && import->offset == import->taken && import->checksum != import->taken_checksum)
        return refuse_other_file(import, error);
    *out_has_more = import->length > 0;
    return !*out_has_more || import->is_open || refuse_other_file(import, error);
}

static bool send_lines(struct import *import, struct error *error)
{
    size_t got = 1;

    while (got > 0) {
        size_t room = PIECE_MAX - import->length;
        size_t length = 0;
        bool has_more = true;

        if (!http_read_some(import->exchange->request, import->piece + import->length,
                            room < PIECE_READ ? room : PIECE_READ, &got, error))
            return false;
        import->length += got;
        if (import->offset < import->taken || !import->is_open)
            if (!pass_over_taken(import, &has_more, error))
                return false;
        if (!has_more || (got > 0 && PIECE_MAX - import->length >= PIECE_READ))
            continue;
        length = whole_lines(import, got == 0);
        if (length == 0 && import->length == PIECE_MAX)
            return error_set(error, REASON_MALFORMED_REQUEST, "A line has more than %d bytes.",
                             PIECE_MAX);
        if (length > 0 && !take(import, append, length, error))
            return false;
    }
    return import->offset >= import->taken || refuse_other_file(import, error);
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

static bool finish(struct import *import, size_t length, struct error *error)
{
    Market__FinishImportRequest request = MARKET__FINISH_IMPORT_REQUEST__INIT;
    Market__FinishImportResponse *response = NULL;
    struct call call;

    (void)length;
    arena_reset(import->arena);
    request.import_id = import->import_id;
    request.has_bytes = true;
    request.bytes = import->offset;
    request.has_checksum = true;
    request.checksum = import->checksum;
    return prepare(import, &market_method_finish_import, "finish", &call, error) &&
           market_client_finish_import(import->market, &call, &request, &response, error);
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
    const char *reason = result->reason != NULL ? result->reason : "";
    const struct reason_entry *entry = reason_find(reason);

    (void)error_set(error, REASON_INTERNAL, "%s",
                    result->failure != NULL ? result->failure : "the import failed");
    if (entry != NULL) {
        error->code = entry->code;
        (void)snprintf(error->reason, sizeof error->reason, "%s", entry->name);
    }
    return false;
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

// A body that is the rest of the file begins where market's part of it ends.
static bool begin_at(struct import *import, uint64_t from, struct error *error)
{
    import->checksum = CHECKSUM_START;
    if (from == 0)
        return true;
    if (from == import->taken) {
        import->offset = from;
        import->checksum = import->taken_checksum;
        return true;
    }
    error_clear(error);
    error_add_violation(error, "Content-Range",
                        "begins at %" PRIu64 " where 0 or %" PRIu64 " is expected", from,
                        import->taken);
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
    uint64_t from = 0;
    bool done = false;

    // Before a large body is read for nothing; market checks again.
    if (!exchange_allows(exchange, exchange->endpoint->route->method, error))
        return false;
    if (!is_csv(http_request_header(exchange->request, "Content-Type")))
        return error_set(error, REASON_UNSUPPORTED_MEDIA_TYPE,
                         "Send the file as Content-Type: text/csv.");
    if (!read_range(exchange->request, &from, error))
        return false;
    import.piece = allocate(PIECE_MAX);
    done = take(&import, start, 0, error) && begin_at(&import, from, error) &&
           send_lines(&import, error) && take(&import, finish, 0, error) &&
           wait_for_outcome(&import, error);
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
