// SPDX-License-Identifier: MIT
#include "auth_store.h"

#include <string.h>

enum { REVOCATIONS_LISTED_MAX = 4000, PRUNED_AT_ONCE = 1000, SPENT_TOKENS_MAX = 100 };

// Who is being deactivated, or given another password, holds the row: afterwards no session begins.
static bool
check_user(struct transaction *transaction, const struct new_session *session, struct error *error)
{
    static const struct statement share = {
        "session_user", "SELECT 1 FROM users WHERE id = $1 AND is_active"
                        " AND ($2::text IS NULL OR password_hash = $2) FOR SHARE"};
    static const struct statement lock = {
        "session_user_lock", "SELECT 1 FROM users WHERE id = $1 AND is_active"
                             " AND ($2::text IS NULL OR password_hash = $2) FOR NO KEY UPDATE"};
    struct rows rows;

    if (!transaction_query(transaction, session->password_hash == NULL ? &share : &lock,
                           (struct parameter[]){
                               parameter_text(session->user_id),
                               parameter_text(session->verified_hash),
                           },
                           2, &rows, error))
        return false;
    return rows.count > 0 ||
           error_set(error, REASON_INVALID_CREDENTIALS, "The name or the password is wrong.");
}

static bool
queue_row(struct transaction *transaction, const struct new_session *session, struct error *error)
{
    static const struct statement insert = {
        "session_insert",
        "INSERT INTO sessions (user_id, id, expires_at, device, client_address, cookie_hash)"
        " VALUES ($1, $2, now() + $3::bigint * interval '1 microsecond', $4, $5, $6)"};

    return transaction_queue(transaction, &insert,
                             (struct parameter[]){
                                 parameter_text(session->user_id),
                                 parameter_text(session->id),
                                 parameter_int(session->lifetime_us),
                                 parameter_text(session->device),
                                 parameter_text(session->client_address),
                                 parameter_text(session->cookie_hash),
                             },
                             6, NULL, error);
}

// The sessions used longest ago make room.
static bool queue_room(struct transaction *transaction, const char *user_id, struct error *error)
{
    static const struct statement end = {
        "session_room",
        "WITH oldest AS (SELECT id FROM sessions WHERE user_id = $1 AND ended_at IS NULL"
        " AND expires_at > now() ORDER BY used_at DESC, id DESC OFFSET $2::bigint),"
        " ended AS (UPDATE sessions s SET ended_at = now() FROM oldest"
        " WHERE s.user_id = $1 AND s.id = oldest.id RETURNING s.id)"
        " INSERT INTO revocations (user_id, session_id, revoked_at)"
        " SELECT $1, id, clock_timestamp() FROM ended ON CONFLICT DO NOTHING"};

    return transaction_queue(
        transaction, &end,
        (struct parameter[]){parameter_text(user_id), parameter_int(SESSIONS_MAX)}, 2, NULL, error);
}

static bool queue_refresh_token(struct transaction *transaction,
                                const char *user_id,
                                const char *session_id,
                                const char *hash,
                                struct error *error)
{
    static const struct statement insert = {
        "refresh_insert",
        "INSERT INTO refresh_tokens (user_id, session_id, hash) VALUES ($1, $2, $3)"};

    return transaction_queue(transaction, &insert,
                             (struct parameter[]){
                                 parameter_text(user_id),
                                 parameter_text(session_id),
                                 parameter_text(hash),
                             },
                             3, NULL, error);
}

static bool queue_password(struct transaction *transaction,
                           const struct new_session *session,
                           struct error *error)
{
    static const struct statement update = {"user_password",
                                            "UPDATE users SET password_hash = $2 WHERE id = $1"};

    return transaction_queue(transaction, &update,
                             (struct parameter[]){
                                 parameter_text(session->user_id),
                                 parameter_text(session->password_hash),
                             },
                             2, NULL, error);
}

bool store_queue_session(struct transaction *transaction,
                         const struct new_session *session,
                         struct error *error)
{
    return check_user(transaction, session, error) && queue_row(transaction, session, error) &&
           queue_room(transaction, session->user_id, error) &&
           (session->refresh_hash == NULL ||
            queue_refresh_token(transaction, session->user_id, session->id, session->refresh_hash,
                                error)) &&
           (session->password_hash == NULL || queue_password(transaction, session, error)) &&
           (session->login == NULL ||
            store_queue_right_login(transaction, session->user_id, session->login, error));
}

