// SPDX-License-Identifier: MIT
// Imports of daily prices and of lists of symbols: staged piece by piece as the file arrives; then
// import_merger makes them bars or symbols all at once.
#include "market.h"

#include "base/checksum.h"
#include "imports/symbol_import_store.h"
#include "service/log.h"

#include <inttypes.h>
#include <string.h>

enum { STAGED_TEXT_MAX = 8 * 1024 * 1024 }; // what one piece becomes, at most

struct step {
    struct market *market;
    struct call *call;
    const void *request;
    void *response;
    bool is_refused; // the whole file, for what it begins with
};

static bool is_of_symbols(const Market__StartImportRequest *request)
{
    return request->kind == MARKET__IMPORT_KIND__IMPORT_KIND_SYMBOLS;
}

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

// What the sender says that the file is of.
static enum price_frame frame_of(const Market__StartImportRequest *request)
{
    if (request->timeframe == MARKET__TIMEFRAME__TIMEFRAME_1MIN)
        return PRICES_OF_MINUTES;
    return request->timeframe == MARKET__TIMEFRAME__TIMEFRAME_1DAY ? PRICES_OF_DAYS
                                                                   : PRICES_UNKNOWN;
}

// The id stands for one file sent in one way: whatever else is sent with it is a mistake.
static bool check_same(const struct import_row *row,
                       const Market__StartImportRequest *request,
                       struct error *error)
{
    return (row->is_of_symbols == is_of_symbols(request) &&
            strcmp(row->ticker, or_empty(request->ticker)) == 0 &&
            strcmp(row->exchange, or_empty(request->exchange)) == 0 &&
            (frame_of(request) == PRICES_UNKNOWN || frame_of(request) == row->frame)) ||
           error_set(error, REASON_IDEMPOTENCY_KEY_REUSED,
                     "the import %s is of another kind, ticker, exchange or timeframe", row->id);
}

static bool add(struct transaction *transaction,
                const struct step *step,
                struct import_row *row,
                struct error *error)
{
    // The id is the subject already.
    Market__StartImportRequest told = *(const Market__StartImportRequest *)step->request;
    const struct audit_outbox_event event = {
        .call = step->call,
        .action = "import.start",
        .subject = told.import_id,
        .method = &market_method_start_import,
        .request = &told.base,
    };

    *row = (struct import_row){.id = told.import_id,
                               .is_of_symbols = is_of_symbols(&told),
                               .ticker = told.ticker,
                               .exchange = told.exchange,
                               .frame = frame_of(&told),
                               .state = IMPORT_RECEIVING,
                               .checksum = CHECKSUM_START};
    told.import_id = NULL;
    return import_store_start(transaction, row, error) &&
           audit_outbox_add(transaction, &event, 1, error);
}

// Idempotent by the import's id, and answered anew each time: what has been taken grows.
static bool start(struct transaction *transaction, void *context, struct error *error)
{
    struct step *step = context;
    const Market__StartImportRequest *request = step->request;
    Market__StartImportResponse *response = step->response;
    struct import_row row;
    bool is_there;

    if (!import_store_find(transaction, request->import_id, &row, &is_there, error) ||
        !(is_there ? check_same(&row, request, error) : add(transaction, step, &row, error)))
        return false;
    response->has_state = true;
    response->state = market_import_state(row.state);
    response->has_bytes = true;
    response->bytes = (uint64_t)row.byte_count;
    response->has_checksum = true;
    response->checksum = row.checksum;
    step->call->replayed = row.state == IMPORT_DONE || row.state == IMPORT_FAILED;
    return true;
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
    if (request->timeframe != MARKET__TIMEFRAME__TIMEFRAME_UNSPECIFIED &&
        (is_of_symbols(request) || frame_of(request) == PRICES_UNKNOWN)) {
        error_clear(error);
        error_add_violation(error, "timeframe",
                            is_of_symbols(request)
                                ? "is not for a list of symbols"
                                : "must be 1Min or 1Day: larger bars are made of "
                                  "these");
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
    bool is_refused; // its first line is no header
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
            symbol_import_store_print(piece->staged, row, row->line_count, &symbol);
        piece->has_header = piece->symbols.has_header;
    } else {
        outcome = price_csv_read(&piece->prices, line, &bar, out_reason);
        if (outcome == CSV_ROW)
            import_store_print_bar(piece->staged, row->line_count, &bar);
        piece->has_header = piece->prices.has_header;
    }
    return outcome;
}

