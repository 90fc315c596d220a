// SPDX-License-Identifier: MIT
#include "imports/import_store.h"

#include "money/money.h"

#include <string.h>

#define COLUMNS                                                                                    \
    "id, kind, ticker, exchange, state, header, byte_count, checksum, line_count, row_count,"      \
    " rejected_count, imported_count, updated_count, failure_reason, failure, started_at,"         \
    " finished_at, is_ended, timeframe, is_timeframe_given"

static const char *const STATE_NAMES[] = {
    [IMPORT_RECEIVING] = "receiving",
    [IMPORT_MERGING] = "merging",
    [IMPORT_DONE] = "done",
    [IMPORT_FAILED] = "failed",
};

static enum import_state read_state(const char *name)
{
    size_t state = 0;

    while (state < COUNT_OF(STATE_NAMES) - 1 && strcmp(STATE_NAMES[state], name) != 0)
        state++;
    return (enum import_state)state;
}

// As the table has it; NULL while it is not known.
static const char *frame_name(enum price_frame frame)
{
    return frame == PRICES_UNKNOWN ? NULL : frame == PRICES_OF_MINUTES ? "1Min" : "1Day";
}

static enum price_frame read_frame(const char *name)
{
    if (name == NULL)
        return PRICES_UNKNOWN;
    return strcmp(name, "1Min") == 0 ? PRICES_OF_MINUTES : PRICES_OF_DAYS;
}

static const char *text_or_empty(const struct rows *rows, size_t row, size_t column)
{
    return rows_is_null(rows, row, column) ? "" : rows_text(rows, row, column);
}

static struct import_row read_row(const struct rows *rows, size_t row)
{
    return (struct import_row){
        .id = rows_text(rows, row, 0),
        .is_of_symbols = strcmp(rows_text(rows, row, 1), "symbols") == 0,
        .ticker = text_or_empty(rows, row, 2),
        .exchange = text_or_empty(rows, row, 3),
        .state = read_state(rows_text(rows, row, 4)),
        .header = rows_text(rows, row, 5),
        .byte_count = rows_int(rows, row, 6),
        .checksum = (uint64_t)rows_int(rows, row, 7),
        .line_count = rows_int(rows, row, 8),
        .row_count = rows_int(rows, row, 9),
        .rejected_count = rows_int(rows, row, 10),
        .imported_count = rows_int(rows, row, 11),
        .updated_count = rows_int(rows, row, 12),
        .failure_reason = rows_text(rows, row, 13),
        .failure = rows_text(rows, row, 14),
        .started_at_us = rows_time(rows, row, 15),
        .finished_at_us = rows_is_null(rows, row, 16) ? 0 : rows_time(rows, row, 16),
        .is_ended = rows_bool(rows, row, 17),
        .frame = read_frame(rows_text(rows, row, 18)),
        .is_frame_given = rows_bool(rows, row, 19),
    };
}

bool import_store_find(struct transaction *transaction,
                       const char *id,
                       struct import_row *out_row,
                       bool *out_is_there,
                       struct error *error)
{
    static const struct statement find = {"find_import",
                                          "SELECT " COLUMNS " FROM imports WHERE id = $1"};
    const struct parameter value = parameter_text(id);
    struct rows rows;

    if (!transaction_query(transaction, &find, &value, 1, &rows, error))
        return false;
    *out_is_there = rows.count == 1;
    if (rows.count == 1)
        *out_row = read_row(&rows, 0);
    return true;
}

bool import_store_list(struct database *database,
                       struct arena *arena,
                       const struct import_query *query,
                       struct import_row **out_imports,
                       size_t *out_count,
                       struct error *error)
{
    // There are a few thousand at most.
    static const struct statement list = {
        "list_imports", "SELECT " COLUMNS " FROM imports"
                        " WHERE ($1::timestamptz IS NULL OR (started_at, id) < ($1, $2::uuid))"
                        " AND ($3::text IS NULL OR state = $3)"
                        " ORDER BY started_at DESC, id DESC LIMIT $4::bigint"};
    const struct parameter values[] = {
        query->before_id == NULL ? parameter_null() : parameter_time(query->before_at),
        parameter_text(query->before_id),
        query->has_state ? parameter_text(STATE_NAMES[query->state]) : parameter_null(),
        parameter_int((int64_t)query->limit)};
    struct import_row *imports;
    struct rows rows;

