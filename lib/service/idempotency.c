// SPDX-License-Identifier: MIT
#include "service/idempotency.h"

#include "base/digest.h"

#include <string.h>

enum { PRUNED_AT_ONCE = 10000 };

#define NOBODY "00000000-0000-0000-0000-000000000000"

static struct parameter user_of(const struct call *call)
{
    return parameter_text(call->identity.user_id[0] == '\0' ? NOBODY : call->identity.user_id);
}

static bool fill_response(struct call *call,
                          const struct rpc_method *method,
                          const char *reply,
                          ProtobufCMessage *response,
                          struct error *error)
{
    size_t room = strlen(reply) + 1;
    char *packed = arena_allocate(call->arena, room);
    ProtobufCMessage *stored = NULL;
    size_t length = 0;

    if (packed == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The stored reply is too large.");
    if (!digest_base64url_decode(text_of(reply), packed, room, &length))
        return error_set(error, REASON_INTERNAL, "The stored reply cannot be read.");
    if (!message_unpack(method->response, call->arena, (struct text){packed, length}, &stored,
                        error))
        return error_set(error, REASON_INTERNAL, "The stored reply cannot be read.");
    // Everything the message points to lives in the call's arena, as `response` itself does.
    memcpy(response, stored, response->descriptor->sizeof_message);
    return true;
}

static bool is_same_body(const char *stored, const struct call *call, const char *body_hash)
{
    char other_hash[SHA256_HEX_SIZE];

    if (strcmp(stored, body_hash) == 0)
        return true;
    if (call->other_body.length == 0)
        return false;
    digest_sha256_hex(call->other_body, other_hash);
    return strcmp(stored, other_hash) == 0;
}

// The key is in the table: is it this very call, and has it ended?
static bool replay(const struct rows *found,
                   struct call *call,
                   const struct rpc_method *method,
                   const char *body_hash,
                   ProtobufCMessage *response,
                   struct error *error)
{
    if (found->count == 0) // pruned at this very moment
        return error_set(error, REASON_REQUEST_IN_PROGRESS,
                         "The same request is still being worked on.");
    if (strcmp(rows_text(found, 0, 0), method->name) != 0 ||
        !is_same_body(rows_text(found, 0, 1), call, body_hash))
        return error_set(error, REASON_IDEMPOTENCY_KEY_REUSED,
                         "This key was used with another request before.");
    if (rows_is_null(found, 0, 2))
        return error_set(error, REASON_REQUEST_IN_PROGRESS,
                         "The same request is still being worked on.");
    call->replayed = true;
    return fill_response(call, method, rows_text(found, 0, 2), response, error);
}

static const struct statement find = {
    "request_find",
    "SELECT method, body_hash, reply FROM requests WHERE user_id = $1 AND request_id = $2"};

bool idempotency_begin(struct transaction *transaction,
                       struct call *call,
                       const struct rpc_method *method,
                       ProtobufCMessage *response,
                       bool *out_replayed,
                       struct error *error)
{
    // Waits for another transaction with the same key, as long as a lock may be waited for.
    static const struct statement insert = {
        "request_insert", "INSERT INTO requests (user_id, request_id, method, body_hash)"
                          " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"};
    char body_hash[SHA256_HEX_SIZE];
    struct parameter values[] = {user_of(call), parameter_text(call->request_id),
                                 parameter_text(method->name), parameter_text(body_hash)};
    struct rows inserted = {0};
    struct rows found = {0};

    digest_sha256_hex(call->body, body_hash);
    // A repeat of the whole transaction begins anew.
    call->replayed = false;
    if (!transaction_queue(transaction, &insert, values, 4, &inserted, error) ||
        !transaction_queue(transaction, &find, values, 2, &found, error))
        return false;
    if (!transaction_flush(transaction, error)) {
        // Nothing else waits here for a lock.
        if (error_is(error, REASON_CONFLICT) && error_constraint(error)[0] == '\0')
            error_set(error, REASON_REQUEST_IN_PROGRESS,
                      "The same request is still being worked on.");
        return false;
    }
    *out_replayed = inserted.affected == 0;
    return !*out_replayed || replay(&found, call, method, body_hash, response, error);
}

bool idempotency_find(struct database *database,
                      struct call *call,
                      const struct rpc_method *method,
                      ProtobufCMessage *response,
                      bool *out_replayed,
                      struct error *error)
{
    struct parameter values[] = {user_of(call), parameter_text(call->request_id)};
    char body_hash[SHA256_HEX_SIZE];
    struct rows found = {0};

    digest_sha256_hex(call->body, body_hash);
    if (!database_query(database, call->arena, &find, values, 2, &found, error))
        return false;
    *out_replayed = found.count > 0;
    return !*out_replayed || replay(&found, call, method, body_hash, response, error);
}

bool idempotency_finish(struct transaction *transaction,
                        struct call *call,
                        const struct rpc_method *method,
                        const ProtobufCMessage *response,
                        struct error *error)
{
    static const struct statement store = {
        "request_store", "UPDATE requests SET reply = $3 WHERE user_id = $1 AND request_id = $2"};
    struct text packed;
    size_t room = 0;
    char *reply = NULL;

    (void)method;
    if (!message_pack(response, call->arena, &packed, error))
        return false;
    room = packed.length * 4 / 3 + 4;
    reply = arena_allocate(call->arena, room);
    if (reply == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The reply is too large.");
    digest_base64url(packed.data, packed.length, reply, room);
    return transaction_queue(transaction, &store,
                             (struct parameter[]){
                                 user_of(call),
                                 parameter_text(call->request_id),
                                 parameter_text(reply),
                             },
                             3, NULL, error);
}

bool idempotency_prune(struct database *database, struct arena *arena)
{
    static const struct statement prune = {
        "request_prune", "DELETE FROM requests WHERE (user_id, request_id) IN"
                         " (SELECT user_id, request_id FROM requests"
                         " WHERE created_at < now() - interval '48 hours' LIMIT $1::bigint)"};
    struct parameter most = parameter_int(PRUNED_AT_ONCE);
    struct rows rows = {0};
    struct error error;

    // A failure only means that the rows stay until the next time.
    return database_query(database, arena, &prune, &most, 1, &rows, &error) &&
           rows.affected == PRUNED_AT_ONCE;
}
