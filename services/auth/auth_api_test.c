// SPDX-License-Identifier: MIT
#include "bourse/auth/v1/auth_server.h"

#include "auth.h"
#include "auth_store.h"
#include "bourse/portfolio/v1/portfolio.pb-c.h"
#include "bourse/portfolio/v1/portfolio_methods.h"
#include "support/ports.h"
#include "support/postgres.h"
#include "support/test.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

extern const struct migration auth_migrations[];
extern const size_t auth_migration_count;

enum { DEADLINE_SECONDS = 20, OPENED_MAX = 64 };

#define STARTING_CASH INT64_C(100000000000)

// A portfolio service of the test's own, which remembers for whom it was asked to open one.
struct portfolio_double {
    pthread_mutex_t lock;
    size_t opened;
    struct {
        char user_id[UUID_SIZE];
        int64_t cash_micros;
    } portfolios[OPENED_MAX];
    bool refuses;
};

struct fixture {
    struct postgres *postgres;
    struct database *database;
    struct portfolio_double portfolio;
    struct rpc_server *server;
    struct rpc_client *client;
    struct metrics *metrics;
    struct token_verifier *verifier;
    struct auth *auth;
    struct arena *arena;
    struct error error;
};

static int64_t find_cash(struct portfolio_double *portfolio, const char *user_id)
{
    for (size_t i = 0; i < portfolio->opened; i++)
        if (strcmp(portfolio->portfolios[i].user_id, user_id) == 0)
            return portfolio->portfolios[i].cash_micros;
    return -1;
}

static bool open_first(void *context,
                       struct call *call,
                       const ProtobufCMessage *packed,
                       ProtobufCMessage *response,
                       struct error *error)
{
    struct portfolio_double *portfolio = context;
    const Portfolio__OpenFirstPortfolioRequest *request =
        (const Portfolio__OpenFirstPortfolioRequest *)packed;
    Portfolio__OpenFirstPortfolioResponse *opened =
        (Portfolio__OpenFirstPortfolioResponse *)response;
    bool refuses = false;

    (void)call;
    pthread_mutex_lock(&portfolio->lock);
    refuses = portfolio->refuses;
    if (!refuses && find_cash(portfolio, request->user_id) < 0) {
        size_t at = portfolio->opened++;
        memcpy(portfolio->portfolios[at].user_id, request->user_id, UUID_SIZE);
        portfolio->portfolios[at].cash_micros =
            request->has_cash_balance_micros ? request->cash_balance_micros : STARTING_CASH;
    }
    opened->has_cash_balance_micros = true;
    opened->cash_balance_micros = find_cash(portfolio, request->user_id);
    pthread_mutex_unlock(&portfolio->lock);
    return !refuses || error_set(error, REASON_DATABASE_UNAVAILABLE, "Not now.");
}

static bool get_cash(void *context,
                     struct call *call,
                     const ProtobufCMessage *packed,
                     ProtobufCMessage *response,
                     struct error *error)
{
    struct portfolio_double *portfolio = context;
    const Portfolio__GetUserCashRequest *request = (const Portfolio__GetUserCashRequest *)packed;
    Portfolio__GetUserCashResponse *cash = (Portfolio__GetUserCashResponse *)response;
    bool refuses = false;

    (void)call;
    pthread_mutex_lock(&portfolio->lock);
    refuses = portfolio->refuses;
    cash->has_cash_micros = true;
    cash->cash_micros = find_cash(portfolio, request->user_id);
    pthread_mutex_unlock(&portfolio->lock);
    return !refuses || error_set(error, REASON_DATABASE_UNAVAILABLE, "Not now.");
}

static void set_refuses(struct fixture *f, bool refuses)
{
    pthread_mutex_lock(&f->portfolio.lock);
    f->portfolio.refuses = refuses;
    pthread_mutex_unlock(&f->portfolio.lock);
}

static size_t count_opened(struct fixture *f, const char *user_id)
{
    size_t count = 0;

    pthread_mutex_lock(&f->portfolio.lock);
    for (size_t i = 0; i < f->portfolio.opened; i++)
        count += strcmp(f->portfolio.portfolios[i].user_id, user_id) == 0 ? 1 : 0;
    pthread_mutex_unlock(&f->portfolio.lock);
    return count;
}

