// SPDX-License-Identifier: MIT
#include "market_host.h"

#include "base/digest.h"
#include "clock/exchange_calendar.h"
#include "database/migration.h"
#include "market.h"
#include "support/ports.h"
#include "support/postgres.h"
#include "support/test.h"

extern const struct migration market_migrations[];
extern const size_t market_migration_count;

struct market_host {
    struct postgres *postgres;
    struct database *database;
    struct history *history;
    struct metrics *metrics;
    struct market *market;
    struct rpc_server *server;
    char address[PORTS_ADDRESS_SIZE];
};

struct rpc_mesh_key market_host_key(void)
{
    return (struct rpc_mesh_key){.bytes = {1, 2, 3}};
}

static bool authenticate(void *context,
                         const char *access_token,
                         struct identity *out_identity,
                         struct error *error)
{
    (void)context;
    (void)access_token;
    (void)out_identity;
    return error_set(error, REASON_INVALID_TOKEN, "there are no tokens here");
}

static void open_market(struct market_host *host)
{
    const struct market_options options = {.database = host->database,
                                           .history = host->history,
                                           .listen = host->address,
                                           .key = market_host_key(),
                                           .metrics = host->metrics};
    int64_t until_us = clock_monotonic_us() + 20 * MICROS_PER_SECOND;
    struct rpc_server_options server = {.service = "market",
                                        .listen = host->address,
                                        .key = market_host_key(),
                                        .handlers = market_handlers,
                                        .handler_count = market_handler_count,
                                        .authenticate = authenticate};
    struct error error;

    if (!market_new(&options, &host->market, &error))
        fail_msg("%s", error.message);
    server.context = host->market;
    if (!rpc_server_new(&server, &host->server, &error) || !rpc_server_start(host->server, &error))
        fail_msg("%s", error.message);
    while (!player_is_ready(host->market->player)) {
        assert_true(clock_monotonic_us() < until_us);
        clock_sleep_until_us(clock_monotonic_us() + MICROS_PER_MS);
    }
}

static void close_market(struct market_host *host)
{
    (void)rpc_server_drain(host->server, 1000);
    rpc_server_free(&host->server);
    market_free(&host->market);
}

struct market_host *market_host_new(void)
{
    struct market_host *host = allocate(sizeof *host);
    struct database_options options = {.service = "market"};
    size_t applied = 0;
    struct error error;

    digest_start();
    host->postgres = postgres_new();
    host->metrics = metrics_new();
    if (!migration_run(postgres_url(host->postgres, NULL), "market", market_migrations,
                       market_migration_count, &applied, &error))
        fail_msg("%s", error.message);
    options.url = postgres_url(host->postgres, "bourse_market");
    assert_true(database_new(&options, &host->database, &error));
    assert_true(history_new(&(const struct history_options){.primary = host->database},
                            &host->history, &error));
    ports_take_address(host->address);
    open_market(host);
    return host;
}

void market_host_free(struct market_host **host)
{
    struct market_host *old = *host;

    if (old == NULL)
        return;
    close_market(old);
    history_free(&old->history);
    database_free(&old->database);
    metrics_free(&old->metrics);
    postgres_free(&old->postgres);
    release(old);
    *host = NULL;
}

struct market *market_host_market(const struct market_host *host)
{
    return host->market;
}

const char *market_host_address(const struct market_host *host)
{
    return host->address;
}

void market_host_fill(struct market_host *host, int symbols, int days)
{
    static const struct statement add_symbols = {"test_symbols",
                                                 "INSERT INTO symbols (ticker, name)"
                                                 " SELECT 'S' || lpad(s::text, 4, '0'), 'Symbol'"
                                                 " FROM generate_series(0, $1::integer - 1) s"
                                                 " ON CONFLICT DO NOTHING"};
    static const struct statement add_bars = {
        "test_bars", "INSERT INTO bars SELECT 'S' || lpad(s::text, 4, '0'),"
                     " DATE '2014-01-02' + n, 1000 + s + n, 1002 + s + n, 999 + s + n,"
                     " 1001 + s + n, 400 FROM generate_series(0, $1::integer - 1) s"
                     " CROSS JOIN generate_series(0, $2::integer - 1) n"
                     " ON CONFLICT DO NOTHING"};
    const struct parameter values[] = {parameter_int(symbols), parameter_int(days)};
    OWNED(arena) arena = arena_new(1024 * 1024);
    struct rows rows;
    struct error error;

    if (!database_query(host->database, arena, &add_symbols, values, 1, &rows, &error) ||
        !database_query(host->database, arena, &add_bars, values, 2, &rows, &error))
        fail_msg("%s", error.message);
}

void market_host_step(struct market_host *host, const char *time)
{
    Market__SetClockRequest request = MARKET__SET_CLOCK_REQUEST__INIT;
    Market__SetClockResponse response = MARKET__SET_CLOCK_RESPONSE__INIT;
    OWNED(arena) arena = arena_new(1024 * 1024);
    struct call call = call_start(arena, 60000);
    struct error error;

    request.mode = MARKET__CLOCK_MODE__CLOCK_MODE_STEP;
    request.has_at = true;
    assert_true(timestamp_parse(text_of(time), &request.at));
    if (!market_api_set_clock(host->market, &call, &request, &response, &error))
        fail_msg("%s", error.message);
}

void market_host_restart(struct market_host *host)
{
    close_market(host);
    open_market(host);
}
