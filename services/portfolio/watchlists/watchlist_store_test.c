// SPDX-License-Identifier: MIT
// Watchlists against a real PostgreSQL, as the service's own role.
#include "portfolios/portfolio_store_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "support/wait.h"
#include "watchlists/watchlist_store.h"

enum { THREADS = 8 };

// One step of a test, in a transaction of its own.
struct step {
    const char *user_id;
    struct watchlist list;
    struct watchlist *lists;
    struct watchlist_page page;
    const char *ticker;
    size_t count;
    bool found;
};

typedef bool step_work(struct transaction *transaction, void *context, struct error *error);

static void run(struct service_database *fixture, step_work *work, struct step *step)
{
    struct error error;

    if (!database_transact(fixture->database, fixture->arena, 0, work, step, &error))
        fail_msg("%s: %s", error.reason, error.message);
}

static bool open_work(struct transaction *transaction, void *context, struct error *error)
{
    struct step *step = context;

    return store_open_watchlists(transaction, step->user_id, "My watchlist", 1000, error);
}

static bool page_work(struct transaction *transaction, void *context, struct error *error)
{
    struct step *step = context;

    return store_page_watchlists(transaction, &step->page, &step->lists, &step->count, error) &&
           store_read_watchlist_symbols(transaction, step->lists, step->count, error);
}

static bool insert_work(struct transaction *transaction, void *context, struct error *error)
{
    struct step *step = context;

    return store_insert_watchlist(transaction, &step->list, error);
}

static bool find_work(struct transaction *transaction, void *context, struct error *error)
{
    struct step *step = context;

    return store_find_watchlist(transaction, step->list.id, &step->list, &step->found, error);
}

static bool update_work(struct transaction *transaction, void *context, struct error *error)
{
    struct step *step = context;

    return store_update_watchlist(transaction, &step->list, error);
}

static bool replace_work(struct transaction *transaction, void *context, struct error *error)
{
    struct step *step = context;

    return store_replace_watchlist_symbols(transaction, &step->list, error);
}

static bool append_work(struct transaction *transaction, void *context, struct error *error)
{
    struct step *step = context;

    return store_append_watchlist_symbol(transaction, &step->list, step->ticker, error);
}

static bool remove_work(struct transaction *transaction, void *context, struct error *error)
{
    struct step *step = context;

    return store_remove_watchlist_symbol(transaction, &step->list, step->ticker, error);
}

static bool set_default_work(struct transaction *transaction, void *context, struct error *error)
{
    struct step *step = context;

    return store_set_default_watchlist(transaction, &step->list, error);
}

static bool delete_work(struct transaction *transaction, void *context, struct error *error)
{
    struct step *step = context;

    return store_delete_watchlist(transaction, &step->list, error);
}

static const char *new_id(struct service_database *fixture)
{
    return arena_copy_string(fixture->arena, uuid_new().string);
}

// A new user with the default list.
static const char *new_user(struct service_database *fixture)
{
    struct step step = {.user_id = new_id(fixture)};

    run(fixture, open_work, &step);
    return step.user_id;
}

static struct step lists_of(struct service_database *fixture, const char *user_id)
{
    struct step step = {.page = {.user_id = user_id, .limit = 100}};

    run(fixture, page_work, &step);
    return step;
}

static struct watchlist
new_list(struct service_database *fixture, const char *user_id, const char *name, int64_t at)
{
    struct watchlist list = {.name = name, .created_at = at, .updated_at = at};

    snprintf(list.id, sizeof(list.id), "%s", new_id(fixture));
    snprintf(list.user_id, sizeof(list.user_id), "%s", user_id);
    return list;
}

static struct watchlist
add_list(struct service_database *fixture, const char *user_id, const char *name, int64_t at)
{
    struct step step = {.list = new_list(fixture, user_id, name, at)};

    run(fixture, insert_work, &step);
    return step.list;
}

static struct watchlist found(struct service_database *fixture, const char *id)
{
    struct step step = {0};

    snprintf(step.list.id, sizeof(step.list.id), "%s", id);
    run(fixture, find_work, &step);
    assert_true(step.found);
    return step.list;
}

static void assert_symbols(const struct watchlist *list, const char *expected)
{
    char text[1024] = "";
    size_t length = 0;

    for (size_t i = 0; i < list->count; i++)
        length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s", i > 0 ? " " : "",
                                   list->tickers[i]);
    assert_string_equal(text, expected);
}

static void *open_in_thread(void *context)
{
    struct service_database *fixture = ((void **)context)[0];
    struct step step = {.user_id = ((void **)context)[1]};
    OWNED(arena) arena = arena_new(1024 * 1024);
    struct error error;

    return database_transact(fixture->database, arena, 0, open_work, &step, &error) ? fixture
                                                                                    : NULL;
}

