// SPDX-License-Identifier: MIT
// The limits of auth on two replicas that share a PostgreSQL, through the handlers.
#include "sessions/throttle.h"

#include "auth.h"
#include "bourse/auth/v1/auth_server.h"
#include "bourse/portfolio/v1/portfolio.pb-c.h"
#include "bourse/portfolio/v1/portfolio_methods.h"
#include "support/ports.h"
#include "support/postgres.h"
#include "support/test.h"

#include <stdio.h>
#include <string.h>

extern const struct migration auth_migrations[];
extern const size_t auth_migration_count;

enum { REPLICAS = 2, FREE = LOGIN_WRONG_FREE };

#define HOUR (3600 * MICROS_PER_SECOND)
#define HOME "192.0.2.1"
#define ELSEWHERE "198.51.100.1"
#define RIGHT "correct horse"
#define WRONG "wrong horse"
#define UNKNOWN_TOKEN "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

struct fixture {
    struct postgres *postgres;
    struct database *database;
    struct rpc_server *portfolio;
    struct rpc_client *client;
    struct metrics *metrics;
    struct token_verifier *verifier;
    struct auth *replicas[REPLICAS];
    struct arena *arena;
    struct error error;
};

// A portfolio service that has what it is asked for.
static bool answer_at_once(void *context,
                           struct call *call,
                           const ProtobufCMessage *request,
                           ProtobufCMessage *response,
                           struct error *error)
{
    (void)context;
    (void)call;
    (void)request;
    (void)response;
    (void)error;
    return true;
}

static void start_portfolio(struct fixture *f)
{
    static const struct rpc_handler handlers[] = {
        {.method = &portfolio_method_open_first_portfolio, .single = answer_at_once},
        {.method = &portfolio_method_get_user_cash, .single = answer_at_once},
    };
    struct rpc_mesh_key key = {.bytes = {1, 2, 3}};
    char address[PORTS_ADDRESS_SIZE] = "";
    struct rpc_server_options server = {.service = "portfolio",
                                        .listen = address,
                                        .key = key,
                                        .handlers = handlers,
                                        .handler_count = COUNT_OF(handlers)};
    struct rpc_client_options client = {
        .caller = "auth", .service = "portfolio", .addresses = address, .key = key};

    ports_take_address(address);
    assert_true(rpc_server_new(&server, &f->portfolio, &f->error));
    assert_true(rpc_server_start(f->portfolio, &f->error));
    assert_true(rpc_client_new(&client, &f->client, &f->error));
}

static int start(void **state)
{
    static const struct password_costs costs = {19456, 2};
    struct fixture *f = allocate(sizeof *f);
    struct database_options options = {.service = "auth"};
    size_t applied = 0;

    digest_start();
    log_start("test", LOG_ERROR);
    f->arena = arena_new(16 * 1024 * 1024);
    f->metrics = metrics_new();
    start_portfolio(f);
    f->postgres = postgres_new();
    if (!migration_run(postgres_url(f->postgres, NULL), "auth", auth_migrations,
                       auth_migration_count, &applied, &f->error))
        fail_msg("%s", f->error.message);
    options.url = postgres_url(f->postgres, "bourse_auth");
    assert_true(database_new(&options, &f->database, &f->error));
    f->verifier = token_verifier_new(&(struct token_verifier_options){.clock = clock_real()});
    for (size_t i = 0; i < REPLICAS; i++) {
        struct auth_options auth = {
            .database = f->database,
            .portfolio = f->client,
            .verifier = f->verifier,
            .metrics = f->metrics,
            .clock = clock_real(),
            .mesh_key = {.bytes = {1, 2, 3}},
            .session_lifetime_us = HOUR,
            .session_lifetime_whole_us = HOUR,
        };
        if (!password_hasher_make(&costs, &auth.hasher, &f->error) ||
            !auth_new(&auth, &f->replicas[i], &f->error))
            fail_msg("%s", f->error.message);
    }
    *state = f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < REPLICAS; i++)
        auth_free(&f->replicas[i]);
    token_verifier_free(&f->verifier);
    rpc_client_free(&f->client);
    rpc_server_free(&f->portfolio);
    database_free(&f->database);
    postgres_free(&f->postgres);
    metrics_free(&f->metrics);
    arena_free(&f->arena);
    release(f);
    return 0;
}

