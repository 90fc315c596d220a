// SPDX-License-Identifier: MIT
// The statements of the task monitor against a real PostgreSQL, as the service's own role.
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/random.h"
#include "base/uuid.h"
#include "database/migration.h"
#include "queue/task_store.h"
#include "support/service_database.h"

extern const struct migration trading_migrations[];
extern const size_t trading_migration_count;

enum { ARENA_BUDGET = 16 * 1024 * 1024 };

#define MINUTE_US (60 * MICROS_PER_SECOND)
#define NOW_US (INT64_C(1767225600) * MICROS_PER_SECOND) // 2026-01-01T00:00:00Z
#define PORTFOLIO_ID "0195d3a0-0000-7000-8000-000000000001"

static int start(void **state)
{
    const struct service_database_options options = {
        .service = "trading",
        .migrations = trading_migrations,
        .migration_count = trading_migration_count,
        .connections = 4,
        .arena_budget = ARENA_BUDGET,
    };
    struct service_database *database = NULL;
    bool is_started = service_database_start(&options, &database);

    *state = database;
    return is_started ? 0 : -1;
}

static int stop(void **state)
{
    struct service_database *database = *state;

    service_database_stop(&database);
    return 0;
}

static int forget(void **state)
{
    struct service_database *fixture = *state;
    static const struct statement statements[] = {
        {"forget_tasks", "DELETE FROM tasks"},
        {"forget_minutes", "DELETE FROM task_minutes"},
        {"forget_workers", "DELETE FROM workers"},
    };
    struct rows rows;
    struct error error;

    arena_reset(fixture->arena);
    for (size_t i = 0; i < COUNT_OF(statements); i++)
        if (!database_query(fixture->database, fixture->arena, &statements[i], NULL, 0, &rows,
                            &error))
            return -1;
    return 0;
}

// A task that was queued, by an id and a time of then, and has come to `state`.
static void add_task(struct service_database *fixture,
                     int64_t queued_at,
                     const char *task_state,
                     const char *run_at,
                     const char *worker,
                     char out_id[UUID_SIZE])
{
    static const struct statement insert = {
        "add_task", "INSERT INTO tasks (id, portfolio_id, kind, state, attempts, worker, run_at,"
                    " queued_at, started_at, finished_at, error)"
                    " VALUES ($1, '" PORTFOLIO_ID "', 'order', $2, 20, $3, $4::timestamptz, $5, $5,"
                    " CASE WHEN $2 IN ('completed', 'failed') THEN $5::timestamptz"
                    " + interval '250 ms' END, CASE WHEN $2 = 'failed' THEN 'No.' END)"};
    uint64_t seed = (uint64_t)queued_at;
    struct random_source source = random_seeded(&seed);
    struct parameter parameters[5];
    struct rows rows;
    struct error error;

    snprintf(out_id, UUID_SIZE, "%s", uuid_at(queued_at, &source).string);
    parameters[0] = parameter_text(out_id);
    parameters[1] = parameter_text(task_state);
    parameters[2] = parameter_text(worker);
    parameters[3] = parameter_text(run_at);
    parameters[4] = parameter_time(queued_at);
    if (!database_query(fixture->database, fixture->arena, &insert, parameters, 5, &rows, &error))
        fail_msg("%s", error.message);
}

static size_t
page(struct service_database *fixture, const struct task_filter *filter, struct task **out_tasks)
{
    size_t count = 0;
    struct error error;

    if (!task_store_page(fixture->database, fixture->arena, filter, out_tasks, &count, &error))
        fail_msg("%s", error.message);
    return count;
}

static void tasks_come_newest_first_and_page_by_page(void **state)
{
    struct service_database *fixture = *state;
    struct task_filter filter = {.limit = 2};
    struct task *tasks = NULL;
    char ids[3][UUID_SIZE];

    for (int64_t i = 0; i < 3; i++)
        add_task(fixture, NOW_US + i * MICROS_PER_SECOND, "completed", "infinity", "a:1", ids[i]);
    assert_int_equal(page(fixture, &filter, &tasks), 2);
    assert_string_equal(tasks[0].id, ids[2]);
    assert_string_equal(tasks[1].id, ids[1]);
    filter.before_id = tasks[1].id;
    assert_int_equal(page(fixture, &filter, &tasks), 1);
    assert_string_equal(tasks[0].id, ids[0]);
    assert_int_equal(tasks[0].finished_at - tasks[0].started_at, 250 * MICROS_PER_MS);
    assert_false(tasks[0].is_resting);
}

