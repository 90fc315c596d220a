// SPDX-License-Identifier: MIT
// The operations of the service over a real PostgreSQL, as the RPC server would call them.
#include "imports/import_helper.h"
#include "imports/import_store.h"
#include "market.h"

#include "clock/exchange_calendar.h"
#include "support/ports.h"
#include "support/service_database.h"
#include "support/wait.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct migration market_migrations[];
extern const size_t market_migration_count;

#define HEADER "Date,Open,High,Low,Close,Volume\n"

struct fixture {
    struct service_database *service;
    struct metrics *metrics;
    struct market *market;
    char listen[PORTS_ADDRESS_SIZE];
    struct uuid request_id;
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
                                           .metrics = f->metrics};
    struct error error;

    if (!market_new(&options, &f->market, &error))
        fail_msg("%s", error.message);
    assert_true_within(20000, player_is_ready(f->market->player));
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

// A call with that request's body, for the hash that guards its id.
static struct call *new_call(struct fixture *f, const ProtobufCMessage *request)
{
    struct call *call = arena_allocate(f->service->arena, sizeof *call);
    struct clock real = clock_real();
    struct error error;

    f->request_id = uuid_new();
    *call = (struct call){.arena = f->service->arena,
                          .deadline_us = clock_now_us(&real) + 60 * MICROS_PER_SECOND,
                          .request_id = arena_copy_string(f->service->arena, f->request_id.string)};
    assert_true(message_pack(request, f->service->arena, &call->body, &error));
    return call;
}

static void check(bool is_done, const struct error *error)
{
    if (!is_done)
        fail_msg("%s: %s %s", error->reason, error->message,
                 error->detail_count > 0 ? error->details[0].value : "");
}

static Market__SymbolStatus create(struct fixture *f, const char *ticker, const char *name)
{
    Market__CreateSymbolRequest request = MARKET__CREATE_SYMBOL_REQUEST__INIT;
    Market__CreateSymbolResponse response = MARKET__CREATE_SYMBOL_RESPONSE__INIT;
    struct error error;

    request.ticker = ticker;
    request.name = name;
    request.exchange = "NYSE";
    check(market_api_create_symbol(f->market, new_call(f, &request.base), &request, &response,
                                   &error),
          &error);
    return response.symbol->status;
}

static Market__ListSymbolsResponse *
search(struct fixture *f, const char *q, uint32_t limit, const char *token)
{
    Market__ListSymbolsRequest request = MARKET__LIST_SYMBOLS_REQUEST__INIT;
    Market__ListSymbolsResponse *response = arena_allocate(f->service->arena, sizeof *response);
    struct error error;

    market__list_symbols_response__init(response);
    request.q = q;
    request.has_limit = true;
    request.limit = limit;
    request.page_token = token;
    check(
        market_api_list_symbols(f->market, new_call(f, &request.base), &request, response, &error),
        &error);
    return response;
}

static void put_bar(struct fixture *f, const char *ticker, const char *date, int64_t price)
{
    Market__PutBarRequest request = MARKET__PUT_BAR_REQUEST__INIT;
    Market__PutBarResponse response = MARKET__PUT_BAR_RESPONSE__INIT;
    struct error error;

    request.ticker = ticker;
    request.date = date;
    request.open_micros = price;
    request.high_micros = price + 20;
    request.low_micros = price - 10;
    request.close_micros = price + 5;
    request.volume = 400;
    check(market_api_put_bar(f->market, new_call(f, &request.base), &request, &response, &error),
          &error);
}

static const Market__Import *import(struct fixture *f, const char *ticker, const char *csv)
{
    struct import_helper import = import_helper_start(f->market, f->service->arena, ticker);
    struct error error;

    check(import_helper_append(&import, text_of(csv), &error), &error);
    return import_helper_finish(&import);
}

static bool try_clock(struct fixture *f, const char *time, struct error *error)
{
    Market__SetClockRequest request = MARKET__SET_CLOCK_REQUEST__INIT;
    Market__SetClockResponse response = MARKET__SET_CLOCK_RESPONSE__INIT;

    request.mode = MARKET__CLOCK_MODE__CLOCK_MODE_STEP;
    request.has_at = true;
    request.at = at(time);
    return market_api_set_clock(f->market, new_call(f, &request.base), &request, &response, error);
}

