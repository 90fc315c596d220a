// SPDX-License-Identifier: MIT
// The catalogue with its database: what a search sees of each change, and lists of symbols.
#include "imports/import_helper.h"
#include "market.h"
#include "market_host.h"
#include "player/quote_book.h"
#include "support/test.h"

struct fixture {
    struct market_host *host;
    struct market *market;
    struct arena *arena;
    struct uuid request_id;
};

static int set_up(void **state)
{
    struct fixture *f = allocate(sizeof *f);

    f->host = market_host_new();
    f->market = market_host_market(f->host);
    f->arena = arena_new(64 * 1024 * 1024);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    arena_free(&f->arena);
    market_host_free(&f->host);
    release(f);
    return 0;
}

// A call with that request's body, for the hash that guards its id.
static struct call *new_call(struct fixture *f, const ProtobufCMessage *request)
{
    struct call *call = arena_allocate(f->arena, sizeof *call);
    struct clock real = clock_real();
    struct error error;

    f->request_id = uuid_new();
    *call = (struct call){.arena = f->arena,
                          .deadline_us = clock_now_us(&real) + 60 * MICROS_PER_SECOND,
                          .request_id = arena_copy_string(f->arena, f->request_id.string)};
    assert_true(message_pack(request, f->arena, &call->body, &error));
    return call;
}

static void check(bool is_done, const struct error *error)
{
    if (!is_done)
        fail_msg("%s: %s %s", error->reason, error->message,
                 error->detail_count > 0 ? error->details[0].value : "");
}

static void create(struct fixture *f, const char *ticker, const char *name)
{
    Market__CreateSymbolRequest request = MARKET__CREATE_SYMBOL_REQUEST__INIT;
    Market__CreateSymbolResponse response = MARKET__CREATE_SYMBOL_RESPONSE__INIT;
    struct error error;

    request.ticker = ticker;
    request.name = name;
    check(market_api_create_symbol(f->market, new_call(f, &request.base), &request, &response,
                                   &error),
          &error);
}

