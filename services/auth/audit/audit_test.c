// SPDX-License-Identifier: MIT
// What other services tell, in the audit log: on a real PostgreSQL, as the service's own role.
#include "bourse/auth/v1/auth_server.h"

#include "auth.h"
#include "support/postgres.h"
#include "support/test.h"

#include <stdio.h>
#include <string.h>

extern const struct migration auth_migrations[];
extern const size_t auth_migration_count;

#define USER "0190a5f0-7c3e-7abc-8def-0123456789ab"
#define REQUEST "0190a5f0-7c3e-7abc-8def-0123456789ad"

struct fixture {
    struct postgres *postgres;
    struct database *database;
    struct history *history;
    struct arena *arena;
    struct auth auth; // what reading and recording need of it
    struct error error;
};

static int start(void **state)
{
    struct fixture *f = allocate(sizeof *f);
    struct database_options options = {.service = "auth"};
    size_t applied = 0;

    digest_start();
    f->arena = arena_new(16 * 1024 * 1024);
    f->postgres = postgres_new();
    if (!migration_run(postgres_url(f->postgres, NULL), "auth", auth_migrations,
                       auth_migration_count, &applied, &f->error))
        fail_msg("%s", f->error.message);
    options.url = postgres_url(f->postgres, "bourse_auth");
    assert_true(database_new(&options, &f->database, &f->error));
    assert_true(history_new(&(const struct history_options){.primary = f->database}, &f->history,
                            &f->error));
    f->auth.database = f->database;
    f->auth.history = f->history;
    f->auth.clock = clock_real();
    *state = f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;

    history_free(&f->history);
    database_free(&f->database);
    postgres_free(&f->postgres);
    arena_free(&f->arena);
    release(f);
    return 0;
}

static Auth__RecordedEvent *new_event(struct fixture *f, const char *id, int64_t at)
{
    Auth__RecordedEvent *event = arena_allocate(f->arena, sizeof *event);

    auth__recorded_event__init(event);
    event->id = id;
    event->has_at = true;
    event->at = at;
    event->actor_id = USER;
    event->actor = "admin";
    event->action = "clock.set";
    event->detail = "{\"mode\":\"step\"}";
    event->address = "203.0.113.7";
    event->request_id = REQUEST;
    return event;
}

static bool record(struct fixture *f, Auth__RecordedEvent **events, size_t count)
{
    Auth__RecordAuditEventsRequest request = AUTH__RECORD_AUDIT_EVENTS_REQUEST__INIT;
    Auth__RecordAuditEventsResponse response = AUTH__RECORD_AUDIT_EVENTS_RESPONSE__INIT;
    struct call call = call_start(f->arena, 20 * 1000);

    request.events = events;
    request.n_events = count;
    return auth_api_record_audit_events(&f->auth, &call, &request, &response, &f->error);
}

static const Auth__ListAuditEventsResponse *list(struct fixture *f)
{
    Auth__ListAuditEventsRequest request = AUTH__LIST_AUDIT_EVENTS_REQUEST__INIT;
    Auth__ListAuditEventsResponse *response = arena_allocate(f->arena, sizeof *response);
    struct call call = call_start(f->arena, 20 * 1000);

    auth__list_audit_events_response__init(response);
    if (!auth_api_list_audit_events(&f->auth, &call, &request, response, &f->error))
        fail_msg("%s", f->error.message);
    return response;
}

static void what_is_told_twice_is_there_once_with_its_own_time(void **state)
{
    struct fixture *f = *state;
    struct random_source random = random_system();
    struct uuid early = uuid_at(INT64_C(1700000000000000), &random);
    struct uuid late = uuid_at(INT64_C(1700000001000000), &random);
    Auth__RecordedEvent *events[] = {new_event(f, late.string, 1700000001000000),
                                     new_event(f, early.string, 1700000000000000)};
    const Auth__ListAuditEventsResponse *response = NULL;

    assert_true(record(f, events, 1));
    // Delivered later, and yet at the place of its time.
    assert_true(record(f, events, 2));
    events[0]->detail = "another";
    assert_true(record(f, events, 2));
    response = list(f);
    assert_int_equal(response->n_events, 2);
    assert_string_equal(response->events[0]->id, late.string);
    assert_string_equal(response->events[0]->detail, "{\"mode\":\"step\"}");
    assert_string_equal(response->events[1]->id, early.string);
    assert_true(response->events[1]->at == 1700000000000000);
    assert_string_equal(response->events[1]->actor_id, USER);
    assert_string_equal(response->events[1]->actor, "admin");
    assert_string_equal(response->events[1]->action, "clock.set");
    assert_null(response->events[1]->subject);
    assert_string_equal(response->events[1]->address, "203.0.113.7");
    assert_string_equal(response->events[1]->request_id, REQUEST);
    assert_int_equal(response->events[1]->result, AUTH__AUDIT_RESULT__AUDIT_RESULT_DONE);
}

static void no_events_are_no_failure(void **state)
{
    assert_true(record(*state, NULL, 0));
}

static struct rows run_sql(struct fixture *f, const char *name, const char *sql)
{
    const struct statement statement = {name, sql};
    struct rows rows = {0};

    if (!database_query(f->database, f->arena, &statement, NULL, 0, &rows, &f->error))
        fail_msg("%s", f->error.message);
    return rows;
}

// Whether the service's own role may run a statement.
static bool may(struct fixture *f, const char *name, const char *sql)
{
    const struct statement statement = {name, sql};
    struct rows rows;

    return database_query(f->database, f->arena, &statement, NULL, 0, &rows, &f->error);
}

static void events_are_removed_when_they_are_as_old_as_operators_say_and_not_otherwise(void **state)
{
    struct fixture *f = *state;
    struct rows rows;

    run_sql(f, "events",
            "INSERT INTO audit_log (id, at, action, result)"
            " SELECT gen_random_uuid(), now() - n * interval '1 day', 'old', 'done'"
            " FROM generate_series(1, 2000) n");
    assert_false(store_prune_audit(f->database, f->arena, 0));
    assert_true(store_prune_audit(f->database, f->arena, 100));
    assert_false(store_prune_audit(f->database, f->arena, 100));
    rows = run_sql(f, "events_left", "SELECT count(*) FROM audit_log WHERE action = 'old'");
    // The hundredth is a moment older than that by now.
    assert_int_equal(rows_int(&rows, 0, 0), 99);
    // No more than that can be done with it, nor by any other way.
    assert_false(may(f, "remove_young", "SELECT audit_log_remove(now(), 10)"));
    assert_false(may(f, "remove_any", "DELETE FROM audit_log"));
    assert_false(may(f, "change_any", "UPDATE audit_log SET action = 'new'"));
    rows = run_sql(f, "events_still", "SELECT count(*) FROM audit_log WHERE action = 'old'");
    assert_int_equal(rows_int(&rows, 0, 0), 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_told_twice_is_there_once_with_its_own_time),
        cmocka_unit_test(no_events_are_no_failure),
        cmocka_unit_test(
            events_are_removed_when_they_are_as_old_as_operators_say_and_not_otherwise),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
