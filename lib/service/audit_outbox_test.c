// SPDX-License-Identifier: MIT
// The outbox on a real PostgreSQL, as the service's own role, with an auth of the test's own.
#include "service/audit_outbox.h"

#include "base/digest.h"
#include "bourse/auth/v1/auth.pb-c.h"
#include "bourse/auth/v1/auth_methods.h"
#include "database/migration.h"
#include "rpc/rpc_server.h"
#include "service/log.h"
#include "support/ports.h"
#include "support/postgres.h"
#include "support/wait.h"

#include <pthread.h>
#include <string.h>

enum { DEADLINE_SECONDS = 20, TAKEN_MAX = 1000, ATTEMPTS_MAX = 1000 };

#define USER "0190a5f0-7c3e-7abc-8def-0123456789ab"
#define REQUEST "0190a5f0-7c3e-7abc-8def-0123456789ad"
#define NAME "Zo\u00eb"

static const struct migration schema = {
    1, "001_audit_outbox.sql",
    "CREATE TABLE shop.audit_outbox ("
    " id uuid PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), actor_id uuid,"
    " actor text CHECK (char_length(actor) <= 64),"
    " action text NOT NULL CHECK (char_length(action) <= 64),"
    " subject text CHECK (char_length(subject) <= 254),"
    " detail text CHECK (char_length(detail) <= 200),"
    " client_address text CHECK (char_length(client_address) <= 45), request_id uuid NOT NULL);"
    "GRANT SELECT, INSERT, DELETE ON shop.audit_outbox TO bourse_shop;"};

struct taken {
    char id[UUID_SIZE];
    size_t times;
};

// An auth that takes events as auth does, and fails as the test says.
struct auth_double {
    pthread_mutex_t lock;
    struct taken taken[TAKEN_MAX];
    size_t count;
    Auth__RecordedEvent last; // its strings are in `arena`
    struct arena *arena;
    size_t largest_batch;
    int64_t attempts_us[ATTEMPTS_MAX]; // monotonic
    size_t attempt_count;
    bool refuses;       // takes nothing
    bool loses_answers; // takes events, and the caller does not hear of it
};

struct fixture {
    struct postgres *postgres;
    struct database *database;
    struct arena *arena;
    struct auth_double auth;
    struct rpc_server *server;
    struct rpc_client *client;
};

static void take(struct auth_double *auth, const Auth__RecordedEvent *event)
{
    size_t index = 0;

    while (index < auth->count && strcmp(auth->taken[index].id, event->id) != 0)
        index++;
    assert_true(index < TAKEN_MAX);
    if (index == auth->count)
        memcpy(auth->taken[auth->count++].id, event->id, UUID_SIZE);
    auth->taken[index].times++;
    auth->last = *event;
    auth->last.id = arena_copy_string(auth->arena, event->id);
    auth->last.actor_id = event->actor_id ? arena_copy_string(auth->arena, event->actor_id) : NULL;
    auth->last.actor = event->actor ? arena_copy_string(auth->arena, event->actor) : NULL;
    auth->last.action = arena_copy_string(auth->arena, event->action);
    auth->last.subject = event->subject ? arena_copy_string(auth->arena, event->subject) : NULL;
    auth->last.detail = event->detail ? arena_copy_string(auth->arena, event->detail) : NULL;
    auth->last.address = event->address ? arena_copy_string(auth->arena, event->address) : NULL;
    auth->last.request_id = arena_copy_string(auth->arena, event->request_id);
}

static bool record(void *context,
                   struct call *call,
                   const ProtobufCMessage *packed,
                   ProtobufCMessage *response,
                   struct error *error)
{
    struct auth_double *auth = context;
    const Auth__RecordAuditEventsRequest *request = (const Auth__RecordAuditEventsRequest *)packed;
    bool fails = false;

    (void)call;
    (void)response;
    pthread_mutex_lock(&auth->lock);
    fails = auth->refuses || auth->loses_answers;
    if (auth->attempt_count < ATTEMPTS_MAX)
        auth->attempts_us[auth->attempt_count++] = clock_monotonic_us();
    if (request->n_events > auth->largest_batch)
        auth->largest_batch = request->n_events;
    for (size_t i = 0; i < request->n_events && !auth->refuses; i++)
        take(auth, request->events[i]);
    pthread_mutex_unlock(&auth->lock);
    return !fails || error_set(error, REASON_UNAVAILABLE, "the test says so");
}