static const struct task_depth *
depth_of(const struct task_depth *depths, size_t count, const char *queue)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(depths[i].queue, queue) == 0)
            return &depths[i];
    fail_msg("there is no queue %s", queue);
    return NULL;
}

static void each_queue_is_measured_without_what_rests_and_is_done(void **state)
{
    struct service_database *fixture = *state;
    struct task_depth depths[TASK_QUEUES_MAX];
    size_t count = 0;
    const struct task_depth *orders = NULL;
    char id[UUID_SIZE];
    struct error error;

    assert_true(task_store_measure(fixture->database, fixture->arena, depths, &count, &error));
    assert_int_equal(count, 2);
    assert_int_equal(depth_of(depths, count, "orders")->waited_us, 0);
    assert_int_equal(depth_of(depths, count, "backtests")->counts[TASK_IS_PENDING], 0);
    add_task(fixture, NOW_US, "pending", "2026-01-01 00:00:05Z", NULL, id);
    add_task(fixture, NOW_US + 1, "pending", "2999-01-01 00:00:00Z", NULL, id);
    add_task(fixture, NOW_US + 2, "pending", "infinity", NULL, id);
    add_task(fixture, NOW_US + 3, "active", "2999-01-01 00:00:00Z", "b:2", id);
    add_task(fixture, NOW_US + 4, "failed", "2025-01-01 00:00:00Z", "a:1", id);
    add_task(fixture, NOW_US + 5, "completed", "infinity", "a:1", id);
    assert_true(task_store_measure(fixture->database, fixture->arena, depths, &count, &error));
    orders = depth_of(depths, count, "orders");
    assert_int_equal(orders->counts[TASK_IS_PENDING], 2);
    assert_int_equal(orders->counts[TASK_IS_ACTIVE], 1);
    assert_int_equal(orders->counts[TASK_IS_FAILED], 1);
    // By the database's clock, which is later than the first one's time, and not by a year: a
    // failed one waits for people.
    assert_true(orders->waited_us > 0);
    assert_int_equal(depth_of(depths, count, "backtests")->counts[TASK_IS_FAILED], 0);
}

static void tasks_are_chosen_by_state_worker_and_time(void **state)
{
    struct service_database *fixture = *state;
    struct task *tasks = NULL;
    char waiting[UUID_SIZE];
    char resting[UUID_SIZE];
    char active[UUID_SIZE];
    char failed[UUID_SIZE];

    add_task(fixture, NOW_US, "pending", "2026-01-01 00:00:05Z", NULL, waiting);
    add_task(fixture, NOW_US + 1 * MINUTE_US, "pending", "infinity", "a:1", resting);
    add_task(fixture, NOW_US + 2 * MINUTE_US, "active", "2026-01-01 00:02:15Z", "b:2", active);
    add_task(fixture, NOW_US + 3 * MINUTE_US, "failed", "2026-01-01 00:03:00Z", "a:1", failed);
    assert_int_equal(
        page(fixture, &(struct task_filter){.state = TASK_IS_PENDING, .limit = 9}, &tasks), 2);
    assert_true(tasks[0].is_resting);
    assert_int_equal(tasks[0].next_attempt_at, 0);
    assert_string_equal(tasks[1].id, waiting);
    assert_int_equal(tasks[1].next_attempt_at, NOW_US + 5 * MICROS_PER_SECOND);
    assert_int_equal(
        page(fixture, &(struct task_filter){.state = TASK_IS_FAILED, .limit = 9}, &tasks), 1);
    assert_string_equal(tasks[0].error, "No.");
    assert_int_equal(page(fixture, &(struct task_filter){.worker = "a:1", .limit = 9}, &tasks), 2);
    assert_int_equal(
        page(fixture,
             &(struct task_filter){.has_since = true, .since = NOW_US + 2 * MINUTE_US, .limit = 9},
             &tasks),
        2);
}

