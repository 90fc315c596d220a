// SPDX-License-Identifier: MIT
// Runs, their orders and decisions, against a real PostgreSQL, as the service's own role.
#include "runs/run_store.h"

#include <stdio.h>
#include <string.h>

#include "database/migration.h"
#include "limits/limit_store.h"
#include "money/money.h"
#include "support/service_database.h"
#include "support/test.h"

extern const struct migration trading_migrations[];
extern const size_t trading_migration_count;

enum { ARENA_BUDGET = 32 * 1024 * 1024, CHUNK = 100, SHARD = 5 };

#define USER "00000001-0000-7000-8000-000000000000"
#define PORTFOLIO "00000002-0000-7000-8000-000000000000"
#define REPLICA "00000003-0000-7000-8000-000000000000"
#define DOLLAR INT64_C(1000000)
#define SHARE NANOS_PER_UNIT
#define DAY (INT64_C(86400) * INT64_C(1000000))
#define TODAY (INT64_C(16223) * DAY)

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

static void query(struct service_database *fixture, const struct statement *statement)
{
    struct rows rows = {0};
    struct error error;

    if (!database_query(fixture->database, fixture->arena, statement, NULL, 0, &rows, &error))
        fail_msg("%s", error.message);
}

static int forget(void **state)
{
    static const struct statement statements[] = {
        {"forget_runs", "DELETE FROM strategy_runs"},
        {"forget_positions", "DELETE FROM strategy_positions"},
        {"forget_orders", "DELETE FROM strategy_orders"},
        {"forget_decisions", "DELETE FROM strategy_decisions"},
        {"own_the_shard", "UPDATE shards SET owner = '" REPLICA "', epoch = 7 WHERE shard = 5"},
    };

    arena_reset(((struct service_database *)*state)->arena);
    for (size_t i = 0; i < COUNT_OF(statements); i++)
        query(*state, &statements[i]);
    return 0;
}

static const char *id_of(int number)
{
    static char ids[64][UUID_SIZE];
    char *id = ids[number % 64];

    snprintf(id, UUID_SIZE, "%08x-0000-7000-8000-00000000aaaa", (unsigned)number);
    return id;
}

static struct run run_of(int number, int strategy, const char *portfolio_id)
{
    return (struct run){
        .id = id_of(number),
        .user_id = USER,
        .strategy_id = id_of(strategy),
        .strategy_version = 1,
        .portfolio_id = portfolio_id,
        .shard = SHARD,
        .kind = "buy_and_hold",
        .parameters = "{}",
        .symbols = "ACME OTHER",
        .timeframe = "1Day",
        .initial_cash = 1000 * DOLLAR,
        .started_at = TODAY,
    };
}

// One transaction, and what is done in it.
struct work {
    struct service_database *fixture;
    bool (*run_it)(struct transaction *transaction, struct work *work, struct error *error);
    struct run *run;
    struct shard_claim claim;
    int64_t before;
    const struct run_decision *decisions;
    size_t count;
    bool flag;
    const struct error *refusal;
    struct run_decision *listed;
    struct error error;
};

static bool work_in(struct transaction *transaction, void *context, struct error *error)
{
    struct work *work = context;

    return work->run_it(transaction, work, error);
}

static bool transact(struct work *work)
{
    return database_transact(work->fixture->database, work->fixture->arena, 0, work_in, work,
                             &work->error);
}

static bool add(struct transaction *transaction, struct work *work, struct error *error)
{
    return run_store_add(transaction, work->run, error);
}

static bool find(struct transaction *transaction, struct work *work, struct error *error)
{
    return run_store_find(transaction, work->run->id, work->run, &work->flag, error);
}

static bool save(struct transaction *transaction, struct work *work, struct error *error)
{
    return run_store_save(transaction, work->run, &work->claim, work->before, work->decisions,
                          work->count, &work->flag, error);
}

static bool stop_run(struct transaction *transaction, struct work *work, struct error *error)
{
    return run_store_stop(transaction, work->run, TODAY + DAY, work->refusal, error);
}

static bool refuse(struct transaction *transaction, struct work *work, struct error *error)
{
    return run_store_note_placed(transaction, work->run, &work->run->orders[0], NULL, work->refusal,
                                 error);
}