static void step_to(struct fixture *f, const char *time)
{
    struct error error;

    check(try_clock(f, time, &error), &error);
}

static Market__Clock *get_clock(struct fixture *f)
{
    Market__GetClockRequest request = MARKET__GET_CLOCK_REQUEST__INIT;
    Market__GetClockResponse response = MARKET__GET_CLOCK_RESPONSE__INIT;
    struct error error;

    check(market_api_get_clock(f->market, new_call(f, &request.base), &request, &response, &error),
          &error);
    return response.clock;
}

static const Market__Quote *find_quote(struct fixture *f, const char *ticker)
{
    Market__GetQuoteSnapshotRequest request = MARKET__GET_QUOTE_SNAPSHOT_REQUEST__INIT;
    Market__GetQuoteSnapshotResponse response = MARKET__GET_QUOTE_SNAPSHOT_RESPONSE__INIT;
    struct error error;

    check(market_api_get_quote_snapshot(f->market, new_call(f, &request.base), &request, &response,
                                        &error),
          &error);
    for (size_t i = 0; i < response.n_quotes; i++) {
        if (strcmp(response.quotes[i]->ticker, ticker) == 0)
            return response.quotes[i];
    }
    return NULL;
}

static Market__ListBarsResponse *
list_bars(struct fixture *f, const char *ticker, uint32_t limit, bool descending, const char *token)
{
    Market__ListBarsRequest request = MARKET__LIST_BARS_REQUEST__INIT;
    Market__ListBarsResponse *response = arena_allocate(f->service->arena, sizeof *response);
    struct error error;

    market__list_bars_response__init(response);
    request.ticker = ticker;
    request.has_limit = true;
    request.limit = limit;
    request.has_sort = true;
    request.sort = descending ? MARKET__SORT__SORT_DESC : MARKET__SORT__SORT_ASC;
    request.page_token = token;
    check(market_api_list_bars(f->market, new_call(f, &request.base), &request, response, &error),
          &error);
    return response;
}

// The tests share one database and one clock, and run in this order: time only goes forward.

static void a_new_data_folder_stands_at_the_beginning_of_1990(void **state)
{
    const Market__Clock *clock = get_clock(*state);

    assert_int_equal(clock->mode, MARKET__CLOCK_MODE__CLOCK_MODE_STEP);
    assert_int_equal(clock->now, at("1990-01-01T00:00:00Z"));
    assert_int_equal(clock->speed_micros, 0);
    assert_false(clock->is_open);
    assert_int_equal(clock->next_open, at("1990-01-02T14:30:00Z"));
}

static void the_best_match_of_a_search_comes_first(void **state)
{
    struct fixture *f = *state;
    static const char *const expected[] = {"CO", "COST", "COB", "KO"};
    Market__ListSymbolsResponse *found;

    assert_int_equal(create(f, "KO", "The Coca-Cola Company"),
                     MARKET__SYMBOL_STATUS__SYMBOL_STATUS_ACTIVE);
    create(f, "COST", "Zzz 100%");
    create(f, "COB", "Bank");
    create(f, "CO", "Zzz");
    create(f, "XOM", "Exxon");
    found = search(f, "co", 50, NULL);
    assert_int_equal(found->n_symbols, 4);
    assert_string_equal(found->symbols[0]->ticker, expected[0]);
    assert_string_equal(found->symbols[3]->ticker, expected[3]);
    assert_int_equal(search(f, "100%", 50, NULL)->n_symbols, 1);
    assert_int_equal(search(f, "%", 50, NULL)->n_symbols, 0);
    assert_int_equal(search(f, "cola", 50, NULL)->n_symbols, 1);
    assert_int_equal(search(f, "zzz 100%", 50, NULL)->n_symbols, 1);
}

static void pages_of_symbols_have_each_once(void **state)
{
    struct fixture *f = *state;
    const char *token = NULL;
    char all[256] = "";

    do {
        Market__ListSymbolsResponse *page = search(f, NULL, 2, token);

        for (size_t i = 0; i < page->n_symbols; i++) {
            size_t length = strlen(all);

            (void)snprintf(all + length, sizeof all - length, "%s ", page->symbols[i]->ticker);
        }
        token = page->next_page_token;
    } while (token != NULL);
    assert_string_equal(all, "CO COB COST KO XOM ");
}

