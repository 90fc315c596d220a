// SPDX-License-Identifier: MIT
// Daily histories as they are stored, with splits that are known before, then and later, over a
// real PostgreSQL.
#include "providers/history_store.h"

#include "actions/corporate_action_store.h"
#include "base/uuid.h"
#include "clock/exchange_calendar.h"

#include "support/service_database.h"
#include "support/test.h"

#include <stdio.h>
#include <string.h>

extern const struct migration market_migrations[];
extern const size_t market_migration_count;

enum {
    BEFORE_DAYS_AS_TRADED = 11, // migrations
    TODAY = 19998,              // 2024-10-02, a Wednesday; Labor Day was on 2024-09-02
    DAYS = 60,
    DOLLAR = 1000000,
};

static struct service_database_options options = {
    .service = "market", .migrations = market_migrations, .arena_budget = 64 * 1024 * 1024};

static int set_up(void **state)
{
    struct service_database *f = NULL;

    options.migration_count = BEFORE_DAYS_AS_TRADED;
    if (!service_database_start(&options, &f))
        return -1;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct service_database *f = *state;

    service_database_stop(&f);
    return 0;
}

static void add_symbol(struct service_database *f, const char *ticker)
{
    char name[32], sql[100];

    (void)snprintf(name, sizeof name, "add_%s", ticker);
    (void)snprintf(sql, sizeof sql, "INSERT INTO symbols (ticker, name) VALUES ('%s', 'a')",
                   ticker);
    (void)service_database_number(f, arena_copy_string(f->arena, name),
                                  arena_copy_string(f->arena, sql));
}

static int64_t session_before(int64_t day)
{
    do
        day--;
    while (!exchange_calendar_is_session(day));
    return day;
}

// The last sessions before `until`, all at one price.
static void make_sessions(struct provider_bar *bars, size_t count, int64_t until, int64_t price)
{
    for (size_t i = count; i > 0; i--) {
        until = session_before(until);
        bars[i - 1] = (struct provider_bar){.day = until,
                                            .open_micros = price,
                                            .high_micros = price + 4,
                                            .low_micros = price - 4,
                                            .close_micros = price,
                                            .volume = 4000};
    }
}

static struct provider_bars adjusted(struct provider_bar *bars, size_t count)
{
    return (struct provider_bars){.bars = bars, .count = count, .is_split_adjusted = true};
}

// Returns whether it fits.
static bool
put(struct service_database *f, const char *ticker, int64_t today, const struct provider_bars *bars)
{
    bool fits = false;
    struct error error;

    if (!history_store_put(f->database, f->arena, ticker, today, bars != NULL ? "yahoo" : NULL,
                           bars, &fits, &error))
        fail_msg("%s", error.message);
    return fits;
}

static struct history_standing
look(struct service_database *f, const char *ticker, int64_t today, int64_t last_session)
{
    struct history_standing standing;
    struct error error;

    if (!history_store_look(f->database, f->arena, ticker, today, last_session, &standing, &error))
        fail_msg("%s", error.message);
    return standing;
}

static bool
is_wanted(struct service_database *f, const char *ticker, int64_t today, int64_t last_session)
{
    struct history_standing standing = look(f, ticker, today, last_session);

    return standing.is_missing && !standing.is_asked;
}

static bool insert(struct transaction *transaction, void *context, struct error *error)
{
    return corporate_action_store_insert(transaction, context, error);
}

static bool delete (struct transaction *transaction, void *context, struct error *error)
{
    struct corporate_action *split = context;
    struct corporate_action deleted;

    return corporate_action_store_delete(transaction, split->id, &deleted, error);
}

static struct corporate_action
enter_split(struct service_database *f, const char *ticker, int64_t day, int64_t numerator)
{
    const struct uuid id = uuid_new();
    struct corporate_action split = {.kind = ACTION_SPLIT,
                                     .ex_day = day,
                                     .numerator = numerator,
                                     .denominator = 1,
                                     .entered_at = 1,
                                     .booked_at = 1};
    struct error error;

    split.id = arena_copy_string(f->arena, id.string);
    (void)snprintf(split.ticker, sizeof split.ticker, "%s", ticker);
    if (!database_transact(f->database, f->arena, 0, insert, &split, &error))
        fail_msg("%s", error.message);
    return split;
}