static void a_user_gets_one_default_list_however_many_ask_at_once(void **state)
{
    struct service_database *fixture = service_of(state);
    const char *user_id = new_id(fixture);
    void *context[] = {fixture, (void *)(uintptr_t)user_id};
    pthread_t threads[THREADS];
    struct step step;

    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, open_in_thread, context), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *done = NULL;

        pthread_join(threads[i], &done);
        assert_non_null(done);
    }
    step = lists_of(fixture, user_id);
    assert_int_equal(step.count, 1);
    assert_true(step.lists[0].is_default);
    assert_string_equal(step.lists[0].name, "My watchlist");
    assert_int_equal(step.lists[0].created_at, 1000);
}

static void who_has_deleted_their_first_list_is_not_given_it_again(void **state)
{
    struct service_database *fixture = service_of(state);
    const char *user_id = new_user(fixture);
    struct step step = lists_of(fixture, user_id);
    struct step first = {.list = step.lists[0]};
    struct step other = {.list = add_list(fixture, user_id, "Other", 2000)};

    run(fixture, set_default_work, &other);
    run(fixture, delete_work, &first);
    step.user_id = user_id;
    run(fixture, open_work, &step);
    step = lists_of(fixture, user_id);
    assert_int_equal(step.count, 1);
    assert_string_equal(step.lists[0].name, "Other");
    assert_true(step.lists[0].is_default);
}

static void postgresql_itself_refuses_to_delete_the_default_list(void **state)
{
    struct service_database *fixture = service_of(state);
    const char *user_id = new_user(fixture);
    struct step step = lists_of(fixture, user_id);
    struct error error;

    step.list = step.lists[0];
    assert_false(
        database_transact(fixture->database, fixture->arena, 0, delete_work, &step, &error));
    assert_int_equal(lists_of(fixture, user_id).count, 1);
}

static void two_lists_of_a_user_have_different_names_whatever_their_case(void **state)
{
    struct service_database *fixture = service_of(state);
    const char *user_id = new_user(fixture);
    struct watchlist tech = add_list(fixture, user_id, "Tech", 2000);
    struct step step = {.list = new_list(fixture, user_id, "TECH", 3000)};
    struct step renamed = {.list = lists_of(fixture, user_id).lists[0]};
    struct error error;

    assert_false(
        database_transact(fixture->database, fixture->arena, 0, insert_work, &step, &error));
    assert_true(error_is(&error, REASON_WATCHLIST_NAME_TAKEN));
    renamed.list.name = "tech";
    assert_false(
        database_transact(fixture->database, fixture->arena, 0, update_work, &renamed, &error));
    assert_true(error_is(&error, REASON_WATCHLIST_NAME_TAKEN));
    // Its own name in another case, and the same name of another user, are no clash.
    step.list = tech;
    step.list.name = "tECH";
    run(fixture, update_work, &step);
    (void)add_list(fixture, new_user(fixture), "Tech", 2000);
}

static void symbols_are_in_the_users_order(void **state)
{
    struct service_database *fixture = service_of(state);
    const char *tickers[] = {"ZZZ", "AAA", "MMM"};
    const char *user_id = new_user(fixture);
    struct step step = {.list = add_list(fixture, user_id, "Order", 2000)};
    struct watchlist list;

    step.list.tickers = tickers;
    step.list.count = 3;
    run(fixture, replace_work, &step);
    step.ticker = "BBB";
    run(fixture, append_work, &step);
    list = found(fixture, step.list.id);
    assert_symbols(&list, "ZZZ AAA MMM BBB");
    step.ticker = "AAA";
    run(fixture, remove_work, &step);
    run(fixture, append_work, &step);
    list = found(fixture, step.list.id);
    assert_symbols(&list, "ZZZ MMM BBB AAA");
    // One that is there stays where it is.
    step.ticker = "ZZZ";
    run(fixture, append_work, &step);
    list = found(fixture, step.list.id);
    assert_symbols(&list, "ZZZ MMM BBB AAA");
    step.list.count = 0;
    run(fixture, replace_work, &step);
    assert_int_equal(found(fixture, step.list.id).count, 0);
}

static void a_page_goes_on_after_the_last_list_of_the_one_before(void **state)
{
    struct service_database *fixture = service_of(state);
    const char *tickers[] = {"B", "A"};
    const char *user_id = new_user(fixture);
    struct watchlist one = add_list(fixture, user_id, "one", 2000);
    struct watchlist two = add_list(fixture, user_id, "two", 2000);
    struct step step = {.list = two, .page = {.user_id = user_id, .limit = 2}};

    (void)add_list(fixture, new_user(fixture), "another's", 2000);
    step.list.tickers = tickers;
    step.list.count = 2;
    run(fixture, replace_work, &step);
    run(fixture, page_work, &step);
    assert_int_equal(step.count, 2);
    assert_string_equal(step.lists[0].name, "My watchlist");
    assert_string_equal(step.lists[1].id, one.id);
    step.page.after_created_at = step.lists[1].created_at;
    step.page.after_id = step.lists[1].id;
    run(fixture, page_work, &step);
    assert_int_equal(step.count, 1);
    assert_string_equal(step.lists[0].id, two.id);
    assert_symbols(&step.lists[0], "B A");
}

