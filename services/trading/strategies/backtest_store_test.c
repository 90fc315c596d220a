// SPDX-License-Identifier: MIT
// The statements of strategies and backtests against a real PostgreSQL, as the service's own role.
#include "support/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "database/migration.h"
#include "store/trading_store.h"
#include "strategies/backtest_store.h"
#include "strategies/strategy_store.h"
#include "support/service_database.h"

extern const struct migration trading_migrations[];
extern const size_t trading_migration_count;

enum { ARENA_BUDGET = 16 * 1024 * 1024, WAIT_MAX_MS = 20000 };

#define USER_ID "0195d3a0-0000-7000-8000-000000000001"
#define OTHER_ID "0195d3a0-0000-7000-8000-000000000009"
#define STRATEGY_ID "0195d3a0-0000-7000-8000-000000000002"
#define START_AT (INT64_C(1400000000) * 1000000)

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

static void run(struct service_database *fixture, const struct statement *statement, const char *id)
{
    const struct parameter parameter = parameter_text(id);
    struct rows rows;
    struct error error;

    if (!database_query(fixture->database, fixture->arena, statement, &parameter,
                        id == NULL ? 0 : 1, &rows, &error))
        fail_msg("%s: %s", statement->name, error.message);
}

static int forget(void **state)
{
    struct service_database *fixture = *state;
    static const struct statement statements[] = {
        {"forget_tasks", "DELETE FROM tasks"},
        {"forget_backtests", "DELETE FROM backtests"},
        {"forget_strategies", "DELETE FROM strategies"},
        {"forget_turns", "UPDATE strategy_users SET backtest_started_at = NULL"},
    };

    arena_reset(fixture->arena);
    for (size_t i = 0; i < COUNT_OF(statements); i++)
        run(fixture, &statements[i], NULL);
    return 0;
}

// What one transaction of a test does.
struct step {
    struct service_database *fixture;
    struct backtest_record record;
    struct backtest_claim claim;
    const struct backtest_end *end;
    struct rows ids;
    bool found;
};

static bool
transact(struct step *step,
         bool (*work)(struct transaction *transaction, void *context, struct error *error),
         struct error *error)
{
    return database_transact(step->fixture->database, step->fixture->arena, 0, work, step, error);
}

static bool add_work(struct transaction *transaction, void *context, struct error *error)
{
    struct step *step = context;

    return strategy_store_lock_user(transaction, step->record.user_id, error) &&
           backtest_store_add(transaction, &step->record, error);
}

static bool add_for(struct service_database *fixture,
                    const char *user_id,
                    char out_id[UUID_SIZE],
                    struct error *error)
{
    struct uuid id = uuid_new();
    struct step step = {
        .fixture = fixture,
        .record = {.id = id.string,
                   .user_id = user_id,
                   .strategy_id = STRATEGY_ID,
                   .strategy_version = 3,
                   .kind = "sma_cross",
                   .parameters = "{\"fast\":5}",
                   .symbols = "ACME OTHER",
                   .timeframe = "1Day",
                   .start_at = START_AT,
                   .cash = INT64_C(10000000001),
                   .terms = {.model = FILL_MODEL_BAR, .slippage_bps_hundredths = 500},
                   .benchmark = "ACME"},
    };

    memcpy(out_id, id.string, UUID_SIZE);
    return transact(&step, add_work, error);
}

static bool add(struct service_database *fixture, char out_id[UUID_SIZE], struct error *error)
{
    return add_for(fixture, USER_ID, out_id, error);
}

static void must_add(struct service_database *fixture, char out_id[UUID_SIZE])
{
    struct error error;

    if (!add(fixture, out_id, &error))
        fail_msg("%s: %s", error.reason, error.message);
}

static bool find_work(struct transaction *transaction, void *context, struct error *error)
{
    struct step *step = context;

    return backtest_store_find(transaction, step->claim.id, BACKTEST_WHOLE, &step->record,
                               &step->found, error);
}

static struct backtest_record look(struct service_database *fixture, const char *id)
{
    struct step step = {.fixture = fixture};
    struct error error;