static void start_portfolio(struct fixture *f)
{
    static const struct rpc_handler handlers[] = {
        {.method = &portfolio_method_open_first_portfolio, .single = open_first},
        {.method = &portfolio_method_get_user_cash, .single = get_cash},
    };
    struct rpc_mesh_key key = {.bytes = {1, 2, 3}};
    char address[PORTS_ADDRESS_SIZE] = "";
    struct rpc_server_options server = {
        .service = "portfolio",
        .listen = address,
        .key = key,
        .handlers = handlers,
        .handler_count = COUNT_OF(handlers),
        .context = &f->portfolio,
    };
    struct rpc_client_options client = {
        .caller = "auth", .service = "portfolio", .addresses = address, .key = key};

    ports_take_address(address);
    assert_true(rpc_server_new(&server, &f->server, &f->error));
    assert_true(rpc_server_start(f->server, &f->error));
    assert_true(rpc_client_new(&client, &f->client, &f->error));
}

static struct auth *start_auth(struct fixture *f, struct token_verifier *verifier)
{
    static const struct password_costs costs = {19456, 2};
    struct auth_options options = {
        .database = f->database,
        .portfolio = f->client,
        .verifier = verifier,
        .metrics = f->metrics,
        .clock = clock_real(),
        .mesh_key = {.bytes = {1, 2, 3}},
        .session_lifetime_us = 3600 * MICROS_PER_SECOND,
        .session_lifetime_whole_us = 24 * 3600 * MICROS_PER_SECOND,
        .maximum_cash_micros = INT64_C(1000000000000),
    };
    struct auth *auth = NULL;

    if (!password_hasher_make(&costs, &options.hasher, &f->error) ||
        !auth_new(&options, &auth, &f->error))
        fail_msg("%s", f->error.message);
    return auth;
}

static struct token_verifier *make_verifier(void)
{
    return token_verifier_new(&(struct token_verifier_options){.clock = clock_real()});
}

static int start(void **state)
{
    struct fixture *f = allocate(sizeof *f);
    struct database_options options = {.service = "auth"};
    size_t applied = 0;

    digest_start();
    log_start("test", LOG_ERROR);
    pthread_mutex_init(&f->portfolio.lock, NULL);
    f->arena = arena_new(16 * 1024 * 1024);
    f->metrics = metrics_new();
    start_portfolio(f);
    f->postgres = postgres_new();
    if (!migration_run(postgres_url(f->postgres, NULL), "auth", auth_migrations,
                       auth_migration_count, &applied, &f->error))
        fail_msg("%s", f->error.message);
    // As the service's own role: what the migrations do not grant fails here.
    options.url = postgres_url(f->postgres, "bourse_auth");
    assert_true(database_new(&options, &f->database, &f->error));
    f->verifier = make_verifier();
    f->auth = start_auth(f, f->verifier);
    *state = f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;

    auth_free(&f->auth);
    token_verifier_free(&f->verifier);
    rpc_client_free(&f->client);
    rpc_server_free(&f->server);
    database_free(&f->database);
    postgres_free(&f->postgres);
    metrics_free(&f->metrics);
    arena_free(&f->arena);
    pthread_mutex_destroy(&f->portfolio.lock);
    release(f);
    return 0;
}

static int reset(void **state)
{
    struct fixture *f = *state;

    set_refuses(f, false);
    arena_reset(f->arena);
    return 0;
}

// A call with a body of its own, as the server would hand it to a handler.
static struct call new_call(struct fixture *f, const char *body)
{
    struct call call = call_start(f->arena, DEADLINE_SECONDS * 1000);

    call.body = text_of(body);
    return call;
}

static const Auth__User *register_user(struct fixture *f, const char *name, const char *password)
{
    Auth__RegisterRequest request = AUTH__REGISTER_REQUEST__INIT;
    Auth__RegisterResponse response = AUTH__REGISTER_RESPONSE__INIT;
    struct call call = new_call(f, name);

    request.username = name;
    request.email = arena_printf(f->arena, "%s@Example.org", name);
    request.password = password;
    return auth_api_register(f->auth, &call, &request, &response, &f->error) ? response.user : NULL;
}

