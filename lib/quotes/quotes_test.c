// SPDX-License-Identifier: MIT
// The copy against a market played here: the subscriber and the client are stand-ins, so that each
// test says exactly what arrives, in which order, and what is lost.
#include "quotes/quotes.h"

#include "bourse/market/v1/market.pb-c.h"
#include "bourse/market/v1/market_client.h"
#include "rpc/rpc_topic.h"

#include "support/wait.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { SYMBOLS_MAX = 8 };

struct market {
    struct rpc_subscriber_options subscriber;
    struct arena *arena;
    uint64_t epoch, sequence;
    bool is_absent;
    size_t page_size;
    int snapshots;
    const char *tickers[SYMBOLS_MAX]; // in order
    int64_t prices[SYMBOLS_MAX];
    size_t symbol_count;
    int64_t now, speed_micros;
    bool is_open;
    Market__Session session;
    int64_t next_open, next_close, extended_end;
    int64_t volume;
    _Atomic int told, told_gaps;
    _Atomic int64_t last_told_price;
    pthread_mutex_t hold; // locked by a test that makes `changed` slow
    bool is_on_demand;
    bool is_simulated;
    char wanted[SYMBOLS_MAX][16]; // told so far, guarded by `hold`
    size_t wanted_count, wanted_calls;
};

static struct market *the_market; // the one the stand-ins below belong to

bool rpc_subscriber_new(const struct rpc_subscriber_options *options,
                        struct rpc_subscriber **out_subscriber,
                        struct error *error)
{
    (void)error;
    the_market->subscriber = *options;
    *out_subscriber = (struct rpc_subscriber *)the_market;
    return true;
}

void rpc_subscriber_free(struct rpc_subscriber **subscriber)
{
    *subscriber = NULL;
}

struct call call_start(struct arena *arena, int64_t timeout_ms)
{
    (void)timeout_ms;
    return (struct call){.arena = arena};
}

static Market__Clock *make_clock(struct market *market, struct arena *arena)
{
    Market__Clock *clock = arena_allocate(arena, sizeof *clock);

    market__clock__init(clock);
    clock->mode = MARKET__CLOCK_MODE__CLOCK_MODE_REPLAY;
    clock->has_mode = clock->has_now = clock->has_speed_micros = true;
    clock->now = market->now;
    clock->speed_micros = market->speed_micros;
    clock->is_open = market->is_open;
    clock->session = market->session;
    clock->has_next_open = clock->has_next_close = true;
    clock->next_open = market->next_open;
    clock->next_close = market->next_close;
    clock->extended_end = market->extended_end;
    return clock;
}

static Market__Quote *make_quote(struct market *market, size_t index, struct arena *arena)
{
    Market__Quote *quote = arena_allocate(arena, sizeof *quote);

    market__quote__init(quote);
    quote->ticker = market->tickers[index];
    quote->has_price_micros = quote->has_quoted_at = quote->has_valid_until = true;
    quote->price_micros = market->prices[index];
    quote->quoted_at = market->now;
    quote->has_volume = true;
    quote->volume = market->volume;
    quote->valid_until = market->now + 1000;
    return quote;
}

bool market_client_get_quote_snapshot(struct rpc_client *client,
                                      struct call *call,
                                      const Market__GetQuoteSnapshotRequest *request,
                                      Market__GetQuoteSnapshotResponse **out_response,
                                      struct error *error)
{
    struct market *market = (struct market *)client;
    Market__GetQuoteSnapshotResponse *page = arena_allocate(call->arena, sizeof *page);

    if (market->is_absent)
        return error_set(error, REASON_UNAVAILABLE, "market is away");
    market->snapshots++;
    market__get_quote_snapshot_response__init(page);
    page->quotes = arena_allocate(call->arena, SYMBOLS_MAX * sizeof *page->quotes);
    for (size_t i = 0; i < market->symbol_count; i++) {
        if (strcmp(market->tickers[i], request->after_ticker) <= 0)
            continue;
        if (page->n_quotes == market->page_size) {
            page->more = true;
            break;
        }
        page->quotes[page->n_quotes++] = make_quote(market, i, call->arena);
    }
    page->clock = make_clock(market, call->arena);
    page->epoch = market->epoch;
    page->sequence = market->sequence;
    page->has_on_demand = true;
    page->on_demand = market->is_on_demand;
    page->has_simulated = true;
    page->simulated = market->is_simulated;
    *out_response = page;
    return true;
}