static struct rows run_sql(struct fixture *f, const char *name, const char *sql)
{
    struct statement statement = {name, sql};
    struct rows rows = {0};

    if (!database_query(f->database, f->arena, &statement, NULL, 0, &rows, &f->error))
        fail_msg("%s", f->error.message);
    return rows;
}

static int64_t count(struct fixture *f, const char *name, const char *sql)
{
    struct rows rows = run_sql(f, name, sql);

    return rows_int(&rows, 0, 0);
}

// Every test begins with nothing counted, and with limits that it will not meet.
static int reset(void **state)
{
    struct fixture *f = *state;
    struct throttle_limits wide = {
        .registrations = {"registrations from one address", 1, HOUR, 1000},
        .refreshes = {"refreshes from one address", 1, HOUR, 1000},
        .session_refreshes = {"refreshes of one session", 1, HOUR, 1000},
        .api_keys = {"new API keys of one account", 1, HOUR, 1000},
        .logins = {.of_name = {"wrong logins with one name", 1, HOUR, 1000},
                   .of_address = {"wrong logins from one address", 1, HOUR, 1000}},
    };

    arena_reset(f->arena);
    for (size_t i = 0; i < REPLICAS; i++)
        f->replicas[i]->limits = wide;
    run_sql(f, "reset_limits", "DELETE FROM rate_limits");
    run_sql(f, "reset_wrong", "DELETE FROM wrong_logins");
    run_sql(f, "reset_places", "DELETE FROM known_places");
    return 0;
}

static bool register_call(struct fixture *f, size_t replica, struct call *call, const char *name)
{
    Auth__RegisterRequest request = AUTH__REGISTER_REQUEST__INIT;
    Auth__RegisterResponse response = AUTH__REGISTER_RESPONSE__INIT;

    call->body = text_of(name);
    request.username = name;
    request.email = arena_printf(f->arena, "%s@example.org", name);
    request.password = RIGHT;
    return auth_api_register(f->replicas[replica], call, &request, &response, &f->error);
}

static struct call call_from(struct fixture *f, const char *address)
{
    struct call call = call_start(f->arena, 20 * 1000);

    call.client_address = address;
    return call;
}

static bool register_from(struct fixture *f, size_t replica, const char *address, const char *name)
{
    struct call call = call_from(f, address);

    return register_call(f, replica, &call, name);
}

static bool login_for(struct fixture *f,
                      size_t replica,
                      const char *address,
                      const char *name,
                      const char *password,
                      Auth__LoginResponse *response)
{
    Auth__LoginRequest request = AUTH__LOGIN_REQUEST__INIT;
    struct call call = call_from(f, address);

    auth__login_response__init(response);
    request.username = name;
    request.password = password;
    return auth_api_login(f->replicas[replica], &call, &request, response, &f->error);
}

static bool login(
    struct fixture *f, size_t replica, const char *address, const char *name, const char *password)
{
    Auth__LoginResponse response;

    return login_for(f, replica, address, name, password, &response);
}

static bool refresh(struct fixture *f, size_t replica, const char *address, const char **token)
{
    Auth__RefreshRequest request = AUTH__REFRESH_REQUEST__INIT;
    Auth__RefreshResponse response = AUTH__REFRESH_RESPONSE__INIT;
    struct call call = call_from(f, address);

    request.refresh_token = *token;
    if (!auth_api_refresh(f->replicas[replica], &call, &request, &response, &f->error))
        return false;
    *token = response.refresh_token;
    return true;
}

static void assert_wrong(struct fixture *f, size_t replica, const char *address, const char *name)
{
    assert_false(login(f, replica, address, name, WRONG));
    assert_string_equal(f->error.reason, "INVALID_CREDENTIALS");
}

static void assert_put_off(struct fixture *f, const char *sentence)
{
    assert_string_equal(f->error.reason, "TOO_MANY_REQUESTS");
    assert_string_equal(f->error.details[0].name, "retry_after");
    if (strstr(f->error.message, sentence) == NULL)
        fail_msg("\"%s\" instead of \"%s\"", f->error.message, sentence);
}

static void guessing_is_counted_over_all_replicas(void **state)
{
    static const char *const names[] = {"guessed", "nobody.guessed", "guessed@example.org"};
    struct fixture *f = *state;

    assert_true(register_from(f, 0, HOME, "guessed"));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        for (size_t wrong = 0; wrong < FREE; wrong++)
            assert_wrong(f, wrong % REPLICAS, HOME, names[i]);
        for (size_t replica = 0; replica < REPLICAS; replica++) {
            assert_false(login(f, replica, HOME, names[i], RIGHT));
            assert_put_off(f, "with this name from your address. Try again in 15 seconds.");
        }
    }
}