static void a_symbol_is_there_once(void **state)
{
    struct fixture *f = *state;
    Market__CreateSymbolRequest request = MARKET__CREATE_SYMBOL_REQUEST__INIT;
    Market__CreateSymbolResponse response = MARKET__CREATE_SYMBOL_RESPONSE__INIT;
    struct call *call;
    struct error error;

    request.ticker = "KO";
    request.name = "Again";
    assert_false(market_api_create_symbol(f->market, new_call(f, &request.base), &request,
                                          &response, &error));
    assert_string_equal(error.reason, "SYMBOL_EXISTS");
    request.ticker = "NEW";
    call = new_call(f, &request.base);
    check(market_api_create_symbol(f->market, call, &request, &response, &error), &error);
    assert_false(call->replayed);
    check(market_api_create_symbol(f->market, call, &request, &response, &error), &error);
    assert_true(call->replayed);
    assert_string_equal(response.symbol->ticker, "NEW");
}

static void symbols_are_found_by_their_tickers_and_unknown_ones_left_out(void **state)
{
    struct fixture *f = *state;
    const char *tickers[] = {"KO", "NOSUCH", "KO"};
    Market__FindSymbolsRequest request = MARKET__FIND_SYMBOLS_REQUEST__INIT;
    Market__FindSymbolsResponse response = MARKET__FIND_SYMBOLS_RESPONSE__INIT;
    struct error error;

    check(
        market_api_find_symbols(f->market, new_call(f, &request.base), &request, &response, &error),
        &error);
    assert_int_equal(response.n_symbols, 0);
    request.tickers = tickers;
    request.n_tickers = 3;
    check(
        market_api_find_symbols(f->market, new_call(f, &request.base), &request, &response, &error),
        &error);
    assert_int_equal(response.n_symbols, 1);
    assert_string_equal(response.symbols[0]->ticker, "KO");
    assert_int_equal(response.symbols[0]->status, MARKET__SYMBOL_STATUS__SYMBOL_STATUS_ACTIVE);
}

static bool delete_symbol(struct fixture *f, const char *ticker, struct error *error)
{
    Market__DeleteSymbolRequest request = MARKET__DELETE_SYMBOL_REQUEST__INIT;
    Market__DeleteSymbolResponse response = MARKET__DELETE_SYMBOL_RESPONSE__INIT;

    request.ticker = ticker;
    return market_api_delete_symbol(f->market, new_call(f, &request.base), &request, &response,
                                    error);
}

static void deleting_removes_a_symbol_only_when_it_has_no_prices(void **state)
{
    struct fixture *f = *state;
    Market__GetSymbolRequest request = MARKET__GET_SYMBOL_REQUEST__INIT;
    Market__GetSymbolResponse response = MARKET__GET_SYMBOL_RESPONSE__INIT;
    struct error error;

    check(delete_symbol(f, "NEW", &error), &error);
    assert_false(delete_symbol(f, "NEW", &error));
    assert_string_equal(error.reason, "SYMBOL_NOT_FOUND");
    put_bar(f, "OLD", "1995-06-01", 100);
    check(delete_symbol(f, "OLD", &error), &error);
    request.ticker = "OLD";
    check(market_api_get_symbol(f->market, new_call(f, &request.base), &request, &response, &error),
          &error);
    assert_int_equal(response.symbol->status, MARKET__SYMBOL_STATUS__SYMBOL_STATUS_INACTIVE);
}

static void an_import_counts_what_is_new_and_what_was_there(void **state)
{
    struct fixture *f = *state;
    const Market__Import *result =
        import(f, "IBM",
               HEADER "2014-06-02,184.76,185.8,184.11,185.69,3000000\r\n"
                      "2014-06-03,185.55,185.76,184.12,184.37,2800000\r\n");

    assert_int_equal(result->imported, 2);
    assert_int_equal(result->updated, 0);
    assert_int_equal(result->rejected_count, 0);
    result = import(f, "IBM",
                    HEADER "2014-06-03,185.55,185.76,184.12,184.37,2800000\n"
                           "2014-06-04,184.18,184.94,183.55,184.51,2500000\n");
    assert_int_equal(result->imported, 1);
    assert_int_equal(result->updated, 1);
}

