// SPDX-License-Identifier: MIT
// Minutes that are built from what is published and stored, over a real PostgreSQL. What is
// published here is a replay's, which a market of its own would not store.
#include "bars/minute_store.h"
#include "market.h"

#include "support/ports.h"
#include "support/service_database.h"
#include "support/wait.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct migration market_migrations[];
extern const size_t market_migration_count;

struct fixture {
    struct service_database *service;
    struct metrics *metrics;
    struct market *market;
    char listen[PORTS_ADDRESS_SIZE];
};

static int64_t at(const char *text)
{
    int64_t us = 0;

    assert_true(timestamp_parse(text_of(text), &us));
    return us;
}

static void open_market(struct fixture *f)
{
    const struct market_options options = {.database = f->service->database,
                                           .history = f->service->history,
                                           .listen = f->listen,
                                           .key = {.bytes = {1}},
                                           .metrics = f->metrics,
                                           .stores_minutes = true,
                                           .minute_bar_days = 365};
    struct error error;

    if (!market_new(&options, &f->market, &error))
        fail_msg("%s", error.message);
    assert_true_within(20000, player_is_ready(f->market->player));
}

static void run_sql(struct fixture *f, const struct statement *statement, struct rows *out_rows)
{
    struct error error;

    if (!database_query(f->service->database, f->service->arena, statement, NULL, 0, out_rows,
                        &error))
        fail_msg("%s", error.message);
}