static const struct rpc_handler handlers[] = {{&auth_method_record_audit_events, record, NULL}};

static void start_auth(struct fixture *f)
{
    char address[PORTS_ADDRESS_SIZE] = "";
    struct rpc_mesh_key key = {.bytes = {1, 2, 3}};
    struct rpc_server_options server = {.service = "auth",
                                        .listen = address,
                                        .key = key,
                                        .handlers = handlers,
                                        .handler_count = COUNT_OF(handlers),
                                        .context = &f->auth};
    struct rpc_client_options client = {
        .caller = "market", .service = "auth", .addresses = address, .key = key};
    struct error error;

    ports_take_address(address);
    assert_true(rpc_server_new(&server, &f->server, &error));
    assert_true(rpc_server_start(f->server, &error));
    assert_true(rpc_client_new(&client, &f->client, &error));
}

static int start(void **state)
{
    struct fixture *f = allocate(sizeof *f);
    struct database_options options = {.service = "shop"};
    size_t applied = 0;
    struct error error;

    digest_start();
    log_start("test", LOG_ERROR);
    pthread_mutex_init(&f->auth.lock, NULL);
    f->auth.arena = arena_new(4 * 1024 * 1024);
    f->arena = arena_new(16 * 1024 * 1024);
    f->postgres = postgres_new();
    if (!migration_run(postgres_url(f->postgres, NULL), "shop", &schema, 1, &applied, &error))
        fail_msg("%s", error.message);
    options.url = postgres_url(f->postgres, "bourse_shop");
    assert_true(database_new(&options, &f->database, &error));
    start_auth(f);
    *state = f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;

    rpc_client_free(&f->client);
    rpc_server_free(&f->server);
    database_free(&f->database);
    postgres_free(&f->postgres);
    arena_free(&f->arena);
    arena_free(&f->auth.arena);
    pthread_mutex_destroy(&f->auth.lock);
    release(f);
    return 0;
}

static struct rows run_sql(struct fixture *f, const char *name, const char *sql)
{
    struct statement statement = {name, sql};
    struct rows rows = {0};
    struct error error;

    if (!database_query(f->database, f->arena, &statement, NULL, 0, &rows, &error))
        fail_msg("%s", error.message);
    return rows;
}

static int clear(void **state)
{
    struct fixture *f = *state;

    pthread_mutex_lock(&f->auth.lock);
    memset(f->auth.taken, 0, sizeof f->auth.taken);
    f->auth.count = f->auth.largest_batch = f->auth.attempt_count = 0;
    f->auth.refuses = f->auth.loses_answers = false;
    arena_reset(f->auth.arena);
    pthread_mutex_unlock(&f->auth.lock);
    arena_reset(f->arena);
    run_sql(f, "clear", "DELETE FROM audit_outbox");
    return 0;
}

static void set_refuses(struct fixture *f, bool refuses)
{
    pthread_mutex_lock(&f->auth.lock);
    f->auth.refuses = refuses;
    pthread_mutex_unlock(&f->auth.lock);
}

static size_t count_attempts(struct fixture *f)
{
    size_t count = 0;

    pthread_mutex_lock(&f->auth.lock);
    count = f->auth.attempt_count;
    pthread_mutex_unlock(&f->auth.lock);
    return count;
}

// Adding.

struct adding {
    struct audit_outbox_event event;
    size_t count; // of copies
    bool fails;
};

static bool add_work(struct transaction *transaction, void *context, struct error *error)
{
    const struct adding *adding = context;

    for (size_t i = 0; i < adding->count; i++)
        if (!audit_outbox_add(transaction, &adding->event, 1, error) ||
            !transaction_flush(transaction, error))
            return false;
    return !adding->fails || error_set(error, REASON_SYMBOL_EXISTS, "the test says so");
}

static const struct call call = {
    .request_id = REQUEST,
    .client_address = "203.0.113.7",
    .identity = {.user_id = USER, .username = "admin", .role = ROLE_ADMINISTRATOR},
};

static bool add(struct fixture *f, struct adding adding)
{
    struct error error;

    adding.event.call = &call;
    adding.event.action = "shop.open";
    if (adding.count == 0)
        adding.count = 1;
    if (database_transact(f->database, f->arena, 0, add_work, &adding, &error))
        return true;
    if (!adding.fails)
        fail_msg("%s", error.message);
    return false;
}