    memcpy(step.claim.id, id, UUID_SIZE);
    assert_true(transact(&step, find_work, &error));
    assert_true(step.found);
    return step.record;
}

static bool claim_work(struct transaction *transaction, void *context, struct error *error)
{
    struct step *step = context;

    return backtest_store_claim(transaction, step->claim.worker, &step->claim, &step->found, error);
}

static bool
claim(struct service_database *fixture, const char *worker, struct backtest_claim *out_claim)
{
    struct step step = {.fixture = fixture};
    struct error error;

    snprintf(step.claim.worker, sizeof(step.claim.worker), "%s", worker);
    if (!transact(&step, claim_work, &error))
        fail_msg("%s: %s", error.reason, error.message);
    *out_claim = step.claim;
    return step.found;
}

static bool finish_work(struct transaction *transaction, void *context, struct error *error)
{
    struct step *step = context;

    return backtest_store_finish(transaction, &step->claim, step->end, error);
}

static void finish(struct service_database *fixture,
                   const struct backtest_claim *by,
                   const struct backtest_end *end)
{
    struct step step = {.fixture = fixture, .claim = *by, .end = end};
    struct error error;

    if (!transact(&step, finish_work, &error))
        fail_msg("%s: %s", error.reason, error.message);
}

static bool cancel_work(struct transaction *transaction, void *context, struct error *error)
{
    struct step *step = context;

    return backtest_store_find(transaction, step->claim.id, BACKTEST_TO_CHANGE, &step->record,
                               &step->found, error) &&
           backtest_store_cancel(transaction, &step->record, NULL, error);
}

static void cancel(struct service_database *fixture, const char *id)
{
    struct step step = {.fixture = fixture};
    struct error error;

    memcpy(step.claim.id, id, UUID_SIZE);
    if (!transact(&step, cancel_work, &error))
        fail_msg("%s: %s", error.reason, error.message);
}

static const struct statement end_lease = {
    "end_lease", "UPDATE tasks SET run_at = now() - interval '1 s' WHERE id = $1"};

static const struct backtest_end completed = {
    .status = BACKTEST_IS_COMPLETED, .statistics = "AA", .result = "BB"};

static void what_is_asked_for_is_what_is_kept(void **state)
{
    struct service_database *fixture = *state;
    char id[UUID_SIZE];
    struct backtest_record record;

    must_add(fixture, id);
    record = look(fixture, id);
    assert_int_equal(record.status, BACKTEST_IS_QUEUED);
    assert_string_equal(record.symbols, "ACME OTHER");
    assert_string_equal(record.parameters, "{\"fast\":5}");
    assert_int_equal(record.start_at, START_AT);
    assert_int_equal(record.end_at, 0);
    assert_int_equal(record.cash, INT64_C(10000000001));
    assert_int_equal(record.terms.model, FILL_MODEL_BAR);
    assert_int_equal(record.terms.slippage_bps_hundredths, 500);
    assert_int_equal(record.strategy_version, 3);
    assert_null(record.result);
}

static void the_one_that_has_waited_longest_is_taken_and_by_one_worker(void **state)
{
    struct service_database *fixture = *state;
    char first[UUID_SIZE];
    char second[UUID_SIZE];
    struct backtest_claim one;
    struct backtest_claim other;

    must_add(fixture, first);
    must_add(fixture, second);
    assert_true(claim(fixture, "one", &one));
    assert_string_equal(one.id, first);
    assert_string_equal(one.user_id, USER_ID);
    assert_int_equal(one.attempts, 1);
    assert_int_equal(look(fixture, first).status, BACKTEST_IS_RUNNING);
    assert_true(claim(fixture, "other", &other));
    assert_string_equal(other.id, second);
    assert_false(claim(fixture, "third", &other));
}

static void assert_turn(struct service_database *fixture, const char *id, bool ends)
{
    const struct backtest_end end = {.status = BACKTEST_IS_FAILED, .reason = "INTERNAL"};
    struct backtest_claim taken;

    assert_true(claim(fixture, "one", &taken));
    assert_string_equal(taken.id, id);
    if (ends)
        finish(fixture, &taken, &end);
}

