// SPDX-License-Identifier: MIT
#include "accounts/administrator.h"

#include "accounts/user.h"
#include "audit/audit.h"
#include "auth.h"
#include "auth_store.h"
#include "keys/signing_key.h"
#include "keys/signing_keys.h"
#include "passwords/password.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { ARENA_BUDGET = 1024 * 1024, LINE_MAX_BYTES = 1024 };

static int fail(const struct error *error)
{
    fprintf(stderr, "bourse-auth: %s\n", error->message);
    for (size_t i = 0; i < error->detail_count; i++)
        if (error->details[i].kind == ERROR_VIOLATION)
            fprintf(stderr, "  %s %s\n", error->details[i].name, error->details[i].value);
    return EXIT_FAILURE;
}

// Reads one line, unseen when it is typed.
static bool read_password(char out_password[LINE_MAX_BYTES], struct error *error)
{
    struct termios seen = {0};
    bool typed = isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &seen) == 0;
    struct termios unseen = seen;
    char *line = NULL;

    if (typed) {
        fprintf(stderr, "Password: ");
        unseen.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &unseen);
    }
    line = fgets(out_password, LINE_MAX_BYTES, stdin);
    if (typed) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &seen);
        fputc('\n', stderr);
    }
    // What does not end in this buffer would be cut, and no password ever is.
    if (line == NULL || strchr(line, '\n') == NULL)
        return error_set(error, REASON_INVALID_SETTING,
                         "A password is needed: in BOURSE_ADMIN_PASSWORD, or one line on standard "
                         "input.");
    line[strcspn(line, "\n")] = '\0';
    return true;
}

struct creation {
    const char *name;
    char password[LINE_MAX_BYTES];
    bool if_none;
    bool was_made;  // the password
    bool was_there; // an administrator, and so nothing was done
    const struct user_record *record;
};

static bool get_password(struct creation *creation, struct error *error)
{
    const char *given = getenv("BOURSE_ADMIN_PASSWORD");

    if (given != NULL && strlen(given) >= LINE_MAX_BYTES)
        return error_set(error, REASON_INVALID_SETTING, "BOURSE_ADMIN_PASSWORD is too long.");
    if (given != NULL) {
        memcpy(creation->password, given, strlen(given) + 1);
        return true;
    }
    if (!creation->if_none)
        return read_password(creation->password, error);
    password_make(creation->password);
    creation->was_made = true;
    return true;
}

static bool look(struct transaction *transaction, void *context, struct error *error)
{
    struct creation *creation = context;

    return store_has_administrator(transaction, &creation->was_there, error);
}

static bool create(struct transaction *transaction, void *context, struct error *error)
{
    struct creation *creation = context;
    const struct call call = {0};
    struct audit_event event = {.action = "administrator.create", .subject = creation->name};

    // Two that come for the first administrator come one after the other.
    if (!store_lock(transaction, "administrator", error) ||
        !store_has_administrator(transaction, &creation->was_there, error))
        return false;
    creation->was_there = creation->was_there && creation->if_none;
    return creation->was_there || (store_queue_user(transaction, creation->record, error) &&
                                   audit_done(transaction, &call, &event, error));
}

static bool create_user(struct service *service,
                        struct arena *arena,
                        struct creation *creation,
                        struct error *error)
{
    struct database *database = service_database(service);
    struct registration registration = {
        .username = creation->name, .password = creation->password, .by_administrator = true};
    struct clock clock = clock_real();
    struct uuid id = uuid_new();
    char hash[PASSWORD_HASH_SIZE];
    struct password_hasher hasher;
    struct user_record record = {
        .id = id.string,
        .username = creation->name,
        .password_hash = hash,
        .is_administrator = true,
        .created_at = clock_now_us(&clock),
    };

    if (creation->if_none) {
        if (!database_transact(database, arena, TRANSACTION_READ_ONLY, look, creation, error))
            return false;
        if (creation->was_there)
            return true;
    }
    if (!get_password(creation, error) || !registration_check(&registration, error) ||
        !auth_make_hasher(service, &hasher, error) ||
        !password_hash(&hasher, creation->password, hash, error))
        return false;
    creation->record = &record;
    if (database_transact(database, arena, 0, create, creation, error))
        return true;
    store_name_conflict(error);
    return false;
}

