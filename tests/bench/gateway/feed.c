// SPDX-License-Identifier: MIT
// What the gateway needs of market for its benchmarks: a snapshot of some quotes, and publications
// of one of them after the other, 10 a second unless said, over the real RPC.
//
//     bench_gateway_feed HOST:PORT KEY_FILE QUOTES [PER_SECOND]
#include "base/digest.h"
#include "bourse/market/v1/market.pb-c.h"
#include "bourse/market/v1/market_methods.h"
#include "rpc/rpc_server.h"
#include "rpc/rpc_topic.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PAGE = 1000, PER_SECOND = 10, TICKER_SIZE = 16, PUBLICATION_BUDGET = 64 * 1024 };

struct feed {
    struct rpc_publisher *publisher;
    size_t count;
};

static void fill_clock(Market__Clock *clock)
{
    struct clock real = clock_real();

    clock->has_mode = clock->has_now = clock->has_as_of = clock->has_is_open = true;
    clock->mode = MARKET__CLOCK_MODE__CLOCK_MODE_REPLAY;
    clock->now = clock_now_us(&real);
    clock->as_of = clock->now;
    clock->has_speed_micros = true;
    clock->speed_micros = 1000000;
    clock->is_open = true;
    clock->has_next_open = clock->has_next_close = true;
    clock->next_close = clock->now + 3600 * MICROS_PER_SECOND;
    clock->next_open = clock->now + 24 * 3600 * MICROS_PER_SECOND;
}

// Q00000, Q00001 and so on, like a stock at about 95 dollars.
static void fill_quote(Market__Quote *quote, char ticker[TICKER_SIZE], size_t index)
{
    struct clock real = clock_real();

    snprintf(ticker, TICKER_SIZE, "Q%05zu", index % 100000);
    quote->ticker = ticker;
    quote->has_price_micros = quote->has_bid_micros = quote->has_ask_micros = true;
    quote->price_micros = quote->bid_micros = quote->ask_micros = 95108574;
    quote->has_open_micros = quote->has_high_micros = quote->has_low_micros = true;
    quote->open_micros = 95030000;
    quote->high_micros = 96450000;
    quote->low_micros = 94930000;
    quote->has_previous_close_micros = quote->has_volume = true;
    quote->previous_close_micros = 95030001;
    quote->volume = 12345678;
    quote->has_quoted_at = quote->has_valid_until = quote->has_stale = true;
    quote->quoted_at = clock_now_us(&real);
    quote->valid_until = quote->quoted_at + 3600 * MICROS_PER_SECOND;
    quote->source = "replay";
}

static bool answer_snapshot(void *service,
                            struct call *call,
                            const ProtobufCMessage *asked,
                            ProtobufCMessage *reply,
                            struct error *error)
{
    struct feed *feed = service;
    const Market__GetQuoteSnapshotRequest *request = (const Market__GetQuoteSnapshotRequest *)asked;
    Market__GetQuoteSnapshotResponse *response = (Market__GetQuoteSnapshotResponse *)reply;
    const char *after = request->after_ticker != NULL ? request->after_ticker : "";
    size_t first = after[0] == 'Q' ? strtoul(after + 1, NULL, 10) + 1 : 0;
    size_t count = feed->count - first < PAGE ? feed->count - first : PAGE;
    Market__Quote *quotes = arena_allocate(call->arena, count * sizeof *quotes);
    char(*tickers)[TICKER_SIZE] = arena_allocate(call->arena, count * sizeof *tickers);

    response->quotes = arena_allocate(call->arena, count * sizeof *response->quotes);
    response->clock = arena_allocate(call->arena, sizeof *response->clock);
    if (quotes == NULL || tickers == NULL || response->quotes == NULL || response->clock == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "No room for %zu quotes.", count);
    for (size_t i = 0; i < count; i++) {
        market__quote__init(&quotes[i]);
        fill_quote(&quotes[i], tickers[i], first + i);
        response->quotes[i] = &quotes[i];
    }
    response->n_quotes = count;
    market__clock__init(response->clock);
    fill_clock(response->clock);
    response->has_more = true;
    response->more = first + count < feed->count;
    response->has_epoch = response->has_sequence = true;
    rpc_publisher_position(feed->publisher, "quotes", &response->epoch, &response->sequence);
    return true;
}

static void publish(struct feed *feed, struct arena *arena, size_t index)
{
    Market__QuotePublication publication = MARKET__QUOTE_PUBLICATION__INIT;
    Market__Clock clock = MARKET__CLOCK__INIT;
    Market__Quote quote = MARKET__QUOTE__INIT;
    Market__Quote *quotes[] = {&quote};
    char ticker[TICKER_SIZE];
    struct text packed;
    struct error error;

    arena_reset(arena);
    fill_quote(&quote, ticker, index % feed->count);
    fill_clock(&clock);
    publication.n_quotes = 1;
    publication.quotes = quotes;
    publication.clock = &clock;
    if (message_pack(&publication.base, arena, &packed, &error))
        (void)rpc_publish(feed->publisher, "quotes", packed);
}

int main(int argc, char **argv)
{
    const struct rpc_handler handlers[] = {
        {.method = &market_method_get_quote_snapshot, .single = answer_snapshot}};
    struct feed feed = {.count = argc >= 4 ? strtoul(argv[3], NULL, 10) : 0};
    struct rpc_server_options options = {
        .service = "market", .handlers = handlers, .handler_count = 1, .context = &feed};
    size_t rate = argc == 5 ? strtoul(argv[4], NULL, 10) : PER_SECOND;
    int64_t began_us = clock_monotonic_us();
    size_t index = 0;
    OWNED(arena) arena = arena_new(PUBLICATION_BUDGET);
    OWNED(rpc_server) server = NULL;
    sigset_t signals;
    struct error error;

    if (feed.count == 0 || rate == 0) {
        fputs("usage: bench_gateway_feed HOST:PORT KEY_FILE QUOTES [PER_SECOND]\n", stderr);
        return 2;
    }
    digest_start();
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    options.listen = argv[1];
    if (!rpc_mesh_key_read(argv[2], &options.key, &error) ||
        !rpc_publisher_new(argv[1], &options.key, &feed.publisher, &error) ||
        !rpc_server_new(&options, &server, &error) || !rpc_server_start(server, &error)) {
        fprintf(stderr, "bench_gateway_feed: %s\n", error.message);
        rpc_publisher_free(&feed.publisher);
        return 1;
    }
    for (;;) {
        int64_t due_us = began_us + (int64_t)(index * 1000000 / rate) - clock_monotonic_us();
        struct timespec pause = {.tv_nsec = (due_us > 0 ? due_us % 1000000 : 0) * 1000L};

        if (sigtimedwait(&signals, NULL, &pause) >= 0)
            break;
        publish(&feed, arena, index++);
    }
    rpc_server_free(&server);
    rpc_publisher_free(&feed.publisher);
    return 0;
}