static void users_take_turns_however_many_each_has_waiting(void **state)
{
    struct service_database *fixture = *state;
    char mine[4][UUID_SIZE];
    char others[2][UUID_SIZE];
    struct error error;

    for (size_t i = 0; i < COUNT_OF(mine); i++)
        must_add(fixture, mine[i]);
    // One after the other: who came later does not wait for all of those who came before.
    assert_turn(fixture, mine[0], true);
    for (size_t i = 0; i < COUNT_OF(others); i++)
        assert_true(add_for(fixture, OTHER_ID, others[i], &error));
    assert_turn(fixture, others[0], true);
    assert_turn(fixture, mine[1], true);
    // While one of theirs runs, others come first.
    assert_turn(fixture, others[1], false);
    assert_turn(fixture, mine[2], false);
    assert_turn(fixture, mine[3], false);
}

// What the queue of orders takes.
struct orders_step {
    struct store_task *tasks;
    size_t count;
};

static bool claim_orders(struct transaction *transaction, void *context, struct error *error)
{
    struct orders_step *step = context;

    return store_claim_tasks(transaction, "orders", 10, &step->tasks, &step->count, error);
}

static void the_queue_of_orders_lets_backtests_be(void **state)
{
    struct service_database *fixture = *state;
    char id[UUID_SIZE];
    struct backtest_claim one;
    struct orders_step step = {0};
    struct error error;

    must_add(fixture, id);
    assert_true(
        database_transact(fixture->database, fixture->arena, 0, claim_orders, &step, &error));
    assert_int_equal(step.count, 0);
    assert_true(claim(fixture, "one", &one));
}

static void a_result_is_kept_once_and_of_who_has_the_task(void **state)
{
    struct service_database *fixture = *state;
    static const struct backtest_end late = {
        .status = BACKTEST_IS_COMPLETED, .statistics = "CC", .result = "DD"};
    char id[UUID_SIZE];
    struct backtest_claim dead;
    struct backtest_claim alive;
    bool goes_on = true;
    struct error error;

    must_add(fixture, id);
    assert_true(claim(fixture, "dead", &dead));
    run(fixture, &end_lease, id);
    assert_true(claim(fixture, "alive", &alive));
    assert_string_equal(alive.id, id);
    assert_int_equal(alive.attempts, 2);
    // Who comes back from the dead is told so, and what he writes is not taken.
    assert_true(backtest_store_progress(fixture->database, fixture->arena, &dead, 700000, &goes_on,
                                        &error));
    assert_false(goes_on);
    assert_int_equal(look(fixture, id).progress_micros, 0);
    finish(fixture, &dead, &late);
    assert_int_equal(look(fixture, id).status, BACKTEST_IS_RUNNING);
    assert_true(backtest_store_progress(fixture->database, fixture->arena, &alive, 300000, &goes_on,
                                        &error));
    assert_true(goes_on);
    assert_int_equal(look(fixture, id).progress_micros, 300000);
    finish(fixture, &alive, &completed);
    finish(fixture, &alive, &late);
    assert_int_equal(look(fixture, id).status, BACKTEST_IS_COMPLETED);
    assert_string_equal(look(fixture, id).result, "BB");
    assert_int_equal(look(fixture, id).progress_micros, 1000000);
    assert_false(claim(fixture, "next", &alive));
}

static void put_off(struct service_database *fixture, const struct backtest_claim *by, bool counted)
{
    struct error error;

    if (!backtest_store_put_off(fixture->database, fixture->arena, by, counted, &error))
        fail_msg("%s: %s", error.reason, error.message);
}