struct changing {
    const char *id;
    struct task task;
};

static bool retry_work(struct transaction *transaction, void *context, struct error *error)
{
    struct changing *changing = context;

    return task_store_retry(transaction, changing->id, &changing->task, error);
}

static bool remove_work(struct transaction *transaction, void *context, struct error *error)
{
    const struct changing *changing = context;

    return task_store_remove(transaction, changing->id, error);
}

static void a_failed_task_is_due_again_with_all_its_attempts(void **state)
{
    struct service_database *fixture = *state;
    struct changing changing;
    char id[UUID_SIZE];
    struct error error;

    add_task(fixture, NOW_US, "failed", "infinity", "a:1", id);
    changing.id = id;
    assert_true(
        database_transact(fixture->database, fixture->arena, 0, retry_work, &changing, &error));
    assert_int_equal(changing.task.state, TASK_IS_PENDING);
    assert_int_equal(changing.task.attempts, 0);
    assert_null(changing.task.error);
    assert_int_equal(changing.task.finished_at, 0);
    assert_true(changing.task.next_attempt_at > 0);
    assert_false(
        database_transact(fixture->database, fixture->arena, 0, retry_work, &changing, &error));
    assert_string_equal(error.reason, "TASK_NOT_FAILED");
    assert_non_null(strstr(error.message, "pending"));
}

static void only_failed_tasks_are_removed(void **state)
{
    struct service_database *fixture = *state;
    struct changing changing;
    char failed[UUID_SIZE];
    char active[UUID_SIZE];
    struct task task;
    struct error error;

    add_task(fixture, NOW_US, "failed", "infinity", "a:1", failed);
    add_task(fixture, NOW_US + 1, "active", "infinity", "a:1", active);
    changing.id = active;
    assert_false(
        database_transact(fixture->database, fixture->arena, 0, remove_work, &changing, &error));
    assert_string_equal(error.reason, "TASK_NOT_FAILED");
    changing.id = failed;
    assert_true(
        database_transact(fixture->database, fixture->arena, 0, remove_work, &changing, &error));
    assert_false(task_store_load(fixture->database, fixture->arena, failed, &task, &error));
    assert_string_equal(error.reason, "TASK_NOT_FOUND");
    assert_false(
        database_transact(fixture->database, fixture->arena, 0, remove_work, &changing, &error));
    assert_string_equal(error.reason, "TASK_NOT_FOUND");
}

static void what_rests_is_counted_apart_from_what_waits_for_a_worker(void **state)
{
    struct service_database *fixture = *state;
    struct task_counts counts;
    char id[UUID_SIZE];
    struct error error;

    add_task(fixture, NOW_US + 9, "pending", "2026-01-01 00:00:05Z", NULL, id);
    add_task(fixture, NOW_US, "pending", "2026-01-01 00:00:05Z", NULL, id);
    add_task(fixture, NOW_US + 1, "pending", "infinity", "a:1", id);
    add_task(fixture, NOW_US + 2, "active", "2026-01-01 00:00:15Z", "a:1", id);
    add_task(fixture, NOW_US + 3, "failed", "infinity", "a:1", id);
    add_task(fixture, NOW_US + 4, "completed", "infinity", "a:1", id);
    assert_true(task_store_count(fixture->database, fixture->arena, &counts, &error));
    assert_int_equal(counts.pending, 2);
    assert_int_equal(counts.resting, 1);
    assert_int_equal(counts.active, 1);
    assert_int_equal(counts.failed, 1);
    assert_int_equal(counts.oldest_pending_at, NOW_US);
}

struct reporting {
    struct task_worker worker;
    struct task_minute minutes[2];
    size_t count;
};

static bool report_work(struct transaction *transaction, void *context, struct error *error)
{
    const struct reporting *reporting = context;

    return task_store_report(transaction, &reporting->worker, reporting->minutes, reporting->count,
                             error);
}

static void report(struct service_database *fixture, struct reporting *reporting)
{
    struct error error;

    if (!database_transact(fixture->database, fixture->arena, 0, report_work, reporting, &error))
        fail_msg("%s", error.message);
}

