// SPDX-License-Identifier: MIT
// Lots in a real PostgreSQL: made for what was traded before there were any, listed page by page,
// and booked in batches.
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/random.h"
#include "bourse/portfolio/v1/portfolio_server.h"
#include "database/migration.h"
#include "ledger/lot_store.h"
#include "ledger/portfolio_books.h"
#include "money/money.h"
#include "portfolio.h"
#include "portfolios/portfolio_store.h"
#include "support/postgres.h"

#define DOLLAR INT64_C(1000000)
#define SHARE INT64_C(1000000000)

extern const struct migration portfolio_migrations[];
extern const size_t portfolio_migration_count;

enum {
    MIGRATIONS_BEFORE_LOTS = 4,
    OLD_BOOKS = 4,
    TRADES = 120,
    DIFFERENCES_MAX = 100,
    ARENA_BUDGET = 64 * 1024 * 1024
};

static const char *const tickers[] = {"AAPL", "BRK.B", "USD"};

// The books of before there were lots, as the rules of today would have booked them.
struct fixture {
    struct postgres *postgres;
    struct arena *arena;
    struct portfolio portfolio;
    struct book *books[OLD_BOOKS];
};

static struct uuid order_of(const char *portfolio_id, int number)
{
    char name[80];

    snprintf(name, sizeof(name), "order:%s:%d", portfolio_id, number);
    return uuid_from_name(text_of(name));
}

static struct uuid fill_of(const char *portfolio_id, int number)
{
    char name[80];

    snprintf(name, sizeof(name), "fill:%s:%d", portfolio_id, number);
    return uuid_from_name(text_of(name));
}

// Trades at random, now and then all of a position.
static void trade(struct book *book, int number, const struct random_source *random)
{
    struct uuid order_id = order_of(book->portfolio_id, number);
    struct uuid fill_id = fill_of(book->portfolio_id, number);
    const char *ticker = tickers[random_below(random, COUNT_OF(tickers))];
    int64_t held = book_balance(book, LEDGER_SHARES, ticker).amount;
    bool sells = held > 0 && random_below(random, 5) < 3;
    int64_t quantity = (int64_t)random_below(random, 3 * (uint64_t)SHARE) + 1;
    struct ledger_reservation reservation = {.order_id = order_id.string,
                                             .side = sells ? LEDGER_SELL : LEDGER_BUY,
                                             .ticker = ticker,
                                             .amount = 1000 * DOLLAR};
    struct ledger_fill fill = {.fill_id = fill_id.string,
                               .order_id = order_id.string,
                               .side = reservation.side,
                               .ticker = ticker,
                               .price = (int64_t)random_below(random, 200 * DOLLAR) + 1,
                               .commission = (int64_t)random_below(random, 3) * 1234567,
                               .filled_at = 1000000 * (int64_t)number,
                               .is_final = true};
    struct error error;

    if (sells && (quantity > held || random_below(random, 4) == 0))
        quantity = held;
    reservation.quantity = fill.quantity = quantity;
    if (!ledger_reserve(book, &reservation, &error) || !ledger_fill(book, &fill, &error))
        fail_msg("%s", error.message);
}

static struct book *book_of_trades(uint64_t seed)
{
    struct random_source random = random_seeded(&seed);
    struct uuid id = uuid_new();
    struct book *book = book_new(id.string, false);
    struct ledger_movement movement = {.kind = LEDGER_KIND_DEPOSIT,
                                       .reference = id.string,
                                       .amount = 1000000 * DOLLAR,
                                       .booked_at = 1};
    struct error error;

    assert_true(ledger_move_cash(book, &movement, &error));
    for (int i = 1; i <= TRADES; i++)
        trade(book, i, &random);
    return book;
}

static void run(struct fixture *fixture,
                struct database *database,
                const struct statement *statement,
                const struct parameter *parameters,
                size_t count)
{
    struct rows rows;
    struct error error;

    if (!database_query(database, fixture->arena, statement, parameters, count, &rows, &error))
        fail_msg("%s", error.message);
}

static int scale_of(enum ledger_account account)
{
    return ledger_account_is_money(account) ? MONEY_SCALE : QUANTITY_SCALE;
}

