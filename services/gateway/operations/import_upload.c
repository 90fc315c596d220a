// SPDX-License-Identifier: MIT
#include "operations/import_upload.h"

#include "base/checksum.h"
#include "bourse/market/v1/market_client.h"
#include "bourse/market/v1/market_methods.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    PIECE_MAX = 192 * 1024,
    PIECE_READ = 64 * 1024,
    STEP_ARENA_BUDGET = 2 * 1024 * 1024,
};

struct import {
    const struct import_upload *upload;
    struct exchange *exchange;
    struct rpc_client *market;
    struct arena *arena; // of one step; the request's would grow with the file
    char import_id[UUID_SIZE];
    uint64_t taken;          // bytes that market had when this request began
    uint64_t taken_checksum; // of those bytes
    bool is_open;            // market takes more, or says why it does not
    uint64_t offset;         // in the file, of what lies in `piece`
    uint64_t checksum;       // of all before that
    char *piece;
    size_t length; // of what lies in `piece`
};

void import_upload_of_bars(const Market__ImportBarsRequest *asked,
                           Market__StartImportRequest *out_request)
{
    *out_request = (Market__StartImportRequest)MARKET__START_IMPORT_REQUEST__INIT;
    out_request->ticker = asked->ticker;
    out_request->has_timeframe = asked->has_timeframe;
    out_request->timeframe = asked->timeframe;
    out_request->import_id = asked->import_id;
}

void import_upload_of_symbols(const Market__ImportSymbolsRequest *asked,
                              Market__StartImportRequest *out_request)
{
    *out_request = (Market__StartImportRequest)MARKET__START_IMPORT_REQUEST__INIT;
    out_request->has_kind = true;
    out_request->kind = MARKET__IMPORT_KIND__IMPORT_KIND_SYMBOLS;
    out_request->exchange = asked->exchange;
    out_request->import_id = asked->import_id;
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

static bool start(struct import *import, size_t length, struct error *error)
{
    Market__StartImportRequest request = *import->upload->request;
    Market__StartImportResponse *response = NULL;
    struct call call;

    (void)length;
    arena_reset(import->arena);
    request.import_id = import->import_id;
    if (!prepare(import, &market_method_start_import, "start", &call, error) ||
        !market_client_start_import(import->market, &call, &request, &response, error))
        return false;
    import->taken = response->bytes;
    import->taken_checksum = response->checksum;
    import->is_open = response->state == MARKET__IMPORT_STATE__IMPORT_STATE_RECEIVING ||
                      response->state == MARKET__IMPORT_STATE__IMPORT_STATE_FAILED;
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

// Who may import is asked at every step, and a file may arrive for longer than a token is good for.
static void explain_token(const struct import *import, struct error *error)
{
    if (error_is(error, REASON_INVALID_TOKEN))
        error_fill(error, REASON_INVALID_TOKEN,
                   "The access token has expired on the way, or its session has ended. %" PRIu64
                   " bytes of the import %s have arrived and are kept for an hour: send the rest "
                   "with another token.",
                   import->offset, import->import_id);
}

// A step that market did not answer is taken again, with the same request id: the body cannot be
// read twice, so the whole request could not be repeated. The same with another token for the
// session whose cookie came along.
static bool take(struct import *import,
                 bool (*step)(struct import *import, size_t length, struct error *error),
                 size_t length,
                 struct error *error)
{
    unsigned attempt = 0;
    bool has_renewed = false;

    while (!step(import, length, error)) {
        if (!has_renewed && (has_renewed = credential_renew(import->exchange, error)))
            continue;
        if (!exchange_wait_to_repeat(import->exchange->gateway, error, true, attempt++)) {
            explain_token(import, error);
            return false;
        }
    }
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

        if (!import->upload->read(import->upload->context, import->piece + import->length,
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

bool import_upload_send(const struct import_upload *upload,
                        char out_import_id[UUID_SIZE],
                        struct error *error)
{
    OWNED(arena) arena = arena_new(STEP_ARENA_BUDGET);
    struct import import = {
        .upload = upload,
        .exchange = upload->exchange,
        .market = service_client(upload->exchange->gateway->service, "market"),
        .arena = arena,
        .piece = allocate(PIECE_MAX),
    };
    bool done = choose_id(&import, upload->request->import_id, error) &&
                take(&import, start, 0, error) && begin_at(&import, upload->from, error) &&
                send_lines(&import, error) && take(&import, finish, 0, error);

    release(import.piece);
    memcpy(out_import_id, import.import_id, UUID_SIZE);
    return done;
}