// Queued. Ending a session that has ended changes nothing.
static bool queue_end(struct transaction *transaction,
                      const char *user_id,
                      const char *session_id,
                      struct error *error)
{
    static const struct statement end = {"session_end",
                                         "UPDATE sessions SET ended_at = now()"
                                         " WHERE user_id = $1 AND id = $2 AND ended_at IS NULL"};
    // The clock of this very moment, not of the transaction's beginning: those who ask for what
    // ended since a time must not miss it.
    static const struct statement revoke = {
        "revocation_insert", "INSERT INTO revocations (user_id, session_id, revoked_at)"
                             " VALUES ($1, $2, clock_timestamp()) ON CONFLICT DO NOTHING"};
    struct parameter ids[] = {parameter_text(user_id), parameter_text(session_id)};

    return transaction_queue(transaction, &end, ids, 2, NULL, error) &&
           transaction_queue(transaction, &revoke, ids, 2, NULL, error);
}

bool store_end_session(struct transaction *transaction,
                       const char *user_id,
                       const char *session_id,
                       bool *out_found,
                       struct error *error)
{
    static const struct statement find = {
        "session_open", "SELECT 1 FROM sessions WHERE user_id = $1 AND id = $2"
                        " AND ended_at IS NULL AND expires_at > now() FOR UPDATE"};
    struct rows rows;

    if (!transaction_query(transaction, &find,
                           (struct parameter[]){
                               parameter_text(user_id),
                               parameter_text(session_id),
                           },
                           2, &rows, error))
        return false;
    *out_found = rows.count > 0;
    return !*out_found || queue_end(transaction, user_id, session_id, error);
}

bool store_end_sessions(struct transaction *transaction,
                        const char *user_id,
                        const char *but_id,
                        struct rows *out_ids,
                        struct error *error)
{
    static const struct statement end = {
        "session_end_all",
        "WITH ended AS (UPDATE sessions SET ended_at = now() WHERE user_id = $1"
        " AND ended_at IS NULL AND ($2::uuid IS NULL OR id <> $2) RETURNING id)"
        " INSERT INTO revocations (user_id, session_id, revoked_at)"
        " SELECT $1, id, clock_timestamp() FROM ended ON CONFLICT DO NOTHING RETURNING session_id"};

    return transaction_query(transaction, &end,
                             (struct parameter[]){
                                 parameter_text(user_id),
                                 parameter_text(but_id),
                             },
                             2, out_ids, error);
}

bool store_page_sessions(struct database *database,
                         struct arena *arena,
                         const char *user_id,
                         const char *before_id,
                         size_t limit,
                         struct session_record **out_sessions,
                         size_t *out_count,
                         struct error *error)
{
    static const struct statement page = {
        "session_page",
        "SELECT id, device, client_address, cookie_hash IS NOT NULL, created_at, used_at,"
        " expires_at FROM sessions WHERE user_id = $1 AND ended_at IS NULL AND expires_at > now()"
        " AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3::bigint"};
    struct session_record *sessions = NULL;
    struct rows rows;

    if (!database_query(database, arena, &page,
                        (struct parameter[]){
                            parameter_text(user_id),
                            parameter_text(before_id),
                            parameter_int((int64_t)limit),
                        },
                        3, &rows, error))
        return false;
    sessions = arena_allocate(arena, (rows.count + 1) * sizeof *sessions);
    if (sessions == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The list is too large.");
    for (size_t i = 0; i < rows.count; i++)
        sessions[i] = (struct session_record){
            .id = rows_text(&rows, i, 0),
            .device = rows_text(&rows, i, 1),
            .client_address = rows_text(&rows, i, 2),
            .is_in_cookie = rows_bool(&rows, i, 3),
            .created_at = rows_time(&rows, i, 4),
            .used_at = rows_time(&rows, i, 5),
            .expires_at = rows_time(&rows, i, 6),
        };
    *out_sessions = sessions;
    *out_count = rows.count;
    return true;
}

static bool find_refresh_token(struct transaction *transaction,
                               const char *hash,
                               struct rows *out_rows,
                               struct error *error)
{
    // The lock lets only one of two calls with the same token spend it.
    static const struct statement find = {
        "refresh_find", "SELECT " USER_COLUMNS ", s.id, t.spent_at IS NOT NULL,"
                        " s.ended_at IS NOT NULL OR s.expires_at <= now()"
                        " FROM refresh_tokens t"
                        " JOIN sessions s ON s.user_id = t.user_id AND s.id = t.session_id"
                        " JOIN users u ON u.id = t.user_id"
                        " WHERE t.hash = $1 FOR UPDATE OF t, s FOR SHARE OF u"};
    struct parameter wanted = parameter_text(hash);

