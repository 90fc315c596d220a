// SPDX-License-Identifier: MIT
// The numbers of cash and positions: by the rules of a book, and against a real PostgreSQL, as the
// service's own role.
#include "ledger/ledger_fixture.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/digest.h"
#include "events/balance_events.h"
#include "ledger/ledger_book.h"
#include "portfolios/portfolio_store.h"
#include "portfolios/portfolio_store_fixture.h"

enum { THREAD_BUDGET = 1024 * 1024, WAIT_MAX_MS = 30 * 1000 };

static int64_t number_of(const struct book *book, enum ledger_account account)
{
    return book_balance(book, account, account == LEDGER_CASH ? LEDGER_CURRENCY : "AAPL").sequence;
}

// What a save and the next load make of it.
static void settle(struct book *book)
{
    for (size_t i = 0; i < book->balance_count; i++)
        book->balances[i].changed = false;
}

static void a_change_gets_the_next_numbers_and_the_cash_the_last_of_them(void **state)
{
    struct book *book = book_with(1000 * DOLLAR);
    struct error error;

    (void)state;
    assert_true(book_number_changes(book));
    assert_int_equal(number_of(book, LEDGER_CASH), 1);
    settle(book);
    assert_true(reserve(book, 1, LEDGER_BUY, SHARE, 100 * DOLLAR, &error));
    assert_true(fill(book, 1, 1, LEDGER_BUY, SHARE, 100 * DOLLAR, &error));
    assert_true(book_number_changes(book));
    assert_int_equal(number_of(book, LEDGER_SHARES), 2);
    assert_int_equal(number_of(book, LEDGER_CASH), 3);
    settle(book);
    // Only shares are held for it, and the cash still says that the change is whole.
    assert_true(reserve(book, 2, LEDGER_SELL, SHARE, 0, &error));
    assert_true(book_number_changes(book));
    assert_int_equal(number_of(book, LEDGER_SHARES), 4);
    assert_int_equal(number_of(book, LEDGER_CASH), 5);
    assert_int_equal(book_balance(book, LEDGER_MARKET, LEDGER_CURRENCY).sequence, 0);
    book_free(&book);
}

static void what_changes_nothing_gets_no_number(void **state)
{
    struct book *book = book_with(1000 * DOLLAR);
    struct error error;

    (void)state;
    assert_true(book_number_changes(book));
    settle(book);
    assert_false(book_number_changes(book));
    assert_false(reserve(book, 1, LEDGER_SELL, SHARE, 0, &error));
    assert_false(book_number_changes(book));
    assert_int_equal(number_of(book, LEDGER_CASH), 1);
    book_free(&book);
}

// One transaction: what it does to the book of the portfolio.
struct step {
    struct service_database *fixture;
    const char *portfolio_id;
    void (*act)(struct book *book);
    void (*meanwhile)(void *context); // called while it is written and not committed
    void *context;
    struct balance_changes changes;
};

static bool step_work(struct transaction *transaction, void *context, struct error *error)
{
    struct step *step = context;
    struct books_wanted wanted = {
        .portfolio_ids = &step->portfolio_id, .count = 1, .all_balances = true};
    OWNED(books) books = NULL;

    if (!books_load(transaction, &wanted, &books, error))
        return false;
    step->act(books->books[0]);
    if (!books_save(transaction, books, error) || !transaction_flush(transaction, error))
        return false;
    balance_changes_take(&step->changes, books);
    if (step->meanwhile != NULL)
        step->meanwhile(step->context);
    return true;
}

static void do_step(struct step *step)
{
    OWNED(arena) arena = arena_new(THREAD_BUDGET);
    struct error error;

    if (!database_transact(step->fixture->database, arena, 0, step_work, step, &error))
        fail_msg("%s", error.message);
}

static struct balance_changes
act(struct service_database *fixture, const char *id, void (*change)(struct book *book))
{
    struct step step = {.fixture = fixture, .portfolio_id = id, .act = change};

    do_step(&step);
    return step.changes;
}

static bool open_work(struct transaction *transaction, void *context, struct error *error)
{
    const struct portfolio_record *record = context;
    bool inserted = false;

    return store_insert_portfolio(transaction, record, &inserted, error);
}

static const char *open_portfolio(struct service_database *fixture)
{
    struct portfolio_record record = {.name = "test", .description = "", .created_at = 1};
    struct error error;

    snprintf(record.id, UUID_SIZE, "%s", uuid_new().string);
    snprintf(record.user_id, UUID_SIZE, "%s", record.id);
    if (!database_transact(fixture->database, fixture->arena, 0, open_work, &record, &error))
        fail_msg("%s", error.message);
    return arena_copy_string(fixture->arena, record.id);
}

static void deposit(struct book *book)
{
    struct uuid reference = uuid_new();
    struct ledger_movement movement = {.kind = LEDGER_KIND_DEPOSIT,
                                       .reference = reference.string,
                                       .amount = 1000 * DOLLAR,
                                       .booked_at = 1};
    struct error error;

    assert_true(ledger_move_cash(book, &movement, &error));
}

