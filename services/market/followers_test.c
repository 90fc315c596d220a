// SPDX-License-Identifier: MIT
// What a service that follows the market sees: its copy of the quotes, over real sockets.
#include "market_host.h"

#include "base/timestamp.h"
#include "quotes/quotes.h"
#include "support/wait.h"

#include <stdatomic.h>
#include <string.h>

struct follower {
    struct market_host *host;
    struct rpc_client *client;
    struct quotes *quotes;
    _Atomic int64_t last_price; // of S0000, which only rises from day to day
    _Atomic int told;
    _Atomic int gaps;
    atomic_bool went_back;
};

static int64_t at(const char *text)
{
    int64_t us = 0;

    assert_true(timestamp_parse(text_of(text), &us));
    return us;
}

static void changed(void *context,
                    const struct quote *quotes,
                    size_t count,
                    const struct platform_clock *clock,
                    bool gap)
{
    struct follower *f = context;

    (void)clock;
    atomic_fetch_add(&f->told, 1);
    atomic_fetch_add(&f->gaps, gap ? 1 : 0);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(quotes[i].ticker, "S0000") != 0)
            continue;
        // Day n goes through n, n - 1, n + 2 and n + 1: nothing is 2 below what was seen.
        if (quotes[i].price_micros < atomic_load(&f->last_price) - 3000000)
            atomic_store(&f->went_back, true);
        atomic_store(&f->last_price, quotes[i].price_micros);
    }
}

static int set_up(void **state)
{
    struct follower *f = allocate(sizeof *f);
    struct error error;

    f->host = market_host_new();
    {
        const struct rpc_client_options client = {.caller = "trading",
                                                  .service = "market",
                                                  .addresses = market_host_address(f->host),
                                                  .key = market_host_key()};
        struct quotes_options options = {.market_addresses = market_host_address(f->host),
                                         .key = market_host_key(),
                                         .changed = changed,
                                         .context = f};

        assert_true(rpc_client_new(&client, &f->client, &error));
        options.market = f->client;
        if (!quotes_new(&options, &f->quotes, &error))
            fail_msg("%s", error.message);
    }
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct follower *f = *state;

    quotes_free(&f->quotes);
    rpc_client_free(&f->client);
    market_host_free(&f->host);
    release(f);
    return 0;
}

static void synchronize(struct follower *f)
{
    struct error error;

    assert_true_within(20000, quotes_synchronize(f->quotes, 2000, &error));
}

static void a_follower_has_every_page_of_quotes(void **state)
{
    struct follower *f = *state;
    struct platform_clock clock;
    struct quote quote;

    market_host_fill(f->host, 2500, 5);
    market_host_step(f->host, "2014-01-02T14:30:00Z");
    synchronize(f);
    assert_true(quotes_is_ready(f->quotes));
    assert_true(quotes_clock(f->quotes, &clock));
    assert_int_equal(clock.now, at("2014-01-02T14:30:00Z"));
    assert_true(clock.is_open);
    assert_true(quotes_get(f->quotes, "S0000", &quote));
    assert_int_equal(quote.price_micros, 1000000000);
    assert_true(quotes_get(f->quotes, "S2499", &quote));
    assert_int_equal(quote.price_micros, 3499000000);
    assert_false(quote.stale);
    assert_string_equal(quote.source, "replay");
    assert_false(quotes_get(f->quotes, "S2500", &quote));
}

static void each_step_is_seen_at_once_and_in_order(void **state)
{
    struct follower *f = *state;
    struct quote quote;

    market_host_step(f->host, "2014-01-06T20:59:00Z");
    synchronize(f);
    assert_true(quotes_get(f->quotes, "S2499", &quote));
    assert_int_equal(quote.price_micros, 3504000000);
    assert_int_equal(quote.quoted_at, at("2014-01-06T20:59:00Z"));
    assert_int_equal(atomic_load(&f->last_price), 1005000000);
    assert_false(atomic_load(&f->went_back));
    print_message("told %d times, with %d gaps\n", atomic_load(&f->told), atomic_load(&f->gaps));
}

static void a_market_started_anew_is_followed_again(void **state)
{
    struct follower *f = *state;
    struct quote quote;

    market_host_restart(f->host);
    market_host_step(f->host, "2014-01-07T14:30:00Z");
    synchronize(f);
    assert_true(quotes_get(f->quotes, "S0001", &quote));
    assert_true(quote.stale); // there is no bar of that day
    assert_int_equal(quote.price_micros, 1006000000);
    assert_false(atomic_load(&f->went_back));
}

static void a_year_stepped_over_arrives_in_order(void **state)
{
    struct follower *f = *state;
    struct quote quote;
    int64_t started_us;

    market_host_fill(f->host, 70, 365);
    started_us = clock_monotonic_us();
    market_host_step(f->host, "2015-01-02T14:29:59Z");
    synchronize(f);
    print_message("stepped over and told in %lld ms, %d gaps\n",
                  (long long)((clock_monotonic_us() - started_us) / MICROS_PER_MS),
                  atomic_load(&f->gaps));
    assert_true(quotes_get(f->quotes, "S0069", &quote));
    assert_int_equal(quote.price_micros, 1434000000);
    assert_int_equal(atomic_load(&f->last_price), 1365000000);
    assert_false(atomic_load(&f->went_back));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_follower_has_every_page_of_quotes),
        cmocka_unit_test(each_step_is_seen_at_once_and_in_order),
        cmocka_unit_test(a_market_started_anew_is_followed_again),
        cmocka_unit_test(a_year_stepped_over_arrives_in_order),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
