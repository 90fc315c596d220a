// SPDX-License-Identifier: MIT
#include "ledger/lot.h"

#include <assert.h>
#include <string.h>

#include "money/money.h"

bool lot_has(const struct lot *lot, const char *ticker, int64_t series, int64_t number)
{
    return lot->series == series && strcmp(lot->ticker, ticker) == 0 &&
           number > lot->quantity_after - lot->quantity && number <= lot->quantity_after;
}

// `whole` times part / quantity, rounded towards 0; `part` is at most `quantity`.
static int64_t share_of(int64_t whole, int64_t part, int64_t quantity)
{
    int64_t share = 0;
    bool fits = money_scale_down(whole, part, quantity, &share);

    assert(part >= 0 && part <= quantity && fits);
    (void)fits;
    return share;
}

int64_t lot_cost_until(const struct lot *lot, int64_t number)
{
    int64_t before = lot->quantity_after - lot->quantity;

    return lot->cost_after - lot->cost + share_of(lot->cost, number - before, lot->quantity);
}

static int64_t larger(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

static int64_t smaller(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

struct lot_rest lot_rest_after(const struct lot *lot, int64_t sold)
{
    int64_t from = larger(sold, lot->quantity_after - lot->quantity);

    assert(sold < lot->quantity_after);
    return (struct lot_rest){.quantity = lot->quantity_after - from,
                             .cost = lot->cost_after - lot_cost_until(lot, from)};
}

struct closing lot_close(const struct lot *lot, const struct sale *sale)
{
    int64_t sold_before = sale->quantity_after - sale->quantity;
    int64_t from = larger(lot->quantity_after - lot->quantity, sold_before);
    int64_t until = smaller(lot->quantity_after, sale->quantity_after);
    struct closing closing = {.quantity = until - from, .quantity_after = until};

    assert(from < until);
    closing.cost = lot_cost_until(lot, until) - lot_cost_until(lot, from);
    closing.proceeds = share_of(sale->proceeds, until - sold_before, sale->quantity) -
                       share_of(sale->proceeds, from - sold_before, sale->quantity);
    closing.realized_pl = closing.proceeds - closing.cost;
    return closing;
}
