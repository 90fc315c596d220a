// SPDX-License-Identifier: MIT
// Dividends and splits in a real PostgreSQL, as the service's own role: in every portfolio that
// held the shares, once, however often it is asked and wherever it was left.
#include "portfolios/portfolio_store_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actions/action_store.h"
#include "base/digest.h"
#include "base/random.h"
#include "bourse/portfolio/v1/portfolio_server.h"
#include "ledger/lot_store.h"
#include "ledger/portfolio_books.h"
#include "money/money.h"
#include "portfolios/portfolio_store.h"

#define DOLLAR INT64_C(1000000)
#define SHARE INT64_C(1000000000)
#define EFFECTIVE_AT INT64_C(1000000000)

// More than two steps of an action.
enum { HOLDERS = 120, DIFFERENCES_MAX = 100 };

static bool open_work(struct transaction *transaction, void *context, struct error *error)
{
    struct book *book = context;
    struct books books = {.count = 1, .books = &book};
    struct portfolio_record record = {.name = "holder", .description = "", .created_at = 1};
    bool inserted = false;

    snprintf(record.id, UUID_SIZE, "%s", book->portfolio_id);
    snprintf(record.user_id, UUID_SIZE, "%s", book->portfolio_id);
    return store_insert_portfolio(transaction, &record, &inserted, error) &&
           books_save(transaction, &books, error);
}

static void trade(struct book *book,
                  enum ledger_side side,
                  const char *ticker,
                  int64_t quantity,
                  int64_t price,
                  int64_t filled_at)
{
    struct uuid order_id = uuid_new();
    struct uuid fill_id = uuid_new();
    struct ledger_reservation reservation = {.order_id = order_id.string,
                                             .side = side,
                                             .ticker = ticker,
                                             .quantity = quantity,
                                             .amount = 100000 * DOLLAR};
    struct ledger_fill fill = {.fill_id = fill_id.string,
                               .order_id = order_id.string,
                               .side = side,
                               .ticker = ticker,
                               .quantity = quantity,
                               .price = price,
                               .filled_at = filled_at,
                               .is_final = true};
    struct error error;

    if (!ledger_reserve(book, &reservation, &error) || !ledger_fill(book, &fill, &error))
        fail_msg("%s", error.message);
}

static struct book *new_book(void)
{
    struct uuid id = uuid_new();
    struct book *book = book_new(id.string, false);
    struct ledger_movement movement = {.kind = LEDGER_KIND_DEPOSIT,
                                       .reference = id.string,
                                       .amount = 1000000 * DOLLAR,
                                       .booked_at = 1};
    struct error error;

    assert_true(ledger_move_cash(book, &movement, &error));
    return book;
}

static const char *save(struct fixture *fixture, struct book **book)
{
    const char *id = arena_copy_string(fixture->service->arena, (*book)->portfolio_id);
    struct error error;

    if (!database_transact(fixture->portfolio.database, fixture->service->arena, 0, open_work,
                           *book, &error))
        fail_msg("%s", error.message);
    book_free(book);
    return id;
}

// A portfolio that holds so many, bought at 100 before.
static const char *holder_of(struct fixture *fixture, const char *ticker, int64_t quantity)
{
    struct book *book = new_book();

    trade(book, LEDGER_BUY, ticker, quantity, 100 * DOLLAR, 2);
    return save(fixture, &book);
}

static struct ledger_balance
balance_of(struct fixture *fixture, const char *portfolio_id, enum ledger_account account)
{
    struct balance_record *records = NULL;
    struct ledger_balance none = {0};
    size_t count = 0;
    struct error error;

    assert_true(store_list_balances(fixture->portfolio.database, fixture->service->arena,
                                    &portfolio_id, 1, 0, &records, &count, &error));
    for (size_t i = 0; i < count; i++) {
        if (records[i].balance.account == account)
            return records[i].balance;
    }
    return none;
}

static void expect_sound(struct fixture *fixture, const char *portfolio_id)
{
    const char **differences = NULL;
    size_t count = 0;
    struct error error;

    if (!store_audit(fixture->portfolio.database, fixture->service->arena, portfolio_id,
                     DIFFERENCES_MAX, &differences, &count, &error))
        fail_msg("%s", error.message);
    if (count > 0)
        fail_msg("%s", differences[0]);
}

