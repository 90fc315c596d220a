// SPDX-License-Identifier: MIT
// Snapshots against a real PostgreSQL, as the service's own role. Times are small numbers of
// seconds.
#include "portfolios/portfolio_store_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "ledger/portfolio_books.h"
#include "portfolios/portfolio_store.h"
#include "quotes/quotes.h"
#include "snapshots/equity_store.h"
#include "snapshots/snapshot_due.h"
#include "snapshots/snapshot_store.h"

#define DOLLAR INT64_C(1000000)

struct moving {
    const char *id;
    bool opens;
    int64_t amount;
    int64_t at;
};

static bool move_work(struct transaction *transaction, void *context, struct error *error)
{
    const struct moving *moving = context;
    struct portfolio_record record = {
        .name = "test", .description = "", .created_at = moving->at, .updated_at = moving->at};
    struct ledger_movement movement = {.kind = LEDGER_KIND_DEPOSIT,
                                       .amount = moving->amount,
                                       .booked_at = moving->at,
                                       .reference = uuid_new().string};
    bool inserted = false;
    bool done = false;
    struct book *book = NULL;
    struct books opened = {.count = 1, .books = &book};

    snprintf(record.id, UUID_SIZE, "%s", moving->id);
    snprintf(record.user_id, UUID_SIZE, "%s", uuid_new().string);
    if (moving->opens && !store_insert_portfolio(transaction, &record, &inserted, error))
        return false;
    book = book_new(moving->id, false);
    done = ledger_move_cash(book, &movement, error) && books_save(transaction, &opened, error);
    book_free(&book);
    return done;
}

static const struct statement book_deposit = {
    "test_book_deposit",
    "WITH n AS (SELECT $2::uuid AS id, coalesce(max(seq), 0) + 1 AS seq,"
    "  coalesce(sum(amount), 0) + $3 AS balance FROM entries"
    "  WHERE portfolio_id = $1 AND account = 'cash'),"
    " j AS (INSERT INTO journals (portfolio_id, id, kind, reference, booked_at)"
    "  SELECT $1, id, 'deposit', id, $4 FROM n)"
    " INSERT INTO entries (portfolio_id, account, asset, seq, journal_id, amount, balance_after)"
    " SELECT $1, 'cash', 'USD', seq, id, $3, balance FROM n",
};

// Books a deposit as of some time, whatever has been booked before.
static void deposit(struct service_database *service, const char *id, int64_t amount, int64_t at)
{
    struct parameter parameters[] = {
        parameter_text(id),
        parameter_text(uuid_new().string),
        parameter_decimal(amount, 6),
        parameter_time(at),
    };
    struct rows rows;
    struct error error;

    if (!database_query(service->database, service->arena, &book_deposit, parameters, 4, &rows,
                        &error))
        fail_msg("%s", error.message);
}

// Opened with 1000 at noon of the first day.
static const char *open_portfolio_at(struct service_database *service, int64_t opened_at)
{
    const char *id = arena_copy_string(service->arena, uuid_new().string);
    struct moving moving = {.id = id, .opens = true, .amount = 1000 * DOLLAR, .at = opened_at};
    struct error error;

    if (!database_transact(service->database, service->arena, 0, move_work, &moving, &error))
        fail_msg("%s", error.message);
    return id;
}

static const char *open_portfolio(struct service_database *service)
{
    return open_portfolio_at(service, MICROS_PER_DAY / 2);
}

static struct snapshot_progress progress_of(struct service_database *service, const char *id)
{
    struct snapshot_progress progress;
    struct error error;
    bool found = false;

    if (!snapshot_store_read_progress(service->database, service->arena, id, &progress, &found,
                                      &error))
        fail_msg("%s", error.message);
    assert_true(found);
    return progress;
}

static struct snapshot day_of(int number, int64_t cash, int64_t movements)
{
    struct snapshot day = {.closed_at = number * MICROS_PER_DAY,
                           .cash = cash,
                           .through_seq = movements,
                           .movements = movements};

    date_print(date_from_days(number - 1), day.day);
    return day;
}

static bool save(struct service_database *service,
                 const char *id,
                 const struct snapshot_progress *progress,
                 const struct snapshot *days,
                 size_t count)
{
    struct error error;
    bool saved = false;

    if (!snapshot_store_save(service->database, service->arena, id, progress, days, count, false,
                             &saved, &error))
        fail_msg("%s", error.message);
    return saved;
}