// How many days of a symbol a condition is true of.
static int64_t count(struct service_database *f, const char *ticker, const char *condition)
{
    static int number;
    char name[32], sql[400];

    (void)snprintf(name, sizeof name, "count_%d", number++);
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM bars WHERE ticker = '%s' AND %s", ticker,
                   condition);
    return service_database_number(f, arena_copy_string(f->arena, name),
                                   arena_copy_string(f->arena, sql));
}

static void histories_that_splits_were_applied_to_twice_are_mended(void **state)
{
    struct service_database *f = *state;

    add_symbol(f, "OLD");
    (void)service_database_number(
        f, "old_bars",
        "INSERT INTO bars (ticker, day, open, high, low, close, volume) VALUES"
        " ('OLD', '2024-08-29', 100, 101, 99, 100, 400),"
        " ('OLD', '2024-08-30', 100, 101, 99, 100, 400),"
        " ('OLD', '2024-09-03', 100, 101, 99, 100, 400),"
        " ('OLD', '2024-09-05', 100, 101, 99, 100, 400)");
    (void)service_database_number(
        f, "old_history",
        "INSERT INTO histories (ticker, asked_on, bar_count, provider, is_split_adjusted)"
        " VALUES ('OLD', '2024-09-04', 3, 'yahoo', true)");
    (void)service_database_number(
        f, "old_splits",
        "INSERT INTO corporate_actions VALUES"
        " (gen_random_uuid(), 'OLD', 'split', '2024-08-30', 4, 1, NULL, now()),"
        " (gen_random_uuid(), 'OLD', 'split', '2024-09-03', 1, 2, NULL, now()),"
        " (gen_random_uuid(), 'OLD', 'split', '2024-09-06', 10, 1, NULL, now())");
    options.migration_count = market_migration_count;
    assert_true(service_database_migrate(f, &options));
    assert_int_equal(count(f, "OLD", "day = '2024-08-29' AND close = 200 AND high = 202"), 1);
    assert_int_equal(count(f, "OLD", "day = '2024-08-29' AND volume = 200"), 1);
    assert_int_equal(count(f, "OLD", "day = '2024-08-30' AND close = 50 AND volume = 800"), 1);
    assert_int_equal(count(f, "OLD", "day = '2024-09-03' AND close = 100 AND volume = 400"), 1);
    assert_int_equal(count(f, "OLD", "adjusted_through = '2024-09-04'"), 3);
    // What came after it was divided by no split that is known.
    assert_int_equal(count(f, "OLD", "day = '2024-09-05' AND adjusted_through IS NULL"), 1);
}

static void a_history_is_kept_whole_beside_what_is_there_and_asked_for_once(void **state)
{
    enum { MANY = 8000 }; // more than one statement takes
    struct service_database *f = *state;
    struct provider_bar *days = allocate_array(MANY, sizeof *days);
    struct provider_bars bars = adjusted(days, MANY);
    int64_t last = session_before(TODAY);

    make_sessions(days, MANY, TODAY, DOLLAR);
    add_symbol(f, "H1");
    add_symbol(f, "H2");
    (void)service_database_number(f, "history_bar",
                                  "INSERT INTO bars VALUES ('H1', '2024-09-27', 7, 7, 7, 7, 7)");
    assert_true(is_wanted(f, "H1", TODAY, last));
    assert_true(put(f, "H1", TODAY, &bars));
    assert_int_equal(count(f, "H1", "true"), MANY);
    assert_int_equal(count(f, "H1", "close = 7"), 1);
    assert_false(is_wanted(f, "H1", TODAY + 1, last));
    assert_true(look(f, "H1", TODAY + 1, last).is_complete);
    // That there is none holds for the day.
    assert_true(put(f, "H2", TODAY, NULL));
    assert_false(is_wanted(f, "H2", TODAY, last));
    assert_false(look(f, "H2", TODAY, last).has_days);
    assert_true(is_wanted(f, "H2", TODAY + 1, last));
    // One of a symbol that is gone is nothing.
    assert_true(put(f, "GONE", TODAY, &bars));
    assert_int_equal(
        service_database_number(f, "gone", "SELECT count(*) FROM histories WHERE ticker = 'GONE'"),
        0);
    release(days);
}

