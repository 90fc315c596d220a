// SPDX-License-Identifier: MIT
// The batches and the audit against a real PostgreSQL, as the service's own role.
#include "portfolios/portfolio_store_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/random.h"
#include "bourse/portfolio/v1/portfolio_server.h"
#include "ledger/portfolio_books.h"
#include "portfolios/portfolio_store.h"

#define DOLLAR INT64_C(1000000)
#define SHARE INT64_C(1000000000)

enum { ITEMS_MAX = 64, DIFFERENCES_MAX = 100 };

struct opening {
    struct portfolio_record record;
    int64_t cash;
};

static bool open_work(struct transaction *transaction, void *context, struct error *error)
{
    struct opening *opening = context;
    struct book *book = book_new(opening->record.id, false);
    struct books books = {.count = 1, .books = &book};
    struct ledger_movement movement = {.kind = LEDGER_KIND_DEPOSIT,
                                       .reference = opening->record.id,
                                       .amount = opening->cash,
                                       .booked_at = opening->record.created_at};
    bool inserted = false;
    bool done = store_insert_portfolio(transaction, &opening->record, &inserted, error) &&
                ledger_move_cash(book, &movement, error) && books_save(transaction, &books, error);

    book_free(&book);
    return done;
}

static const char *open_portfolio(struct fixture *fixture, int64_t cash)
{
    struct opening opening = {.record = {.name = "test", .description = "", .created_at = 1},
                              .cash = cash};
    struct uuid user = uuid_new();
    struct uuid id = uuid_new();
    struct error error;

    snprintf(opening.record.id, UUID_SIZE, "%s", id.string);
    snprintf(opening.record.user_id, UUID_SIZE, "%s", user.string);
    if (!database_transact(fixture->portfolio.database, fixture->service->arena, 0, open_work,
                           &opening, &error))
        fail_msg("%s", error.message);
    return arena_copy_string(fixture->service->arena, id.string);
}

static const char *new_id(struct fixture *fixture)
{
    return arena_copy_string(fixture->service->arena, uuid_new().string);
}

// A batch under construction. Requests and responses lie in the fixture's arena.
struct batch {
    struct fixture *fixture;
    struct call call;
    struct rpc_batch_item items[ITEMS_MAX];
    size_t count;
};

static struct rpc_batch_item *add(struct batch *batch, ProtobufCMessage *request)
{
    struct rpc_batch_item *item = &batch->items[batch->count++];

    batch->call.arena = batch->fixture->service->arena;
    *item = (struct rpc_batch_item){.call = &batch->call, .request = request};
    return item;
}

static struct rpc_batch_item *add_reserve(struct batch *batch,
                                          const char *portfolio_id,
                                          const char *order_id,
                                          Portfolio__Side side,
                                          int64_t quantity,
                                          int64_t amount)
{
    Portfolio__ReserveRequest *request =
        arena_allocate(batch->fixture->service->arena, sizeof(*request));

    portfolio__reserve_request__init(request);
    request->portfolio_id = portfolio_id;
    request->order_id = order_id;
    request->side = side;
    request->ticker = "AAPL";
    request->quantity_nanos = quantity;
    request->amount_micros = amount;
    return add(batch, &request->base);
}

static struct rpc_batch_item *add_fill(struct batch *batch,
                                       const char *portfolio_id,
                                       const char *order_id,
                                       const char *fill_id,
                                       Portfolio__Side side,
                                       int64_t quantity,
                                       int64_t price)
{
    Portfolio__ApplyFillRequest *request =
        arena_allocate(batch->fixture->service->arena, sizeof(*request));

    portfolio__apply_fill_request__init(request);
    request->portfolio_id = portfolio_id;
    request->order_id = order_id;
    request->fill_id = fill_id;
    request->side = side;
    request->ticker = "AAPL";
    request->quantity_nanos = quantity;
    request->price_micros = price;
    request->filled_at = 1000000;
    request->final = true;
    return add(batch, &request->base);
}

