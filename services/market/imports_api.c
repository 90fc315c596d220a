// SPDX-License-Identifier: MIT
// Imports of daily prices and of lists of symbols: staged piece by piece as the file arrives, made
// bars or symbols all at once.
#include "market.h"

#include "import_store.h"
#include "symbol_import_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    PIECES_MAX = 1000000,              // of 192 KiB each
    STAGED_TEXT_MAX = 8 * 1024 * 1024, // what one piece becomes, at most
    DETAIL_SIZE = 160,                 // of an audit event
};

struct step {
    struct market *market;
    struct call *call;
    const void *request;
    void *response;
    struct import_result result;
    bool was_done;
};

static bool is_of_symbols(const Market__StartImportRequest *request)
{
    return request->kind == MARKET__IMPORT_KIND__IMPORT_KIND_SYMBOLS;
}

static bool start(struct transaction *transaction, void *context, struct error *error)
{
    struct step *step = context;
    const Market__StartImportRequest *request = step->request;
    Market__StartImportResponse *response = step->response;
    const struct rpc_method *method = &market_method_start_import;
    struct uuid id = uuid_new();
    const struct audit_outbox_event event = {
        .call = step->call,
        .action = "import.start",
        .subject = id.string,
        .method = method,
        .request = &request->base,
    };
    struct import_row row = {.is_of_symbols = is_of_symbols(request),
                             .ticker = request->ticker,
                             .exchange = request->exchange};

    if (!idempotency_begin(transaction, step->call, method, &response->base, &step->was_done,
                           error))
        return false;
    if (step->was_done)
        return true;
    response->import_id = arena_copy_string(step->call->arena, id.string);
    if (response->import_id == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the id does not fit");
    row.id = id.string;
    return import_store_start(transaction, &row, error) &&
           audit_outbox_add(transaction, &event, 1, error) &&
           idempotency_finish(transaction, step->call, method, &response->base, error);
}

bool market_api_start_import(struct market *market,
                             struct call *call,
                             const Market__StartImportRequest *request,
                             Market__StartImportResponse *response,
                             struct error *error)
{
    struct step step = {.market = market, .call = call, .request = request, .response = response};
    char ticker[TICKER_SIZE];

    if (request->ticker != NULL && !bar_read_ticker(text_of(request->ticker), ticker)) {
        error_clear(error);
        error_add_violation(error, "ticker", "must begin with a letter or a digit");
        return false;
    }
    if (request->ticker != NULL && is_of_symbols(request)) {
        error_clear(error);
        error_add_violation(error, "ticker", "is not for a list of symbols");
        return false;
    }
    return database_transact(market->database, call->arena, 0, start, &step, error);
}

// One piece while its lines are read.
struct piece {
    struct import_row *row;
    struct price_csv prices; // one of these two reads
    struct symbol_csv symbols;
    bool has_header;
    struct strbuf *staged;
    struct strbuf *rejections;
    struct arena *arena;
};

// Reads one line by the kind of import, and writes down what is staged of it.
static enum csv_outcome stage_line(struct piece *piece, struct text line, char *out_reason)
{
    const struct import_row *row = piece->row;
    enum csv_outcome outcome;
    struct symbol_line symbol;
    struct bar bar;

    if (row->is_of_symbols) {
        outcome = symbol_csv_read(&piece->symbols, line, &symbol, out_reason);
        if (outcome == CSV_ROW)
            symbol_import_store_print(piece->staged, row, row->next_line, &symbol);
        piece->has_header = piece->symbols.has_header;
    } else {
        outcome = price_csv_read(&piece->prices, line, &bar, out_reason);
        if (outcome == CSV_ROW)
            import_store_print_bar(piece->staged, row->id, row->next_line, &bar);
        piece->has_header = piece->prices.has_header;
    }
    return outcome;
}

static bool read_line(struct piece *piece, struct text line, struct error *error)
{
    bool had_header = piece->has_header;
    char reason[CSV_REASON_SIZE] = "";

    switch (stage_line(piece, line, reason)) {
    case CSV_ROW:
        break;
    case CSV_REJECTED:
        if (piece->row->rejected_count++ < IMPORT_REJECTIONS_MAX)
            import_store_print_rejection(piece->rejections, piece->row->id, piece->row->next_line,
                                         reason);
        break;
    case CSV_NO_HEADER:
        error_clear(error);
        error_add_violation(error, "lines", "line %lld: %s", (long long)piece->row->next_line,
                            reason);
        return false;
    case CSV_NOTHING:
        if (!had_header && piece->has_header)
            piece->row->header = arena_copy(piece->arena, line.data, line.length);
        break;
    }
    piece->row->next_line++;
    return true;
}

static bool read_lines(struct piece *piece, struct text rest, int64_t today, struct error *error)
{
    struct text line;
    char reason[CSV_REASON_SIZE];

    price_csv_start(&piece->prices, piece->row->ticker, today);
    symbol_csv_start(&piece->symbols);
    // The columns are those of the header, which came with an earlier piece.
    if (piece->row->header != NULL)
        (void)stage_line(piece, text_of(piece->row->header), reason);
    while (csv_next_line(&rest, &line)) {
        if (!read_line(piece, line, error))
            return false;
    }
    return (!piece->staged->overflowed && !piece->rejections->overflowed &&
            (!piece->has_header || piece->row->header != NULL)) ||
           error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the piece does not fit");
}

static bool check_sequence(const struct import_row *row, uint32_t sequence, struct error *error)
{
    if (sequence == row->next_sequence && sequence < PIECES_MAX)
        return true;
    error_clear(error);
    error_add_violation(error, "sequence", "is %lu where %lld comes next, of %d at most",
                        (unsigned long)sequence, (long long)row->next_sequence, PIECES_MAX);
    return false;
}

static bool append(struct transaction *transaction, void *context, struct error *error)
{
    struct step *step = context;
    const Market__AppendImportRequest *request = step->request;
    Market__AppendImportResponse *response = step->response;
    const struct rpc_method *method = &market_method_append_import;
    const struct text lines = {(const char *)request->lines.data, request->lines.len};
    OWNED(strbuf) staged = strbuf_new(STAGED_TEXT_MAX);
    OWNED(strbuf) rejections = strbuf_new(STAGED_TEXT_MAX);
    struct import_row row;
    struct piece piece = {
        .row = &row, .staged = staged, .rejections = rejections, .arena = step->call->arena};

    if (!idempotency_begin(transaction, step->call, method, &response->base, &step->was_done,
                           error))
        return false;
    if (step->was_done)
        return true;
    if (!import_store_lock(transaction, request->import_id, &row, error))
        return false;
    if (request->sequence >= row.next_sequence) {
        if (!check_sequence(&row, request->sequence, error) ||
            !read_lines(&piece, lines, market_today(step->market), error))
            return false;
        row.next_sequence++;
        if (!(row.is_of_symbols ? symbol_import_store_stage : import_store_stage)(
                transaction, &row, strbuf_text(staged), strbuf_text(rejections), error))
            return false;
    }
    return idempotency_finish(transaction, step->call, method, &response->base, error);
}

bool market_api_append_import(struct market *market,
                              struct call *call,
                              const Market__AppendImportRequest *request,
                              Market__AppendImportResponse *response,
                              struct error *error)
{
    struct step step = {.market = market, .call = call, .request = request, .response = response};

    return database_transact(market->database, call->arena, 0, append, &step, error);
}

static bool fill_rejected(struct arena *arena,
                          const struct import_result *result,
                          Market__FinishImportResponse *response,
                          struct error *error)
{
    size_t count = result->rejection_count;
    Market__RejectedLine *lines = arena_allocate(arena, (count + 1) * sizeof *lines);

    response->rejected = arena_allocate(arena, (count + 1) * sizeof(Market__RejectedLine *));
    if (lines == NULL || response->rejected == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the rejected lines do not fit");
    for (size_t i = 0; i < count; i++) {
        market__rejected_line__init(&lines[i]);
        lines[i].has_line = true;
        lines[i].line = result->rejections[i].line;
        lines[i].reason = result->rejections[i].reason;
        response->rejected[i] = &lines[i];
    }
    response->n_rejected = count;
    response->has_imported = true;
    response->imported = result->imported;
    response->has_updated = true;
    response->updated = result->updated;
    response->has_rejected_count = true;
    response->rejected_count = result->rejected_count;
    return true;
}

static bool
note_finish(struct transaction *transaction, const struct step *step, struct error *error)
{
    const Market__FinishImportRequest *request = step->request;
    const struct import_result *result = &step->result;
    char detail[DETAIL_SIZE];
    const struct audit_outbox_event event = {
        .call = step->call,
        .action = "import.finish",
        .subject = request->import_id,
        .detail = detail,
    };

    (void)snprintf(detail, sizeof detail,
                   "imported: %" PRIu64 ", updated: %" PRIu64 ", rejected: %" PRIu64
                   ", symbols: %zu",
                   result->imported, result->updated, result->rejected_count, result->ticker_count);
    return audit_outbox_add(transaction, &event, 1, error);
}

static bool fill_ignored(struct arena *arena,
                         const struct import_row *row,
                         Market__FinishImportResponse *response,
                         struct error *error)
{
    return !row->is_of_symbols ||
           symbol_csv_list_ignored(arena, row->header, &response->ignored_columns,
                                   &response->n_ignored_columns) ||
           error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the columns do not fit");
}

static bool finish(struct transaction *transaction, void *context, struct error *error)
{
    struct step *step = context;
    const Market__FinishImportRequest *request = step->request;
    Market__FinishImportResponse *response = step->response;
    const struct rpc_method *method = &market_method_finish_import;
    struct import_row row;

    if (!idempotency_begin(transaction, step->call, method, &response->base, &step->was_done,
                           error))
        return false;
    if (step->was_done)
        return true;
    if (!import_store_lock(transaction, request->import_id, &row, error))
        return false;
    if (row.header == NULL) {
        error_clear(error);
        error_add_violation(error, "lines", "there is no header line");
        return false;
    }
    return (row.is_of_symbols ? symbol_import_store_finish
                              : import_store_finish)(transaction, &row, &step->result, error) &&
           fill_ignored(step->call->arena, &row, response, error) &&
           note_finish(transaction, step, error) &&
           fill_rejected(step->call->arena, &step->result, response, error) &&
           idempotency_finish(transaction, step->call, method, &response->base, error);
}

bool market_api_finish_import(struct market *market,
                              struct call *call,
                              const Market__FinishImportRequest *request,
                              Market__FinishImportResponse *response,
                              struct error *error)
{
    static const char none[TICKER_SIZE] = "";
    struct step step = {.market = market, .call = call, .request = request, .response = response};
    bool is_done;

    is_done =
        database_transact(market->database, call->arena, TRANSACTION_LONG, finish, &step, error);
    // Whatever the outcome: it may be unknown.
    symbol_catalogue_changed(market->catalogue);
    if (!is_done)
        return false;
    if (!step.was_done && step.result.ticker_count > 0)
        player_refresh(market->player, step.result.tickers, step.result.ticker_count,
                       call->deadline_us);
    else if (!step.was_done && market->is_simulated) // a list of symbols: all are looked at anew
        player_refresh(market->player, &none, 1, call->deadline_us);
    return true;
}
