// SPDX-License-Identifier: MIT
#include "audit/audit.h"

#include "auth_store.h"

static const char *or_null(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : NULL;
}

static bool queue(struct transaction *transaction,
                  const struct call *call,
                  const struct audit_event *event,
                  const char *reason,
                  struct error *error)
{
    bool is_named = event->actor_id != NULL;
    const char *actor = is_named ? event->actor : call->identity.username;
    struct uuid id = uuid_new();
    struct audit_record record = {
        .id = id.string,
        .actor_id = or_null(is_named ? event->actor_id : call->identity.user_id),
        .actor = or_null(actor),
        .action = event->action,
        .subject = or_null(event->subject != NULL ? event->subject : actor),
        .detail = event->detail,
        .reason = reason,
        .client_address = call->client_address,
        .request_id = call->request_id,
    };

    return store_queue_audit(transaction, &record, error);
}

bool audit_done(struct transaction *transaction,
                const struct call *call,
                const struct audit_event *event,
                struct error *error)
{
    return queue(transaction, call, event, NULL, error);
}

struct refusing {
    const struct call *call;
    const struct audit_event *event;
    const struct error *refusal;
};

static bool work_refused(struct transaction *transaction, void *context, struct error *error)
{
    const struct refusing *refusing = context;

    return queue(transaction, refusing->call, refusing->event, refusing->refusal->reason, error);
}

void audit_refused(struct auth *auth,
                   const struct call *call,
                   const struct audit_event *event,
                   const struct error *refusal)
{
    struct refusing refusing = {call, event, refusal};
    struct error error;

    if (database_transact(auth->database, call->arena, 0, work_refused, &refusing, &error))
        return;
    log_write(error.code == CODE_UNAVAILABLE ? LOG_WARNING : LOG_ERROR, "audit_not_written",
              "action", event->action, "reason", error.reason, "message", error.message, NULL);
}