static bool
login(struct fixture *f, const char *name, const char *password, Auth__LoginResponse *response)
{
    Auth__LoginRequest request = AUTH__LOGIN_REQUEST__INIT;
    struct call call = new_call(f, "");

    auth__login_response__init(response);
    request.username = name;
    request.password = password;
    return auth_api_login(f->auth, &call, &request, response, &f->error);
}

static bool refresh(struct fixture *f, const char *token, Auth__RefreshResponse *response)
{
    Auth__RefreshRequest request = AUTH__REFRESH_REQUEST__INIT;
    struct call call = new_call(f, "");

    auth__refresh_response__init(response);
    request.refresh_token = token;
    return auth_api_refresh(f->auth, &call, &request, response, &f->error);
}

// Fills the identity as the RPC server does; false when the token is refused.
static bool identify(struct fixture *f, const char *token, struct identity *identity)
{
    struct token_claims claims;

    if (!token_verify(f->verifier, token, &claims, &f->error))
        return false;
    memcpy(identity->user_id, claims.user_id, UUID_SIZE);
    memcpy(identity->session_id, claims.session_id, UUID_SIZE);
    memcpy(identity->username, claims.username, sizeof identity->username);
    identity->role = claims.is_administrator ? ROLE_ADMINISTRATOR : ROLE_USER;
    identity->scope = SCOPE_ACCOUNT;
    return true;
}

static bool logout(struct fixture *f, const char *token)
{
    Auth__LogoutRequest request = AUTH__LOGOUT_REQUEST__INIT;
    Auth__LogoutResponse response = AUTH__LOGOUT_RESPONSE__INIT;
    struct call call = new_call(f, "");

    return identify(f, token, &call.identity) &&
           auth_api_logout(f->auth, &call, &request, &response, &f->error);
}

static const Auth__User *get_user(struct fixture *f, const char *token, const char *user)
{
    Auth__GetUserRequest request = AUTH__GET_USER_REQUEST__INIT;
    Auth__GetUserResponse response = AUTH__GET_USER_RESPONSE__INIT;
    struct call call = new_call(f, "");

    request.user = user;
    return identify(f, token, &call.identity) &&
                   auth_api_get_user(f->auth, &call, &request, &response, &f->error)
               ? response.user
               : NULL;
}

static struct rows run_sql(struct fixture *f, const char *name, const char *sql)
{
    struct statement statement = {name, sql};
    struct rows rows = {0};

    if (!database_query(f->database, f->arena, &statement, NULL, 0, &rows, &f->error))
        fail_msg("%s", f->error.message);
    return rows;
}

static void who_registers_has_a_portfolio_and_can_log_in(void **state)
{
    struct fixture *f = *state;
    const Auth__User *ada = register_user(f, "Ada", "correct horse");
    Auth__LoginResponse response;
    struct identity identity;

    if (ada == NULL)
        fail_msg("%s", f->error.message);
    assert_string_equal(ada->username, "Ada");
    assert_int_equal(ada->balance_micros, STARTING_CASH);
    assert_int_equal(count_opened(f, ada->id), 1);
    assert_true(login(f, "ADA", "correct horse", &response));
    assert_string_equal(response.token_type, "Bearer");
    assert_int_equal(response.expires_in, TOKEN_LIFETIME_SECONDS);
    assert_string_equal(response.user->id, ada->id);
    assert_int_equal(response.user->balance_micros, STARTING_CASH);
    assert_true(identify(f, response.access_token, &identity));
    assert_string_equal(identity.user_id, ada->id);
    assert_string_equal(identity.username, "Ada");
    assert_int_equal(identity.role, ROLE_USER);
    assert_true(login(f, "ada@EXAMPLE.org", "correct horse", &response));
}