static struct lot_list lots_of(struct fixture *fixture, const char *portfolio_id)
{
    struct lot_query query = {.portfolio_id = portfolio_id, .open = true, .limit = 500};
    struct lot_list list;
    struct error error;

    if (!store_page_lots(fixture->portfolio.database, fixture->service->arena, &query, &list,
                         &error))
        fail_msg("%s", error.message);
    return list;
}

static Portfolio__ApplyCorporateActionRequest request_of(struct fixture *fixture,
                                                         const char *ticker)
{
    Portfolio__ApplyCorporateActionRequest request =
        PORTFOLIO__APPLY_CORPORATE_ACTION_REQUEST__INIT;

    request.action_id = arena_copy_string(fixture->service->arena, uuid_new().string);
    request.ticker = ticker;
    request.effective_at = EFFECTIVE_AT;
    request.booked_at = EFFECTIVE_AT + 1;
    return request;
}

static Portfolio__ApplyCorporateActionRequest
split_of(struct fixture *fixture, const char *ticker, uint32_t numerator, uint32_t denominator)
{
    Portfolio__ApplyCorporateActionRequest request = request_of(fixture, ticker);

    request.kind = PORTFOLIO__CORPORATE_ACTION_KIND__CORPORATE_ACTION_KIND_SPLIT;
    request.has_numerator = request.has_denominator = true;
    request.numerator = numerator;
    request.denominator = denominator;
    return request;
}

static Portfolio__ApplyCorporateActionRequest
dividend_of(struct fixture *fixture, const char *ticker, int64_t amount)
{
    Portfolio__ApplyCorporateActionRequest request = request_of(fixture, ticker);

    request.kind = PORTFOLIO__CORPORATE_ACTION_KIND__CORPORATE_ACTION_KIND_DIVIDEND;
    request.has_amount_micros = true;
    request.amount_micros = amount;
    return request;
}

// One step, as a call has that is late: what it leaves is what a death would leave.
static bool step(struct fixture *fixture,
                 const Portfolio__ApplyCorporateActionRequest *request,
                 uint64_t *out_portfolios)
{
    Portfolio__ApplyCorporateActionResponse response =
        PORTFOLIO__APPLY_CORPORATE_ACTION_RESPONSE__INIT;
    struct call call = {.arena = fixture->service->arena, .deadline_us = 0};
    struct error error;

    if (!portfolio_api_apply_corporate_action(&fixture->portfolio, &call, request, &response,
                                              &error))
        fail_msg("%s", error.message);
    *out_portfolios = response.portfolios;
    return response.complete;
}

static uint64_t apply(struct fixture *fixture,
                      const Portfolio__ApplyCorporateActionRequest *request)
{
    uint64_t portfolios = 0;

    while (!step(fixture, request, &portfolios))
        continue;
    return portfolios;
}

static bool find_open_work(struct transaction *transaction, void *context, struct error *error)
{
    static const char *const tickers[] = {"NONE", "DIV"};

    return store_hold_actions(transaction, error) &&
           store_find_open_action(transaction, tickers, COUNT_OF(tickers), context, error);
}

// The ticker that keeps portfolios from being copied.
static const char *open_action(struct fixture *fixture)
{
    const char *ticker = NULL;
    struct error error;

    if (!database_transact(fixture->portfolio.database, fixture->service->arena, 0, find_open_work,
                           &ticker, &error))
        fail_msg("%s", error.message);
    return ticker;
}

