// SPDX-License-Identifier: MIT
#include "imports/import_helper.h"

#include "base/checksum.h"
#include "market.h"
#include "support/test.h"

#include <string.h>

static struct call *new_call(const struct import_helper *import, const ProtobufCMessage *request)
{
    struct call *call = arena_allocate(import->arena, sizeof *call);
    struct clock real = clock_real();
    struct error error;

    assert_non_null(call);
    *call = (struct call){.arena = import->arena,
                          .deadline_us = clock_now_us(&real) + 60 * MICROS_PER_SECOND,
                          .request_id = arena_copy_string(import->arena, uuid_new().string)};
    assert_true(message_pack(request, import->arena, &call->body, &error));
    return call;
}

static void check(bool is_done, const struct error *error)
{
    if (!is_done)
        fail_msg("%s: %s %s", error->reason, error->message,
                 error->detail_count > 0 ? error->details[0].value : "");
}

static struct import_helper
start(struct market *market, struct arena *arena, Market__StartImportRequest *request)
{
    struct import_helper import = {.market = market,
                                   .arena = arena,
                                   .id = arena_copy_string(arena, uuid_new().string),
                                   .checksum = CHECKSUM_START};
    Market__StartImportResponse response = MARKET__START_IMPORT_RESPONSE__INIT;
    struct error error;

    request->import_id = import.id;
    check(market_api_start_import(market, new_call(&import, &request->base), request, &response,
                                  &error),
          &error);
    assert_int_equal(response.bytes, 0);
    assert_int_equal(response.state, MARKET__IMPORT_STATE__IMPORT_STATE_RECEIVING);
    return import;
}

struct import_helper
import_helper_start(struct market *market, struct arena *arena, const char *ticker)
{
    Market__StartImportRequest request = MARKET__START_IMPORT_REQUEST__INIT;

    request.ticker = ticker;
    return start(market, arena, &request);
}

struct import_helper
import_helper_start_symbols(struct market *market, struct arena *arena, const char *exchange)
{
    Market__StartImportRequest request = MARKET__START_IMPORT_REQUEST__INIT;

    request.has_kind = true;
    request.kind = MARKET__IMPORT_KIND__IMPORT_KIND_SYMBOLS;
    request.exchange = exchange;
    return start(market, arena, &request);
}

bool import_helper_append(struct import_helper *import, struct text lines, struct error *error)
{
    Market__AppendImportRequest request = MARKET__APPEND_IMPORT_REQUEST__INIT;
    Market__AppendImportResponse response = MARKET__APPEND_IMPORT_RESPONSE__INIT;

    request.import_id = import->id;
    request.has_offset = request.has_lines = true;
    request.offset = import->offset;
    request.lines.data = (uint8_t *)(uintptr_t)lines.data;
    request.lines.len = lines.length;
    if (!market_api_append_import(import->market, new_call(import, &request.base), &request,
                                  &response, error))
        return false;
    import->offset += lines.length;
    import->checksum = checksum_add(import->checksum, lines);
    return true;
}

bool import_helper_end(struct import_helper *import, struct error *error)
{
    Market__FinishImportRequest request = MARKET__FINISH_IMPORT_REQUEST__INIT;
    Market__FinishImportResponse response = MARKET__FINISH_IMPORT_RESPONSE__INIT;

    request.import_id = import->id;
    request.has_bytes = request.has_checksum = true;
    request.bytes = import->offset;
    request.checksum = import->checksum;
    return market_api_finish_import(import->market, new_call(import, &request.base), &request,
                                    &response, error);
}

const Market__Import *import_helper_get(const struct import_helper *import)
{
    Market__GetImportRequest request = MARKET__GET_IMPORT_REQUEST__INIT;
    Market__GetImportResponse response = MARKET__GET_IMPORT_RESPONSE__INIT;
    struct error error;

    request.import_id = import->id;
    check(market_api_get_import(import->market, new_call(import, &request.base), &request,
                                &response, &error),
          &error);
    return response.import;
}

const Market__Import *import_helper_finish(struct import_helper *import)
{
    const int64_t until_us = clock_monotonic_us() + 60 * MICROS_PER_SECOND;
    const Market__Import *result = NULL;
    struct error error;

    check(import_helper_end(import, &error), &error);
    do {
        assert_true(clock_monotonic_us() < until_us);
        clock_sleep_until_us(clock_monotonic_us() + MICROS_PER_MS);
        result = import_helper_get(import);
    } while (result->state == MARKET__IMPORT_STATE__IMPORT_STATE_MERGING);
    return result;
}