static void a_strangers_guessing_does_not_hold_up_the_owner(void **state)
{
    struct fixture *f = *state;

    assert_true(register_from(f, 0, HOME, "victim"));
    for (size_t wrong = 0; wrong < FREE; wrong++)
        assert_wrong(f, 0, ELSEWHERE, "VICTIM");
    assert_false(login(f, 0, ELSEWHERE, "victim", RIGHT));
    assert_true(login(f, 0, HOME, "victim", RIGHT));
    assert_false(login(f, 0, ELSEWHERE, "victim", RIGHT));
}

static void a_right_login_ends_the_count_where_it_came_from(void **state)
{
    struct fixture *f = *state;

    assert_true(register_from(f, 0, HOME, "clumsy"));
    for (int round = 0; round < 2; round++) {
        for (size_t wrong = 0; wrong < FREE - 1; wrong++)
            assert_wrong(f, 0, HOME, "clumsy");
        assert_true(login(f, 1, HOME, "Clumsy", RIGHT));
    }
}

static void each_further_wrong_login_doubles_the_wait(void **state)
{
    struct fixture *f = *state;

    for (size_t wrong = 0; wrong < FREE; wrong++)
        assert_wrong(f, 0, HOME, "stubborn");
    // As if the wait were over.
    run_sql(f, "age_wrong", "UPDATE wrong_logins SET last_at = last_at - interval '15 seconds'");
    assert_wrong(f, 0, HOME, "stubborn");
    assert_false(login(f, 0, HOME, "stubborn", WRONG));
    assert_put_off(f, "Try again in 30 seconds.");
    run_sql(f, "age_long", "UPDATE wrong_logins SET last_at = last_at - interval '30 minutes'");
    for (size_t wrong = 0; wrong < FREE; wrong++)
        assert_wrong(f, 0, HOME, "stubborn");
}

static void guessing_from_many_addresses_holds_up_strangers_and_not_the_owner(void **state)
{
    static const char *const names[] = {"famous", "nobody.famous"};
    struct fixture *f = *state;

    assert_true(register_from(f, 0, HOME, "famous"));
    assert_true(login(f, 0, HOME, "famous", RIGHT));
    for (size_t i = 0; i < REPLICAS; i++)
        f->replicas[i]->limits.logins.of_name.burst = 20;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        for (int wrong = 0; wrong < 20; wrong++)
            assert_wrong(f, 0, arena_printf(f->arena, "203.0.113.%d", wrong), names[i]);
        assert_false(login(f, 1, ELSEWHERE, names[i], RIGHT));
        assert_put_off(f, "wrong logins with one name are taken in an hour, and 20 at once.");
    }
    assert_true(login(f, 1, HOME, "famous", RIGHT));
    // A place is known for thirty days.
    run_sql(f, "age_places", "UPDATE known_places SET used_at = now() - interval '31 days'");
    assert_false(login(f, 1, HOME, "famous", RIGHT));
    assert_put_off(f, "wrong logins with one name");
}

static void guessing_of_many_names_holds_up_the_address_and_no_other(void **state)
{
    struct fixture *f = *state;

    assert_true(register_from(f, 0, HOME, "neighbour"));
    assert_true(register_from(f, 0, HOME, "newcomer"));
    assert_true(login(f, 0, HOME, "neighbour", RIGHT));
    for (size_t i = 0; i < REPLICAS; i++)
        f->replicas[i]->limits.logins.of_address.burst = 12;
    for (int wrong = 0; wrong < 12; wrong++)
        assert_wrong(f, (size_t)wrong % REPLICAS, HOME, arena_printf(f->arena, "name%d", wrong));
    assert_false(login(f, 0, HOME, "newcomer", RIGHT));
    assert_put_off(f, "wrong logins from one address are taken in an hour, and 12 at once.");
    // Who has logged in from there before is let in, and so is everybody from elsewhere.
    assert_true(login(f, 0, HOME, "neighbour", RIGHT));
    assert_true(login(f, 0, ELSEWHERE, "newcomer", RIGHT));
}