static void the_same_registration_is_done_once(void **state)
{
    struct fixture *f = *state;
    Auth__RegisterRequest request = AUTH__REGISTER_REQUEST__INIT;
    Auth__RegisterResponse first = AUTH__REGISTER_RESPONSE__INIT;
    Auth__RegisterResponse second = AUTH__REGISTER_RESPONSE__INIT;
    struct call call = new_call(f, "body");
    struct call again = call;

    request.username = "once";
    request.email = "once@example.org";
    request.password = "correct horse";
    assert_true(auth_api_register(f->auth, &call, &request, &first, &f->error));
    assert_true(auth_api_register(f->auth, &again, &request, &second, &f->error));
    assert_true(again.replayed);
    assert_string_equal(first.user->id, second.user->id);
    assert_int_equal(second.user->balance_micros, STARTING_CASH);
    assert_int_equal(count_opened(f, first.user->id), 1);
    again.body = text_of("another body");
    assert_false(auth_api_register(f->auth, &again, &request, &second, &f->error));
    assert_string_equal(f->error.reason, "IDEMPOTENCY_KEY_REUSED");
}

static void a_registration_is_known_again_while_the_mesh_key_is_replaced(void **state)
{
    struct fixture *f = *state;
    struct rpc_mesh_key before = f->auth->mesh_key;
    struct rpc_mesh_key after = {.bytes = {9, 9, 9}, .has_second = true};
    Auth__RegisterRequest request = AUTH__REGISTER_REQUEST__INIT;
    Auth__RegisterResponse first = AUTH__REGISTER_RESPONSE__INIT;
    struct call call = new_call(f, "body");
    struct call again = call;

    memcpy(after.second, before.bytes, sizeof after.second);
    request.username = "rotated";
    request.email = "rotated@example.org";
    request.password = "correct horse";
    assert_true(auth_api_register(f->auth, &call, &request, &first, &f->error));
    f->auth->mesh_key = after;
    assert_true(auth_api_register(f->auth, &again, &request, &first, &f->error));
    assert_true(again.replayed);
    assert_string_equal(first.user->username, "rotated");
    // With the old key gone nobody can tell whether it is the same body.
    f->auth->mesh_key.has_second = false;
    assert_false(auth_api_register(f->auth, &again, &request, &first, &f->error));
    assert_string_equal(f->error.reason, "IDEMPOTENCY_KEY_REUSED");
    f->auth->mesh_key = before;
}

static void nothing_stored_lets_a_password_be_guessed_quickly(void **state)
{
    struct fixture *f = *state;
    Auth__RegisterRequest request = AUTH__REGISTER_REQUEST__INIT;
    Auth__RegisterResponse response = AUTH__REGISTER_RESPONSE__INIT;
    struct call call = new_call(f, "a body with correct horse in it");
    char plain[SHA256_HEX_SIZE];
    struct rows rows;

    request.username = "secretive";
    request.email = "secretive@example.org";
    request.password = "correct horse";
    assert_true(auth_api_register(f->auth, &call, &request, &response, &f->error));
    digest_sha256_hex(call.body, plain);
    rows = run_sql(f, "hashes", "SELECT body_hash FROM requests");
    assert_true(rows.count > 0);
    for (size_t i = 0; i < rows.count; i++)
        assert_string_not_equal(rows_text(&rows, i, 0), plain);
}

static void names_and_addresses_are_taken_in_either_case(void **state)
{
    struct fixture *f = *state;
    Auth__RegisterRequest request = AUTH__REGISTER_REQUEST__INIT;
    Auth__RegisterResponse response = AUTH__REGISTER_RESPONSE__INIT;
    struct call call = new_call(f, "other");

    assert_non_null(register_user(f, "taken", "correct horse"));
    assert_null(register_user(f, "TAKEN", "correct horse"));
    assert_string_equal(f->error.reason, "USERNAME_TAKEN");
    request.username = "nottaken";
    request.email = "Taken@example.ORG";
    request.password = "correct horse";
    assert_false(auth_api_register(f->auth, &call, &request, &response, &f->error));
    assert_string_equal(f->error.reason, "EMAIL_TAKEN");
}