static void files_without_a_header_keep_no_import_away(void **state)
{
    struct fixture *f = *state;
    struct error error;

    for (int i = 0; i < IMPORTS_MAX + 1; i++) {
        struct import_helper headless =
            import_helper_start(f->market, f->service->arena, "HEADLESS");

        assert_false(import_helper_append(&headless, text_of("Foo,Bar\n1,2\n"), &error));
    }
    assert_int_equal(import(f, "HEADED", HEADER "2014-06-02,1,1,1,1,1\n")->imported, 1);
}

static void lines_that_break_a_rule_are_named_and_the_rest_is_imported(void **state)
{
    struct fixture *f = *state;
    const Market__Import *result = import(f, NULL,
                                          "Date,Open,High,Low,Close,Volume,Name\n"
                                          "2014-06-02,10,12,9,11,5,AA\n"
                                          "2014-06-03,null,null,null,null,null,AA\n"
                                          "2014-06-02,10,12,9,11,5,AA\n"
                                          "\n"
                                          "2014-06-02,10,9,12,11,5,BB\n"
                                          "2014-06-02,\\N,9,12,11,5,BB\n"
                                          "2014-06-02,10,12,9,11,5,BB\n");

    assert_int_equal(result->imported, 2);
    assert_int_equal(result->rejected_count, 4);
    assert_int_equal(result->n_rejected, 4);
    assert_int_equal(result->rejected[0]->line, 3);
    assert_string_equal(result->rejected[0]->reason, "open is null");
    assert_int_equal(result->rejected[1]->line, 4);
    assert_string_equal(result->rejected[1]->reason, "AA 2014-06-02 is there already in line 2");
    assert_int_equal(result->rejected[2]->line, 6);
    assert_string_equal(result->rejected[2]->reason, "high 9 is below low 12");
    assert_string_equal(result->rejected[3]->reason, "open \\N is not a number");
}

static void pieces_follow_each_other_and_a_repeated_one_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct import_helper pieces = import_helper_start(f->market, f->service->arena, "PIECES");
    struct import_helper again = pieces;
    const Market__Import *result;
    struct error error;

    check(import_helper_append(&pieces, text_of(HEADER "2014-06-02,10,12,9,11,5\n"), &error),
          &error);
    check(import_helper_append(&again, text_of(HEADER "2014-06-02,10,12,9,11,5\n"), &error),
          &error);
    again.offset += 5;
    assert_false(import_helper_append(&again, text_of("2014-06-04,10,12,9,11,5\n"), &error));
    assert_string_equal(error.reason, "INVALID_REQUEST");
    check(import_helper_append(&pieces, text_of("2014-06-03,10,12,9,11,5\nx\n"), &error), &error);
    // Nothing is seen of it before its end.
    assert_int_equal(search(f, "PIECES", 50, NULL)->n_symbols, 0);
    result = import_helper_finish(&pieces);
    assert_int_equal(result->imported, 2);
    assert_int_equal(result->rejected_count, 1);
    assert_int_equal(result->rejected[0]->line, 4);
    assert_false(import_helper_append(&pieces, text_of("x\n"), &error));
    assert_string_equal(error.reason, "INVALID_REQUEST");
}

static void a_file_without_the_columns_is_refused_whole(void **state)
{
    struct fixture *f = *state;
    struct import_helper tickerless = import_helper_start(f->market, f->service->arena, NULL);
    struct error error;

    assert_false(import_helper_append(&tickerless, text_of(HEADER), &error));
    assert_string_equal(error.reason, "INVALID_REQUEST");
    assert_non_null(strstr(error.details[0].value, "symbol"));
}

static void a_file_of_nothing_but_wrong_lines_names_a_thousand_of_them(void **state)
{
    struct fixture *f = *state;
    OWNED(strbuf) csv = strbuf_new(1024 * 1024);
    const Market__Import *result;

    strbuf_append_string(csv, HEADER);
    for (int i = 0; i < 3000; i++)
        strbuf_append_string(csv, "2014-06-02,1,1,1,1,-1\n");
    result = import(f, "WRONG", csv->data);
    assert_int_equal(result->imported, 0);
    assert_int_equal(result->rejected_count, 3000);
    assert_int_equal(result->n_rejected, 1000);
    assert_int_equal(result->rejected[999]->line, 1001);
}