static void movements_are_grouped_by_the_day_whose_close_they_are_before(void **state)
{
    struct service_database *service = service_of(state);
    const char *id = open_portfolio(service);
    struct snapshot_progress progress = progress_of(service, id);
    const int64_t closes[] = {MICROS_PER_DAY, 2 * MICROS_PER_DAY};
    struct snapshot_group *groups = NULL;
    size_t count = 0;
    struct error error;

    deposit(service, id, DOLLAR, MICROS_PER_DAY - 1);
    deposit(service, id, 2 * DOLLAR, MICROS_PER_DAY); // at the close: of the next day
    deposit(service, id, 4 * DOLLAR, 2 * MICROS_PER_DAY + 5);
    assert_false(progress.has_base);
    assert_int_equal(progress.closed_at, MICROS_PER_DAY / 2);
    assert_true(snapshot_store_group_movements(service->database, service->arena, id, &progress,
                                               closes, 2, &groups, &count, &error));
    assert_int_equal(count, 3);
    assert_int_equal(groups[0].day, 0);
    assert_int_equal(groups[0].movement.cash, 1001 * DOLLAR);
    assert_int_equal(groups[0].count, 2);
    assert_int_equal(groups[0].last_seq, 2);
    assert_int_equal(groups[1].day, 1);
    assert_int_equal(groups[1].movement.cash, 2 * DOLLAR);
    assert_int_equal(groups[2].day, 2);
    assert_int_equal(groups[2].first_seq, 4);
}

static void the_days_begin_with_what_happened_before_the_portfolio_was_opened(void **state)
{
    struct service_database *service = service_of(state);
    const char *id = open_portfolio(service);

    assert_int_equal(progress_of(service, id).begins_at, MICROS_PER_DAY / 2);
    deposit(service, id, DOLLAR, MICROS_PER_DAY);
    assert_int_equal(progress_of(service, id).begins_at, MICROS_PER_DAY / 2);
    deposit(service, id, DOLLAR, MICROS_PER_DAY / 4);
    assert_int_equal(progress_of(service, id).begins_at, MICROS_PER_DAY / 4);
}

static void one_opened_before_the_clock_is_set_begins_with_what_happens_afterwards(void **state)
{
    struct service_database *service = service_of(state);
    const char *id = open_portfolio_at(service, QUOTES_CLOCK_UNSET);

    assert_int_equal(progress_of(service, id).begins_at, 0);
    deposit(service, id, DOLLAR, QUOTES_CLOCK_UNSET);
    assert_int_equal(progress_of(service, id).begins_at, 0);
    deposit(service, id, DOLLAR, QUOTES_CLOCK_UNSET + MICROS_PER_DAY);
    assert_int_equal(progress_of(service, id).begins_at, QUOTES_CLOCK_UNSET + MICROS_PER_DAY);
}

static void of_two_who_take_the_same_days_one_writes(void **state)
{
    struct service_database *service = service_of(state);
    const char *id = open_portfolio(service);
    struct snapshot_progress one = progress_of(service, id);
    struct snapshot_progress other = progress_of(service, id);
    struct snapshot first = day_of(1, 1000 * DOLLAR, 1);
    struct snapshot wrong = day_of(1, 7 * DOLLAR, 1);
    struct snapshot_range range = {.portfolio_id = id, .limit = 10};
    struct snapshot *days = NULL;
    size_t count = 0;
    struct error error;

    assert_true(save(service, id, &one, &first, 1));
    assert_false(save(service, id, &other, &wrong, 1));
    assert_true(
        snapshot_store_list(service->history, service->arena, &range, &days, &count, &error));
    assert_int_equal(count, 1);
    assert_int_equal(days[0].cash, 1000 * DOLLAR);
    assert_string_equal(days[0].day, "1970-01-01");
}