static void cash_may_be_chosen_up_to_the_maximum(void **state)
{
    struct fixture *f = *state;
    Auth__RegisterRequest request = AUTH__REGISTER_REQUEST__INIT;
    Auth__RegisterResponse response = AUTH__REGISTER_RESPONSE__INIT;
    struct call call = new_call(f, "rich");

    request.username = "rich";
    request.email = "rich@example.org";
    request.password = "correct horse";
    request.has_balance_micros = true;
    request.balance_micros = INT64_C(1000000000001);
    assert_false(auth_api_register(f->auth, &call, &request, &response, &f->error));
    assert_string_equal(f->error.reason, "INVALID_REQUEST");
    assert_string_equal(f->error.details[0].name, "balance");
    request.balance_micros = INT64_C(1000000000000);
    assert_true(auth_api_register(f->auth, &call, &request, &response, &f->error));
    assert_int_equal(response.user->balance_micros, INT64_C(1000000000000));
}

static void a_portfolio_service_that_is_away_delays_only_the_portfolio(void **state)
{
    struct fixture *f = *state;
    int64_t end_us = clock_monotonic_us() + DEADLINE_SECONDS * MICROS_PER_SECOND;
    const Auth__User *user = NULL;
    struct rows left;

    set_refuses(f, true);
    user = register_user(f, "patient", "correct horse");
    assert_non_null(user);
    assert_false(user->has_balance_micros);
    assert_int_equal(count_opened(f, user->id), 0);
    set_refuses(f, false);
    do {
        assert_true(clock_monotonic_us() < end_us);
        left = run_sql(f, "left", "SELECT 1 FROM users WHERE NOT first_portfolio_ready");
    } while (left.count > 0);
    assert_int_equal(count_opened(f, user->id), 1);
}

static void whatever_is_wrong_with_a_login_the_answer_is_the_same(void **state)
{
    struct fixture *f = *state;
    Auth__LoginResponse response;
    char sentence[ERROR_MESSAGE_SIZE];

    assert_non_null(register_user(f, "careful", "correct horse"));
    assert_false(login(f, "careful", "wrong horse", &response));
    assert_string_equal(f->error.reason, "INVALID_CREDENTIALS");
    memcpy(sentence, f->error.message, sizeof sentence);
    assert_false(login(f, "nobody", "correct horse", &response));
    assert_string_equal(f->error.message, sentence);
    assert_false(login(f, "nobody@example.org", "correct horse", &response));
    assert_string_equal(f->error.message, sentence);
    run_sql(f, "disable", "UPDATE users SET is_active = false WHERE username = 'careful'");
    assert_false(login(f, "careful", "correct horse", &response));
    assert_string_equal(f->error.message, sentence);
}

static void guessing_a_password_has_to_wait_and_the_answer_tells_nothing(void **state)
{
    static const char *const names[] = {"guessed", "nobody.guessed"};
    struct fixture *f = *state;
    Auth__LoginResponse response;

    assert_non_null(register_user(f, "guessed", "correct horse"));
    assert_non_null(register_user(f, "bystander", "correct horse"));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        for (int wrong = 0; wrong < 10; wrong++) {
            assert_false(login(f, names[i], "wrong horse", &response));
            assert_string_equal(f->error.reason, "INVALID_CREDENTIALS");
        }
        assert_false(login(f, names[i], "correct horse", &response));
        assert_string_equal(f->error.reason, "TOO_MANY_REQUESTS");
        assert_string_equal(f->error.details[0].name, "retry_after");
    }
    assert_true(login(f, "bystander", "correct horse", &response));
}

static void who_was_made_without_a_password_cannot_log_in(void **state)
{
    struct fixture *f = *state;
    Auth__RegisterRequest request = AUTH__REGISTER_REQUEST__INIT;
    Auth__RegisterResponse response = AUTH__REGISTER_RESPONSE__INIT;
    Auth__LoginResponse session;
    struct call call = new_call(f, "robot");

    request.username = "robot";
    assert_false(auth_api_register(f->auth, &call, &request, &response, &f->error));
    assert_string_equal(f->error.reason, "INVALID_REQUEST");
    call.identity.role = ROLE_ADMINISTRATOR;
    if (!auth_api_register(f->auth, &call, &request, &response, &f->error))
        fail_msg("%s", f->error.message);
    assert_false(login(f, "robot", "", &session));
    assert_string_equal(f->error.reason, "INVALID_CREDENTIALS");
}