bool market_client_want_quotes(struct rpc_client *client,
                               struct call *call,
                               const Market__WantQuotesRequest *request,
                               Market__WantQuotesResponse **out_response,
                               struct error *error)
{
    struct market *market = (struct market *)client;

    (void)call;
    (void)out_response;
    (void)error;
    (void)pthread_mutex_lock(&market->hold);
    for (size_t i = 0; i < request->n_tickers && market->wanted_count < SYMBOLS_MAX; i++)
        (void)snprintf(market->wanted[market->wanted_count++], sizeof market->wanted[0], "%s",
                       request->tickers[i]);
    market->wanted_calls++;
    (void)pthread_mutex_unlock(&market->hold);
    return true;
}

static void publish_as(struct market *market, const char *ticker, int64_t price, bool is_lost)
{
    Market__QuotePublication publication = MARKET__QUOTE_PUBLICATION__INIT;
    Market__Quote *quotes[1];
    unsigned char bytes[512];
    size_t length;

    arena_reset(market->arena);
    for (size_t i = 0; i < market->symbol_count && ticker != NULL; i++) {
        if (strcmp(market->tickers[i], ticker) != 0)
            continue;
        market->prices[i] = price;
        quotes[0] = make_quote(market, i, market->arena);
        publication.quotes = quotes;
        publication.n_quotes = 1;
    }
    publication.clock = make_clock(market, market->arena);
    assert_true(market__quote_publication__get_packed_size(&publication) <= sizeof bytes);
    length = market__quote_publication__pack(&publication, bytes);
    market->sequence++;
    if (!is_lost)
        market->subscriber.receive(market->subscriber.context,
                                   (struct text){(const char *)bytes, length}, market->epoch,
                                   market->sequence, false);
}

static void publish(struct market *market, const char *ticker, int64_t price)
{
    publish_as(market, ticker, price, false);
}

static void changed(void *context,
                    const struct quote *quotes,
                    size_t count,
                    const struct platform_clock *clock,
                    bool gap)
{
    struct market *market = context;

    (void)clock;
    (void)pthread_mutex_lock(&market->hold);
    // A test publishes rising prices of one symbol, so anything else is out of order.
    for (size_t i = 0; i < count; i++) {
        if (strcmp(quotes[i].ticker, "AAPL") != 0)
            continue;
        assert_true(quotes[i].price_micros >= atomic_load(&market->last_told_price));
        atomic_store(&market->last_told_price, quotes[i].price_micros);
    }
    atomic_fetch_add(&market->told, 1);
    atomic_fetch_add(&market->told_gaps, gap ? 1 : 0);
    (void)pthread_mutex_unlock(&market->hold);
}

static int set_up(void **state)
{
    struct market *market = allocate(sizeof *market);

    market->arena = arena_new(1024 * 1024);
    market->epoch = 7;
    market->page_size = 2;
    market->now = 1000;
    market->session = MARKET__SESSION__SESSION_CLOSED;
    market->next_open = 5000;
    market->next_close = 9000;
    for (const char *const *ticker = (const char *const[]){"AAPL", "IBM", "KO", "MSFT", "T", NULL};
         *ticker != NULL; ticker++) {
        market->tickers[market->symbol_count] = *ticker;
        market->prices[market->symbol_count++] = 100;
    }
    (void)pthread_mutex_init(&market->hold, NULL);
    the_market = market;
    *state = market;
    return 0;
}

static int tear_down(void **state)
{
    struct market *market = *state;

    (void)pthread_mutex_destroy(&market->hold);
    arena_free(&market->arena);
    release(market);
    return 0;
}

static struct quotes *follow(struct market *market, bool wants_changes)
{
    struct quotes_options options = {.market = (struct rpc_client *)market,
                                     .market_addresses = "played:1",
                                     .changed = wants_changes ? changed : NULL,
                                     .context = market};
    struct quotes *quotes = NULL;
    struct error error;

