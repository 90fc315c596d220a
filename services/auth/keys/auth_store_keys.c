// SPDX-License-Identifier: MIT
#include "auth_store.h"

// The newest is the one that does not end yet; $1 is the time.
static const struct statement list_keys = {
    "key_list", "SELECT id, public_pem, signs_from, private_pem IS NOT NULL FROM signing_keys"
                " WHERE ends_at IS NULL OR ends_at > $1"
                " ORDER BY ends_at DESC NULLS FIRST, signs_from DESC, id LIMIT $2::bigint"};

static bool read_keys(const struct rows *rows,
                      struct arena *arena,
                      struct key_list *out_list,
                      struct error *error)
{
    struct key_record *items = arena_allocate(arena, (rows->count + 1) * sizeof *items);

    if (items == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The list is too large.");
    for (size_t i = 0; i < rows->count; i++)
        items[i] = (struct key_record){
            .id = rows_text(rows, i, 0),
            .public_pem = rows_text(rows, i, 1),
            .signs_from = rows_time(rows, i, 2),
            .can_sign = rows_bool(rows, i, 3),
        };
    *out_list = (struct key_list){items, rows->count};
    return true;
}

bool store_list_keys(struct database *database,
                     struct arena *arena,
                     int64_t now_us,
                     struct key_list *out_list,
                     struct error *error)
{
    struct parameter wanted[] = {parameter_time(now_us), parameter_int(TOKEN_KEYS_MAX)};
    struct rows rows;

    return database_query(database, arena, &list_keys, wanted, 2, &rows, error) &&
           read_keys(&rows, arena, out_list, error);
}

bool store_list_keys_within(struct transaction *transaction,
                            int64_t now_us,
                            struct key_list *out_list,
                            struct error *error)
{
    struct parameter wanted[] = {parameter_time(now_us), parameter_int(TOKEN_KEYS_MAX)};
    struct rows rows;

    return transaction_query(transaction, &list_keys, wanted, 2, &rows, error) &&
           read_keys(&rows, transaction_arena(transaction), out_list, error);
}

bool store_find_private_key(struct database *database,
                            struct arena *arena,
                            const char *key_id,
                            const char **out_pem,
                            struct error *error)
{
    static const struct statement find = {"key_private",
                                          "SELECT private_pem FROM signing_keys WHERE id = $1"};
    struct parameter wanted = parameter_text(key_id);
    struct rows rows;

    if (!database_query(database, arena, &find, &wanted, 1, &rows, error))
        return false;
    *out_pem = rows.count == 0 ? NULL : rows_text(&rows, 0, 0);
    return true;
}

bool store_queue_key(struct transaction *transaction,
                     const struct token_key *key,
                     int64_t signs_from,
                     struct error *error)
{
    static const struct statement insert = {
        "key_insert", "INSERT INTO signing_keys (id, private_pem, public_pem, signs_from)"
                      " VALUES ($1, $2, $3, $4)"};

    return transaction_queue(transaction, &insert,
                             (struct parameter[]){
                                 parameter_text(key->id),
                                 parameter_text(key->private_pem),
                                 parameter_text(key->public_pem),
                                 parameter_time(signs_from),
                             },
                             4, NULL, error);
}

bool store_queue_key_ends(struct transaction *transaction, int64_t ends_at, struct error *error)
{
    static const struct statement end = {
        "key_end", "UPDATE signing_keys SET ends_at = $1 WHERE ends_at IS NULL OR ends_at > $1"};
    struct parameter when = parameter_time(ends_at);

    return transaction_queue(transaction, &end, &when, 1, NULL, error);
}

bool store_queue_key_tidying(struct transaction *transaction,
                             int64_t now_us,
                             int64_t succeeded_by,
                             struct error *error)
{
    static const struct statement ended = {"key_prune",
                                           "DELETE FROM signing_keys WHERE ends_at <= $1"};
    static const struct statement succeeded = {
        "key_disarm", "UPDATE signing_keys SET private_pem = NULL"
                      " WHERE private_pem IS NOT NULL AND ends_at IS NOT NULL AND signs_from <"
                      " (SELECT max(signs_from) FROM signing_keys WHERE signs_from <= $1)"};
    struct parameter now = parameter_time(now_us);
    struct parameter since = parameter_time(succeeded_by);

    return transaction_queue(transaction, &ended, &now, 1, NULL, error) &&
           transaction_queue(transaction, &succeeded, &since, 1, NULL, error);
}
