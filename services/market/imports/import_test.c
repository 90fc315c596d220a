// SPDX-License-Identifier: MIT
// Imports over a real PostgreSQL: broken off, begun anew, repeated, refused.
#include "imports/import_store.h"
#include "market.h"

#include "base/checksum.h"
#include "imports/import_helper.h"
#include "support/ports.h"
#include "support/service_database.h"
#include "support/wait.h"

#include <stdio.h>
#include <string.h>

extern const struct migration market_migrations[];
extern const size_t market_migration_count;

#define HEADER "Date,Open,High,Low,Close,Volume\n"

struct fixture {
    struct service_database *service;
    struct metrics *metrics;
    struct market *market;
    char listen[PORTS_ADDRESS_SIZE];
};

static void open_market(struct fixture *f)
{
    const struct market_options options = {.database = f->service->database,
                                           .history = f->service->history,
                                           .listen = f->listen,
                                           .key = {.bytes = {1}},
                                           .metrics = f->metrics};
    struct error error;

    if (!market_new(&options, &f->market, &error))
        fail_msg("%s", error.message);
}

static int set_up(void **state)
{
    struct fixture *f = allocate(sizeof *f);
    const struct service_database_options options = {
        .service = "market",
        .migrations = market_migrations,
        .migration_count = market_migration_count,
        .arena_budget = 64 * 1024 * 1024,
    };

    assert_true(service_database_start(&options, &f->service));
    f->metrics = metrics_new();
    ports_take_address(f->listen);
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

static void check(bool is_done, const struct error *error)
{
    if (!is_done)
        fail_msg("%s: %s %s", error->reason, error->message,
                 error->detail_count > 0 ? error->details[0].value : "");
}

// Runs a statement as the superuser's or the service's own; the first value it gives.
static int64_t ask(struct fixture *f, const char *name, const char *sql)
{
    const struct statement statement = {name, sql};
    struct rows rows;
    struct error error;

    check(
        database_query(f->service->database, f->service->arena, &statement, NULL, 0, &rows, &error),
        &error);
    return rows.count > 0 ? rows_int(&rows, 0, 0) : 0;
}

static int64_t count_bars(struct fixture *f)
{
    return ask(f, "test_count_bars", "SELECT count(*) FROM bars");
}

static void send(struct import_helper *import, const char *lines)
{
    struct error error;

    check(import_helper_append(import, text_of(lines), &error), &error);
}

// Many days of one symbol, from one on, as lines.
static void print_days(struct strbuf *out, int64_t first, int64_t count)
{
    for (int64_t day = first; day < first + count; day++) {
        char text[DATE_SIZE];

        date_print(date_from_days(day), text);
        strbuf_printf(out, "%s,10,12,9,11,%lld\n", text, (long long)day);
    }
}

static void what_was_taken_survives_the_end_of_market_and_of_the_database(void **state)
{
    struct fixture *f = *state;
    struct import_helper import = import_helper_start(f->market, f->service->arena, "LASTING");
    OWNED(strbuf) lines = strbuf_new(1024 * 1024);
    struct error error;

    print_days(lines, 10000, 2000);
    send(&import, HEADER);
    send(&import, lines->data);
    market_free(&f->market);
    postgres_stop(f->service->postgres);
    postgres_start(f->service->postgres);
    open_market(f);
    import.market = f->market;
    strbuf_reset(lines);
    print_days(lines, 12000, 2000);
    assert_true_within(30000, import_helper_append(&import, strbuf_text(lines), &error));
    assert_int_equal(count_bars(f), 0);
    assert_int_equal(import_helper_finish(&import)->imported, 4000);
    assert_int_equal(count_bars(f), 4000);
}

static void what_had_arrived_whole_is_merged_after_a_restart(void **state)
{
    struct fixture *f = *state;
    struct import_helper import = import_helper_start(f->market, f->service->arena, "WHOLE");
    const struct statement seal = {"test_seal", "UPDATE imports SET state = 'merging',"
                                                " request_id = id WHERE ticker = 'WHOLE'"};
    struct rows rows;
    struct error error;

    send(&import, HEADER "2014-06-02,10,12,9,11,5\n2014-06-03,10,12,9,11,5\n");
    // As if market had died right after it had said yes to the end.
    market_free(&f->market);
    check(database_query(f->service->database, f->service->arena, &seal, NULL, 0, &rows, &error),
          &error);
    open_market(f);
    import.market = f->market;
    assert_true_within(30000, import_helper_get(&import)->state ==
                                  MARKET__IMPORT_STATE__IMPORT_STATE_DONE);
    assert_int_equal(import_helper_get(&import)->imported, 2);
}

static void pieces_that_are_missing_are_noticed(void **state)
{
    struct fixture *f = *state;
    struct import_helper import = import_helper_start(f->market, f->service->arena, "HOLES");
    const int64_t before = count_bars(f);
    const Market__Import *result;

    send(&import, HEADER "2014-06-02,10,12,9,11,5\n");
    send(&import, "2014-06-03,10,12,9,11,5\n");
    ask(f, "test_make_hole",
        "DELETE FROM import_pieces WHERE at > 0 AND import_id ="
        " (SELECT id FROM imports WHERE ticker = 'HOLES')");
    result = import_helper_finish(&import);
    assert_int_equal(result->state, MARKET__IMPORT_STATE__IMPORT_STATE_FAILED);
    assert_string_equal(result->reason, "INTERNAL");
    assert_string_equal(result->failure, "of 2 rows 1 were kept");
    assert_int_equal(count_bars(f), before);
}

static void counts_are_exact_whatever_was_there(void **state)
{
    struct fixture *f = *state;
    struct import_helper first = import_helper_start(f->market, f->service->arena, "EXACT");
    struct import_helper second = import_helper_start(f->market, f->service->arena, "EXACT");
    OWNED(strbuf) lines = strbuf_new(1024 * 1024);
    const Market__Import *result;

    print_days(lines, 10000, 3000);
    send(&first, HEADER);
    send(&first, lines->data);
    assert_int_equal(import_helper_finish(&first)->imported, 3000);
    // Half of them again, one with another price; as many new ones; and one of those twice.
    // What is imported is as it was traded, whatever the day that was there had been divided by.
    (void)ask(f, "test_quotes",
              "UPDATE bars SET is_of_quotes = extract(day FROM day) > 15,"
              " adjusted_through = CASE WHEN extract(day FROM day) < 16 THEN DATE '2020-01-01' END"
              " WHERE ticker = 'EXACT'");
    strbuf_reset(lines);
    strbuf_append_string(lines, "2000-01-03,10,13,9,11,5\n");
    print_days(lines, 11500, 3000);
    strbuf_append_string(lines, "2003-01-01,10,12,9,11,5\n");
    send(&second, HEADER);
    send(&second, lines->data);
    result = import_helper_finish(&second);
    assert_int_equal(result->imported, 1500);
    assert_int_equal(result->updated, 1501);
    assert_int_equal(result->rejected_count, 1);
    assert_string_equal(result->rejected[0]->reason,
                        "EXACT 2003-01-01 is there already in line 556");
    assert_int_equal(ask(f, "test_count_exact", "SELECT count(*) FROM bars WHERE ticker = 'EXACT'"),
                     4500);
    assert_int_equal(
        ask(f, "test_changed",
            "SELECT high::bigint FROM bars WHERE ticker = 'EXACT' AND day = '2000-01-03'"),
        13);
    assert_int_equal(ask(f, "test_of_quotes",
                         "SELECT count(*) FROM bars WHERE ticker = 'EXACT'"
                         " AND (is_of_quotes OR adjusted_through IS NOT NULL)"),
                     1499);
    assert_int_equal(ask(f, "test_staged",
                         "SELECT count(*) FROM import_pieces p JOIN imports i"
                         " ON i.id = p.import_id WHERE i.ticker = 'EXACT'"),
                     0);
}

static void an_import_stands_for_one_file(void **state)
{
    struct fixture *f = *state;
    struct import_helper import = import_helper_start(f->market, f->service->arena, "ONEFILE");
    struct import_helper other = import;
    Market__StartImportRequest request = MARKET__START_IMPORT_REQUEST__INIT;
    Market__StartImportResponse response = MARKET__START_IMPORT_RESPONSE__INIT;
    struct call call = {.arena = f->service->arena, .request_id = import.id};
    struct error error;

    send(&import, HEADER "2014-06-02,10,12,9,11,5\n");
    other.offset = import.offset;
    other.checksum = checksum_add(CHECKSUM_START, text_of(HEADER "2014-06-02,10,12,9,11,6\n"));
    assert_false(import_helper_end(&other, &error));
    assert_string_equal(error.reason, "IDEMPOTENCY_KEY_REUSED");
    assert_int_equal(import_helper_finish(&import)->imported, 1);
    // The end once more changes nothing; that of another file is refused, as before.
    assert_int_equal(import_helper_finish(&import)->imported, 1);
    assert_false(import_helper_end(&other, &error));
    assert_string_equal(error.reason, "IDEMPOTENCY_KEY_REUSED");
    request.import_id = import.id;
    request.ticker = "OTHER";
    assert_false(market_api_start_import(f->market, &call, &request, &response, &error));
    assert_string_equal(error.reason, "IDEMPOTENCY_KEY_REUSED");
    request.ticker = "ONEFILE";
    check(market_api_start_import(f->market, &call, &request, &response, &error), &error);
    assert_int_equal(response.bytes, import.offset);
    assert_true(response.checksum == import.checksum);
    assert_true(call.replayed);
}

static void nothing_follows_a_line_without_an_end(void **state)
{
    struct fixture *f = *state;
    struct import_helper import = import_helper_start(f->market, f->service->arena, "ENDED");
    struct error error;

    send(&import, HEADER "2014-06-02,10,12,9,11,5");
    assert_false(import_helper_append(&import, text_of("5\n2014-06-03,10,12,9,11,5\n"), &error));
    assert_string_equal(error.reason, "INVALID_REQUEST");
    assert_int_equal(import_helper_finish(&import)->imported, 1);
}

// What an import does to a symbol, and meanwhile sets a bar of it.
static bool set_bar_while_held(struct transaction *transaction, void *context, struct error *error)
{
    static const struct statement hold = {
        "test_hold", "SELECT 1 FROM symbols WHERE ticker = 'HELD' FOR KEY SHARE"};
    struct fixture *f = context;
    Market__PutBarRequest request = MARKET__PUT_BAR_REQUEST__INIT;
    Market__PutBarResponse response = MARKET__PUT_BAR_RESPONSE__INIT;
    struct uuid id = uuid_new();
    struct clock real = clock_real();
    struct call call = {.arena = f->service->arena,
                        .request_id = id.string,
                        .deadline_us = clock_now_us(&real) + 10 * MICROS_PER_SECOND};
    struct rows rows;

    request.ticker = "HELD";
    request.date = "2014-06-04";
    request.open_micros = request.high_micros = request.low_micros = request.close_micros = 7;
    return transaction_query(transaction, &hold, NULL, 0, &rows, error) &&
           market_api_put_bar(f->market, &call, &request, &response, error);
}

static void bars_of_a_symbol_can_be_set_while_an_import_holds_it(void **state)
{
    struct fixture *f = *state;
    struct import_helper import = import_helper_start(f->market, f->service->arena, "HELD");
    struct error error;

    send(&import, HEADER "2014-06-02,10,12,9,11,5\n");
    assert_int_equal(import_helper_finish(&import)->imported, 1);
    (void)ask(f, "test_of_quotes_held",
              "INSERT INTO bars VALUES ('HELD', '2014-06-04', 9, 9, 9, 9, 9, false, true,"
              " '2020-01-01')");
    check(database_transact(f->service->database, f->service->arena, 0, set_bar_while_held, f,
                            &error),
          &error);
    assert_int_equal(ask(f, "test_held",
                         "SELECT (close * 1000000)::bigint FROM bars WHERE ticker = 'HELD'"
                         " AND day = '2014-06-04' AND NOT is_of_quotes"
                         " AND adjusted_through IS NULL"),
                     7);
}

static void
assert_failed(const struct import_helper *import, const char *reason, const char *failure)
{
    const Market__Import *result = import_helper_get(import);

    assert_int_equal(result->state, MARKET__IMPORT_STATE__IMPORT_STATE_FAILED);
    assert_string_equal(result->reason, reason);
    assert_string_equal(result->failure, failure);
    assert_true(result->has_finished_at);
}

static void a_file_without_a_header_ends_its_import(void **state)
{
    struct fixture *f = *state;
    struct import_helper import = import_helper_start(f->market, f->service->arena, "HEADLESS");
    struct import_helper empty = import_helper_start(f->market, f->service->arena, "EMPTY");
    char failure[ERROR_VALUE_SIZE + 16];
    struct error error;

    assert_false(import_helper_append(&import, text_of("Date,Open\n2014-06-02,10\n"), &error));
    assert_string_equal(error.reason, "INVALID_REQUEST");
    assert_int_equal(error.detail_count, 1);
    (void)snprintf(failure, sizeof failure, "lines: %s", error.details[0].value);
    assert_non_null(strstr(failure, "line 1: "));
    assert_failed(&import, "INVALID_REQUEST", failure);
    // Whatever follows is told the same, and cannot bring it back.
    assert_false(import_helper_append(&import, text_of(HEADER), &error));
    assert_string_equal(error.reason, "INVALID_REQUEST");
    assert_string_equal(error.message, failure);
    assert_false(import_helper_end(&empty, &error));
    assert_string_equal(error.reason, "INVALID_REQUEST");
    assert_failed(&empty, "INVALID_REQUEST", "lines: there is no header line");
}

static bool cancel(struct import_helper *import, const char *request_id, struct error *error)
{
    Market__CancelImportRequest request = MARKET__CANCEL_IMPORT_REQUEST__INIT;
    Market__CancelImportResponse response = MARKET__CANCEL_IMPORT_RESPONSE__INIT;
    struct call call = {.arena = import->arena, .request_id = request_id};

    request.import_id = import->id;
    memcpy(call.identity.username, "ada", sizeof "ada");
    return message_pack(&request.base, import->arena, &call.body, error) &&
           market_api_cancel_import(import->market, &call, &request, &response, error);
}

static void an_import_that_has_not_ended_can_be_canceled_and_no_other(void **state)
{
    struct fixture *f = *state;
    struct import_helper import = import_helper_start(f->market, f->service->arena, "CANCELED");
    struct import_helper whole = import_helper_start(f->market, f->service->arena, "TOOLATE");
    struct uuid first = uuid_new(), second = uuid_new(), third = uuid_new();
    struct error error;

    send(&import, HEADER "2014-06-02,10,12,9,11,5\n");
    check(cancel(&import, first.string, &error), &error);
    assert_failed(&import, "IMPORT_CANCELED", "ada canceled it after 56 bytes.");
    // By the same request, and by another one.
    check(cancel(&import, first.string, &error), &error);
    check(cancel(&import, second.string, &error), &error);
    assert_int_equal(
        ask(f, "test_canceled", "SELECT count(*) FROM audit_outbox WHERE action = 'import.cancel'"),
        1);
    assert_false(import_helper_append(&import, text_of("2014-06-03,10,12,9,11,5\n"), &error));
    assert_string_equal(error.reason, "IMPORT_CANCELED");
    check(import_helper_end(&import, &error), &error);
    assert_failed(&import, "IMPORT_CANCELED", "ada canceled it after 56 bytes.");
    assert_true_within(
        30000, ask(f, "test_canceled_pieces",
                   "SELECT count(*) FROM import_pieces p JOIN imports i ON i.id = p.import_id"
                   " WHERE i.state = 'failed'") == 0);

    send(&whole, HEADER "2014-06-02,10,12,9,11,5\n");
    assert_int_equal(import_helper_finish(&whole)->imported, 1);
    assert_false(cancel(&whole, third.string, &error));
    assert_string_equal(error.reason, "IMPORT_NOT_CANCELABLE");
    assert_non_null(strstr(error.message, "is done"));
}

static void a_file_has_a_limit(void **state)
{
    struct fixture *f = *state;
    struct import_helper import = import_helper_start(f->market, f->service->arena, "LARGE");
    struct error error;

    import.offset = IMPORT_BYTES_MAX;
    assert_false(import_helper_append(&import, text_of("x"), &error));
    assert_string_equal(error.reason, "LIMIT_EXCEEDED");
    import.offset = UINT64_MAX;
    assert_false(import_helper_append(&import, text_of("x"), &error));
    assert_string_equal(error.reason, "LIMIT_EXCEEDED");
}

static void imports_at_once_have_a_limit_and_those_left_alone_do_not_count(void **state)
{
    struct fixture *f = *state;
    Market__StartImportRequest request = MARKET__START_IMPORT_REQUEST__INIT;
    Market__StartImportResponse response = MARKET__START_IMPORT_RESPONSE__INIT;
    struct uuid id = uuid_new();
    struct call call = {.arena = f->service->arena, .request_id = id.string};
    struct error error;

    while (ask(f, "test_count_open",
               "SELECT count(*) FROM imports WHERE state = 'receiving'"
               " AND byte_count > 0") < IMPORTS_MAX) {
        struct import_helper one = import_helper_start(f->market, f->service->arena, "OPEN");

        send(&one, HEADER);
    }
    request.import_id = id.string;
    assert_false(market_api_start_import(f->market, &call, &request, &response, &error));
    assert_string_equal(error.reason, "OVERLOADED");
    ask(f, "test_leave",
        "UPDATE imports SET touched_at = now() - interval '11 minutes'"
        " WHERE state = 'receiving'");
    check(market_api_start_import(f->market, &call, &request, &response, &error), &error);
}

static void what_is_over_is_removed_after_its_time(void **state)
{
    struct fixture *f = *state;
    int64_t ended = ask(f, "test_count_ended",
                        "SELECT count(*) FROM imports WHERE state IN ('done', 'failed')");

    assert_true(ended > 2);
    // What has failed has pieces until they are removed.
    while (import_store_prune(f->service->database, f->service->arena))
        arena_reset(f->service->arena);
    assert_int_equal(ask(f, "test_count_ended",
                         "SELECT count(*) FROM imports WHERE state IN ('done', 'failed')"),
                     ended);
    assert_false(import_store_prune(f->service->database, f->service->arena));
    ask(f, "test_age",
        "UPDATE imports SET touched_at = now() - interval '61 minutes',"
        " finished_at = finished_at - interval '25 hours'");
    while (import_store_prune(f->service->database, f->service->arena))
        arena_reset(f->service->arena);
    assert_int_equal(ask(f, "test_left", "SELECT count(*) FROM imports"), 0);
    assert_int_equal(ask(f, "test_left_pieces", "SELECT count(*) FROM import_pieces"), 0);
    assert_int_equal(ask(f, "test_left_rejections", "SELECT count(*) FROM import_rejections"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_taken_survives_the_end_of_market_and_of_the_database),
        cmocka_unit_test(what_had_arrived_whole_is_merged_after_a_restart),
        cmocka_unit_test(pieces_that_are_missing_are_noticed),
        cmocka_unit_test(counts_are_exact_whatever_was_there),
        cmocka_unit_test(an_import_stands_for_one_file),
        cmocka_unit_test(nothing_follows_a_line_without_an_end),
        cmocka_unit_test(bars_of_a_symbol_can_be_set_while_an_import_holds_it),
        cmocka_unit_test(a_file_without_a_header_ends_its_import),
        cmocka_unit_test(an_import_that_has_not_ended_can_be_canceled_and_no_other),
        cmocka_unit_test(a_file_has_a_limit),
        cmocka_unit_test(imports_at_once_have_a_limit_and_those_left_alone_do_not_count),
        cmocka_unit_test(what_is_over_is_removed_after_its_time),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