static void a_refresh_token_is_spent_once(void **state)
{
    struct fixture *f = *state;
    Auth__LoginResponse session;
    Auth__RefreshResponse first;
    Auth__RefreshResponse second;
    struct identity identity;

    assert_non_null(register_user(f, "refresher", "correct horse"));
    assert_true(login(f, "refresher", "correct horse", &session));
    assert_true(refresh(f, session.refresh_token, &first));
    assert_string_equal(first.user->username, "refresher");
    assert_true(refresh(f, first.refresh_token, &second));
    assert_true(identify(f, second.access_token, &identity));
    // The first one again: somebody has a copy, and the whole session is over.
    assert_false(refresh(f, session.refresh_token, &first));
    assert_string_equal(f->error.reason, "INVALID_REFRESH_TOKEN");
    assert_false(refresh(f, second.refresh_token, &first));
    assert_string_equal(f->error.reason, "INVALID_REFRESH_TOKEN");
    assert_false(identify(f, second.access_token, &identity));
    assert_false(identify(f, session.access_token, &identity));
}

static void what_is_no_refresh_token_is_refused(void **state)
{
    struct fixture *f = *state;
    Auth__RefreshResponse response;

    assert_false(refresh(f, "nonsense", &response));
    assert_string_equal(f->error.reason, "INVALID_REFRESH_TOKEN");
    assert_false(refresh(f, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &response));
    assert_string_equal(f->error.reason, "INVALID_REFRESH_TOKEN");
}

static void an_expired_session_cannot_be_refreshed(void **state)
{
    struct fixture *f = *state;
    Auth__LoginResponse session;
    Auth__RefreshResponse response;

    assert_non_null(register_user(f, "sleeper", "correct horse"));
    assert_true(login(f, "sleeper", "correct horse", &session));
    run_sql(f, "expire", "UPDATE sessions SET expires_at = now() - interval '1 second'");
    assert_false(refresh(f, session.refresh_token, &response));
    assert_string_equal(f->error.reason, "INVALID_REFRESH_TOKEN");
}

struct spender {
    struct fixture *f;
    const char *token;
    struct arena *arena;
    bool done;
};

static void *spend(void *context)
{
    struct spender *spender = context;
    Auth__RefreshRequest request = AUTH__REFRESH_REQUEST__INIT;
    Auth__RefreshResponse response = AUTH__REFRESH_RESPONSE__INIT;
    struct call call = call_start(spender->arena, DEADLINE_SECONDS * 1000);
    struct error error;

    request.refresh_token = spender->token;
    spender->done = auth_api_refresh(spender->f->auth, &call, &request, &response, &error);
    return NULL;
}

static void of_two_who_spend_the_same_token_at_once_one_at_most_succeeds(void **state)
{
    struct fixture *f = *state;
    Auth__LoginResponse session;
    struct spender spenders[4];
    pthread_t threads[COUNT_OF(spenders)];
    size_t done = 0;

    assert_non_null(register_user(f, "racer", "correct horse"));
    assert_true(login(f, "racer", "correct horse", &session));
    for (size_t i = 0; i < COUNT_OF(spenders); i++) {
        spenders[i] = (struct spender){f, session.refresh_token, arena_new(1024 * 1024), false};
        assert_int_equal(pthread_create(&threads[i], NULL, spend, &spenders[i]), 0);
    }
    for (size_t i = 0; i < COUNT_OF(spenders); i++) {
        pthread_join(threads[i], NULL);
        arena_free(&spenders[i].arena);
        done += spenders[i].done ? 1 : 0;
    }
    assert_int_equal(done, 1);
}

