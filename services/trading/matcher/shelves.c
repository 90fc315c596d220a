// SPDX-License-Identifier: MIT
#include "matcher/shelves.h"

bool shelves_has_stop(const struct resting *order)
{
    return order->stop_price > 0 && order->triggered_at == 0;
}

static bool is_timed(const struct resting *order)
{
    return order->time_in_force == ORDER_OPG || order->time_in_force == ORDER_CLS ||
           (order->terms != NULL && order->terms->terms.latency_ms > 0 &&
            !order_book_goes_by_bars(order));
}

static struct heap *water_of(const struct resting *order)
{
    struct shelves *shelves = order->lane->shelves;

    return order->side == ORDER_BUY ? &shelves->buy_waters : &shelves->sell_waters;
}

// Where an order waits and under which key: the one that a price reaches first has the least.
static enum shelf shelf_of(const struct resting *order, int64_t *out_key)
{
    bool is_buy = order->side == ORDER_BUY;

    if (shelves_has_stop(order)) {
        *out_key = is_buy ? order->stop_price : -order->stop_price;
        return is_buy ? SHELF_BUY_STOP : SHELF_SELL_STOP;
    }
    // One that does not rest has to see the first quote, whatever its price.
    if (order->limit_price > 0 &&
        order_time_in_force_rests((enum order_time_in_force)order->time_in_force)) {
        *out_key = is_buy ? -order->limit_price : order->limit_price;
        return is_buy ? SHELF_BUY_LIMIT : SHELF_SELL_LIMIT;
    }
    *out_key = 0;
    return SHELF_ANY;
}

static struct heap *heap_of(const struct resting *order, int64_t *out_key)
{
    enum shelf_hours hours = order->extended_hours ? SHELF_EXTENDED : SHELF_REGULAR;

    if (order_book_goes_by_bars(order)) {
        *out_key = shelves_has_stop(order) ? 0 : 1;
        return &order->lane->shelves->bars;
    }
    return &order->lane->shelves->prices[hours][shelf_of(order, out_key)];
}

void shelves_put(struct resting *order, uint64_t *next_number)
{
    int64_t key = 0;
    struct heap *heap = heap_of(order, &key);

    heap_put(heap, &order->place, key, (*next_number)++);
    if (order->type == ORDER_TRAILING_STOP && !order_book_goes_by_bars(order))
        heap_put(water_of(order), &order->water,
                 order->side == ORDER_BUY ? -order->high_water : order->high_water,
                 (*next_number)++);
}

void shelves_put_new(struct resting *order, uint64_t *next_number)
{
    order->is_waiting = is_timed(order);
    if (order->is_waiting)
        heap_put(&order->lane->shelves->timed, &order->place, order->starts_at, (*next_number)++);
    else
        shelves_put(order, next_number);
}

void shelves_remove(struct resting *order)
{
    int64_t key = 0;

    heap_remove(order->is_waiting ? &order->lane->shelves->timed : heap_of(order, &key),
                &order->place);
    heap_remove(water_of(order), &order->water);
}

static struct resting *resting_of(struct heap_node *place)
{
    return (struct resting *)(void *)((char *)place - offsetof(struct resting, place));
}

static struct resting *resting_of_water(struct heap_node *water)
{
    return (struct resting *)(void *)((char *)water - offsetof(struct resting, water));
}

struct resting *shelves_next_timed(const struct shelves *shelves, int64_t quoted_at)
{
    struct heap_node *least = shelves->timed.least;

    return least != NULL && least->key <= quoted_at ? resting_of(least) : NULL;
}

static bool reaches(enum shelf shelf, int64_t key, const struct quote *quote)
{
    switch (shelf) {
    case SHELF_ANY:
        return true;
    case SHELF_BUY_LIMIT:
        return quote->ask_micros > 0 && -key >= quote->ask_micros;
    case SHELF_SELL_LIMIT:
        return quote->bid_micros >= key;
    case SHELF_BUY_STOP:
        return quote->price_micros >= key;
    case SHELF_SELL_STOP:
        return quote->price_micros > 0 && quote->price_micros <= -key;
    }
    return false;
}

struct resting *shelves_next_reached(const struct shelves *shelves,
                                     enum shelf_hours hours,
                                     enum shelf shelf,
                                     const struct quote *quote)
{
    struct heap_node *least = shelves->prices[hours][shelf].least;

    return least != NULL && reaches(shelf, least->key, quote) ? resting_of(least) : NULL;
}

struct resting *shelves_next_moved(const struct shelves *shelves, int64_t price)
{
    struct heap_node *sell = shelves->sell_waters.least;
    struct heap_node *buy = shelves->buy_waters.least;

    if (sell != NULL && sell->key < price)
        return resting_of_water(sell);
    return buy != NULL && -buy->key > price ? resting_of_water(buy) : NULL;
}

struct resting *shelves_next_of_bars(const struct shelves *shelves)
{
    return shelves->bars.least != NULL ? resting_of(shelves->bars.least) : NULL;
}