int administrator_create(struct service *service, int argc, char **argv)
{
    OWNED(arena) arena = arena_new(ARENA_BUDGET);
    struct creation creation = {.if_none = service_bool(service, "if-none")};
    struct error error;
    bool done = false;

    if (argc != 2) {
        fprintf(stderr, "usage: bourse-auth create-administrator NAME [--if-none true]\n");
        return EXIT_FAILURE;
    }
    creation.name = argv[1];
    done = create_user(service, arena, &creation, &error);
    if (done && !creation.was_there && creation.was_made)
        printf("administrator %s password %s\n", creation.name, creation.password);
    else if (done && !creation.was_there)
        printf("administrator %s created\n", creation.name);
    digest_wipe(&creation, sizeof creation);
    return done ? EXIT_SUCCESS : fail(&error);
}

static bool start_session(struct transaction *transaction, void *context, struct error *error)
{
    const struct new_session *session = context;
    // Whoever has the machine acts here, in the administrator's name.
    const struct call call = {.request_id = session->id};
    struct audit_event event = {.action = "token.issue",
                                .subject = session->id,
                                .actor_id = session->user_id,
                                .actor = session->username};

    return store_queue_session(transaction, session, error) &&
           audit_done(transaction, &call, &event, error);
}

static bool
issue(struct service *service, const char *name, char out_token[TOKEN_MAX], struct error *error)
{
    OWNED(arena) arena = arena_new(ARENA_BUDGET);
    struct database *database = service_database(service);
    OWNED(signing_keys)
    keys = signing_keys_new(
        &(const struct signing_keys_options){.database = database, .clock = clock_real()});
    struct uuid session_id = uuid_new();
    struct user_record *user = NULL;
    struct token_claims claims = {.is_administrator = true, .scope = TOKEN_SCOPE_ACCOUNT};
    // A token that cannot be refreshed needs its session only as long as it lives itself.
    struct new_session session = {.id = session_id.string,
                                  .device = "command line",
                                  .lifetime_us = TOKEN_LIFETIME_SECONDS * MICROS_PER_SECOND};

    if (!store_find_user(database, arena, USER_BY_USERNAME, name, &user, error))
        return false;
    if (user == NULL || !user->is_administrator || !user->is_active)
        return error_set(error, REASON_USER_NOT_FOUND, "There is no administrator \"%s\".", name);
    memcpy(claims.user_id, user->id, sizeof claims.user_id);
    memcpy(claims.session_id, session_id.string, sizeof claims.session_id);
    memcpy(claims.username, user->username, strlen(user->username) + 1);
    session.user_id = user->id;
    session.username = user->username;
    return signing_keys_prepare(keys, arena, error) &&
           database_transact(database, arena, 0, start_session, &session, error) &&
           signing_keys_sign(keys, &claims, out_token, error);
}

int administrator_issue_token(struct service *service, int argc, char **argv)
{
    char token[TOKEN_MAX];
    struct error error;

    if (argc != 2) {
        fprintf(stderr, "usage: bourse-auth issue-token NAME\n");
        return EXIT_FAILURE;
    }
    if (!issue(service, argv[1], token, &error))
        return fail(&error);
    puts(token);
    return EXIT_SUCCESS;
}

int administrator_rotate_signing_key(struct service *service, int argc, char **argv)
{
    OWNED(arena) arena = arena_new(ARENA_BUDGET);
    struct clock clock = clock_real();
    struct signing_key_rotation rotation = {.now_us = clock_now_us(&clock),
                                            .at_once = service_bool(service, "now")};
    long long seconds = 0;
    struct error error;

    (void)argv;
    if (argc != 1) {
        fprintf(stderr, "usage: bourse-auth rotate-signing-key [--now true]\n");
        return EXIT_FAILURE;
    }
    if (!signing_key_rotate(service_database(service), arena, &rotation, &error))
        return fail(&error);
    seconds = (rotation.signs_from - rotation.now_us) / MICROS_PER_SECOND;
    if (rotation.at_once)
        printf("signing key %s signs in %lld seconds; all access tokens end then\n",
               rotation.newest, seconds);
    else if (rotation.made)
        printf("signing key %s signs in %lld seconds\n", rotation.newest, seconds);
    else
        printf("signing key %s is announced already and signs in %lld seconds\n", rotation.newest,
               seconds);
    return EXIT_SUCCESS;
}