static void a_split_that_was_entered_before_the_first_history_is_undone_in_it(void **state)
{
    struct service_database *f = *state;
    struct provider_bar days[DAYS];
    struct provider_bars bars = adjusted(days, DAYS);

    make_sessions(days, DAYS, TODAY, DOLLAR);
    add_symbol(f, "S1");
    (void)enter_split(f, "S1", days[40].day, 4);
    assert_true(put(f, "S1", TODAY, &bars));
    // As they were traded: divided once when they are read.
    assert_int_equal(count(f, "S1", "close = 4 AND open = 4 AND high = 4.000016 AND volume = 1000"),
                     40);
    assert_int_equal(count(f, "S1", "close = 1 AND volume = 4000"), DAYS - 40);
    // Of a provider that gives them as traded nothing is undone.
    add_symbol(f, "S2");
    (void)enter_split(f, "S2", days[40].day, 4);
    bars.is_split_adjusted = false;
    assert_true(put(f, "S2", TODAY, &bars));
    assert_int_equal(count(f, "S2", "close = 1 AND volume = 4000 AND adjusted_through IS NULL"),
                     DAYS);
}

static void a_split_that_is_entered_afterwards_is_undone_then_and_not_in_other_days(void **state)
{
    struct service_database *f = *state;
    struct provider_bar days[DAYS];
    struct provider_bars bars = adjusted(days, DAYS);
    struct corporate_action split;
    struct error error;

    make_sessions(days, DAYS, TODAY, DOLLAR);
    add_symbol(f, "S3");
    (void)service_database_number(f, "imported",
                                  "INSERT INTO bars VALUES ('S3', '2024-07-15', 9, 9, 9, 9, 9)");
    assert_true(put(f, "S3", TODAY, &bars));
    split = enter_split(f, "S3", days[40].day, 4);
    assert_int_equal(count(f, "S3", "close = 4 AND volume = 1000"), 39);
    assert_int_equal(count(f, "S3", "close = 1 AND volume = 4000"), DAYS - 40);
    assert_int_equal(count(f, "S3", "close = 9 AND volume = 9"), 1); // it was as traded
    // It was none.
    assert_true(database_transact(f->database, f->arena, 0, delete, &split, &error));
    assert_int_equal(count(f, "S3", "close = 1 AND volume = 4000"), DAYS - 1);
    assert_int_equal(count(f, "S3", "close = 9 AND volume = 9"), 1);
}

static void a_split_to_come_is_undone_in_the_days_that_are_fetched_after_it(void **state)
{
    struct service_database *f = *state;
    struct provider_bar days[DAYS];
    struct provider_bars bars = adjusted(days, DAYS);
    int64_t ex_day;

    make_sessions(days, DAYS, TODAY, 4 * DOLLAR);
    ex_day = days[50].day;
    add_symbol(f, "S4");
    (void)enter_split(f, "S4", ex_day, 4);
    bars.count = 45;
    assert_true(put(f, "S4", days[45].day, &bars)); // before it
    assert_int_equal(count(f, "S4", "close = 4 AND volume = 4000"), 45);
    // Days across it, which the provider has divided all.
    make_sessions(days, DAYS, TODAY, DOLLAR);
    bars.count = DAYS;
    assert_true(put(f, "S4", TODAY, &bars));
    assert_int_equal(count(f, "S4", "close = 4 AND volume = 4000"), 45);
    assert_int_equal(count(f, "S4", "close = 4 AND volume = 1000"), 5); // those before the split
    assert_int_equal(count(f, "S4", "close = 1 AND volume = 4000"), DAYS - 50);
    assert_false(is_wanted(f, "S4", TODAY, session_before(TODAY)));
}