    assert_true(quotes_new(&options, &quotes, &error));
    return quotes;
}

static int64_t price_of(struct quotes *quotes, const char *ticker)
{
    struct quote quote;

    return quotes_get(quotes, ticker, &quote) ? quote.price_micros : 0;
}

static void nothing_is_known_before_the_first_snapshot(void **state)
{
    OWNED(quotes) quotes = follow(*state, false);
    struct platform_clock clock;
    struct clock time = quotes_time(quotes);

    assert_false(quotes_is_ready(quotes));
    assert_false(quotes_clock(quotes, &clock));
    assert_int_equal(price_of(quotes, "AAPL"), 0);
    assert_int_equal(clock_now_us(&time), 0);
}

static void the_first_publication_brings_a_snapshot_of_all_pages(void **state)
{
    struct market *market = *state;
    OWNED(quotes) quotes = follow(market, false);

    publish(market, NULL, 0);
    assert_true(quotes_is_ready(quotes));
    assert_int_equal(market->snapshots, 3);
    assert_int_equal(price_of(quotes, "AAPL"), 100);
    assert_int_equal(price_of(quotes, "T"), 100);
}

static void silence_at_the_start_brings_one_too(void **state)
{
    struct market *market = *state;
    OWNED(quotes) quotes = follow(market, false);

    market->subscriber.quiet(market->subscriber.context);
    assert_true(quotes_is_ready(quotes));
    market->subscriber.quiet(market->subscriber.context);
    assert_int_equal(market->snapshots, 3);
}

static void publications_in_order_cost_no_further_snapshot(void **state)
{
    struct market *market = *state;
    OWNED(quotes) quotes = follow(market, false);

    publish(market, NULL, 0);
    publish(market, "IBM", 101);
    publish(market, "IBM", 102);
    assert_int_equal(price_of(quotes, "IBM"), 102);
    assert_int_equal(market->snapshots, 3);
}

static void a_lost_publication_is_made_good_by_a_snapshot(void **state)
{
    struct market *market = *state;
    OWNED(quotes) quotes = follow(market, false);

    publish(market, NULL, 0);
    publish_as(market, "IBM", 150, true);
    publish(market, "KO", 43);
    assert_int_equal(price_of(quotes, "IBM"), 150);
    assert_int_equal(price_of(quotes, "KO"), 43);
    assert_int_equal(market->snapshots, 6);
}

static void while_something_is_missing_every_quote_is_stale(void **state)
{
    struct market *market = *state;
    OWNED(quotes) quotes = follow(market, false);
    struct quote quote;

    publish(market, NULL, 0);
    market->is_absent = true;
    publish_as(market, "IBM", 150, true);
    publish(market, "KO", 43);
    assert_true(quotes_get(quotes, "AAPL", &quote));
    assert_true(quote.stale);
    assert_false(quotes_is_ready(quotes));
    market->is_absent = false;
    publish(market, NULL, 0);
    assert_true(quotes_get(quotes, "IBM", &quote));
    assert_false(quote.stale);
    assert_int_equal(quote.price_micros, 150);
}

static void a_market_started_anew_is_asked_for_everything(void **state)
{
    struct market *market = *state;
    OWNED(quotes) quotes = follow(market, false);

    publish(market, NULL, 0);
    market->epoch = 8;
    market->sequence = 0;
    market->prices[0] = 77;
    publish(market, NULL, 0);
    assert_int_equal(price_of(quotes, "AAPL"), 77);
}

static void a_quote_is_stale_from_the_moment_until_which_it_is_valid(void **state)
{
    struct market *market = *state;
    OWNED(quotes) quotes = follow(market, false);
    struct quote quote;

    publish(market, NULL, 0);
    market->now = 1999;
    publish(market, NULL, 0);
    assert_true(quotes_get(quotes, "AAPL", &quote));
    assert_false(quote.stale);
    market->now = 2000;
    publish(market, NULL, 0);
    assert_true(quotes_get(quotes, "AAPL", &quote));
    assert_true(quote.stale);
}

