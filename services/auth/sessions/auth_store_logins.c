// SPDX-License-Identifier: MIT
#include "auth_store.h"

enum {
    KNOWN_PLACES_MAX = 20, // of one user; the latest are kept
    PRUNED_AT_ONCE = 10000,
};

bool store_load_login_history(struct database *database,
                              struct arena *arena,
                              const struct login_keys *keys,
                              const char *user_id,
                              struct login_history *out_history,
                              struct error *error)
{
    static const struct statement load = {
        "login_history", "SELECT now(), w.count, w.last_at,"
                         " (SELECT full_at FROM rate_limits WHERE key = $2),"
                         " (SELECT full_at FROM rate_limits WHERE key = $3),"
                         " EXISTS (SELECT 1 FROM known_places WHERE user_id = $4 AND place = $5"
                         " AND used_at > now() - interval '30 days')"
                         " FROM (SELECT 1) AS one LEFT JOIN wrong_logins w ON w.key = $1"};
    struct rows rows;

    if (!database_query(database, arena, &load,
                        (struct parameter[]){
                            parameter_text(keys->pair),
                            parameter_text(keys->name),
                            parameter_text(keys->address),
                            parameter_text(user_id),
                            parameter_text(keys->place),
                        },
                        5, &rows, error))
        return false;
    *out_history = (struct login_history){
        .now = rows_time(&rows, 0, 0),
        .wrong = rows_int(&rows, 0, 1),
        .last_wrong_at = rows_time(&rows, 0, 2),
        .name_full_at = rows_time(&rows, 0, 3),
        .address_full_at = rows_time(&rows, 0, 4),
        .is_from_known_place = rows_bool(&rows, 0, 5),
    };
    return true;
}

struct wrong_login {
    const char *pair;
    int64_t count_max;
    const struct rate_claim *claims;
    size_t claim_count;
};

static bool count_wrong(struct transaction *transaction, void *context, struct error *error)
{
    static const struct statement count = {
        "wrong_login_count",
        "INSERT INTO wrong_logins AS w (key, count, last_at) VALUES ($1, 1, now())"
        " ON CONFLICT (key) DO UPDATE SET last_at = now(), count = least($2::bigint, CASE"
        " WHEN w.last_at <= now() - $3::bigint * interval '1 second' THEN 1 ELSE w.count + 1 END)"};
    const struct wrong_login *wrong = context;

    return transaction_queue(transaction, &count,
                             (struct parameter[]){
                                 parameter_text(wrong->pair),
                                 parameter_int(wrong->count_max),
                                 parameter_int(LOGIN_FORGET_SECONDS),
                             },
                             3, NULL, error) &&
           rate_limit_queue(transaction, wrong->claims, wrong->claim_count, NULL, error);
}

bool store_count_wrong_login(struct database *database,
                             struct arena *arena,
                             const char *pair,
                             int64_t count_max,
                             const struct rate_claim *claims,
                             size_t claim_count,
                             struct error *error)
{
    struct wrong_login wrong = {pair, count_max, claims, claim_count};

    if (database_transact(database, arena, 0, count_wrong, &wrong, error))
        return true;
    // Nothing that anybody asked for has been done.
    if (error->outcome_unknown)
        error_set(error, REASON_DATABASE_UNAVAILABLE, "The database cannot be reached.");
    return false;
}

bool store_queue_right_login(struct transaction *transaction,
                             const char *user_id,
                             const struct login_keys *keys,
                             struct error *error)
{
    static const struct statement forget = {"wrong_login_forget",
                                            "DELETE FROM wrong_logins WHERE key = $1"};
    static const struct statement remember = {
        "known_place_remember", "INSERT INTO known_places (user_id, place) VALUES ($1, $2)"
                                " ON CONFLICT (user_id, place) DO UPDATE SET used_at = now()"};
    static const struct statement trim = {"known_place_trim",
                                          "DELETE FROM known_places WHERE user_id = $1 AND place IN"
                                          " (SELECT place FROM known_places WHERE user_id = $1"
                                          " ORDER BY used_at DESC, place OFFSET $2::bigint)"};
    struct parameter pair = parameter_text(keys->pair);
    struct parameter user = parameter_text(user_id);

    return transaction_queue(transaction, &forget, &pair, 1, NULL, error) &&
           transaction_queue(transaction, &remember,
                             (struct parameter[]){user, parameter_text(keys->place)}, 2, NULL,
                             error) &&
           transaction_queue(transaction, &trim,
                             (struct parameter[]){user, parameter_int(KNOWN_PLACES_MAX)}, 2, NULL,
                             error);
}

bool store_prune_logins(struct database *database, struct arena *arena)
{
    static const struct statement wrong = {
        "wrong_login_prune", "DELETE FROM wrong_logins WHERE key IN (SELECT key FROM wrong_logins"
                             " WHERE last_at < now() - interval '30 minutes' LIMIT $1::bigint)"
                             " AND last_at < now() - interval '30 minutes'"};
    static const struct statement places = {
        "known_place_prune", "DELETE FROM known_places WHERE (user_id, place) IN"
                             " (SELECT user_id, place FROM known_places"
                             " WHERE used_at < now() - interval '30 days' LIMIT $1::bigint)"};
    bool more = store_prune(database, arena, &wrong, PRUNED_AT_ONCE);

    return store_prune(database, arena, &places, PRUNED_AT_ONCE) || more;
}
