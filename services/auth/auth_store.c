// SPDX-License-Identifier: MIT
#include "auth_store.h"

#include "accounts/user.h"
#include "money/money.h"

#include <string.h>

enum { WITHOUT_PORTFOLIO_MAX = 50 };

struct user_record store_read_user(const struct rows *rows, size_t row, size_t column)
{
    return (struct user_record){
        .id = rows_text(rows, row, column),
        .username = rows_text(rows, row, column + 1),
        .email = rows_text(rows, row, column + 2),
        .first_name = rows_text(rows, row, column + 3),
        .last_name = rows_text(rows, row, column + 4),
        .password_hash = rows_text(rows, row, column + 5),
        .is_administrator = strcmp(rows_text(rows, row, column + 6), "administrator") == 0,
        .is_active = rows_bool(rows, row, column + 7),
        .created_at = rows_time(rows, row, column + 8),
        .has_first_cash = !rows_is_null(rows, row, column + 9),
        .first_cash_micros = rows_decimal(rows, row, column + 9, MONEY_SCALE),
        .first_portfolio_ready = rows_bool(rows, row, column + 10),
        .is_deleted = !rows_is_null(rows, row, column + 11),
        .deleted_at = rows_time(rows, row, column + 11),
    };
}

bool store_queue_user(struct transaction *transaction,
                      const struct user_record *user,
                      struct error *error)
{
    static const struct statement insert = {
        "user_insert",
        "INSERT INTO users (id, username, email, first_name, last_name, role, password_hash,"
        " created_at, first_portfolio_cash, skeleton)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"};
    char skeleton[USERNAME_SKELETON_SIZE];

    username_skeleton(user->username, skeleton);
    return transaction_queue(transaction, &insert,
                             (struct parameter[]){
                                 parameter_text(user->id),
                                 parameter_text(user->username),
                                 parameter_text(user->email),
                                 parameter_text(user->first_name),
                                 parameter_text(user->last_name),
                                 parameter_text(user->is_administrator ? "administrator" : "user"),
                                 parameter_text(user->password_hash),
                                 parameter_time(user->created_at),
                                 user->has_first_cash
                                     ? parameter_decimal(user->first_cash_micros, MONEY_SCALE)
                                     : parameter_null(),
                                 parameter_text(skeleton),
                             },
                             10, NULL, error);
}

void store_name_conflict(struct error *error)
{
    const char *constraint = error_constraint(error);

    if (strcmp(constraint, "users_username_key") == 0)
        error_set(error, REASON_USERNAME_TAKEN, "This username is taken.");
    else if (strcmp(constraint, "users_skeleton_key") == 0)
        error_set(error, REASON_USERNAME_TAKEN,
                  "This username looks too much like one that is taken.");
    else if (strcmp(constraint, "users_email_key") == 0)
        error_set(error, REASON_EMAIL_TAKEN, "This e-mail address is in use.");
}

bool store_take_user(const struct rows *rows,
                     struct arena *arena,
                     struct user_record **out_user,
                     struct error *error)
{
    struct user_record *user = NULL;

    if (rows->count > 0) {
        user = arena_allocate(arena, sizeof *user);
        if (user == NULL)
            return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The request is too large.");
        *user = store_read_user(rows, 0, 0);
    }
    *out_user = user;
    return true;
}

bool store_find_user(struct database *database,
                     struct arena *arena,
                     enum user_key key,
                     const char *value,
                     struct user_record **out_user,
                     struct error *error)
{
    static const struct statement by_key[] = {
        [USER_BY_ID] = {"user_by_id", "SELECT " USER_COLUMNS " FROM users u WHERE u.id = $1"},
        [USER_BY_USERNAME] = {"user_by_username", "SELECT " USER_COLUMNS " FROM users u"
                                                  " WHERE lower(u.username) = lower($1)"},
        [USER_BY_EMAIL] = {"user_by_email",
                           "SELECT " USER_COLUMNS " FROM users u WHERE lower(u.email) = lower($1)"},
    };
    struct parameter wanted = parameter_text(value);
    struct rows rows;

    return database_query(database, arena, &by_key[key], &wanted, 1, &rows, error) &&
           store_take_user(&rows, arena, out_user, error);
}

bool store_has_administrator(struct transaction *transaction, bool *out_has, struct error *error)
{
    static const struct statement find = {
        "administrator_find", "SELECT 1 FROM users WHERE role = 'administrator' LIMIT 1"};
    struct rows rows;

    if (!transaction_query(transaction, &find, NULL, 0, &rows, error))
        return false;
    *out_has = rows.count > 0;
    return true;
}

bool store_lock(struct transaction *transaction, const char *name, struct error *error)
{
    static const struct statement lock = {"lock_take",
                                          "SELECT name FROM locks WHERE name = $1 FOR UPDATE"};
    struct parameter wanted = parameter_text(name);

    return transaction_query(transaction, &lock, &wanted, 1, NULL, error);
}

bool store_list_without_portfolio(struct database *database,
                                  struct arena *arena,
                                  struct user_record **out_users,
                                  size_t *out_count,
                                  struct error *error)
{
    static const struct statement list = {
        "user_without_portfolio",
        "SELECT " USER_COLUMNS " FROM users u WHERE NOT u.first_portfolio_ready"
        " AND (u.first_portfolio_tried_at IS NULL"
        "  OR u.first_portfolio_tried_at < now() - interval '30 seconds')"
        " ORDER BY u.first_portfolio_tried_at NULLS FIRST, u.created_at LIMIT $1::bigint"};
    struct parameter most = parameter_int(WITHOUT_PORTFOLIO_MAX);
    struct user_record *users = NULL;
    struct rows rows;

    if (!database_query(database, arena, &list, &most, 1, &rows, error))
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

bool store_mark_portfolio(struct database *database,
                          struct arena *arena,
                          const char *user_id,
                          bool ready,
                          struct error *error)
{
    static const struct statement mark = {
        "user_mark_portfolio",
        "UPDATE users SET first_portfolio_ready = first_portfolio_ready OR $2,"
        " first_portfolio_tried_at = now() WHERE id = $1"};

    return database_query(database, arena, &mark,
                          (struct parameter[]){parameter_text(user_id), parameter_bool(ready)}, 2,
                          NULL, error);
}

bool store_prune(struct database *database,
                 struct arena *arena,
                 const struct statement *statement,
                 int64_t most)
{
    struct parameter limit = parameter_int(most);
    struct rows rows = {0};
    struct error error;

    return database_query(database, arena, statement, &limit, 1, &rows, &error) &&
           rows.affected == most;
}