    return transaction_query(transaction, &find, &wanted, 1, out_rows, error);
}

static bool
spend(struct transaction *transaction, const struct refresh *refresh, struct error *error)
{
    static const struct statement mark = {"refresh_spend",
                                          "UPDATE refresh_tokens SET spent_at = now()"
                                          " WHERE user_id = $1 AND session_id = $2 AND hash = $3"};
    static const struct statement extend = {
        "session_extend", "UPDATE sessions SET used_at = now(), expires_at = least("
                          " now() + $3::bigint * interval '1 microsecond',"
                          " created_at + $4::bigint * interval '1 microsecond')"
                          " WHERE user_id = $1 AND id = $2"};
    // Those of long ago only fill the table: who has a copy of one is refused all the same.
    static const struct statement forget = {
        "refresh_forget",
        "DELETE FROM refresh_tokens WHERE user_id = $1 AND session_id = $2 AND hash IN"
        " (SELECT hash FROM refresh_tokens WHERE user_id = $1 AND session_id = $2"
        " AND spent_at IS NOT NULL ORDER BY spent_at DESC OFFSET $3::bigint)"};
    struct parameter user = parameter_text(refresh->user->id);
    struct parameter session = parameter_text(refresh->session_id);

    return transaction_queue(transaction, &mark,
                             (struct parameter[]){user, session, parameter_text(refresh->hash)}, 3,
                             NULL, error) &&
           transaction_queue(transaction, &extend,
                             (struct parameter[]){user, session,
                                                  parameter_int(refresh->lifetime_us),
                                                  parameter_int(refresh->lifetime_whole_us)},
                             4, NULL, error) &&
           transaction_queue(transaction, &forget,
                             (struct parameter[]){user, session, parameter_int(SPENT_TOKENS_MAX)},
                             3, NULL, error) &&
           queue_refresh_token(transaction, refresh->user->id, refresh->session_id,
                               refresh->new_hash, error);
}

// Counts the refresh for its session; `refresh->wait_us` is above 0 when there are too many.
static bool
take_refresh(struct transaction *transaction, struct refresh *refresh, struct error *error)
{
    struct rate_claim claim;
    struct rows rows = {0};

    refresh->wait_us = 0;
    if (!rate_limit_is_on(refresh->limit))
        return true;
    claim = rate_claim_of(refresh->limit_key, refresh->limit, refresh->session_id, 1);
    if (!rate_limit_queue(transaction, &claim, 1, &rows, error) ||
        !transaction_flush(transaction, error))
        return false;
    rate_limit_read(&rows, &claim, 1);
    refresh->wait_us = claim.granted == 1 ? 0 : claim.wait_us;
    return true;
}

bool store_refresh(struct transaction *transaction, struct refresh *refresh, struct error *error)
{
    bool spent = false;
    bool over = false;
    struct rows rows;

    refresh->outcome = REFRESH_REFUSED;
    if (!find_refresh_token(transaction, refresh->hash, &rows, error))
        return false;
    if (rows.count == 0)
        return true;
    refresh->user = arena_allocate(transaction_arena(transaction), sizeof *refresh->user);
    if (refresh->user == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The request is too large.");
    *refresh->user = store_read_user(&rows, 0, 0);
    memcpy(refresh->session_id, rows_text(&rows, 0, USER_COLUMN_COUNT), UUID_SIZE);
    spent = rows_bool(&rows, 0, USER_COLUMN_COUNT + 1);
    over = rows_bool(&rows, 0, USER_COLUMN_COUNT + 2);
    if (over || !refresh->user->is_active)
        return true;
    refresh->outcome = REFRESH_REUSED;
    if (spent)
        return queue_end(transaction, refresh->user->id, refresh->session_id, error);
    if (!take_refresh(transaction, refresh, error))
        return false;
    refresh->outcome = refresh->wait_us > 0 ? REFRESH_PUT_OFF : REFRESH_DONE;
    return refresh->wait_us > 0 || spend(transaction, refresh, error);
}

bool store_use_cookie(struct database *database,
                      struct arena *arena,
                      struct cookie_use *use,
                      struct error *error)
{
    static const struct statement statement = {
        "session_use_cookie",
        "UPDATE sessions s SET used_at = now(), expires_at = least("
        " now() + $2::bigint * interval '1 microsecond',"
        " s.created_at + $3::bigint * interval '1 microsecond') FROM users u"
        " WHERE s.cookie_hash = $1 AND s.ended_at IS NULL AND s.expires_at > now()"
        " AND u.id = s.user_id AND u.is_active RETURNING " USER_COLUMNS ", s.id"};
    struct rows rows;

    if (!database_query(database, arena, &statement,
                        (struct parameter[]){
                            parameter_text(use->hash),
                            parameter_int(use->lifetime_us),
                            parameter_int(use->lifetime_whole_us),
                        },
                        3, &rows, error) ||
        !store_take_user(&rows, arena, &use->user, error))
        return false;
    if (rows.count > 0)
        memcpy(use->session_id, rows_text(&rows, 0, USER_COLUMN_COUNT), UUID_SIZE);
    return true;
}

struct listing {
    int64_t since;
    struct revocation_list list;
};

static bool list_revocations(struct transaction *transaction, void *context, struct error *error)
{
    static const struct statement now = {"now", "SELECT clock_timestamp()"};
    static const struct statement list = {
        "revocation_list", "SELECT session_id, revoked_at FROM revocations WHERE revoked_at >= $1"
                           " ORDER BY revoked_at LIMIT $2::bigint"};
    struct listing *listing = context;
    struct arena *arena = transaction_arena(transaction);
    struct rows times;
    struct rows rows;

    // One more than is told of, to know whether there are more.
    if (!transaction_queue(transaction, &now, NULL, 0, &times, error) ||
        !transaction_queue(transaction, &list,
                           (struct parameter[]){
                               parameter_time(listing->since),
                               parameter_int(REVOCATIONS_LISTED_MAX + 1),
                           },
                           2, &rows, error) ||
        !transaction_flush(transaction, error))
        return false;
    listing->list = (struct revocation_list){
        .items = arena_allocate(arena, (rows.count + 1) * sizeof *listing->list.items),
        .count = rows.count > REVOCATIONS_LISTED_MAX ? REVOCATIONS_LISTED_MAX : rows.count,
        .as_of = rows_time(&times, 0, 0),
        .more = rows.count > REVOCATIONS_LISTED_MAX,
    };
    if (listing->list.items == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The list is too large.");
    for (size_t i = 0; i < listing->list.count; i++)
        listing->list.items[i] =
            (struct revocation_record){rows_text(&rows, i, 0), rows_time(&rows, i, 1)};
    return true;
}

bool store_list_revocations(struct database *database,
                            struct arena *arena,
                            int64_t since,
                            struct revocation_list *out_list,
                            struct error *error)
{
    struct listing listing = {.since = since};

    if (!database_transact(database, arena, TRANSACTION_READ_ONLY, list_revocations, &listing,
                           error))
        return false;
    *out_list = listing.list;
    return true;
}

bool store_prune_sessions(struct database *database, struct arena *arena)
{
    static const struct statement revocations = {
        "revocation_prune", "DELETE FROM revocations WHERE (user_id, session_id) IN"
                            " (SELECT user_id, session_id FROM revocations"
                            " WHERE revoked_at < now() - interval '1 hour' LIMIT $1::bigint)"};
    static const struct statement sessions = {
        "session_prune", "DELETE FROM sessions WHERE (user_id, id) IN"
                         " (SELECT user_id, id FROM sessions"
                         " WHERE expires_at < now() - interval '1 day' LIMIT $1::bigint)"};
    bool more = store_prune(database, arena, &revocations, PRUNED_AT_ONCE);

    return store_prune(database, arena, &sessions, PRUNED_AT_ONCE) || more;
}
