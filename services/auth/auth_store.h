// SPDX-License-Identifier: MIT
// auth_store: all SQL of auth. Finding and making users in auth_store.c; changing users in
// auth_store_users.c; sessions, signing keys (auth_store_keys.c), API keys, the audit log, and what
// keeps passwords from being guessed (auth_store_logins.c) in files named after them.
//
// Threads: any. Memory: what is found lives in the arena given, or in the transaction's.
#pragma once

#include "base/digest.h"
#include "database/database.h"
#include "database/history.h"
#include "sessions/login_guard.h"
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
    bool is_deleted;
    int64_t deleted_at;
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

// The same within a transaction; nobody else can change the user, or begin a session, until it
// ends.
MUST_CHECK bool store_lock_user(struct transaction *transaction,
                                enum user_key key,
                                const char *value,
                                struct user_record **out_user,
                                struct error *error);

// What is to be another at a user. NULL leaves a text as it is and "" takes it away.
struct user_change {
    const char *email;
    const char *first_name;
    const char *last_name;
    const char *password_hash;
    bool has_role;
    bool is_administrator;
    bool has_is_active;
    bool is_active;
};
// Queued, as store_queue_user.
MUST_CHECK bool store_queue_change(struct transaction *transaction,
                                   const char *user_id,
                                   const struct user_change *change,
                                   struct error *error);

// Queued: forgets everything about the user but the id, the name and that there was one.
MUST_CHECK bool
store_queue_forget(struct transaction *transaction, const char *user_id, struct error *error);

// Who is shut out or has ended the account trades no more, and trading is to be told so, twice: at
// once, and when no token of theirs can be good any more. Queued, in the transaction that shuts the
// user out. Letting the user in again leaves the first of the two, if it has not been done, and
// ends the second.
MUST_CHECK bool
store_queue_trading_stop(struct transaction *transaction, const char *user_id, struct error *error);
MUST_CHECK bool store_queue_trading_stop_end(struct transaction *transaction,
                                             const char *user_id,
                                             struct error *error);

struct trading_stop {
    const char *user_id;
    int64_t asked_at;
    bool is_last;     // trading is not to be told again
    int64_t refusals; // by trading, in a row
};
// Some of those that trading is to be told of now: five seconds after it was told in vain, after a
// refusal ten, and after each further one twice as long, up to a minute.
MUST_CHECK bool store_list_trading_stops(struct database *database,
                                         struct arena *arena,
                                         struct trading_stop **out_stops,
                                         size_t *out_count,
                                         struct error *error);

enum trading_stop_answer {
    TRADING_STOP_DONE,
    TRADING_STOP_UNDER_WAY,
    TRADING_STOP_REFUSED,
};
// Notes what trading has answered. Unless the user has been shut out anew since: then it is all to
// be done again.
MUST_CHECK bool store_mark_trading_stop(struct database *database,
                                        struct arena *arena,
                                        const struct trading_stop *stop,
                                        enum trading_stop_answer answer,
                                        struct error *error);

struct user_filter {
    const char *before_id; // NULL for the first page
    const char *beginning; // of name or e-mail address, in either case; NULL or "" for all
    const char *role;      // NULL for all
    bool has_is_active;
    bool is_active;
    size_t limit;
};
// The newest first. With a beginning it costs what those cost who have it, however many users there
// are.
MUST_CHECK bool store_page_users(struct database *database,
                                 struct arena *arena,
                                 const struct user_filter *filter,
                                 struct user_record **out_users,
                                 size_t *out_count,
                                 struct error *error);

struct user_counts {
    int64_t users; // whose accounts have not ended
    int64_t active;
    int64_t administrators;
    int64_t sessions; // of all, that have not ended
};
MUST_CHECK bool store_count_users(struct database *database,
                                  struct arena *arena,
                                  struct user_counts *out_counts,
                                  struct error *error);

// True when somebody else than this user is an administrator who can log in. Whoever takes the role
// away holds the lock "administrator" meanwhile.
MUST_CHECK bool store_has_other_administrator(struct transaction *transaction,
                                              const char *user_id,
                                              bool *out_has,
                                              struct error *error);

MUST_CHECK bool
store_has_administrator(struct transaction *transaction, bool *out_has, struct error *error);

// Makes other replicas wait here until this transaction ends.
MUST_CHECK bool store_lock(struct transaction *transaction, const char *name, struct error *error);

// A signing key as everybody may see it.
struct key_record {
    const char *id;
    const char *public_pem;
    int64_t signs_from;
    bool can_sign; // its private part is still there
};
struct key_list {
    struct key_record *items; // the newest first
    size_t count;
};
// The keys that have not ended by `now`, at most TOKEN_KEYS_MAX.
MUST_CHECK bool store_list_keys(struct database *database,
                                struct arena *arena,
                                int64_t now_us,
                                struct key_list *out_list,
                                struct error *error);