static bool list(struct transaction *transaction, struct work *work, struct error *error)
{
    return run_store_list_decisions(transaction, work->run, work->before, 500, &work->listed,
                                    &work->count, error);
}

static bool list_changed(struct transaction *transaction, struct work *work, struct error *error)
{
    return run_store_list_changed_decisions(transaction, work->run, work->before, 500,
                                            &work->listed, &work->count, error);
}

static bool note_placed(struct transaction *transaction, struct work *work, struct error *error)
{
    return run_store_note_placed(transaction, work->run, &work->run->orders[0], id_of(30), NULL,
                                 error);
}

static void must(struct work *work,
                 bool (*run_it)(struct transaction *, struct work *, struct error *))
{
    work->run_it = run_it;
    if (!transact(work))
        fail_msg("%s: %s", work->error.reason, work->error.message);
}

static void a_strategy_runs_once_in_a_portfolio_and_again_when_it_was_stopped(void **state)
{
    struct run run = run_of(1, 40, PORTFOLIO);
    struct run again = run_of(2, 40, PORTFOLIO);
    struct work work = {.fixture = *state, .run = &run};

    must(&work, add);
    work.run = &again;
    assert_false(transact(&work));
    assert_string_equal(work.error.reason, "STRATEGY_IS_RUNNING");
    work.run = &run;
    must(&work, stop_run);
    work.run = &again;
    must(&work, add);
    must(&work, find);
    assert_false(again.is_stopped);
    assert_int_equal(again.cash, 1000 * DOLLAR);
    assert_int_equal(again.period, INT64_MIN);
    assert_int_equal(again.symbol_count, 2);
}

static void so_many_run_in_a_portfolio_and_of_a_user_and_no_more(void **state)
{
    struct work work = {.fixture = *state};

    for (int i = 0; i < RUNS_OF_USER_MAX; i++) {
        struct run run = run_of(i, 20 + i, id_of(50 + i / RUNS_OF_PORTFOLIO_MAX));

        work.run = &run;
        must(&work, add);
    }
    {
        struct run sixth = run_of(15, 45, id_of(50));
        struct run eleventh = run_of(16, 46, id_of(60));

        work.run = &sixth;
        assert_false(transact(&work));
        assert_string_equal(work.error.reason, "TOO_MANY_RUNS");
        assert_string_equal(work.error.details[0].value, "5");
        work.run = &eleventh;
        assert_false(transact(&work));
        assert_string_equal(work.error.details[0].value, "10");
    }
}

static void what_is_decided_without_the_shard_or_after_somebody_else_comes_to_nothing(void **state)
{
    struct run run = run_of(1, 40, PORTFOLIO);
    const struct run_decision decision = {.number = 1, .bar_at = TODAY, .decided_at = TODAY};
    struct work work = {
        .fixture = *state, .run = &run, .decisions = &decision, .count = 1, .claim = {SHARD, 6}};

    must(&work, add);
    must(&work, find);
    run.last_bar_at = run.first_bar_at = TODAY;
    run.decision_count = 1;
    run.cash = 5 * DOLLAR;
    // In the epoch of before: somebody else has taken the shard since.
    must(&work, save);
    assert_false(work.flag);
    must(&work, find);
    assert_int_equal(run.decision_count, 0);
    assert_int_equal(run.cash, 1000 * DOLLAR);
    run.last_bar_at = TODAY;
    run.decision_count = 1;
    work.claim.epoch = 7;
    must(&work, save);
    assert_true(work.flag);
    // The same decision once more is one too many.
    must(&work, save);
    assert_false(work.flag);
    // Nor is anything decided for a run that was stopped meanwhile.
    must(&work, stop_run);
    work.before = 1;
    run.decision_count = 2;
    must(&work, save);
    assert_false(work.flag);
}