static bool read_line(struct piece *piece, struct text line, struct error *error)
{
    bool had_header = piece->has_header;
    char reason[CSV_REASON_SIZE] = "";

    piece->row->line_count++;
    switch (stage_line(piece, line, reason)) {
    case CSV_ROW:
        piece->row->row_count++;
        break;
    case CSV_REJECTED:
        if (piece->row->rejected_count++ < IMPORT_REJECTIONS_MAX)
            import_store_print_rejection(piece->rejections, piece->row->id, piece->row->line_count,
                                         reason);
        break;
    case CSV_NO_HEADER:
        piece->is_refused = true;
        error_clear(error);
        error_add_violation(error, "lines", "line %lld: %s", (long long)piece->row->line_count,
                            reason);
        return false;
    case CSV_NOTHING:
        if (!had_header && piece->has_header)
            piece->row->header = arena_copy(piece->arena, line.data, line.length);
        break;
    }
    return true;
}

static bool read_lines(struct piece *piece, struct text rest, int64_t now, struct error *error)
{
    struct text line;
    char reason[CSV_REASON_SIZE];

    price_csv_start(&piece->prices, piece->row->ticker, now);
    piece->prices.frame = piece->row->frame;
    piece->prices.is_frame_given = piece->row->is_frame_given;
    symbol_csv_start(&piece->symbols);
    // The columns are those of the header, which came with an earlier piece.
    if (piece->row->header != NULL)
        (void)stage_line(piece, text_of(piece->row->header), reason);
    while (csv_next_line(&rest, &line)) {
        if (!read_line(piece, line, error))
            return false;
    }
    piece->row->frame = piece->prices.frame;
    return (!piece->staged->overflowed && !piece->rejections->overflowed &&
            (!piece->has_header || piece->row->header != NULL)) ||
           error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the piece does not fit");
}

// Whether the piece is the next one; one that has been taken already is not, and changes nothing.
// Of an import that has failed, or was canceled, there is no next one.
static bool is_next(const struct import_row *row,
                    const Market__AppendImportRequest *request,
                    bool *out_is_next,
                    struct error *error)
{
    const uint64_t taken = (uint64_t)row->byte_count;
    const uint64_t length = request->lines.len;

    if (request->offset > IMPORT_BYTES_MAX - length)
        return error_set(error, REASON_LIMIT_EXCEEDED, "a file can have %lld bytes at most",
                         (long long)IMPORT_BYTES_MAX);
    *out_is_next = request->offset == taken && row->state == IMPORT_RECEIVING && !row->is_ended;
    if (*out_is_next || request->offset + length <= taken)
        return true;
    if (row->state == IMPORT_FAILED)
        return error_repeat(error, or_empty(row->failure_reason), or_empty(row->failure));
    error_clear(error);
    error_add_violation(error, "offset", "is %" PRIu64 " where %" PRIu64 " comes next%s",
                        request->offset, taken,
                        row->state == IMPORT_RECEIVING && !row->is_ended ? "" : ", after the end");
    return false;
}

static bool take(struct transaction *transaction,
                 struct step *step,
                 struct import_row *row,
                 struct error *error)
{
    const Market__AppendImportRequest *request = step->request;
    const struct text lines = {(const char *)request->lines.data, request->lines.len};
    OWNED(strbuf) staged = strbuf_new(STAGED_TEXT_MAX);
    OWNED(strbuf) rejections = strbuf_new(STAGED_TEXT_MAX);
    struct piece piece = {
        .row = row, .staged = staged, .rejections = rejections, .arena = step->call->arena};
    struct import_piece written = {.at = row->byte_count};

    if (!read_lines(&piece, lines, clock_now_us(&step->market->real_time), error)) {
        step->is_refused = piece.is_refused;
        return false;
    }
    row->byte_count += (int64_t)lines.length;
    row->is_ended = lines.length > 0 && lines.data[lines.length - 1] != '\n';
    row->checksum = checksum_add(row->checksum, lines);
    written.rows = strbuf_text(staged);
    written.rejections = strbuf_text(rejections);
    return import_store_stage(transaction, row, &written, error);
}