static int64_t count_waiting(struct fixture *f)
{
    struct rows rows = run_sql(f, "count_waiting", "SELECT count(*) FROM audit_outbox");

    return rows_int(&rows, 0, 0);
}

static const char *detail_of(struct fixture *f)
{
    struct rows rows = run_sql(f, "read_detail", "SELECT detail FROM audit_outbox");

    assert_int_equal(rows.count, 1);
    return rows_text(&rows, 0, 0);
}

static void an_event_is_there_with_its_effect_or_not_at_all(void **state)
{
    struct fixture *f = *state;

    assert_false(add(f, (struct adding){.fails = true}));
    assert_int_equal(count_waiting(f), 0);
    assert_true(add(f, (struct adding){.fails = false}));
    assert_int_equal(count_waiting(f), 1);
}

static void the_detail_is_the_request_without_its_secrets(void **state)
{
    struct fixture *f = *state;
    Auth__RegisterRequest request = AUTH__REGISTER_REQUEST__INIT;

    request.username = "ada";
    request.password = "correct horse";
    request.first_name = NAME;
    add(f, (struct adding){.event = {.method = &auth_method_register, .request = &request.base}});
    assert_string_equal(detail_of(f), "{\"username\":\"ada\",\"first_name\":\"" NAME "\"}");
}

static void a_detail_is_cut_between_two_characters(void **state)
{
    struct fixture *f = *state;
    char text[4 * AUDIT_OUTBOX_DETAIL_MAX * 2 + 1] = "";

    // One, two and four bytes each; the last ones are more than the buffer holds as well.
    static const char *const characters[] = {"x", "\u00eb", "\U0001F4C8"};
    for (size_t i = 0; i < COUNT_OF(characters); i++) {
        size_t size = strlen(characters[i]);

        for (size_t at = 0; at < 2 * AUDIT_OUTBOX_DETAIL_MAX; at++)
            memcpy(text + at * size, characters[i], size + 1);
        clear(state);
        add(f, (struct adding){.event = {.detail = text}});
        text[AUDIT_OUTBOX_DETAIL_MAX * size] = '\0';
        assert_string_equal(detail_of(f), text);
    }
    // One of one byte before them: the buffer ends within a character.
    text[0] = 'x';
    for (size_t at = 0; at < AUDIT_OUTBOX_DETAIL_MAX; at++)
        memcpy(text + 1 + at * 4, characters[2], 5);
    clear(state);
    add(f, (struct adding){.event = {.detail = text}});
    text[1 + 4 * (AUDIT_OUTBOX_DETAIL_MAX - 1)] = '\0';
    assert_string_equal(detail_of(f), text);
}

// Handing over.

static struct audit_outbox *open_outbox(struct fixture *f)
{
    return audit_outbox_new(&(const struct audit_outbox_options){
        .database = f->database, .auth = f->client, .period_ms = 10});
}

// False while the database is away as well, and for the moment that the pool lets pass after it.
static bool is_known_to_be_empty(struct fixture *f)
{
    static const struct statement statement = {"find_waiting", "SELECT FROM audit_outbox LIMIT 1"};
    struct rows rows = {0};
    struct error ignored;

    return database_query(f->database, f->arena, &statement, NULL, 0, &rows, &ignored) &&
           rows.count == 0;
}

static void wait_until_empty(struct fixture *f)
{
    assert_true_within(DEADLINE_SECONDS * 1000, is_known_to_be_empty(f));
}

static void wait_for_attempts(struct fixture *f, size_t count)
{
    assert_true_within(DEADLINE_SECONDS * 1000, count_attempts(f) >= count);
}

static void auth_is_told_who_did_what_from_where_and_when(void **state)
{
    struct fixture *f = *state;
    struct rows rows;
    OWNED(audit_outbox) outbox = NULL;
    const Auth__RecordedEvent *event = &f->auth.last;

    add(f, (struct adding){.event = {.subject = "ACME", .detail = "for a week"}});
    rows = run_sql(f, "read_event", "SELECT id, at FROM audit_outbox");
    outbox = open_outbox(f);
    wait_until_empty(f);
    audit_outbox_free(&outbox);
    assert_int_equal(f->auth.count, 1);
    assert_string_equal(event->id, rows_text(&rows, 0, 0));
    assert_true(event->at == rows_time(&rows, 0, 1));
    assert_string_equal(event->actor_id, USER);
    assert_string_equal(event->actor, "admin");
    assert_string_equal(event->action, "shop.open");
    assert_string_equal(event->subject, "ACME");
    assert_string_equal(event->detail, "for a week");
    assert_string_equal(event->address, "203.0.113.7");
    assert_string_equal(event->request_id, REQUEST);
}