    if (!database_query(database, arena, &list, values, COUNT_OF(values), &rows, error))
        return false;
    imports = arena_allocate(arena, (rows.count + 1) * sizeof *imports);
    if (imports == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the imports do not fit");
    for (size_t i = 0; i < rows.count; i++)
        imports[i] = read_row(&rows, i);
    *out_imports = imports;
    *out_count = rows.count;
    return true;
}

bool import_store_start(struct transaction *transaction,
                        const struct import_row *row,
                        struct error *error)
{
    static const struct statement start = {
        "start_import",
        "INSERT INTO imports (id, kind, ticker, exchange, checksum, timeframe, is_timeframe_given)"
        " SELECT $1::uuid, $2::text, NULLIF($3::text, ''), NULLIF($4::text, ''), $5::bigint,"
        "  $8::text, $8::text IS NOT NULL"
        " WHERE (SELECT count(*) FROM imports WHERE state IN ('receiving', 'merging')"
        "   AND byte_count > 0 AND touched_at > now() - interval '10 minutes') < $6::bigint"
        " AND (SELECT count(*) FROM imports WHERE state IN ('receiving', 'merging')) < $7::bigint"};
    const struct parameter values[] = {
        parameter_text(row->id),
        parameter_text(row->is_of_symbols ? "symbols" : "bars"),
        parameter_text(row->ticker),
        parameter_text(row->exchange),
        parameter_int((int64_t)row->checksum),
        parameter_int(IMPORTS_MAX),
        parameter_int(IMPORTS_STARTED_MAX),
        parameter_text(frame_name(row->frame)),
    };
    struct rows rows;

    if (!transaction_query(transaction, &start, values, COUNT_OF(values), &rows, error))
        return false;
    return rows.affected == 1 ||
           error_set(error, REASON_OVERLOADED,
                     "there are too many imports under way already, or left unfinished "
                     "in the last ten minutes");
}

bool import_store_lock(struct transaction *transaction,
                       const char *id,
                       struct import_row *out_row,
                       struct error *error)
{
    static const struct statement lock = {"lock_import", "SELECT " COLUMNS
                                                         " FROM imports WHERE id = $1 FOR UPDATE"};
    const struct parameter value = parameter_text(id);
    struct rows rows;

    if (!transaction_query(transaction, &lock, &value, 1, &rows, error))
        return false;
    if (rows.count == 0)
        return error_set(error, REASON_IMPORT_NOT_FOUND,
                         "there is no import %s, or it was left alone for an hour", id);
    *out_row = read_row(&rows, 0);
    return true;
}

bool import_store_stage(struct transaction *transaction,
                        const struct import_row *row,
                        const struct import_piece *piece,
                        struct error *error)
{
    static const struct statement add = {"add_import_piece",
                                         "INSERT INTO import_pieces VALUES ($1, $2, $3)"};
    static const struct statement save = {
        "save_import", "UPDATE imports SET header = $2, byte_count = $3, checksum = $4,"
                       " line_count = $5, row_count = $6, rejected_count = $7, is_ended = $8,"
                       " timeframe = $9,"
                       " touched_at = now()"
                       " WHERE id = $1"};
    const struct parameter piece_values[] = {parameter_text(row->id), parameter_int(piece->at),
                                             parameter_text(piece->rows.data)};
    const struct parameter values[] = {parameter_text(row->id),
                                       parameter_text(row->header),
                                       parameter_int(row->byte_count),
                                       parameter_int((int64_t)row->checksum),
                                       parameter_int(row->line_count),
                                       parameter_int(row->row_count),
                                       parameter_int(row->rejected_count),
                                       parameter_bool(row->is_ended),
                                       parameter_text(frame_name(row->frame))};