static void a_dividend_comes_once_to_each_who_held_the_shares(void **state)
{
    struct fixture *fixture = *state;
    Portfolio__ApplyCorporateActionRequest request = dividend_of(fixture, "DIV", 240000);
    const char *ids[HOLDERS];
    uint64_t portfolios = 0;

    for (int i = 0; i < HOLDERS; i++)
        ids[i] = holder_of(fixture, "DIV", (i + 1) * SHARE / 2);
    assert_false(step(fixture, &request, &portfolios));
    assert_int_equal(portfolios, 50);
    assert_string_equal(open_action(fixture), "DIV");
    assert_false(step(fixture, &request, &portfolios));
    assert_true(step(fixture, &request, &portfolios));
    assert_null(open_action(fixture));
    assert_int_equal(portfolios, HOLDERS);
    assert_true(step(fixture, &request, &portfolios));
    assert_int_equal(portfolios, HOLDERS);
    for (int i = 0; i < HOLDERS; i++) {
        int64_t cash = 1000000 * DOLLAR - (i + 1) * 50 * DOLLAR + (i + 1) * 120000;

        assert_int_equal(balance_of(fixture, ids[i], LEDGER_CASH).amount, cash);
        assert_int_equal(balance_of(fixture, ids[i], LEDGER_SHARES).cost_basis,
                         (i + 1) * 50 * DOLLAR);
        if (i % 20 == 0)
            expect_sound(fixture, ids[i]);
    }
}

#ifdef BOURSE_FAULTS

enum { CHILD_ARGUMENTS = 4 }; // its name, the database, the action and the ticker

// What the child does: books a dividend of 0.50 to the end, unless it dies on the way.
static int apply_alone(char **arguments)
{
    Portfolio__ApplyCorporateActionRequest request =
        PORTFOLIO__APPLY_CORPORATE_ACTION_REQUEST__INIT;
    Portfolio__ApplyCorporateActionResponse response =
        PORTFOLIO__APPLY_CORPORATE_ACTION_RESPONSE__INIT;
    struct database_options options = {
        .url = arguments[1], .service = "portfolio", .connections = 1};
    struct service_database service = {.arena = arena_new(FIXTURE_ARENA_BUDGET)};
    struct fixture fixture = {.service = &service};
    struct call call = {.arena = service.arena, .deadline_us = INT64_MAX};
    struct error error;

    digest_start();
    if (!database_new(&options, &fixture.portfolio.database, &error))
        return 1;
    request = dividend_of(&fixture, arguments[3], 500000);
    request.action_id = arguments[2];
    return portfolio_api_apply_corporate_action(&fixture.portfolio, &call, &request, &response,
                                                &error)
               ? 0
               : 1;
}

