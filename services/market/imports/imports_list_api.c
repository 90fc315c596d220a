// SPDX-License-Identifier: MIT
// How far imports are, and what came of them.
#include "market.h"

#include "imports/symbol_csv.h"
#include "page_token.h"

#include <stdio.h>

enum { IMPORTS_A_PAGE = 50 };

Market__ImportState market_import_state(enum import_state state)
{
    static const Market__ImportState states[] = {
        [IMPORT_RECEIVING] = MARKET__IMPORT_STATE__IMPORT_STATE_RECEIVING,
        [IMPORT_MERGING] = MARKET__IMPORT_STATE__IMPORT_STATE_MERGING,
        [IMPORT_DONE] = MARKET__IMPORT_STATE__IMPORT_STATE_DONE,
        [IMPORT_FAILED] = MARKET__IMPORT_STATE__IMPORT_STATE_FAILED,
    };

    return states[state];
}

static bool fill_rejected(struct arena *arena,
                          const struct import_rejection *rejections,
                          size_t count,
                          Market__Import *import,
                          struct error *error)
{
    Market__RejectedLine *lines = arena_allocate(arena, (count + 1) * sizeof *lines);

    import->rejected = arena_allocate(arena, (count + 1) * sizeof(Market__RejectedLine *));
    if (lines == NULL || import->rejected == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the rejected lines do not fit");
    for (size_t i = 0; i < count; i++) {
        market__rejected_line__init(&lines[i]);
        lines[i].has_line = true;
        lines[i].line = rejections[i].line;
        lines[i].reason = rejections[i].reason;
        import->rejected[i] = &lines[i];
    }
    import->n_rejected = count;
    return true;
}

static void fill_counts(const struct import_row *row, Market__Import *import)
{
    import->has_bytes = import->has_lines = import->has_rows = true;
    import->bytes = (uint64_t)row->byte_count;
    import->lines = (uint64_t)row->line_count;
    import->rows = (uint64_t)row->row_count;
    import->has_rejected_count = true;
    import->rejected_count = (uint64_t)row->rejected_count;
    import->has_merged = import->has_imported = import->has_updated = row->state == IMPORT_DONE;
    import->merged = (uint64_t)row->row_count;
    import->imported = (uint64_t)row->imported_count;
    import->updated = (uint64_t)row->updated_count;
}

static bool fill_import(struct arena *arena,
                        const struct import_row *row,
                        Market__Import *import,
                        struct error *error)
{
    market__import__init(import);
    import->id = row->id;
    import->has_kind = import->has_state = true;
    import->kind = row->is_of_symbols ? MARKET__IMPORT_KIND__IMPORT_KIND_SYMBOLS
                                      : MARKET__IMPORT_KIND__IMPORT_KIND_BARS;
    import->state = market_import_state(row->state);
    import->ticker = row->ticker[0] != '\0' ? row->ticker : NULL;
    import->exchange = row->exchange[0] != '\0' ? row->exchange : NULL;
    import->has_timeframe = row->frame != PRICES_UNKNOWN;
    import->timeframe = row->frame == PRICES_OF_MINUTES ? MARKET__TIMEFRAME__TIMEFRAME_1MIN
                                                        : MARKET__TIMEFRAME__TIMEFRAME_1DAY;
    fill_counts(row, import);
    import->reason = row->failure_reason;
    import->failure = row->failure;
    import->has_started_at = true;
    import->started_at = row->started_at_us;
    import->has_finished_at = row->finished_at_us > 0;
    import->finished_at = row->finished_at_us;
    return !row->is_of_symbols || row->header == NULL ||
           symbol_csv_list_ignored(arena, row->header, &import->ignored_columns,
                                   &import->n_ignored_columns) ||
           error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the columns do not fit");
}

// One that is being merged at present has not ended well before its quotes are there, too. One that
// has failed has ended, though its merger may still have to notice.
static void correct(struct market *market, Market__Import *import)
{
    int64_t merged;

    if (import->state == MARKET__IMPORT_STATE__IMPORT_STATE_FAILED ||
        !import_merger_is_at(market->merger, import->id, &merged))
        return;
    import->state = MARKET__IMPORT_STATE__IMPORT_STATE_MERGING;
    import->has_merged = true;
    import->merged = (uint64_t)merged;
    import->has_imported = import->has_updated = import->has_finished_at = false;
}

struct get {
    const Market__GetImportRequest *request;
    Market__GetImportResponse *response;
};

static bool get(struct transaction *transaction, void *context, struct error *error)
{
    const struct get *get = context;
    const char *id = get->request->import_id;
    struct arena *arena = transaction_arena(transaction);
    Market__Import *import = arena_allocate(arena, sizeof *import);
    struct import_rejection *rejections;
    struct import_row row;
    size_t count;
    bool is_there;

    if (!import_store_find(transaction, id, &row, &is_there, error) ||
        !import_store_list_rejections(transaction, id, &rejections, &count, error))
        return false;
    if (!is_there)
        return error_set(error, REASON_IMPORT_NOT_FOUND, "there is no import %s, or no more", id);
    if (import == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the import does not fit");
    get->response->import = import;
    return fill_import(arena, &row, import, error) &&
           fill_rejected(arena, rejections, count, import, error);
}

bool market_api_get_import(struct market *market,
                           struct call *call,
                           const Market__GetImportRequest *request,
                           Market__GetImportResponse *response,
                           struct error *error)
{
    struct get context = {request, response};

    if (!database_transact(market->database, call->arena, TRANSACTION_READ_ONLY, get, &context,
                           error))
        return false;
    correct(market, response->import);
    return true;
}

static bool read_query(const Market__ListImportsRequest *request,
                       struct page_position *before,
                       struct import_query *out_query,
                       struct error *error)
{
    static const enum import_state states[] = {
        [MARKET__IMPORT_STATE__IMPORT_STATE_RECEIVING] = IMPORT_RECEIVING,
        [MARKET__IMPORT_STATE__IMPORT_STATE_MERGING] = IMPORT_MERGING,
        [MARKET__IMPORT_STATE__IMPORT_STATE_DONE] = IMPORT_DONE,
        [MARKET__IMPORT_STATE__IMPORT_STATE_FAILED] = IMPORT_FAILED,
    };

    *out_query = (struct import_query){
        .has_state = request->has_state && request->state != 0,
        .state = states[request->has_state ? request->state : 1],
        .limit = (request->has_limit ? request->limit : IMPORTS_A_PAGE) + 1,
    };
    if (request->page_token == NULL || request->page_token[0] == '\0')
        return true;
    if (!page_token_read(request->page_token, "imports", before, error))
        return false;
    if (!uuid_is_valid(before->text))
        return error_set(error, REASON_INVALID_PAGE_TOKEN,
                         "the page token was not made for a list of imports");
    out_query->before_at = before->number;
    out_query->before_id = before->text;
    return true;
}

bool market_api_list_imports(struct market *market,
                             struct call *call,
                             const Market__ListImportsRequest *request,
                             Market__ListImportsResponse *response,
                             struct error *error)
{
    struct page_position before;
    struct import_query query;
    struct import_row *imports = NULL;
    Market__Import *messages;
    size_t count = 0;

    if (!read_query(request, &before, &query, error) ||
        !import_store_list(market->database, call->arena, &query, &imports, &count, error))
        return false;
    if (count == query.limit) {
        struct page_position last = {.number = imports[--count - 1].started_at_us};

        (void)snprintf(last.text, sizeof last.text, "%s", imports[count - 1].id);
        response->next_page_token = page_token_write(call->arena, "imports", &last);
    }
    messages = arena_allocate(call->arena, (count + 1) * sizeof *messages);
    response->imports = arena_allocate(call->arena, (count + 1) * sizeof(Market__Import *));
    if (messages == NULL || response->imports == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the imports do not fit");
    for (size_t i = 0; i < count; i++) {
        if (!fill_import(call->arena, &imports[i], &messages[i], error))
            return false;
        correct(market, &messages[i]);
        response->imports[i] = &messages[i];
    }
    response->n_imports = count;
    response->has_bytes_max = true;
    response->bytes_max = IMPORT_BYTES_MAX;
    return true;
}
