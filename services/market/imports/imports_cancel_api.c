// SPDX-License-Identifier: MIT
// Ending an import before it is done: while its file arrives, while it waits to be merged, and
// while it is. What is being merged is undone as a whole: its transaction does not come to its end.
#include "market.h"

#include "imports/import_store.h"

#include <inttypes.h>
#include <string.h>

struct cancel {
    struct call *call;
    const Market__CancelImportRequest *request;
    Market__CancelImportResponse *response;
};

static bool is_canceled(const struct import_row *row)
{
    return row->state == IMPORT_FAILED && row->failure_reason != NULL &&
           strcmp(row->failure_reason, reason_entry(REASON_IMPORT_CANCELED)->name) == 0;
}

static bool check_unfinished(const struct import_row *row, struct error *error)
{
    if (row->state == IMPORT_RECEIVING || row->state == IMPORT_MERGING)
        return true;
    return error_set(error, REASON_IMPORT_NOT_CANCELABLE,
                     "the import %s %s: only one that has not ended can be canceled", row->id,
                     row->state == IMPORT_DONE ? "is done" : "has failed already");
}

static bool end(struct transaction *transaction,
                const struct cancel *cancel,
                const struct import_row *row,
                struct error *error)
{
    const struct audit_outbox_event event = {
        .call = cancel->call,
        .action = "import.cancel",
        .subject = row->id,
        .detail = arena_printf(transaction_arena(transaction), "after %" PRId64 " bytes",
                               row->byte_count),
    };
    struct error failure;

    error_fill(&failure, REASON_IMPORT_CANCELED, "%s canceled it after %" PRId64 " bytes.",
               cancel->call->identity.username, row->byte_count);
    return check_unfinished(row, error) &&
           import_store_fail(transaction, row->id, &failure, error) &&
           audit_outbox_add(transaction, &event, 1, error);
}

static bool cancel(struct transaction *transaction, void *context, struct error *error)
{
    const struct cancel *cancel = context;
    const struct rpc_method *method = &market_method_cancel_import;
    ProtobufCMessage *response = &cancel->response->base;
    struct import_row row;
    bool was_done = false;

    if (!idempotency_begin(transaction, cancel->call, method, response, &was_done, error))
        return false;
    return was_done || (import_store_lock(transaction, cancel->request->import_id, &row, error) &&
                        (is_canceled(&row) || end(transaction, cancel, &row, error)) &&
                        idempotency_finish(transaction, cancel->call, method, response, error));
}

bool market_api_cancel_import(struct market *market,
                              struct call *call,
                              const Market__CancelImportRequest *request,
                              Market__CancelImportResponse *response,
                              struct error *error)
{
    struct cancel context = {.call = call, .request = request, .response = response};
    bool is_done = database_transact(market->database, call->arena, 0, cancel, &context, error);

    // Whatever the outcome: it may be unknown. What was received is removed there.
    worker_wake(market->pruner);
    return is_done;
}