    if (piece->rows.length > 0 &&
        !transaction_queue(transaction, &add, piece_values, COUNT_OF(piece_values), NULL, error))
        return false;
    if (piece->rejections.length > 0 &&
        !transaction_copy(transaction,
                          "COPY import_rejections (import_id, line, reason) FROM STDIN",
                          piece->rejections, error))
        return false;
    return transaction_queue(transaction, &save, values, COUNT_OF(values), NULL, error);
}

static void print_price(struct strbuf *out, int64_t micros)
{
    char text[DECIMAL_SIZE];

    strbuf_append_char(out, '\t');
    strbuf_append(out, text, decimal_print(micros, MONEY_SCALE, 0, text));
}

void import_store_print_bar(struct strbuf *out, int64_t line, const struct bar *bar)
{
    char when[TIMESTAMP_SIZE];

    if (bar->at == 0)
        date_print(date_from_days(bar->day), when);
    else
        timestamp_print(bar->at, when);
    strbuf_append_int(out, line);
    strbuf_append_char(out, '\t');
    strbuf_append_string(out, bar->ticker);
    strbuf_append_char(out, '\t');
    strbuf_append_string(out, when);
    print_price(out, bar->open_micros);
    print_price(out, bar->high_micros);
    print_price(out, bar->low_micros);
    print_price(out, bar->close_micros);
    strbuf_append_char(out, '\t');
    strbuf_append_int(out, bar->volume);
    strbuf_append_char(out, '\n');
}

void import_store_print_rejection(struct strbuf *out,
                                  const char *id,
                                  int64_t line,
                                  const char *reason)
{
    strbuf_append_string(out, id);
    strbuf_append_char(out, '\t');
    strbuf_append_int(out, line);
    strbuf_append_char(out, '\t');
    // A reason has no control characters; the backslash is COPY's only other special one.
    for (; *reason != '\0'; reason++) {
        if (*reason == '\\')
            strbuf_append_char(out, '\\');
        strbuf_append_char(out, *reason);
    }
    strbuf_append_char(out, '\n');
}

bool import_store_seal(struct transaction *transaction,
                       const char *id,
                       const struct import_actor *actor,
                       struct error *error)
{
    static const struct statement seal = {
        "seal_import",
        "UPDATE imports SET state = 'merging', actor_id = NULLIF($2::text, '')::uuid,"
        " actor = NULLIF($3::text, ''), client_address = NULLIF($4::text, ''), request_id = $5,"
        " touched_at = now() WHERE id = $1"};
    const struct parameter values[] = {
        parameter_text(id), parameter_text(actor->user_id), parameter_text(actor->username),
        parameter_text(actor->client_address), parameter_text(actor->request_id)};

    return transaction_queue(transaction, &seal, values, COUNT_OF(values), NULL, error);
}

// What fields of a request are wrong with is said by the details alone.
static const char *describe(struct arena *arena, const struct error *failure)
{
    const struct error_detail *detail = failure->details;

    if (failure->detail_count == 0 || detail->kind != ERROR_VIOLATION)
        return failure->message;
    return arena_printf(arena, "%s: %s", detail->name, detail->value);
}

bool import_store_fail(struct transaction *transaction,
                       const char *id,
                       const struct error *failure,
                       struct error *error)
{
    static const struct statement fail = {
        "fail_import", "UPDATE imports SET state = 'failed', failure_reason = $2, failure = $3,"
                       " finished_at = clock_timestamp() WHERE id = $1"};
    const char *sentence = describe(transaction_arena(transaction), failure);
    const struct parameter values[] = {parameter_text(id), parameter_text(failure->reason),
                                       parameter_text(sentence)};

