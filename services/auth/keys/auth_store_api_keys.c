// SPDX-License-Identifier: MIT
// auth_store_api_keys: the keys of programs. The tokens made for a key have its id for a session.
#include "auth_store.h"

#include <string.h>

#define KEY_COLUMNS                                                                                \
    "k.user_id, k.id, k.name, k.scope, k.portfolio_id, k.secret_hash, k.created_at,"               \
    " k.last_used_at, k.expires_at"

static struct api_key_record read_key(const struct rows *rows, size_t row, size_t column)
{
    return (struct api_key_record){
        .user_id = rows_text(rows, row, column),
        .id = rows_text(rows, row, column + 1),
        .name = rows_text(rows, row, column + 2),
        .may_trade = strcmp(rows_text(rows, row, column + 3), "trade") == 0,
        .portfolio_id = rows_text(rows, row, column + 4),
        .secret_hash = rows_text(rows, row, column + 5),
        .created_at = rows_time(rows, row, column + 6),
        .is_used = !rows_is_null(rows, row, column + 7),
        .last_used_at = rows_time(rows, row, column + 7),
        .has_expiry = !rows_is_null(rows, row, column + 8),
        .expires_at = rows_time(rows, row, column + 8),
    };
}

bool store_insert_api_key(struct transaction *transaction,
                          const struct api_key_record *key,
                          struct error *error)
{
    // The user's row is locked meanwhile, so that the count stays true.
    static const struct statement insert = {
        "api_key_insert",
        "INSERT INTO api_keys (user_id, id, name, scope, portfolio_id, secret_hash, created_at,"
        " expires_at) SELECT $1, $2, $3, $4, $5, $6, $7, $8"
        " WHERE (SELECT count(*) FROM api_keys WHERE user_id = $1) < $9::bigint"};
    struct rows rows = {0};

    if (!transaction_query(transaction, &insert,
                           (struct parameter[]){
                               parameter_text(key->user_id),
                               parameter_text(key->id),
                               parameter_text(key->name),
                               parameter_text(key->may_trade ? "trade" : "read"),
                               parameter_text(key->portfolio_id),
                               parameter_text(key->secret_hash),
                               parameter_time(key->created_at),
                               key->has_expiry ? parameter_time(key->expires_at) : parameter_null(),
                               parameter_int(API_KEYS_MAX),
                           },
                           9, &rows, error))
        return false;
    if (rows.affected == 1)
        return true;
    error_set(error, REASON_LIMIT_EXCEEDED, "A user has at most %d API keys.", API_KEYS_MAX);
    error_add_number(error, "limit", "%d", API_KEYS_MAX);
    return false;
}

bool store_page_api_keys(struct database *database,
                         struct arena *arena,
                         const char *user_id,
                         const char *before_id,
                         size_t limit,
                         struct api_key_record **out_keys,
                         size_t *out_count,
                         struct error *error)
{
    static const struct statement page = {
        "api_key_page", "SELECT " KEY_COLUMNS " FROM api_keys k WHERE k.user_id = $1"
                        " AND ($2::uuid IS NULL OR k.id < $2) ORDER BY k.id DESC LIMIT $3::bigint"};
    struct api_key_record *keys = NULL;
    struct rows rows;

    if (!database_query(database, arena, &page,
                        (struct parameter[]){
                            parameter_text(user_id),
                            parameter_text(before_id),
                            parameter_int((int64_t)limit),
                        },
                        3, &rows, error))
        return false;
    keys = arena_allocate(arena, (rows.count + 1) * sizeof *keys);
    if (keys == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The list is too large.");
    for (size_t i = 0; i < rows.count; i++)
        keys[i] = read_key(&rows, i, 0);
    *out_keys = keys;
    *out_count = rows.count;
    return true;
}

bool store_delete_api_key(struct transaction *transaction,
                          const char *user_id,
                          const char *id,
                          bool *out_found,
                          struct error *error)
{
    static const struct statement delete = {
        "api_key_delete",
        "WITH gone AS (DELETE FROM api_keys WHERE user_id = $1 AND id = $2 RETURNING id)"
        " INSERT INTO revocations (user_id, session_id, revoked_at)"
        " SELECT $1, id, clock_timestamp() FROM gone ON CONFLICT DO NOTHING"};
    struct rows rows = {0};

    if (!transaction_query(transaction, &delete,
                           (struct parameter[]){parameter_text(user_id), parameter_text(id)}, 2,
                           &rows, error))
        return false;
    *out_found = rows.affected == 1;
    return true;
}

bool store_delete_api_keys(struct transaction *transaction,
                           const char *user_id,
                           struct rows *out_ids,
                           struct error *error)
{
    static const struct statement delete = {
        "api_key_delete_all",
        "WITH gone AS (DELETE FROM api_keys WHERE user_id = $1 RETURNING id)"
        " INSERT INTO revocations (user_id, session_id, revoked_at)"
        " SELECT $1, id, clock_timestamp() FROM gone ON CONFLICT DO NOTHING RETURNING session_id"};
    struct parameter user = parameter_text(user_id);

    return transaction_query(transaction, &delete, &user, 1, out_ids, error);
}

bool store_use_api_key(struct database *database,
                       struct arena *arena,
                       const char *id,
                       const char *secret_hash,
                       struct api_key_record *out_key,
                       struct user_record **out_user,
                       struct error *error)
{
    static const struct statement use = {
        "api_key_use",
        "UPDATE api_keys k SET last_used_at = now() FROM users u"
        " WHERE k.id = $1 AND k.secret_hash = $2 AND u.id = k.user_id AND u.is_active"
        " AND (k.expires_at IS NULL OR k.expires_at > now())"
        " RETURNING " USER_COLUMNS ", " KEY_COLUMNS};
    struct rows rows;

    if (!database_query(database, arena, &use,
                        (struct parameter[]){parameter_text(id), parameter_text(secret_hash)}, 2,
                        &rows, error) ||
        !store_take_user(&rows, arena, out_user, error))
        return false;
    if (rows.count > 0)
        *out_key = read_key(&rows, 0, USER_COLUMN_COUNT);
    return true;
}