static void one_that_is_put_off_waits_again_and_only_what_failed_counts_as_an_attempt(void **state)
{
    struct service_database *fixture = *state;
    char id[UUID_SIZE];
    struct backtest_claim first;
    struct backtest_claim second;

    must_add(fixture, id);
    assert_true(claim(fixture, "one", &first));
    put_off(fixture, &first, false);
    assert_int_equal(look(fixture, id).status, BACKTEST_IS_QUEUED);
    assert_false(claim(fixture, "other", &second)); // not before its second is over
    run(fixture, &end_lease, id);
    assert_true(claim(fixture, "other", &second));
    assert_int_equal(second.attempts, 1);
    // Whose it is no more puts nothing off.
    put_off(fixture, &first, false);
    assert_int_equal(look(fixture, id).status, BACKTEST_IS_RUNNING);
    put_off(fixture, &second, true);
    run(fixture, &end_lease, id);
    assert_true(claim(fixture, "one", &first));
    assert_int_equal(first.attempts, 2);
}

static void one_that_waits_is_canceled_at_once_and_one_that_runs_is_told(void **state)
{
    struct service_database *fixture = *state;
    char waiting[UUID_SIZE];
    char running[UUID_SIZE];
    struct backtest_claim one;
    struct backtest_claim none;
    bool goes_on = true;
    struct error error;

    must_add(fixture, running);
    assert_true(claim(fixture, "one", &one));
    must_add(fixture, waiting);
    cancel(fixture, waiting);
    assert_int_equal(look(fixture, waiting).status, BACKTEST_IS_CANCELED);
    assert_false(claim(fixture, "other", &none));
    cancel(fixture, running);
    assert_int_equal(look(fixture, running).status, BACKTEST_IS_RUNNING);
    assert_true(
        backtest_store_progress(fixture->database, fixture->arena, &one, 1, &goes_on, &error));
    assert_false(goes_on);
    // Also when it came to its end before it heard.
    finish(fixture, &one, &completed);
    assert_int_equal(look(fixture, running).status, BACKTEST_IS_CANCELED);
    assert_null(look(fixture, running).result);
}

static bool cancel_all_work(struct transaction *transaction, void *context, struct error *error)
{
    struct step *step = context;
    struct error reason;

    error_fill(&reason, REASON_ACCOUNT_INACTIVE, "The account has ended.");
    return strategy_store_lock_user(transaction, USER_ID, error) &&
           backtest_store_cancel_all(transaction, USER_ID, &reason, &step->ids, error);
}

static size_t cancel_all(struct service_database *fixture)
{
    struct step step = {.fixture = fixture};
    struct error error;

    if (!transact(&step, cancel_all_work, &error))
        fail_msg("%s: %s", error.reason, error.message);
    return step.ids.count;
}

static void of_a_user_who_is_shut_out_all_are_canceled_for_that_reason(void **state)
{
    struct service_database *fixture = *state;
    char ids[4][UUID_SIZE];
    char others[UUID_SIZE];
    struct backtest_claim running;
    struct backtest_claim done;
    bool goes_on = true;
    struct error error;

    must_add(fixture, ids[0]);
    assert_true(claim(fixture, "one", &done));
    finish(fixture, &done, &completed);
    must_add(fixture, ids[1]);
    assert_true(claim(fixture, "one", &running));
    must_add(fixture, ids[2]);
    must_add(fixture, ids[3]);
    assert_true(add_for(fixture, OTHER_ID, others, &error));
    assert_int_equal(cancel_all(fixture), 3);
    assert_int_equal(look(fixture, ids[0]).status, BACKTEST_IS_COMPLETED);
    for (size_t i = 2; i < 4; i++) {
        assert_int_equal(look(fixture, ids[i]).status, BACKTEST_IS_CANCELED);
        assert_string_equal(look(fixture, ids[i]).reason, "ACCOUNT_INACTIVE");
    }
    assert_int_equal(look(fixture, others).status, BACKTEST_IS_QUEUED);
    // The one that runs is told, and again nothing else happens to it.
    assert_int_equal(cancel_all(fixture), 1);
    assert_true(
        backtest_store_progress(fixture->database, fixture->arena, &running, 1, &goes_on, &error));
    assert_false(goes_on);
    // Whose worker has died is canceled by the next one.
    run(fixture, &end_lease, running.id);
    assert_true(claim(fixture, "other", &done));
    if (strcmp(done.id, running.id) != 0)
        assert_true(claim(fixture, "other", &done));
    finish(fixture, &done, &completed);
    assert_int_equal(look(fixture, ids[1]).status, BACKTEST_IS_CANCELED);
    assert_string_equal(look(fixture, ids[1]).reason, "ACCOUNT_INACTIVE");
    assert_string_equal(look(fixture, ids[1]).reason_message, "The account has ended.");
    assert_int_equal(cancel_all(fixture), 0);
}