static void after_a_split_that_is_not_known_nothing_is_taken_until_it_is(void **state)
{
    struct service_database *f = *state;
    struct provider_bar days[DAYS];
    struct provider_bars bars = adjusted(days, 40);
    int64_t last = session_before(TODAY);
    struct history_standing standing;

    make_sessions(days, DAYS, TODAY, 4 * DOLLAR);
    add_symbol(f, "S5");
    assert_true(put(f, "S5", days[40].day, &bars));
    make_sessions(days, DAYS, TODAY, DOLLAR);
    bars.count = DAYS;
    assert_false(put(f, "S5", TODAY, &bars));
    assert_int_equal(count(f, "S5", "true"), 40);
    standing = look(f, "S5", TODAY, last);
    assert_true(standing.is_asked);
    assert_false(standing.is_complete); // somebody has more
    assert_int_equal(standing.complete_through, days[39].day);
    (void)enter_split(f, "S5", days[50].day, 4);
    assert_true(is_wanted(f, "S5", TODAY, last)); // the same day
    assert_true(put(f, "S5", TODAY, &bars));
    assert_int_equal(count(f, "S5", "close = 4"), 50);
    assert_int_equal(count(f, "S5", "close = 1"), DAYS - 50);
    assert_true(look(f, "S5", TODAY, last).is_complete);
}

static void a_history_is_continued_and_takes_the_place_of_days_made_of_quotes(void **state)
{
    struct service_database *f = *state;
    struct provider_bar days[DAYS];
    struct provider_bars bars = adjusted(days, DAYS - 3);
    int64_t last = session_before(TODAY);

    make_sessions(days, DAYS, TODAY, 4 * DOLLAR);
    add_symbol(f, "H3");
    (void)service_database_number(
        f, "h3_quotes",
        "INSERT INTO bars (ticker, day, open, high, low, close, volume, is_of_quotes)"
        " SELECT 'H3', d::date, 7, 7, 7, 7, 7, true"
        " FROM generate_series('2024-08-01'::timestamp, '2024-10-01', '1 day') d"
        " WHERE extract(isodow FROM d) < 6 AND d <> '2024-09-02'");
    assert_false(look(f, "H3", TODAY, last).has_days); // many as they are, they are none
    assert_true(put(f, "H3", days[DAYS - 3].day, &bars));
    assert_int_equal(count(f, "H3", "is_of_quotes AND close = 7"), 3);
    assert_int_equal(look(f, "H3", TODAY, last).complete_through, days[DAYS - 4].day);
    assert_true(is_wanted(f, "H3", TODAY, last));
    bars.count = DAYS;
    assert_true(put(f, "H3", TODAY, &bars));
    assert_int_equal(count(f, "H3", "NOT is_of_quotes AND close = 4"), DAYS);
    assert_int_equal(count(f, "H3", "is_of_quotes"), 0);
    assert_false(is_wanted(f, "H3", TODAY + 1, last));
    // Nobody has more: the next day they are asked again, and what there was is still known.
    assert_true(put(f, "H3", TODAY + 1, NULL));
    assert_false(is_wanted(f, "H3", TODAY + 1, TODAY));
    assert_true(look(f, "H3", TODAY + 1, TODAY).is_complete);
    assert_true(is_wanted(f, "H3", TODAY + 2, TODAY));
    assert_int_equal(
        service_database_number(f, "h3_history",
                                "SELECT bar_count FROM histories WHERE ticker = 'H3' AND provider ="
                                " 'yahoo' AND is_split_adjusted"),
        DAYS - 3);
}

// A symbol with a history until yesterday of which some days have been lost.
static void make_gap(struct service_database *f, const char *ticker, struct provider_bar days[DAYS])
{
    struct provider_bars bars = adjusted(days, DAYS);
    char name[32], sql[200];

    make_sessions(days, DAYS, TODAY, DOLLAR);
    add_symbol(f, ticker);
    assert_true(put(f, ticker, TODAY, &bars));
    (void)snprintf(name, sizeof name, "lose_%s", ticker);
    (void)snprintf(sql, sizeof sql,
                   "UPDATE bars SET is_of_quotes = true, close = 1.000004 WHERE ticker = '%s'"
                   " AND day IN (DATE '1970-01-01' + %d, DATE '1970-01-01' + %d)",
                   ticker, (int)days[20].day, (int)days[57].day);
    (void)service_database_number(f, arena_copy_string(f->arena, name),
                                  arena_copy_string(f->arena, sql));
}