static void a_day_that_lacks_what_was_booked_late_is_gone_back_behind(void **state)
{
    struct service_database *service = service_of(state);
    const char *id = open_portfolio(service);
    struct snapshot_progress progress = progress_of(service, id);
    struct snapshot days[] = {day_of(1, 1000 * DOLLAR, 1), day_of(2, 1000 * DOLLAR, 1),
                              day_of(3, 1000 * DOLLAR, 1)};

    assert_true(save(service, id, &progress, days, 3));
    progress = progress_of(service, id);
    assert_true(progress.has_base);
    assert_string_equal(progress.base.day, "1970-01-03");
    // What happens after the last close changes nothing.
    deposit(service, id, DOLLAR, 3 * MICROS_PER_DAY + 1);
    progress = progress_of(service, id);
    assert_string_equal(progress.base.day, "1970-01-03");
    // This is missing in the second and the third.
    deposit(service, id, DOLLAR, MICROS_PER_DAY + 1);
    progress = progress_of(service, id);
    assert_true(progress.has_base);
    assert_string_equal(progress.base.day, "1970-01-01");
    days[1].movements = days[2].movements = 2;
    assert_true(save(service, id, &progress, &days[1], 2));
    // A number later than one of the days after is no reason to go back again.
    progress = progress_of(service, id);
    assert_string_equal(progress.base.day, "1970-01-03");
    deposit(service, id, DOLLAR, MICROS_PER_DAY / 4);
    assert_false(progress_of(service, id).has_base);
}

static bool is_due(struct service_database *service, const char *id, int64_t closed_at)
{
    const struct snapshot_due first = SNAPSHOT_DUE_FIRST;
    struct snapshot_due *due = NULL;
    size_t count = 0;
    struct error error;

    if (!snapshot_due_list(service->database, service->arena, closed_at, &first, 1000, &due, &count,
                           &error))
        fail_msg("%s", error.message);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(due[i].portfolio_id, id) == 0)
            return true;
    }
    return false;
}

static void a_portfolio_is_due_until_it_has_the_snapshot_of_the_close(void **state)
{
    struct service_database *service = service_of(state);
    const char *id = open_portfolio(service);
    struct snapshot_progress progress = progress_of(service, id);
    struct snapshot day = day_of(1, 1000 * DOLLAR, 1);

    assert_false(is_due(service, id, MICROS_PER_DAY / 2));
    assert_true(is_due(service, id, MICROS_PER_DAY));
    assert_true(save(service, id, &progress, &day, 1));
    assert_false(is_due(service, id, MICROS_PER_DAY));
    assert_true(is_due(service, id, 2 * MICROS_PER_DAY));
}

static void those_that_are_due_come_one_after_the_other(void **state)
{
    struct service_database *service = service_of(state);
    struct snapshot_due after = SNAPSHOT_DUE_FIRST;
    struct snapshot_due *due = NULL;
    size_t count = 0;
    size_t found = 0;
    struct error error;

    for (int i = 0; i < 5; i++)
        open_portfolio(service);
    do {
        assert_true(snapshot_due_list(service->database, service->arena, MICROS_PER_DAY, &after, 2,
                                      &due, &count, &error));
        found += count;
        if (count > 0)
            after = due[count - 1];
    } while (count == 2);
    assert_true(found >= 5);
}

static bool mark_work(struct transaction *transaction, void *context, struct error *error)
{
    const char *id = context;

    return snapshot_due_mark(transaction, &id, 1, MICROS_PER_DAY + 5, error);
}

static void what_makes_days_wrong_has_them_taken_anew_from_then_on(void **state)
{
    struct service_database *service = service_of(state);
    const char *id = open_portfolio(service);
    struct snapshot_progress progress = progress_of(service, id);
    struct snapshot days[] = {day_of(1, 1000 * DOLLAR, 1), day_of(2, 1000 * DOLLAR, 1),
                              day_of(3, 1000 * DOLLAR, 1)};
    struct error error;

    assert_true(save(service, id, &progress, days, 2));
    progress = progress_of(service, id);
    assert_true(
        database_transact(service->database, service->arena, 0, mark_work, (void *)id, &error));
    assert_true(is_due(service, id, 2 * MICROS_PER_DAY));
    // Who reckoned the next day without it writes nothing.
    assert_false(save(service, id, &progress, &days[2], 1));
    progress = progress_of(service, id);
    assert_string_equal(progress.base.day, "1970-01-01");
    // What is behind all days is no reason to take any anew.
    assert_true(save(service, id, &progress, &days[1], 1));
    assert_true(
        snapshot_due_mark_one(service->database, service->arena, id, 2 * MICROS_PER_DAY, &error));
    assert_false(is_due(service, id, 2 * MICROS_PER_DAY));
}

static bool claim(struct service_database *service, const char *id, int64_t revision)
{
    struct error error;
    bool is_claimed = false;

    if (!snapshot_due_claim(service->database, service->arena, id, revision, &is_claimed, &error))
        fail_msg("%s", error.message);
    return is_claimed;
}