// Runs that child, to die as by kill -9 in its second transaction. Gives its wait status.
static int apply_and_die(struct fixture *fixture,
                         const Portfolio__ApplyCorporateActionRequest *request)
{
    static char name[] = "action_store_test";
    static char fault[] = "BOURSE_FAULT=portfolio.in_action=crash@2";
    char *arguments[] = {
        name,
        arena_copy_string(fixture->service->arena,
                          postgres_url(fixture->service->postgres, "bourse_portfolio")),
        arena_copy_string(fixture->service->arena, request->action_id),
        arena_copy_string(fixture->service->arena, request->ticker),
        NULL,
    };
    char *environment[] = {fault, NULL};
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        execve("/proc/self/exe", arguments, environment);
        _exit(1);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void an_action_goes_on_where_somebody_died(void **state)
{
    struct fixture *fixture = *state;
    Portfolio__ApplyCorporateActionRequest request = dividend_of(fixture, "DIE", 500000);
    const char *ids[HOLDERS];
    uint64_t portfolios = 0;
    int status = 0;

    for (int i = 0; i < HOLDERS; i++)
        ids[i] = holder_of(fixture, "DIE", SHARE);
    status = apply_and_die(fixture, &request);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    // The first fifty were committed, the second died with it.
    assert_false(step(fixture, &request, &portfolios));
    assert_int_equal(portfolios, 100);
    assert_int_equal(apply(fixture, &request), HOLDERS);
    for (int i = 0; i < HOLDERS; i++)
        assert_int_equal(balance_of(fixture, ids[i], LEDGER_CASH).amount,
                         1000000 * DOLLAR - 99500000);
}

#endif

static void a_dividend_is_on_what_was_held_when_it_came_into_effect(void **state)
{
    struct fixture *fixture = *state;
    Portfolio__ApplyCorporateActionRequest request = dividend_of(fixture, "LATE", DOLLAR);
    struct book *book = new_book();
    const char *sold_since = NULL;
    const char *bought_since = NULL;

    trade(book, LEDGER_BUY, "LATE", 4 * SHARE, 100 * DOLLAR, 2);
    trade(book, LEDGER_SELL, "LATE", SHARE, 100 * DOLLAR, EFFECTIVE_AT - 1);
    trade(book, LEDGER_SELL, "LATE", 3 * SHARE, 100 * DOLLAR, EFFECTIVE_AT);
    sold_since = save(fixture, &book);
    book = new_book();
    trade(book, LEDGER_BUY, "LATE", 7 * SHARE, 100 * DOLLAR, EFFECTIVE_AT);
    bought_since = save(fixture, &book);
    assert_int_equal(apply(fixture, &request), 1);
    assert_int_equal(balance_of(fixture, sold_since, LEDGER_CASH).amount, 1000003 * DOLLAR);
    assert_int_equal(balance_of(fixture, bought_since, LEDGER_CASH).amount, 999300 * DOLLAR);
    expect_sound(fixture, sold_since);
}

static void a_split_leaves_the_cost_and_scales_the_lots(void **state)
{
    struct fixture *fixture = *state;
    Portfolio__ApplyCorporateActionRequest request = split_of(fixture, "FWD", 3, 2);
    struct book *book = new_book();
    const char *id = NULL;
    struct lot_list list;

    trade(book, LEDGER_BUY, "FWD", 3 * SHARE, 100 * DOLLAR, 2);
    trade(book, LEDGER_BUY, "FWD", 1, 100 * DOLLAR, 3);
    trade(book, LEDGER_BUY, "FWD", 2 * SHARE + 1, 120 * DOLLAR, 4);
    trade(book, LEDGER_SELL, "FWD", SHARE, 90 * DOLLAR, 5);
    trade(book, LEDGER_BUY, "FWD", 5 * SHARE, 80 * DOLLAR, EFFECTIVE_AT);
    id = save(fixture, &book);
    assert_int_equal(apply(fixture, &request), 1);
    assert_int_equal(apply(fixture, &request), 1);
    list = lots_of(fixture, id);
    // 4.000000002 become 6.000000003; the shares bought since are not split.
    assert_int_equal(list.count, 4);
    assert_int_equal(list.records[0].quantity, 3 * SHARE);
    assert_int_equal(list.records[0].cost, 200 * DOLLAR);
    assert_int_equal(list.records[1].quantity, 1);
    assert_int_equal(list.records[2].quantity, 3 * SHARE + 2);
    assert_int_equal(list.records[2].cost, 240 * DOLLAR);
    assert_int_equal(list.records[2].opened_at, 4);
    assert_int_equal(list.records[3].quantity, 5 * SHARE);
    assert_int_equal(balance_of(fixture, id, LEDGER_SHARES).amount, 11 * SHARE + 3);
    assert_int_equal(balance_of(fixture, id, LEDGER_SHARES).cost_basis_fifo, 840 * DOLLAR);
    expect_sound(fixture, id);
}

static void a_lot_that_comes_to_nothing_leaves_its_cost_to_another(void **state)
{
    struct fixture *fixture = *state;
    Portfolio__ApplyCorporateActionRequest request = split_of(fixture, "DUST", 1, 10);
    struct book *book = new_book();
    const char *mixed = NULL;
    const char *dust = NULL;
    struct lot_list list;

    trade(book, LEDGER_BUY, "DUST", 3, 900000 * DOLLAR, 2);
    trade(book, LEDGER_BUY, "DUST", 10 * SHARE, 100 * DOLLAR, 3);
    trade(book, LEDGER_BUY, "DUST", 4, 900000 * DOLLAR, 4);
    mixed = save(fixture, &book);
    book = new_book();
    trade(book, LEDGER_BUY, "DUST", 5, 900000 * DOLLAR, 2);
    dust = save(fixture, &book);
    assert_int_equal(apply(fixture, &request), 2);
    list = lots_of(fixture, mixed);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.records[0].quantity, SHARE);
    assert_int_equal(list.records[0].cost, 1000 * DOLLAR + 2700 + 3600);
    expect_sound(fixture, mixed);
    list = lots_of(fixture, dust);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.records[0].quantity, 1);
    assert_int_equal(list.records[0].cost, 4500);
    expect_sound(fixture, dust);
}