static void buy(struct book *book)
{
    struct error error;

    assert_true(reserve(book, 1, LEDGER_BUY, SHARE, 100 * DOLLAR, &error));
    assert_true(fill(book, 1, 1, LEDGER_BUY, SHARE, 100 * DOLLAR, &error));
}

static void change_nothing(struct book *book)
{
    (void)book;
}

static struct balance_events
page(struct service_database *fixture, const char *id, int64_t after, size_t limit)
{
    const struct balance_event_page asked = {
        .portfolio_id = id, .has_after = after >= 0, .after = after, .limit = limit};
    struct balance_events events = {0};
    struct error error;

    if (!balance_events_page(fixture->database, fixture->arena, &asked, &events, &error))
        fail_msg("%s", error.message);
    return events;
}

static void who_asks_after_a_number_gets_what_has_changed_since_as_it_is_now(void **state)
{
    struct service_database *fixture = service_of(state);
    const char *id = open_portfolio(fixture);
    struct balance_events events = page(fixture, id, 0, 10);

    assert_int_equal(events.count + (size_t)events.latest + (size_t)events.next_after, 0);
    assert_int_equal(act(fixture, id, deposit).portfolios[0].sequence, 1);
    assert_int_equal(act(fixture, id, buy).portfolios[0].sequence, 3);
    assert_int_equal(act(fixture, id, change_nothing).count, 0);
    events = page(fixture, id, 0, 10);
    assert_int_equal(events.count, 2); // the cash is there once
    assert_int_equal(events.balances[0].sequence, 2);
    assert_int_equal(events.balances[0].account, LEDGER_SHARES);
    assert_int_equal(events.balances[0].amount, SHARE);
    assert_int_equal(events.balances[0].cost_basis, 100 * DOLLAR);
    assert_int_equal(events.balances[1].sequence, 3);
    assert_int_equal(events.balances[1].amount, 900 * DOLLAR);
    assert_false(events.is_full);
    assert_int_equal(page(fixture, id, 2, 10).count, 1);
    assert_int_equal(page(fixture, id, 3, 10).count, 0);
    assert_int_equal(page(fixture, id, 3, 10).next_after, 3);
    assert_int_equal(page(fixture, id, -1, 10).count, 0);
    assert_int_equal(page(fixture, id, -1, 10).next_after, 3);
}

static void a_page_that_is_full_says_where_the_next_one_begins(void **state)
{
    struct service_database *fixture = service_of(state);
    const char *id = open_portfolio(fixture);
    struct balance_events events;

    (void)act(fixture, id, deposit);
    (void)act(fixture, id, buy);
    events = page(fixture, id, 0, 1);
    assert_true(events.is_full);
    assert_int_equal(events.next_after, 2);
    events = page(fixture, id, 2, 1);
    assert_int_equal(events.balances[0].account, LEDGER_CASH);
    assert_int_equal(events.next_after, 3);
    assert_int_equal(page(fixture, id, 3, 1).count, 0);
}

// Two transactions of one portfolio.
struct race {
    struct step first, second;
    pthread_t thread;
    atomic_bool is_second_done;
};

static void *do_second(void *context)
{
    struct race *race = context;

    do_step(&race->second);
    atomic_store(&race->is_second_done, true);
    return NULL;
}

static void begin_second(void *context)
{
    struct race *race = context;
    struct service_database *fixture = race->first.fixture;
    int64_t until_us = clock_monotonic_us() + WAIT_MAX_MS * MICROS_PER_MS;

    assert_int_equal(pthread_create(&race->thread, NULL, do_second, race), 0);
    while (!service_database_is_waited_for(fixture) && !atomic_load(&race->is_second_done))
        assert_true(clock_monotonic_us() < until_us);
    assert_false(atomic_load(&race->is_second_done));
    assert_int_equal(page(fixture, race->first.portfolio_id, -1, 1).latest, 1);
}

static void no_number_is_seen_while_a_lower_one_may_still_be_committed(void **state)
{
    struct service_database *fixture = service_of(state);
    const char *id = open_portfolio(fixture);
    struct race race = {
        .first = {.fixture = fixture, .portfolio_id = id, .act = buy, .meanwhile = begin_second},
        .second = {.fixture = fixture, .portfolio_id = id, .act = deposit}};

    (void)act(fixture, id, deposit);
    race.first.context = &race;
    do_step(&race.first);
    pthread_join(race.thread, NULL);
    assert_int_equal(race.first.changes.portfolios[0].sequence, 3);
    assert_int_equal(race.second.changes.portfolios[0].sequence, 4);
    assert_string_equal(race.second.changes.portfolios[0].user_id, id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_gets_the_next_numbers_and_the_cash_the_last_of_them),
        cmocka_unit_test(what_changes_nothing_gets_no_number),
        cmocka_unit_test(who_asks_after_a_number_gets_what_has_changed_since_as_it_is_now),
        cmocka_unit_test(a_page_that_is_full_says_where_the_next_one_begins),
        cmocka_unit_test(no_number_is_seen_while_a_lower_one_may_still_be_committed),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