static const struct statement age_claim = {
    "test_age_claim",
    "UPDATE snapshot_progress SET claimed_until = claimed_until - interval '10 seconds'"
    " WHERE portfolio_id = $1",
};

static void
days_that_are_claimed_are_nobody_elses_until_they_are_written_or_ten_seconds_go_by(void **state)
{
    struct service_database *service = service_of(state);
    const char *id = open_portfolio(service);
    struct snapshot_progress progress = progress_of(service, id);
    struct snapshot first = day_of(1, 1000 * DOLLAR, 1);
    struct parameter parameter = parameter_text(id);
    struct rows rows;
    struct error error;

    assert_true(claim(service, id, progress.revision));
    assert_false(claim(service, id, progress.revision));
    assert_false(is_due(service, id, 2 * MICROS_PER_DAY));
    assert_true(save(service, id, &progress, &first, 1));
    assert_true(is_due(service, id, 2 * MICROS_PER_DAY));
    assert_false(claim(service, id, progress.revision));
    assert_true(claim(service, id, progress.revision + 1));
    assert_true(database_query(service->database, service->arena, &age_claim, &parameter, 1, &rows,
                               &error));
    assert_true(is_due(service, id, 2 * MICROS_PER_DAY));
    assert_true(claim(service, id, progress.revision + 1));
}

static const struct statement insert_point = {
    "test_insert_point",
    "INSERT INTO equity_points VALUES ($1, $2, 1, 1)",
};

static void old_points_are_thinned_and_older_ones_go(void **state)
{
    struct service_database *service = service_of(state);
    const char *id = open_portfolio(service);
    const int64_t minute = 60 * MICROS_PER_SECOND;
    const int64_t now = 100 * MICROS_PER_DAY;
    const int64_t ages[] = {60 * minute, 3 * MICROS_PER_DAY + 5 * minute, 3 * MICROS_PER_DAY,
                            32 * MICROS_PER_DAY};
    struct equity_point *points = NULL;
    size_t count = 0;
    bool has_more = true;
    struct error error;

    for (size_t i = 0; i < COUNT_OF(ages); i++) {
        struct parameter row[] = {parameter_text(id), parameter_time(now - ages[i])};
        struct rows rows;

        assert_true(database_query(service->database, service->arena, &insert_point, row, 2, &rows,
                                   &error));
    }
    assert_true(equity_store_thin(service->database, service->arena, now, &has_more, &error));
    assert_false(has_more);
    assert_true(
        equity_store_list(service->database, service->arena, id, 0, now, &points, &count, &error));
    assert_int_equal(count, 2);
    assert_int_equal(points[0].at, now - 3 * MICROS_PER_DAY);
    assert_int_equal(points[1].at, now - 60 * minute);
}

// So many dollars a second from a moment on, by a deposit or a reset each.
static const struct statement put_in = {
    "test_put_in",
    "WITH j AS (INSERT INTO journals (portfolio_id, id, kind, reference, booked_at)"
    "  SELECT $1, gen_random_uuid(), $2, gen_random_uuid(), $3::timestamptz + n * interval '1 "
    "second'"
    "  FROM generate_series(1, $4::integer) n RETURNING id, booked_at)"
    " INSERT INTO entries (portfolio_id, account, asset, seq, journal_id, amount, balance_after)"
    " SELECT $1, 'external', 'USD', (SELECT max(seq) FROM entries WHERE portfolio_id = $1"
    "  AND account = 'external') + row_number() OVER (ORDER BY booked_at), id, -1,"
    " (SELECT sum(amount) FROM entries WHERE portfolio_id = $1 AND account = 'external')"
    " - row_number() OVER (ORDER BY booked_at) FROM j",
};

static void
pay_in(struct service_database *service, const char *id, const char *kind, int64_t at, int count)
{
    struct parameter parameters[] = {parameter_text(id), parameter_text(kind), parameter_time(at),
                                     parameter_int(count)};
    struct rows rows;
    struct error error;

    if (!database_query(service->database, service->arena, &put_in, parameters, 4, &rows, &error))
        fail_msg("%s", error.message);
}

static struct equity_flows
list_flows(struct service_database *service, const char *id, int64_t reset_at)
{
    struct equity_flows flows;
    struct error error;

    if (!equity_store_list_flows(service->database, service->arena, id, reset_at, 700 * DOLLAR,
                                 &flows, &error))
        fail_msg("%s", error.message);
    return flows;
}