static struct platform_clock wait_until(struct quotes *quotes, int64_t time)
{
    struct platform_clock clock = {.now = 0};
    int64_t deadline_us = clock_monotonic_us() + 5 * MICROS_PER_SECOND;

    while (clock.now < time && clock_monotonic_us() < deadline_us)
        assert_true(quotes_clock(quotes, &clock));
    return clock;
}

static void the_clock_runs_on_at_its_speed_and_knows_when_the_session_opens(void **state)
{
    struct market *market = *state;
    OWNED(quotes) quotes = follow(market, false);
    struct platform_clock clock;

    publish(market, NULL, 0);
    assert_true(quotes_clock(quotes, &clock));
    assert_int_equal(clock.now, 1000);
    assert_false(clock.is_open);
    market->speed_micros = 1000; // a platform microsecond each millisecond
    market->now = 4990;
    publish(market, NULL, 0);
    assert_true(wait_until(quotes, 5000).is_open);
}

// Reads the clock until the end of the day; each part of it is known by the time alone.
static void assert_sessions(struct quotes *quotes, int64_t from)
{
    struct platform_clock clock = {.now = 0};

    // It runs on for three seconds at least, which are more than enough.
    for (clock = wait_until(quotes, from); clock.now < 9020 && clock.speed_micros > 0;
         clock = wait_until(quotes, from))
        assert_int_equal(clock.session, clock.now < 5000   ? MARKET__SESSION__SESSION_PRE_MARKET
                                        : clock.now < 9000 ? MARKET__SESSION__SESSION_REGULAR
                                                           : MARKET__SESSION__SESSION_AFTER_HOURS);
    assert_int_equal(clock.session, MARKET__SESSION__SESSION_CLOSED);
}

static void the_clock_knows_the_part_of_the_day_until_market_is_heard_of_again(void **state)
{
    struct market *market = *state;
    OWNED(quotes) quotes = follow(market, false);

    market->speed_micros = 100000; // a hundred platform microseconds each millisecond
    market->now = 4000;
    market->session = MARKET__SESSION__SESSION_PRE_MARKET;
    market->extended_end = 9020;
    publish(market, NULL, 0);
    assert_int_equal(wait_until(quotes, 4000).speed_micros, 100000);
    assert_sessions(quotes, 4000);
    market->epoch++; // a new market may be at an earlier time
    market->now = 8000;
    market->is_open = true;
    market->session = MARKET__SESSION__SESSION_REGULAR;
    market->next_open = 20000;
    publish(market, NULL, 0);
    assert_sessions(quotes, 8000);
}

static void the_clock_stands_and_says_so_when_market_is_silent(void **state)
{
    struct market *market = *state;
    OWNED(quotes) quotes = follow(market, false);
    struct platform_clock clock = {.now = 0};
    int64_t deadline_us = clock_monotonic_us() + 10 * MICROS_PER_SECOND;

    market->speed_micros = 1000;
    publish(market, NULL, 0);
    assert_true(quotes_clock(quotes, &clock));
    assert_int_equal(clock.speed_micros, 1000);
    while (clock.speed_micros > 0 && clock_monotonic_us() < deadline_us)
        assert_true(quotes_clock(quotes, &clock));
    assert_int_equal(clock.speed_micros, 0);
    assert_int_equal(clock.now, 1000 + 3000);
    publish(market, NULL, 0);
    assert_true(quotes_clock(quotes, &clock));
    assert_int_equal(clock.speed_micros, 1000);
}

static void a_market_around_the_clock_is_open_when_its_day_ends(void **state)
{
    struct market *market = *state;
    OWNED(quotes) quotes = follow(market, false);

    market->speed_micros = 1000;
    market->now = 8995;
    market->is_open = true;
    market->session = MARKET__SESSION__SESSION_REGULAR;
    market->next_open = market->next_close;
    publish(market, NULL, 0);
    assert_true(wait_until(quotes, 8995).is_open);
    assert_true(wait_until(quotes, 9000).is_open);
    assert_int_equal(wait_until(quotes, 9000).session, MARKET__SESSION__SESSION_REGULAR);
}