static void a_name_that_nobody_has_is_counted_like_any_other(void **state)
{
    static const char *const names[] = {"somebody", "nobody.at.all"};
    struct fixture *f = *state;

    assert_true(register_from(f, 0, NULL, "somebody"));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        run_sql(f, "forget_limits", "DELETE FROM rate_limits");
        run_sql(f, "forget_wrong", "DELETE FROM wrong_logins");
        assert_wrong(f, 0, HOME, names[i]);
        assert_int_equal(count(f, "limits", "SELECT count(*) FROM rate_limits"), 2);
        assert_int_equal(count(f, "wrong", "SELECT count(*) FROM wrong_logins"), 1);
        assert_int_equal(count(f, "places", "SELECT count(*) FROM known_places"), 0);
    }
}

static void right_logins_count_towards_nothing(void **state)
{
    struct fixture *f = *state;

    assert_true(register_from(f, 0, NULL, "regular"));
    for (int i = 0; i < 3; i++)
        assert_true(login(f, 0, HOME, "regular", RIGHT));
    assert_int_equal(count(f, "no_limits", "SELECT count(*) FROM rate_limits"), 0);
    assert_int_equal(count(f, "no_wrong", "SELECT count(*) FROM wrong_logins"), 0);
}

static void the_latest_twenty_places_of_a_user_are_known(void **state)
{
    struct fixture *f = *state;

    assert_true(register_from(f, 0, HOME, "traveller"));
    for (int i = 0; i < 25; i++)
        assert_true(login(f, 0, arena_printf(f->arena, "203.0.113.%d", i), "traveller", RIGHT));
    assert_int_equal(count(f, "all_places", "SELECT count(*) FROM known_places"), 20);
    f->replicas[0]->limits.logins.of_name.burst = 1;
    assert_wrong(f, 0, ELSEWHERE, "traveller");
    assert_true(login(f, 0, "203.0.113.24", "traveller", RIGHT));
    assert_false(login(f, 0, "203.0.113.0", "traveller", RIGHT));
}

static void an_address_may_register_so_many_over_all_replicas(void **state)
{
    struct fixture *f = *state;
    struct call call = call_from(f, HOME);
    struct call again;
    struct call administrator = call_from(f, HOME);

    for (size_t i = 0; i < REPLICAS; i++)
        f->replicas[i]->limits.registrations.burst = 3;
    assert_true(register_call(f, 0, &call, "first"));
    assert_true(register_from(f, 1, HOME, "second"));
    assert_true(register_from(f, 0, HOME, "third"));
    assert_false(register_from(f, 1, HOME, "fourth"));
    assert_put_off(f, "At most 1 registrations from one address are taken in an hour, and 3 at "
                      "once. Try again in 3");
    assert_int_equal(count(f, "fourth", "SELECT count(*) FROM users WHERE username = 'fourth'"), 0);
    assert_true(register_from(f, 1, ELSEWHERE, "fourth"));
    // What was done before is answered as it was then.
    again = call_from(f, HOME);
    again.request_id = call.request_id;
    assert_true(register_call(f, 1, &again, "first"));
    assert_true(again.replayed);
    assert_false(register_call(f, 1, &again, "another"));
    assert_string_equal(f->error.reason, "IDEMPOTENCY_KEY_REUSED");
    // Administrators make as many users as they like.
    administrator.identity.role = ROLE_ADMINISTRATOR;
    assert_true(register_call(f, 1, &administrator, "fifth"));
}

static void the_addresses_of_one_ipv6_network_are_one(void **state)
{
    struct fixture *f = *state;

    f->replicas[0]->limits.registrations.burst = 1;
    assert_true(register_from(f, 0, "2001:db8:1:2::1", "six"));
    assert_false(register_from(f, 0, "2001:db8:1:2:ffff::2", "seven"));
    assert_put_off(f, "registrations from one address");
    assert_true(register_from(f, 0, "2001:db8:1:3::1", "seven"));
}

static void an_address_may_refresh_so_often(void **state)
{
    struct fixture *f = *state;
    const char *token = UNKNOWN_TOKEN;

    for (size_t i = 0; i < REPLICAS; i++)
        f->replicas[i]->limits.refreshes.burst = 4;
    for (size_t i = 0; i < 4; i++) {
        assert_false(refresh(f, i % REPLICAS, HOME, &token));
        assert_string_equal(f->error.reason, "INVALID_REFRESH_TOKEN");
    }
    assert_false(refresh(f, 1, HOME, &token));
    assert_put_off(f, "refreshes from one address are taken in an hour, and 4 at once.");
    assert_false(refresh(f, 1, ELSEWHERE, &token));
    assert_string_equal(f->error.reason, "INVALID_REFRESH_TOKEN");
}

