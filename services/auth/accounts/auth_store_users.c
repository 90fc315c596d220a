// SPDX-License-Identifier: MIT
// auth_store_users: changing users, and looking through all of them.
#include "auth_store.h"

bool store_lock_user(struct transaction *transaction,
                     enum user_key key,
                     const char *value,
                     struct user_record **out_user,
                     struct error *error)
{
    static const struct statement by_key[] = {
        [USER_BY_ID] = {"user_lock_by_id",
                        "SELECT " USER_COLUMNS " FROM users u WHERE u.id = $1 FOR UPDATE"},
        [USER_BY_USERNAME] = {"user_lock_by_username",
                              "SELECT " USER_COLUMNS " FROM users u"
                              " WHERE lower(u.username) = lower($1) FOR UPDATE"},
        [USER_BY_EMAIL] = {"user_lock_by_email", "SELECT " USER_COLUMNS " FROM users u"
                                                 " WHERE lower(u.email) = lower($1) FOR UPDATE"},
    };
    struct parameter wanted = parameter_text(value);
    struct rows rows;

    return transaction_query(transaction, &by_key[key], &wanted, 1, &rows, error) &&
           store_take_user(&rows, transaction_arena(transaction), out_user, error);
}

bool store_queue_change(struct transaction *transaction,
                        const char *user_id,
                        const struct user_change *change,
                        struct error *error)
{
    static const struct statement update = {
        "user_change",
        "UPDATE users SET email = CASE WHEN $2::text IS NULL THEN email ELSE nullif($2, '') END,"
        " first_name = CASE WHEN $3::text IS NULL THEN first_name ELSE nullif($3, '') END,"
        " last_name = CASE WHEN $4::text IS NULL THEN last_name ELSE nullif($4, '') END,"
        " password_hash = coalesce($5, password_hash), role = coalesce($6, role),"
        " is_active = coalesce($7, is_active) WHERE id = $1"};
    const char *role = change->is_administrator ? "administrator" : "user";

    return transaction_queue(
        transaction, &update,
        (struct parameter[]){
            parameter_text(user_id),
            parameter_text(change->email),
            parameter_text(change->first_name),
            parameter_text(change->last_name),
            parameter_text(change->password_hash),
            parameter_text(change->has_role ? role : NULL),
            change->has_is_active ? parameter_bool(change->is_active) : parameter_null(),
        },
        7, NULL, error);
}

bool store_queue_forget(struct transaction *transaction, const char *user_id, struct error *error)
{
    static const struct statement forget = {
        "user_forget", "UPDATE users SET is_active = false, deleted_at = now(), role = 'user',"
                       " password_hash = NULL, email = NULL, first_name = NULL, last_name = NULL"
                       " WHERE id = $1"};
    static const struct statement places = {"known_place_forget",
                                            "DELETE FROM known_places WHERE user_id = $1"};
    struct parameter user = parameter_text(user_id);

    return transaction_queue(transaction, &forget, &user, 1, NULL, error) &&
           transaction_queue(transaction, &places, &user, 1, NULL, error);
}

// Ranges and not LIKE: they are looked up in an index whatever the beginning is, also by a plan
// that was made before it was known. U+10FFFF is no character, and comes after all that are.
#define USERNAME_BEGINS                                                                            \
    "lower(username) COLLATE \"C\" >= lower($5)"                                                   \
    " AND lower(username) COLLATE \"C\" < lower($5) || chr(1114111)"
#define EMAIL_BEGINS                                                                               \
    "lower(email) COLLATE \"C\" >= lower($5) AND lower(email) COLLATE \"C\" < lower($5) || "       \
    "chr(1114111)"
#define PAGE                                                                                       \
    " WHERE ($1::uuid IS NULL OR u.id < $1) AND ($2::text IS NULL OR u.role = $2)"                 \
    " AND ($3::boolean IS NULL OR u.is_active = $3) ORDER BY u.id DESC LIMIT $4::bigint"

bool store_page_users(struct database *database,
                      struct arena *arena,
                      const struct user_filter *filter,
                      struct user_record **out_users,
                      size_t *out_count,
                      struct error *error)
{
    static const struct statement all = {"user_page", "SELECT " USER_COLUMNS " FROM users u" PAGE};
    static const struct statement found = {
        "user_search", "SELECT " USER_COLUMNS " FROM (SELECT * FROM users WHERE " USERNAME_BEGINS
                       " UNION ALL SELECT * FROM users WHERE " EMAIL_BEGINS
                       " AND NOT (" USERNAME_BEGINS ")) u" PAGE};
    bool searches = filter->beginning != NULL && filter->beginning[0] != '\0';
    struct user_record *users = NULL;
    struct rows rows;

    if (!database_query(
            database, arena, searches ? &found : &all,
            (struct parameter[]){
                parameter_text(filter->before_id),
                parameter_text(filter->role),
                filter->has_is_active ? parameter_bool(filter->is_active) : parameter_null(),
                parameter_int((int64_t)filter->limit),
                parameter_text(filter->beginning),
            },
            searches ? 5 : 4, &rows, error))
        return false;
    users = arena_allocate(arena, (rows.count + 1) * sizeof *users);
    if (users == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The list is too large.");
    for (size_t i = 0; i < rows.count; i++)
        users[i] = store_read_user(&rows, i, 0);
    *out_users = users;
    *out_count = rows.count;
    return true;
}

bool store_count_users(struct database *database,
                       struct arena *arena,
                       struct user_counts *out_counts,
                       struct error *error)
{
    static const struct statement count = {
        "user_count",
        "SELECT count(*), count(*) FILTER (WHERE is_active),"
        " count(*) FILTER (WHERE is_active AND role = 'administrator'),"
        " (SELECT count(*) FROM sessions WHERE ended_at IS NULL AND expires_at > now())"
        " FROM users WHERE deleted_at IS NULL"};
    struct rows rows;

    if (!database_query(database, arena, &count, NULL, 0, &rows, error))
        return false;
    *out_counts = (struct user_counts){
        .users = rows_int(&rows, 0, 0),
        .active = rows_int(&rows, 0, 1),
        .administrators = rows_int(&rows, 0, 2),
        .sessions = rows_int(&rows, 0, 3),
    };
    return true;
}

bool store_has_other_administrator(struct transaction *transaction,
                                   const char *user_id,
                                   bool *out_has,
                                   struct error *error)
{
    static const struct statement find = {
        "administrator_other", "SELECT 1 FROM users WHERE role = 'administrator' AND is_active"
                               " AND password_hash IS NOT NULL AND id <> $1 LIMIT 1"};
    struct parameter user = parameter_text(user_id);
    struct rows rows;

    if (!transaction_query(transaction, &find, &user, 1, &rows, error))
        return false;
    *out_has = rows.count > 0;
    return true;
}