static void the_clock_never_goes_back_within_one_epoch(void **state)
{
    struct market *market = *state;
    OWNED(quotes) quotes = follow(market, false);
    struct platform_clock clock;

    publish(market, NULL, 0);
    assert_true(quotes_clock(quotes, &clock));
    market->now = 900;
    publish(market, NULL, 0);
    assert_true(quotes_clock(quotes, &clock));
    assert_int_equal(clock.now, 1000);
    market->epoch = 8;
    publish(market, NULL, 0);
    assert_true(quotes_clock(quotes, &clock));
    assert_int_equal(clock.now, 900);
}

static void a_slow_listener_is_told_everything_in_order(void **state)
{
    struct market *market = *state;
    OWNED(quotes) quotes = follow(market, true);
    struct error error;

    (void)pthread_mutex_lock(&market->hold);
    publish(market, NULL, 0);
    for (int64_t price = 101; price <= 200; price++)
        publish(market, "AAPL", price);
    assert_int_equal(price_of(quotes, "AAPL"), 200);
    (void)pthread_mutex_unlock(&market->hold);
    assert_true(quotes_synchronize(quotes, 5000, &error));
    assert_int_equal(atomic_load(&market->last_told_price), 200);
    assert_int_equal(atomic_load(&market->told_gaps), 1);
}

static void a_listener_too_slow_for_too_long_is_told_of_a_gap(void **state)
{
    struct market *market = *state;
    OWNED(quotes) quotes = follow(market, true);
    struct error error;

    publish(market, NULL, 0);
    assert_true(quotes_synchronize(quotes, 5000, &error));
    (void)pthread_mutex_lock(&market->hold);
    for (int64_t price = 101; price <= 5000; price++)
        publish(market, "AAPL", price);
    (void)pthread_mutex_unlock(&market->hold);
    assert_true(quotes_synchronize(quotes, 5000, &error));
    assert_int_equal(atomic_load(&market->last_told_price), 5000);
    assert_int_equal(atomic_load(&market->told_gaps), 2);
    assert_true(atomic_load(&market->told) < 4900);
}

static void synchronizing_fails_when_the_copy_does_not_catch_up(void **state)
{
    struct market *market = *state;
    OWNED(quotes) quotes = follow(market, false);
    struct error error;

    publish(market, NULL, 0);
    assert_true(quotes_synchronize(quotes, 1000, &error));
    publish_as(market, "IBM", 150, true);
    assert_false(quotes_synchronize(quotes, 20, &error));
    assert_string_equal(error.reason, "UNAVAILABLE");
}

static size_t count_wanted(struct market *market)
{
    size_t count = 0;

    (void)pthread_mutex_lock(&market->hold);
    count = market->wanted_count;
    (void)pthread_mutex_unlock(&market->hold);
    return count;
}

// Waits until so many tickers have been told, and no more.
static void wait_wanted(struct market *market, size_t count)
{
    assert_true_within(10000, count_wanted(market) >= count);
    assert_int_equal(count_wanted(market), count);
}

static void a_market_that_fetches_what_is_wanted_is_told_what_is_read(void **state)
{
    struct market *market = *state;
    struct quotes *quotes;

    market->is_on_demand = true;
    quotes = follow(market, false);
    publish(market, NULL, 0);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(price_of(quotes, "IBM"), 100);
        assert_int_equal(price_of(quotes, "NEW"), 0);
        assert_int_equal(price_of(quotes, "not a ticker"), 0);
        assert_int_equal(price_of(quotes, ".."), 0);
    }
    wait_wanted(market, 2);
    assert_string_equal(market->wanted[0], "NEW");
    assert_string_equal(market->wanted[1], "IBM");
    assert_int_equal(market->wanted_calls, 1);
    // What is read again is told again.
    assert_int_equal(price_of(quotes, "KO"), 100);
    wait_wanted(market, 3);
    assert_string_equal(market->wanted[2], "KO");
    // And what is waited for without being read.
    quotes_want(quotes, "T");
    quotes_want(quotes, "OTHER");
    wait_wanted(market, 5);
    assert_string_equal(market->wanted[3], "OTHER");
    assert_string_equal(market->wanted[4], "T");
    quotes_free(&quotes);
}

