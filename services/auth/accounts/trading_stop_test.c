// SPDX-License-Identifier: MIT
// The worker that has trading stop what somebody trades, beside a trading service of the test's
// own.
#include "accounts/trading_stop.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "auth_store.h"
#include "base/digest.h"
#include "bourse/trading/v1/trading.pb-c.h"
#include "bourse/trading/v1/trading_methods.h"
#include "support/ports.h"
#include "support/service_database.h"
#include "support/test.h"

extern const struct migration auth_migrations[];
extern const size_t auth_migration_count;

enum { ARENA_BUDGET = 4 * 1024 * 1024, OUTPUT_SIZE = 64 * 1024 };

#define USER_ID "00000000-0000-0000-0000-000000000001"

struct fixture {
    struct service_database *database;
    struct rpc_server *server;
    struct auth auth; // no more of it than the worker uses
    char address[PORTS_ADDRESS_SIZE];
    bool is_under_way;
    size_t stopped;
};

static int start(void **state)
{
    const struct service_database_options options = {
        .service = "auth",
        .migrations = auth_migrations,
        .migration_count = auth_migration_count,
        .connections = 2,
        .arena_budget = ARENA_BUDGET,
    };
    struct fixture *f = allocate(sizeof *f);

    digest_start();
    log_start("auth", LOG_INFO);
    *state = f;
    return service_database_start(&options, &f->database) ? 0 : -1;
}

static int stop(void **state)
{
    struct fixture *f = *state;

    service_database_stop(&f->database);
    release(f);
    return 0;
}

// How many rows it gives.
static size_t run_with(struct fixture *f,
                       const struct statement *statement,
                       const struct parameter *parameters,
                       size_t count)
{
    struct rows rows = {0};
    struct error error;

    arena_reset(f->database->arena);
    if (!database_query(f->database->database, f->database->arena, statement, parameters, count,
                        &rows, &error))
        fail_msg("%s", error.message);
    return rows.count;
}

static bool stop_user(void *context,
                      struct call *call,
                      const ProtobufCMessage *packed,
                      ProtobufCMessage *reply,
                      struct error *error)
{
    struct fixture *f = context;
    const Trading__StopUserTradingRequest *request =
        (const Trading__StopUserTradingRequest *)packed;
    Trading__StopUserTradingResponse *response = (Trading__StopUserTradingResponse *)reply;

    (void)call;
    (void)error;
    assert_string_equal(request->user_id, USER_ID);
    f->stopped++;
    response->has_complete = true;
    response->complete = !f->is_under_way;
    return true;
}

static bool get_order(void *context,
                      struct call *call,
                      const ProtobufCMessage *request,
                      ProtobufCMessage *response,
                      struct error *error)
{
    (void)context;
    (void)call;
    (void)request;
    (void)response;
    return error_set(error, REASON_INTERNAL, "Nobody asks for orders here.");
}

// A trading service; one of before the operation has others only.
static void start_trading(struct fixture *f, bool is_older)
{
    static const struct rpc_handler newer[] = {
        {.method = &trading_method_stop_user_trading, .single = stop_user}};
    static const struct rpc_handler older[] = {
        {.method = &trading_method_get_order, .single = get_order}};
    const struct rpc_mesh_key key = {.bytes = {1, 2, 3}};
    const struct rpc_server_options server = {.service = "trading",
                                              .listen = f->address,
                                              .key = key,
                                              .handlers = is_older ? older : newer,
                                              .handler_count = 1,
                                              .context = f};
    const struct rpc_client_options client = {
        .caller = "auth", .service = "trading", .addresses = f->address, .key = key};
    struct error error;

    ports_take_address(f->address);
    assert_true(rpc_server_new(&server, &f->server, &error));
    assert_true(rpc_server_start(f->server, &error));
    assert_true(rpc_client_new(&client, &f->auth.trading, &error));
}

static void end_trading(struct fixture *f)
{
    rpc_client_free(&f->auth.trading);
    rpc_server_free(&f->server);
}

