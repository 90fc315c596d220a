// SPDX-License-Identifier: MIT
// auth_store: all SQL of auth. Users and keys in auth_store.c, sessions in auth_store_sessions.c.
//
// Threads: any. Memory: what is found lives in the arena given, or in the transaction's.
#pragma once

#include "base/digest.h"
#include "database/database.h"
#include "token/token.h"

struct user_record {
    const char *id;
    const char *username;
    const char *email; // NULL for none, as the next three
    const char *first_name;
    const char *last_name;
    const char *password_hash;
    bool is_administrator;
    bool is_active;
    int64_t created_at;
    bool has_first_cash; // else the configured starting cash
    int64_t first_cash_micros;
    bool first_portfolio_ready;
};

// Queued: goes out with the next flush or the commit. A name or address that is taken shows there,
// as a CONFLICT that store_name_conflict turns into the reason.
MUST_CHECK bool store_queue_user(struct transaction *transaction,
                                 const struct user_record *user,
                                 struct error *error);
void store_name_conflict(struct error *error);

// Finds a user by id, username or e-mail address (the latter two in either case). `out_user` is
// NULL when there is none; that is a success too.
enum user_key { USER_BY_ID, USER_BY_USERNAME, USER_BY_EMAIL };
MUST_CHECK bool store_find_user(struct database *database,
                                struct arena *arena,
                                enum user_key key,
                                const char *value,
                                struct user_record **out_user,
                                struct error *error);

MUST_CHECK bool
store_has_administrator(struct transaction *transaction, bool *out_has, struct error *error);

// Makes other replicas wait here until this transaction ends.
MUST_CHECK bool store_lock(struct transaction *transaction, const char *name, struct error *error);

// The newest pair; `out_key` is untouched and `out_found` false when there is none yet.
MUST_CHECK bool store_newest_key(struct transaction *transaction,
                                 struct token_key *out_key,
                                 bool *out_found,
                                 struct error *error);
MUST_CHECK bool
store_insert_key(struct transaction *transaction, const struct token_key *key, struct error *error);

// Rows of id and public_pem, the newest first, at most 16.
MUST_CHECK bool store_list_keys(struct database *database,
                                struct arena *arena,
                                struct rows *out_rows,
                                struct error *error);

// Users whose first portfolio is still to be opened, those tried longest ago first. One that was
// tried in the last half minute is left out.
MUST_CHECK bool store_list_without_portfolio(struct database *database,
                                             struct arena *arena,
                                             struct user_record **out_users,
                                             size_t *out_count,
                                             struct error *error);
MUST_CHECK bool store_mark_portfolio(struct database *database,
                                     struct arena *arena,
                                     const char *user_id,
                                     bool ready,
                                     struct error *error);

struct new_session {
    const char *user_id;
    const char *id;
    const char *refresh_hash;  // NULL: access tokens only
    const char *password_hash; // NULL: leave the user's as it is
    int64_t lifetime_us;
};
MUST_CHECK bool store_start_session(struct database *database,
                                    struct arena *arena,
                                    const struct new_session *session,
                                    struct error *error);

enum refresh_outcome {
    REFRESH_DONE,
    REFRESH_REFUSED, // unknown, or of a session that is over
    REFRESH_REUSED,  // spent before: the session has been ended now
};

struct refresh {
    const char *hash;
    const char *new_hash;
    int64_t lifetime_us;
    // Filled:
    enum refresh_outcome outcome;
    char session_id[UUID_SIZE];
    struct user_record *user; // of REFRESH_DONE
};
MUST_CHECK bool store_refresh(struct database *database,
                              struct arena *arena,
                              struct refresh *refresh,
                              struct error *error);

// Queued. Ending a session that has ended changes nothing.
MUST_CHECK bool store_queue_end(struct transaction *transaction,
                                const char *user_id,
                                const char *session_id,
                                struct error *error);

struct revocation_record {
    const char *session_id;
    int64_t revoked_at;
};
struct revocation_list {
    struct revocation_record *items;
    size_t count;
    int64_t as_of; // the database's time
    bool more;
};
// Sessions that ended at `since` or later, in that order, at most 4000.
MUST_CHECK bool store_list_revocations(struct database *database,
                                       struct arena *arena,
                                       int64_t since,
                                       struct revocation_list *out_list,
                                       struct error *error);

// Deletes revocations older than an hour and sessions that expired a day ago, some at a time. True
// when there may be more.
bool store_prune_sessions(struct database *database, struct arena *arena);

// For auth_store*.c alone: a user from columns USER_COLUMNS, beginning at `column`.
#define USER_COLUMNS                                                                               \
    "u.id, u.username, u.email, u.first_name, u.last_name, u.password_hash, u.role,"               \
    " u.is_active, u.created_at, u.first_portfolio_cash, u.first_portfolio_ready"
enum { USER_COLUMN_COUNT = 11 };
struct user_record store_read_user(const struct rows *rows, size_t row, size_t column);