static void symbols_go_with_their_list(void **state)
{
    static const struct statement count = {
        "count_left", "SELECT count(*) FROM watchlist_symbols WHERE watchlist_id = $1"};
    struct service_database *fixture = service_of(state);
    const char *tickers[] = {"A", "B"};
    struct step step = {.list = new_list(fixture, new_user(fixture), "Short", 2000)};
    struct parameter parameter = parameter_text(step.list.id);
    struct rows rows = {0};
    struct error error;

    step.list.tickers = tickers;
    step.list.count = 2;
    run(fixture, insert_work, &step);
    assert_int_equal(found(fixture, step.list.id).count, 2);
    run(fixture, delete_work, &step);
    assert_true(
        database_query(fixture->database, fixture->arena, &count, &parameter, 1, &rows, &error));
    assert_int_equal(rows_int(&rows, 0, 0), 0);
}

// What an operation that adds does: locked, looked at, and then added to.
static bool add_locked_work(struct transaction *transaction, void *context, struct error *error)
{
    struct step *step = context;
    bool added = false;

    return store_lock_watchlist(transaction, step->list.id, &step->list, &step->found, error) &&
           watchlist_add(&step->list, step->ticker, &added, error) &&
           (!added || store_append_watchlist_symbol(transaction, &step->list, step->ticker, error));
}

// Two that add to the same list at once. The first has the lock when the second begins.
struct race {
    struct service_database *fixture;
    struct step first;
    struct step second;
    pthread_t thread;
    atomic_bool second_has_ended;
    bool second_is_done;
    struct error second_error;
};

static void *second_in_thread(void *context)
{
    struct race *race = context;
    OWNED(arena) arena = arena_new(1024 * 1024);

    race->second_is_done = database_transact(race->fixture->database, arena, 0, add_locked_work,
                                             &race->second, &race->second_error);
    atomic_store(&race->second_has_ended, true);
    return NULL;
}

static bool is_waiting(struct service_database *fixture)
{
    static const struct statement waiting = {"count_waiting",
                                             "SELECT count(*) FROM pg_locks WHERE NOT granted"};
    OWNED(arena) arena = arena_new(64 * 1024);
    struct rows rows = {0};
    struct error error;

    assert_true(database_query(fixture->database, arena, &waiting, NULL, 0, &rows, &error));
    return rows_int(&rows, 0, 0) > 0;
}

static bool first_work(struct transaction *transaction, void *context, struct error *error)
{
    struct race *race = context;

    if (!store_lock_watchlist(transaction, race->first.list.id, &race->first.list,
                              &race->first.found, error))
        return false;
    assert_int_equal(pthread_create(&race->thread, NULL, second_in_thread, race), 0);
    assert_true_within(20000, is_waiting(race->fixture) || atomic_load(&race->second_has_ended));
    return add_locked_work(transaction, &race->first, error);
}

static void of_two_that_fill_a_list_at_once_the_second_sees_that_it_is_full(void **state)
{
    struct service_database *fixture = service_of(state);
    struct step step = {.list = new_list(fixture, new_user(fixture), "Full", 2000)};
    const char **tickers = arena_allocate(fixture->arena, WATCHLIST_SYMBOLS_MAX * sizeof(*tickers));
    struct race race = {.fixture = fixture};
    struct error error;

    for (size_t i = 0; i < WATCHLIST_SYMBOLS_MAX; i++)
        tickers[i] = arena_printf(fixture->arena, "T%zu", i);
    step.list.tickers = tickers;
    step.list.count = WATCHLIST_SYMBOLS_MAX - 1;
    run(fixture, insert_work, &step);
    race.first = (struct step){.list = step.list, .ticker = "FIRST"};
    race.second = (struct step){.list = step.list, .ticker = "SECOND"};
    if (!database_transact(fixture->database, fixture->arena, 0, first_work, &race, &error))
        fail_msg("%s: %s", error.reason, error.message);
    pthread_join(race.thread, NULL);
    assert_false(race.second_is_done);
    assert_true(error_is(&race.second_error, REASON_LIMIT_EXCEEDED));
    step.list = found(fixture, step.list.id);
    assert_int_equal(step.list.count, WATCHLIST_SYMBOLS_MAX);
    assert_string_equal(step.list.tickers[WATCHLIST_SYMBOLS_MAX - 1], "FIRST");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_user_gets_one_default_list_however_many_ask_at_once, forget),
        cmocka_unit_test_teardown(who_has_deleted_their_first_list_is_not_given_it_again, forget),
        cmocka_unit_test_teardown(postgresql_itself_refuses_to_delete_the_default_list, forget),
        cmocka_unit_test_teardown(two_lists_of_a_user_have_different_names_whatever_their_case,
                                  forget),
        cmocka_unit_test_teardown(symbols_are_in_the_users_order, forget),
        cmocka_unit_test_teardown(a_page_goes_on_after_the_last_list_of_the_one_before, forget),
        cmocka_unit_test_teardown(symbols_go_with_their_list, forget),
        cmocka_unit_test_teardown(of_two_that_fill_a_list_at_once_the_second_sees_that_it_is_full,
                                  forget),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