static void write_old_journal(struct fixture *fixture,
                              struct database *database,
                              const char *portfolio_id,
                              const struct ledger_journal *journal)
{
    static const struct statement insert_journal = {
        "old_journal",
        "INSERT INTO journals (portfolio_id, id, kind, reference, order_id, ticker, quantity,"
        " price, commission, realized_pl, booked_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    };
    static const struct statement insert_entry = {
        "old_entry",
        "INSERT INTO entries VALUES ($1, $2, $3, $4, $5, $6, $7)",
    };
    bool is_trade = journal->ticker[0] != '\0';
    struct parameter row[] = {
        parameter_text(portfolio_id),
        parameter_text(journal->id),
        parameter_text(ledger_kind_name(journal->kind)),
        parameter_text(journal->reference),
        parameter_text(is_trade ? journal->order_id : NULL),
        parameter_text(is_trade ? journal->ticker : NULL),
        is_trade ? parameter_decimal(journal->quantity, QUANTITY_SCALE) : parameter_null(),
        is_trade ? parameter_decimal(journal->price, MONEY_SCALE) : parameter_null(),
        parameter_decimal(journal->commission, MONEY_SCALE),
        journal->kind == LEDGER_KIND_SELL ? parameter_decimal(journal->realized_pl, MONEY_SCALE)
                                          : parameter_null(),
        parameter_time(journal->booked_at),
    };

    run(fixture, database, &insert_journal, row, COUNT_OF(row));
    for (size_t i = 0; i < journal->line_count; i++) {
        const struct ledger_line *line = &journal->lines[i];
        struct parameter entry[] = {
            parameter_text(portfolio_id),
            parameter_text(ledger_account_name(line->account)),
            parameter_text(line->asset),
            parameter_int(line->seq),
            parameter_text(journal->id),
            parameter_decimal(line->amount, scale_of(line->account)),
            parameter_decimal(line->balance_after, scale_of(line->account)),
        };

        run(fixture, database, &insert_entry, entry, COUNT_OF(entry));
    }
}

static void write_old_book(struct fixture *fixture, struct database *database, struct book *book)
{
    static const struct statement insert_portfolio = {
        "old_portfolio",
        "INSERT INTO portfolios (id, user_id, name, created_at, updated_at)"
        " VALUES ($1, $1, 'old', now(), now())",
    };
    static const struct statement insert_balance = {
        "old_balance",
        "INSERT INTO balances VALUES ($1, $2, $3, $4, 0, $5, $6, $7)",
    };
    struct parameter id = parameter_text(book->portfolio_id);

    run(fixture, database, &insert_portfolio, &id, 1);
    for (size_t i = 0; i < book->journal_count; i++)
        write_old_journal(fixture, database, book->portfolio_id, &book->journals[i]);
    for (size_t i = 0; i < book->balance_count; i++) {
        const struct ledger_balance *balance = &book->balances[i];
        struct parameter row[] = {
            id,
            parameter_text(balance->asset),
            parameter_text(ledger_account_name(balance->account)),
            parameter_decimal(balance->amount, scale_of(balance->account)),
            parameter_decimal(balance->cost_basis, MONEY_SCALE),
            parameter_decimal(balance->realized_pl, MONEY_SCALE),
            parameter_int(balance->seq),
        };

        run(fixture, database, &insert_balance, row, COUNT_OF(row));
    }
}

static bool migrate(struct fixture *fixture, size_t count, struct error *error)
{
    size_t applied = 0;

    return migration_run(postgres_url(fixture->postgres, NULL), "portfolio", portfolio_migrations,
                         count, &applied, error);
}

static bool write_old_books(struct fixture *fixture, struct error *error)
{
    struct database_options options = {
        .url = postgres_url(fixture->postgres, NULL), .service = "portfolio", .connections = 1};
    OWNED(database) database = NULL;

    if (!database_new(&options, &database, error))
        return false;
    for (size_t i = 0; i < OLD_BOOKS; i++) {
        fixture->books[i] = book_of_trades(i + 1);
        write_old_book(fixture, database, fixture->books[i]);
    }
    return true;
}

static int start(void **state)
{
    struct fixture *fixture = allocate(sizeof(*fixture));
    struct error error;

    digest_start();
    fixture->postgres = postgres_new();
    fixture->arena = arena_new(ARENA_BUDGET);
    if (!migrate(fixture, MIGRATIONS_BEFORE_LOTS, &error) || !write_old_books(fixture, &error) ||
        !migrate(fixture, portfolio_migration_count, &error)) {
        fprintf(stderr, "%s\n", error.message);
        return -1;
    }
    struct database_options options = {
        .url = postgres_url(fixture->postgres, "bourse_portfolio"),
        .service = "portfolio",
        .connections = 4,
    };
    *state = fixture;
    return database_new(&options, &fixture->portfolio.database, &error) ? 0 : -1;
}

static int stop(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < OLD_BOOKS; i++)
        book_free(&fixture->books[i]);
    database_free(&fixture->portfolio.database);
    postgres_free(&fixture->postgres);
    arena_free(&fixture->arena);
    release(fixture);
    return 0;
}

