// SPDX-License-Identifier: MIT
// The book of resting orders: what a quote costs that triggers one of so many.
//
//     bench_orders ORDERS SYMBOLS
//
// Half of the orders are limits, a quarter stops, a quarter trail. Prints the nanoseconds of a
// quote that triggers one order, the order taken out and another one put in; of a quote that
// triggers none; of a quote that is a new high, which moves what trails there; of adding an order;
// and the bytes an order takes.
#include "matcher/order_book.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CENT INT64_C(10000)
#define MIDDLE (INT64_C(1000000) * CENT)

enum { TICKS = 20000, SPREAD = 100000 };

static double now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static void name_ticker(size_t number, char out_ticker[ORDER_TICKER_SIZE])
{
    (void)snprintf(out_ticker, ORDER_TICKER_SIZE, "S%06u", (unsigned)(number % 1000000));
}

static struct order order_of(size_t number, size_t symbols, uint64_t *random)
{
    struct order order = {.quantity = 1, .expires_at = INT64_MAX, .created_at = 1, .starts_at = 1};
    int64_t distance = CENT * (int64_t)(1 + next_random(random) % SPREAD);

    (void)snprintf(order.id, sizeof order.id, "%08x-0000-7000-8000-%012x", (unsigned)number,
                   (unsigned)next_random(random));
    name_ticker(number % symbols, order.ticker);
    order.side = next_random(random) % 2 == 0 ? ORDER_BUY : ORDER_SELL;
    // By a random number too: one symbol has orders of all types.
    switch (next_random(random) % 4) {
    case 0:
        order.type = ORDER_STOP;
        order.stop_price = order.side == ORDER_BUY ? MIDDLE + distance : MIDDLE - distance;
        break;
    case 1:
        order.type = ORDER_TRAILING_STOP;
        order.trail_price = distance;
        (void)fill_trail(&order, MIDDLE);
        break;
    default:
        order.type = ORDER_LIMIT;
        order.limit_price = order.side == ORDER_BUY ? MIDDLE - distance : MIDDLE + distance;
    }
    return order;
}

static struct quote quote_of(int64_t price)
{
    struct quote quote = {.price_micros = price, .bid_micros = price, .ask_micros = price};

    quote.quoted_at = 2;
    return quote;
}

static void count_match(void *context,
                        struct resting *order,
                        enum fill_action action,
                        const struct fill_offer *offer,
                        const struct fill_moment *moment)
{
    size_t *count = context;

    (void)order;
    (void)action;
    (void)offer;
    (void)moment;
    (*count)++;
}

static size_t show(struct order_book *book, struct lane *lane, int64_t price)
{
    size_t count = 0;
    const struct order_book_watcher watcher = {count_match, &count};
    const struct quote quote = quote_of(price);
    const struct fill_moment moment = fill_moment_past(&quote);

    order_book_show(book, lane, &quote, &moment, &watcher);
    return count;
}

// A quote that one order waits for: one alone is that near to the price.
static double measure_trigger(struct order_book *book, size_t symbols, size_t ticks)
{
    double from = now_ns();

    for (size_t i = 0; i < ticks; i++) {
        struct order order = {.type = ORDER_LIMIT,
                              .quantity = 1,
                              .limit_price = MIDDLE - CENT / 2,
                              .expires_at = INT64_MAX,
                              .created_at = 1,
                              .starts_at = 1};

        (void)snprintf(order.id, sizeof order.id, "ffffffff-0000-7000-8000-%012x", (unsigned)i);
        name_ticker(i % symbols, order.ticker);
        (void)order_book_add(book, &order, false);
        if (show(book, order_book_lane(book, order.ticker), MIDDLE - CENT / 2) != 1)
            abort();
        order_book_remove(book, order.id);
    }
    return (now_ns() - from) / (double)ticks;
}

// Quotes at that price, or each a little higher than the one before.
static double measure_ticks(struct order_book *book, size_t symbols, size_t ticks, int64_t rise)
{
    struct lane **lanes = allocate_array(symbols, sizeof(struct lane *));
    double from = 0;
    char ticker[ORDER_TICKER_SIZE];

    for (size_t i = 0; i < symbols; i++) {
        name_ticker(i, ticker);
        lanes[i] = order_book_lane(book, ticker);
    }
    from = now_ns();
    for (size_t i = 0; i < ticks; i++) {
        if (show(book, lanes[i % symbols], MIDDLE + rise * (int64_t)(i / symbols + 1)) != 0)
            abort();
    }
    release(lanes);
    return (now_ns() - from) / (double)ticks;
}

int main(int argc, char **argv)
{
    size_t orders = argc > 1 ? (size_t)strtoull(argv[1], NULL, 10) : 1000;
    size_t symbols = argc > 2 ? (size_t)strtoull(argv[2], NULL, 10) : 1;
    OWNED(order_book) book = order_book_new();
    uint64_t random = 1;
    size_t before = mallinfo2().uordblks;
    double from = now_ns();
    double add = 0;
    double first = 0;
    double trigger = 0;
    double nothing = 0;
    size_t bytes = 0;

    if (orders == 0 || symbols == 0)
        return 2;
    for (size_t i = 0; i < orders; i++) {
        struct order order = order_of(i, symbols, &random);

        (void)order_book_add(book, &order, false);
    }
    add = (now_ns() - from) / (double)orders;
    bytes = (mallinfo2().uordblks - before) / orders;
    first = measure_trigger(book, symbols, 1);
    (void)measure_trigger(book, symbols, symbols);
    trigger = measure_trigger(book, symbols, TICKS);
    nothing = measure_ticks(book, symbols, TICKS, 0);
    // Less than a cent in all, so that no limit is reached.
    printf("%.1f %.1f %.1f %.1f %zu %.1f\n", trigger, nothing,
           measure_ticks(book, symbols, symbols > 10 ? symbols : 10, 10), add, bytes, first);
    return 0;
}