static void stepping_plays_the_bars_and_never_goes_back(void **state)
{
    struct fixture *f = *state;
    struct error error;

    assert_null(find_quote(f, "IBM"));
    step_to(f, "2014-06-03T15:00:00Z");
    assert_int_equal(find_quote(f, "IBM")->price_micros, 185760000);
    assert_int_equal(find_quote(f, "IBM")->previous_close_micros, 185690000);
    assert_int_equal(find_quote(f, "OLD")->price_micros, 105);
    assert_true(find_quote(f, "OLD")->stale);
    assert_false(try_clock(f, "2014-06-03T14:59:59Z", &error));
    assert_string_equal(error.reason, "CLOCK_CANNOT_GO_BACK");
    assert_int_equal(get_clock(f)->now, at("2014-06-03T15:00:00Z"));
    assert_true(get_clock(f)->is_open);
}

static void a_changed_bar_corrects_the_quote_at_once(void **state)
{
    struct fixture *f = *state;
    const Market__Import *result =
        import(f, "IBM", HEADER "2014-06-03,185.55,185.77,184.12,184.37,2800000\n");

    assert_int_equal(result->updated, 1);
    assert_int_equal(find_quote(f, "IBM")->price_micros, 185770000);
    put_bar(f, "FRESH", "2014-06-02", 100);
    assert_int_equal(find_quote(f, "FRESH")->price_micros, 105);
}

static void a_restart_goes_on_where_the_clock_was(void **state)
{
    struct fixture *f = *state;

    market_free(&f->market);
    open_market(f);
    assert_int_equal(get_clock(f)->now, at("2014-06-03T15:00:00Z"));
    assert_int_equal(find_quote(f, "IBM")->price_micros, 185770000);
    assert_int_equal(find_quote(f, "FRESH")->price_micros, 105);
}

static void the_history_of_quotes_is_what_was_due_and_no_more(void **state)
{
    struct fixture *f = *state;
    Market__ListQuoteHistoryRequest request = MARKET__LIST_QUOTE_HISTORY_REQUEST__INIT;
    Market__ListQuoteHistoryResponse response = MARKET__LIST_QUOTE_HISTORY_RESPONSE__INIT;
    static const int64_t prices[] = {184110000, 185800000, 185690000, 185550000, 185770000};
    struct error error;

    request.ticker = "IBM";
    request.after = at("2014-06-02T13:30:00Z");
    request.until = at("2015-01-01T00:00:00Z");
    check(market_api_list_quote_history(f->market, new_call(f, &request.base), &request, &response,
                                        &error),
          &error);
    assert_int_equal(response.n_quotes, COUNT_OF(prices));
    for (size_t i = 0; i < COUNT_OF(prices); i++)
        assert_int_equal(response.quotes[i]->price_micros, prices[i]);
    assert_int_equal(response.quotes[4]->quoted_at, at("2014-06-03T15:00:00Z"));
    request.has_limit = true;
    request.limit = 2;
    check(market_api_list_quote_history(f->market, new_call(f, &request.base), &request, &response,
                                        &error),
          &error);
    assert_int_equal(response.n_quotes, 2);
}