static void the_latest_thousand_of_what_was_put_in_are_told_by_time(void **state)
{
    struct service_database *service = service_of(state);
    const char *id = open_portfolio(service);
    const int64_t opened_at = MICROS_PER_DAY / 2;
    struct equity_flows found = list_flows(service, id, 0);

    assert_int_equal(found.count, 1);
    assert_int_equal(found.flows[0].at, opened_at);
    assert_int_equal(found.flows[0].amount, 1000 * DOLLAR);
    assert_int_equal(found.flows[0].deposited, 1000 * DOLLAR);
    assert_int_equal(found.deposited_before, 0);
    pay_in(service, id, "deposit", opened_at, EQUITY_FLOWS_MAX - 1);
    found = list_flows(service, id, 0);
    assert_int_equal(found.count, EQUITY_FLOWS_MAX);
    assert_int_equal(found.flows[0].amount, 1000 * DOLLAR);
    assert_int_equal(found.flows[1].deposited, 1001 * DOLLAR);
    // Booked later, it was earlier than all but the first of them, which is not told any more.
    pay_in(service, id, "deposit", opened_at - MICROS_PER_SECOND / 2, 1);
    found = list_flows(service, id, 0);
    assert_int_equal(found.count, EQUITY_FLOWS_MAX);
    assert_int_equal(found.flows[0].amount, DOLLAR);
    assert_int_equal(found.flows[0].at, opened_at + MICROS_PER_SECOND / 2);
    assert_int_equal(found.flows[1].at, opened_at + MICROS_PER_SECOND);
    assert_int_equal(found.deposited_before, 1000 * DOLLAR);
    assert_int_equal(found.flows[1].deposited, 1002 * DOLLAR);
    assert_int_equal(found.flows[EQUITY_FLOWS_MAX - 1].deposited, 2000 * DOLLAR);
}

static void what_was_put_in_before_a_reset_is_not_told(void **state)
{
    struct service_database *service = service_of(state);
    const char *id = open_portfolio(service);
    const int64_t reset_at = MICROS_PER_DAY;
    struct equity_flows found;

    pay_in(service, id, "deposit", MICROS_PER_DAY / 2, 3);
    pay_in(service, id, "reset", reset_at - MICROS_PER_SECOND, 1);
    // What was booked since happened since.
    pay_in(service, id, "deposit", MICROS_PER_DAY / 2, 1);
    pay_in(service, id, "deposit", reset_at, 1);
    found = list_flows(service, id, reset_at);
    assert_int_equal(found.count, 3);
    assert_int_equal(found.flows[0].at, reset_at);
    assert_int_equal(found.flows[1].at, reset_at);
    assert_int_equal(found.flows[0].amount + found.flows[1].amount, 701 * DOLLAR);
    assert_int_equal(found.flows[2].at, reset_at + MICROS_PER_SECOND);
    assert_int_equal(found.flows[2].deposited, 1006 * DOLLAR);
    assert_int_equal(found.deposited_before, 1003 * DOLLAR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(movements_are_grouped_by_the_day_whose_close_they_are_before,
                                  forget),
        cmocka_unit_test_teardown(the_days_begin_with_what_happened_before_the_portfolio_was_opened,
                                  forget),
        cmocka_unit_test_teardown(
            one_opened_before_the_clock_is_set_begins_with_what_happens_afterwards, forget),
        cmocka_unit_test_teardown(of_two_who_take_the_same_days_one_writes, forget),
        cmocka_unit_test_teardown(a_day_that_lacks_what_was_booked_late_is_gone_back_behind,
                                  forget),
        cmocka_unit_test_teardown(a_portfolio_is_due_until_it_has_the_snapshot_of_the_close,
                                  forget),
        cmocka_unit_test_teardown(those_that_are_due_come_one_after_the_other, forget),
        cmocka_unit_test_teardown(what_makes_days_wrong_has_them_taken_anew_from_then_on, forget),
        cmocka_unit_test_teardown(
            days_that_are_claimed_are_nobody_elses_until_they_are_written_or_ten_seconds_go_by,
            forget),
        cmocka_unit_test_teardown(old_points_are_thinned_and_older_ones_go, forget),
        cmocka_unit_test_teardown(the_latest_thousand_of_what_was_put_in_are_told_by_time, forget),
        cmocka_unit_test_teardown(what_was_put_in_before_a_reset_is_not_told, forget),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