static void a_day_that_is_missing_before_others_is_asked_for_and_filled(void **state)
{
    struct service_database *f = *state;
    struct provider_bar days[DAYS];
    struct provider_bars bars = adjusted(days, DAYS);
    int64_t last = session_before(TODAY);
    struct history_standing standing;

    make_gap(f, "G1", days);
    // Labor Day is within these days, and is no gap. The day of two sessions ago is.
    standing = look(f, "G1", TODAY + 1, last);
    assert_true(standing.is_missing && !standing.is_asked && !standing.is_complete);
    assert_int_equal(standing.complete_through, days[56].day);
    // One who asks for days before it is told that those are there.
    assert_false(look(f, "G1", TODAY + 1, days[56].day).is_missing);
    assert_true(put(f, "G1", TODAY + 1, &bars));
    assert_int_equal(count(f, "G1", "NOT is_of_quotes AND close = 1"), DAYS);
    assert_false(look(f, "G1", TODAY + 2, last).is_missing);
}

static void a_day_that_a_provider_does_not_have_is_asked_for_a_week_and_then_no_more(void **state)
{
    struct service_database *f = *state;
    struct provider_bar days[DAYS], gap;
    struct provider_bars bars = adjusted(days, DAYS - 1);
    int64_t last = session_before(TODAY);

    make_gap(f, "G2", days);
    gap = days[57];
    memmove(days + 57, days + 58, 2 * sizeof *days);
    for (int64_t today = TODAY + 1; today <= gap.day + HISTORY_SETTLED_DAYS; today++) {
        assert_true(is_wanted(f, "G2", today, last));
        assert_true(put(f, "G2", today, &bars));
        assert_false(is_wanted(f, "G2", today, last));       // once a day
        assert_true(look(f, "G2", today, last).is_complete); // nobody has it
    }
    assert_false(look(f, "G2", gap.day + HISTORY_SETTLED_DAYS + 1, last).is_missing);
    assert_int_equal(count(f, "G2", "is_of_quotes"), 1);
    // The one that was older has been filled the first time.
    assert_int_equal(count(f, "G2", "NOT is_of_quotes"), DAYS - 1);
}

static void a_gap_is_looked_for_within_a_year_before_the_end_and_filled_with_the_next(void **state)
{
    enum { MANY = 400 };
    struct service_database *f = *state;
    struct provider_bar days[MANY];
    struct provider_bars bars = adjusted(days, MANY);
    int64_t last = session_before(TODAY);

    make_sessions(days, MANY, TODAY, DOLLAR);
    add_symbol(f, "G3");
    assert_true(put(f, "G3", TODAY - 30, &bars));
    (void)service_database_number(
        f, "lose_g3",
        "UPDATE bars SET is_of_quotes = true WHERE ticker = 'G3' AND day = '2023-05-01'");
    (void)service_database_number(
        f, "unsettle_g3", "UPDATE histories SET settled_through = NULL WHERE ticker = 'G3'");
    assert_false(is_wanted(f, "G3", TODAY, last));
    assert_true(is_wanted(f, "G3", TODAY, 19500)); // 2023-05-23
    assert_true(put(f, "G3", TODAY, &bars));
    assert_int_equal(count(f, "G3", "is_of_quotes"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            histories_that_splits_were_applied_to_twice_are_mended), // what follows goes on from it
        cmocka_unit_test(a_history_is_kept_whole_beside_what_is_there_and_asked_for_once),
        cmocka_unit_test(a_split_that_was_entered_before_the_first_history_is_undone_in_it),
        cmocka_unit_test(a_split_that_is_entered_afterwards_is_undone_then_and_not_in_other_days),
        cmocka_unit_test(a_split_to_come_is_undone_in_the_days_that_are_fetched_after_it),
        cmocka_unit_test(after_a_split_that_is_not_known_nothing_is_taken_until_it_is),
        cmocka_unit_test(a_history_is_continued_and_takes_the_place_of_days_made_of_quotes),
        cmocka_unit_test(a_day_that_is_missing_before_others_is_asked_for_and_filled),
        cmocka_unit_test(a_day_that_a_provider_does_not_have_is_asked_for_a_week_and_then_no_more),
        cmocka_unit_test(a_gap_is_looked_for_within_a_year_before_the_end_and_filled_with_the_next),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