static void bars_are_listed_both_ways_and_page_by_page(void **state)
{
    struct fixture *f = *state;
    Market__ListBarsResponse *page = list_bars(f, "IBM", 1, false, NULL);
    Market__ListBarsRequest request = MARKET__LIST_BARS_REQUEST__INIT;
    Market__ListBarsResponse response = MARKET__LIST_BARS_RESPONSE__INIT;
    struct error error;

    // Without a start the latest comes first, whichever way a page is sorted.
    assert_int_equal(page->n_bars, 1);
    assert_int_equal(page->bars[0]->time, at("2014-06-03T13:30:00Z"));
    page = list_bars(f, "IBM", 2, false, page->next_page_token);
    assert_int_equal(page->n_bars, 1);
    assert_int_equal(page->bars[0]->time, at("2014-06-02T13:30:00Z"));
    assert_null(page->next_page_token);
    page = list_bars(f, "IBM", 2, false, NULL);
    assert_int_equal(page->n_bars, 2);
    assert_int_equal(page->bars[1]->time, at("2014-06-03T13:30:00Z"));
    page = list_bars(f, "IBM", 1, true, NULL);
    assert_int_equal(page->bars[0]->time, at("2014-06-03T13:30:00Z"));
    page = list_bars(f, "IBM", 50, true, page->next_page_token);
    assert_int_equal(page->n_bars, 1);
    assert_int_equal(page->bars[0]->time, at("2014-06-02T13:30:00Z"));
    request.ticker = "IBM";
    request.has_start = request.has_end = true;
    request.start = at("2014-06-02T00:00:00Z");
    request.end = at("2014-06-02T00:00:00Z");
    check(market_api_list_bars(f->market, new_call(f, &request.base), &request, &response, &error),
          &error);
    assert_int_equal(response.n_bars, 1);
    request.page_token = "nonsense";
    assert_false(
        market_api_list_bars(f->market, new_call(f, &request.base), &request, &response, &error));
    assert_string_equal(error.reason, "INVALID_PAGE_TOKEN");
    request.page_token = NULL;
    request.start = at("2014-06-03T12:00:00Z");
    assert_false(
        market_api_list_bars(f->market, new_call(f, &request.base), &request, &response, &error));
    assert_string_equal(error.details[0].name, "end");
    assert_string_equal(error.details[0].value,
                        "2014-06-02T00:00:00Z is before the start, 2014-06-03T12:00:00Z");
}

// It is 11:00 in New York on the second of three days: the bar has been quoted as its open and its
// nearer extreme.
static void a_day_shows_what_has_been_quoted_of_it_and_the_next_one_nothing(void **state)
{
    struct fixture *f = *state;
    Market__ListBarsResponse *page = list_bars(f, "IBM", 50, true, NULL);
    const Market__Quote *quote = find_quote(f, "IBM");

    assert_int_equal(page->as_of, at("2014-06-03T15:00:00Z"));
    assert_int_equal(page->n_bars, 2);
    assert_true(page->bars[0]->running);
    assert_int_equal(page->bars[0]->open_micros, quote->open_micros);
    assert_int_equal(page->bars[0]->high_micros, quote->high_micros);
    assert_int_equal(page->bars[0]->low_micros, quote->low_micros);
    assert_int_equal(page->bars[0]->close_micros, quote->price_micros);
    assert_int_equal(page->bars[0]->volume, quote->volume);
    assert_false(page->bars[1]->has_running);
    assert_int_equal(page->bars[1]->close_micros, quote->previous_close_micros);
}

static void a_repeated_step_with_its_request_id_is_answered_again(void **state)
{
    struct fixture *f = *state;
    Market__SetClockRequest request = MARKET__SET_CLOCK_REQUEST__INIT;
    Market__SetClockResponse response = MARKET__SET_CLOCK_RESPONSE__INIT;
    struct call *call;
    struct error error;

    request.mode = MARKET__CLOCK_MODE__CLOCK_MODE_STEP;
    request.has_at = true;
    request.at = at("2014-06-03T18:00:00Z");
    call = new_call(f, &request.base);
    check(market_api_set_clock(f->market, call, &request, &response, &error), &error);
    step_to(f, "2014-06-03T19:00:00Z");
    check(market_api_set_clock(f->market, call, &request, &response, &error), &error);
    assert_true(call->replayed);
    assert_int_equal(response.clock->now, at("2014-06-03T18:00:00Z"));
    assert_int_equal(get_clock(f)->now, at("2014-06-03T19:00:00Z"));
}

static void without_its_database_the_service_says_so_and_is_back_with_it(void **state)
{
    struct fixture *f = *state;
    struct error error;

    postgres_stop(f->service->postgres);
    assert_false(try_clock(f, "2014-06-03T20:00:00Z", &error));
    assert_int_equal(error.code, CODE_UNAVAILABLE);
    assert_int_equal(get_clock(f)->now, at("2014-06-03T19:00:00Z"));
    postgres_start(f->service->postgres);
    assert_true_within(30000, try_clock(f, "2014-06-03T20:00:00Z", &error));
    assert_int_equal(get_clock(f)->now, at("2014-06-03T20:00:00Z"));
}