static int forget(void **state)
{
    struct fixture *fixture = *state;

    arena_reset(fixture->arena);
    return 0;
}

static size_t differences_of(struct fixture *fixture, const char *portfolio_id)
{
    const char **differences = NULL;
    size_t count = 0;
    struct error error;

    if (!store_audit(fixture->portfolio.database, fixture->arena, portfolio_id, DIFFERENCES_MAX,
                     &differences, &count, &error))
        fail_msg("%s", error.message);
    for (size_t i = 0; i < count; i++)
        print_message("%s\n", differences[i]);
    return count;
}

static struct lot_list
page_of(struct fixture *fixture, const struct lot_query *query, const struct lot_position *after)
{
    struct lot_query page = *query;
    struct lot_list list;
    struct error error;

    if (after != NULL)
        page.after = *after;
    if (!store_page_lots(fixture->portfolio.database, fixture->arena, &page, &list, &error))
        fail_msg("%s", error.message);
    return list;
}

static void the_lots_of_what_was_traded_before_are_those_of_the_rules(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < OLD_BOOKS; i++) {
        const struct book *book = fixture->books[i];
        struct lot_query query = {
            .portfolio_id = book->portfolio_id, .open = true, .closed = true, .limit = 500};
        struct lot_list list = page_of(fixture, &query, NULL);
        int64_t cost = 0;
        int64_t realized_pl = 0;
        int64_t expected_cost = 0;
        int64_t expected_pl = 0;

        assert_int_equal(differences_of(fixture, book->portfolio_id), 0);
        assert_false(list.has_more);
        for (size_t j = 0; j < list.count; j++) {
            if (list.records[j].position.is_closed)
                realized_pl += list.records[j].realized_pl;
            else
                cost += list.records[j].cost;
        }
        for (size_t j = 0; j < book->balance_count; j++) {
            expected_cost += book->balances[j].cost_basis_fifo;
            expected_pl += book->balances[j].realized_pl_fifo;
        }
        assert_int_equal(cost, expected_cost);
        assert_int_equal(realized_pl, expected_pl);
        assert_int_equal(list.realized_pl, expected_pl);
        assert_true(book->sale_count > 10);
    }
}

// Everything by pages of three is everything at once.
static void expect_same_by_pages(struct fixture *fixture, const struct lot_query *query)
{
    struct lot_query whole = *query;
    struct lot_query small = *query;
    const struct lot_position *after = NULL;
    struct lot_list all;
    struct lot_list page;
    size_t seen = 0;

    whole.limit = 500;
    small.limit = 3;
    all = page_of(fixture, &whole, NULL);
    assert_false(all.has_more);
    do {
        page = page_of(fixture, &small, after);
        assert_int_equal(page.realized_pl, all.realized_pl);
        for (size_t i = 0; i < page.count; i++, seen++) {
            const struct lot_record *one = &page.records[i];
            const struct lot_record *other = &all.records[seen];

            assert_true(seen < all.count);
            assert_string_equal(one->position.ticker, other->position.ticker);
            assert_true(one->position.is_closed == other->position.is_closed);
            assert_int_equal(one->position.quantity_after, other->position.quantity_after);
            assert_int_equal(one->quantity, other->quantity);
            assert_int_equal(one->cost, other->cost);
            assert_int_equal(one->opened_at, other->opened_at);
            if (query->ticker != NULL)
                assert_string_equal(one->position.ticker, query->ticker);
        }
        after = page.count == 0 ? NULL : &page.records[page.count - 1].position;
    } while (page.has_more);
    assert_int_equal(seen, all.count);
    assert_true(seen > 0);
}