static void of_a_user_five_wait_or_run_at_most(void **state)
{
    struct service_database *fixture = *state;
    char id[UUID_SIZE];
    struct backtest_claim one;
    struct error error;

    for (int i = 0; i < BACKTESTS_OPEN_MAX; i++)
        must_add(fixture, id);
    assert_true(claim(fixture, "one", &one));
    assert_false(add(fixture, id, &error));
    assert_true(error_is(&error, REASON_TOO_MANY_BACKTESTS));
    finish(fixture, &one, &completed);
    must_add(fixture, id);
}

static void of_a_user_the_last_fifty_that_have_ended_are_kept(void **state)
{
    struct service_database *fixture = *state;
    char first[UUID_SIZE];
    char second[UUID_SIZE];
    char id[UUID_SIZE];
    struct backtest_claim one;
    struct step step = {.fixture = fixture};
    struct error error;

    must_add(fixture, first);
    assert_true(claim(fixture, "one", &one));
    finish(fixture, &one, &completed);
    must_add(fixture, second);
    assert_true(claim(fixture, "one", &one));
    finish(fixture, &one, &completed);
    for (int i = 2; i <= BACKTESTS_KEPT_MAX; i++) {
        must_add(fixture, id);
        assert_true(claim(fixture, "one", &one));
        finish(fixture, &one, &completed);
    }
    // 51 have ended now: the next one takes the place of the first.
    (void)look(fixture, first);
    must_add(fixture, id);
    memcpy(step.claim.id, first, UUID_SIZE);
    assert_true(transact(&step, find_work, &error));
    assert_false(step.found);
    (void)look(fixture, second);
}

// One transaction that is in the middle of it, and another that begins then.
struct meeting {
    struct service_database *fixture;
    struct arena *arena;          // of the second one
    const struct statement *lock; // of the first
    struct step first;
    struct step second;
    bool (*first_work)(struct transaction *transaction, void *context, struct error *error);
    bool (*second_work)(struct transaction *transaction, void *context, struct error *error);
    int first_count; // how often each was begun: again after a deadlock
    int second_count;
    bool first_succeeded;
    bool second_succeeded;
    pthread_t thread;
    bool has_thread;
    atomic_bool is_second_done;
};

static bool begin_second(struct transaction *transaction, void *context, struct error *error)
{
    struct meeting *meeting = context;

    meeting->second_count++;
    return meeting->second_work(transaction, &meeting->second, error);
}

static void *run_second(void *context)
{
    struct meeting *meeting = context;
    struct error error;

    meeting->second_succeeded = database_transact(meeting->fixture->database, meeting->arena, 0,
                                                  begin_second, meeting, &error);
    atomic_store(&meeting->is_second_done, true);
    return NULL;
}

static bool begin_first(struct transaction *transaction, void *context, struct error *error)
{
    struct meeting *meeting = context;
    const struct parameter parameter = parameter_text(meeting->first.claim.id);
    int64_t until_us = clock_monotonic_us() + WAIT_MAX_MS * MICROS_PER_MS;
    struct rows rows = {0};

    meeting->first_count++;
    if (!transaction_query(transaction, meeting->lock, &parameter, 1, &rows, error))
        return false;
    if (!meeting->has_thread)
        assert_int_equal(pthread_create(&meeting->thread, NULL, run_second, meeting), 0);
    meeting->has_thread = true;
    while (!service_database_is_waited_for(meeting->fixture) &&
           !atomic_load(&meeting->is_second_done))
        assert_true(clock_monotonic_us() < until_us);
    return meeting->first_work(transaction, &meeting->first, error);
}