// Imports a whole file in pieces of whole lines; counts its rows.
static size_t import_file(struct fixture *f, const char *path, const char *ticker)
{
    struct import_helper whole = import_helper_start(f->market, f->service->arena, ticker);
    FILE *file = fopen(path, "r");
    char line[1024];
    OWNED(strbuf) piece = strbuf_new(192 * 1024);
    const Market__Import *result;
    struct error error;

    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (piece->length + strlen(line) > 64 * 1024) {
            check(import_helper_append(&whole, strbuf_text(piece), &error), &error);
            strbuf_reset(piece);
        }
        strbuf_append_string(piece, line);
    }
    (void)fclose(file);
    check(import_helper_append(&whole, strbuf_text(piece), &error), &error);
    result = import_helper_finish(&whole);
    for (size_t i = 0; i < result->n_rejected; i++)
        assert_string_equal(result->rejected[i]->reason, "open is null");
    return (size_t)result->imported;
}

static void a_year_of_real_prices_is_stepped_over_in_seconds(void **state)
{
    struct fixture *f = *state;
    DIR *directory = opendir(BOURSE_PRICES_FOLDER);
    int64_t started_us = clock_monotonic_us();
    size_t rows = 0;

    if (directory == NULL) {
        print_message("skipped: there is no folder %s with price files\n", BOURSE_PRICES_FOLDER);
        skip();
    }
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char path[1024], ticker[32];

        if (strlen(entry->d_name) > 20 || strstr(entry->d_name, ".csv") == NULL)
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", BOURSE_PRICES_FOLDER, entry->d_name);
        (void)snprintf(ticker, sizeof ticker, "%.*s", (int)strlen(entry->d_name) - 4,
                       entry->d_name);
        rows += import_file(f, path, ticker);
        arena_reset(f->service->arena);
    }
    (void)closedir(directory);
    print_message("imported %zu rows in %lld ms\n", rows,
                  (long long)((clock_monotonic_us() - started_us) / MICROS_PER_MS));
    assert_int_equal(find_quote(f, "AAPL")->price_micros, 91077141);
    step_to(f, "2014-12-31T23:00:00Z");
    started_us = clock_monotonic_us();
    step_to(f, "2015-12-31T23:00:00Z");
    print_message("stepped over 2015 in %lld ms\n",
                  (long long)((clock_monotonic_us() - started_us) / MICROS_PER_MS));
    assert_int_equal(find_quote(f, "AAPL")->price_micros, 105260002);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_data_folder_stands_at_the_beginning_of_1990),
        cmocka_unit_test(the_best_match_of_a_search_comes_first),
        cmocka_unit_test(pages_of_symbols_have_each_once),
        cmocka_unit_test(a_symbol_is_there_once),
        cmocka_unit_test(symbols_are_found_by_their_tickers_and_unknown_ones_left_out),
        cmocka_unit_test(deleting_removes_a_symbol_only_when_it_has_no_prices),
        cmocka_unit_test(an_import_counts_what_is_new_and_what_was_there),
        cmocka_unit_test(files_without_a_header_keep_no_import_away),
        cmocka_unit_test(lines_that_break_a_rule_are_named_and_the_rest_is_imported),
        cmocka_unit_test(pieces_follow_each_other_and_a_repeated_one_changes_nothing),
        cmocka_unit_test(a_file_without_the_columns_is_refused_whole),
        cmocka_unit_test(a_file_of_nothing_but_wrong_lines_names_a_thousand_of_them),
        cmocka_unit_test(stepping_plays_the_bars_and_never_goes_back),
        cmocka_unit_test(a_changed_bar_corrects_the_quote_at_once),
        cmocka_unit_test(a_restart_goes_on_where_the_clock_was),
        cmocka_unit_test(the_history_of_quotes_is_what_was_due_and_no_more),
        cmocka_unit_test(bars_are_listed_both_ways_and_page_by_page),
        cmocka_unit_test(a_day_shows_what_has_been_quoted_of_it_and_the_next_one_nothing),
        cmocka_unit_test(a_repeated_step_with_its_request_id_is_answered_again),
        cmocka_unit_test(without_its_database_the_service_says_so_and_is_back_with_it),
        cmocka_unit_test(a_year_of_real_prices_is_stepped_over_in_seconds),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