static void lots_are_the_same_page_by_page(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < 16; i++) {
        struct lot_query query = {.portfolio_id = fixture->books[1]->portfolio_id,
                                  .is_average = (i & 1) != 0,
                                  .ticker = (i & 2) != 0 ? "BRK.B" : NULL,
                                  .open = (i & 4) == 0,
                                  .closed = (i & 8) == 0};

        if (query.open || query.closed)
            expect_same_by_pages(fixture, &query);
    }
}

static void the_closed_lots_of_both_methods_sell_the_same_shares_for_the_same(void **state)
{
    struct fixture *fixture = *state;
    int64_t quantity[2] = {0};
    int64_t proceeds[2] = {0};

    for (int average = 0; average < 2; average++) {
        struct lot_query query = {.portfolio_id = fixture->books[2]->portfolio_id,
                                  .is_average = average == 1,
                                  .closed = true,
                                  .limit = 500};
        struct lot_list list = page_of(fixture, &query, NULL);

        for (size_t i = 0; i < list.count; i++) {
            quantity[average] += list.records[i].quantity;
            proceeds[average] += list.records[i].proceeds;
            assert_int_equal(list.records[i].proceeds - list.records[i].cost,
                             list.records[i].realized_pl);
        }
    }
    assert_int_equal(quantity[0], quantity[1]);
    assert_int_equal(proceeds[0], proceeds[1]);
}

// Reserves and fills so many orders of one batch, each of `quantity`; before them the last
// `replayed` fills of one share are sent again.
static void send_fills(struct fixture *fixture,
                       const char *portfolio_id,
                       Portfolio__Side side,
                       int first,
                       int count,
                       int replayed,
                       int64_t quantity)
{
    enum { ITEMS_MAX = 64 };
    static struct call call;
    Portfolio__ReserveRequest reserves[ITEMS_MAX];
    Portfolio__ApplyFillRequest fills[ITEMS_MAX];
    struct rpc_batch_item reserve_items[ITEMS_MAX];
    struct rpc_batch_item fill_items[ITEMS_MAX];
    struct uuid ids[2 * ITEMS_MAX];

    call.arena = fixture->arena;
    assert_true(count <= ITEMS_MAX);
    for (int i = 0; i < count; i++) {
        ids[2 * i] = order_of(portfolio_id, first - replayed + i);
        ids[2 * i + 1] = fill_of(portfolio_id, first - replayed + i);
        portfolio__reserve_request__init(&reserves[i]);
        reserves[i].portfolio_id = portfolio_id;
        reserves[i].order_id = ids[2 * i].string;
        reserves[i].side = side;
        reserves[i].ticker = "MSFT";
        reserves[i].quantity_nanos = quantity;
        reserves[i].amount_micros = 2000 * DOLLAR;
        reserve_items[i] = (struct rpc_batch_item){.call = &call, .request = &reserves[i].base};
        portfolio__apply_fill_request__init(&fills[i]);
        fills[i].portfolio_id = portfolio_id;
        fills[i].order_id = ids[2 * i].string;
        fills[i].fill_id = ids[2 * i + 1].string;
        fills[i].side = side;
        fills[i].ticker = "MSFT";
        fills[i].quantity_nanos = i < replayed ? SHARE : quantity;
        fills[i].price_micros = (100 + first + i) * DOLLAR;
        fills[i].filled_at = 1;
        fills[i].final = true;
        fill_items[i] = (struct rpc_batch_item){.call = &call, .request = &fills[i].base};
    }
    portfolio_api_reserve(&fixture->portfolio, reserve_items + replayed,
                          (size_t)(count - replayed));
    portfolio_api_apply_fill(&fixture->portfolio, fill_items, (size_t)count);
    for (int i = 0; i < count; i++) {
        if (!fill_items[i].done)
            fail_msg("%d: %s", i, fill_items[i].error.message);
    }
}