static bool append(struct transaction *transaction, void *context, struct error *error)
{
    struct step *step = context;
    const Market__AppendImportRequest *request = step->request;
    struct import_row row;
    bool is_next_piece;

    return import_store_lock(transaction, request->import_id, &row, error) &&
           is_next(&row, request, &is_next_piece, error) &&
           (!is_next_piece || take(transaction, step, &row, error));
}

struct refused {
    const struct step *step;
    const char *import_id;
    const struct error *failure;
};

static bool fail(struct transaction *transaction, void *context, struct error *error)
{
    const struct refused *refused = context;
    const struct audit_outbox_event event = {
        .call = refused->step->call,
        .action = "import.finish",
        .subject = refused->import_id,
        .detail =
            arena_printf(transaction_arena(transaction), "failed: %s", refused->failure->reason),
    };
    struct import_row row;

    if (!import_store_lock(transaction, refused->import_id, &row, error))
        return false;
    // Somebody may have sent another file with this id meanwhile, or canceled it.
    return row.state != IMPORT_RECEIVING || row.header != NULL ||
           (import_store_fail(transaction, row.id, refused->failure, error) &&
            audit_outbox_add(transaction, &event, 1, error));
}

// Ends an import whose file was refused, in a transaction of its own: the one that found it out was
// undone. Should that fail, who sends the file again is refused again.
static void end_refused(const struct step *step, const char *import_id, const struct error *failure)
{
    struct refused refused = {.step = step, .import_id = import_id, .failure = failure};
    struct error error;

    if (!database_transact(step->market->database, step->call->arena, 0, fail, &refused, &error))
        log_write(LOG_WARNING, "import_not_ended", "import_id", import_id, "reason", error.reason,
                  "message", error.message, NULL);
}

bool market_api_append_import(struct market *market,
                              struct call *call,
                              const Market__AppendImportRequest *request,
                              Market__AppendImportResponse *response,
                              struct error *error)
{
    struct step step = {.market = market, .call = call, .request = request, .response = response};

    if (database_transact(market->database, call->arena, 0, append, &step, error))
        return true;
    if (step.is_refused)
        end_refused(&step, request->import_id, error);
    return false;
}

static bool check_whole(struct step *step, const struct import_row *row, struct error *error)
{
    const Market__FinishImportRequest *request = step->request;

    if (request->bytes != (uint64_t)row->byte_count || request->checksum != row->checksum)
        return error_set(error, REASON_IDEMPOTENCY_KEY_REUSED,
                         "the %" PRIu64 " bytes are not the %lld that the import %s has",
                         request->bytes, (long long)row->byte_count, row->id);
    // Of one that was canceled nothing else is to be told: its outcome says it.
    if (row->header != NULL || row->state == IMPORT_FAILED)
        return true;
    step->is_refused = true;
    error_clear(error);
    error_add_violation(error, "lines", "there is no header line");
    return false;
}

// Idempotent by the import's id: it ends once.
static bool finish(struct transaction *transaction, void *context, struct error *error)
{
    struct step *step = context;
    const Market__FinishImportRequest *request = step->request;
    const struct import_actor actor = {
        .user_id = step->call->identity.user_id,
        .username = step->call->identity.username,
        .client_address = or_empty(step->call->client_address),
        .request_id = step->call->request_id,
    };
    struct import_row row;

    return import_store_lock(transaction, request->import_id, &row, error) &&
           check_whole(step, &row, error) &&
           (row.state != IMPORT_RECEIVING || import_store_seal(transaction, row.id, &actor, error));
}

bool market_api_finish_import(struct market *market,
                              struct call *call,
                              const Market__FinishImportRequest *request,
                              Market__FinishImportResponse *response,
                              struct error *error)
{
    struct step step = {.market = market, .call = call, .request = request, .response = response};
    bool is_done = database_transact(market->database, call->arena, 0, finish, &step, error);

    if (step.is_refused)
        end_refused(&step, request->import_id, error);
    // Whatever the outcome: it may be unknown.
    import_merger_wake(market->merger);
    return is_done;
}