static int set_up(void **state)
{
    static const struct statement add_symbol = {
        "test_symbol", "INSERT INTO symbols (ticker, name) VALUES ('IBM', 'IBM')"};
    static const struct statement add_bars = {
        "test_bars", "INSERT INTO bars VALUES ('IBM', '2014-06-02', 100, 104, 99, 103, 4000),"
                     " ('IBM', '2014-06-03', 103, 106, 101, 102, 8000)"};
    struct fixture *f = allocate(sizeof *f);
    const struct service_database_options options = {
        .service = "market",
        .migrations = market_migrations,
        .migration_count = market_migration_count,
        .arena_budget = 256 * 1024 * 1024,
    };
    struct rows rows;

    assert_true(service_database_start(&options, &f->service));
    f->metrics = metrics_new();
    ports_take_address(f->listen);
    run_sql(f, &add_symbol, &rows);
    run_sql(f, &add_bars, &rows);
    open_market(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    market_free(&f->market);
    metrics_free(&f->metrics);
    service_database_stop(&f->service);
    release(f);
    return 0;
}

static struct call new_call(struct fixture *f, const ProtobufCMessage *request, struct uuid *id)
{
    struct clock real = clock_real();
    struct call call = {.arena = f->service->arena,
                        .deadline_us = clock_now_us(&real) + 60 * MICROS_PER_SECOND};
    struct error error;

    *id = uuid_new();
    call.request_id = arena_copy_string(f->service->arena, id->string);
    assert_true(message_pack(request, f->service->arena, &call.body, &error));
    return call;
}

static void step_to(struct fixture *f, const char *time)
{
    Market__SetClockRequest request = MARKET__SET_CLOCK_REQUEST__INIT;
    Market__SetClockResponse response = MARKET__SET_CLOCK_RESPONSE__INIT;
    struct error error;
    struct uuid id;
    struct call call;

    request.has_mode = true;
    request.mode = MARKET__CLOCK_MODE__CLOCK_MODE_STEP;
    request.has_at = true;
    request.at = at(time);
    call = new_call(f, &request.base, &id);
    if (!market_api_set_clock(f->market, &call, &request, &response, &error))
        fail_msg("%s", error.message);
}

static Market__ListBarsResponse *list(struct fixture *f, int timeframe, bool is_descending)
{
    Market__ListBarsRequest request = MARKET__LIST_BARS_REQUEST__INIT;
    Market__ListBarsResponse *response = arena_allocate(f->service->arena, sizeof *response);
    struct error error;
    struct uuid id;
    struct call call;

    market__list_bars_response__init(response);
    request.ticker = "IBM";
    request.has_timeframe = true;
    request.timeframe = (Market__Timeframe)timeframe;
    request.has_sort = true;
    request.sort = is_descending ? MARKET__SORT__SORT_DESC : MARKET__SORT__SORT_ASC;
    call = new_call(f, &request.base, &id);
    if (!market_api_list_bars(f->market, &call, &request, response, &error))
        fail_msg("%s", error.message);
    return response;
}

static int64_t count_stored(struct fixture *f)
{
    static const struct statement count = {"test_count", "SELECT count(*) FROM minute_bars"};
    struct rows rows;

    run_sql(f, &count, &rows);
    return rows_int(&rows, 0, 0);
}

static void wait_for_stored(struct fixture *f, int64_t count)
{
    assert_true_within(20000, count_stored(f) == count);
}

static void check_minutes(struct fixture *f, size_t count)
{
    static const int64_t prices[] = {100, 99, 104, 103, 103, 101};
    Market__ListBarsResponse *page = list(f, MARKET__TIMEFRAME__TIMEFRAME_1MIN, false);
    Market__ListBarsResponse *back = list(f, MARKET__TIMEFRAME__TIMEFRAME_1MIN, true);

    assert_int_equal(page->n_bars, count);
    assert_int_equal(back->n_bars, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(page->bars[i]->close_micros, prices[i] * 1000000);
        assert_int_equal(back->bars[count - 1 - i]->time, page->bars[i]->time);
    }
}

// The tests share one database and one clock, and run in this order: time only goes forward.

static void minutes_are_listed_from_memory_and_the_table_without_a_gap(void **state)
{
    struct fixture *f = *state;

    step_to(f, "2014-06-02T13:30:30Z");
    check_minutes(f, 1); // it is still running
    assert_true(list(f, MARKET__TIMEFRAME__TIMEFRAME_1MIN, false)->bars[0]->running);
    assert_int_equal(count_stored(f), 0);
    step_to(f, "2014-06-02T20:00:00Z");
    check_minutes(f, 4);
    wait_for_stored(f, 3); // a second after its end, which has not come for the last one
    step_to(f, "2014-06-02T20:00:01Z");
    wait_for_stored(f, 4);
    check_minutes(f, 4);
}

static void what_has_been_stored_is_there_after_a_restart(void **state)
{
    struct fixture *f = *state;

    market_free(&f->market);
    open_market(f);
    check_minutes(f, 4);
    step_to(f, "2014-06-03T15:00:10Z");
    check_minutes(f, 6);
    wait_for_stored(f, 5);
}

static void today_is_what_is_quoted_and_the_days_before_are_stored_bars(void **state)
{
    struct fixture *f = *state;
    Market__ListBarsResponse *page = list(f, MARKET__TIMEFRAME__TIMEFRAME_1DAY, false);

    assert_int_equal(page->n_bars, 2);
    assert_int_equal(page->bars[0]->close_micros, 103000000);
    assert_int_equal(page->bars[1]->close_micros, 101000000);
    assert_true(page->bars[1]->running);
    page = list(f, MARKET__TIMEFRAME__TIMEFRAME_1DAY, true);
    assert_int_equal(page->n_bars, 2);
    assert_int_equal(page->bars[0]->close_micros, 101000000);
}

static void check_days(struct fixture *f, const int64_t *closes, size_t count)
{
    Market__ListBarsResponse *page = list(f, MARKET__TIMEFRAME__TIMEFRAME_1DAY, false);
    Market__ListBarsResponse *back = list(f, MARKET__TIMEFRAME__TIMEFRAME_1DAY, true);

    assert_int_equal(page->n_bars, count);
    assert_int_equal(back->n_bars, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(page->bars[i]->close_micros, closes[i] * 1000000);
        assert_int_equal(back->bars[count - 1 - i]->time, page->bars[i]->time);
    }
}

static void days_that_are_stored_after_the_last_quote_are_listed(void **state)
{
    static const struct statement add = {
        "test_later", "INSERT INTO bars VALUES ('IBM', '2014-06-04', 110, 110, 110, 110, 1),"
                      " ('IBM', '2014-06-05', 111, 111, 111, 111, 1)"};
    static const struct statement correct = {
        "test_correct", "UPDATE bars SET close = 105 WHERE ticker = 'IBM' AND day = '2014-06-03'"};
    static const struct statement move = {
        "test_move", "UPDATE bars SET day = '2014-05-30' WHERE ticker = 'IBM' AND day ="
                     " '2014-06-03'"};
    static const struct statement make = {
        "test_make", "INSERT INTO bars VALUES ('IBM', '2014-06-03', 9, 9, 9, 9, 9, false, true)"};
    struct fixture *f = *state;
    struct rows rows;

    step_to(f, "2014-06-06T13:00:00Z"); // with nothing that could be quoted since the 3rd
    wait_for_stored(f, 8);
    check_days(f, (const int64_t[]){103, 102}, 2);
    run_sql(f, &add, &rows);
    check_days(f, (const int64_t[]){103, 102, 110, 111}, 4);
    // Of a day that is over what is stored counts, and what was quoted where nothing is.
    run_sql(f, &correct, &rows);
    check_days(f, (const int64_t[]){103, 105, 110, 111}, 4);
    run_sql(f, &move, &rows);
    check_days(f, (const int64_t[]){105, 103, 102, 110, 111}, 5);
    run_sql(f, &make, &rows);
    check_days(f, (const int64_t[]){105, 103, 102, 110, 111}, 5);
}

static struct minute_bar *make_minutes(struct fixture *f, size_t count, int64_t from)
{
    struct minute_bar *minutes = arena_allocate(f->service->arena, count * sizeof *minutes);

    assert_non_null(minutes);
    for (size_t i = 0; i < count; i++) {
        minutes[i].bar = (struct timed_bar){.at = from,
                                            .open_micros = 100000000,
                                            .high_micros = 101000000,
                                            .low_micros = 99000000,
                                            .close_micros = 100500000,
                                            .volume = 1000};
        (void)snprintf(minutes[i].ticker, sizeof minutes[i].ticker, "S%05d", (int)(i % 100000));
    }
    return minutes;
}

static void writing_a_minute_again_replaces_it_and_one_of_no_symbol_is_left_out(void **state)
{
    struct fixture *f = *state;
    struct minute_bar *minutes = make_minutes(f, 2, at("2014-06-02T13:30:00Z"));
    int64_t before = count_stored(f);
    struct minute_query query = {
        .ticker = "IBM", .from = minutes[0].bar.at, .until = minutes[0].bar.at + 1, .limit = 10};
    struct timed_bar found[10];
    size_t count = 0;
    struct error error;

    (void)snprintf(minutes[0].ticker, sizeof minutes[0].ticker, "IBM");
    for (int i = 0; i < 2; i++)
        assert_true(
            minute_store_write(f->service->database, f->service->arena, minutes, 2, &error));
    assert_int_equal(count_stored(f), before);
    assert_true(
        minute_store_list(f->service->history, f->service->arena, &query, found, &count, &error));
    assert_int_equal(count, 1);
    assert_int_equal(found[0].close_micros, 100500000);
    assert_int_equal(found[0].volume, 1000);
}

static void an_ended_session_without_a_bar_gets_one_of_its_minutes(void **state)
{
    static const struct statement add = {
        "test_session",
        "INSERT INTO minute_bars VALUES ('IBM', '2012-07-02T13:29:00Z', 9, 9, 9, 9, 9),"
        " ('IBM', '2012-07-02T13:30:00Z', 20, 24, 19, 23, 100),"
        " ('IBM', '2012-07-02T19:59:00Z', 23, 23, 18, 21, 200),"
        " ('IBM', '2012-07-02T20:00:00Z', 50, 50, 50, 50, 9),"
        " ('IBM', '2014-06-02T14:00:00Z', 1, 1, 1, 1, 1)"};
    static const struct statement look = {
        "test_look", "SELECT day::text, open, high, low, close, volume, is_of_quotes FROM bars"
                     " WHERE ticker = 'IBM' AND (day < '2014-01-01' OR day = '2014-06-02')"
                     " ORDER BY day"};
    static const struct statement undo = {
        "test_undo", "DELETE FROM minute_bars WHERE at < '2013-01-01' OR close = 1"};
    struct fixture *f = *state;
    struct date july = {2012, 7, 2}, june = {2014, 6, 2};
    struct error error;
    struct rows rows;

    run_sql(f, &add, &rows);
    for (int i = 0; i < 2; i++)
        assert_true(minute_store_make_day(f->service->database, f->service->arena,
                                          date_to_days(july), at("2012-07-02T13:30:00Z"),
                                          at("2012-07-02T20:00:00Z"), &error));
    assert_true(minute_store_make_day(f->service->database, f->service->arena, date_to_days(june),
                                      at("2014-06-02T13:30:00Z"), at("2014-06-02T20:00:00Z"),
                                      &error));
    run_sql(f, &look, &rows);
    assert_int_equal(rows.count, 2);
    assert_string_equal(rows_text(&rows, 0, 0), "2012-07-02");
    assert_int_equal(rows_decimal(&rows, 0, 1, 6), 20000000);
    assert_int_equal(rows_decimal(&rows, 0, 2, 6), 24000000);
    assert_int_equal(rows_decimal(&rows, 0, 3, 6), 18000000);
    assert_int_equal(rows_decimal(&rows, 0, 4, 6), 21000000);
    assert_int_equal(rows_int(&rows, 0, 5), 300);
    assert_true(rows_bool(&rows, 0, 6));
    assert_int_equal(rows_decimal(&rows, 1, 4, 6), 103000000); // the one that was imported
    assert_false(rows_bool(&rows, 1, 6));
    run_sql(f, &undo, &rows);
}

static void old_minutes_are_removed_so_many_at_a_time(void **state)
{
    static const struct statement add = {
        "test_old", "INSERT INTO minute_bars SELECT 'IBM', TIMESTAMPTZ '2010-01-04T14:30:00Z' +"
                    " n * interval '1 minute', 1, 1, 1, 1, 1 FROM generate_series(1, 10005) n"};
    struct fixture *f = *state;
    int64_t before = count_stored(f);
    struct rows rows;

    run_sql(f, &add, &rows);
    assert_true(
        minute_store_prune(f->service->database, f->service->arena, at("2011-01-01T00:00:00Z")));
    assert_false(
        minute_store_prune(f->service->database, f->service->arena, at("2011-01-01T00:00:00Z")));
    assert_int_equal(count_stored(f), before);
}

// Says what it took; it is checked only that nothing is lost.
static void ten_thousand_symbols_are_written_each_minute(void **state)
{
    static const struct statement add = {
        "test_symbols", "INSERT INTO symbols (ticker, name) SELECT 'S' || lpad(n::text, 5, '0'),"
                        " 'Symbol' FROM generate_series(0, 9999) n"};
    struct fixture *f = *state;
    int64_t before = count_stored(f), begun_us;
    struct error error;
    struct rows rows;

    run_sql(f, &add, &rows);
    for (int minute = 0; minute < 3; minute++) {
        struct minute_bar *minutes =
            make_minutes(f, 10000, at("2014-06-03T16:00:00Z") + minute * 60 * MICROS_PER_SECOND);

        begun_us = clock_monotonic_us();
        for (size_t i = 0; i < 10000; i += MINUTES_A_WRITE) {
            OWNED(arena) arena = arena_new(8 * 1024 * 1024);

            assert_true(minute_store_write(f->service->database, arena, minutes + i,
                                           MINUTES_A_WRITE, &error));
        }
        (void)fprintf(stderr, "10,000 minutes written in %d ms\n",
                      (int)((clock_monotonic_us() - begun_us) / 1000));
    }
    assert_int_equal(count_stored(f), before + 30000);
}

static bool create_dividend(struct fixture *f, const char *ticker, struct error *error)
{
    Market__CreateCorporateActionRequest request = MARKET__CREATE_CORPORATE_ACTION_REQUEST__INIT;
    Market__CreateCorporateActionResponse response = MARKET__CREATE_CORPORATE_ACTION_RESPONSE__INIT;
    struct call call;
    struct uuid id;

    request.ticker = ticker;
    request.has_kind = true;
    request.kind = MARKET__CORPORATE_ACTION_KIND__CORPORATE_ACTION_KIND_DIVIDEND;
    request.ex_date = "2099-06-01";
    request.has_amount_micros = true;
    request.amount_micros = 1;
    call = new_call(f, &request.base, &id);
    return market_api_create_corporate_action(f->market, &call, &request, &response, error);
}

static void there_can_be_only_so_many_corporate_actions(void **state)
{
    static const struct statement fill = {
        "test_actions",
        "INSERT INTO corporate_actions SELECT gen_random_uuid(), s.ticker, 'dividend',"
        " DATE '1990-01-01' + n, NULL::integer, NULL::integer, 1, now() FROM (SELECT ticker FROM "
        "symbols"
        "  WHERE ticker LIKE 'S%' ORDER BY ticker LIMIT 4) s CROSS JOIN generate_series(1, 25000) "
        "n"};
    static const struct statement empty = {"test_no_actions", "DELETE FROM corporate_actions"};
    struct fixture *f = *state;
    struct error error;
    struct rows rows;

    run_sql(f, &fill, &rows);
    assert_int_equal(rows.affected, CORPORATE_ACTIONS_MAX);
    assert_false(create_dividend(f, "IBM", &error));
    assert_string_equal(error.reason, "LIMIT_EXCEEDED");
    run_sql(f, &empty, &rows);
    assert_true(create_dividend(f, "IBM", &error));
    assert_false(create_dividend(f, "IBM", &error));
    assert_string_equal(error.reason, "CORPORATE_ACTION_EXISTS");
    assert_false(create_dividend(f, "NOPE", &error));
    assert_string_equal(error.reason, "SYMBOL_NOT_FOUND");
}

static const Market__Quote *find_quote(struct fixture *f, const char *ticker)
{
    Market__GetQuoteSnapshotRequest request = MARKET__GET_QUOTE_SNAPSHOT_REQUEST__INIT;
    Market__GetQuoteSnapshotResponse *response =
        arena_allocate(f->service->arena, sizeof *response);
    struct error error;
    struct call call;
    struct uuid id;

    market__get_quote_snapshot_response__init(response);
    request.after_ticker = ticker; // the page begins after it: a prefix of the one that is meant
    call = new_call(f, &request.base, &id);
    if (!market_api_get_quote_snapshot(f->market, &call, &request, response, &error))
        fail_msg("%s", error.message);
    assert_true(response->n_quotes > 0);
    return response->quotes[0];
}

static size_t count_history(struct fixture *f, const char *after)
{
    Market__ListQuoteHistoryRequest request = MARKET__LIST_QUOTE_HISTORY_REQUEST__INIT;
    Market__ListQuoteHistoryResponse response = MARKET__LIST_QUOTE_HISTORY_RESPONSE__INIT;
    struct error error;
    struct call call;
    struct uuid id;

    request.ticker = "HALT";
    request.after = at(after);
    request.until = at("2014-08-01T00:00:00Z");
    call = new_call(f, &request.base, &id);
    if (!market_api_list_quote_history(f->market, &call, &request, &response, &error))
        fail_msg("%s", error.message);
    return response.n_quotes;
}

static const Market__CorporateAction *
create_action(struct fixture *f, const char *ex_date, bool is_split)
{
    Market__CreateCorporateActionRequest request = MARKET__CREATE_CORPORATE_ACTION_REQUEST__INIT;
    Market__CreateCorporateActionResponse response = MARKET__CREATE_CORPORATE_ACTION_RESPONSE__INIT;
    struct error error;
    struct call call;
    struct uuid id;

    request.ticker = "HALT";
    request.has_kind = true;
    request.kind = is_split ? MARKET__CORPORATE_ACTION_KIND__CORPORATE_ACTION_KIND_SPLIT
                            : MARKET__CORPORATE_ACTION_KIND__CORPORATE_ACTION_KIND_DIVIDEND;
    request.ex_date = ex_date;
    request.has_numerator = request.has_denominator = is_split;
    request.numerator = 3;
    request.denominator = 1;
    request.has_amount_micros = !is_split;
    request.amount_micros = 1;
    call = new_call(f, &request.base, &id);
    if (!market_api_create_corporate_action(f->market, &call, &request, &response, &error))
        fail_msg("%s", error.message);
    return response.action;
}

// The ids of those that are not booked, in order, with blanks between.
static const char *list_unbooked(struct fixture *f)
{
    Market__ListCorporateActionsRequest request = MARKET__LIST_CORPORATE_ACTIONS_REQUEST__INIT;
    Market__ListCorporateActionsResponse response = MARKET__LIST_CORPORATE_ACTIONS_RESPONSE__INIT;
    struct strbuf *ids = strbuf_new(4096);
    struct error error;
    struct call call;
    struct uuid id;
    const char *text = NULL;

    request.has_unbooked = request.unbooked = true;
    call = new_call(f, &request.base, &id);
    if (!market_api_list_corporate_actions(f->market, &call, &request, &response, &error))
        fail_msg("%s", error.message);
    for (size_t i = 0; i < response.n_corporate_actions; i++) {
        strbuf_append_string(ids, i == 0 ? "" : " ");
        strbuf_append_string(ids, response.corporate_actions[i]->id);
    }
    text = arena_copy(f->service->arena, strbuf_text(ids).data, strbuf_text(ids).length);
    strbuf_free(&ids);
    return text;
}

static bool confirm(struct fixture *f, const char *action_id, struct error *error)
{
    Market__ConfirmCorporateActionRequest request = MARKET__CONFIRM_CORPORATE_ACTION_REQUEST__INIT;
    Market__ConfirmCorporateActionResponse response =
        MARKET__CONFIRM_CORPORATE_ACTION_RESPONSE__INIT;
    struct call call;
    struct uuid id;

    request.action_id = action_id;
    call = new_call(f, &request.base, &id);
    return market_api_confirm_corporate_action(f->market, &call, &request, &response, error);
}

static void a_symbol_is_halted_from_its_split_until_that_is_booked(void **state)
{
    static const struct statement add = {
        "test_halt",
        "WITH s AS (INSERT INTO symbols (ticker, name) VALUES ('HALT', 'Halt')"
        " RETURNING ticker) INSERT INTO bars SELECT ticker, d, p, p, p, p, 4000 FROM s,"
        " (VALUES ('2014-07-01'::date, 90), ('2014-07-02', 30), ('2014-07-03', 30))"
        " AS v (d, p)"};
    struct fixture *f = *state;
    const Market__CorporateAction *split, *dividend;
    struct error error;
    struct rows rows;

    run_sql(f, &add, &rows);
    step_to(f, "2014-07-01T15:00:00Z");
    split = create_action(f, "2014-07-02", true);
    dividend = create_action(f, "2014-07-03", false);
    assert_false(split->has_booked_at);
    assert_string_equal(list_unbooked(f), "");
    assert_false(confirm(f, split->id, &error));
    assert_string_equal(error.reason, "CORPORATE_ACTION_NOT_FOUND");
    assert_false(find_quote(f, "HAL")->stale);
    step_to(f, "2014-07-02T07:59:59Z");
    assert_false(find_quote(f, "HAL")->stale);
    step_to(f, "2014-07-02T08:00:00Z"); // the pre-market of the ex-date
    assert_true(find_quote(f, "HAL")->stale);
    step_to(f, "2014-07-02T15:00:00Z");
    assert_string_equal(list_unbooked(f), split->id);
    assert_int_equal(find_quote(f, "HAL")->price_micros, 30000000);
    assert_true(find_quote(f, "HAL")->stale);
    assert_int_equal(count_history(f, "2014-07-01T15:00:00Z"), 2); // of the day before
    market_free(&f->market);
    open_market(f);
    assert_true(find_quote(f, "HAL")->stale);
    assert_true(confirm(f, split->id, &error));
    assert_false(find_quote(f, "HAL")->stale);
    assert_int_equal(count_history(f, "2014-07-01T15:00:00Z"), 4);
    assert_string_equal(list_unbooked(f), "");
    assert_true(confirm(f, split->id, &error));
    step_to(f, "2014-07-03T15:00:00Z");
    assert_string_equal(list_unbooked(f), dividend->id);
    assert_false(find_quote(f, "HAL")->stale); // a dividend halts nothing
    assert_true(confirm(f, dividend->id, &error));
    // One that is entered late is nobody's to book.
    assert_true(create_action(f, "2014-07-01", true)->has_booked_at);
    assert_string_equal(list_unbooked(f), "");
    assert_false(find_quote(f, "HAL")->stale);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(minutes_are_listed_from_memory_and_the_table_without_a_gap),
        cmocka_unit_test(what_has_been_stored_is_there_after_a_restart),
        cmocka_unit_test(today_is_what_is_quoted_and_the_days_before_are_stored_bars),
        cmocka_unit_test(days_that_are_stored_after_the_last_quote_are_listed),
        cmocka_unit_test(writing_a_minute_again_replaces_it_and_one_of_no_symbol_is_left_out),
        cmocka_unit_test(an_ended_session_without_a_bar_gets_one_of_its_minutes),
        cmocka_unit_test(old_minutes_are_removed_so_many_at_a_time),
        cmocka_unit_test(ten_thousand_symbols_are_written_each_minute),
        cmocka_unit_test(a_symbol_is_halted_from_its_split_until_that_is_booked),
        cmocka_unit_test(there_can_be_only_so_many_corporate_actions),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
