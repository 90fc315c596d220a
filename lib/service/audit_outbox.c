// SPDX-License-Identifier: MIT
#include "service/audit_outbox.h"

#include "base/strbuf.h"
#include "base/utf8.h"
#include "bourse/auth/v1/auth_client.h"
#include "database/columns.h"
#include "service/log.h"
#include "service/worker.h"

enum {
    COLUMNS = 8,
    // As much JSON as 200 characters can take, so that a large request is not written out whole.
    JSON_MAX = 4 * AUDIT_OUTBOX_DETAIL_MAX,
    PERIOD_MS = 500,
    CALL_TIMEOUT_MS = 3000,
    WORK_BUDGET = 2 * 1024 * 1024,
    PAUSE_FIRST_MS = 500,
    PAUSE_MAX_MS = 5000,
};

struct audit_outbox {
    struct database *database;
    struct rpc_client *auth;
    // Of the worker's thread alone.
    int64_t pause_ms;        // after the next failure in a row
    int64_t paused_until_us; // monotonic
    struct worker *worker;
};

// Adding.

static const char *or_null(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : NULL;
}

// At most AUDIT_OUTBOX_DETAIL_MAX characters, all of them whole.
static const char *cut(struct arena *arena, struct text text)
{
    size_t length = 0;

    for (size_t count = 0; count < AUDIT_OUTBOX_DETAIL_MAX && length < text.length; count++) {
        size_t size = utf8_sequence_length(text.data + length, text.length - length);

        // Not UTF-8; what the buffer had no room for is behind the last character that counts.
        if (size == 0)
            break;
        length += size;
    }
    return arena_copy(arena, text.data, length);
}

static bool fill_detail(struct arena *arena,
                        const struct audit_outbox_event *event,
                        const char **out_detail,
                        struct error *error)
{
    OWNED(strbuf) json = NULL;

    if (event->detail == NULL && event->request == NULL) {
        *out_detail = NULL;
        return true;
    }
    json = strbuf_new(JSON_MAX);
    if (event->detail != NULL)
        strbuf_append_string(json, event->detail);
    else
        message_to_json_without_secrets(event->method->request, event->request, json);
    *out_detail = cut(arena, strbuf_text(json));
    return *out_detail != NULL ||
           error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The audit event does not fit.");
}

bool audit_outbox_add(struct transaction *transaction,
                      const struct audit_outbox_event *events,
                      size_t count,
                      struct error *error)
{
    static const struct statement insert = {
        "audit_outbox_insert",
        "INSERT INTO audit_outbox (id, actor_id, actor, action, subject, detail, client_address,"
        " request_id)"
        " SELECT n.id, n.actor_id, n.actor, n.action, n.subject, n.detail, n.client_address,"
        " n.request_id"
        " FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[],"
        " $7::text[], $8::uuid[])"
        " AS n (id, actor_id, actor, action, subject, detail, client_address, request_id)"};
    struct arena *arena = transaction_arena(transaction);
    struct columns table;

    if (!columns_start(&table, arena, COLUMNS, count, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct call *call = events[i].call;
        struct uuid id = uuid_new();
        const char *own_id = arena_copy_string(arena, id.string);
        const char *detail = NULL;

        if (own_id == NULL)
            return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The audit event does not fit.");
        if (!fill_detail(arena, &events[i], &detail, error))
            return false;
        columns_add(&table, (struct parameter[COLUMNS]){
                                parameter_text(own_id),
                                parameter_text(or_null(call->identity.user_id)),
                                parameter_text(or_null(call->identity.username)),
                                parameter_text(events[i].action),
                                parameter_text(or_null(events[i].subject)),
                                parameter_text(detail),
                                parameter_text(or_null(call->client_address)),
                                parameter_text(call->request_id),
                            });
    }
    return columns_queue(&table, transaction, &insert, NULL, 0, NULL, error);
}

// Handing over.

static bool read_batch(struct audit_outbox *outbox,
                       struct arena *arena,
                       struct rows *out_rows,
                       struct error *error)
{
    static const struct statement read = {
        "audit_outbox_read",
        "SELECT id, at, actor_id, actor, action, subject, detail, client_address, request_id"
        " FROM audit_outbox ORDER BY id LIMIT $1::bigint"};
    struct parameter limit = parameter_int(AUDIT_OUTBOX_BATCH_MAX);