static void orders_and_positions_are_kept_until_they_are_settled(void **state)
{
    struct run run = run_of(1, 40, PORTFOLIO);
    struct error refusal;
    struct run_decision decision = {.number = 1,
                                    .bar_at = TODAY,
                                    .decided_at = TODAY,
                                    .ticker = "OTHER",
                                    .signal = "enter",
                                    .outcome = RUN_OUTCOME_DECIDED,
                                    .cause = "entry",
                                    .side = "buy",
                                    .order_quantity = SHARE,
                                    .client_order_id = "its name"};
    struct work work = {.fixture = *state,
                        .run = &run,
                        .decisions = &decision,
                        .count = 1,
                        .claim = {SHARD, 7},
                        .refusal = &refusal};

    must(&work, add);
    must(&work, find);
    run.positions[1] = (struct run_position){3 * SHARE, DOLLAR, 2 * DOLLAR, 3 * DOLLAR, 4};
    run.orders[0] = (struct run_order){.bar_at = TODAY,
                                       .symbol = 1,
                                       .name = "its name",
                                       .cause = BACKTEST_ENTRY,
                                       .side = ORDER_BUY,
                                       .quantity = SHARE,
                                       .decision = 1};
    run.open_count = 1;
    run.decision_count = 1;
    must(&work, save);
    must(&work, find);
    assert_int_equal(run.open_count, 1);
    assert_string_equal(run.orders[0].name, "its name");
    assert_int_equal(run.orders[0].symbol, 1);
    assert_null(run.orders[0].order_id);
    assert_int_equal(run.positions[1].quantity, 3 * SHARE);
    assert_int_equal(run.positions[1].target, 4);
    error_fill(&refusal, REASON_INSUFFICIENT_FUNDS, "There is too little.");
    must(&work, refuse);
    must(&work, find);
    assert_int_equal(run.open_count, 0);
    assert_string_equal(run.reason, "INSUFFICIENT_FUNDS");
    work.before = 0;
    must(&work, list);
    assert_int_equal(work.count, 1);
    assert_int_equal(work.listed[0].outcome, RUN_OUTCOME_REFUSED);
    assert_string_equal(work.listed[0].reason, "INSUFFICIENT_FUNDS");
    assert_string_equal(work.listed[0].ticker, "OTHER");
}

static void the_latest_decisions_are_kept_and_no_more(void **state)
{
    struct run run = run_of(1, 40, PORTFOLIO);
    struct run_decision decisions[CHUNK];
    struct work work = {
        .fixture = *state, .run = &run, .decisions = decisions, .claim = {SHARD, 7}};

    must(&work, add);
    must(&work, find);
    for (int64_t number = 0; number < RUN_DECISIONS_MAX + CHUNK; number += CHUNK) {
        for (int64_t i = 0; i < CHUNK; i++)
            decisions[i] = (struct run_decision){
                .number = number + i + 1, .bar_at = TODAY, .decided_at = TODAY};
        work.before = number;
        work.count = CHUNK;
        run.decision_count = number + CHUNK;
        must(&work, save);
        assert_true(work.flag);
    }
    work.before = 0;
    must(&work, list);
    assert_int_equal(work.listed[0].number, CHUNK + 1);
    work.before = RUN_DECISIONS_MAX;
    must(&work, list);
    assert_int_equal(work.count, CHUNK);
    // The run began with 1, and each chunk is followed by the run: the last event that is gone is
    // that of the last decision that is.
    must(&work, find);
    assert_int_equal(run.events_kept_after, 1 + CHUNK);
    work.before = run.events_kept_after;
    must(&work, list_changed);
    assert_int_equal(work.count, 500);
    assert_int_equal(work.listed[0].number, CHUNK + 1);
}

// A run that has decided about both symbols, and is to buy the second one.
static void decide_twice(struct work *work, struct run_decision decisions[2])
{
    struct run *run = work->run;

    for (int i = 0; i < 2; i++)
        decisions[i] = (struct run_decision){.number = i + 1,
                                             .bar_at = TODAY,
                                             .decided_at = TODAY,
                                             .ticker = i == 0 ? "ACME" : "OTHER",
                                             .signal = i == 0 ? "out" : "enter"};
    decisions[1].outcome = RUN_OUTCOME_DECIDED;
    decisions[1].client_order_id = "its name";
    work->decisions = decisions;
    work->count = 2;
    must(work, add);
    must(work, find);
    run->orders[0] = (struct run_order){.bar_at = TODAY,
                                        .symbol = 1,
                                        .name = "its name",
                                        .cause = BACKTEST_ENTRY,
                                        .side = ORDER_BUY,
                                        .quantity = SHARE,
                                        .decision = 2};
    run->open_count = 1;
    run->decision_count = 2;
    must(work, save);
    assert_true(work->flag);
}