static int shut_out(void **state)
{
    struct fixture *f = *state;

    f->auth.database = f->database->database;
    f->stopped = 0;
    f->is_under_way = false;
    (void)service_database_run(f->database, "forget_stops", "DELETE FROM trading_stops");
    (void)service_database_run(f->database, "shut_out",
                               "INSERT INTO users (id, username, role, created_at, is_active)"
                               " VALUES ('" USER_ID
                               "', 'ada', 'user', now(), false) ON CONFLICT DO NOTHING");
    (void)service_database_run(f->database, "ask_to_stop",
                               "INSERT INTO trading_stops (user_id) VALUES ('" USER_ID "')");
    return 0;
}

// The worker's next round, so many seconds later. How often `event` is logged in it.
static size_t work(struct fixture *f, int seconds, const char *event)
{
    static const struct statement pass = {
        "let_time_pass",
        "UPDATE trading_stops SET tried_at = tried_at - $1::bigint * interval '1 second'"};
    const struct parameter passed = parameter_int(seconds);
    char output[OUTPUT_SIZE];
    FILE *captured = tmpfile();
    int standard_error = dup(STDERR_FILENO);
    size_t count = 0;

    (void)run_with(f, &pass, &passed, 1);
    assert_non_null(captured);
    dup2(fileno(captured), STDERR_FILENO);
    assert_false(trading_stop_all(&f->auth));
    dup2(standard_error, STDERR_FILENO);
    close(standard_error);
    rewind(captured);
    output[fread(output, 1, sizeof output - 1, captured)] = '\0';
    fclose(captured);
    for (const char *at = output; (at = strstr(at, event)) != NULL; at++)
        count++;
    return count;
}

static bool has_refused(struct fixture *f, size_t times)
{
    static const struct statement find = {
        "find_refusals", "SELECT 1 FROM trading_stops WHERE attempts = $1::bigint"};
    const struct parameter attempts = parameter_int((int64_t)times);

    return run_with(f, &find, &attempts, 1) == 1;
}

static void an_older_trading_is_asked_less_and_less_often_and_the_log_says_so_once(void **state)
{
    static const int waits[] = {10, 20, 40, 60, 60};
    struct fixture *f = *state;

    start_trading(f, true);
    assert_int_equal(work(f, 0, "\"trading_not_stopped\""), 1);
    for (size_t i = 0; i < COUNT_OF(waits); i++) {
        assert_true(has_refused(f, i + 1));
        // Not before its time, which the second look makes full.
        assert_int_equal(work(f, waits[i] - 5, "trading_not_stopped"), 0);
        assert_true(has_refused(f, i + 1));
        assert_int_equal(work(f, 6, "trading_not_stopped"), 0);
        assert_true(has_refused(f, i + 2));
    }
    end_trading(f);

    start_trading(f, false);
    assert_int_equal(work(f, 61, "\"trading_stopped\""), 1);
    assert_int_equal(f->stopped, 1);
    assert_true(has_refused(f, 0));
    assert_int_equal(service_database_run(f->database, "told",
                                          "SELECT 1 FROM trading_stops WHERE told_at IS NOT NULL")
                         .count,
                     1);
    // And once more when no token is good any more, which the log need not say.
    (void)service_database_run(
        f->database, "age", "UPDATE trading_stops SET asked_at = asked_at - interval '3 minutes'");
    assert_int_equal(work(f, 0, "trading_"), 0);
    assert_int_equal(f->stopped, 2);
    assert_int_equal(service_database_run(f->database, "left", "SELECT 1 FROM trading_stops").count,
                     0);
    end_trading(f);
}

static void orders_on_their_way_are_no_refusal_and_asked_about_every_five_seconds(void **state)
{
    struct fixture *f = *state;

    start_trading(f, false);
    f->is_under_way = true;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(work(f, 6, "trading_"), 0);
        assert_int_equal(f->stopped, i + 1);
        assert_int_equal(work(f, 2, "trading_"), 0);
        assert_int_equal(f->stopped, i + 1);
    }
    f->is_under_way = false;
    assert_int_equal(work(f, 6, "trading_"), 0);
    assert_int_equal(service_database_run(f->database, "told",
                                          "SELECT 1 FROM trading_stops WHERE told_at IS NOT NULL")
                         .count,
                     1);
    end_trading(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(
            an_older_trading_is_asked_less_and_less_often_and_the_log_says_so_once, shut_out),
        cmocka_unit_test_setup(
            orders_on_their_way_are_no_refusal_and_asked_about_every_five_seconds, shut_out),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