static void a_session_may_be_refreshed_so_often_and_a_refusal_spends_no_token(void **state)
{
    struct fixture *f = *state;
    Auth__LoginResponse session;
    Auth__LoginResponse other;
    const char *token = NULL;

    for (size_t i = 0; i < REPLICAS; i++)
        f->replicas[i]->limits.session_refreshes.burst = 2;
    assert_true(register_from(f, 0, HOME, "refresher"));
    assert_true(login_for(f, 0, HOME, "refresher", RIGHT, &session));
    assert_true(login_for(f, 0, HOME, "refresher", RIGHT, &other));
    token = session.refresh_token;
    assert_true(refresh(f, 0, HOME, &token));
    assert_true(refresh(f, 1, ELSEWHERE, &token));
    assert_false(refresh(f, 0, HOME, &token));
    assert_put_off(f, "refreshes of one session are taken in an hour, and 2 at once.");
    assert_true(refresh(f, 0, HOME, (const char *[]){other.refresh_token}));
    run_sql(f, "refill", "DELETE FROM rate_limits");
    assert_true(refresh(f, 0, HOME, &token));
}

static bool make_api_key(struct fixture *f, size_t replica, struct call *call)
{
    Auth__CreateApiKeyRequest request = AUTH__CREATE_API_KEY_REQUEST__INIT;
    Auth__CreateApiKeyResponse response = AUTH__CREATE_API_KEY_RESPONSE__INIT;

    request.name = "robot";
    request.has_scope = true;
    request.scope = AUTH__API_KEY_SCOPE__API_KEY_SCOPE_READ;
    return auth_api_create_api_key(f->replicas[replica], call, &request, &response, &f->error);
}

static struct call call_of(struct fixture *f, const char *user_id)
{
    struct call call = call_from(f, HOME);

    snprintf(call.identity.user_id, UUID_SIZE, "%s", user_id);
    return call;
}

static bool make_api_key_of(struct fixture *f, size_t replica, const char *user_id)
{
    struct call call = call_of(f, user_id);

    return make_api_key(f, replica, &call);
}

static void an_account_may_make_so_many_api_keys_and_deleting_them_makes_no_difference(void **state)
{
    struct fixture *f = *state;
    Auth__LoginResponse ada;
    Auth__LoginResponse bob;
    struct call first;
    struct call again;

    for (size_t i = 0; i < REPLICAS; i++)
        f->replicas[i]->limits.api_keys.burst = 2;
    assert_true(register_from(f, 0, HOME, "keymaker"));
    assert_true(register_from(f, 0, HOME, "keyholder"));
    assert_true(login_for(f, 0, HOME, "keymaker", RIGHT, &ada));
    assert_true(login_for(f, 0, HOME, "keyholder", RIGHT, &bob));
    first = call_of(f, ada.user->id);
    assert_true(make_api_key(f, 0, &first));
    run_sql(f, "delete_keys", "DELETE FROM api_keys");
    assert_true(make_api_key_of(f, 1, ada.user->id));
    run_sql(f, "delete_keys", "DELETE FROM api_keys");
    assert_false(make_api_key_of(f, 0, ada.user->id));
    assert_put_off(f, "new API keys of one account are taken in an hour, and 2 at once.");
    assert_true(make_api_key_of(f, 0, bob.user->id));
    // What was done before is answered as it was then.
    again = call_of(f, ada.user->id);
    again.request_id = first.request_id;
    assert_true(make_api_key(f, 1, &again));
    assert_true(again.replayed);
}

// Who is logged in at that address asks for another password.
static bool change_password(struct fixture *f,
                            const char *address,
                            const char *user_id,
                            const char *name,
                            const char *password)
{
    Auth__ChangePasswordRequest request = AUTH__CHANGE_PASSWORD_REQUEST__INIT;
    Auth__ChangePasswordResponse response = AUTH__CHANGE_PASSWORD_RESPONSE__INIT;
    struct call call = call_from(f, address);

    snprintf(call.identity.user_id, sizeof call.identity.user_id, "%s", user_id);
    snprintf(call.identity.username, sizeof call.identity.username, "%s", name);
    snprintf(call.identity.session_id, sizeof call.identity.session_id, "%s", uuid_new().string);
    request.current_password = password;
    request.new_password = "another correct horse";
    return auth_api_change_password(f->replicas[0], &call, &request, &response, &f->error);
}