static void a_report_that_is_repeated_counts_once_and_workers_add_up(void **state)
{
    struct service_database *fixture = *state;
    struct reporting first = {
        .worker = {.name = "a:1", .started_at = NOW_US, .completed = 7, .failed = 1},
        .minutes = {{.at = NOW_US - MINUTE_US, .counts = {4, 1, 0}, .runtimes = {{4}}},
                    {.at = NOW_US, .counts = {3, 0, 2}, .runtimes = {{0, 0, 3}}}},
        .count = 2};
    struct reporting second = {
        .worker = {.name = "b:2", .started_at = NOW_US, .completed = 5},
        .minutes = {{.at = NOW_US, .counts = {5, 0, 0}, .runtimes = {{0, 0, 5}}}},
        .count = 1};
    struct task_worker *workers = NULL;
    struct task_minute sum;
    size_t count = 0;
    char id[UUID_SIZE];
    struct error error;

    first.minutes[1].runtimes.counts[RUNTIME_BUCKETS - 1] = INT64_MAX / 2;
    report(fixture, &first);
    report(fixture, &first);
    report(fixture, &second);
    add_task(fixture, NOW_US, "active", "2026-01-01 00:00:15Z", "b:2", id);
    assert_true(task_store_sum(fixture->database, fixture->arena, 1, NOW_US, &sum, &error));
    assert_int_equal(sum.counts[TASK_COMPLETED], 8);
    assert_int_equal(sum.counts[TASK_RETRIED], 2);
    assert_int_equal(sum.runtimes.counts[2], 8);
    assert_int_equal(sum.runtimes.counts[RUNTIME_BUCKETS - 1], INT64_MAX / 2);
    assert_true(task_store_sum(fixture->database, fixture->arena, 60, NOW_US, &sum, &error));
    assert_int_equal(sum.counts[TASK_COMPLETED], 12);
    assert_int_equal(sum.counts[TASK_FAILED], 1);
    assert_int_equal(sum.runtimes.counts[0], 4);
    assert_true(
        task_store_list_workers(fixture->database, fixture->arena, &workers, &count, &error));
    assert_int_equal(count, 2);
    assert_string_equal(workers[0].name, "b:2");
    assert_int_equal(workers[0].active, 1);
    assert_int_equal(workers[1].completed, 7);
    assert_int_equal(workers[1].failed, 1);
}

static void pruning_leaves_what_is_young_or_not_completed(void **state)
{
    struct service_database *fixture = *state;
    struct task *tasks = NULL;
    char old[UUID_SIZE];
    char failed[UUID_SIZE];
    char resting[UUID_SIZE];
    char young[UUID_SIZE];

    add_task(fixture, NOW_US - 61 * MINUTE_US, "completed", "infinity", "a:1", old);
    add_task(fixture, NOW_US - 62 * MINUTE_US, "failed", "infinity", "a:1", failed);
    add_task(fixture, NOW_US - 63 * MINUTE_US, "pending", "infinity", "a:1", resting);
    add_task(fixture, NOW_US - 59 * MINUTE_US, "completed", "infinity", "a:1", young);
    assert_false(task_store_prune(fixture->database, fixture->arena, 60 * MINUTE_US, NOW_US));
    assert_int_equal(page(fixture, &(struct task_filter){.limit = 9}, &tasks), 3);
    assert_string_equal(tasks[0].id, young);
    assert_string_equal(tasks[1].id, failed);
    assert_string_equal(tasks[2].id, resting);
}

int main(void)
{
#define RULE(name) cmocka_unit_test_setup(name, forget)
    const struct CMUnitTest tests[] = {
        RULE(tasks_come_newest_first_and_page_by_page),
        RULE(each_queue_is_measured_without_what_rests_and_is_done),
        RULE(tasks_are_chosen_by_state_worker_and_time),
        RULE(a_failed_task_is_due_again_with_all_its_attempts),
        RULE(only_failed_tasks_are_removed),
        RULE(what_rests_is_counted_apart_from_what_waits_for_a_worker),
        RULE(a_report_that_is_repeated_counts_once_and_workers_add_up),
        RULE(pruning_leaves_what_is_young_or_not_completed),
    };
#undef RULE

    return cmocka_run_group_tests(tests, start, stop);
}