static void a_market_that_has_all_prices_is_told_nothing(void **state)
{
    struct market *market = *state;
    struct quotes *quotes = follow(market, false);

    publish(market, NULL, 0);
    assert_int_equal(price_of(quotes, "IBM"), 100);
    assert_int_equal(price_of(quotes, "NEW"), 0);
    quotes_want(quotes, "KO");
    // Its end waits for whatever thread there is, so nothing comes after it.
    quotes_free(&quotes);
    assert_int_equal(market->wanted_calls, 0);
}

static void a_market_that_makes_its_prices_up_is_known(void **state)
{
    struct market *market = *state;
    struct quotes *quotes;

    quotes = follow(market, false);
    publish(market, NULL, 0);
    assert_false(quotes_is_simulated(quotes));
    quotes_free(&quotes);
    market->is_simulated = true;
    quotes = follow(market, false);
    publish(market, NULL, 0);
    assert_true(quotes_is_simulated(quotes));
    quotes_free(&quotes);
}

// What had been traded when the quote of a symbol that is published now came.
static int64_t
volume_before(struct market *market, struct quotes *quotes, int64_t passed, int64_t volume)
{
    struct quote quote;

    market->now += passed;
    market->volume = volume;
    publish(market, "IBM", 101);
    assert_true(quotes_get(quotes, "IBM", &quote));
    assert_int_equal(quote.volume, volume);
    return quote.volume_before;
}

static void a_quote_knows_what_was_traded_in_its_session_before_it(void **state)
{
    const int64_t day = INT64_C(86400) * MICROS_PER_SECOND;
    struct market *market = *state;
    OWNED(quotes) quotes = follow(market, false);

    market->now = day * 3 / 2;
    market->volume = 300;
    publish(market, NULL, 0);
    // Of one that was there when the copy began nothing is known to be its own.
    assert_int_equal(volume_before(market, quotes, 0, 300), 300);
    assert_int_equal(volume_before(market, quotes, 1, 450), 300);
    // The same once more, and one of another session.
    assert_int_equal(volume_before(market, quotes, 0, 450), 300);
    assert_int_equal(volume_before(market, quotes, day, 500), 0);
    assert_int_equal(volume_before(market, quotes, 1, 100), 0);
}

static void a_session_is_within_a_day_of_utc_or_of_new_yorks_winter(void **state)
{
    const int64_t hour = INT64_C(3600) * MICROS_PER_SECOND;

    (void)state;
    assert_true(quotes_same_session(24 * hour, 48 * hour - 1));
    assert_false(quotes_same_session(36 * hour, 60 * hour));
    // The evening of New York is the next day of UTC.
    assert_true(quotes_same_session(38 * hour, 48 * hour + hour / 2));
    assert_false(quotes_same_session(38 * hour, 62 * hour));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_known_before_the_first_snapshot, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_first_publication_brings_a_snapshot_of_all_pages,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(silence_at_the_start_brings_one_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(publications_in_order_cost_no_further_snapshot, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_lost_publication_is_made_good_by_a_snapshot, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(while_something_is_missing_every_quote_is_stale, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_market_started_anew_is_asked_for_everything, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_quote_is_stale_from_the_moment_until_which_it_is_valid,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            the_clock_runs_on_at_its_speed_and_knows_when_the_session_opens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            the_clock_knows_the_part_of_the_day_until_market_is_heard_of_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_clock_stands_and_says_so_when_market_is_silent, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_market_around_the_clock_is_open_when_its_day_ends, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_clock_never_goes_back_within_one_epoch, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_slow_listener_is_told_everything_in_order, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_listener_too_slow_for_too_long_is_told_of_a_gap, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(synchronizing_fails_when_the_copy_does_not_catch_up, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_market_that_fetches_what_is_wanted_is_told_what_is_read,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_market_that_has_all_prices_is_told_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_market_that_makes_its_prices_up_is_known, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_quote_knows_what_was_traded_in_its_session_before_it,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_session_is_within_a_day_of_utc_or_of_new_yorks_winter,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