static bool is_listed(struct fixture *f, const char *session_id, int64_t since)
{
    Auth__ListRevocationsRequest request = AUTH__LIST_REVOCATIONS_REQUEST__INIT;
    Auth__ListRevocationsResponse response = AUTH__LIST_REVOCATIONS_RESPONSE__INIT;
    struct call call = new_call(f, "");

    request.has_since = true;
    request.since = since;
    assert_true(auth_api_list_revocations(f->auth, &call, &request, &response, &f->error));
    assert_false(response.more);
    for (size_t i = 0; i < response.n_revocations; i++)
        if (strcmp(response.revocations[i]->session_id, session_id) == 0)
            return response.as_of >= response.revocations[i]->revoked_at;
    return false;
}

static void logging_out_ends_both_tokens_at_once(void **state)
{
    struct fixture *f = *state;
    struct clock clock = clock_real();
    int64_t before = clock_now_us(&clock);
    Auth__LoginResponse session;
    Auth__LoginResponse other;
    Auth__RefreshResponse response;
    struct identity identity = {0};

    assert_non_null(register_user(f, "leaver", "correct horse"));
    assert_true(login(f, "leaver", "correct horse", &session));
    assert_true(login(f, "leaver", "correct horse", &other));
    assert_true(identify(f, session.access_token, &identity));
    assert_true(logout(f, session.access_token));
    assert_false(identify(f, session.access_token, &identity));
    assert_false(refresh(f, session.refresh_token, &response));
    assert_true(is_listed(f, identity.session_id, before));
    assert_false(is_listed(f, identity.session_id, clock_now_us(&clock) + MICROS_PER_SECOND));
    // The user's other session goes on.
    assert_true(identify(f, other.access_token, &identity));
    assert_true(refresh(f, other.refresh_token, &response));
}

static void another_replica_learns_of_keys_and_ended_sessions(void **state)
{
    struct fixture *f = *state;
    int64_t end_us = 0;
    OWNED(token_verifier) verifier = make_verifier();
    OWNED(auth) replica = start_auth(f, verifier);
    struct token_claims claims;
    Auth__LoginResponse session;

    assert_non_null(register_user(f, "nomad", "correct horse"));
    assert_true(login(f, "nomad", "correct horse", &session));
    // It signs with the same key.
    assert_true(token_verify(verifier, session.access_token, &claims, &f->error));
    assert_true(logout(f, session.access_token));
    end_us = clock_monotonic_us() + MICROS_PER_SECOND;
    while (token_verify(verifier, session.access_token, &claims, &f->error))
        assert_true(clock_monotonic_us() < end_us);
    auth_free(&replica);
}

static void a_replica_that_starts_knows_what_ended_before(void **state)
{
    struct fixture *f = *state;
    OWNED(token_verifier) verifier = make_verifier();
    OWNED(auth) replica = NULL;
    struct token_claims claims;
    Auth__LoginResponse session;

    assert_non_null(register_user(f, "early", "correct horse"));
    assert_true(login(f, "early", "correct horse", &session));
    assert_true(logout(f, session.access_token));
    replica = start_auth(f, verifier);
    assert_false(token_verify(verifier, session.access_token, &claims, &f->error));
    auth_free(&replica);
}

static void users_see_themselves_and_administrators_everybody(void **state)
{
    struct fixture *f = *state;
    const Auth__User *own = register_user(f, "private", "correct horse");
    const Auth__User *other = register_user(f, "curious", "correct horse");
    const Auth__User *seen = NULL;
    Auth__LoginResponse session;

    assert_non_null(own);
    assert_non_null(other);
    assert_true(login(f, "curious", "correct horse", &session));
    seen = get_user(f, session.access_token, "me");
    assert_string_equal(seen->id, other->id);
    assert_int_equal(seen->balance_micros, STARTING_CASH);
    assert_string_equal(get_user(f, session.access_token, other->id)->id, other->id);
    assert_string_equal(get_user(f, session.access_token, "Curious")->id, other->id);
    assert_null(get_user(f, session.access_token, own->id));
    assert_string_equal(f->error.reason, "USER_NOT_FOUND");
    assert_null(get_user(f, session.access_token, "private"));
    assert_null(get_user(f, session.access_token, "nobody-at-all"));
    run_sql(f, "promote", "UPDATE users SET role = 'administrator' WHERE username = 'curious'");
    assert_true(login(f, "curious", "correct horse", &session));
    assert_string_equal(get_user(f, session.access_token, "PRIVATE")->id, own->id);
    assert_string_equal(get_user(f, session.access_token, own->id)->username, "private");
    assert_null(get_user(f, session.access_token, "nobody-at-all"));
    assert_string_equal(f->error.reason, "USER_NOT_FOUND");
}