    return database_query(outbox->database, arena, &read, &limit, 1, out_rows, error);
}

static void fill_event(const struct rows *rows, size_t row, Auth__RecordedEvent *event)
{
    auth__recorded_event__init(event);
    event->id = rows_text(rows, row, 0);
    event->has_at = true;
    event->at = rows_time(rows, row, 1);
    event->actor_id = rows_text(rows, row, 2);
    event->actor = rows_text(rows, row, 3);
    event->action = rows_text(rows, row, 4);
    event->subject = rows_text(rows, row, 5);
    event->detail = rows_text(rows, row, 6);
    event->address = rows_text(rows, row, 7);
    event->request_id = rows_text(rows, row, 8);
}

static bool send_batch(struct audit_outbox *outbox,
                       struct arena *arena,
                       const struct rows *rows,
                       struct error *error)
{
    Auth__RecordAuditEventsRequest request = AUTH__RECORD_AUDIT_EVENTS_REQUEST__INIT;
    Auth__RecordAuditEventsResponse *response = NULL;
    Auth__RecordedEvent *events = arena_allocate(arena, rows->count * sizeof *events);
    struct call call = call_start(arena, CALL_TIMEOUT_MS);

    request.events = arena_allocate(arena, rows->count * sizeof(Auth__RecordedEvent *));
    if (events == NULL || request.events == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The audit events do not fit.");
    for (size_t i = 0; i < rows->count; i++) {
        fill_event(rows, i, &events[i]);
        request.events[i] = &events[i];
    }
    request.n_events = rows->count;
    return auth_client_record_audit_events(outbox->auth, &call, &request, &response, error);
}

// They are in auth's table now, by this call or by another replica's.
static bool forget_batch(struct audit_outbox *outbox,
                         struct arena *arena,
                         const struct rows *rows,
                         struct error *error)
{
    static const struct statement forget = {"audit_outbox_forget",
                                            "DELETE FROM audit_outbox WHERE id = ANY ($1::uuid[])"};
    struct parameter ids[AUDIT_OUTBOX_BATCH_MAX];
    struct parameter array;
    struct rows deleted;

    for (size_t i = 0; i < rows->count; i++)
        ids[i] = parameter_text(rows_text(rows, i, 0));
    if (!parameter_array(arena, ids, rows->count, &array))
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The audit events do not fit.");
    return database_query(outbox->database, arena, &forget, &array, 1, &deleted, error);
}

static bool is_outage(const struct error *error)
{
    return error->outcome_unknown || error->code == CODE_UNAVAILABLE ||
           error->code == CODE_DEADLINE_EXCEEDED || error->code == CODE_RESOURCE_EXHAUSTED;
}

// An outage is told of once, and that of the database by the service itself. A refusal is a fault
// of ours; nothing is lost by it.
static void put_off(struct audit_outbox *outbox, bool has_events, const struct error *error)
{
    if (outbox->pause_ms == 0) {
        outbox->pause_ms = PAUSE_FIRST_MS;
        if (has_events || !is_outage(error))
            log_write(is_outage(error) ? LOG_WARNING : LOG_ERROR, "audit_events_wait", "reason",
                      error->reason, "message", error->message, NULL);
    }
    outbox->paused_until_us = clock_monotonic_us() + outbox->pause_ms * MICROS_PER_MS;
    outbox->pause_ms =
        outbox->pause_ms * 2 < PAUSE_MAX_MS ? outbox->pause_ms * 2 : (int64_t)PAUSE_MAX_MS;
}

static bool deliver(void *context)
{
    struct audit_outbox *outbox = context;
    OWNED(arena) arena = NULL;
    struct rows rows = {0};
    struct error error;

    if (clock_monotonic_us() < outbox->paused_until_us)
        return false;
    arena = arena_new(WORK_BUDGET);
    error_clear(&error);
    if (!read_batch(outbox, arena, &rows, &error) ||
        (rows.count > 0 && (!send_batch(outbox, arena, &rows, &error) ||
                            !forget_batch(outbox, arena, &rows, &error)))) {
        put_off(outbox, rows.count > 0, &error);
        return false;
    }
    outbox->pause_ms = 0;
    return rows.count == AUDIT_OUTBOX_BATCH_MAX;
}

struct audit_outbox *audit_outbox_new(const struct audit_outbox_options *options)
{
    struct audit_outbox *outbox = allocate(sizeof *outbox);

    outbox->database = options->database;
    outbox->auth = options->auth;
    outbox->worker = worker_new("audit", options->period_ms > 0 ? options->period_ms : PERIOD_MS,
                                deliver, outbox);
    return outbox;
}

void audit_outbox_free(struct audit_outbox **outbox)
{
    if (*outbox == NULL)
        return;
    worker_free(&(*outbox)->worker);
    release(*outbox);
    *outbox = NULL;
}