static void what_is_not_a_whole_share_is_paid_in_cash(void **state)
{
    struct fixture *fixture = *state;
    Portfolio__ApplyCorporateActionRequest request = split_of(fixture, "WHOLE", 1, 4);
    const char *some = holder_of(fixture, "WHOLE", 10 * SHARE);
    const char *even = holder_of(fixture, "WHOLE", 8 * SHARE);
    const char *less = holder_of(fixture, "WHOLE", 3 * SHARE);
    struct ledger_balance shares;

    request.whole_shares = true;
    request.has_price_micros = true;
    request.price_micros = 440 * DOLLAR;
    assert_int_equal(apply(fixture, &request), 3);
    shares = balance_of(fixture, some, LEDGER_SHARES);
    assert_int_equal(shares.amount, 2 * SHARE);
    assert_int_equal(shares.cost_basis, 800 * DOLLAR);
    assert_int_equal(shares.realized_pl, 20 * DOLLAR);
    assert_int_equal(shares.realized_pl_fifo, 20 * DOLLAR);
    assert_int_equal(balance_of(fixture, some, LEDGER_CASH).amount, 999220 * DOLLAR);
    assert_int_equal(balance_of(fixture, even, LEDGER_SHARES).amount, 2 * SHARE);
    assert_int_equal(balance_of(fixture, less, LEDGER_SHARES).amount, 0);
    assert_int_equal(balance_of(fixture, less, LEDGER_CASH).amount, 1000030 * DOLLAR);
    expect_sound(fixture, some);
    expect_sound(fixture, even);
    expect_sound(fixture, less);
}

static void no_hold_is_of_more_shares_than_there_are_after_a_split(void **state)
{
    struct fixture *fixture = *state;
    Portfolio__ApplyCorporateActionRequest request = split_of(fixture, "HELD", 1, 4);
    struct book *book = new_book();
    const char *id = NULL;
    struct error error;

    trade(book, LEDGER_BUY, "HELD", 10 * SHARE, 100 * DOLLAR, 2);
    for (int i = 0; i < 3; i++) {
        static const int64_t held[] = {5 * SHARE, 3 * SHARE, 2 * SHARE};
        struct uuid order_id = uuid_new();
        struct ledger_reservation reservation = {.order_id = order_id.string,
                                                 .side = LEDGER_SELL,
                                                 .ticker = "HELD",
                                                 .quantity = held[i]};

        assert_true(ledger_reserve(book, &reservation, &error));
    }
    id = save(fixture, &book);
    request.whole_shares = true;
    request.has_price_micros = true;
    request.price_micros = 400 * DOLLAR;
    assert_int_equal(apply(fixture, &request), 1);
    // 2.5 shares: the half is paid, and of the holds one whole share is left.
    assert_int_equal(balance_of(fixture, id, LEDGER_SHARES).amount, 2 * SHARE);
    assert_int_equal(balance_of(fixture, id, LEDGER_SHARES).held, SHARE);
    expect_sound(fixture, id);
}