static void events_wait_while_auth_is_away_longer_each_time(void **state)
{
    struct fixture *f = *state;
    OWNED(audit_outbox) outbox = NULL;

    set_refuses(f, true);
    add(f, (struct adding){.count = 3});
    outbox = open_outbox(f);
    wait_for_attempts(f, 3);
    assert_int_equal(count_waiting(f), 3);
    assert_true(f->auth.attempts_us[1] - f->auth.attempts_us[0] >= 500 * MICROS_PER_MS);
    assert_true(f->auth.attempts_us[2] - f->auth.attempts_us[1] >= 1000 * MICROS_PER_MS);
    set_refuses(f, false);
    wait_until_empty(f);
    audit_outbox_free(&outbox);
    assert_int_equal(f->auth.count, 3);
    assert_int_equal(f->auth.taken[0].times, 1);
}

static void an_event_whose_answer_was_lost_comes_again_as_the_same_one(void **state)
{
    struct fixture *f = *state;
    OWNED(audit_outbox) outbox = NULL;

    f->auth.loses_answers = true;
    add(f, (struct adding){.count = 1});
    outbox = open_outbox(f);
    wait_for_attempts(f, 1);
    pthread_mutex_lock(&f->auth.lock);
    f->auth.loses_answers = false;
    pthread_mutex_unlock(&f->auth.lock);
    wait_until_empty(f);
    audit_outbox_free(&outbox);
    assert_int_equal(f->auth.count, 1);
    assert_true(f->auth.taken[0].times >= 2);
}

static void many_events_go_a_hundred_at_a_time(void **state)
{
    struct fixture *f = *state;
    OWNED(audit_outbox) outbox = NULL;

    add(f, (struct adding){.count = 250});
    outbox = open_outbox(f);
    wait_until_empty(f);
    audit_outbox_free(&outbox);
    assert_int_equal(f->auth.count, 250);
    assert_int_equal(f->auth.largest_batch, AUDIT_OUTBOX_BATCH_MAX);
    assert_int_equal(f->auth.attempt_count, 3);
}

static void several_replicas_lose_nothing_together(void **state)
{
    struct fixture *f = *state;
    struct audit_outbox *outboxes[3];

    add(f, (struct adding){.count = 500});
    for (size_t i = 0; i < COUNT_OF(outboxes); i++)
        outboxes[i] = open_outbox(f);
    wait_until_empty(f);
    for (size_t i = 0; i < COUNT_OF(outboxes); i++)
        audit_outbox_free(&outboxes[i]);
    assert_int_equal(f->auth.count, 500);
}

static void without_the_database_the_worker_waits_and_goes_on_with_it(void **state)
{
    struct fixture *f = *state;
    OWNED(audit_outbox) outbox = NULL;

    set_refuses(f, true);
    add(f, (struct adding){.count = 1});
    outbox = open_outbox(f);
    wait_for_attempts(f, 1);
    postgres_stop(f->postgres);
    set_refuses(f, false);
    // Nobody but the worker asks for anything meanwhile.
    assert_true_within(DEADLINE_SECONDS * 1000, !database_statistics(f->database).reachable);
    postgres_start(f->postgres);
    wait_until_empty(f);
    audit_outbox_free(&outbox);
    assert_int_equal(f->auth.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_event_is_there_with_its_effect_or_not_at_all, clear),
        cmocka_unit_test_setup(the_detail_is_the_request_without_its_secrets, clear),
        cmocka_unit_test_setup(a_detail_is_cut_between_two_characters, clear),
        cmocka_unit_test_setup(auth_is_told_who_did_what_from_where_and_when, clear),
        cmocka_unit_test_setup(events_wait_while_auth_is_away_longer_each_time, clear),
        cmocka_unit_test_setup(an_event_whose_answer_was_lost_comes_again_as_the_same_one, clear),
        cmocka_unit_test_setup(many_events_go_a_hundred_at_a_time, clear),
        cmocka_unit_test_setup(several_replicas_lose_nothing_together, clear),
        cmocka_unit_test_setup(without_the_database_the_worker_waits_and_goes_on_with_it, clear),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