static void a_password_that_is_asked_for_again_is_counted_like_one_at_a_login(void **state)
{
    struct fixture *f = *state;
    Auth__LoginResponse session;

    assert_true(register_from(f, 0, HOME, "careless"));
    assert_true(login_for(f, 0, HOME, "careless", RIGHT, &session));
    for (int wrong = 0; wrong < FREE; wrong++) {
        assert_false(change_password(f, ELSEWHERE, session.user->id, "careless", WRONG));
        assert_string_equal(f->error.reason, "WRONG_PASSWORD");
    }
    assert_false(change_password(f, ELSEWHERE, session.user->id, "careless", RIGHT));
    assert_put_off(f, "with this name from your address");
    assert_false(login(f, 1, ELSEWHERE, "careless", RIGHT));
    assert_put_off(f, "with this name from your address");
    assert_wrong(f, 1, HOME, "careless");
    assert_true(change_password(f, HOME, session.user->id, "careless", RIGHT));
    assert_int_equal(count(f, "still_wrong", "SELECT count(*) FROM wrong_logins"), 1);
}

static void what_is_counted_no_more_is_pruned(void **state)
{
    struct fixture *f = *state;

    assert_true(register_from(f, 0, NULL, "ancient"));
    assert_true(login(f, 0, HOME, "ancient", RIGHT));
    assert_wrong(f, 0, HOME, "ancient");
    assert_false(store_prune_logins(f->database, f->arena));
    assert_int_equal(count(f, "kept",
                           "SELECT (SELECT count(*) FROM wrong_logins)"
                           " + (SELECT count(*) FROM known_places)"),
                     2);
    run_sql(f, "age_1", "UPDATE wrong_logins SET last_at = now() - interval '31 minutes'");
    run_sql(f, "age_2", "UPDATE known_places SET used_at = now() - interval '31 days'");
    assert_false(store_prune_logins(f->database, f->arena));
    assert_int_equal(count(f, "gone",
                           "SELECT (SELECT count(*) FROM wrong_logins)"
                           " + (SELECT count(*) FROM known_places)"),
                     0);
}

static void a_limit_of_zero_is_none(void **state)
{
    struct fixture *f = *state;
    const char *token = UNKNOWN_TOKEN;

    memset(&f->replicas[0]->limits.registrations, 0, sizeof f->replicas[0]->limits.registrations);
    f->replicas[0]->limits.logins.of_name.tokens = 0;
    f->replicas[0]->limits.logins.of_address.tokens = 0;
    f->replicas[0]->limits.refreshes.tokens = 0;
    assert_true(register_from(f, 0, HOME, "unlimited"));
    assert_wrong(f, 0, HOME, "unlimited");
    assert_false(refresh(f, 0, HOME, &token));
    assert_int_equal(count(f, "none", "SELECT count(*) FROM rate_limits"), 0);
}

#define TEST(name) cmocka_unit_test_setup(name, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(guessing_is_counted_over_all_replicas),
        TEST(a_strangers_guessing_does_not_hold_up_the_owner),
        TEST(a_right_login_ends_the_count_where_it_came_from),
        TEST(each_further_wrong_login_doubles_the_wait),
        TEST(guessing_from_many_addresses_holds_up_strangers_and_not_the_owner),
        TEST(guessing_of_many_names_holds_up_the_address_and_no_other),
        TEST(a_name_that_nobody_has_is_counted_like_any_other),
        TEST(right_logins_count_towards_nothing),
        TEST(the_latest_twenty_places_of_a_user_are_known),
        TEST(an_address_may_register_so_many_over_all_replicas),
        TEST(the_addresses_of_one_ipv6_network_are_one),
        TEST(an_address_may_refresh_so_often),
        TEST(an_account_may_make_so_many_api_keys_and_deleting_them_makes_no_difference),
        TEST(a_session_may_be_refreshed_so_often_and_a_refusal_spends_no_token),
        TEST(a_password_that_is_asked_for_again_is_counted_like_one_at_a_login),
        TEST(what_is_counted_no_more_is_pruned),
        TEST(a_limit_of_zero_is_none),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