static void assert_changed(struct work *work, int64_t after, size_t count, int64_t last_number)
{
    work->before = after;
    must(work, list_changed);
    assert_int_equal(work->count, count);
    if (count > 0)
        assert_int_equal(work->listed[count - 1].number, last_number);
}

static void
what_becomes_of_a_run_is_numbered_and_a_decision_comes_at_its_latest_change(void **state)
{
    struct run run = run_of(1, 40, PORTFOLIO);
    struct run_decision decisions[2];
    struct work work = {.fixture = *state, .run = &run, .claim = {SHARD, 7}};

    decide_twice(&work, decisions);
    // It began with 1; two decisions, and the run itself.
    must(&work, find);
    assert_int_equal(run.events, 4);
    assert_changed(&work, 0, 2, 2);
    assert_int_equal(work.listed[0].event, 2);
    assert_int_equal(work.listed[1].event, 3);
    assert_changed(&work, 2, 1, 2);
    must(&work, note_placed);
    must(&work, find);
    assert_int_equal(run.events, 6);
    assert_changed(&work, 4, 1, 2);
    assert_int_equal(work.listed[0].event, 5);
    assert_int_equal(work.listed[0].outcome, RUN_OUTCOME_PLACED);
    assert_changed(&work, 0, 2, 2);
    assert_changed(&work, 5, 0, 0);
    must(&work, stop_run);
    must(&work, find);
    assert_int_equal(run.events, 7);
}

static void a_look_that_finds_nothing_is_no_event(void **state)
{
    struct run run = run_of(1, 40, PORTFOLIO);
    struct work work = {.fixture = *state, .run = &run, .claim = {SHARD, 7}};

    must(&work, add);
    must(&work, find);
    run.looked_at = TODAY + DAY;
    must(&work, save);
    must(&work, find);
    assert_int_equal(run.looked_at, TODAY + DAY);
    assert_int_equal(run.events, 1);
    run_take_equity(&run, TODAY, 5 * DOLLAR);
    must(&work, save);
    must(&work, find);
    assert_int_equal(run.events, 2);
}

static void an_order_that_has_ended_before_it_was_noted_is_noted_with_what_came_of_it(void **state)
{
    static const enum order_status ends[] = {ORDER_FILLED, ORDER_REJECTED};

    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        struct run run = run_of(1, 40, PORTFOLIO);
        struct run_decision decisions[2];
        struct work work = {.fixture = *state, .run = &run, .claim = {SHARD, 7}};
        bool is_refused = ends[i] == ORDER_REJECTED;

        assert_int_equal(forget(state), 0);
        decide_twice(&work, decisions);
        // As the table of orders has it when whoever placed it has died.
        must(&work, find);
        run.orders[0].order_id = id_of(30);
        run.orders[0].status = ends[i];
        run.orders[0].reason = is_refused ? "INSUFFICIENT_FUNDS" : NULL;
        run.orders[0].is_settled = run.has_changed = true;
        work.before = 2;
        work.count = 0;
        must(&work, save);
        assert_true(work.flag);
        must(&work, find);
        assert_int_equal(run.open_count, 0);
        assert_changed(&work, 0, 2, 2);
        assert_int_equal(work.listed[1].outcome,
                         is_refused ? RUN_OUTCOME_REFUSED : RUN_OUTCOME_PLACED);
        if (is_refused)
            assert_string_equal(work.listed[1].reason, "INSUFFICIENT_FUNDS");
        else
            assert_string_equal(work.listed[1].order_id, id_of(30));
    }
}

static void what_ended_a_run_is_kept_with_the_field_that_broke_a_rule(void **state)
{
    struct run run = run_of(1, 40, PORTFOLIO);
    struct error reason;
    struct work work = {.fixture = *state, .run = &run, .refusal = &reason};

    error_clear(&reason);
    error_add_violation(&reason, "parameters", "have no kind");
    must(&work, add);
    must(&work, stop_run);
    must(&work, find);
    assert_true(run.is_stopped);
    assert_string_equal(run.reason, "INVALID_REQUEST");
    assert_string_equal(run.reason_message, "parameters have no kind");
}