static struct rpc_batch_item *
add_release(struct batch *batch, const char *portfolio_id, const char *order_id)
{
    Portfolio__ReleaseRequest *request =
        arena_allocate(batch->fixture->service->arena, sizeof(*request));

    portfolio__release_request__init(request);
    request->portfolio_id = portfolio_id;
    request->order_id = order_id;
    return add(batch, &request->base);
}

// A Reserve with the fill that is booked with it.
static struct rpc_batch_item *add_filled_reserve(struct batch *batch,
                                                 const char *portfolio_id,
                                                 const char *order_id,
                                                 const char *fill_id,
                                                 Portfolio__Side side,
                                                 int64_t price)
{
    struct rpc_batch_item *item =
        add_reserve(batch, portfolio_id, order_id, side, SHARE, 100 * DOLLAR);
    Portfolio__ReserveRequest *request = (Portfolio__ReserveRequest *)item->request;
    Portfolio__ReservedFill *fill = arena_allocate(batch->fixture->service->arena, sizeof(*fill));

    portfolio__reserved_fill__init(fill);
    fill->fill_id = fill_id;
    fill->quantity_nanos = SHARE;
    fill->price_micros = price;
    fill->filled_at = 1000000;
    fill->final = true;
    request->fill = fill;
    return item;
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

static size_t differences_of(struct fixture *fixture, const char *portfolio_id)
{
    const char **differences = NULL;
    size_t count = 0;
    struct error error;

    if (!store_audit(fixture->portfolio.database, fixture->service->arena, portfolio_id,
                     DIFFERENCES_MAX, &differences, &count, &error))
        fail_msg("%s", error.message);
    for (size_t i = 0; i < count; i++)
        print_message("%s\n", differences[i]);
    return count;
}

static void a_buy_is_held_filled_and_audited(void **state)
{
    struct fixture *fixture = *state;
    const char *portfolio_id = open_portfolio(fixture, 1000 * DOLLAR);
    const char *order_id = new_id(fixture);
    const char *fill_id = new_id(fixture);
    struct batch reserve = {.fixture = fixture};
    struct batch fill = {.fixture = fixture};

    add_reserve(&reserve, portfolio_id, order_id, PORTFOLIO__SIDE__SIDE_BUY, 10 * SHARE,
                951 * DOLLAR);
    portfolio_api_reserve(&fixture->portfolio, reserve.items, reserve.count);
    assert_true(reserve.items[0].done);
    assert_int_equal(balance_of(fixture, portfolio_id, LEDGER_CASH).held, 951 * DOLLAR);
    assert_int_equal(differences_of(fixture, portfolio_id), 0);
    add_fill(&fill, portfolio_id, order_id, fill_id, PORTFOLIO__SIDE__SIDE_BUY, 10 * SHARE,
             95100000);
    portfolio_api_apply_fill(&fixture->portfolio, fill.items, fill.count);
    portfolio_api_apply_fill(&fixture->portfolio, fill.items, fill.count);
    assert_true(fill.items[0].done);
    assert_int_equal(balance_of(fixture, portfolio_id, LEDGER_CASH).amount, 49 * DOLLAR);
    assert_int_equal(balance_of(fixture, portfolio_id, LEDGER_CASH).held, 0);
    assert_int_equal(balance_of(fixture, portfolio_id, LEDGER_SHARES).amount, 10 * SHARE);
    assert_int_equal(differences_of(fixture, portfolio_id), 0);
}

static void one_refused_order_does_not_fail_the_others_of_its_batch(void **state)
{
    struct fixture *fixture = *state;
    const char *rich = open_portfolio(fixture, 1000 * DOLLAR);
    const char *poor = open_portfolio(fixture, 10 * DOLLAR);
    struct batch batch = {.fixture = fixture};

    add_reserve(&batch, rich, new_id(fixture), PORTFOLIO__SIDE__SIDE_BUY, SHARE, 600 * DOLLAR);
    add_reserve(&batch, poor, new_id(fixture), PORTFOLIO__SIDE__SIDE_BUY, SHARE, 600 * DOLLAR);
    add_reserve(&batch, rich, new_id(fixture), PORTFOLIO__SIDE__SIDE_BUY, SHARE, 600 * DOLLAR);
    add_reserve(&batch, new_id(fixture), new_id(fixture), PORTFOLIO__SIDE__SIDE_BUY, SHARE, DOLLAR);
    add_reserve(&batch, rich, new_id(fixture), PORTFOLIO__SIDE__SIDE_BUY, SHARE, 400 * DOLLAR);
    portfolio_api_reserve(&fixture->portfolio, batch.items, batch.count);
    assert_true(batch.items[0].done);
    assert_false(batch.items[1].done);
    assert_true(error_is(&batch.items[1].error, REASON_INSUFFICIENT_FUNDS));
    assert_true(error_is(&batch.items[2].error, REASON_INSUFFICIENT_FUNDS));
    assert_true(error_is(&batch.items[3].error, REASON_PORTFOLIO_NOT_FOUND));
    assert_true(batch.items[4].done);
    assert_int_equal(balance_of(fixture, rich, LEDGER_CASH).held, 1000 * DOLLAR);
    assert_int_equal(balance_of(fixture, poor, LEDGER_CASH).held, 0);
}

static void holds_and_their_fills_are_booked_together_or_not_at_all(void **state)
{
    struct fixture *fixture = *state;
    const char *rich = open_portfolio(fixture, 1000 * DOLLAR);
    const char *poor = open_portfolio(fixture, 10 * DOLLAR);
    struct batch batch = {.fixture = fixture};

    add_filled_reserve(&batch, rich, new_id(fixture), new_id(fixture), PORTFOLIO__SIDE__SIDE_BUY,
                       90 * DOLLAR);
    add_filled_reserve(&batch, poor, new_id(fixture), new_id(fixture), PORTFOLIO__SIDE__SIDE_BUY,
                       90 * DOLLAR);
    add_filled_reserve(&batch, rich, new_id(fixture), new_id(fixture), PORTFOLIO__SIDE__SIDE_SELL,
                       95 * DOLLAR);
    // Costs more than it has held, so what was held is not held either.
    add_filled_reserve(&batch, rich, new_id(fixture), new_id(fixture), PORTFOLIO__SIDE__SIDE_BUY,
                       101 * DOLLAR);
    add_reserve(&batch, rich, new_id(fixture), PORTFOLIO__SIDE__SIDE_BUY, SHARE, 7 * DOLLAR);
    for (int repeat = 0; repeat < 2; repeat++) {
        portfolio_api_reserve(&fixture->portfolio, batch.items, batch.count);
        assert_true(batch.items[0].done);
        assert_true(error_is(&batch.items[1].error, REASON_INSUFFICIENT_FUNDS));
        assert_true(batch.items[2].done);
        assert_true(error_is(&batch.items[3].error, REASON_FILL_MISMATCH));
        assert_true(batch.items[4].done);
        assert_int_equal(balance_of(fixture, rich, LEDGER_CASH).amount, 1005 * DOLLAR);
        assert_int_equal(balance_of(fixture, rich, LEDGER_CASH).held, 7 * DOLLAR);
        assert_int_equal(balance_of(fixture, rich, LEDGER_SHARES).amount, 0);
        assert_int_equal(balance_of(fixture, poor, LEDGER_CASH).amount, 10 * DOLLAR);
        assert_int_equal(differences_of(fixture, rich), 0);
        assert_int_equal(differences_of(fixture, poor), 0);
    }
}

static void a_fill_that_a_split_has_overtaken_is_refused_unless_it_is_booked(void **state)
{
    static const struct statement split = {
        "split",
        "INSERT INTO corporate_actions (id, ticker, kind, numerator, denominator, whole_shares,"
        " effective_at, booked_at) VALUES ($1, 'AAPL', 'split', 2, 1, false, $2, $2)"};
    struct fixture *fixture = *state;
    const char *portfolio_id = open_portfolio(fixture, 1000 * DOLLAR);
    const char *order_id = new_id(fixture);
    const char *fill_id = new_id(fixture);
    struct batch before = {.fixture = fixture};
    struct batch after = {.fixture = fixture};
    struct parameter action[2] = {parameter_text(new_id(fixture)), parameter_time(1000001)};
    struct rows rows;
    struct error error;

    add_filled_reserve(&before, portfolio_id, order_id, fill_id, PORTFOLIO__SIDE__SIDE_BUY,
                       90 * DOLLAR);
    portfolio_api_reserve(&fixture->portfolio, before.items, before.count);
    assert_true(before.items[0].done);
    assert_true(database_query(fixture->portfolio.database, fixture->service->arena, &split, action,
                               COUNT_OF(action), &rows, &error));
    add_filled_reserve(&after, portfolio_id, order_id, fill_id, PORTFOLIO__SIDE__SIDE_BUY,
                       90 * DOLLAR);
    add_filled_reserve(&after, portfolio_id, new_id(fixture), new_id(fixture),
                       PORTFOLIO__SIDE__SIDE_BUY, 90 * DOLLAR);
    add_reserve(&after, portfolio_id, new_id(fixture), PORTFOLIO__SIDE__SIDE_BUY, SHARE, DOLLAR);
    portfolio_api_reserve(&fixture->portfolio, after.items, after.count);
    assert_true(after.items[0].done);
    assert_false(after.items[1].done);
    assert_true(error_is(&after.items[1].error, REASON_CORPORATE_ACTION_IN_EFFECT));
    assert_true(after.items[2].done);
    assert_int_equal(balance_of(fixture, portfolio_id, LEDGER_CASH).amount, 910 * DOLLAR);
    assert_int_equal(balance_of(fixture, portfolio_id, LEDGER_CASH).held, DOLLAR);
    assert_int_equal(differences_of(fixture, portfolio_id), 0);
}

static void a_release_of_a_sell_gives_the_shares_back(void **state)
{
    struct fixture *fixture = *state;
    const char *portfolio_id = open_portfolio(fixture, 1000 * DOLLAR);
    const char *buy = new_id(fixture);
    const char *sell = new_id(fixture);
    struct batch batch = {.fixture = fixture};

    add_reserve(&batch, portfolio_id, buy, PORTFOLIO__SIDE__SIDE_BUY, 5 * SHARE, 500 * DOLLAR);
    portfolio_api_reserve(&fixture->portfolio, batch.items, batch.count);
    batch.count = 0;
    add_fill(&batch, portfolio_id, buy, new_id(fixture), PORTFOLIO__SIDE__SIDE_BUY, 5 * SHARE,
             100 * DOLLAR);
    portfolio_api_apply_fill(&fixture->portfolio, batch.items, batch.count);
    batch.count = 0;
    add_reserve(&batch, portfolio_id, sell, PORTFOLIO__SIDE__SIDE_SELL, 3 * SHARE, 0);
    portfolio_api_reserve(&fixture->portfolio, batch.items, batch.count);
    assert_true(batch.items[0].done);
    assert_int_equal(balance_of(fixture, portfolio_id, LEDGER_SHARES).held, 3 * SHARE);
    batch.count = 0;
    add_release(&batch, portfolio_id, sell);
    add_release(&batch, portfolio_id, new_id(fixture));
    portfolio_api_release(&fixture->portfolio, batch.items, batch.count);
    assert_true(batch.items[0].done);
    assert_true(batch.items[1].done);
    assert_int_equal(balance_of(fixture, portfolio_id, LEDGER_SHARES).held, 0);
    assert_int_equal(differences_of(fixture, portfolio_id), 0);
    batch.count = 0;
    add_reserve(&batch, portfolio_id, sell, PORTFOLIO__SIDE__SIDE_SELL, SHARE, 0);
    portfolio_api_reserve(&fixture->portfolio, batch.items, batch.count);
    assert_true(error_is(&batch.items[0].error, REASON_ORDER_NOT_OPEN));
}

static void the_service_cannot_change_or_delete_what_is_in_the_ledger(void **state)
{
    static const struct statement attempts[] = {
        {"attempt_update", "UPDATE journals SET note = 'forged'"},
        {"attempt_delete", "DELETE FROM entries"},
        {"attempt_truncate", "TRUNCATE entries"},
    };
    struct fixture *fixture = *state;
    struct rows rows;
    struct error error;

    for (size_t i = 0; i < COUNT_OF(attempts); i++)
        assert_false(database_query(fixture->portfolio.database, fixture->service->arena,
                                    &attempts[i], NULL, 0, &rows, &error));
}

static void the_audit_names_each_difference(void **state)
{
    static const struct statement damages[] = {
        {"damage_balance", "UPDATE balances SET amount = amount + 1 WHERE portfolio_id = $1"
                           " AND account = 'cash'"},
        {"damage_held", "UPDATE balances SET held = 1 WHERE portfolio_id = $1"
                        " AND account = 'cash'"},
        {"damage_gap", "INSERT INTO entries VALUES ($1, 'fees', 'USD', 7,"
                       " '00000000-0000-4000-8000-000000000000', 1, 1)"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT_OF(damages); i++) {
        const char *portfolio_id = open_portfolio(fixture, 1000 * DOLLAR);
        struct parameter parameter = parameter_text(portfolio_id);
        struct rows rows;
        struct error error;

        assert_int_equal(differences_of(fixture, portfolio_id), 0);
        assert_true(database_query(fixture->portfolio.database, fixture->service->arena,
                                   &damages[i], &parameter, 1, &rows, &error));
        assert_true(differences_of(fixture, portfolio_id) >= 1);
    }
}

static void movements_are_listed_newest_first_and_page_by_page(void **state)
{
    struct fixture *fixture = *state;
    const char *portfolio_id = open_portfolio(fixture, 1000 * DOLLAR);
    struct movement_filter filter = {.portfolio_id = portfolio_id, .limit = 2};
    struct movement_record *records = NULL;
    size_t count = 0;
    struct batch batch = {.fixture = fixture};
    struct batch fills = {.fixture = fixture};
    struct error error;

    for (int i = 0; i < 3; i++) {
        const char *order_id = new_id(fixture);

        add_reserve(&batch, portfolio_id, order_id, PORTFOLIO__SIDE__SIDE_BUY, SHARE, 100 * DOLLAR);
        add_fill(&fills, portfolio_id, order_id, new_id(fixture), PORTFOLIO__SIDE__SIDE_BUY, SHARE,
                 (90 + i) * DOLLAR);
    }
    portfolio_api_reserve(&fixture->portfolio, batch.items, batch.count);
    portfolio_api_apply_fill(&fixture->portfolio, fills.items, fills.count);
    assert_true(store_page_movements(fixture->portfolio.history, fixture->service->arena, &filter,
                                     &records, &count, &error));
    assert_int_equal(count, 2);
    assert_int_equal(records[0].price, 92 * DOLLAR);
    assert_int_equal(records[0].cash_change, -92 * DOLLAR);
    assert_int_equal(records[0].cash_after, 727 * DOLLAR);
    assert_int_equal(records[1].price, 91 * DOLLAR);
    filter.before_seq = records[1].seq;
    assert_true(store_page_movements(fixture->portfolio.history, fixture->service->arena, &filter,
                                     &records, &count, &error));
    assert_int_equal(count, 2);
    assert_string_equal(records[1].kind, "deposit");
    filter = (struct movement_filter){.portfolio_id = portfolio_id, .kind = "deposit", .limit = 9};
    assert_true(store_page_movements(fixture->portfolio.history, fixture->service->arena, &filter,
                                     &records, &count, &error));
    assert_int_equal(count, 1);
}

static void a_thousand_random_operations_leave_nothing_to_the_audit(void **state)
{
    struct fixture *fixture = *state;
    uint64_t seed = 42;
    struct random_source random = random_seeded(&seed);
    const char *portfolios[4];
    const char *orders[200];
    const char *fill_ids[200];
    int64_t cash = 0;

    for (size_t i = 0; i < COUNT_OF(portfolios); i++)
        portfolios[i] = open_portfolio(fixture, 3000 * DOLLAR);
    for (size_t i = 0; i < COUNT_OF(orders); i++) {
        orders[i] = new_id(fixture);
        fill_ids[i] = new_id(fixture);
    }
    for (int i = 0; i < 40; i++) {
        struct batch batch = {.fixture = fixture};
        uint64_t operation = random_below(&random, 5);

        for (int j = 0; j < 25; j++) {
            size_t order = (size_t)random_below(&random, COUNT_OF(orders));
            const char *portfolio_id = portfolios[order % COUNT_OF(portfolios)];
            Portfolio__Side side =
                order % 3 == 0 ? PORTFOLIO__SIDE__SIDE_SELL : PORTFOLIO__SIDE__SIDE_BUY;

            if (operation < 2 && j % 2 == 0)
                add_filled_reserve(&batch, portfolio_id, orders[order], fill_ids[order], side,
                                   (int64_t)random_below(&random, 110) * DOLLAR + 1);
            else if (operation < 2)
                add_reserve(&batch, portfolio_id, orders[order], side, SHARE, 100 * DOLLAR);
            else if (operation < 4)
                add_fill(&batch, portfolio_id, orders[order], fill_ids[order], side, SHARE,
                         (int64_t)random_below(&random, 100) * DOLLAR + 1);
            else if (j < 5)
                add_release(&batch, portfolio_id, orders[order]);
        }
        if (operation < 2)
            portfolio_api_reserve(&fixture->portfolio, batch.items, batch.count);
        else if (operation < 4)
            portfolio_api_apply_fill(&fixture->portfolio, batch.items, batch.count);
        else
            portfolio_api_release(&fixture->portfolio, batch.items, batch.count);
    }
    for (size_t i = 0; i < COUNT_OF(portfolios); i++) {
        assert_int_equal(differences_of(fixture, portfolios[i]), 0);
        cash += balance_of(fixture, portfolios[i], LEDGER_CASH).amount;
    }
    assert_true(cash < 12000 * DOLLAR);
}

static bool update_work(struct transaction *transaction, void *context, struct error *error)
{
    const struct portfolio_record *record = context;

    return store_update_portfolio(transaction, record, error);
}

// Gives the portfolio these settings, and reads them back.
static struct fill_settings
set_settings(struct fixture *fixture, const char *portfolio_id, struct fill_settings settings)
{
    struct portfolio_record record;
    bool found = false;
    struct error error;

    assert_true(store_find_portfolio(fixture->portfolio.database, fixture->service->arena,
                                     portfolio_id, &record, &found, &error) &&
                found);
    record.fill_settings = settings;
    assert_true(database_transact(fixture->portfolio.database, fixture->service->arena, 0,
                                  update_work, &record, &error));
    assert_true(store_find_portfolio(fixture->portfolio.database, fixture->service->arena,
                                     portfolio_id, &record, &found, &error));
    return record.fill_settings;
}

static void fill_settings_are_kept_to_the_last_digit(void **state)
{
    struct fixture *fixture = *state;
    struct fill_settings most;
    struct fill_settings read;
    const char *portfolio_id = open_portfolio(fixture, 1000 * DOLLAR);

    memset(&most, 0, sizeof(most));
    most.model = FILL_MODEL_BAR;
    most.slippage_bps_hundredths = 100000;
    most.participation_percent_hundredths = 10000;
    most.commission_per_order = 1000 * DOLLAR;
    most.commission_per_share = 99999999;
    most.commission_bps_hundredths = 1;
    most.commission_minimum = 1;
    most.commission_maximum = 99999999999;
    most.latency_ms = 60000;
    most.version = 7;
    read = set_settings(fixture, portfolio_id, most);
    assert_int_equal(read.model, most.model);
    assert_int_equal(read.slippage_bps_hundredths, most.slippage_bps_hundredths);
    assert_int_equal(read.participation_percent_hundredths, most.participation_percent_hundredths);
    assert_int_equal(read.commission_per_order, most.commission_per_order);
    assert_int_equal(read.commission_per_share, most.commission_per_share);
    assert_int_equal(read.commission_bps_hundredths, most.commission_bps_hundredths);
    assert_int_equal(read.commission_minimum, most.commission_minimum);
    assert_int_equal(read.commission_maximum, most.commission_maximum);
    assert_int_equal(read.latency_ms, most.latency_ms);
    assert_int_equal(read.version, most.version);
}

static void what_was_reckoned_by_settings_of_before_is_not_reserved(void **state)
{
    struct fixture *fixture = *state;
    const char *portfolio_id = open_portfolio(fixture, 1000 * DOLLAR);
    struct batch batch = {.fixture = fixture};
    Portfolio__ReserveRequest *request = NULL;

    (void)set_settings(fixture, portfolio_id, (struct fill_settings){.version = 2});
    add_reserve(&batch, portfolio_id, new_id(fixture), PORTFOLIO__SIDE__SIDE_BUY, SHARE,
                100 * DOLLAR);
    request = (Portfolio__ReserveRequest *)batch.items[0].request;
    request->has_fill_settings_version = true;
    request->fill_settings_version = 1;
    portfolio_api_reserve(&fixture->portfolio, batch.items, batch.count);
    assert_false(batch.items[0].done);
    assert_true(error_is(&batch.items[0].error, REASON_FILL_SETTINGS_CHANGED));
    assert_int_equal(balance_of(fixture, portfolio_id, LEDGER_CASH).held, 0);
    request->fill_settings_version = 2;
    portfolio_api_reserve(&fixture->portfolio, batch.items, batch.count);
    assert_true(batch.items[0].done);
    assert_int_equal(balance_of(fixture, portfolio_id, LEDGER_CASH).held, 100 * DOLLAR);
    // What is held stays held whatever the settings become.
    request->fill_settings_version = 3;
    portfolio_api_reserve(&fixture->portfolio, batch.items, batch.count);
    assert_true(batch.items[0].done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_buy_is_held_filled_and_audited, forget),
        cmocka_unit_test_setup(one_refused_order_does_not_fail_the_others_of_its_batch, forget),
        cmocka_unit_test_setup(holds_and_their_fills_are_booked_together_or_not_at_all, forget),
        cmocka_unit_test_setup(a_fill_that_a_split_has_overtaken_is_refused_unless_it_is_booked,
                               forget),
        cmocka_unit_test_setup(a_release_of_a_sell_gives_the_shares_back, forget),
        cmocka_unit_test_setup(the_service_cannot_change_or_delete_what_is_in_the_ledger, forget),
        cmocka_unit_test_setup(the_audit_names_each_difference, forget),
        cmocka_unit_test_setup(movements_are_listed_newest_first_and_page_by_page, forget),
        cmocka_unit_test_setup(a_thousand_random_operations_leave_nothing_to_the_audit, forget),
        cmocka_unit_test_setup(fill_settings_are_kept_to_the_last_digit, forget),
        cmocka_unit_test_setup(what_was_reckoned_by_settings_of_before_is_not_reserved, forget),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
