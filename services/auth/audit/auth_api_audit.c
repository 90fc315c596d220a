// SPDX-License-Identifier: MIT
// auth_api_audit: reading the audit log, and adding to it what other services tell.
#include "bourse/auth/v1/auth_server.h"

#include "answer.h"
#include "auth.h"
#include "auth_store.h"

enum {
    PAGE_DEFAULT = 50,
    // Longer than whatever writes an event may take, and clocks may differ.
    SETTLED_MS = 60 * 1000,
    UUID_TIME_DIGITS = 12,
};

// The time in an event's id, which is a UUIDv7.
static int64_t time_of(const char *id)
{
    int64_t ms = 0;

    for (size_t i = 0, digits = 0; digits < UUID_TIME_DIGITS; i++) {
        if (id[i] == '-')
            continue;
        ms = ms * 16 + (id[i] <= '9' ? id[i] - '0' : (id[i] | 0x20) - 'a' + 10);
        digits++;
    }
    return ms * MICROS_PER_MS;
}

// True when an administrator who asks for it cannot miss what he has just done.
static bool is_settled(const struct auth *auth, const struct audit_filter *filter)
{
    int64_t settled = clock_now_us(&auth->clock) - SETTLED_MS * MICROS_PER_MS;

    return (filter->has_end && filter->end <= settled) ||
           (filter->before_id != NULL && time_of(filter->before_id) <= settled);
}

static bool answer_event(struct arena *arena,
                         const struct audit_record *record,
                         Auth__AuditEvent **out_event,
                         struct error *error)
{
    Auth__AuditEvent *event = arena_allocate(arena, sizeof *event);

    if (event == NULL)
        return answer_too_large(error);
    auth__audit_event__init(event);
    event->id = record->id;
    event->has_at = true;
    event->at = record->at;
    event->actor_id = record->actor_id;
    event->actor = record->actor;
    event->action = record->action;
    event->subject = record->subject;
    event->detail = record->detail;
    event->has_result = true;
    event->result = record->reason == NULL ? AUTH__AUDIT_RESULT__AUDIT_RESULT_DONE
                                           : AUTH__AUDIT_RESULT__AUDIT_RESULT_REFUSED;
    event->reason = record->reason;
    event->address = record->client_address;
    event->request_id = record->request_id;
    *out_event = event;
    return true;
}

bool auth_api_list_audit_events(struct auth *auth,
                                struct call *call,
                                const Auth__ListAuditEventsRequest *request,
                                Auth__ListAuditEventsResponse *response,
                                struct error *error)
{
    size_t limit = request->has_limit ? request->limit : PAGE_DEFAULT;
    struct audit_filter filter = {
        .actor_id = request->actor_id,
        .action = request->action,
        .has_start = request->has_start,
        .start = request->start,
        .has_end = request->has_end,
        .end = request->end,
        .limit = limit + 1,
    };
    struct audit_record *records = NULL;
    size_t count = 0;

    if (!answer_read_page_token(request->page_token, &filter.before_id, error))
        return false;
    filter.is_settled = is_settled(auth, &filter);
    if (!store_page_audit(auth->history, call->arena, &filter, &records, &count, error))
        return false;
    if (count > limit) {
        count = limit;
        response->next_page_token = records[count - 1].id;
    }
    response->events = arena_allocate(call->arena, (count + 1) * sizeof(Auth__AuditEvent *));
    if (response->events == NULL)
        return answer_too_large(error);
    response->n_events = count;
    for (size_t i = 0; i < count; i++)
        if (!answer_event(call->arena, &records[i], &response->events[i], error))
            return false;
    return true;
}

struct recording {
    const struct audit_record *records;
    size_t count;
};

static bool record(struct transaction *transaction, void *context, struct error *error)
{
    const struct recording *recording = context;

    return store_record_audit(transaction, recording->records, recording->count, error);
}

bool auth_api_record_audit_events(struct auth *auth,
                                  struct call *call,
                                  const Auth__RecordAuditEventsRequest *request,
                                  Auth__RecordAuditEventsResponse *response,
                                  struct error *error)
{
    struct audit_record *records =
        arena_allocate(call->arena, (request->n_events + 1) * sizeof *records);
    struct recording recording = {.records = records, .count = request->n_events};

    (void)response;
    if (records == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The events do not fit.");
    for (size_t i = 0; i < request->n_events; i++) {
        const Auth__RecordedEvent *event = request->events[i];

        records[i] = (struct audit_record){
            .id = event->id,
            .at = event->at,
            .actor_id = event->actor_id,
            .actor = event->actor,
            .action = event->action,
            .subject = event->subject,
            .detail = event->detail,
            .client_address = event->address,
            .request_id = event->request_id,
        };
    }
    return database_transact(auth->database, call->arena, 0, record, &recording, error);
}
