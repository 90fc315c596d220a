// SPDX-License-Identifier: MIT
// auth_store_audit: who did what. Rows are added and read, and nothing else.
#include "auth_store.h"

#include "database/columns.h"

enum { EVENTS_PRUNED_AT_ONCE = 1000 };

enum { RECORD_COLUMNS = 9 };

bool store_queue_audit(struct transaction *transaction,
                       const struct audit_record *record,
                       struct error *error)
{
    static const struct statement insert = {
        "audit_insert", "INSERT INTO audit_log (id, actor_id, actor, action, subject, detail,"
                        " result, reason, client_address, request_id)"
                        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"};

    return transaction_queue(transaction, &insert,
                             (struct parameter[]){
                                 parameter_text(record->id),
                                 parameter_text(record->actor_id),
                                 parameter_text(record->actor),
                                 parameter_text(record->action),
                                 parameter_text(record->subject),
                                 parameter_text(record->detail),
                                 parameter_text(record->reason == NULL ? "done" : "refused"),
                                 parameter_text(record->reason),
                                 parameter_text(record->client_address),
                                 parameter_text(record->request_id),
                             },
                             10, NULL, error);
}

bool store_record_audit(struct transaction *transaction,
                        const struct audit_record *records,
                        size_t count,
                        struct error *error)
{
    static const struct statement insert = {
        "audit_record", "INSERT INTO audit_log (id, at, actor_id, actor, action, subject, detail,"
                        " result, client_address, request_id)"
                        " SELECT n.id, n.at, n.actor_id, n.actor, n.action, n.subject, n.detail,"
                        " 'done', n.client_address, n.request_id"
                        " FROM unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::text[],"
                        " $5::text[], $6::text[], $7::text[], $8::text[], $9::uuid[])"
                        " AS n (id, at, actor_id, actor, action, subject, detail, client_address,"
                        " request_id) ON CONFLICT DO NOTHING"};
    struct columns table;

    if (!columns_start(&table, transaction_arena(transaction), RECORD_COLUMNS, count, error))
        return false;
    for (size_t i = 0; i < count; i++)
        columns_add(&table, (struct parameter[RECORD_COLUMNS]){
                                parameter_text(records[i].id),
                                parameter_time(records[i].at),
                                parameter_text(records[i].actor_id),
                                parameter_text(records[i].actor),
                                parameter_text(records[i].action),
                                parameter_text(records[i].subject),
                                parameter_text(records[i].detail),
                                parameter_text(records[i].client_address),
                                parameter_text(records[i].request_id),
                            });
    return columns_queue(&table, transaction, &insert, NULL, 0, NULL, error);
}

static struct audit_record read_record(const struct rows *rows, size_t row)
{
    return (struct audit_record){
        .id = rows_text(rows, row, 0),
        .at = rows_time(rows, row, 1),
        .actor_id = rows_text(rows, row, 2),
        .actor = rows_text(rows, row, 3),
        .action = rows_text(rows, row, 4),
        .subject = rows_text(rows, row, 5),
        .detail = rows_text(rows, row, 6),
        .reason = rows_text(rows, row, 7),
        .client_address = rows_text(rows, row, 8),
        .request_id = rows_text(rows, row, 9),
    };
}

bool store_page_audit(struct history *history,
                      struct arena *arena,
                      const struct audit_filter *filter,
                      struct audit_record **out_records,
                      size_t *out_count,
                      struct error *error)
{
    static const struct statement page = {
        "audit_page", "SELECT id, at, actor_id, actor, action, subject, detail, reason,"
                      " client_address, request_id FROM audit_log"
                      " WHERE ($1::uuid IS NULL OR id < $1) AND ($2::uuid IS NULL OR actor_id = $2)"
                      " AND ($3::text IS NULL OR action = $3)"
                      " AND ($4::timestamptz IS NULL OR at >= $4)"
                      " AND ($5::timestamptz IS NULL OR at < $5)"
                      " ORDER BY id DESC LIMIT $6::bigint"};
    static const struct history_need need = {0};
    struct audit_record *records = NULL;
    struct rows rows;

    if (!history_query(history, filter->is_settled ? &need : NULL, arena, &page,
                       (struct parameter[]){
                           parameter_text(filter->before_id),
                           parameter_text(filter->actor_id),
                           parameter_text(filter->action),
                           filter->has_start ? parameter_time(filter->start) : parameter_null(),
                           filter->has_end ? parameter_time(filter->end) : parameter_null(),
                           parameter_int((int64_t)filter->limit),
                       },
                       6, &rows, error))
        return false;
    records = arena_allocate(arena, (rows.count + 1) * sizeof *records);
    if (records == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The list is too large.");
    for (size_t i = 0; i < rows.count; i++)
        records[i] = read_record(&rows, i);
    *out_records = records;
    *out_count = rows.count;
    return true;
}

bool store_prune_audit(struct database *database, struct arena *arena, int64_t days)
{
    static const struct statement remove = {
        "audit_prune", "SELECT audit_log_remove(now() - $1::bigint * interval '1 day', $2)"};
    struct parameter values[] = {parameter_int(days), parameter_int(EVENTS_PRUNED_AT_ONCE)};
    struct rows rows = {0};
    struct error error;

    return days > 0 && database_query(database, arena, &remove, values, 2, &rows, &error) &&
           rows_int(&rows, 0, 0) == EVENTS_PRUNED_AT_ONCE;
}
