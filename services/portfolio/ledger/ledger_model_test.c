// SPDX-License-Identifier: MIT
// Random operations on a book, beside a small model of what it should say.
#include "ledger/ledger_fixture.h"

#include "base/random.h"

// What the book should say, kept in the plainest way: one order at a time, no double entry.
enum { ORDERS = 40 };
struct model {
    int64_t cash, shares;
    // The oldest first: what is left of each purchase, one entry a share.
    int64_t queue[ORDERS * 5], first, last, realized_fifo;
    struct {
        enum { UNSEEN, OPEN, OVER } state;
        enum ledger_side side;
        int64_t quantity, amount;
        bool filled;
    } orders[ORDERS];
};

static int64_t model_held(const struct model *model, enum ledger_side side)
{
    int64_t held = 0;

    for (int i = 0; i < ORDERS; i++) {
        if (model->orders[i].state == OPEN && model->orders[i].side == side)
            held += side == LEDGER_BUY ? model->orders[i].amount : model->orders[i].quantity;
    }
    return held;
}

static bool model_reserve(struct model *model, int i, enum ledger_side side, int64_t q, int64_t a)
{
    bool is_open = model->orders[i].state == OPEN;
    int64_t mine = !is_open             ? 0
                   : side == LEDGER_BUY ? model->orders[i].amount
                                        : model->orders[i].quantity;
    if (is_open) {
        q = q > model->orders[i].quantity ? q : model->orders[i].quantity;
        a = a > model->orders[i].amount ? a : model->orders[i].amount;
    }
    int64_t free_cash = model->cash - model_held(model, LEDGER_BUY) + mine;
    int64_t free_shares = model->shares - model_held(model, LEDGER_SELL) + mine;

    if (model->orders[i].state == OVER || (is_open && model->orders[i].side != side) ||
        (side == LEDGER_BUY ? a > free_cash : q > free_shares)) {
        // What was refused at the first time is refused for ever.
        if (!is_open)
            model->orders[i].state = OVER;
        return false;
    }
    model->orders[i].state = OPEN;
    model->orders[i].side = side;
    model->orders[i].quantity = q;
    model->orders[i].amount = side == LEDGER_BUY ? a : 0;
    return true;
}

static bool model_fill(struct model *model, int i, enum ledger_side side, int64_t q, int64_t price)
{
    int64_t cost = q / SHARE * price;

    if (model->orders[i].filled)
        return true;
    if (model->orders[i].state != OPEN || model->orders[i].side != side ||
        q != model->orders[i].quantity || (side == LEDGER_BUY && cost > model->orders[i].amount))
        return false;
    for (int64_t share = 0; share < q / SHARE; share++) {
        if (side == LEDGER_BUY)
            model->queue[model->last++] = price;
        else
            model->realized_fifo += price - model->queue[model->first++];
    }
    model->cash += side == LEDGER_BUY ? -cost : cost;
    model->shares += side == LEDGER_BUY ? q : -q;
    model->orders[i].state = OVER;
    model->orders[i].filled = true;
    return true;
}

static void check_invariants(const struct book *book, const struct model *model)
{
    int64_t money = 0;
    int64_t shares = 0;
    int64_t cost = 0;

    for (int64_t i = model->first; i < model->last; i++)
        cost += model->queue[i];
    assert_int_equal(shares_of(book).cost_basis_fifo, cost);
    assert_int_equal(shares_of(book).realized_pl_fifo, model->realized_fifo);
    for (size_t i = 0; i < book->balance_count; i++) {
        const struct ledger_balance *balance = &book->balances[i];

        if (ledger_account_is_money(balance->account))
            money += balance->amount;
        else
            shares += balance->amount;
        assert_true(balance->held >= 0);
        if (balance->account == LEDGER_CASH || balance->account == LEDGER_SHARES)
            assert_true(balance->held <= balance->amount);
    }
    assert_int_equal(money, 0);
    assert_int_equal(shares, 0);
    assert_int_equal(cash_of(book), model->cash);
    assert_int_equal(held_of(book), model_held(model, LEDGER_BUY));
    assert_int_equal(shares_of(book).amount, model->shares);
    assert_int_equal(shares_of(book).held, model_held(model, LEDGER_SELL));
}

static void check_entries(const struct book *book)
{
    for (size_t i = 0; i < book->balance_count; i++) {
        const struct ledger_balance *balance = &book->balances[i];
        int64_t sum = 0;
        int64_t seq = 0;

        for (size_t j = 0; j < book->journal_count; j++) {
            for (size_t k = 0; k < book->journals[j].line_count; k++) {
                const struct ledger_line *line = &book->journals[j].lines[k];

                if (line->account != balance->account || strcmp(line->asset, balance->asset) != 0)
                    continue;
                sum += line->amount;
                assert_int_equal(line->seq, ++seq);
                assert_int_equal(line->balance_after, sum);
            }
        }
        assert_int_equal(balance->amount, sum);
        assert_int_equal(balance->seq, seq);
    }
}

static void random_step(struct book *book, struct model *model, const struct random_source *random)
{
    int order = (int)random_below(random, ORDERS);
    enum ledger_side side = random_below(random, 2) == 0 ? LEDGER_BUY : LEDGER_SELL;
    int64_t quantity = (int64_t)(random_below(random, 5) + 1) * SHARE;
    int64_t amount = (int64_t)random_below(random, 600) * DOLLAR;
    int64_t price = (int64_t)(random_below(random, 100) + 1) * DOLLAR;
    struct uuid id = id_of("order", order);
    struct error error;

    switch (random_below(random, 5)) {
    case 0:
    case 1:
        assert_int_equal(model_reserve(model, order, side, quantity, amount),
                         reserve(book, order, side, quantity, amount, &error));
        break;
    case 2:
    case 3:
        if (random_below(random, 4) != 0 && model->orders[order].state == OPEN) {
            side = model->orders[order].side;
            quantity = model->orders[order].quantity;
        }
        // A part of an order is another test's; the model knows whole ones.
        if (model->orders[order].state == OPEN && quantity < model->orders[order].quantity)
            break;
        assert_int_equal(model_fill(model, order, side, quantity, price),
                         fill(book, order, 1, side, quantity, price, &error));
        break;
    default:
        model->orders[order].state = OVER;
        ledger_release(book, id.string);
        break;
    }
}

static void random_operations_keep_the_books_right(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        uint64_t position = seed;
        struct random_source random = random_seeded(&position);
        OWNED(book) book = book_with(2000 * DOLLAR);
        struct model model = {.cash = 2000 * DOLLAR};

        for (int i = 0; i < 150; i++) {
            random_step(book, &model, &random);
            check_invariants(book, &model);
        }
        check_entries(book);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations_keep_the_books_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
