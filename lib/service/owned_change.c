// SPDX-License-Identifier: MIT
#include "service/owned_change.h"

#include "service/ownership.h"

static bool
note(struct transaction *transaction, const struct owned_change *change, struct error *error)
{
    const struct audit_outbox_event event = {
        .call = change->call,
        .action = change->action,
        .subject = change->subject,
        .method = change->method,
        .request = change->request,
    };

    return !ownership_is_for_another(&change->call->identity, change->user_id) ||
           audit_outbox_add(transaction, &event, 1, error);
}

static bool work(struct transaction *transaction, void *context, struct error *error)
{
    struct owned_change *change = context;
    bool replayed = false;

    if (!idempotency_begin(transaction, change->call, change->method, change->response, &replayed,
                           error))
        return false;
    return replayed ||
           (change->apply(transaction, change, error) && note(transaction, change, error) &&
            idempotency_finish(transaction, change->call, change->method, change->response, error));
}

bool owned_change_make(struct database *database, struct owned_change *change, struct error *error)
{
    return database_transact(database, change->call->arena, 0, work, change, error);
}