static void many_sales_of_one_batch_each_end_in_their_own_lot(void **state)
{
    struct fixture *fixture = *state;
    const char *portfolio_id = fixture->books[3]->portfolio_id;
    struct lot_query query = {
        .portfolio_id = portfolio_id, .ticker = "MSFT", .closed = true, .limit = 100};
    struct lot_list list;

    send_fills(fixture, portfolio_id, PORTFOLIO__SIDE__SIDE_BUY, 1000, 30, 0, SHARE);
    send_fills(fixture, portfolio_id, PORTFOLIO__SIDE__SIDE_SELL, 2000, 20, 0, SHARE);
    // One that was booked already comes before five that were not, so each of these ends in another
    // lot than it would if all were new.
    send_fills(fixture, portfolio_id, PORTFOLIO__SIDE__SIDE_SELL, 2020, 6, 1, 2 * SHARE);
    list = page_of(fixture, &query, NULL);
    assert_int_equal(list.count, 30);
    for (size_t i = 0; i < list.count; i++)
        assert_int_equal(list.records[i].cost, (1100 + (int64_t)i) * DOLLAR);
    assert_int_equal(differences_of(fixture, portfolio_id), 0);
}

static void the_service_cannot_change_or_delete_lots(void **state)
{
    static const struct statement attempts[] = {
        {"attempt_lots", "UPDATE lots SET cost = 0"},
        {"attempt_sales", "DELETE FROM sales"},
    };
    struct fixture *fixture = *state;
    struct rows rows;
    struct error error;

    for (size_t i = 0; i < COUNT_OF(attempts); i++)
        assert_false(database_query(fixture->portfolio.database, fixture->arena, &attempts[i], NULL,
                                    0, &rows, &error));
}

static bool save_work(struct transaction *transaction, void *context, struct error *error)
{
    struct book *book = context;
    struct books books = {.count = 1, .books = &book};

    return books_save(transaction, &books, error);
}

static void save(struct fixture *fixture, struct book *book)
{
    struct error error;

    if (!database_transact(fixture->portfolio.database, fixture->arena, 0, save_work, book, &error))
        fail_msg("%s", error.message);
}

static void the_audit_names_differences_of_lots(void **state)
{
    static const struct statement damages[] = {
        {"damage_sold", "UPDATE balances SET sold = sold + 1 WHERE portfolio_id = $1"
                        " AND asset = 'AAPL' AND account = 'shares'"},
        {"damage_cost", "UPDATE balances SET cost_basis_fifo = cost_basis_fifo + 0.000001"
                        " WHERE portfolio_id = $1 AND account = 'shares' AND amount > 0"},
        {"damage_profit", "UPDATE balances SET realized_pl_fifo = realized_pl_fifo + 0.000001"
                          " WHERE portfolio_id = $1 AND account = 'shares'"},
        {"damage_lot", "INSERT INTO lots VALUES ($1, 'AAPL', 1, 99999, 1, 99999, 1, $1, now())"},
        {"damage_sale",
         "INSERT INTO sales VALUES ($1, 'AAPL', 1, 99999, 1, 99999, 1, 1, $1, now())"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT_OF(damages); i++) {
        struct book *book = book_of_trades(50 + i);
        struct parameter id = parameter_text(book->portfolio_id);
        size_t differences = 0;

        save(fixture, book);
        assert_int_equal(differences_of(fixture, book->portfolio_id), 0);
        run(fixture, fixture->portfolio.database, &damages[i], &id, 1);
        differences = differences_of(fixture, book->portfolio_id);
        book_free(&book);
        assert_true(differences >= 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_lots_of_what_was_traded_before_are_those_of_the_rules, forget),
        cmocka_unit_test_setup(lots_are_the_same_page_by_page, forget),
        cmocka_unit_test_setup(the_closed_lots_of_both_methods_sell_the_same_shares_for_the_same,
                               forget),
        cmocka_unit_test_setup(many_sales_of_one_batch_each_end_in_their_own_lot, forget),
        cmocka_unit_test_setup(the_service_cannot_change_or_delete_lots, forget),
        cmocka_unit_test_setup(the_audit_names_differences_of_lots, forget),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