static void meet(struct meeting *meeting)
{
    OWNED(arena) arena = arena_new(ARENA_BUDGET);
    struct error error;

    meeting->arena = arena;
    meeting->first_succeeded = database_transact(
        meeting->fixture->database, meeting->fixture->arena, 0, begin_first, meeting, &error);
    pthread_join(meeting->thread, NULL);
    assert_true(meeting->first_succeeded);
    assert_true(meeting->second_succeeded);
    assert_int_equal(meeting->first_count, 1);
    assert_int_equal(meeting->second_count, 1);
}

static const struct statement lock_this_task = {"lock_this_task",
                                                "SELECT 1 FROM tasks WHERE id = $1 FOR UPDATE"};

static void a_worker_that_ends_one_and_who_cancels_it_do_not_wait_for_each_other(void **state)
{
    struct service_database *fixture = *state;
    struct meeting meeting = {
        .fixture = fixture,
        .lock = &lock_this_task,
        .first_work = finish_work,
        .second_work = cancel_work,
    };
    char id[UUID_SIZE];

    must_add(fixture, id);
    assert_true(claim(fixture, "one", &meeting.first.claim));
    meeting.first.end = &completed;
    meeting.second.claim = meeting.first.claim;
    meet(&meeting);
    assert_int_equal(look(fixture, id).status, BACKTEST_IS_COMPLETED);
}

static bool
lock_user_and_delete(struct transaction *transaction, void *context, struct error *error)
{
    struct step *step = context;
    const struct strategy_record strategy = {.id = STRATEGY_ID, .user_id = USER_ID};

    return strategy_store_lock_user(transaction, USER_ID, error) &&
           strategy_store_delete(transaction, &strategy, error) && (step->found = true);
}

// The strategy's tasks are locked once its user is.
static bool claim_meanwhile(struct transaction *transaction, void *context, struct error *error)
{
    struct step *step = context;

    snprintf(step->claim.worker, sizeof(step->claim.worker), "one");
    return claim_work(transaction, step, error);
}

static const struct statement lock_this_user = {
    "lock_this_user",
    "SELECT 1 FROM strategy_users u JOIN tasks t ON t.portfolio_id = u.user_id WHERE t.id = $1"
    " FOR UPDATE OF u"};

static void a_worker_passes_over_a_user_whose_strategy_is_being_deleted(void **state)
{
    struct service_database *fixture = *state;
    struct meeting meeting = {
        .fixture = fixture,
        .lock = &lock_this_user,
        .first_work = lock_user_and_delete,
        .second_work = claim_meanwhile,
    };
    char id[UUID_SIZE];

    must_add(fixture, id);
    memcpy(meeting.first.claim.id, id, UUID_SIZE);
    meet(&meeting);
    assert_false(meeting.second.found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_asked_for_is_what_is_kept, forget),
        cmocka_unit_test_setup(the_one_that_has_waited_longest_is_taken_and_by_one_worker, forget),
        cmocka_unit_test_setup(users_take_turns_however_many_each_has_waiting, forget),
        cmocka_unit_test_setup(the_queue_of_orders_lets_backtests_be, forget),
        cmocka_unit_test_setup(
            one_that_is_put_off_waits_again_and_only_what_failed_counts_as_an_attempt, forget),
        cmocka_unit_test_setup(a_result_is_kept_once_and_of_who_has_the_task, forget),
        cmocka_unit_test_setup(one_that_waits_is_canceled_at_once_and_one_that_runs_is_told,
                               forget),
        cmocka_unit_test_setup(of_a_user_who_is_shut_out_all_are_canceled_for_that_reason, forget),
        cmocka_unit_test_setup(of_a_user_five_wait_or_run_at_most, forget),
        cmocka_unit_test_setup(of_a_user_the_last_fifty_that_have_ended_are_kept, forget),
        cmocka_unit_test_setup(a_worker_that_ends_one_and_who_cancels_it_do_not_wait_for_each_other,
                               forget),
        cmocka_unit_test_setup(a_worker_passes_over_a_user_whose_strategy_is_being_deleted, forget),
    };

    digest_start();
    return cmocka_run_group_tests(tests, start, stop);
}