MUST_CHECK bool store_list_keys_within(struct transaction *transaction,
                                       int64_t now_us,
                                       struct key_list *out_list,
                                       struct error *error);

// `out_pem` is NULL when the key, or its private part, is not there any more.
MUST_CHECK bool store_find_private_key(struct database *database,
                                       struct arena *arena,
                                       const char *key_id,
                                       const char **out_pem,
                                       struct error *error);

// Queued, as the next two.
MUST_CHECK bool store_queue_key(struct transaction *transaction,
                                const struct token_key *key,
                                int64_t signs_from,
                                struct error *error);

// All keys there are end at this time, those that end before it excepted.
MUST_CHECK bool
store_queue_key_ends(struct transaction *transaction, int64_t ends_at, struct error *error);

// Deletes keys that have ended by `now`, and the private parts of those whose successor has signed
// since `succeeded_by`.
MUST_CHECK bool store_queue_key_tidying(struct transaction *transaction,
                                        int64_t now_us,
                                        int64_t succeeded_by,
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

// What a login is counted by: keyed hashes.
struct login_keys {
    char name[RATE_KEY_SIZE];
    char address[RATE_KEY_SIZE];
    char pair[RATE_KEY_SIZE];  // of both
    char place[RATE_KEY_SIZE]; // of the user and the address
};

// `user_id` is the zero UUID for a name that nobody has; the same is read then.
MUST_CHECK bool store_load_login_history(struct database *database,
                                         struct arena *arena,
                                         const struct login_keys *keys,
                                         const char *user_id,
                                         struct login_history *out_history,
                                         struct error *error);

// Counts one wrong login for the pair, up to `count_max` in a row, and takes the claims.
MUST_CHECK bool store_count_wrong_login(struct database *database,
                                        struct arena *arena,
                                        const char *pair,
                                        int64_t count_max,
                                        const struct rate_claim *claims,
                                        size_t claim_count,
                                        struct error *error);

// Queued: ends the pair's count and remembers the place, the latest 20 of a user.
MUST_CHECK bool store_queue_right_login(struct transaction *transaction,
                                        const char *user_id,
                                        const struct login_keys *keys,
                                        struct error *error);

// Deletes what is counted no more, some at a time. True when there may be more.
bool store_prune_logins(struct database *database, struct arena *arena);

struct new_session {
    const char *user_id;
    const char *username;
    const char *id;
    const char *refresh_hash; // NULL: none
    const char *cookie_hash;  // NULL: none
    const char *device;       // NULL: not known, as the next
    const char *client_address;
    const char *verified_hash; // the password's hash as it was verified; NULL: it was not asked for
    const char *password_hash; // NULL: leave the user's as it is
    const struct login_keys *login; // NULL: it does not begin with a login
    int64_t lifetime_us;
};
// Begins a session; the oldest ones beyond SESSIONS_MAX end. Fails with INVALID_CREDENTIALS when
// the user may not log in any more, or has another password since it was verified.
enum { SESSIONS_MAX = 100 };
MUST_CHECK bool store_queue_session(struct transaction *transaction,
                                    const struct new_session *session,
                                    struct error *error);

enum refresh_outcome {
    REFRESH_DONE,
    REFRESH_REFUSED, // unknown, or of a session that is over
    REFRESH_REUSED,  // spent before: the session has been ended now
    REFRESH_PUT_OFF, // too many of this session; the token is as good as before
};

struct refresh {
    const char *hash;
    const char *new_hash;
    int64_t lifetime_us;            // from now, when it is not used
    int64_t lifetime_whole_us;      // from its beginning, however much it is used
    const struct rate_limit *limit; // of the session
    const unsigned char *limit_key;
    // Filled:
    enum refresh_outcome outcome;
    int64_t wait_us; // of REFRESH_PUT_OFF
    char session_id[UUID_SIZE];
    struct user_record *user; // of REFRESH_DONE
};
MUST_CHECK bool
store_refresh(struct transaction *transaction, struct refresh *refresh, struct error *error);

// The user and session of a cookie's secret, which counts as a use of the session. `user` is NULL
// when there is none, or it has ended.
struct cookie_use {
    const char *hash;
    int64_t lifetime_us;
    int64_t lifetime_whole_us;
    // Filled:
    char session_id[UUID_SIZE];
    struct user_record *user;
};
MUST_CHECK bool store_use_cookie(struct database *database,
                                 struct arena *arena,
                                 struct cookie_use *use,
                                 struct error *error);

struct session_record {
    const char *id;
    const char *device;
    const char *client_address;
    bool is_in_cookie;
    int64_t created_at;
    int64_t used_at;
    int64_t expires_at;
};
// Those that have not ended, the newest first, older than `before_id` (NULL: from the first).
MUST_CHECK bool store_page_sessions(struct database *database,
                                    struct arena *arena,
                                    const char *user_id,
                                    const char *before_id,
                                    size_t limit,
                                    struct session_record **out_sessions,
                                    size_t *out_count,
                                    struct error *error);

// Ends one session that has not ended yet; `out_found` is false when there is none such.
MUST_CHECK bool store_end_session(struct transaction *transaction,
                                  const char *user_id,
                                  const char *session_id,
                                  bool *out_found,
                                  struct error *error);

// Ends the user's sessions but `but_id` (NULL: all), and makes rows of their ids.
MUST_CHECK bool store_end_sessions(struct transaction *transaction,
                                   const char *user_id,
                                   const char *but_id,
                                   struct rows *out_ids,
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

enum { AUDIT_DAYS_MIN = 30 };

// Removes events of the audit log that are older than so many days, AUDIT_DAYS_MIN or more, some at
// a time; with 0 none. True when there may be more.
bool store_prune_audit(struct database *database, struct arena *arena, int64_t days);

enum { API_KEYS_MAX = 50 };
struct api_key_record {
    const char *user_id;
    const char *id;
    const char *name;
    bool may_trade;
    const char *portfolio_id; // NULL: all of the user's
    const char *secret_hash;
    int64_t created_at;
    bool is_used;
    int64_t last_used_at;
    bool has_expiry;
    int64_t expires_at;
};
// Makes a key. Fails with LIMIT_EXCEEDED when the user has API_KEYS_MAX of them.
MUST_CHECK bool store_insert_api_key(struct transaction *transaction,
                                     const struct api_key_record *key,
                                     struct error *error);
// The newest first, older than `before_id` (NULL: from the first).
MUST_CHECK bool store_page_api_keys(struct database *database,
                                    struct arena *arena,
                                    const char *user_id,
                                    const char *before_id,
                                    size_t limit,
                                    struct api_key_record **out_keys,
                                    size_t *out_count,
                                    struct error *error);
// Deletes one key and makes its tokens invalid; `out_found` is false when there is none such.
MUST_CHECK bool store_delete_api_key(struct transaction *transaction,
                                     const char *user_id,
                                     const char *id,
                                     bool *out_found,
                                     struct error *error);
// Deletes all of the user's, and makes rows of their ids.
MUST_CHECK bool store_delete_api_keys(struct transaction *transaction,
                                      const char *user_id,
                                      struct rows *out_ids,
                                      struct error *error);
// The key of that id and secret and its user, which counts as a use. `out_user` is NULL when there
// is none, or it has expired, or its user may not log in.
MUST_CHECK bool store_use_api_key(struct database *database,
                                  struct arena *arena,
                                  const char *id,
                                  const char *secret_hash,
                                  struct api_key_record *out_key,
                                  struct user_record **out_user,
                                  struct error *error);

struct audit_record {
    const char *id;
    int64_t at;
    const char *actor_id; // NULL for nobody who is known, as the next
    const char *actor;
    const char *action;
    const char *subject; // NULL for none, as all that follow
    const char *detail;
    const char *reason; // why it was refused; NULL: it was done
    const char *client_address;
    const char *request_id;
};
MUST_CHECK bool store_queue_audit(struct transaction *transaction,
                                  const struct audit_record *record,
                                  struct error *error);
// Adds what other services tell, with its own time; what is there already stays as it is.
MUST_CHECK bool store_record_audit(struct transaction *transaction,
                                   const struct audit_record *records,
                                   size_t count,
                                   struct error *error);
struct audit_filter {
    const char *before_id; // NULL for the first page
    const char *actor_id;  // NULL for all, as the next
    const char *action;
    bool has_start;
    int64_t start;
    bool has_end;
    int64_t end;
    size_t limit;
    bool is_settled; // all of them have been written long ago: read as history
};
// The newest first.
MUST_CHECK bool store_page_audit(struct history *history,
                                 struct arena *arena,
                                 const struct audit_filter *filter,
                                 struct audit_record **out_records,
                                 size_t *out_count,
                                 struct error *error);

// For auth_store*.c alone: runs a statement that deletes at most $1 rows. True when there may be
// more; a failure only means that they stay until the next time.
bool store_prune(struct database *database,
                 struct arena *arena,
                 const struct statement *statement,
                 int64_t most);

// For auth_store*.c alone: a user from columns USER_COLUMNS, beginning at `column`.
#define USER_COLUMNS                                                                               \
    "u.id, u.username, u.email, u.first_name, u.last_name, u.password_hash, u.role,"               \
    " u.is_active, u.created_at, u.first_portfolio_cash, u.first_portfolio_ready, u.deleted_at"
enum { USER_COLUMN_COUNT = 12 };
struct user_record store_read_user(const struct rows *rows, size_t row, size_t column);

// For auth_store*.c alone: the first row's user in the arena; `out_user` is NULL without a row.
MUST_CHECK bool store_take_user(const struct rows *rows,
                                struct arena *arena,
                                struct user_record **out_user,
                                struct error *error);