static void random_splits_lose_no_share_and_no_cost(void **state)
{
    struct fixture *fixture = *state;
    uint64_t seed = 11;
    struct random_source random = random_seeded(&seed);

    for (int i = 0; i < 25; i++) {
        char ticker[16];
        struct book *book = new_book();
        Portfolio__ApplyCorporateActionRequest request;
        struct ledger_balance before;
        struct ledger_balance after;
        struct lot_list list;
        const char *id = NULL;
        int64_t quantity = 0;
        int64_t cost = 0;

        snprintf(ticker, sizeof(ticker), "R%d", i);
        for (int j = 0; j < 12; j++) {
            int64_t bought = (int64_t)random_below(&random, UINT64_C(2) << (4 * (j % 9))) + 1;

            trade(book, LEDGER_BUY, ticker, bought, 7654321, 2 + j);
            if (j % 3 == 2)
                trade(book, LEDGER_SELL, ticker, bought / 2 + 1, 7000000, 2 + j);
        }
        before = book_balance(book, LEDGER_SHARES, ticker);
        id = save(fixture, &book);
        request = split_of(fixture, ticker, (uint32_t)random_below(&random, 30) + 1, 31);
        if (i % 2 == 0)
            request = split_of(fixture, ticker, 31, request.numerator);
        assert_int_equal(apply(fixture, &request), 1);
        after = balance_of(fixture, id, LEDGER_SHARES);
        list = lots_of(fixture, id);
        for (size_t j = 0; j < list.count; j++) {
            assert_true(list.records[j].quantity > 0);
            quantity += list.records[j].quantity;
            cost += list.records[j].cost;
        }
        assert_int_equal(after.amount, before.amount * request.numerator / request.denominator);
        assert_int_equal(quantity, after.amount);
        assert_int_equal(cost, before.cost_basis_fifo);
        assert_int_equal(after.cost_basis, before.cost_basis);
        expect_sound(fixture, id);
    }
}

static void an_action_of_the_same_id_that_is_another_is_refused(void **state)
{
    struct fixture *fixture = *state;
    Portfolio__ApplyCorporateActionRequest request = split_of(fixture, "SAME", 2, 1);
    Portfolio__ApplyCorporateActionResponse response =
        PORTFOLIO__APPLY_CORPORATE_ACTION_RESPONSE__INIT;
    struct call call = {.arena = fixture->service->arena};
    struct error error;

    apply(fixture, &request);
    request.numerator = 3;
    assert_false(portfolio_api_apply_corporate_action(&fixture->portfolio, &call, &request,
                                                      &response, &error));
    assert_true(error_is(&error, REASON_CONFLICT));
}

static void what_an_action_must_say_is_asked_for(void **state)
{
    struct fixture *fixture = *state;
    Portfolio__ApplyCorporateActionRequest requests[] = {split_of(fixture, "BAD", 2, 2),
                                                         split_of(fixture, "BAD", 1, 2),
                                                         dividend_of(fixture, "BAD", DOLLAR)};
    struct call call = {.arena = fixture->service->arena};
    struct error error;

    requests[1].whole_shares = true;
    requests[2].has_amount_micros = false;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        Portfolio__ApplyCorporateActionResponse response =
            PORTFOLIO__APPLY_CORPORATE_ACTION_RESPONSE__INIT;

        assert_false(portfolio_api_apply_corporate_action(&fixture->portfolio, &call, &requests[i],
                                                          &response, &error));
        assert_true(error_is(&error, REASON_INVALID_REQUEST));
    }
}

int main(int argc, char **argv)
{
#ifdef BOURSE_FAULTS
    if (argc == CHILD_ARGUMENTS)
        return apply_alone(argv);
#endif
    (void)argc;
    (void)argv;
    const struct CMUnitTest tests[] = {
#ifdef BOURSE_FAULTS
        cmocka_unit_test_setup(an_action_goes_on_where_somebody_died, forget),
#endif
        cmocka_unit_test_setup(a_dividend_comes_once_to_each_who_held_the_shares, forget),
        cmocka_unit_test_setup(a_dividend_is_on_what_was_held_when_it_came_into_effect, forget),
        cmocka_unit_test_setup(a_split_leaves_the_cost_and_scales_the_lots, forget),
        cmocka_unit_test_setup(a_lot_that_comes_to_nothing_leaves_its_cost_to_another, forget),
        cmocka_unit_test_setup(what_is_not_a_whole_share_is_paid_in_cash, forget),
        cmocka_unit_test_setup(no_hold_is_of_more_shares_than_there_are_after_a_split, forget),
        cmocka_unit_test_setup(random_splits_lose_no_share_and_no_cost, forget),
        cmocka_unit_test_setup(an_action_of_the_same_id_that_is_another_is_refused, forget),
        cmocka_unit_test_setup(what_an_action_must_say_is_asked_for, forget),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