    if (sentence == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the failure does not fit");
    return transaction_queue(transaction, &fail, values, COUNT_OF(values), NULL, error);
}

bool import_store_list_rejections(struct transaction *transaction,
                                  const char *id,
                                  struct import_rejection **out_rejections,
                                  size_t *out_count,
                                  struct error *error)
{
    static const struct statement list = {
        "list_import_rejections", "SELECT line, reason FROM import_rejections WHERE import_id = $1"
                                  " ORDER BY line LIMIT $2::bigint"};
    const struct parameter values[] = {parameter_text(id), parameter_int(IMPORT_REJECTIONS_MAX)};
    struct import_rejection *rejections;
    struct rows rows;

    if (!transaction_query(transaction, &list, values, COUNT_OF(values), &rows, error))
        return false;
    rejections =
        arena_allocate(transaction_arena(transaction), (rows.count + 1) * sizeof *rejections);
    if (rejections == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the rejected lines do not fit");
    for (size_t i = 0; i < rows.count; i++)
        rejections[i] =
            (struct import_rejection){(uint64_t)rows_int(&rows, i, 0), rows_text(&rows, i, 1)};
    *out_rejections = rejections;
    *out_count = rows.count;
    return true;
}

static bool prune(struct transaction *transaction, void *context, struct error *error)
{
    static const struct statement find = {
        "import_to_prune",
        "SELECT id FROM imports"
        " WHERE (state = 'receiving' AND touched_at < now() - interval '1 hour')"
        " OR (state IN ('done', 'failed') AND (finished_at < now() - interval '1 day'"
        "  OR finished_at <= (SELECT finished_at FROM imports WHERE state IN ('done', 'failed')"
        "   ORDER BY finished_at DESC OFFSET $1::bigint LIMIT 1)))"
        " ORDER BY touched_at LIMIT 1 FOR UPDATE SKIP LOCKED"};
    static const struct statement remove_pieces = {
        "import_remove_pieces", "DELETE FROM import_pieces WHERE import_id = $1"};
    static const struct statement remove_rejections = {
        "import_remove_rejections", "DELETE FROM import_rejections WHERE import_id = $1"};
    static const struct statement remove = {"import_remove", "DELETE FROM imports WHERE id = $1"};
    const struct parameter kept = parameter_int(IMPORTS_FINISHED_MAX);
    bool *was_one = context;
    struct parameter id;
    struct rows rows;

    *was_one = false;
    if (!transaction_query(transaction, &find, &kept, 1, &rows, error))
        return false;
    if (rows.count == 0)
        return true;
    *was_one = true;
    id = parameter_text(rows_text(&rows, 0, 0));
    return transaction_queue(transaction, &remove_pieces, &id, 1, NULL, error) &&
           transaction_queue(transaction, &remove_rejections, &id, 1, NULL, error) &&
           transaction_queue(transaction, &remove, &id, 1, NULL, error);
}

static bool remove_failed(struct transaction *transaction, void *context, struct error *error)
{
    static const struct statement remove = {
        "import_remove_failed_pieces",
        "DELETE FROM import_pieces WHERE (import_id, at) IN"
        " (SELECT p.import_id, p.at FROM imports i JOIN import_pieces p ON p.import_id = i.id"
        "  WHERE i.state = 'failed' LIMIT $1::bigint)"};
    const struct parameter limit = parameter_int(IMPORT_PIECES_REMOVED);
    bool *was_any = context;
    struct rows rows;

    if (!transaction_query(transaction, &remove, &limit, 1, &rows, error))
        return false;
    *was_any = rows.affected > 0;
    return true;
}

bool import_store_prune(struct database *database, struct arena *arena)
{
    bool was_any = false;
    bool was_one = false;
    struct error error;

    // A failure is as good as nothing to do: it is tried again in a minute.
    if (!database_transact(database, arena, 0, remove_failed, &was_any, &error))
        was_any = false;
    if (!database_transact(database, arena, TRANSACTION_LONG, prune, &was_one, &error))
        was_one = false;
    return was_any || was_one;
}