static void without_the_portfolio_service_the_balance_is_absent(void **state)
{
    struct fixture *f = *state;
    Auth__LoginResponse session;
    const Auth__User *seen = NULL;

    assert_non_null(register_user(f, "poor", "correct horse"));
    set_refuses(f, true);
    assert_true(login(f, "poor", "correct horse", &session));
    assert_false(session.user->has_balance_micros);
    seen = get_user(f, session.access_token, "me");
    assert_non_null(seen);
    assert_false(seen->has_balance_micros);
}

static void signing_keys_are_listed_without_their_secrets(void **state)
{
    struct fixture *f = *state;
    Auth__ListSigningKeysRequest request = AUTH__LIST_SIGNING_KEYS_REQUEST__INIT;
    Auth__ListSigningKeysResponse response = AUTH__LIST_SIGNING_KEYS_RESPONSE__INIT;
    struct call call = new_call(f, "");

    assert_true(auth_api_list_signing_keys(f->auth, &call, &request, &response, &f->error));
    assert_int_equal(response.n_keys, 1);
    assert_true(token_verifier_knows_key(f->verifier, response.keys[0]->key_id));
    assert_null(strstr(response.keys[0]->public_key_pem, "PRIVATE"));
}

static void old_sessions_and_revocations_are_pruned(void **state)
{
    struct fixture *f = *state;
    Auth__LoginResponse session;
    struct rows rows;

    assert_non_null(register_user(f, "ancient", "correct horse"));
    assert_true(login(f, "ancient", "correct horse", &session));
    assert_true(logout(f, session.access_token));
    run_sql(f, "age", "UPDATE sessions SET expires_at = now() - interval '2 days'");
    run_sql(f, "age_more", "DELETE FROM revocations");
    run_sql(f, "age_most",
            "INSERT INTO revocations SELECT user_id, id,"
            " now() - interval '61 minutes' FROM sessions");
    assert_false(store_prune_sessions(f->database, f->arena));
    rows = run_sql(f, "rest",
                   "SELECT 1 FROM sessions UNION ALL SELECT 1 FROM refresh_tokens"
                   " UNION ALL SELECT 1 FROM revocations");
    assert_int_equal(rows.count, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_registers_has_a_portfolio_and_can_log_in),
        TEST(the_same_registration_is_done_once),
        TEST(a_registration_is_known_again_while_the_mesh_key_is_replaced),
        TEST(nothing_stored_lets_a_password_be_guessed_quickly),
        TEST(names_and_addresses_are_taken_in_either_case),
        TEST(cash_may_be_chosen_up_to_the_maximum),
        TEST(a_portfolio_service_that_is_away_delays_only_the_portfolio),
        TEST(whatever_is_wrong_with_a_login_the_answer_is_the_same),
        TEST(guessing_a_password_has_to_wait_and_the_answer_tells_nothing),
        TEST(who_was_made_without_a_password_cannot_log_in),
        TEST(a_refresh_token_is_spent_once),
        TEST(what_is_no_refresh_token_is_refused),
        TEST(an_expired_session_cannot_be_refreshed),
        TEST(of_two_who_spend_the_same_token_at_once_one_at_most_succeeds),
        TEST(logging_out_ends_both_tokens_at_once),
        TEST(another_replica_learns_of_keys_and_ended_sessions),
        TEST(a_replica_that_starts_knows_what_ended_before),
        TEST(users_see_themselves_and_administrators_everybody),
        TEST(without_the_portfolio_service_the_balance_is_absent),
        TEST(signing_keys_are_listed_without_their_secrets),
        TEST(old_sessions_and_revocations_are_pruned),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