static void what_refused_an_order_is_kept_as_whoever_places_one_by_hand_is_told_it(void **state)
{
    struct run run = run_of(1, 40, PORTFOLIO);
    struct run_decision decisions[2];
    struct error refusal;
    struct work work = {.fixture = *state, .run = &run, .claim = {SHARD, 7}, .refusal = &refusal};

    decide_twice(&work, decisions);
    must(&work, find);
    error_clear(&refusal);
    error_add_violation(&refusal, "quantity", "must be whole");
    error_add_violation(&refusal, "ticker", "is unknown");
    must(&work, refuse);
    assert_changed(&work, 0, 2, 2);
    assert_string_equal(work.listed[1].reason, "INVALID_REQUEST");
    assert_string_equal(work.listed[1].reason_message, "quantity must be whole");
    assert_string_equal(work.listed[1].reason_details,
                        "quantity=must be whole\nticker=is unknown\n");
    assert_null(work.listed[0].reason_details);
    must(&work, find);
    assert_string_equal(run.reason_message, "quantity must be whole");

    // The same of one that portfolio has refused, and nobody noted before whoever placed it died.
    assert_int_equal(forget(state), 0);
    run = run_of(1, 40, PORTFOLIO);
    decide_twice(&work, decisions);
    must(&work, find);
    run.orders[0].order_id = id_of(30);
    run.orders[0].status = ORDER_REJECTED;
    run.orders[0].reason = "INSUFFICIENT_FUNDS";
    run.orders[0].reason_message = "There is too little.";
    run.orders[0].reason_details = "available=4\n";
    run.orders[0].is_settled = run.has_changed = true;
    work.before = 2;
    work.count = 0;
    must(&work, save);
    assert_changed(&work, 0, 2, 2);
    assert_string_equal(work.listed[1].reason_message, "There is too little.");
    assert_string_equal(work.listed[1].reason_details, "available=4\n");
}

static bool has_open(struct service_database *fixture)
{
    bool has = false;
    struct error error;

    if (!limit_store_has_open(fixture->database, fixture->arena, USER, &has, &error))
        fail_msg("%s", error.message);
    return has;
}

static void what_a_run_is_to_place_is_open_until_its_replica_has_given_it_up(void **state)
{
    struct run run = run_of(1, 40, PORTFOLIO);
    struct run_decision decisions[2];
    struct error refusal;
    struct work work = {.fixture = *state, .run = &run, .claim = {SHARD, 7}, .refusal = &refusal};

    assert_false(has_open(*state));
    decide_twice(&work, decisions);
    must(&work, find);
    assert_true(has_open(*state));
    // Its replica may be placing it at this moment.
    error_fill(&refusal, REASON_ACCOUNT_INACTIVE, "Shut out.");
    must(&work, stop_run);
    assert_true(has_open(*state));
    must(&work, find);
    error_fill(&refusal, REASON_ORDER_NOT_OPEN, "It was canceled before it was placed.");
    must(&work, refuse);
    assert_false(has_open(*state));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_strategy_runs_once_in_a_portfolio_and_again_when_it_was_stopped,
                               forget),
        cmocka_unit_test_setup(so_many_run_in_a_portfolio_and_of_a_user_and_no_more, forget),
        cmocka_unit_test_setup(
            what_is_decided_without_the_shard_or_after_somebody_else_comes_to_nothing, forget),
        cmocka_unit_test_setup(orders_and_positions_are_kept_until_they_are_settled, forget),
        cmocka_unit_test_setup(the_latest_decisions_are_kept_and_no_more, forget),
        cmocka_unit_test_setup(
            what_becomes_of_a_run_is_numbered_and_a_decision_comes_at_its_latest_change, forget),
        cmocka_unit_test_setup(a_look_that_finds_nothing_is_no_event, forget),
        cmocka_unit_test_setup(
            an_order_that_has_ended_before_it_was_noted_is_noted_with_what_came_of_it, forget),
        cmocka_unit_test_setup(what_ended_a_run_is_kept_with_the_field_that_broke_a_rule, forget),
        cmocka_unit_test_setup(
            what_refused_an_order_is_kept_as_whoever_places_one_by_hand_is_told_it, forget),
        cmocka_unit_test_setup(what_a_run_is_to_place_is_open_until_its_replica_has_given_it_up,
                               forget),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