static Market__ListSymbolsResponse *
search(struct fixture *f, const char *q, uint32_t limit, const char *token)
{
    Market__ListSymbolsRequest request = MARKET__LIST_SYMBOLS_REQUEST__INIT;
    Market__ListSymbolsResponse *response = arena_allocate(f->arena, sizeof *response);
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

static const Market__Import *
import_symbols(struct fixture *f, const char *exchange, const char *csv)
{
    struct import_helper import = import_helper_start_symbols(f->market, f->arena, exchange);
    struct error error;

    check(import_helper_append(&import, text_of(csv), &error), &error);
    return import_helper_finish(&import);
}

static const Market__Symbol *get_symbol(struct fixture *f, const char *ticker)
{
    Market__GetSymbolRequest request = MARKET__GET_SYMBOL_REQUEST__INIT;
    Market__GetSymbolResponse response = MARKET__GET_SYMBOL_RESPONSE__INIT;
    struct error error;

    request.ticker = ticker;
    check(market_api_get_symbol(f->market, new_call(f, &request.base), &request, &response, &error),
          &error);
    return response.symbol;
}

static bool delete_symbol(struct fixture *f, const char *ticker, struct error *error)
{
    Market__DeleteSymbolRequest request = MARKET__DELETE_SYMBOL_REQUEST__INIT;
    Market__DeleteSymbolResponse response = MARKET__DELETE_SYMBOL_RESPONSE__INIT;

    request.ticker = ticker;
    return market_api_delete_symbol(f->market, new_call(f, &request.base), &request, &response,
                                    error);
}

static void a_search_sees_every_change_of_the_catalogue(void **state)
{
    struct fixture *f = *state;
    Market__UpdateSymbolRequest request = MARKET__UPDATE_SYMBOL_REQUEST__INIT;
    Market__UpdateSymbolResponse response = MARKET__UPDATE_SYMBOL_RESPONSE__INIT;
    struct error error;

    assert_int_equal(search(f, "quixotic", 50, NULL)->n_symbols, 0);
    create(f, "QXC", "Quixotic Inc");
    assert_int_equal(search(f, "quixotic", 50, NULL)->n_symbols, 1);
    assert_int_equal(search(f, "qiuxotic", 50, NULL)->n_symbols, 1);
    request.ticker = "QXC";
    request.name = "Windmill Inc";
    check(market_api_update_symbol(f->market, new_call(f, &request.base), &request, &response,
                                   &error),
          &error);
    assert_int_equal(search(f, "quixotic", 50, NULL)->n_symbols, 0);
    assert_int_equal(search(f, "windmill", 50, NULL)->n_symbols, 1);
    check(delete_symbol(f, "QXC", &error), &error);
    assert_int_equal(search(f, "windmill", 50, NULL)->n_symbols, 0);
    put_bar(f, "QXBAR", "1995-06-01", 100);
    assert_int_equal(search(f, "qxbar", 50, NULL)->n_symbols, 1);
}

static void a_list_of_symbols_adds_new_ones_and_updates_the_others(void **state)
{
    struct fixture *f = *state;
    const Market__Import *result = import_symbols(f, "NASDAQ",
                                                  "Symbol,Security Name\r\n"
                                                  "LSTA,\"Lista \\ Inc. - Common Stock\"\r\n"
                                                  "LSTB,Listb Inc.\r\n"
                                                  "File Creation Time: 0731202621:31,\r\n");

    assert_int_equal(result->imported, 2);
    assert_int_equal(result->updated, 0);
    assert_int_equal(result->rejected_count, 0);
    assert_int_equal(result->n_ignored_columns, 0);
    assert_string_equal(get_symbol(f, "LSTA")->name, "Lista \\ Inc. - Common Stock");
    assert_string_equal(get_symbol(f, "LSTA")->exchange, "NASDAQ");
    result = import_symbols(f, NULL,
                            "Symbol,Security,GICS Sector,CIK\n"
                            "LSTB,Listb,Health Care,1\n"
                            "LSTC,Listc,Energy,2\n");
    assert_int_equal(result->imported, 1);
    assert_int_equal(result->updated, 1);
    assert_int_equal(result->n_ignored_columns, 1);
    assert_string_equal(result->ignored_columns[0], "CIK");
    // What a list does not say stays as it was.
    assert_string_equal(get_symbol(f, "LSTB")->name, "Listb");
    assert_string_equal(get_symbol(f, "LSTB")->exchange, "NASDAQ");
    assert_string_equal(get_symbol(f, "LSTB")->sector, "Health Care");
    assert_string_equal(search(f, "listc", 50, NULL)->symbols[0]->ticker, "LSTC");
}

static void lines_of_a_list_that_break_a_rule_are_named(void **state)
{
    struct fixture *f = *state;
    const Market__Import *result = import_symbols(f, NULL,
                                                  "Ticker,Name\n"
                                                  "LSTD,Listd\n"
                                                  "L$TD,Listd\n"
                                                  "LSTD,Again\n"
                                                  "LSTE,\n");

    assert_int_equal(result->imported, 1);
    assert_int_equal(result->rejected_count, 3);
    assert_int_equal(result->rejected[0]->line, 3);
    assert_string_equal(result->rejected[0]->reason, "symbol \"L$TD\" is not a ticker");
    assert_int_equal(result->rejected[1]->line, 4);
    assert_string_equal(result->rejected[1]->reason, "LSTD is there already in line 2");
    assert_string_equal(result->rejected[2]->reason, "name is empty");
    assert_string_equal(get_symbol(f, "LSTD")->name, "Listd");
}

static void a_list_that_is_too_long_changes_nothing(void **state)
{
    struct fixture *f = *state;
    OWNED(strbuf) csv = strbuf_new(1024 * 1024);
    const Market__Import *result;

    strbuf_append_string(csv, "Symbol,Name\n");
    for (int i = 0; i <= QUOTE_BOOK_MAX; i++)
        strbuf_printf(csv, "MANY%d,Many\n", i);
    result = import_symbols(f, NULL, csv->data);
    assert_int_equal(result->state, MARKET__IMPORT_STATE__IMPORT_STATE_FAILED);
    assert_string_equal(result->reason, "LIMIT_EXCEEDED");
    assert_int_equal(search(f, "MANY0", 50, NULL)->n_symbols, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_search_sees_every_change_of_the_catalogue),
        cmocka_unit_test(a_list_of_symbols_adds_new_ones_and_updates_the_others),
        cmocka_unit_test(lines_of_a_list_that_break_a_rule_are_named),
        cmocka_unit_test(a_list_that_is_too_long_changes_nothing),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
